//! What a setting of a tree comes to, for dialects in which a value is a literal or an expression within a
//! string; and the splices that change it where it is decided.

use std::ops::Range;

use imdsure_model::effective::{Endpoint, Tokens};

use crate::{
    Effect,
    edit::{self, New},
    fix::{Fix, Splice},
    node::{Node, Value},
    source::Source,
    spec::{Declared, OptionValue, Options, Sent, Switch},
};

/// What a repair says of itself.
pub const TITLE: &str = "Require tokens of the metadata service";

/// A node and the file that it is of.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    /// The file.
    pub source: &'a Source,
    /// The node.
    pub node: &'a Node,
}

/// What a setting comes to, and the text that decided it.
#[derive(Debug, Clone)]
pub enum Setting<'a> {
    /// It is not there, or null.
    Nothing,
    /// A literal: a scalar, mapping or sequence.
    Literal(At<'a>),
    /// A scalar that only these bytes of a longer one decided: the default within an expression.
    Part(String, At<'a>, Range<usize>),
    /// Put together: there is no place at which it could be changed.
    Made(String, At<'a>),
    /// The text does not settle it, and why.
    Unknown(String, At<'a>),
}

impl<'a> Setting<'a> {
    /// A node as it stands, no expressions in it.
    pub fn literal(source: &'a Source, node: Option<&'a Node>) -> Self {
        match node {
            Some(node) if !node.is_null() => Self::Literal(At { source, node }),
            _ => Self::Nothing,
        }
    }

    /// The text of a scalar that is known.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Literal(at) => at.node.text(),
            Self::Part(text, ..) | Self::Made(text, _) => Some(text),
            Self::Nothing | Self::Unknown(..) => None,
        }
    }

    /// Whether nothing is there.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    /// What this says of an option.
    pub fn declared<T: OptionValue>(&self, parse: fn(&str) -> Option<T>) -> Declared<T> {
        let (at, bytes) = match self {
            Self::Nothing => return Declared::Absent,
            Self::Unknown(reason, at) => return at.unresolved(reason),
            Self::Literal(at) | Self::Made(_, at) => (at, at.node.span.clone()),
            Self::Part(_, at, bytes) => (at, bytes.clone()),
        };
        match self.text().and_then(|text| Some((parse(text)?, text))) {
            Some((value, text)) => {
                Declared::Set { value, verbatim: text.to_owned(), place: at.source.place(bytes) }
            }
            None => at.unresolved("this is no value of the option"),
        }
    }

    /// The splice that gives it another value where it is decided.
    pub fn set(&self, new: &New) -> Option<Splice> {
        match self {
            Self::Literal(at) => edit::set_scalar(at.source, at.node, new),
            Self::Part(text, at, bytes) if at.source.slice(bytes.clone()) == text => {
                let (New::Text(new) | New::Plain(new)) = new else { return None };
                let word = new.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
                word.then(|| Splice::of(at.source, bytes.clone(), new.as_str()))
            }
            _ => None,
        }
    }
}

impl At<'_> {
    /// That this does not settle an option.
    pub fn unresolved<T>(&self, reason: &str) -> Declared<T> {
        Declared::Unresolved {
            reason: reason.to_owned(),
            expression: self.expression(),
            place: self.source.place(self.node.span.clone()),
        }
    }

    /// The text as written, on one line and not too long.
    pub fn expression(&self) -> String {
        let written = self.source.slice(self.node.span.clone());
        let words: Vec<&str> = written.split_whitespace().take(50).collect();
        let text = words.join(" ");
        if text.chars().count() <= 200 {
            text
        } else {
            text.chars().take(199).chain(['…']).collect()
        }
    }
}

/// How a dialect names the five options. Of several names the first that is there counts.
#[derive(Debug)]
pub struct Names {
    /// `HttpTokens`.
    pub http_tokens: &'static str,
    /// `HttpEndpoint`.
    pub http_endpoint: &'static str,
    /// `HttpPutResponseHopLimit`.
    pub hop_limit: &'static str,
    /// `InstanceMetadataTags`.
    pub instance_metadata_tags: &'static str,
    /// `HttpProtocolIpv6`.
    pub http_protocol_ipv6: &'static [&'static str],
}

/// `httpTokens`
pub static CAMEL: Names = Names {
    http_tokens: "httpTokens",
    http_endpoint: "httpEndpoint",
    hop_limit: "httpPutResponseHopLimit",
    instance_metadata_tags: "instanceMetadataTags",
    http_protocol_ipv6: &["httpProtocolIpv6", "httpProtocolIPv6"],
};

/// `http_tokens`
pub static SNAKE: Names = Names {
    http_tokens: "http_tokens",
    http_endpoint: "http_endpoint",
    hop_limit: "http_put_response_hop_limit",
    instance_metadata_tags: "instance_metadata_tags",
    http_protocol_ipv6: &["http_protocol_ipv6"],
};

/// All options of a block, each setting found by its name.
pub fn options<'a>(names: &Names, setting: impl Fn(&str) -> Setting<'a>) -> Options {
    let ipv6 = names.http_protocol_ipv6.iter().map(|name| setting(name));
    let ipv6 = ipv6.reduce(|one, two| if one.is_nothing() { two } else { one });
    Options {
        http_tokens: setting(names.http_tokens).declared(Tokens::parse),
        http_endpoint: setting(names.http_endpoint).declared(Endpoint::parse),
        hop_limit: setting(names.hop_limit).declared(i64::parse),
        instance_metadata_tags: setting(names.instance_metadata_tags).declared(Switch::parse),
        http_protocol_ipv6: ipv6.unwrap_or(Setting::Nothing).declared(Switch::parse),
    }
}

/// Whether instances will answer version 1, or may: what a repair is for. What is not resolved is nothing
/// to be repaired.
pub fn needs_fix(options: &Options, sent: Option<&Sent>) -> bool {
    let open = match &options.http_tokens {
        Declared::Set { value, .. } => *value == Tokens::Optional,
        Declared::Absent => sent.and_then(|sent| sent.http_tokens) != Some(Tokens::Required),
        Declared::Unresolved { .. } => false,
    };
    open && options.http_endpoint.value() != Some(&Endpoint::Disabled)
}

/// The repair that consists of these splices.
pub fn fix(effect: Effect, splices: Vec<Splice>) -> Fix {
    Fix { title: TITLE.to_owned(), effect, splices }
}

/// Adds a value below a mapping, with as much of the path to it as is missing.
pub fn add(source: &Source, map: &Node, path: &[&str], new: &New) -> Option<Splice> {
    let (first, rest) = path.split_first()?;
    let nested =
        |path: &[&str]| path.iter().rev().fold(new.clone(), |inner, key| New::map(&[(key, inner)]));
    match (map.member(first), rest) {
        (None, _) => edit::insert(source, map, &[(first, nested(rest))]),
        (Some(member), [second, rest @ ..]) => match &member.node.value {
            Value::Null => edit::fill(source, member, &[(second, nested(rest))]),
            Value::Map(_) => add(source, &member.node, &[&[*second], rest].concat(), new),
            Value::Scalar(_) | Value::List(_) => None,
        },
        (Some(member), []) if member.node.is_null() && !member.merged => {
            let empty = source.slice(member.node.span.clone()).is_empty();
            let (New::Text(text) | New::Plain(text)) = new else { return None };
            let line = source.slice(member.key_span.end..source.line_at(member.key_span.end).end);
            let at = member.key_span.end + 1;
            let bare = empty && member.alias.is_none() && line.trim_end() == ":";
            bare.then(|| Splice::of(source, at..at, format!(" {text}")))
        }
        (Some(_), []) => None,
    }
}
