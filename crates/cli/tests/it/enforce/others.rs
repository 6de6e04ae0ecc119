//! Others who change the same things: between plan and run, and between run and undo.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::stage::{Stage, assert_same, endings, settled};

const WORLD: [&str; 8] =
    ["--accounts", "2", "--instances", "120", "--regions", "1", "--settle-seconds", "0"];

/// The running instances of a plan in the management account, which no organization policy binds, as account, region, id.
fn instances<'a>(stage: &Stage, plan: &'a Value) -> Vec<[&'a str; 3]> {
    let own = stage.server.awscli(&["sts", "get-caller-identity"]).json();
    let changes = plan["changes"].as_array().unwrap().iter();
    let running = changes.filter(|change| {
        change["account_id"] == own["Account"]
            && change["kind"] == "instance"
            && change["blast"]["state"] == "running"
    });
    running
        .map(|change| ["account_id", "region", "id"].map(|name| change[name].as_str().unwrap()))
        .collect()
}

fn somebody(stage: &Stage, actions: &[(&str, [&str; 3])]) {
    let words = actions
        .iter()
        .flat_map(|(action, place)| std::iter::once(*action).chain(place.iter().copied()));
    stage.server.python("somebody.py", &words.collect::<Vec<_>>());
}

#[test]
fn what_is_no_more_as_planned_is_left_to_who_changed_it() {
    let stage = Stage::new(&WORLD);
    let plan = stage.plan(&[]);
    let chosen = instances(&stage, &plan);
    let [gone, stopped, moved] = [chosen[0], chosen[1], chosen[2]];
    somebody(&stage, &[("terminate", gone), ("stop", stopped), ("hop", moved)]);
    let before = stage.witness();
    let (code, applied) = stage.apply(&plan, &["--soak", "0"]);
    assert_eq!(code, 5, "{applied}");
    let run = applied["run"].as_str().unwrap();
    let by_place = endings(&stage.journal(run));
    let changes = plan["changes"].as_array().unwrap().iter().zip(0..);
    let endings: BTreeMap<&str, &str> = changes
        .filter_map(|(change, place)| {
            Some((change["id"].as_str()?, by_place.get(&place)?.as_str()))
        })
        .collect();
    assert_eq!(endings[gone[2]], "gone");
    assert_eq!(endings[stopped[2]], "deferred");
    assert_eq!(endings[moved[2]], "drifted");
    assert!(endings.values().filter(|ending| **ending == "done").count() > 5, "{endings:?}");
    let told = applied["skipped"].as_array().unwrap();
    let drifted = told.iter().find(|told| told["id"] == moved[2]).unwrap();
    let why = drifted["why"].as_str().unwrap();
    assert!(why.starts_with("HttpPutResponseHopLimit is 9, the plan says "), "{why}");

    // One of those that were changed is set back by hand meanwhile: undoing is content with it.
    let done = chosen[3..].iter().find(|place| endings.get(place[2]) == Some(&"done")).unwrap();
    somebody(&stage, &[("optional", *done)]);
    let (code, undone) = stage.undo(run, &[]);
    assert_eq!(code, 0, "{undone}");
    assert_same(&settled(stage.witness()), &settled(before), "undone");
}

#[test]
fn enforcement_by_others_closes_the_way_back_until_it_is_lifted_by_name() {
    let stage = Stage::new(&WORLD);
    let plan = stage.plan(&[]);
    let (_, applied) = stage.apply(&plan, &["--soak", "0"]);
    let run = applied["run"].as_str().unwrap();
    let by_place = endings(&stage.journal(run));
    let changes = plan["changes"].as_array().unwrap().iter().zip(0..);
    let mut done = changes.filter(|(change, place)| {
        change["kind"] == "instance" && by_place.get(place).is_some_and(|ending| ending == "done")
    });
    let (change, _) = done.next().unwrap();
    let [account, region] = ["account_id", "region"].map(|name| change[name].as_str().unwrap());
    let place = format!("{account} {region}");
    somebody(&stage, &[("enforce", [account, region, "-"])]);
    let enforced = stage.witness();
    assert_eq!(enforced[&place]["defaults"]["HttpTokensEnforced"], "enabled");

    let (code, undone) = stage.undo(run, &[]);
    assert_eq!(code, 5, "{undone}");
    let told = undone["skipped"].as_array().unwrap();
    assert!(
        told.iter().any(|told| told["why"].as_str().unwrap().contains("--lift-enforcement")),
        "{undone}"
    );
    let now = stage.witness();
    assert_eq!(now[&place]["instances"], enforced[&place]["instances"]);

    let (code, undone) = stage.undo(run, &["--lift-enforcement"]);
    assert_eq!(code, 0, "{undone}");
    let after = stage.witness();
    assert_eq!(after[&place]["defaults"]["HttpTokensEnforced"], "enabled", "set again");
    assert_eq!(
        after[&place]["instances"][change["id"].as_str().unwrap()]["HttpTokens"],
        json!("optional")
    );
}

#[test]
fn a_canary_that_somebody_else_changed_proves_nothing_for_larger_waves() {
    let stage = Stage::new(&WORLD);
    let plan = stage.plan(&["--canary", "1", "--kind", "instance"]);
    let canary = &plan["changes"][0];
    assert_eq!((&plan["waves"][0]["changes"], &canary["wave"]), (&json!(1), &json!(1)));
    let place = ["account_id", "region", "id"].map(|name| canary[name].as_str().unwrap());
    somebody(&stage, &[("hop", place)]);
    let before = stage.witness();
    let (code, stopped) = stage.apply(&plan, &["--accept-no-way-back", "*"]);
    assert_eq!((code, &stopped["state"]), (4, &json!("stopped")), "{stopped}");
    let why = stopped["why"].as_str().unwrap();
    assert!(why.contains("up to wave 1 nothing was changed"), "{why}");
    assert_same(&stage.witness(), &before, "nothing was changed");
    // Nothing soaks: who has looked goes on, and what was changed then does soak.
    let run = stopped["run"].as_str().unwrap();
    let (_, on) = stage.resume(run, &[]);
    assert_eq!((&on["state"], &on["waves"]["applied"]), (&json!("soaking"), &json!(2)), "{on}");
    let (_, on) = stage.resume(run, &["--before-soak-ends", "--soak", "0"]);
    assert_eq!(on["state"], "finished", "{on}");
}
