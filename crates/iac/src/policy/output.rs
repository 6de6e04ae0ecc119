//! JSON that is written part by part, with the place in the code that each part comes from.

use std::fmt::Write as _;

use imdsure_policy::Position;

use super::PolicyText;
use crate::source::Place;

/// What is written so far.
pub(super) struct Output {
    text: String,
    line: u32,
    column: u32,
    marks: Vec<(Position, Place)>,
}

impl Output {
    pub(super) const fn new() -> Self {
        Self { text: String::new(), line: 1, column: 1, marks: Vec::new() }
    }

    /// All of it, as the policy that stands at a place.
    pub(super) fn policy(self, place: Place) -> PolicyText {
        PolicyText { marks: self.marks, ..PolicyText::new(self.text, place) }
    }

    /// What comes next is written there.
    pub(super) fn mark(&mut self, place: Place) {
        let at = Position { line: self.line, column: self.column };
        self.marks.push((at, place));
    }

    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        for c in text.chars() {
            if c == '\n' {
                (self.line, self.column) = (self.line + 1, 1);
            } else {
                self.column += 1;
            }
        }
    }

    /// A string.
    pub(super) fn quoted(&mut self, text: &str) {
        let mut quoted = String::with_capacity(text.len() + 2);
        quoted.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => quoted.extend(['\\', c]),
                '\n' => quoted.push_str("\\n"),
                c if c.is_control() => {
                    // Writing to a string cannot fail.
                    let _ = write!(quoted, "\\u{:04x}", u32::from(c));
                }
                c => quoted.push(c),
            }
        }
        quoted.push('"');
        self.push(&quoted);
    }

    /// What stands before the member or item of that number.
    pub(super) fn next(&mut self, index: usize, level: usize) {
        self.push(if index > 0 { ",\n" } else { "\n" });
        self.push(&"  ".repeat(level));
    }

    pub(super) fn close(&mut self, empty: bool, level: usize, bracket: &str) {
        if !empty {
            self.push("\n");
            self.push(&"  ".repeat(level));
        }
        self.push(bracket);
    }
}
