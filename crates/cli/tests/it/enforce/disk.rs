//! A disk that is full: nothing is changed any more, and what was changed is known.

use std::process::Command;

use crate::{
    harness::{Run as _, ended},
    stage::{Stage, assert_same, called, expected, settled, without_templates},
};

const WORLD: [&str; 8] =
    ["--accounts", "2", "--instances", "200", "--regions", "1", "--settle-seconds", "0"];

/// The same command where no file may grow beyond so many blocks of 512 bytes: what a full disk is to it. (A file system of
/// its own would need root.)
fn on_a_full_disk(command: &Command, blocks: u64) -> Command {
    let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("dash");
    shell.args(["-c", &limited]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.current_dir(command.get_current_dir().unwrap());
    shell
}

#[test]
fn no_call_is_made_that_cannot_be_recorded() {
    let stage = Stage::new(&WORLD);
    let before = stage.witness();
    let plan = stage.plan(&[]);
    let plan_blocks = stage.folder.path().join("plan.json").metadata().unwrap().len() / 512;
    let apply = stage.command(&Stage::applying(&plan, &["--soak", "0"]));

    // Not even the plan can be kept: nothing begins.
    let ended_at_once = ended(on_a_full_disk(&apply, plan_blocks / 2).output().unwrap());
    assert_eq!(ended_at_once.code, 4, "{} {}", ended_at_once.out, ended_at_once.err);
    assert_same(&stage.witness(), &before, "nothing was recorded");

    // It fills up in the middle.
    let known = stage.runs().len();
    let halfway = ended(on_a_full_disk(&apply, plan_blocks + 2).output().unwrap());
    assert_eq!(halfway.code, 4, "{} {}", halfway.out, halfway.err);
    let told = halfway.json();
    assert!(told["why"].as_str().unwrap().contains("without a record"), "{told}");
    let runs = stage.runs();
    assert_eq!(runs.len(), known + 1);
    let run = runs.last().unwrap();
    // Both tell the same, and what is told as the journal's end is its end.
    let list = stage.run(&["journal", "list", "--output", "json"]).json();
    let listed = list["runs"].as_array().unwrap().iter().find(|one| one["run"] == **run).unwrap();
    assert_eq!(told["endings"], listed["endings"], "{told} {listed}");
    let head = told["journal_head"].as_str().unwrap();
    let verified = stage.run(&["journal", "verify", run, "--head", head]);
    assert_eq!(verified.code, 0, "{verified:?}");
    let called = called(&stage.journal(run));
    let changes = plan["changes"].as_array().unwrap().len();
    assert!(!called.is_empty() && called.len() < changes, "{} of {changes}", called.len());
    let at_most = expected(&before, &plan, |place| called.contains(&place));
    let seen = without_templates(settled(stage.witness()));
    let unchanged = without_templates(settled(before.clone()));
    for (place, unit) in seen.as_object().unwrap() {
        for (id, options) in unit["instances"].as_object().unwrap() {
            let known = [&at_most[place]["instances"][id], &unchanged[place]["instances"][id]];
            assert!(known.contains(&options), "{place} {id}: {options}");
        }
    }

    // With room again it goes on, and back.
    let (_, resumed) = stage.resume(run, &["--soak", "0", "--ignore-breach"]);
    assert_eq!(resumed["state"], "finished", "{resumed}");
    let undone = stage.command(&["undo", run, "--approve", run]).ended();
    assert_eq!(undone.code, 0, "{} {}", undone.out, undone.err);
    assert_same(&settled(stage.witness()), &settled(before), "undone");
}
