//! One instance of a module, and what it has found out so far.

use std::{cell::RefCell, collections::HashMap, rc::Rc, sync::Arc};

use super::{
    calls::Children,
    instances::{Bound, Instances},
    module::Module,
};
use crate::{hcl::value::Value, source::Place};

/// One instance of a module.
pub(super) struct Scope {
    pub(super) id: usize,
    pub(super) module: Arc<Module>,
    /// What stands before an address: `module.web.`
    pub(super) address: String,
    /// The names of the calls that led here, as Terraform's manifest joins them.
    pub(super) key: String,
    pub(super) inputs: Inputs,
    /// Names that the call binds: `each`, `count`.
    pub(super) bound: Bound,
    /// Whether it is known how often it is made.
    pub(super) counted: bool,
    /// The call, where the code is a copy that Terraform downloaded.
    pub(super) copy_of: Option<Place>,
    pub(super) depth: usize,
    pub(super) memo: RefCell<HashMap<(Space, String), Memo>>,
    pub(super) children: RefCell<HashMap<usize, Rc<Children>>>,
    pub(super) instances: RefCell<HashMap<usize, Rc<Instances>>>,
}

/// What gives a module its variables.
pub(super) enum Inputs {
    /// Files of variables and options.
    Given(HashMap<String, Value>),
    /// The call: its scope, and the part of that scope's module.
    Call(usize, usize),
}

/// A space of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Space {
    Variable,
    Local,
    Output,
    /// `data.aws_iam_policy_document`.
    Document,
}

/// What is known of a name.
pub(super) enum Memo {
    /// It is being evaluated.
    Pending,
    Done(Value),
}

/// A module instance to be.
pub(super) struct Child {
    pub(super) module: Arc<Module>,
    pub(super) name: String,
    pub(super) suffix: String,
    pub(super) bound: Bound,
    pub(super) counted: bool,
    pub(super) copy_of: Option<Place>,
}

impl Scope {
    /// The root module.
    pub(super) fn root(module: Arc<Module>, given: HashMap<String, Value>) -> Self {
        Self {
            id: 0,
            module,
            address: String::new(),
            key: String::new(),
            inputs: Inputs::Given(given),
            bound: Vec::new(),
            counted: true,
            copy_of: None,
            depth: 0,
            memo: RefCell::default(),
            children: RefCell::default(),
            instances: RefCell::default(),
        }
    }

    /// A module that this one calls.
    pub(super) fn child(&self, part: usize, child: Child) -> Self {
        Self {
            address: format!("{}module.{}{}.", self.address, child.name, child.suffix),
            key: self.key_of(&child.name),
            inputs: Inputs::Call(self.id, part),
            bound: child.bound,
            counted: self.counted && child.counted,
            copy_of: self.copy_of.clone().or(child.copy_of),
            depth: self.depth + 1,
            ..Self::root(child.module, HashMap::new())
        }
    }

    /// The name of a call as Terraform's manifest has it.
    pub(super) fn key_of(&self, call: &str) -> String {
        match self.key.as_str() {
            "" => call.to_owned(),
            key => format!("{key}.{call}"),
        }
    }
}
