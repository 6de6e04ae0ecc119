//! Kubernetes objects, wherever they stand: documents of a file, items of a list, bases of a composition,
//! extra objects in the values of a chart. What a chart's template or an environment variable fills in is
//! not known, unless it has a default.

use std::path::Path;

use crate::{
    Effect,
    dialect::{Sink, has_extension},
    edit::New,
    fix::Fix,
    ignore,
    node::{Node, Value},
    setting::{self, At, Names, Setting},
    source::Source,
    spec::{LaunchSpec, Options},
};

/// Whether a file may hold objects.
pub fn looks_at(path: &Path) -> bool {
    has_extension(path, &["yaml", "yml", "json"])
}

/// An object.
#[derive(Debug, Clone, Copy)]
pub struct Object<'a> {
    /// Its file.
    pub source: &'a Source,
    /// All of it.
    pub node: &'a Node,
    /// The part of `apiVersion` before the slash.
    pub group: &'a str,
    /// The part behind it; empty where a template fills it in.
    pub version: &'a str,
    /// Its kind.
    pub kind: &'a str,
}

/// All objects of a file. A file that is no YAML is an error, unless it is a template that will make some:
/// of such a file only the lines are read.
pub fn objects<'a>(source: &'a Source, sink: &mut Sink) -> Vec<Object<'a>> {
    let parsed = source.tree();
    if let Some(error) = &parsed.error
        && !is_template(source)
    {
        sink.tree_error(source, error);
    }
    let mut objects = Vec::new();
    for document in &parsed.documents {
        document.visit(&mut |node| objects.extend(Object::of(source, node)));
    }
    objects
}

/// Whether a text is made by a template engine before anybody reads it as YAML.
pub fn is_template(source: &Source) -> bool {
    ["{{", "{%"].iter().any(|mark| source.text().contains(mark))
}

/// Where a kind has its block of options.
#[derive(Debug)]
pub struct Block {
    /// The path to it.
    pub path: &'static [&'static str],
    /// How it names the options.
    pub names: &'static Names,
}

impl<'a> Object<'a> {
    /// The object that a mapping is. A reference names version and kind as well, but describes nothing.
    fn of(source: &'a Source, node: &'a Node) -> Option<Self> {
        let (api, kind) = (node.get("apiVersion")?, node.text_of("kind")?);
        if node.get("spec").is_none() && node.get("metadata").is_none() {
            return None;
        }
        let (group, version) = api.text().unwrap_or_default().split_once('/').unwrap_or_default();
        Some(Self { source, node, group, version, kind })
    }

    /// `Kind/name`
    pub fn address(&self) -> String {
        let name = |key: &str| {
            let node = self.node.at(&["metadata", key])?;
            let at = At { source: self.source, node };
            Some(node.text().map_or_else(|| at.expression(), str::to_owned))
        };
        let name = name("name").or_else(|| name("generateName")).unwrap_or_default();
        format!("{}/{name}", self.kind)
    }

    /// A row of this object that says nothing yet.
    pub fn row(&self, dialect: &'static str) -> LaunchSpec {
        let span = self.node.span.clone();
        let place = self.source.place(span.clone());
        let mut spec = LaunchSpec::new(dialect, self.kind, &self.address(), place);
        spec.ignore_comments = ignore::comments(self.source, &span);
        spec
    }

    /// What stands at the end of a path.
    pub fn at(&self, path: &[&str]) -> Setting<'a> {
        at(self.source, self.node, path)
    }

    /// What its block says.
    pub fn options(&self, block: &Block) -> Options {
        setting::options(block.names, |name| self.at(&[block.path, &[name]].concat()))
    }

    /// The repair of its block. None where a template fills in something on the way there.
    pub fn fix(&self, block: &Block, effect: Effect) -> Option<Fix> {
        let path = [block.path, &[block.names.http_tokens]].concat();
        let new = New::text("required");
        let splice = match self.at(&path) {
            Setting::Nothing => self.add(&path, &new)?,
            decided => decided.set(&new)?,
        };
        Some(setting::fix(effect, vec![splice]))
    }

    /// Adds a value below a path. Not where a template might add it as well.
    pub fn add(&self, path: &[&str], new: &New) -> Option<crate::fix::Splice> {
        let text = self.source.slice(self.node.span.clone());
        let made = ["{{", "{%"].iter().any(|mark| text.contains(mark));
        if made { None } else { setting::add(self.source, self.node, path, new) }
    }
}

/// What stands at the end of a path below a node.
pub fn at<'a>(source: &'a Source, node: &'a Node, path: &[&str]) -> Setting<'a> {
    let mut node = node;
    for key in path {
        let at = At { source, node };
        match &node.value {
            _ if is_filled(source, node) => return filled(at),
            Value::Map(_) => match node.get(key) {
                Some(next) => node = next,
                None => return Setting::Nothing,
            },
            Value::Null => return Setting::Nothing,
            Value::Scalar(_) | Value::List(_) => {
                return Setting::Unknown(format!("{key} was expected in it"), at);
            }
        }
    }
    if is_filled(source, node) {
        return filled(At { source, node });
    }
    Setting::literal(source, Some(node))
}

/// Whether something will be put in here: `{{ .Values.tokens }}`, `${TOKENS}`, `$TOKENS`.
fn is_filled(source: &Source, node: &Node) -> bool {
    match &node.value {
        Value::Scalar(text) => text.contains("{{") || text.starts_with('$'),
        // A template's braces without quotes around them are a mapping within a mapping.
        Value::Map(_) => source.slice(node.span.clone()).starts_with("{{"),
        Value::Null | Value::List(_) => false,
    }
}

/// The default of a variable (`${TOKENS:=required}`, `${TOKENS:-required}`), or that it is not known.
fn filled(at: At<'_>) -> Setting<'_> {
    let variable = at.node.text().and_then(|text| text.strip_prefix("${")?.strip_suffix('}'));
    let Some(variable) = variable else {
        return Setting::Unknown("a template fills it in".to_owned(), at);
    };
    let default = [":=", ":-", "="].iter().find_map(|mark| variable.split_once(mark));
    match default {
        Some((_, default)) => {
            let written = at.source.slice(at.node.span.clone());
            let begin = written.rfind(default).map(|begin| at.node.span.start + begin);
            match begin.filter(|_| !default.is_empty()) {
                Some(begin) => Setting::Part(default.to_owned(), at, begin..begin + default.len()),
                None => Setting::Made(default.to_owned(), at),
            }
        }
        None => Setting::Unknown(format!("variable {variable} has no default"), at),
    }
}
