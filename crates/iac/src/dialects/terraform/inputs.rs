//! What is given for the variables of a root module: its files of variables, those of the scan, and the
//! scan's own values, in Terraform's order; the last one counts.

use std::{collections::HashMap, path::Path, sync::Arc};

use crate::{
    ScanError,
    dialect::{Files, Sink},
    hcl::{
        self,
        ast::{Expr, Kind, Step},
        eval::{Budget, Evaluator, Names},
        value::{Data, Map, Origin, Value},
    },
    source::Source,
};

/// Files of variables refer to nothing.
struct Nothing;

impl Names for Nothing {
    fn name(&self, _: &str, _: &[Step], _: Origin) -> Option<(Value, usize)> {
        None
    }
}

/// All that is given.
pub(super) fn given(files: &Files<'_>, sink: &mut Sink) -> HashMap<String, Value> {
    let mut values = HashMap::new();
    let mut own: Vec<&Arc<Source>> =
        files.members().iter().filter(|source| rank(source.path()).is_some()).collect();
    own.sort_by_key(|source| (rank(source.path()), source.path().to_path_buf()));
    for source in own {
        file(source, &mut values, sink);
    }
    let settings = files.settings();
    for path in &settings.var_files {
        match files.open(path) {
            Ok(source) => file(&source, &mut values, sink),
            Err(error) => sink.error(error),
        }
    }
    for (name, text) in &settings.vars {
        values.insert(name.clone(), option(name, text));
    }
    values
}

/// The files that Terraform reads by itself, in its order.
fn rank(path: &Path) -> Option<u8> {
    let name = path.file_name()?.to_str()?;
    match name {
        "terraform.tfvars" => Some(0),
        "terraform.tfvars.json" => Some(1),
        _ if name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json") => Some(2),
        _ => None,
    }
}

fn file(source: &Arc<Source>, values: &mut HashMap<String, Value>, sink: &mut Sink) {
    if source.path().extension().is_some_and(|extension| extension == "json") {
        let parsed = source.json();
        if let Some(error) = &parsed.error {
            sink.tree_error(source, error);
        }
        for member in parsed.documents.iter().flat_map(|document| document.members()) {
            let value = constant(source, &hcl::json_expression(&member.node));
            values.insert(member.key.clone(), value);
        }
        return;
    }
    match hcl::body(source) {
        Ok(body) => {
            for attribute in &body.attributes {
                let value = constant(source, &attribute.value);
                values.insert(attribute.name.to_string(), value);
            }
        }
        Err(error) => sink.tree_error(source, &error),
    }
}

fn constant(source: &Arc<Source>, expr: &Expr) -> Value {
    let budget = Budget::default();
    Evaluator { names: &Nothing, source, bound: None, budget: &budget }.eval(expr)
}

/// A value of the command line: what is no number, boolean or collection is a text.
fn option(name: &str, text: &str) -> Value {
    let source = Arc::new(Source::new(format!("-var {name}"), format!("v = {text}\n")));
    let parsed = hcl::body(&source).ok().and_then(|mut body| body.attributes.pop());
    let plain = Arc::new(Source::new(format!("-var {name}"), text));
    let origin = Origin::new(&plain, (0..text.len()).into());
    match parsed {
        Some(attribute) if !matches!(attribute.value.kind, Kind::Name(_) | Kind::Path(..)) => {
            settled(constant(&source, &attribute.value), &origin)
        }
        _ => Value::text(text, origin),
    }
}

/// What stands on the command line stands in no file: nothing of it can be changed.
fn settled(value: Value, origin: &Origin) -> Value {
    let data = match value.data {
        Data::List(items) => Data::List(
            items.iter().map(|item| settled(item.clone(), origin)).collect::<Vec<_>>().into(),
        ),
        Data::Map(map) => {
            let items = map.items.iter();
            let items = items.map(|(key, item)| (key.clone(), settled(item.clone(), origin)));
            Data::Map(Map { items: items.collect(), open: map.open.clone() }.into())
        }
        data => data,
    };
    Value::new(data, origin.clone())
}

/// Files of variables that nobody reads by itself are still parsed: what is wrong in them is told.
pub(super) fn check(source: &Source) -> Option<ScanError> {
    let error = hcl::body(source).err()?;
    Some(source.error(error.offset, error.code, &*error.message))
}
