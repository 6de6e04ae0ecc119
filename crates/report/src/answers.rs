//! The words of the three questions and their answers, for every format that people read.

use imdsure_model::{Head, PolicyQuestion, UsageAnswer};

use crate::text::{count, thousands};

/// Question 1.
pub(crate) const INSTANCES: &str = "How many instances still allow IMDSv1?";
/// Question 2.
pub(crate) const POLICY: &str = "Does an organization policy stop it?";
/// Question 3.
pub(crate) const LAUNCHES: &str = "Do new launches get IMDSv2 by themselves?";

/// What stops launches where they are not stopped.
const NOTHING: &str = "by nothing";

/// What stops launches, and in how many accounts.
pub(crate) fn policy_parts(question: &PolicyQuestion) -> Vec<String> {
    [
        (question.scp, "by a service control policy"),
        (question.ec2_policy, "by an EC2 policy"),
        (question.enforcement, "by enforcement of the account's own"),
        (question.none, NOTHING),
        (question.unknown, "not known"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, how)| match how {
        NOTHING => format!("{} {how}{}", thousands(number), waived(question.waived)),
        _ => format!("{} {how}", thousands(number)),
    })
    .collect()
}

/// What a hole is, in a few words.
pub(crate) fn hole_words(hole: &str) -> &str {
    match hole {
        "service-linked-roles" => "service-linked roles (Auto Scaling, Spot) are not bound by SCPs",
        "management-account" => "the management account is not bound by SCPs",
        "exempted-principals" => "some principals are exempted",
        "exempted-by-tag" => "a tag exempts",
        "only-under-condition" => "it holds only under a condition",
        "defaults-unprotected" => "defaults and enforcement can be changed back",
        "policy-removable" => "the policy itself can be removed",
        "may-leave-organization" => "the account may leave the organization",
        "silent-launches" => "launches that name no HttpTokens may pass",
        other => other,
    }
}

/// How many of those that an answer counts are waived.
pub(crate) fn waived(number: u64) -> String {
    match number {
        0 => String::new(),
        number => format!(" ({} waived)", thousands(number)),
    }
}

/// The answers, one line each: for logs.
pub(crate) fn lines(head: &Head) -> Vec<String> {
    let mut lines = Vec::new();
    let questions = &head.questions;
    if let Some(question) = &questions.instances_allowing_imdsv1 {
        let usage = question.usage.as_ref().map(|usage| {
            let UsageAnswer { silent, used, no_data, not_asked, .. } = usage;
            format!(
                "; {silent} made no version 1 call, {used} did, {no_data} have no data, {not_asked} were not asked about"
            )
        });
        lines.push(format!(
            "{INSTANCES} {} of {}, in {} of {}{}; {} unknown{}{}",
            question.allow_imdsv1,
            question.of,
            question.accounts,
            count(question.of_accounts, "account", "accounts"),
            waived(question.waived),
            question.unknown,
            match (question.unread_accounts, question.unread_regions) {
                (0, 0) => String::new(),
                (0, regions) => format!("; {} not read", count(regions, "region", "regions")),
                (accounts, _) => format!("; {} not read", count(accounts, "account", "accounts")),
            },
            usage.unwrap_or_default(),
        ));
    }
    if let Some(question) = &questions.organization_policy {
        let of = count(question.of, "account", "accounts");
        let parts = policy_parts(question).join(", ");
        let holes: Vec<&str> = question.holes.iter().map(|hole| hole.hole.as_str()).collect();
        let holes =
            if holes.is_empty() { String::new() } else { format!("; open: {}", holes.join(", ")) };
        lines.push(format!("{POLICY} of {of}: {parts}{holes}"));
    }
    if let Some(question) = &questions.new_launches {
        let part = |part: &imdsure_model::LaunchPart| {
            let unread = match part.unread {
                0 => String::new(),
                unread => format!(" ({} not read)", count(unread, "region", "regions")),
            };
            let (fail, of) = (part.counts.fail, part.counts.judged());
            format!("{fail} of {of} {} do not{}{unread}", part.what, waived(part.waived))
        };
        let parts: Vec<String> = question.by.iter().map(part).collect();
        lines.push(format!("{LAUNCHES} {}: {}", question.answer, parts.join(", ")));
    }
    lines
}
