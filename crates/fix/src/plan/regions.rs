//! Account defaults and enforcement: free where nothing runs, last where something does.

use imdsure_model::plan::{BlastRadius, ChangeKind, Reason};

use super::{
    draft::Turn,
    planner::{Doing, Planner, Target, Waived},
    words::{Row, counted, members, number, text, truth},
};

impl Planner<'_> {
    /// Takes regions with the account's defaults and what runs there.
    pub fn regions(&mut self, rows: &[Row]) {
        for row in rows {
            if self.chooses(text(row, "account_id").unwrap_or_default(), None) {
                self.defaults(row);
                self.enforcement(row);
            }
        }
    }

    fn defaults(&mut self, row: &Row) {
        let kind = ChangeKind::AccountDefaults;
        if !self.plans(kind) || text(row, "http_tokens") == Some("required") {
            return;
        }
        match self.against_defaults(row, "account-default-tokens-required") {
            Some(why) => self.leave(target(row), kind, why),
            None => {
                let doing = Doing {
                    kind,
                    send: members([
                        ("HttpTokens", "required".into()),
                        ("HttpPutResponseHopLimit", self.hop_limit(row).into()),
                    ]),
                    before: members([
                        ("HttpTokens", text(row, "http_tokens").unwrap_or("no-preference").into()),
                        (
                            "HttpPutResponseHopLimit",
                            row.get("hop_limit").cloned().unwrap_or_default(),
                        ),
                    ]),
                    evidence: None,
                    blast: BlastRadius::default(),
                    warnings: warnings(row),
                    turn: if idle(row) { Turn::Idle } else { Turn::After },
                    groups: Vec::new(),
                };
                self.plan(target(row), doing);
            }
        }
    }

    /// The default hop limit to raise to, where one is set that is lower or none is.
    fn hop_limit(&self, row: &Row) -> Option<u8> {
        let now = number(row, "hop_limit");
        self.options.hop_limit.filter(|limit| now < u64::from(*limit))
    }

    fn enforcement(&mut self, row: &Row) {
        let kind = ChangeKind::AccountEnforcement;
        if !self.plans(kind) || text(row, "http_tokens_enforced") == Some("enabled") {
            return;
        }
        let against =
            self.against_defaults(row, "account-tokens-enforced").or_else(|| would_be_refused(row));
        match against {
            Some(why) => self.leave(target(row), kind, why),
            None => {
                let before = text(row, "http_tokens_enforced").unwrap_or("no-preference");
                let doing = Doing {
                    kind,
                    send: members([("HttpTokensEnforced", "enabled".into())]),
                    before: members([("HttpTokensEnforced", before.into())]),
                    evidence: None,
                    blast: BlastRadius::default(),
                    warnings: enforcement_warnings(row),
                    turn: if idle(row) { Turn::Idle } else { Turn::Last },
                    groups: Vec::new(),
                };
                self.plan(target(row), doing);
            }
        }
    }

    fn against_defaults(&self, row: &Row, control: &str) -> Option<(Reason, String)> {
        if text(row, "managed_by") == Some("declarative-policy") {
            let why = "an EC2 policy of the organization decides it: change it there";
            return Some((Reason::OwnedByService, why.into()));
        }
        let target = target(row);
        let waived = Waived {
            control,
            resource: &target.arn,
            name: target.name.as_deref(),
            account_id: &target.account_id,
            tags: None,
        };
        if let Some(why) = self.waived(&waived) {
            return Some(why);
        }
        if idle(row) {
            return None;
        }
        let what = in_use(row);
        if self.options.only_idle_regions {
            let why = format!("{what}: it comes after them, by --kind");
            return Some((Reason::Blocked, why));
        }
        if truth(row, "unread") {
            return Some((Reason::NotReported, what));
        }
        let (used, without_data) = (number(row, "used"), number(row, "without_data"));
        if used > 0 {
            let why = format!("{} in the region used version 1", counted(used, "instance"));
            return Some((Reason::V1CallsSeen, why));
        }
        (without_data > 0 && !self.options.include_unknown).then(|| {
            let why =
                format!("there is no data on {} in the region", counted(without_data, "instance"));
            (Reason::NoData, why)
        })
    }
}

/// The account itself, in one region.
fn target(row: &Row) -> Target {
    let of = |column| text(row, column).unwrap_or_default().to_owned();
    let (account_id, region) = (of("account_id"), of("region"));
    Target {
        arn: format!("arn:{}:iam::{account_id}:root", of("partition")),
        id: region.clone(),
        name: text(row, "account_name").map(str::to_owned),
        account_id,
        region,
        owner: None,
        tags: None,
    }
}

/// Whether nothing runs and nothing launches there, and all of that was read.
fn idle(row: &Row) -> bool {
    !truth(row, "unread") && number(row, "instances") == 0 && number(row, "launchers") == 0
}

fn in_use(row: &Row) -> String {
    if truth(row, "unread") {
        return "what runs in the region could not be read".to_owned();
    }
    let instances = counted(number(row, "instances"), "instance");
    let launchers = number(row, "launchers");
    format!(
        "the region has {instances} and {launchers} templates, configurations, groups or requests"
    )
}

/// Enforcement refuses what would be born with version 1.
fn would_be_refused(row: &Row) -> Option<(Reason, String)> {
    if idle(row) {
        return None;
    }
    let (v1, unknown) = (number(row, "launches_v1"), number(row, "launches_unknown"));
    (v1 + unknown > 0).then(|| {
        let why = format!(
            "{} would be refused and {unknown} might: change them first, and plan again",
            counted(v1, "template or part of a group")
        );
        (Reason::Blocked, why)
    })
}

fn warnings(row: &Row) -> Vec<String> {
    let explicit = number(row, "launches_explicit");
    let mut warnings = Vec::new();
    if !idle(row) {
        warnings
            .push("every launch that says nothing of tokens gets version 2 from now on".to_owned());
    }
    if explicit > 0 {
        let what = counted(explicit, "template or part of a group");
        warnings.push(format!("{what} asks for version 1 by name and is not changed by a default"));
    }
    warnings
}

fn enforcement_warnings(row: &Row) -> Vec<String> {
    let optional = number(row, "optional");
    let mut warnings =
        vec!["while it is on, no instance of the region can go back to version 1".to_owned()];
    if optional > 0 {
        warnings.push(format!(
            "{} still answers version 1 and stays so",
            counted(optional, "instance")
        ));
    }
    warnings
}
