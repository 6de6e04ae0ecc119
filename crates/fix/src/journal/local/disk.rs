//! Folders and names that survive a power cut.

use std::{
    fs::{self, File},
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
    match fs::create_dir(folder) {
        // Another run may be making it too.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        made => made?,
    }
    sync_folder(above)
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
        match File::create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            file => return file.map(|file| (file, path)),
        }
    }
}
