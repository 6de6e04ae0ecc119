//! Wildcards. What a request names may itself be a class (`arn:aws:ec2:*:111122223333:instance/*` is any
//! instance of that account): a pattern then matches all of it, none of it, or it cannot be told.

use crate::Truth;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// `*`: any characters, or none.
    Any,
    /// `?`: one character.
    One,
    /// The `*` of a class that stands for a region or an account: neither has a colon or a slash.
    Part,
    Char(char),
}

/// A text with wildcards, already without variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(pub(crate) Vec<Token>);

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        let token = |c| match c {
            '*' => Token::Any,
            '?' => Token::One,
            c => Token::Char(c),
        };
        Self(text.chars().map(token).collect())
    }

    /// The same without wildcards: `*` and `?` stand for themselves.
    pub(crate) fn literal(text: &str) -> Self {
        Self(text.chars().map(Token::Char).collect())
    }

    /// Whether it matches each text of the class, none of them, or only some.
    pub(crate) fn matches(&self, class: &Self) -> Truth {
        relation(&self.0, &class.0)
    }

    /// As `Resource` in a policy matches: segment by segment, and the last segment over the rest.
    ///
    /// Where a wildcard inside would have to reach over a colon, AWS's documents and its practice are said
    /// to differ: that is unknown.
    pub(crate) fn matches_arn(&self, class: &Self) -> Truth {
        let class = &class.in_parts();
        let whole = self.matches(class);
        if self.0.first() == Some(&Token::Any) || class.0.first() == Some(&Token::Any) {
            return whole;
        }
        let mine = segments(&self.0, 6);
        let theirs = segments(&class.0, mine.len());
        let split = if mine.len() == theirs.len() {
            Truth::all(mine.iter().zip(&theirs).map(|(mine, theirs)| relation(mine, theirs)))
        } else {
            Truth::No
        };
        match (split, whole) {
            (Truth::No, Truth::Yes) => {
                Truth::unknown("a wildcard in the resource would have to reach over a colon")
            }
            (split, _) => split,
        }
    }

    /// The same class, in which no wildcard before the last part of the ARN reaches over a colon.
    fn in_parts(&self) -> Self {
        let mut colons = 0;
        let narrow = |token: &Token| {
            colons += usize::from(*token == Token::Char(':'));
            if colons > 0 && colons < 5 && *token == Token::Any { Token::Part } else { *token }
        };
        Self(self.0.iter().map(narrow).collect())
    }

    /// As the operators `ArnLike` and `ArnEquals` match: each of the six parts on its own.
    pub(crate) fn matches_arn_parts(&self, class: &Self) -> Truth {
        if self.0 == [Token::Any] {
            return Truth::Yes;
        }
        let (mine, theirs) = (segments(&self.0, 6), segments(&class.0, 6));
        if mine.len() != 6 || theirs.len() != 6 {
            return Truth::No;
        }
        Truth::all(mine.iter().zip(&theirs).map(|(mine, theirs)| relation(mine, theirs)))
    }

    /// Whether it is nothing but asterisks.
    pub(crate) fn is_everything(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|token| *token == Token::Any)
    }

    /// In lower case: actions know no case.
    pub(crate) fn lowercase(text: &str) -> Self {
        Self::new(&text.to_lowercase())
    }
}

fn segments(tokens: &[Token], most: usize) -> Vec<&[Token]> {
    tokens.splitn(most.max(1), |token| *token == Token::Char(':')).collect()
}

fn relation(pattern: &[Token], class: &[Token]) -> Truth {
    if compare(pattern, class, false) {
        Truth::Yes
    } else if class.iter().all(|token| matches!(token, Token::Char(_)))
        || !compare(pattern, class, true)
    {
        Truth::No
    } else {
        Truth::unknown("it names some of the resources only")
    }
}

/// Whether the pattern covers the class, or (`overlap`) has a text in common with it.
///
/// Covering is decided on the safe side: a wildcard of the class has to lie within a `*` of the pattern.
fn compare(pattern: &[Token], class: &[Token], overlap: bool) -> bool {
    let wild = |token: &Token| matches!(token, Token::Any | Token::Part);
    // row[j]: the pattern read so far against the first j tokens of the class.
    let mut row = vec![false; class.len() + 1];
    row[0] = true;
    if overlap {
        for (j, token) in class.iter().enumerate() {
            row[j + 1] = row[j] && wild(token);
        }
    }
    for part in pattern {
        let mut next = vec![false; class.len() + 1];
        next[0] = *part == Token::Any && row[0];
        for (j, token) in class.iter().enumerate() {
            next[j + 1] = match (part, token) {
                (Token::Any, _) => row[j + 1] || next[j],
                (Token::Char(':' | '/'), Token::Part) => overlap && next[j],
                (_, Token::Any | Token::Part) => overlap && (next[j] || row[j + 1] || row[j]),
                (Token::One, _) => row[j],
                (Token::Char(_), Token::One) => overlap && row[j],
                (Token::Char(a), Token::Char(b)) => a == b && row[j],
                // A pattern has none.
                (Token::Part, _) => false,
            };
        }
        row = next;
    }
    row.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(pattern: &str, class: &str) -> Truth {
        Pattern::new(pattern).matches(&Pattern::new(class))
    }

    fn arn(pattern: &str, class: &str) -> Truth {
        Pattern::new(pattern).matches_arn(&Pattern::new(class))
    }

    const INSTANCE: &str = "arn:aws:ec2:*:111122223333:instance/*";

    #[test]
    fn wildcards_match_texts() {
        for (pattern, text) in
            [("*", ""), ("a*", "a"), ("a*c", "abbc"), ("?b*", "abc"), ("a**", "a"), ("*b*", "abc")]
        {
            assert_eq!(whole(pattern, text), Truth::Yes, "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a", "ab"), ("a?", "a"), ("a*c", "abb"), ("b*", "ab")] {
            assert_eq!(whole(pattern, text), Truth::No, "{pattern} {text}");
        }
    }

    #[test]
    fn a_class_is_matched_whole_not_at_all_or_in_part() {
        assert_eq!(arn("*", INSTANCE), Truth::Yes);
        assert_eq!(arn("arn:aws:ec2:*:*:instance/*", INSTANCE), Truth::Yes);
        assert_eq!(arn("arn:*:ec2:*:*:instance/*", INSTANCE), Truth::Yes);
        assert_eq!(arn("arn:aws:ec2:*", INSTANCE), Truth::Yes);
        assert_eq!(arn("arn:aws:ec2:*:*:*", INSTANCE), Truth::Yes);
        assert_eq!(arn("arn:aws:ec2:*:*:*/*", INSTANCE), Truth::Yes);
        assert_eq!(arn("arn:aws:ec2:*:*:image/*", INSTANCE), Truth::No);
        assert_eq!(arn("arn:aws:ec2:*:444455556666:instance/*", INSTANCE), Truth::No);
        assert!(matches!(arn("arn:aws:ec2:us-east-1:*:instance/*", INSTANCE), Truth::Unknown(_)));
        assert!(matches!(arn("arn:aws:ec2:*:*:instance/i-0a*", INSTANCE), Truth::Unknown(_)));
    }

    #[test]
    fn a_wildcard_over_a_colon_is_not_known() {
        assert!(matches!(arn("arn:aws:ec2:*:instance/*", INSTANCE), Truth::Unknown(_)));
        assert_eq!(arn("arn:aws:s3:*:instance/*", INSTANCE), Truth::No);
    }

    #[test]
    fn a_region_or_account_of_a_class_has_no_colon_or_slash() {
        let volume = "arn:aws:ec2:*:*:volume/*";
        assert_eq!(arn("arn:aws:ec2:*:instance/*", volume), Truth::No);
        assert_eq!(arn("arn:aws:ec2:instance/*", volume), Truth::No);
        assert_eq!(arn("arn:aws:ec2:*:*:volume/*", volume), Truth::Yes);
        assert!(matches!(arn("arn:aws:ec2:eu-*:1?:volume/*", volume), Truth::Unknown(_)));
    }

    #[test]
    fn arn_operators_compare_part_by_part() {
        let parts = |pattern: &str, text: &str| {
            Pattern::new(pattern).matches_arn_parts(&Pattern::literal(text))
        };
        let role = "arn:aws:iam::111122223333:role/admin";
        assert_eq!(parts("arn:aws:iam::*:role/admin", role), Truth::Yes);
        assert_eq!(parts("arn:aws:iam::*:role/*", role), Truth::Yes);
        assert_eq!(parts("arn:*:role/admin", role), Truth::No);
        assert_eq!(parts("*", role), Truth::Yes);
    }
}
