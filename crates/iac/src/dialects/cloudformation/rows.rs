//! From a resource to its row.

use imdsure_model::effective::{Endpoint, Tokens};

use super::{
    condition::Truth,
    evaluate::Evaluator,
    kinds::{Form, From, Kind, kind_of},
    references::{self, Base},
    repair,
    resources::{self, Resource},
    template::Template,
    value::Value,
};
use crate::{
    dialect::Sink,
    ignore,
    node::{Node, boolean},
    source::Source,
    spec::{Declared, Inherits, LaunchSpec, OptionValue as _, Options, Switch},
};

/// What a resource itself says.
pub(super) struct Own<'a> {
    pub(super) options: Options,
    /// The value that decides about tokens.
    pub(super) tokens: Value<'a>,
    /// The JSON in a string that the block is in.
    pub(super) json: Option<&'a Node>,
}

/// Puts the rows of a template into the sink.
pub(super) fn read(template: &Template<'_>, sink: &mut Sink) {
    for resource in resources::all(template) {
        if resource.kind() == Some("AWS::Organizations::Policy") {
            super::policies::read(template, &resource, sink);
        }
        let Some(kind) = resource.kind().and_then(kind_of) else { continue };
        let evaluator = Evaluator::new(template, resource.bindings.clone());
        let exists = match resource.node().text_of("Condition") {
            Some(name) => evaluator.named(name),
            None => Truth::True,
        };
        if exists == Truth::False {
            continue;
        }
        let counted = exists == Truth::True && resource.counted;
        for mut spec in specs(&evaluator, &resource, kind) {
            spec.count = counted.then_some(1);
            sink.spec(spec);
        }
        let path: Vec<&str> = [&["Properties"], kind.path].concat();
        if let Some(block) = resource.node().at(&path).filter(|_| !kind.path.is_empty()) {
            sink.seen(template.source, block.span.clone());
        }
    }
    for range in template.seen.take() {
        sink.seen(template.source, range);
    }
}

/// The rows of one resource: one, or one for each template that it launches from.
fn specs<'a>(
    evaluator: &Evaluator<'a>,
    resource: &Resource<'a>,
    kind: &'static Kind,
) -> Vec<LaunchSpec> {
    let properties = resource.properties(evaluator);
    if nothing_launches(evaluator, &properties, kind) {
        return Vec::new();
    }
    let own = own(evaluator, &properties, kind);
    let bases = match kind.from {
        From::Templates(paths) => references::bases(evaluator, &properties, paths),
        From::Nothing => Vec::new(),
    };
    let overrides = overrides(evaluator, resource, kind, &properties);
    let bases: Vec<Option<Base>> =
        if bases.is_empty() { vec![None] } else { bases.into_iter().map(Some).collect() };
    let rows = bases.into_iter().enumerate().map(|(index, base)| {
        let mut spec = row(evaluator.template.source, resource, kind);
        if index > 0 {
            spec.address = format!("{}[{index}]", resource.id);
        }
        let decided_below = base.as_ref().is_some_and(|base| base.in_code);
        let inherits = base.as_ref().map_or_else(|| service(kind), |base| base.inherits.clone());
        let below = base.map_or(Options::SILENT, |base| base.options);
        if kind.form == Form::Settings {
            spec.inherits_from = service(kind);
        }
        spec.options = own.options.clone().or(below);
        spec.inherits_from = inherits;
        let decided_here = !own.options.http_tokens.is_absent() || !decided_below;
        if decided_here && spec.generated_from.is_none() {
            spec.fix = repair::fix(evaluator, kind, resource.node(), &own, &spec.options);
        }
        spec
    });
    rows.chain(overrides).collect()
}

fn row(source: &Source, resource: &Resource<'_>, kind: &Kind) -> LaunchSpec {
    let span = resource.member.span();
    let mut spec =
        LaunchSpec::new("cloudformation", kind.name, &resource.id, source.place(span.clone()));
    spec.effect = Some(kind.effect);
    spec.ignore_comments = ignore::comments(source, &span);
    spec.generated_from = generated(source, resource.node());
    spec
}

/// What the CDK made is made again by the next synthesis: the fix belongs to its construct.
fn generated(source: &Source, resource: &Node) -> Option<String> {
    let construct = resource.at(&["Metadata", "aws:cdk:path"]).and_then(Node::text);
    let in_output = source.path().components().any(|part| part.as_os_str() == "cdk.out");
    let name = source.path().file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let synthesised = in_output || name.ends_with(".template.json") && construct.is_some();
    synthesised.then(|| construct.unwrap_or("the CDK").to_owned())
}

fn service(kind: &Kind) -> Vec<Inherits> {
    let launches = kind.name != "AWS::EKS::Nodegroup" && kind.account_default;
    vec![if launches { Inherits::AccountDefault } else { Inherits::Service }]
}

/// A compute environment without instances.
fn nothing_launches<'a>(evaluator: &Evaluator<'a>, properties: &Value<'a>, kind: &Kind) -> bool {
    if kind.name != "AWS::Batch::ComputeEnvironment" {
        return false;
    }
    match evaluator.property(properties, "ComputeResources") {
        nothing if nothing.is_nothing() => true,
        resources => evaluator
            .property(&resources, "Type")
            .text()
            .is_some_and(|kind| kind.starts_with("FARGATE")),
    }
}

/// What a resource says of each option.
pub(super) fn own<'a>(evaluator: &Evaluator<'a>, properties: &Value<'a>, kind: &Kind) -> Own<'a> {
    if let Some(own) = super::embedded::own(evaluator, properties, kind) {
        return own;
    }
    let block = evaluator.at(properties, kind.path);
    let tokens = match kind.form {
        Form::None => Value::Nothing,
        Form::Options => evaluator.property(&block, "HttpTokens"),
        Form::MinimumVersion => evaluator.property(&block, "MinimumInstanceMetadataServiceVersion"),
        Form::Flag => block.clone(),
        Form::Settings => setting(evaluator, &block),
    };
    let mut options = match kind.form {
        Form::Options | Form::MinimumVersion => self::options(evaluator, &block),
        _ => Options::SILENT,
    };
    options.http_tokens = tokens.declared(evaluator.template.source, parser(kind.form));
    Own { options, tokens, json: None }
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
        Form::Flag | Form::Settings => {
            |text| boolean(text).map(|off| if off { Tokens::Required } else { Tokens::Optional })
        }
    }
}

fn options<'a>(evaluator: &Evaluator<'a>, block: &Value<'a>) -> Options {
    let source = evaluator.template.source;
    let value = |name: &str| evaluator.property(block, name);
    Options {
        http_tokens: Declared::Absent,
        http_endpoint: value("HttpEndpoint").declared(source, Endpoint::parse),
        hop_limit: value("HttpPutResponseHopLimit").declared(source, i64::parse),
        instance_metadata_tags: value("InstanceMetadataTags").declared(source, Switch::parse),
        http_protocol_ipv6: value("HttpProtocolIpv6").declared(source, Switch::parse),
    }
}

/// Elastic Beanstalk's `DisableIMDSv1`; the last one counts.
fn setting<'a>(evaluator: &Evaluator<'a>, list: &Value<'a>) -> Value<'a> {
    let list = match list {
        Value::Node(list) => *list,
        other => return other.clone(),
    };
    let mut found = Value::Nothing;
    for item in list.items() {
        let item = evaluator.resolve(item);
        let is = |name: &str, wanted: &str| {
            evaluator.property(&item, name).text().is_some_and(|text| text == wanted)
        };
        match item {
            Value::Unknown(..) => found = item,
            _ if is("Namespace", "aws:autoscaling:launchconfiguration")
                && is("OptionName", "DisableIMDSv1") =>
            {
                found = evaluator.property(&item, "Value");
            }
            _ => {}
        }
    }
    found
}

/// A fleet's override, as if it were a type.
static OVERRIDE: Kind = Kind {
    name: "AWS::EC2::EC2Fleet",
    form: Form::Options,
    path: &["MetadataOptions"],
    effect: imdsure_model::Effect::Replacement,
    from: From::Nothing,
    account_default: true,
};

/// A fleet may say it once more for each of its overrides.
fn overrides<'a>(
    evaluator: &Evaluator<'a>,
    resource: &Resource<'a>,
    kind: &'static Kind,
    properties: &Value<'a>,
) -> Vec<LaunchSpec> {
    if kind.name != "AWS::EC2::EC2Fleet" {
        return Vec::new();
    }
    let mut specs = Vec::new();
    let each =
        references::each(evaluator, properties, &["LaunchTemplateConfigs", "*", "Overrides", "*"]);
    for (index, value) in each.into_iter().enumerate() {
        let own = own(evaluator, &value, &OVERRIDE);
        let Some(node) = value.node().filter(|node| node.get("MetadataOptions").is_some()) else {
            continue;
        };
        let mut spec = row(evaluator.template.source, resource, &OVERRIDE);
        spec.address = format!("{}.Overrides[{index}]", resource.id);
        spec.place = evaluator.template.source.place(node.span.clone());
        spec.options = own.options.clone();
        spec.inherits_from = vec![Inherits::AccountDefault];
        if spec.generated_from.is_none() {
            spec.fix = repair::fix_below(evaluator, &OVERRIDE, node, &["MetadataOptions"], &own);
        }
        evaluator.template.seen.borrow_mut().push(node.span.clone());
        specs.push(spec);
    }
    specs
}
