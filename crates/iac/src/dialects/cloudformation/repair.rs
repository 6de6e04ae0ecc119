//! The fix of a resource: the literal that decides is changed where it stands; what nobody says is added to
//! the resource. Only `HttpTokens` is written: an endpoint that is said to be enabled would overrule an
//! account's default that disables it.

use imdsure_model::effective::{Endpoint, Tokens};

use super::{
    evaluate::Evaluator,
    kinds::{Form, Kind},
    rows::{Own, parser},
    value::Value,
};
use crate::{
    edit::{self, New},
    fix::{Fix, Splice},
    node::Node,
    spec::Options,
};

/// The fix; none where none is needed, or no change of the text does it for sure.
pub(super) fn fix<'a>(
    evaluator: &Evaluator<'a>,
    kind: &Kind,
    resource: &'a Node,
    own: &Own<'a>,
    merged: &Options,
) -> Option<Fix> {
    let required = merged.http_tokens.value() == Some(&Tokens::Required);
    if required || merged.http_endpoint.value() == Some(&Endpoint::Disabled) {
        return None;
    }
    let path: Vec<&str> = [&["Properties"], kind.path].concat();
    fix_below(evaluator, kind, resource, &path, own)
}

/// The fix of what stands at a path below a node.
pub(super) fn fix_below<'a>(
    evaluator: &Evaluator<'a>,
    kind: &Kind,
    node: &'a Node,
    path: &[&str],
    own: &Own<'a>,
) -> Option<Fix> {
    let required = own.options.http_tokens.value() == Some(&Tokens::Required);
    if required || own.options.http_endpoint.value() == Some(&Endpoint::Disabled) {
        return None;
    }
    let (leaf, new) = match kind.form {
        Form::Options => (Some("HttpTokens"), New::text("required")),
        Form::MinimumVersion if kind.name.starts_with("AWS::EMR::") => {
            (Some("MinimumInstanceMetadataServiceVersion"), New::plain(&2))
        }
        Form::MinimumVersion => (Some("MinimumInstanceMetadataServiceVersion"), New::text("2")),
        Form::Flag | Form::Settings => (None, New::plain(&true)),
        Form::None => return None,
    };
    let splices = match &own.tokens {
        Value::Nothing if kind.form == Form::Settings => return None,
        Value::Nothing => {
            let path: Vec<&str> = path.iter().copied().chain(leaf).collect();
            insert(evaluator, &Value::Node(node), &path, &new)?
        }
        decided => set(evaluator, decided, &new, kind.form)?,
    };
    let title = match kind.form {
        Form::Flag | Form::Settings => "Disable version 1 of the metadata service",
        _ => "Require tokens of the metadata service",
    };
    Some(Fix { title: title.to_owned(), effect: kind.effect, splices })
}

/// Changes the literals that decide: on both sides where a condition is open.
fn set<'a>(
    evaluator: &Evaluator<'a>,
    value: &Value<'a>,
    new: &New,
    form: Form,
) -> Option<Vec<Splice>> {
    match value {
        Value::Node(node) => {
            let text = node.text()?;
            if parser(form)(text) == Some(Tokens::Required) {
                return Some(Vec::new());
            }
            // What is no value of the option may mean anything.
            parser(form)(text)?;
            let splice = edit::set_scalar(evaluator.template.source, node, new)?;
            evaluator.allows(node, new).then(|| vec![splice])
        }
        Value::Either(both, ..) => {
            let mut splices = set(evaluator, &both.0, new, form)?;
            splices.extend(set(evaluator, &both.1, new, form)?);
            Some(splices)
        }
        _ => None,
    }
}

/// Adds what stands nowhere yet, with as much of the path as is missing.
fn insert<'a>(
    evaluator: &Evaluator<'a>,
    value: &Value<'a>,
    path: &[&str],
    new: &New,
) -> Option<Vec<Splice>> {
    let source = evaluator.template.source;
    let (first, rest) = path.split_first()?;
    match value {
        Value::Node(map) => match (map.member(first), rest) {
            (None, _) => {
                edit::insert(source, map, &[(first, nested(rest, new))]).map(|splice| vec![splice])
            }
            (Some(member), [second, rest @ ..]) if member.node.is_null() => {
                edit::fill(source, member, &[(second, nested(rest, new))])
                    .map(|splice| vec![splice])
            }
            (Some(member), [_, ..]) => {
                insert(evaluator, &evaluator.resolve(&member.node), rest, new)
            }
            // It stands there and comes to nothing (`AWS::NoValue`).
            (Some(_), []) => None,
        },
        Value::Either(both, ..) => {
            let mut splices = insert(evaluator, &both.0, path, new)?;
            splices.extend(insert(evaluator, &both.1, path, new)?);
            Some(splices)
        }
        _ => None,
    }
}

fn nested(path: &[&str], new: &New) -> New {
    path.iter().rev().fold(new.clone(), |inner, key| New::map(&[(key, inner)]))
}

impl Evaluator<'_> {
    /// Whether the parameter whose default a literal is, if it is one, allows the new value.
    fn allows(&self, node: &Node, new: &New) -> bool {
        let wanted = match new {
            New::Text(text) | New::Plain(text) => text,
            New::Map(_) => return false,
        };
        let owner = self.template.parameters().iter().find(|parameter| {
            parameter.node.get("Default").is_some_and(|default| default.span == node.span)
        });
        let Some(owner) = owner else { return true };
        let Some(allowed) = owner.node.get("AllowedValues") else { return true };
        allowed.items().iter().any(|value| value.text() == Some(wanted))
    }
}
