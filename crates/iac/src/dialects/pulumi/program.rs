//! The parts of a program, and the configuration that its stacks give it.

use std::{cell::Cell, path::Path, sync::Arc};

use crate::{
    ScanError,
    dialect::{Files, Sink},
    node::{Member, Node, Value},
    setting::{At, Setting},
    source::Source,
};

/// Steps of one evaluation.
const STEPS: u32 = 5_000;

/// The configuration of one stack.
pub(super) struct Stack {
    name: String,
    source: Arc<Source>,
}

/// What the names in expressions stand for.
pub(super) struct Scope<'a> {
    pub(super) source: &'a Source,
    /// The component whose resources these are; empty in a program.
    pub(super) component: &'a str,
    project: Option<&'a str>,
    config: &'a [Member],
    variables: &'a [Member],
    resources: &'a [Member],
    stacks: &'a [Stack],
    steps: Cell<u32>,
}

/// Whether a file is the configuration of a stack: `Pulumi.prod.yaml`.
pub(super) fn is_stack(path: &Path) -> bool {
    stack_name(path).is_some()
}

fn stack_name(path: &Path) -> Option<&str> {
    let stem = path.file_stem()?.to_str()?;
    let (head, name) = stem.split_at_checked("pulumi.".len())?;
    (head.eq_ignore_ascii_case("pulumi.") && !name.is_empty()).then_some(name)
}

/// The stacks of the program in a file. One that cannot be read is an error: it may decide.
pub(super) fn stacks(files: &Files<'_>, source: &Source, sink: &mut Sink) -> Vec<Stack> {
    if is_stack(source.path()) {
        return Vec::new();
    }
    let folder = source.path().parent().unwrap_or(Path::new(""));
    let inner = source.tree().documents.first().and_then(|root| root.text_of("stackConfigDir"));
    let folder = inner.map_or_else(|| folder.to_path_buf(), |inner| folder.join(inner));
    let Ok(paths) = files.list(&folder) else { return Vec::new() };
    let mut stacks = Vec::new();
    for path in paths.iter().filter(|path| is_yaml(path)) {
        let Some(name) = stack_name(path) else { continue };
        match files.open(path) {
            Ok(source) => stacks.push(Stack { name: name.to_owned(), source }),
            Err(error) => sink.error(error),
        }
    }
    for stack in &stacks {
        if let Some(error) = &stack.source.tree().error {
            let error: ScanError = stack.source.error(error.offset, error.code, &*error.message);
            sink.error(error);
        }
    }
    stacks
}

fn is_yaml(path: &Path) -> bool {
    crate::dialect::has_extension(path, &["yaml", "yml", "json"])
}

/// The program of a document, and the components that it defines.
pub(super) fn scopes<'a>(
    source: &'a Source,
    root: &'a Node,
    stacks: &'a [Stack],
) -> Vec<Scope<'a>> {
    let members = |node: &'a Node, key: &str| node.get(key).map(|node| node.members());
    let scope = |component: &'a str, node: &'a Node, config: &[&str], stacks: &'a [Stack]| Scope {
        source,
        component,
        project: root.text_of("name"),
        config: config.iter().find_map(|key| members(node, key)).unwrap_or_default(),
        variables: members(node, "variables").unwrap_or_default(),
        resources: members(node, "resources").unwrap_or_default(),
        stacks,
        steps: Cell::new(STEPS),
    };
    // A project may hold its program one level down.
    let program = root.get("template").filter(|inner| inner.get("resources").is_some());
    let program = program.map_or(root, AsRef::as_ref);
    let mut scopes = vec![scope("", program, &["configuration", "config"], stacks)];
    let components = members(root, "components").unwrap_or_default().iter();
    scopes.extend(components.map(|one| scope(&one.key, &one.node, &["inputs"], &[])));
    scopes
}

impl<'a> Scope<'a> {
    pub(super) fn resources(&self) -> &'a [Member] {
        self.resources
    }

    pub(super) fn resource(&self, name: &str) -> Option<&'a Node> {
        find(self.resources, name)
    }

    pub(super) fn variable(&self, name: &str) -> Option<&'a Node> {
        find(self.variables, name)
    }

    /// Begins an evaluation.
    pub(super) fn begin(&self) {
        self.steps.set(STEPS);
    }

    /// One step of it; none where they are used up.
    pub(super) fn step(&self) -> Option<()> {
        self.steps.set(self.steps.get().checked_sub(1)?);
        Some(())
    }

    /// What a name of the configuration comes to; none where there is no such name.
    pub(super) fn configured(&self, name: &str, at: At<'a>) -> Option<Setting<'a>> {
        let own = find(self.config, name);
        let default = own.map(|node| self.default(name, node, at));
        let fallback = default.clone().unwrap_or_else(|| {
            Setting::Unknown(format!("{name} is not set in each of the stacks"), at)
        });
        let given: Vec<(&str, Option<Setting<'a>>)> =
            self.stacks.iter().map(|stack| (&*stack.name, self.given(stack, name))).collect();
        if given.iter().all(|(_, value)| value.is_none()) {
            return default;
        }
        let all = given.into_iter().map(|(stack, value)| {
            let value = value.unwrap_or_else(|| fallback.clone());
            (stack, value)
        });
        Some(agreed(name, &all.collect::<Vec<_>>(), at))
    }

    /// What the program says: a value, or the default of a declaration.
    fn default(&self, name: &str, node: &'a Node, at: At<'a>) -> Setting<'a> {
        let source = self.source;
        let declared = ["type", "default", "value", "secret", "items"];
        if !node.members().iter().any(|member| declared.contains(&&*member.key)) {
            return Setting::literal(source, Some(node));
        }
        let value = ["value", "default"].iter().find_map(|key| node.get(key));
        match value {
            Some(value) => Setting::literal(source, Some(value)),
            None => Setting::Unknown(format!("{name} has no default"), at),
        }
    }

    /// What a stack says.
    fn given(&self, stack: &'a Stack, name: &str) -> Option<Setting<'a>> {
        let root = stack.source.tree().documents.first()?;
        let config = root.get("config")?;
        let qualified = self.project.map(|project| format!("{project}:{name}"));
        let own = config.members().iter().rev().find(|member| {
            qualified.as_ref().is_some_and(|qualified| member.key == *qualified)
                || member.key == name
        });
        let node = own?.node.as_ref();
        let at = At { source: &stack.source, node };
        Some(match &node.value {
            Value::Map(_) if node.get("secure").is_some() => {
                Setting::Unknown("it is encrypted".to_owned(), at)
            }
            _ => Setting::literal(&stack.source, Some(node)),
        })
    }
}

fn find<'a>(members: &'a [Member], name: &str) -> Option<&'a Node> {
    members.iter().rev().find(|member| member.key == name).map(|member| member.node.as_ref())
}

/// One value, where all stacks have the same.
fn agreed<'a>(name: &str, all: &[(&str, Setting<'a>)], at: At<'a>) -> Setting<'a> {
    let unknown = all.iter().find(|(_, value)| matches!(value, Setting::Unknown(..)));
    if let Some((_, unknown)) = unknown {
        return unknown.clone();
    }
    let words = |value: &Setting<'_>| value.text().unwrap_or("something else").to_owned();
    let Some((_, first)) = all.first() else { return Setting::Nothing };
    let same = |value: &Setting<'_>| value.text().is_some() && value.text() == first.text();
    if all.len() > 1 && !all.iter().all(|(_, value)| same(value)) {
        let said: Vec<_> =
            all.iter().map(|(stack, value)| format!("{stack} says {}", words(value))).collect();
        return Setting::Unknown(format!("stacks differ in {name}: {}", said.join(", ")), at);
    }
    let place = |value: &Setting<'_>| match value {
        Setting::Literal(at) => Some((at.source.path().clone(), at.node.span.clone())),
        _ => None,
    };
    let one_place = all.iter().all(|(_, value)| place(value) == place(first));
    match first.text() {
        Some(text) if !one_place => Setting::Made(text.to_owned(), at),
        _ => first.clone(),
    }
}
