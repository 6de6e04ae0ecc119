//! Who asks to stop does not wait: not for a check of his own, and not for the preflight. What he started ends with it.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    harness::{Ended, Run as _, ended},
    stage::Stage,
};

const WORLD: [&str; 8] =
    ["--accounts", "2", "--instances", "40", "--regions", "2", "--settle-seconds", "0"];
const MORE: [&str; 2] = ["--accept-no-way-back", "*"];

/// Starts a command whose answer is read at its end.
fn started(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until something is so, for as long as a machine at work may need.
fn wait(mut is_so: impl FnMut() -> bool, what: &str) {
    let patience = Instant::now() + Duration::from_mins(2);
    while !is_so() {
        assert!(Instant::now() < patience, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Ctrl-C, to one process by its id.
fn interrupt(process: &Child) {
    let id = process.id().to_string();
    assert_eq!(Command::new("kill").args(["-INT", &id]).ended().code, 0);
}

fn end_of(process: Child) -> Ended {
    ended(process.wait_with_output().unwrap())
}

/// Whether a process is there; one that nobody has waited for yet is not.
fn is_there(id: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{id}/stat"));
    state.is_ok_and(|stat| !stat.contains(") Z "))
}

/// A canary that soaks, and the check that it is taken up again with: it takes long, and writes down who it is.
fn soaking(stage: &Stage, before: &str) -> (String, String) {
    let plan = stage.plan(&["--canary", "3"]);
    let (_, applied) = stage.apply(&plan, &MORE);
    assert_eq!(applied["state"], "soaking", "{applied}");
    let check =
        format!("{before} sleep 600 & echo $$ $! > ids.new; mv ids.new ids; wait; sleep 600");
    (applied["run"].as_str().unwrap().to_owned(), check)
}

fn checking(stage: &Stage, run: &str, check: &str) -> (Child, Vec<String>) {
    let resume = ["apply", "--resume", run, "--before-soak-ends", "--output", "json"];
    let resume = [&resume[..], &["--check", check], &MORE].concat();
    let process = started(&mut stage.command(&resume));
    let ids = stage.folder.path().join("ids");
    wait(|| ids.exists(), "the check does not begin");
    let ids = std::fs::read_to_string(&ids).unwrap();
    (process, ids.split_whitespace().map(str::to_owned).collect())
}

#[test]
fn a_check_ends_with_all_that_it_started() {
    let stage = Stage::new(&WORLD);
    let (run, check) = soaking(&stage, "");
    let before = stage.witness();
    let (process, ids) = checking(&stage, &run, &check);
    assert!(ids.len() == 2 && ids.iter().all(|id| is_there(id)));
    let looks = || stage.journal(&run).iter().filter(|it| it["type"] == "checked").count();
    let known = looks();
    interrupt(&process);
    let ended = end_of(process);
    let stopped = ended.json();
    assert_eq!((ended.code, &stopped["why"]), (4, &json!("stopped as asked")), "{stopped}");
    assert!(!ids.iter().any(|id| is_there(id)), "{ids:?}");
    // A look that was cut short is no look.
    assert_eq!(looks(), known);
    assert_eq!(stage.witness(), before);
    // It would be asked again, unless it is taken back.
    let without = ["--ignore-breach", "--soak", "0", "--check", ""];
    let (_, on) = stage.resume(&run, &[&MORE[..], &without].concat());
    assert_eq!(on["state"], "finished", "{on}");
}

#[test]
fn a_check_that_does_not_listen_is_no_orphan() {
    let stage = Stage::new(&WORLD);
    let (run, check) = soaking(&stage, "trap '' TERM;");
    let (mut process, ids) = checking(&stage, &run, &check);
    interrupt(&process);
    // It is asked to end first, and does not: whoever asks twice does not wait for it.
    let mut said = process.stderr.take().map(std::io::BufReader::new).unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).unwrap();
    assert!(line.contains("once more to quit at once"), "{line}");
    interrupt(&process);
    assert_eq!(end_of(process).code, 2);
    wait(|| !ids.iter().any(|id| is_there(id)), "the check lives on");
}

fn events(folder: &Path) -> Vec<Value> {
    let runs = std::fs::read_dir(folder.join(".imdsure/runs")).into_iter().flatten();
    let texts = runs
        .filter_map(|run| std::fs::read_to_string(run.unwrap().path().join("journal.jsonl")).ok());
    let lines: Vec<String> =
        texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok()).collect()
}

#[test]
fn the_preflight_is_not_waited_for() {
    let stage = Stage::new(&WORLD);
    let plan = stage.plan(&[]);
    // Each answer takes two seconds.
    stage.faults(&["slow=1"]);
    let process = started(&mut stage.command(&Stage::applying(&plan, &MORE)));
    let entered = || events(stage.folder.path()).iter().any(|it| it["event"]["type"] == "entered");
    wait(entered, "no account is entered");
    interrupt(&process);
    let ended = end_of(process);
    let stopped = ended.json();
    assert_eq!((ended.code, &stopped["why"]), (4, &json!("stopped as asked")), "{stopped}");
    let all = events(stage.folder.path());
    let asked = all.iter().filter(|it| it["event"]["type"] == "preflight");
    assert_eq!(asked.count(), 0, "nothing is told of what was not asked to its end");
}
