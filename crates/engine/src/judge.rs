//! Running a control: its query's outcomes become verdicts, its rows findings.
//!
//! Numbers and findings are separate questions to the same query, so that who needs only numbers never
//! holds a finding, and who needs the worst twenty never sorts more.

use std::collections::BTreeSet;

use datafusion::{
    common::tree_node::TreeNodeRecursion, logical_expr::LogicalPlan, prelude::DataFrame,
};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use imdsure_model::{
    Control, ControlSummary, Counts, Finding, PUBLIC_ADDRESS_RISK, ROLE_RISK, Selection, Verdict,
    severity_risk,
};

use crate::{EngineError, Session, derived::DERIVED, rows, views::VIEWS, waivers::WAIVER};

/// The columns that every control's query has.
const COLUMNS: [&str; 6] = ["resource", "name", "account_id", "region", "managed_by", "outcome"];
/// A column that a control's query may have, and that is no fact: what the owner is read from.
const TAGS: &str = "tags";
/// The fields of a finding that a command may use beside its facts.
const COMMAND_FIELDS: [&str; 4] = ["resource", "name", "account_id", "region"];
/// Facts that raise the risk when they say so.
const ROLE_FACT: &str = "instance_profile";
const PUBLIC_FACT: &str = "public_ip";

/// A control, ready to answer over one session.
#[derive(Debug)]
pub struct Judged<'a> {
    pub(crate) session: &'a Session,
    /// The control.
    pub control: &'a Control,
    /// The name of its rows in SQL.
    pub(crate) view: String,
    pub(crate) facts: BTreeSet<String>,
    /// Whether its rows have tags.
    pub(crate) tagged: bool,
    tables: BTreeSet<String>,
}

impl<'a> Judged<'a> {
    /// Plans a control's query. It fails where the session lacks a table that the query reads.
    pub async fn new(session: &'a Session, control: &'a Control) -> Result<Self, EngineError> {
        let query = session.sql(&control.sql).await.map_err(|error| cannot_run(session, &error))?;
        let columns: BTreeSet<String> =
            query.schema().fields().iter().map(|field| field.name().clone()).collect();
        if let Some(column) = COLUMNS.into_iter().find(|column| !columns.contains(*column)) {
            return Err(EngineError::MissingColumn { control: control.name.clone(), column });
        }
        let tables = tables(query.logical_plan())?;
        let view = format!("control:{}", control.name);
        // Judged anew, should it have been judged before.
        session.context.deregister_table(view.as_str())?;
        session.context.register_table(view.as_str(), query.into_view())?;
        let tagged = columns.contains(TAGS);
        let fact = |column: &String| !COLUMNS.contains(&column.as_str()) && column != TAGS;
        let facts: BTreeSet<String> = columns.into_iter().filter(fact).collect();
        if let Some(fact) = unknown_fact(control, &facts) {
            let (control, fact) = (control.name.clone(), fact.to_owned());
            return Err(EngineError::UnknownFact { control, fact });
        }
        Ok(Self { session, control, view, facts, tagged, tables })
    }

    /// The tables that the control reads.
    pub const fn tables(&self) -> &BTreeSet<String> {
        &self.tables
    }

    /// The control's result in numbers.
    pub async fn summary(&self) -> Result<ControlSummary, EngineError> {
        let (counts, waived) = self.counts().await?;
        Ok(ControlSummary {
            name: self.control.name.clone(),
            title: self.control.title.clone(),
            severity: self.control.severity,
            aliases: self.control.aliases.clone(),
            description: self.control.description(),
            counts,
            waived,
            unread: self.unread().await?,
        })
    }

    /// Findings that count, and findings that are waived.
    async fn counts(&self) -> Result<(Counts, Counts), EngineError> {
        let sql = format!(
            "select outcome, waived, count(*) as number from \
             (select c.outcome, {} is not null as waived from \"{}\" c) group by outcome, waived",
            self.waiver_expression(),
            self.view
        );
        let (mut counts, mut waived) = (Counts::default(), Counts::default());
        for batch in self.session.sql(&sql).await?.collect().await? {
            for row in rows::rows(&batch)? {
                let outcome =
                    row.get("outcome").and_then(|value| value.as_str()).unwrap_or_default();
                let number = row.get("number").and_then(serde_json::Value::as_u64);
                let is_waived = row.get("waived").and_then(serde_json::Value::as_bool);
                let side = if is_waived == Some(true) { &mut waived } else { &mut counts };
                side.add(self.verdict(outcome)?, number.unwrap_or_default());
            }
        }
        Ok((counts, waived))
    }

    fn verdict(&self, outcome: &str) -> Result<Verdict, EngineError> {
        match self.control.outcome(outcome) {
            Some(outcome) => Ok(outcome.verdict),
            None => Err(EngineError::UnknownOutcome {
                control: self.control.name.clone(),
                outcome: outcome.to_owned(),
            }),
        }
    }

    /// The account × region pairs, or files, whose rows are missing from what the control reads.
    pub(crate) async fn unread(&self) -> Result<u64, EngineError> {
        if !self.session.has("scan_error") {
            return Ok(0);
        }
        let tables: Vec<String> = self.tables.iter().map(|table| format!("'{table}'")).collect();
        let sql = format!(
            "select count(*) as number from (select distinct account_id, region, path from scan_error \
             where table_name is null or table_name in ({}) or path is not null and {})",
            tables.join(", "),
            // What a file would have had in it, launches or policies, nobody knows.
            self.control.judges_code(),
        );
        rows::number(self.session.sql(&sql).await?).await
    }

    /// The control's findings, as they come off the query.
    pub async fn findings(
        &self,
        selection: Selection,
    ) -> Result<impl Stream<Item = Result<Finding, EngineError>> + use<'a>, EngineError> {
        let stream = self.query(selection).await?.execute_stream().await?;
        let (control, settings) = (self.control, &self.session.settings);
        let findings = stream.map(move |batch| {
            Ok::<_, EngineError>(stream::iter(rows::findings(control, settings, batch?)))
        });
        Ok(findings.try_flatten())
    }

    async fn query(&self, selection: Selection) -> Result<DataFrame, EngineError> {
        let place = if self.facts.contains("start_line") {
            "path, start_line, start_column, resource"
        } else {
            "account_id, region, resource"
        };
        let (filter, order, limit) = match selection {
            Selection::Nothing => ("where false", place.to_owned(), String::new()),
            Selection::All => ("", place.to_owned(), String::new()),
            Selection::Open => {
                ("where verdict in ('fail', 'unknown')", place.to_owned(), String::new())
            }
            Selection::Worst(number) => (
                "where verdict in ('fail', 'unknown') and waiver is null",
                // `fail` before `unknown`, as the alphabet has it.
                format!("verdict, risk desc, {place}"),
                format!("limit {number}"),
            ),
        };
        let sql = format!(
            "select * from ({}) order_me {filter} order by {order} {limit}",
            self.judged_rows()
        );
        self.session.sql(&sql).await
    }

    /// The control's rows with verdict, risk, the waiver that covers them and the account's name.
    pub(crate) fn judged_rows(&self) -> String {
        let account = if self.session.has("aws_account") {
            "left join (select account_id as id, max(name) as account_name, \
             max(organizational_unit) as organizational_unit from aws_account \
             group by account_id) a on a.id = c.account_id"
        } else {
            "cross join (select cast(null as varchar) as id, cast(null as varchar) as account_name, \
             cast(null as varchar) as organizational_unit) a"
        };
        let owner = if self.tagged { "owner(c.tags)" } else { "cast(null as varchar)" };
        format!(
            "select c.*, a.account_name, a.organizational_unit, {owner} as owner, \
             {verdict} as verdict, {risk} as risk, {waiver} as {WAIVER} from \"{view}\" c {account}",
            verdict = self.verdict_expression(),
            risk = self.risk_expression(),
            waiver = self.waiver_expression(),
            view = self.view,
        )
    }

    /// An outcome that the control does not explain has no verdict; turning it into a finding fails.
    fn verdict_expression(&self) -> String {
        let cases = self
            .control
            .outcomes
            .iter()
            .map(|outcome| format!("when '{}' then '{}' ", outcome.name, outcome.verdict));
        format!("case c.outcome {}end", cases.collect::<String>())
    }

    fn risk_expression(&self) -> String {
        let mut risk = severity_risk(self.control.severity).to_string();
        let own = self.control.outcomes.iter().filter_map(|outcome| {
            let points = severity_risk(outcome.severity?);
            Some(format!("when '{}' then {points} ", outcome.name))
        });
        let own: String = own.collect();
        if !own.is_empty() {
            risk = format!("case c.outcome {own}else {risk} end");
        }
        let part = |fact: &str, condition: &str, points: u8| {
            let known = self.facts.contains(fact);
            known.then(|| format!(" + case when c.{fact} {condition} then {points} else 0 end"))
        };
        risk.extend(part(ROLE_FACT, "is not null", ROLE_RISK));
        risk.extend(part(PUBLIC_FACT, "", PUBLIC_ADDRESS_RISK));
        risk
    }
}

/// The tables that these controls read: what a run that is to judge them has to collect.
pub async fn tables_read(
    controls: impl IntoIterator<Item = &Control>,
) -> Result<BTreeSet<String>, EngineError> {
    let session = Session::unfilled().await?;
    let mut tables = BTreeSet::new();
    for control in controls {
        tables.extend(Judged::new(&session, control).await?.tables);
    }
    Ok(tables)
}

/// A name in a reason or a command that is neither a fact nor, in a command, a field.
fn unknown_fact<'a>(control: &'a Control, facts: &BTreeSet<String>) -> Option<&'a str> {
    let in_reasons = control.outcomes.iter().flat_map(|outcome| outcome.reason.facts());
    let in_commands = control.fixes.iter().flat_map(|fix| fix.command.facts());
    let in_commands = in_commands.filter(|name| !COMMAND_FIELDS.contains(name));
    in_reasons.chain(in_commands).find(|fact| !facts.contains(*fact))
}

/// Says which table is missing; a view is missing with any of the tables that it is derived from.
fn cannot_run(session: &Session, error: &EngineError) -> EngineError {
    let message = match error {
        EngineError::Query(error) => error.strip_backtrace(),
        other => other.to_string(),
    };
    let named = |name: &str| message.contains(&format!(".{name}'"));
    let views = VIEWS.iter().filter(|view| named(view.name)).map(|view| view.missing(session));
    let derived = DERIVED.iter().filter(|table| named(table.name));
    let derived = derived.map(|table| session.missing(table.tables));
    let missing = views.chain(derived).find(|missing| !missing.is_empty());
    EngineError::CannotRun(match missing.as_deref() {
        Some([table]) => format!("the table {table}"),
        Some(tables) => format!("the tables {}", tables.join(", ")),
        None => message,
    })
}

/// The tables that a plan scans.
fn tables(plan: &LogicalPlan) -> Result<BTreeSet<String>, EngineError> {
    let mut tables = BTreeSet::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let name = scan.table_name.table();
            match DERIVED.iter().find(|derived| derived.name == name) {
                Some(derived) => tables.extend(derived.tables.iter().map(ToString::to_string)),
                None => drop(tables.insert(name.to_owned())),
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(tables)
}
