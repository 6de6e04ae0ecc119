//! `kill -9` at each step of each kind: on and back, everything ends exactly where it should, also where what AWS shows is late.

use std::{
    collections::BTreeSet,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{Stage, changed, changes, told};
use crate::stage::assert_same;

/// A kind that goes back, the parts that it changes, and the steps at which it is killed on its way and on its way back.
struct Case {
    kind: &'static str,
    parts: &'static [&'static str],
    steps: &'static [&'static str],
    back: &'static [&'static str],
}

const CASES: [Case; 5] = [
    Case {
        kind: "launch-configuration",
        parts: &["groups", "templates", "configurations"],
        steps: &["create-template", "update-group"],
        back: &["update-group", "delete-template"],
    },
    Case {
        kind: "launch-template",
        parts: &["groups", "templates"],
        steps: &["create-version", "set-default", "update-group"],
        back: &["update-group", "set-default", "delete-version"],
    },
    Case {
        kind: "sagemaker-notebook",
        parts: &["notebooks"],
        steps: &["stop", "update", "start"],
        back: &["stop", "update", "start"],
    },
    Case {
        kind: "beanstalk-environment",
        parts: &["environments"],
        steps: &["update-environment"],
        back: &["update-environment"],
    },
    Case {
        kind: "lightsail-instance",
        parts: &["lightsail"],
        steps: &["modify-options"],
        back: &["modify-options"],
    },
];

/// Of what AWS shows after a kill, much is late.
const LATE: [&str; 1] = ["stale-read=0.4"];

/// The calls that journals tell of this step.
fn calls(stage: &Stage, step: &str) -> usize {
    let Ok(runs) = std::fs::read_dir(stage.folder.path().join(".imdsure/runs")) else { return 0 };
    let journal = |run: std::fs::DirEntry| run.path().join("journal.jsonl");
    let texts = runs.map(|run| std::fs::read_to_string(journal(run.unwrap())).unwrap_or_default());
    let (call, step) = (r#""type":"call""#, format!(r#""step":"{step}"#));
    texts
        .map(|text| text.lines().filter(|it| it.contains(call) && it.contains(&step)).count())
        .sum()
}

/// Starts a command, and kills it once its journal tells that a step's call is made. One that ends before is not killed.
fn kill_at(stage: &Stage, step: &str, arguments: &[&str]) {
    let before = calls(stage, step);
    let mut command = stage.server.imdsure(arguments);
    command.current_dir(stage.folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut process = command.spawn().unwrap();
    let patience = Instant::now() + Duration::from_mins(1);
    while process.try_wait().unwrap().is_none() && calls(stage, step) == before {
        assert!(Instant::now() < patience, "{step}: it does not end");
        std::thread::sleep(Duration::from_millis(1));
    }
    // Before the call is carried out, or after it, or after it was answered.
    std::thread::sleep(Duration::from_millis(fastrand::u64(0..8)));
    // By its id, and only ours: SIGKILL.
    let _ = process.kill();
    process.wait().unwrap();
    assert!(calls(stage, step) > before, "{step} is not called");
}

fn planned(stage: &Stage, case: &Case) -> Value {
    let restart = ["--restart"];
    let more = if case.kind == "sagemaker-notebook" { &restart[..] } else { &[] };
    stage.plan(case.kind, more)
}

/// Applies a plan, and kills it at a step; the run.
fn killed(stage: &Stage, plan: &Value, step: &str) -> String {
    let before = runs(stage);
    kill_at(stage, step, &Stage::applying(plan));
    // Of those that begin in one second, the name tells not which is the newest.
    runs(stage).difference(&before).next().unwrap().clone()
}

fn runs(stage: &Stage) -> BTreeSet<String> {
    let list = stage.run(&["journal", "list", "--output", "json"]).json();
    let runs = list["runs"].as_array().unwrap().iter();
    runs.map(|run| run["run"].as_str().unwrap().to_owned()).collect()
}

/// Kills a kind at each of its steps, and sees all ways out, in one world that is as it was after each of them.
fn killed_at_each_step(kind: &str) {
    let stage = Stage::new("0");
    stage.boto3(&["make"]);
    let case = CASES.iter().find(|case| case.kind == kind).unwrap();
    let before = stage.read(case.parts);
    // Where all is as it was, the plan holds again.
    let plan = planned(&stage, case);
    for step in case.steps {
        let run = killed(&stage, &plan, step);
        undone(&stage, case, &run, &before, &format!("{step} and undone"));
        let run = killed(&stage, &plan, step);
        resumed(&stage, case, &run, &plan, &before);
        stage.undo(&json!(run), 0);
        assert_same(&stage.read(case.parts), &before, &format!("{step}, resumed and undone"));
    }
    for step in case.back {
        let run = stage.apply(&plan, 0)["run"].as_str().unwrap().to_owned();
        kill_at(&stage, step, &Stage::undoing(&run));
        undone(&stage, case, &run, &before, &format!("killed at {step} while undoing"));
    }
    assert_eq!(stage.run(&["journal", "verify"]).code, 0);
}

/// Takes a run up again; none where the kill came after its end.
fn resume(stage: &Stage, run: &str) -> Option<Value> {
    let ended = stage.run(&Stage::resuming(run));
    (!ended.err.contains("is finished")).then(|| ended.json())
}

fn undone(stage: &Stage, case: &Case, run: &str, before: &Value, what: &str) {
    stage.faults(&LATE);
    let ended = stage.run(&Stage::undoing(run));
    stage.faults(&[]);
    // Or the kill came after the end.
    assert!(ended.code == 0 || ended.err.contains("is undone"), "{what}: {ended:?}");
    assert_same(&stage.read(case.parts), before, &format!("{what}: {ended:?}"));
}

fn resumed(stage: &Stage, case: &Case, run: &str, plan: &Value, before: &Value) {
    stage.faults(&LATE);
    let resumed = resume(stage, run);
    stage.faults(&[]);
    if let Some(resumed) = resumed {
        let ending = |name: &str| resumed["endings"][name].as_u64().unwrap_or_default();
        assert_eq!(ending("done") + ending("deferred"), changes(plan).len() as u64, "{resumed}");
    }
    let after = stage.read(case.parts);
    assert_same(&after, &changed(before, plan, &after), &format!("{}: resumed", case.kind));
}

#[test]
fn launch_configurations() {
    killed_at_each_step("launch-configuration");
}

#[test]
fn launch_templates() {
    killed_at_each_step("launch-template");
}

#[test]
fn notebooks() {
    killed_at_each_step("sagemaker-notebook");
}

#[test]
fn environments() {
    killed_at_each_step("beanstalk-environment");
}

#[test]
fn lightsail_instances() {
    killed_at_each_step("lightsail-instance");
}

#[test]
fn images() {
    let stage = Stage::new("0");
    let [first, second, _] = ["first", "second", "last"]
        .map(|name| stage.boto3(&["image", name]).as_str().unwrap().to_owned());
    let kill = |image: &str| {
        let plan = stage.plan("image-imds-support", &["--image", image]);
        killed(&stage, &plan, "set-imds-support")
    };
    let support = |image: &str| stage.read(&["images"])["images"][image][1].clone();
    let run = kill(&first);
    stage.faults(&LATE);
    let resumed = resume(&stage, &run);
    assert!(resumed.is_none_or(|resumed| resumed["endings"] == json!({"done": 1})));
    stage.faults(&[]);
    assert_eq!(support(&first), "v2.0");
    let run = kill(&second);
    let is_set = support(&second) == "v2.0";
    stage.faults(&["stale-read=0.9"]);
    let undone = stage.undo(&json!(run), if is_set { 5 } else { 0 });
    stage.faults(&[]);
    assert_eq!(told(&undone, &second).0, if is_set { "irreversible" } else { "done" });
}

/// A run that is killed as it begins a refresh.
fn refreshing(settle_seconds: &str) -> (Stage, String) {
    let stage = Stage::new(settle_seconds);
    stage.boto3(&["make"]);
    let plan = stage.plan("launch-template,instance-refresh", &[]);
    let run = killed(&stage, &plan, "start-refresh");
    (stage, run)
}

#[test]
fn a_refresh_is_resumed() {
    let (stage, run) = refreshing("0");
    stage.faults(&LATE);
    let resumed = stage.resume(&run);
    stage.faults(&[]);
    assert_eq!(resumed["endings"], json!({"done": 2}), "{resumed}");
    let seen = stage.read(&["refreshes", "members"]);
    // Begun once.
    assert_eq!(seen["refreshes"]["by-template"], json!(["Successful"]));
    let members = seen["members"]["by-template"].as_object().unwrap();
    assert!(members.values().all(|tokens| tokens == "required"), "{members:?}");
}

#[test]
fn a_refresh_is_undone() {
    let (stage, run) = refreshing("30");
    let begun = stage.read(&["refreshes"])["refreshes"]["by-template"].clone();
    stage.faults(&LATE);
    let undone = stage.run(&Stage::undoing(&run)).json();
    stage.faults(&[]);
    let seen = stage.read(&["refreshes"])["refreshes"]["by-template"].clone();
    assert_eq!(seen, if begun == json!([]) { json!([]) } else { json!(["Cancelled"]) }, "{undone}");
}
