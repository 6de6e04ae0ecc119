//! What an expression of Pulumi's YAML comes to: `${…}` and the `fn::` calls whose result the text settles.

use super::program::Scope;
use crate::{
    node::{Node, Value},
    setting::{At, Setting},
};

/// Deeper nesting of references is not followed.
const MAX_DEPTH: usize = 24;
/// Longer texts are not put together.
const MAX_TEXT: usize = 64 * 1024;

impl<'a> Scope<'a> {
    /// What a value comes to.
    pub(super) fn resolve(&self, at: At<'a>) -> Setting<'a> {
        self.begin();
        self.resolve_at(at, 0)
    }

    /// A node of the program.
    pub(super) fn value(&self, node: Option<&'a Node>) -> Setting<'a> {
        let source = self.source;
        node.map_or(Setting::Nothing, |node| self.resolve(At { source, node }))
    }

    /// The member of a mapping.
    pub(super) fn member(&self, map: &Setting<'a>, key: &str) -> Setting<'a> {
        self.begin();
        self.member_at(map, key, 0)
    }

    fn member_at(&self, map: &Setting<'a>, key: &str, depth: usize) -> Setting<'a> {
        match map {
            Setting::Nothing | Setting::Unknown(..) => map.clone(),
            Setting::Literal(at) if at.node.is_map() => match at.node.get(key) {
                Some(node) => self.resolve_at(At { source: at.source, node }, depth + 1),
                None => Setting::Nothing,
            },
            Setting::Literal(at) | Setting::Part(_, at, _) | Setting::Made(_, at) => {
                Setting::Unknown(format!("{key} was expected in it"), *at)
            }
        }
    }

    fn resolve_at(&self, at: At<'a>, depth: usize) -> Setting<'a> {
        if self.step().is_none() || depth > MAX_DEPTH {
            return Setting::Unknown("its references are nested too deep".to_owned(), at);
        }
        match &at.node.value {
            Value::Null => Setting::Nothing,
            Value::Scalar(text) if text.contains("${") => self.interpolate(at, text, depth),
            Value::Map(members) => match members.as_slice() {
                [one] if one.key.to_ascii_lowercase().starts_with("fn::") => {
                    self.call(&one.key.to_ascii_lowercase(), &one.node, at, depth)
                }
                _ => Setting::Literal(at),
            },
            Value::Scalar(_) | Value::List(_) => Setting::Literal(at),
        }
    }

    /// A reference alone is what it refers to; one with text around it is put together.
    fn interpolate(&self, at: At<'a>, text: &str, depth: usize) -> Setting<'a> {
        let (mut made, mut rest) = (String::new(), text);
        while let Some(begin) = rest.find("${") {
            if rest[..begin].ends_with('$') {
                // `$${` is the text `${`.
                made.push_str(&rest[..begin]);
                made.push('{');
                rest = &rest[begin + 2..];
                continue;
            }
            let Some(length) = rest[begin..].find('}') else {
                return Setting::Unknown("this reference has no end".to_owned(), at);
            };
            let inner = &rest[begin + 2..begin + length];
            let value = self.reference(inner, at, depth);
            let after = &rest[begin + length + 1..];
            if made.is_empty() && begin == 0 && after.is_empty() {
                return value;
            }
            made.push_str(&rest[..begin]);
            match (value.text(), &value) {
                (Some(text), _) if made.len() + text.len() <= MAX_TEXT => made.push_str(text),
                (None, Setting::Unknown(..)) => return value,
                _ => return Setting::Unknown("this is no text".to_owned(), at),
            }
            rest = after;
        }
        made.push_str(rest);
        Setting::Made(made, at)
    }

    /// `name.member[0]["other"]`
    fn reference(&self, path: &str, at: At<'a>, depth: usize) -> Setting<'a> {
        let unknown = |reason: String| Setting::Unknown(reason, at);
        let mut names =
            path.split(['.', '[', ']', '"']).map(str::trim).filter(|one| !one.is_empty());
        let Some(root) = names.next() else { return unknown("it refers to nothing".to_owned()) };
        let mut value = match self.configured(root, at) {
            Some(value) => value,
            None => match (self.variable(root), self.resource(root)) {
                (Some(node), _) => self.resolve_at(At { source: self.source, node }, depth + 1),
                (None, Some(_)) => {
                    return unknown(format!("{path} is known only when it is deployed"));
                }
                (None, None) => return unknown(format!("{root} is not in the program")),
            },
        };
        for name in names {
            value = match (&value, name.parse::<usize>()) {
                (Setting::Literal(list), Ok(index)) if !list.node.items().is_empty() => {
                    match list.node.items().get(index) {
                        Some(node) => self.resolve_at(At { source: list.source, node }, depth + 1),
                        None => unknown("there is no such item".to_owned()),
                    }
                }
                _ => self.member_at(&value, name, depth),
            };
        }
        value
    }

    fn call(&self, name: &str, argument: &'a Node, at: At<'a>, depth: usize) -> Setting<'a> {
        let node = |node: &'a Node| self.resolve_at(At { source: at.source, node }, depth + 1);
        let unknown = |reason: &str| Setting::Unknown(reason.to_owned(), at);
        match (name, argument.items()) {
            ("fn::secret", _) => node(argument),
            ("fn::join", [separator, list]) => {
                let separator = node(separator);
                let parts = list.items().iter().map(|item| node(item)).collect::<Vec<_>>();
                if let Some(open) = parts.iter().find(|part| matches!(part, Setting::Unknown(..))) {
                    return open.clone();
                }
                let texts: Option<Vec<&str>> = parts.iter().map(Setting::text).collect();
                match (separator.text(), texts) {
                    (Some(separator), Some(texts)) => {
                        let made = texts.join(separator);
                        if made.len() > MAX_TEXT {
                            return unknown("too complex");
                        }
                        Setting::Made(made, at)
                    }
                    _ => unknown("this is no list of texts"),
                }
            }
            ("fn::select", [index, list]) => {
                let index = node(index).text().and_then(|index| index.parse::<usize>().ok());
                match (index, node(list)) {
                    (_, open @ Setting::Unknown(..)) => open,
                    (Some(index), Setting::Literal(list)) => match list.node.items().get(index) {
                        Some(item) => {
                            self.resolve_at(At { source: list.source, node: item }, depth + 1)
                        }
                        None => unknown("there is no such item"),
                    },
                    _ => unknown("there is no such item"),
                }
            }
            ("fn::invoke", _) => unknown("known only when it is deployed"),
            _ => unknown(&format!("{name} is not evaluated here")),
        }
    }
}

/// The resource that a value is an output of: `lt` of `${lt.id}`.
pub(super) fn referred<'a>(value: &Setting<'a>) -> Option<&'a str> {
    let Setting::Unknown(_, at) = value else { return None };
    let inner = at.node.text()?.strip_prefix("${")?.strip_suffix('}')?;
    inner.split(['.', '[']).next().map(str::trim)
}
