//! Expansions within words: variables, arrays, what stands in `$(…)`, and the rest, which is stepped over.

use super::lexer::{Lexer, MAX_DEPTH, Piece, Quote, Word, is_name, printed};

impl Lexer<'_> {
    pub(super) fn expansion(&mut self, quote: Quote, pieces: &mut Vec<Piece>) {
        let begin = self.at;
        let after = self.rest().as_bytes().get(1).copied();
        if self.make && after == Some(b'$') {
            self.at += 1;
            return self.expansion_of_shell(begin, quote, pieces);
        }
        if self.make && after == Some(b'(') {
            let name: String = self.rest()[2..].chars().take_while(|c| is_name(*c)).collect();
            if !name.is_empty() && self.rest()[2 + name.len()..].starts_with(')') {
                self.at += name.len() + 3;
                let span = self.span(begin);
                pieces.push(Piece::Variable { name, default: None, span, quote });
                return;
            }
        }
        self.expansion_of_shell(begin, quote, pieces);
    }

    pub(super) fn expansion_of_shell(
        &mut self,
        begin: usize,
        quote: Quote,
        pieces: &mut Vec<Piece>,
    ) {
        self.at += 1;
        let rest = self.rest();
        match rest.bytes().next() {
            Some(b'(') if rest.starts_with("((") => {
                self.at += rest.find("))").map_or(rest.len(), |length| length + 2);
                pieces.push(Piece::Open { span: self.span(begin), printed: None });
            }
            Some(b'(') => {
                self.at += 1;
                let before = self.commands.len();
                self.nested(b')');
                let printed = match self.commands.get(before..) {
                    Some([only]) => printed(only),
                    _ => None,
                };
                pieces.push(Piece::Open { span: self.span(begin), printed });
            }
            Some(b'{') => {
                let piece = self.braces(begin, quote);
                pieces.push(piece);
            }
            Some(b'\'') if quote == Quote::None => {
                self.at += 1;
                let length = rest[1..].find('\'').unwrap_or(rest.len() - 1);
                self.at += length;
                self.at = (self.at + 1).min(self.text.len());
                pieces.push(Piece::Open { span: self.span(begin), printed: None });
            }
            Some(b'"') if quote == Quote::None => {}
            Some(_) => {
                let name: String = match rest.chars().next() {
                    Some(c @ ('@' | '*' | '#' | '?' | '!' | '-' | '0'..='9' | '$')) => c.into(),
                    _ => rest.chars().take_while(|c| is_name(*c)).collect(),
                };
                self.at += name.len();
                let span = self.span(begin);
                pieces.push(match name.as_str() {
                    "" => Piece::Text { text: "$".to_owned(), span, quote },
                    "@" | "*" => Piece::Array { name, span },
                    _ => Piece::Variable { name, default: None, span, quote },
                });
            }
            None => {
                pieces.push(Piece::Text { text: "$".to_owned(), span: self.span(begin), quote });
            }
        }
    }

    /// `${name}`, `${name:-default}`, `${name[@]}`; everything else is open.
    pub(super) fn braces(&mut self, begin: usize, quote: Quote) -> Piece {
        self.at += 1;
        let name: String = self.rest().chars().take_while(|c| is_name(*c)).collect();
        self.at += name.len();
        // `${name[@]+"${name[@]}"}` is the array as well, for shells that know no empty one.
        let array = ["[@]", "[*]"].iter().find(|mark| self.rest().starts_with(**mark));
        if let Some(mark) = array {
            self.at += mark.len();
            self.skip_braces();
            return Piece::Array { name, span: self.span(begin) };
        }
        let marks = [":-", ":=", "-", "="];
        let mark = marks.iter().find(|mark| self.rest().starts_with(**mark));
        match (self.peek(), mark) {
            (Some(b'}'), _) if !name.is_empty() => {
                self.at += 1;
                Piece::Variable { name, default: None, span: self.span(begin), quote }
            }
            (_, Some(mark)) if !name.is_empty() => {
                self.at += mark.len();
                let default = self.default(quote);
                let span = self.span(begin);
                Piece::Variable { name, default: Some(Box::new(default)), span, quote }
            }
            _ => {
                self.skip_braces();
                Piece::Open { span: self.span(begin), printed: None }
            }
        }
    }

    /// The word up to the closing brace, which is consumed.
    pub(super) fn default(&mut self, quote: Quote) -> Word {
        let begin = self.at;
        let mut pieces = Vec::new();
        if self.depth >= MAX_DEPTH {
            self.stop("TooDeep", "substitutions are nested too deep");
        }
        self.depth += 1;
        let mut end = self.at;
        while let Some(byte) = self.peek() {
            end = self.at;
            match byte {
                b'}' => {
                    self.at += 1;
                    break;
                }
                b'\'' if quote == Quote::None => self.single(&mut pieces),
                b'"' => self.double(&mut pieces),
                b'\\' if self.continued() => {}
                b'\\' => self.escape(quote, &mut pieces),
                b'$' => self.expansion(quote, &mut pieces),
                b'`' => self.backticks(&mut pieces),
                _ => {
                    let stop = |c: char| matches!(c, '}' | '"' | '\'' | '\\' | '$' | '`');
                    let length = self.rest().find(stop).unwrap_or(self.rest().len());
                    self.text_piece(length.max(1), quote, &mut pieces);
                }
            }
        }
        self.depth = self.depth.saturating_sub(1);
        Word { span: self.base + begin..self.base + end.max(begin), pieces }
    }

    /// Up to the brace that closes the one that is open.
    pub(super) fn skip_braces(&mut self) {
        let mut open = 1_usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'{' => open += 1,
                b'}' => open -= 1,
                b'\n' if open > 8 => break,
                _ => {}
            }
            if open == 0 {
                break;
            }
        }
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }
}
