//! Templates in the JSON of old, with `{{user `name`}}` for variables.

use std::{rc::Rc, sync::Arc};

use super::{BUILDERS, own, row, rows};
use crate::{
    dialect::Sink,
    dialects::terraform::{
        kinds::{Form, Kind},
        options::Own,
        repair,
    },
    edit::{self, New},
    fix::{Fix, Splice},
    hcl::value::{Data, Map, Origin, Value},
    node::{Node, Value as Tree},
    source::Source,
};

/// Puts the rows of a template into the sink.
pub(super) fn read(source: &Arc<Source>, sink: &mut Sink) {
    let parsed = source.json();
    if let Some(error) = &parsed.error {
        sink.tree_error(source, error);
    }
    for document in &parsed.documents {
        let variables = document.get("variables").map(AsRef::as_ref);
        let builders = document.get("builders").map(|all| all.items()).unwrap_or_default();
        for (index, builder) in builders.iter().enumerate() {
            let Some(kind) = builder.text_of("type").filter(|kind| BUILDERS.contains(kind)) else {
                continue;
            };
            let read = |name: &str| match builder.get(name) {
                Some(node) => value(source, node, variables),
                None => Value::null(Origin::new(source, builder.span.clone().into())),
            };
            let (instance, image) = own(read("metadata_options"), read("imds_support"));
            let address = match builder.text_of("name") {
                Some(name) => name.to_owned(),
                None if index == 0 => kind.to_owned(),
                None => format!("{kind}[{index}]"),
            };
            let spec = row(source, kind, &address, builder.span.clone());
            sink.seen(source, instance.block.origin.span.range());
            let fixed = |kind: &Kind, own: &Own| fix(source, builder, kind, own);
            for spec in rows(&spec, &instance, &image, fixed) {
                sink.spec(spec);
            }
        }
    }
}

fn value(source: &Arc<Source>, node: &Node, variables: Option<&Node>) -> Value {
    let origin = Origin { literal: true, ..Origin::new(source, node.span.clone().into()) };
    let data = match &node.value {
        Tree::Null => Data::Null,
        Tree::Scalar(text) if text.contains("{{") => return user(source, text, origin, variables),
        Tree::Scalar(text) => Data::Text(text.as_str().into()),
        Tree::List(items) => {
            let items = items.iter().map(|item| value(source, item, variables));
            Data::List(Rc::new(items.collect()))
        }
        Tree::Map(members) => {
            let mut map = Map::default();
            for member in members {
                map.set(member.key.as_str().into(), value(source, &member.node, variables));
            }
            Data::Map(Rc::new(map))
        }
    };
    Value::new(data, origin)
}

/// A text that is one variable.
fn user(source: &Arc<Source>, text: &str, origin: Origin, variables: Option<&Node>) -> Value {
    let origin = Origin { literal: false, ..origin };
    let inner = text.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    let name = inner
        .and_then(|inner| inner.trim().strip_prefix("user"))
        .map(|name| name.trim().trim_matches(['`', '"']));
    let default = name.and_then(|name| variables?.get(name));
    match default {
        Some(node) if node.text().is_some_and(|text| !text.contains("{{")) => {
            value(source, node, None)
        }
        _ => Value::unknown("known only when it is built", origin),
    }
}

fn fix(source: &Arc<Source>, builder: &Node, kind: &Kind, own: &Own) -> Option<Fix> {
    let title = match kind.form {
        Form::Image => "Mark the image as made for version 2",
        _ => "Require tokens of the metadata service",
    };
    let options = &own.options;
    if options.http_tokens.value() == Some(&crate::Tokens::Required)
        || options.http_endpoint.value() == Some(&crate::Endpoint::Disabled)
    {
        return None;
    }
    let splices = if own.options.http_tokens.is_absent() {
        vec![insert(source, builder, kind)?]
    } else {
        repair::set(&own.tokens, kind.form)?
    };
    Some(Fix { title: title.to_owned(), effect: kind.effect, splices })
}

fn insert(source: &Source, builder: &Node, kind: &Kind) -> Option<Splice> {
    if kind.form == Form::Image {
        return edit::insert(source, builder, &[("imds_support", New::text("v2.0"))]);
    }
    let tokens = ("http_tokens", New::text("required"));
    if let Some(block) = builder.get("metadata_options") {
        return edit::insert(source, block, &[tokens]);
    }
    let options = New::map(&[("http_endpoint", New::text("enabled")), tokens]);
    edit::insert(source, builder, &[("metadata_options", options)])
}
