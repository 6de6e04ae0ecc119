//! Plans carried out and undone on the simulator, with boto3 as the witness of every option.

use serde_json::{Value, json};

use crate::stage::{Stage, settled};

const WORLD: [&str; 8] =
    ["--accounts", "3", "--instances", "150", "--regions", "2", "--settle-seconds", "1"];

/// How many instances differ between two readings, and whether each differs in its tokens alone.
fn changed(before: &Value, after: &Value) -> usize {
    let mut changed = 0;
    for (place, unit) in before.as_object().unwrap() {
        for (id, options) in unit["instances"].as_object().unwrap() {
            let now = &after[place]["instances"][id];
            if now == options {
                continue;
            }
            let mut expected = options.clone();
            expected["HttpTokens"] = json!("required");
            expected["State"] = now["State"].clone();
            assert_eq!(*now, expected, "{place} {id}");
            changed += 1;
        }
    }
    changed
}

#[test]
fn what_was_planned_is_changed_and_undone_exactly() {
    let stage = Stage::new(&WORLD);
    let before = stage.witness();
    let plan = stage.plan(&[]);
    let instances = ["instance", "group-member"];
    let planned = plan["changes"].as_array().unwrap();
    let of_instances =
        planned.iter().filter(|change| instances.iter().any(|kind| change["kind"] == *kind));
    let (number, of_instances) = (planned.len(), of_instances.count());
    assert!(of_instances > 10);
    let (code, applied) = stage.apply(&plan, &["--soak", "0"]);
    let count = |ending: &str| applied["endings"][ending].as_u64().unwrap_or_default() as usize;
    assert_eq!(count("done") + count("deferred") + count("refused"), number, "{applied}");
    assert_eq!(code, if count("refused") > 0 { 5 } else { 0 });
    let after = stage.witness();
    assert!(changed(&before, &after) > 10);
    let run = applied["run"].as_str().unwrap();
    let verified = stage.run(&["journal", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.out);
    let undone = stage.run(&["undo", run, "--approve", run, "--output", "json"]);
    assert_eq!(undone.code, 0, "{} {}", undone.out, undone.err);
    assert_eq!(settled(stage.witness()), settled(before));
    let list = stage.run(&["journal", "list", "--output", "json"]).json();
    assert_eq!(list["runs"].as_array().unwrap().len(), 2);
    assert_eq!(list["runs"][0]["undone"], true);
    assert_eq!(list["runs"][1]["of"], run);
}

#[test]
fn nothing_is_changed_without_the_plan_that_was_approved() {
    let stage = Stage::new(&WORLD);
    let before = stage.witness();
    let plan = stage.plan(&[]);
    let digest = plan["digest"].as_str().unwrap();
    assert_eq!(stage.run(&["apply", "plan.json"]).code, 64);
    assert_eq!(stage.run(&["apply", "plan.json", "--approve", "sha256:0"]).code, 64);
    let path = stage.folder.path().join("plan.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("optional", "required", 1)).unwrap();
    let edited = stage.run(&["apply", "plan.json", "--approve", digest]);
    assert_eq!(edited.code, 64);
    assert!(edited.err.contains("was changed after it was written"), "{}", edited.err);
    assert_eq!(stage.witness(), before);
}

#[test]
fn a_run_soaks_and_comes_back_only_in_time() {
    let stage = Stage::new(&WORLD);
    let plan = stage.plan(&["--canary", "3"]);
    let (code, applied) = stage.apply(&plan, &[]);
    assert!(code == 0 || code == 5, "{applied}");
    assert_eq!(applied["state"], "soaking");
    let run = applied["run"].as_str().unwrap();
    let early = stage.run(&["apply", "--resume", run]);
    assert_eq!(early.code, 64);
    assert!(early.err.contains("soaks until"), "{}", early.err);
    let resume = ["apply", "--resume", run, "--before-soak-ends", "--soak", "0", "--check"];
    let stopped = stage.run(&[&resume[..], &["exit 1"]].concat());
    assert_eq!(stopped.code, 4, "{}", stopped.out);
    let resumed = stage.run(&[&resume[..], &["true"]].concat());
    assert!(resumed.code == 0 || resumed.code == 5, "{} {}", resumed.out, resumed.err);
}

#[test]
fn account_defaults_soak_where_something_runs() {
    let stage = Stage::new(&WORLD);
    let before = stage.witness();
    let plan = stage.plan(&["--kind", "account-defaults,account-enforcement"]);
    let waves = plan["waves"].as_array().unwrap();
    let defaults = waves.iter().find(|wave| wave["name"] == "account defaults").unwrap();
    for wave in waves {
        let idle = wave["name"] == "regions where nothing runs";
        assert_eq!(wave["soaks"], json!(!idle), "{wave}");
    }
    let (code, applied) = stage.apply(&plan, &["--accept-no-way-back", "*"]);
    assert!(code == 0 || code == 5, "{applied}");
    assert_eq!(applied["state"], "soaking", "{applied}");
    let journal = stage.journal(applied["run"].as_str().unwrap());
    let through: Vec<&Value> =
        journal.iter().filter(|event| event["type"] == "wave-applied").collect();
    assert_eq!(through.last().unwrap()["wave"], defaults["wave"]);
    // What comes after the soak is as it was.
    let after = stage.witness();
    for change in plan["changes"].as_array().unwrap() {
        if change["wave"].as_u64() > defaults["wave"].as_u64() {
            let text = |name: &str| change[name].as_str().unwrap();
            let place = format!("{} {}", text("account_id"), text("region"));
            let enforced =
                |reading: &Value| reading[&place]["defaults"]["HttpTokensEnforced"].clone();
            assert_eq!(enforced(&before), enforced(&after), "{change}");
        }
    }
}

#[test]
fn no_wave_is_larger_than_the_largest() {
    let stage = Stage::new(&WORLD);
    let kinds =
        ["launch-template", "instance-refresh", "account-defaults", "default,instance-refresh"];
    for kinds in kinds {
        let plan = stage.plan(&["--canary", "3", "--max-per-wave", "10", "--kind", kinds]);
        let sizes =
            plan["waves"].as_array().unwrap().iter().map(|wave| wave["changes"].as_u64().unwrap());
        let sizes: Vec<u64> = sizes.collect();
        assert!(sizes.iter().all(|size| *size <= 10), "{kinds}: {sizes:?}");
        assert_eq!(sizes.iter().sum::<u64>(), plan["total_changes"], "{kinds}");
    }
}
