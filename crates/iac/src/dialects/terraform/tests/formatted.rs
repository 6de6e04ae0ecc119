//! What `terraform fmt` has written stays as it would write it, with whatever is repaired in it.

use std::{path::Path, process::Command};

use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};

use super::property::module;
use crate::{repair::rehearse, scan::Scan, testing::Tree};

const MODULES: usize = 150;

/// What `terraform fmt` says of a folder; none where it is not installed.
fn fmt(folder: &Path, options: &[&str]) -> Option<String> {
    let mut command = Command::new("terraform");
    command.arg("fmt").args(options).arg("-recursive").arg(folder).env("CHECKPOINT_DISABLE", "1");
    let output = command.output().ok()?;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!errors.contains("Error:"), "{errors}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn repairs_keep_the_format() {
    let mut runner = TestRunner::deterministic();
    let texts: Vec<(String, String)> = (0..MODULES)
        .map(|index| {
            let text = module().new_tree(&mut runner).unwrap().current();
            (format!("m{index}/main.tf"), text)
        })
        .collect();
    let files: Vec<(&str, &str)> =
        texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let tree = Tree::of(&files);
    let Some(changed) = fmt(tree.path(), &[]) else {
        println!("skipped: there is no terraform to format with");
        return;
    };
    assert!(changed.lines().count() > MODULES / 2, "{changed}");
    let scan = Scan::of([tree.path()]);
    let before = scan.run();
    assert_eq!(before.errors, []);
    let rehearsal = rehearse(&scan, &before, |_| true);
    assert_eq!(rehearsal.mistakes, []);
    assert!(rehearsal.edits.len() > MODULES / 2, "{}", rehearsal.edits.len());
    crate::write::write(&rehearsal.edits, &[tree.path().to_path_buf()]).unwrap();
    let differences = fmt(tree.path(), &["-check", "-diff"]);
    assert_eq!(differences.as_deref(), Some(""));
}
