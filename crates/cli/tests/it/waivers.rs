//! Findings that somebody accepts: they keep their verdict and do not count, and a waiver that does nothing any
//! more is told of.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Ended, INSTANCES, Run as _, Server, findings, imdsure};

const CONTROL: &str = "instance-imdsv1-disabled";
const WORLD: [&str; 8] = ["--accounts", "3", "--instances", "40", "--regions", "2", "--seed", "11"];

/// A configuration in a folder that is the working directory.
struct Config(tempfile::TempDir);

impl Config {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("imdsure.toml"), text).unwrap();
        Self(folder)
    }

    fn audit(&self, server: &Server, arguments: &[&str]) -> Ended {
        let arguments = [&["audit"], &INSTANCES[..], arguments].concat();
        server.imdsure(&arguments).current_dir(self.0.path()).ended()
    }

    fn report(&self, server: &Server, arguments: &[&str]) -> (i32, Value) {
        let ended = self.audit(server, &[&["--output", "json"], arguments].concat());
        (ended.code, ended.json())
    }
}

/// `[[waive]]` of the instance control, with these lines beside it.
fn waive(lines: &str) -> String {
    format!("[[waive]]\ncontrol = \"{CONTROL}\"\nreason = \"legacy agent\"\n{lines}\n")
}

const LATER: &str = "expires = 2999-12-31";

fn resource(pattern: &str) -> String {
    waive(&format!("{LATER}\nresource = \"{pattern}\""))
}

fn failing(report: &Value) -> Vec<&Value> {
    findings(report, CONTROL).iter().filter(|finding| finding["verdict"] == "fail").collect()
}

fn text<'a>(finding: &'a Value, field: &str) -> &'a str {
    finding[field].as_str().unwrap()
}

fn states(report: &Value) -> Vec<&str> {
    let waivers = report["waivers"].as_array().unwrap().iter();
    waivers.map(|waiver| waiver["state"].as_str().unwrap()).collect()
}

#[test]
fn a_waived_finding_keeps_its_verdict_and_does_not_count() {
    let server = Server::simulator(&WORLD);
    let (code, calm) = Config::new("").report(&server, &["--org"]);
    assert_eq!((code, &calm["waivers"]), (1, &json!([])));
    let one = failing(&calm)[0];
    let terms = "compensating = [\"a role without rights\", \"egress filtered\"]";
    let text_of_it = format!("owner_tags = []\n\n{}{terms}\n", resource(text(one, "resource")));
    let config = Config::new(&text_of_it);
    let (code, report) = config.report(&server, &["--org"]);
    assert_eq!(code, 1, "others still fail");
    let waived: Vec<&Value> =
        findings(&report, CONTROL).iter().filter(|f| !f["waived"].is_null()).collect();
    let [finding] = waived[..] else { panic!("one is waived: {waived:?}") };
    let expected = json!({
        "reason": "legacy agent",
        "expires": "2999-12-31",
        "compensating": ["a role without rights", "egress filtered"],
        "from": "imdsure.toml:3",
    });
    assert_eq!(finding["waived"], expected);
    for member in one.as_object().unwrap().keys().filter(|member| *member != "waived") {
        assert_eq!(finding[member], one[member], "{member}");
    }
    let number =
        |report: &Value, member: &str| report["controls"][0]["summary"][member].as_u64().unwrap();
    assert_eq!(number(&report, "fail"), number(&calm, "fail") - 1);
    assert_eq!((number(&report, "waived"), number(&calm, "waived")), (1, 0));
    let question = |report: &Value, member: &str| {
        report["questions"]["instances_allowing_imdsv1"][member].clone()
    };
    // It answers version 1 all the same.
    assert_eq!(question(&report, "allow_imdsv1"), question(&calm, "allow_imdsv1"));
    assert_eq!(question(&report, "waived"), 1);
    let used = &report["waivers"][0];
    assert_eq!(
        (&used["state"], &used["matches"], &used["waives"], &used["from"]),
        (&json!("in force"), &json!(1), &json!(1), &json!("imdsure.toml:3"))
    );

    // In every format.
    let id = text(one, "resource").rsplit('/').next().unwrap();
    let jsonl = config.audit(&server, &["--org", "-o", "jsonl"]).out;
    let line = jsonl.lines().find(|line| line.contains(id)).unwrap();
    assert_eq!(serde_json::from_str::<Value>(line).unwrap()["waived"], expected);
    let brief = config.audit(&server, &["--org", "-o", "brief"]).out;
    let line = brief.lines().find(|line| line.contains(id)).unwrap();
    assert!(line.starts_with("waived-fail high"), "{line}");
    let told = "[waived until 2999-12-31 (imdsure.toml:3): legacy agent; compensating: a role without rights, egress filtered]";
    assert!(line.ends_with(told), "{line}");
    assert!(brief.contains(", 1 waived") && brief.contains("(1 waived)"), "{brief}");
    let csv = config.audit(&server, &["--org", "-o", "csv"]).out;
    let line = csv.lines().find(|line| line.contains(id)).unwrap();
    let told = "legacy agent,2999-12-31,a role without rights; egress filtered,imdsure.toml:3,,,,";
    assert!(line.contains(",alarm,") && line.ends_with(told), "{line}");
    let pretty = config.audit(&server, &["--org", "-o", "pretty"]);
    let [before, after] =
        pretty.out.split("Waived: 1 finding, of 1 waiver").collect::<Vec<_>>()[..]
    else {
        panic!("{}", pretty.out)
    };
    assert!(!before.contains(id), "not among the worst: {before}");
    assert!(after.contains("in force, waives 1") && after.contains(id), "{after}");
    assert!(!pretty.err.contains("warning"), "{}", pretty.err);
}

#[test]
fn when_all_is_waived_nothing_fails() {
    let server = Server::simulator(&WORLD);
    let (_, calm) = Config::new("").report(&server, &["--org"]);
    let accounts: BTreeSet<&str> =
        findings(&calm, CONTROL).iter().map(|finding| text(finding, "account_id")).collect();
    let whole: String = accounts
        .iter()
        .map(|account| waive(&format!("{LATER}\naccount = \"{account}\"")))
        .collect();
    let config = Config::new(&whole);
    for fail_on in ["fail", "unknown"] {
        let (code, report) = config.report(&server, &["--org", "--fail-on", fail_on]);
        assert_eq!(code, 0, "{fail_on}");
        let summary = &report["controls"][0]["summary"];
        let open = calm["controls"][0]["summary"]["fail"].as_u64().unwrap()
            + calm["controls"][0]["summary"]["unknown"].as_u64().unwrap();
        assert_eq!((&summary["fail"], &summary["unknown"]), (&json!(0), &json!(0)));
        assert_eq!(summary["waived"], open);
        for finding in findings(&report, CONTROL) {
            let open = finding["verdict"] == "fail" || finding["verdict"] == "unknown";
            assert_eq!(
                finding["waived"].is_object(),
                open,
                "only what is open is waived: {finding}"
            );
        }
    }
    // Evidence that is kept is judged in the same way, and a gap is accepted by no waiver.
    let store = tempfile::tempdir().unwrap();
    let store = store.path().to_str().unwrap();
    assert_eq!(config.report(&server, &["--org", "--save", store]).0, 0);
    assert_eq!(config.report(&server, &["--from", store]).0, 0);
    let deny =
        Server::simulator(&[&WORLD[..], &["--deny", "*:us-west-2:ec2:DescribeInstances"]].concat());
    assert_eq!(config.report(&deny, &["--org"]).0, 2);
}

#[test]
fn a_waiver_that_does_nothing_any_more_is_told_of() {
    let server = Server::simulator(&WORLD);
    let (_, calm) = Config::new("").report(&server, &["--org"]);
    let open = failing(&calm);
    let (one, other) = (open[0], open[1]);
    let passing = findings(&calm, CONTROL).iter().find(|f| f["verdict"] == "pass").unwrap();
    let account = text(one, "account_id");
    let own = Config::new("").report(&server, &[]).1["scope"]["accounts"][0].clone();
    let foreign = "arn:aws:ec2:us-east-1:999999999999:instance/i-0abc";
    let config = Config::new(
        &[
            // In force, then one that comes too late, then one that covers more than the first.
            resource(text(one, "resource")),
            resource(&format!("*{}", text(one, "resource").rsplit('/').next().unwrap())),
            waive(&format!("expires = 2020-01-31\nresource = \"{}\"", text(other, "resource"))),
            resource("no-such-name-*"),
            resource(text(passing, "resource")),
            resource(foreign),
            waive(&format!("{LATER}\naccount = \"{account}\"\ntag = \"no-such-tag=x\"")),
            "[[waive]]\ncontrol = [\"EC2.8\", \"instance-imdsv1-disabled\"]\nresource = \"x-*\"\nreason = \"r\"\nexpires = 2999-01-01\n".to_owned(),
        ]
        .concat(),
    );
    let ended = config.audit(&server, &["--org", "-o", "json"]);
    let report = ended.json();
    let expected = [
        "in force",
        "in force",
        "expired",
        "matches nothing",
        "matches nothing",
        "not judged",
        "matches nothing",
        // One of its controls was not asked for.
        "not judged",
    ];
    assert_eq!((ended.code, states(&report)), (1, expected.to_vec()));
    let numbers: Vec<(u64, u64)> = report["waivers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| (w["matches"].as_u64().unwrap(), w["waives"].as_u64().unwrap()))
        .collect();
    assert_eq!(numbers[..3], [(1, 1), (1, 0), (1, 0)]);
    assert_eq!(report["controls"][0]["summary"]["waived"], 1);
    assert_eq!(report["waivers"][7]["controls"][0], "instance-tokens-required");
    let warnings: Vec<&str> =
        ended.err.lines().filter(|line| line.starts_with("warning: ")).collect();
    assert_eq!(warnings.len(), 4, "{}", ended.err);
    assert!(
        warnings[0].starts_with("warning: imdsure.toml:11: ")
            && warnings[0].ends_with("expired after 2020-01-31: 1 finding count again"),
        "{warnings:?}"
    );
    assert!(warnings[1].contains("`no-such-name-*` matches nothing"), "{warnings:?}");
    let pretty = config.audit(&server, &["--org", "-o", "pretty"]).out;
    for told in [
        "of 8 waivers",
        "expired: 1 finding count again",
        "2 not judged",
        "waives 0; 1 more by an earlier one",
    ] {
        assert!(pretty.contains(told), "{told}: {pretty}");
    }

    // Less is read: less is said.
    let (_, report) = config.report(&server, &["--org", "--account", own.as_str().unwrap()]);
    assert!(!states(&report)[3].contains("nothing"), "accounts were left out: {report}");
    let region = if text(passing, "region") == "us-east-1" { "us-west-2" } else { "us-east-1" };
    let (_, report) = config.report(&server, &["--org", "--regions", region]);
    assert_eq!(states(&report)[3..5], ["not judged", "not judged"]);
    let store = tempfile::tempdir().unwrap();
    let store = store.path().to_str().unwrap();
    let chosen = ["--org", "--account", own.as_str().unwrap(), "--save", store];
    config.report(&server, &chosen);
    assert_eq!(states(&config.report(&server, &["--from", store]).1)[3], "not judged");
    let deny = Server::simulator(
        &[&WORLD[..], &["--deny", &format!("*:{region}:ec2:DescribeInstances")]].concat(),
    );
    let (code, report) = config.report(&deny, &["--org"]);
    // The place of that one was read, not every place.
    assert_eq!((code, &states(&report)[3..5]), (2, &["not judged", "matches nothing"][..]));
}

#[test]
fn by_tag_by_name_and_by_several_at_once() {
    let server = Server::simulator(&WORLD);
    let (_, calm) = Config::new("").report(&server, &["--org"]);
    let is_named = |f: &&Value| f["name"].is_string();
    let one = *failing(&calm).iter().find(|f| is_named(f)).unwrap();
    let (name, account) = (text(one, "name"), text(one, "account_id"));
    let waived = |lines: &str| -> BTreeSet<String> {
        let config = Config::new(&waive(&format!("{LATER}\n{lines}")));
        let (_, report) = config.report(&server, &["--org"]);
        let found = findings(&report, CONTROL).iter().filter(|f| f["waived"].is_object());
        found.map(|finding| text(finding, "resource").to_owned()).collect()
    };
    let by = |name: &str| waived(&format!("resource = \"{name}\""));
    let open = |f: &&&Value| f["verdict"] == "fail" || f["verdict"] == "unknown";
    let all: Vec<&Value> = findings(&calm, CONTROL).iter().collect();
    let named: BTreeSet<String> = all
        .iter()
        .filter(open)
        .filter(|f| f["name"] == one["name"])
        .map(|f| text(f, "resource").to_owned())
        .collect();
    assert_eq!(by(name), named);
    assert_eq!(waived(&format!("tag = \"Name={name}\"")), named);
    let in_account = waived(&format!("account = \"{account}\""));
    let tagged = waived(&format!("account = \"{account}\"\ntag = \"Name\""));
    assert!(tagged.is_subset(&in_account) && tagged.contains(text(one, "resource")));
    let both = waived(&format!("account = \"{account}\"\ntag = \"Name={name}\""));
    assert_eq!(both, named.intersection(&in_account).cloned().collect());
    assert!(waived(&format!("tag = \"name={name}\"")).is_empty(), "case counts");
    assert!(waived(&format!("path = \"live/*\"\nresource = \"{name}\"")).is_empty(), "no code");
}

#[test]
fn a_waiver_that_cannot_be_meant_is_refused_with_its_place() {
    let entry = |lines: &str| format!("[[waive]]\n{lines}\n");
    let whole = "control = \"EC2.8\"\nresource = \"web-*\"\nreason = \"r\"\nexpires = 2999-12-31\n";
    let without = |line: &str| {
        let kept: Vec<&str> = whole.lines().filter(|known| !known.starts_with(line)).collect();
        kept.join("\n")
    };
    let with = |line: &str, instead: &str| format!("{}\n{instead}", without(line));
    let table = [
        (without("reason"), ":1:1: missing field `reason`"),
        (with("reason", "reason = \" \""), ":5:10: a reason has words"),
        (without("expires"), ":1:1: missing field `expires`"),
        (with("expires", "expires = \"soon\""), ":5:11: `soon` is no day"),
        (with("expires", "expires = 2027-02-30"), ":5:1"),
        (with("expires", "expires = true"), ":5:11: a day is written 2027-01-31"),
        (without("control"), ":1:1: missing field `control`"),
        (with("control", "control = \"EC2.88\""), ":5:11: no control or alias is called `EC2.88`"),
        (with("control", "control = \"*\""), ":5:11: no control or alias is called `*`"),
        (with("control", "control = []"), ":5:11: name a control"),
        (with("control", "control = 8"), ":5:11: invalid type: integer"),
        (
            with("control", "control = [\"EC2.8\", \"nope-nope\"]"),
            ":5:21: no control or alias is called `nope-nope`",
        ),
        (without("resource"), ":1:1: name what is waived"),
        (with("resource", "resource = \"*\""), ":5:12: `*` fits everything"),
        (with("resource", "resource = \"\""), ":5:12: an empty pattern"),
        (with("resource", "resource = 1"), ":5:12: invalid type"),
        (with("resource", "path = \"**\""), ":5:8: `**` fits everything"),
        (with("resource", "account = \"42\""), ":5:11: `42` is no account id"),
        (with("resource", "account = 111122223333"), ":5:11: invalid type"),
        (with("resource", "tag = \"=x\""), ":5:7: a tag is written `key=value`"),
        (format!("{whole}owner = \"x\""), ":6:1: unknown field `owner`"),
        (format!("{whole}compensating = \"x\""), ":6:16: invalid type"),
        (format!("{whole}compensating = [\"\"]"), ":6:16: what compensates has words"),
    ];
    for (lines, words) in table {
        let config = Config::new(&entry(&lines));
        let mut command = imdsure(&["audit", "--output", "json"]);
        let ended = command.current_dir(config.0.path()).ended();
        assert_eq!(ended.code, 64, "{lines}: {}", ended.err);
        let told = format!("imdsure.toml{words}");
        assert!(ended.err.contains(&told), "{lines}: {}", ended.err);
        assert!(ended.out.is_empty() && !ended.err.contains("panicked"), "{}", ended.err);
    }
}
