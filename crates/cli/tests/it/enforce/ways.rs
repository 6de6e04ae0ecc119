//! Ways to plan and to run that change what is done: templates, hop limits, parts, hours, rights, and where it is recorded.

use std::collections::BTreeSet;

use jiff::{ToSpan as _, Zoned, tz::TimeZone};
use serde_json::{Value, json};

use crate::{
    harness::{Run as _, Server, imdsure},
    stage::{Stage, assert_same, endings, settled},
};

const WORLD: [&str; 8] =
    ["--accounts", "3", "--instances", "240", "--regions", "1", "--settle-seconds", "0"];

fn changes(plan: &Value) -> &Vec<Value> {
    plan["changes"].as_array().unwrap()
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap()
}

#[test]
fn a_templates_new_version_differs_in_its_options_alone() {
    let stage = Stage::new(&[&WORLD[..], &["--templates", "60", "--groups", "40"]].concat());
    let before = stage.witness();
    let plan = stage.plan(&["--kind", "launch-template"]);
    let (_, applied) = stage.apply(&plan, &["--soak", "0", "--accept-no-way-back", "*"]);
    let run = text(&applied, "run");
    let endings = endings(&stage.journal(run));
    let after = stage.witness();
    let mut done = 0;
    for (change, place) in changes(&plan).iter().zip(0..) {
        let unit = format!("{} {}", text(change, "account_id"), text(change, "region"));
        let (id, _) = text(change, "id").split_once(':').unwrap();
        let [was, is] = [&before, &after].map(|reading| &reading[&unit]["templates"][id]);
        if endings.get(&place).map(String::as_str) != Some("done") {
            continue;
        }
        done += 1;
        for (number, data) in was["versions"].as_object().unwrap() {
            assert_eq!(data, &is["versions"][number], "{id} version {number}: kept as it was");
        }
        let latest = is["latest"].as_u64().unwrap();
        assert!(latest > was["latest"].as_u64().unwrap(), "{id}: {is}");
        let source = change["send"]["SourceVersion"].to_string();
        let made = is["versions"].as_object().unwrap().iter().filter(|(number, data)| {
            was["versions"].get(number.as_str()).is_none() && {
                let mut expected = was["versions"][&source].clone();
                expected["MetadataOptions"] = change["send"]["MetadataOptions"].clone();
                // Of boto3's answer, not of what was sent.
                expected["MetadataOptions"]["State"] = data["MetadataOptions"]["State"].clone();
                data == &&expected
            }
        });
        assert!(made.count() > 0, "{id}: no new version is as planned: {is}");
    }
    assert!(done > 1, "{applied}");
    let (code, undone) = stage.undo(run, &[]);
    assert_eq!(code, 0, "{undone}");
    assert_same(&settled(stage.witness()), &settled(before), "undone");
}

#[test]
fn a_hop_limit_is_raised_where_it_is_lower_and_put_back() {
    let stage = Stage::new(&WORLD);
    let before = stage.witness();
    let plan = stage.plan(&["--kind", "instance", "--hop-limit", "2"]);
    let raised = changes(&plan)
        .iter()
        .filter(|change| change["send"].get("HttpPutResponseHopLimit").is_some());
    assert!(raised.clone().count() > 3);
    for change in raised {
        assert_eq!(change["send"]["HttpPutResponseHopLimit"], 2);
        assert_eq!(change["before"]["HttpPutResponseHopLimit"], 1);
    }
    let (_, applied) = stage.apply(&plan, &["--soak", "0"]);
    let run = text(&applied, "run");
    let endings = endings(&stage.journal(run));
    let made = |place: u64| endings.get(&place).is_some_and(|ending| ending != "drifted");
    let expected = crate::stage::expected(&before, &plan, made);
    let seen = crate::stage::without_templates(settled(stage.witness()));
    assert_same(&seen, &expected, "applied");
    let (code, undone) = stage.undo(run, &[]);
    assert_eq!(code, 0, "{undone}");
    assert_same(&settled(stage.witness()), &settled(before), "undone");
}

#[test]
fn parts_of_a_plan_hold_all_of_it_and_are_applied_one_by_one() {
    let stage = Stage::new(&WORLD);
    let whole = stage.plan(&[]);
    let split =
        stage.run(&["plan", "--org", "--include-unknown", "--split-by", "account", "-o", "plans"]);
    assert_eq!(split.code, 0, "{}", split.err);
    let mut of_parts = BTreeSet::new();
    let mut parts = 0;
    for entry in std::fs::read_dir(stage.folder.path().join("plans")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        parts += 1;
        let part: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let page = std::fs::read_to_string(path.with_extension("md")).unwrap();
        let accounts: BTreeSet<&str> =
            changes(&part).iter().map(|change| text(change, "account_id")).collect();
        assert!(accounts.len() <= 1, "{accounts:?}");
        for change in changes(&part) {
            of_parts.insert(text(change, "target").to_owned());
        }
        assert!(page.contains(text(&part, "digest")), "{page}");
        let path = path.to_str().unwrap();
        let ended = stage.run(&["apply", path, "--approve", text(&part, "digest"), "--soak", "0"]);
        assert!([0, 4, 5].contains(&ended.code), "{} {}", ended.out, ended.err);
    }
    assert_eq!(parts, 3);
    let of_whole: BTreeSet<String> =
        changes(&whole).iter().map(|change| text(change, "target").to_owned()).collect();
    assert_eq!(of_parts, of_whole);
    // A day later somebody may get nothing: what he got before is not left beside what others get.
    let again = stage.run(&["plan", "--org", "--include-unknown", "--split-by", "account"]);
    assert_eq!(again.code, 64, "{}", again.err);
    assert!(again.err.contains("plans holds plans already"), "{}", again.err);
}

#[test]
fn guard_set_takes_what_it_can_mean() {
    let help = imdsure(&["guard", "set", "--help"]).ended();
    assert!(help.out.contains("Without --defaults and --enforce both are planned"), "{}", help.out);
    for other in ["--kind", "--show", "--tag", "--image", "--canary", "--with-code"] {
        assert!(!help.out.contains(other), "{other}: {}", help.out);
        assert_eq!(imdsure(&["guard", "set", other, "x"]).ended().code, 64, "{other}");
    }
}

#[test]
fn outside_its_hours_nothing_is_changed() {
    let stage = Stage::new(&WORLD);
    let before = stage.witness();
    let in_three_days = Zoned::now().with_time_zone(TimeZone::UTC).checked_add(3.days()).unwrap();
    let day = in_three_days.strftime("%a").to_string();
    let window = format!("{day} 09:00-17:00");
    let plan = stage.plan(&["--schedule", &window]);
    assert_eq!(plan["pace"]["schedule"], json!([format!("{window} UTC")]));
    let (code, paused) = stage.apply(&plan, &["--soak", "0"]);
    assert_eq!((code, &paused["state"]), (0, &json!("paused")), "{paused}");
    let day = in_three_days.strftime("%Y-%m-%dT09:00:00Z").to_string();
    assert_eq!(paused["resume_after"], day, "{paused}");
    let list = stage.run(&["journal", "list", "--output", "json"]).json();
    assert_eq!(list["runs"][0]["state"], "paused", "{list:#}");
    assert_same(&stage.witness(), &before, "nothing was changed");
}

#[test]
fn what_is_waived_is_left_unplanned_with_its_reason() {
    let stage = Stage::new(&WORLD);
    let plan = stage.plan(&["--kind", "instance"]);
    let waived = changes(&plan)[0].clone();
    let config = format!(
        "[[waive]]\ncontrol = \"instance-imdsv1-disabled\"\nresource = \"{}\"\nreason = \"replaced in May\"\nexpires = \"2099-01-01\"\n",
        text(&waived, "target")
    );
    std::fs::write(stage.folder.path().join("imdsure.toml"), config).unwrap();
    let plan = stage.plan(&["--kind", "instance"]);
    assert!(changes(&plan).iter().all(|change| change["target"] != waived["target"]));
    let unplanned = plan["unplanned"].as_array().unwrap().iter();
    let found: Vec<&Value> = unplanned.filter(|left| left["target"] == waived["target"]).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["reason"], "waiver");
    assert!(text(found[0], "why").contains("replaced in May"), "{}", found[0]);
}

#[test]
fn the_printed_policy_is_enough_to_apply_and_undo() {
    let mut stage = Stage::new(&WORLD);
    let plan = stage.plan(&[]);
    let policy = imdsure(&["permissions", "enforce"]).ended().json();
    let statements = policy["Statement"].as_array().unwrap().iter();
    let actions = statements.flat_map(|statement| statement["Action"].as_array().unwrap());
    let mut actions: BTreeSet<String> =
        actions.map(|action| action.as_str().unwrap().to_owned()).collect();
    assert!(actions.iter().all(|action| !action.contains('*')), "{actions:?}");
    // Of whoever enters the accounts.
    actions.insert("sts:AssumeRole".to_owned());
    stage.server = Server::allowing(&actions, &WORLD);
    let (_, applied) = stage.apply(&plan, &["--soak", "0"]);
    assert_eq!(applied["state"], "finished", "{applied}");
    assert_eq!(applied["endings"].get("failed"), None, "{applied}");
    for left in applied["left_alone"].as_array().unwrap() {
        assert!(text(left, "why").contains("explicit deny"), "{left}");
    }
    let (code, undone) = stage.undo(text(&applied, "run"), &[]);
    assert_eq!(code, 0, "{undone}");

    actions.remove("ec2:ModifyInstanceMetadataOptions");
    stage.server = Server::allowing(&actions, &WORLD);
    let (code, applied) = stage.apply(&plan, &["--soak", "0"]);
    assert_eq!(code, 5, "{applied}");
    assert!(applied["endings"]["refused"].as_u64() > Some(5), "{applied}");
}

#[test]
fn whoever_has_exactly_the_printed_policies_applies_and_undoes() {
    let mut stage = Stage::new(&WORLD);
    let plan = stage.plan(&[]);
    let role = ["--role-name", "imdsure-enforce"];
    let printed = |more: &[&str]| {
        let arguments = [&["permissions", "enforce"][..], more].concat();
        let policy = imdsure(&arguments).ended().json();
        policy["Statement"].as_array().unwrap().clone()
    };
    let caller = printed(&["--org", "--role-name", "imdsure-enforce", "--kind", "default"]);
    let enters = |statement: &&Value| statement["Sid"] == "EnterAccounts";
    assert_eq!(
        caller.iter().find(enters).unwrap()["Resource"],
        "arn:*:iam::*:role/imdsure-enforce"
    );
    // A role to pass goes to instances alone, and nothing is launched but from a template.
    for (action, key) in
        [("iam:PassRole", "iam:PassedToService"), ("ec2:RunInstances", "ec2:LaunchTemplate")]
    {
        let with = caller
            .iter()
            .filter(|statement| statement["Action"].as_array().unwrap().contains(&json!(action)));
        let conditions: Vec<String> = with.map(|of| of["Condition"].to_string()).collect();
        assert!(conditions.len() == 1 && conditions[0].contains(key), "{conditions:?}");
    }
    let allowing = |statements: &[Value]| {
        let policy = json!({"Version": "2012-10-17", "Statement": statements});
        let file = stage.folder.path().join("policy.json");
        std::fs::write(&file, policy.to_string()).unwrap();
        Server::simulator(&[&WORLD[..], &["--allow-only", file.to_str().unwrap()]].concat())
    };
    let (whole, without_entry): (_, Vec<Value>) = (
        allowing(&[caller.clone(), printed(&[])].concat()),
        caller.iter().filter(|statement| !enters(statement)).cloned().collect(),
    );
    let less = allowing(&without_entry);
    stage.server = whole;
    let (_, applied) = stage.apply(&plan, &[&["--soak", "0"][..], &role].concat());
    assert_eq!(applied["state"], "finished", "{applied}");
    assert_eq!(applied["endings"].get("failed"), None, "{applied}");
    assert!(applied["endings"]["done"].as_u64() > Some(5), "{applied}");
    for left in applied["left_alone"].as_array().unwrap() {
        assert!(text(left, "why").contains("explicit deny"), "{left}");
    }
    let (code, undone) = stage.undo(text(&applied, "run"), &role);
    assert_eq!(code, 0, "{undone}");
    stage.server = less;
    let ended = stage.run(&Stage::applying(&plan, &[&["--soak", "0"][..], &role].concat()));
    assert_eq!(ended.code, 4, "{ended:?}");
    assert!(
        ended.err.contains("none of the plan's other accounts (2) can be entered"),
        "{ended:?}"
    );
}

#[test]
fn the_journal_tells_whose_credentials_were_used_and_is_read_as_it_stands() {
    let stage = Stage::new(&WORLD);
    let plan = stage.plan(&["--ticket", "CHG-1"]);
    let (_, applied) = stage.apply(&plan, &["--soak", "0"]);
    let run = text(&applied, "run");
    let journal = stage.journal(run);
    let identity = text(&journal[0]["operator"], "identity");
    assert!(identity.starts_with("arn:aws:iam::") && identity.contains(":user/"), "{identity}");
    // The sessions in other accounts bear the run's name.
    let entered = journal.iter().filter(|event| event["type"] == "entered");
    let of_roles = entered.filter(|event| text(event, "caller").contains(":assumed-role/"));
    let names: Vec<&str> =
        of_roles.map(|event| text(event, "caller").rsplit('/').next().unwrap()).collect();
    assert!(
        names.len() > 1 && names.iter().all(|name| *name == format!("imdsure-{run}")),
        "{names:?}"
    );
    let listed = stage.command(&["journal", "list"]).env_remove("USER").ended();
    assert!(listed.out.contains(identity), "{}", listed.out);

    let shown = stage.run(&["journal", "show", run]).out;
    for words in ["ticket CHG-1", "soak_seconds=0", identity, "HttpTokens=optional"] {
        assert!(shown.contains(words), "no {words} in {shown}");
    }
    let change = journal.iter().find(|event| event["type"] == "change").unwrap();
    let (place, id) = (&change["place"], text(change, "id"));
    for words in [format!("#{place} {id} calls "), format!("#{place} {id} done")] {
        assert!(shown.contains(&words), "no {words} in {shown}");
    }
    let file = stage.folder.path().join(".imdsure/runs").join(run).join("journal.jsonl");
    let json = stage.run(&["journal", "show", run, "--output", "json"]).out;
    assert_eq!(json, std::fs::read_to_string(file).unwrap());

    let head = text(&applied, "journal_head");
    for form in [head.to_owned(), format!("sha256:{head}"), format!("sha256 {head}")] {
        assert_eq!(stage.run(&["journal", "verify", run, "--head", &form]).code, 0, "{form}");
    }
    let other = format!("sha256:{}", "0".repeat(64));
    assert_eq!(stage.run(&["journal", "verify", run, "--head", &other]).code, 2);
    assert_eq!(stage.run(&["journal", "verify", run, "--head", "banana"]).code, 64);
}

#[test]
fn a_run_is_recorded_in_s3_and_undone_from_there() {
    let stage = Stage::new(&WORLD);
    let s3 = Server::moto();
    let bucket = s3.awscli(&["s3api", "create-bucket", "--bucket", "journals"]);
    assert_eq!(bucket.code, 0, "{}", bucket.err);
    let before = stage.witness();
    let plan = stage.plan(&[]);
    let there = |arguments: &[&str]| {
        let journal = ["--journal", "s3://journals/imdsure"];
        let mut command = stage.command(&[arguments, &journal].concat());
        command.env("AWS_ENDPOINT_URL_S3", s3.url()).ended()
    };
    let ended = there(&Stage::applying(&plan, &["--soak", "0"]));
    assert!([0, 4, 5].contains(&ended.code), "{} {}", ended.out, ended.err);
    let applied = ended.json();
    let run = text(&applied, "run");
    assert!(!stage.folder.path().join(".imdsure").exists());
    assert_ne!(stage.witness(), before);
    let listed = there(&["journal", "list", "--output", "json"]).json();
    assert_eq!(listed["runs"][0]["run"], run);
    let undone = there(&["undo", run, "--approve", run, "--output", "json"]);
    assert_eq!(undone.code, 0, "{} {}", undone.out, undone.err);
    assert_same(&settled(stage.witness()), &settled(before), "undone");
    let verified = there(&["journal", "verify"]);
    assert_eq!((verified.code, verified.out.lines().count()), (0, 2), "{}", verified.out);

    // A bucket that is not there is told as such, without S3's XML.
    let applying = Stage::applying(&plan, &["--soak", "0"]);
    for arguments in [
        &["journal", "list"][..],
        &["journal", "show", run],
        &["journal", "verify"],
        &["undo", run, "--approve", run],
        &applying,
    ] {
        let mut command = stage.command(&[arguments, &["--journal", "s3://nowhere/x"]].concat());
        let ended = command.env("AWS_ENDPOINT_URL_S3", s3.url()).ended();
        assert!(ended.err.contains("the bucket does not exist"), "{arguments:?}: {ended:?}");
        assert!(ended.code == 64 && !ended.err.contains('<'), "{arguments:?}: {ended:?}");
    }
}

#[test]
fn an_aws_that_ignores_dry_runs_and_wipes_options_is_noticed() {
    let mut stage = Stage::new(&["--accounts", "1", "--instances", "2", "--regions", "1"]);
    stage.server = Server::moto();
    stage.server.python("moto_create.py", &[]);
    let plan = [
        "plan",
        "--include-unknown",
        "--regions",
        "us-east-1,eu-west-1",
        "--kind",
        "instance",
        "--output",
        "none",
        "-o",
        "plan.json",
    ];
    let planned = stage.run(&plan);
    assert!([0, 2].contains(&planned.code), "{}", planned.err);
    let plan = std::fs::read(stage.folder.path().join("plan.json")).unwrap();
    let plan: Value = serde_json::from_slice(&plan).unwrap();
    assert!(changes(&plan).len() > 3);
    let (code, applied) = stage.apply(&plan, &["--soak", "0"]);
    assert_eq!(code, 5, "{applied}");
    assert_eq!(applied["endings"].get("done"), None, "{applied}");
    let left = applied["left_alone"].as_array().unwrap();
    assert!(
        !left.is_empty() && left.iter().all(|left| text(left, "why").contains("DryRun")),
        "{applied}"
    );
}

#[test]
fn calls_that_are_refused_already_do_not_stand_in_the_way_of_enforcement() {
    let world = ["--accounts", "1", "--instances", "12", "--regions", "1", "--templates", "0"];
    let stage = Stage::new(&[&world[..], &["--groups", "0", "--settle-seconds", "0"]].concat());
    let plan = stage.plan(&["--kind", "instance"]);
    let changes = plan["changes"].as_array().unwrap();
    for change in changes {
        stage.set_workload(change, &json!("never"));
    }
    let (_, applied) = stage.apply(&plan, &["--soak", "0"]);
    assert_eq!(applied["state"], "finished", "{applied}");
    let running = changes.iter().find(|change| change["blast"]["state"] == "running").unwrap();
    stage.set_workload(running, &json!({"every": {"seconds": 3_600, "next_in": 60}}));
    stage.advance(16 * 86_400);
    let enforcement = ["plan", "--kind", "account-enforcement", "--usage", "--include-unknown"];
    let saved = ["--output", "none", "-o", "enforce.json"];
    let ended = stage.command_after(16 * 24, &[&enforcement[..], &saved].concat()).ended();
    assert_eq!(ended.code, 0, "{}", ended.err);
    let text = std::fs::read(stage.folder.path().join("enforce.json")).unwrap();
    let plan: Value = serde_json::from_slice(&text).unwrap();
    let planned = plan["changes"].as_array().unwrap();
    let change = planned.first().unwrap_or_else(|| panic!("{plan}"));
    assert_eq!((&change["evidence"]["calls"], planned.len()), (&json!(0), 1));
    let told =
        |warning: &&Value| warning.as_str().unwrap().contains("refused on 1 instance already");
    assert!(change["warnings"].as_array().unwrap().iter().any(|it| told(&it)), "{change}");
}
