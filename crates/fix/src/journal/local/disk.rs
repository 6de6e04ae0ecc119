//! Folders and names that survive a power cut, and that nobody else reads: what is recorded tells who changed what in which account.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// Makes a folder with all above it; each is on the disk when this returns.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = match folder.parent() {
        Some(above) if !above.as_os_str().is_empty() => above,
        _ => Path::new("."),
    };
    if above != Path::new(".") {
        make_folder(above)?;
    }
    match new_folders().create(folder) {
        // Another run may be making it too.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        made => made?,
    }
    sync_folder(above)
}

/// How folders are made: for their owner alone.
fn new_folders() -> DirBuilder {
    #[allow(unused_mut, reason = "elsewhere than on Unix there is nothing to set")]
    let mut folders = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
    folders
}

/// How files are opened that are made where they are not there: for their owner alone.
pub(super) fn new_files() -> OpenOptions {
    let mut files = OpenOptions::new();
    files.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut files, 0o600);
    files
}

/// Makes names that were added to a folder durable.
#[cfg(unix)]
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be opened, and its names are durable with the files.
#[cfg(not(unix))]
pub(super) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Creates a file under a name that nobody had: `name`, `name-2`, `name-3` …
pub(super) fn create_numbered(folder: &Path, name: &str) -> io::Result<(File, PathBuf)> {
    let mut number = 1_u32;
    loop {
        let path = match number {
            1 => folder.join(name),
            _ => folder.join(format!("{name}-{number}")),
        };
        match new_files().create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            file => return file.map(|file| (file, path)),
        }
    }
}
