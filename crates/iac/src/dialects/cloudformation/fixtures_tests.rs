//! The templates of `fixtures/cloudformation`: every one is repaired as far as it can be, a second run finds
//! nothing to do, and cfn-lint accepts what comes out.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Tokens, scan::scan_text, testing::fixed};

fn fixtures() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cloudformation");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 8, "{files:?}");
    let read = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    files.iter().map(read).collect()
}

#[test]
fn every_fixture_requires_tokens_after_its_fix() {
    for (name, text) in fixtures() {
        let after = fixed(&name, &text);
        assert_ne!(after, text, "{name}");
        let scanned = scan_text(Path::new(&name), &after);
        assert_eq!(scanned.errors, []);
        for spec in &scanned.specs {
            let tokens = spec.options.http_tokens.value();
            assert_eq!(tokens, Some(&Tokens::Required), "{name}: {}\n{after}", spec.address);
        }
        // Nothing is taken away but the words that decided.
        let lines = |text: &str| text.lines().count();
        assert!(lines(&after) >= lines(&text), "{name}");
        assert_eq!(after.contains("\r\n"), text.contains("\r\n"), "{name}");
    }
}

#[test]
fn cfn_lint_accepts_every_repaired_fixture() {
    let linter = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.venv/bin/cfn-lint");
    if !Path::new(linter).exists() {
        println!("skipped: cfn-lint is not in .venv (make test installs it)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(linter);
    command.args(["--non-zero-exit-code", "error", "--"]);
    for (name, text) in fixtures() {
        let path = folder.path().join(&name);
        fs::write(&path, fixed(&name, &text)).unwrap();
        command.arg(path);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
