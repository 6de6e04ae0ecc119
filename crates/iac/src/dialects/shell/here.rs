//! Here-documents: bodies that are stepped over, and kept where they are what a command prints.

use std::ops::Range;

use super::lexer::{Command, Here, Lexer, Piece, Quote, Word};

impl Lexer<'_> {
    /// The bodies of here-documents. That of the last command is kept: it may be what is printed.
    pub(super) fn skip_heredocs(&mut self) {
        for here in std::mem::take(&mut self.heredocs) {
            let begin = self.at;
            let mut end;
            loop {
                let line_begin = self.at;
                end = line_begin;
                if line_begin >= self.text.len() {
                    break;
                }
                self.skip_line();
                let line = self.text.get(line_begin..self.at).unwrap_or_default();
                self.at = (self.at + 1).min(self.text.len());
                let line = line.trim_end_matches('\r');
                let line = if here.dash { line.trim_start_matches('\t') } else { line };
                if line == here.delimiter {
                    break;
                }
            }
            let cat = |command: &Command| {
                let first = command.words.first().and_then(Word::text);
                first.is_some_and(|first| matches!(first.as_str(), "cat" | "tee"))
            };
            if self.commands.last().is_some_and(cat) {
                let body = self.body(begin..end, &here);
                if let Some(command) = self.commands.last_mut() {
                    command.here = Some(body);
                }
            }
        }
    }

    /// A here-document as a word.
    pub(super) fn body(&mut self, range: Range<usize>, here: &Here) -> Word {
        let text = self.text.get(range.clone()).unwrap_or_default();
        let mut pieces = Vec::new();
        let mut at = range.start;
        for line in text.split_inclusive('\n') {
            let tabs = if here.dash { line.len() - line.trim_start_matches('\t').len() } else { 0 };
            let begin = at + tabs;
            at += line.len();
            if here.literal {
                let (text, span) = (line[tabs..].to_owned(), self.base + begin..self.base + at);
                pieces.push(Piece::Text { text, span, quote: Quote::Here });
                continue;
            }
            let mut inner = Lexer {
                text: &line[tabs..],
                base: self.base + begin,
                make: false,
                at: 0,
                depth: self.depth + 1,
                words: self.words,
                blocks: 0,
                functions: 0,
                heredocs: Vec::new(),
                commands: Vec::new(),
                stopped: None,
            };
            inner.here(&mut pieces);
            self.stopped = self.stopped.or(inner.stopped);
        }
        Word { span: self.base + range.start..self.base + range.end, pieces }
    }

    /// Text in which only expansions and backslashes mean something.
    pub(super) fn here(&mut self, pieces: &mut Vec<Piece>) {
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' if self.continued() => {}
                b'\\' => self.escape(Quote::Here, pieces),
                b'$' => self.expansion(Quote::Here, pieces),
                b'`' => self.backticks(pieces),
                _ => {
                    let stop = |c: char| matches!(c, '\\' | '$' | '`');
                    let length = self.rest().find(stop).unwrap_or(self.rest().len());
                    self.text_piece(length.max(1), Quote::Here, pieces);
                }
            }
        }
    }
}
