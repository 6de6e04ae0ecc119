//! Finding files below the given paths, always in the same order. What cannot be entered is a row.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use crate::ScanError;

/// Folders that hold no code of the user: versions, caches, other people's packages. Terraform's modules
/// are asked for by path, not walked.
const SKIPPED: [&str; 17] = [
    ".git",
    ".hg",
    ".svn",
    ".bzr",
    ".jj",
    ".terraform",
    ".terragrunt-cache",
    ".pulumi",
    ".aws-sam",
    "node_modules",
    "__pycache__",
    ".venv",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
];

/// A folder with this file in it says that it is a cache.
const CACHE_TAG: &str = "CACHEDIR.TAG";

/// What was found.
#[derive(Debug, Default)]
pub struct Walked {
    /// Files, in order, each once.
    pub files: Vec<PathBuf>,
    /// What could not be read.
    pub errors: Vec<ScanError>,
}

/// All files below the paths, and the paths that are files themselves. A path that was given is always
/// taken, also where its name would be skipped below another one.
pub fn walk(paths: &[PathBuf]) -> Walked {
    let mut walk = Walk::default();
    for path in paths {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => walk.folder(path),
            Ok(_) => walk.file(path.clone()),
            Err(error) => walk.found.errors.push(ScanError::of_io(path, &error)),
        }
    }
    walk.found
}

/// The files directly in a folder, in order.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>, ScanError> {
    let entries = fs::read_dir(folder).map_err(|error| ScanError::of_io(folder, &error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| ScanError::of_io(folder, &error))?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[derive(Default)]
struct Walk {
    /// Real paths that were taken: a link may lead to where we have been, or round in a circle.
    seen: BTreeSet<PathBuf>,
    found: Walked,
}

impl Walk {
    fn file(&mut self, path: PathBuf) {
        if self.is_new(&path) {
            self.found.files.push(path);
        }
    }

    /// Whether this is the first time here. What has no real path is read, and its error told there.
    fn is_new(&mut self, path: &Path) -> bool {
        fs::canonicalize(path).map_or(true, |real| self.seen.insert(real))
    }

    /// Without recursion: how deep folders are nested is not ours to say.
    fn folder(&mut self, root: &Path) {
        let mut open = vec![root.to_path_buf()];
        while let Some(folder) = open.pop() {
            if !self.is_new(&folder) {
                continue;
            }
            match self.entries(&folder) {
                Ok(mut folders) => {
                    folders.reverse();
                    open.append(&mut folders);
                }
                Err(error) => self.found.errors.push(ScanError::of_io(&folder, &error)),
            }
        }
    }

    /// Takes the files of a folder and gives its folders.
    fn entries(&mut self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder)? {
            match entry {
                Ok(entry) => entries.push(entry.path()),
                Err(error) => self.found.errors.push(ScanError::of_io(folder, &error)),
            }
        }
        entries.sort();
        if entries.iter().any(|path| path.file_name().is_some_and(|name| name == CACHE_TAG)) {
            return Ok(Vec::new());
        }
        let mut folders = Vec::new();
        for path in entries {
            match fs::metadata(&path) {
                Ok(found) if found.is_dir() && !skipped(&path) => folders.push(path),
                Ok(found) if found.is_file() => self.file(path),
                Ok(_) => {}
                Err(error) => self.found.errors.push(ScanError::of_io(&path, &error)),
            }
        }
        Ok(folders)
    }
}

fn skipped(path: &Path) -> bool {
    path.file_name().is_some_and(|name| SKIPPED.iter().any(|skipped| name == *skipped))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(walked: &Walked, root: &Path) -> Vec<String> {
        let name = |path: &PathBuf| path.strip_prefix(root).unwrap().display().to_string();
        walked.files.iter().map(name).collect()
    }

    #[cfg(unix)]
    #[test]
    fn circles_end_and_caches_are_left_out() {
        use std::os::unix::fs::symlink;
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        for folder in ["b/c", ".git", "b/.terraform/modules", "cache"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        for file in ["z.yaml", "b/a.yaml", "b/c/x.tf", ".git/y", "cache/CACHEDIR.TAG", "cache/q"] {
            fs::write(at(file), "").unwrap();
        }
        fs::write(at("b/.terraform/modules/m.tf"), "").unwrap();
        symlink(root.path(), at("b/up")).unwrap();
        symlink(at("nothing"), at("broken")).unwrap();
        let walked = walk(&[root.path().to_path_buf(), at("z.yaml")]);
        assert_eq!(names(&walked, root.path()), ["z.yaml", "b/a.yaml", "b/c/x.tf"]);
        let codes: Vec<_> = walked.errors.iter().map(|error| error.code).collect();
        assert_eq!(codes, ["NotFound"]);
        let given = walk(&[at(".git")]);
        assert_eq!(names(&given, root.path()), [".git/y"]);
        assert_eq!(walk(&[at("nothing")]).errors[0].code, "NotFound");
    }
}
