//! `imdsure demo`: the story of an audit, told on a simulated organization. The commands it shows are the
//! commands it runs, in processes of their own, over real HTTP.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use imdsure_model::ExitCode;
use imdsure_simulator::{Config, Denial, Running, Simulator};

use crate::{failure::Failure, terminal};

const ACCOUNTS: u32 = 12;
const INSTANCES: u64 = 600;

pub(crate) async fn run() -> Result<ExitCode, Failure> {
    let simulator = Simulator::new(config()?).map_err(Failure::bug)?;
    let running = simulator.serve(([127, 0, 0, 1], 0).into()).await.map_err(Failure::bug)?;
    let folder = tempfile::tempdir().map_err(Failure::usage)?;
    let story = Story { running: &running, folder: folder.path() };
    let told = tokio::task::block_in_place(|| story.tell());
    running.stop().await;
    told.map(|()| ExitCode::Ok)
}

/// One account's region cannot be read, as in real life.
fn config() -> Result<Config, Failure> {
    let gap = Denial::parse("payments-staging:eu-central-1:ec2:DescribeInstances", true)
        .map_err(Failure::bug)?;
    Ok(Config { accounts: ACCOUNTS, instances: INSTANCES, denials: vec![gap], ..Config::default() })
}

/// The organization that is audited, and the folder where the story takes place.
struct Story<'a> {
    running: &'a Running,
    folder: &'a Path,
}

impl Story<'_> {
    fn tell(&self) -> Result<(), Failure> {
        terminal::print(&format!(
            "SIMULATED: an AWS organization of {ACCOUNTS} accounts and {INSTANCES} instances, served on \
             {}.\nNo AWS account is used, nothing leaves this machine.\n\n\
             1. The three questions of every auditor, over all accounts, with the evidence kept:\n\n",
            self.running.endpoint_url()
        ))?;
        self.show_head(&["audit", "--org", "--output", "pretty", "--save", "evidence"])?;
        terminal::print(
            "One region of one account is closed by an organization policy: shown as a gap, never as \
             clean, and the\nexit code says so (2).\n\n\
             2. Where will the next instance with version 1 come from? The same evidence, offline:\n\n",
        )?;
        let launches = "launch-template-launches-imdsv2";
        self.show(&["audit", "--from", "evidence", "--control", launches, "--output", "pretty"])?;
        terminal::print("3. Do the organization's guardrails do what they seem to?\n\n")?;
        let sound = "organization-guardrail-sound";
        self.show(&["audit", "--from", "evidence", "--control", sound, "--output", "pretty"])?;
        terminal::print("4. What would Security Hub and CIS say? Judged again:\n\n")?;
        let frameworks = ["--control", "EC2.8", "cis-aws:5.6", "--output", "brief"];
        self.show_numbers(&[&["audit", "--from", "evidence"][..], &frameworks].concat())?;
        terminal::print(
            "\nThey differ, and each is right by its own words: `imdsure control show EC2.8` says how.\n\
             Now yours: `imdsure audit`, and `imdsure permissions audit` for the read-only policy it \
             needs.\n",
        )
    }

    /// Runs a command with its output shown.
    fn show(&self, arguments: &[&str]) -> Result<(), Failure> {
        announce(arguments)?;
        let status = self.imdsure(arguments)?.status().map_err(Failure::bug)?;
        ended(status.code())
    }

    /// Runs a command and shows its report without the findings of single controls.
    fn show_head(&self, arguments: &[&str]) -> Result<(), Failure> {
        let findings = |line: &str| line.contains(": the worst ") || line.ends_with(" findings");
        let mut shown = true;
        self.show_lines(arguments, |line| {
            if findings(line) {
                shown = false;
            } else if line.starts_with("Not read") {
                shown = true;
            }
            shown
        })
    }

    /// Runs a command and shows its lines of numbers.
    fn show_numbers(&self, arguments: &[&str]) -> Result<(), Failure> {
        self.show_lines(arguments, |line| line.ends_with(" unread"))
    }

    fn show_lines(
        &self,
        arguments: &[&str],
        mut shown: impl FnMut(&str) -> bool,
    ) -> Result<(), Failure> {
        announce(arguments)?;
        let mut command = self.imdsure(arguments)?;
        let output = command.stderr(Stdio::null()).output().map_err(Failure::bug)?;
        let text = String::from_utf8_lossy(&output.stdout);
        for line in text.lines().filter(|line| shown(line)) {
            terminal::print(&format!("{line}\n"))?;
        }
        ended(output.status.code())
    }

    fn imdsure(&self, arguments: &[&str]) -> Result<Command, Failure> {
        let program = std::env::current_exe().map_err(Failure::bug)?;
        let mut command = Command::new(program);
        // Whatever AWS configuration this machine has is no part of the story.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AWS_") {
                command.env_remove(name);
            }
        }
        // Nor is its proxy: the organization is on this machine.
        command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
        let none = self.folder.join("no-aws-configuration");
        command.env("AWS_CONFIG_FILE", &none).env("AWS_SHARED_CREDENTIALS_FILE", &none);
        command.args(arguments).envs(self.running.environment()).current_dir(self.folder);
        Ok(command)
    }
}

fn announce(arguments: &[&str]) -> Result<(), Failure> {
    terminal::print(&format!("$ imdsure {}\n", arguments.join(" ")))
}

/// The story has a gap in it, which is stronger than its findings; anything else must not happen.
fn ended(code: Option<i32>) -> Result<(), Failure> {
    match code {
        Some(2) => Ok(()),
        code => Err(Failure::bug(format!("a command of the demo ended with {code:?}"))),
    }
}
