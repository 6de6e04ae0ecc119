//! What trees of policies achieve.

use crate::{
    Achievement, Attached, By, Ec2Policy, Ec2Values, Governed, GuardOptions, HOLES, Kind, Level,
    Policy, Stop, achieve,
    evaluate_tests::{DELIVERY, MAX_HOPS, OPT_OUT, REQUIRE, policy},
    generate,
};

fn judged(policy: Policy, ec2_policy: Option<&Ec2Values>, is_management: bool) -> Achievement {
    let levels = [
        Level::with_full_access("root", vec![Attached::new("guard", policy)]),
        Level::with_full_access("shop", Vec::new()),
    ];
    achieve(&Governed {
        partition: "aws",
        account: "111122223333",
        region: None,
        is_management,
        levels: &levels,
        ec2_policy,
        ec2_policy_unread: false,
    })
}

fn member(statements: &str) -> Achievement {
    judged(policy(statements), None, false)
}

fn stops(achievement: &Achievement) -> [Stop; 5] {
    [
        &achievement.launch_with_v1,
        &achievement.way_back,
        &achievement.defaults_change,
        &achievement.hop_limit,
        &achievement.v1_credentials,
    ]
    .map(|way| way.stop)
}

fn codes(achievement: &Achievement) -> Vec<&'static str> {
    let codes: Vec<_> = achievement.holes.iter().map(|hole| hole.code).collect();
    assert!(codes.iter().all(|code| HOLES.contains(code)), "{codes:?}");
    codes
}

const ENFORCED: &str = r#"{"ec2_attributes": {"instance_metadata_defaults": {"http_tokens": "required",
    "http_tokens_enforced": "enabled"}}}"#;
const DEFAULTS_ONLY: &str =
    r#"{"ec2_attributes": {"instance_metadata_defaults": {"http_tokens": "required"}}}"#;

fn values(text: &str) -> Ec2Values {
    Ec2Policy::parse(text).unwrap().values()
}

use Stop::{NotStopped, Stopped, Unknown};

#[test]
fn without_policies_nothing_is_stopped() {
    let achievement = achieve(&Governed {
        partition: "aws",
        account: "111122223333",
        region: None,
        is_management: false,
        levels: &[],
        ec2_policy: None,
        ec2_policy_unread: false,
    });
    assert_eq!(stops(&achievement), [NotStopped; 5]);
    assert_eq!(codes(&achievement), ["defaults-unprotected"]);
}

#[test]
fn the_examples_of_aws_stop_what_they_are_for() {
    assert_eq!(stops(&member(REQUIRE)), [Stopped, NotStopped, NotStopped, NotStopped, NotStopped]);
    assert_eq!(stops(&member(OPT_OUT)), [NotStopped, Stopped, NotStopped, NotStopped, NotStopped]);
    assert_eq!(stops(&member(DELIVERY)), [NotStopped, NotStopped, NotStopped, NotStopped, Stopped]);
    // A hop limit has to be bounded at launch and later.
    assert_eq!(stops(&member(MAX_HOPS))[3], NotStopped);
    let holes = codes(&member(REQUIRE));
    assert_eq!(
        holes,
        [
            "defaults-unprotected",
            "may-leave-organization",
            "policy-removable",
            "service-linked-roles"
        ]
    );
}

#[test]
fn what_is_generated_achieves_what_it_promises() {
    let options = GuardOptions {
        max_hop_limit: Some(2),
        role_delivery: true,
        exempt: vec!["arn:aws:iam::*:role/break-glass".to_owned()],
        ..GuardOptions::default()
    };
    let text = generate(&Kind::Scp(options)).unwrap().text;
    let achievement = judged(Policy::parse(&text).unwrap(), None, false);
    assert_eq!(stops(&achievement), [Stopped; 5]);
    assert!(!achievement.launch_with_v2.is_denied());
    assert_eq!(
        codes(&achievement),
        ["exempted-principals"; 6].into_iter().chain(["service-linked-roles"]).collect::<Vec<_>>()
    );
    let words = &achievement.holes[0].words;
    assert!(words.contains("ArnNotLike arn:aws:iam::*:role/break-glass"), "{words}");
}

#[test]
fn an_exemption_is_none_where_another_statement_binds_everybody() {
    let exempting = REQUIRE.replace(
        "\"Condition\": {",
        "\"Condition\": {\"ArnNotLike\": {\"aws:PrincipalArn\": \"arn:aws:iam::*:role/x\"}, ",
    );
    assert!(codes(&member(&exempting)).contains(&"exempted-principals"));
    assert!(!codes(&member(&format!("{exempting}, {REQUIRE}"))).contains(&"exempted-principals"));
    let by_tag = exempting.replace("ArnNotLike", "StringNotEquals2").replace(
        "\"StringNotEquals2\": {\"aws:PrincipalArn\"",
        "\"StringNotLike\": {\"aws:RequestTag/imds\"",
    );
    assert!(codes(&member(&by_tag)).contains(&"exempted-by-tag"), "{by_tag}");
    let everybody = exempting.replace("role/x", "role/*");
    assert_eq!(member(&everybody).launch_with_v1.stop, NotStopped);
}

#[test]
fn an_omitted_option_leaves_the_launch_unknown() {
    let positive =
        REQUIRE.replace("StringNotEquals", "StringEquals").replace("required", "optional");
    let achievement = member(&positive);
    assert_eq!(achievement.launch_with_v1.stop, Unknown);
    assert!(codes(&achievement).contains(&"silent-launches"));
    // With version 2 as the default of silent launches there is no such way.
    let achievement = judged(policy(&positive), Some(&values(DEFAULTS_ONLY)), false);
    assert_eq!(stops(&achievement)[..3], [Stopped, NotStopped, Stopped]);
    assert!(!codes(&achievement).contains(&"silent-launches"));
}

#[test]
fn service_control_policies_do_not_bind_the_management_account() {
    let all = [REQUIRE, OPT_OUT, DELIVERY].join(", ");
    let achievement = judged(policy(&all), None, true);
    assert_eq!(stops(&achievement), [NotStopped; 5]);
    assert!(codes(&achievement).contains(&"management-account"));
}

#[test]
fn an_ec2_policy_stops_what_it_enforces() {
    let all = judged(policy(MAX_HOPS), Some(&values(ENFORCED)), true);
    assert_eq!(stops(&all), [Stopped, Stopped, Stopped, NotStopped, NotStopped]);
    assert_eq!(all.way_back.by, Some(By::Ec2Policy));
    assert!(!codes(&all).contains(&"service-linked-roles"));
    let defaults = judged(policy(MAX_HOPS), Some(&values(DEFAULTS_ONLY)), false);
    assert_eq!(stops(&defaults)[..3], [NotStopped, NotStopped, Stopped]);
    let odd = values(&ENFORCED.replace("enabled", "sometimes"));
    let odd = judged(policy(MAX_HOPS), Some(&odd), false);
    assert_eq!(stops(&odd)[..2], [Unknown, Unknown]);
}

#[test]
fn an_ec2_policy_that_was_not_read_may_stop_what_nothing_else_stops() {
    let governed = |levels| {
        achieve(&Governed {
            partition: "aws",
            account: "111122223333",
            region: None,
            is_management: false,
            levels,
            ec2_policy: None,
            ec2_policy_unread: true,
        })
    };
    assert_eq!(stops(&governed(&[])), [Unknown, Unknown, Unknown, NotStopped, NotStopped]);
    assert!(governed(&[]).launch_with_v1.reason.contains("could not be read"));
    let levels = [Level::with_full_access("root", vec![Attached::new("guard", policy(REQUIRE))])];
    assert_eq!(governed(&levels).launch_with_v1.stop, Stopped);
}

#[test]
fn a_region_that_a_statement_is_about_has_to_be_known() {
    let regional = REQUIRE.replace("arn:aws:ec2:*:", "arn:aws:ec2:us-east-1:");
    let levels = [Level::with_full_access("root", vec![Attached::new("guard", policy(&regional))])];
    let judged = |region| {
        achieve(&Governed {
            partition: "aws",
            account: "111122223333",
            region,
            is_management: false,
            levels: &levels,
            ec2_policy: None,
            ec2_policy_unread: false,
        })
        .launch_with_v1
        .stop
    };
    assert_eq!(judged(None), Unknown);
    assert_eq!(judged(Some("us-east-1")), Stopped);
    assert_eq!(judged(Some("us-east-2")), NotStopped);
}

#[test]
fn a_policy_that_blocks_every_launch_shows_it() {
    let achievement = member(&REQUIRE.replace("arn:aws:ec2:*:*:instance/*", "*"));
    assert_eq!(achievement.launch_with_v1.stop, Stopped);
    assert!(achievement.launch_with_v2.is_denied());
}
