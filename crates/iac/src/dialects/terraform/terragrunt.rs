//! `terragrunt.hcl`: a module, called with `inputs`, those of the files that it includes below its own.

use std::{collections::HashMap, path::Path, sync::Arc};

use super::{
    calls::is_local,
    rows,
    session::Session,
    survey::{self, Survey},
};
use crate::{
    dialect::{Files, Sink},
    hcl::{
        self,
        ast::{Attribute, Body, Expr, Kind, Step},
        eval::{Budget, Evaluator, Names},
        value::{Data, Origin, Value},
    },
    source::Source,
};

/// Folders are nested less deep.
const MAX_PARENTS: usize = 40;

/// A file, and the budget of its evaluation.
struct File<'a> {
    source: &'a Arc<Source>,
    body: &'a Body,
    budget: Budget,
}

impl Names for File<'_> {
    fn name(&self, root: &str, steps: &[Step], at: Origin) -> Option<(Value, usize)> {
        let Some(Step::Attribute(name)) = steps.first() else { return None };
        if root != "local" {
            return Some((Value::unknown("known only when it is applied", at), steps.len()));
        }
        let mut locals = self.body.blocks("locals").flat_map(|block| &block.body.attributes);
        let local: &Attribute = locals.find(|local| local.name == *name)?;
        Some((self.eval(&local.value), 1))
    }
}

impl File<'_> {
    fn eval(&self, expr: &Expr) -> Value {
        let evaluator =
            Evaluator { names: self, source: self.source, bound: None, budget: &self.budget };
        evaluator.eval(expr)
    }

    /// What it hands over; none where it says nothing.
    fn inputs(&self) -> Option<Value> {
        self.body.attribute("inputs").map(|expr| self.eval(expr))
    }
}

/// Puts the rows of the module that a file calls into the sink.
pub(super) fn read(files: &Files<'_>, survey: &Survey, source: &Arc<Source>, sink: &mut Sink) {
    let body = match hcl::body(source) {
        Ok(body) => body,
        Err(error) => return sink.tree_error(source, &error),
    };
    let from = body.blocks("terraform").find_map(|block| block.body.attribute("source"));
    let Some(Kind::Text(from)) = from.map(|expr| &expr.kind) else { return };
    let folder = source.path().parent().unwrap_or(Path::new(""));
    if !is_local(from) {
        return;
    }
    let path = survey::clean(&folder.join(&**from));
    let Some(Ok(module)) = survey.module(&path, files.overlay()) else { return };
    let mut given = HashMap::new();
    let mut open = None;
    let own = File { source, body: &body, budget: Budget::default() };
    for inputs in included(files, source, &body).into_iter().chain(own.inputs()) {
        match inputs.data {
            Data::Map(map) => {
                open = open.or_else(|| map.open.clone());
                let items = map.items.iter().cloned();
                given.extend(items.map(|(key, value)| (key.to_string(), value)));
            }
            _ => open = open.or_else(|| inputs.why().map(Into::into)),
        }
    }
    if let Some(why) = open {
        // What is not seen here may be given all the same.
        for name in module.variables.keys() {
            let unknown = || Value::new(Data::Unknown(why.clone()), why.at.clone());
            given.entry(name.clone()).or_insert_with(unknown);
        }
    }
    let session = Session::new(files, survey);
    let root = session.root(module, given);
    rows::read(&session, &root, sink);
    session.errors(sink);
}

/// The inputs of included files; an unknown value for a file that is not found.
fn included(files: &Files<'_>, source: &Arc<Source>, body: &Body) -> Vec<Value> {
    let paths = body.blocks("include").filter_map(|block| block.body.attribute("path"));
    paths.filter_map(|path| include(files, source, path)).collect()
}

fn include(files: &Files<'_>, source: &Arc<Source>, path: &Expr) -> Option<Value> {
    let at = Origin::new(source, path.span);
    let missing = || Some(Value::unknown("the included file is not found", at.clone()));
    let Some(parent) = parent(files, source, path) else { return missing() };
    let Ok(body) = hcl::body(&parent) else { return missing() };
    let file = File { source: &parent, body: &body, budget: Budget::default() };
    file.inputs()
}

/// The file that `include` names: `find_in_parent_folders("root.hcl")`, or a path.
fn parent(files: &Files<'_>, source: &Arc<Source>, path: &Expr) -> Option<Arc<Source>> {
    let folder = source.path().parent()?;
    match &path.kind {
        Kind::Text(path) => files.open(&survey::clean(&folder.join(&**path))).ok(),
        Kind::Call(name, arguments, _) if &**name == "find_in_parent_folders" => {
            let wanted = match arguments.first().map(|argument| &argument.kind) {
                None => "terragrunt.hcl",
                Some(Kind::Text(name)) => name,
                Some(_) => return None,
            };
            let above = folder.ancestors().skip(1).take(MAX_PARENTS);
            above.map(|folder| folder.join(wanted)).find_map(|path| files.open(&path).ok())
        }
        _ => None,
    }
}
