//! Many writers at once, and what a failed write does to all that follow.

use std::{
    fs::OpenOptions,
    io,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use futures::future::join_all;
use jiff::Timestamp;
use serde_json::json;

use super::{
    backend::{Cut, Tail},
    chain::{Chain, LONGEST},
    error::{Cause, JournalError},
    local::FileTail,
    writer::Journal,
};

/// A disk in memory: what is durable, in how many syncs, and which sync fails.
#[derive(Debug, Default, Clone)]
struct Disk(Arc<Mutex<Written>>);

#[derive(Debug, Default)]
struct Written {
    lines: Vec<Vec<u8>>,
    syncs: usize,
    failing: Option<usize>,
    /// More bytes than these at once are cut off.
    room: Option<usize>,
}

impl Tail for Disk {
    fn commit(&mut self, lines: &[u8]) -> Result<(), Cut> {
        // As slow as a quick disk, so that others queue meanwhile.
        thread::sleep(Duration::from_micros(200));
        let mut written = self.0.lock().unwrap();
        written.syncs += 1;
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        if written.failing == Some(written.syncs) {
            return Err(full().into());
        }
        if let Some(room) = written.room.filter(|room| *room < lines.len()) {
            let whole = lines[..room].split_inclusive(|byte| *byte == b'\n');
            let whole = whole.filter_map(|line| line.strip_suffix(b"\n")).map(<[u8]>::to_vec);
            written.lines.extend(whole);
            return Err(Cut { durable: room, cause: full().into() });
        }
        let lines = lines.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n');
        written.lines.extend(lines.map(<[u8]>::to_vec));
        Ok(())
    }
}

impl Disk {
    /// A durable line.
    fn line(&self, n: u64) -> serde_json::Value {
        let written = self.0.lock().unwrap();
        serde_json::from_slice(&written.lines[n as usize - 1]).unwrap()
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap().lines.len()
    }
}

fn journal(tail: impl Tail + 'static) -> Journal {
    let run = "20261124T185600Z-3f9a2c".parse().unwrap();
    Journal::start(run, "test".to_owned(), Box::new(tail), Chain::START, None).unwrap()
}

const LANES: u64 = 32;
const EACH: u64 = 60;

/// One lane's appends, one after the other. Each is durable when it is answered.
async fn lane(journal: Journal, disk: Disk, lane: u64) {
    let mut before = 0;
    for step in 0..EACH {
        let event = json!({"lane": lane, "step": step});
        let appended = journal.append(&event, Timestamp::UNIX_EPOCH).await.unwrap();
        assert!(appended.n > before, "its own order");
        before = appended.n;
        let written = disk.line(before);
        assert_eq!((&written["n"], &written["event"]), (&json!(before), &event));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_append_at_once_and_share_syncs() {
    let disk = Disk::default();
    let journal = journal(disk.clone());
    let lanes = (0..LANES).map(|number| tokio::spawn(lane(journal.clone(), disk.clone(), number)));
    for lane in join_all(lanes).await {
        lane.unwrap();
    }
    assert_eq!(journal.records(), LANES * EACH);
    assert!((1..=LANES * EACH).all(|n| disk.line(n)["n"] == json!(n)));
    let syncs = disk.0.lock().unwrap().syncs;
    assert!(syncs < disk.len() / 2, "{syncs} syncs for {} records", disk.len());
}

#[tokio::test]
async fn after_a_failed_write_nothing_is_recorded_any_more() {
    let disk = Disk::default();
    disk.0.lock().unwrap().failing = Some(2);
    let journal = journal(disk.clone());
    let first = journal.append("one", Timestamp::UNIX_EPOCH).await.unwrap();
    for _ in 0..3 {
        let error = journal.append("two", Timestamp::UNIX_EPOCH).await.unwrap_err();
        let JournalError::NotRecorded { cause, .. } = &error else { panic!("{error}") };
        assert_eq!(cause, &Cause::DiskFull);
        assert!(error.to_string().contains("the disk is full"), "{error}");
    }
    assert_eq!((journal.records(), journal.head()), (1, first.digest));
    assert_eq!(disk.0.lock().unwrap().syncs, 2, "nothing was tried after the failure");
    assert_eq!(disk.len(), 1);
}

#[tokio::test]
async fn what_is_there_whole_is_recorded_though_the_disk_is_full() {
    let disk = Disk::default();
    disk.0.lock().unwrap().room = Some(900);
    let journal = journal(disk.clone());
    let steps: Vec<u32> = (0..64).collect();
    let appends = steps.iter().map(|step| journal.append(step, Timestamp::UNIX_EPOCH));
    let outcomes = join_all(appends.collect::<Vec<_>>()).await;
    let recorded: Vec<_> = outcomes.into_iter().flatten().collect();
    assert!(!recorded.is_empty() && recorded.len() < 64, "{}", recorded.len());
    assert_eq!(recorded.len(), disk.len(), "told is what is there");
    let head = recorded.last().unwrap().digest;
    assert_eq!((journal.records(), journal.head()), (disk.len() as u64, head));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_named() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let journal = journal(FileTail::of(full));
    let error = journal.append("one", Timestamp::UNIX_EPOCH).await.unwrap_err();
    assert!(matches!(error, JournalError::NotRecorded { cause: Cause::DiskFull, .. }), "{error}");
}

#[tokio::test]
async fn an_event_that_is_no_line_is_refused_and_the_journal_goes_on() {
    let journal = journal(Disk::default());
    let long = "x".repeat(LONGEST);
    let error = journal.append(&long, Timestamp::UNIX_EPOCH).await.unwrap_err();
    assert!(matches!(error, JournalError::BadEvent { .. }), "{error}");
    // No key but text can be written.
    let no_json = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert!(journal.append(&no_json, Timestamp::UNIX_EPOCH).await.is_err());
    let appended = journal.append("a\nb\u{2028}", Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(appended.n, 1);
}

#[tokio::test]
async fn a_closed_journal_says_so() {
    let journal = journal(Disk::default());
    journal.append("one", Timestamp::UNIX_EPOCH).await.unwrap();
    journal.close().await;
    journal.close().await;
    let error = journal.append("two", Timestamp::UNIX_EPOCH).await.unwrap_err();
    assert!(matches!(error, JournalError::Closed { .. }), "{error}");
}
