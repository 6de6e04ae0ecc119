//! States (`*.tfstate`) and plans (`terraform show -json`): values that Terraform has worked out. They are
//! read and not repaired: the code is.

use std::sync::Arc;

use super::{kinds::kind_of, options, policies};
use crate::{
    dialect::Sink,
    hcl::{
        ast::Span,
        value::{Data, Map, Origin, Value},
    },
    node::{Node, Value as Tree},
    source::Source,
    spec::{Inherits, LaunchSpec},
};

/// Puts the rows of a state or plan into the sink.
pub(super) fn read(source: &Arc<Source>, sink: &mut Sink) {
    let parsed = source.json();
    if let Some(error) = &parsed.error {
        sink.tree_error(source, error);
    }
    for document in &parsed.documents {
        // What a plan says of the past is not asked.
        match document.at(&["planned_values", "root_module"]) {
            Some(root) => module(source, root, document, sink),
            None => match document.at(&["values", "root_module"]) {
                Some(root) => module(source, root, document, sink),
                None => state(source, document, sink),
            },
        }
    }
}

fn module(source: &Arc<Source>, node: &Node, document: &Node, sink: &mut Sink) {
    for resource in node.get("resources").map(|all| all.items()).unwrap_or_default() {
        let (Some(kind), Some(address)) = (resource.text_of("type"), resource.text_of("address"))
        else {
            continue;
        };
        if resource.text_of("mode") == Some("data") {
            continue;
        }
        let Some(values) = resource.get("values") else { continue };
        let later = unknown_of(document, address);
        row(source, kind, address, resource, values, later, sink);
    }
    for child in node.get("child_modules").map(|all| all.items()).unwrap_or_default() {
        module(source, child, document, sink);
    }
}

/// What a plan does not know yet of a resource.
fn unknown_of<'a>(document: &'a Node, address: &str) -> Option<&'a Node> {
    let changes = document.get("resource_changes")?.items();
    let change = changes.iter().find(|change| change.text_of("address") == Some(address))?;
    change.at(&["change", "after_unknown"])
}

fn state(source: &Arc<Source>, document: &Node, sink: &mut Sink) {
    for resource in document.get("resources").map(|all| all.items()).unwrap_or_default() {
        let (Some(kind), Some(name)) = (resource.text_of("type"), resource.text_of("name")) else {
            continue;
        };
        if resource.text_of("mode") != Some("managed") {
            continue;
        }
        let module =
            resource.text_of("module").map(|module| format!("{module}.")).unwrap_or_default();
        for instance in resource.get("instances").map(|all| all.items()).unwrap_or_default() {
            let key = match instance.get("index_key").map(|key| (key.text(), key.style)) {
                Some((Some(key), crate::node::Style::Quoted)) => format!("[\"{key}\"]"),
                Some((Some(key), _)) => format!("[{key}]"),
                _ => String::new(),
            };
            let address = format!("{module}{kind}.{name}{key}");
            if let Some(values) = instance.get("attributes") {
                row(source, kind, &address, instance, values, None, sink);
            }
        }
    }
}

fn row(
    source: &Arc<Source>,
    kind: &str,
    address: &str,
    node: &Node,
    values: &Node,
    later: Option<&Node>,
    sink: &mut Sink,
) {
    if policies::is_policy(kind) {
        return policies::of_snapshot(source, address, values, later, sink);
    }
    let Some(kind) = kind_of(kind).filter(|kind| !kind.path.is_empty()) else { return };
    let mut block = Data::Null;
    let mut at = values;
    let mut unknown = later;
    for name in kind.path {
        let Some(next) = at.get(name) else { break };
        at = next;
        unknown = unknown.and_then(|unknown| unknown.get(name)).map(AsRef::as_ref);
        block = value(source, next, unknown).data;
    }
    let origin = Origin::new(source, Span::from(at.span.clone()));
    let own = options::of_block(kind.form, Value::new(block, origin));
    let place = source.place(node.span.clone());
    let mut spec = LaunchSpec::new("terraform", kind.name, address, place);
    spec.options = own.options;
    spec.resource_id = values.text_of("id").map(str::to_owned);
    spec.effect = Some(kind.effect);
    let decider = if kind.account_default { Inherits::AccountDefault } else { Inherits::Service };
    spec.inherits_from = vec![decider];
    sink.seen(source, node.span.clone());
    sink.spec(spec);
}

/// A node with what is not known yet of it.
fn value(source: &Arc<Source>, node: &Node, later: Option<&Node>) -> Value {
    let origin = Origin::new(source, Span::from(node.span.clone()));
    let scalar = |text: &str| match node.style {
        crate::node::Style::Quoted => Data::Text(text.into()),
        _ => match (text, text.parse::<f64>()) {
            ("true", _) => Data::Bool(true),
            ("false", _) => Data::Bool(false),
            (_, Ok(number)) => Data::Number(number),
            _ => Data::Text(text.into()),
        },
    };
    let data = match &node.value {
        Tree::Null => Data::Null,
        Tree::Scalar(text) => scalar(text),
        Tree::List(items) => {
            let later = later.map(Node::items).unwrap_or_default();
            let items = items.iter().enumerate();
            let items =
                items.map(|(index, item)| value(source, item, later.get(index).map(AsRef::as_ref)));
            Data::List(items.collect::<Vec<_>>().into())
        }
        Tree::Map(members) => {
            let mut map = Map::default();
            for member in members {
                let later = later.and_then(|later| later.get(&member.key)).map(AsRef::as_ref);
                map.set(member.key.as_str().into(), value(source, &member.node, later));
            }
            for member in later.map(Node::members).unwrap_or_default() {
                if member.node.boolean() == Some(true) && map.get(&member.key).is_none() {
                    let unknown = Value::unknown("known only when it is applied", origin.clone());
                    map.set(member.key.as_str().into(), unknown);
                }
            }
            Data::Map(map.into())
        }
    };
    Value::new(data, origin)
}
