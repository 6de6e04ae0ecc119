//! Locks in a folder, between two processes: the other one is this test binary again.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, Command, Stdio},
};

use super::{Holder, Location, LockError, RunId, Store};

const ACCOUNT: &str = "111122223333";
/// Tells the other process where to lock.
const FOLDER: &str = "IMDSURE_TEST_LOCK_FOLDER";

fn store(folder: &Path) -> Store {
    Store::open(&Location::Folder(folder.to_owned()), None).unwrap()
}

fn holder() -> Holder {
    let now = "2026-11-24T18:56:00Z".parse().unwrap();
    Holder::of_this_process(RunId::new(now), now)
}

/// Not a test: what the other process does. It holds a lock until it is killed or its input ends.
#[tokio::test]
#[ignore = "the other process of the tests below"]
async fn other_process() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let lock = store(Path::new(&folder)).lock(ACCOUNT, holder()).await.unwrap();
    println!("\nlocked");
    let _ = std::io::stdin().read(&mut [0]);
    lock.release().await;
}

/// Another process that holds the lock, and its output, which it must be able to write.
fn other(folder: &Path) -> (Child, impl Sized) {
    let arguments = ["--exact", "journal::lock_tests::other_process", "--ignored", "--nocapture"];
    let mut child = Command::new(env::current_exe().unwrap())
        .args(arguments)
        .env(FOLDER, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "locked"));
    (child, lines)
}

#[tokio::test]
async fn a_lock_keeps_another_process_out_and_ends_with_its_holder() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, _output) = other(folder.path());
    let error = store(folder.path()).lock(ACCOUNT, holder()).await.unwrap_err();
    let LockError::Held { holder: Some(named), .. } = &error else { panic!("{error}") };
    assert_eq!(named.pid, child.id());
    let elsewhere = store(folder.path()).lock("444455556666", holder()).await.unwrap();
    assert!(elsewhere.took_over().is_none());

    child.kill().unwrap();
    child.wait().unwrap();
    let lock = store(folder.path()).lock(ACCOUNT, holder()).await.unwrap();
    assert_eq!(lock.took_over().map(|holder| holder.pid), Some(child.id()));
    assert!(!lock.lost());
}

#[tokio::test]
async fn a_released_lock_leaves_nobody_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, _output) = other(folder.path());
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    let lock = store(folder.path()).lock(ACCOUNT, holder()).await.unwrap();
    assert_eq!((lock.took_over(), lock.account_id()), (None, ACCOUNT));
    let error = store(folder.path()).lock(ACCOUNT, holder()).await.unwrap_err();
    assert!(matches!(error, LockError::Held { .. }), "two runs of one process: {error}");
    lock.release().await;
    store(folder.path()).lock(ACCOUNT, holder()).await.unwrap();
}

#[tokio::test]
async fn what_stands_in_a_lock_file_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let locks = folder.path().join("locks");
    fs::create_dir(&locks).unwrap();
    fs::write(locks.join(format!("{ACCOUNT}.lock")), [0xff; 100]).unwrap();
    let lock = store(folder.path()).lock(ACCOUNT, holder()).await.unwrap();
    assert!(lock.took_over().is_none());
}

#[cfg(unix)]
#[tokio::test]
async fn a_lock_whose_file_is_removed_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let lock = store(folder.path()).lock(ACCOUNT, holder()).await.unwrap();
    fs::remove_file(folder.path().join(format!("locks/{ACCOUNT}.lock"))).unwrap();
    assert!(lock.lost());
    let other = store(folder.path()).lock(ACCOUNT, holder()).await.unwrap();
    assert!(!other.lost() && lock.lost());
}

#[tokio::test]
async fn only_accounts_are_locked() {
    let folder = tempfile::tempdir().unwrap();
    let error = store(folder.path()).lock("../x", holder()).await.unwrap_err();
    assert!(matches!(error, LockError::BadAccount { .. }), "{error}");
}
