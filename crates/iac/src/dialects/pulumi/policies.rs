//! Guardrails that a program attaches: `aws:organizations:Policy`.

use super::program::Scope;
use crate::{
    dialect::Sink,
    node::{Member, Node},
    policy::{Part, PolicyKind, PolicySpec, PolicyText, Unresolved},
    setting::{At, Setting},
};

/// Puts the row of a policy into the sink.
pub(super) fn read<'a>(scope: &Scope<'a>, resource: &'a Member, sink: &mut Sink) {
    let token = resource.node.text_of("type").unwrap_or_default();
    if !matches!(
        token,
        "aws:organizations:Policy"
            | "aws:organizations/policy:Policy"
            | "aws-native:organizations:Policy"
    ) {
        return;
    }
    let properties = scope.value(resource.node.at(&["properties"]));
    let kind = scope.member(&properties, "type");
    let kind = match kind.text() {
        Some(text) => match PolicyKind::of_type(text) {
            Some(kind) => Some(kind),
            None => return,
        },
        // The provider's default.
        None if kind.is_nothing() => Some(PolicyKind::Scp),
        None => None,
    };
    match content(scope, resource) {
        Some(Ok(text)) => {
            if let Some(spec) = text.judged("pulumi", &resource.key, kind) {
                sink.policy(spec);
            }
        }
        Some(Err(unresolved)) => {
            let written = scope.source.slice(resource.span());
            if PolicySpec::may_be_one(written) {
                let place = scope.source.place(resource.span());
                sink.policy(PolicySpec::open("pulumi", &resource.key, kind, place, unresolved));
            }
        }
        None => {}
    }
}

/// A string of JSON, or a tree that `fn::toJSON` makes one of.
fn content<'a>(scope: &Scope<'a>, resource: &'a Member) -> Option<Result<PolicyText, Unresolved>> {
    let node = resource.node.at(&["properties", "content"])?;
    let call = node.members().first().filter(|one| one.key.eq_ignore_ascii_case("fn::toJSON"));
    let tree = call.map(|call| call.node.as_ref()).or_else(|| node.is_map().then_some(node));
    if let Some(tree) = tree {
        let source = scope.source;
        let part = |node: &'a Node| part(scope.resolve(At { source, node }));
        return Some(PolicyText::of_node(source, tree, &part));
    }
    match scope.value(Some(node)) {
        Setting::Nothing => None,
        Setting::Unknown(reason, at) => {
            Some(Err(Unresolved { reason, expression: at.expression() }))
        }
        Setting::Literal(at) => {
            let place = at.source.place(at.node.span.clone());
            Some(Ok(PolicyText::new(at.node.text()?, place)))
        }
        Setting::Part(text, at, _) | Setting::Made(text, at) => {
            Some(Ok(PolicyText::new(text, at.source.place(at.node.span.clone()))))
        }
    }
}

fn part(value: Setting<'_>) -> Part<'_> {
    match value {
        Setting::Literal(at) => Part::Node(at.node),
        Setting::Made(text, _) | Setting::Part(text, ..) => Part::Text(text),
        Setting::Nothing => Part::Nothing,
        Setting::Unknown(reason, _) => Part::Open(reason),
    }
}
