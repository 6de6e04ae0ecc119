//! The part of the story about enforcement: one region is brought to the point where nothing there launches or calls version 1,
//! enforcement is turned on, and a launch with version 1 is refused.

use std::collections::BTreeMap;

use imdsure_simulator::Workload;
use serde_json::Value;
use tokio::runtime::Handle;

use super::{COMPLETE, SKIPPED, Story, Told, launch, text};
use crate::{failure::Failure, terminal};

/// More than the two weeks that `--usage` looks back on.
const FIFTEEN_DAYS: u64 = 15 * 86_400;
/// What may be left unplanned in a region whose callers alone stand in the way.
const KINDS: [&str; 3] = ["instance", "account-defaults", "account-enforcement"];
const REASONS: [&str; 3] = ["v1-calls-seen", "no-data", "blocked"];

pub(super) fn tell(story: &mut Story<'_>) -> Result<(), Failure> {
    let (account, region) = open_place(story)?;
    story.running.set_workloads(&account, &region, Workload::Never).map_err(Failure::bug)?;
    story.pass(FIFTEEN_DAYS);
    terminal::print(&format!(
        "\n6. And what still calls version 1? Its owners have to change it; then, region by region, the door can be shut. In\n\
         {account} {region} they did so. SIMULATED: fifteen days pass, and no window of two weeks shows a call any more:\n\n",
    ))?;
    let there = ["--org", "--account", &account, "--regions", &region, "--usage"];
    let read = [&there[..], &["--include-unknown", "--output", "none"]].concat();
    story.show(&[&["plan"][..], &read, &["-o", "region.json"]].concat(), Told::All, COMPLETE)?;
    let digest = text(&story.json("region.json")?, "/digest");
    let apply = ["apply", "region.json", "--approve", &digest, "--soak", "0"];
    story.show(&apply, Told::Lines(&["run ", "finished"]), SKIPPED)?;
    let answer = launch(story, &account, &region, launch::Trial::DryRun)?;
    terminal::print(&format!(
        "\nWould a launch that asks for version 1 go through there? EC2 says (dry run): {answer}\n\n"
    ))?;
    let set = [&["guard", "set", "--enforce"][..], &read, &["-o", "guard.json"]].concat();
    story.show(&set, Told::All, COMPLETE)?;
    let digest = text(&story.json("guard.json")?, "/digest");
    let apply = ["apply", "guard.json", "--approve", &digest];
    story.show(&apply, Told::Lines(&["run ", "finished"]), COMPLETE)?;
    let answer = launch(story, &account, &region, launch::Trial::InEarnest)?;
    terminal::print(&format!("\nThe same launch, in earnest this time:\n  {answer}\n\n"))?;
    report(story, &account, &region)
}

/// What the auditor sees of that region, and who did all this.
fn report(story: &Story<'_>, account: &str, region: &str) -> Result<(), Failure> {
    let audit = [
        "audit",
        "--org",
        "--account",
        account,
        "--regions",
        region,
        "--control",
        "instance-imdsv1-disabled,account-tokens-enforced",
        "--output",
        "brief",
    ];
    story.show(&audit, Told::Lines(&[" unread"]), &[0, 1])?;
    terminal::print("\nWho did all this, and is the record whole?\n\n")?;
    story.show(&["journal", "list"], Told::All, COMPLETE)?;
    story.show(&["journal", "verify"], Told::All, COMPLETE)?;
    terminal::print("\n")
}

fn launch(
    story: &Story<'_>,
    account: &str,
    region: &str,
    trial: launch::Trial,
) -> Result<String, Failure> {
    let asked = launch::with_version_1(story.running, account, region, trial);
    Handle::current().block_on(asked)
}

/// A region where callers alone stand in the way, and where no policy of the organization refuses launches already.
fn open_place(story: &Story<'_>) -> Result<(String, String), Failure> {
    let mut answers = Vec::new();
    for (account, region) in places(&story.json("second.json")?) {
        let answer = launch(story, &account, &region, launch::Trial::DryRun)?;
        if answer == launch::YES {
            return Ok((account, region));
        }
        answers.push(answer);
    }
    let message = "the demo has no region where callers alone stand in the way";
    Err(Failure::bug(format!("{message}: {answers:?}")))
}

/// The regions of a plan's where what calls version 1, or tells too little, is all that keeps enforcement away; those with callers
/// first.
fn places(plan: &Value) -> Vec<(String, String)> {
    let mut places: BTreeMap<(String, String), Vec<&Value>> = BTreeMap::new();
    for one in plan.get("unplanned").and_then(Value::as_array).into_iter().flatten() {
        let place = (text(one, "/account_id"), text(one, "/region"));
        places.entry(place).or_default().push(one);
    }
    let is = |one: &&Value, name: &str, word: &str| text(one, name) == word;
    places.retain(|_, there| {
        let blocked =
            |one: &&Value| is(one, "/kind", "account-enforcement") && is(one, "/reason", "blocked");
        let minor = |one: &&Value| {
            KINDS.contains(&text(one, "/kind").as_str())
                && REASONS.contains(&text(one, "/reason").as_str())
        };
        there.iter().any(blocked) && there.iter().all(minor)
    });
    let calls = |there: &[&Value]| there.iter().any(|one| is(one, "/reason", "v1-calls-seen"));
    let (mut first, others): (Vec<_>, Vec<_>) =
        places.into_iter().partition(|(_, there)| calls(there));
    first.extend(others);
    first.into_iter().map(|(place, _)| place).collect()
}
