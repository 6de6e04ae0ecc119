//! The three questions of an auditor, answered at a glance.

use std::io;

use imdsure_model::{Head, InstanceQuestion, LaunchQuestion, PolicyQuestion, UsageAnswer, Verdict};

use super::Pretty;
use crate::{
    answers::{INSTANCES, LAUNCHES, POLICY, hole_words, policy_parts, waived},
    text::{count, thousands},
};

const BAR: u64 = 40;

impl Pretty {
    /// The questions that were asked.
    pub(super) fn questions(&self, head: &Head, out: &mut dyn io::Write) -> io::Result<()> {
        let questions = &head.questions;
        if let Some(question) = &questions.instances_allowing_imdsv1 {
            self.question(question, head.scope.incomplete, out)?;
        }
        if let Some(question) = &questions.organization_policy {
            self.policy(question, out)?;
        }
        if let Some(question) = &questions.new_launches {
            self.launches(question, out)?;
        }
        Ok(())
    }

    fn question(
        &self,
        question: &InstanceQuestion,
        incomplete: bool,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        writeln!(out, "{}", self.bold(INSTANCES))?;
        if question.of == 0 {
            let none = if incomplete {
                self.verdict(
                    Verdict::Unknown,
                    "No instance could be read: see what is not read, below.",
                )
            } else {
                "There are no instances: nothing to look at.".to_owned()
            };
            return writeln!(out, "  {none}\n");
        }
        let verdict = match question {
            InstanceQuestion { allow_imdsv1: 1.., .. } => Verdict::Fail,
            InstanceQuestion { unknown: 1.., .. } => Verdict::Unknown,
            _ if incomplete => Verdict::Unknown,
            _ => Verdict::Pass,
        };
        let unread = match (question.unread_accounts, question.unread_regions) {
            (0, 0) => String::new(),
            (0, regions) => format!("; {} not read", count(regions, "region", "regions")),
            (accounts, _) => format!("; {} not read", count(accounts, "account", "accounts")),
        };
        let unread = self.verdict(Verdict::Unknown, &unread);
        let unread = if question.unread_regions == 0 { "" } else { &unread };
        writeln!(
            out,
            "  {} of {}, in {} of {}{}{unread}",
            self.verdict(verdict, &thousands(question.allow_imdsv1)),
            count(question.of, "instance", "instances"),
            thousands(question.accounts),
            count(question.of_accounts, "account", "accounts"),
            waived(question.waived),
        )?;
        self.bar(question, out)?;
        if question.allow_imdsv1 > 0 {
            writeln!(
                out,
                "  {} of them carry a role, whose credentials one request can steal; {} of those have a \
                 public address.",
                thousands(question.with_role),
                thousands(question.with_role_and_public_address),
            )?;
        }
        if let Some(usage) = &question.usage {
            self.usage(usage, out)?;
        }
        if question.unknown > 0 {
            let unknown = self.verdict(Verdict::Unknown, &thousands(question.unknown));
            writeln!(
                out,
                "  {unknown} more cannot be judged (a change pending, or an option not known)."
            )?;
        }
        writeln!(out)
    }

    fn bar(&self, question: &InstanceQuestion, out: &mut dyn io::Write) -> io::Result<()> {
        let part = |number: u64| (number * BAR).div_ceil(question.of.max(1));
        let fail = part(question.allow_imdsv1);
        let unknown = part(question.unknown).min(BAR - fail);
        let cells =
            |cell: &str, number: u64| cell.repeat(usize::try_from(number).unwrap_or_default());
        // Told apart by shape as well as by colour.
        writeln!(
            out,
            "  {}{}{} {}",
            self.verdict(Verdict::Fail, &cells("█", fail)),
            self.verdict(Verdict::Unknown, &cells("▒", unknown)),
            self.verdict(Verdict::Pass, &cells("░", BAR - fail - unknown)),
            self.dim(&percent(question.allow_imdsv1, question.of)),
        )
    }

    fn usage(&self, usage: &UsageAnswer, out: &mut dyn io::Write) -> io::Result<()> {
        let used = self.verdict(Verdict::Fail, &thousands(usage.used));
        let unknown = self.verdict(Verdict::Unknown, &thousands(usage.no_data));
        let silent = self.verdict(Verdict::Pass, &thousands(usage.silent));
        let not_asked = match usage.not_asked {
            0 => String::new(),
            number => format!(", {} were not asked about", thousands(number)),
        };
        writeln!(
            out,
            "  Of them {silent} made no version 1 call in the window, {used} did, {unknown} have no data{not_asked}.",
        )
    }

    fn policy(&self, question: &PolicyQuestion, out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(out, "{}", self.bold(POLICY))?;
        let stopped = question.scp + question.ec2_policy + question.enforcement;
        let verdict = match question {
            PolicyQuestion { none: 1.., .. } => Verdict::Fail,
            PolicyQuestion { unknown: 1.., .. } => Verdict::Unknown,
            _ => Verdict::Pass,
        };
        let parts = policy_parts(question).join(", ");
        let of = count(question.of, "account", "accounts");
        let stopped = self.verdict(verdict, &thousands(stopped));
        writeln!(out, "  in {stopped} of {of}: {parts}")?;
        for hole in &question.holes {
            let words = hole_words(&hole.hole);
            let accounts = count(hole.accounts, "account", "accounts");
            writeln!(out, "  {} {words} ({accounts})", self.dim("still open:"))?;
        }
        writeln!(out)
    }

    fn launches(&self, question: &LaunchQuestion, out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(out, "{}", self.bold(LAUNCHES))?;
        let verdict = match question.answer {
            "yes" => Verdict::Pass,
            "no" => Verdict::Fail,
            _ => Verdict::Unknown,
        };
        writeln!(out, "  {}", self.verdict(verdict, question.answer))?;
        let width = question.by.iter().map(|part| part.what.len()).max().unwrap_or(0);
        for part in &question.by {
            let counts = part.counts;
            let unknown = match counts.unknown {
                0 => String::new(),
                unknown => format!(", {} unknown", thousands(unknown)),
            };
            let unread = match part.unread {
                0 => String::new(),
                unread => format!(", {} not read", count(unread, "region", "regions")),
            };
            let line = format!(
                "  {:<width$}  {} of {} do not{}{unknown}{unread}",
                part.what,
                thousands(counts.fail),
                thousands(counts.judged()),
                waived(part.waived),
            );
            let style = match (counts.fail, counts.unknown + part.unread) {
                (0, 0) => Verdict::Pass,
                (0, _) => Verdict::Unknown,
                _ => Verdict::Fail,
            };
            writeln!(out, "{}", self.verdict(style, &line))?;
        }
        writeln!(out)
    }
}

fn percent(part: u64, whole: u64) -> String {
    let percent = 100.0 * part as f64 / whole.max(1) as f64;
    // Neither 0 % nor 100 % while it is not quite so.
    match part {
        0 => "0 %".to_owned(),
        _ if part == whole => "100 %".to_owned(),
        _ => format!("{:.0} %", percent.clamp(1.0, 99.0)),
    }
}
