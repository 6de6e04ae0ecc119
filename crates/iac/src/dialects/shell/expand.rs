//! What words come to: variables that the file sets once are filled in, and every byte of the result knows
//! where it was written.

use std::{cell::Cell, collections::HashMap, ops::Range};

use super::lexer::{Command, Piece, Printed, Quote, Word};
use crate::source::Source;

/// Stands for what is not known. No text of a script has it.
pub(super) const OPEN: char = '\u{f8ff}';
/// Deeper references are not followed.
const MAX_DEPTH: usize = 16;
/// Longer texts are not put together.
const MAX_TEXT: usize = 256 * 1024;
/// Steps of the expansion of one command.
const STEPS: u32 = 2_000;
/// Steps of all of a file's commands.
const ALL_STEPS: u32 = 400_000;

/// A text, put together from parts.
#[derive(Debug, Clone, Default)]
pub(super) struct Expanded {
    pub(super) text: String,
    parts: Vec<Part>,
    /// The whole word, as it stands in the call.
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone)]
struct Part {
    /// In the text.
    begin: usize,
    end: usize,
    /// In the file.
    span: Range<usize>,
    quote: Quote,
    /// Whether it is written as it is.
    verbatim: bool,
    /// Why it is not known.
    reason: Option<String>,
}

impl Expanded {
    /// The bytes of the file in which a part of the text is written as it is, and the quotes around it.
    pub(super) fn written(&self, range: &Range<usize>) -> Option<(Range<usize>, Quote)> {
        let part = self.parts.iter().find(|part| {
            part.verbatim
                && part.begin <= range.start
                && range.end <= part.end
                && part.end > part.begin
        })?;
        let begin = part.span.start + (range.start - part.begin);
        Some((begin..begin + range.len(), part.quote))
    }

    /// Where a part of the text was written, as narrow as that is known.
    pub(super) fn place(&self, range: &Range<usize>) -> Range<usize> {
        let whole = || {
            let within = |part: &&Part| part.begin <= range.start && range.end <= part.end;
            let part = self.parts.iter().filter(|part| part.end > part.begin).find(within);
            part.map_or_else(|| self.span.clone(), |part| part.span.clone())
        };
        self.written(range).map_or_else(whole, |(span, _)| span)
    }

    /// Why a part of the text is not known; none where it is.
    pub(super) fn reason(&self, range: &Range<usize>) -> Option<&str> {
        let within = |part: &&Part| part.begin < range.end && range.start < part.end;
        self.parts.iter().filter(within).find_map(|part| part.reason.as_deref())
    }

    /// Whether all of it is known.
    pub(super) fn is_known(&self) -> bool {
        self.parts.iter().all(|part| part.reason.is_none())
    }

    fn push(&mut self, text: &str, span: Range<usize>, quote: Quote, reason: Option<String>) {
        let begin = self.text.len();
        self.text.push_str(text);
        let verbatim = reason.is_none() && span.len() == text.len();
        self.parts.push(Part { begin, end: self.text.len(), span, quote, verbatim, reason });
    }

    /// The words that it is split into where it stands without quotes.
    fn split(&self) -> Vec<Self> {
        let mut words = Vec::new();
        let mut begin = None;
        let ends = self.text.char_indices().chain([(self.text.len(), ' ')]);
        for (at, c) in ends {
            match (c.is_ascii_whitespace(), begin) {
                (true, Some(first)) => {
                    words.push(self.cut(first..at));
                    begin = None;
                }
                (false, None) => begin = Some(at),
                _ => {}
            }
        }
        words
    }

    /// A part of it as a text of its own.
    pub(super) fn cut(&self, range: Range<usize>) -> Self {
        let mut cut = Self { span: self.span.clone(), ..Self::default() };
        for part in &self.parts {
            let (begin, end) = (part.begin.max(range.start), part.end.min(range.end));
            let Some(text) = self.text.get(begin..end).filter(|_| begin < end) else { continue };
            let span = if part.verbatim {
                part.span.start + (begin - part.begin)..part.span.start + (end - part.begin)
            } else {
                part.span.clone()
            };
            cut.push(text, span, part.quote, part.reason.clone());
        }
        cut
    }
}

/// A word of a call: a text, or arguments that are not known.
#[derive(Debug, Clone)]
pub(super) enum Argument {
    Text(Expanded),
    /// `"$@"`: any number of words. What stands there.
    Any(Range<usize>),
}

/// What a variable was set to.
enum Value<'a> {
    Word(Word),
    Array(Vec<&'a Word>),
    /// Not by one plain assignment: why.
    Open(String),
}

/// The variables of a file.
pub(super) struct Variables<'a> {
    values: HashMap<String, Value<'a>>,
    /// Here-documents that the script writes to files, by name.
    files: HashMap<String, &'a Word>,
    steps: Cell<u32>,
    left: Cell<u32>,
}

impl<'a> Variables<'a> {
    /// Those that commands set.
    pub(super) fn of(commands: &'a [Command], make: bool) -> Self {
        let (steps, left) = (Cell::new(0), Cell::new(ALL_STEPS));
        let (values, files) = (HashMap::new(), HashMap::new());
        let mut variables = Self { values, files, steps, left };
        for command in commands {
            variables.command(command, make);
        }
        variables
    }

    fn command(&mut self, command: &'a Command, make: bool) {
        let first = command.words.first().and_then(Word::text).unwrap_or_default();
        if let (Some(body), Some(file)) = (&command.here, file_of(command)) {
            self.files.insert(file, body);
        }
        match (first.as_str(), command.words.get(1)) {
            ("for" | "select" | "read" | "getopts" | "mapfile" | "readarray", _) => {
                let words = command.words.iter().skip(1).filter_map(Word::text);
                for name in words.take_while(|word| word != "in").filter(|name| is_name(name)) {
                    let reason = format!("{name} gets its value while the script runs");
                    self.values.insert(name, Value::Open(reason));
                }
                return;
            }
            (name, Some(sign)) if make && is_name(name) => {
                let sign = sign.text().unwrap_or_default();
                if matches!(sign.as_str(), "=" | ":=" | "?=" | "::=") {
                    let word = match command.words.get(2..) {
                        Some([one]) => Some(one.clone()),
                        _ => None,
                    };
                    self.set(name, word, command.is_open);
                    return;
                }
            }
            _ => {}
        }
        let declares = ["export", "local", "readonly", "declare", "typeset"];
        let begin = usize::from(declares.contains(&first.as_str()));
        for (index, word) in command.words.iter().enumerate().skip(begin) {
            let text = match word.pieces.first() {
                Some(Piece::Text { text, quote: Quote::None, .. }) => text.as_str(),
                _ => break,
            };
            if begin == 1 && text.starts_with('-') {
                continue;
            }
            let Some((name, _)) = text.split_once('=') else { break };
            let added = name.strip_suffix('+');
            let name = added.unwrap_or(name);
            if !is_name(name) {
                break;
            }
            // `NAME=value command` sets it for that command alone: near enough.
            let array = command.arrays.iter().find(|(at, _)| *at == index);
            match (array, added) {
                (Some((_, words)), _) => self.set_array(name, words, added.is_some(), command),
                (None, Some(_)) => {
                    self.open(name, "is put together while the script runs");
                }
                (None, None) => {
                    let prefix = format!("{name}=");
                    self.set(name, word.after(&prefix), command.is_open);
                }
            }
        }
    }

    fn open(&mut self, name: &str, why: &str) {
        self.values.insert(name.to_owned(), Value::Open(format!("{name} {why}")));
    }

    fn set(&mut self, name: &str, word: Option<Word>, is_open: bool) {
        let Some(word) = word else { return self.open(name, "is not one word") };
        match self.values.get(name) {
            Some(Value::Word(old)) if old.text().is_some() && old.text() == word.text() => {}
            Some(_) => self.open(name, "is set more than once"),
            None if is_open => self.open(name, "is set under a condition"),
            None => {
                self.values.insert(name.to_owned(), Value::Word(word));
            }
        }
    }

    fn set_array(&mut self, name: &str, words: &'a [Word], added: bool, command: &Command) {
        match self.values.get_mut(name) {
            Some(Value::Array(old)) if added && !command.is_open => old.extend(words),
            Some(_) => self.open(name, "is set more than once"),
            None if command.is_open => self.open(name, "is set under a condition"),
            None => {
                self.values.insert(name.to_owned(), Value::Array(words.iter().collect()));
            }
        }
    }

    /// The here-document that the script writes to a file.
    pub(super) fn file(&self, name: &str) -> Option<Expanded> {
        let body = self.files.get(name.trim_start_matches("./"))?;
        self.steps.set(STEPS);
        Some(self.expand(body))
    }

    /// The arguments that the words of a call come to.
    pub(super) fn arguments(&self, words: &[Word]) -> Vec<Argument> {
        let steps = STEPS.min(self.left.get());
        self.steps.set(steps);
        let mut arguments = Vec::new();
        for word in words {
            match word.pieces.as_slice() {
                [Piece::Array { name, span }] => match self.values.get(name) {
                    Some(Value::Array(words)) => {
                        let texts = words.iter().map(|word| Argument::Text(self.expand(word)));
                        arguments.extend(texts);
                    }
                    _ => arguments.push(Argument::Any(span.clone())),
                },
                [Piece::Variable { quote: Quote::None, .. }] => {
                    let text = self.expand(word);
                    if text.is_known() {
                        arguments.extend(text.split().into_iter().map(Argument::Text));
                    } else {
                        arguments.push(Argument::Text(text));
                    }
                }
                _ => arguments.push(Argument::Text(self.expand(word))),
            }
        }
        self.left.set(self.left.get() - (steps - self.steps.get()));
        arguments
    }

    /// What a word comes to.
    fn expand(&self, word: &Word) -> Expanded {
        self.expand_at(word, 0)
    }

    fn expand_at(&self, word: &Word, depth: usize) -> Expanded {
        let mut text = Expanded { span: word.span.clone(), ..Expanded::default() };
        self.pieces(word, &mut text, depth);
        text
    }

    fn pieces(&self, word: &Word, into: &mut Expanded, depth: usize) {
        for piece in &word.pieces {
            let steps = self.steps.get();
            self.steps.set(steps.saturating_sub(1));
            if steps == 0 || depth > MAX_DEPTH || into.text.len() > MAX_TEXT {
                return open(into, &word.span, "its variables are nested too deep".to_owned());
            }
            match piece {
                Piece::Text { text, span, quote } => into.push(text, span.clone(), *quote, None),
                Piece::Variable { name, default, span, .. } => {
                    self.variable(name, default.as_deref(), span, into, depth);
                }
                Piece::Array { name, span } => {
                    open(into, span, format!("{name} is a list of arguments"));
                }
                Piece::Open { span, printed } => {
                    let alone = word.pieces.len() == 1;
                    match printed.as_ref().filter(|_| alone) {
                        Some(Printed::Here(body)) => self.pieces(body, into, depth + 1),
                        Some(Printed::File(file)) => self.file_name(file, span, into, depth),
                        None => open(into, span, "it is the output of a command".to_owned()),
                    }
                }
            }
        }
    }

    /// `"$(cat FILE)"`: the CLI reads a file of that name in just this way.
    fn file_name(&self, file: &Word, span: &Range<usize>, into: &mut Expanded, depth: usize) {
        let file = self.expand_at(file, depth + 1);
        if file.is_known() {
            into.push(&format!("file://{}", file.text), span.clone(), Quote::None, None);
        } else {
            open(into, span, "it is the output of a command".to_owned());
        }
    }

    fn variable(
        &self,
        name: &str,
        default: Option<&Word>,
        span: &Range<usize>,
        into: &mut Expanded,
        depth: usize,
    ) {
        match (self.values.get(name), default) {
            (Some(Value::Word(word)), _) if !is_itself(word, name) => {
                self.pieces(word, into, depth + 1);
            }
            // `TOKENS=${TOKENS:-required}`: the environment may say something else.
            (Some(Value::Word(word)), _) => match word.pieces.as_slice() {
                [Piece::Variable { default: Some(default), .. }] => {
                    self.pieces(default, into, depth + 1);
                }
                _ => open(into, span, format!("{name} is not set in this file")),
            },
            (Some(Value::Open(reason)), _) => open(into, span, reason.clone()),
            (Some(Value::Array(_)), _) => open(into, span, format!("{name} is a list")),
            (None, Some(default)) => self.pieces(default, into, depth + 1),
            (None, None) if name.starts_with(|c: char| c.is_ascii_digit()) => {
                open(into, span, format!("argument {name} is known only when it is called"));
            }
            (None, None) => open(into, span, format!("{name} is not set in this file")),
        }
    }
}

fn open(into: &mut Expanded, span: &Range<usize>, reason: String) {
    into.push(OPEN.encode_utf8(&mut [0; 4]), span.clone(), Quote::None, Some(reason));
}

fn is_itself(word: &Word, name: &str) -> bool {
    word.pieces
        .iter()
        .any(|piece| matches!(piece, Piece::Variable { name: own, .. } if own == name))
}

/// `cat > FILE`, `tee FILE`
fn file_of(command: &Command) -> Option<String> {
    let name = match command.words.as_slice() {
        [tee, file] if tee.text().as_deref() == Some("tee") => file.text()?,
        _ => command.output.as_ref()?.text()?,
    };
    Some(name.trim_start_matches("./").to_owned())
}

pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')
}

/// The expression as written, on one line and not too long.
pub(super) fn expression(source: &Source, span: &Range<usize>) -> String {
    let words: Vec<&str> = source
        .slice(span.clone())
        .split_whitespace()
        .filter(|word| *word != "\\")
        .take(50)
        .collect();
    let text = words.join(" ");
    if text.chars().count() <= 200 { text } else { text.chars().take(199).chain(['…']).collect() }
}
