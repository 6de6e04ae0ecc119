//! For a pull request or a ticket. A comment on GitHub may have 65,536 characters: the report has less, whatever the plan's
//! size, and shows fewer changes rather than too many characters.

use std::io::{self, Write};

use super::{
    gather::Limits,
    line::{Left, Line},
    summary::{KindWords, LeftWords, Summary, WaveWords},
};
use crate::text::{count, thousands};

pub(super) const LIMITS: Limits =
    Limits { waves: 16, of_wave: 200, changes: 400, of_reason: 10, gaps: 10, warnings: 10 };

/// Bytes that all rows of changes and of what is not planned may have, with all that stands above them.
const ROOM: usize = 50_000;

pub(super) fn write(summary: &Summary<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut page = String::new();
    head(&mut page, summary);
    gaps(&mut page, summary);
    points(&mut page, summary);
    waves(&mut page, summary);
    warnings(&mut page, summary);
    kinds(&mut page, &summary.kinds);
    let overview = left_overview(summary);
    let room = ROOM.saturating_sub(page.len() + overview.len());
    changes(&mut page, summary, room / 3 * 2);
    page.push_str(&overview);
    for left in &summary.left {
        reason(&mut page, left, room / 3 / summary.left.len(), &summary.file);
    }
    out.write_all(page.as_bytes())
}

/// Adds a line.
fn add(page: &mut String, line: &str) {
    page.push_str(line);
    page.push('\n');
}

fn head(page: &mut String, summary: &Summary<'_>) {
    add(page, "# Plan: require IMDSv2\n");
    add(page, &format!("**{}**\n", prose(&summary.sentence)));
    add(page, "| | |\n|---|---|");
    for (name, text) in &summary.facts {
        add(page, &format!("| {name} | {} |", prose(text)));
    }
    add(page, &format!("| digest | {} |", code(&summary.digest)));
    if let Some(approve) = &summary.approve {
        add(page, "\nTo approve exactly this:\n");
        let command = approve.command();
        let fence = "`".repeat(longest_run(&command, '`').max(2) + 1);
        add(page, &format!("{fence}sh\n{command}\n{fence}"));
    }
}

fn gaps(page: &mut String, summary: &Summary<'_>) {
    let Some(incomplete) = &summary.incomplete else { return };
    add(page, &format!("\n> [!CAUTION]\n> **{}**", prose(incomplete)));
    if !summary.gaps.is_empty() {
        add(page, ">\n> | not read | times | where |\n> |---|---:|---|");
    }
    for gap in &summary.gaps {
        let what = format!("{} {}", code(&gap.operation), prose(&gap.code));
        add(page, &format!("> | {what} | {} | {} |", thousands(gap.number), prose(&gap.places)));
    }
    if summary.more_gaps > 0 {
        let more = count(summary.more_gaps, "more sort", "more sorts");
        add(page, &format!(">\n> … and {more} in {}.", code(&summary.file)));
    }
}

fn points(page: &mut String, summary: &Summary<'_>) {
    if summary.points.is_empty() {
        return;
    }
    add(page, "\n## Look at these first\n");
    for point in &summary.points {
        let mark = if point.loud { "⚠️ " } else { "" };
        add(page, &format!("- {mark}**{}**: {}", prose(&point.title), prose(&point.about)));
    }
}

fn waves(page: &mut String, summary: &Summary<'_>) {
    if summary.waves.is_empty() {
        return;
    }
    add(page, "\n## Waves\n");
    add(page, "| wave | | changes | by kind | accounts | account regions | least time |");
    add(page, "|---:|---|---:|---|---:|---:|---|");
    for wave in &summary.waves {
        let row = [
            wave.number.to_string(),
            prose(&wave.name),
            thousands(wave.changes),
            wave.kinds_text(),
            thousands(wave.accounts),
            thousands(wave.regions),
            wave.least.clone(),
        ];
        add(page, &format!("| {} |", row.join(" | ")));
        if wave.skipped > 0 {
            add(page, &format!("| … | {} more | | | | | |", count(wave.skipped, "wave", "waves")));
        }
    }
    add(page, &format!("\n{}.", prose(&summary.pace.join("; "))));
}

fn warnings(page: &mut String, summary: &Summary<'_>) {
    if summary.warnings.is_empty() {
        return;
    }
    add(page, "\n## Warnings\n\n| changes | warning | for one |\n|---:|---|---|");
    for warned in &summary.warnings {
        let (text, example) = (prose(warned.text), code(warned.example));
        add(page, &format!("| {} | {text} | {example} |", thousands(warned.number)));
    }
    if summary.more_warnings > 0 {
        let more = count(summary.more_warnings, "other warning", "other warnings");
        add(page, &format!("\n… and {more} in {}.", code(&summary.file)));
    }
}

fn kinds(page: &mut String, kinds: &[KindWords<'_>]) {
    if kinds.is_empty() {
        return;
    }
    add(page, "\n## How each kind is done, checked and undone\n");
    for kind in kinds {
        let effect = kind.notes.map_or("effect not stated", |notes| notes.effect.as_str());
        add(
            page,
            &format!(
                "<details>\n<summary><b>{}</b> ({}): {effect}, {}</summary>\n",
                kind.kind,
                thousands(kind.number),
                kind.about
            ),
        );
        add(page, &format!("- **if** {}", prose(&kind.precondition)));
        add(page, &format!("- **checked** {}", prose(&kind.verified)));
        add(page, &format!("- **undone** {}", prose(&kind.undone)));
        let iam: Vec<String> = kind.iam.iter().map(|action| code(action)).collect();
        if !iam.is_empty() {
            add(page, &format!("- **IAM** {}", iam.join(" ")));
        }
        add(page, "\n</details>\n");
    }
}

/// Each wave has its share of the room that those before it left.
fn changes(page: &mut String, summary: &Summary<'_>, mut room: usize) {
    for (index, wave) in summary.waves.iter().enumerate() {
        let share = room / (summary.waves.len() - index);
        let rows = wave_rows(wave, share);
        room = room.saturating_sub(rows.iter().map(String::len).sum());
        add(page, &format!("\n## {}\n", prose(&wave.title())));
        let seen =
            if wave.seen.is_empty() { String::new() } else { format!(": {}", wave.seen_text()) };
        add(page, &format!("{}{seen}.\n", wave.changes_text()));
        if !rows.is_empty() {
            let many = rows.len() > 10;
            if many {
                add(page, "<details>\n<summary>Changes</summary>\n");
            }
            add(page, "| target | where | change | evidence | touches |\n|---|---|---|---|---|");
            for row in &rows {
                add(page, row);
            }
            if many {
                add(page, "\n</details>");
            }
        }
        let more = wave.changes.saturating_sub(rows.len() as u64);
        if more > 0 {
            add(page, &format!("\n… and {} more in {}.", thousands(more), code(&summary.file)));
        }
    }
}

/// The rows that fit, in the plan's order: what has to be looked at is chosen first.
fn wave_rows(wave: &WaveWords<'_>, mut room: usize) -> Vec<String> {
    let mut chosen: Vec<(u64, String)> = Vec::new();
    let (open, rest): (Vec<&Line>, Vec<&Line>) = wave.lines.iter().partition(|line| line.is_open());
    for line in open.into_iter().chain(rest) {
        let row = row(line);
        if row.len() > room {
            break;
        }
        room -= row.len();
        chosen.push((line.place, row));
    }
    chosen.sort_unstable_by_key(|(place, _)| *place);
    chosen.into_iter().map(|(_, row)| row).collect()
}

fn row(line: &Line) -> String {
    let name = line.name.as_deref().map(|name| format!("<br>{}", code(name)));
    let target = format!("{}{}<br>{}", code(&line.id), name.unwrap_or_default(), line.kind);
    let edits = line.edits.iter().map(|edit| {
        let before = edit.before.as_deref().map_or_else(|| "not set".to_owned(), code);
        format!("{} {before} → {}", prose(&edit.name), code(&edit.after))
    });
    let also = line.also.iter().map(|also| prose(also));
    let mut what: Vec<String> = edits.chain(also).collect();
    what.extend(line.warnings.iter().map(|warning| format!("⚠️ {}", prose(warning))));
    let evidence = prose(&line.evidence);
    let evidence = if line.seen.is_open() { format!("**{evidence}**") } else { evidence };
    let touches = line.touches.iter().map(|touch| {
        let who =
            if touch.who.is_empty() { String::new() } else { format!(" {}", code(&touch.who)) };
        if touch.loud { format!("**{}**{who}", touch.what) } else { format!("{}{who}", touch.what) }
    });
    let touches: Vec<String> = touches.collect();
    format!(
        "| {target} | {}<br>{} | {} | {evidence} | {} |",
        code(&line.account),
        code(&line.region),
        what.join("<br>"),
        touches.join("<br>"),
    )
}

fn left_overview(summary: &Summary<'_>) -> String {
    let mut page = String::new();
    if summary.left.is_empty() {
        return page;
    }
    add(&mut page, &format!("\n## Not planned: {}\n", thousands(summary.left_total)));
    add(&mut page, "| reason | number | what to do | owners |\n|---|---:|---|---|");
    for left in &summary.left {
        let owners = left.owners.as_deref().map(prose).unwrap_or_default();
        let (number, about) = (thousands(left.number), prose(left.reason.about()));
        add(&mut page, &format!("| {} | {number} | {about} | {owners} |", left.reason));
    }
    page
}

fn reason(page: &mut String, left: &LeftWords<'_>, room: usize, file: &str) {
    add(
        page,
        &format!("\n<details>\n<summary>{} ({})</summary>\n", left.reason, thousands(left.number)),
    );
    let mut used = 0;
    let mut shown = 0;
    for example in left.examples {
        let row = example_row(example);
        used += row.len();
        if used > room {
            break;
        }
        if shown == 0 {
            add(page, "| target | where | owner | why |\n|---|---|---|---|");
        }
        add(page, &row);
        shown += 1;
    }
    let more = left.number.saturating_sub(shown);
    if more > 0 {
        let more = thousands(more);
        let rest = if shown == 0 { "" } else { " more" };
        add(page, &format!("\n… and {more}{rest} in {}.", code(file)));
    }
    add(page, "\n</details>");
}

fn example_row(left: &Left) -> String {
    let name = left.name.as_deref().map(|name| format!("<br>{}", code(name)));
    format!(
        "| {}{}<br>{} | {}<br>{} | {} | {} |",
        code(&left.id),
        name.unwrap_or_default(),
        left.kind,
        code(&left.account),
        code(&left.region),
        left.owner.as_deref().map(code).unwrap_or_default(),
        prose(&left.why),
    )
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or_default()
}

/// Names and values, verbatim: in code nothing is a link, a mention or a tag.
fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    // Neither backticks nor a cell's end can be written within backticks and within a table in a way all readers share.
    if text.contains(['`', '|', '\\']) || text.starts_with(' ') || text.ends_with(' ') {
        return format!("<code>{}</code>", entities(text));
    }
    format!("`{text}`")
}

fn entity(c: char) -> String {
    format!("&#{};", u32::from(c))
}

fn entities(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            escaped.push_str(&entity(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Sentences, in which names from outside may stand: no markup, no mention, no link comes of them.
fn prose(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let rest = &text[at..];
        match c {
            // GitHub looks for these after entities were resolved; the comment parts them from their word.
            '@' | '#' => {
                escaped.push_str(&entity(c));
                escaped.push_str("<!-- -->");
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~' | '!' | '$' => {
                escaped.push_str(&entity(c));
            }
            ':' if rest.starts_with("://") => escaped.push_str("&#58;"),
            '.' if before.eq_ignore_ascii_case(&'w') => escaped.push_str("&#46;"),
            c => escaped.push(c),
        }
        before = c;
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_what_they_are() {
        assert_eq!(code("web-1 *x* <b>"), "`web-1 *x* <b>`");
        assert_eq!(code("a|b"), "<code>a&#124;b</code>");
        assert_eq!(code("a`b"), "<code>a&#96;b</code>");
    }

    #[test]
    fn sentences_hold_no_markup() {
        assert_eq!(prose("a: <b> | *x*"), "a: &#60;b&#62; &#124; &#42;x&#42;");
        assert_eq!(prose("@team #1"), "&#64;<!-- -->team &#35;<!-- -->1");
        assert_eq!(prose("https://x www.x"), "https&#58;//x www&#46;x");
    }
}
