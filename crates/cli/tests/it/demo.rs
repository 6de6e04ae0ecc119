//! The demo: the first thing that anybody runs.

use crate::harness::{Run as _, imdsure};

#[test]
fn the_demo_tells_its_story_without_an_account() {
    // A proxy of the user's is no part of the story.
    let ended = imdsure(&["demo"]).env("HTTP_PROXY", "http://127.0.0.1:9").ended();
    assert_eq!(ended.code, 0, "{}\nof\n{}", ended.err, ended.out);
    let parts = [
        "SIMULATED",
        "$ imdsure audit --org",
        "How many instances still allow IMDSv1?",
        "Does an organization policy stop it?",
        "Do new launches get IMDSv2 by themselves?",
        "Not read",
        "$ imdsure plan",
        "  no way back",
        "v1-calls-seen",
        "$ imdsure apply plan.json",
        "1 of ",
        "tries again every five minutes",
        "SIMULATED: a day passes",
        "$ imdsure apply --resume",
        "stopped, since something got worse",
        "calls of version 1 were refused since it was changed",
        "$ imdsure undo",
        " done\n",
        "$ imdsure apply second.json",
        "finished; ",
        "SIMULATED: fifteen days pass",
        "$ imdsure plan --org --account",
        "$ imdsure apply region.json",
        "finished; ",
        "EC2 says (dry run): yes",
        "$ imdsure guard set --enforce",
        "$ imdsure apply guard.json",
        "1 of 1 waves · 1 done",
        "The same launch, in earnest this time:\n  UnsupportedOperation",
        "$ imdsure audit --org --account",
        "account-tokens-enforced: 0 fail, 0 unknown, 1 pass",
        "$ imdsure journal list",
        "undone by",
        "$ imdsure journal verify",
        "sound",
        "$ imdsure scan infra",
        "^^^^^^^^^^ HttpTokens is optional",
        "+  http_tokens = \"required\" # the old agent needs it",
        "code-launches-imdsv2: 0 fail",
        "instance-tokens-required:",
        "instance-tokens-required-and-applied:",
    ];
    let mut rest = ended.out.as_str();
    for part in parts {
        rest = rest.split_once(part).unwrap_or_else(|| panic!("no `{part}` in {}", ended.out)).1;
    }
}
