//! What a plan chooses from: everything that could be changed, with what is known of it. The queries stand in `candidates/`;
//! what to do about their rows is decided by the planner.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMillisecondType};
use futures::TryStreamExt;
use imdsure_aws::tables::TABLES;
use imdsure_model::candidate::InstanceCandidate;
use serde_json::{Map, Value};

use crate::{EngineError, Session, rows};

/// A set of candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Candidates {
    /// Versions of launch templates.
    Templates,
    /// What launches from templates.
    Uses,
    /// Usage of what was born from templates and groups.
    Born,
    /// Regions with their defaults.
    Regions,
    /// Auto Scaling groups.
    Groups,
    /// Launch configurations.
    Configurations,
    /// SageMaker notebook instances.
    Notebooks,
    /// Beanstalk environments.
    Environments,
    /// Lightsail instances.
    Lightsail,
    /// AMIs.
    Images,
    /// Accounts.
    Accounts,
    /// Regions where enforcement lets nothing go back.
    Enforced,
    /// Accounts where policies let nothing go back.
    Guarded,
}

const INSTANCES: &str = include_str!("../candidates/instances.sql");

impl Candidates {
    const fn sql(self) -> &'static str {
        match self {
            Self::Templates => include_str!("../candidates/templates.sql"),
            Self::Uses => include_str!("../candidates/uses.sql"),
            Self::Born => include_str!("../candidates/born.sql"),
            Self::Regions => include_str!("../candidates/regions.sql"),
            Self::Groups => include_str!("../candidates/groups.sql"),
            Self::Configurations => include_str!("../candidates/configurations.sql"),
            Self::Notebooks => include_str!("../candidates/notebooks.sql"),
            Self::Environments => include_str!("../candidates/environments.sql"),
            Self::Lightsail => include_str!("../candidates/lightsail.sql"),
            Self::Images => include_str!("../candidates/images.sql"),
            Self::Accounts => include_str!("../candidates/accounts.sql"),
            Self::Enforced => include_str!("../candidates/enforced.sql"),
            Self::Guarded => include_str!("../candidates/guarded.sql"),
        }
    }
}

/// What is computed from the organization's policies, where they were read.
const GUARDRAIL: &str = "account_guardrail";

impl Session {
    /// Makes the tables of candidates that the evidence does not hold, without a row; gives their names.
    pub async fn fill_in(&self, tables: &[&'static str]) -> Result<Vec<&'static str>, EngineError> {
        let missing = self.missing(tables);
        for table in TABLES.iter().filter(|table| missing.contains(&table.name)) {
            self.add_batch(table.name, RecordBatch::new_empty(table.schema())).await?;
        }
        Ok(missing)
    }

    /// Candidates as JSON objects, in the order of plans.
    pub async fn candidates(
        &self,
        which: Candidates,
    ) -> Result<Vec<Map<String, Value>>, EngineError> {
        let mut all = Vec::new();
        for batch in self.sql(which.sql()).await?.collect().await? {
            all.extend(rows::rows(&batch)?);
        }
        Ok(all)
    }

    /// Whether it was read what the organization's policies achieve.
    pub fn has_guardrails(&self) -> bool {
        self.has(GUARDRAIL)
    }

    /// Hands on every instance that does not require tokens, in the order of plans. There may be a million: they are borrowed.
    pub async fn instance_candidates(
        &self,
        mut take: impl FnMut(&InstanceCandidate<'_>),
    ) -> Result<(), EngineError> {
        let mut batches = self.sql(INSTANCES).await?.execute_stream().await?;
        while let Some(batch) = batches.try_next().await? {
            let columns = Columns::of(&batch)?;
            for row in 0..batch.num_rows() {
                take(&columns.candidate(row));
            }
        }
        Ok(())
    }
}

/// The columns of `instances.sql`, in its order.
struct Columns<'a>(&'a [ArrayRef]);

/// How many columns `instances.sql` has.
const WIDTH: usize = 28;

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, EngineError> {
        if batch.num_columns() == WIDTH {
            return Ok(Self(batch.columns()));
        }
        Err(EngineError::CannotRun(format!("{} columns of instances", batch.num_columns())))
    }

    fn text(&self, column: usize, row: usize) -> Option<&'a str> {
        let array = self.0.get(column)?;
        if array.is_null(row) {
            return None;
        }
        match array.data_type() {
            DataType::Utf8 => Some(array.as_string::<i32>().value(row)),
            DataType::Utf8View => Some(array.as_string_view().value(row)),
            _ => None,
        }
    }

    fn number(&self, column: usize, row: usize) -> Option<i64> {
        let array = self.0.get(column)?;
        if array.is_null(row) {
            return None;
        }
        match array.data_type() {
            DataType::Int64 => Some(array.as_primitive::<Int64Type>().value(row)),
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                Some(array.as_primitive::<TimestampMillisecondType>().value(row))
            }
            _ => None,
        }
    }

    fn truth(&self, column: usize, row: usize) -> Option<bool> {
        let array: &BooleanArray = self.0.get(column)?.as_boolean_opt()?;
        (!array.is_null(row)).then(|| array.value(row))
    }

    fn candidate(&self, row: usize) -> InstanceCandidate<'a> {
        let text = |column| self.text(column, row);
        let required = |column| self.text(column, row).unwrap_or_default();
        InstanceCandidate {
            account_id: required(0),
            region: required(1),
            arn: required(2),
            instance_id: required(3),
            name: text(4),
            state: text(5),
            http_tokens: text(6),
            http_endpoint: text(7),
            hop_limit: self.number(8, row),
            http_protocol_ipv6: text(9),
            instance_metadata_tags: text(10),
            options_state: text(11),
            instance_profile: text(12),
            public: self.truth(13, row).unwrap_or_default(),
            launch_time: self.number(14, row),
            group: text(15),
            managed_by: text(16),
            owner: text(17),
            tags: text(18),
            image_name: text(19),
            metric: text(20),
            calls: self.number(21, row),
            covered_hours: self.number(22, row),
            window_start: self.number(23, row),
            window_end: self.number(24, row),
            last_nonzero: self.number(25, row),
            started_in_window: self.truth(26, row),
            asked: self.truth(27, row).unwrap_or_default(),
        }
    }
}
