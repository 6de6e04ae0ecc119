//! What stops somebody who chooses the rest of the request, and what only seems to.

use crate::{
    Achievement, Attached, Governed, Level, Stop, achieve,
    evaluate_tests::{OPT_OUT, REQUIRE, policy},
};

use Stop::{NotStopped, Stopped, Unknown};

fn judged(statements: &str, region: Option<&str>, full_access: bool) -> Achievement {
    let attached = vec![Attached::new("guard", policy(statements))];
    let level = Level { full_access, ..Level::with_full_access("root", attached) };
    achieve(&Governed {
        ec2_policy_unread: false,
        partition: "aws",
        account: "111122223333",
        region,
        is_management: false,
        levels: &[level],
        ec2_policy: None,
    })
}

fn deny(elements: &str, condition: &str) -> String {
    format!(r#"{{"Sid": "S", "Effect": "Deny", {elements}, "Condition": {{{condition}}}}}"#)
}

fn launch(condition: &str) -> String {
    deny(r#""Action": "ec2:RunInstances", "Resource": "arn:aws:ec2:*:*:instance/*""#, condition)
}

#[track_caller]
fn launches(statements: &str, stop: Stop) -> Achievement {
    let achievement = judged(statements, None, true);
    assert_eq!(achievement.launch_with_v1.stop, stop, "{statements}\n{achievement:#?}");
    achievement
}

const REGIONS: &str = r#"{"Sid": "R", "Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]}}}"#;

#[test]
fn what_has_nothing_to_do_with_the_metadata_service_stops_nothing() {
    for condition in [
        r#""Null": {"aws:RequestTag/CostCenter": "true"}"#,
        r#""StringNotLike": {"aws:RequestTag/CostCenter": "CC-*"}"#,
        r#""ForAllValues:StringNotEquals": {"aws:TagKeys": "CostCenter"}"#,
        r#""StringNotEquals": {"aws:PrincipalTag/team": "platform"}"#,
        r#""Bool": {"aws:ViaAWSService": "false"}"#,
    ] {
        let statement = launch(condition);
        let achievement = launches(&statement, NotStopped);
        assert!(!achievement.launch_with_v2.is_denied(), "{statement}");
        // Beside a guardrail it changes nothing, and adds no hole.
        let both = launches(&format!("{statement}, {REQUIRE}"), Stopped);
        let codes: Vec<_> = both.holes.iter().map(|hole| hole.code).collect();
        assert!(
            !codes.iter().any(|code| code.contains("tag") || code.contains("only")),
            "{codes:?}"
        );
    }
    let tag = launches(&launch(r#""StringNotEquals": {"aws:PrincipalTag/team": "a"}"#), NotStopped);
    let reason = &tag.launch_with_v1.reason;
    assert!(reason.contains("S of guard is about aws:PrincipalTag/team"), "{reason}");
}

#[test]
fn a_lockdown_stops_whatever_its_exemptions_by_name() {
    for condition in ["", r#""ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deploy"}"#] {
        let achievement = launches(&launch(condition), Stopped);
        assert!(achievement.launch_with_v2.is_denied());
    }
    let by_tag =
        r#""StringNotEquals": {"ec2:MetadataHttpTokens": "required", "aws:PrincipalTag/a": "b"}"#;
    let achievement = launches(&launch(by_tag), Stopped);
    assert!(achievement.holes.iter().any(|hole| hole.code == "exempted-by-tag"));
}

#[test]
fn what_the_caller_chooses_stops_nobody() {
    let tokens = r#""StringNotEquals": {"ec2:MetadataHttpTokens": "required"}"#;
    for (statements, code, key) in [
        (REGIONS.to_owned(), "only-under-condition", "aws:RequestedRegion"),
        (
            launch(r#""StringNotLike": {"ec2:InstanceType": ["t3.*", "m5.large"]}"#),
            "only-under-condition",
            "ec2:InstanceType",
        ),
        (
            format!(
                "{REGIONS}, {}",
                launch(r#""StringNotEquals": {"ec2:InstanceType": "t3.micro"}"#)
            ),
            "only-under-condition",
            "ec2:InstanceType",
        ),
        (
            launch(&format!(r#"{tokens}, "StringLike": {{"ec2:InstanceType": "t3.*"}}"#)),
            "only-under-condition",
            "ec2:InstanceType",
        ),
        (
            launch(r#""StringNotEquals": {"ec2:Tenancy": "dedicated"}"#),
            "only-under-condition",
            "ec2:Tenancy",
        ),
        (
            launch(&format!(r#"{tokens}, "StringNotLike": {{"aws:RequestTag/imds": "v1*"}}"#)),
            "exempted-by-tag",
            "aws:RequestTag/imds",
        ),
    ] {
        let holes = launches(&statements, NotStopped).holes;
        let hole = holes.iter().find(|hole| hole.code == code && hole.words.contains(key));
        assert!(hole.is_some(), "{statements}\n{holes:#?}");
        launches(&format!("{statements}, {REQUIRE}"), Stopped);
    }
    let volumes = r#""Action": "ec2:RunInstances", "Resource": "arn:aws:ec2:*:*:volume/*""#;
    launches(&deny(volumes, r#""NumericGreaterThan": {"ec2:VolumeSize": "100"}"#), NotStopped);
}

#[test]
fn what_the_caller_does_not_choose_stays_unknown() {
    for condition in [
        r#""NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}"#,
        r#""StringNotEquals": {"aws:PrincipalOrgID": "o-1"}"#,
        r#""BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}"#,
    ] {
        launches(&launch(condition), Unknown);
    }
    // Together they stop every type, which is more than can be told here.
    let type_is = |operator: &str| {
        launch(&format!(
            r#""StringNotEquals": {{"ec2:MetadataHttpTokens": "required"}},
               "{operator}": {{"ec2:InstanceType": "t3.micro"}}"#
        ))
    };
    launches(&format!("{}, {}", type_is("StringLike"), type_is("StringNotLike")), Unknown);
}

#[test]
fn a_region_that_was_asked_for_is_not_chosen() {
    let launch = |region| judged(REGIONS, Some(region), true).launch_with_v1.stop;
    assert_eq!(launch("us-east-1"), Stopped);
    assert_eq!(launch("eu-west-1"), NotStopped);
}

#[test]
fn what_is_allowed_for_some_choice_is_allowed() {
    let allow = |condition: &str| {
        let allow = r#"{"Effect": "Allow", "NotAction": "ec2:RunInstances", "Resource": "*"},
            {"Effect": "Allow", "Action": "ec2:RunInstances", "NotResource": "arn:aws:ec2:*:*:instance/*"}"#;
        let some = launch(condition).replace("Deny", "Allow");
        judged(&format!("{allow}, {some}"), None, false).launch_with_v1.stop
    };
    assert_eq!(allow(r#""StringLike": {"ec2:InstanceType": "t3.*"}"#), NotStopped);
    assert_eq!(allow(r#""StringEquals": {"aws:RequestTag/a": "b"}"#), NotStopped);
    assert_eq!(allow(r#""StringEquals": {"ec2:MetadataHttpTokens": "required"}"#), Stopped);
    assert_eq!(allow(r#""StringEquals": {"aws:PrincipalTag/team": "platform"}"#), Unknown);
}

#[test]
fn a_launch_that_names_no_endpoint_may_slip_through() {
    let condition = r#""StringNotEquals": {"ec2:MetadataHttpTokens": "required"},
        "StringEquals": {"ec2:MetadataHttpEndpoint": "enabled"}"#;
    let achievement = launches(&launch(condition), Unknown);
    let reason = &achievement.launch_with_v1.reason;
    assert!(reason.contains("MetadataHttpEndpoint"), "{reason}");
}

#[test]
fn the_other_ways_are_compared_too() {
    let by_tag = |elements: &str, key: &str| {
        judged(&deny(elements, &format!(r#""StringNotEquals": {{"{key}": "x"}}"#)), None, true)
    };
    let all = by_tag(r#""Action": "*", "Resource": "*""#, "aws:PrincipalTag/team");
    for way in [
        &all.launch_with_v1,
        &all.way_back,
        &all.defaults_change,
        &all.hop_limit,
        &all.v1_credentials,
    ] {
        assert_eq!(way.stop, NotStopped, "{way:?}");
    }
    let instances = r#""Action": "ec2:*", "Resource": "arn:aws:ec2:*:*:instance/*""#;
    assert_eq!(by_tag(instances, "aws:ResourceTag/env").way_back.stop, NotStopped);
    // What is about the defaults alone guards them, whomever it lets through.
    let defaults = r#""Action": "ec2:ModifyInstanceMetadataDefaults", "Resource": "*""#;
    assert_eq!(by_tag(defaults, "aws:PrincipalTag/team").defaults_change.stop, Stopped);
    let exempting = OPT_OUT.replace(
        "\"StringNotEquals\": {",
        "\"StringNotEquals\": {\"aws:ResourceTag/env\": \"dev\", ",
    );
    assert_eq!(judged(&exempting, None, true).way_back.stop, Stopped);
}
