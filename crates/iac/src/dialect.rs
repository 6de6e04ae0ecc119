//! What a dialect is: a reader that turns files into rows. It says which files it looks at by name, which it
//! claims by content, and whether it reads them one by one or a folder at a time.

use std::{
    any::Any,
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    ScanError, node::TreeError, policy::PolicySpec, source::Source, spec::LaunchSpec, walk,
};

/// What a dialect reads at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// One file.
    File,
    /// All files of one folder that it claims, as Terraform does. Others are opened by path.
    Folder,
}

/// A language in which the start of instances is declared.
pub trait Dialect: Sync {
    /// Its name in rows and in the documentation: that of its folder.
    fn name(&self) -> &'static str;

    /// Its page of the documentation.
    fn page(&self) -> &'static str;

    /// What it reads at a time.
    fn unit(&self) -> Unit {
        Unit::File
    }

    /// Whether a file of that name may be its own: only such files are opened.
    fn looks_at(&self, path: &Path) -> bool;

    /// Whether a file that begins with these bytes may be its own. It is asked of files that cannot be read:
    /// where nobody says so, that is no error.
    fn begins(&self, _path: &Path, _head: &[u8]) -> bool {
        true
    }

    /// Whether the content is its own. It is asked of every file that it looks at, so it searches for a
    /// word and does not parse.
    fn claims(&self, source: &Source) -> bool;

    /// Looks at all files that it looks at before any is read, for what one of them alone does not show
    /// (which folder calls which). Readers get it by [`Files::survey`].
    fn survey(&self, _paths: &[PathBuf], _overlay: &Overlay) -> Option<Survey> {
        None
    }

    /// Reads what it claimed: rows, and errors, into the sink.
    fn read(&self, files: &Files<'_>, sink: &mut Sink);
}

/// Whether a file's name ends in one of these extensions, whatever their case.
pub fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    extensions.iter().any(|wanted| extension.eq_ignore_ascii_case(wanted))
}

/// Whether a text has one of these words in it.
pub fn has_word(source: &Source, words: &[&str]) -> bool {
    let text = source.text().as_bytes();
    words.iter().any(|word| memchr::memmem::find(text, word.as_bytes()).is_some())
}

/// Texts that stand in for files on the disk, to see what an edit would do before it is written.
pub type Overlay = HashMap<PathBuf, String>;

/// What a dialect found out about all files: its own type, shared by all workers.
pub type Survey = Box<dyn Any + Send + Sync>;

/// What the user gives beside the files.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Files of variables (`-var-file` of Terraform and Packer), in order.
    pub var_files: Vec<PathBuf>,
    /// Variables (`-var`), in order; they win over files.
    pub vars: Vec<(String, String)>,
}

static NO_SETTINGS: Settings = Settings { var_files: Vec::new(), vars: Vec::new() };

/// The files of one unit, and a way to those around it.
pub struct Files<'a> {
    members: Vec<Arc<Source>>,
    overlay: &'a Overlay,
    settings: &'a Settings,
    survey: Option<&'a (dyn Any + Send + Sync)>,
    opened: RefCell<HashMap<PathBuf, Arc<Source>>>,
}

impl<'a> Files<'a> {
    /// A unit of these files.
    pub fn new(members: Vec<Arc<Source>>, overlay: &'a Overlay) -> Self {
        let settings = &NO_SETTINGS;
        Self { members, overlay, settings, survey: None, opened: RefCell::default() }
    }

    /// The same with what the user gave and what the dialect found out.
    #[must_use]
    pub fn knowing(
        mut self,
        settings: &'a Settings,
        survey: Option<&'a (dyn Any + Send + Sync)>,
    ) -> Self {
        (self.settings, self.survey) = (settings, survey);
        self
    }

    /// What the user gives beside the files.
    pub fn settings(&self) -> &'a Settings {
        self.settings
    }

    /// What the dialect found out about all files.
    pub fn survey<T: 'static>(&self) -> Option<&'a T> {
        self.survey?.downcast_ref()
    }

    /// Texts that stand in for files.
    pub fn overlay(&self) -> &'a Overlay {
        self.overlay
    }

    /// The files that the dialect claimed: one, or those of a folder in the order of their names.
    pub fn members(&self) -> &[Arc<Source>] {
        &self.members
    }

    /// Another file: a module, a file of variables, a nested template. It is kept until the unit is read.
    pub fn open(&self, path: &Path) -> Result<Arc<Source>, ScanError> {
        let known = self.members.iter().find(|source| source.path().as_ref() == path).cloned();
        if let Some(source) = known.or_else(|| self.opened.borrow().get(path).cloned()) {
            return Ok(source);
        }
        let source = Arc::new(load(path, self.overlay)?);
        self.opened.borrow_mut().insert(path.to_path_buf(), Arc::clone(&source));
        Ok(source)
    }

    /// The files directly in a folder, `.terraform/modules/…` among the possible ones.
    pub fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, ScanError> {
        walk::list(folder)
    }
}

/// A file as the overlay or the disk has it.
pub(crate) fn load(path: &Path, overlay: &Overlay) -> Result<Source, ScanError> {
    match overlay.get(path) {
        Some(text) => Ok(Source::new(path, text.as_str())),
        None => Source::read(path),
    }
}

/// Where a reader puts what it finds.
#[derive(Debug, Default)]
pub struct Sink {
    pub(crate) specs: Vec<LaunchSpec>,
    pub(crate) policies: Vec<PolicySpec>,
    pub(crate) errors: BTreeSet<ScanError>,
    pub(crate) seen: Vec<(Arc<Path>, Range<usize>)>,
}

impl Sink {
    /// Adds a row.
    pub fn spec(&mut self, spec: LaunchSpec) {
        self.specs.push(spec);
    }

    /// Adds a guardrail.
    pub fn policy(&mut self, policy: PolicySpec) {
        self.policies.push(policy);
    }

    /// Adds an error. The same error twice is one: several dialects read a file.
    pub fn error(&mut self, error: ScanError) {
        self.errors.insert(error);
    }

    /// Adds the error that ended a file's reading.
    pub fn tree_error(&mut self, source: &Source, error: &TreeError) {
        self.error(source.error(error.offset, error.code, &*error.message));
    }

    /// Says that the structure led here: an explicit `optional` within is not reported once more as a text.
    pub fn seen(&mut self, source: &Source, bytes: Range<usize>) {
        self.seen.push((Arc::clone(source.path()), bytes));
    }

    /// The rows so far.
    pub fn specs(&self) -> &[LaunchSpec] {
        &self.specs
    }

    /// The errors so far, in order.
    pub fn errors(&self) -> impl Iterator<Item = &ScanError> {
        self.errors.iter()
    }
}
