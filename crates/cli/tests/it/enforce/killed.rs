//! `kill -9` at random points of a run: nothing is changed without a record, and both ways out, on and back, end exactly where they
//! should.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::long;
use crate::stage::{Stage, assert_same, called, endings, expected, settled, without_templates};

const WORLD: [&str; 8] =
    ["--accounts", "2", "--instances", "40", "--regions", "1", "--settle-seconds", "0"];
const WAVES: [&str; 4] = ["--canary", "3", "--max-per-wave", "12"];

/// Several tests side by side, each with so many kills.
const TESTS: u32 = 4;

fn kills() -> u32 {
    if long() { 200 / TESTS } else { 20 / TESTS }
}

#[test]
fn killed_and_undone() {
    kill_again_and_again(1, |stage, scene, run, _| scene.undone(stage, run));
}

#[test]
fn killed_and_resumed() {
    kill_again_and_again(2, |stage, scene, run, _| scene.resumed(stage, run));
}

#[test]
fn killed_twice_and_resumed() {
    kill_again_and_again(3, |stage, scene, run, random| {
        let after = random.u64(1..40);
        let resume = ["apply", "--resume", run, "--soak", "0", "--ignore-breach"];
        kill(stage, &resume, after);
        scene.resumed(stage, run);
    });
}

#[test]
fn killed_while_undoing() {
    kill_again_and_again(4, |stage, scene, run, random| {
        let resumed = stage.run(&["apply", "--resume", run, "--soak", "0", "--ignore-breach"]);
        let on =
            [0, 5].contains(&resumed.code) || resumed.err.contains("there is nothing to resume");
        assert!(on, "{resumed:?}");
        kill(stage, &["undo", run, "--approve", run], random.u64(2..60));
        scene.undone(stage, run);
    });
}

/// What was there, and what is planned.
struct Scene {
    before: Value,
    plan: Value,
}

impl Scene {
    /// Whatever differs from before has a record.
    fn is_recorded(&self, stage: &Stage, run: &str) {
        let called = called(&stage.journal(run));
        let at_most = expected(&self.before, &self.plan, |place| called.contains(&place));
        let seen = without_templates(settled(stage.witness()));
        let before = without_templates(settled(self.before.clone()));
        for (place, unit) in before.as_object().unwrap() {
            for part in ["instances", "defaults"] {
                for (name, value) in unit[part].as_object().unwrap() {
                    let (now, may_be) = (&seen[place][part][name], &at_most[place][part][name]);
                    assert!(now == value || now == may_be, "{place} {name}: {now}, was {value}");
                }
            }
        }
    }

    fn undone(&self, stage: &Stage, run: &str) {
        let ended = stage.run(&["undo", run, "--approve", run]);
        // A run that was killed early changed nothing: there is nothing to undo.
        let nothing = ended.err.contains("there is nothing to undo");
        assert!(ended.code == 0 || nothing, "{} {}", ended.out, ended.err);
        assert_same(&settled(stage.witness()), &settled(self.before.clone()), "undone");
    }

    fn resumed(&self, stage: &Stage, run: &str) {
        // Software that calls version 1 just then is no matter of this test.
        let resume = ["apply", "--resume", run, "--soak", "0", "--ignore-breach"];
        let ended = stage.run(&[&resume[..], &["--output", "json"]].concat());
        // Or the kill came after the end.
        if !ended.err.contains("is finished") {
            assert_eq!(ended.json()["state"], "finished", "{} {}", ended.out, ended.err);
        }
        let endings = endings(&stage.journal(run));
        let changes = self.plan["changes"].as_array().unwrap().len() as u64;
        let made = |place: u64| match endings.get(&place).map(String::as_str) {
            Some("done" | "deferred" | "already") => true,
            // What is left alone has no way back, and is told once for all of its kind.
            None => false,
            Some(other) => panic!("{place} of {changes} is {other}"),
        };
        let expected = expected(&self.before, &self.plan, made);
        assert_same(&without_templates(settled(stage.witness())), &expected, "resumed");
        self.undone(stage, run);
    }
}

#[expect(clippy::print_stdout, reason = "a failure can be seen again by its seed")]
fn kill_again_and_again(test: u64, way_out: impl Fn(&Stage, &Scene, &str, &mut fastrand::Rng)) {
    let seed = if long() { fastrand::u64(..) } else { test };
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let stage = Stage::new(&WORLD);
    let before = stage.witness();
    let plan = stage.plan(&WAVES);
    let scene = Scene { before, plan };
    for _ in 0..kills() {
        let apply = Stage::applying(&scene.plan, &["--soak", "0"]);
        let after = random.u64(1..200);
        let known = stage.runs();
        kill(&stage, &apply, after);
        let runs = stage.runs();
        if runs.len() == known.len() {
            // Killed before it had a journal: then nothing may be changed.
            assert_same(&settled(stage.witness()), &settled(scene.before.clone()), "unrecorded");
            continue;
        }
        let run = runs.last().unwrap();
        scene.is_recorded(&stage, run);
        way_out(&stage, &scene, run, &mut random);
        assert_eq!(stage.run(&["journal", "verify"]).code, 0);
    }
}

/// Starts a run, and kills it once that many records were added to journals. One that ends before is not killed.
fn kill(stage: &Stage, arguments: &[&str], after: u64) {
    let journals = stage.folder.path().join(".imdsure/runs");
    let begun = records(&journals);
    let mut command = stage.command(arguments);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let patience = Instant::now() + Duration::from_mins(2);
    while process.try_wait().unwrap().is_none() && records(&journals) < begun + after {
        assert!(Instant::now() < patience, "the run does not end");
        std::thread::sleep(Duration::from_millis(1));
    }
    // By its id, and only ours: SIGKILL.
    let _ = process.kill();
    process.wait().unwrap();
}

fn records(journals: &Path) -> u64 {
    let Ok(runs) = std::fs::read_dir(journals) else { return 0 };
    let journal = |run: std::fs::DirEntry| -> PathBuf { run.path().join("journal.jsonl") };
    let lines = |path: PathBuf| {
        let text = std::fs::read(path).unwrap_or_default();
        text.split(|byte| *byte == b'\n').count() as u64 - 1
    };
    runs.map(|run| lines(journal(run.unwrap()))).sum()
}

/// Options take their time, so that what is killed is under way.
const SLOW: [&str; 8] =
    ["--accounts", "1", "--instances", "16", "--regions", "1", "--settle-seconds", "3"];

#[test]
fn killed_while_undoing_a_canary_that_is_then_not_gone_on_with() {
    let stage = Stage::new(&SLOW);
    let before = stage.witness();
    let (code, applied) = stage.apply(&stage.plan(&["--canary", "3"]), &[]);
    assert_eq!((code, &applied["state"]), (0, &json!("soaking")), "{applied}");
    let run = applied["run"].as_str().unwrap();
    // Began, entered, and of some change what is there and the call.
    kill(&stage, &["undo", run, "--approve", run], 6);
    let ended = stage.run(&["apply", "--resume", run, "--before-soak-ends"]);
    assert_eq!(ended.code, 64, "{ended:?}");
    assert!(ended.err.contains(&format!("`imdsure undo {run}` brings it to its end")), "{ended:?}");
    let list = stage.run(&["journal", "list", "--output", "json"]).json();
    let undoing = &list["runs"][1];
    assert_eq!(
        (&list["runs"][0]["undone_by"], &undoing["state"]),
        (&undoing["run"], &json!("open"))
    );
    assert!(stage.run(&["journal", "list"]).out.contains(" begun  by "));
    let (code, undone) = stage.undo(run, &[]);
    assert_eq!((code, undone["of"].as_str()), (0, Some(run)), "{undone}");
    assert_same(&settled(stage.witness()), &settled(before), "undone");
    let list = stage.run(&["journal", "list", "--output", "json"]).json();
    let of_run = &list["runs"][0];
    assert_eq!(
        (&of_run["state"], &of_run["resume_after"]),
        (&json!("undone"), &json!(null)),
        "{list:#}"
    );
}

#[test]
fn killed_while_enforcement_was_lifted_for_the_way_back() {
    for again in [&["--lift-enforcement"][..], &[]] {
        let stage = Stage::new(&SLOW);
        let before = stage.witness();
        let (_, applied) = stage.apply(&stage.plan(&["--kind", "instance"]), &["--soak", "0"]);
        let run = applied["run"].as_str().unwrap();
        let place = before.as_object().unwrap().keys().next().unwrap();
        let (account, region) = place.split_once(' ').unwrap();
        stage.server.python("somebody.py", &["enforce", account, region, "-"]);
        // Lifted, and the first calls are made.
        let undo = ["undo", run, "--approve", run, "--lift-enforcement"];
        kill(&stage, &undo, 8);
        let enforced = |stage: &Stage| {
            stage.witness()[place]["defaults"]["HttpTokensEnforced"].as_str().unwrap().to_owned()
        };
        assert_eq!(enforced(&stage), "disabled");
        let (code, undone) = stage.undo(run, again);
        assert_eq!(code, 0, "{undone}");
        assert_eq!(enforced(&stage), "enabled", "set again");
        let (now, before) = (settled(stage.witness()), settled(before.clone()));
        assert_same(&now[place]["instances"], &before[place]["instances"], "undone");
        let ended = stage.run(&["undo", run, "--approve", run]);
        assert!(ended.code == 64 && ended.err.contains("is undone"), "{ended:?}");
    }
}
