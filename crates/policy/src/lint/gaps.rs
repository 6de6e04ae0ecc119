//! What a guardrail leaves out: no mistakes, since another policy may hold it.

use super::{
    Mistake, MistakeSeverity,
    probe::{self, Asked},
};
use crate::{
    Truth,
    document::{Policy, Statement},
    imds::DEFAULTS,
    statements,
};

pub(super) fn lint(policy: &Policy, found: &mut Vec<Mistake>) {
    let partition = probe::partition(policy);
    let denies = |fits: &dyn Fn(&Statement) -> bool| {
        policy.statements.iter().find(|statement| statement.denies() && fits(statement))
    };
    let launch = denies(&|statement| {
        let fits = |tokens| {
            probe::launch(statement, policy, "instance", &Asked::tokens(tokens).hop_limit("1"))
        };
        fits("optional") == Truth::Yes && fits("required") == Truth::No
    });
    let back = |statement: &Statement| {
        probe::change(statement, policy, &[("HttpTokens", "optional")]) == Truth::Yes
    };
    let change = denies(&back);
    let defaults = denies(&|statement| statement.names_action(DEFAULTS) == Truth::Yes);
    // A policy that is not about the metadata service has no gaps there.
    let specific = change.filter(|statement| {
        statement.conditions.iter().any(|condition| probe::attribute(condition).is_some())
    });
    let meant = found.iter().any(|mistake| mistake.code == "wrong-key-for-change");
    let Some(about) = launch.or(specific) else { return };
    let mut gap = |code, words: &str, sound| {
        let mistake = Mistake::new(code, MistakeSeverity::Info, about.at, words).of(about);
        found.push(mistake.sound(&probe::kept(about, [sound])));
    };
    if launch.is_none() {
        let words =
            "changes are guarded here, launches are not: ec2:RunInstances may ask for version 1";
        gap("launch-unprotected", words, statements::launch(partition));
    }
    // A statement that is meant to guard changes and does not has its own mistake.
    if change.is_none() && !meant {
        let words = "launches are guarded here, changes are not: ec2:ModifyInstanceMetadataOptions \
         leads back to optional";
        gap("change-unprotected", words, statements::change(partition));
    }
    if defaults.is_none() {
        let words = "ec2:ModifyInstanceMetadataDefaults is not denied here: the account's defaults and \
         their enforcement can be \
                     changed";
        gap("defaults-unprotected", words, statements::defaults());
    }
}
