//! JSON with the place of every value in the text, and with a name that stands twice refused: IAM takes
//! policies by their text, and a mistake is repaired in the text. Nesting and size are bounded.

use std::{collections::BTreeSet, fmt, iter::Peekable, str::Chars};

use serde::Serialize;

/// Longer texts are refused. Real policies have at most 10,240 characters.
pub const MAX_BYTES: usize = 100 * 1024;
/// A policy is nested six deep.
const MAX_DEPTH: usize = 32;

/// A place in the text, counted from 1; columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The character in the line.
    pub column: u32,
}

impl Position {
    pub(crate) const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {message}")]
pub struct PolicyError {
    /// Where.
    pub at: Position,
    /// What is wrong there.
    pub message: String,
}

impl PolicyError {
    pub(crate) fn new(at: Position, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

/// A value and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) at: Position,
    pub(crate) value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<Member>),
}

/// A member of an object, and where its name begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) at: Position,
    pub(crate) name: String,
    pub(crate) node: Node,
}

impl Node {
    /// What it is, for error messages.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "a string",
            Value::List(_) => "an array",
            Value::Object(_) => "an object",
        }
    }

    pub(crate) fn members(&self) -> Option<&[Member]> {
        match &self.value {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }

    /// Its text: a string, or a number or boolean as written. IAM takes `false` for `"false"`.
    pub(crate) fn scalar(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text.clone()),
            Value::Bool(value) => Some(value.to_string()),
            _ => None,
        }
    }
}

/// Reads one JSON value that is all of the text.
pub(crate) fn parse(text: &str) -> Result<Node, PolicyError> {
    if text.len() > MAX_BYTES {
        let message = format!(
            "longer than {MAX_BYTES} bytes is no policy: AWS takes 10,240 characters at most"
        );
        return Err(PolicyError::new(Position::START, message));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser { rest: text.chars().peekable(), at: Position::START };
    parser.space();
    let node = parser.value(0)?;
    parser.space();
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.error("something follows after the end of the JSON value")),
    }
}

struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    at: Position,
}

impl Parser<'_> {
    fn peek(&mut self) -> Option<char> {
        self.rest.peek().copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        if c == '\n' {
            self.at = Position { line: self.at.line.saturating_add(1), column: 1 };
        } else {
            self.at.column = self.at.column.saturating_add(1);
        }
        Some(c)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.next();
        }
    }

    fn error(&mut self, message: &str) -> PolicyError {
        PolicyError::new(self.at, message)
    }

    fn expected(&mut self, what: &str) -> PolicyError {
        let found = match self.peek() {
            Some(c) => format!("`{}`", c.escape_debug()),
            None => "the end".to_owned(),
        };
        PolicyError::new(self.at, format!("expected {what}, found {found}"))
    }

    fn value(&mut self, depth: usize) -> Result<Node, PolicyError> {
        if depth > MAX_DEPTH {
            return Err(self.error("nested too deep for a policy"));
        }
        let at = self.at;
        let value = match self.peek() {
            Some('{') => Value::Object(self.object(depth)?),
            Some('[') => Value::List(self.list(depth)?),
            Some('"') => Value::Text(self.text()?),
            Some('-' | '0'..='9') => Value::Number(self.number()?),
            Some('a'..='z') => self.word()?,
            _ => return Err(self.expected("a JSON value")),
        };
        Ok(Node { at, value })
    }

    fn object(&mut self, depth: usize) -> Result<Vec<Member>, PolicyError> {
        let (mut members, mut names) = (Vec::new(), BTreeSet::new());
        self.next();
        self.space();
        if self.peek() == Some('}') {
            self.next();
            return Ok(members);
        }
        loop {
            self.space();
            let at = self.at;
            if self.peek() != Some('"') {
                return Err(self.expected("a name in double quotes"));
            }
            let name = self.text()?;
            if !names.insert(name.clone()) {
                let message = format!(
                    "`{}` stands twice in this object: only one of them would count",
                    name.escape_debug()
                );
                return Err(PolicyError::new(at, message));
            }
            self.space();
            if self.peek() != Some(':') {
                return Err(self.expected("`:`"));
            }
            self.next();
            self.space();
            let node = self.value(depth + 1)?;
            members.push(Member { at, name, node });
            if !self.more('}')? {
                return Ok(members);
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, PolicyError> {
        let mut nodes = Vec::new();
        self.next();
        self.space();
        if self.peek() == Some(']') {
            self.next();
            return Ok(nodes);
        }
        loop {
            self.space();
            nodes.push(self.value(depth + 1)?);
            if !self.more(']')? {
                return Ok(nodes);
            }
        }
    }

    /// After an element: whether another one follows.
    fn more(&mut self, end: char) -> Result<bool, PolicyError> {
        self.space();
        match self.peek() {
            Some(',') => {
                self.next();
                Ok(true)
            }
            Some(c) if c == end => {
                self.next();
                Ok(false)
            }
            _ => Err(self.expected(&format!("`,` or `{end}`"))),
        }
    }

    fn text(&mut self) -> Result<String, PolicyError> {
        let begin = self.at;
        let mut text = String::new();
        self.next();
        loop {
            match self.peek() {
                None => return Err(PolicyError::new(begin, "this string has no end")),
                Some(c) if c < ' ' => {
                    return Err(self.error("a control character in a string has to be escaped"));
                }
                Some('"') => {
                    self.next();
                    return Ok(text);
                }
                Some('\\') => text.push(self.escape()?),
                Some(c) => {
                    text.push(c);
                    self.next();
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, PolicyError> {
        self.next();
        let c = match self.peek() {
            Some(c @ ('"' | '\\' | '/')) => c,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => return self.unicode(),
            _ => return Err(self.expected("an escape that JSON knows")),
        };
        self.next();
        Ok(c)
    }

    fn unicode(&mut self) -> Result<char, PolicyError> {
        let at = self.at;
        self.next();
        let first = self.hex()?;
        let code = if (0xd800..0xdc00).contains(&first) {
            if self.next() != Some('\\') || self.next() != Some('u') {
                return Err(PolicyError::new(at, "half a surrogate pair is no character"));
            }
            let second = self.hex()?;
            if !(0xdc00..0xe000).contains(&second) {
                return Err(PolicyError::new(at, "half a surrogate pair is no character"));
            }
            0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| PolicyError::new(at, "this escape is no character"))
    }

    fn hex(&mut self) -> Result<u32, PolicyError> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(16)) else {
                return Err(self.expected("four hexadecimal digits"));
            };
            code = code * 16 + digit;
            self.next();
        }
        Ok(code)
    }

    fn number(&mut self) -> Result<String, PolicyError> {
        let at = self.at;
        let mut number = String::new();
        while let Some(c @ ('-' | '+' | '.' | 'e' | 'E' | '0'..='9')) = self.peek() {
            number.push(c);
            self.next();
        }
        // serde_json knows the grammar of numbers; it is not asked for their value.
        match serde_json::from_str::<serde_json::Number>(&number) {
            Ok(_) => Ok(number),
            Err(_) => Err(PolicyError::new(at, format!("`{number}` is no JSON number"))),
        }
    }

    fn word(&mut self) -> Result<Value, PolicyError> {
        let at = self.at;
        let mut word = String::new();
        while let Some(c @ 'a'..='z') = self.peek() {
            word.push(c);
            self.next();
        }
        match word.as_str() {
            "null" => Ok(Value::Null),
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(PolicyError::new(at, format!("`{word}` is no JSON value"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, at: (u32, u32), words: &str) {
        let error = parse(text).unwrap_err();
        assert_eq!((error.at.line, error.at.column), at, "{error}");
        assert!(error.message.contains(words), "{error}");
    }

    #[test]
    fn values_know_their_place() {
        let node = parse(" {\n  \"ä\": [1, \"b\\u00e9\\ud83d\\ude00\"]\n}").unwrap();
        let [member] = node.members().unwrap() else { panic!("{node:?}") };
        assert_eq!((member.name.as_str(), member.at), ("ä", Position { line: 2, column: 3 }));
        let Value::List(list) = &member.node.value else { panic!("{member:?}") };
        assert_eq!(list[1].value, Value::Text("bé😀".to_owned()));
        assert_eq!(list[1].at, Position { line: 2, column: 12 });
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        refused("", (1, 1), "the end");
        refused("{\n \"a\": 1,\n}", (3, 1), "a name in double quotes");
        refused("{\"a\" 1}", (1, 6), "`:`");
        refused("[1 2]", (1, 4), "`,` or `]`");
        refused("[01]", (1, 2), "no JSON number");
        refused("[1] x", (1, 5), "follows");
        refused("\"a", (1, 1), "no end");
        refused("\"\\x\"", (1, 3), "escape");
        refused("\"\\ud800\"", (1, 3), "surrogate");
        refused("[nul]", (1, 2), "`nul`");
        refused("# comment", (1, 1), "`#`");
    }

    #[test]
    fn a_name_that_stands_twice_is_refused() {
        refused("{\"a\": 1,\n \"a\": 2}", (2, 2), "`a` stands twice");
    }

    #[test]
    fn size_and_nesting_are_bounded() {
        refused(&"[".repeat(MAX_BYTES), (1, 34), "nested too deep");
        refused(&"{\"a\":".repeat(20_000), (1, 166), "nested too deep");
        refused(&" ".repeat(MAX_BYTES + 1), (1, 1), "10,240");
    }
}
