//! Guardrails that a module attaches: `aws_organizations_policy`.

use super::{
    instances::Turn,
    module::Resource,
    rows,
    session::{Scope, Session},
};
use crate::{
    dialect::Sink,
    hcl::value::Value,
    node::Node,
    policy::{PolicyKind, PolicySpec, PolicyText, Unresolved},
    source::Source,
};

/// The types of policies of Organizations.
const KINDS: [&str; 2] = ["aws_organizations_policy", "awscc_organizations_policy"];

/// Puts the policies of a scope into the sink.
pub(super) fn read(session: &Session<'_>, scope: &Scope, sink: &mut Sink) {
    let own = |resource: &&Resource| is_policy(&resource.kind);
    for resource in scope.module.resources.iter().filter(own) {
        if rows::never_made(session, scope, resource.part, sink) {
            continue;
        }
        let turns = session.instances(scope, resource.part).turns();
        let specs = turns
            .iter()
            .filter_map(|turn| Some((turn.suffix.as_str(), spec(session, scope, resource, turn)?)));
        for spec in joined(specs.collect()) {
            sink.policy(spec);
        }
    }
}

/// Whether a type of resources is a policy of Organizations.
pub(super) fn is_policy(kind: &str) -> bool {
    KINDS.contains(&kind)
}

/// The row of one instance; none where it is no guardrail about launches.
fn spec(
    session: &Session<'_>,
    scope: &Scope,
    resource: &Resource,
    turn: &Turn,
) -> Option<PolicySpec> {
    let said = |name: &'static str| -> Option<Value> {
        let (source, block) = scope.module.says(resource.part, name)?;
        Some(session.eval(scope, source, &turn.bound, block.body.attribute(name)?))
    };
    let kind = kind_of(said("type").as_ref()).ok()?;
    let content = said("content")?;
    let address = format!("{}{}.{}", scope.address, resource.kind, resource.name);
    match PolicyText::of_value(&content)? {
        Ok(text) => text.judged("terraform", &address, kind).map(|spec| at_the_call(spec, scope)),
        Err(unresolved) => {
            let (source, block) = scope.module.block(resource.part)?;
            let written = source.slice(block.span.range());
            let there = content.origin.source.slice(content.origin.span.range());
            // Whether it is about the metadata service can only be guessed from what is written.
            let about = [written, there].into_iter().any(PolicySpec::may_be_one);
            let place = scope.copy_of.clone().unwrap_or_else(|| source.place(block.span.range()));
            about.then(|| PolicySpec::open("terraform", &address, kind, place, unresolved))
        }
    }
}

/// What stands in Terraform's copy of a module is told where the module is called.
fn at_the_call(mut spec: PolicySpec, scope: &Scope) -> PolicySpec {
    let Some(call) = &scope.copy_of else { return spec };
    let places = spec.lints.iter_mut().map(|lint| &mut lint.place).chain([&mut spec.place]);
    for place in places.filter(|place| rows::is_copy(&place.path)) {
        *place = call.clone();
    }
    spec
}

/// The row of a policy in a state or plan.
pub(super) fn of_snapshot(
    source: &Source,
    address: &str,
    values: &Node,
    later: Option<&Node>,
    sink: &mut Sink,
) {
    let kind = match values.text_of("type") {
        Some(name) => match PolicyKind::of_type(name) {
            Some(kind) => Some(kind),
            None => return,
        },
        None => Some(PolicyKind::Scp),
    };
    let unknown = later.and_then(|later| later.get("content")).and_then(|node| node.boolean());
    if let Some(content) = values.get("content").filter(|content| content.text().is_some()) {
        let place = source.place(content.span.clone());
        let text = PolicyText::new(content.text().unwrap_or_default(), place);
        text.judged("terraform", address, kind).into_iter().for_each(|spec| sink.policy(spec));
    } else if unknown == Some(true) && PolicySpec::may_be_one(source.slice(values.span.clone())) {
        let unresolved = Unresolved {
            reason: "known only when it is applied".to_owned(),
            expression: "content".to_owned(),
        };
        let place = source.place(values.span.clone());
        sink.policy(PolicySpec::open("terraform", address, kind, place, unresolved));
    }
}

/// A policy of tags or backups.
struct NoGuardrail;

/// What it is attached as; none where the text does not say.
fn kind_of(said: Option<&Value>) -> Result<Option<PolicyKind>, NoGuardrail> {
    match said.filter(|value| !value.is_null()) {
        // The provider's default.
        None => Ok(Some(PolicyKind::Scp)),
        Some(value) => match value.scalar() {
            Some(name) => PolicyKind::of_type(&name).map(Some).ok_or(NoGuardrail),
            None => Ok(None),
        },
    }
}

/// Instances that say the same are one row; else each has its own, with its key.
fn joined(mut specs: Vec<(&str, PolicySpec)>) -> Vec<PolicySpec> {
    if specs.windows(2).all(|two| two[0].1 == two[1].1) {
        specs.truncate(1);
        return specs.into_iter().map(|(_, spec)| spec).collect();
    }
    let keyed = specs.into_iter().map(|(suffix, mut spec)| {
        spec.address.push_str(suffix);
        spec
    });
    keyed.collect()
}
