//! Runs that must not begin: another run is at work, the plan is not for here or not for now, the way back is closed.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    harness::{Ended, Run as _, Server, free_port, imdsure},
    stage::{Stage, assert_same, settled},
};

const WORLD: [&str; 8] =
    ["--accounts", "2", "--instances", "40", "--regions", "1", "--settle-seconds", "0"];

/// Refused before anything was changed, with these words.
fn refused(stage: &Stage, ended: &Ended, code: i32, words: &str, before: &Value) {
    assert_eq!(ended.code, code, "{} {}", ended.out, ended.err);
    assert!(ended.err.contains(words), "{}", ended.err);
    assert_same(&settled(stage.witness()), &settled(before.clone()), words);
}

#[test]
fn two_runs_do_not_cross_and_a_dead_ones_lock_is_free() {
    let stage = Stage::new(&WORLD);
    let plan = stage.plan(&["--canary", "3"]);
    let mut first = stage.command(&Stage::applying(&plan, &["--soak", "10m"]));
    // As in a container, where the environment has no name.
    first.env_remove("USER").env_remove("LOGNAME").env_remove("USERNAME");
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let patience = Instant::now() + Duration::from_mins(1);
    let soaks = |stage: &Stage| {
        let runs = stage.runs();
        let first = runs.first();
        first.is_some_and(|run| {
            stage.journal(run).iter().any(|event| event["type"] == "wave-applied")
        })
    };
    while !soaks(&stage) {
        assert!(Instant::now() < patience, "the first wave does not end");
        std::thread::sleep(Duration::from_millis(50));
    }
    let between = stage.witness();
    let second = stage.run(&Stage::applying(&plan, &["--soak", "0"]));
    refused(&stage, &second, 4, "is being changed by run", &between);
    let run = stage.runs().remove(0);
    // The lock calls its holder as the journal does.
    let operator = &stage.journal(&run)[0]["operator"];
    let (user, host) = (operator["user"].as_str().unwrap(), operator["host"].as_str().unwrap());
    assert!(second.err.contains(&format!(" of {user} on {host})")), "{user}: {}", second.err);
    let undo = stage.run(&["undo", &run, "--approve", &run]);
    refused(&stage, &undo, 4, &run, &between);
    first.kill().unwrap();
    first.wait().unwrap();
    let (code, resumed) =
        stage.resume(&run, &["--soak", "0", "--before-soak-ends", "--ignore-breach"]);
    assert!(code == 0 || code == 5, "{resumed}");
    assert_eq!(resumed["state"], "finished", "{resumed}");
}

#[test]
fn a_plan_is_for_its_organization() {
    let mut stage = Stage::new(&WORLD);
    let plan = stage.plan(&[]);
    stage.server = Server::simulator(&[&WORLD[..], &["--seed", "2"]].concat());
    let before = stage.witness();
    let ended = stage.run(&Stage::applying(&plan, &["--soak", "0"]));
    refused(&stage, &ended, 64, "organization", &before);
}

#[test]
fn a_plan_is_for_its_week() {
    let stage = Stage::new(&WORLD);
    let plan = stage.plan(&[]);
    let before = stage.witness();
    let apply = Stage::applying(&plan, &["--soak", "0"]);
    let late = stage.command(&apply).env("IMDSURE_SIMULATED_TIME", "8d").ended();
    refused(&stage, &late, 64, "more than 7 days ago", &before);
    let all_the_same = [&apply[..], &["--max-age", "30d"]].concat();
    let ended = stage.command(&all_the_same).env("IMDSURE_SIMULATED_TIME", "8d").ended();
    assert!([0, 4, 5].contains(&ended.code), "{} {}", ended.out, ended.err);
    assert!(ended.json()["endings"]["done"].as_u64() > Some(0), "{}", ended.out);
}

#[test]
fn a_plan_of_a_newer_version_is_not_guessed_at() {
    let stage = Stage::new(&WORLD);
    let plan = stage.plan(&[]);
    let before = stage.witness();
    let path = stage.folder.path().join("plan.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("imdsure.plan/1", "imdsure.plan/2", 1)).unwrap();
    let ended = stage.run(&Stage::applying(&plan, &["--soak", "0"]));
    refused(&stage, &ended, 64, "imdsure.plan/2", &before);
}

/// What was left alone, and in which accounts.
fn left_alone(told: &Value) -> Vec<(&str, &str)> {
    let left = told["left_alone"].as_array().unwrap().iter();
    left.map(|left| (left["account_id"].as_str().unwrap(), left["why"].as_str().unwrap())).collect()
}

#[test]
fn where_the_way_back_is_closed_nothing_is_changed_unless_asked_for_by_name() {
    // An organization policy forbids one of the accounts to go back to optional.
    let stage = Stage::new(&[
        "--accounts",
        "3",
        "--instances",
        "90",
        "--regions",
        "1",
        "--settle-seconds",
        "0",
    ]);
    let before = stage.witness();
    let plan = stage.plan(&[]);
    for nowhere in ["banana", "", "999999999999", "*:eu-west-9", "us-east-1"] {
        let apply = Stage::applying(&plan, &["--soak", "0", "--accept-no-way-back", nowhere]);
        let ended = stage.run(&apply);
        refused(&stage, &ended, 64, &format!("--accept-no-way-back {nowhere}:"), &before);
    }
    let (code, applied) = stage.apply(&plan, &["--soak", "0"]);
    assert_eq!(code, 5, "{applied}");
    let left = left_alone(&applied);
    assert!(!left.is_empty() && left.iter().all(|(_, why)| why.starts_with("no way back")));
    let account = left[0].0.to_owned();
    let after = stage.witness();
    let of_account = |reading: &Value| reading[format!("{account} us-east-1")].clone();
    assert_same(&of_account(&after), &of_account(&before), "no way back");

    // By name it is changed, and the way back is closed indeed.
    let (code, applied) = stage.apply(&plan, &["--soak", "0", "--accept-no-way-back", &account]);
    assert!([0, 5].contains(&code) && applied["state"] == "finished", "{applied}");
    // Which undo does not promise to put back.
    assert_eq!(applied["stays"], serde_json::json!([format!("{account} us-east-1 (no way back)")]));
    let changed = of_account(&stage.witness());
    assert_ne!(changed, of_account(&before));
    let (code, undone) = stage.undo(applied["run"].as_str().unwrap(), &[]);
    assert_eq!(code, 5, "{undone}");
    assert!(undone["endings"]["refused"].as_u64() > Some(0), "{undone}");
    assert_eq!(of_account(&stage.witness())["instances"], changed["instances"]);
    // One reason for many, told once.
    let run = applied["run"].as_str().unwrap();
    let again = stage.run(&["undo", run, "--approve", run, "--again"]);
    assert_eq!(again.code, 5, "{} {}", again.out, again.err);
    let told = again.out.matches("explicit deny in a service control policy").count();
    assert_eq!(told, 1, "{}", again.out);
}

#[test]
fn what_will_be_left_alone_is_told_before_the_first_wave() {
    let world = ["--accounts", "3", "--instances", "90", "--regions", "1", "--settle-seconds", "0"];
    let mut stage = Stage::new(&world);
    let plan = stage.plan(&["--canary", "1"]);
    let of = |account: &str| {
        let changes = plan["changes"].as_array().unwrap().iter();
        changes.filter(|change| change["account_id"] == account).count()
    };
    let caller = stage.server.awscli(&["sts", "get-caller-identity"]).json();
    // An account of a later wave, that cannot be entered. The caller's own is entered without a role.
    let first = plan["changes"].as_array().unwrap().iter().find(|change| change["wave"] == 1);
    let first = first.unwrap()["account_id"].as_str().unwrap();
    let mut changes = plan["changes"].as_array().unwrap().iter();
    let later = changes.find(|change| {
        let account = change["account_id"].as_str().unwrap();
        account != first && account != caller["Account"]
    });
    let later = later.unwrap()["account_id"].as_str().unwrap();
    let denied = format!("{later}:*:sts:AssumeRole");
    stage.server = Server::simulator(&[&world[..], &["--deny", &denied]].concat());
    let digest = plan["digest"].as_str().unwrap();
    let ended = stage.run(&["apply", "plan.json", "--approve", digest]);
    let number = of(later);
    let words = format!(
        "left alone: {number} in {later} (us-east-1): the account could not be entered: sts:AssumeRole"
    );
    assert!(ended.err.contains(&format!("will be {words}")), "{}", ended.err);
    assert!(ended.err.contains("AccessDenied"), "{}", ended.err);
    assert!(ended.out.contains(&format!("{later} (us-east-1)")), "{}", ended.out);
}

#[test]
fn what_is_denied_is_found_before_the_first_change() {
    let world = ["--accounts", "3", "--instances", "90", "--regions", "1", "--settle-seconds", "0"];
    let mut stage = Stage::new(&world);
    let plan = stage.plan(&[]);
    let changes = plan["changes"].as_array().unwrap();
    let account = changes.iter().find(|change| change["kind"] == "instance").unwrap();
    let account = account["account_id"].as_str().unwrap();
    let denied = format!("{account}:*:ec2:ModifyInstanceMetadataOptions");
    stage.server = Server::simulator(&[&world[..], &["--deny", &denied]].concat());
    let (code, applied) = stage.apply(&plan, &["--soak", "0"]);
    assert_eq!(code, 5, "{applied}");
    let left = left_alone(&applied);
    let found = left.iter().find(|(of, _)| *of == account).unwrap_or_else(|| panic!("{applied}"));
    assert!(found.1.contains("UnauthorizedOperation"), "{found:?}");
    let journal = stage.journal(applied["run"].as_str().unwrap());
    let tried = journal.iter().filter(|event| event["type"] == "change");
    assert!(
        tried.clone().all(|event| event["account_id"] != account || event["kind"] != "instance")
    );
    assert!(tried.count() > 0);
}

/// What is looked for in a place that is not there was meant elsewhere.
#[test]
fn a_journal_that_is_not_there_is_wrong_usage_and_the_usual_one_is_not_yet() {
    const RUN: &str = "20261124T185600Z-3f9a2c";
    let folder = tempfile::tempdir().unwrap();
    let here = |arguments: &[&str]| {
        let mut command = imdsure(arguments);
        command.current_dir(folder.path()).ended()
    };
    let (list, verify) = (here(&["journal", "list"]), here(&["journal", "verify"]));
    assert_eq!((list.code, list.out.as_str()), (0, "no runs yet (.imdsure is not there)\n"));
    assert!(verify.code == 0 && verify.out.contains("there is nothing to verify"), "{verify:?}");
    std::fs::write(folder.path().join("file"), "").unwrap();
    for (place, words) in [("nowhere", "there is no such folder"), ("file", "this is a file")] {
        for command in [
            &["journal", "list"][..],
            &["journal", "show", RUN],
            &["journal", "verify"],
            &["undo", RUN, "--approve", RUN],
            &["apply", "--resume", RUN],
        ] {
            let ended = here(&[command, &["--journal", place]].concat());
            assert!(ended.code == 64 && ended.err.contains(words), "{command:?}: {ended:?}");
        }
    }
    let apply = here(&["apply", "plan.json", "--approve", "sha256:0", "--journal", "file"]);
    assert!(apply.code == 64 && apply.err.contains("this is a file"), "{apply:?}");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let list = here(&["journal", "list", "--journal", "empty"]);
    assert_eq!((list.code, list.out.as_str()), (0, "no runs in empty\n"));
}

/// A role that is spelled wrong lets nobody into any other account: the caller's own is not changed alone, as if it were the canary.
#[test]
fn a_role_that_is_nowhere_changes_nothing() {
    let stage = Stage::new(&WORLD);
    let before = stage.witness();
    let plan = stage.plan(&["--canary", "3"]);
    assert_eq!(plan["accounts"].as_array().unwrap().len(), 2, "its own, and another");
    let ended =
        stage.run(&Stage::applying(&plan, &["--role-name", "OrganizationAccountAccesRole"]));
    refused(&stage, &ended, 4, "none of the plan's other accounts (1) can be entered", &before);
    assert!(ended.err.contains("--role-name"), "{}", ended.err);
    assert_eq!(stage.runs(), [""; 0], "nothing was begun");

    let (code, applied) = stage.apply(&plan, &[]);
    assert_eq!((code, applied["state"].as_str()), (0, Some("soaking")), "{applied}");
    let between = stage.witness();
    let run = applied["run"].as_str().unwrap();
    let resume = ["apply", "--resume", run, "--before-soak-ends", "--role-name", "Nobody"];
    refused(&stage, &stage.run(&resume), 4, "none of the plan's other accounts", &between);
}

/// What to do about it hangs on what went wrong.
#[test]
fn why_no_account_can_be_entered_is_told_by_the_kind_of_error() {
    let stage = Stage::new(&WORLD);
    let plan = stage.plan(&[]);
    let apply = |environment: &[(&str, &str)], more: &[&str]| {
        let mut command = stage.command(&Stage::applying(&plan, more));
        command.envs(environment.iter().copied()).ended()
    };
    let key = apply(&[("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")], &[]);
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let network = apply(&[("AWS_ENDPOINT_URL", &nobody)], &[]);
    for (ended, code, words) in [
        (key, 64, ["AWS does not take these credentials", "sign in again"]),
        (network, 4, ["AWS does not answer", "look at the network"]),
    ] {
        assert_eq!(ended.code, code, "{ended:?}");
        for word in words {
            assert!(ended.err.contains(word), "{ended:?}");
        }
        for other in ["another organization", "permissions enforce"] {
            assert!(!ended.err.contains(other), "{ended:?}");
        }
    }
}
