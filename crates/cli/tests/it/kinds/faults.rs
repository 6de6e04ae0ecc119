//! Calls that fail in every way that the simulator knows: each kind does what its plan says, once, and goes back to where it began.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{PARTS, Stage, changed, changes};
use crate::stage::assert_same;

const KINDS: &str = "launch-template,launch-configuration,instance-refresh,image-imds-support,sagemaker-notebook,beanstalk-environment,lightsail-instance";

/// What was made of everything, and what was there before.
struct Scene {
    stage: Stage,
    before: Value,
    plan: Value,
}

impl Scene {
    fn new() -> Self {
        let stage = Stage::new("0");
        stage.boto3(&["make"]);
        let before = stage.read(&[&PARTS[..], &["images"]].concat());
        let plan = stage.plan(KINDS, &["--image", "kinds", "--restart"]);
        let kinds = changes(&plan).into_values().map(|change| change["kind"].to_string());
        assert_eq!(kinds.collect::<BTreeSet<_>>().len(), KINDS.split(',').count());
        Self { stage, before, plan }
    }

    /// Applies the plan while these go wrong. What failed is tried again, as a person would.
    fn apply(&self, faults: &[&str]) -> Value {
        self.stage.faults(faults);
        let ended = self.stage.run(&Stage::applying(&self.plan));
        let mut applied = ended.json();
        let run = applied["run"].as_str().unwrap().to_owned();
        for _ in 0..3 {
            if applied["state"] == "finished" && applied["endings"].get("failed").is_none() {
                break;
            }
            applied = self.stage.resume(&run);
        }
        self.stage.faults(&[]);
        assert_eq!(applied["state"], "finished", "{applied}");
        applied
    }

    fn undo(&self, run: &Value, faults: &[&str]) -> Value {
        self.stage.faults(faults);
        let run = run.as_str().unwrap();
        let mut undone = self.stage.run(&Stage::undoing(run)).json();
        for _ in 0..3 {
            if undone["state"] == "finished" && undone["endings"].get("failed").is_none() {
                break;
            }
            undone = self.stage.run(&Stage::undoing(run)).json();
        }
        self.stage.faults(&[]);
        assert_eq!(undone["state"], "finished", "{undone}");
        undone
    }

    fn read(&self) -> Value {
        self.stage.read(&[&PARTS[..], &["images"]].concat())
    }
}

fn there_and_back(faults: &[&str]) {
    let scene = Scene::new();
    let applied = scene.apply(faults);
    let all = changes(&scene.plan).len() as u64;
    let made = ["done", "deferred"].map(|it| applied["endings"][it].as_u64().unwrap_or_default());
    assert_eq!(made.iter().sum::<u64>(), all, "{applied}");
    let after = scene.read();
    assert_same(&after, &changed(&scene.before, &scene.plan, &after), "after the run");
    let seen = scene.stage.read(&["members", "refreshes"]);
    assert_eq!(seen["refreshes"]["by-template"], json!(["Successful"]));
    let members = seen["members"]["by-template"].as_object().unwrap();
    assert!(members.values().all(|tokens| tokens == "required"), "{members:?}");

    let undone = scene.undo(&applied["run"], faults);
    // The AMI, and the members that were replaced.
    let planned = changes(&scene.plan);
    let stays =
        |it: &&Value| it["kind"] == "instance-refresh" || it["kind"] == "image-imds-support";
    let stay = planned.values().filter(stays).count() as u64;
    assert_eq!(undone["endings"], json!({"irreversible": stay, "done": all - stay}), "{undone}");
    let mut expected = scene.before.clone();
    expected["images"] = after["images"].clone();
    assert_same(&scene.read(), &expected, "after the way back");
}

#[test]
fn calls_are_throttled() {
    there_and_back(&["throttle=0.1"]);
}

#[test]
fn aws_is_unwell() {
    there_and_back(&["error500=0.1", "error503=0.1"]);
}

#[test]
fn answers_are_cut_off_and_lost() {
    there_and_back(&["cut=0.1", "lost-reply=0.2"]);
}

#[test]
fn reads_are_late() {
    there_and_back(&["stale-read=0.4"]);
}

#[test]
fn credentials_expire_in_the_middle() {
    there_and_back(&["expire=0.1"]);
}

#[test]
fn somebody_else_changes_templates_and_groups_meanwhile() {
    let scene = Scene::new();
    let applied = scene.apply(&["drift=0.5"]);
    // What others change are templates; of groups their size, which is no matter of any plan.
    for skipped in applied["skipped"].as_array().unwrap() {
        let id = skipped["id"].as_str().unwrap();
        let kind = changes(&scene.plan)[id]["kind"].clone();
        assert!(kind == "launch-template" || kind == "instance-refresh", "{id} {skipped}");
        assert!(skipped["ending"] == "drifted" || skipped["ending"] == "unverified", "{skipped}");
    }
    scene.undo(&applied["run"], &["drift=0.5"]);
    let drifted = scene.stage.server.simulator_says("drifted", None);
    let drifted = drifted.as_array().unwrap().iter().map(|it| it["resource"].as_str().unwrap());
    let drifted: BTreeSet<&str> = drifted.filter(|name| name.starts_with("lt-")).collect();
    assert!(!drifted.is_empty());
    let without = |mut seen: Value| {
        seen["templates"].as_object_mut().unwrap().retain(|id, _| !drifted.contains(id.as_str()));
        seen["images"] = Value::Null;
        seen
    };
    assert_same(&without(scene.read()), &without(scene.before.clone()), "after the way back");
}
