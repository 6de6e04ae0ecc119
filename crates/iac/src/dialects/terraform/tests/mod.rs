//! Code in; rows, repaired code and errors out.

use crate::{
    spec::LaunchSpec,
    testing::{Tree, word},
};

mod bad;
mod documents;
mod files;
mod fix;
mod fix_added;
mod formatted;
mod kinds;
mod launch;
mod modules;
mod policies;
mod property;
mod registry;
mod values;

/// An instance whose `http_tokens` is that expression.
fn instance(expression: &str, above: &str) -> String {
    format!(
        "{above}resource \"aws_instance\" \"web\" {{\n  metadata_options {{\n    http_tokens = {expression}\n  }}\n}}\n"
    )
}

/// What the only row of a text says of tokens.
#[track_caller]
fn one(text: &str) -> String {
    word(&only(text))
}

#[track_caller]
fn only(text: &str) -> LaunchSpec {
    let scanned = Tree::of(&[("main.tf", text)]).scan();
    assert_eq!(scanned.errors, [], "{text}");
    let mut specs = scanned.specs;
    // What no row asks for stands there as a line.
    specs.retain(|spec| spec.kind != crate::loose::KIND);
    let [spec] = specs.as_slice() else { panic!("{text}\n{specs:#?}") };
    spec.clone()
}

/// The rows of files.
#[track_caller]
fn rows(files: &[(&str, &str)]) -> Vec<String> {
    Tree::of(files).rows()
}
