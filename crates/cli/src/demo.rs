//! `imdsure demo`: the story of a careful rollout, told on a simulated organization. The commands it shows are the
//! commands it runs, in processes of their own, over real HTTP. Days that pass in it are simulated, and called so.

mod code;
mod enforcement;
mod launch;

use std::{
    path::Path,
    process::{Command, Stdio},
};

use imdsure_model::ExitCode;
use imdsure_simulator::{Config, Denial, Running, Simulator, Workload};
use serde_json::Value;

use crate::{failure::Failure, terminal};

const ACCOUNTS: u32 = 12;
const INSTANCES: u64 = 360;
/// The first wave.
const CANARY: &str = "4";
/// An old agent renews its credentials once in so many seconds, and next so long after the story begins.
const AGENT: Workload = Workload::Every { seconds: 30 * 86_400, next_in: 6 * 3_600 };
/// How much time passes between two waves, and a little more.
const LATER: u64 = 25 * 3_600;

pub(crate) async fn run() -> Result<ExitCode, Failure> {
    let simulator = Simulator::new(config()?).map_err(Failure::bug)?;
    let running = simulator.serve(([127, 0, 0, 1], 0).into()).await.map_err(Failure::bug)?;
    let folder = tempfile::tempdir().map_err(Failure::usage)?;
    let mut story = Story { running: &running, folder: folder.path(), passed: 0 };
    let told = tokio::task::block_in_place(|| story.tell());
    running.stop().await;
    told.map(|()| ExitCode::Ok)
}

/// One account's region cannot be read, as in real life.
fn config() -> Result<Config, Failure> {
    let gap = Denial::parse("payments-staging:eu-central-1:ec2:DescribeInstances", true)
        .map_err(Failure::bug)?;
    Ok(Config {
        accounts: ACCOUNTS,
        instances: INSTANCES,
        settle_seconds: 0,
        denials: vec![gap],
        ..Config::default()
    })
}

/// The organization that is changed, the folder where the story takes place, and the seconds that passed in it.
struct Story<'a> {
    running: &'a Running,
    folder: &'a Path,
    passed: u64,
}

/// What of a command's output is told.
#[derive(Clone, Copy)]
enum Told {
    All,
    /// The report without the findings of single controls.
    Head,
    /// Lines that begin with or contain one of these.
    Lines(&'static [&'static str]),
}

/// What ends a command well in the story: something fails, and is found.
const FOUND: &[i32] = &[1];
/// Everything that was asked was done.
const COMPLETE: &[i32] = &[0];
/// A gap in what was read is stronger than findings.
const WITH_GAP: &[i32] = &[2];
const STOPPED: &[i32] = &[4];
const SKIPPED: &[i32] = &[0, 5];

impl Story<'_> {
    fn tell(&mut self) -> Result<(), Failure> {
        terminal::print(&format!(
            "SIMULATED: an AWS organization of {ACCOUNTS} accounts and {INSTANCES} instances, served on {}.\n\
             No AWS account is used, nothing leaves this machine.\n\n\
             1. The three questions of every auditor, over all accounts, with the evidence kept:\n\n",
            self.running.endpoint_url()
        ))?;
        let audit = ["audit", "--org", "--usage", "--output", "pretty", "--save", "evidence"];
        self.show(&audit, Told::Head, WITH_GAP)?;
        terminal::print(
            "One region of one account is closed by an organization policy: shown as a gap, never as clean, and the\n\
             exit code says so (2).\n\n\
             2. What can be changed without breaking anything? From the same evidence, to be reviewed and approved:\n\n",
        )?;
        let plan = [
            "plan",
            "--from",
            "evidence",
            "-o",
            "plan.json",
            "--canary",
            CANARY,
            "--ticket",
            "CHG-1234",
        ];
        self.show(
            &plan,
            Told::Lines(&[
                "changes in",
                "  approve",
                "   1  ",
                "   2  ",
                "   3  ",
                "   4  ",
                "v1-calls-seen",
                "no-data",
                "owned-by-service",
                "  no way back",
            ]),
            WITH_GAP,
        )?;
        let run = self.canary()?;
        self.breach(&run)?;
        self.again()?;
        enforcement::tell(self)?;
        code::tell(self)?;
        terminal::print("8. And what does the auditor see now?\n\n")?;
        let numbers = [
            "audit",
            "--org",
            "--control",
            "instance-imdsv1-disabled",
            "EC2.8",
            "cis-aws:5.6",
            "--output",
            "brief",
        ];
        self.show(&numbers, Told::Lines(&[" unread"]), WITH_GAP)?;
        terminal::print(
            "\nNow yours: `imdsure audit`, and `imdsure permissions audit` for the read-only policy it needs; then \
             `imdsure plan`; and `imdsure scan` for your code.\n",
        )
    }

    /// The first wave, and a machine in it that nobody knew about.
    fn canary(&self) -> Result<String, Failure> {
        let plan = self.json("plan.json")?;
        terminal::print(
            "\n3. The first wave, a canary. Each target is read again, changed, verified, and recorded before and after:\n\n",
        )?;
        let digest = text(&plan, "/digest");
        self.show(&["apply", "plan.json", "--approve", &digest], Told::All, SKIPPED)?;
        let run = self.newest_run()?;
        let agent = self.agent(&run)?;
        terminal::print(&format!(
            "\nOn {agent} runs an old agent that calls version 1 once a month, when it renews its credentials: no window of\n\
             two weeks could show it. Where it is refused, it tries again every five minutes.\n\n",
        ))?;
        Ok(run)
    }

    /// Sets an old agent on the first instance that a run changed; gives the instance.
    fn agent(&self, run: &str) -> Result<String, Failure> {
        let records = self.output(&["journal", "show", run, "--output", "json"])?;
        let events: Vec<Value> = records
            .lines()
            .filter_map(|line| {
                serde_json::from_str::<Value>(line).ok()?.get_mut("event").map(Value::take)
            })
            .collect();
        let done: Vec<&Value> = events
            .iter()
            .filter(|event| text(event, "/type") == "ended" && text(event, "/ending") == "done")
            .filter_map(|event| event.get("place"))
            .collect();
        let changed = events.iter().find(|event| {
            text(event, "/type") == "change"
                && text(event, "/id").starts_with("i-")
                && event.get("place").is_some_and(|place| done.contains(&place))
        });
        let Some(changed) = changed else {
            return Err(Failure::bug("the demo's canary changed no instance"));
        };
        let id = text(changed, "/id");
        let (account, region) = (text(changed, "/account_id"), text(changed, "/region"));
        self.running.set_workload(&account, &region, &id, AGENT).map_err(Failure::bug)?;
        Ok(id)
    }

    /// A day later: the run looks before it goes on, stops by itself, and is undone.
    fn breach(&mut self, run: &str) -> Result<(), Failure> {
        self.pass(LATER);
        terminal::print(
            "4. SIMULATED: a day passes. Before the next wave, what was changed is looked at:\n\n",
        )?;
        self.show(&["apply", "--resume", run], Told::All, STOPPED)?;
        terminal::print(
            "\nIt stopped by itself (exit code 4), after the first few changes and not after all. Everything back, exactly as it was:\n\n",
        )?;
        self.show(&["undo", run, "--approve", run], Told::All, COMPLETE)
    }

    /// The agent is updated; the same again, to the end.
    fn again(&mut self) -> Result<(), Failure> {
        let plan = self.json("plan.json")?;
        let changes = plan.get("changes").and_then(Value::as_array).into_iter().flatten();
        for change in changes.filter(|change| change.get("wave").and_then(Value::as_u64) == Some(1))
        {
            let (account, region, id) =
                (text(change, "/account_id"), text(change, "/region"), text(change, "/id"));
            // Other kinds of targets have no workload.
            let _ = self.running.set_workload(&account, &region, &id, Workload::Never);
        }
        terminal::print(
            "\n5. The agent is updated, and the second run goes through all waves (without soak: this is a demo):\n\n",
        )?;
        let plan = [
            "plan",
            "--org",
            "--usage",
            "--save",
            "evidence",
            "-o",
            "second.json",
            "--output",
            "none",
        ];
        self.show(&plan, Told::All, WITH_GAP)?;
        let digest = text(&self.json("second.json")?, "/digest");
        let apply = ["apply", "second.json", "--approve", &digest, "--soak", "0"];
        self.show(&apply, Told::Lines(&["run ", "finished"]), SKIPPED)?;
        terminal::print(
            "Where an organization policy or enforcement forbids the way back nothing is changed, unless that is asked for by name.\n",
        )
    }

    /// Lets time pass in the simulated organization, and for the commands that change it.
    fn pass(&mut self, seconds: u64) {
        self.running.advance(seconds);
        self.passed += seconds;
    }

    fn newest_run(&self) -> Result<String, Failure> {
        let output = self.output(&["journal", "list", "--output", "json"])?;
        let list: Value = serde_json::from_str(&output).map_err(Failure::bug)?;
        let newest = list.get("runs").and_then(Value::as_array).and_then(|runs| runs.last());
        Ok(newest.map(|run| text(run, "/run")).unwrap_or_default())
    }

    /// What a command that is not shown says.
    fn output(&self, arguments: &[&str]) -> Result<String, Failure> {
        let output = self.imdsure(arguments)?.output().map_err(Failure::bug)?;
        String::from_utf8(output.stdout).map_err(Failure::bug)
    }

    fn json(&self, file: &str) -> Result<Value, Failure> {
        let bytes = std::fs::read(self.folder.join(file)).map_err(Failure::bug)?;
        serde_json::from_slice(&bytes).map_err(Failure::bug)
    }

    /// Runs a command and shows what of its output is told.
    fn show(&self, arguments: &[&str], told: Told, codes: &[i32]) -> Result<(), Failure> {
        terminal::print(&format!("$ imdsure {}\n", arguments.join(" ")))?;
        let mut command = self.imdsure(arguments)?;
        let output = command.stderr(Stdio::null()).output().map_err(Failure::bug)?;
        let text = String::from_utf8_lossy(&output.stdout);
        let mut shown = true;
        for line in text.lines() {
            let tell = match told {
                Told::All => true,
                Told::Head => {
                    if line.contains(": the worst ") || line.ends_with(" findings") {
                        shown = false;
                    } else if line.starts_with("Not read") {
                        shown = true;
                    }
                    shown
                }
                Told::Lines(parts) => parts.iter().any(|part| line.contains(part)),
            };
            if tell {
                terminal::print(&format!("{line}\n"))?;
            }
        }
        match output.status.code() {
            Some(code) if codes.contains(&code) => Ok(()),
            code => {
                let why = String::from_utf8_lossy(&output.stderr).into_owned();
                Err(Failure::bug(format!("a command of the demo ended with {code:?}: {why}")))
            }
        }
    }

    fn imdsure(&self, arguments: &[&str]) -> Result<Command, Failure> {
        let program = std::env::current_exe().map_err(Failure::bug)?;
        let mut command = Command::new(program);
        // Whatever AWS configuration this machine has is no part of the story.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("AWS_") || name.starts_with("IMDSURE_") {
                command.env_remove(&*name);
            }
        }
        // Nor is its proxy: the organization is on this machine.
        command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
        let none = self.folder.join("no-aws-configuration");
        command.env("AWS_CONFIG_FILE", &none).env("AWS_SHARED_CREDENTIALS_FILE", &none);
        if self.passed > 0 {
            command.env("IMDSURE_SIMULATED_TIME", format!("{}s", self.passed));
        }
        command.args(arguments).envs(self.running.environment()).current_dir(self.folder);
        Ok(command)
    }
}

/// The text at a pointer; empty where there is none.
fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}
