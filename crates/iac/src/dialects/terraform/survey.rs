//! Which folder calls which: a folder that another one calls is read through its callers, with what they
//! hand over, and not by itself. Modules that were read are kept here for the next caller.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    num::NonZero,
    ops::Range,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use super::{is_code, module::Module, paths};
use crate::{
    ScanError,
    dialect::{self, Overlay, load},
    hcl,
    source::Source,
};

/// What is known of all folders before any of them is read.
#[derive(Debug, Default)]
pub(super) struct Survey {
    folders: HashMap<PathBuf, Vec<PathBuf>>,
    /// Folders that are not read by themselves.
    called: BTreeSet<PathBuf>,
    modules: Mutex<HashMap<PathBuf, Loaded>>,
    /// The folder that all files are in.
    top: PathBuf,
}

type Loaded = Result<Arc<Module>, Vec<ScanError>>;

/// Folders whose calls are examples and tests of what they call.
const EXAMPLES: [&str; 8] =
    ["example", "examples", "test", "tests", "fixtures", "fixture", "testdata", "sandbox"];

impl Survey {
    /// Looks at all files for calls.
    pub(super) fn of(paths: &[PathBuf], overlay: &Overlay) -> Self {
        let mut survey = Self { top: paths::common(paths), ..Self::default() };
        let mut calls: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
        let paths: Vec<&PathBuf> = paths.iter().filter(|path| is_code(path)).collect();
        for (path, sources) in paths.iter().zip(all_sources(&paths, overlay)) {
            let folder = clean(path.parent().unwrap_or(Path::new("")));
            for source in sources {
                let called = clean(&folder.join(source));
                if called != folder {
                    calls.entry(folder.clone()).or_default().insert(called);
                }
            }
            survey.folders.entry(folder).or_default().push((*path).clone());
        }
        survey.called = called(&survey.folders, &calls);
        survey
    }

    /// The folder that all files are in: what code reads by name lies there as well, or is not read.
    pub(super) fn top(&self) -> &Path {
        &self.top
    }

    /// Whether a folder is read by itself.
    pub(super) fn is_root(&self, folder: &Path) -> bool {
        !self.called.contains(&clean(folder))
    }

    /// The module in a folder; none where it has no code in the given paths.
    pub(super) fn module(&self, folder: &Path, overlay: &Overlay) -> Option<Loaded> {
        let folder = clean(folder);
        let paths = self.folders.get(&folder)?;
        let lock = || self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = lock().get(&folder) {
            return Some(module.clone());
        }
        let loaded = read(&folder, paths, overlay);
        // Only for the next caller: a repository has more folders than fit into memory.
        if self.called.contains(&folder) {
            lock().insert(folder, loaded.clone());
        }
        Some(loaded)
    }
}

/// Reads a module's files. One that cannot be read leaves the others.
pub(super) fn read(folder: &Path, paths: &[PathBuf], overlay: &Overlay) -> Loaded {
    let (mut files, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        match load(path, overlay) {
            Ok(source) => files.push(Arc::new(source)),
            Err(error) => errors.push(error),
        }
    }
    if files.is_empty() { Err(errors) } else { Ok(Arc::new(Module::of(folder, files))) }
}

/// The called folders from which nothing leads back to an uncalled one alone: a circle has no first one, so
/// what no root reaches is a root itself.
fn called(
    folders: &HashMap<PathBuf, Vec<PathBuf>>,
    calls: &BTreeMap<PathBuf, BTreeSet<PathBuf>>,
) -> BTreeSet<PathBuf> {
    let real = calls.iter().filter(|(caller, _)| !is_example(caller));
    let mut called: BTreeSet<PathBuf> = real
        .flat_map(|(_, called)| called)
        .filter(|one| folders.contains_key(*one))
        .cloned()
        .collect();
    let reach = |from: &mut Vec<PathBuf>, reached: &mut BTreeSet<PathBuf>| {
        while let Some(folder) = from.pop() {
            if reached.insert(folder.clone()) {
                from.extend(calls.get(&folder).into_iter().flatten().cloned());
            }
        }
    };
    let mut reached = BTreeSet::new();
    let mut roots: Vec<PathBuf> =
        folders.keys().filter(|folder| !called.contains(*folder)).cloned().collect();
    reach(&mut roots, &mut reached);
    let lost: Vec<PathBuf> = called.iter().filter(|one| !reached.contains(*one)).cloned().collect();
    for folder in lost {
        if !reached.contains(&folder) {
            called.remove(&folder);
            reach(&mut vec![folder], &mut reached);
        }
    }
    called
}

fn is_example(folder: &Path) -> bool {
    folder
        .components()
        .any(|part| EXAMPLES.iter().any(|example| part.as_os_str().eq_ignore_ascii_case(example)))
}

/// Those of all files, in their order: they are read on all cores.
fn all_sources(paths: &[&PathBuf], overlay: &Overlay) -> Vec<Vec<String>> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let size = paths.len().div_ceil(threads).max(64);
    let read = |part: &[&PathBuf]| -> Vec<Vec<String>> {
        part.iter().map(|path| sources(path, overlay)).collect()
    };
    thread::scope(|scope| {
        let parts: Vec<_> =
            paths.chunks(size).map(|part| (part, scope.spawn(move || read(part)))).collect();
        let done = parts.into_iter().map(|(part, reader)| match reader.join() {
            Ok(found) => found,
            Err(_) => vec![Vec::new(); part.len()],
        });
        done.flatten().collect()
    })
}

/// The local folders that a file names as sources of modules.
fn sources(path: &Path, overlay: &Overlay) -> Vec<String> {
    let Ok(source) = load(path, overlay) else { return Vec::new() };
    let text = source.text().as_bytes();
    let hits: Vec<usize> = memchr::memmem::find_iter(text, b"\"./")
        .chain(memchr::memmem::find_iter(text, b"\"../"))
        .collect();
    if hits.is_empty() {
        return Vec::new();
    }
    // Other things have a `source` as well. Behind a mistake there are no calls for the reader either.
    let is_json = dialect::has_extension(path, &["json"]);
    let calls: Vec<Range<usize>> = if is_json { Vec::new() } else { calls(&source) };
    let called = |at: &usize| is_json || calls.iter().any(|call| call.contains(at));
    hits.into_iter().filter(called).filter_map(|at| local_source(&source, at)).collect()
}

/// The blocks that call modules.
fn calls(source: &Source) -> Vec<Range<usize>> {
    let (_, from) = source.body();
    let (chunks, _) = hcl::split(source.text(), from);
    let calls = chunks
        .into_iter()
        .filter(|chunk| matches!(chunk.kind(source.text()), "module" | "terraform"));
    calls.map(|chunk| chunk.span).collect()
}

fn local_source(source: &Source, at: usize) -> Option<String> {
    let line = source.line_at(at);
    let before = source.slice(line.start..at).trim_end();
    let before = before.strip_suffix(['=', ':'])?.trim_end();
    before.trim_end_matches('"').ends_with("source").then_some(())?;
    let rest = source.slice(at + 1..line.end);
    rest.find('"').map(|end| rest[..end].to_owned())
}

/// A path without `.` and, where that can be said of the text alone, `..`.
pub(super) fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match cleaned.components().next_back() {
                Some(Component::Normal(_)) => {
                    cleaned.pop();
                }
                Some(Component::RootDir) => {}
                _ => cleaned.push(".."),
            },
            other => cleaned.push(other),
        }
    }
    cleaned
}
