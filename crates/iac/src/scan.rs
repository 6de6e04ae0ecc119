//! One reading of the given paths: walk, ask the dialects, read on all cores. A worker holds one unit at a
//! time, so memory follows the largest files and not the number of them; only rows stay.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet, HashMap},
    ffi::OsString,
    fs,
    io::{self, Read as _},
    num::NonZero,
    ops::Range,
    path::{Component, Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{self, AtomicUsize},
    },
    thread,
};

use crate::{
    ScanError,
    dialect::{Dialect, Files, Overlay, Settings, Sink, Survey, Unit, load},
    dialects::DIALECTS,
    loose,
    policy::PolicySpec,
    source::Source,
    spec::LaunchSpec,
    walk,
};

/// What to read, and how.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// Texts that stand in for files.
    pub overlay: Overlay,
    /// What the user gives beside the files.
    pub settings: Settings,
    /// How many threads read; none for as many as there are cores.
    pub threads: Option<NonZero<usize>>,
    /// Counts what was done so far.
    pub progress: Arc<Progress>,
}

/// How far reading is.
#[derive(Debug, Default)]
pub struct Progress {
    /// Files that were found.
    pub found: AtomicUsize,
    /// Files that were looked at, by each dialect that looks at their name.
    pub read: AtomicUsize,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scanned {
    /// The rows, by file and place.
    pub specs: Vec<LaunchSpec>,
    /// The guardrails, by file and place.
    pub policies: Vec<PolicySpec>,
    /// What could not be read, by file and place.
    pub errors: Vec<ScanError>,
    /// How many files a dialect claimed.
    pub files: usize,
}

/// What one worker reads at a time.
enum Work {
    /// A file, and the dialects that look at such a name.
    File(PathBuf, Vec<&'static dyn Dialect>),
    /// Files of one folder, for one dialect.
    Folder(Vec<PathBuf>, &'static dyn Dialect),
}

impl Work {
    fn files(&self) -> usize {
        match self {
            Self::File(..) => 1,
            Self::Folder(files, _) => files.len(),
        }
    }
}

impl Scan {
    /// A reading of these paths.
    pub fn of(paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        Self { paths: paths.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Reads them.
    pub fn run(&self) -> Scanned {
        let walked = walk::walk(&self.paths);
        let work = plan(&walked.files);
        let around = Around::of(&walked.files, &self.overlay, &self.settings);
        let to_read = work.iter().map(Work::files).sum();
        self.progress.found.store(to_read, atomic::Ordering::Relaxed);
        self.progress.read.store(0, atomic::Ordering::Relaxed);
        let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let worker = || {
            while let Some(work) = work.get(next.fetch_add(1, atomic::Ordering::Relaxed)) {
                let done = read(work, &around);
                self.progress.read.fetch_add(work.files(), atomic::Ordering::Relaxed);
                results.lock().unwrap_or_else(PoisonError::into_inner).push(done);
            }
        };
        let cores = || thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        let threads = self.threads.unwrap_or_else(cores).get().min(work.len()).max(1);
        thread::scope(|scope| {
            let spawned: Vec<_> = (0..threads)
                .filter_map(|_| {
                    thread::Builder::new().stack_size(STACK).spawn_scoped(scope, worker).ok()
                })
                .collect();
            if spawned.is_empty() {
                worker();
            }
        });
        gather(walked.errors, results.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads one text, as if it were a file of that name. For tests and for texts within texts.
pub fn scan_text(path: &Path, text: &str) -> Scanned {
    let overlay = Overlay::from([(path.to_path_buf(), text.to_owned())]);
    let (paths, settings) = ([path.to_path_buf()], Settings::default());
    let around = Around::of(&paths, &overlay, &settings);
    let all = || plan(&paths).iter().map(|work| read(work, &around)).collect();
    let done = thread::scope(|scope| {
        let reader = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, all);
        reader.map_or_else(|_| Vec::new(), |reader| reader.join().unwrap_or_default())
    });
    gather(Vec::new(), done)
}

/// Readers follow references from file to file, which takes more stack than threads have by themselves.
const STACK: usize = 32 * 1024 * 1024;

/// What is the same for all work of a scan.
struct Around<'a> {
    overlay: &'a Overlay,
    settings: &'a Settings,
    /// In the order of the dialects.
    surveys: Vec<Option<Survey>>,
}

impl<'a> Around<'a> {
    fn of(files: &[PathBuf], overlay: &'a Overlay, settings: &'a Settings) -> Self {
        let survey = |dialect: &&'static dyn Dialect| {
            let own: Vec<PathBuf> =
                files.iter().filter(|path| dialect.looks_at(path)).cloned().collect();
            dialect.survey(&own, overlay)
        };
        Self { overlay, settings, surveys: DIALECTS.iter().map(survey).collect() }
    }

    fn files(&self, members: Vec<Arc<Source>>, dialect: &dyn Dialect) -> Files<'_> {
        let index = DIALECTS.iter().position(|one| one.name() == dialect.name());
        let survey = index.and_then(|index| self.surveys.get(index)?.as_deref());
        Files::new(members, self.overlay).knowing(self.settings, survey)
    }
}

/// In the order in which files were found.
fn plan(files: &[PathBuf]) -> Vec<Work> {
    let mut work = Vec::new();
    let mut folders: BTreeMap<(PathBuf, usize), Vec<PathBuf>> = BTreeMap::new();
    for path in files {
        let looking = DIALECTS.iter().enumerate().filter(|(_, dialect)| dialect.looks_at(path));
        let mut alone = Vec::new();
        for (index, dialect) in looking {
            match dialect.unit() {
                Unit::File => alone.push(*dialect),
                Unit::Folder => {
                    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
                    folders.entry((folder, index)).or_default().push(path.clone());
                }
            }
        }
        if !alone.is_empty() {
            work.push(Work::File(path.clone(), alone));
        }
    }
    let dialect = |index: usize| DIALECTS.get(index).copied();
    let folders = folders.into_iter().filter_map(|((_, index), files)| {
        dialect(index).map(|dialect| Work::Folder(files, dialect))
    });
    work.extend(folders);
    work
}

/// What came of one piece of work.
#[derive(Default)]
struct Done {
    sink: Sink,
    files: usize,
}

fn read(work: &Work, around: &Around<'_>) -> Done {
    let mut done = Done::default();
    let (paths, dialects) = match work {
        Work::File(path, dialects) => (std::slice::from_ref(path), dialects.as_slice()),
        Work::Folder(paths, dialect) => (paths.as_slice(), std::slice::from_ref(dialect)),
    };
    let sources: Vec<Arc<Source>> = paths
        .iter()
        .filter_map(|path| open(path, dialects, around.overlay, &mut done.sink))
        .map(Arc::new)
        .collect();
    let mut claimed: Vec<(Arc<Source>, &'static str)> = Vec::new();
    for dialect in dialects {
        let members: Vec<_> = sources.iter().filter(|one| dialect.claims(one)).cloned().collect();
        if members.is_empty() {
            continue;
        }
        for member in &members {
            if !claimed.iter().any(|(source, _)| Arc::ptr_eq(source, member)) {
                claimed.push((Arc::clone(member), dialect.name()));
            }
        }
        dialect.read(&around.files(members, *dialect), &mut done.sink);
    }
    for (source, dialect) in &claimed {
        let covered = covered(&done.sink, source.path());
        done.sink.specs.extend(loose::optionals(source, dialect, &covered));
    }
    done.files = claimed.len();
    done
}

/// A file that is too large or not UTF-8 is an error only where a dialect would claim it all the same.
fn open(
    path: &Path,
    dialects: &[&'static dyn Dialect],
    overlay: &Overlay,
    sink: &mut Sink,
) -> Option<Source> {
    match load(path, overlay) {
        Ok(source) => Some(source),
        Err(error) => {
            let foreign = match error.code {
                "NotUtf8" => fs::read(path).is_ok_and(|bytes| {
                    let lossy = Source::new(path, String::from_utf8_lossy(&bytes));
                    !dialects.iter().any(|dialect| dialect.claims(&lossy))
                }),
                "TooLarge" => head(path)
                    .is_ok_and(|head| !dialects.iter().any(|dialect| dialect.begins(path, &head))),
                _ => false,
            };
            if !foreign {
                sink.error(error);
            }
            None
        }
    }
}

/// The first bytes of a file.
fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    fs::File::open(path)?.take(256).read_to_end(&mut head)?;
    Ok(head)
}

/// What of a file the structure led to.
fn covered(sink: &Sink, path: &Path) -> Vec<Range<usize>> {
    let places = sink.specs.iter().flat_map(|spec| spec.options.places());
    // As bytes: there are many, and all come from the same walk.
    let path = path.as_os_str();
    let places = places.filter(|place| place.path.as_os_str() == path);
    let seen = sink.seen.iter().filter(|(seen, _)| seen.as_os_str() == path);
    places.map(|place| place.bytes.clone()).chain(seen.map(|(_, range)| range.clone())).collect()
}

/// A line that stands for itself, and decides a row of another file as well (a variable of a role), is that row.
fn drop_lines_that_are_decided(specs: &mut Vec<LaunchSpec>) {
    let (lines, others): (Vec<_>, Vec<_>) = specs.iter().partition(|spec| spec.kind == loose::KIND);
    let mut decided: HashMap<OsString, Vec<Range<usize>>> =
        lines.iter().map(|spec| (spec.place.path.as_os_str().to_owned(), Vec::new())).collect();
    for place in others.iter().flat_map(|spec| spec.options.places()) {
        if let Some(ranges) = decided.get_mut(place.path.as_os_str()) {
            ranges.push(place.bytes.clone());
        }
    }
    specs.retain(|spec| {
        if spec.kind != loose::KIND {
            return true;
        }
        let ranges = decided.get(spec.place.path.as_os_str());
        let value = spec.options.http_tokens.place().map_or(0..0, |place| place.bytes.clone());
        let within = |range: &Range<usize>| range.start <= value.start && value.end <= range.end;
        !ranges.is_some_and(|ranges| ranges.iter().any(within))
    });
}

/// A policy in a file of its own that other code attaches is that code's: it knows what it is attached as.
fn drop_files_that_are_attached(policies: &mut Vec<PolicySpec>) {
    const OWN: &str = "policy";
    let path = |policy: &PolicySpec| -> PathBuf {
        let parts = policy.place.path.components();
        parts.filter(|part| *part != Component::CurDir).collect()
    };
    let attached: BTreeSet<PathBuf> = policies
        .iter()
        .filter(|policy| policy.dialect != OWN && policy.text.is_ok())
        .map(path)
        .collect();
    policies.retain(|policy| policy.dialect != OWN || !attached.contains(&path(policy)));
}

fn gather(errors: Vec<ScanError>, results: Vec<Done>) -> Scanned {
    let mut all = Scanned::default();
    let mut errors: BTreeSet<ScanError> = errors.into_iter().collect();
    for mut done in results {
        all.specs.append(&mut done.sink.specs);
        all.policies.append(&mut done.sink.policies);
        errors.append(&mut done.sink.errors);
        all.files += done.files;
    }
    drop_lines_that_are_decided(&mut all.specs);
    drop_files_that_are_attached(&mut all.policies);
    all.specs.sort_by(|one, two| {
        let (path, other) = (&one.place.path, &two.place.path);
        let paths = if Arc::ptr_eq(path, other) { Ordering::Equal } else { path.cmp(other) };
        paths
            .then_with(|| one.place.bytes.start.cmp(&two.place.bytes.start))
            .then_with(|| one.dialect.cmp(two.dialect))
            .then_with(|| one.address.cmp(&two.address))
    });
    all.policies.sort_by(|one, two| {
        let key = |policy: &PolicySpec| (policy.place.path.clone(), policy.place.bytes.start);
        key(one).cmp(&key(two)).then_with(|| one.address.cmp(&two.address))
    });
    all.errors = errors.into_iter().collect();
    all
}
