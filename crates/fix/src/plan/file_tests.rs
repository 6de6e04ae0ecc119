use std::collections::BTreeMap;

use imdsure_model::{
    Effect,
    plan::{BlastRadius, ChangeKind, Pace, PlanSource, Reason, Wave},
};
use proptest::prelude::*;

use super::*;

fn head(changes: &[String], unplanned: u64) -> PlanHead {
    let mut waves: BTreeMap<u32, u64> = BTreeMap::new();
    for line in changes {
        let change: Change = serde_json::from_str(line).unwrap();
        *waves.entry(change.wave).or_default() += 1;
    }
    let wave = |(wave, changes)| Wave {
        wave,
        name: format!("wave {wave}"),
        changes,
        kinds: BTreeMap::new(),
        accounts: 1,
        regions: 1,
        least_seconds: 0,
        soaks: true,
    };
    PlanHead {
        schema: PLAN_SCHEMA.into(),
        digest: String::new(),
        imdsure: "0".into(),
        created: "2026-01-01T00:00:00Z".into(),
        ticket: Some("CHG-1".into()),
        organization: None,
        part: None,
        evidence: PlanSource {
            started: String::new(),
            finished: String::new(),
            manifest: "0".repeat(64),
            incomplete: false,
        },
        pace: Pace { soak_seconds: 0, share: 0.5, schedule: vec![] },
        accounts: vec!["111122223333".into()],
        total_changes: changes.len() as u64,
        total_unplanned: BTreeMap::from([(Reason::NoData, unplanned)]),
        waves: waves.into_iter().map(wave).collect(),
        kinds: BTreeMap::new(),
        gaps: vec![],
    }
}

fn change(wave: u32, region: &str, id: &str) -> String {
    let change = Change {
        wave,
        account_id: "111122223333".into(),
        region: region.into(),
        kind: ChangeKind::Instance,
        id: id.into(),
        target: format!("arn:aws:ec2:{region}:111122223333:instance/{id}"),
        name: Some("näme \"x\"".into()),
        send: serde_json::from_str(r#"{"HttpTokens":"required"}"#).unwrap(),
        before: serde_json::from_str(r#"{"HttpTokens":"optional","HttpPutResponseHopLimit":1}"#)
            .unwrap(),
        effect: Effect::InPlace,
        evidence: None,
        blast: BlastRadius::default(),
        warnings: vec![],
    };
    serde_json::to_string(&change).unwrap()
}

fn left(id: &str) -> String {
    format!(
        r#"{{"account_id":"1","region":"r","kind":"instance","id":"{id}","target":"t","name":null,"owner":null,"reason":"no-data","why":"w"}}"#
    )
}

fn written(changes: &[String], unplanned: &[String]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.json");
    let lines = |lines: &'static [String]| lines.iter().map(String::as_str);
    let (changes, unplanned) = (changes.to_vec().leak(), unplanned.to_vec().leak());
    let head = head(changes, unplanned.len() as u64);
    let digest = write(&path, head, lines(changes), lines(unplanned)).unwrap();
    assert_eq!(PlanFile::open(&path).unwrap().head.digest, digest);
    (folder, path)
}

#[test]
fn a_plan_is_one_json_object_and_read_back_lane_by_lane() {
    let changes = [
        change(1, "eu-west-1", "i-1"),
        change(1, "us-east-1", "i-2"),
        change(1, "us-east-1", "i-3"),
        change(2, "eu-west-1", "i-4"),
    ];
    let (_folder, path) = written(&changes, &[left("i-5"), left("i-6")]);
    let json: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(json["changes"].as_array().unwrap().len(), 4);
    assert_eq!(json["unplanned"][1]["id"], "i-6");
    let plan = PlanFile::open(&path).unwrap();
    let seen: Vec<_> = plan
        .lanes
        .iter()
        .map(|lane| {
            let ids: Vec<_> = plan.changes(lane).unwrap().map(|it| it.unwrap()).collect();
            let ids: Vec<_> = ids.iter().map(|(place, it)| format!("{place}:{}", it.id)).collect();
            (lane.wave, lane.region.clone(), ids.join(" "))
        })
        .collect();
    let expected = |wave, region: &str, ids: &str| (wave, region.to_owned(), ids.to_owned());
    assert_eq!(
        seen,
        [
            expected(1, "eu-west-1", "0:i-1"),
            expected(1, "us-east-1", "1:i-2 2:i-3"),
            expected(2, "eu-west-1", "3:i-4")
        ]
    );
    assert_eq!(
        plan.unplanned().unwrap().map(|it| it.unwrap().id).collect::<Vec<_>>(),
        ["i-5", "i-6"]
    );
}

#[test]
fn a_lane_is_read_backwards_too() {
    let changes: Vec<String> = (0..9)
        .map(|n| change(1, if n < 2 { "eu-west-1" } else { "us-east-1" }, &format!("i-{n}")))
        .collect();
    let (_folder, path) = written(&changes, &[]);
    let plan = PlanFile::open(&path).unwrap();
    let backwards = |lane: &Lane, choose: &dyn Fn(u64) -> bool| {
        let changes = plan.changes_backwards(lane, choose).unwrap().map(Result::unwrap);
        changes.map(|(place, change)| format!("{place}:{}", change.id)).collect::<Vec<_>>()
    };
    assert_eq!(backwards(&plan.lanes[0], &|_| true), ["1:i-1", "0:i-0"]);
    assert_eq!(backwards(&plan.lanes[1], &|place| place % 3 == 2), ["8:i-8", "5:i-5", "2:i-2"]);
    assert!(backwards(&plan.lanes[1], &|_| false).is_empty());
}

#[test]
fn an_empty_plan_is_one_too() {
    let (_folder, path) = written(&[], &[]);
    let plan = PlanFile::open(&path).unwrap();
    assert!(plan.lanes.is_empty());
    assert_eq!(plan.unplanned().unwrap().count(), 0);
}

#[test]
fn every_edit_shows() {
    let (_folder, path) = written(&[change(1, "eu-west-1", "i-1")], &[left("i-5")]);
    let text = std::fs::read_to_string(&path).unwrap();
    let edits = [
        text.replace("i-1", "i-2"),
        text.replace("CHG-1", "CHG-2"),
        text.replace("no-data", "waiver"),
        text.replace("\"soak_seconds\": 0", "\"soak_seconds\": 1"),
        format!("{text}\n"),
    ];
    for edited in edits {
        assert_ne!(edited, text);
        std::fs::write(&path, edited).unwrap();
        assert!(matches!(PlanFile::open(&path), Err(PlanFileError::Edited { .. })));
    }
}

#[test]
fn what_is_no_plan_is_called_so() {
    let (_folder, path) = written(&[change(1, "eu-west-1", "i-1")], &[]);
    let text = std::fs::read_to_string(&path).unwrap();
    let open = |text: &str| {
        std::fs::write(&path, text).unwrap();
        PlanFile::open(&path).unwrap_err().to_string()
    };
    assert!(open(&text.replace("plan/1", "plan/2")).contains("plan again, or use the version"));
    assert!(open("").contains("no line"));
    assert!(open("{}").contains("no line"));
    assert!(open(r#"{"schema":"imdsure.report/1"}"#).contains("is it a plan?"));
    assert!(open(&text.replace("\"wave\":1", "\"wave\":\"1\"")).contains(": invalid type"));
    let compact = serde_json::from_str::<serde_json::Value>(&text).unwrap().to_string();
    assert!(open(&compact).contains("formatted anew"));
}

proptest! {
    #[test]
    fn fuzz_no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0usize..4000) {
        let (_folder, path) = written(&[change(1, "eu-west-1", "i-1")], &[left("i-5")]);
        let mut text = std::fs::read(&path).unwrap();
        let at = cut % text.len();
        text.splice(at..at, bytes.iter().copied());
        std::fs::write(&path, &text).unwrap();
        prop_assert_eq!(PlanFile::open(&path).is_ok(), bytes.is_empty());
        std::fs::write(&path, &bytes).unwrap();
        prop_assert!(PlanFile::open(&path).is_err());
    }
}

/// What stands in a plan that says something else of itself, with the digest that goes with it.
fn said_otherwise(changes: &[String], otherwise: impl Fn(&mut PlanHead)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.json");
    let mut head = head(changes, 0);
    otherwise(&mut head);
    write(&path, head, changes.iter(), std::iter::empty::<&str>()).unwrap();
    PlanFile::open(&path).unwrap_err().to_string()
}

#[test]
fn a_right_digest_makes_no_plan_of_what_cannot_be() {
    let changes = [change(1, "eu-west-1", "i-1"), change(2, "eu-west-1", "i-2")];
    let share = said_otherwise(&changes, |head| head.pace.share = 7.0);
    assert!(share.contains("`share` is 7, and AWS's allowances are from 0 to 1"), "{share}");
    let total = said_otherwise(&changes, |head| head.total_changes = 5);
    assert!(total.contains("`total_changes` is 5, and it has 2"), "{total}");
    let wave = said_otherwise(&changes, |head| head.waves[1].wave = 9);
    assert!(wave.contains("wave 9 is said to have 1 changes, and has 0"), "{wave}");
    let weaker = [change(1, "eu-west-1", "i-1").replacen("\"required\"", "\"optional\"", 1)];
    let weaker = said_otherwise(&weaker, |_| {});
    assert!(weaker.contains("sends an `HttpTokens` that is not `required`"), "{weaker}");
}

#[cfg(unix)]
#[test]
fn a_link_is_written_through() {
    let (folder, path) = written(&[], &[]);
    let link = folder.path().join("link.json");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let changes = [change(1, "eu-west-1", "i-1")];
    write(&link, head(&changes, 0), changes.iter(), std::iter::empty::<&str>()).unwrap();
    assert!(link.is_symlink());
    assert_eq!(PlanFile::open(&path).unwrap().head.total_changes, 1);
}
