//! Derived tables: what follows from kept tables and no view can say. For each account, whether a launch with
//! version 1 is stopped and by what; for each policy, whether it does what it seems to; for each template and
//! group, how its instances use version 1, where usage was read; what code inherits that says nothing, and which
//! code made what runs, where AWS was read. Computed when judging, so that old evidence is
//! judged by the newest rule.

mod accounts;
mod policies;

use std::{collections::BTreeSet, sync::Arc};

use arrow::{
    array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
};
use datafusion::datasource::MemTable;
use serde_json::{Map, Value};

use crate::{EngineError, Session, rows};

/// A table that is computed from others.
pub(crate) struct Derived {
    pub(crate) name: &'static str,
    /// The tables that it cannot be without, and that are read for it.
    pub(crate) tables: &'static [&'static str],
    columns: &'static [(&'static str, Kind)],
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Integer,
    Boolean,
}

/// The derived tables.
pub(crate) static DERIVED: [Derived; 5] = [
    Derived {
        name: "account_guardrail",
        tables: &[
            "aws_account",
            "aws_region",
            "aws_organizations_policy",
            "aws_organizations_effective_policy",
            "aws_ec2_instance_metadata_defaults",
        ],
        columns: accounts::COLUMNS,
    },
    Derived {
        name: "guardrail_policy",
        tables: &["aws_organizations_policy"],
        columns: policies::COLUMNS,
    },
    // It costs money to read: what is said with it is said without it too, and nobody reads it by the way.
    Derived { name: LAUNCH_USAGE, tables: &[], columns: USAGE_COLUMNS },
    // Code is judged with and without them. The second one reads the first.
    Derived { name: CODE_ORIGIN, tables: &[], columns: ORIGIN_COLUMNS },
    Derived { name: INHERITED_SETTING, tables: &[], columns: INHERITED_COLUMNS },
];

const CODE_ORIGIN: &str = "code_origin";
const ORIGIN_COLUMNS: &[(&str, Kind)] = &[
    ("arn", Kind::Text),
    ("id", Kind::Text),
    ("account_id", Kind::Text),
    ("region", Kind::Text),
    ("live_http_tokens", Kind::Text),
    ("path", Kind::Text),
    ("start_line", Kind::Integer),
    ("address", Kind::Text),
    ("traced_by", Kind::Text),
    ("certain", Kind::Boolean),
];

const INHERITED_SETTING: &str = "inherited_setting";
const INHERITED_COLUMNS: &[(&str, Kind)] = &[
    ("kind", Kind::Text),
    ("name", Kind::Text),
    ("http_tokens", Kind::Text),
    ("told_by", Kind::Text),
];

const LAUNCH_USAGE: &str = "launch_usage";
const USAGE_COLUMNS: &[(&str, Kind)] = &[
    ("account_id", Kind::Text),
    ("region", Kind::Text),
    ("kind", Kind::Text),
    ("origin", Kind::Text),
    ("version", Kind::Text),
    ("instances", Kind::Integer),
    ("dead", Kind::Integer),
    ("used", Kind::Integer),
    ("silent", Kind::Integer),
    ("refused", Kind::Integer),
    ("no_data", Kind::Integer),
    ("not_asked", Kind::Integer),
    ("calls", Kind::Integer),
    ("last_nonzero", Kind::Text),
    ("longest_covered_hours", Kind::Integer),
];

type Row = Map<String, Value>;

/// What organization policies achieve.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Guardrails {
    /// One row an account.
    pub accounts: Vec<Row>,
    /// One row a policy that is about the metadata service.
    pub policies: Vec<Row>,
}

/// Code that would give version 1 to what it made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CodeRevert {
    /// The account of what it made.
    pub account_id: String,
    /// The region.
    pub region: String,
    /// Its id.
    pub id: String,
    /// Where the code says so: `main.tf:12`.
    pub place: String,
    /// The address in the code.
    pub address: String,
    /// How that is known.
    pub traced_by: String,
    /// Whether it cannot be another one of the same name.
    pub certain: bool,
}

impl Session {
    /// Computes the derived tables whose tables there are: after the last of them was added.
    pub async fn derive(&self) -> Result<(), EngineError> {
        for derived in &DERIVED {
            if !derived.tables.iter().all(|table| self.has(table)) {
                continue;
            }
            let rows = match derived.name {
                "account_guardrail" => accounts::rows(self).await?,
                LAUNCH_USAGE => self.launch_usage().await?,
                CODE_ORIGIN => self.code_origins().await?,
                INHERITED_SETTING => self.inherited_settings().await?,
                _ => policies::rows(self).await?,
            };
            let batch = batch(derived, &rows)?;
            let table = MemTable::try_new(batch.schema(), vec![vec![batch]])?;
            self.context.deregister_table(derived.name)?;
            self.context.register_table(derived.name, Arc::new(table))?;
        }
        Ok(())
    }

    /// How the instances of each template and group use version 1; nothing where usage was not read, or was
    /// kept by a version that knew no origins.
    async fn launch_usage(&self) -> Result<Vec<Row>, EngineError> {
        let read =
            ["aws_ec2_instance", "aws_cloudwatch_imds_usage"].iter().all(|table| self.has(table));
        if !read {
            return Ok(Vec::new());
        }
        self.rows(include_str!("../views/launch_usage.sql")).await
    }

    /// Which code made what was found in AWS; nothing where one of the two was not read.
    async fn code_origins(&self) -> Result<Vec<Row>, EngineError> {
        let tables = ["iac_launch_spec", "aws_ec2_instance", "aws_ec2_launch_template_version"];
        if !tables.iter().all(|table| self.has(table)) {
            return Ok(Vec::new());
        }
        self.rows(include_str!("../views/code_origin.sql")).await
    }

    /// What launches inherit; nothing where AWS was not read for it.
    async fn inherited_settings(&self) -> Result<Vec<Row>, EngineError> {
        let tables = [
            "aws_account",
            "aws_region",
            "aws_ec2_instance_metadata_defaults",
            "aws_ec2_launch_template_version",
        ];
        if !tables.iter().all(|table| self.has(table)) {
            return Ok(Vec::new());
        }
        self.rows(include_str!("../views/inherited_setting.sql")).await
    }

    /// Code that would give version 1 to what it made, when it is applied: what it made, and where it says so.
    pub async fn code_that_reverts(&self) -> Result<Vec<CodeRevert>, EngineError> {
        if !self.has("code_launch") {
            return Ok(Vec::new());
        }
        let rows = self.rows(include_str!("../views/code_that_reverts.sql")).await?;
        let text = |row: &Row, column: &str| text(row, column).unwrap_or_default().to_owned();
        let reverts = rows.iter().map(|row| CodeRevert {
            account_id: text(row, "account_id"),
            region: text(row, "region"),
            id: text(row, "id"),
            place: text(row, "place"),
            address: text(row, "address"),
            traced_by: text(row, "traced_by"),
            certain: row.get("certain").and_then(Value::as_bool).unwrap_or_default(),
        });
        Ok(reverts.collect())
    }

    /// What organization policies achieve for each account, and the policies on the metadata service with
    /// their mistakes: rows of the derived tables, by their columns.
    pub async fn guardrails(&self) -> Result<Guardrails, EngineError> {
        let missing = DERIVED.iter().flat_map(|derived| self.missing(derived.tables)).next();
        if let Some(table) = missing {
            return Err(EngineError::CannotRun(format!("the table {table}")));
        }
        let accounts = "select g.*, a.name as account_name from account_guardrail g left join \
            (select account_id as id, max(name) as name from aws_account group by account_id) a \
            on a.id = g.account_id order by account_id";
        let policies = "select * from guardrail_policy where state <> 'other' and not \
            coalesce(aws_managed, false) order by policy_id";
        Ok(Guardrails {
            accounts: self.rows(accounts).await?,
            policies: self.rows(policies).await?,
        })
    }

    /// The rows of a query.
    async fn rows(&self, sql: &str) -> Result<Vec<Row>, EngineError> {
        let mut all = Vec::new();
        for batch in self.sql(sql).await?.collect().await? {
            all.extend(rows::rows(&batch)?);
        }
        Ok(all)
    }

    /// Whether any of this table could not be read.
    async fn has_gap(&self, table: &str) -> Result<bool, EngineError> {
        if !self.has("scan_error") {
            return Ok(false);
        }
        let sql = format!("select operation from scan_error where table_name = '{table}' limit 1");
        Ok(!self.rows(&sql).await?.is_empty())
    }

    /// The accounts of which this table could not be read; one that is not named stands for all.
    async fn unread(&self, table: &str) -> Result<BTreeSet<Option<String>>, EngineError> {
        self.accounts_with_gap(&format!("table_name = '{table}'")).await
    }

    /// The accounts of which nothing could be read, that no region names.
    async fn unread_as_a_whole(&self) -> Result<BTreeSet<Option<String>>, EngineError> {
        self.accounts_with_gap("table_name is null and region is null").await
    }

    async fn accounts_with_gap(
        &self,
        condition: &str,
    ) -> Result<BTreeSet<Option<String>>, EngineError> {
        if !self.has("scan_error") {
            return Ok(BTreeSet::new());
        }
        let sql = format!("select account_id from scan_error where {condition}");
        let rows = self.rows(&sql).await?;
        Ok(rows.iter().map(|row| text(row, "account_id").map(str::to_owned)).collect())
    }
}

fn text<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    row.get(column).and_then(Value::as_str)
}

fn batch(derived: &Derived, rows: &[Row]) -> Result<RecordBatch, EngineError> {
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (name, kind) in derived.columns {
        let values = rows.iter().map(|row| row.get(*name));
        let (kind, column): (DataType, ArrayRef) = match kind {
            Kind::Text => {
                let texts = values.map(|value| value.and_then(Value::as_str));
                (DataType::Utf8, Arc::new(texts.collect::<StringArray>()))
            }
            Kind::Integer => {
                let numbers = values.map(|value| value.and_then(Value::as_i64));
                (DataType::Int64, Arc::new(numbers.collect::<Int64Array>()))
            }
            Kind::Boolean => {
                let truths = values.map(|value| value.and_then(Value::as_bool));
                (DataType::Boolean, Arc::new(truths.collect::<BooleanArray>()))
            }
        };
        fields.push(Field::new(*name, kind, true));
        columns.push(column);
    }
    let schema = Arc::new(Schema::new(fields));
    RecordBatch::try_new(schema, columns).map_err(|error| EngineError::CannotRun(error.to_string()))
}
