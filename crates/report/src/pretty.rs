//! For people at a terminal: the answer at a glance, then numbers a control, then the worst findings by
//! account and region, then what is waived, then what could not be read.

mod code;
mod questions;
mod waivers;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use anstyle::{AnsiColor, Style as Ansi};
use imdsure_model::{
    ControlSummary, ErrorKind, ErrorRow, Finding, Head, Selection, Severity, Verdict,
};

use crate::{
    Format, Style,
    text::{clean, count, thousands},
};

/// Findings shown of a control that runs alone.
const SHOWN: usize = 20;
/// Findings shown of each of several controls.
const SHOWN_OF_EACH: usize = 6;
/// Gaps shown; the rest is counted.
const SHOWN_ERRORS: usize = 10;

pub(crate) struct Pretty {
    style: Style,
    shown: usize,
    control: Option<ControlSummary>,
    /// The current control's findings by place, places in the order of their worst finding.
    places: Vec<(String, Vec<Finding>)>,
    /// The findings on code of all controls: they are shown by file.
    code: Vec<Finding>,
    /// Findings on code that are not shown.
    code_left: u64,
}

impl Pretty {
    pub(crate) const fn new(style: Style) -> Self {
        Self {
            style,
            shown: SHOWN,
            control: None,
            places: Vec::new(),
            code: Vec::new(),
            code_left: 0,
        }
    }

    fn paint(&self, style: Ansi, text: &str) -> String {
        if self.style.colour {
            format!("{}{text}{}", style.render(), style.render_reset())
        } else {
            text.to_owned()
        }
    }

    fn bold(&self, text: &str) -> String {
        self.paint(Ansi::new().bold(), text)
    }

    fn dim(&self, text: &str) -> String {
        self.paint(Ansi::new().dimmed(), text)
    }

    fn verdict(&self, verdict: Verdict, text: &str) -> String {
        let style = match verdict {
            Verdict::Fail => AnsiColor::Red.on_default().bold(),
            Verdict::Unknown => AnsiColor::Yellow.on_default(),
            Verdict::Pass => AnsiColor::Green.on_default(),
            Verdict::Skip => Ansi::new().dimmed(),
        };
        self.paint(style, text)
    }

    fn controls(&self, head: &Head, out: &mut dyn io::Write) -> io::Result<()> {
        let width = head.controls.iter().map(|control| control.name.len()).max().unwrap_or(0);
        let width = width.max(20);
        let title = format!("{:<8}  {:<width$}", "severity", "control");
        let numbers = ["fail", "unknown", "pass", "skip"].map(|name| format!("{name:>9}")).concat();
        let waived = head.controls.iter().any(|control| control.waived.total() > 0);
        let has_waived = waived || !head.waivers.is_empty();
        let waived = if has_waived { format!("{:>9}", "waived") } else { String::new() };
        writeln!(out, "{}", self.bold(&format!("{title}{numbers}{waived}")))?;
        for control in &head.controls {
            write!(out, "{:<8}  {:<width$}", self.severity(control.severity), control.name)?;
            for verdict in Verdict::ALL {
                let number = control.counts.of(verdict);
                let text = format!("{:>9}", thousands(number));
                let text = if number == 0 { self.dim(&text) } else { self.verdict(verdict, &text) };
                write!(out, "{text}")?;
            }
            if has_waived {
                write!(out, "{}", self.dim(&format!("{:>9}", thousands(control.waived.total()))))?;
            }
            writeln!(out)?;
        }
        writeln!(out)
    }

    fn severity(&self, severity: Severity) -> String {
        // Padded before it is painted: escapes have no width.
        let text = format!("{severity:<8}");
        match severity {
            Severity::High | Severity::Critical => self.paint(AnsiColor::Red.on_default(), &text),
            Severity::Medium => self.paint(AnsiColor::Yellow.on_default(), &text),
            Severity::Low => text,
        }
    }

    /// The rows of one place. A reason that all findings shown share stands above them, not in each.
    fn rows(&self, findings: &[Finding], shared: bool, out: &mut dyn io::Write) -> io::Result<()> {
        let names: Vec<String> = findings.iter().map(label).collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        for (finding, name) in findings.iter().zip(names) {
            let verdict = self.verdict(finding.verdict, &format!("{:<7}", finding.verdict));
            let exposure = exposure(finding);
            let row = format!("    {verdict} {name:<width$}  {}", self.dim(&clean(&exposure)));
            writeln!(out, "{}", if exposure.is_empty() { row.trim_end() } else { &row })?;
            if !shared {
                writeln!(out, "            {}", clean(&finding.reason))?;
            }
        }
        Ok(())
    }

    /// What repairs the findings shown: each way once, with the command for the first that it fits.
    fn repairs(
        &self,
        places: &[(String, Vec<Finding>)],
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let mut known: Vec<&str> = Vec::new();
        for fix in places.iter().flat_map(|(_, findings)| findings).filter_map(|f| f.fix.as_ref()) {
            if known.contains(&fix.name.as_str()) {
                continue;
            }
            known.push(&fix.name);
            let title = format!("repair: {} ({}), of the first:", fix.name, fix.effect.as_str());
            writeln!(out, "  {}", self.dim(&clean(&title)))?;
            writeln!(out, "    {}", clean(&fix.command))?;
        }
        Ok(())
    }

    /// The gaps, those of one sort together: an organization that closes a region closes it everywhere.
    fn errors(&self, head: &Head, out: &mut dyn io::Write) -> io::Result<()> {
        if head.errors.is_empty() {
            return Ok(());
        }
        let gaps = count(head.errors.len() as u64, "gap", "gaps");
        let title = format!("Not read: {gaps}. What was not read is not clean.");
        writeln!(out, "{}", self.verdict(Verdict::Unknown, &title))?;
        let sorts = sorts(head);
        for (error, accounts) in sorts.iter().take(SHOWN_ERRORS) {
            if let Some(place) = error.file_place() {
                writeln!(out, "  {}", self.bold(&clean(&place)))?;
                writeln!(out, "    {}: {}", clean(&error.code), clean(&error.message))?;
                continue;
            }
            let region = error.region.as_deref().map(|region| format!(" in {}", clean(region)));
            let accounts = clean(&some(accounts)).into_owned();
            writeln!(
                out,
                "  {}{}: {accounts}",
                self.bold(&clean(&error.operation)),
                region.unwrap_or_default()
            )?;
            writeln!(out, "    {}: {}", clean(&error.code), clean(&error.message))?;
        }
        if sorts.len() > SHOWN_ERRORS {
            let more = (sorts.len() - SHOWN_ERRORS) as u64;
            writeln!(out, "  … and {} more: --output json has all", count(more, "sort", "sorts"))?;
        }
        let of_aws = head.errors.iter().filter(|error| error.path.is_none());
        let kinds: BTreeSet<&str> = of_aws.filter_map(|e| next_step(e.kind)).collect();
        for step in kinds {
            writeln!(out, "  → {step}")?;
        }
        writeln!(out)
    }
}

impl Format for Pretty {
    fn selection(&self) -> Selection {
        Selection::Worst(self.shown)
    }

    fn begin(&mut self, head: &Head, out: &mut dyn io::Write) -> io::Result<()> {
        let scope = &head.scope;
        let of_code = scope.files.is_some();
        self.shown = if head.controls.len() > 1 && !of_code { SHOWN_OF_EACH } else { SHOWN };
        let what = match scope.files {
            Some(files) => {
                let files = count(files, "file", "files");
                format!("{files} of infrastructure code in {}", clean(&scope.paths.join(", ")))
            }
            None => format!(
                "{}, {}",
                count(scope.accounts.len() as u64, "account", "accounts"),
                count(scope.regions.len() as u64, "region", "regions"),
            ),
        };
        let place = format!("{what}, read {}", minute(&scope.finished));
        let incomplete = if scope.incomplete {
            self.verdict(Verdict::Unknown, " · incomplete")
        } else {
            String::new()
        };
        writeln!(out, "{}{incomplete}\n", self.dim(&place))?;
        self.questions(head, out)?;
        self.controls(head, out)
    }

    fn control(&mut self, control: &ControlSummary, _: &mut dyn io::Write) -> io::Result<()> {
        self.control = Some(control.clone());
        Ok(())
    }

    fn finding(&mut self, finding: &Finding, _: &mut dyn io::Write) -> io::Result<()> {
        if finding.location.is_some() {
            self.code.push(finding.clone());
            return Ok(());
        }
        let place = place(finding);
        match self.places.iter_mut().find(|(known, _)| *known == place) {
            Some((_, findings)) => findings.push(finding.clone()),
            None => self.places.push((place, vec![finding.clone()])),
        }
        Ok(())
    }

    fn control_end(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        let (Some(control), places) = (self.control.take(), std::mem::take(&mut self.places))
        else {
            return Ok(());
        };
        if places.is_empty() {
            let of_code = self.code.iter().filter(|one| one.control == control.name).count() as u64;
            if of_code > 0 {
                self.code_left += control.counts.fail + control.counts.unknown - of_code;
            }
            return Ok(());
        }
        let open = control.counts.fail + control.counts.unknown;
        let shown = places.iter().map(|(_, findings)| findings.len() as u64).sum::<u64>();
        let which = if shown < open {
            format!("the worst {shown} of {}", thousands(open))
        } else {
            count(open, "finding", "findings")
        };
        writeln!(out, "{}: {which}", self.bold(&control.name))?;
        let mut reasons = places.iter().flat_map(|(_, findings)| findings).map(|f| &f.reason);
        let first = reasons.next();
        let shared = first.filter(|first| reasons.all(|reason| reason == *first));
        if let Some(reason) = shared {
            writeln!(out, "  {}", clean(reason))?;
        }
        for (place, findings) in &places {
            writeln!(out, "  {}", self.bold(place))?;
            self.rows(findings, shared.is_some(), out)?;
        }
        self.repairs(&places, out)?;
        if shown < open {
            let rest =
                "--output brief lists all of them, --output json|jsonl|csv every fact of each";
            writeln!(out, "  … and {} more: {rest}", thousands(open - shown))?;
        }
        writeln!(out)
    }

    fn end(&mut self, head: &Head, out: &mut dyn io::Write) -> io::Result<()> {
        self.code(out)?;
        self.waivers(head, out)?;
        self.errors(head, out)
    }
}

/// `shop-prod (111122223333), us-east-1`.
fn place(finding: &Finding) -> String {
    let id = clean(finding.account_id.as_deref().unwrap_or("unknown account"));
    let account = match &finding.account_name {
        Some(name) => format!("{} ({id})", clean(name)),
        None => id.into_owned(),
    };
    match &finding.region {
        Some(region) => format!("{account}, {}", clean(region)),
        None => account,
    }
}

/// The end of the resource's ARN and its name. A finding on an account as a whole has its name above it.
fn label(finding: &Finding) -> String {
    let last = finding.resource.rsplit(['/', ':']).next().unwrap_or(&finding.resource);
    if last == "root" || Some(last) == finding.account_id.as_deref() {
        return "account".to_owned();
    }
    match &finding.name {
        Some(name) if name != last => format!("{} {}", clean(last), clean(name)),
        _ => clean(last).into_owned(),
    }
}

/// What makes a finding urgent, and who owns the resource.
fn exposure(finding: &Finding) -> String {
    let mut parts = Vec::new();
    if let Some(profile) = finding.facts.get("instance_profile").and_then(|value| value.as_str()) {
        parts.push(format!("role {profile}"));
    }
    if finding.facts.get("public_ip").and_then(serde_json::Value::as_bool) == Some(true) {
        parts.push("public address".to_owned());
    }
    parts.extend(finding.managed_by.clone());
    parts.join(" · ")
}

/// `2026-11-22T14:00:05Z` as `2026-11-22 14:00 UTC`.
fn minute(time: &str) -> String {
    match (time.get(..10), time.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
        _ => time.to_owned(),
    }
}

/// What to do about a gap of that kind.
const fn next_step(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::Denied => {
            "denied: `imdsure permissions audit` prints the policy that the reading identity needs"
        }
        ErrorKind::ClosedByPolicy => {
            "closed by policy: an organization policy denies these calls to everybody; nothing was read there"
        }
        ErrorKind::Credentials => {
            "credentials: check them with `aws sts get-caller-identity`, then run again"
        }
        ErrorKind::Throttled => "throttled: run again later, or with a lower --concurrency",
        ErrorKind::Unavailable | ErrorKind::Malformed => {
            "no proper answer: check the network, proxy and --endpoint-url, then run again"
        }
        ErrorKind::Interrupted | ErrorKind::Refused => return None,
    })
}

/// The gaps by operation, region and code: the first of each sort, and the accounts it occurred in.
fn sorts(head: &Head) -> Vec<(&ErrorRow, Vec<&str>)> {
    let mut sorts: Vec<(&ErrorRow, Vec<&str>)> = Vec::new();
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    for error in &head.errors {
        let (operation, code) = (error.operation.as_str(), error.code.as_str());
        let sort = (operation, error.region.as_deref(), code, error.file_place());
        let index = *known.entry(sort).or_insert_with(|| {
            sorts.push((error, Vec::new()));
            sorts.len() - 1
        });
        sorts[index].1.extend(error.account_id.as_deref());
    }
    sorts
}

/// `111122223333, 222233334444 and 3 more accounts`.
fn some(accounts: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown = accounts[..accounts.len().min(SHOWN)].join(", ");
    match accounts.len() {
        0 => "before any account was known".to_owned(),
        number if number <= SHOWN => shown,
        number => {
            let more = (number - SHOWN) as u64;
            format!("{shown} and {}", count(more, "more account", "more accounts"))
        }
    }
}
