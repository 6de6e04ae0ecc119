//! EMR's security configuration as a string of JSON. It is read as it comes out; it is repaired where the
//! string is written, in whatever quotes it stands.

use imdsure_model::effective::Tokens;

use super::{
    evaluate::Evaluator,
    kinds::{Form, Kind},
    rows::{Own, parser},
    value::Value,
};
use crate::{
    fix::Splice,
    node::{Node, Style},
    source::Source,
    spec::{Declared, OptionValue as _, Options},
};

const BLOCK: &str = "InstanceMetadataServiceConfiguration";
const VERSION: &str = "MinimumInstanceMetadataServiceVersion";

/// What the string says; none where the configuration is no string.
pub(super) fn own<'a>(
    evaluator: &Evaluator<'a>,
    properties: &Value<'a>,
    kind: &Kind,
) -> Option<Own<'a>> {
    if kind.name != "AWS::EMR::SecurityConfiguration" {
        return None;
    }
    let (whole, node) = match evaluator.property(properties, "SecurityConfiguration") {
        Value::Node(node) => (node.text()?.to_owned(), node),
        Value::Text(text, node) => (text, node),
        _ => return None,
    };
    let source = evaluator.template.source;
    let parsed = crate::json::parse(&whole);
    let Some(root) = parsed.documents.first().filter(|_| parsed.error.is_none()) else {
        let tokens = Value::Unknown("this string is no JSON".to_owned(), node);
        let http_tokens = tokens.declared(source, parser(Form::MinimumVersion));
        let options = Options { http_tokens, ..Options::SILENT };
        return Some(Own { options, tokens, json: None });
    };
    let value = |name: &str| match root.at(&[BLOCK, name]).and_then(Node::text) {
        Some(text) => Value::Text(text.to_owned(), node),
        None => Value::Nothing,
    };
    let tokens = value(VERSION);
    let http_tokens: Declared<Tokens> = tokens.declared(source, parser(Form::MinimumVersion));
    let hop_limit = value("HttpPutResponseHopLimit").declared(source, i64::parse);
    let options = Options { http_tokens, hop_limit, ..Options::SILENT };
    Some(Own { options, tokens, json: Some(node) })
}

/// The version within the string, or the block behind its first bracket.
pub(super) fn fix(source: &Source, node: &Node) -> Option<Vec<Splice>> {
    let written = source.slice(node.span.clone());
    let found: Vec<usize> =
        written.match_indices(VERSION).map(|(at, _)| at + VERSION.len()).collect();
    let mark = if node.style == Style::Quoted && written.starts_with('"') { "\\\"" } else { "\"" };
    match found.as_slice() {
        [end] => {
            let rest = written.get(*end..)?;
            let before = rest.find(|c: char| c.is_ascii_digit())?;
            let sign = |c: char| c.is_whitespace() || matches!(c, '"' | '\\' | ':' | 'n');
            let at = node.span.start + end + before;
            let alone = rest[..before].chars().all(sign) && source.slice(at..at + 1) == "1";
            alone.then(|| vec![Splice::of(source, at..at + 1, "2")])
        }
        [] if !written.contains(BLOCK) => {
            let at = node.span.start + written.find('{')? + 1;
            let empty = source.slice(at..node.span.end).trim_start().starts_with('}');
            let comma = if empty { "" } else { ", " };
            let text = format!("{mark}{BLOCK}{mark}: {{{mark}{VERSION}{mark}: 2}}{comma}");
            Some(vec![Splice::of(source, at..at, text)])
        }
        _ => None,
    }
}
