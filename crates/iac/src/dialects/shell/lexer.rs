//! Shell text into commands and words, each with its bytes. It knows quotes, continued lines, expansions,
//! here-documents and what stands in `$(…)`: as much as it takes to find the words of a call. What it does
//! not know it steps over; it never fails.

use std::ops::Range;

/// Deeper nesting of substitutions ends the reading.
const MAX_DEPTH: usize = 60;
/// More words are not kept.
const MAX_WORDS: usize = 200_000;

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A text; its bytes are as long as the text where it is written as it is.
    Text { text: String, span: Range<usize>, quote: Quote },
    /// A variable, and what stands for it where it is not set.
    Variable { name: String, default: Option<Box<Word>>, span: Range<usize>, quote: Quote },
    /// `"${name[@]}"`
    Array { name: String, span: Range<usize> },
    /// The output of a command, arithmetic, and other expansions; what is printed, where that is all.
    Open { span: Range<usize>, printed: Option<Printed> },
}

/// What a substitution prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Printed {
    /// The file of that name.
    File(Box<Word>),
    /// This text.
    Here(Box<Word>),
}

/// The quotes that a piece stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    None,
    Single,
    Double,
    /// A here-document: quotes in it are part of it.
    Here,
}

/// A word.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Word {
    pub(super) span: Range<usize>,
    pub(super) pieces: Vec<Piece>,
}

impl Word {
    /// Its text, where it is nothing but text.
    pub(super) fn text(&self) -> Option<String> {
        let texts = self.pieces.iter().map(|piece| match piece {
            Piece::Text { text, .. } => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// The part behind a prefix of its text: `optional` of `--http-tokens=optional`.
    pub(super) fn after(&self, prefix: &str) -> Option<Self> {
        let Some(Piece::Text { text, span, quote }) = self.pieces.first() else { return None };
        let rest = text.strip_prefix(prefix)?;
        let span = if text.len() == span.len() {
            span.start + prefix.len()..span.end
        } else {
            span.clone()
        };
        let mut pieces = Vec::with_capacity(self.pieces.len());
        if !rest.is_empty() {
            pieces.push(Piece::Text { text: rest.to_owned(), span: span.clone(), quote: *quote });
        }
        pieces.extend(self.pieces.iter().skip(1).cloned());
        Some(Self { span: span.start..self.span.end, pieces })
    }
}

/// A command: its words, and in how many conditions or loops it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) words: Vec<Word>,
    /// The words in brackets behind `name=`, by the index of that word.
    pub(super) arrays: Vec<(usize, Vec<Word>)>,
    /// The here-document that it reads.
    pub(super) here: Option<Word>,
    /// The file that its output goes to.
    pub(super) output: Option<Word>,
    /// Whether it may run any number of times: in a condition or loop.
    pub(super) is_open: bool,
    /// Whether it is in a function.
    pub(super) in_function: bool,
}

/// All commands of a text, those within substitutions too, in the order in which they end.
pub(super) fn commands(text: &str, base: usize, make: bool) -> Vec<Command> {
    let mut lexer = Lexer {
        text,
        base,
        make,
        at: 0,
        depth: 0,
        words: 0,
        blocks: 0,
        functions: 0,
        heredocs: Vec::new(),
        commands: Vec::new(),
    };
    lexer.list(None);
    lexer.commands
}

/// A here-document that is announced.
struct Here {
    delimiter: String,
    /// Whether tabs at the beginning of lines do not count.
    dash: bool,
    /// Whether nothing in it is expanded.
    literal: bool,
}

struct Lexer<'a> {
    text: &'a str,
    /// The offset of the text in the file.
    base: usize,
    /// Whether it is a makefile.
    make: bool,
    at: usize,
    depth: usize,
    words: usize,
    blocks: usize,
    functions: usize,
    /// Here-documents that begin on the next line.
    heredocs: Vec<Here>,
    commands: Vec<Command>,
}

impl<'a> Lexer<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn span(&self, begin: usize) -> Range<usize> {
        self.base + begin..self.base + self.at
    }

    /// Commands up to a terminator, which is consumed.
    fn list(&mut self, end: Option<u8>) {
        let mut command = Self::empty();
        while let Some(byte) = self.peek() {
            if self.words > MAX_WORDS {
                self.at = self.text.len();
                break;
            }
            match byte {
                _ if Some(byte) == end => {
                    self.at += 1;
                    break;
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\\' if self.continued() => {}
                b'\n' => {
                    self.at += 1;
                    self.flush(&mut command);
                    self.skip_heredocs();
                }
                b'#' => self.skip_line(),
                b'&' if self.rest().starts_with("&>") => self.redirection(&mut command),
                b';' | b'&' | b'|' => {
                    self.at += 1;
                    self.flush(&mut command);
                }
                b'<' | b'>' => self.redirection(&mut command),
                b'(' => {
                    self.at += 1;
                    self.bracket(&mut command);
                }
                b')' => {
                    // The end of a pattern of `case`.
                    self.at += 1;
                    self.flush(&mut command);
                }
                _ => {
                    let word = self.word(end);
                    self.words += 1;
                    command.words.push(word);
                }
            }
        }
        self.flush(&mut command);
    }

    const fn empty() -> Command {
        Command {
            words: Vec::new(),
            arrays: Vec::new(),
            here: None,
            output: None,
            is_open: false,
            in_function: false,
        }
    }

    /// An array behind `name=`, the brackets of a function, or a subshell.
    fn bracket(&mut self, command: &mut Command) {
        let glued = command.words.last().is_some_and(|word| {
            word.span.end == self.base + self.at - 1
                && word.text().is_some_and(|text| text.ends_with('='))
        });
        if glued {
            let index = command.words.len() - 1;
            let words = self.array();
            command.arrays.push((index, words));
            return;
        }
        self.flush(command);
        self.nested(b')');
    }

    fn array(&mut self) -> Vec<Word> {
        let mut words = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                b')' => {
                    self.at += 1;
                    break;
                }
                b'\\' if self.continued() => {}
                b' ' | b'\t' | b'\r' | b'\n' | b'(' | b';' | b'&' | b'|' | b'<' | b'>' => {
                    self.at += 1;
                }
                b'#' => self.skip_line(),
                _ if words.len() > MAX_WORDS => self.at = self.text.len(),
                _ => words.push(self.word(None)),
            }
        }
        self.words += words.len();
        words
    }

    /// Ends a command, and keeps track of the blocks that its first word opens or closes.
    fn flush(&mut self, command: &mut Command) {
        let mut done = std::mem::replace(command, Self::empty());
        let mut skipped = 0;
        while let Some(first) = done.words.get(skipped).and_then(Word::text) {
            match first.as_str() {
                "if" | "while" | "until" => self.blocks += 1,
                "fi" | "done" | "esac" => self.blocks = self.blocks.saturating_sub(1),
                "{" => self.functions += 1,
                "}" => self.functions = self.functions.saturating_sub(1),
                "function" if done.words.last().and_then(Word::text).as_deref() == Some("{") => {
                    self.functions += 1;
                    break;
                }
                "then" | "else" | "do" | "elif" | "!" | "time" => {}
                "for" | "case" | "select" => {
                    self.blocks += 1;
                    break;
                }
                _ => break,
            }
            skipped += 1;
        }
        done.words.drain(..skipped);
        for (index, _) in &mut done.arrays {
            *index = index.saturating_sub(skipped);
        }
        if done.words.is_empty() {
            return;
        }
        done.is_open = self.blocks > 0;
        done.in_function = self.functions > 0;
        self.commands.push(done);
    }

    /// Commands within a substitution or subshell.
    fn nested(&mut self, end: u8) {
        if self.depth >= MAX_DEPTH {
            self.at = self.text.len();
            return;
        }
        self.depth += 1;
        let heredocs = std::mem::take(&mut self.heredocs);
        self.list(Some(end));
        self.heredocs = heredocs;
        self.depth -= 1;
    }

    /// A backslash at the end of a line.
    fn continued(&mut self) -> bool {
        for mark in ["\\\n", "\\\r\n"] {
            if self.rest().starts_with(mark) {
                self.at += mark.len();
                return true;
            }
        }
        false
    }

    fn skip_line(&mut self) {
        self.at = memchr::memchr(b'\n', self.rest().as_bytes())
            .map_or(self.text.len(), |length| self.at + length);
    }

    fn redirection(&mut self, command: &mut Command) {
        let begin = self.at;
        while matches!(self.peek(), Some(b'<' | b'>' | b'&')) {
            self.at += 1;
        }
        let operator = self.text.get(begin..self.at).unwrap_or_default().to_owned();
        if self.peek() == Some(b'(') {
            self.at += 1;
            self.nested(b')');
            return;
        }
        let dash = operator == "<<" && self.peek() == Some(b'-');
        if dash || self.peek() == Some(b'|') {
            self.at += 1;
        }
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        if matches!(self.peek(), None | Some(b'\n' | b'\r' | b';' | b'&' | b'|' | b')' | b'(')) {
            return;
        }
        let word = self.word(None);
        match operator.as_str() {
            "<<" => {
                let quoted = |piece: &Piece| {
                    !matches!(piece, Piece::Text { quote: Quote::None, span, text }
                        if span.len() == text.len())
                };
                let literal = word.pieces.iter().any(quoted);
                let delimiter = word.text().unwrap_or_default();
                self.heredocs.push(Here { delimiter, dash, literal });
            }
            ">" => command.output = Some(word),
            _ => {}
        }
    }

    /// The bodies of here-documents. That of the last command is kept: it may be what is printed.
    fn skip_heredocs(&mut self) {
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
    fn body(&self, range: Range<usize>, here: &Here) -> Word {
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
            };
            inner.here(&mut pieces);
        }
        Word { span: self.base + range.start..self.base + range.end, pieces }
    }

    /// Text in which only expansions and backslashes mean something.
    fn here(&mut self, pieces: &mut Vec<Piece>) {
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

    fn word(&mut self, end: Option<u8>) -> Word {
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

    fn plain(&mut self, end: Option<u8>, pieces: &mut Vec<Piece>) {
        let stops = |byte: &u8| Some(*byte) == end || b" \t\n\r;&|()<>'\"\\$`".contains(byte);
        let length = self.rest().bytes().position(|byte| stops(&byte)).unwrap_or(self.rest().len());
        self.text_piece(length.max(1), Quote::None, pieces);
    }

    /// As many bytes as they are written.
    fn text_piece(&mut self, length: usize, quote: Quote, pieces: &mut Vec<Piece>) {
        let begin = self.at;
        self.at = (self.at + length).min(self.text.len());
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
        let text = self.text.get(begin..self.at).unwrap_or_default().to_owned();
        pieces.push(Piece::Text { text, span: self.span(begin), quote });
    }

    fn single(&mut self, pieces: &mut Vec<Piece>) {
        self.at += 1;
        let length = self.rest().find('\'').unwrap_or(self.rest().len());
        let begin = self.at;
        self.at += length;
        let text = self.text.get(begin..self.at).unwrap_or_default().to_owned();
        pieces.push(Piece::Text { text, span: self.span(begin), quote: Quote::Single });
        self.at = (self.at + 1).min(self.text.len());
    }

    fn double(&mut self, pieces: &mut Vec<Piece>) {
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

    fn escape(&mut self, quote: Quote, pieces: &mut Vec<Piece>) {
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

    fn backticks(&mut self, pieces: &mut Vec<Piece>) {
        let begin = self.at;
        self.at += 1;
        self.nested(b'`');
        pieces.push(Piece::Open { span: self.span(begin), printed: None });
    }

    fn expansion(&mut self, quote: Quote, pieces: &mut Vec<Piece>) {
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

    fn expansion_of_shell(&mut self, begin: usize, quote: Quote, pieces: &mut Vec<Piece>) {
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
    fn braces(&mut self, begin: usize, quote: Quote) -> Piece {
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
    fn default(&mut self, quote: Quote) -> Word {
        let begin = self.at;
        let mut pieces = Vec::new();
        if self.depth >= MAX_DEPTH {
            self.at = self.text.len();
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
    fn skip_braces(&mut self) {
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

/// What `cat FILE` or `cat` with a here-document prints.
fn printed(command: &Command) -> Option<Printed> {
    match (command.words.as_slice(), &command.here, &command.output) {
        ([cat, file], None, None) if cat.text().as_deref() == Some("cat") => {
            Some(Printed::File(Box::new(file.clone())))
        }
        ([cat], Some(body), None) if cat.text().as_deref() == Some("cat") => {
            Some(Printed::Here(Box::new(body.clone())))
        }
        _ => None,
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
