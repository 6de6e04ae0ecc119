//! What SQL says of waivers, and what the function says that the planner asks: the same, over every short
//! pattern with the characters that one of them could take for something else.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;
use imdsure_aws::tables::AWS_EC2_INSTANCE;
use imdsure_engine::{Judged, Session, Settings, embedded_catalog};
use imdsure_model::{
    Finding, Selection, Waiver, Waivers,
    waiver::{Pattern, Subject, Tag},
};
use jiff::civil::{Date, date};

use crate::literate::{Row, batch};

const CONTROL: &str = "instance-imdsv1-disabled";
const TODAY: Date = date(2027, 1, 31);

fn waiver(number: usize) -> Waiver {
    Waiver {
        controls: vec![CONTROL.to_owned()],
        resource: None,
        path: None,
        account: None,
        tag: None,
        reason: "r".to_owned(),
        expires: TODAY,
        compensating: Vec::new(),
        from: number.to_string(),
    }
}

/// Every text of one to three of these.
fn texts(parts: &[&str]) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..3 {
        last = last
            .iter()
            .flat_map(|text| parts.iter().map(move |part| format!("{text}{part}")))
            .collect();
        all.extend(last.iter().cloned());
    }
    all
}

fn instance(columns: &[(&str, Option<&str>)]) -> Row {
    let given = [("instance_state", Some("running")), ("http_tokens", Some("optional"))];
    let endpoint =
        [("http_endpoint", Some("enabled")), ("metadata_options_state", Some("applied"))];
    let all = given.iter().chain(&endpoint).chain(columns);
    all.map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect()
}

/// Compares what SQL answers with what the model answers, for every finding and every waiver.
async fn compare(waivers: Vec<Waiver>, rows: &[Row]) -> Vec<Finding> {
    let waivers = Waivers::new(waivers);
    let settings = Settings { waivers: waivers.clone(), today: TODAY, ..Settings::default() };
    let session = Session::with(&settings).unwrap();
    let table = &AWS_EC2_INSTANCE;
    session.add_batch(table.name, batch(table, rows, &[])).await.unwrap();
    let catalog = embedded_catalog().unwrap();
    let judged = Judged::new(&session, catalog.get(CONTROL).unwrap()).await.unwrap();
    let findings: Vec<Finding> =
        judged.findings(Selection::All).await.unwrap().try_collect().await.unwrap();
    assert_eq!(findings.len(), rows.len());
    let value = |row: &Row, column: &str| row.get(column).cloned().flatten();
    let tags: BTreeMap<String, Option<String>> =
        rows.iter().map(|row| (value(row, "arn").unwrap(), value(row, "tags"))).collect();
    let mut matches = vec![0; waivers.all().len()];
    let mut waived = 0;
    for finding in &findings {
        let subject = Subject {
            resource: &finding.resource,
            name: finding.name.as_deref(),
            account_id: finding.account_id.as_deref(),
            tags: tags[&finding.resource].as_deref(),
            path: None,
        };
        let covering = waivers.covering(CONTROL, &subject, TODAY).map(|waiver| &waiver.from);
        assert_eq!(finding.waived.as_ref().map(|waived| &waived.from), covering, "{subject:?}");
        waived += u64::from(covering.is_some());
        for (count, waiver) in matches.iter_mut().zip(waivers.all()) {
            *count += u64::from(waiver.names(CONTROL) && waiver.fits(&subject));
        }
    }
    let uses = session.waiver_uses(&[judged], false, &[]).await.unwrap();
    for (used, expected) in uses.iter().zip(matches) {
        assert_eq!(used.matches, expected, "{used:?}");
    }
    assert_eq!(uses.iter().map(|used| used.waives).sum::<u64>(), waived);
    findings
}

#[tokio::test]
async fn patterns_fit_the_same_in_sql_and_in_the_model() {
    let patterns = texts(&["a", "*", "%", "_", "\\", "'"]);
    let patterns = patterns.into_iter().filter_map(|text| Pattern::try_from(text).ok());
    let waivers: Vec<Waiver> = patterns
        .enumerate()
        .map(|(number, pattern)| Waiver { resource: Some(pattern), ..waiver(number) })
        .collect();
    assert!(waivers.len() > 200);
    let texts = texts(&["a", "b", "%", "_", "\\", "'", "\n", "é"]);
    let rows: Vec<Row> = texts
        .iter()
        .enumerate()
        .map(|(number, text)| {
            let name = (number % 2 == 0).then(|| text.chars().rev().collect::<String>());
            instance(&[("arn", Some(text)), ("name", name.as_deref())])
        })
        .collect();
    let findings = compare(waivers, &rows).await;
    let waived = findings.iter().filter(|finding| finding.waived.is_some()).count();
    assert!((100..rows.len()).contains(&waived), "{waived}");
}

#[tokio::test]
async fn tags_accounts_and_days_decide_the_same_in_sql_and_in_the_model() {
    let tag = |text: &str| Tag::try_from(text.to_owned()).ok();
    let of_tag = ["Team", "Team=shop", "Team=", "a\"b=c=d", "é", "it's=x'y", "none", "n%=%"];
    let mut waivers: Vec<Waiver> = of_tag
        .iter()
        .enumerate()
        .map(|(number, text)| Waiver { tag: tag(text), ..waiver(number) })
        .collect();
    // Expired and for another control: they come first, and cover nothing.
    waivers.insert(0, Waiver { tag: tag("Team"), expires: date(2027, 1, 30), ..waiver(100) });
    let other = vec!["instance-hop-limit".to_owned()];
    waivers.insert(0, Waiver { tag: tag("Team"), controls: other, ..waiver(101) });
    waivers.push(Waiver { account: Some("444455556666".to_owned()), ..waiver(102) });
    let pattern = Pattern::try_from("web-*".to_owned()).ok();
    waivers.push(Waiver { tag: tag("kept"), resource: pattern, ..waiver(103) });
    let tags = [
        None,
        Some("{}"),
        Some(r#"{"Team":"shop"}"#),
        Some(r#"{"Team":""}"#),
        Some(r#"{"team":"shop"}"#),
        Some(r#"{"a\"b":"c=d"}"#),
        Some(r#"{"\u00e9":"1"}"#),
        Some(r#"{"it's":"x'y"}"#),
        Some(r#"{"n%":"%"}"#),
        Some(r#"{"n%":"other"}"#),
        Some(r#"{"kept":"1"}"#),
        Some(r#"{"Team":1}"#),
        Some("not JSON, Team"),
        Some("null"),
    ];
    let mut rows = Vec::new();
    for (number, tags) in tags.into_iter().enumerate() {
        for account in ["111122223333", "444455556666"] {
            for name in [None, Some("web-1"), Some("db-1")] {
                let arn = format!("arn:{number}:{account}:{name:?}");
                rows.push(instance(&[
                    ("arn", Some(&arn)),
                    ("name", name),
                    ("account_id", Some(account)),
                    ("tags", tags),
                ]));
            }
        }
    }
    let findings = compare(waivers, &rows).await;
    let of = |finding: &Finding| finding.waived.as_ref().map(|waived| waived.from.clone());
    let seen: std::collections::BTreeSet<String> = findings.iter().filter_map(of).collect();
    assert!(
        ["0", "3", "4", "5", "7", "102", "103"].iter().all(|from| seen.contains(*from)),
        "{seen:?}"
    );
    assert!(!seen.contains("100") && !seen.contains("101"), "{seen:?}");
}
