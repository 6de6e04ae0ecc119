//! The auditor's questions, answered from the tables whatever controls were chosen; and what could not
//! be read.

use std::collections::BTreeMap;

use imdsure_model::{
    Catalog, ControlSummary, ErrorKind, ErrorRow, InstanceQuestion, LaunchPart, LaunchQuestion,
    PolicyHole, PolicyQuestion, Questions, UsageAnswer,
};
use serde_json::Value;

use crate::{EngineError, Judged, Session, rows};

/// The control whose condition question 1 counts: it stands there and nowhere else.
const ANSWERS_IMDSV1: &str = "instance-imdsv1-disabled";
/// The control whose condition question 2 counts.
const GUARDED: &str = "organization-guardrail";
/// The controls whose verdicts question 3 counts, and what each judges.
const LAUNCHES: [(&str, &str); 7] = [
    ("account defaults", "account-default-tokens-required"),
    ("enforcement", "account-tokens-enforced"),
    ("launch templates", "launch-template-launches-imdsv2"),
    ("Auto Scaling groups", "autoscaling-group-launches-imdsv2"),
    ("launch configurations", "launch-configuration-tokens-required"),
    ("Spot requests", "spot-request-launches-imdsv2"),
    ("AMIs", "ami-imdsv2"),
];
/// Enforcement refuses what would be born with version 1, and without it a default or an image may still
/// say version 2: neither a missing enforcement nor a silent image is a launch with version 1.
const DECIDES: [&str; 3] = [
    "launch-template-launches-imdsv2",
    "autoscaling-group-launches-imdsv2",
    "account-default-tokens-required",
];

impl Session {
    /// Answers what the tables can answer; a question that no chosen control's tables bear on is null.
    pub async fn questions(
        &self,
        catalog: &Catalog,
        chosen: &[Judged<'_>],
        summaries: &[ControlSummary],
    ) -> Result<Questions, EngineError> {
        let asked = chosen.iter().any(|judged| judged.tables().contains("aws_ec2_instance"));
        let judged = chosen.iter().find(|judged| judged.control.name == ANSWERS_IMDSV1);
        let instances = match (judged, catalog.get(ANSWERS_IMDSV1)) {
            (Some(judged), _) => Some(self.instance_question(judged).await?),
            (None, Some(control)) if asked => {
                Some(self.instance_question(&Judged::new(self, control).await?).await?)
            }
            _ => None,
        };
        let guarded = chosen.iter().find(|judged| judged.control.name == GUARDED);
        let policy = match guarded {
            Some(judged) => Some(self.policy_question(judged).await?),
            None => None,
        };
        Ok(Questions {
            instances_allowing_imdsv1: instances,
            organization_policy: policy,
            new_launches: launch_question(summaries),
        })
    }

    async fn policy_question(&self, judged: &Judged<'_>) -> Result<PolicyQuestion, EngineError> {
        let sql = format!(
            "select stopped_by, verdict, holes, count(*) as accounts, \
             count(waiver) filter (where verdict = 'fail') as waived from ({}) \
             group by stopped_by, verdict, holes",
            judged.judged_rows()
        );
        let mut question = PolicyQuestion::default();
        let mut holes: BTreeMap<String, u64> = BTreeMap::new();
        for batch in self.sql(&sql).await?.collect().await? {
            for row in rows::rows(&batch)? {
                let text =
                    |column: &str| row.get(column).and_then(Value::as_str).unwrap_or_default();
                let accounts = row.get("accounts").and_then(Value::as_u64).unwrap_or_default();
                question.of += accounts;
                question.waived += row.get("waived").and_then(Value::as_u64).unwrap_or_default();
                *match (text("verdict"), text("stopped_by")) {
                    ("pass", "scp") => &mut question.scp,
                    ("pass", "ec2-policy") => &mut question.ec2_policy,
                    ("pass", _) => &mut question.enforcement,
                    ("fail", _) => &mut question.none,
                    _ => &mut question.unknown,
                } += accounts;
                // Where nothing stops a launch, holes are no news.
                for hole in text("holes").split(", ").filter(|hole| !hole.is_empty()) {
                    if text("verdict") == "pass" {
                        *holes.entry(hole.to_owned()).or_default() += accounts;
                    }
                }
            }
        }
        let hole = |(hole, accounts)| PolicyHole { hole, accounts };
        question.holes = holes.into_iter().map(hole).collect();
        Ok(question)
    }

    /// What usage says of the instances that answer version 1.
    async fn usage_answer(&self, judged: &Judged<'_>) -> Result<Option<UsageAnswer>, EngineError> {
        if !self.has("aws_cloudwatch_imds_usage") {
            return Ok(None);
        }
        let sql = format!(
            "select count(*) filter (where u.calls > 0) as used, \
             count(*) filter (where u.calls = 0) as silent, \
             count(*) filter (where u.instance_id is not null and u.calls is null) as no_data, \
             count(*) filter (where u.instance_id is null) as not_asked, \
             min(u.window_start) as window_start, max(u.window_end) as window_end \
             from ({}) i left join aws_cloudwatch_imds_usage u \
             on u.account_id = i.account_id and u.region = i.region and u.instance_id = i.instance_id \
             where i.verdict = 'fail'",
            judged.judged_rows()
        );
        let batches = self.sql(&sql).await?.collect().await?;
        let Some(row) =
            batches.first().map(rows::rows).transpose()?.and_then(|rows| rows.into_iter().next())
        else {
            return Ok(None);
        };
        let number = |column: &str| row.get(column).and_then(Value::as_u64).unwrap_or_default();
        let text = |column: &str| row.get(column).and_then(Value::as_str).map(str::to_owned);
        Ok(Some(UsageAnswer {
            used: number("used"),
            silent: number("silent"),
            no_data: number("no_data"),
            not_asked: number("not_asked"),
            window_start: text("window_start"),
            window_end: text("window_end"),
        }))
    }

    async fn instance_question(
        &self,
        judged: &Judged<'_>,
    ) -> Result<InstanceQuestion, EngineError> {
        let sql = format!(
            "select count(*) filter (where verdict = 'fail') as allow, \
             count(waiver) filter (where verdict = 'fail') as waived, \
             count(*) filter (where verdict = 'unknown') as unknown, \
             count(*) filter (where verdict <> 'skip') as judged, \
             count(distinct account_id) filter (where verdict = 'fail') as accounts, \
             count(*) filter (where verdict = 'fail' and instance_profile is not null) as roles, \
             count(*) filter (where verdict = 'fail' and instance_profile is not null and public_ip) as public \
             from ({})",
            judged.judged_rows()
        );
        let batches = self.sql(&sql).await?.collect().await?;
        let row = match batches.first() {
            Some(batch) => rows::rows(batch)?.into_iter().next().unwrap_or_default(),
            None => serde_json::Map::new(),
        };
        let number = |column: &str| row.get(column).and_then(Value::as_u64).unwrap_or_default();
        Ok(InstanceQuestion {
            allow_imdsv1: number("allow"),
            waived: number("waived"),
            unknown: number("unknown"),
            of: number("judged"),
            accounts: number("accounts"),
            of_accounts: self.accounts_read().await?,
            unread_accounts: self.accounts_unread().await?,
            unread_regions: judged.unread().await?,
            with_role: number("roles"),
            with_role_and_public_address: number("public"),
            usage: self.usage_answer(judged).await?,
        })
    }

    /// Accounts of which at least one region's instances were read.
    async fn accounts_read(&self) -> Result<u64, EngineError> {
        self.number_of_accounts("in").await
    }

    /// Accounts that were to be read, and of which no region's instances were.
    async fn accounts_unread(&self) -> Result<u64, EngineError> {
        self.number_of_accounts("not in").await
    }

    async fn number_of_accounts(&self, which: &str) -> Result<u64, EngineError> {
        if !["aws_account", "aws_region", "scan_error"].iter().all(|table| self.has(table)) {
            return Ok(0);
        }
        // Where the list of regions could not be read, instances tell that some region was.
        let sql = format!(
            "select count(distinct account_id) as number from aws_account where account_id {which} (\
               select account_id from aws_region where read and account_id || region not in (\
                 select account_id || region from scan_error \
                 where account_id is not null and region is not null \
                 and (table_name is null or table_name = 'aws_ec2_instance')) \
               union select account_id from aws_ec2_instance)"
        );
        rows::number(self.sql(&sql).await?).await
    }

    /// What could not be read, by account, region and operation: rows of `scan_error` that differ in
    /// their table alone are one.
    pub async fn scan_errors(&self) -> Result<Vec<ErrorRow>, EngineError> {
        if !self.has("scan_error") {
            return Ok(Vec::new());
        }
        let sql = "select * from scan_error order by account_id, region, operation, path, line, code, message, table_name";
        let mut errors: Vec<ErrorRow> = Vec::new();
        for batch in self.sql(sql).await?.collect().await? {
            for row in rows::rows(&batch)?.into_iter().map(error_row) {
                match errors.last_mut() {
                    Some(last) if same_gap(last, &row) => add_table(last, row.table_name),
                    _ => errors.push(row),
                }
            }
        }
        Ok(errors)
    }
}

fn same_gap(one: &ErrorRow, other: &ErrorRow) -> bool {
    let tableless = |error: &ErrorRow| ErrorRow { table_name: None, ..error.clone() };
    tableless(one) == tableless(other)
}

fn add_table(error: &mut ErrorRow, table: Option<String>) {
    // Without a table it is every table.
    error.table_name = match (error.table_name.take(), table) {
        (Some(tables), Some(table)) if tables.split(", ").any(|known| known == table) => {
            Some(tables)
        }
        (Some(tables), Some(table)) => Some(format!("{tables}, {table}")),
        _ => None,
    };
}

/// What decides on new launches, of what was chosen.
fn launch_question(summaries: &[ControlSummary]) -> Option<LaunchQuestion> {
    let mut by = Vec::new();
    for (what, control) in LAUNCHES {
        if let Some(summary) = summaries.iter().find(|summary| summary.name == control) {
            // What is accepted launches all the same.
            let (counts, unread) = (summary.counts.plus(summary.waived), summary.unread);
            let waived = summary.waived.fail;
            if counts.judged() + unread == 0 {
                // There is none: it decides nothing.
                continue;
            }
            by.push(LaunchPart { what, control: control.to_owned(), counts, waived, unread });
        }
    }
    let mut deciding = by.iter().filter(|part| DECIDES.contains(&part.control.as_str())).peekable();
    deciding.peek()?;
    let (mut fail, mut unknown) = (0, 0);
    for part in deciding {
        fail += part.counts.fail;
        unknown += part.counts.unknown + part.unread;
    }
    let asked = |control: &&str| summaries.iter().any(|summary| summary.name == **control);
    let answer = match (fail, unknown) {
        (0, 0) if DECIDES.iter().all(asked) => "yes",
        (0, _) => "unknown",
        _ => "no",
    };
    Some(LaunchQuestion { by, answer })
}

fn error_row(mut row: serde_json::Map<String, Value>) -> ErrorRow {
    let number = |column: &str| {
        row.get(column).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok())
    };
    let (line, column) = (number("line"), number("column"));
    let mut text = |column: &str| match row.get_mut(column).map(Value::take) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    ErrorRow {
        account_id: text("account_id"),
        region: text("region"),
        operation: text("operation").unwrap_or_default(),
        code: text("code").unwrap_or_default(),
        message: text("message").unwrap_or_default(),
        kind: ErrorKind::parse(&text("kind").unwrap_or_default()),
        table_name: text("table_name"),
        path: text("path"),
        line,
        column,
        accepted: None,
    }
}
