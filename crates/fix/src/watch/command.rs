//! A command of the user's own that says whether all is well: exit code 0 is yes.

use std::{
    io,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use crate::{
    event::Breach,
    journal::RunId,
    run::{Stop, Stopped},
};

/// How long it may take.
const LONGEST: Duration = Duration::from_mins(10);
/// How often it is asked whether it has ended.
const PAUSE: Duration = Duration::from_millis(50);
/// Ends a process group: asks, and after five seconds does not ask any more. It outlives this program, so that nothing else does.
const END: &str = r#"
kill -s TERM -- "-$1"
for _ in 1 2 3 4 5; do
    sleep 1
    kill -s 0 -- "-$1" || exit 0
done
kill -s KILL -- "-$1"
"#;

/// Runs it with the run and the wave in its environment. What it prints is its own affair: its exit code counts. It is ended when
/// the user asks to stop, and then says nothing.
pub(crate) async fn run(
    command: &str,
    run: &RunId,
    wave: u32,
    stop: &Stop,
) -> Result<Option<Breach>, Stopped> {
    let environment = [("IMDSURE_RUN", run.to_string()), ("IMDSURE_WAVE", wave.to_string())];
    let found = match within(LONGEST, command, &environment, stop).await {
        Ok(Came::Ended(status)) if status.success() => return Ok(None),
        Ok(Came::Ended(status)) => format!("`{command}` says no: {status}"),
        Ok(Came::TooLong) => {
            format!("`{command}` did not end within {} minutes", LONGEST.as_secs() / 60)
        }
        Ok(Came::Asked) => return Err(Stopped),
        Err(error) => format!("`{command}` could not be run: {error}"),
    };
    Ok(Some(Breach {
        account_id: None,
        region: None,
        instance_id: None,
        check: "check".to_owned(),
        found,
    }))
}

/// What came of a command.
enum Came {
    Ended(ExitStatus),
    TooLong,
    /// The user asked to stop.
    Asked,
}

async fn within(
    longest: Duration,
    command: &str,
    environment: &[(&str, String)],
    stop: &Stop,
) -> io::Result<Came> {
    let mut child = grouped(Command::new("sh").args(["-c", command]))
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        // Standard output is this program's own answer.
        .stdout(io::stderr())
        .spawn()?;
    let began = Instant::now();
    let why = loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Came::Ended(status));
        }
        if stop.stopped() {
            break Came::Asked;
        }
        if began.elapsed() >= longest {
            break Came::TooLong;
        }
        stop.sleep(PAUSE).await;
    };
    end(&mut child).await?;
    Ok(why)
}

/// A process group of its own: what the command starts can be ended with it, and Ctrl-C reaches it only through this program.
fn grouped(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
}

/// Ends a command with everything that it started, and waits until it has ended. Where there are no process groups, only itself.
async fn end(child: &mut Child) -> io::Result<()> {
    if !cfg!(unix) {
        child.kill()?;
        return child.wait().map(drop);
    }
    let mut ending = grouped(Command::new("sh").args(["-c", END, "sh", &child.id().to_string()]))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    // Both: a process that nobody waited for still looks as if it were there.
    while child.try_wait()?.is_none() || ending.try_wait()?.is_none() {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_takes_too_long_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ids");
        // Neither of the two listens to polite words.
        let command = format!(
            "trap '' TERM; sleep 300 & echo $$ $! > {0}.new; mv {0}.new {0}; sleep 300; sleep 300",
            file.display()
        );
        let (_asks, asked) = tokio::sync::watch::channel(false);
        let stop = Stop::new(asked);
        let came = within(Duration::from_secs(1), &command, &[], &stop).await.unwrap();
        assert!(matches!(came, Came::TooLong));
        let ids = std::fs::read_to_string(&file).unwrap();
        for id in ids.split_whitespace() {
            let state = std::fs::read_to_string(format!("/proc/{id}/stat"));
            // Who is gone, and whom nobody has waited for yet.
            assert!(state.as_ref().map_or(true, |stat| stat.contains(") Z ")), "{state:?}");
        }
    }
}
