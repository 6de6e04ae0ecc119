//! What Terraform takes and the parser refuses, written so that it takes it too, byte for byte as long, so
//! that places stay as they are. It is asked only where parsing has failed.

use hcl_edit::structure::Body;

/// Longer texts are refused as they are.
const MAX_BYTES: usize = 1024 * 1024;
/// How often names are tried for keys that stand twice.
const TRIES: usize = 60;

/// The tree of a changed text. Keys are to be read from the text as it was.
pub(super) fn parse(text: &str) -> Option<Body> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut text = joined(&masked(text));
    for attempt in 0..TRIES {
        let failed = match text.parse::<Body>() {
            Ok(body) => return Some(body),
            Err(failed) => failed,
        };
        if !failed.message().contains("redefined object key") {
            return None;
        }
        text = renamed(&text, failed.location().offset(), attempt)?;
    }
    None
}

/// A key that stands twice gets a name that stands nowhere: the last one counts, as in Terraform.
fn renamed(text: &str, at: usize, attempt: usize) -> Option<String> {
    let (before, rest) = text.split_at_checked(at)?;
    let key = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
    let word = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':');
    let length: usize = key.chars().take_while(word).map(char::len_utf8).sum();
    let begin = before.len() + rest.len() - key.len();
    let letter = char::from(b"ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba"[attempt % 52]);
    let name = letter.to_string().repeat(length);
    let mut changed = text.to_owned();
    (length > 0).then(|| changed.replace_range(begin..begin + length, &name)).map(|()| changed)
}

/// A heredoc ends with a line that is its delimiter alone. The parser ends it where a line begins so.
fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut delimiter: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        match delimiter {
            Some(end) if trimmed == end => delimiter = None,
            Some(end) if trimmed.starts_with(end) => {
                let at = line.len() - line.trim_start().len();
                masked.push_str(&line[..at]);
                masked.push_str(&"x".repeat(end.len()));
                masked.push_str(&line[at + end.len()..]);
                continue;
            }
            Some(_) => {}
            None => delimiter = heredoc(line),
        }
        masked.push_str(line);
    }
    masked
}

/// The delimiter of a heredoc that begins at the end of a line.
fn heredoc(line: &str) -> Option<&str> {
    let (_, rest) = line.rsplit_once("<<")?;
    let name = rest.strip_prefix('-').unwrap_or(rest).trim_end();
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    (!name.is_empty() && name.chars().all(word)).then_some(name)
}

/// Within brackets a line break is a blank, also before `?` and `:`.
fn joined(text: &str) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut joined = String::with_capacity(text.len());
    for (index, line) in lines.iter().enumerate() {
        let next = lines.get(index + 1).map(|next| next.trim_start());
        let goes_on = next.is_some_and(|next| next.starts_with(['?', ':']));
        match line.strip_suffix('\n').filter(|_| goes_on) {
            Some(whole) => {
                let bare = whole.strip_suffix('\r').unwrap_or(whole);
                joined.push_str(bare);
                joined.push_str(&" ".repeat(line.len() - bare.len()));
            }
            None => joined.push_str(line),
        }
    }
    joined
}
