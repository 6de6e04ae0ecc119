//! A run that looks at what it changed, and stops by itself when something got worse.

use serde_json::{Value, json};

use crate::{
    harness::{Run as _, Server},
    stage::{Stage, assert_same, settled},
};

const WORLD: [&str; 8] =
    ["--accounts", "3", "--instances", "120", "--regions", "1", "--settle-seconds", "0"];

/// A canary that is through and soaks, one instance of which calls version 1 a day later for the first time.
fn canary_with_an_old_agent(stage: &Stage) -> (String, Value) {
    let plan = stage.plan(&["--canary", "4"]);
    let (code, applied) = stage.apply(&plan, &["--accept-no-way-back", "*"]);
    assert_eq!((code, &applied["state"]), (0, &json!("soaking")), "{applied}");
    let changes = plan["changes"].as_array().unwrap();
    let canary = changes
        .iter()
        .find(|change| {
            change["wave"] == 1
                && change["kind"] == "instance"
                && change["blast"]["state"] == "running"
        })
        .unwrap()
        .clone();
    stage.set_workload(&canary, &json!({"every": {"seconds": 21_600, "next_in": 3_600}}));
    stage.advance(90_000);
    (applied["run"].as_str().unwrap().to_owned(), canary)
}

fn resumed(stage: &Stage, run: &str, more: &[&str]) -> (i32, Value) {
    let resume = ["apply", "--resume", run, "--output", "json"];
    let ended = stage.command_after(25, &[&resume[..], more].concat()).ended();
    assert!(!ended.out.is_empty(), "{}", ended.err);
    (ended.code, ended.json())
}

#[test]
fn refused_version_1_calls_stop_the_next_wave() {
    let stage = Stage::new(&WORLD);
    let (run, canary) = canary_with_an_old_agent(&stage);
    let between = stage.witness();
    let (code, stopped) = resumed(&stage, &run, &[]);
    assert_eq!((code, &stopped["state"]), (4, &json!("stopped")), "{stopped}");
    let breaches = stopped["breaches"].as_array().unwrap();
    let breach = breaches.iter().find(|breach| breach["check"] == "MetadataNoTokenRejected");
    let breach = breach.unwrap_or_else(|| panic!("{stopped}"));
    assert_eq!(breach["instance_id"], canary["id"]);
    let [id, name, account, region] =
        ["id", "name", "account_id", "region"].map(|member| canary[member].as_str().unwrap());
    let found = breach["found"].as_str().unwrap();
    assert!(found.starts_with(&format!("{id} ({name}, {account} {region}): ")), "{found}");
    assert_same(&settled(stage.witness()), &settled(between), "nothing more was changed");
    let list = stage.run(&["journal", "list", "--output", "json"]).json();
    assert_eq!(list["runs"][0]["state"], "stopped");
    // Who has looked may go on.
    let (_, on) = resumed(&stage, &run, &["--ignore-breach", "--soak", "0"]);
    assert_eq!(on["state"], "finished", "{on}");
}

#[test]
fn a_breach_puts_the_wave_back_where_that_is_asked_for() {
    let stage = Stage::new(&WORLD);
    let before = stage.witness();
    let (run, canary) = canary_with_an_old_agent(&stage);
    let (code, stopped) = resumed(&stage, &run, &["--on-breach", "undo"]);
    assert_eq!((code, &stopped["state"]), (4, &json!("stopped")), "{stopped}");
    let undone = &stopped["undone"];
    assert_eq!(undone["state"], "finished", "{stopped}");
    let place = format!(
        "{} {}",
        canary["account_id"].as_str().unwrap(),
        canary["region"].as_str().unwrap()
    );
    let id = canary["id"].as_str().unwrap();
    let after = stage.witness();
    let (was, is) = (&before[&place]["instances"][id], &after[&place]["instances"][id]);
    assert_eq!(was["HttpTokens"], is["HttpTokens"]);
    assert_eq!(stage.run(&["journal", "verify"]).code, 0);
}

#[test]
fn what_is_unwell_before_a_wave_is_never_guessed() {
    let mut stage = Stage::new(&WORLD);
    let plan = stage.plan(&[]);
    let denied = ["--deny", "*:*:ec2:DescribeInstanceStatus"];
    stage.server = Server::simulator(&[&WORLD[..], &denied].concat());
    let before = stage.witness();
    let ended = stage.run(&Stage::applying(&plan, &["--accept-no-way-back", "*"]));
    let stopped = ended.json();
    assert_eq!((ended.code, &stopped["state"]), (4, &json!("stopped")), "{stopped}");
    let breaches = stopped["breaches"].as_array().unwrap();
    assert!(!breaches.is_empty() && breaches.iter().all(|it| it["check"] == "not looked at"));
    let found = breaches[0]["found"].as_str().unwrap();
    assert!(found.contains("DescribeInstanceStatus"), "{found}");
    assert_eq!(stage.witness(), before);
    let run = stopped["run"].as_str().unwrap();
    // Only the wave of regions where nothing runs may have begun.
    let busy = plan["waves"].as_array().unwrap().iter();
    let busy = busy.filter(|wave| wave["name"] != "regions where nothing runs");
    let busy: Vec<&Value> = busy.map(|wave| &wave["wave"]).collect();
    let told = |stage: &Stage, kind: &str| {
        let journal = stage.journal(run).into_iter();
        journal.filter(|event| event["type"] == kind && busy.contains(&&event["wave"])).count()
    };
    assert_eq!((told(&stage, "baseline"), told(&stage, "wave-began")), (0, 0));
    // Once it can be read the run goes on, with what is unwell before it.
    stage.server = Server::simulator(&WORLD);
    let (_, on) = stage.resume(run, &["--accept-no-way-back", "*", "--ignore-breach"]);
    assert_eq!(on["state"], "soaking", "{on}");
    assert!(told(&stage, "baseline") > 0);
}
