//! A line for each question, a line for each finding that fails or is unknown, a line of numbers a control, a line for each gap:
//! for logs and for grep.

use std::io;

use imdsure_model::{Finding, Head, Location, Selection};

use crate::{Format, answers, text::clean, waivers};

pub(crate) struct Brief;

impl Format for Brief {
    fn selection(&self) -> Selection {
        Selection::Open
    }

    fn begin(&mut self, head: &Head, out: &mut dyn io::Write) -> io::Result<()> {
        for line in answers::lines(head) {
            writeln!(out, "question {line}")?;
        }
        Ok(())
    }

    fn finding(&mut self, finding: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
        if let Some(location) = &finding.location {
            return of_code(finding, location, out);
        }
        let part = |part: &Option<String>| clean(part.as_deref().unwrap_or("-")).into_owned();
        let resource = finding.resource.rsplit('/').next().unwrap_or(&finding.resource);
        let name = finding.name.as_deref().map(|name| format!(" ({})", clean(name)));
        // Not to be counted with those that count.
        let (mark, terms) = match &finding.waived {
            Some(waived) => ("waived-", format!(" [waived {}]", waivers::terms(waived))),
            None => ("", String::new()),
        };
        writeln!(
            out,
            "{mark}{verdict} {severity} {control} {account} {region} {resource}{name}: {reason}{terms}",
            verdict = finding.verdict,
            severity = finding.severity,
            control = finding.control,
            account = part(&finding.account_id),
            region = part(&finding.region),
            resource = clean(resource),
            name = name.unwrap_or_default(),
            reason = clean(&finding.reason),
        )
    }

    fn end(&mut self, head: &Head, out: &mut dyn io::Write) -> io::Result<()> {
        for error in &head.errors {
            if let Some(place) = error.file_place() {
                let (code, message) = (clean(&error.code), clean(&error.message));
                writeln!(out, "error {}: {code}: {message}", clean(&place))?;
                continue;
            }
            writeln!(
                out,
                "{} {} {} {} {}: {}",
                if error.accepted.is_some() { "accepted-error" } else { "error" },
                clean(error.account_id.as_deref().unwrap_or("-")),
                clean(error.region.as_deref().unwrap_or("-")),
                clean(&error.operation),
                clean(&error.code),
                clean(&error.message),
            )?;
        }
        for control in &head.controls {
            let counts = control.counts;
            let waived = match control.waived.total() {
                0 => String::new(),
                waived => format!(", {waived} waived"),
            };
            writeln!(
                out,
                "{}: {} fail, {} unknown, {} pass, {} skip, {} unread{waived}",
                control.name, counts.fail, counts.unknown, counts.pass, counts.skip, control.unread
            )?;
        }
        Ok(())
    }
}

/// `fail high code-launches-imdsv2 main.tf:12:3 aws_instance.web: reason`: a place that editors understand.
fn of_code(finding: &Finding, location: &Location, out: &mut dyn io::Write) -> io::Result<()> {
    let (mark, terms) = match &finding.waived {
        Some(waived) => ("waived-", format!(" [waived {}]", waivers::terms(waived))),
        None => ("", String::new()),
    };
    writeln!(
        out,
        "{mark}{} {} {} {}:{}:{} {}: {}{terms}",
        finding.verdict,
        finding.severity,
        finding.control,
        clean(&location.path),
        location.start_line,
        location.start_column,
        clean(&location.address),
        clean(&finding.reason),
    )
}
