//! Words: quotes and escapes.

use super::lexer::{Lexer, Piece, Quote, Word};

impl Lexer<'_> {
    pub(super) fn word(&mut self, end: Option<u8>) -> Word {
        let begin = self.at;
        let mut pieces = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                _ if Some(byte) == end => break,
                b' ' | b'\t' | b'\n' | b'\r' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' => {
                    break;
                }
                b'\'' => self.single(&mut pieces),
                b'"' => self.double(&mut pieces),
                b'\\' if self.continued() => {}
                b'\\' => self.escape(Quote::None, &mut pieces),
                b'$' => self.expansion(Quote::None, &mut pieces),
                b'`' => self.backticks(&mut pieces),
                _ => self.plain(end, &mut pieces),
            }
        }
        if self.at == begin {
            // Never stand still.
            self.at += self.rest().chars().next().map_or(1, char::len_utf8);
        }
        Word { span: self.span(begin), pieces }
    }

    pub(super) fn plain(&mut self, end: Option<u8>, pieces: &mut Vec<Piece>) {
        let stops = |byte: &u8| Some(*byte) == end || b" \t\n\r;&|()<>'\"\\$`".contains(byte);
        let length = self.rest().bytes().position(|byte| stops(&byte)).unwrap_or(self.rest().len());
        self.text_piece(length.max(1), Quote::None, pieces);
    }

    /// As many bytes as they are written.
    pub(super) fn text_piece(&mut self, length: usize, quote: Quote, pieces: &mut Vec<Piece>) {
        let begin = self.at;
        self.at = (self.at + length).min(self.text.len());
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
        let text = self.text.get(begin..self.at).unwrap_or_default().to_owned();
        pieces.push(Piece::Text { text, span: self.span(begin), quote });
    }

    pub(super) fn single(&mut self, pieces: &mut Vec<Piece>) {
        self.at += 1;
        let length = self.rest().find('\'').unwrap_or(self.rest().len());
        let begin = self.at;
        self.at += length;
        let text = self.text.get(begin..self.at).unwrap_or_default().to_owned();
        pieces.push(Piece::Text { text, span: self.span(begin), quote: Quote::Single });
        self.at = (self.at + 1).min(self.text.len());
    }

    pub(super) fn double(&mut self, pieces: &mut Vec<Piece>) {
        self.at += 1;
        let first = pieces.len();
        loop {
            match self.peek() {
                None => break,
                Some(b'"') => {
                    self.at += 1;
                    break;
                }
                Some(b'\\') if self.continued() => {}
                Some(b'\\') => self.escape(Quote::Double, pieces),
                Some(b'$') => self.expansion(Quote::Double, pieces),
                Some(b'`') => self.backticks(pieces),
                Some(_) => {
                    let stop = |c: char| matches!(c, '"' | '\\' | '$' | '`');
                    let length = self.rest().find(stop).unwrap_or(self.rest().len());
                    self.text_piece(length.max(1), Quote::Double, pieces);
                }
            }
        }
        if pieces.len() == first {
            let (text, span) = (String::new(), self.base + self.at..self.base + self.at);
            pieces.push(Piece::Text { text, span, quote: Quote::Double });
        }
    }

    pub(super) fn escape(&mut self, quote: Quote, pieces: &mut Vec<Piece>) {
        let begin = self.at;
        self.at += 1;
        let Some(next) = self.rest().chars().next() else {
            pieces.push(Piece::Text { text: "\\".to_owned(), span: self.span(begin), quote });
            return;
        };
        self.at += next.len_utf8();
        let kept = match quote {
            Quote::Double => !matches!(next, '"' | '\\' | '$' | '`'),
            Quote::Here => !matches!(next, '\\' | '$' | '`'),
            Quote::None | Quote::Single => false,
        };
        let text = if kept { format!("\\{next}") } else { next.to_string() };
        pieces.push(Piece::Text { text, span: self.span(begin), quote });
    }

    pub(super) fn backticks(&mut self, pieces: &mut Vec<Piece>) {
        let begin = self.at;
        self.at += 1;
        self.nested(b'`');
        pieces.push(Piece::Open { span: self.span(begin), printed: None });
    }
}
