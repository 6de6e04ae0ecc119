//! The fix of a call whose module's code lies elsewhere: its input.

use std::sync::Arc;

use imdsure_model::effective::{Endpoint, Tokens};

use super::{
    known::{Known, Spelling, form},
    options::Own,
    repair::{self, BLOCK},
};
use crate::{
    fix::{Fix, Splice},
    hcl::{
        ast::Block,
        edit,
        value::{Data, Value},
    },
    source::Source,
    spec::Options,
};

/// The fix; none where none is needed or the input is put together elsewhere.
pub(super) fn fix(
    source: &Arc<Source>,
    block: &Block,
    known: &Known,
    own: &Own,
    holder: &Value,
    options: &Options,
) -> Option<Fix> {
    let required = options.http_tokens.value() == Some(&Tokens::Required);
    if required || options.http_endpoint.value() == Some(&Endpoint::Disabled) || block.json {
        return None;
    }
    let splices = if own.options.http_tokens.is_absent() {
        vec![insert(source, block, known, own, holder)?]
    } else {
        repair::set(&own.tokens, form(known.form))?
    };
    let title = "Require tokens of the metadata service".to_owned();
    (!splices.is_empty()).then_some(Fix { title, effect: known.effect, splices })
}

fn insert(
    source: &Arc<Source>,
    block: &Block,
    known: &Known,
    own: &Own,
    holder: &Value,
) -> Option<Splice> {
    let name = known.path.last()?;
    let (leaf, value, whole) = match known.form {
        Spelling::Options => ("http_tokens", "\"required\"", "{ http_tokens = \"required\" }"),
        Spelling::Flag => (name.as_str(), "true", "true"),
        Spelling::Tokens => (name.as_str(), "\"required\"", "\"required\""),
    };
    // The object that is there, wherever it was written.
    if known.form == Spelling::Options && is_literal(&own.block) {
        return edit::insert_item(&own.block.origin.source, own.block.origin.span, leaf, value);
    }
    if known.path.len() > 1 {
        let at = &holder.origin;
        return is_literal(holder)
            .then(|| edit::insert_item(&at.source, at.span, name, whole))
            .flatten();
    }
    match (block.body.attribute(name), known.form) {
        (None, Spelling::Options) => edit::insert_object(source, block, name, BLOCK),
        (None, _) => edit::insert_attributes(source, block, &[(name.as_str(), value)]),
        (Some(_), _) => None,
    }
}

/// Whether a value is an object that is written down as it is.
fn is_literal(value: &Value) -> bool {
    matches!(value.data, Data::Map(_)) && value.origin.literal
}
