//! A text whose lines are those of a file: a heredoc, a file that code reads, a template of one line each.

use std::sync::Arc;

use imdsure_policy::Position;

use crate::{
    hcl::value::Origin,
    source::{self, Place, Source},
};

/// Where the lines of a text stand.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    source: Arc<Source>,
    /// The line of the file at which the text begins.
    first: u32,
}

impl Lines {
    /// Those of a text that was decided at a place; none where the place has not as many.
    pub(super) fn of(text: &str, origin: &Origin) -> Option<Self> {
        let source = &origin.source;
        let place = origin.place();
        let heredoc = source.slice(place.bytes.clone()).starts_with("<<");
        let first = place.start.line + u32::from(heredoc);
        let begin = if heredoc { source.offset(begin(first)) } else { place.bytes.start };
        let there = source.slice(begin..place.bytes.end).trim_end().lines().count();
        // The last line of a heredoc is its end mark.
        let there = there.saturating_sub(usize::from(heredoc));
        (text.trim_end().lines().count() == there)
            .then(|| Self { source: Arc::clone(source), first })
    }

    /// Where a position of the text is in the file: as narrow as the line allows, in which something may have
    /// been put in or indentation taken away.
    pub(super) fn place(&self, text: &str, at: Position) -> Option<Place> {
        let here = text.lines().nth(at.line.checked_sub(1)? as usize)?;
        let line = self.first + (at.line - 1);
        let range = self.source.line_at(self.source.offset(begin(line)));
        let there = self.source.slice(range.clone());
        if let Some((before, _)) = there.split_once(here).filter(|_| !here.is_empty()) {
            let column = at.column + u32::try_from(before.chars().count()).ok()?;
            let from = self.source.offset(source::Position { line, column });
            return Some(self.source.place(from..from + length(&self.source, from)));
        }
        let indent = there.len() - there.trim_start().len();
        Some(self.source.place(range.start + indent..range.start + there.trim_end().len()))
    }
}

/// The bytes of what begins at an offset: a string to its end, of all else one character.
pub(super) fn length(source: &Source, offset: usize) -> usize {
    let line = source.slice(offset..source.line_at(offset).end);
    let mut escaped = false;
    let end = line.strip_prefix('"').and_then(|rest| {
        rest.find(|c| {
            let end = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            end
        })
    });
    let first = line.chars().next().map_or(0, char::len_utf8);
    end.map_or(first, |end| end + 2)
}

const fn begin(line: u32) -> source::Position {
    source::Position { line, column: 1 }
}
