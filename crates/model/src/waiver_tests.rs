//! Whom a waiver covers, as tables.

use jiff::civil::{Date, date};

use super::*;

const CONTROL: &str = "instance-imdsv1-disabled";
const TODAY: Date = date(2027, 1, 31);

fn waiver(change: impl FnOnce(&mut Waiver)) -> Waiver {
    let mut waiver = Waiver {
        controls: vec![CONTROL.to_owned()],
        resource: None,
        path: None,
        account: None,
        tag: None,
        reason: "a reason".to_owned(),
        expires: TODAY,
        compensating: Vec::new(),
        from: "imdsure.toml:1".to_owned(),
    };
    change(&mut waiver);
    waiver
}

fn pattern(text: &str) -> Option<Pattern> {
    Pattern::try_from(text.to_owned()).ok()
}

fn tagged(text: &str) -> Option<Tag> {
    Tag::try_from(text.to_owned()).ok()
}

fn subject() -> Subject<'static> {
    Subject {
        resource: "arn:aws:ec2:us-east-1:111122223333:instance/i-0abc",
        name: Some("web-1"),
        account_id: Some("111122223333"),
        tags: Some(r#"{"Team":"shop","kept":"","a\"b":"c=d","é":"1"}"#),
        path: Some("live/web/main.tf"),
    }
}

#[test]
fn all_that_a_waiver_names_has_to_fit() {
    let fits = |change: fn(&mut Waiver)| waiver(change).fits(&subject());
    assert!(fits(|w| w.resource = pattern("web-*")), "by name");
    assert!(fits(|w| w.resource = pattern("arn:*:instance/i-0abc")), "by ARN");
    assert!(!fits(|w| w.resource = pattern("i-0abc")), "not by a piece of the ARN");
    assert!(fits(|w| w.path = pattern("live/*")));
    assert!(!fits(|w| w.path = pattern("modules/*")));
    assert!(fits(|w| w.account = Some("111122223333".to_owned())));
    assert!(!fits(|w| w.account = Some("444455556666".to_owned())));
    assert!(!fits(|w| (w.resource, w.account) = (pattern("web-*"), Some("4".to_owned()))));
    assert!(fits(|w| (w.resource, w.tag) = (pattern("web-*"), tagged("Team=shop"))));
    let nobody = Subject { resource: "arn:x", ..Subject::default() };
    for change in [
        (|w: &mut Waiver| w.account = Some("111122223333".to_owned())) as fn(&mut Waiver),
        |w| w.path = pattern("live/*"),
        |w| w.tag = tagged("Team"),
        |w| w.resource = pattern("web-*"),
    ] {
        assert!(!waiver(change).fits(&nobody), "what is not known fits nothing");
    }
}

#[test]
fn tags_by_key_or_by_key_and_value() {
    let table = [
        ("Team", true),
        ("Team=shop", true),
        ("Team=", false),
        ("team", false),
        ("shop", false),
        ("kept", true),
        ("kept=", true),
        ("a\"b=c=d", true),
        ("é=1", true),
        ("none", false),
    ];
    for (tag, expected) in table {
        let of = waiver(|waiver| waiver.tag = tagged(tag));
        assert_eq!(of.fits(&subject()), expected, "{tag}");
    }
    for odd in ["", "null", "[]", r#"{"Team":1}"#, r#"{"Team":"shop""#, "Team"] {
        let odd = Subject { tags: Some(odd), ..subject() };
        assert!(!waiver(|waiver| waiver.tag = tagged("Team")).fits(&odd), "{odd:?}");
    }
    assert_eq!(tag(r#"{"\u00e9":"\u0031"}"#, "é").as_deref(), Some("1"));
    assert!(tagged("=x").is_none() && tagged("").is_none());
    assert_eq!(tagged("a=b=c").unwrap().to_string(), "a=b=c");
}

#[test]
fn the_first_in_force_counts() {
    let yesterday = date(2027, 1, 30);
    let named = |from: &str, expires, control: &str| {
        waiver(|waiver| {
            waiver.resource = pattern("web-*");
            waiver.from = from.to_owned();
            waiver.expires = expires;
            waiver.controls = vec!["another".to_owned(), control.to_owned()];
        })
    };
    let waivers = Waivers::new(vec![
        named("expired", yesterday, CONTROL),
        named("other", TODAY, "instance-hop-limit"),
        named("first", TODAY, CONTROL),
        named("second", date(2099, 12, 31), CONTROL),
    ]);
    let from = |control, today| {
        waivers.covering(control, &subject(), today).map(|waiver| waiver.from.as_str())
    };
    assert_eq!(from(CONTROL, yesterday), Some("expired"), "its last day is a day of grace");
    assert_eq!(from(CONTROL, TODAY), Some("first"));
    assert_eq!(from(CONTROL, date(2027, 2, 1)), Some("second"));
    assert_eq!(from("instance-hop-limit", TODAY), Some("other"));
    assert_eq!(from("ami-imdsv2", TODAY), None);
    assert_eq!(from(CONTROL, date(2100, 1, 1)), None);
}
