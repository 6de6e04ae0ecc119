//! What shows when somebody, or a power cut, changes a journal, and what cannot show without its head.

use std::fs;

use jiff::Timestamp;
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::{
    backend::Backend as _,
    chain::{Chain, Why},
    local::Folder,
    run::RunId,
    scan::{Found, Scan, Stop},
};

/// The lines of a journal with these events, each with its newline.
fn lines(events: &[Value]) -> Vec<Vec<u8>> {
    let mut chain = Chain::START;
    let line = |event: &Value| {
        let mut line = Vec::new();
        chain.extend(&mut line, Timestamp::UNIX_EPOCH, &event.to_string());
        line
    };
    events.iter().map(line).collect()
}

/// How many records are sound and whether a torn line follows, or the line that is broken.
fn outcome(bytes: &[u8], may_tear: bool) -> Result<(u64, bool), (u64, Why)> {
    let mut scan = Scan::new(bytes, may_tear);
    match scan.finish() {
        Ok(torn) => Ok((scan.chain.records, torn)),
        Err(Stop::Broken { line, why }) => Err((line, why)),
        Err(Stop::Read(error)) => panic!("{error}"),
    }
}

#[test]
fn a_changed_line_shows() {
    type Change = fn(&mut Vec<Vec<u8>>);
    let table: [(&str, Change, u64); 9] = [
        ("a value edited", |lines| replace(&mut lines[1], "\"two\"", "\"owt\""), 3),
        ("a space added", |lines| replace(&mut lines[0], ",\"at\"", ", \"at\""), 2),
        ("a time edited", |lines| replace(&mut lines[2], "1970", "1971"), 4),
        ("a line deleted", |lines| drop(lines.remove(1)), 2),
        ("the first line deleted", |lines| drop(lines.remove(0)), 1),
        ("two lines swapped", |lines| lines.swap(1, 2), 2),
        ("a line inserted", |lines| lines.insert(2, lines[1].clone()), 3),
        ("an empty line inserted", |lines| lines.insert(1, b"\n".to_vec()), 2),
        ("a newline lost", |lines| replace(&mut lines[0], "\n", ""), 1),
    ];
    let events = [json!("one"), json!("two"), json!("three"), json!("four"), json!("five")];
    for (change, apply, broken) in table {
        let mut lines = lines(&events);
        apply(&mut lines);
        let (line, why) = outcome(&lines.concat(), true).expect_err(change);
        assert_eq!(line, broken, "{change}: {why}");
    }
}

fn replace(line: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(line.clone()).unwrap();
    assert!(text.contains(from), "{text}");
    *line = text.replace(from, to).into_bytes();
}

#[test]
fn a_renumbered_chain_shows_by_its_links() {
    let mut lines = lines(&[json!(1), json!(2), json!(3)]);
    lines.remove(1);
    replace(&mut lines[1], "\"n\":3", "\"n\":2");
    assert!(matches!(outcome(&lines.concat(), true), Err((2, Why::Link { .. }))));
}

/// Known limits: the head has to be kept elsewhere for these.
#[test]
fn a_missing_end_shows_only_to_who_kept_the_head() {
    let whole = lines(&[json!(1), json!(2), json!(3)]);
    assert_eq!(outcome(&whole[..2].concat(), true), Ok((2, false)));
    let rewritten = lines(&[json!(1), json!(2), json!("three")]);
    assert_eq!(outcome(&rewritten.concat(), true), Ok((3, false)));
    let head = |lines: &[Vec<u8>]| {
        let bytes = lines.concat();
        let mut scan = Scan::new(&bytes[..], true);
        scan.finish().unwrap();
        scan.chain.head
    };
    assert_ne!(head(&whole), head(&whole[..2]));
    assert_ne!(head(&whole), head(&rewritten));
}

#[test]
fn only_the_last_line_of_a_file_may_be_torn() {
    let lines = lines(&[json!(1), json!(2), json!(3)]);
    let table: [(&str, Vec<u8>, u64); 3] = [
        ("half a line", lines[2][..30].to_vec(), 2),
        ("all but its newline", lines[2][..lines[2].len() - 1].to_vec(), 2),
        ("zeros, as after a power cut", vec![0; 200], 2),
    ];
    for (name, end, records) in table {
        let bytes = [lines[..2].concat(), end.clone()].concat();
        assert_eq!(outcome(&bytes, true), Ok((records, true)), "{name}");
        assert!(outcome(&bytes, false).is_err(), "{name} in an object");
        let followed = [bytes, b"\n".to_vec(), lines[2].clone()].concat();
        assert!(outcome(&followed, true).is_err(), "{name}, and more after it");
    }
    // A torn write has no newline: what ends with one was written by somebody else.
    for (name, end) in
        [("no JSON", &b"{\"n\":3,\"at\n"[..]), ("garbage", b"garbage\n"), ("empty", b"\n")]
    {
        let bytes = [lines[..2].concat(), end.to_vec()].concat();
        assert!(matches!(outcome(&bytes, true), Err((3, Why::NotJson(_)))), "{name}");
    }
    let foreign = [lines[..2].concat(), b"{}\n".to_vec()].concat();
    assert!(matches!(outcome(&foreign, true), Err((3, Why::NotRecord(_)))));
}

fn event() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<String>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        vec(any::<String>(), 0..3).prop_map(|texts| json!({"kind": "texts", "texts": texts})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However a run was killed: what was whole stays, the rest is copied aside, and the chain goes on.
    #[test]
    fn a_journal_that_was_cut_anywhere_goes_on(
        events in vec(event(), 1..8),
        cut in any::<prop::sample::Index>(),
        more in event(),
    ) {
        let bytes = lines(&events).concat();
        let cut = cut.index(bytes.len() + 1);
        let whole = bytes[..cut].split(|byte| *byte == b'\n').skip(1).count() as u64;
        let end = bytes[..cut].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let run: RunId = "20261124T185600Z-3f9a2c".parse().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("runs").join(run.as_str());
        fs::create_dir_all(&inside).unwrap();
        fs::write(inside.join("journal.jsonl"), &bytes[..cut]).unwrap();

        let mut again = Folder::new(folder.path().to_owned()).reopen(&run).unwrap();
        prop_assert_eq!(again.chain.records, whole);
        prop_assert_eq!(again.torn.is_some(), end != cut);
        if let Some(torn) = again.torn {
            prop_assert_eq!(torn.n, whole + 1);
            prop_assert_eq!(fs::read(torn.kept).unwrap(), &bytes[end..cut]);
        }
        let mut line = Vec::new();
        again.chain.extend(&mut line, Timestamp::UNIX_EPOCH, &more.to_string());
        again.tail.commit(&line).unwrap();
        let expected = [&bytes[..end], &line].concat();
        prop_assert_eq!(&fs::read(inside.join("journal.jsonl")).unwrap(), &expected);
        prop_assert_eq!(outcome(&expected, true), Ok((whole + 1, false)));
    }

    /// Every byte of every line but the last is covered by the line after it. (Without the newline before
    /// it, the last line is a part of the one before, and both count as torn.)
    #[test]
    fn a_changed_byte_shows(events in vec(event(), 2..6), at in any::<prop::sample::Index>(), to: u8) {
        let lines = lines(&events);
        let mut bytes = lines.concat();
        let at = at.index(bytes.len() - lines.last().map_or(0, Vec::len) - 1);
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        prop_assert!(outcome(&bytes, true).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..300), may_tear: bool) {
        let _ = outcome(&bytes, may_tear);
    }

    #[test]
    fn no_change_of_a_journal_makes_it_panic(
        events in vec(event(), 1..4),
        at in any::<prop::sample::Index>(),
        noise in vec(any::<u8>(), 0..20),
    ) {
        let mut bytes = lines(&events).concat();
        let at = at.index(bytes.len());
        bytes.splice(at..at, noise);
        let mut scan = Scan::new(&bytes[..], true);
        while let Ok(Found::Record(_)) = scan.next() {}
    }
}
