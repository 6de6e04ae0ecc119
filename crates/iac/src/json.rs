//! JSON into a [`Node`] tree. Comments and trailing commas are allowed: what CloudFormation or Packer would
//! refuse is not ours to judge, and tsconfig-like files are read by the same function.

use std::{ops::Range, sync::Arc};

use jsonc_parser::{
    CollectOptions, CommentCollectionStrategy, ParseOptions,
    ast::{Object, Value as Ast},
    common::Ranged as _,
    parse_to_ast,
};

use crate::node::{Member, Node, Parsed, Style, TreeError, Value};

/// Reads a text that is one JSON value.
pub fn parse(text: &str) -> Parsed {
    let (body, base) = match text.strip_prefix('\u{feff}') {
        Some(body) => (body, text.len() - body.len()),
        None => (text, 0),
    };
    match tree(body, base) {
        Ok(node) => Parsed { documents: node.into_iter().collect(), error: None },
        Err(error) => Parsed { documents: Vec::new(), error: Some(error) },
    }
}

fn tree(body: &str, base: usize) -> Result<Option<Arc<Node>>, TreeError> {
    let collect = CollectOptions { comments: CommentCollectionStrategy::Off, tokens: false };
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = parse_to_ast(body, &collect, &options).map_err(|error| TreeError {
        offset: base + error.range().start,
        code: match error.kind() {
            jsonc_parser::errors::ParseErrorKind::NestingDepthExceeded => "TooDeep",
            _ => "Syntax",
        },
        message: error.kind().to_string(),
    })?;
    parsed.value.as_ref().map(|value| node(value, base, 0)).transpose()
}

fn node(ast: &Ast<'_>, base: usize, depth: usize) -> Result<Arc<Node>, TreeError> {
    let span = shifted(ast.range(), base);
    let (style, value) = match ast {
        Ast::StringLit(text) => (Style::Quoted, Value::Scalar(text.value.to_string())),
        Ast::NumberLit(number) => (Style::Json, Value::Scalar(number.value.to_owned())),
        Ast::BooleanLit(boolean) => (Style::Json, Value::Scalar(boolean.value.to_string())),
        Ast::NullKeyword(_) => (Style::Json, Value::Null),
        Ast::Array(array) => {
            let items = array.elements.iter().map(|item| node(item, base, depth + 1));
            (Style::Json, Value::List(items.collect::<Result<_, _>>()?))
        }
        Ast::Object(object) => (Style::Json, Value::Map(members(object, base, depth + 1)?)),
    };
    let offset = span.start;
    Node::new(span, None, style, value).map(Arc::new).map_err(|(code, message)| TreeError {
        offset,
        code,
        message: message.to_owned(),
    })
}

fn members(object: &Object<'_>, base: usize, depth: usize) -> Result<Vec<Member>, TreeError> {
    object
        .properties
        .iter()
        .map(|property| {
            Ok(Member {
                key: property.name.as_str().to_owned(),
                key_span: shifted(property.name.range(), base),
                node: node(&property.value, base, depth)?,
                alias: None,
                merged: false,
            })
        })
        .collect()
}

fn shifted(range: jsonc_parser::common::Range, base: usize) -> Range<usize> {
    base + range.start..base + range.end
}
