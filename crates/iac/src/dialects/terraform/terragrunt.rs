//! `terragrunt.hcl`: a module, called with `inputs`. Includes and dependencies of other files are not
//! evaluated.

use std::{collections::HashMap, path::Path, sync::Arc};

use super::{
    calls::is_local,
    rows,
    session::{Scope, Session},
    survey::{self, Survey},
};
use crate::{
    dialect::{Files, Sink},
    hcl::{
        self,
        ast::{Attribute, Body, Kind, Step},
        eval::{Budget, Evaluator, Names},
        value::{Data, Origin, Value},
    },
    source::Source,
};

/// A file's own locals.
struct Locals<'a> {
    source: &'a Arc<Source>,
    body: &'a Body,
    budget: &'a Budget,
}

impl Names for Locals<'_> {
    fn name(&self, root: &str, steps: &[Step], at: Origin) -> Option<(Value, usize)> {
        let Some(Step::Attribute(name)) = steps.first() else { return None };
        if root != "local" {
            return Some((Value::unknown("known only when it is applied", at), steps.len()));
        }
        let mut locals = self.body.blocks("locals").flat_map(|block| &block.body.attributes);
        let local: &Attribute = locals.find(|local| local.name == *name)?;
        Some((self.evaluator().eval(&local.value), 1))
    }
}

impl Locals<'_> {
    fn evaluator(&self) -> Evaluator<'_> {
        Evaluator { names: self, source: self.source, bound: None, budget: self.budget }
    }
}

/// Puts the rows of the module that a file calls into the sink.
pub(super) fn read(files: &Files<'_>, survey: &Survey, source: &Arc<Source>, sink: &mut Sink) {
    let body = match hcl::body(source) {
        Ok(body) => body,
        Err(error) => return sink.tree_error(source, &error),
    };
    let budget = Budget::default();
    let locals = Locals { source, body: &body, budget: &budget };
    let from = body.blocks("terraform").find_map(|block| block.body.attribute("source"));
    let Some(Kind::Text(from)) = from.map(|expr| &expr.kind) else { return };
    let folder = source.path().parent().unwrap_or(Path::new(""));
    if !is_local(from) {
        return;
    }
    let inputs = body.attribute("inputs").map(|expr| locals.evaluator().eval(expr));
    let given: HashMap<String, Value> = match inputs.map(|inputs| inputs.data) {
        Some(Data::Map(map)) => {
            map.items.iter().map(|(key, value)| (key.to_string(), value.clone())).collect()
        }
        _ => HashMap::new(),
    };
    let path = survey::clean(&folder.join(&**from));
    let Some(Ok(module)) = survey.module(&path, files.overlay()) else { return };
    let session = Session::new(files, survey);
    let root: std::rc::Rc<Scope> = session.root(module, given);
    rows::read(&session, &root, sink);
    session.errors(sink);
}
