//! Allow statements with conditions on the metadata service, which both identities and, since 2025, service
//! control policies may have. A grant restricts only where nothing else grants the same.

use std::collections::BTreeSet;

use super::{
    Mistake, MistakeSeverity,
    probe::{self, Asked},
};
use crate::{
    Truth,
    document::{Policy, Statement},
    holes::is_imds_key,
    imds::{DEFAULTS, LAUNCH_KEYS, MODIFY, RUN},
};

pub(super) fn lint(
    statement: &Statement,
    policy: &Policy,
    granted: &BTreeSet<String>,
    found: &mut Vec<Mistake>,
) {
    if statement.denies() {
        return;
    }
    not_action(statement, policy, found);
    let about = statement.conditions.iter().find(|condition| is_imds_key(&condition.key.text));
    let Some(condition) = about else { return };
    let actions = [RUN, MODIFY].into_iter().filter(|action| names(statement, action));
    for action in actions {
        if let Some(other) = granted_elsewhere(statement, policy, action) {
            let words = format!(
                "statement {} allows {action} without this condition: what one statement allows is \
                 allowed, so the condition \
                 restricts nothing. Deny what should not pass instead",
                other.index
            );
            let mistake = Mistake::new(
                "allowed-elsewhere",
                MistakeSeverity::Warning,
                condition.key.at,
                words,
            );
            found.push(mistake.of(statement));
            return;
        }
    }
    covers_no_launch(statement, policy, granted, found);
}

fn names(statement: &Statement, action: &str) -> bool {
    statement.names_action(action) == Truth::Yes
}

fn granted_elsewhere<'a>(
    statement: &Statement,
    policy: &'a Policy,
    action: &str,
) -> Option<&'a Statement> {
    let caller = probe::caller(policy);
    let request =
        if action == RUN { caller.launch(&crate::Launch::default()) } else { caller.modify([]) };
    let instance = request.resources.first()?;
    policy.statements.iter().find(|other| {
        other.index != statement.index
            && !other.denies()
            && other.conditions.is_empty()
            && names(other, action)
            && other.names_resource(policy, &request, instance) == Truth::Yes
    })
}

/// The resource types on which some statement allows a launch with version 2.
pub(super) fn granted(policy: &Policy) -> BTreeSet<String> {
    let class = probe::caller(policy).launch(&crate::Launch::default());
    let allowed = |kind: &str| {
        let fits = |statement: &Statement| !statement.denies() && fits_v2(statement, policy, kind);
        policy.statements.iter().any(fits)
    };
    class.resources.into_iter().map(|resource| resource.kind).filter(|k| allowed(k)).collect()
}

fn fits_v2(statement: &Statement, policy: &Policy, kind: &str) -> bool {
    let asked = Asked::tokens("required").hop_limit("1");
    probe::launch(statement, policy, kind, &asked) == Truth::Yes
}

/// A grant that asks for the key on resources that never carry it.
fn covers_no_launch(
    statement: &Statement,
    policy: &Policy,
    granted: &BTreeSet<String>,
    found: &mut Vec<Mistake>,
) {
    let Some(condition) = probe::condition_on(statement, &LAUNCH_KEYS) else { return };
    if !names(statement, RUN) || !fits_v2(statement, policy, "instance") {
        return;
    }
    let class = probe::caller(policy).launch(&crate::Launch::default());
    let lacking = class.resources.iter().find(|resource| {
        let covered = statement.names_resource(policy, &class, resource) == Truth::Yes;
        covered && !granted.contains(&resource.kind)
    });
    if let Some(resource) = lacking {
        let words = format!(
            "a launch has to be allowed on each resource, and only instance/* carries `{}`: on {}/* the \
             condition is false, so this allows no launch at all. Allow the other resources in a statement \
             without the condition",
            condition.key.text, resource.kind
        );
        let mistake =
            Mistake::new("grant-covers-no-launch", MistakeSeverity::Error, condition.key.at, words);
        found.push(mistake.of(statement));
    }
}

/// An Allow with NotAction that was meant to leave the metadata service out, and leaves half of it in.
fn not_action(statement: &Statement, policy: &Policy, found: &mut Vec<Mistake>) {
    if !statement.action.not {
        return;
    }
    let left_out = |action: &str| statement.names_action(action) == Truth::No;
    let denied = |action: &str| {
        policy.statements.iter().any(|s| s.denies() && s.names_action(action) == Truth::Yes)
    };
    let guarded = [MODIFY, DEFAULTS];
    let (out, let_in): (Vec<&str>, Vec<&str>) = guarded.iter().partition(|action| left_out(action));
    if let (Some(out), Some(let_in)) = (out.first(), let_in.first())
        && !denied(let_in)
    {
        let words = format!(
            "`NotAction` leaves {out} out of what is allowed, and lets {let_in} in, which opens the same door"
        );
        let mistake = Mistake::new(
            "not-action-lets-in",
            MistakeSeverity::Warning,
            statement.action.at,
            words,
        );
        found.push(mistake.of(statement));
    }
}
