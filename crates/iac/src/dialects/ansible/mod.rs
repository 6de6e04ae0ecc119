//! Ansible: tasks that launch, in playbooks and roles, with the variables that stand beside them.

use std::path::Path;

use crate::{
    dialect::{Dialect, Files, Sink, has_extension, has_word},
    source::Source,
};

mod jinja;
mod rows;
mod tasks;
mod variables;

#[cfg(test)]
mod tests;

/// The dialect.
pub(crate) static DIALECT: Ansible = Ansible;

/// Ansible's playbooks and roles.
pub(crate) struct Ansible;

/// The modules' names where they are called, as a key or as the value of `module`.
const MODULES: [&str; 7] = [
    "ec2_instance:",
    "ec2_launch_template:",
    "ec2_lc:",
    "autoscaling_launch_config:",
    "ec2_spot_instance:",
    "ec2_instance\n",
    "ec2_launch_template\n",
];
/// Folders of variables. Their files are read for the tasks that need them, and by line.
const VARIABLES: [&str; 4] = ["defaults", "vars", "group_vars", "host_vars"];

impl Dialect for Ansible {
    fn name(&self) -> &'static str {
        "ansible"
    }

    fn page(&self) -> &'static str {
        include_str!("page.md")
    }

    fn looks_at(&self, path: &Path) -> bool {
        has_extension(path, &["yaml", "yml"])
            || path.parent().is_some_and(|folder| folder.ends_with("group_vars"))
    }

    fn claims(&self, source: &Source) -> bool {
        has_word(source, &MODULES)
            || of_variables(source.path()) && has_word(source, &["http_tokens"])
    }

    fn read(&self, files: &Files<'_>, sink: &mut Sink) {
        for source in files.members() {
            let parsed = source.yaml();
            if let Some(error) = &parsed.error {
                sink.tree_error(source, error);
            }
            if has_word(source, &MODULES) {
                rows::read(files, source, sink);
            }
        }
    }
}

fn of_variables(path: &Path) -> bool {
    path.components().any(|part| VARIABLES.iter().any(|name| part.as_os_str() == *name))
}
