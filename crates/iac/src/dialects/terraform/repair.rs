//! The fix of a resource: the literal that decides is changed where it stands, also in the call of a
//! module, in a default or in a file of variables. What nobody says is added to the resource.

use std::sync::Arc;

use imdsure_model::effective::{Endpoint, Tokens};

use super::{
    kinds::{Form, Kind},
    options::{Own, parser},
};
use crate::{
    edit,
    fix::{Fix, Splice},
    hcl::{
        ast::{Block, Kind as Syntax},
        edit as hcl,
        value::{Data, Value},
    },
    node::Node,
    source::Source,
    spec::Options,
};

/// What a new block says. Old providers refuse tokens without an endpoint.
pub(in crate::dialects) const BLOCK: &[(&str, &str)] =
    &[("http_endpoint", "\"enabled\""), ("http_tokens", "\"required\"")];

/// The fix; none where none is needed, or no change of the text does it for sure.
pub(in crate::dialects) fn fix(
    source: &Arc<Source>,
    block: &Block,
    kind: &Kind,
    own: &Own,
    merged: &Options,
) -> Option<Fix> {
    let disabled = merged.http_endpoint.value() == Some(&Endpoint::Disabled);
    if disabled || merged.http_tokens.value() == Some(&Tokens::Required) {
        return None;
    }
    let splices = if own.options.http_tokens.is_absent() {
        let splice = turned(&own.tokens, kind.form);
        let splice = splice.or_else(|| set_null(&own.tokens, kind.form));
        vec![splice.or_else(|| insert(source, block, kind, own))?]
    } else {
        set(&own.tokens, kind.form)?
    };
    let title = match kind.form {
        Form::Flag | Form::Settings => "Disable version 1 of the metadata service",
        _ => "Require tokens of the metadata service",
    };
    (!splices.is_empty()).then(|| Fix { title: title.to_owned(), effect: kind.effect, splices })
}

/// How a form writes that tokens are required.
pub(in crate::dialects) const fn required(form: Form) -> &'static str {
    match form {
        Form::Options | Form::None | Form::Word => "\"required\"",
        Form::MinimumVersion => "\"2\"",
        Form::EmrJson => "2",
        Form::Image => "\"v2.0\"",
        Form::Flag => "true",
        Form::Settings => "\"true\"",
    }
}

/// Changes what decides: on both sides where a condition is open.
pub(in crate::dialects) fn set(value: &Value, form: Form) -> Option<Vec<Splice>> {
    if let Data::Either(both) = &value.data {
        let mut splices = set(&both.0, form)?;
        splices.extend(set(&both.1, form)?);
        return Some(splices);
    }
    let parse = parser(form);
    let current = value.scalar().and_then(|text| parse(&text));
    if current == Some(Tokens::Required) {
        return Some(Vec::new());
    }
    if let Some(splice) = turned(value, form) {
        return Some(vec![splice]);
    }
    // What is no value of the option may mean anything.
    current?;
    hcl::set(&value.origin, required(form)).map(|splice| vec![splice])
}

/// Turns the flag that would make it required, if it is named for that.
fn turned(value: &Value, form: Form) -> Option<Splice> {
    let toggle = value.toggle.as_ref().filter(|toggle| toggle.named)?;
    let other = Value::new(toggle.other.clone(), value.origin.clone());
    let other = other.scalar().and_then(|text| parser(form)(&text));
    let word = if toggle.now { "false" } else { "true" };
    (other == Some(Tokens::Required)).then(|| hcl::set(&toggle.at, word)).flatten()
}

/// Words that say nothing and stand where the value would be.
const NOTHING: [&str; 3] = ["null", "\"\"", "\"no-preference\""];

/// Changes such a word.
fn set_null(value: &Value, form: Form) -> Option<Splice> {
    let written = value.origin.source.slice(value.origin.span.range());
    let literal = value.is_null() && value.origin.literal && NOTHING.contains(&written);
    literal.then(|| hcl::set(&value.origin, required(form))).flatten()
}

/// Adds what stands nowhere yet.
fn insert(source: &Arc<Source>, block: &Block, kind: &Kind, own: &Own) -> Option<Splice> {
    if block.json {
        return insert_json(source, block, kind);
    }
    match (kind.form, kind.path) {
        (Form::Options, []) => {
            hcl::insert_attributes(source, block, &[("http_tokens", "\"required\"")])
        }
        (Form::Options, [name]) if kind.name.contains("imagebuilder") => {
            insert_options(source, block, kind, own, name, &[("http_tokens", "\"required\"")])
        }
        (Form::Options, [name]) => insert_options(source, block, kind, own, name, BLOCK),
        (Form::MinimumVersion, [name]) => {
            let new = [("minimum_instance_metadata_service_version", "\"2\"")];
            insert_options(source, block, kind, own, name, &new)
        }
        (Form::Options, [outer, inner]) => insert_nested(source, block, own, outer, inner),
        (Form::Image, [name]) if kind.name == "aws_ami" => {
            hcl::insert_attributes(source, block, &[(name, required(kind.form))])
        }
        (Form::Flag, [name]) => hcl::insert_attributes(source, block, &[(name, "true")]),
        (Form::Settings, [name]) => {
            // The list may be made by a loop, and then the new one would stand beside it all the same.
            let new = [
                ("namespace", "\"aws:autoscaling:launchconfiguration\""),
                ("name", "\"DisableIMDSv1\""),
                ("value", "\"true\""),
            ];
            let open = block.body.attribute(name).is_some();
            (!open).then(|| hcl::insert_block(source, block, name, &new)).flatten()
        }
        _ => None,
    }
}

fn insert_options(
    source: &Arc<Source>,
    block: &Block,
    kind: &Kind,
    own: &Own,
    name: &str,
    new: hcl::New<'_>,
) -> Option<Splice> {
    let (leaf, value) = *new.last()?;
    if let Some(expr) = block.body.attribute(name) {
        return match &expr.kind {
            Syntax::Map(_) => hcl::insert_item(source, expr.span, leaf, value),
            _ => object_literal(own).and_then(|()| {
                hcl::insert_item(&own.block.origin.source, own.block.origin.span, leaf, value)
            }),
        };
    }
    if let Some(inner) = block.body.blocks(name).next() {
        return complete(source, inner, new);
    }
    if let Some(dynamic) = block.body.dynamics(name).next() {
        let content = dynamic.body.blocks("content").next()?;
        // Where the loop makes no block, an argument in it is none either.
        let made = !matches!(own.block.data, Data::Null | Data::Either(_));
        return made.then(|| complete(source, content, new)).flatten();
    }
    if kind.name.starts_with("awscc_") {
        return hcl::insert_object(source, block, name, new);
    }
    hcl::insert_block(source, block, name, new)
}

/// Adds what a block does not say yet. What it says already is no literal, or nothing would be missing.
fn complete(source: &Source, block: &Block, new: hcl::New<'_>) -> Option<Splice> {
    let (leaf, _) = new.last()?;
    let missing: Vec<(&str, &str)> =
        new.iter().filter(|(name, _)| block.body.attribute(name).is_none()).copied().collect();
    let open = block.body.attribute(leaf).is_none();
    open.then(|| hcl::insert_attributes(source, block, &missing)).flatten()
}

/// The object literal that the options come from.
fn object_literal(own: &Own) -> Option<()> {
    (matches!(own.block.data, Data::Map(_)) && own.block.origin.literal).then_some(())
}

fn insert_nested(
    source: &Arc<Source>,
    block: &Block,
    own: &Own,
    outer: &str,
    inner: &str,
) -> Option<Splice> {
    if object_literal(own).is_some() {
        let (at, span) = (&own.block.origin.source, own.block.origin.span);
        return hcl::insert_item(at, span, "http_tokens", "\"required\"");
    }
    let expr = block.body.attribute(outer)?;
    let Syntax::Map(_) = &expr.kind else { return None };
    let value = "{ http_endpoint = \"enabled\", http_tokens = \"required\" }";
    own.block.is_null().then(|| hcl::insert_item(source, expr.span, inner, value)).flatten()
}

/// The object that a block is in the JSON form.
pub(in crate::dialects) fn json_node<'a>(source: &'a Source, block: &Block) -> Option<&'a Node> {
    let mut found = None;
    for document in &source.json().documents {
        document.visit(&mut |node| {
            if node.is_map() && node.span == block.span.range() {
                found = Some(node);
            }
        });
    }
    found
}

/// The same in the JSON form.
fn insert_json(source: &Arc<Source>, block: &Block, kind: &Kind) -> Option<Splice> {
    let node = json_node(source, block)?;
    let text = |text: &str| edit::New::text(text);
    let options = [("http_endpoint", text("enabled")), ("http_tokens", text("required"))];
    match (kind.form, kind.path) {
        (Form::Options, []) => edit::insert(source, node, &[("http_tokens", text("required"))]),
        (Form::MinimumVersion, [name]) if node.get(name).is_none() => {
            let version = ("minimum_instance_metadata_service_version", text("2"));
            edit::insert(source, node, &[(name, edit::New::map(&[version]))])
        }
        (Form::Options, [name]) => match node.get(name) {
            None if kind.name.contains("imagebuilder") => {
                let tokens = ("http_tokens", text("required"));
                edit::insert(source, node, &[(name, edit::New::map(&[tokens]))])
            }
            None => edit::insert(source, node, &[(name, edit::New::map(&options))]),
            Some(inner) => {
                let inner = inner.items().first().unwrap_or(inner);
                let missing = options
                    .into_iter()
                    .filter(|(name, _)| *name == "http_tokens" || inner.get(name).is_none());
                edit::insert(source, inner, &missing.collect::<Vec<_>>())
            }
        },
        _ => None,
    }
}
