//! Others who delete and change the same things: between plan and run, and between run and undo.

use serde_json::Value;

use super::{PARTS, Stage, changes, told};
use crate::stage::assert_same;

const KINDS: &str = "launch-template,launch-configuration,instance-refresh,image-imds-support,sagemaker-notebook,beanstalk-environment,lightsail-instance";

fn planned() -> (Stage, Value) {
    let stage = Stage::new("0");
    stage.boto3(&["make"]);
    let plan = stage.plan(KINDS, &["--image", "kinds", "--restart"]);
    (stage, plan)
}

/// How every change of a plan ended is `gone`, and nothing was called for it.
fn all_gone(stage: &Stage, plan: &Value, ended: &Value) {
    for id in changes(plan).keys() {
        assert_eq!(told(ended, id).0, "gone", "{id}: {}", told(ended, id).1);
    }
    let run = ended["run"].as_str().unwrap();
    let shown = stage.run(&["journal", "show", run, "--output", "json"]).out;
    assert!(!shown.contains(r#""type":"call""#), "{shown}");
}

#[test]
fn what_is_gone_before_the_run_is_gone_and_no_failure() {
    let (stage, plan) = planned();
    stage.boto3(&["delete"]);
    let applied = stage.apply(&plan, 0);
    all_gone(&stage, &plan, &applied);
}

#[test]
fn what_is_gone_after_the_run_has_no_way_back_and_is_no_failure() {
    let (stage, plan) = planned();
    let applied = stage.apply(&plan, 0);
    stage.boto3(&["delete"]);
    let undone = stage.undo(&applied["run"], 0);
    all_gone(&stage, &plan, &undone);
}

#[test]
fn what_others_changed_since_the_run_is_left_to_them() {
    let (stage, _) = planned();
    let plan = stage.plan("launch-template,launch-configuration,beanstalk-environment", &[]);
    let before = stage.read(&PARTS);
    let applied = stage.apply(&plan, 0);
    // An option that was `false` is taken away, and one that nobody had set is set.
    let planned = changes(&plan);
    let environments = before["environments"].as_object().unwrap().iter();
    let were_false = environments.filter(|(_, it)| it[1] == "false").map(|(name, _)| name.as_str());
    let unset: Vec<&str> = were_false.collect();
    stage.boto3(&[&["change"][..], &unset].concat());
    let mut changed = stage.read(&PARTS);
    let undone = stage.undo(&applied["run"], 5);
    for id in planned.keys() {
        let (ending, why) = told(&undone, id);
        assert_eq!(ending, "drifted", "{id}: {why}");
        assert!(why.contains("since"), "{id}: {why}");
    }
    // Only the template that nobody launches from any more goes, and the group that is as it was led is led back.
    let templates = changed["templates"].as_object_mut().unwrap();
    templates.retain(|_, template| template["name"] == "kinds");
    changed["groups"]["by-number"] = before["groups"]["by-number"].clone();
    assert_same(&stage.read(&PARTS), &changed, "undone");
}
