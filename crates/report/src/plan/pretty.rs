//! For a terminal: colour says nothing that words do not say, and the command to approve comes last, where
//! the eye is when the text has scrolled by.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Ansi};
use imdsure_model::Effect;

use super::{
    gather::Limits,
    line::{Left, Line, Seen},
    summary::{KindWords, LeftWords, Summary, WaveWords},
};
use crate::{
    Style,
    text::{count, thousands},
};

pub(super) const LIMITS: Limits =
    Limits { waves: 24, of_wave: 20, changes: 120, of_reason: 4, gaps: 8, warnings: 8 };

/// Columns where nobody says.
pub(super) const WIDTH: usize = 100;
/// Columns that there are at the least: with fewer the terminal breaks lines.
pub(super) const NARROWEST: usize = 60;
/// Columns of the table of waves beside their names, and of the longest name.
const BESIDE_NAMES: usize = 51;
const LONGEST_NAME: usize = 38;

pub(super) fn write(
    summary: &Summary<'_>,
    style: Style,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page { style, width, out };
    page.head(summary)?;
    page.gaps(summary)?;
    page.points(summary)?;
    page.waves(summary)?;
    page.warnings(summary)?;
    page.kinds(&summary.kinds)?;
    for wave in &summary.waves {
        page.wave(wave, &summary.file)?;
    }
    page.left(summary)?;
    page.approve(summary)
}

const PLAIN: Ansi = Ansi::new();
const BOLD: Ansi = Ansi::new().bold();
const DIM: Ansi = Ansi::new().dimmed();
const RED: Ansi = AnsiColor::Red.on_default().bold();
const YELLOW: Ansi = AnsiColor::Yellow.on_default();
const GREEN: Ansi = AnsiColor::Green.on_default();

struct Page<'a> {
    style: Style,
    width: usize,
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn paint(&self, style: Ansi, text: &str) -> String {
        if self.style.colour && style != PLAIN {
            format!("{}{text}{}", style.render(), style.render_reset())
        } else {
            text.to_owned()
        }
    }

    /// A text, wrapped; what follows the first line stands below the text and not below what leads it.
    fn text(&mut self, indent: usize, lead: &str, style: Ansi, text: &str) -> io::Result<()> {
        let hang = indent + lead.chars().count();
        for (index, line) in wrapped(text, self.width.saturating_sub(hang)).iter().enumerate() {
            let lead = if index == 0 { lead } else { "" };
            let painted = self.paint(style, line);
            writeln!(self.out, "{:indent$}{lead:<width$}{painted}", "", width = hang - indent)?;
        }
        Ok(())
    }

    fn title(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out)?;
        self.text(0, "", BOLD, text)
    }

    fn head(&mut self, summary: &Summary<'_>) -> io::Result<()> {
        self.text(0, "", BOLD, &summary.sentence)?;
        for (name, text) in &summary.facts {
            self.text(2, &format!("{name:<14}"), DIM, text)?;
        }
        Ok(())
    }

    fn gaps(&mut self, summary: &Summary<'_>) -> io::Result<()> {
        let Some(incomplete) = &summary.incomplete else { return Ok(()) };
        writeln!(self.out)?;
        self.text(0, "", RED, incomplete)?;
        for gap in &summary.gaps {
            let text = format!(
                "{} {}, {}: {}",
                gap.operation,
                gap.code,
                count(gap.number, "time", "times"),
                gap.places
            );
            self.text(2, "- ", PLAIN, &text)?;
        }
        if summary.more_gaps > 0 {
            let more = count(summary.more_gaps, "more sort", "more sorts");
            self.text(2, "", DIM, &format!("… and {more} in {}", summary.file))?;
        }
        Ok(())
    }

    fn points(&mut self, summary: &Summary<'_>) -> io::Result<()> {
        if summary.points.is_empty() {
            return Ok(());
        }
        self.title("Look at these first")?;
        for point in &summary.points {
            let (mark, style) = if point.loud { ("!! ", RED) } else { ("-  ", YELLOW) };
            self.text(2, mark, style, &point.title)?;
            self.text(5, "", PLAIN, &point.about)?;
        }
        Ok(())
    }

    fn waves(&mut self, summary: &Summary<'_>) -> io::Result<()> {
        if summary.waves.is_empty() {
            return Ok(());
        }
        let column = self.width.saturating_sub(BESIDE_NAMES).min(LONGEST_NAME);
        self.title(&format!(
            "{:>4}  {:<column$}{:>9}{:>10}{:>10}  least time",
            "wave", "", "changes", "accounts", "regions"
        ))?;
        for wave in &summary.waves {
            let name = shortened(&wave.name, column);
            writeln!(
                self.out,
                "{:>4}  {name:<column$}{:>9}{:>10}{:>10}  {}",
                wave.number,
                thousands(wave.changes),
                thousands(wave.accounts),
                thousands(wave.regions),
                wave.least,
            )?;
            self.text(6, "", DIM, &wave.kinds_text())?;
            if wave.skipped > 0 {
                let waves = count(wave.skipped, "wave", "waves");
                self.text(6, "", DIM, &format!("… {waves} more, in {}", summary.file))?;
            }
        }
        self.text(6, "", PLAIN, &summary.pace.join(" · "))
    }

    fn warnings(&mut self, summary: &Summary<'_>) -> io::Result<()> {
        if summary.warnings.is_empty() {
            return Ok(());
        }
        self.title("Warnings, and how many changes have them")?;
        for warned in &summary.warnings {
            self.text(0, &format!("{:>7}  ", thousands(warned.number)), YELLOW, warned.text)?;
        }
        if summary.more_warnings > 0 {
            let more = count(summary.more_warnings, "other warning", "other warnings");
            self.text(9, "", DIM, &format!("… and {more} in {}", summary.file))?;
        }
        Ok(())
    }

    fn kinds(&mut self, kinds: &[KindWords<'_>]) -> io::Result<()> {
        if kinds.is_empty() {
            return Ok(());
        }
        self.title("How each kind is done, checked and undone")?;
        for kind in kinds {
            let effect = kind.notes.map(|notes| notes.effect);
            let word = effect.map_or("effect not stated", Effect::as_str);
            let title = format!("{} ({}), ", kind.kind, thousands(kind.number));
            let style = effect.map_or(RED, effect_style);
            writeln!(self.out, "  {}{}", self.paint(BOLD, &title), self.paint(style, word))?;
            self.text(4, "", PLAIN, kind.about)?;
            self.text(4, "if       ", PLAIN, &kind.precondition)?;
            self.text(4, "checked  ", PLAIN, &kind.verified)?;
            self.text(4, "undone   ", PLAIN, &kind.undone)?;
            if !kind.iam.is_empty() {
                self.text(4, "IAM      ", DIM, &kind.iam.join(" "))?;
            }
        }
        Ok(())
    }

    fn wave(&mut self, wave: &WaveWords<'_>, file: &str) -> io::Result<()> {
        self.title(&format!("{}, {}", wave.title(), wave.changes_text()))?;
        if !wave.seen.is_empty() {
            self.text(2, "", DIM, &wave.seen_text())?;
        }
        let mut place = None;
        for line in &wave.lines {
            let here = (&line.account, &line.region);
            if place != Some(here) {
                self.text(2, "", BOLD, &format!("{} {}", line.account, line.region))?;
                place = Some(here);
            }
            self.line(line)?;
        }
        if wave.more() > 0 {
            let rest = if wave.lines.is_empty() { "" } else { "more " };
            self.text(2, "", DIM, &format!("… and {} {rest}in {file}", thousands(wave.more())))?;
        }
        Ok(())
    }

    fn line(&mut self, line: &Line) -> io::Result<()> {
        let name = line.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
        self.text(4, &format!("{} ", line.kind), PLAIN, &format!("{}{name}", line.id))?;
        let edits = line.edits.iter();
        let edits = edits.map(|edit| format!("{} {} → {}", edit.name, edit.before(), edit.after));
        let what: Vec<String> = edits.chain(line.also.iter().cloned()).collect();
        self.text(6, "", PLAIN, &what.join(" · "))?;
        // Said once above, of all of them.
        if line.seen != Seen::NotMeasured {
            self.text(6, "", seen_style(line.seen), &line.evidence)?;
        }
        let touches: Vec<String> = line.touches.iter().map(super::line::Touch::text).collect();
        if !touches.is_empty() {
            self.text(6, "", DIM, &touches.join(" · "))?;
        }
        for warning in &line.warnings {
            self.text(6, "! ", YELLOW, warning)?;
        }
        Ok(())
    }

    fn left(&mut self, summary: &Summary<'_>) -> io::Result<()> {
        if summary.left.is_empty() {
            return Ok(());
        }
        let number = thousands(summary.left_total);
        self.title(&format!("Not planned: {number}, and what to do about them"))?;
        for left in &summary.left {
            self.reason(left, &summary.file)?;
        }
        Ok(())
    }

    fn reason(&mut self, left: &LeftWords<'_>, file: &str) -> io::Result<()> {
        let title = format!("{} {}", thousands(left.number), left.reason);
        writeln!(self.out, "  {}", self.paint(BOLD, &title))?;
        self.text(4, "→ ", PLAIN, left.reason.about())?;
        if let Some(owners) = &left.owners {
            self.text(4, "owners: ", PLAIN, owners)?;
        }
        for example in left.examples {
            self.example(example)?;
        }
        if left.more() > 0 {
            self.text(4, "", DIM, &format!("… and {} more in {file}", thousands(left.more())))?;
        }
        Ok(())
    }

    fn example(&mut self, left: &Left) -> io::Result<()> {
        let name = left.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
        let owner = left.owner.as_deref().map(|owner| format!(" · owner {owner}"));
        let place = format!("{} {}", left.account, left.region);
        let text = format!("{}{name} · {place}{}", left.id, owner.unwrap_or_default());
        self.text(4, &format!("{} ", left.kind), DIM, &text)?;
        self.text(6, "", PLAIN, &left.why)
    }

    fn approve(&mut self, summary: &Summary<'_>) -> io::Result<()> {
        let Some(approve) = &summary.approve else { return Ok(()) };
        self.title("To approve exactly this")?;
        if summary.incomplete.is_some() {
            self.text(2, "", RED, "The evidence has gaps, see above: this is not all there is.")?;
        }
        writeln!(self.out, "  {} \\\n    {}", approve.apply, approve.digest)
    }
}

const fn effect_style(effect: Effect) -> Ansi {
    match effect {
        Effect::Irreversible => RED,
        Effect::Replacement | Effect::Restart | Effect::AccountDefault => YELLOW,
        Effect::InPlace | Effect::NewVersion | Effect::NewConfiguration => PLAIN,
    }
}

const fn seen_style(seen: Seen) -> Ansi {
    match seen {
        Seen::Used => RED,
        Seen::NoData | Seen::NotRead => YELLOW,
        Seen::Silent => GREEN,
        Seen::NotMeasured => DIM,
    }
}

/// The text, or its beginning where it does not fit.
fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// Lines no longer than that, broken between words where there are any.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        } else if used > 0 {
            push(&mut lines, " ");
            used += 1;
        }
        for c in word.chars() {
            if used == width {
                lines.push(String::new());
                used = 0;
            }
            push(&mut lines, c.encode_utf8(&mut [0; 4]));
            used += 1;
        }
    }
    lines
}

fn push(lines: &mut [String], text: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_within_long_ones() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrapped("", 4), [""]);
    }
}
