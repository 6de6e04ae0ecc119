//! Reasons and commands as templates over a row's facts, so that the condition of a control stands once
//! (in its SQL) and its words stand beside the verdict they explain.

/// A sentence with `{fact}` slots, parsed once and rendered for every row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Fact(String),
}

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A `{` without its `}`, or the other way round.
    #[error("`{0}` has a brace without its partner")]
    Unbalanced(String),
    /// A slot whose name is no column name.
    #[error("`{{{0}}}` is not a fact's name (lower case letters, digits, underscores)")]
    BadName(String),
}

impl Template {
    /// Parses `answers IMDSv1: HttpTokens is {http_tokens}`.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let unbalanced = || TemplateError::Unbalanced(text.to_owned());
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            if !rest[at..].starts_with('{') {
                return Err(unbalanced());
            }
            if at > 0 {
                parts.push(Part::Text(rest[..at].to_owned()));
            }
            let end = rest[at..].find('}').ok_or_else(unbalanced)? + at;
            parts.push(Part::Fact(fact_name(&rest[at + 1..end])?));
            rest = &rest[end + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// The facts that the template needs, in the order of their use.
    pub fn facts(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Fact(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The sentence for one row. A fact that the row has not is written as `not reported`: an absent
    /// value must read as absent, not as an empty one.
    pub fn render(&self, facts: &serde_json::Map<String, serde_json::Value>) -> String {
        let mut sentence = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => sentence.push_str(text),
                Part::Fact(name) => match facts.get(name) {
                    None | Some(serde_json::Value::Null) => sentence.push_str("not reported"),
                    Some(serde_json::Value::String(text)) => sentence.push_str(text),
                    Some(other) => sentence.push_str(&other.to_string()),
                },
            }
        }
        sentence
    }
}

impl Template {
    /// The command line for one row: values are quoted for a POSIX shell where they need it. None where a
    /// fact is missing: a command with a hole in it must not be run.
    pub fn render_command(
        &self,
        facts: &serde_json::Map<String, serde_json::Value>,
    ) -> Option<String> {
        let mut command = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => command.push_str(text),
                Part::Fact(name) => match facts.get(name)? {
                    serde_json::Value::Null => return None,
                    serde_json::Value::String(text) => command.push_str(&shell_word(text)),
                    other => command.push_str(&shell_word(&other.to_string())),
                },
            }
        }
        Some(command)
    }
}

/// The text as one word of a POSIX shell.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@=+-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn fact_name(name: &str) -> Result<String, TemplateError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || !name.chars().all(fits) {
        return Err(TemplateError::BadName(name.to_owned()));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_facts_of_every_kind() {
        let facts = serde_json::json!({"tokens": "optional", "hops": 2, "role": null});
        let template = Template::parse("{tokens}, {hops} hops, role {role}, {gone}.").unwrap();
        let sentence = template.render(facts.as_object().unwrap());
        assert_eq!(sentence, "optional, 2 hops, role not reported, not reported.");
        assert_eq!(template.facts().collect::<Vec<_>>(), ["tokens", "hops", "role", "gone"]);
    }

    #[test]
    fn commands_are_safe_to_copy() {
        let template = Template::parse("aws x --name {name} --number {number}").unwrap();
        let command = |name: &str| {
            let facts = serde_json::json!({"name": name, "number": 2});
            template.render_command(facts.as_object().unwrap()).unwrap()
        };
        let table = [
            ("web_1.eu/x:y@z=a+b-c", "web_1.eu/x:y@z=a+b-c"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(rm -rf /)", "'$(rm -rf /)'"),
            ("it's; `x`", "'it'\\''s; `x`'"),
            ("{a,b}", "'{a,b}'"),
            ("é", "'é'"),
        ];
        for (name, word) in table {
            assert_eq!(command(name), format!("aws x --name {word} --number 2"));
        }
        for facts in
            [serde_json::json!({"name": "a"}), serde_json::json!({"name": "a", "number": null})]
        {
            assert_eq!(template.render_command(facts.as_object().unwrap()), None);
        }
    }

    #[test]
    fn refuses_what_is_no_template() {
        for bad in ["{", "}", "a } b", "{a", "{}", "{A}", "{a b}", "{a{b}}"] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }
}
