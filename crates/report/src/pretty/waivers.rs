//! The waivers, each with what became of it.

use std::io;

use imdsure_model::{Head, Verdict, Waived, WaiverState, WaiverUse};

use super::Pretty;
use crate::{
    text::count,
    waivers::{expired, subject, terms},
};

/// Waivers shown that do what they were written for; the rest is counted.
const SHOWN: usize = 10;

impl Pretty {
    /// What is waived and by which waivers; those that want attention come first.
    pub(super) fn waivers(&self, head: &Head, out: &mut dyn io::Write) -> io::Result<()> {
        let all: u64 = head.controls.iter().map(|control| control.waived.total()).sum();
        let waived: u64 = head.waivers.iter().map(|waiver| waiver.waives).sum();
        if all > waived {
            let number = count(all - waived, "finding", "findings");
            let title = format!("Waived by ignore comments in the code: {number}.");
            writeln!(out, "{} --output brief lists them.\n", self.bold(&title))?;
        }
        if head.waivers.is_empty() {
            return Ok(());
        }
        let waivers = count(head.waivers.len() as u64, "waiver", "waivers");
        let title = format!("Waived: {}, of {waivers}", count(waived, "finding", "findings"));
        writeln!(out, "{}", self.bold(&title))?;
        let wanting = head.waivers.iter().filter(|waiver| waiver.state.wants_attention());
        let in_force = head.waivers.iter().filter(|waiver| waiver.state == WaiverState::InForce);
        let more = in_force.clone().count().saturating_sub(SHOWN);
        for waiver in wanting.chain(in_force.take(SHOWN)) {
            self.waiver(waiver, out)?;
        }
        if more > 0 {
            writeln!(out, "  … and {more} more in force: --output json has all")?;
        }
        let asleep = head.waivers.iter().filter(|waiver| waiver.state == WaiverState::NotJudged);
        if let asleep @ 1.. = asleep.count() {
            writeln!(
                out,
                "  {asleep} not judged: what they could fit was not all read and judged"
            )?;
        }
        writeln!(out)
    }

    fn waiver(&self, used: &WaiverUse, out: &mut dyn io::Write) -> io::Result<()> {
        let found = match (used.state, used.matches, used.waives) {
            (WaiverState::Expired, ..) => format!(": {}", expired(used)),
            (WaiverState::InForce, matches, first) if first < matches => {
                format!(", waives {first}; {} more by an earlier one", matches - first)
            }
            (WaiverState::InForce, _, first) => format!(", waives {first}"),
            (WaiverState::MatchesNothing, ..) => " that fails or is unknown".to_owned(),
            (WaiverState::NotJudged, ..) => String::new(),
        };
        let style = match used.state {
            WaiverState::InForce => Verdict::Pass,
            WaiverState::Expired | WaiverState::MatchesNothing => Verdict::Unknown,
            WaiverState::NotJudged => Verdict::Skip,
        };
        let state = self.verdict(style, &format!("{}{found}", used.state));
        writeln!(out, "  {}: {state}", subject(used))?;
        let accepted = Waived {
            reason: used.reason.clone(),
            expires: Some(used.expires.clone()),
            compensating: used.compensating.clone(),
            from: used.from.clone(),
        };
        writeln!(out, "    {}", self.dim(&terms(&accepted)))
    }
}
