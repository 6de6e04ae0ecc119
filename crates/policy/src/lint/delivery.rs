//! Statements on `ec2:RoleDelivery`: they should deny calls with credentials from version 1, and no others.

use super::{Mistake, MistakeSeverity, probe};
use crate::{
    KeyValue, Truth,
    document::{Policy, Statement},
    imds::ROLE_DELIVERY,
    statements,
};

pub(super) fn lint(statement: &Statement, policy: &Policy, found: &mut Vec<Mistake>) {
    let Some(condition) = probe::condition_on(statement, &[ROLE_DELIVERY]) else { return };
    if !statement.denies() {
        return;
    }
    let fits = |value: KeyValue| {
        let mut request = probe::caller(policy).call(&action(statement));
        request.context.set(ROLE_DELIVERY, value);
        let resource = request.resources.first();
        resource.map_or(Truth::No, |resource| probe::fits(statement, policy, &request, resource))
    };
    let (one, two) = (fits(KeyValue::of("1.0")), fits(KeyValue::of("2.0")));
    let (code, words) = match (one, two, fits(KeyValue::Absent)) {
        (_, _, Truth::Yes) => (
            "denies-calls-without-role",
            "only credentials of an instance's role carry `ec2:RoleDelivery`. For everybody else it is \
             absent, and this condition \
             then holds: people, pipelines and services are denied as well",
        ),
        (_, Truth::Yes, _) => (
            "role-delivery-denies-v2",
            "it denies credentials that version 2 delivered: `ec2:RoleDelivery` is then 2.0",
        ),
        (Truth::No, ..) => (
            "role-delivery-never-matches",
            "it never matches credentials that version 1 delivered: `ec2:RoleDelivery` is then 1.0",
        ),
        _ => return,
    };
    let mut sound = statements::role_delivery();
    statements::keep_conditions(&mut sound, crate::holes::others(statement));
    let mistake = Mistake::new(code, MistakeSeverity::Error, condition.key.at, words);
    found.push(mistake.of(statement).sound(&[sound]));
}

/// An action that the statement is about.
fn action(statement: &Statement) -> String {
    let none = "imdsure:AnActionThatNoPolicyNames";
    let first = statement.action.patterns.first();
    match first {
        Some(word) if !statement.action.not => word.text.replace(['*', '?'], "x"),
        _ => none.to_owned(),
    }
}
