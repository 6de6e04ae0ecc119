//! Two writers of one run, and locks that are renewed, released, stale or lost.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use jiff::Timestamp;
use object_store::{
    ObjectStore, ObjectStoreExt as _, RetryConfig,
    aws::{AmazonS3Builder, S3ConditionalPut},
    memory::InMemory,
    path::Path,
};
use serde_json::{Value, json};
use tokio::{runtime::Handle, time::sleep};

use super::{
    super::{
        Cause, Holder, JournalError, Location, Lock, LockError, RunId, S3Access, Store, Verdict,
    },
    Objects, Timing,
};

const ACCOUNT: &str = "111122223333";

fn run() -> RunId {
    "20261124T185600Z-3f9a2c".parse().unwrap()
}

fn objects(store: Arc<dyn ObjectStore>, timing: Timing) -> Store {
    let objects = Objects::new(store, "", "s3://bucket".to_owned(), Handle::current());
    Store::over(Objects { timing, ..objects })
}

const fn timing(renew: u64, stale: u64) -> Timing {
    let (renew_every, stale_after) = (Duration::from_millis(renew), Duration::from_millis(stale));
    Timing { renew_every, stale_after }
}

fn holder(pid: u32) -> Holder {
    Holder {
        run: run(),
        pid,
        host: "host".to_owned(),
        user: "ann".to_owned(),
        since: Timestamp::UNIX_EPOCH,
    }
}

async fn lock(store: &Store, pid: u32) -> Result<Lock, LockError> {
    store.lock(ACCOUNT, holder(pid)).await
}

fn lock_object() -> Path {
    Path::from(format!("locks/{ACCOUNT}.json"))
}

async fn content(memory: &InMemory, path: &Path) -> Value {
    let bytes = memory.get(path).await.unwrap().bytes().await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

async fn put(memory: &InMemory, path: &Path, content: &Value) {
    memory.put(path, content.to_string().into()).await.unwrap();
}

async fn eventually(mut is: impl FnMut() -> bool) {
    for _ in 0..500 {
        if is() {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("it never happened");
}

#[tokio::test]
async fn of_two_writers_of_a_run_one_fails_and_stays_so() {
    let store = objects(Arc::new(InMemory::new()), Timing::USUAL);
    let first = store.create(&run()).await.unwrap();
    let second = store.reopen(&run()).await.unwrap();
    first.append("mine", Timestamp::UNIX_EPOCH).await.unwrap();
    for _ in 0..2 {
        let error = second.append("no, mine", Timestamp::UNIX_EPOCH).await.unwrap_err();
        let taken = matches!(&error, JournalError::NotRecorded { cause: Cause::Taken, .. });
        assert!(taken, "{error}");
    }
    first.append("still mine", Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(first.records(), 2);
}

#[tokio::test]
async fn a_missing_object_shows() {
    let memory = Arc::new(InMemory::new());
    let store = objects(memory.clone(), Timing::USUAL);
    let journal = store.create(&run()).await.unwrap();
    for number in 1..4 {
        journal.append(&number, Timestamp::UNIX_EPOCH).await.unwrap();
    }
    let path = |number| Path::from(format!("runs/{}/journal/0000000{number}.jsonl", run()));
    memory.delete(&path(2)).await.unwrap();
    assert!(matches!(store.verify(&run()).await.unwrap(), Verdict::Broken { line: 2, .. }));
    assert!(store.reopen(&run()).await.is_err());
    // Nothing in a store is torn: half an object is damage.
    memory.put(&path(2), "{\"n\":2".into()).await.unwrap();
    assert!(matches!(store.verify(&run()).await.unwrap(), Verdict::Broken { line: 2, .. }));
}

#[tokio::test]
async fn a_lock_is_renewed_and_released() {
    let memory = Arc::new(InMemory::new());
    let store = objects(memory.clone(), timing(50, 5_000));
    let first = lock(&store, 1).await.unwrap();
    let taken = content(&memory, &lock_object()).await;
    assert_eq!((&taken["holder"]["pid"], &taken["released"]), (&json!(1), &json!(false)));
    sleep(Duration::from_millis(400)).await;
    assert_ne!(content(&memory, &lock_object()).await["renewed_at"], taken["renewed_at"]);
    assert!(!first.lost());
    let error = lock(&store, 2).await.unwrap_err();
    let LockError::Held { holder: Some(named), free_after: Some(_), .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(**named, holder(1));

    first.release().await;
    assert_eq!(content(&memory, &lock_object()).await["released"], json!(true));
    let second = lock(&store, 2).await.unwrap();
    assert!(second.took_over().is_none());
    // Dropped, it is released too, a moment later.
    drop(second);
    for _ in 0..500 {
        if let Ok(third) = lock(&store, 3).await {
            assert!(third.took_over().is_none());
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("it was never released");
}

#[tokio::test]
async fn a_stale_lock_is_taken_over_and_its_holder_is_told() {
    let memory = Arc::new(InMemory::new());
    let sleepy = objects(memory.clone(), timing(60_000, 300));
    let first = lock(&sleepy, 1).await.unwrap();
    assert!(lock(&sleepy, 2).await.is_err(), "it is fresh");
    eventually(|| first.lost()).await;
    sleep(Duration::from_millis(200)).await;
    let second = lock(&sleepy, 2).await.unwrap();
    assert_eq!(second.took_over(), Some(&holder(1)));
    // Releasing what is not ours any more does nothing to who has it.
    first.release().await;
    let now = content(&memory, &lock_object()).await;
    assert_eq!((&now["holder"]["pid"], &now["released"]), (&json!(2), &json!(false)));
}

#[tokio::test]
async fn a_holder_hears_that_another_took_the_lock() {
    let memory = Arc::new(InMemory::new());
    let store = objects(memory.clone(), timing(50, 60_000));
    let first = lock(&store, 1).await.unwrap();
    let mut other = content(&memory, &lock_object()).await;
    other["token"] = json!("another's");
    put(&memory, &lock_object(), &other).await;
    eventually(|| first.lost()).await;
    first.release().await;
    assert_eq!(content(&memory, &lock_object()).await, other);
}

#[tokio::test]
async fn a_renewal_whose_answer_was_lost_is_no_loss() {
    let memory = Arc::new(InMemory::new());
    let store = objects(memory.clone(), timing(50, 60_000));
    let first = lock(&store, 1).await.unwrap();
    // The same claim under a version that the holder has not heard of.
    let ours = content(&memory, &lock_object()).await;
    put(&memory, &lock_object(), &ours).await;
    sleep(Duration::from_millis(500)).await;
    assert!(!first.lost());
    first.release().await;
    assert_eq!(content(&memory, &lock_object()).await["released"], json!(true));
}

#[tokio::test]
async fn an_object_that_is_no_lock_holds_until_it_is_stale() {
    let memory = Arc::new(InMemory::new());
    put(&memory, &lock_object(), &json!("?")).await;
    let store = objects(memory.clone(), timing(50, 300));
    let error = lock(&store, 1).await.unwrap_err();
    assert!(matches!(error, LockError::Held { holder: None, .. }), "{error}");
    sleep(Duration::from_millis(400)).await;
    assert!(lock(&store, 1).await.unwrap().took_over().is_none());
}

#[tokio::test]
async fn probes_are_removed() {
    let memory = Arc::new(InMemory::new());
    let store = objects(memory.clone(), Timing::USUAL);
    let _first = lock(&store, 1).await.unwrap();
    assert!(lock(&store, 2).await.is_err());
    let listed = memory.list_with_delimiter(None).await.unwrap();
    assert_eq!(listed.common_prefixes, [Path::from("locks")]);
}

#[tokio::test]
async fn a_store_without_conditions_is_refused() {
    let retry = RetryConfig { max_retries: 0, ..RetryConfig::default() };
    let bucket = AmazonS3Builder::new()
        .with_bucket_name("runs")
        .with_region("eu-west-1")
        .with_access_key_id("AKID")
        .with_secret_access_key("secret")
        .with_endpoint("http://127.0.0.1:1")
        .with_allow_http(true)
        .with_retry(retry)
        .with_conditional_put(S3ConditionalPut::Disabled);
    let store = objects(Arc::new(bucket.build().unwrap()), Timing::USUAL);
    let error = lock(&store, 1).await.unwrap_err();
    let unconditional = |cause: &Cause| matches!(cause, Cause::Unconditional { .. });
    assert!(matches!(&error, LockError::Store { cause, .. } if unconditional(cause)), "{error}");
    let error = store.create(&run()).await.unwrap_err();
    assert!(matches!(&error, JournalError::Store { cause, .. } if unconditional(cause)), "{error}");
}

/// Answers whatever comes as a store does that knows nothing of conditions.
fn writes_everything(mut client: TcpStream) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    let whole = |request: &[u8]| {
        let text = String::from_utf8_lossy(request).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        body.len() >= length.map_or(0, |length| length.parse().unwrap())
    };
    while !whole(&request) {
        let read = client.read(&mut buffer).unwrap();
        request.extend_from_slice(&buffer[..read]);
        if read == 0 {
            return;
        }
    }
    let answer = "HTTP/1.1 200 OK\r\netag: \"1\"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    client.write_all(answer.as_bytes()).unwrap();
}

#[tokio::test]
async fn a_store_that_ignores_conditions_is_found_out() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", server.local_addr().unwrap());
    thread::spawn(move || server.incoming().for_each(|client| writes_everything(client.unwrap())));
    let error = lock(&s3(endpoint, "s3://bucket"), 1).await.unwrap_err();
    let LockError::Store { cause: Cause::Unconditional { missing }, .. } = &error else {
        panic!("{error}")
    };
    assert!(missing.contains("If-None-Match"), "{missing}");
}

/// A bucket behind an endpoint that takes any key.
fn s3(endpoint: String, location: &str) -> Store {
    let credentials = Credentials::new("AKID", "secret", None, None, "test");
    let access = S3Access {
        credentials: SharedCredentialsProvider::new(credentials),
        region: "us-east-1".to_owned(),
        endpoint_url: Some(endpoint),
    };
    Store::open(&Location::parse(location).unwrap(), Some(access)).unwrap()
}

#[test]
fn what_a_store_says_fits_in_a_line() {
    let text = super::in_a_line(&format!("<Error>\n  <Code>\u{1b}No</Code>{}", "x".repeat(9000)));
    assert!(text.starts_with("<Error> <Code>No</Code>x") && text.len() == 600, "{text}");
}

/// By hand, over a real server: `IMDSURE_TEST_S3=http://localhost:5000` with a bucket `imdsure-test` that
/// takes any key.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a server that speaks S3"]
async fn over_s3() {
    let Ok(endpoint) = std::env::var("IMDSURE_TEST_S3") else { return };
    let store = s3(endpoint, "s3://imdsure-test/some/prefix");
    let run = RunId::new(Timestamp::now());
    let journal = store.create(&run).await.unwrap();
    assert!(matches!(store.create(&run).await, Err(JournalError::Exists { .. })));
    for number in 1..6 {
        journal.append(&number, Timestamp::now()).await.unwrap();
    }
    let second = store.reopen(&run).await.unwrap();
    assert_eq!((second.records(), second.head()), (5, journal.head()));
    journal.append("mine", Timestamp::now()).await.unwrap();
    let error = second.append("no, mine", Timestamp::now()).await.unwrap_err();
    println!("{error}");
    assert!(matches!(error, JournalError::NotRecorded { cause: Cause::Taken, .. }));
    let verdict = store.verify(&run).await.unwrap();
    assert!(matches!(&verdict, Verdict::Sound(sound) if sound.head == journal.head()));
    assert!(store.runs().await.unwrap().contains(&run));

    let held = lock(&store, 1).await.unwrap();
    println!("{}", lock(&store, 2).await.unwrap_err());
    held.release().await;
    let again = lock(&store, 2).await.unwrap();
    assert!(again.took_over().is_none() && !again.lost());
    again.release().await;
}
