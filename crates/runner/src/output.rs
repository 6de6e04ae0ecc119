//! Where reports go: standard output, and files that appear whole or not at all.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use imdsure_report::{FormatName, Style};

/// A report in one format, to one place.
pub struct Output {
    /// The format.
    pub format: FormatName,
    /// How text for people looks.
    pub style: Style,
    /// The place.
    pub destination: Destination,
}

/// A place for a report.
pub enum Destination {
    /// A stream, written as it comes. A reader that goes away is no error.
    Stream(Box<dyn Write + Send>),
    /// A file, replaced when the report is complete.
    File(PathBuf),
}

/// A report could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
pub struct OutputError {
    /// Where.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// An opened place. Opening fails before anything is read, so that nobody waits an hour for a report that
/// has nowhere to go.
pub(crate) enum Opened {
    Stream(BufWriter<Box<dyn Write + Send>>),
    /// A device or pipe: written in place.
    Direct(PathBuf, BufWriter<File>),
    /// A regular file: written beside it, then moved over it.
    Staged(PathBuf, BufWriter<tempfile::NamedTempFile>),
}

impl Opened {
    pub(crate) fn open(destination: Destination) -> Result<Self, OutputError> {
        match destination {
            Destination::Stream(stream) => {
                Ok(Self::Stream(BufWriter::with_capacity(64 << 10, stream)))
            }
            Destination::File(path) => {
                open_file(&path).map_err(|source| OutputError { path, source })
            }
        }
    }

    pub(crate) fn writer(&mut self) -> &mut (dyn Write + Send) {
        match self {
            Self::Stream(stream) => stream,
            Self::Direct(_, file) => file,
            Self::Staged(_, file) => file,
        }
    }

    /// Ends the report. `written` is the result of writing it.
    pub(crate) fn close(mut self, written: io::Result<()>) -> Result<(), OutputError> {
        let flushed = written.and_then(|()| self.writer().flush());
        match self {
            Self::Stream(_) => match flushed {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                flushed => flushed.map_err(failed(Path::new("standard output"))),
            },
            Self::Direct(path, _) => flushed.map_err(failed(&path)),
            Self::Staged(path, file) => flushed
                .and_then(|()| file.into_inner().map_err(io::IntoInnerError::into_error))
                .and_then(|file| file.persist(&path).map_err(|error| error.error))
                .map(drop)
                .map_err(failed(&path)),
        }
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> OutputError + use<> {
    let path = path.to_owned();
    move |source| OutputError { path, source }
}

fn open_file(path: &Path) -> io::Result<Opened> {
    match fs::metadata(path) {
        Ok(known) if known.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(known) if !known.is_file() => {
            let file = File::options().write(true).open(path)?;
            Ok(Opened::Direct(path.to_owned(), BufWriter::new(file)))
        }
        Ok(known) if known.permissions().readonly() => Err(io::ErrorKind::PermissionDenied.into()),
        known => {
            // Through a link to what it names; with the permissions that the file has.
            let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
            let folder = match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                _ => Path::new("."),
            };
            let staged = staged(folder, known.ok().map(|known| known.permissions()))?;
            Ok(Opened::Staged(path.to_owned(), BufWriter::new(staged)))
        }
    }
}

/// A temporary file that has the permissions of the file it will replace, or of a new one: not those of
/// a secret, which temporary files have.
fn staged(folder: &Path, known: Option<fs::Permissions>) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".imdsure-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let staged = builder.tempfile_in(folder)?;
    if let Some(permissions) = known {
        staged.as_file().set_permissions(permissions)?;
    }
    Ok(staged)
}
