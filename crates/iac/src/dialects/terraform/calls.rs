//! Calls of modules: where their code is, and the instances that they make.

use std::{rc::Rc, sync::Arc};

use super::{
    instances::Instances,
    manifest::Manifest,
    module::Module,
    session::{Child, MAX_DEPTH, MAX_SCOPES, Scope, Session},
};
use crate::{
    hcl::ast::{Block, Kind},
    source::Place,
};

/// What a call makes.
pub(super) enum Children {
    /// Its code was not read, and why.
    Missing(String),
    /// One instance.
    One(usize),
    /// Several, by number or key.
    Many(Vec<(Rc<str>, usize)>, bool),
    /// One that stands for an unknown number.
    Open(usize),
}

impl Children {
    /// The scopes.
    pub(super) fn scopes(&self) -> Vec<usize> {
        match self {
            Self::Missing(_) => Vec::new(),
            Self::One(one) | Self::Open(one) => vec![*one],
            Self::Many(many, _) => many.iter().map(|(_, scope)| *scope).collect(),
        }
    }
}

/// The source of a call, as written.
pub(super) fn source_of(block: &Block) -> Option<&str> {
    text_of(block, "source")
}

/// A literal text of a block.
pub(super) fn text_of<'a>(block: &'a Block, name: &str) -> Option<&'a str> {
    match &block.body.attribute(name)?.kind {
        Kind::Text(text) => Some(text),
        _ => None,
    }
}

/// Whether a source is a folder beside the module.
pub(super) fn is_local(source: &str) -> bool {
    source.starts_with("./") || source.starts_with("../")
}

impl Session<'_> {
    /// The module instances that a call makes, found out once.
    pub(super) fn children(&self, scope: &Scope, part: usize) -> Rc<Children> {
        if let Some(known) = scope.children.borrow().get(&part) {
            return Rc::clone(known);
        }
        let children = Rc::new(self.make(scope, part));
        scope.children.borrow_mut().entry(part).or_insert_with(|| Rc::clone(&children));
        children
    }

    fn make(&self, scope: &Scope, part: usize) -> Children {
        let Some((file, block)) = scope.module.block(part) else {
            return Children::Missing("the call cannot be read".to_owned());
        };
        let name = block.label(0).unwrap_or_default().to_owned();
        let place = file.place(block.span.range());
        let (module, copy_of) = match self.code(scope, block, &name, place) {
            Ok(found) => found,
            Err(reason) => return Children::Missing(reason),
        };
        let instances = self.instances(scope, part);
        let turns = instances.turns();
        if scope.depth >= MAX_DEPTH || self.scopes.borrow().len() + turns.len() > MAX_SCOPES {
            return Children::Missing("modules call each other too often".to_owned());
        }
        let mut made = turns.into_iter().map(|turn| {
            let child = Child {
                module: Arc::clone(&module),
                name: name.clone(),
                suffix: turn.suffix,
                bound: turn.bound,
                counted: turn.counted,
                copy_of: copy_of.clone(),
            };
            (turn.key.unwrap_or_default(), self.child(scope, part, child).id)
        });
        match &*instances {
            Instances::Single => {
                made.next().map_or(Children::Many(Vec::new(), true), |one| Children::One(one.1))
            }
            Instances::Open(_) => {
                made.next().map_or(Children::Many(Vec::new(), true), |one| Children::Open(one.1))
            }
            Instances::Indexed(_) => Children::Many(made.collect(), true),
            Instances::Keyed(_) => Children::Many(made.collect(), false),
        }
    }

    /// The code of a call; with the call's place where it is a copy of what lies elsewhere.
    fn code(
        &self,
        scope: &Scope,
        block: &Block,
        name: &str,
        place: Place,
    ) -> Result<(Arc<Module>, Option<Place>), String> {
        let source = source_of(block).ok_or("the module's source is no text")?;
        if is_local(source) {
            let folder = scope.module.folder.join(source);
            let found = match scope.copy_of {
                None => self.survey.module(&folder, self.files.overlay()),
                // Within a copy: beside it.
                Some(_) => self.copy(&folder).map(Ok),
            };
            return match found {
                Some(Ok(module)) => Ok((module, None)),
                Some(Err(_)) => Err(format!("module {source} cannot be read")),
                None => Err(format!("module {source} is not in the given paths")),
            };
        }
        let key = scope.key_of(name);
        let entry = self.manifest().and_then(|manifest| manifest.get(&key));
        let module = entry.and_then(|entry| self.copy(&entry.folder));
        match module {
            Some(module) => Ok((module, Some(place))),
            None => Err(format!("module {source} is not in the code that was read")),
        }
    }

    /// What `terraform init` has noted in the root module.
    pub(super) fn manifest(&self) -> Option<&Manifest> {
        let read = || Manifest::of(self, &self.scope(0)?.module.folder);
        self.manifest.get_or_init(read).as_ref()
    }

    /// A module that Terraform has downloaded.
    fn copy(&self, folder: &std::path::Path) -> Option<Arc<Module>> {
        let paths = self.files.list(folder).ok()?;
        let paths: Vec<_> = paths.into_iter().filter(|path| super::is_module_file(path)).collect();
        super::survey::read(folder, &paths, self.files.overlay()).ok()
    }
}
