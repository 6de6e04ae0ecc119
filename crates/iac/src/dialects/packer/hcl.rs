//! Templates in HCL: the files of a folder are one.

use std::{cell::RefCell, collections::HashMap, sync::Arc};

use super::{BUILDERS, ends_with, is_hcl, own, row, rows};
use crate::{
    dialect::{Files, Sink},
    dialects::terraform::{
        blocks,
        kinds::{Form, Kind},
        module,
        options::Own,
        repair,
    },
    edit::New,
    fix::Fix,
    hcl::{
        self,
        ast::{Block, Body, Step},
        edit,
        eval::{Budget, Evaluator, Names},
        value::{Origin, Value},
    },
    node::{Node, TreeError},
    source::Source,
};

/// All blocks of a folder, and the values of its names.
#[derive(Default)]
struct Template {
    files: Vec<(Arc<Source>, Body)>,
    given: HashMap<String, Value>,
    known: RefCell<HashMap<String, Option<Value>>>,
    budget: Budget,
}

/// Puts the rows of a folder's templates into the sink.
pub(super) fn read(files: &Files<'_>, sink: &mut Sink) {
    let mut template = Template::default();
    let mut variables = Vec::new();
    for source in files.members().iter().filter(|source| is_hcl(source.path())) {
        let variable = ends_with(source.path(), ".pkrvars.hcl");
        match body(source) {
            Err(error) => sink.tree_error(source, &error),
            Ok(body) if !variable => template.files.push((Arc::clone(source), body)),
            // Others are read only when somebody asks for them.
            Ok(body) if ends_with(source.path(), ".auto.pkrvars.hcl") => {
                variables.push((Arc::clone(source), body));
            }
            Ok(_) => {}
        }
    }
    for path in files.settings().var_files.iter().filter(|path| is_hcl(path)) {
        match files.open(path) {
            Ok(source) => match body(&source) {
                Ok(body) => variables.push((source, body)),
                Err(error) => sink.tree_error(&source, &error),
            },
            Err(error) => sink.error(error),
        }
    }
    for (source, body) in &variables {
        for attribute in &body.attributes {
            let value = template.evaluator(source).eval(&attribute.value);
            template.given.insert(attribute.name.to_string(), value);
        }
    }
    for (name, text) in &files.settings().vars {
        template.given.insert(name.clone(), option(name, text));
    }
    for (source, body) in &template.files {
        for block in body.blocks("source") {
            template.builder(source, block, sink);
        }
    }
}

/// A variable of the command line.
pub(super) fn option(name: &str, text: &str) -> Value {
    let source = Arc::new(Source::new(format!("-var {name}"), text));
    let origin = Origin::new(&source, (0..text.len()).into());
    Value::text(text, origin)
}

/// A file's blocks, whichever form it has.
fn body(source: &Source) -> Result<Body, TreeError> {
    if !ends_with(source.path(), ".json") {
        return hcl::body(source);
    }
    let parsed = source.json();
    if let Some(error) = &parsed.error {
        return Err(error.clone());
    }
    let mut body = Body::default();
    for root in parsed.documents.iter().flat_map(|document| module::each(document)) {
        body.blocks.extend(root.members().iter().flat_map(|member| {
            let depth = match member.key.as_str() {
                "source" => 2,
                "variable" | "local" => 1,
                _ => 0,
            };
            json_blocks(&member.key, depth, &member.node)
        }));
    }
    Ok(body)
}

fn json_blocks(kind: &str, depth: usize, node: &Node) -> Vec<Block> {
    let labelled = module::labelled(node, depth).into_iter();
    labelled.map(|(labels, node)| module::json_block(kind.into(), labels, node)).collect()
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
        for span in block.body.spans("metadata_options") {
            sink.seen(source, span.range());
        }
        let origin = &instance.tokens.origin;
        if origin.literal {
            sink.seen(&origin.source, origin.span.range());
        }
        let fixed = |kind: &Kind, own: &Own| fix(source, block, kind, own);
        for spec in rows(&spec, &instance, &image, fixed) {
            sink.spec(spec);
        }
    }
}

fn fix(source: &Arc<Source>, block: &Block, kind: &Kind, own: &Own) -> Option<Fix> {
    if kind.form != Form::Image {
        return repair::fix(source, block, kind, own, &own.options);
    }
    if !own.tokens.is_null() || block.body.attribute("imds_support").is_some() {
        return None;
    }
    let splice = if block.json {
        let node = repair::json_node(source, block)?;
        super::json::insert_first(source, node, ("imds_support", &New::text("v2.0")))?
    } else {
        edit::insert_first(source, block, ("imds_support", "\"v2.0\""))?
    };
    let title = "Mark the image as made for version 2".to_owned();
    Some(Fix { title, effect: kind.effect, splices: vec![splice] })
}
