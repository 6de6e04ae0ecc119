//! Writing an evidence set while it is collected: rows from many workers, batches of 8,192, one Parquet
//! writer a table on one thread. Memory does not grow with the number of rows.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use arrow::{array::RecordBatch, error::ArrowError};
use imdsure_aws::{
    builder::{Sink, TableBuilder},
    collect::Coverage,
    source::Wanted,
    tables::{Kind, Table},
};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
    schema::types::ColumnPath,
};

use super::{EvidenceSet, Manifest, TableFile, digest::Digested, manifest};
use crate::EngineError;

/// Rows a batch: enough that per-batch work vanishes, small enough to stay in the cache.
const BATCH_ROWS: usize = 8192;
/// Rows a row group: what a Parquet writer holds in memory before it writes.
const GROUP_ROWS: usize = 64 << 10;
/// What the name of a set's folder begins with until the set is complete.
const PARTIAL: &str = ".partial-";
/// Batches that may wait for the writer; more, and the workers wait.
const WAITING_BATCHES: usize = 4;

type Message = Result<(usize, RecordBatch), ArrowError>;

/// Collects rows into a folder that becomes an evidence set when it is finished, and disappears if not.
#[derive(Debug)]
pub struct Recorder {
    tables: Vec<&'static Table>,
    builders: Vec<Mutex<TableBuilder>>,
    batches: SyncSender<Message>,
    writer: JoinHandle<Result<Vec<TableFile>, EngineError>>,
    folder: tempfile::TempDir,
    store: Option<PathBuf>,
    started: String,
    failed: AtomicBool,
}

/// A written set, and the temporary folder it lives in unless it is kept.
#[derive(Debug)]
pub struct Finished {
    /// The set.
    pub set: EvidenceSet,
    _folder: Option<tempfile::TempDir>,
}

impl Recorder {
    /// Starts a set of the tables that are wanted: in `store`, where it is kept, or in a temporary
    /// folder. `started` is RFC 3339.
    pub fn start(
        store: Option<&Path>,
        started: String,
        wanted: &Wanted,
    ) -> Result<Arc<Self>, EngineError> {
        let folder = match store {
            Some(store) => {
                fs::create_dir_all(store).map_err(EngineError::file(store))?;
                private_folder(PARTIAL, store)?
            }
            None => private_folder("imdsure-", &std::env::temp_dir())?,
        };
        let (batches, incoming) = sync_channel(WAITING_BATCHES);
        let path = folder.path().to_owned();
        let tables: Vec<&'static Table> = wanted.tables().collect();
        let builders = tables.iter().map(|table| Mutex::new(TableBuilder::new(table))).collect();
        let written = tables.clone();
        let writer = std::thread::spawn(move || write_tables(&path, &written, &incoming));
        let store = store.map(Path::to_owned);
        let failed = AtomicBool::new(false);
        Ok(Arc::new(Self { tables, builders, batches, writer, folder, store, started, failed }))
    }

    /// Writes what is left and the manifest, and puts a set that is kept in its place in one step.
    /// `finished` is RFC 3339; `narrowed` is whether accounts were left out that could have been read.
    pub fn finish(
        self: Arc<Self>,
        finished: String,
        coverage: Coverage,
        narrowed: bool,
    ) -> Result<Finished, EngineError> {
        self.close(|manifest| Manifest {
            finished,
            accounts: coverage.accounts.into_iter().collect(),
            regions: coverage.regions.into_iter().collect(),
            incomplete: coverage.incomplete,
            narrowed,
            ..manifest
        })
    }

    /// The same for code: what was to be read, and how many files it came to.
    pub fn finish_code(
        self: Arc<Self>,
        finished: String,
        paths: Vec<String>,
        files: u64,
        incomplete: bool,
    ) -> Result<Finished, EngineError> {
        self.close(|manifest| Manifest {
            finished,
            paths,
            files: Some(files),
            incomplete,
            ..manifest
        })
    }

    fn close(
        self: Arc<Self>,
        fill: impl FnOnce(Manifest) -> Manifest,
    ) -> Result<Finished, EngineError> {
        let Some(recorder) = Arc::into_inner(self) else {
            // Whoever still holds it may still write: the set would not be whole.
            return Err(EngineError::StillRecording);
        };
        recorder.flush();
        let Self { batches, writer, folder, store, started, .. } = recorder;
        drop(batches);
        let tables = writer.join().map_err(|_| EngineError::WriterDied)??;
        let manifest = Manifest { tables, ..fill(Manifest::new(started)) };
        write_manifest(folder.path(), &manifest)?;
        let Some(store) = store else {
            let set = EvidenceSet::new(folder.path().to_owned(), manifest);
            return Ok(Finished { set, _folder: Some(folder) });
        };
        let place = keep(folder, &store, &manifest)?;
        Ok(Finished { set: EvidenceSet::new(place, manifest), _folder: None })
    }

    fn flush(&self) {
        for (index, builder) in self.builders.iter().enumerate() {
            let mut builder = builder.lock().unwrap_or_else(PoisonError::into_inner);
            if builder.rows() > 0 {
                self.send(index, builder.take());
            }
        }
    }

    fn send(&self, index: usize, batch: Result<RecordBatch, ArrowError>) {
        // The writer is gone only when it failed, and then `finish` tells why.
        if self.batches.send(batch.map(|batch| (index, batch))).is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
    }
}

impl Sink for Recorder {
    fn append(&self, table: &'static Table, fill: &mut dyn FnMut(&mut TableBuilder)) {
        let Some(index) = self.tables.iter().position(|known| known.name == table.name) else {
            return;
        };
        let mut builder = self.builders[index].lock().unwrap_or_else(PoisonError::into_inner);
        fill(&mut builder);
        if builder.rows() >= BATCH_ROWS {
            self.send(index, builder.take());
        }
    }

    fn failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}

/// Runs on its own thread until all senders are gone.
fn write_tables(
    folder: &Path,
    tables: &[&'static Table],
    incoming: &Receiver<Message>,
) -> Result<Vec<TableFile>, EngineError> {
    let open = |table: &&'static Table| TableWriter::open(folder, table);
    let mut writers = tables.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    for message in incoming {
        let (index, batch) = message?;
        writers[index].write(&batch)?;
    }
    writers.into_iter().map(TableWriter::finish).collect()
}

struct TableWriter {
    name: &'static str,
    path: PathBuf,
    parquet: ArrowWriter<Digested<File>>,
    rows: u64,
}

impl TableWriter {
    fn open(folder: &Path, table: &'static Table) -> Result<Self, EngineError> {
        let path = folder.join(format!("{}.parquet", table.name));
        let file = File::create_new(&path).map_err(EngineError::file(&path))?;
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_created_by(format!("imdsure {}", env!("CARGO_PKG_VERSION")))
            .set_max_row_group_row_count(Some(GROUP_ROWS));
        for column in table.columns.iter().filter(|column| column.kind == Kind::Unique) {
            // A dictionary of values that never repeat is work for nothing.
            let column = ColumnPath::from(column.name);
            properties = properties.set_column_dictionary_enabled(column, false);
        }
        let parquet =
            ArrowWriter::try_new(Digested::new(file), table.schema(), Some(properties.build()))?;
        Ok(Self { name: table.name, path, parquet, rows: 0 })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), EngineError> {
        self.rows += batch.num_rows() as u64;
        Ok(self.parquet.write(batch)?)
    }

    fn finish(self) -> Result<TableFile, EngineError> {
        let (file, bytes, sha256) = self.parquet.into_inner()?.finish();
        file.sync_all().map_err(EngineError::file(&self.path))?;
        Ok(TableFile {
            name: self.name.to_owned(),
            file: format!("{}.parquet", self.name),
            rows: self.rows,
            bytes,
            sha256,
        })
    }
}

/// A new folder that nobody else can look into: evidence names accounts, addresses and tags.
fn private_folder(prefix: &str, parent: &Path) -> Result<tempfile::TempDir, EngineError> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o700));
    }
    builder.tempdir_in(parent).map_err(EngineError::file(parent))
}

fn write_manifest(folder: &Path, manifest: &Manifest) -> Result<(), EngineError> {
    let path = folder.join(manifest::FILE);
    let write = || {
        let mut file = File::create_new(&path)?;
        serde_json::to_writer_pretty(&file, manifest)?;
        file.write_all(b"\n")?;
        file.sync_all()
    };
    write().map_err(EngineError::file(&path))
}

/// Moves a finished folder to its name in the store: the time, and what made its own name unique there,
/// so that two writers never collide.
fn keep(
    folder: tempfile::TempDir,
    store: &Path,
    manifest: &Manifest,
) -> Result<PathBuf, EngineError> {
    let time: String = manifest.started.chars().filter(char::is_ascii_alphanumeric).collect();
    let name = folder.path().file_name().unwrap_or_default().to_string_lossy();
    let unique = name.strip_prefix(PARTIAL).unwrap_or(&name);
    let place = store.join(format!("{time}-{unique}"));
    fs::rename(folder.path(), &place).map_err(EngineError::file(&place))?;
    // The folder has moved: there is nothing left to remove where it was.
    let _ = folder.keep();
    File::open(store).and_then(|store| store.sync_all()).map_err(EngineError::file(store))?;
    Ok(place)
}
