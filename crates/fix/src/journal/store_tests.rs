//! What a store does, in a folder and over objects alike.

use std::{fs, io::Write as _, path::Path, sync::Arc};

use futures::TryStreamExt as _;
use jiff::Timestamp;
use object_store::memory::InMemory;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::runtime::Handle;

use super::{
    JournalError, Location, Record, RunId, Store, Verdict, Verified, object::Objects,
    store::OpenError,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Event {
    Begun { user: String },
    Called { instance: u64 },
}

fn event(instance: u64) -> Event {
    Event::Called { instance }
}

fn run(number: u32) -> RunId {
    format!("20261124T185600Z-{number:06x}").parse().unwrap()
}

fn folder(path: &Path) -> Store {
    Store::open(&Location::Folder(path.to_owned()), None).unwrap()
}

fn objects() -> Store {
    let memory = Arc::new(InMemory::new());
    Store::over(Objects::new(memory, "a/prefix", "s3://bucket/a/prefix".into(), Handle::current()))
}

/// A store of each sort.
fn both(folder_of: &TempDir) -> [Store; 2] {
    [folder(&folder_of.path().join("deep/er")), objects()]
}

async fn all(store: &Store, run: &RunId) -> Result<Vec<Record<Event>>, JournalError> {
    store.read(run).await?.try_collect().await
}

#[tokio::test]
async fn a_run_is_written_continued_read_and_verified() {
    let temporary = tempfile::tempdir().unwrap();
    for store in both(&temporary) {
        let first = store.create(&run(1)).await.unwrap();
        let at: Timestamp = "2026-11-24T18:56:00.123Z".parse().unwrap();
        first.append(&Event::Begun { user: "ann\n\"ä\"".into() }, at).await.unwrap();
        let second = first.append(&event(7), at).await.unwrap();
        first.close().await;

        let again = store.reopen(&run(1)).await.unwrap();
        assert_eq!((again.records(), again.head(), again.recovered()), (2, second.digest, None));
        let third = again.append(&event(8), at).await.unwrap();
        assert_eq!(third.n, 3);
        again.close().await;

        let records = all(&store, &run(1)).await.unwrap();
        let events: Vec<_> = records.iter().map(|record| record.event.clone()).collect();
        assert_eq!(events, [Event::Begun { user: "ann\n\"ä\"".into() }, event(7), event(8)]);
        assert_eq!((records[2].n, records[2].at, records[2].digest), (3, at, third.digest));
        let sound = Verified { records: 3, head: third.digest, torn: false };
        assert_eq!(store.verify(&run(1)).await.unwrap(), Verdict::Sound(sound));
    }
}

#[tokio::test]
async fn a_run_is_begun_once() {
    let temporary = tempfile::tempdir().unwrap();
    for store in both(&temporary) {
        let journal = store.create(&run(1)).await.unwrap();
        assert!(store.create(&run(1)).await.is_err(), "it is being begun");
        journal.append(&event(1), Timestamp::UNIX_EPOCH).await.unwrap();
        assert!(store.create(&run(1)).await.is_err(), "it is being written");
        journal.close().await;
        let error = store.create(&run(1)).await.unwrap_err();
        assert!(matches!(error, JournalError::Exists { .. }), "{error}");
        assert_eq!(store.reopen(&run(1)).await.unwrap().records(), 1);
    }
}

#[tokio::test]
async fn a_run_that_is_not_there_is_missing() {
    let temporary = tempfile::tempdir().unwrap();
    for store in both(&temporary) {
        assert_eq!(store.runs().await, Ok(Vec::new()));
        let missing = |error: JournalError| matches!(error, JournalError::Missing { .. });
        assert!(missing(store.reopen(&run(1)).await.unwrap_err()));
        assert!(missing(store.verify(&run(1)).await.unwrap_err()));
        assert!(missing(all(&store, &run(1)).await.unwrap_err()));
    }
}

#[tokio::test]
async fn runs_are_listed_oldest_first() {
    let temporary = tempfile::tempdir().unwrap();
    for store in both(&temporary) {
        for number in [3, 1, 2] {
            let journal = store.create(&run(number)).await.unwrap();
            journal.append(&event(1), Timestamp::UNIX_EPOCH).await.unwrap();
        }
        assert_eq!(store.runs().await.unwrap(), [run(1), run(2), run(3)]);
    }
    let runs = temporary.path().join("deep/er/runs");
    fs::create_dir(runs.join("notes")).unwrap();
    fs::create_dir(runs.join("20261124T185600Z-000009")).unwrap();
    let store = folder(&temporary.path().join("deep/er"));
    assert_eq!(store.runs().await.unwrap().len(), 3, "nothing was recorded in the others");
}

#[tokio::test]
async fn a_run_keeps_one_plan() {
    let temporary = tempfile::tempdir().unwrap();
    let (plan, other) = (temporary.path().join("a.json"), temporary.path().join("b.json"));
    fs::write(&plan, "the plan").unwrap();
    fs::write(&other, "the plam").unwrap();
    for store in both(&temporary) {
        let error = store.plan(&run(1)).await.unwrap_err();
        assert!(matches!(error, JournalError::NoPlan { .. }), "{error}");
        store.keep_plan(&run(1), &plan).await.unwrap();
        store.keep_plan(&run(1), &plan).await.unwrap();
        let error = store.keep_plan(&run(1), &other).await.unwrap_err();
        assert!(matches!(error, JournalError::OtherPlan { .. }), "{error}");
        assert!(store.keep_plan(&run(2), &temporary.path().join("none")).await.is_err());
        let kept = store.plan(&run(1)).await.unwrap();
        assert_eq!(fs::read_to_string(kept.path()).unwrap(), "the plan");
        store.create(&run(1)).await.unwrap();
    }
}

#[tokio::test]
async fn a_run_has_one_writer() {
    let temporary = tempfile::tempdir().unwrap();
    let store = folder(temporary.path());
    let journal = store.create(&run(1)).await.unwrap();
    journal.append(&event(1), Timestamp::UNIX_EPOCH).await.unwrap();
    let error = store.reopen(&run(1)).await.unwrap_err();
    assert!(matches!(error, JournalError::InUse { .. }), "{error}");
    assert_eq!(all(&store, &run(1)).await.unwrap().len(), 1, "reading is free");
}

#[tokio::test]
async fn a_torn_line_is_cut_off_and_kept() {
    let temporary = tempfile::tempdir().unwrap();
    let store = folder(temporary.path());
    let journal = store.create(&run(1)).await.unwrap();
    journal.append(&event(1), Timestamp::UNIX_EPOCH).await.unwrap();
    journal.close().await;
    let path = temporary.path().join("runs").join(run(1).as_str()).join("journal.jsonl");
    for name in ["journal.torn-2", "journal.torn-2-2"] {
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"n\":2,\"at").unwrap();
        assert_eq!(all(&store, &run(1)).await.unwrap().len(), 1);
        let verdict = store.verify(&run(1)).await.unwrap();
        assert!(matches!(verdict, Verdict::Sound(Verified { records: 1, torn: true, .. })));
        let journal = store.reopen(&run(1)).await.unwrap();
        let torn = journal.recovered().unwrap();
        assert_eq!((torn.n, torn.bytes), (2, 10));
        assert!(torn.kept.ends_with(name), "{torn:?}");
        assert_eq!(fs::read(&torn.kept).unwrap(), b"{\"n\":2,\"at");
        journal.close().await;
    }
}

#[tokio::test]
async fn a_journal_appears_with_its_first_record_and_one_without_any_was_emptied() {
    let temporary = tempfile::tempdir().unwrap();
    let store = folder(temporary.path());
    let journal = store.create(&run(1)).await.unwrap();
    assert_eq!(store.runs().await, Ok(Vec::new()), "nothing is recorded yet");
    journal.append(&event(1), Timestamp::UNIX_EPOCH).await.unwrap();
    journal.append(&event(2), Timestamp::UNIX_EPOCH).await.unwrap();
    journal.close().await;
    assert_eq!(all(&store, &run(1)).await.unwrap().len(), 2);
    let path = temporary.path().join("runs").join(run(1).as_str()).join("journal.jsonl");
    for left in ["", "{\"n\":1,\"at"] {
        fs::write(&path, left).unwrap();
        assert_eq!(store.verify(&run(1)).await, Ok(Verdict::Empty));
        let error = all(&store, &run(1)).await.unwrap_err();
        assert!(matches!(error, JournalError::Empty { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_damaged_journal_is_not_continued() {
    let temporary = tempfile::tempdir().unwrap();
    let store = folder(temporary.path());
    let journal = store.create(&run(1)).await.unwrap();
    for number in 1..4 {
        journal.append(&event(number), Timestamp::UNIX_EPOCH).await.unwrap();
    }
    journal.close().await;
    let path = temporary.path().join("runs").join(run(1).as_str()).join("journal.jsonl");
    let text = fs::read_to_string(&path).unwrap().replace("\"instance\":1", "\"instance\":9");
    fs::write(&path, &text).unwrap();
    let error = store.reopen(&run(1)).await.unwrap_err();
    assert!(matches!(error, JournalError::Broken { line: 2, .. }), "{error}");
    assert!(matches!(store.verify(&run(1)).await.unwrap(), Verdict::Broken { line: 2, .. }));
    let mut records = store.read::<Event>(&run(1)).await.unwrap();
    assert_eq!(records.next().await.unwrap().unwrap().event, event(9));
    assert!(matches!(records.next().await, Some(Err(JournalError::Broken { .. }))));
    assert!(records.next().await.is_none());
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "it was left as it is");
}

#[tokio::test]
async fn an_unknown_event_is_no_damage() {
    let temporary = tempfile::tempdir().unwrap();
    for store in both(&temporary) {
        let journal = store.create(&run(1)).await.unwrap();
        let newer = serde_json::json!({"kind": "something-newer"});
        journal.append(&newer, Timestamp::UNIX_EPOCH).await.unwrap();
        journal.close().await;
        let error = all(&store, &run(1)).await.unwrap_err();
        assert!(matches!(error, JournalError::UnknownEvent { line: 1, .. }), "{error}");
        assert!(matches!(store.verify(&run(1)).await.unwrap(), Verdict::Sound(_)));
    }
}

#[test]
fn s3_needs_to_know_as_whom() {
    let location = Location::parse("s3://bucket/runs").unwrap();
    let error = Store::open(&location, None).unwrap_err();
    assert!(matches!(error, OpenError::NeedsAccess { .. }), "{error}");
}
