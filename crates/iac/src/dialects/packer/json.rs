//! Templates in the JSON of old, with `{{user `name`}}` for variables.

use std::{collections::HashMap, rc::Rc, sync::Arc};

use super::{BUILDERS, hcl::option, is_hcl, own, row, rows};
use crate::{
    dialect::{Files, Sink},
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

/// The variables of a template.
struct Variables<'a> {
    given: &'a HashMap<String, Value>,
    defaults: Option<&'a Node>,
}

/// Puts the rows of a folder's templates into the sink.
pub(super) fn read(files: &Files<'_>, sink: &mut Sink) {
    let own: Vec<_> = files.members().iter().filter(|source| !is_hcl(source.path())).collect();
    if own.is_empty() {
        return;
    }
    let given = given(files, sink);
    for source in own {
        template(source, &given, sink);
    }
}

/// What the command line gives.
fn given(files: &Files<'_>, sink: &mut Sink) -> HashMap<String, Value> {
    let mut given = HashMap::new();
    let nothing = Variables { given: &HashMap::new(), defaults: None };
    for path in files.settings().var_files.iter().filter(|path| !is_hcl(path)) {
        let source = match files.open(path) {
            Ok(source) => source,
            Err(error) => {
                sink.error(error);
                continue;
            }
        };
        for member in source.json().documents.iter().flat_map(|document| document.members()) {
            given.insert(member.key.clone(), value(&source, &member.node, &nothing));
        }
    }
    for (name, text) in &files.settings().vars {
        given.insert(name.clone(), option(name, text));
    }
    given
}

fn template(source: &Arc<Source>, given: &HashMap<String, Value>, sink: &mut Sink) {
    let parsed = source.json();
    if let Some(error) = &parsed.error {
        sink.tree_error(source, error);
    }
    for document in &parsed.documents {
        let defaults = document.get("variables").map(AsRef::as_ref);
        let variables = Variables { given, defaults };
        let builders = document.get("builders").map(|all| all.items()).unwrap_or_default();
        for (index, node) in builders.iter().enumerate() {
            builder(source, node, index, &variables, sink);
        }
    }
}

fn builder(
    source: &Arc<Source>,
    node: &Node,
    index: usize,
    variables: &Variables<'_>,
    sink: &mut Sink,
) {
    let Some(kind) = node.text_of("type").filter(|kind| BUILDERS.contains(kind)) else { return };
    let read = |name: &str| match node.get(name) {
        Some(node) => value(source, node, variables),
        None => Value::null(Origin::new(source, node.span.clone().into())),
    };
    let (instance, image) = own(read("metadata_options"), read("imds_support"));
    let address = match node.text_of("name") {
        Some(name) => name.to_owned(),
        None if index == 0 => kind.to_owned(),
        None => format!("{kind}[{index}]"),
    };
    let spec = row(source, kind, &address, node.span.clone());
    if let Some(member) = node.member("metadata_options") {
        sink.seen(source, member.span());
    }
    let fixed = |kind: &Kind, own: &Own| fix(source, node, kind, own);
    for spec in rows(&spec, &instance, &image, fixed) {
        sink.spec(spec);
    }
}

fn value(source: &Arc<Source>, node: &Node, variables: &Variables<'_>) -> Value {
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
fn user(source: &Arc<Source>, text: &str, origin: Origin, variables: &Variables<'_>) -> Value {
    let origin = Origin { literal: false, ..origin };
    let inner = text.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    let name = inner
        .and_then(|inner| inner.trim().strip_prefix("user"))
        .map(|name| name.trim().trim_matches(['`', '"']));
    if let Some(value) = name.and_then(|name| variables.given.get(name)) {
        return value.clone();
    }
    match name.and_then(|name| variables.defaults?.get(name)) {
        Some(node) if node.text().is_some_and(|text| !text.contains("{{")) => {
            value(source, node, variables)
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
        return insert_first(source, builder, ("imds_support", &New::text("v2.0")));
    }
    let tokens = ("http_tokens", New::text("required"));
    if let Some(block) = builder.get("metadata_options") {
        return edit::insert(source, block, &[tokens]);
    }
    let options = New::map(&[("http_endpoint", New::text("enabled")), tokens]);
    edit::insert(source, builder, &[("metadata_options", options)])
}

/// Adds a member in front of the others: behind them there may be another new one.
pub(super) fn insert_first(
    source: &Source,
    map: &Node,
    (name, value): (&str, &New),
) -> Option<Splice> {
    let Some(first) = map.members().first() else {
        return edit::insert(source, map, &[(name, value.clone())]);
    };
    let (New::Text(text) | New::Plain(text)) = value else { return None };
    if map.get(name).is_some() {
        return None;
    }
    let at = first.key_span.start;
    let before = source.slice(source.line_at(at).start..at);
    let gap = if before.trim().is_empty() {
        format!("{}{before}", source.newline())
    } else {
        " ".to_owned()
    };
    Some(Splice::of(source, at..at, format!("\"{name}\": \"{text}\",{gap}")))
}
