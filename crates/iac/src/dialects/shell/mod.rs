//! Calls of the AWS CLI in shell scripts and makefiles.

use std::path::Path;

use crate::{
    dialect::{Dialect, Files, Sink, has_extension, has_word},
    source::Source,
};

mod calls;
mod document;
mod expand;
mod expansion;
mod here;
mod lexer;
mod rows;
mod shorthand;
mod words;

#[cfg(test)]
mod tests;

/// The dialect.
pub(crate) static DIALECT: Shell = Shell;

/// Shell scripts.
pub(crate) struct Shell;

impl Dialect for Shell {
    fn name(&self) -> &'static str {
        "shell"
    }

    fn page(&self) -> &'static str {
        include_str!("page.md")
    }

    /// Scripts by extension, templates of scripts, makefiles, and files without an extension, which may
    /// begin with the name of a shell.
    fn looks_at(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        has_extension(path, &["sh", "bash", "zsh", "ksh", "command"])
            || is_makefile(path)
            || [".sh.", ".bash."].iter().any(|inner| name.contains(inner))
            || !name.contains('.')
    }

    /// A large file without an extension is mostly a program.
    fn begins(&self, path: &Path, head: &[u8]) -> bool {
        is_named(path) || head.starts_with(b"#!")
    }

    /// A script that calls one of the operations, or one that may set tokens by another way.
    fn claims(&self, source: &Source) -> bool {
        let first = source.body().0.lines().next().unwrap_or_default();
        let is_script = is_named(source.path()) || first.starts_with("#!") && first.contains("sh");
        let names = calls::OPERATIONS.iter().map(|operation| operation.name);
        let words: Vec<&str> = names.chain(["okens", "OKENS"]).collect();
        is_script && has_word(source, &words)
    }

    fn read(&self, files: &Files<'_>, sink: &mut Sink) {
        for source in files.members() {
            let (text, base) = source.body();
            let make = is_makefile(source.path());
            let (commands, stopped) = lexer::commands(text, base, make);
            if let Some(stop) = stopped {
                sink.error(source.error(stop.offset, stop.code, stop.message));
            }
            let variables = expand::Variables::of(&commands, make);
            let mut calls: Vec<_> = commands
                .iter()
                .filter_map(|command| calls::Call::of(source, command, &variables))
                .collect();
            calls.sort_by_key(|call| call.span.start);
            let around = document::Around { files, source, variables: &variables };
            rows::read(&around, &calls, sink);
        }
    }
}

/// Whether the name says that it is a script or a makefile.
fn is_named(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.contains('.') || is_makefile(path)
}

fn is_makefile(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    matches!(name, "Makefile" | "makefile" | "GNUmakefile") || has_extension(path, &["mk"])
}
