//! IAM's documented semantics of conditions, as a table.

use crate::{
    KeyValue, Policy, Request, Truth,
    request::{Context, Resource},
};

fn holds(condition: &str, key: KeyValue) -> Truth {
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {{{condition}}}}}}}"#
    );
    let policy = Policy::parse(&text).unwrap();
    let mut context = Context::default();
    context.set("k", key);
    context.set("aws:username", KeyValue::of("an*a"));
    let request = Request { action: "a:B".to_owned(), resources: vec![Resource::any()], context };
    policy.statements[0].applies(&policy, &request, &request.resources[0])
}

#[track_caller]
fn table(rows: &[(&str, &str, KeyValue, bool)]) {
    for (operator, value, key, expected) in rows {
        let condition = format!(r#""{operator}": {{"K": {value}}}"#);
        let found = holds(&condition, key.clone());
        assert_eq!(found, Truth::from(*expected), "{operator} {value} {key:?}");
    }
}

fn is(value: &str) -> KeyValue {
    KeyValue::of(value)
}

fn are(values: &[&str]) -> KeyValue {
    KeyValue::Present(values.iter().map(|value| (*value).to_owned()).collect())
}

#[test]
fn an_absent_key_is_false_for_positive_and_true_for_negated_operators() {
    let positive = [
        ("StringEquals", "\"a\""),
        ("StringEqualsIgnoreCase", "\"a\""),
        ("StringLike", "\"*\""),
        ("NumericEquals", "1"),
        ("NumericLessThan", "1"),
        ("NumericLessThanEquals", "1"),
        ("NumericGreaterThan", "1"),
        ("NumericGreaterThanEquals", "1"),
        ("DateEquals", "\"2026-01-01\""),
        ("DateLessThan", "\"2026-01-01\""),
        ("DateLessThanEquals", "\"2026-01-01\""),
        ("DateGreaterThan", "\"2026-01-01\""),
        ("DateGreaterThanEquals", "\"2026-01-01\""),
        ("Bool", "true"),
        ("BinaryEquals", "\"YQ==\""),
        ("IpAddress", "\"10.0.0.0/8\""),
        ("ArnEquals", "\"arn:aws:iam::1:role/a\""),
        ("ArnLike", "\"*\""),
    ];
    let negated = [
        ("StringNotEquals", "\"a\""),
        ("StringNotEqualsIgnoreCase", "\"a\""),
        ("StringNotLike", "\"*\""),
        ("NumericNotEquals", "1"),
        ("DateNotEquals", "\"2026-01-01\""),
        ("NotIpAddress", "\"10.0.0.0/8\""),
        ("ArnNotEquals", "\"arn:aws:iam::1:role/a\""),
        ("ArnNotLike", "\"*\""),
    ];
    for (operators, expected) in [(positive.as_slice(), false), (negated.as_slice(), true)] {
        for (operator, value) in operators {
            let if_exists = format!("{operator}IfExists");
            let all = format!("ForAllValues:{operator}");
            let any = format!("ForAnyValue:{operator}");
            table(&[
                (operator, value, KeyValue::Absent, expected),
                (&if_exists, value, KeyValue::Absent, true),
                (&all, value, KeyValue::Absent, true),
                (&all, value, are(&[]), true),
                (&any, value, KeyValue::Absent, false),
            ]);
            // Not known whether it is there: not known whether it holds.
            let unknown = KeyValue::Unknown("not said".to_owned());
            let condition = format!(r#""{operator}": {{"k": {value}}}"#);
            assert_eq!(holds(&condition, unknown), Truth::unknown("not said"), "{operator}");
        }
    }
}

#[test]
fn null_asks_whether_the_key_is_there() {
    table(&[
        ("Null", "true", KeyValue::Absent, true),
        ("Null", "\"false\"", KeyValue::Absent, false),
        ("Null", "\"true\"", is("a"), false),
        ("Null", "false", is("a"), true),
        ("Null", "true", are(&[]), true),
    ]);
    let unknown = holds(r#""Null": {"k": "perhaps"}"#, KeyValue::Absent);
    assert!(matches!(unknown, Truth::Unknown(why) if why.contains("perhaps")));
}

#[test]
fn values_are_compared_as_documented() {
    table(&[
        ("StringEquals", "\"required\"", is("required"), true),
        ("StringEquals", "\"required\"", is("Required"), false),
        ("StringEquals", "\"*\"", is("required"), false),
        ("StringEquals", "[\"a\", \"b\"]", is("b"), true),
        ("StringNotEquals", "[\"a\", \"b\"]", is("b"), false),
        ("StringNotEquals", "[\"a\", \"b\"]", is("c"), true),
        ("StringEqualsIgnoreCase", "\"required\"", is("REQUIRED"), true),
        ("StringLike", "\"req*\"", is("required"), true),
        ("StringLike", "\"Req*\"", is("required"), false),
        ("StringNotLike", "\"req*\"", is("required"), false),
        ("NumericLessThan", "\"2.0\"", is("1.0"), true),
        ("NumericLessThan", "\"2\"", is("2.0"), false),
        ("NumericEquals", "2", is("2.0"), true),
        ("NumericGreaterThan", "\"9\"", is("10"), true),
        ("NumericLessThanIfExists", "\"2.0\"", is("2.0"), false),
        ("DateLessThan", "\"2026-01-02\"", is("2026-01-01T23:59:59Z"), true),
        ("DateGreaterThan", "\"1970-01-02T00:00:00Z\"", is("86401"), true),
        ("Bool", "\"TRUE\"", is("true"), true),
        ("Bool", "false", is("true"), false),
        ("BinaryEquals", "\"YQ==\"", is("YQ=="), true),
        ("IpAddress", "\"10.0.0.0/8\"", is("10.1.2.3"), true),
        ("IpAddress", "\"10.0.0.1\"", is("10.0.0.2"), false),
        ("IpAddress", "\"0.0.0.0/0\"", is("10.0.0.2"), true),
        ("IpAddress", "\"2001:db8::/32\"", is("2001:db8::1"), true),
        ("IpAddress", "\"10.0.0.0/8\"", is("::1"), false),
        ("NotIpAddress", "\"10.0.0.0/8\"", is("11.0.0.0"), true),
        ("ArnLike", "\"arn:aws:iam::*:role/a*\"", is("arn:aws:iam::1:role/ab"), true),
        ("ArnEquals", "\"arn:aws:iam::*:role/a*\"", is("arn:aws:iam::1:role/ab"), true),
        ("ArnNotLike", "\"arn:aws:iam::*:role/a*\"", is("arn:aws:iam::1:role/b"), true),
    ]);
}

#[test]
fn set_prefixes_take_several_values_together() {
    let values = || are(&["a", "b"]);
    table(&[
        ("ForAllValues:StringEquals", "[\"a\", \"b\", \"c\"]", values(), true),
        ("ForAllValues:StringEquals", "[\"a\"]", values(), false),
        ("ForAnyValue:StringEquals", "[\"b\"]", values(), true),
        ("ForAnyValue:StringEquals", "[\"c\"]", values(), false),
        ("ForAnyValue:StringNotEquals", "[\"a\"]", values(), true),
        ("ForAllValues:StringNotEquals", "[\"a\"]", values(), false),
        ("ForAllValues:StringNotEquals", "[\"c\"]", values(), true),
    ]);
}

#[test]
fn what_is_not_documented_is_unknown() {
    for (condition, key) in [
        (r#""StringNear": {"k": "a"}"#, is("a")),
        (r#""StringEquals": {"k": "a"}"#, are(&["a", "b"])),
        (r#""NumericLessThan": {"k": "two"}"#, is("1")),
        (r#""NumericLessThan": {"k": "inf"}"#, is("1")),
        (r#""NumericLessThan": {"k": "2"}"#, is("one")),
        (r#""Bool": {"k": "yes"}"#, is("true")),
        (r#""DateEquals": {"k": "2026"}"#, is("2026")),
        (r#""IpAddress": {"k": "10.0.0.0/33"}"#, is("10.0.0.0")),
        (r#""ForAnyValue:StringEqualsIfExists": {"k": "a"}"#, KeyValue::Absent),
        (r#""StringEquals": {"k": "${aws:SourceVpc}"}"#, is("vpc-1")),
        (r#""StringEquals": {"k": "${aws:SourceVpc"}"#, is("vpc-1")),
    ] {
        assert!(matches!(holds(condition, key), Truth::Unknown(_)), "{condition}");
    }
}

#[test]
fn what_is_unknown_matters_only_where_nothing_else_decides() {
    assert_eq!(holds(r#""StringEquals": {"k": ["${aws:SourceVpc}", "b"]}"#, is("b")), Truth::Yes);
    let other = r#""StringNear": {"k": "a"}, "StringEquals": {"k": "b"}"#;
    assert_eq!(holds(other, is("c")), Truth::No);
    assert_eq!(holds(r#""StringEquals": {"k": "${a:b}"}"#, KeyValue::Absent), Truth::No);
    assert_eq!(holds(r#""StringNotEquals": {"k": "${a:b}"}"#, KeyValue::Absent), Truth::Yes);
}

#[test]
fn variables_are_put_in_and_their_wildcards_are_none() {
    table(&[
        ("StringEquals", "\"x-${aws:username}\"", is("x-an*a"), true),
        ("StringLike", "\"x-${aws:username}*\"", is("x-an*a1"), true),
        ("StringLike", "\"x-${aws:username}\"", is("x-anna"), false),
        ("StringLike", "\"a${*}b\"", is("a*b"), true),
        ("StringLike", "\"a${*}b\"", is("axb"), false),
    ]);
}
