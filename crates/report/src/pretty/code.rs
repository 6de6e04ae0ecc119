//! Findings on code: the lines that show each, the marked part underlined, and its repair. By file, and what
//! several controls say of one place together.

use std::io;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use imdsure_model::{Excerpt, Finding, Location, Part, Verdict};

use super::Pretty;
use crate::text::{clean, count, harmless, thousands};

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
        let first = lines.iter().map(|one| one.line).min().unwrap_or(1);
        let last = lines.iter().map(|one| one.line).max().unwrap_or(1);
        let (mut source, mut marks) = (String::new(), Vec::new());
        for number in first..=last {
            let mut of_line = lines.iter().filter(|one| one.line == number).peekable();
            let text = of_line.peek().map(|one| harmless(&one.text)).unwrap_or_default();
            for one in of_line {
                let span = source.len() + byte(&text, one.start_column)
                    ..source.len() + byte(&text, one.end_column);
                marks.extend(mark(one.part, decided, finding).map(|(kind, label)| {
                    let mark = kind.span(span);
                    if label.is_empty() { mark } else { mark.label(label) }
                }));
            }
            source.push_str(&text);
            source.push('\n');
        }
        Snippet::source(source)
            .line_start(first as usize)
            .path(clean(path).into_owned())
            .annotations(marks)
    };
    paths.into_iter().map(snippet).collect()
}

const fn decides(part: Part) -> bool {
    matches!(part, Part::HttpTokens | Part::HopLimit)
}

/// How a part is marked, and what is said of it. Where something decides, the definition is only shown.
fn mark(part: Part, decided: bool, finding: &Finding) -> Option<(AnnotationKind, String)> {
    let fact = |name: &str| finding.facts.get(name).and_then(|value| value.as_str());
    match part {
        Part::Between => None,
        Part::Definition if decided => Some((AnnotationKind::Visible, String::new())),
        Part::Definition => Some((AnnotationKind::Primary, "HttpTokens is not set".to_owned())),
        Part::HopLimit => Some((AnnotationKind::Primary, String::new())),
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
