//! Findings on code: the lines that show each, the marked part underlined, and its repair. By file, and what
//! several controls say of one place together.

use std::io;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use imdsure_model::{Excerpt, Finding, Location, Part, Verdict};

use super::Pretty;
use crate::text::{clean, count, harmless, thousands};

/// Lines between two that are shown, and columns before a part, at most: each takes a byte until it is folded.
const FAR: u32 = 10_000;

impl Pretty {
    pub(super) fn code(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        let mut findings = std::mem::take(&mut self.code);
        if findings.is_empty() {
            return Ok(());
        }
        // Stable: the controls of one place stay in their order.
        findings.sort_by(|one, two| place(one).cmp(&place(two)));
        let renderer = if self.style.colour { Renderer::styled() } else { Renderer::plain() };
        let mut file = "";
        for group in findings.chunk_by(|one, two| place(one) == place(two)) {
            let Some(path) = group.first().and_then(path) else { continue };
            if path != file {
                let of_file = findings.iter().filter(|one| self::path(one) == Some(path)).count();
                let number = count(of_file as u64, "finding", "findings");
                writeln!(out, "{}: {number}\n", self.bold(&clean(path)))?;
                file = path;
            }
            writeln!(out, "{}\n", shown(group, &renderer))?;
        }
        if self.code_left > 0 {
            let left = thousands(self.code_left);
            writeln!(out, "… and {left} more: --output brief lists all of them\n")?;
        }
        Ok(())
    }
}

fn path(finding: &Finding) -> Option<&str> {
    finding.location.as_ref().map(|location| location.path.as_str())
}

fn place(finding: &Finding) -> Option<(&str, u32, u32, &str)> {
    let Location { path, start_line, start_column, address, .. } = finding.location.as_ref()?;
    Some((path, *start_line, *start_column, address))
}

/// One place: what the first control says of it with its lines, what further ones say, and the repair.
fn shown(findings: &[Finding], renderer: &Renderer) -> String {
    let Some(first) = findings.first() else { return String::new() };
    let address = first.location.as_ref().map_or("", |location| location.address.as_str());
    let title = clean(&format!("{address} {}", first.reason)).into_owned();
    let title = level(first).primary_title(title).id(first.control.as_str());
    let mut group = Group::with_title(title);
    let excerpts = first.code.as_ref().map_or(&[][..], |code| &code.excerpts);
    for snippet in snippets(excerpts, first) {
        group = group.element(snippet);
    }
    for other in findings.iter().filter(|other| other.reason != first.reason) {
        let message = clean(&format!("{}: {}", other.control, other.reason)).into_owned();
        group = group.element(Level::NOTE.message(message));
    }
    if first.facts.get("ignored_attributes").is_some_and(|ignored| *ignored != "[]") {
        let ignored = "the code ignores changes of it (lifecycle.ignore_changes): applying a repair leaves what runs as it is";
        group = group.element(Level::NOTE.message(ignored));
    }
    if let Some(sound) = first.facts.get("sound_form").and_then(|sound| sound.as_str()) {
        let lines: Vec<_> = sound.lines().map(clean).collect();
        group = group.element(Level::HELP.message(format!("sound form:\n{}", lines.join("\n"))));
    }
    if let Some(repair) = findings.iter().find_map(repair) {
        group = group.element(Level::HELP.message(repair));
    }
    renderer.render(&[group])
}

fn level(finding: &Finding) -> Level<'static> {
    match finding.verdict {
        Verdict::Unknown => Level::WARNING.with_name("unknown"),
        _ => Level::ERROR.with_name("fail"),
    }
}

/// `Require tokens of the metadata service (in place): imdsure scan . --fix`.
fn repair(finding: &Finding) -> Option<String> {
    let fix = finding.fix.as_ref()?;
    let title = finding.code.as_ref().and_then(|code| code.fix_title.as_deref());
    let title = title.unwrap_or(&fix.name);
    Some(clean(&format!("{title} ({}): {}", fix.effect.as_str(), fix.command)).into_owned())
}

/// The lines, file by file. Between lines of one file that are not at hand there is a gap, which is shown as such.
fn snippets<'a>(excerpts: &[Excerpt], finding: &Finding) -> Vec<Snippet<'a, Annotation<'a>>> {
    let decided = excerpts.iter().any(|one| decides(one.part));
    let mut paths: Vec<&str> = excerpts.iter().map(|one| one.path.as_str()).collect();
    paths.dedup();
    // What decides comes first: that is the place to go to.
    let deciding = |path: &str| excerpts.iter().any(|one| one.path == path && decides(one.part));
    paths.sort_by_key(|path| !deciding(path));
    let snippet = |path: &str| {
        let lines: Vec<&Excerpt> = excerpts.iter().filter(|one| one.path == path).collect();
        let (first, last) = around(&lines);
        let (mut source, mut marks) = (String::new(), Vec::new());
        for number in first..=last {
            let of_line = || lines.iter().filter(|one| one.line == number);
            let Some(base) = of_line().find(|one| decides(one.part)).or_else(|| of_line().next())
            else {
                source.push('\n');
                continue;
            };
            let text = harmless(&base.text);
            // What is left out before it is blank: the column is that of the file, and blanks are folded.
            source.extend(std::iter::repeat_n(' ', base.skipped.min(FAR) as usize));
            // Of one long line two excerpts may show different parts.
            for one in of_line().filter(|one| one.skipped == base.skipped) {
                let start = byte(&text, one.start_column);
                let end = byte(&text, one.end_column).max(start);
                let span = source.len() + start..source.len() + end;
                marks.extend(mark(one.part, decided, finding).map(|(kind, label)| {
                    let mark = kind.span(span);
                    if label.is_empty() { mark } else { mark.label(label) }
                }));
            }
            source.push_str(&text);
            source.push('\n');
        }
        // A column that is further off would be told wrong.
        let known = lines.iter().all(|one| one.skipped <= FAR);
        Snippet::source(source)
            .line_start(first as usize)
            .path(known.then(|| clean(path).into_owned()))
            .annotations(marks)
    };
    paths.into_iter().map(snippet).collect()
}

/// The lines from the first to the last; from what decides alone where they are far apart.
fn around(lines: &[&Excerpt]) -> (u32, u32) {
    let numbers = || lines.iter().map(|one| one.line);
    let (first, last) = (numbers().min().unwrap_or(1), numbers().max().unwrap_or(1));
    if last - first <= FAR {
        return (first, last);
    }
    let deciding = lines.iter().find(|one| decides(one.part)).map_or(first, |one| one.line);
    (deciding, deciding)
}

const fn decides(part: Part) -> bool {
    matches!(part, Part::HttpTokens | Part::HopLimit | Part::Mistake)
}

/// How a part is marked, and what is said of it. Where something decides, the definition is only shown.
fn mark(part: Part, decided: bool, finding: &Finding) -> Option<(AnnotationKind, String)> {
    let fact = |name: &str| finding.facts.get(name).and_then(|value| value.as_str());
    match part {
        Part::Between => None,
        Part::Definition if decided => Some((AnnotationKind::Visible, String::new())),
        Part::Definition => {
            let launches = fact("declared").is_some();
            let label = if launches { "HttpTokens is not set" } else { "" };
            Some((AnnotationKind::Primary, label.to_owned()))
        }
        Part::HopLimit | Part::Mistake => Some((AnnotationKind::Primary, String::new())),
        Part::HttpTokens => {
            let label = match fact("declared") {
                Some("unresolved") => fact("http_tokens_reason").map(harmless).unwrap_or_default(),
                Some(declared) => format!("HttpTokens is {declared}"),
                None => String::new(),
            };
            Some((AnnotationKind::Primary, label))
        }
    }
}

/// The byte at which a column begins.
fn byte(text: &str, column: u32) -> usize {
    let index = column.saturating_sub(1) as usize;
    text.char_indices().nth(index).map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use imdsure_model::{Code, Severity};
    use proptest::prelude::*;

    use super::*;

    fn finding(excerpts: Vec<Excerpt>) -> Finding {
        Finding {
            control: "code-launches-imdsv2".to_owned(),
            aliases: Vec::new(),
            verdict: Verdict::Fail,
            severity: Severity::High,
            risk: None,
            resource: "a.tf:x".to_owned(),
            name: None,
            owner: None,
            account_id: None,
            account_name: None,
            organizational_unit: None,
            region: None,
            managed_by: None,
            reason: "launches with IMDSv1".to_owned(),
            facts: serde_json::Map::new(),
            location: Some(Location {
                path: "a.tf".to_owned(),
                start_line: 1,
                start_column: 1,
                end_line: 1,
                end_column: 2,
                address: "x".to_owned(),
            }),
            fix: None,
            waived: None,
            code: Some(Box::new(Code { excerpts, ..Code::default() })),
        }
    }

    fn excerpt() -> impl Strategy<Value = Excerpt> {
        let parts =
            [Part::Definition, Part::HttpTokens, Part::HopLimit, Part::Mistake, Part::Between];
        let lines = prop_oneof![0..20_u32, any::<u32>()];
        let columns = prop_oneof![0..20_u32, any::<u32>()];
        (".{0,20}", lines, columns.clone(), columns, 0..4_usize, "[ab]").prop_map(
            move |(text, line, start_column, end_column, part, path)| {
                let part = parts[part];
                Excerpt { path, line, text, skipped: end_column, start_column, end_column, part }
            },
        )
    }

    proptest! {
        #[test]
        fn no_excerpt_is_too_odd_to_be_shown(excerpts in prop::collection::vec(excerpt(), 0..4)) {
            let text = shown(&[finding(excerpts)], &Renderer::plain());
            prop_assert!(text.contains("launches with IMDSv1"));
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
        }
    }
}
