//! Guardrails that a template attaches: `AWS::Organizations::Policy`.

use super::{
    condition::Truth,
    evaluate::Evaluator,
    resources::Resource,
    template::Template,
    value::{Value, expression},
};
use crate::{
    dialect::Sink,
    node::Node,
    policy::{Part, PolicyKind, PolicySpec, PolicyText, Unresolved},
};

/// Puts the row of a policy into the sink.
pub(super) fn read<'a>(template: &'a Template<'a>, resource: &Resource<'a>, sink: &mut Sink) {
    let evaluator = Evaluator::new(template, resource.bindings.clone());
    let condition = resource.node().text_of("Condition");
    if condition.is_some_and(|name| evaluator.named(name) == Truth::False) {
        return;
    }
    let properties = resource.properties(&evaluator);
    let kind = evaluator.property(&properties, "Type");
    let kind = match kind.text() {
        Some(text) => match PolicyKind::of_type(&text) {
            Some(kind) => Some(kind),
            // A policy of tags or backups.
            None => return,
        },
        None => None,
    };
    let text = content(&evaluator, &evaluator.property(&properties, "Content"));
    match text {
        Some(Ok(text)) => {
            if let Some(spec) = text.judged("cloudformation", &resource.id, kind) {
                sink.policy(spec);
            }
        }
        Some(Err(unresolved)) => {
            // Whether it is about the metadata service can only be guessed from what is written.
            let written = template.source.slice(resource.member.span());
            if PolicySpec::may_be_one(written) {
                let place = template.source.place(resource.member.span());
                let id = &resource.id;
                sink.policy(PolicySpec::open("cloudformation", id, kind, place, unresolved));
            }
        }
        None => {}
    }
}

fn content<'a>(
    evaluator: &Evaluator<'a>,
    value: &Value<'a>,
) -> Option<Result<PolicyText, Unresolved>> {
    let source = evaluator.template.source;
    match value {
        Value::Node(node) if node.is_map() => {
            let part = |node: &'a Node| part(evaluator.resolve(node));
            Some(PolicyText::of_node(source, node, &part))
        }
        Value::Node(node) => {
            Some(Ok(PolicyText::new(node.text()?, source.place(node.span.clone()))))
        }
        Value::Text(text, node) => {
            Some(Ok(PolicyText::new(text.as_str(), source.place(node.span.clone()))))
        }
        Value::Unknown(reason, at) | Value::Either(_, reason, at) => {
            Some(Err(Unresolved { reason: reason.clone(), expression: expression(source, at) }))
        }
        Value::Nothing | Value::Removed(_) => None,
    }
}

fn part(value: Value<'_>) -> Part<'_> {
    match value {
        Value::Node(node) => Part::Node(node),
        Value::Text(text, _) => Part::Text(text),
        Value::Nothing | Value::Removed(_) => Part::Nothing,
        Value::Unknown(reason, _) | Value::Either(_, reason, _) => Part::Open(reason),
    }
}
