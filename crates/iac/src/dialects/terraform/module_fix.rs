//! The fix of a call whose module's code lies elsewhere: its input.

use std::sync::Arc;

use imdsure_model::effective::{Endpoint, Tokens};

use super::{
    options::Own,
    registry::{Known, Spelling, form},
    repair::{self, BLOCK},
};
use crate::{
    fix::{Fix, Splice},
    hcl::{
        ast::{Block, Kind},
        edit,
        value::Data,
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
    options: &Options,
) -> Option<Fix> {
    let required = options.http_tokens.value() == Some(&Tokens::Required);
    if required || options.http_endpoint.value() == Some(&Endpoint::Disabled) || block.json {
        return None;
    }
    let splices = match own.options.http_tokens.is_absent() {
        false => repair::set(&own.tokens, form(known.form))?,
        true => vec![insert(source, block, known, own)?],
    };
    let title = "Require tokens of the metadata service".to_owned();
    (!splices.is_empty()).then_some(Fix { title, effect: known.effect, splices })
}

fn insert(source: &Arc<Source>, block: &Block, known: &Known, own: &Own) -> Option<Splice> {
    let (leaf, value) = match known.form {
        Spelling::Options => ("http_tokens", "\"required\""),
        Spelling::Flag => (known.path.last()?.as_str(), "true"),
        Spelling::Tokens => (known.path.last()?.as_str(), "\"required\""),
    };
    // The object that is there, wherever it was written.
    if matches!(own.block.data, Data::Map(_)) && own.block.origin.literal {
        return edit::insert_item(&own.block.origin.source, own.block.origin.span, leaf, value);
    }
    let name = known.path.first()?;
    match (block.body.attribute(name), known.path.len(), known.form) {
        (None, 1, Spelling::Options) => edit::insert_object(source, block, name, BLOCK),
        (None, 1, _) => edit::insert_attribute(source, block, name, value),
        (Some(expr), 2, _) if matches!(expr.kind, Kind::Map(_)) => {
            edit::insert_item(source, expr.span, leaf, value)
        }
        _ => None,
    }
}
