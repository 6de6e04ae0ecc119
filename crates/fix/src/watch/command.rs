//! A command of the user's own that says whether all is well: exit code 0 is yes.

use std::process::Stdio;

use crate::{event::Breach, journal::RunId};

/// Runs it with the run and the wave in its environment. What it prints is its own affair: its exit code counts.
pub(super) async fn run(command: &str, run: &RunId, wave: u32) -> Option<Breach> {
    let owned = command.to_owned();
    let run = run.to_string();
    let ended = tokio::task::spawn_blocking(move || {
        std::process::Command::new("sh")
            .args(["-c", &owned])
            .env("IMDSURE_RUN", run)
            .env("IMDSURE_WAVE", wave.to_string())
            .stdin(Stdio::null())
            // Standard output is this program's own answer.
            .stdout(std::io::stderr())
            .status()
    })
    .await;
    let found = match ended {
        Ok(Ok(status)) if status.success() => return None,
        Ok(Ok(status)) => format!("`{command}` says no: {status}"),
        Ok(Err(error)) => format!("`{command}` could not be run: {error}"),
        Err(error) => format!("`{command}` could not be run: {error}"),
    };
    Some(Breach {
        account_id: None,
        region: None,
        instance_id: None,
        check: "check".to_owned(),
        found,
    })
}
