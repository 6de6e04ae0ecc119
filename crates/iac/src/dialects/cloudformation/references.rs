//! What a resource launches from: templates and configurations of the same file, or names.

use std::ops::Range;

use super::{
    evaluate::{Evaluator, call},
    kinds::kind_of,
    resources::{self, Resource},
    rows,
    value::{Value, expression},
};
use crate::{
    node::Node,
    source::Source,
    spec::{Declared, Inherits, Options},
};

/// The layer below a launch.
pub(super) struct Base {
    pub(super) options: Options,
    pub(super) inherits: Vec<Inherits>,
    /// Whether it stands in this template, and is repaired there.
    pub(super) in_code: bool,
}

/// What the specifications at these paths name.
pub(super) fn bases<'a>(
    evaluator: &Evaluator<'a>,
    properties: &Value<'a>,
    paths: &[&[&str]],
) -> Vec<Base> {
    let values = paths.iter().flat_map(|path| each(evaluator, properties, path));
    values.filter_map(|value| base(evaluator, &value)).collect()
}

/// The values at the end of a path; `*` is every item of a list.
pub(super) fn each<'a>(
    evaluator: &Evaluator<'a>,
    value: &Value<'a>,
    path: &[&str],
) -> Vec<Value<'a>> {
    match path {
        [] => vec![value.clone()],
        ["*", rest @ ..] => {
            let items = value.node().map(Node::items).unwrap_or_default();
            let items = items.iter().map(|item| evaluator.resolve(item));
            items.flat_map(|item| each(evaluator, &item, rest)).collect()
        }
        [key, rest @ ..] => each(evaluator, &evaluator.property(value, key), rest),
    }
}

fn base<'a>(evaluator: &Evaluator<'a>, value: &Value<'a>) -> Option<Base> {
    let source = evaluator.template.source;
    match value {
        _ if value.is_nothing() => None,
        Value::Node(node) if node.is_map() => {
            let property = |names: [&str; 2]| {
                let found = names.map(|name| evaluator.property(value, name));
                found.into_iter().find(|value| !value.is_nothing())
            };
            let name = property(["LaunchTemplateId", "Id"])
                .or_else(|| property(["LaunchTemplateName", "Name"]))?;
            let mut base = named(evaluator, &name);
            pin(evaluator, value, &mut base);
            Some(base)
        }
        Value::Node(node) if node.is_null() => None,
        Value::Either(both, reason, at) => {
            let (one, two) = (base(evaluator, &both.0), base(evaluator, &both.1));
            Some(either(source, one, two, reason, at))
        }
        _ => Some(named(evaluator, value)),
    }
}

/// One of two templates, or one and none: what they agree in is known.
fn either(source: &Source, one: Option<Base>, two: Option<Base>, reason: &str, at: &Node) -> Base {
    let none = || Base {
        options: Options::SILENT,
        inherits: vec![Inherits::AccountDefault],
        in_code: false,
    };
    let (mut one, two) = (one.unwrap_or_else(none), two.unwrap_or_else(none));
    let new: Vec<_> = two.inherits.into_iter().filter(|own| !one.inherits.contains(own)).collect();
    // The account's default stays the last one to be asked.
    one.inherits.splice(0..0, new);
    let open = |reason: &str| (reason.to_owned(), expression(source, at), at.span.clone());
    let (a, b) = (one.options, two.options);
    one.options = Options {
        http_tokens: agreed(source, a.http_tokens, b.http_tokens, open(reason)),
        http_endpoint: agreed(source, a.http_endpoint, b.http_endpoint, open(reason)),
        hop_limit: agreed(source, a.hop_limit, b.hop_limit, open(reason)),
        instance_metadata_tags: agreed(
            source,
            a.instance_metadata_tags,
            b.instance_metadata_tags,
            open(reason),
        ),
        http_protocol_ipv6: agreed(
            source,
            a.http_protocol_ipv6,
            b.http_protocol_ipv6,
            open(reason),
        ),
    };
    one.in_code &= two.in_code;
    one
}

fn agreed<T: PartialEq>(
    source: &Source,
    one: Declared<T>,
    two: Declared<T>,
    (reason, expression, span): (String, String, Range<usize>),
) -> Declared<T> {
    match (&one, &two) {
        (Declared::Unresolved { .. }, _) => one,
        (_, Declared::Unresolved { .. }) => two,
        _ if one.word() == two.word() && one.value() == two.value() => one,
        _ => Declared::Unresolved { reason, expression, place: source.place(span) },
    }
}

/// The template or configuration that an id or a name stands for.
fn named<'a>(evaluator: &Evaluator<'a>, name: &Value<'a>) -> Base {
    if let Value::Either(both, reason, at) = name
        && name.text().is_none()
    {
        let side = |side: &Value<'a>| (!side.is_nothing()).then(|| named(evaluator, side));
        return either(evaluator.template.source, side(&both.0), side(&both.1), reason, at);
    }
    let resources = resources::all(evaluator.template);
    let target = match name {
        Value::Unknown(_, node) => logical_id(node),
        _ => None,
    };
    let same_name = |resource: &Resource<'a>| {
        let names = ["LaunchTemplateName", "LaunchConfigurationName"];
        let inner = Evaluator::new(evaluator.template, resource.bindings.clone());
        let properties = resource.properties(&inner);
        let mut names = names.iter().map(|key| inner.property(&properties, key));
        names.any(|own| own.text().is_some() && own.text() == name.text())
    };
    let found =
        resources.iter().filter(|resource| is_template(resource)).find(|resource| match &target {
            Some(target) => resource.id == *target,
            None => name.text().is_some() && same_name(resource),
        });
    match found {
        Some(resource) => of_resource(evaluator, resource),
        None => outside(match name {
            Value::Unknown(_, at) | Value::Text(_, at) | Value::Node(at) => {
                let text = name.text().map(std::borrow::Cow::into_owned);
                text.unwrap_or_else(|| expression(evaluator.template.source, at))
            }
            _ => String::new(),
        }),
    }
}

fn is_template(resource: &Resource<'_>) -> bool {
    let kinds = [
        "AWS::EC2::LaunchTemplate",
        "AWS::AutoScaling::LaunchConfiguration",
        "AWS::ElasticBeanstalk::ConfigurationTemplate",
    ];
    resource.kind().is_some_and(|kind| kinds.contains(&kind))
}

/// The resource that `Ref` or `GetAtt` names.
fn logical_id(node: &Node) -> Option<String> {
    let (name, argument) = call(node)?;
    let text = argument.text().or_else(|| argument.items().first()?.text())?;
    match name {
        "Ref" => Some(text.to_owned()),
        "Fn::GetAtt" => text.split('.').next().map(str::to_owned),
        _ => None,
    }
}

fn of_resource<'a>(evaluator: &Evaluator<'a>, resource: &Resource<'a>) -> Base {
    let inner = Evaluator::new(evaluator.template, resource.bindings.clone());
    let kind = resource.kind().and_then(kind_of);
    let options = kind.map_or(Options::SILENT, |kind| {
        rows::own(&inner, &resource.properties(&inner), kind).options
    });
    Base { options, inherits: vec![Inherits::AccountDefault], in_code: true }
}

fn outside(name: String) -> Base {
    let inherits = vec![Inherits::LaunchTemplate(name), Inherits::AccountDefault];
    Base { options: Options::SILENT, inherits, in_code: false }
}

/// A version by number need not be the one that the code holds.
fn pin<'a>(evaluator: &Evaluator<'a>, specification: &Value<'a>, base: &mut Base) {
    let version = evaluator.property(specification, "Version");
    let (Some(text), Some(node)) = (version.text(), version.node()) else { return };
    if !base.in_code || text.parse::<u64>().is_err() {
        return;
    }
    let source = evaluator.template.source;
    base.options.http_tokens = Declared::Unresolved {
        reason: format!("version {text} of the template is named, which need not be this one"),
        expression: expression(source, node),
        place: source.place(node.span.clone()),
    };
}
