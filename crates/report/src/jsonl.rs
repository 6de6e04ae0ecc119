//! JSON lines: every finding of every control, one a line.

use std::io;

use imdsure_model::{Finding, Selection};

use crate::Format;

pub(crate) struct JsonLines;

impl Format for JsonLines {
    fn selection(&self) -> Selection {
        Selection::All
    }

    fn finding(&mut self, finding: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, finding)?;
        out.write_all(b"\n")
    }
}
