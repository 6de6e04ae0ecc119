//! Account defaults and enforcement: free where nothing runs, last where something does.

use imdsure_model::plan::{BlastRadius, ChangeKind, Reason, UsageEvidence};
use serde_json::Value;

use super::{
    draft::Turn,
    planner::{Doing, Planner, Target, Waived},
    words::{Row, counted, members, number, owned, text, truth},
};

impl Planner<'_> {
    /// Takes regions with the account's defaults and what runs there.
    pub fn regions(&mut self, rows: &[Row]) {
        for row in rows {
            if self.chooses(text(row, "account_id").unwrap_or_default(), None) {
                let required = self.defaults(row);
                self.enforcement(row, required);
            }
        }
    }

    /// Plans the default; tells whether it is `required`, or will be.
    fn defaults(&mut self, row: &Row) -> bool {
        let kind = ChangeKind::AccountDefaults;
        if text(row, "http_tokens") == Some("required") {
            return true;
        }
        if !self.plans(kind) {
            return false;
        }
        match self.against_defaults(row, "account-default-tokens-required") {
            Some(why) => {
                self.leave(target(row), kind, why);
                false
            }
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
                    evidence: evidence(row),
                    blast: BlastRadius::default(),
                    warnings: warnings(row),
                    turn: if idle(row) { Turn::Idle } else { Turn::Defaults },
                    groups: Vec::new(),
                };
                self.plan(target(row), doing);
                true
            }
        }
    }

    /// The default hop limit to raise to, where one is set that is lower or none is.
    fn hop_limit(&self, row: &Row) -> Option<u8> {
        let now = number(row, "hop_limit");
        self.options.hop_limit.filter(|limit| now < u64::from(*limit))
    }

    fn enforcement(&mut self, row: &Row, default_required: bool) {
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
                    evidence: evidence(row),
                    blast: BlastRadius::default(),
                    warnings: enforcement_warnings(row, default_required),
                    turn: if idle(row) { Turn::Idle } else { Turn::Enforcement },
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
    let launchers = match number(row, "launchers") {
        1 => "1 template, configuration, group or request".to_owned(),
        many => format!("{many} templates, configurations, groups or requests"),
    };
    format!("the region has {instances} and {launchers}")
}

/// What was counted of all instances of the region: that decides, and once it is changed it is zero by construction.
fn evidence(row: &Row) -> Option<UsageEvidence> {
    let instances = number(row, "instances");
    (instances > 0).then(|| UsageEvidence {
        calls: row.get("calls").and_then(Value::as_u64),
        from: owned(row, "window_start"),
        to: owned(row, "window_end"),
        covered_hours: row.get("longest_covered_hours").and_then(Value::as_u64),
        started_in_window: None,
        instances: Some(instances),
        without_data: Some(number(row, "without_data")),
    })
}

/// What launches, by its number.
fn launching(number: u64) -> String {
    match number {
        1 => "1 template or part of a group".to_owned(),
        many => format!("{many} templates or parts of groups"),
    }
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
            launching(v1)
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
        let (asks, is) = if explicit == 1 { ("asks", "is") } else { ("ask", "are") };
        let what = launching(explicit);
        warnings
            .push(format!("{what} {asks} for version 1 by name and {is} not changed by a default"));
    }
    warnings
}

fn enforcement_warnings(row: &Row, default_required: bool) -> Vec<String> {
    let optional = number(row, "optional");
    let mut warnings =
        vec!["while it is on, no instance of the region can go back to version 1".to_owned()];
    if !default_required {
        warnings.push(
            "the region's default is not `required`, and this plan does not set it: a launch that says nothing of tokens is refused from then on, unless its AMI has ImdsSupport v2.0".to_owned(),
        );
    }
    if optional > 0 {
        let (answers, stays) =
            if optional == 1 { ("answers", "stays") } else { ("answer", "stay") };
        let instances = counted(optional, "instance");
        warnings.push(format!("{instances} still {answers} version 1 and {stays} so"));
    }
    let refused = number(row, "refused");
    if refused > 0 {
        let on = counted(refused, "instance");
        warnings.push(format!(
            "calls of version 1 are refused on {on} already: what makes them cannot be helped by setting that back"
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(instances: u64, explicit: u64) -> Row {
        let row = json!({
            "instances": instances, "optional": instances, "launches_explicit": explicit, "launchers": explicit,
            "calls": 0, "without_data": 0, "window_start": "2026-11-08T14:00:00Z",
            "window_end": "2026-11-22T14:00:00Z", "longest_covered_hours": 300,
        });
        row.as_object().cloned().unwrap()
    }

    #[test]
    fn enforcement_without_a_default_refuses_the_silent() {
        let told = |required| enforcement_warnings(&row(1, 0), required).len();
        assert_eq!((told(true), told(false)), (2, 3));
        assert!(enforcement_warnings(&row(1, 0), false)[1].contains("says nothing of tokens"));
    }

    #[test]
    fn refused_calls_are_told_and_no_use() {
        let mut row = row(2, 0);
        row.insert("refused".into(), json!(2));
        assert_eq!(
            enforcement_warnings(&row, true).pop().unwrap(),
            "calls of version 1 are refused on 2 instances already: what makes them cannot be helped by setting that back"
        );
    }

    #[test]
    fn one_and_many_have_their_own_words() {
        let all = |number| {
            let row = row(number, number);
            [warnings(&row).remove(1), enforcement_warnings(&row, true).remove(1), in_use(&row)]
        };
        assert_eq!(
            all(1),
            [
                "1 template or part of a group asks for version 1 by name and is not changed by a default",
                "1 instance still answers version 1 and stays so",
                "the region has 1 instance and 1 template, configuration, group or request",
            ]
        );
        assert_eq!(
            all(2),
            [
                "2 templates or parts of groups ask for version 1 by name and are not changed by a default",
                "2 instances still answer version 1 and stay so",
                "the region has 2 instances and 2 templates, configurations, groups or requests",
            ]
        );
    }

    #[test]
    fn what_decided_is_the_evidence() {
        let evidence = evidence(&row(5, 0)).unwrap();
        assert_eq!((evidence.calls, evidence.instances), (Some(0), Some(5)));
        assert_eq!(evidence.covered_hours, Some(300));
        assert!(super::evidence(&row(0, 3)).is_none());
    }
}
