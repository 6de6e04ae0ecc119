//! What names mean in a module: variables, locals, modules, resources.

use std::sync::Arc;

use super::{
    calls::Children,
    documents,
    instances::Instances,
    paths,
    session::{Scope, Session, Space},
};
use crate::{
    hcl::{
        ast::Step,
        eval::Names,
        value::{Data, Map, Origin, Reference, Value},
    },
    source::Source,
};

/// The names of a scope.
pub(super) struct ScopeNames<'a> {
    pub(super) session: &'a Session<'a>,
    pub(super) scope: &'a Scope,
}

impl Names for ScopeNames<'_> {
    fn name(&self, root: &str, steps: &[Step], at: Origin) -> Option<(Value, usize)> {
        let first = match steps.first() {
            Some(Step::Attribute(name)) => &**name,
            _ => return None,
        };
        let named = |space| Some((self.session.named(self.scope, space, first, &at), 1));
        match root {
            "var" => named(Space::Variable),
            "local" => named(Space::Local),
            "module" => Some(self.module(first, steps, &at)),
            "path" => {
                let folder = match first {
                    "module" => self.scope.module.folder.clone(),
                    "root" => self.session.scope(0)?.module.folder.clone(),
                    _ => return Some((Value::unknown("known only when it is applied", at), 1)),
                };
                Some((Value::text(paths::written(&folder), at), 1))
            }
            "data" if first == documents::KIND && self.document(steps).is_some() => {
                let name = self.document(steps)?;
                Some((self.session.named(self.scope, Space::Document, name, &at), 2))
            }
            "data" | "terraform" | "self" | "each" | "count" => {
                Some((Value::unknown("known only when it is applied", at), steps.len()))
            }
            // Of a resource: `aws_launch_template.web`.
            _ => self.resource(root, first, &at).map(|value| (value, 1)),
        }
    }

    fn file(&self, path: &str) -> Option<Arc<Source>> {
        let root = self.session.scope(0)?;
        let path = paths::beside(&root.module.folder, &self.scope.module.folder, path)?;
        let read = paths::within(self.session.survey.top(), &path);
        read.then(|| self.session.open(&path)).flatten()
    }
}

impl ScopeNames<'_> {
    /// The policy document of this module that is named behind `data.aws_iam_policy_document`.
    fn document<'s>(&self, steps: &'s [Step]) -> Option<&'s str> {
        match steps.get(1) {
            Some(Step::Attribute(name)) if self.scope.module.documents.contains_key(&**name) => {
                Some(name)
            }
            _ => None,
        }
    }

    fn module(&self, name: &str, steps: &[Step], at: &Origin) -> (Value, usize) {
        let call = self.scope.module.calls.iter().find(|(call, _)| call == name);
        let Some((_, part)) = call else {
            return (Value::unknown(format!("there is no module {name}"), at.clone()), steps.len());
        };
        let children = self.session.children(self.scope, *part);
        match &*children {
            Children::Missing(reason) => (Value::unknown(reason.as_str(), at.clone()), steps.len()),
            Children::One(child) => match steps.get(1) {
                Some(Step::Attribute(output)) => (self.output(*child, output, at), 2),
                _ => (self.outputs(*child, at), 1),
            },
            Children::Many(children, numbered) => {
                let each =
                    children.iter().map(|(key, child)| (key.clone(), self.outputs(*child, at)));
                let value = if *numbered {
                    Value::list(each.map(|(_, value)| value).collect(), at.clone())
                } else {
                    Value::map(Map { items: each.collect(), open: None }, at.clone())
                };
                (value, 1)
            }
            Children::Open(child) => match steps.get(2) {
                Some(Step::Attribute(output)) => (self.output(*child, output, at), 3),
                _ => (Value::unknown("how many there are is not known", at.clone()), steps.len()),
            },
        }
    }

    fn output(&self, child: usize, name: &str, at: &Origin) -> Value {
        match self.session.scope(child) {
            Some(scope) => self.session.named(&scope, Space::Output, name, at),
            None => Value::unknown("too many modules", at.clone()),
        }
    }

    fn outputs(&self, child: usize, at: &Origin) -> Value {
        let mut map = Map::default();
        if let Some(scope) = self.session.scope(child) {
            let mut names: Vec<&String> = scope.module.outputs.keys().collect();
            names.sort();
            for name in names {
                let value = self.session.named(&scope, Space::Output, name, at);
                map.items.push((name.as_str().into(), value));
            }
        }
        Value::map(map, at.clone())
    }

    fn resource(&self, kind: &str, name: &str, at: &Origin) -> Option<Value> {
        let resource = self.scope.module.resource(kind, name)?;
        let part = self.scope.module.resources.get(resource)?.part;
        let reference = |key: Option<std::rc::Rc<str>>, open: bool| {
            let reference =
                Reference { scope: self.scope.id, resource, key, path: "".into(), open };
            Value::new(Data::Reference(reference), at.clone())
        };
        let value = match &*self.session.instances(self.scope, part) {
            Instances::Single => reference(None, false),
            Instances::Indexed(all) => Value::list(
                all.iter().map(|(key, _)| reference(Some(key.clone()), false)).collect(),
                at.clone(),
            ),
            Instances::Keyed(all) => {
                let items =
                    all.iter().map(|(key, _)| (key.clone(), reference(Some(key.clone()), false)));
                Value::map(Map { items: items.collect(), open: None }, at.clone())
            }
            Instances::Open(_) => reference(None, true),
        };
        Some(value)
    }
}
