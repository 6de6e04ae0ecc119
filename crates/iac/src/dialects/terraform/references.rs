//! What a resource launches from: a template or configuration in the code, or one that only AWS has.

use super::{
    blocks,
    instances::Bound,
    kinds::{Kind, kind_of},
    options,
    session::{Scope, Session},
};
use crate::{
    hcl::{
        unresolved,
        value::{Data, Origin, Reference, Unknown, Value},
    },
    spec::{Declared, Inherits, Options},
};

/// What stands below a resource's own options.
pub(super) struct Base {
    pub(super) options: Options,
    pub(super) inherits: Vec<Inherits>,
    /// Whether the template is in the code, where it is repaired.
    pub(super) in_code: bool,
}

/// The names under which a specification says what it launches from.
const IDS: [&str; 4] = ["id", "name", "launch_template_id", "launch_template_name"];

/// One for each template that a resource names.
pub(super) fn bases(
    session: &Session<'_>,
    scope: &Scope,
    part: usize,
    kind: &Kind,
    bound: &Bound,
) -> Vec<Base> {
    let mut bases = Vec::new();
    for path in kind.from {
        let Some((first, rest)) = path.split_first() else { continue };
        let Some((source, block)) = scope.module.says(part, first) else { continue };
        let value = session.with(scope, source, bound, &mut |evaluator| {
            blocks::read(evaluator, &block.body, first, block.span)
        });
        for found in blocks::each(&value, rest) {
            bases.extend(base(session, scope, &blocks::first(&found)));
        }
    }
    bases
}

/// The base that a specification names; none where it names nothing.
fn base(session: &Session<'_>, scope: &Scope, value: &Value) -> Option<Base> {
    if let Data::Either(both) = &value.data {
        return match (base(session, scope, &both.0), base(session, scope, &both.1)) {
            (None, None) => None,
            (Some(one), Some(two)) if one.options == two.options => Some(one),
            _ => Some(open(&both.2)),
        };
    }
    let (named, version) = match &value.data {
        Data::Null => return None,
        // A launch configuration stands there by name.
        Data::Text(_) | Data::Reference(_) => (value.clone(), None),
        Data::Unknown(why) => return Some(open(why)),
        _ => {
            let named = IDS.iter().map(|id| blocks::get(value, id)).find(|one| !one.is_null())?;
            (named, Some(blocks::get(value, "version")))
        }
    };
    Some(named_base(session, scope, &named, version.as_ref()))
}

fn named_base(
    session: &Session<'_>,
    scope: &Scope,
    named: &Value,
    version: Option<&Value>,
) -> Base {
    let referred = |reference: &Reference| {
        let base = resource_base(session, reference, &named.origin);
        match version.and_then(|version| other_version(reference, version)) {
            Some(why) if base.in_code => Base { options: all_open(&why), ..base },
            _ => base,
        }
    };
    match &named.data {
        Data::Reference(reference) => referred(reference),
        Data::Text(name) => match by_name(session, scope, name) {
            Some(reference) => referred(&reference),
            None => outside(name),
        },
        Data::Either(both) => {
            let one = named_base(session, scope, &both.0, version);
            let two = named_base(session, scope, &both.1, version);
            if one.options == two.options && one.in_code == two.in_code {
                one
            } else {
                open(&both.2)
            }
        }
        _ => outside(&named.origin.expression()),
    }
}

/// The template or configuration of the module that has this name.
fn by_name(session: &Session<'_>, scope: &Scope, name: &str) -> Option<Reference> {
    let resource = scope.module.resources.iter().position(|resource| {
        let named = kind_of(&resource.kind).filter(|kind| is_template(kind));
        let said = named.and_then(|_| scope.module.says(resource.part, "name"));
        said.is_some_and(|(source, block)| {
            let value = block.body.attribute("name");
            let value = value.map(|expr| session.eval(scope, source, &Vec::new(), expr));
            value.and_then(|value| value.scalar()).is_some_and(|text| &*text == name)
        })
    })?;
    Some(Reference { scope: scope.id, resource, key: None, path: "name".into(), open: false })
}

fn is_template(kind: &Kind) -> bool {
    kind.name.ends_with("launch_template") || kind.name.ends_with("launch_configuration")
}

fn outside(name: &str) -> Base {
    Base {
        options: Options::SILENT,
        inherits: vec![Inherits::LaunchTemplate(name.to_owned()), Inherits::AccountDefault],
        in_code: false,
    }
}

fn open(why: &Unknown) -> Base {
    Base { options: all_open(why), inherits: vec![Inherits::AccountDefault], in_code: false }
}

fn all_open(why: &Unknown) -> Options {
    Options { http_tokens: unresolved(why), http_endpoint: Declared::Absent, ..Options::SILENT }
}

/// Why a version is not the one in the code; none where it is.
fn other_version(reference: &Reference, version: &Value) -> Option<Unknown> {
    let fits = match &version.data {
        Data::Null => true,
        Data::Reference(other) => {
            other.resource == reference.resource && other.scope == reference.scope
        }
        _ => version.scalar().is_some_and(|text| text.starts_with('$')),
    };
    if fits {
        return None;
    }
    version.why().or_else(|| {
        Some(Unknown {
            reason: "this version need not be the one in the code".into(),
            error: false,
            at: version.origin.clone(),
        })
    })
}

fn resource_base(session: &Session<'_>, reference: &Reference, at: &Origin) -> Base {
    read(session, reference).unwrap_or_else(|| outside(&at.expression()))
}

fn read(session: &Session<'_>, reference: &Reference) -> Option<Base> {
    let scope = session.scope(reference.scope)?;
    let resource = scope.module.resources.get(reference.resource)?;
    let kind = kind_of(&resource.kind).filter(|kind| is_template(kind))?;
    let saying = scope.module.says(resource.part, kind.path.first()?)?;
    let turns = session.instances(&scope, resource.part).turns();
    let turn = turns
        .iter()
        .find(|turn| reference.key.is_some() && turn.key == reference.key)
        .or_else(|| turns.first().filter(|_| reference.key.is_none() || turns.len() == 1))?;
    let own = options::own(session, &scope, saying, kind, &turn.bound);
    let inherits = vec![Inherits::AccountDefault];
    Some(Base { options: own.options, inherits, in_code: true })
}
