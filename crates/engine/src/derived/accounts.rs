//! One row an account: the policies that bind it, what they achieve, and what they leave open.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use imdsure_policy::{
    Achievement, Attached, By, Ec2Policy, Ec2Values, Governed, Hole, Level, Policy, Stop, Way,
    achieve,
};
use serde_json::{Value, json};

use super::{Kind, Row, text};
use crate::{EngineError, Session};

pub(super) const COLUMNS: &[(&str, Kind)] = &[
    ("resource", Kind::Text),
    ("account_id", Kind::Text),
    ("management", Kind::Boolean),
    ("policies", Kind::Text),
    ("stopped_by", Kind::Text),
    ("launch", Kind::Text),
    ("launch_reason", Kind::Text),
    ("way_back", Kind::Text),
    ("way_back_reason", Kind::Text),
    ("defaults_change", Kind::Text),
    ("defaults_change_reason", Kind::Text),
    ("hop_limit", Kind::Text),
    ("hop_limit_reason", Kind::Text),
    ("v1_credentials", Kind::Text),
    ("v1_credentials_reason", Kind::Text),
    ("blocks_version_2", Kind::Boolean),
    ("holes", Kind::Text),
    ("hole_words", Kind::Text),
    ("regions", Kind::Integer),
    ("enforced_regions", Kind::Integer),
    ("unread_regions", Kind::Integer),
];

const FULL_ACCESS: &str = "p-FullAWSAccess";
/// Holes that no further policy closes.
const SURE_HOLES: [&str; 2] = ["management-account", "service-linked-roles"];
const ENFORCED: &str = "HttpTokensEnforced is enabled in every region that was read";
const NOT_READ: &str =
    "no policy stops it, and whether HttpTokensEnforced is enabled everywhere could not be read";

/// The organization's service control policies, and what is not known of them.
struct Organization {
    policies: Vec<Scp>,
    /// Why some may be missing.
    gap: Option<&'static str>,
    /// The effective EC2 policies by account.
    ec2: BTreeMap<String, Ec2Values>,
    ec2_unread: BTreeSet<Option<String>>,
}

struct Scp {
    id: String,
    name: String,
    /// None where the text could not be read or is no policy.
    policy: Option<Arc<Policy>>,
    /// None where they could not be read: it may be attached anywhere.
    targets: Option<BTreeSet<String>>,
}

pub(super) async fn rows(session: &Session) -> Result<Vec<Row>, EngineError> {
    let organization = Organization::read(session).await?;
    let enforcement = enforcement(session).await?;
    let sql = "select account_id, partition, organizational_path, management from aws_account \
        order by account_id";
    let mut rows = Vec::new();
    for account in session.rows(sql).await? {
        let id = text(&account, "account_id").unwrap_or_default();
        let regions = enforcement.get(id).copied().unwrap_or_default();
        rows.push(organization.row(id, &account, regions));
    }
    Ok(rows)
}

/// How many of an account's regions enforce tokens.
#[derive(Debug, Clone, Copy, Default)]
struct Regions {
    /// To be read.
    all: i64,
    enforced: i64,
    unread: i64,
    /// Enabled, and not chosen.
    left_out: i64,
}

impl Regions {
    /// All regions of the account do.
    const fn enforce(self) -> bool {
        self.all > 0 && self.enforced == self.all && self.left_out == 0
    }

    /// Whether all of them may enforce, for all that was read.
    const fn may_enforce(self) -> bool {
        self.enforced + self.unread == self.all
    }

    /// What is known of a way that no policy closes.
    fn decide(self, stop: Stop, reason: String) -> (&'static str, String) {
        match stop {
            Stop::Stopped => ("stopped", reason),
            // Enforcement refuses the launch, and setting an instance back.
            _ if self.enforce() => ("stopped", ENFORCED.to_owned()),
            Stop::NotStopped if self.may_enforce() => ("unknown", NOT_READ.to_owned()),
            other => (word(other), reason),
        }
    }
}

async fn enforcement(session: &Session) -> Result<BTreeMap<String, Regions>, EngineError> {
    let sql = "select r.account_id, count(*) filter (where r.read) as all_regions, \
        count(*) filter (where r.read and d.http_tokens_enforced = 'enabled') as enforced, \
        count(*) filter (where r.read and d.account_id is null) as unread, \
        count(*) filter (where not r.read and r.opt_in_status <> 'not-opted-in') as left_out \
        from aws_region r left join aws_ec2_instance_metadata_defaults d \
        on d.account_id = r.account_id and d.region = r.region \
        group by r.account_id";
    let rows = session.rows(sql).await?;
    let regions = rows.into_iter().filter_map(|row| {
        let number = |column: &str| row.get(column).and_then(Value::as_i64).unwrap_or_default();
        let regions = Regions {
            all: number("all_regions"),
            enforced: number("enforced"),
            unread: number("unread"),
            left_out: number("left_out"),
        };
        Some((text(&row, "account_id")?.to_owned(), regions))
    });
    Ok(regions.collect())
}

impl Organization {
    async fn read(session: &Session) -> Result<Self, EngineError> {
        let sql = "select policy_id, name, content, targets from aws_organizations_policy \
            where type = 'SERVICE_CONTROL_POLICY' order by policy_id";
        let policies: Vec<Scp> = session.rows(sql).await?.iter().map(Scp::of).collect();
        let gap = session
            .has_gap("aws_organizations_policy")
            .await?
            .then_some("(not all policies could be listed or read)");
        let mut ec2 = BTreeMap::new();
        let mut ec2_unread = session.unread("aws_organizations_effective_policy").await?;
        // An account that could not be entered.
        ec2_unread.extend(session.unread_as_a_whole().await?);
        let sql = "select account_id, content from aws_organizations_effective_policy";
        for row in session.rows(sql).await? {
            let account = text(&row, "account_id").map(str::to_owned);
            let policy = text(&row, "content").and_then(|content| Ec2Policy::parse(content).ok());
            match (account, policy) {
                (Some(account), Some(policy)) => drop(ec2.insert(account, policy.values())),
                // A text that is no policy.
                (account, _) => drop(ec2_unread.insert(account)),
            }
        }
        Ok(Self { policies, gap, ec2, ec2_unread })
    }

    fn row(&self, id: &str, account: &Row, regions: Regions) -> Row {
        let levels = self.levels(id, text(account, "organizational_path"));
        let is_management = account.get("management").and_then(Value::as_bool).unwrap_or(false);
        let partition = text(account, "partition").unwrap_or("aws");
        let achieved = achieve(&Governed {
            partition,
            account: id,
            region: None,
            is_management,
            levels: &levels,
            ec2_policy: self.ec2.get(id),
            ec2_policy_unread: self.ec2_unread.contains(&Some(id.to_owned()))
                || self.ec2_unread.contains(&None),
        });
        let applied: Vec<&str> = levels
            .iter()
            .flat_map(|level| level.policies.iter().map(|policy| policy.name.as_str()))
            .collect();
        let resource = format!("arn:{partition}:iam::{id}:root");
        let launch = launch(&achieved, regions);
        let way_back = &achieved.way_back;
        let (way_back, way_back_reason) = regions.decide(way_back.stop, way_back.reason.clone());
        // What an unread policy might close is no hole that is known.
        let unread = levels.iter().any(|level| !level.unread.is_empty());
        let sure = |hole: &&Hole| !unread || SURE_HOLES.contains(&hole.code);
        let holes: Vec<&Hole> = achieved.holes.iter().filter(sure).collect();
        let codes: Vec<&str> = holes.iter().map(|hole| hole.code).collect();
        let words: Vec<&str> = holes.iter().map(|hole| hole.words.as_str()).collect();
        let row = json!({
            "resource": resource,
            "account_id": id,
            "management": account.get("management"),
            "policies": applied.join(", "),
            "stopped_by": launch.by,
            "launch": launch.stop,
            "launch_reason": launch.reason,
            "way_back": way_back,
            "way_back_reason": way_back_reason,
            "defaults_change": word(achieved.defaults_change.stop),
            "defaults_change_reason": achieved.defaults_change.reason,
            "hop_limit": word(achieved.hop_limit.stop),
            "hop_limit_reason": achieved.hop_limit.reason,
            "v1_credentials": word(achieved.v1_credentials.stop),
            "v1_credentials_reason": achieved.v1_credentials.reason,
            "blocks_version_2": achieved.launch_with_v2.is_denied(),
            "holes": codes.join(", "),
            "hole_words": words.join("; "),
            "regions": regions.all,
            "enforced_regions": regions.enforced,
            "unread_regions": regions.unread,
        });
        match row {
            Value::Object(row) => row,
            _ => Row::new(),
        }
    }

    /// The levels from the root to the account. What is not known of them makes them undecided.
    fn levels(&self, account: &str, path: Option<&str>) -> Vec<Level> {
        let Some(path) = path else {
            let gap =
                self.gap.unwrap_or("(where the account stands, or the policies, were not read)");
            return vec![Level {
                unread: vec![gap.to_owned()],
                ..Level::with_full_access("organization", Vec::new())
            }];
        };
        let attached =
            self.policies.iter().any(|scp| scp.targets.as_ref().is_none_or(|t| !t.is_empty()));
        if !attached && self.gap.is_none() {
            // Service control policies are not in use.
            return Vec::new();
        }
        path.split('/').chain([account]).map(|target| self.level(target)).collect()
    }

    fn level(&self, target: &str) -> Level {
        let mut level = Level { name: target.to_owned(), ..Level::default() };
        level.unread.extend(self.gap.map(str::to_owned));
        for scp in &self.policies {
            match (&scp.targets, &scp.policy) {
                (Some(targets), _) if !targets.contains(target) => {}
                (Some(_), _) if scp.id == FULL_ACCESS => level.full_access = true,
                (Some(_), Some(policy)) => {
                    level.policies.push(Attached::new(scp.name.as_str(), Arc::clone(policy)));
                }
                _ => level.unread.push(scp.name.clone()),
            }
        }
        if !level.full_access && level.policies.is_empty() && level.unread.is_empty() {
            // AWS attaches one policy at least to whatever has service control policies: that none is known
            // is a gap, and no denial.
            level.unread.push("(no policy is known here)".to_owned());
        }
        level
    }
}

impl Scp {
    fn of(row: &Row) -> Self {
        let id = text(row, "policy_id").unwrap_or_default().to_owned();
        let policy = text(row, "content").and_then(|content| Policy::parse(content).ok());
        let targets = text(row, "targets").and_then(|targets| serde_json::from_str(targets).ok());
        let targets = targets.map(|targets: Vec<Value>| {
            let id = |target: &Value| Some(target.get("TargetId")?.as_str()?.to_owned());
            targets.iter().filter_map(id).collect()
        });
        let name = text(row, "name").unwrap_or(&id).to_owned();
        Self { id, name, policy: policy.map(Arc::new), targets }
    }
}

/// Whether a launch with version 1 is stopped, by which means, and why.
struct Launch {
    stop: &'static str,
    by: Option<&'static str>,
    reason: String,
}

fn launch(achieved: &Achievement, regions: Regions) -> Launch {
    let Way { stop, by, reason } = &achieved.launch_with_v1;
    let by = match (stop, by) {
        (Stop::Stopped, Some(By::Ec2Policy)) => "ec2-policy",
        (Stop::Stopped, Some(By::Statement(_) | By::NothingAllows) | None) => "scp",
        (Stop::NotStopped | Stop::Unknown, _) => "enforcement",
    };
    let (stop, reason) = regions.decide(*stop, reason.clone());
    Launch { stop, by: (stop == "stopped").then_some(by), reason }
}

const fn word(stop: Stop) -> &'static str {
    match stop {
        Stop::Stopped => "stopped",
        Stop::NotStopped => "not-stopped",
        Stop::Unknown => "unknown",
    }
}
