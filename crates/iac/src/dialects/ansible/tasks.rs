//! The tasks of a file: of its plays, of blocks within blocks, or of the file itself where it is a role's.

use crate::{
    node::{Member, Node},
    source::Source,
};

/// Lists of tasks in a play or block.
const LISTS: [&str; 8] =
    ["pre_tasks", "tasks", "post_tasks", "handlers", "roles", "block", "rescue", "always"];
/// Collections in which the modules are, or were.
const COLLECTIONS: [&str; 3] = ["amazon.aws.", "community.aws.", "ansible.builtin."];

/// A task, and what surrounds it, from the outermost: the play, blocks, the task itself.
#[derive(Debug, Clone)]
pub(super) struct Task<'a> {
    pub(super) node: &'a Node,
    pub(super) around: Vec<&'a Node>,
}

/// All tasks of a file.
pub(super) fn all(source: &Source) -> Vec<Task<'_>> {
    let mut tasks = Vec::new();
    for document in &source.yaml().documents {
        document.items().iter().for_each(|item| collect(item, &mut Vec::new(), &mut tasks));
    }
    tasks
}

/// The tree is not deep, and neither is this.
fn collect<'a>(node: &'a Node, around: &mut Vec<&'a Node>, tasks: &mut Vec<Task<'a>>) {
    around.push(node);
    let lists = LISTS.iter().filter_map(|name| node.get(name));
    for item in lists.flat_map(|list| list.items()) {
        collect(item, around, tasks);
    }
    tasks.push(Task { node, around: around.clone() });
    around.pop();
}

/// A module's name without its collection.
pub(super) fn short(name: &str) -> &str {
    COLLECTIONS.iter().find_map(|collection| name.strip_prefix(collection)).unwrap_or(name)
}

/// How a task calls a module.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    /// The module's name, without its collection.
    pub(super) module: &'a str,
    /// Its arguments.
    pub(super) arguments: Option<&'a Node>,
}

impl<'a> Task<'a> {
    /// The call of one of these modules.
    pub(super) fn call(&self, known: impl Fn(&str) -> bool) -> Option<Call<'a>> {
        let named = |member: &&'a Member| known(short(&member.key));
        if let Some(member) = self.node.members().iter().find(named) {
            let beside = self.node.get("args").map(AsRef::as_ref);
            let own = Some(member.node.as_ref()).filter(|node| !node.is_null());
            // `args` holds what the module's own value does not.
            let arguments = own.filter(|node| node.is_map()).or(beside).or(own);
            return Some(Call { module: short(&member.key), arguments });
        }
        let action = ["action", "local_action"].iter().find_map(|key| self.node.get(key))?;
        let module = short(action.text_of("module")?);
        known(module).then_some(Call { module, arguments: Some(action) })
    }

    /// Its name; that of the module where it has none.
    pub(super) fn name(&self, call: &Call<'_>) -> String {
        self.node.text_of("name").unwrap_or(call.module).to_owned()
    }

    /// What `module_defaults` around it says for a module, from the innermost.
    pub(super) fn defaults(&self, module: &str) -> Vec<&'a Node> {
        let all = self.around.iter().rev().filter_map(|node| node.get("module_defaults"));
        let of_module = |defaults: &'a Node| {
            let member = defaults.members().iter().find(|member| short(&member.key) == module);
            member.map(|member| member.node.as_ref())
        };
        all.filter_map(|defaults| of_module(defaults)).collect()
    }

    /// Whether it may run any number of times.
    pub(super) fn is_open(&self) -> bool {
        let open = |key: &str| key == "when" || key == "loop" || key.starts_with("with_");
        self.around.iter().any(|node| node.members().iter().any(|member| open(&member.key)))
    }
}
