//! Mistakes in guardrails, each in the form in which people make it; and sound policies, which have none.

use crate::{
    Ec2Options, Ec2Policy, GuardOptions, Kind, LintKind, Mistake, MistakeSeverity, Policy,
    evaluate_tests::{DELIVERY, MAX_HOPS, OPT_OUT, REQUIRE, policy},
    generate, lint, lint_ec2,
};

/// Codes of what is more than information.
fn codes(mistakes: &[Mistake]) -> Vec<&'static str> {
    mistakes.iter().filter(|m| m.severity != MistakeSeverity::Info).map(|m| m.code).collect()
}

fn scp(statements: &str) -> Vec<Mistake> {
    lint(&policy(statements), LintKind::Scp)
}

#[track_caller]
fn clean(text: &str) {
    for kind in [LintKind::Scp, LintKind::Identity] {
        let mistakes = lint(&Policy::parse(text).unwrap(), kind);
        assert_eq!(codes(&mistakes), [""; 0], "{text}\n{mistakes:#?}");
    }
}

/// The statement has this mistake and no other, and its sound form has none.
#[track_caller]
fn mistaken(statements: &str, code: &str) {
    let mistakes = scp(statements);
    assert_eq!(codes(&mistakes), [code], "{statements}\n{mistakes:#?}");
    for sound in mistakes.iter().filter_map(|mistake| mistake.sound.as_deref()) {
        let again = scp(sound);
        assert_eq!(codes(&again), [""; 0], "{sound}\n{again:#?}");
    }
}

fn sound_form(statements: &str, code: &str) -> String {
    let mistake = scp(statements).into_iter().find(|mistake| mistake.code == code);
    mistake.and_then(|mistake| mistake.sound).unwrap()
}

fn deny(action: &str, resource: &str, condition: &str) -> String {
    format!(
        r#"{{"Sid": "S", "Effect": "Deny", "Action": {action}, "Resource": "{resource}", "Condition": {{{condition}}}}}"#
    )
}

fn launch(condition: &str) -> String {
    deny(r#""ec2:RunInstances""#, "arn:aws:ec2:*:*:instance/*", condition)
}

fn change(condition: &str) -> String {
    deny(r#""ec2:ModifyInstanceMetadataOptions""#, "arn:aws:ec2:*:*:instance/*", condition)
}

fn delivery(condition: &str) -> String {
    deny(r#""*""#, "*", condition)
}

#[test]
fn the_examples_of_aws_are_clean() {
    for statements in [REQUIRE, MAX_HOPS, OPT_OUT, DELIVERY] {
        clean(&format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#));
    }
    let together = [REQUIRE, MAX_HOPS, OPT_OUT, DELIVERY].join(", ");
    clean(&format!(r#"{{"Version": "2012-10-17", "Statement": [{together}]}}"#));
}

#[test]
fn policies_about_other_things_are_clean_and_without_gaps() {
    for statements in [
        r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#,
        // Regions, as AWS shows it.
        r#"{"Sid": "R", "Effect": "Deny", "NotAction": ["iam:*", "organizations:*", "sts:*"], "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1"]},
            "ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/Role1AllowedToBypass"]}}}"#,
        r#"{"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}"#,
        r#"{"Effect": "Deny", "Action": ["ec2:ModifyInstanceMaintenanceOptions", "ec2:StartInstances"], "Resource": "*"}"#,
        r#"{"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}"#,
        r#"{"Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "arn:aws:ec2:*:*:instance/*",
            "Condition": {"StringNotEquals": {"ec2:InstanceType": "t3.micro"}}}"#,
    ] {
        assert_eq!(scp(statements), [], "{statements}");
    }
}

#[test]
fn keys_of_other_services_are_no_misspellings() {
    for condition in [
        r#""StringNotEquals": {"autoscaling:MetadataHttpTokens": "required"}"#,
        r#""StringEquals": {"autoscaling:MetadataHttpEndpoint": "enabled"}"#,
        r#""NumericGreaterThan": {"autoscaling:MetadataHttpPutResponseHopLimit": 2}"#,
        r#""StringEquals": {"lambda:MyHttpTokens": "a"}"#,
    ] {
        let statement = deny(r#""autoscaling:CreateLaunchConfiguration""#, "*", condition);
        assert_eq!(codes(&scp(&statement)), [""; 0], "{condition}");
    }
}

#[test]
fn sound_forms_that_are_written_otherwise_are_clean() {
    for statements in [
        launch(r#""StringNotEqualsIfExists": {"ec2:MetadataHttpTokens": "required"}"#),
        launch(r#""StringNotLike": {"ec2:metadatahttptokens": ["requ*"]}"#),
        launch(r#""StringNotEqualsIgnoreCase": {"ec2:MetadataHttpTokens": "Required"}"#),
        // An option that is optional is only named to be optional: this leaves no hole.
        change(r#""StringEquals": {"ec2:Attribute/HttpTokens": "optional"}"#),
        change(r#""NumericGreaterThan": {"ec2:Attribute/HttpPutResponseHopLimit": 2}"#),
        // A hop limit is on the instance alone, and its absence elsewhere denies nothing.
        deny(
            r#""ec2:RunInstances""#,
            "*",
            r#""NumericGreaterThan": {"ec2:MetadataHttpPutResponseHopLimit": "2"}"#,
        ),
        // Two statements that stop both: the option named, and the option left out.
        format!(
            "{}, {}",
            launch(r#""StringEquals": {"ec2:MetadataHttpTokens": "optional"}"#).replace("\"S\"", "\"A\""),
            launch(r#""Null": {"ec2:MetadataHttpTokens": "true"}"#)
        ),
        launch(
            r#""StringNotEquals": {"ec2:MetadataHttpTokens": "required"}, "StringEqualsIfExists": {"ec2:MetadataHttpEndpoint": "enabled"}"#,
        ),
        launch(
            r#""StringNotEquals": {"ec2:MetadataHttpTokens": "required", "ec2:MetadataHttpEndpoint": "disabled"}"#,
        ),
        delivery(r#""NumericLessThan": {"ec2:RoleDelivery": 2}"#),
        delivery(r#""NumericEquals": {"ec2:RoleDelivery": "1.0"}"#),
        r#"{"Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "arn:aws:ec2:*:*:instance/*",
            "Condition": {"StringEquals": {"ec2:MetadataHttpTokens": "required"}}},
           {"Effect": "Allow", "Action": "ec2:RunInstances", "NotResource": "arn:aws:ec2:*:*:instance/*"}"#
            .to_owned(),
        r#"{"Effect": "Deny", "Action": "ec2:ModifyInstanceMetadata*", "Resource": "*",
            "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/imds-admin"}}}"#
            .to_owned(),
        REQUIRE.replace("arn:aws:", "arn:aws-us-gov:"),
        REQUIRE.replace("ec2:*:*:", "ec2:us-east-1:111122223333:"),
    ] {
        assert_eq!(codes(&scp(&statements)), [""; 0], "{statements}\n{:#?}", scp(&statements));
    }
}

#[test]
fn mistakes_about_launches() {
    let tokens = r#""StringNotEquals": {"ec2:MetadataHttpTokens": "required"}"#;
    let optional = r#""StringEquals": {"ec2:MetadataHttpTokens": "optional"}"#;
    mistaken(&launch(optional), "omitted-option-slips-through");
    mistaken(&launch(&optional.replace("Equals", "Like")), "omitted-option-slips-through");
    mistaken(
        &launch(&format!(r#"{tokens}, "Null": {{"ec2:MetadataHttpTokens": "false"}}"#)),
        "omitted-option-slips-through",
    );
    let all = r#""ec2:RunInstances""#;
    mistaken(&deny(all, "*", tokens), "denies-every-launch");
    mistaken(&deny(all, "arn:aws:ec2:*:*:launch-template/*", tokens), "resource-lacks-key");
    mistaken(&deny(all, "arn:aws:ec2:*:*:launch-template/*", optional), "resource-lacks-key");
    mistaken(&deny(all, "arn:aws:ec2:*:*:volume/*", tokens), "denies-every-launch");
    mistaken(&launch(&tokens.replace("NotEquals", "Equals")), "condition-inverted");
    mistaken(&launch(r#""Null": {"ec2:MetadataHttpTokens": "false"}"#), "condition-inverted");
    mistaken(&deny(r#""*""#, "*", tokens), "denies-unrelated-calls");
    mistaken(
        &deny(r#"["ec2:RunInstances", "ec2:Describe*"]"#, "*", tokens),
        "denies-unrelated-calls",
    );
    mistaken(
        &launch(&format!(
            r#"{tokens}, "NumericGreaterThan": {{"ec2:MetadataHttpPutResponseHopLimit": 2}}"#
        )),
        "conditions-are-anded",
    );
    mistaken(
        &launch(&tokens.replace("MetadataHttpTokens", "Attribute/HttpTokens")),
        "wrong-key-for-launch",
    );
    mistaken(
        &launch(&format!(r#"{tokens}, "StringEquals": {{"ec2:MetadataHttpEndpoint": "enabled"}}"#)),
        "omitted-option-slips-through",
    );
    mistaken(
        &launch(&tokens.replace("\"required\"", r#"["required", "optional"]"#)),
        "never-denies-v1",
    );
    let instances = "arn:aws:ec2:*:*:instance/*";
    for (action, resource) in [
        ("autoscaling:CreateLaunchConfiguration", "*"),
        ("ec2:CreateLaunchTemplate", "*"),
        ("ec2:CreateLaunchTemplateVersion", "arn:aws:ec2:*:*:launch-template/*"),
    ] {
        let both = format!(r#"["ec2:RunInstances", "{action}"]"#);
        for action in [format!("{action:?}"), both] {
            mistaken(&deny(&action, resource, tokens), "denies-unrelated-calls");
        }
    }
    for action in [r#"["ec2:RunInstances", "ec2:StopInstances"]"#, r#""ec2:*Instances""#, r#""*""#]
    {
        mistaken(&deny(action, instances, tokens), "may-deny-other-calls");
    }
    let not_describe =
        deny("1", instances, tokens).replace(r#""Action": 1"#, r#""NotAction": "ec2:Describe*""#);
    mistaken(&not_describe, "may-deny-other-calls");
    let whole = codes(&scp(&deny(r#""ec2:*""#, instances, tokens)));
    assert_eq!(whole, ["may-deny-other-calls", "wrong-key-for-change"]);
    let not_action = REQUIRE.replace("\"Action\"", "\"NotAction\"");
    mistaken(&not_action, "not-action-leaves-out");
}

#[test]
fn mistakes_about_changes() {
    let tokens = r#""StringNotEquals": {"ec2:Attribute/HttpTokens": "required"}"#;
    mistaken(&change(tokens), "over-blocks-other-changes");
    mistaken(&change(&tokens.replace("Equals", "EqualsIfExists")), "over-blocks-other-changes");
    mistaken(
        &change(&format!(r#"{tokens}, "Null": {{"ec2:Attribute/HttpTokens": "true"}}"#)),
        "condition-inverted",
    );
    mistaken(&change(&tokens.replace("NotEquals", "Equals")), "condition-inverted");
    mistaken(
        &change(r#""StringNotEquals": {"ec2:MetadataHttpTokens": "required"}"#),
        "wrong-key-for-change",
    );
    mistaken(
        &change(r#""NumericGreaterThan": {"ec2:MetadataHttpPutResponseHopLimit": 1}"#),
        "wrong-key-for-change",
    );
    let both = REQUIRE.replace(
        "\"ec2:RunInstances\"",
        r#"["ec2:RunInstances", "ec2:ModifyInstanceMetadataOptions"]"#,
    );
    mistaken(&both, "wrong-key-for-change");
    let sound = sound_form(&both, "wrong-key-for-change");
    assert!(sound.contains("RequireImdsV2AtLaunch") && sound.contains("DenyWayBack"), "{sound}");
    mistaken(
        &OPT_OUT.replace("ModifyInstanceMetadataOptions", "ModifyInstanceMetadataDefaults"),
        "no-key-for-defaults",
    );
    mistaken(&deny(r#""ec2:*""#, "*", tokens), "denies-unrelated-calls");
}

#[test]
fn a_sound_form_keeps_the_exemptions() {
    let statement = change(
        r#""StringNotEquals": {"ec2:Attribute/HttpTokens": "required"},
           "ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/a", "arn:aws:iam::*:role/b"]}"#,
    );
    let sound = sound_form(&statement, "over-blocks-other-changes");
    assert!(
        sound.contains("role/a") && sound.contains("role/b") && sound.contains("Null"),
        "{sound}"
    );
}

#[test]
fn mistakes_about_role_delivery() {
    let less = r#""NumericLessThan": {"ec2:RoleDelivery": "2.0"}"#;
    mistaken(&delivery(&less.replace("Than", "ThanIfExists")), "denies-calls-without-role");
    mistaken(
        &delivery(r#""NumericNotEquals": {"ec2:RoleDelivery": 2}"#),
        "denies-calls-without-role",
    );
    mistaken(&delivery(&less.replace("Less", "Greater")), "role-delivery-never-matches");
    mistaken(&delivery(&less.replace("2.0", "1.0")), "role-delivery-never-matches");
    mistaken(&delivery(&less.replace("Than", "ThanEquals")), "role-delivery-denies-v2");
    mistaken(&delivery(r#""StringEquals": {"ec2:RoleDelivery": "1.0"}"#), "operator-does-not-fit");
    let text = delivery(r#""StringEquals": {"ec2:RoleDelivery": "1"}"#);
    assert_eq!(codes(&scp(&text)), ["operator-does-not-fit", "role-delivery-never-matches"]);
}

#[test]
fn mistakes_of_spelling() {
    for action in [
        "ec2:RunInstance",
        "ec2:ModifyInstanceMetaDataOption",
        "ec2:ModifyInstanceMetadata",
        "ec2-instance:RunInstances",
        "RunInstances",
        "ec2:ModifyInstanceMetadataDefault",
    ] {
        mistaken(&deny(&format!("{action:?}"), "*", ""), "unknown-action");
    }
    for key in [
        "ec2:MetadataHttpToken",
        "ec2:HttpTokens",
        "ec2:Attributes/HttpTokens",
        "aws:RoleDelivery",
        "ec2:MetadataHopLimit",
    ] {
        mistaken(
            &launch(&format!(r#""StringNotEquals": {{{key:?}: "required"}}"#)),
            "unknown-condition-key",
        );
    }
    for value in ["Required", "require", "v2", "*"] {
        mistaken(
            &launch(&format!(r#""StringNotEquals": {{"ec2:MetadataHttpTokens": {value:?}}}"#)),
            "impossible-value",
        );
    }
    mistaken(&launch(r#""Null": {"ec2:MetadataHttpTokens": "no"}"#), "impossible-value");
    let autoscaling =
        |condition: &str| deny(r#""autoscaling:CreateLaunchConfiguration""#, "*", condition);
    for (key, value, code) in [
        ("autoscaling:MetadataHttpTokens", "v2", "impossible-value"),
        ("autoscaling:MetadataHttpEndpoint", "on", "impossible-value"),
        ("autoscaling:MetadataHttpToken", "required", "unknown-condition-key"),
    ] {
        mistaken(&autoscaling(&format!(r#""StringNotEquals": {{{key:?}: {value:?}}}"#)), code);
    }
    mistaken(
        &launch(r#""NumericGreaterThan": {"ec2:MetadataHttpPutResponseHopLimit": "two"}"#),
        "impossible-value",
    );
    mistaken(
        &launch(r#""StringNotEquals": {"ec2:MetadataHttpPutResponseHopLimit": "1"}"#),
        "operator-does-not-fit",
    );
    mistaken(
        &launch(r#""ForAllValues:StringNotEquals": {"ec2:MetadataHttpTokens": "required"}"#),
        "set-operator-on-single-value",
    );
}

#[test]
fn mistakes_about_arns() {
    let tokens = r#""StringNotEquals": {"ec2:MetadataHttpTokens": "required"}"#;
    for resource in ["arn:aws:ec2:*:instance/*", "arn:aws:ec2:instance/*", "arn:aws:ec2:*:image"] {
        mistaken(&deny(r#""ec2:RunInstances""#, resource, tokens), "malformed-arn");
    }
    for resource in ["arn:aws:s3:::a/*", "arn:aws:ec2:*", "arn:aws:ec2:*:*", "arn:*", "*"] {
        assert_eq!(scp(&deny(r#""s3:*""#, resource, "")), [], "{resource}");
    }
}

#[test]
fn mistakes_about_exemptions() {
    let exempting = |operator: &str, value: &str| {
        deny(
            r#""ec2:ModifyInstanceMetadataDefaults""#,
            "*",
            &format!(r#""{operator}": {{"aws:PrincipalArn": "{value}"}}"#),
        )
    };
    for value in [
        "*",
        "arn:*",
        "arn:aws:iam::*:*",
        "arn:aws:iam::*:role/*",
        "arn:aws:iam::*:user/*",
        "arn:aws:iam::*:role/?*",
        "arn:aws-cn:iam::????????????:user/*?",
    ] {
        mistaken(&exempting("ArnNotLike", value), "exempts-everyone");
        mistaken(&exempting("StringNotLike", value), "exempts-everyone");
    }
    mistaken(&exempting("StringNotEquals", "arn:aws:iam::*:role/a"), "wildcard-taken-literally");
    mistaken(
        &exempting("ArnNotLike", "arn:aws:sts::*:assumed-role/a/*"),
        "exemption-never-matches",
    );
    mistaken(
        &exempting("ForAnyValue:ArnNotLike", "arn:aws:iam::*:role/a"),
        "set-operator-on-single-value",
    );
}

#[test]
fn mistakes_about_grants() {
    let allow = |elements: &str, condition: &str| {
        format!(r#"{{"Effect": "Allow", {elements}, "Condition": {{{condition}}}}}"#)
    };
    let required = r#""StringEquals": {"ec2:MetadataHttpTokens": "required"}"#;
    let run = r#""Action": "ec2:RunInstances", "Resource": "*""#;
    mistaken(&allow(run, required), "grant-covers-no-launch");
    let all = r#"{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}"#;
    mistaken(&format!("{}, {all}", allow(run, required)), "allowed-elsewhere");
    let some = format!("{}, {all}", allow(run, &required.replace('S', "ForAllValues:S")));
    assert!(codes(&scp(&some)).contains(&"set-operator-on-single-value"));
    let not = r#""NotAction": ["iam:*", "ec2:ModifyInstanceMetadataOptions"], "Resource": "*""#;
    mistaken(&allow(not, ""), "not-action-lets-in");
    let denied =
        r#"{"Effect": "Deny", "Action": "ec2:ModifyInstanceMetadataDefaults", "Resource": "*"}"#;
    assert_eq!(codes(&scp(&format!("{}, {denied}", allow(not, "")))), [""; 0]);
}

#[test]
fn mistakes_of_structure() {
    let statement =
        |element: &str| format!(r#"{{"Effect": "Deny", "Action": "iam:*", {element}}}"#);
    mistaken(&statement(r#""Resource": "*", "Principal": "*""#), "principal-not-allowed");
    mistaken(&statement(r#""Sid": "A""#), "no-resource");
    mistaken(&statement(r#""Resource": "*", "Conditions": {}"#), "unknown-element");
    mistaken(
        &statement(r#""Resource": "*", "Condition": {"StringNotEqual": {"aws:a": "b"}}"#),
        "unknown-operator",
    );
    let twice = statement(r#""Sid": "A", "Resource": "*""#);
    mistaken(&format!("{twice}, {twice}"), "duplicate-sid");
    let whole = |text: &str| codes(&lint(&Policy::parse(text).unwrap(), LintKind::Scp));
    let old = r#"{"Statement": {"Effect": "Deny", "Action": "iam:*", "Resource": "*",
        "Condition": {"StringEquals": {"aws:a": "${aws:username}"}}}}"#;
    assert_eq!(whole(old), ["variable-taken-literally"]);
    let version = r#"{"Version": "2030-01-01", "Statements": 1, "Statement": {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}}"#;
    assert_eq!(whole(version), ["unknown-version", "unknown-element"]);
    let long = format!("{version}{}", " ".repeat(10_300))
        .replace("2030-01-01\", \"Statements\": 1", "2012-10-17\"");
    assert_eq!(whole(&long), ["policy-too-long"]);
    assert_eq!(codes(&lint(&Policy::parse(&long).unwrap(), LintKind::Identity)), [""; 0]);
}

#[test]
fn gaps_are_information() {
    let gaps = |statements: &str| -> Vec<_> {
        scp(statements).into_iter().map(|mistake| (mistake.code, mistake.severity)).collect()
    };
    let info = |code| (code, MistakeSeverity::Info);
    assert_eq!(gaps(REQUIRE), [info("change-unprotected"), info("defaults-unprotected")]);
    assert_eq!(gaps(OPT_OUT), [info("defaults-unprotected"), info("launch-unprotected")]);
    assert_eq!(gaps(DELIVERY), []);
}

#[test]
fn mistakes_know_their_place() {
    let text = "{\"Version\": \"2012-10-17\",\n \"Statement\": [\n  {\"Sid\": \"Tokens\", \"Effect\": \"Deny\", \"Action\": \
                \"ec2:RunInstances\",\n   \"Resource\": \"*\", \"Condition\": {\"StringNotEquals\":\n    \
                {\"ec2:MetadataHttpTokens\": \"required\"}}}]}";
    let mistakes = lint(&Policy::parse(text).unwrap(), LintKind::Scp);
    let mistake = mistakes.iter().find(|mistake| mistake.code == "denies-every-launch").unwrap();
    assert_eq!((mistake.position.line, mistake.position.column), (5, 6));
    assert_eq!((mistake.statement, mistake.sid.as_deref()), (Some(0), Some("Tokens")));
}

fn ec2(defaults: &str) -> Vec<Mistake> {
    let text = format!(r#"{{"ec2_attributes": {{"instance_metadata_defaults": {{{defaults}}}}}}}"#);
    lint_ec2(&Ec2Policy::parse(&text).unwrap())
}

#[test]
fn mistakes_of_ec2_policies() {
    for (defaults, code) in [
        (r#""http_tokens": "required""#, "missing-assign"),
        (r#""http_tokens": {}"#, "missing-assign"),
        (r#""http_tokens": {"@@assign": ["required"]}"#, "missing-assign"),
        (r#""http_tokens": {"@@assign": "no-preference"}"#, "impossible-value"),
        (r#""http_endpoint": {"@@assign": "on"}"#, "impossible-value"),
        (r#""http_token": {"@@assign": "required"}"#, "unknown-attribute"),
        (r#""http_put_response_hop_limit": {"@@assign": "65"}"#, "hop-limit-range"),
        (r#""http_put_response_hop_limit": {"@@assign": 0}"#, "hop-limit-range"),
        (
            r#""http_tokens": {"@@append": "required", "@@assign": "no_preference"}"#,
            "operator-not-for-this",
        ),
        (
            r#""http_tokens": {"@assign": "required", "@@assign": "no_preference"}"#,
            "unknown-attribute",
        ),
        (r#""@@operators_allowed_for_child_policies": ["@@nothing"]"#, "unknown-attribute"),
        (r#""http_tokens": {"@@assign": "optional"}"#, "sets-optional"),
        (r#""http_tokens_enforced": {"@@assign": "enabled"}"#, "enforced-without-default"),
    ] {
        assert_eq!(codes(&ec2(defaults)), [code], "{defaults}");
    }
    let whole = |text: &str| codes(&lint_ec2(&Ec2Policy::parse(text).unwrap()));
    assert_eq!(whole("{}"), ["no-ec2-attributes"]);
    assert_eq!(whole(r#"{"ec2_attributes": {"instance_metadata": {}}}"#), ["unknown-attribute"]);
    assert_eq!(whole(r#"{"ec2_attributes": {"instance_metadata_defaults": 1}}"#), ["wrong-shape"]);
    assert_eq!(whole(r#"{"ec2_attributes": {"vpc_block_public_access": {}}}"#), [""; 0]);
}

#[test]
fn an_ec2_policy_that_only_sets_defaults_is_told_so() {
    let mistakes = ec2(
        r#""http_tokens": {"@@assign": "required"}, "http_put_response_hop_limit": {"@@assign": "2"},
           "http_endpoint": {"@@assign": "enabled"}, "instance_metadata_tags": {"@@assign": "no_preference"},
           "@@operators_allowed_for_child_policies": ["@@none"]"#,
    );
    let found: Vec<_> = mistakes.iter().map(|mistake| (mistake.code, mistake.severity)).collect();
    assert_eq!(found, [("defaults-only", MistakeSeverity::Info)]);
}

#[test]
fn what_is_generated_is_clean() {
    let exempt =
        vec!["arn:aws:iam::111122223333:role/a".to_owned(), "arn:aws:iam::*:user/b*".to_owned()];
    for partition in ["aws", "aws-cn", "aws-us-gov"] {
        for (max_hop_limit, role_delivery) in [(None, false), (Some(1), true), (Some(64), false)] {
            for exempt in [Vec::new(), exempt.clone()] {
                let options = GuardOptions {
                    partition: partition.to_owned(),
                    max_hop_limit,
                    role_delivery,
                    exempt: exempt.clone(),
                    self_protection: true,
                };
                let perimeter = Kind::DataPerimeter { partition: partition.to_owned(), exempt };
                for kind in [Kind::Scp(options.clone()), Kind::Iam(options), perimeter] {
                    clean(&generate(&kind).unwrap().text);
                }
            }
        }
    }
    for options in [
        Ec2Options::default(),
        Ec2Options {
            enforce: false,
            hop_limit: Some(2),
            exception_message: Some("why \"so\"".to_owned()),
        },
    ] {
        let text = generate(&Kind::Ec2Policy(options)).unwrap().text;
        let mistakes = lint_ec2(&Ec2Policy::parse(&text).unwrap());
        assert_eq!(codes(&mistakes), [""; 0], "{text}");
    }
}

#[test]
fn what_cannot_be_meant_is_not_generated() {
    let refused = |options: GuardOptions, words: &str| {
        let error = generate(&Kind::Scp(options)).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    let exempting =
        |arn: &str| GuardOptions { exempt: vec![arn.to_owned()], ..GuardOptions::default() };
    for arn in ["*", "admin", "arn:aws:sts::111122223333:assumed-role/a/b", "arn:aws:iam::1:role/a"]
    {
        refused(exempting(arn), "no principal to exempt");
    }
    refused(exempting("arn:aws:iam::*:role/*"), "everybody");
    refused(exempting("arn:aws:iam::*:role/**"), "everybody");
    refused(exempting("arn:aws:iam::*:role/?*"), "everybody");
    refused(GuardOptions { max_hop_limit: Some(65), ..GuardOptions::default() }, "1 to 64");
    refused(
        GuardOptions { partition: "mars".to_owned(), ..GuardOptions::default() },
        "no partition",
    );
    let many =
        (0..40).map(|i| format!("arn:aws:iam::*:role/a-role-with-a-long-name-{i}")).collect();
    refused(GuardOptions { exempt: many, ..GuardOptions::default() }, "10240");
}
