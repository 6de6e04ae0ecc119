//! Decisions over trees of policies: who wins, and what stays open.

use crate::{Attached, Decision, Level, Outcome, Policy, Request, evaluate, evaluate_identity};

pub(crate) fn policy(statements: &str) -> Policy {
    Policy::parse(&format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#)).unwrap()
}

/// The examples of AWS's documents.
pub(crate) const REQUIRE: &str = r#"{"Sid": "RequireImdsV2", "Effect": "Deny", "Action": "ec2:RunInstances",
    "Resource": "arn:aws:ec2:*:*:instance/*", "Condition": {"StringNotEquals": {"ec2:MetadataHttpTokens": "required"}}}"#;
pub(crate) const MAX_HOPS: &str = r#"{"Sid": "MaxImdsHopLimit", "Effect": "Deny", "Action": "ec2:RunInstances",
    "Resource": "arn:aws:ec2:*:*:instance/*", "Condition": {"NumericGreaterThan": {"ec2:MetadataHttpPutResponseHopLimit": "3"}}}"#;
pub(crate) const OPT_OUT: &str = r#"{"Sid": "DenyIMDSv1HttpTokensModification", "Effect": "Deny",
    "Action": "ec2:ModifyInstanceMetadataOptions", "Resource": "arn:aws:ec2:*:*:instance/*", "Condition": {
    "StringNotEquals": {"ec2:Attribute/HttpTokens": "required"}, "Null": {"ec2:Attribute/HttpTokens": false}}}"#;
pub(crate) const DELIVERY: &str = r#"{"Sid": "RequireAllEc2RolesToUseV2", "Effect": "Deny", "Action": "*",
    "Resource": "*", "Condition": {"NumericLessThan": {"ec2:RoleDelivery": "2.0"}}}"#;
const ALL: &str = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;

fn scp(statements: &str, request: &str) -> Decision {
    let level = Level::with_full_access("root", vec![Attached::new("p-1", policy(statements))]);
    evaluate(&[level], &Request::parse(request).unwrap())
}

#[track_caller]
fn decides(statements: &str, rows: &[(&str, Outcome)]) {
    for (request, outcome) in rows {
        let decision = scp(statements, request);
        assert_eq!(decision.outcome, *outcome, "{request}: {decision:?}");
    }
}

#[test]
fn the_examples_of_aws_decide_as_aws_says() {
    use Outcome::{Allowed, ExplicitDeny, Unknown};
    decides(
        REQUIRE,
        &[
            ("RunInstances:HttpTokens=optional", ExplicitDeny),
            ("RunInstances:HttpTokens=required", Allowed),
            ("RunInstances:HttpTokens=required,template=yes", Allowed),
            ("RunInstances", Unknown),
            ("ModifyInstanceMetadataOptions:HttpTokens=optional", Allowed),
            ("s3:GetObject", Allowed),
        ],
    );
    decides(
        MAX_HOPS,
        &[
            ("RunInstances:HttpPutResponseHopLimit=4", ExplicitDeny),
            ("RunInstances:HttpPutResponseHopLimit=3", Allowed),
        ],
    );
    decides(
        OPT_OUT,
        &[
            ("ModifyInstanceMetadataOptions:HttpTokens=optional", ExplicitDeny),
            ("ModifyInstanceMetadataOptions:HttpTokens=required", Allowed),
            ("ModifyInstanceMetadataOptions:HttpPutResponseHopLimit=2", Allowed),
        ],
    );
    decides(
        DELIVERY,
        &[
            ("s3:GetObject:RoleDelivery=1.0", ExplicitDeny),
            ("s3:GetObject:RoleDelivery=2.0", Allowed),
            ("s3:GetObject", Allowed),
        ],
    );
}

#[test]
fn a_deny_on_one_resource_refuses_the_whole_launch() {
    let everywhere = REQUIRE.replace("arn:aws:ec2:*:*:instance/*", "*");
    let decision = scp(&everywhere, "RunInstances:HttpTokens=required");
    assert_eq!(
        (decision.outcome, decision.resource.as_deref()),
        (Outcome::ExplicitDeny, Some("image"))
    );
    let template = REQUIRE.replace("instance/*", "launch-template/*");
    decides(
        &template,
        &[
            ("RunInstances:HttpTokens=required", Outcome::Allowed),
            ("RunInstances:HttpTokens=required,template=yes", Outcome::ExplicitDeny),
        ],
    );
}

#[test]
fn the_key_of_launches_does_not_tell_the_new_value_of_a_change() {
    let wrong = REQUIRE.replace("RunInstances", "ModifyInstanceMetadataOptions");
    decides(&wrong, &[("ModifyInstanceMetadataOptions:HttpTokens=optional", Outcome::Unknown)]);
}

#[test]
fn the_deciding_statement_is_named() {
    let decision = scp(&format!("{MAX_HOPS}, {REQUIRE}"), "RunInstances:HttpTokens=optional");
    let by = decision.by.unwrap();
    assert_eq!((by.level.as_str(), by.policy.as_str(), by.index), ("root", "p-1", 1));
    assert_eq!(by.sid.as_deref(), Some("RequireImdsV2"));
    assert_eq!(decision.reason, "RequireImdsV2 of p-1 denies it on instance/*");
    assert_eq!(by.position.line, 2);
}

#[test]
fn each_level_has_to_allow_and_an_explicit_deny_wins() {
    let request = Request::parse("s3:GetObject").unwrap();
    let attached = |statements: &str| vec![Attached::new("p", policy(statements))];
    let open = || Level::with_full_access("root", Vec::new());
    let only = |statements: &str| Level {
        name: "unit".to_owned(),
        policies: attached(statements),
        ..Level::default()
    };
    assert_eq!(evaluate(&[], &request).outcome, Outcome::Allowed);
    assert_eq!(evaluate(&[open(), only(ALL)], &request).outcome, Outcome::Allowed);
    let ec2 = r#"{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}"#;
    let decision = evaluate(&[open(), only(ec2)], &request);
    assert_eq!(decision.outcome, Outcome::ImplicitDeny);
    assert!(decision.reason.contains("at unit"), "{}", decision.reason);
    let deny = ALL.replace("Allow", "Deny");
    let both = [only(&deny), only(ec2)];
    assert_eq!(evaluate(&both, &request).outcome, Outcome::ExplicitDeny);
    assert_eq!(evaluate_identity(&[], &request).outcome, Outcome::ImplicitDeny);
    assert_eq!(evaluate_identity(&attached(ALL), &request).outcome, Outcome::Allowed);
}

#[test]
fn a_policy_that_was_not_read_leaves_open_what_nothing_else_decides() {
    let request = Request::parse("RunInstances:HttpTokens=optional").unwrap();
    let mut level = Level::with_full_access("root", Vec::new());
    level.unread.push("p-9".to_owned());
    let decision = evaluate(std::slice::from_ref(&level), &request);
    assert_eq!(decision.outcome, Outcome::Unknown);
    assert!(decision.reason.contains("p-9"));
    level.policies.push(Attached::new("p-1", policy(REQUIRE)));
    assert_eq!(evaluate(&[level], &request).outcome, Outcome::ExplicitDeny);
}

#[test]
fn what_is_not_understood_decides_nothing() {
    for odd in [
        r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Unless": 1}"#,
        r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*"}"#,
        r#"{"Effect": "Deny", "Action": "*"}"#,
        r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Near": {"k": "v"}}}"#,
        r#"{"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::one/*"}"#,
    ] {
        assert_eq!(scp(odd, "s3:GetObject").outcome, Outcome::Unknown, "{odd}");
    }
    // Another statement decides all the same, and what is about other actions does not matter.
    let odd = r#"{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Unless": 1}"#;
    let deny = r#"{"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}"#;
    assert_eq!(scp(&format!("{odd}, {deny}"), "s3:GetObject").outcome, Outcome::ExplicitDeny);
    assert_eq!(scp(odd, "ec2:StartInstances").outcome, Outcome::Allowed);
}

#[test]
fn actions_have_no_case_and_not_means_all_others() {
    let deny = |elements: &str| format!(r#"{{"Effect": "Deny", {elements}}}"#);
    decides(
        &deny(r#""NotAction": ["EC2:run*", "iam:*"], "Resource": "*""#),
        &[
            ("RunInstances:HttpTokens=required", Outcome::Allowed),
            ("s3:GetObject", Outcome::ExplicitDeny),
        ],
    );
    decides(
        &deny(r#""Action": "ec2:*", "NotResource": "arn:aws:ec2:*:*:instance/*""#),
        &[
            ("ModifyInstanceMetadataOptions", Outcome::Allowed),
            ("ModifyInstanceMetadataDefaults", Outcome::ExplicitDeny),
            ("RunInstances", Outcome::ExplicitDeny),
        ],
    );
}
