//! Pulumi programs in YAML: `Pulumi.yaml`, `Main.yaml`, components in `PulumiPlugin.yaml`, with the
//! configuration of their stacks.

use std::path::Path;

use crate::{
    dialect::{Dialect, Files, Sink, has_word},
    source::Source,
};

mod evaluate;
mod kinds;
mod policies;
mod program;
mod repair;
mod rows;

#[cfg(test)]
mod tests;

/// The dialect.
pub(crate) static DIALECT: Pulumi = Pulumi;

/// Pulumi's YAML.
pub(crate) struct Pulumi;

impl Dialect for Pulumi {
    fn name(&self) -> &'static str {
        "pulumi"
    }

    fn page(&self) -> &'static str {
        include_str!("page.md")
    }

    fn looks_at(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = name.to_ascii_lowercase();
        let is = |extension: &str| {
            name.strip_suffix(extension).is_some_and(|stem| {
                matches!(stem, "pulumi" | "main" | "pulumiplugin") || stem.starts_with("pulumi.")
            })
        };
        [".yaml", ".yml", ".json"].iter().any(|extension| is(extension))
    }

    /// A program, or the configuration of a stack that may set tokens: that is read by line as well.
    fn claims(&self, source: &Source) -> bool {
        has_word(source, &["resources"]) && has_word(source, &["aws:", "aws-native:"])
            || program::is_stack(source.path()) && has_word(source, &["okens", "OKENS"])
    }

    fn read(&self, files: &Files<'_>, sink: &mut Sink) {
        for source in files.members() {
            let parsed = source.tree();
            if let Some(error) = &parsed.error {
                sink.tree_error(source, error);
            }
            let stacks = program::stacks(files, source, sink);
            for document in &parsed.documents {
                for scope in program::scopes(source, document, &stacks) {
                    rows::read(&scope, sink);
                }
            }
        }
    }
}
