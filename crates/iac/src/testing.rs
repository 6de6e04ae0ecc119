//! What the tests of dialects share: rows in words, and repairs that are checked as those of users are.

use std::{fs, path::Path};

use crate::{
    Tokens,
    fix::Edits,
    repair::rehearse,
    scan::{Scan, Scanned, scan_text},
    spec::{Declared, LaunchSpec},
};

/// What a row says of tokens.
pub(crate) fn word(spec: &LaunchSpec) -> String {
    match &spec.options.http_tokens {
        Declared::Set { value: Tokens::Required, .. } => "required".to_owned(),
        Declared::Set { value: Tokens::Optional, .. } => "optional".to_owned(),
        Declared::Absent => "absent".to_owned(),
        Declared::Unresolved { reason, .. } => format!("unresolved: {reason}"),
    }
}

/// A file's rows: kind, address, what is said of tokens, and what the tool sends in their place.
pub(crate) fn rows(name: &str, text: &str) -> Vec<String> {
    let scanned = scan_text(Path::new(name), text);
    assert_eq!(scanned.errors, [], "{text}");
    scanned.specs.iter().map(row).collect()
}

/// A row in one line: `Kind/name: absent, sends required/2`.
pub(crate) fn row(spec: &LaunchSpec) -> String {
    let sent = spec.sends_when_silent.filter(|_| spec.options.http_tokens.is_absent());
    let sent = sent.map_or_else(String::new, |sent| {
        let tokens = match sent.http_tokens {
            Some(Tokens::Required) => "required",
            Some(Tokens::Optional) => "optional",
            None => "nothing",
        };
        let hops = sent.hop_limit.map_or_else(|| "-".to_owned(), |hops| hops.to_string());
        format!(", sends {tokens}/{hops}")
    });
    format!("{}: {}{sent}", spec.address, word(spec))
}

/// All fixes of one file applied; a second run finds nothing to do.
#[track_caller]
pub(crate) fn fixed(name: &str, text: &str) -> String {
    let scan = |text: &str| scan_text(Path::new(name), text);
    let before = scan(text);
    let mut edits = Edits::default();
    for spec in &before.specs {
        if let Some(fix) = &spec.fix {
            edits.add(fix).unwrap();
        }
    }
    let Some(path) = edits.paths().next().cloned() else { return text.to_owned() };
    let after = edits.apply(&path, text).unwrap().after;
    let fixed: Vec<&LaunchSpec> = before.specs.iter().filter(|spec| spec.fix.is_some()).collect();
    let again = scan(&after);
    assert_eq!(crate::repair::verify(&before, &again, &fixed), [], "{after}");
    assert!(again.specs.iter().all(|spec| spec.fix.is_none()), "{after}\n{again:#?}");
    after
}

/// Files in a folder of their own, read together.
pub(crate) struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn scan(&self) -> Scanned {
        Scan::of([self.folder.path()]).run()
    }

    /// The rows of all files.
    pub(crate) fn rows(&self) -> Vec<String> {
        let scanned = self.scan();
        assert_eq!(scanned.errors, []);
        scanned.specs.iter().map(row).collect()
    }

    /// All repairs rehearsed: the changed files by name, with their new text.
    #[track_caller]
    pub(crate) fn fixed(&self) -> Vec<(String, String)> {
        let scan = Scan::of([self.folder.path()]);
        let before = scan.run();
        let rehearsal = rehearse(&scan, &before, |_| true);
        assert_eq!(rehearsal.mistakes, []);
        assert!(rehearsal.refused.is_empty(), "{:?}", rehearsal.refused);
        let mut after = scan.clone();
        let mut files = Vec::new();
        for edit in rehearsal.edits {
            after.overlay.insert(edit.path.to_path_buf(), edit.after.clone());
            let name = edit.path.strip_prefix(self.folder.path()).unwrap();
            files.push((name.display().to_string(), edit.after));
        }
        let again = after.run();
        assert!(again.specs.iter().all(|spec| spec.fix.is_none()), "{files:?}\n{again:#?}");
        files
    }
}
