//! The lines of code that show a row.

use std::{collections::HashMap, path::Path, sync::Arc};

use imdsure_iac::{
    source::{Place, Source},
    spec::LaunchSpec,
};
use imdsure_model::{Excerpt, Part};

use super::record::shown as name;

/// Characters of a line that an excerpt shows.
const SHOWN: usize = 200;
/// Files held at once to take excerpts from.
const HELD: usize = 32;

/// The lines that show a row: where its definition begins, and what decides.
pub(super) fn excerpts(spec: &LaunchSpec, texts: &mut Texts) -> Vec<Excerpt> {
    let options = &spec.options;
    let places = [
        (Part::Definition, Some(&spec.place)),
        (Part::HttpTokens, options.http_tokens.place()),
        (Part::HopLimit, options.hop_limit.place()),
    ];
    let places = places.into_iter().filter_map(|(part, place)| Some((part, place?)));
    let mut lines: Vec<Excerpt> = Vec::new();
    for (part, place) in places {
        let Some(source) = texts.of(&place.path) else { continue };
        let near = place.start.line == spec.place.start.line + 2 && place.path == spec.place.path;
        if near && !lines.iter().any(|line| line.part == Part::Between) {
            lines.extend(line_after(&spec.place, source));
        }
        lines.extend(excerpt(part, place, source));
    }
    lines
}

/// The line after a place's first one.
fn line_after(place: &Place, source: &Source) -> Option<Excerpt> {
    let next = source.line_at(place.bytes.start).end;
    let next = next + source.slice(next..source.text().len()).find('\n')? + 1;
    let line = source.place(source.line_at(next));
    excerpt(Part::Between, &line, source)
}

/// The line of a place's begin, with the place marked as far as it is on that line.
pub(super) fn excerpt(part: Part, place: &Place, source: &Source) -> Option<Excerpt> {
    let line = source.line_at(place.bytes.start);
    let text = source.slice(line.clone());
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = place.start.column as usize;
    let last = if place.end.line == place.start.line {
        place.end.column as usize
    } else {
        text.trim_end().chars().count() + 1
    };
    // Of a long line (a template without line breaks) what stands around the place.
    let skipped = if text.chars().count() > SHOWN { first.saturating_sub(SHOWN / 4) } else { 0 };
    let shown: String = text.chars().skip(skipped).take(SHOWN).collect();
    let end = shown.chars().count() + 1;
    let column = |column: usize| u32::try_from(column.saturating_sub(skipped).clamp(1, end)).ok();
    Some(Excerpt {
        path: name(&place.path),
        line: place.start.line,
        text: shown,
        skipped: u32::try_from(skipped).ok()?,
        start_column: column(first)?,
        end_column: column(last)?,
        part,
    })
}

/// Files that rows point into; few at a time, since rows come file by file.
#[derive(Default)]
pub(super) struct Texts {
    held: HashMap<Arc<Path>, Option<Source>>,
}

impl Texts {
    pub(super) fn of(&mut self, path: &Arc<Path>) -> Option<&Source> {
        if !self.held.contains_key(path) {
            if self.held.len() >= HELD {
                self.held.clear();
            }
            self.held.insert(Arc::clone(path), Source::read(path).ok());
        }
        self.held.get(path)?.as_ref()
    }
}
