//! Shell text into commands and words, each with its bytes. It knows quotes, continued lines, expansions,
//! here-documents and what stands in `$(…)`: as much as it takes to find the words of a call. What it does
//! not know it steps over; it never fails.

use std::ops::Range;

/// Deeper nesting of substitutions ends the reading.
pub(super) const MAX_DEPTH: usize = 60;
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

/// Why the rest of a text was not read, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stop {
    pub(super) offset: usize,
    pub(super) code: &'static str,
    pub(super) message: &'static str,
}

/// All commands of a text, those within substitutions too, in the order in which they end; and why it was
/// not read to its end.
pub(super) fn commands(text: &str, base: usize, make: bool) -> (Vec<Command>, Option<Stop>) {
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
        stopped: None,
    };
    lexer.list(None);
    (lexer.commands, lexer.stopped)
}

/// A here-document that is announced.
pub(super) struct Here {
    pub(super) delimiter: String,
    /// Whether tabs at the beginning of lines do not count.
    pub(super) dash: bool,
    /// Whether nothing in it is expanded.
    pub(super) literal: bool,
}

pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    /// The offset of the text in the file.
    pub(super) base: usize,
    /// Whether it is a makefile.
    pub(super) make: bool,
    pub(super) at: usize,
    pub(super) depth: usize,
    pub(super) words: usize,
    pub(super) blocks: usize,
    pub(super) functions: usize,
    /// Here-documents that begin on the next line.
    pub(super) heredocs: Vec<Here>,
    pub(super) commands: Vec<Command>,
    pub(super) stopped: Option<Stop>,
}

impl<'a> Lexer<'a> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn span(&self, begin: usize) -> Range<usize> {
        self.base + begin..self.base + self.at
    }

    /// Goes to the end, and remembers why.
    pub(super) fn stop(&mut self, code: &'static str, message: &'static str) {
        let offset = self.base + self.at;
        self.stopped.get_or_insert(Stop { offset, code, message });
        self.at = self.text.len();
    }

    /// Commands up to a terminator, which is consumed.
    pub(super) fn list(&mut self, end: Option<u8>) {
        let mut command = Self::empty();
        while let Some(byte) = self.peek() {
            if self.words > MAX_WORDS {
                self.stop("TooManyNodes", "too many words");
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
    pub(super) fn bracket(&mut self, command: &mut Command) {
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

    pub(super) fn array(&mut self) -> Vec<Word> {
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
                _ if words.len() > MAX_WORDS => self.stop("TooManyNodes", "too many words"),
                _ => words.push(self.word(None)),
            }
        }
        self.words += words.len();
        words
    }

    /// Ends a command, and keeps track of the blocks that its first word opens or closes.
    pub(super) fn flush(&mut self, command: &mut Command) {
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
    pub(super) fn nested(&mut self, end: u8) {
        if self.depth >= MAX_DEPTH {
            return self.stop("TooDeep", "substitutions are nested too deep");
        }
        self.depth += 1;
        let heredocs = std::mem::take(&mut self.heredocs);
        self.list(Some(end));
        self.heredocs = heredocs;
        self.depth -= 1;
    }

    /// A backslash at the end of a line.
    pub(super) fn continued(&mut self) -> bool {
        for mark in ["\\\n", "\\\r\n"] {
            if self.rest().starts_with(mark) {
                self.at += mark.len();
                return true;
            }
        }
        false
    }

    pub(super) fn skip_line(&mut self) {
        self.at = memchr::memchr(b'\n', self.rest().as_bytes())
            .map_or(self.text.len(), |length| self.at + length);
    }

    pub(super) fn redirection(&mut self, command: &mut Command) {
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
}

/// What `cat FILE` or `cat` with a here-document prints.
pub(super) fn printed(command: &Command) -> Option<Printed> {
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

pub(super) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
