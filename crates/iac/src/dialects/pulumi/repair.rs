//! The fix of a resource: the literal that decides is changed where it stands, also in a variable, a default
//! or the configuration of a stack; what nobody says is added to the resource.

use super::{
    kinds::{Form, Kind},
    program::Scope,
    rows::Own,
};
use crate::{
    edit::New,
    fix::{Fix, Splice},
    node::Node,
    setting::{self, Setting},
    spec::Options,
};

/// The fix; none where none is needed, or no change of the text does it for sure.
pub(super) fn fix<'a>(
    scope: &Scope<'a>,
    resource: &'a Node,
    kind: &Kind,
    own: &Own<'a>,
    merged: &Options,
) -> Option<Fix> {
    if !setting::needs_fix(merged, None) {
        return None;
    }
    let (leaf, new) = match kind.form {
        Form::Options => (Some("httpTokens"), New::text("required")),
        Form::MinimumVersion => (Some("minimumInstanceMetadataServiceVersion"), New::text("2")),
        Form::Image => (None, New::text("v2.0")),
        Form::Flag => (None, New::plain(&true)),
        Form::Settings(_) => (None, New::text("true")),
        Form::None => return None,
    };
    let splice = match &own.tokens {
        Setting::Nothing => insert(scope, resource, kind, own, leaf, &new)?,
        decided => decided.set(&new)?,
    };
    let mut fix = setting::fix(kind.effect, vec![splice]);
    if matches!(kind.form, Form::Flag | Form::Settings(_)) {
        "Disable version 1 of the metadata service".clone_into(&mut fix.title);
    }
    Some(fix)
}

fn insert<'a>(
    scope: &Scope<'a>,
    resource: &'a Node,
    kind: &Kind,
    own: &Own<'a>,
    leaf: Option<&str>,
    new: &New,
) -> Option<Splice> {
    if matches!(kind.form, Form::Settings(_)) {
        return None;
    }
    if let (Setting::Literal(at), Some(leaf)) = (&own.block, leaf) {
        return setting::add(at.source, at.node, &[leaf], new);
    }
    let path: Vec<&str> = [&["properties"], kind.path].concat();
    // Old versions of Terraform's provider refuse tokens without an endpoint.
    let both = kind.is_bridged() && kind.path == ["metadataOptions"];
    if both && resource.at(&path).is_none() {
        let block =
            New::map(&[("httpEndpoint", New::text("enabled")), ("httpTokens", new.clone())]);
        return setting::add(scope.source, resource, &path, &block);
    }
    let path: Vec<&str> = path.into_iter().chain(leaf).collect();
    setting::add(scope.source, resource, &path, new)
}
