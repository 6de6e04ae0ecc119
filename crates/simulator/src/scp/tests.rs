//! Statements as people write them, and requests as they are sent.

use serde_json::json;

use super::*;

fn request(action: &'static str, keys: &[(&'static str, &str)]) -> Request {
    let keys = keys.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    Request { action, resource: "arn:aws:ec2:us-east-1:111122223333:instance/i-1".into(), keys }
}

fn applies(condition: Value, keys: &[(&'static str, &str)]) -> bool {
    let mut statement = json!({ "Effect": "Deny", "Action": "ec2:Modify*", "Resource": "*" });
    statement["Condition"] = condition;
    let content = json!({ "Statement": statement }).to_string();
    let request = request("ec2:ModifyInstanceMetadataOptions", keys);
    statements(&content).iter().any(|statement| statement.applies(&request))
}

const TOKENS: &str = "ec2:Attribute/HttpTokens";
const HOPS: &str = "ec2:Attribute/HttpPutResponseHopLimit";
const WHO: &str = "aws:PrincipalArn";

#[test]
fn operators_follow_the_guide() {
    let optional = &[(TOKENS, "optional")][..];
    let table = [
        (json!({ "StringEquals": { TOKENS: "optional" } }), true, false),
        (json!({ "StringNotEquals": { TOKENS: ["required", "mandatory"] } }), true, true),
        (json!({ "StringEqualsIfExists": { TOKENS: "optional" } }), true, true),
        (json!({ "StringNotEqualsIfExists": { TOKENS: "required" } }), true, true),
        (json!({ "StringLike": { TOKENS: "opt*" } }), true, false),
        (json!({ "StringNotLike": { TOKENS: "opt*" } }), false, true),
        (
            json!({ "StringEqualsIgnoreCase": { "EC2:attribute/httptokens": "OPTIONAL" } }),
            true,
            false,
        ),
        (json!({ "Null": { TOKENS: "false" } }), true, false),
        (json!({ "Null": { TOKENS: true } }), false, true),
        (
            json!({ "StringNotEquals": { TOKENS: "required" }, "Null": { TOKENS: "false" } }),
            true,
            false,
        ),
    ];
    for (condition, with, without) in table {
        assert_eq!(applies(condition.clone(), optional), with, "{condition}");
        assert_eq!(applies(condition.clone(), &[]), without, "{condition}");
    }
}

#[test]
fn numbers_and_principals_are_compared_as_such() {
    let hops = |operator: &str, hops: &'static str| {
        applies(json!({ operator: { HOPS: 2 } }), &[(HOPS, hops)])
    };
    assert!(hops("NumericGreaterThan", "10") && !hops("NumericGreaterThan", "2"));
    assert!(hops("NumericLessThanEquals", "2.0") && hops("NumericEquals", "2"));
    let by = |arn: &'static str| {
        let exempt = "arn:aws:iam::*:role/Org*";
        applies(json!({ "ArnNotLike": { WHO: exempt } }), &[(WHO, arn)])
    };
    assert!(!by("arn:aws:iam::111122223333:role/OrganizationAccountAccessRole"));
    assert!(by("arn:aws:iam::111122223333:role/deploy"));
    // A star does not reach from one part into the next.
    assert!(by("arn:aws:iam::1:2:role/Org"));
}

#[test]
fn what_is_not_understood_does_not_apply() {
    for condition in [
        json!({ "ForAnyValue:StringEquals": { TOKENS: "optional" } }),
        json!({ "StringEquals": { "aws:PrincipalTag/team": "web" } }),
        json!({ "DateGreaterThan": { "aws:CurrentTime": "2020-01-01T00:00:00Z" } }),
        json!({ "StringEquals": { TOKENS: {} } }),
        json!("no"),
    ] {
        assert!(!applies(condition.clone(), &[(TOKENS, "optional")]), "{condition}");
    }
    for content in ["", "{}", "[]", r#"{"Statement":[1,{"Effect":"Deny"}]}"#] {
        assert!(statements(content).is_empty(), "{content}");
    }
}

#[test]
fn elements_may_be_inverted() {
    let content = json!({ "Statement": [
        { "Effect": "Deny", "NotAction": ["ec2:Describe*"], "NotResource": "arn:aws:ec2:*:*:image/*" },
        { "Effect": "Allow", "Action": "*", "Resource": "*" },
    ] });
    let [statement] = &statements(&content.to_string())[..] else { panic!() };
    assert!(statement.applies(&request("ec2:RunInstances", &[])));
    assert!(!statement.applies(&request("ec2:DescribeImages", &[])));
    let image = "arn:aws:ec2:us-east-1::image/ami-1".to_owned();
    assert!(!statement.applies(&Request { resource: image, ..request("ec2:RunInstances", &[]) }));
}
