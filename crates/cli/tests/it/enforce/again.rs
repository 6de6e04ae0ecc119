//! A run that is taken up again, undone, or begun a second time: what was approved and what it was told holds, and what was put back
//! is not built on.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::stage::{Stage, assert_same, settled};

const WORLD: [&str; 8] =
    ["--accounts", "2", "--instances", "40", "--regions", "1", "--settle-seconds", "0"];

/// A run whose first wave is through and soaks.
fn soaking(stage: &Stage, plan: &Value, more: &[&str]) -> String {
    let (code, applied) = stage.apply(plan, more);
    assert_eq!((code, &applied["state"]), (0, &json!("soaking")), "{applied}");
    applied["run"].as_str().unwrap().to_owned()
}

/// Resumes before the soak has ended.
fn resume(stage: &Stage, run: &str, more: &[&str]) -> (i32, Value) {
    stage.resume(run, &[&["--before-soak-ends"], more].concat())
}

fn is_refused(stage: &Stage, arguments: &[&str], words: &str) {
    let ended = stage.run(arguments);
    assert_eq!(ended.code, 64, "{} {}", ended.out, ended.err);
    assert!(ended.err.contains(words), "{}", ended.err);
}

fn file(stage: &Stage, run: &str, name: &str) -> PathBuf {
    stage.folder.path().join(".imdsure/runs").join(run).join(name)
}

#[test]
fn a_run_has_the_plan_that_was_approved_and_no_other() {
    let stage = Stage::new(&WORLD);
    let run = soaking(&stage, &stage.plan(&["--canary", "2"]), &[]);
    let between = stage.witness();
    let kept = file(&stage, &run, "plan.json");
    let approved = std::fs::read(&kept).unwrap();
    stage.plan(&["--canary", "9"]);
    std::fs::copy(stage.folder.path().join("plan.json"), &kept).unwrap();
    is_refused(&stage, &["apply", "--resume", &run, "--before-soak-ends"], "and keeps another");
    is_refused(&stage, &["undo", &run, "--approve", &run], "and keeps another");
    let verified = stage.run(&["journal", "verify", &run]);
    assert!(verified.code == 2 && verified.out.contains("keeps another"), "{verified:?}");
    std::fs::remove_file(&kept).unwrap();
    assert_eq!(stage.run(&["journal", "verify", &run]).code, 2);
    assert_same(&stage.witness(), &between, "nothing was changed");
    std::fs::write(&kept, approved).unwrap();
    assert_eq!(stage.run(&["journal", "verify", &run]).code, 0);
    let (code, undone) = stage.undo(&run, &[]);
    assert_eq!(code, 0, "{undone}");
}

#[test]
fn what_a_run_was_told_holds_when_it_is_taken_up() {
    let stage = Stage::new(&WORLD);
    let well = stage.folder.path().join("well");
    std::fs::write(&well, "").unwrap();
    let plan = stage.plan(&["--canary", "2", "--max-per-wave", "6"]);
    let told = ["--check", "test -e well", "--soak", "3d", "--accept-no-way-back", "*"];
    let run = soaking(&stage, &plan, &told);
    std::fs::remove_file(&well).unwrap();
    // The check is asked again each time, and keeps the run where it is.
    for _ in 0..2 {
        let (code, stopped) = resume(&stage, &run, &[]);
        assert_eq!((code, &stopped["breaches"][0]["check"]), (4, &json!("check")), "{stopped}");
    }
    std::fs::write(&well, "").unwrap();
    let (code, on) = resume(&stage, &run, &["--ignore-breach"]);
    assert_eq!((code, &on["state"]), (0, &json!("soaking")), "{on}");
    assert_eq!(on["left_alone"], json!([]), "the way back was not asked for again");
    let until: jiff::Timestamp = on["resume_after"].as_str().unwrap().parse().unwrap();
    let days = jiff::Timestamp::now().duration_until(until).as_hours();
    assert!((70..=72).contains(&days), "{until}");
}

#[test]
fn what_was_undone_is_not_gone_on_with() {
    let stage = Stage::new(&WORLD);
    let before = stage.witness();
    let run = soaking(&stage, &stage.plan(&["--canary", "2"]), &[]);
    let (code, undone) = stage.undo(&run, &[]);
    assert_eq!(code, 0, "{undone}");
    is_refused(&stage, &["apply", "--resume", &run, "--before-soak-ends"], "was undone by");
    assert_same(&settled(stage.witness()), &settled(before), "undone");
}

#[test]
fn a_wave_that_was_put_back_is_counted_once_and_not_gone_on_with() {
    let stage = Stage::new(&WORLD);
    let before = stage.witness();
    let plan = stage.plan(&["--canary", "5"]);
    let (code, stopped) = stage.apply(&plan, &["--check", "false", "--on-breach", "undo"]);
    assert_eq!((code, &stopped["undone"]["state"]), (4, &json!("finished")), "{stopped}");
    assert_same(&settled(stage.witness()), &settled(before), "put back");
    let run = stopped["run"].as_str().unwrap();
    let list = stage.run(&["journal", "list", "--output", "json"]).json();
    let (made, back) = (&list["runs"][0]["endings"], &list["runs"][0]["put_back"]);
    let sum = |endings: &Value| {
        ["done", "deferred"].iter().filter_map(|one| endings[one].as_u64()).sum::<u64>()
    };
    assert!(sum(made) > 0 && sum(made) == sum(back), "{list:#}");
    is_refused(&stage, &["apply", "--resume", run], "put back what got worse");
    is_refused(&stage, &["undo", run, "--approve", run], "is undone");
    is_refused(&stage, &Stage::applying(&plan, &[]), "something got worse, and it was put back");
    // People are not sent to what would be refused.
    let again = stage.plan(&["--canary", "4"]);
    let digest = again["digest"].as_str().unwrap();
    let apply = ["apply", "plan.json", "--approve", digest, "--check", "false", "--on-breach"];
    let told = stage.run(&[&apply[..], &["undo"]].concat()).out;
    assert!(told.contains("next: find out why, and plan again; `imdsure journal show"), "{told}");
    assert_eq!(stage.run(&["journal", "verify"]).code, 0);
}

#[test]
fn a_damaged_journal_keeps_no_other_run_from_being_undone() {
    let stage = Stage::new(&WORLD);
    let before = stage.witness();
    let first = soaking(&stage, &stage.plan(&["--canary", "2"]), &[]);
    let second = soaking(&stage, &stage.plan(&["--canary", "3"]), &[]);
    let journal = file(&stage, &second, "journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    let without: Vec<&str> =
        text.lines().enumerate().filter(|line| line.0 != 4).map(|line| line.1).collect();
    std::fs::write(&journal, without.join("\n") + "\n").unwrap();
    let (code, undone) = stage.undo(&first, &[]);
    assert_eq!(code, 0, "{undone}");
    is_not_undone(&stage, &second);
    std::fs::write(&journal, text).unwrap();
    assert_eq!(stage.undo(&second, &[]).0, 0);
    assert_same(&settled(stage.witness()), &settled(before), "both undone");
}

/// What a damaged journal says is not acted on.
fn is_not_undone(stage: &Stage, run: &str) {
    let between = stage.witness();
    let ended = stage.run(&["undo", run, "--approve", run]);
    assert!(ended.code != 0 && ended.err.contains("is damaged or was changed"), "{ended:?}");
    assert_same(&stage.witness(), &between, "nothing was changed");
}

#[test]
fn a_plan_is_not_begun_beside_a_run_of_it() {
    let stage = Stage::new(&WORLD);
    let plan = stage.plan(&["--canary", "2"]);
    let run = soaking(&stage, &plan, &[]);
    is_refused(&stage, &Stage::applying(&plan, &[]), "carries out this plan already, and waits");
    assert_eq!(stage.undo(&run, &[]).0, 0);
    soaking(&stage, &plan, &[]);
}

/// What an emptied journal, or one with lines that no run wrote, says of its run is not known: nothing builds on it.
#[test]
fn an_emptied_journal_is_not_sound_and_nothing_is_built_on_it() {
    let stage = Stage::new(&WORLD);
    let before = stage.witness();
    let plan = stage.plan(&["--canary", "2"]);
    let run = soaking(&stage, &plan, &[]);
    let between = stage.witness();
    let journal = file(&stage, &run, "journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();

    std::fs::write(&journal, "").unwrap();
    for command in [&["journal", "verify"][..], &["journal", "list"], &["journal", "show", &run]] {
        let ended = stage.run(command);
        assert!(ended.code == 2, "{ended:?}");
        assert!(format!("{}{}", ended.out, ended.err).contains("emptied"), "{ended:?}");
    }
    for command in [&["undo", &run, "--approve", &run][..], &["apply", "--resume", &run]] {
        let ended = stage.run(command);
        assert!(ended.code != 0 && ended.err.contains("it was emptied"), "{ended:?}");
    }
    is_refused(&stage, &Stage::applying(&plan, &[]), "what it changed is not known");

    std::fs::write(&journal, format!("{text}garbage\n")).unwrap();
    let ended = stage.run(&["journal", "verify"]);
    assert!(ended.code == 2 && ended.out.contains("broken at line"), "{ended:?}");
    is_refused(&stage, &Stage::applying(&plan, &[]), "what it changed is not known");
    is_not_undone(&stage, &run);
    assert_same(&stage.witness(), &between, "nothing was changed");

    // What a crash leaves has no newline.
    std::fs::write(&journal, format!("{text}{{\"n\":")).unwrap();
    let ended = stage.run(&["journal", "verify"]);
    assert!(ended.code == 0 && ended.out.contains("cut off by a crash"), "{ended:?}");
    assert_eq!(stage.undo(&run, &[]).0, 0);
    assert_same(&settled(stage.witness()), &settled(before), "undone");
}

/// A journal tells who changed what in which account, and what can be entered how.
#[cfg(unix)]
#[test]
fn what_is_recorded_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::new(&WORLD);
    let plan = stage.plan(&["--canary", "2"]);
    let run = soaking(&stage, &plan, &["--journal", "new/journals"]);
    let journal = stage.folder.path().join("new/journals/runs").join(&run).join("journal.jsonl");
    let mut text = std::fs::read_to_string(&journal).unwrap();
    text.push_str("{\"n\":");
    std::fs::write(&journal, text).unwrap();
    // It cuts the torn line off, which is kept beside.
    resume(&stage, &run, &["--ignore-breach", "--journal", "new/journals"]);
    let mut folders = vec![stage.folder.path().join("new")];
    let mut names = Vec::new();
    while let Some(folder) = folders.pop() {
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700, "{folder:?}");
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let found = path.metadata().unwrap();
            if found.is_dir() {
                folders.push(path);
                continue;
            }
            assert_eq!(found.permissions().mode() & 0o777, 0o600, "{path:?}");
            names.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    for name in ["journal.jsonl", "journal.lock", "plan.json", "journal.torn-"] {
        assert!(names.iter().any(|known| known.starts_with(name)), "{name}: {names:?}");
    }
    let account = plan["accounts"][0].as_str().unwrap();
    assert!(names.contains(&format!("{account}.lock")), "{names:?}");
}
