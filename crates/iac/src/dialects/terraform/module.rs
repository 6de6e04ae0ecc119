//! A module: the files of one folder, cut into blocks that are parsed when somebody asks for them. Modules
//! are shared by all who call them, also across threads, so they hold no values.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use super::documents;
use crate::{
    ScanError,
    hcl::{
        self, Chunk,
        ast::{Attribute, Block, Body, Expr, Kind, Span},
    },
    node::{Node, TreeError},
    source::Source,
};

/// A module.
#[derive(Debug)]
pub(super) struct Module {
    /// Its folder.
    pub(super) folder: PathBuf,
    pub(super) files: Vec<Arc<Source>>,
    parts: Vec<Part>,
    /// By name: the part.
    pub(super) variables: HashMap<String, usize>,
    pub(super) outputs: HashMap<String, usize>,
    pub(super) documents: HashMap<String, usize>,
    pub(super) resources: Vec<Resource>,
    by_address: HashMap<(String, String), usize>,
    /// Calls of modules, by name.
    pub(super) calls: Vec<(String, usize)>,
    locals: OnceLock<HashMap<String, (usize, usize)>>,
    /// Blocks of override files, by the part that they change.
    overrides: HashMap<usize, Vec<usize>>,
    errors: Vec<ScanError>,
}

/// A block of the top level.
#[derive(Debug)]
struct Part {
    file: usize,
    chunk: Option<Chunk>,
    locals: bool,
    block: OnceLock<Result<Block, TreeError>>,
}

/// A resource.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) part: usize,
}

impl Module {
    /// The module of these files. Files of variables are none of it.
    pub(super) fn of(folder: &Path, files: Vec<Arc<Source>>) -> Self {
        let mut module = Self {
            folder: folder.to_path_buf(),
            files: Vec::new(),
            parts: Vec::new(),
            variables: HashMap::new(),
            outputs: HashMap::new(),
            documents: HashMap::new(),
            resources: Vec::new(),
            by_address: HashMap::new(),
            calls: Vec::new(),
            locals: OnceLock::new(),
            overrides: HashMap::new(),
            errors: Vec::new(),
        };
        // What overrides comes last.
        let (last, first): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|source| is_override(source.path()));
        for source in first.into_iter().chain(last) {
            let index = module.files.len();
            module.files.push(Arc::clone(&source));
            if source.path().extension().is_some_and(|extension| extension == "json") {
                module.json(index, &source);
            } else {
                module.hcl(index, &source);
            }
        }
        module
    }

    fn hcl(&mut self, file: usize, source: &Source) {
        let (_, from) = source.body();
        let (chunks, failed) = hcl::split(source.text(), from);
        if failed.is_some() {
            match hcl::body(source) {
                Ok(body) => {
                    body.blocks.into_iter().for_each(|block| self.parsed(file, block));
                    return;
                }
                Err(error) => self.error(source, &error),
            }
        }
        for chunk in chunks.into_iter().filter(|chunk| chunk.block) {
            let text = source.text();
            let kind = chunk.kind(text).to_owned();
            let labels = [0, 1].map(|index| chunk.label(text, index).map(str::to_owned));
            let part =
                Part { file, locals: kind == "locals", chunk: Some(chunk), block: OnceLock::new() };
            self.register(&kind, labels, part);
        }
    }

    fn error(&mut self, source: &Source, error: &TreeError) {
        self.errors.push(source.error(error.offset, error.code, &*error.message));
    }

    fn parsed(&mut self, file: usize, block: Block) {
        let kind = block.kind.to_string();
        let labels = [0, 1].map(|index| block.label(index).map(str::to_owned));
        let part =
            Part { file, chunk: None, locals: kind == "locals", block: OnceLock::from(Ok(block)) };
        self.register(&kind, labels, part);
    }

    fn register(&mut self, kind: &str, labels: [Option<String>; 2], part: Part) {
        let index = self.parts.len();
        let overrides = self.files.get(part.file).is_some_and(|file| is_override(file.path()));
        let [one, two] = labels;
        if let Some(base) = self.known(kind, one.as_deref(), two.as_deref()).filter(|_| overrides) {
            self.overrides.entry(base).or_default().push(index);
            self.parts.push(part);
            return;
        }
        match (kind, one, two) {
            ("resource", Some(kind), Some(name)) => {
                self.by_address.insert((kind.clone(), name.clone()), self.resources.len());
                self.resources.push(Resource { kind, name, part: index });
            }
            ("variable", Some(name), _) => {
                self.variables.insert(name, index);
            }
            ("output", Some(name), _) => {
                self.outputs.insert(name, index);
            }
            ("data", Some(kind), Some(name)) if kind == documents::KIND => {
                self.documents.insert(name, index);
            }
            ("module", Some(name), _) => self.calls.push((name, index)),
            ("locals", ..) => {}
            _ => return,
        }
        self.parts.push(part);
    }

    /// The part of that kind and name that was registered before.
    fn known(&self, kind: &str, one: Option<&str>, two: Option<&str>) -> Option<usize> {
        let name = one?;
        match kind {
            "resource" => Some(self.resources.get(self.resource(name, two?)?)?.part),
            "variable" => self.variables.get(name).copied(),
            "output" => self.outputs.get(name).copied(),
            "module" => self.calls.iter().find(|(call, _)| call == name).map(|(_, part)| *part),
            _ => None,
        }
    }

    /// The JSON form: kinds, labels and names are nested objects.
    fn json(&mut self, file: usize, source: &Source) {
        let parsed = source.json();
        if let Some(error) = &parsed.error {
            self.error(source, error);
        }
        for root in parsed.documents.iter().flat_map(|document| each(document)) {
            for member in root.members() {
                let depth = match member.key.as_str() {
                    "resource" | "data" => 2,
                    "variable" | "output" | "module" => 1,
                    "locals" => 0,
                    _ => continue,
                };
                for (labels, node) in labelled(&member.node, depth) {
                    let kind = member.key.as_str().into();
                    self.parsed(file, json_block(kind, labels, node));
                }
            }
        }
    }

    /// A block, parsed.
    pub(super) fn block(&self, part: usize) -> Option<(&Arc<Source>, &Block)> {
        let part = self.parts.get(part)?;
        let source = self.files.get(part.file)?;
        let parse = || match &part.chunk {
            Some(chunk) => hcl::block(source, chunk),
            None => Err(TreeError { offset: 0, code: "Syntax", message: String::new() }),
        };
        part.block.get_or_init(parse).as_ref().ok().map(|block| (source, block))
    }

    /// The block that says something under a name: one that overrides the part, else the part itself.
    pub(super) fn says(&self, part: usize, name: &str) -> Option<(&Arc<Source>, &Block)> {
        let overrides = self.overrides.get(&part).map(Vec::as_slice).unwrap_or_default();
        let mut found = overrides.iter().rev().filter_map(|part| self.block(*part));
        found.find(|(_, block)| block.body.says(name)).or_else(|| self.block(part))
    }

    /// A resource by type and name.
    pub(super) fn resource(&self, kind: &str, name: &str) -> Option<usize> {
        self.by_address.get(&(kind.to_owned(), name.to_owned())).copied()
    }

    /// A local value.
    pub(super) fn local(&self, name: &str) -> Option<(&Arc<Source>, &Attribute)> {
        let locals = self.locals.get_or_init(|| self.all_locals());
        let (part, index) = locals.get(name)?;
        let (source, block) = self.block(*part)?;
        block.body.attributes.get(*index).map(|attribute| (source, attribute))
    }

    fn all_locals(&self) -> HashMap<String, (usize, usize)> {
        let mut all = HashMap::new();
        for (part, _) in self.parts.iter().enumerate().filter(|(_, part)| part.locals) {
            let Some((_, block)) = self.block(part) else { continue };
            for (index, attribute) in block.body.attributes.iter().enumerate() {
                all.insert(attribute.name.to_string(), (part, index));
            }
        }
        all
    }

    /// What could not be parsed so far.
    pub(super) fn errors(&self) -> Vec<ScanError> {
        let parts = self.parts.iter().filter_map(|part| {
            let error = part.block.get()?.as_ref().err()?;
            let source = self.files.get(part.file)?;
            Some(source.error(error.offset, error.code, &*error.message))
        });
        self.errors.iter().cloned().chain(parts).collect()
    }
}

/// Whether a file changes what others of the folder say.
fn is_override(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    stem == "override" || stem.ends_with("_override")
}

/// A node, or the items of a list: both may stand where an object is meant.
pub(in crate::dialects) fn each(node: &Node) -> Vec<&Node> {
    if node.items().is_empty() {
        vec![node]
    } else {
        node.items().iter().map(AsRef::as_ref).collect()
    }
}

pub(in crate::dialects) fn labelled(node: &Node, depth: usize) -> Vec<(Vec<Box<str>>, &Node)> {
    let mut open: Vec<(Vec<Box<str>>, &Node)> =
        each(node).into_iter().map(|node| (Vec::new(), node)).collect();
    for _ in 0..depth {
        open = open
            .into_iter()
            .flat_map(|(labels, node)| {
                node.members().iter().flat_map(move |member| {
                    let labels = [labels.as_slice(), &[member.key.as_str().into()]].concat();
                    each(&member.node).into_iter().map(move |node| (labels.clone(), node))
                })
            })
            .collect();
    }
    open
}

/// A JSON object as a block: all that it has are attributes.
pub(in crate::dialects) fn json_block(kind: Box<str>, labels: Vec<Box<str>>, node: &Node) -> Block {
    let attributes = node.members().iter().map(|member| Attribute {
        name: member.key.as_str().into(),
        name_span: Span::from(member.key_span.clone()),
        value: json_value(&member.key, &member.node),
    });
    let body = Body { attributes: attributes.collect(), blocks: Vec::new() };
    Block { kind, labels, body, span: Span::from(node.span.clone()), json: true }
}

/// Types, sources and references are texts in JSON; a type is an expression all the same.
fn json_value(name: &str, node: &Node) -> Expr {
    match node.text() {
        Some(text) if name == "type" => {
            let expr = format!("t = {text}\n");
            let source = Source::new("type", expr);
            let mut body = hcl::body(&source).unwrap_or_default();
            match body.attributes.pop() {
                Some(attribute) => attribute.value,
                None => Expr { span: Span::from(node.span.clone()), kind: Kind::Null },
            }
        }
        _ => hcl::json_expression(node),
    }
}
