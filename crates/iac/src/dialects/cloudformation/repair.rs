//! The fix of a resource: the literal that decides is changed where it stands; what nobody says is added to
//! the resource. Only `HttpTokens` is written: an endpoint that is said to be enabled would overrule an
//! account's default that disables it.

use imdsure_model::effective::{Endpoint, Tokens};

use super::{
    evaluate::{Evaluator, loops},
    kinds::{Form, Kind},
    rows::{Own, parser},
    value::Value,
};
use crate::{
    edit::{self, New},
    fix::{Fix, Splice},
    node::Node,
    setting,
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
    let splices = match (own.json, kind.form) {
        (Some(text), _) => super::embedded::fix(evaluator.template.source, text)?,
        (None, Form::Settings) if own.tokens.is_nothing() => add_setting(evaluator, node, path)?,
        (None, Form::Settings) => ensure(evaluator, &own.tokens, &[], &new, kind.form)?,
        (None, _) => {
            let path: Vec<&str> = path.iter().copied().chain(leaf).collect();
            ensure(evaluator, &Value::Node(node), &path, &new, kind.form)?
        }
    };
    if splices.is_empty() {
        return None;
    }
    let title = match kind.form {
        Form::Flag | Form::Settings => "Disable version 1 of the metadata service",
        _ => "Require tokens of the metadata service",
    };
    Some(Fix { title: title.to_owned(), effect: kind.effect, splices })
}

/// What stands at the end of a path says the new value afterwards: the literal that decides is changed, what
/// is not there is added with as much of the path as is missing. On both sides where a condition is open.
fn ensure<'a>(
    evaluator: &Evaluator<'a>,
    value: &Value<'a>,
    path: &[&str],
    new: &New,
    form: Form,
) -> Option<Vec<Splice>> {
    let source = evaluator.template.source;
    let one = |splice: Splice| vec![splice];
    match (value, path) {
        (Value::Either(both, ..), _) => {
            let mut splices = ensure(evaluator, &both.0, path, new, form)?;
            splices.extend(ensure(evaluator, &both.1, path, new, form)?);
            Some(splices)
        }
        (Value::Removed(call), _) => edit::replace(source, call, &nested(path, new)).map(one),
        (Value::Node(node), []) => {
            let text = node.text()?;
            // What is no value of the option may mean anything.
            if parser(form)(text)? == Tokens::Required {
                return Some(Vec::new());
            }
            let splice = edit::set_scalar(source, node, new)?;
            evaluator.allows(node, new).then(|| vec![splice])
        }
        (Value::Node(map), [first, rest @ ..]) => match map.member(first) {
            None if map.get("Fn::Transform").is_some() || loops(map) => None,
            None => edit::insert(source, map, &[(first, nested(rest, new))]).map(one),
            Some(member) if member.node.is_null() => setting::add(source, map, path, new).map(one),
            Some(member) => ensure(evaluator, &evaluator.resolve(&member.node), rest, new, form),
        },
        _ => None,
    }
}

/// Adds Elastic Beanstalk's setting to its list, or the list.
fn add_setting<'a>(
    evaluator: &Evaluator<'a>,
    resource: &'a Node,
    path: &[&str],
) -> Option<Vec<Splice>> {
    let source = evaluator.template.source;
    let item = New::map(&[
        ("Namespace", New::text("aws:autoscaling:launchconfiguration")),
        ("OptionName", New::text("DisableIMDSv1")),
        ("Value", New::text("true")),
    ]);
    match evaluator.at(&Value::Node(resource), path) {
        Value::Node(list) => edit::append(source, list, &item).map(|splice| vec![splice]),
        value if value.is_nothing() => {
            let list = New::List(vec![item]);
            ensure(evaluator, &Value::Node(resource), path, &list, Form::Settings)
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
            New::Map(_) | New::List(_) => return false,
        };
        let owner = self.template.parameters().iter().find(|parameter| {
            parameter.node.get("Default").is_some_and(|default| default.span == node.span)
        });
        let Some(owner) = owner else { return true };
        let Some(allowed) = owner.node.get("AllowedValues") else { return true };
        allowed.items().iter().any(|value| value.text() == Some(wanted))
    }
}
