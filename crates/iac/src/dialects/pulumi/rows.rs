//! From a resource to its row.

use imdsure_model::effective::Tokens;

use super::{
    evaluate::referred,
    kinds::{Form, Kind, kind_of},
    program::Scope,
    repair,
};
use crate::{
    dialect::Sink,
    ignore,
    node::{Member, Node, boolean},
    setting::{self, At, CAMEL, Setting},
    spec::{Declared, Inherits, LaunchSpec, OptionValue as _, Options},
};

/// What a resource itself says.
pub(super) struct Own<'a> {
    pub(super) options: Options,
    /// The block, flag or list.
    pub(super) block: Setting<'a>,
    /// What decides about tokens.
    pub(super) tokens: Setting<'a>,
}

/// The layer below a launch.
struct Base {
    options: Options,
    inherits: Vec<Inherits>,
    /// Whether it stands in this program, and is repaired there.
    in_code: bool,
}

/// Puts the rows of a program or component into the sink.
pub(super) fn read(scope: &Scope<'_>, sink: &mut Sink) {
    for resource in scope.resources() {
        super::policies::read(scope, resource, sink);
        let Some(kind) = kind(resource) else { continue };
        // A resource that is only looked up is made elsewhere.
        if resource.node.get("get").is_none() {
            for spec in specs(scope, resource, kind) {
                sink.spec(spec);
            }
        }
        let path: Vec<&str> = [&["properties"], kind.path].concat();
        if let Some(block) = resource.node.at(&path).filter(|_| !kind.path.is_empty()) {
            sink.seen(scope.source, block.span.clone());
        }
    }
}

fn kind(resource: &Member) -> Option<&'static Kind> {
    kind_of(resource.node.text_of("type")?)
}

fn specs<'a>(scope: &Scope<'a>, resource: &'a Member, kind: &'static Kind) -> Vec<LaunchSpec> {
    let own = own(scope, resource, kind);
    let properties = scope.value(resource.node.at(&["properties"]));
    let values = kind.from.iter().flat_map(|path| each(scope, &properties, path));
    let mut bases: Vec<Option<Base>> =
        values.filter_map(|value| base(scope, &value)).map(Some).collect();
    if bases.is_empty() {
        bases.push(None);
    }
    let mut specs = Vec::new();
    for (index, base) in bases.into_iter().enumerate() {
        let mut spec = row(scope, resource, kind, index);
        let in_code = base.as_ref().is_some_and(|base| base.in_code);
        let below = match base {
            Some(base) => {
                spec.inherits_from = base.inherits;
                base.options
            }
            None => Options::SILENT,
        };
        spec.options = own.options.clone().or(below);
        if !own.options.http_tokens.is_absent() || !in_code {
            spec.fix = repair::fix(scope, &resource.node, kind, &own, &spec.options);
        }
        specs.push(spec);
    }
    specs
}

fn row(scope: &Scope<'_>, resource: &Member, kind: &'static Kind, index: usize) -> LaunchSpec {
    let span = resource.span();
    let mut address = resource.key.clone();
    if !scope.component.is_empty() {
        address = format!("{}/{address}", scope.component);
    }
    if index > 0 {
        address = format!("{address}[{index}]");
    }
    let mut spec = LaunchSpec::new("pulumi", kind.name, &address, scope.source.place(span.clone()));
    spec.effect = Some(kind.effect);
    spec.ignore_comments = ignore::comments(scope.source, &span);
    // A component is made as often as somebody uses it.
    spec.count = scope.component.is_empty().then_some(1);
    let service = !kind.account_default || kind.name.contains(":eks:");
    spec.inherits_from = vec![if service { Inherits::Service } else { Inherits::AccountDefault }];
    let options = resource.node.at(&["options", "ignoreChanges"]);
    let ignored = options.map(Node::items).unwrap_or_default().iter();
    let ours = |path: &&str| {
        let first = path.split(['.', '[']).next().unwrap_or_default();
        *path == "*" || kind.path.first() == Some(&first)
    };
    spec.ignored = ignored.filter_map(|one| one.text()).filter(ours).map(str::to_owned).collect();
    spec
}

/// What a resource says of each option.
fn own<'a>(scope: &Scope<'a>, resource: &'a Member, kind: &Kind) -> Own<'a> {
    let properties = scope.value(resource.node.at(&["properties"]));
    let block = match kind.form {
        Form::None => Setting::Nothing,
        _ => kind.path.iter().fold(properties, |value, key| scope.member(&value, key)),
    };
    let tokens = match kind.form {
        Form::None => Setting::Nothing,
        Form::Options => scope.member(&block, CAMEL.http_tokens),
        Form::MinimumVersion => scope.member(&block, "minimumInstanceMetadataServiceVersion"),
        Form::Image | Form::Flag => block.clone(),
        Form::Settings(name) => flag(scope, &block, name),
    };
    let mut options = match kind.form {
        Form::Options => setting::options(&CAMEL, |name| scope.member(&block, name)),
        _ => Options::SILENT,
    };
    options.http_tokens = tokens.declared(parser(kind.form));
    if tokens.text() == Some("no-preference") {
        options.http_tokens = Declared::Absent;
    }
    Own { options, block, tokens }
}

/// How a form spells tokens.
pub(super) fn parser(form: Form) -> fn(&str) -> Option<Tokens> {
    match form {
        Form::Options | Form::None => Tokens::parse,
        Form::MinimumVersion => |text| match text {
            "1" => Some(Tokens::Optional),
            "2" => Some(Tokens::Required),
            _ => None,
        },
        Form::Image => |text| (text == "v2.0").then_some(Tokens::Required),
        Form::Flag | Form::Settings(_) => {
            |text| boolean(text).map(|off| if off { Tokens::Required } else { Tokens::Optional })
        }
    }
}

/// Elastic Beanstalk's `DisableIMDSv1`; the last one counts.
fn flag<'a>(scope: &Scope<'a>, list: &Setting<'a>, name: &str) -> Setting<'a> {
    let Setting::Literal(at) = list else { return list.clone() };
    let mut found = Setting::Nothing;
    for node in at.node.items() {
        let item = scope.resolve(At { source: at.source, node });
        let is = |key: &str, wanted: &str| scope.member(&item, key).text() == Some(wanted);
        match item {
            Setting::Unknown(..) => found = item,
            _ if is("namespace", "aws:autoscaling:launchconfiguration")
                && is(name, "DisableIMDSv1") =>
            {
                found = scope.member(&item, "value");
            }
            _ => {}
        }
    }
    found
}

/// The values at the end of a path; `*` is every item of a list.
fn each<'a>(scope: &Scope<'a>, value: &Setting<'a>, path: &[&str]) -> Vec<Setting<'a>> {
    match path {
        [] => vec![value.clone()],
        ["*", rest @ ..] => match value {
            Setting::Literal(at) => {
                let items = at.node.items().iter();
                let items = items.map(|node| scope.resolve(At { source: at.source, node }));
                items.flat_map(|item| each(scope, &item, rest)).collect()
            }
            _ => Vec::new(),
        },
        [key, rest @ ..] => each(scope, &scope.member(value, key), rest),
    }
}

/// The template or configuration that a specification names.
fn base<'a>(scope: &Scope<'a>, value: &Setting<'a>) -> Option<Base> {
    let map = matches!(value, Setting::Literal(at) if at.node.is_map());
    let name = if map {
        let keys = ["id", "launchTemplateId", "name", "launchTemplateName"];
        keys.iter().map(|key| scope.member(value, key)).find(|name| !name.is_nothing())?
    } else {
        value.clone()
    };
    let target = referred(&name).or_else(|| named(scope, &name));
    let found =
        target.and_then(|id| scope.resources().iter().rev().find(|resource| resource.key == id));
    let found = found.and_then(|resource| Some((resource, kind(resource)?)));
    let mut base = match (found, &name) {
        (_, Setting::Nothing) => return None,
        (Some((resource, kind)), _) => Base {
            options: own(scope, resource, kind).options,
            inherits: vec![Inherits::AccountDefault],
            in_code: true,
        },
        (None, Setting::Literal(at) | Setting::Unknown(_, at)) => outside(at.expression()),
        (None, Setting::Made(text, _) | Setting::Part(text, ..)) => outside(text.clone()),
    };
    if map && base.in_code {
        pin(&scope.member(value, "version"), &mut base);
    }
    Some(base)
}

/// The resource that has such a name.
fn named<'a>(scope: &Scope<'a>, name: &Setting<'a>) -> Option<&'a str> {
    let name = name.text()?;
    let own = |resource: &&'a Member| {
        let keys = ["name", "launchTemplateName", "launchConfigurationName"];
        let properties = scope.value(resource.node.at(&["properties"]));
        keys.iter().any(|key| scope.member(&properties, key).text() == Some(name))
    };
    let templates = scope
        .resources()
        .iter()
        .filter(|resource| kind(resource).is_some_and(|kind| kind.name.contains(":Launch")));
    templates.into_iter().find(own).map(|resource| resource.key.as_str())
}

fn outside(name: String) -> Base {
    let inherits = vec![Inherits::LaunchTemplate(name), Inherits::AccountDefault];
    Base { options: Options::SILENT, inherits, in_code: false }
}

/// A version by number need not be the one that the code holds.
fn pin(version: &Setting<'_>, base: &mut Base) {
    if let Setting::Literal(at) = version
        && let Some(number) = at.node.text().filter(|text| text.parse::<u64>().is_ok())
    {
        let reason =
            format!("version {number} of the template is named, which need not be this one");
        base.options.http_tokens = at.unresolved(&reason);
    }
}
