//! A file cut into its top-level blocks and attributes without parsing them: brackets, strings, heredocs
//! and comments are all that it knows. There is no recursion, so no nesting is too deep.

use std::ops::Range;

/// A top-level block, or an attribute (then without labels).
#[derive(Debug, Clone)]
pub struct Chunk {
    /// Its first word.
    pub kind: Range<usize>,
    /// Its labels, unquoted.
    pub labels: Vec<Range<usize>>,
    /// All of it.
    pub span: Range<usize>,
    /// Whether it is a block.
    pub block: bool,
}

impl Chunk {
    /// A label's text.
    pub fn label<'a>(&self, text: &'a str, index: usize) -> Option<&'a str> {
        self.labels.get(index).and_then(|label| text.get(label.clone()))
    }

    /// The first word.
    pub fn kind<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.kind.clone()).unwrap_or_default()
    }
}

/// The chunks of a text from an offset on. Where it is no HCL: the chunks before, and the offset.
pub fn split(text: &str, from: usize) -> (Vec<Chunk>, Option<usize>) {
    let mut lexer = Lexer { bytes: text.as_bytes(), at: from };
    let mut chunks = Vec::new();
    loop {
        lexer.blank(true);
        if lexer.peek().is_none() {
            return (chunks, None);
        }
        let begin = lexer.at;
        match lexer.chunk() {
            Some(chunk) => chunks.push(chunk),
            None => return (chunks, Some(begin)),
        }
    }
}

struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// What is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// A bracket, which this closes.
    Bracket(u8),
    /// A string.
    Text,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Skips blanks and comments, and line breaks if they are blanks here.
    fn blank(&mut self, breaks: bool) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' if breaks => self.at += 1,
                _ if self.comment() => {}
                _ => return,
            }
        }
    }

    /// Skips a comment: up to its line break, which is left.
    fn comment(&mut self) -> bool {
        let rest = self.rest();
        if rest.starts_with(b"#") || rest.starts_with(b"//") {
            self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        } else if rest.starts_with(b"/*") {
            self.at += memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2);
        } else {
            return false;
        }
        true
    }

    fn word(&mut self) -> Option<Range<usize>> {
        let word = |byte: &&u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || !byte.is_ascii()
        };
        let length = self.rest().iter().take_while(word).count();
        let begin = self.at;
        self.at += length;
        (length > 0).then_some(begin..self.at)
    }

    fn chunk(&mut self) -> Option<Chunk> {
        let begin = self.at;
        if self.peek()?.is_ascii_digit() {
            return None;
        }
        let kind = self.word()?;
        let mut labels = Vec::new();
        loop {
            self.blank(false);
            match self.peek()? {
                b'{' => {
                    self.code(true)?;
                    return Some(Chunk { kind, labels, span: begin..self.at, block: true });
                }
                b'=' if labels.is_empty() => {
                    self.at += 1;
                    self.code(false)?;
                    return Some(Chunk { kind, labels, span: begin..self.at, block: false });
                }
                b'"' => {
                    let open = self.at + 1;
                    let close = open + memchr::memchr2(b'"', b'\n', self.bytes.get(open..)?)?;
                    labels.push(open..close);
                    self.at = close + 1;
                }
                _ => labels.push(self.word()?),
            }
        }
    }

    /// Skips a block in braces, or an expression up to the end of its line.
    fn code(&mut self, block: bool) -> Option<()> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            if open.last() == Some(&Open::Text) {
                self.text(&mut open)?;
                continue;
            }
            let Some(byte) = self.peek() else {
                return (!block && open.is_empty()).then_some(());
            };
            match byte {
                b'{' => open.push(Open::Bracket(b'}')),
                b'[' => open.push(Open::Bracket(b']')),
                b'(' => open.push(Open::Bracket(b')')),
                b'"' => open.push(Open::Text),
                b'}' | b']' | b')' => {
                    (open.pop()? == Open::Bracket(byte)).then_some(())?;
                    if block && open.is_empty() {
                        self.at += 1;
                        return Some(());
                    }
                }
                b'\n' if open.is_empty() && !block => return Some(()),
                b'#' | b'/' if self.comment() => continue,
                b'<' if self.heredoc() => continue,
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Skips a string's text up to its end or to what is interpolated.
    fn text(&mut self, open: &mut Vec<Open>) -> Option<()> {
        let rest = self.rest();
        let step =
            rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | b'$' | b'%' | b'\n'))?;
        self.at += step;
        let rest = self.rest();
        match rest.first()? {
            b'"' => {
                open.pop();
            }
            b'\n' => return None,
            b'\\' => self.at += 1,
            sign => {
                let doubled = [*sign, *sign, b'{'];
                if rest.starts_with(&doubled) {
                    self.at += 2;
                } else if rest.get(1) == Some(&b'{') {
                    self.at += 1;
                    open.push(Open::Bracket(b'}'));
                }
            }
        }
        self.at += 1;
        Some(())
    }

    /// Skips a heredoc up to the end of its last line.
    fn heredoc(&mut self) -> bool {
        let Some(rest) = self.rest().strip_prefix(b"<<") else { return false };
        let rest = rest.strip_prefix(b"-").unwrap_or(rest);
        let Some(end) = memchr::memchr(b'\n', rest) else { return false };
        let delimiter = rest[..end].trim_ascii_end();
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if delimiter.is_empty() || !delimiter.iter().all(word) {
            return false;
        }
        let mut at = self.bytes.len() - rest.len() + end + 1;
        loop {
            let Some(line) = self.bytes.get(at..) else { return false };
            let length = memchr::memchr(b'\n', line).unwrap_or(line.len());
            let text = line[..length].trim_ascii_end();
            if text.trim_ascii_start() == delimiter {
                self.at = at + text.len();
                return true;
            }
            if at + length >= self.bytes.len() {
                return false;
            }
            at += length + 1;
        }
    }
}
