//! The DataFusion session over one evidence set.

use std::{path::Path, sync::Arc};

use arrow::{
    array::{RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
};
use datafusion::{
    datasource::{
        MemTable,
        file_format::parquet::ParquetFormat,
        listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl},
    },
    execution::{SessionStateBuilder, runtime_env::RuntimeEnvBuilder},
    prelude::{DataFrame, SessionConfig, SessionContext},
};
use imdsure_aws::tables::TABLES;
use imdsure_model::Waivers;
use url::Url;

use crate::{EngineError, evidence::EvidenceSet, functions};

/// What queries may hold in memory; sorting more spills to disk.
const MEMORY: usize = 192 << 20;
/// What a row of usage takes where it is joined with its instance, in bytes: that cannot spill.
const JOINED: u64 = 600;
/// The table whose rows are joined with all instances.
const USAGE: &str = "aws_cloudwatch_imds_usage";
/// What the queries of a plan may hold: the usage of a million instances is some 300 MiB.
const PLANNING_MEMORY: usize = 1 << 30;

/// What a scan of code fills.
const CODE: &str = "iac_launch_spec";
const POLICIES: &str = "iac_policy";
/// What the configuration assumes.
const ASSUMPTION: &str = "assumption";

/// A session whose tables are those of an evidence set.
pub struct Session {
    pub(crate) context: SessionContext,
    pub(crate) settings: Settings,
}

/// What an organization decides on how evidence is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Keys of the tags that name a resource's owner; the first one that a resource has counts.
    pub owner_tags: Vec<String>,
    /// The largest hop limit that passes.
    pub max_hop_limit: u8,
    /// What somebody accepts.
    pub waivers: Waivers,
    /// What the account's default is assumed to be where no evidence shows it: `required`.
    pub account_default: Option<String>,
    /// Tools whose ignore comments in code count.
    pub honoured_comments: Vec<String>,
    /// The day by which waivers are in force or not.
    pub today: jiff::civil::Date,
}

impl Default for Settings {
    fn default() -> Self {
        let today = jiff::Zoned::now().date();
        Self {
            owner_tags: Vec::new(),
            max_hop_limit: 2,
            waivers: Waivers::default(),
            account_default: None,
            honoured_comments: Vec::new(),
            today,
        }
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Session {
    /// A session without tables, with the settings of no configuration.
    pub fn empty() -> Result<Self, EngineError> {
        Self::with(&Settings::default())
    }

    /// A session without tables. SQL is read as Postgres reads it: the dialect of the queries that the
    /// field shares.
    pub fn with(settings: &Settings) -> Result<Self, EngineError> {
        Self::sized(settings, MEMORY)
    }

    fn sized(settings: &Settings, memory: usize) -> Result<Self, EngineError> {
        let mut config = SessionConfig::new().with_information_schema(true);
        config.options_mut().sql_parser.dialect =
            "postgres".parse().map_err(|error| EngineError::CannotRun(format!("{error}")))?;
        let runtime = RuntimeEnvBuilder::new().with_memory_limit(memory, 1.0).build_arc()?;
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(runtime)
            .with_default_features()
            .build();
        let context = SessionContext::new_with_state(state);
        for function in functions::all(settings) {
            context.register_udf(function);
        }
        let session = Self { context, settings: settings.clone() };
        session.assume()?;
        Ok(session)
    }

    /// The table of what the configuration assumes: one row, also where it assumes nothing.
    fn assume(&self) -> Result<(), EngineError> {
        let schema = Schema::new(vec![Field::new("account_default", DataType::Utf8, true)]);
        let column = StringArray::from(vec![self.settings.account_default.as_deref()]);
        let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(column)])?;
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]])?;
        self.context.register_table(ASSUMPTION, Arc::new(table))?;
        Ok(())
    }

    /// A session over a set's tables.
    pub async fn open(set: &EvidenceSet, settings: &Settings) -> Result<Self, EngineError> {
        let usage = set.manifest.tables.iter().find(|table| table.name == USAGE);
        let joined = usage.map_or(0, |usage| usage.rows.saturating_mul(JOINED));
        let joined = usize::try_from(joined).unwrap_or(usize::MAX);
        Self::open_sized(set, settings, MEMORY.max(joined)).await
    }

    /// The same for planning, which joins every instance with its usage: what is joined cannot spill.
    pub async fn open_to_plan(set: &EvidenceSet, settings: &Settings) -> Result<Self, EngineError> {
        Self::open_sized(set, settings, PLANNING_MEMORY).await
    }

    async fn open_sized(
        set: &EvidenceSet,
        settings: &Settings,
        memory: usize,
    ) -> Result<Self, EngineError> {
        let session = Self::sized(settings, memory)?;
        for table in &set.manifest.tables {
            session.add_parquet(&table.name, &set.path(table)).await?;
        }
        session.derive().await?;
        Ok(session)
    }

    /// A session with every table, all of them empty: to plan queries before anything is read.
    pub async fn unfilled() -> Result<Self, EngineError> {
        let session = Self::empty()?;
        for table in TABLES {
            session.add_batch(table.name, RecordBatch::new_empty(table.schema())).await?;
        }
        session.derive().await?;
        Ok(session)
    }

    /// Adds what AWS evidence says of what runs and launches, for the judging of code. The gaps of code stay
    /// those of this session.
    pub async fn add_evidence(&self, set: &EvidenceSet) -> Result<(), EngineError> {
        let own = ["scan_error", CODE, POLICIES];
        for table in set.manifest.tables.iter().filter(|table| !own.contains(&table.name.as_str()))
        {
            self.context.deregister_table(table.name.as_str())?;
            self.add_parquet(&table.name, &set.path(table)).await?;
        }
        self.derive().await
    }

    /// Adds the code of a scan's set to AWS evidence, so that what runs can be traced to what made it.
    pub async fn add_code(&self, set: &EvidenceSet) -> Result<(), EngineError> {
        for table in set.manifest.tables.iter().filter(|table| table.name == CODE) {
            self.context.deregister_table(CODE)?;
            self.add_parquet(&table.name, &set.path(table)).await?;
        }
        self.derive().await
    }

    async fn add_parquet(&self, name: &str, path: &Path) -> Result<(), EngineError> {
        // Whole: the object store takes no `..`.
        let path = path.canonicalize().map_err(EngineError::file(path))?;
        // Through a URL, so that no character of the path is taken for a pattern.
        let url = Url::from_file_path(&path).map_err(|()| EngineError::NoEvidence(path.clone()))?;
        let url = ListingTableUrl::try_new(url, None)?;
        let options = ListingOptions::new(Arc::new(ParquetFormat::default()));
        let config = ListingTableConfig::new(url).with_listing_options(options);
        let config = config.infer_schema(&self.context.state()).await?;
        let config = with_all_columns(name, config);
        self.context.register_table(name, Arc::new(ListingTable::try_new(config)?))?;
        self.derive_from(name).await
    }

    /// Adds a table in memory.
    pub async fn add_batch(&self, name: &str, batch: RecordBatch) -> Result<(), EngineError> {
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]])?;
        self.context.register_table(name, Arc::new(table))?;
        self.derive_from(name).await
    }

    /// Whether there is a table of that name.
    pub fn has(&self, table: &str) -> bool {
        self.context.table_exist(table).unwrap_or(false)
    }

    pub(crate) async fn sql(&self, sql: &str) -> Result<DataFrame, EngineError> {
        Ok(self.context.sql(sql).await?)
    }
}

/// Adds the columns that the table has now and evidence kept by an earlier version had not: they are null,
/// which is what null means, not reported.
fn with_all_columns(name: &str, config: ListingTableConfig) -> ListingTableConfig {
    let (Some(table), Some(schema)) =
        (TABLES.iter().find(|table| table.name == name), config.file_schema.clone())
    else {
        return config;
    };
    let known = |field: &Field| schema.column_with_name(field.name()).is_some();
    let now = table.schema();
    let missing = now.fields().iter().filter(|field| !known(field)).map(|field| {
        let kind = match field.data_type() {
            // As Parquet's texts are read.
            DataType::Utf8 => DataType::Utf8View,
            other => other.clone(),
        };
        Arc::new(Field::new(field.name(), kind, true))
    });
    let fields: Vec<_> = schema.fields().iter().cloned().chain(missing).collect();
    config.with_schema(Arc::new(Schema::new(fields)))
}
