//! JSON: one report object, written as it comes so that a million findings need no memory.

use std::io;

use imdsure_model::{ControlSummary, Counts, Finding, Head, Selection, Severity};
use serde::Serialize;

use crate::Format;

/// The layout's name and version.
const SCHEMA: &str = "imdsure.report/1";

/// Where commas go.
#[derive(Default)]
pub(crate) struct Json {
    controls: usize,
    findings: usize,
}

#[derive(Serialize)]
struct Control<'a> {
    name: &'a str,
    title: &'a str,
    severity: Severity,
    aliases: &'a [String],
    summary: Summary,
}

#[derive(Serialize)]
struct Summary {
    #[serde(flatten)]
    counts: Counts,
    /// Failing and unknown findings that are in none of the numbers above.
    waived: u64,
    unread: u64,
}

impl Format for Json {
    fn selection(&self) -> Selection {
        Selection::All
    }

    fn begin(&mut self, head: &Head, out: &mut dyn io::Write) -> io::Result<()> {
        write!(out, "{{\n\"schema\": \"{SCHEMA}\",\n\"scope\": ")?;
        serde_json::to_writer(&mut *out, &head.scope)?;
        out.write_all(b",\n\"questions\": ")?;
        serde_json::to_writer(&mut *out, &head.questions)?;
        out.write_all(b",\n\"controls\": [")
    }

    fn control(&mut self, control: &ControlSummary, out: &mut dyn io::Write) -> io::Result<()> {
        let opening = serde_json::to_string(&Control {
            name: &control.name,
            title: &control.title,
            severity: control.severity,
            aliases: &control.aliases,
            summary: Summary {
                counts: control.counts,
                waived: control.waived.total(),
                unread: control.unread,
            },
        })?;
        let comma = if self.controls > 0 { "," } else { "" };
        // The object stays open for its findings.
        let open = opening.strip_suffix('}').unwrap_or(&opening);
        write!(out, "{comma}\n{open},\"findings\":[")?;
        self.controls += 1;
        self.findings = 0;
        Ok(())
    }

    fn finding(&mut self, finding: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(if self.findings > 0 { b",\n" } else { b"\n" })?;
        self.findings += 1;
        Ok(serde_json::to_writer(out, finding)?)
    }

    fn control_end(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(b"]}")
    }

    fn end(&mut self, head: &Head, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(b"],\n\"errors\": ")?;
        serde_json::to_writer(&mut *out, &head.errors)?;
        out.write_all(b",\n\"waivers\": ")?;
        serde_json::to_writer(&mut *out, &head.waivers)?;
        out.write_all(b"\n}\n")
    }
}
