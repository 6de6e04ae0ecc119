//! The variables that a file's tasks see, as far as the code says them: its own, those of its role, of all
//! hosts, and of the files that a play names. Inventories and what is given on the command line are not code.

use std::{
    cell::Cell,
    collections::BTreeSet,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use super::tasks::{self, Task};
use crate::{
    dialect::{Files, Sink},
    node::Node,
    setting::At,
    source::Source,
};

/// Files of variables around a file, each with how strong it is.
pub(super) struct Around {
    sources: Vec<(Strength, Arc<Source>)>,
    /// Names that get their value while the play runs.
    pub(super) running: BTreeSet<String>,
}

/// Which variable wins: the later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    RoleDefaults,
    AllHosts,
    Play,
    PlayFiles,
    Role,
    Block,
}

impl Around {
    /// Opens them. What is not there is no error; what is there and broken is.
    pub(super) fn of(files: &Files<'_>, source: &Source, sink: &mut Sink) -> Self {
        let mut around = Self { sources: Vec::new(), running: running(source) };
        for (strength, path) in candidates(files, source) {
            let found = match files.open(&path) {
                Ok(found) => found,
                Err(error) if matches!(error.code, "NotFound" | "NotAFile") => continue,
                Err(error) => {
                    sink.error(error);
                    continue;
                }
            };
            if let Some(error) = &found.yaml().error {
                sink.tree_error(&found, error);
            }
            around.sources.push((strength, found));
        }
        around
    }
}

fn candidates(files: &Files<'_>, source: &Source) -> Vec<(Strength, PathBuf)> {
    let mut paths = Vec::new();
    let folder = source.path().parent().unwrap_or(Path::new(""));
    let mut add = |strength: Strength, path: PathBuf| paths.push((strength, path));
    let of_role = ["tasks", "handlers"].iter().any(|name| folder.ends_with(name));
    let base = match folder.parent().filter(|_| of_role) {
        Some(role) => {
            for extension in ["yml", "yaml"] {
                add(
                    Strength::RoleDefaults,
                    role.join("defaults").join("main").with_extension(extension),
                );
                add(Strength::Role, role.join("vars").join("main").with_extension(extension));
            }
            // `roles/web` stands beside the playbooks.
            role.parent().and_then(Path::parent)
        }
        None => Some(folder),
    };
    for root in base.into_iter().flat_map(|base| [base.to_path_buf(), base.join("inventory")]) {
        let all = root.join("group_vars").join("all");
        for path in [all.clone(), all.with_extension("yml"), all.with_extension("yaml")] {
            add(Strength::AllHosts, path);
        }
        for path in files.list(&all).unwrap_or_default() {
            add(Strength::AllHosts, path);
        }
    }
    for name in play_files(source) {
        add(Strength::PlayFiles, normal(&folder.join(name)));
    }
    paths
}

/// The `vars_files` that are named by a literal.
fn play_files(source: &Source) -> Vec<&str> {
    let plays = source.yaml().documents.iter().flat_map(|document| document.items());
    let lists = plays.filter_map(|play| play.get("vars_files"));
    let names = lists.flat_map(|list| list.items()).filter_map(|item| item.text());
    names.filter(|name| !name.contains("{{")).collect()
}

/// Without `..`, so that a file has one path, however it is reached.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        let up = part == Component::ParentDir;
        let down = matches!(normal.components().next_back(), Some(Component::Normal(_)));
        if up && down {
            normal.pop();
        } else {
            normal.push(part);
        }
    }
    normal
}

/// Names that `set_fact`, `register` and loops give a value.
fn running(source: &Source) -> BTreeSet<String> {
    let mut names = BTreeSet::from(["item".to_owned()]);
    for task in tasks::all(source) {
        names.extend(task.node.text_of("register").map(str::to_owned));
        let variable = task.node.at(&["loop_control", "loop_var"]).and_then(Node::text);
        names.extend(variable.map(str::to_owned));
        for member in task.node.members().iter().filter(|one| tasks::short(&one.key) == "set_fact")
        {
            names.extend(member.node.members().iter().map(|fact| fact.key.clone()));
        }
    }
    names
}

/// What one task sees.
pub(super) struct Scope<'a> {
    /// From the strongest.
    layers: Vec<At<'a>>,
    running: &'a BTreeSet<String>,
    /// What is left of the steps that an evaluation may take: variables may multiply each other.
    pub(super) steps: Cell<u32>,
}

/// A variable.
pub(super) enum Variable<'a> {
    /// It has a value.
    Is(At<'a>),
    /// It gets one while the play runs.
    Running,
    /// Nothing that was read has it.
    Undefined,
}

impl<'a> Scope<'a> {
    pub(super) fn of(source: &'a Source, around: &'a Around, task: &Task<'a>) -> Self {
        let mut layers: Vec<(Strength, At<'a>)> = Vec::new();
        for (strength, source) in &around.sources {
            let roots = source.yaml().documents.iter().filter(|root| root.is_map());
            layers.extend(roots.map(|node| (*strength, At { source, node })));
        }
        for (depth, node) in task.around.iter().enumerate() {
            let play = depth == 0 && node.get("hosts").is_some();
            let strength = if play { Strength::Play } else { Strength::Block };
            let vars = node.get("vars").filter(|vars| vars.is_map());
            layers.extend(vars.map(|node| (strength, At { source, node })));
        }
        layers.sort_by_key(|(strength, _)| *strength);
        let layers = layers.into_iter().rev().map(|(_, at)| at).collect();
        Self { layers, running: &around.running, steps: Cell::new(2_000) }
    }

    pub(super) fn variable(&self, name: &str) -> Variable<'a> {
        if self.running.contains(name) {
            return Variable::Running;
        }
        let found = self.layers.iter().find_map(|layer| {
            let node = layer.node.get(name)?.as_ref();
            Some(At { source: layer.source, node })
        });
        found.map_or(Variable::Undefined, Variable::Is)
    }
}
