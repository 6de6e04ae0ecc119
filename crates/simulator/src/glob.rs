//! Patterns with `*` (anything) and `?` (one character), as filters and policies of AWS have them.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Any,
    One,
    Byte(u8),
}

/// A compiled pattern. A backslash takes the special meaning from the character behind it.
#[derive(Debug, Clone)]
pub(crate) struct Glob {
    tokens: Vec<Token>,
    ignore_case: bool,
}

impl Glob {
    /// A pattern that minds the case, as EC2's filters do.
    pub(crate) fn new(pattern: &str) -> Self {
        let mut tokens = Vec::with_capacity(pattern.len());
        let mut bytes = pattern.bytes();
        while let Some(byte) = bytes.next() {
            tokens.push(match byte {
                b'*' => Token::Any,
                b'?' => Token::One,
                b'\\' => Token::Byte(bytes.next().unwrap_or(b'\\')),
                other => Token::Byte(other),
            });
        }
        Self { tokens, ignore_case: false }
    }

    /// A pattern that ignores the case of ASCII letters, as IAM's actions do.
    pub(crate) fn ignoring_case(pattern: &str) -> Self {
        Self { ignore_case: true, ..Self::new(pattern) }
    }

    /// Whether the pattern covers the whole of `text`. Linear but for the backtracking to the last star.
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        let (mut token, mut at) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.tokens.get(token) {
                Some(Token::Any) => {
                    retry = Some((token, at));
                    token += 1;
                    continue;
                }
                Some(Token::One) => {
                    at = next_character(text, at);
                    token += 1;
                    continue;
                }
                Some(Token::Byte(byte)) if self.same(*byte, text[at]) => {
                    at += 1;
                    token += 1;
                    continue;
                }
                _ => {}
            }
            let Some((star, from)) = retry else {
                return false;
            };
            retry = Some((star, from + 1));
            token = star + 1;
            at = from + 1;
        }
        self.tokens[token.min(self.tokens.len())..].iter().all(|token| *token == Token::Any)
    }

    fn same(&self, left: u8, right: u8) -> bool {
        left == right || (self.ignore_case && left.eq_ignore_ascii_case(&right))
    }
}

/// The place behind the UTF-8 character at `at`, so that `?` means a character and not a byte.
fn next_character(text: &[u8], at: usize) -> usize {
    let rest = &text[at + 1..];
    at + 1 + rest.iter().take_while(|byte| **byte & 0xc0 == 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Glob::new(pattern).matches(text.as_bytes())
    }

    #[test]
    fn stars_and_question_marks() {
        assert!(matches("*", ""));
        assert!(matches("Describe*", "DescribeInstances"));
        assert!(matches("*a*b", "xaxbxb"));
        assert!(matches("t?.micro", "t3.micro"));
        assert!(matches("B?cher", "Bücher"));
        assert!(!matches("Describe*", "GetIt"));
        assert!(!matches("a", "ab"));
        assert!(!matches("ab?", "ab"));
        assert!(!matches("", "a"));
    }

    #[test]
    fn backslash_makes_a_star_plain() {
        assert!(matches(r"a\*b", "a*b"));
        assert!(!matches(r"a\*b", "axb"));
        assert!(matches(r"a\", r"a\"));
    }

    #[test]
    fn case_counts_unless_told() {
        assert!(!matches("ec2:describe*", "ec2:DescribeRegions"));
        assert!(Glob::ignoring_case("EC2:describe*").matches(b"ec2:DescribeRegions"));
    }
}
