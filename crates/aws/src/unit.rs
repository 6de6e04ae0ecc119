//! One account × region: what is being read there, and what its reads tell each other. (The AMIs in use
//! follow from instances, templates and launch configurations; the versions to ask for from groups and
//! fleets.)

use std::collections::{BTreeMap, BTreeSet};

use imdsure_model::{ErrorKind, ErrorRow};
use serde_json::Value;

use crate::{
    builder::Sink,
    client::{Client, NOT_OFFERED, Place},
    error::CallError,
    operation::Operation,
    partition::Partition,
    progress::Progress,
    read::{answer, pages},
    row::Row,
    scope::Account,
    source::Wanted,
    tables::Table,
    wire::Parameters,
};

/// One region of one account, while it is read.
pub(crate) struct Unit<'a> {
    pub(crate) client: &'a Client,
    pub(crate) sink: &'a dyn Sink,
    pub(crate) progress: &'a Progress,
    pub(crate) account: &'a Account,
    pub(crate) region: &'a str,
    /// The tables that are wanted.
    pub(crate) wanted: &'a Wanted,
    pub(crate) found: Found,
}

/// What reads of one unit found for others of it.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Instances that CloudWatch can be asked about.
    pub(crate) instances: Vec<SeenInstance>,
    /// AMIs that something names.
    pub(crate) images: BTreeSet<String>,
    /// Launch templates by id.
    pub(crate) templates: BTreeMap<String, Template>,
    /// Versions that were read: template id and number.
    pub(crate) versions: BTreeSet<(String, i64)>,
    /// What launches from templates.
    pub(crate) uses: Vec<TemplateUse>,
}

/// An instance, as far as its metrics are concerned.
#[derive(Debug, Clone)]
pub(crate) struct SeenInstance {
    pub(crate) id: String,
    /// Whether tokens are required: then refused calls are counted, else answered ones.
    pub(crate) tokens_required: bool,
    /// The last start, in milliseconds since 1970.
    pub(crate) launch_time: Option<i64>,
}

/// A launch template, as its versions and users need it.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) name: String,
    pub(crate) default_version: i64,
    pub(crate) latest_version: i64,
    /// Its tags as one JSON object.
    pub(crate) tags: Value,
}

/// A place that launches from a template.
#[derive(Debug, Clone)]
pub(crate) struct TemplateUse {
    pub(crate) launcher: String,
    pub(crate) kind: &'static str,
    pub(crate) name: Option<String>,
    pub(crate) part: String,
    pub(crate) active: bool,
    pub(crate) template_id: Option<String>,
    pub(crate) template_name: Option<String>,
    /// As written; none is `$Default`.
    pub(crate) version: Option<String>,
}

impl Unit<'_> {
    pub(crate) fn place(&self) -> Place<'_> {
        let account_id = Some(self.account.id.as_str());
        Place { access: &self.account.access, account_id, region: self.region }
    }

    pub(crate) fn wants(&self, table: &Table) -> bool {
        self.wanted.has(table)
    }

    /// `arn:PARTITION:SERVICE:REGION:ACCOUNT:REST`.
    pub(crate) fn arn(&self, service: &str, rest: &str) -> String {
        let partition = Partition::of_region(self.region).name();
        format!("arn:{partition}:{service}:{}:{}:{rest}", self.region, self.account.id)
    }

    /// A row of this account and region.
    pub(crate) fn row(&self, table: &'static Table) -> Row {
        Row::new(table).set("account_id", self.account.id.as_str()).set("region", self.region)
    }

    /// Adds rows of one table, if it is wanted.
    pub(crate) fn append(&self, table: &'static Table, rows: &[Row]) {
        if rows.is_empty() || !self.wants(table) {
            return;
        }
        self.sink.append(table, &mut |builder| {
            for row in rows {
                row.push(builder);
            }
        });
    }

    /// Reads all items of a paged answer.
    pub(crate) async fn list(
        &self,
        operation: &'static Operation,
        parameters: Parameters,
        list: &[&str],
    ) -> Result<Vec<Value>, CallError> {
        let mut all = Vec::new();
        let place = self.place();
        pages(self.client, operation, &place, &parameters, list, |items| {
            all.extend_from_slice(items);
        })
        .await?;
        Ok(all)
    }

    /// The same, with what AWS services manage and the account has hidden. Where the parameter is not known
    /// yet, nothing can be hidden.
    pub(crate) async fn list_with_managed(
        &self,
        operation: &'static Operation,
        parameters: Parameters,
        list: &[&str],
    ) -> Result<Vec<Value>, CallError> {
        let (name, value) = INCLUDE_MANAGED;
        match self.list(operation, parameters.clone().with(name, value), list).await {
            Err(error) if error.code == UNKNOWN_PARAMETER => {
                self.list(operation, parameters, list).await
            }
            answer => answer,
        }
    }

    /// Makes one call.
    pub(crate) async fn ask(
        &self,
        operation: &'static Operation,
        parameters: Parameters,
    ) -> Result<Value, CallError> {
        answer(self.client, operation, &self.place(), &parameters).await
    }

    /// Keeps what could not be read: the rows of these tables that are missing because of it. A service
    /// that the region does not have is no gap.
    pub(crate) fn unread(&self, error: &CallError, tables: &[&'static Table]) {
        if error.code == NOT_OFFERED {
            return;
        }
        self.progress.errors.add(1);
        for table in tables.iter().filter(|table| self.wants(table)) {
            write_error(self.sink, &error.row(Some(table.name)));
        }
    }
}

/// Asks EC2 for resources that AWS services manage too, also where the account hides them.
pub(crate) const INCLUDE_MANAGED: (&str, &str) = ("IncludeManagedResources", "true");
/// EC2's code for a parameter that it does not know.
pub(crate) const UNKNOWN_PARAMETER: &str = "UnknownParameter";

/// Whether an organization policy closes what was called.
pub(crate) fn closed_by_policy(error: &CallError) -> bool {
    error.kind == ErrorKind::ClosedByPolicy
}

/// Writes one row of `scan_error`.
pub fn write_error(sink: &dyn Sink, row: &ErrorRow) {
    use crate::{builder::Value, tables::SCAN_ERROR};
    sink.append(&SCAN_ERROR, &mut |table| {
        table.push(&[
            Value::Text(row.account_id.as_deref()),
            Value::Text(row.region.as_deref()),
            Value::Text(Some(&row.operation)),
            Value::Text(Some(&row.code)),
            Value::Text(Some(&row.message)),
            Value::Text(Some(row.kind.as_str())),
            Value::Text(row.table_name.as_deref()),
            Value::Text(row.path.as_deref()),
            Value::Integer(row.line.map(i64::from)),
            Value::Integer(row.column.map(i64::from)),
        ]);
    });
}
