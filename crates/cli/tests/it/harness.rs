//! Starting the binary, the simulator, moto and Python with a clean environment, and ending what was
//! started.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// The folder of the workspace.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A command that sees nothing of this machine's AWS configuration.
fn clean(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if [
            "AWS_",
            "IMDSURE_",
            "NO_COLOR",
            "CLICOLOR",
            "http_proxy",
            "HTTP_PROXY",
            "https_proxy",
            "HTTPS_PROXY",
        ]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        {
            command.env_remove(name);
        }
    }
    command
        .env("AWS_CONFIG_FILE", "/nonexistent/config")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null());
    command
}

/// The binary under test.
pub(crate) fn imdsure(arguments: &[&str]) -> Command {
    let mut command = clean(env!("CARGO_BIN_EXE_imdsure"));
    command.args(arguments);
    command
}

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

pub(crate) trait Run {
    /// Runs to the end.
    fn ended(&mut self) -> Ended;
}

impl Run for Command {
    fn ended(&mut self) -> Ended {
        ended(self.output().unwrap())
    }
}

pub(crate) fn ended(output: Output) -> Ended {
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The Python that has boto3, awscli and moto: `make test` installs them.
fn python() -> PathBuf {
    let python = workspace().join(".venv/bin/python");
    assert!(python.exists(), "{} is missing: run `make test`, which installs it", python.display());
    python
}

/// A process of ours, ended by its id when the test ends.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server, and the environment that leads a client to it.
pub(crate) struct Server {
    _process: Owned,
    pub(crate) environment: Vec<(String, String)>,
}

impl Server {
    /// The simulator, as users start it.
    pub(crate) fn simulator(arguments: &[&str]) -> Self {
        let mut command = imdsure(&["simulator", "serve"]);
        let mut process = Owned(command.args(arguments).stdout(Stdio::piped()).spawn().unwrap());
        let lines = BufReader::new(process.0.stdout.take().unwrap()).lines();
        let environment = lines.map_while(Result::ok).take(4).map(|line| {
            let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        });
        let environment: Vec<_> = environment.collect();
        assert_eq!(environment.len(), 4, "{environment:?}");
        Self { _process: process, environment }
    }

    /// The same in which nobody may do anything but this.
    pub(crate) fn allowing(actions: &BTreeSet<String>, world: &[&str]) -> Self {
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}],
        });
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(policy.to_string().as_bytes()).unwrap();
        let path = file.path().to_str().unwrap();
        Self::simulator(&[world, &["--allow-only", path]].concat())
    }

    /// moto, the independent simulation of AWS from PyPI.
    pub(crate) fn moto() -> Self {
        let port = free_port();
        let mut command = clean(python());
        command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
        let process = Owned(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        wait_for(port);
        let url = format!("http://127.0.0.1:{port}");
        let environment = [
            ("AWS_ENDPOINT_URL", url.as_str()),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
        ];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self { _process: process, environment: environment.map(owned).into() }
    }

    pub(crate) fn variable(&self, name: &str) -> &str {
        let found = self.environment.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap()
    }

    pub(crate) fn url(&self) -> &str {
        self.variable("AWS_ENDPOINT_URL")
    }

    /// The binary, led to this server.
    pub(crate) fn imdsure(&self, arguments: &[&str]) -> Command {
        let mut command = imdsure(arguments);
        command.envs(self.environment.iter().cloned());
        command
    }

    /// The report of `audit … --output json`, and the exit code.
    pub(crate) fn audit(&self, arguments: &[&str]) -> (i32, Value) {
        let ended = self.imdsure(&[&["audit", "--output", "json"], arguments].concat()).ended();
        (ended.code, ended.json())
    }

    /// The same with the control that judges instances alone: quick, where the others are not what is tested.
    pub(crate) fn instances(&self, arguments: &[&str]) -> (i32, Value) {
        self.audit(&[&INSTANCES[..], arguments].concat())
    }

    /// A Python script of the tests, led to this server; its JSON answer.
    pub(crate) fn python(&self, script: &str, arguments: &[&str]) -> Value {
        let ended = self.script(&format!("crates/cli/tests/it/py/{script}"), arguments);
        assert_eq!(ended.code, 0, "{script}: {}", ended.err);
        ended.json()
    }

    /// A Python script of the workspace, led to this server.
    pub(crate) fn script(&self, path: &str, arguments: &[&str]) -> Ended {
        let mut command = clean(python());
        command.arg(workspace().join(path)).args(arguments);
        command.envs(self.environment.iter().cloned()).ended()
    }

    /// awscli, led to this server.
    pub(crate) fn awscli(&self, arguments: &[&str]) -> Ended {
        let mut command = clean(python().with_file_name("aws"));
        command.args(arguments).envs(self.environment.iter().cloned()).env("AWS_MAX_ATTEMPTS", "1");
        command.ended()
    }

    /// What tests ask of the simulator itself: below `/_simulator/`, with POST where there is a body.
    pub(crate) fn simulator_says(&self, path: &str, body: Option<&Value>) -> Value {
        let address = self.url().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let (method, body) = body.map_or(("GET", String::new()), |body| ("POST", body.to_string()));
        let length = body.len();
        write!(
            stream,
            "{method} /_simulator/{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {answer}");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    /// The simulator's counters.
    pub(crate) fn stats(&self) -> Value {
        self.python("stats.py", &[])
    }
}

pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn wait_for(port: u16) {
    let patience = Instant::now() + Duration::from_mins(1);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < patience, "nothing answers on port {port}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Only the control that judges instances.
pub(crate) const INSTANCES: [&str; 2] = ["--control", "instance-imdsv1-disabled"];

/// The facts of a finding on which every witness must agree.
pub(crate) const FACTS: [&str; 6] =
    ["instance_state", "http_tokens", "http_endpoint", "hop_limit", "state", "instance_profile"];

/// The findings of a control in a report.
pub(crate) fn findings<'a>(report: &'a Value, control: &str) -> &'a Vec<Value> {
    let controls = report["controls"].as_array().unwrap();
    let found = controls.iter().find(|known| known["name"] == control);
    found.unwrap_or_else(|| panic!("no {control}"))["findings"].as_array().unwrap()
}
