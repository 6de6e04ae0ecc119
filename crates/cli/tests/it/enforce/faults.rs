//! Calls that fail in every way that the simulator knows: what a run says it did is what boto3 sees, and undoing it ends where it
//! began.

use std::collections::BTreeSet;

use serde_json::Value;

use super::long;
use crate::stage::{Stage, called, endings, expected, settled, with_drift, without_templates};

const SMALL: [&str; 8] =
    ["--accounts", "3", "--instances", "90", "--regions", "1", "--settle-seconds", "0"];

/// Applies and undoes a plan while these go wrong, and compares what boto3 sees before, between and after.
fn there_and_back(world: &[&str], waves: &[&str], faults: &[&str]) -> (Value, Value) {
    there_and_back_by(world, waves, faults, &[])
}

/// The same with more said to the runs.
fn there_and_back_by(
    world: &[&str],
    waves: &[&str],
    faults: &[&str],
    by: &[&str],
) -> (Value, Value) {
    let stage = Stage::new(world);
    let before = stage.witness();
    let plan = stage.plan(waves);
    stage.faults(faults);
    let (code, mut applied) = stage.apply(&plan, &[&["--soak", "0"], by].concat());
    let run = applied["run"].as_str().unwrap().to_owned();
    // Many refusals at once count as something that got worse: a person looks, and goes on.
    if applied["state"] == "stopped" {
        assert_eq!(code, 4);
        (_, applied) = stage.resume(&run, &[&["--soak", "0", "--ignore-breach"], by].concat());
    }
    assert_eq!(applied["state"], "finished", "{applied}");
    let drifted = stage.drifted();
    is_what_it_says(&stage, &plan, &before, &run, &drifted);
    let (mut code, mut undone) = stage.undo(&run, by);
    for _ in 0..5 {
        // What failed is undone again.
        if undone["state"] == "finished" && undone["endings"].get("failed").is_none() {
            break;
        }
        (code, undone) = stage.undo(&run, by);
    }
    assert_eq!(undone["state"], "finished", "{undone}");
    assert_eq!(number(&undone, "failed"), 0, "{undone}");
    let drifted = &stage.drifted() | &drifted;
    assert!(code == 0 || !drifted.is_empty(), "{undone}");
    assert_eq!(stage.run(&["journal", "verify"]).code, 0);
    is_as_it_was(&stage, &before, &drifted);
    (applied, undone)
}

/// Each change that the journal calls made is there, and nothing else is changed.
fn is_what_it_says(
    stage: &Stage,
    plan: &Value,
    before: &Value,
    run: &str,
    drifted: &BTreeSet<String>,
) {
    let journal = stage.journal(run);
    let (endings, called) = (endings(&journal), called(&journal));
    let made = |place: u64| {
        let ending = endings.get(&place).map(String::as_str);
        assert!(ending != Some("done") || called.contains(&place), "{place} without a record");
        // Not verified is what somebody else changed just then: what was sent is there all the same.
        matches!(ending, Some("done" | "deferred" | "already" | "unverified"))
    };
    let expected = with_drift(expected(before, plan, made), drifted);
    let seen = with_drift(without_templates(settled(stage.witness())), drifted);
    stage.assert_same(&seen, &expected, "after the run");
}

/// All is as it was, but for what somebody else changed meanwhile: that stays beside what was put back.
fn is_as_it_was(stage: &Stage, before: &Value, drifted: &BTreeSet<String>) {
    let expected = with_drift(settled(before.clone()), drifted);
    let seen = with_drift(settled(stage.witness()), drifted);
    stage.assert_same(&seen, &expected, "after the way back");
}

fn number(told: &Value, ending: &str) -> u64 {
    told["endings"][ending].as_u64().unwrap_or_default()
}

#[test]
fn half_of_all_calls_are_throttled() {
    // A rate that halves with each refusal is slow then, and rightly so: few instances.
    let instances = if long() { "90" } else { "16" };
    let world = ["--accounts", "1", "--instances", instances, "--regions", "1"];
    let (applied, undone) = there_and_back(&world, &["--canary", "100%"], &["throttle=0.5"]);
    assert!(number(&applied, "done") > 3, "{applied}");
    assert_eq!(number(&applied, "failed") + number(&undone, "failed"), 0, "{applied} {undone}");
}

#[test]
fn aws_is_unwell() {
    let faults = ["error500=0.15", "error503=0.15", "cut=0.15"];
    let (applied, _) = there_and_back(&SMALL, &[], &faults);
    assert!(number(&applied, "done") > 10, "{applied}");
}

#[test]
fn answers_are_lost_after_aws_did_what_was_asked() {
    let (applied, undone) = there_and_back(&SMALL, &[], &["lost-reply=0.4"]);
    assert!(number(&applied, "done") > 10, "{applied}");
    assert_eq!(number(&applied, "failed") + number(&undone, "failed"), 0, "{applied} {undone}");
}

#[test]
fn reads_are_late() {
    let (applied, undone) = there_and_back(&SMALL, &[], &["stale-read=0.5"]);
    assert!(number(&applied, "done") > 10, "{applied}");
    assert!(number(&undone, "done") >= number(&applied, "done"), "{applied} {undone}");
}

#[test]
fn credentials_expire_in_the_middle() {
    // Few calls at once: who renews the credentials must not wait for those who wait for him.
    let few = ["--concurrency", "2"];
    let (applied, undone) = there_and_back_by(&SMALL, &[], &["expire=0.1"], &few);
    assert!(number(&applied, "done") > 10, "{applied}");
    assert_eq!(number(&applied, "failed") + number(&undone, "failed"), 0, "{applied} {undone}");
}

#[test]
fn somebody_else_changes_things_meanwhile() {
    let (applied, _) = there_and_back(&SMALL, &[], &["drift=0.2"]);
    assert!(number(&applied, "done") > 5, "{applied}");
    assert!(number(&applied, "drifted") > 0, "{applied}");
}

#[test]
fn this_machines_clock_is_off() {
    // AWS takes no signature that is more than five minutes off. Behind, a soak is over by this machine's clock before it began.
    for ahead in [1_500, -5_400] {
        let stage = Stage::new(&SMALL);
        let before = stage.witness();
        let plan = stage.plan(&["--canary", "5"]);
        stage.set_clock_ahead(ahead);
        let soak = ["--soak", "20m"];
        let (code, applied) = stage.apply(&plan, &soak);
        assert_eq!((code, &applied["state"]), (0, &"soaking".into()), "{applied}");
        let until: jiff::Timestamp = applied["resume_after"].as_str().unwrap().parse().unwrap();
        let expected = jiff::Timestamp::now().as_second() + ahead + 20 * 60;
        assert!(until.as_second().abs_diff(expected) < 240, "{until}");
        let run = applied["run"].as_str().unwrap().to_owned();
        let early = stage.run(&[&["apply", "--resume", &run][..], &soak].concat());
        assert!(early.code == 64 && early.err.contains("soaks until"), "{early:?}");
        let (_, applied) =
            stage.resume(&run, &["--soak", "0", "--before-soak-ends", "--ignore-breach"]);
        assert_eq!(applied["state"], "finished", "{applied}");
        is_what_it_says(&stage, &plan, &before, &run, &BTreeSet::new());
        assert_eq!(stage.undo(&run, &[]).0, 0);
        is_as_it_was(&stage, &before, &BTreeSet::new());
    }
}

#[test]
fn everything_goes_wrong_at_once() {
    let world: &[&str] = if long() {
        &["--accounts", "6", "--instances", "5000", "--regions", "2", "--settle-seconds", "2"]
    } else {
        &["--accounts", "2", "--instances", "120", "--regions", "2", "--settle-seconds", "1"]
    };
    let faults = [
        "throttle=0.2",
        "error500=0.03",
        "error503=0.03",
        "slow=0.005",
        "cut=0.03",
        "stale-read=0.1",
        "lost-reply=0.1",
        "expire=0.02",
        "drift=0.02",
    ];
    let (applied, _) = there_and_back(world, &[], &faults);
    assert!(number(&applied, "done") > 10, "{applied}");
}
