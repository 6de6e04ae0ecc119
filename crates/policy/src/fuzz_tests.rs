//! Whatever is read, nothing panics; and what holds for all policies.

use proptest::prelude::*;

use crate::{
    Attached, Ec2Policy, Governed, KeyValue, Level, LintKind, Outcome, Policy, Request, Stop,
    achieve, evaluate, evaluate_tests::policy, lint, lint_ec2,
};

/// Everything that can be done with a text.
fn exercise(text: &str) {
    let _ = Request::parse(text).map(|request| evaluate(&[], &request));
    if let Ok(policy) = Ec2Policy::parse(text) {
        let _ = (policy.values(), lint_ec2(&policy));
    }
    if let Ok(policy) = Policy::parse(text) {
        let _ = (lint(&policy, LintKind::Scp), lint(&policy, LintKind::Identity));
        let levels = [Level::with_full_access("root", vec![Attached::new("p", policy)])];
        let _ = achieve(&governed(&levels));
    }
}

fn governed(levels: &[Level]) -> Governed<'_> {
    Governed {
        partition: "aws",
        account: "111122223333",
        region: None,
        is_management: false,
        levels,
        ec2_policy: None,
        ec2_policy_unread: false,
    }
}

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(words).prop_map(str::to_owned),
        1 => "[a-zA-Z0-9:*?/${}.-]{0,12}",
    ]
}

/// A condition as people write them, sometimes wrongly.
fn condition() -> impl Strategy<Value = String> {
    let operator = one_of(&[
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotEqualsIfExists",
        "StringEqualsIfExists",
        "NumericGreaterThan",
        "NumericLessThan",
        "NumericLessThanIfExists",
        "Null",
        "Bool",
        "ArnNotLike",
        "ForAllValues:StringEquals",
        "ForAnyValue:StringNotEquals",
        "StringNear",
    ]);
    let key = one_of(&[
        "ec2:MetadataHttpTokens",
        "ec2:MetadataHttpPutResponseHopLimit",
        "ec2:Attribute/HttpTokens",
        "ec2:RoleDelivery",
        "aws:PrincipalArn",
        "aws:PrincipalTag/team",
        "aws:RequestedRegion",
    ]);
    let value = one_of(&[
        "required",
        "optional",
        "true",
        "false",
        "1",
        "2.0",
        "*",
        "arn:aws:iam::*:role/admin",
        "${aws:PrincipalAccount}",
        "us-east-1",
    ]);
    (operator, key, value)
        .prop_map(|(operator, key, value)| format!("{operator:?}: {{{key:?}: {value:?}}}"))
}

fn statement(effect: &'static str) -> impl Strategy<Value = String> {
    let action = one_of(&[
        "*",
        "ec2:*",
        "ec2:RunInstances",
        "ec2:ModifyInstanceMetadataOptions",
        "ec2:ModifyInstanceMetadataDefaults",
        "ec2:Run*",
        "s3:*",
    ]);
    let resource = one_of(&[
        "*",
        "arn:aws:ec2:*:*:instance/*",
        "arn:aws:ec2:*:*:image/*",
        "arn:aws:ec2:us-east-1:*:instance/*",
    ]);
    let not = || prop_oneof![5 => Just(""), 1 => Just("Not")];
    (not(), action, not(), resource, prop::option::of(condition())).prop_map(
        move |(not_action, action, not_resource, resource, condition)| {
            let condition = condition.unwrap_or_default();
            format!(
                r#"{{"Effect": "{effect}", "{not_action}Action": {action:?}, "{not_resource}Resource": {resource:?},
                    "Condition": {{{condition}}}}}"#
            )
        },
    )
}

fn statements() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(prop_oneof![2 => statement("Deny"), 1 => statement("Allow")], 1..5)
}

const REQUESTS: [&str; 7] = [
    "RunInstances:HttpTokens=optional",
    "RunInstances:HttpTokens=required,HttpPutResponseHopLimit=3",
    "RunInstances",
    "ModifyInstanceMetadataOptions:HttpTokens=optional",
    "ModifyInstanceMetadataDefaults:HttpTokens=no-preference",
    "s3:GetObject:RoleDelivery=1.0,principal=arn:aws:iam::111122223333:role/admin",
    "ec2:StartInstances",
];

/// How much passes: nothing, perhaps, all.
fn rank(levels: &[Level], request: &Request) -> u8 {
    match evaluate(levels, request).outcome {
        Outcome::ExplicitDeny | Outcome::ImplicitDeny => 0,
        Outcome::Unknown => 1,
        Outcome::Allowed => 2,
    }
}

fn tree(statements: &[String], full_access: bool) -> Vec<Level> {
    let attached = vec![Attached::new("p", policy(&statements.join(", ")))];
    vec![Level { full_access, ..Level::with_full_access("root", attached) }]
}

proptest! {
    #[test]
    fn fuzz_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        exercise(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn fuzz_json_like(text in r#"[\[\]{}":,\\ a-zA-Z0-9@*$]{0,200}"#) {
        exercise(&text);
    }

    #[test]
    fn fuzz_policies_that_are_nearly_right(
        statements in statements(),
        cut in any::<prop::sample::Index>(),
        junk in any::<char>(),
    ) {
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(", "));
        exercise(&text);
        let chars: Vec<char> = text.chars().collect();
        let at = cut.index(chars.len());
        let broken: String = chars.iter().enumerate().map(|(i, c)| if i == at { junk } else { *c }).collect();
        exercise(&broken);
        exercise(&chars.iter().take(at).collect::<String>());
    }

    #[test]
    fn fuzz_ec2_policies(
        name in one_of(&["http_tokens", "http_put_response_hop_limit", "exception_message"]),
        operator in one_of(&["@@assign", "@@append", "@@operators_allowed_for_child_policies"]),
        value in one_of(&["required", "no-preference", "65", "@@none"]),
    ) {
        exercise(&format!(
            r#"{{"ec2_attributes": {{"instance_metadata_defaults": {{{name:?}: {{{operator:?}: {value:?}}}}}}}}}"#
        ));
    }

    #[test]
    fn fuzz_requests(text in "(RunInstances|ec2:[A-Za-z]{1,8}|[a-z0-9]{0,4}:?)[:=,a-zA-Z0-9./*-]{0,40}") {
        exercise(&text);
    }

    /// A Deny more never lets more pass.
    #[test]
    fn a_deny_more_allows_nothing_more(
        statements in statements(),
        deny in statement("Deny"),
        full_access in any::<bool>(),
    ) {
        let more: Vec<String> = statements.iter().cloned().chain([deny]).collect();
        let (before, after) = (tree(&statements, full_access), tree(&more, full_access));
        for request in REQUESTS {
            let request = Request::parse(request).unwrap();
            prop_assert!(rank(&after, &request) <= rank(&before, &request), "{:?}", more);
        }
    }

    /// An Allow more never refuses more.
    #[test]
    fn an_allow_more_denies_nothing_more(statements in statements(), allow in statement("Allow")) {
        let more: Vec<String> = statements.iter().cloned().chain([allow]).collect();
        let (before, after) = (tree(&statements, false), tree(&more, false));
        for request in REQUESTS {
            let request = Request::parse(request).unwrap();
            prop_assert!(rank(&after, &request) >= rank(&before, &request), "{:?}", more);
        }
    }

    /// A decision over an unknown key is the decision over whatever the key may be.
    #[test]
    fn what_is_decided_without_a_key_holds_for_each_value_of_it(
        statements in statements(),
        full_access in any::<bool>(),
    ) {
        let levels = tree(&statements, full_access);
        let open = Request::parse("RunInstances").unwrap();
        let decided = rank(&levels, &open);
        for value in [KeyValue::Absent, KeyValue::of("optional"), KeyValue::of("required")] {
            let mut closed = open.clone();
            closed.resources[0].context.set("ec2:MetadataHttpTokens", value);
            prop_assert!(decided == 1 || rank(&levels, &closed) == decided, "{:?}", statements);
        }
    }

    /// What is not understood never stops anything by itself.
    #[test]
    fn the_unknown_stops_nothing(denies in prop::collection::vec(statement("Deny"), 1..4)) {
        let odd: Vec<String> =
            denies.iter().map(|deny| deny.replacen("\"Effect\"", "\"Unless\": 1, \"Effect\"", 1)).collect();
        let levels = tree(&odd, true);
        let achievement = achieve(&governed(&levels));
        for way in [
            &achievement.launch_with_v1,
            &achievement.way_back,
            &achievement.defaults_change,
            &achievement.hop_limit,
            &achievement.v1_credentials,
        ] {
            prop_assert_ne!(way.stop, Stop::Stopped, "{:?}", odd);
        }
    }
}
