//! Evidence grows old while a run soaks: what has called version 1 since it was planned is left alone.

use serde_json::{Value, json};

use crate::{
    harness::{Run as _, Server},
    stage::{Stage, endings},
};

const WORLD: [&str; 8] =
    ["--accounts", "2", "--instances", "80", "--regions", "1", "--settle-seconds", "0"];
const MORE: [&str; 2] = ["--accept-no-way-back", "*"];

/// The last running instance of a plan that made no call of version 1, with its place.
fn last_silent(plan: &Value) -> (u64, &Value) {
    let changes = (0..).zip(plan["changes"].as_array().unwrap());
    let silent = changes.filter(|(_, change)| {
        change["kind"] == "instance"
            && change["evidence"]["calls"] == 0
            && change["blast"]["state"] == "running"
    });
    silent.last().unwrap()
}

fn tokens<'a>(seen: &'a Value, change: &Value) -> &'a Value {
    let [account, region, id] =
        ["account_id", "region", "id"].map(|name| change[name].as_str().unwrap());
    &seen[format!("{account} {region}")]["instances"][id]["HttpTokens"]
}

#[test]
fn who_called_since_the_plan_is_left_alone() {
    let stage = Stage::new(&WORLD);
    let plan = stage.plan(&["--usage", "--canary", "3"]);
    let (place, change) = last_silent(&plan);
    assert!(change["wave"].as_u64() > Some(1));
    let (code, applied) = stage.apply(&plan, &MORE);
    assert_eq!((code, &applied["state"]), (0, &json!("soaking")), "{applied}");
    stage.set_workload(change, &json!({"every": {"seconds": 300, "next_in": 7_200}}));
    stage.advance(90_000);
    let run = applied["run"].as_str().unwrap();
    let resume = ["apply", "--resume", run, "--soak", "0", "--ignore-breach", "--output", "json"];
    let on = stage.command_after(25, &[&resume[..], &MORE].concat()).ended();
    assert_eq!(on.code, 5, "{} {}", on.out, on.err);
    let id = change["id"].as_str().unwrap();
    let on = on.json();
    let told = on["skipped"].as_array().unwrap().iter().find(|told| told["id"] == id);
    let told = told.unwrap_or_else(|| panic!("{on}"));
    let why = told["why"].as_str().unwrap();
    assert_eq!(told["ending"], "drifted");
    assert!(
        why.contains(" calls of version 1 since it was planned, the first in the period"),
        "{why}"
    );
    let journal = stage.journal(run);
    let by_place = endings(&journal);
    assert_eq!(by_place[&place], "drifted");
    assert!(by_place.values().filter(|ending| *ending == "done").count() > 3, "{by_place:?}");
    // Who called before the plan was made, or nobody knows of, was meant.
    let changes = (0..).zip(plan["changes"].as_array().unwrap());
    let unknown = changes.filter(|(_, change)| change["evidence"]["calls"].is_null());
    assert!(
        unknown.clone().all(|(place, _)| by_place.get(&place).is_none_or(|it| it != "drifted"))
    );
    let seen = stage.witness();
    assert_eq!(tokens(&seen, change), "optional");
}

#[test]
fn evidence_that_cannot_be_read_on_stops_the_run_before_the_wave() {
    let mut stage = Stage::new(&WORLD);
    let plan = stage.plan(&["--usage", "--canary", "100%"]);
    let denied = ["--deny", "*:*:cloudwatch:GetMetricData"];
    stage.server = Server::simulator(&[&WORLD[..], &denied].concat());
    let before = stage.witness();
    stage.advance(7_500);
    let ended = stage.command_after(2, &Stage::applying(&plan, &MORE)).ended();
    let stopped = ended.json();
    assert_eq!((ended.code, &stopped["state"]), (4, &json!("stopped")), "{stopped}");
    let breach = &stopped["breaches"][0];
    assert_eq!(breach["check"], "not looked at", "{stopped}");
    assert!(breach["found"].as_str().unwrap().contains("GetMetricData"), "{breach}");
    let journal = stage.journal(stopped["run"].as_str().unwrap());
    assert!(journal.iter().all(|event| event["type"] != "change" || event["kind"] != "instance"));
    let instances = |seen: &Value| -> Vec<Value> {
        seen.as_object().unwrap().values().map(|unit| unit["instances"].clone()).collect()
    };
    assert_eq!(instances(&stage.witness()), instances(&before));
}
