//! A simulated organization, a folder for plans and journals, and what boto3 should see there after plans were carried out.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::{Map, Value, json};

use crate::harness::{Ended, Run as _, Server};

/// A server, and a folder for plan and journal.
pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) folder: tempfile::TempDir,
    /// Seconds that AWS's clock is ahead of this machine's.
    clock_ahead: Cell<i64>,
}

impl Stage {
    pub(crate) fn new(world: &[&str]) -> Self {
        let (server, folder) = (Server::simulator(world), tempfile::tempdir().unwrap());
        Self { server, folder, clock_ahead: Cell::default() }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.server.imdsure(arguments);
        command.current_dir(self.folder.path());
        command
    }

    /// The same where so many hours went by in the simulated world.
    pub(crate) fn command_after(&self, hours: u64, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.env("IMDSURE_SIMULATED_TIME", format!("{hours}h"));
        command
    }

    /// Sets what the software on the target of a change does.
    pub(crate) fn set_workload(&self, change: &Value, workload: &Value) {
        let body = json!({
            "account_id": change["account_id"],
            "region": change["region"],
            "instance_id": change["id"],
            "workload": workload,
        });
        self.server.simulator_says("workload", Some(&body));
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).ended()
    }

    /// Plans what is safe without a look at usage, into `plan.json`.
    pub(crate) fn plan(&self, more: &[&str]) -> Value {
        let plan = ["plan", "--org", "--include-unknown", "--output", "none", "-o", "plan.json"];
        let ended = self.run(&[&plan[..], more].concat());
        assert_eq!(ended.code, 0, "{}", ended.err);
        let text = std::fs::read(self.folder.path().join("plan.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// The arguments that apply a plan, as approved.
    pub(crate) fn applying<'a>(plan: &'a Value, more: &[&'a str]) -> Vec<&'a str> {
        let digest = plan["digest"].as_str().unwrap();
        [&["apply", "plan.json", "--approve", digest, "--output", "json"][..], more].concat()
    }

    /// Applies a plan. The simulated software has schedules of its own: where it calls version 1 just then and the run stops by
    /// itself, a person has looked, and it goes on.
    pub(crate) fn apply(&self, plan: &Value, more: &[&str]) -> (i32, Value) {
        let ended = self.run(&Self::applying(plan, more));
        assert!(!ended.out.is_empty(), "{}", ended.err);
        let (code, applied) = (ended.code, ended.json());
        if !is_stopped_by_software(&applied) {
            return (code, applied);
        }
        assert_eq!(code, 4);
        let run = applied["run"].as_str().unwrap();
        self.resume(run, &[more, &["--ignore-breach"]].concat())
    }

    pub(crate) fn undo(&self, run: &str, more: &[&str]) -> (i32, Value) {
        let undo = ["undo", run, "--approve", run, "--output", "json"];
        let ended = self.run(&[&undo[..], more].concat());
        assert!(!ended.out.is_empty(), "{}", ended.err);
        (ended.code, ended.json())
    }

    pub(crate) fn resume(&self, run: &str, more: &[&str]) -> (i32, Value) {
        let resume = ["apply", "--resume", run, "--output", "json"];
        let ended = self.run(&[&resume[..], more].concat());
        assert!(!ended.out.is_empty(), "{}", ended.err);
        (ended.code, ended.json())
    }

    /// Every option of every instance, template and default, as boto3 reads them while nothing goes wrong.
    pub(crate) fn witness(&self) -> Value {
        let faults = self.server.simulator_says("faults", None);
        self.faults(&[]);
        let ahead = self.clock_ahead.get();
        self.set_clock_ahead(0);
        let seen = self.server.python("read_options.py", &[]);
        self.server.simulator_says("faults", Some(&faults));
        self.set_clock_ahead(ahead);
        seen
    }

    /// From now on these go wrong.
    pub(crate) fn faults(&self, faults: &[&str]) {
        self.server.simulator_says("faults", Some(&json!(faults)));
    }

    /// Lets so many seconds go by in the simulated world.
    pub(crate) fn advance(&self, seconds: u64) {
        self.server.simulator_says(&format!("advance?seconds={seconds}"), Some(&json!(null)));
    }

    /// From now on AWS's clock is so many seconds ahead of this machine's.
    pub(crate) fn set_clock_ahead(&self, seconds: i64) {
        self.clock_ahead.set(seconds);
        self.server.simulator_says(&format!("clock?ahead={seconds}"), Some(&json!(null)));
    }

    /// What somebody else changed meanwhile, by the id of what was changed.
    pub(crate) fn drifted(&self) -> BTreeSet<String> {
        let drifted = self.server.simulator_says("drifted", None);
        let drifted = drifted.as_array().unwrap().iter();
        drifted.map(|drift| drift["resource"].as_str().unwrap().to_owned()).collect()
    }

    /// The events of a run's journal.
    pub(crate) fn journal(&self, run: &str) -> Vec<Value> {
        let ended = self.run(&["journal", "show", run, "--output", "json"]);
        assert_eq!(ended.code, 0, "{}", ended.err);
        let records = ended.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        records.map(|mut record| record["event"].take()).collect()
    }

    /// Every record of every run about one id, for a failure that has to be understood.
    fn told_of(&self, id: &str) -> String {
        let of_run = |run: String| {
            let journal = self.journal(&run);
            let is_it = |event: &&Value| event["id"].as_str().is_some_and(|it| it.starts_with(id));
            let places: BTreeSet<Option<u64>> =
                journal.iter().filter(is_it).map(|event| event["place"].as_u64()).collect();
            let of_it = journal.iter().filter(|event| {
                event["place"].is_u64() && places.contains(&event["place"].as_u64())
            });
            let events: Vec<String> = of_it.map(ToString::to_string).collect();
            format!("run {run}\n{}\n", events.join("\n"))
        };
        self.runs().into_iter().map(of_run).collect()
    }

    /// Fails as [`assert_same`] does, with all that was recorded about what differs.
    pub(crate) fn assert_same(&self, found: &Value, expected: &Value, what: &str) {
        if let Some((path, ..)) = difference(found, expected, String::new()) {
            let id = path.split('/').find(|part| part.starts_with("lt-") || part.starts_with("i-"));
            let told = id.map(|id| self.told_of(id)).unwrap_or_default();
            assert_same(found, expected, &format!("{told}{what}"));
        }
    }

    /// The runs that are recorded, newest last.
    pub(crate) fn runs(&self) -> Vec<String> {
        let list = self.run(&["journal", "list", "--output", "json"]).json();
        let runs = list["runs"].as_array().unwrap().iter();
        runs.map(|run| run["run"].as_str().unwrap().to_owned()).collect()
    }
}

/// Whether a run stopped because of what software on instances met, and of nothing else.
fn is_stopped_by_software(applied: &Value) -> bool {
    let breaches = applied["breaches"].as_array().unwrap();
    let is_software = |breach: &Value| {
        ["MetadataNoTokenRejected", "instance status", "target health"]
            .iter()
            .any(|check| breach["check"] == *check)
    };
    !breaches.is_empty() && breaches.iter().all(is_software)
}

/// A reading without what a stopped instance waits for.
pub(crate) fn settled(mut reading: Value) -> Value {
    for unit in reading.as_object_mut().unwrap().values_mut() {
        for options in unit["instances"].as_object_mut().unwrap().values_mut() {
            options["State"] = Value::Null;
        }
    }
    reading
}

/// How a run's changes ended, by their place in the plan.
pub(crate) fn endings(journal: &[Value]) -> BTreeMap<u64, String> {
    let ended = journal.iter().filter(|event| event["type"] == "ended");
    let ended = ended.map(|event| {
        (event["place"].as_u64().unwrap(), event["ending"].as_str().unwrap().to_owned())
    });
    ended.collect()
}

/// The places of the changes that a run recorded a call for.
pub(crate) fn called(journal: &[Value]) -> BTreeSet<u64> {
    let calls = journal.iter().filter(|event| event["type"] == "call");
    calls.map(|event| event["place"].as_u64().unwrap()).collect()
}

/// What is to be seen after those changes of a plan that `made` chooses, where `before` was seen; without templates.
pub(crate) fn expected(before: &Value, plan: &Value, made: impl Fn(u64) -> bool) -> Value {
    let mut expected = without_templates(settled(before.clone()));
    let changes = plan["changes"].as_array().unwrap().iter().zip(0..);
    for (change, _) in changes.filter(|(_, place)| made(*place)) {
        let text = |name: &str| change[name].as_str().unwrap();
        let unit = &mut expected[format!("{} {}", text("account_id"), text("region"))];
        let options = match text("kind") {
            "instance" | "group-member" => &mut unit["instances"][text("id")],
            "account-defaults" | "account-enforcement" => &mut unit["defaults"],
            _ => continue,
        };
        for (name, value) in change["send"].as_object().unwrap() {
            options[name] = value.clone();
        }
    }
    expected
}

pub(crate) fn without_templates(mut reading: Value) -> Value {
    for unit in reading.as_object_mut().unwrap().values_mut() {
        unit["templates"] = Value::Object(Map::new());
    }
    reading
}

/// The same with the hop limit that somebody else gave to what he changed, and without the templates that he changed.
pub(crate) fn with_drift(mut reading: Value, drifted: &BTreeSet<String>) -> Value {
    for unit in reading.as_object_mut().unwrap().values_mut() {
        for id in drifted {
            if let Some(options) = unit["instances"].get_mut(id) {
                options["HttpPutResponseHopLimit"] = json!(7);
            }
            unit["templates"].as_object_mut().unwrap().remove(id);
        }
    }
    reading
}

/// Fails with the first place where two readings differ, and not with both of them whole.
pub(crate) fn assert_same(found: &Value, expected: &Value, what: &str) {
    if let Some((path, found, expected)) = difference(found, expected, String::new()) {
        panic!("{what}: {path} is {found}, and should be {expected}");
    }
}

fn difference(found: &Value, expected: &Value, path: String) -> Option<(String, Value, Value)> {
    match (found, expected) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            names.into_iter().find_map(|name| {
                difference(&found[name], &expected[name], format!("{path}/{name}"))
            })
        }
        _ if found == expected => None,
        _ => Some((path, found.clone(), expected.clone())),
    }
}
