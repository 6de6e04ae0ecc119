//! One reading of a root module: the module instances that it leads to, and the values of their names. Each
//! name is evaluated once in each instance.

use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
    path::Path,
    rc::Rc,
    sync::Arc,
};

pub(super) use super::scope::{Child, Inputs, Scope, Space};
use super::{
    instances::Bound, manifest::Manifest, module::Module, names::ScopeNames, scope::Memo,
    survey::Survey, types,
};
use crate::{
    dialect::{Files, Sink},
    hcl::{
        ast::{Block, Expr},
        eval::{Binding, Budget, Evaluator},
        value::{Origin, Value},
    },
    source::Source,
};

/// More module instances are not made.
pub(super) const MAX_SCOPES: usize = 4_000;
/// Modules within modules.
pub(super) const MAX_DEPTH: usize = 12;

/// A reading.
pub(super) struct Session<'a> {
    pub(super) files: &'a Files<'a>,
    pub(super) survey: &'a Survey,
    pub(super) scopes: RefCell<Vec<Rc<Scope>>>,
    pub(super) manifest: OnceCell<Option<Manifest>>,
    budget: Budget,
}

impl<'a> Session<'a> {
    /// A reading that begins with this module.
    pub(super) fn new(files: &'a Files<'a>, survey: &'a Survey) -> Self {
        Self {
            files,
            survey,
            scopes: RefCell::default(),
            manifest: OnceCell::new(),
            budget: Budget::default(),
        }
    }

    /// Adds the root module.
    pub(super) fn root(&self, module: Arc<Module>, given: HashMap<String, Value>) -> Rc<Scope> {
        self.add(Scope::root(module, given))
    }

    /// Adds an instance of a module that a scope calls.
    pub(super) fn child(&self, parent: &Scope, part: usize, child: Child) -> Rc<Scope> {
        self.add(parent.child(part, child))
    }

    fn add(&self, mut scope: Scope) -> Rc<Scope> {
        let mut scopes = self.scopes.borrow_mut();
        scope.id = scopes.len();
        let scope = Rc::new(scope);
        scopes.push(Rc::clone(&scope));
        scope
    }

    /// A scope by its number.
    pub(super) fn scope(&self, id: usize) -> Option<Rc<Scope>> {
        self.scopes.borrow().get(id).cloned()
    }

    /// Lets something evaluate in a scope.
    pub(super) fn with<R>(
        &self,
        scope: &Scope,
        source: &Arc<Source>,
        bound: &Bound,
        act: &mut dyn FnMut(&Evaluator<'_>) -> R,
    ) -> R {
        let names = ScopeNames { session: self, scope };
        self.budget.renew();
        let evaluator = Evaluator { names: &names, source, bound: None, budget: &self.budget };
        bind(&evaluator, bound, act)
    }

    /// What an expression of a scope comes to.
    pub(super) fn eval(
        &self,
        scope: &Scope,
        source: &Arc<Source>,
        bound: &Bound,
        expr: &Expr,
    ) -> Value {
        self.with(scope, source, bound, &mut |evaluator| evaluator.eval(expr))
    }

    /// Whether evaluating has to end.
    pub(super) fn exhausted(&self) -> bool {
        self.budget.left() == 0
    }

    /// The value of a name, evaluated once.
    pub(super) fn named(&self, scope: &Scope, space: Space, name: &str, at: &Origin) -> Value {
        let key = (space, name.to_owned());
        match scope.memo.borrow().get(&key) {
            Some(Memo::Done(value)) => return value.clone(),
            Some(Memo::Pending) => return Value::unknown("it refers to itself", at.clone()),
            None => {}
        }
        scope.memo.borrow_mut().insert(key.clone(), Memo::Pending);
        let value = match space {
            Space::Variable => self.variable(scope, name, at),
            Space::Local => match scope.module.local(name) {
                Some((source, attribute)) => {
                    self.eval(scope, source, &Vec::new(), &attribute.value)
                }
                None => Value::unknown(format!("there is no local {name}"), at.clone()),
            },
            Space::Output => self.output(scope, name, at),
            Space::Document => self.document(scope, name, at),
        };
        // What ran out of steps here may have more of them next time.
        let memo = scope.memo.borrow_mut().remove(&key);
        if memo.is_some() && !self.exhausted() {
            scope.memo.borrow_mut().insert(key, Memo::Done(value.clone()));
        }
        value
    }

    fn output(&self, scope: &Scope, name: &str, at: &Origin) -> Value {
        let part = scope.module.outputs.get(name);
        let found = part.and_then(|part| scope.module.block(*part));
        let value =
            found.and_then(|(source, block)| Some((source, block.body.attribute("value")?)));
        match value {
            Some((source, value)) => self.eval(scope, source, &Vec::new(), value),
            None => Value::unknown(format!("there is no output {name}"), at.clone()),
        }
    }

    fn variable(&self, scope: &Scope, name: &str, at: &Origin) -> Value {
        let part = scope.module.variables.get(name);
        let Some((source, block)) = part.and_then(|part| scope.module.block(*part)) else {
            return Value::unknown(format!("there is no variable {name}"), at.clone());
        };
        let nothing = Vec::new();
        let default = || {
            let (source, block) = scope.module.says(*part?, "default")?;
            let default = block.body.attribute("default")?;
            Some(self.eval(scope, source, &nothing, default))
        };
        let nullable = block.body.attribute("nullable");
        let nullable = nullable
            .and_then(|expr| self.eval(scope, source, &nothing, expr).boolean())
            .unwrap_or(true);
        let value = match self.input(scope, name) {
            Some(value) if !value.is_null() || nullable => value,
            _ => {
                let Some(value) = default() else {
                    let reason = format!("variable {name} has no default");
                    return Value::unknown(reason, Origin::new(source, header(block)));
                };
                value
            }
        };
        let Some(kind) = block.body.attribute("type") else { return value };
        self.with(scope, source, &nothing, &mut |evaluator| {
            types::shaped(evaluator, kind, value.clone())
        })
    }

    /// What is given for a variable.
    fn input(&self, scope: &Scope, name: &str) -> Option<Value> {
        match &scope.inputs {
            Inputs::Given(values) => values.get(name).cloned(),
            Inputs::Call(parent, part) => {
                let parent = self.scope(*parent)?;
                let (source, block) = parent.module.says(*part, name)?;
                let value = block.body.attribute(name)?;
                Some(self.eval(&parent, source, &scope.bound, value))
            }
        }
    }

    /// Errors of all modules that were read.
    pub(super) fn errors(&self, sink: &mut Sink) {
        for scope in self.scopes.borrow().iter() {
            if scope.copy_of.is_none() {
                for error in scope.module.errors() {
                    sink.error(error);
                }
            }
        }
    }

    /// Opens a file beside a folder.
    pub(super) fn open(&self, path: &Path) -> Option<Arc<Source>> {
        self.files.open(path).ok()
    }
}

/// `variable "name"`, without its body.
fn header(block: &Block) -> crate::hcl::ast::Span {
    let mut span = block.span;
    let name: usize = block.labels.iter().map(|label| label.len() + 3).sum();
    let end = span.start as usize + block.kind.len() + name;
    if !block.json {
        span.end = span.end.min(u32::try_from(end).unwrap_or(u32::MAX));
    }
    span
}

fn bind<R>(
    evaluator: &Evaluator<'_>,
    bound: &[(&'static str, Value)],
    act: &mut dyn FnMut(&Evaluator<'_>) -> R,
) -> R {
    match bound.split_first() {
        None => act(evaluator),
        Some(((name, value), rest)) => {
            let binding = Binding { name, value: value.clone(), outer: evaluator.bound };
            bind(&evaluator.with(&binding), rest, act)
        }
    }
}
