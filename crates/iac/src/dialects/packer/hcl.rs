//! Templates in HCL: the files of a folder are one.

use std::{cell::RefCell, collections::HashMap, path::Path, sync::Arc};

use super::{BUILDERS, is_hcl, own, row, rows};
use crate::{
    dialect::{Files, Sink},
    dialects::terraform::{
        blocks,
        kinds::{Form, Kind},
        options::Own,
        repair,
    },
    fix::Fix,
    hcl::{
        self,
        ast::{Block, Body, Step},
        edit,
        eval::{Budget, Evaluator, Names},
        value::{Origin, Value},
    },
    source::Source,
};

/// All blocks of a folder, and the values of its names.
struct Template {
    files: Vec<(Arc<Source>, Body)>,
    given: HashMap<String, Value>,
    known: RefCell<HashMap<String, Option<Value>>>,
    budget: Budget,
}

/// Puts the rows of a folder's templates into the sink.
pub(super) fn read(files: &Files<'_>, sink: &mut Sink) {
    let mut template = Template {
        files: Vec::new(),
        given: HashMap::new(),
        known: RefCell::default(),
        budget: Budget::default(),
    };
    let mut variables = Vec::new();
    for source in files.members().iter().filter(|source| is_hcl(source.path())) {
        match hcl::body(source) {
            Ok(body) if is_variables(source.path()) => variables.push((Arc::clone(source), body)),
            Ok(body) => template.files.push((Arc::clone(source), body)),
            Err(error) => sink.tree_error(source, &error),
        }
    }
    for path in &files.settings().var_files {
        let opened = files.open(path).ok();
        let body = opened.and_then(|source| Some((Arc::clone(&source), hcl::body(&source).ok()?)));
        variables.extend(body);
    }
    for (source, body) in &variables {
        for attribute in &body.attributes {
            let value = template.evaluator(source).eval(&attribute.value);
            template.given.insert(attribute.name.to_string(), value);
        }
    }
    for (name, text) in &files.settings().vars {
        let source = Arc::new(Source::new(format!("-var {name}"), text.as_str()));
        let origin = Origin::new(&source, (0..text.len()).into());
        template.given.insert(name.clone(), Value::text(text.as_str(), origin));
    }
    for (source, body) in &template.files {
        for block in body.blocks("source") {
            template.builder(source, block, sink);
        }
    }
}

/// Files of variables that Packer reads by itself.
fn is_variables(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.ends_with(".pkrvars.hcl"))
}

impl Names for Template {
    fn name(&self, root: &str, steps: &[Step], at: Origin) -> Option<(Value, usize)> {
        let Some(Step::Attribute(name)) = steps.first() else { return None };
        match root {
            "var" => Some((self.once("var", name, &at, || self.variable(name)), 1)),
            "local" => Some((self.once("local", name, &at, || self.local(name)), 1)),
            _ => Some((Value::unknown("known only when it is built", at), steps.len())),
        }
    }
}

impl Template {
    fn evaluator<'a>(&'a self, source: &'a Arc<Source>) -> Evaluator<'a> {
        Evaluator { names: self, source, bound: None, budget: &self.budget }
    }

    /// The value of a name, evaluated once.
    fn once(
        &self,
        space: &str,
        name: &str,
        at: &Origin,
        value: impl FnOnce() -> Option<Value>,
    ) -> Value {
        let key = format!("{space}.{name}");
        match self.known.borrow().get(&key) {
            Some(Some(value)) => return value.clone(),
            Some(None) => return Value::unknown("it refers to itself", at.clone()),
            None => {}
        }
        self.known.borrow_mut().insert(key.clone(), None);
        let value = value()
            .unwrap_or_else(|| Value::unknown(format!("{key} has no value here"), at.clone()));
        self.known.borrow_mut().insert(key, Some(value.clone()));
        value
    }

    fn variable(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.given.get(name) {
            return Some(value.clone());
        }
        self.files.iter().find_map(|(source, body)| {
            let block = body.blocks("variable").find(|block| block.label(0) == Some(name))?;
            Some(self.evaluator(source).eval(block.body.attribute("default")?))
        })
    }

    fn local(&self, name: &str) -> Option<Value> {
        self.files.iter().find_map(|(source, body)| {
            let many = body.blocks("locals").find_map(|block| block.body.attribute(name));
            let one = body.blocks("local").find(|block| block.label(0) == Some(name));
            let expr = many.or_else(|| one?.body.attribute("expression"))?;
            Some(self.evaluator(source).eval(expr))
        })
    }

    fn builder(&self, source: &Arc<Source>, block: &Block, sink: &mut Sink) {
        let (Some(kind), Some(name)) = (block.label(0), block.label(1)) else { return };
        if !BUILDERS.contains(&kind) {
            return;
        }
        self.budget.renew();
        let evaluator = self.evaluator(source);
        let read = |name| blocks::read(&evaluator, &block.body, name, block.span);
        let (instance, image) = own(read("metadata_options"), read("imds_support"));
        let spec = row(source, kind, &format!("source.{kind}.{name}"), block.span.range());
        for value in [&instance.tokens, &instance.block] {
            sink.seen(&value.origin.source, value.origin.span.range());
        }
        let fixed = |kind: &Kind, own: &Own| fix(source, block, kind, own);
        for spec in rows(&spec, &instance, &image, fixed) {
            sink.spec(spec);
        }
    }
}

fn fix(source: &Arc<Source>, block: &Block, kind: &Kind, own: &Own) -> Option<Fix> {
    if kind.form == Form::Image {
        let splice = edit::insert_attributes(source, block, &[("imds_support", "\"v2.0\"")]);
        let splice = splice
            .filter(|_| own.tokens.is_null() && block.body.attribute("imds_support").is_none())?;
        let title = "Mark the image as made for version 2".to_owned();
        return Some(Fix { title, effect: kind.effect, splices: vec![splice] });
    }
    repair::fix(source, block, kind, own, &own.options)
}
