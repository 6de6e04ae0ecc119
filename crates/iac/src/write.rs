//! Writing edited files: all of them or none, each whole or not at all.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::fix::Edit;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file, or what its link points to, is not below the folders that were given.
    #[error("{} lies outside the given paths: not written", .0.display())]
    Outside(PathBuf),
    /// Somebody changed it meanwhile.
    #[error("{} has changed since it was read: not written", .0.display())]
    Stale(PathBuf),
    /// The operating system refused.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
}

/// Writes all edits below `roots`. Where one cannot be written, those already written are put back.
pub fn write(edits: &[Edit], roots: &[PathBuf]) -> Result<(), WriteError> {
    let mut ready = Vec::with_capacity(edits.len());
    for edit in edits {
        let target = target(&edit.path, roots)?;
        ready.push((prepare(edit, &target)?, edit, target));
    }
    let mut done: Vec<(&Edit, PathBuf)> = Vec::new();
    for (file, edit, target) in ready {
        if let Err(error) = file.persist(&target) {
            put_back(&done);
            return Err(WriteError::Io { path: target, error: error.error });
        }
        done.push((edit, target));
    }
    Ok(())
}

/// The real file: a link is followed, and has to end below a root.
fn target(path: &Path, roots: &[PathBuf]) -> Result<PathBuf, WriteError> {
    let real = |path: &Path| {
        fs::canonicalize(path).map_err(|error| WriteError::Io { path: path.to_path_buf(), error })
    };
    let target = real(path)?;
    for root in roots {
        if target.starts_with(real(root)?) {
            return Ok(target);
        }
    }
    Err(WriteError::Outside(path.to_path_buf()))
}

/// The new content beside the old file, on the same disk, with the same permissions.
fn prepare(edit: &Edit, target: &Path) -> Result<tempfile::NamedTempFile, WriteError> {
    let failed = |error| WriteError::Io { path: target.to_path_buf(), error };
    if fs::read(target).map_err(failed)? != edit.before.as_bytes() {
        return Err(WriteError::Stale(target.to_path_buf()));
    }
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut file =
        tempfile::Builder::new().prefix(".imdsure-").tempfile_in(folder).map_err(failed)?;
    file.write_all(edit.after.as_bytes()).map_err(failed)?;
    let permissions = fs::metadata(target).map_err(failed)?.permissions();
    file.as_file().set_permissions(permissions).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    Ok(file)
}

/// As well as it goes: the error that led here is the one to tell.
fn put_back(done: &[(&Edit, PathBuf)]) {
    for (edit, target) in done {
        let back = Edit {
            path: edit.path.clone(),
            before: edit.after.clone(),
            after: edit.before.clone(),
        };
        if let Ok(file) = prepare(&back, target) {
            let _ = file.persist(target);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn edit(path: &Path, before: &str, after: &str) -> Edit {
        Edit { path: Arc::from(path), before: before.to_owned(), after: after.to_owned() }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_keeps_its_permissions_and_a_link_stays_a_link() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        write(&[edit(&link, "old", "new")], &[folder.path().to_path_buf()]).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_outside_or_over_a_change() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (good, far) = (inside.path().join("good"), outside.path().join("far"));
        let link = inside.path().join("link");
        fs::write(&good, "old").unwrap();
        fs::write(&far, "old").unwrap();
        std::os::unix::fs::symlink(&far, &link).unwrap();
        let roots = [inside.path().to_path_buf()];
        let both = [edit(&good, "old", "new"), edit(&link, "old", "new")];
        assert!(matches!(write(&both, &roots), Err(WriteError::Outside(_))));
        let stale = [edit(&good, "older", "new")];
        assert!(matches!(write(&stale, &roots), Err(WriteError::Stale(_))));
        assert_eq!(fs::read_to_string(&good).unwrap(), "old");
        assert_eq!(fs::read_to_string(&far).unwrap(), "old");
    }
}
