//! What the terminal is, and how to write to standard output.

use std::io::{self, IsTerminal as _, Write as _};

use imdsure_report::Style;
use terminal_size::{Width, terminal_size_of};

use crate::failure::Failure;

/// Colour only on a terminal that can show it, and never with `NO_COLOR`.
pub(crate) fn style() -> Style {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    Style { colour: io::stdout().is_terminal() && !set("NO_COLOR") && !dumb }
}

/// How wide standard output is, where it is a terminal.
pub(crate) fn columns() -> Option<usize> {
    terminal_size_of(io::stdout()).map(|(Width(columns), _)| columns.into())
}

/// Writes text to standard output. A reader that went away wanted no more of it.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::usage(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
