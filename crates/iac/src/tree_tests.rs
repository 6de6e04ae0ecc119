//! Trees and splices over all sorts of text: nothing panics, what a splice does not name stays, and what is
//! read back is what was meant.

use std::{fmt::Write as _, path::Path};

use proptest::prelude::*;

use crate::{
    edit::{self, New},
    fix::{Edits, Fix, Splice},
    node::{Node, Parsed},
    scan::scan_text,
    source::Source,
};

fn apply(source: &Source, splice: Splice) -> Source {
    let (before, range) = (source.text(), splice.bytes.clone());
    let tail = before.len() - range.end;
    let fix = Fix { title: String::new(), effect: crate::Effect::InPlace, splices: vec![splice] };
    let mut edits = Edits::default();
    edits.add(&fix).unwrap();
    let after = edits.apply(source.path(), before).unwrap().after;
    assert_eq!(after[..range.start], before[..range.start]);
    assert_eq!(after[after.len() - tail..], before[range.end..]);
    Source::new(source.path().to_path_buf(), after)
}

fn tree(source: &Source) -> Parsed {
    let json = source.path().extension().is_some_and(|extension| extension == "json");
    let parsed = if json { source.json() } else { source.yaml() };
    parsed.clone()
}

fn root(source: &Source) -> std::sync::Arc<Node> {
    let parsed = tree(source);
    assert_eq!(parsed.error, None, "{}", source.text());
    parsed.documents[0].clone()
}

/// Inserts into the mapping at a path and compares the text.
#[track_caller]
fn inserts(name: &str, text: &str, path: &[&str], members: &[(&str, New)], expected: &str) {
    let source = Source::new(name, text);
    let tree = root(&source);
    let splice = edit::insert(&source, tree.at(path).unwrap(), members).unwrap();
    let after = apply(&source, splice);
    assert_eq!(after.text(), expected);
    let after_root = root(&after);
    for (key, value) in members {
        if let New::Text(value) | New::Plain(value) = value {
            assert_eq!(after_root.at(path).unwrap().text_of(key), Some(value.as_str()));
        }
    }
}

#[test]
fn members_are_inserted_as_their_neighbours_are_written() {
    let tokens = [("HttpTokens", New::text("required"))];
    inserts(
        "a.yaml",
        "A:\n  B: 1 # c\nC: 2\n",
        &["A"],
        &tokens,
        "A:\n  B: 1 # c\n  HttpTokens: required\nC: 2\n",
    );
    inserts(
        "a.yaml",
        "A:\r\n    B: 1",
        &["A"],
        &tokens,
        "A:\r\n    B: 1\r\n    HttpTokens: required",
    );
    inserts("a.yaml", "A: {B: 1}\n", &["A"], &tokens, "A: {B: 1, HttpTokens: required}\n");
    inserts("a.yaml", "A: {}\n", &["A"], &tokens, "A: {HttpTokens: required}\n");
    inserts(
        "a.yaml",
        "A: {\"B\": 1}\n",
        &["A"],
        &tokens,
        "A: {\"B\": 1, \"HttpTokens\": \"required\"}\n",
    );
    inserts(
        "a.yaml",
        "A:\n  B: |\n    text\n\n# end\n",
        &["A"],
        &tokens,
        "A:\n  HttpTokens: required\n  B: |\n    text\n\n# end\n",
    );
    inserts(
        "a.yaml",
        "A:\n  B:\n  - 1\n  - x: 2\n\n# end\n",
        &["A"],
        &tokens,
        "A:\n  B:\n  - 1\n  - x: 2\n  HttpTokens: required\n\n# end\n",
    );
    inserts("a.yaml", "\u{feff}B: 1\n", &[], &tokens, "\u{feff}B: 1\nHttpTokens: required\n");
    inserts("a.json", "{\"A\": {}}", &["A"], &tokens, "{\"A\": {\"HttpTokens\": \"required\"}}");
    inserts(
        "a.json",
        "{\"A\": {\"B\": 1}}",
        &["A"],
        &tokens,
        "{\"A\": {\"B\": 1, \"HttpTokens\": \"required\"}}",
    );
    inserts(
        "a.json",
        "{\n\t\"A\": 1\n}",
        &[],
        &tokens,
        "{\n\t\"A\": 1,\n\t\"HttpTokens\": \"required\"\n}",
    );
}

#[test]
fn mappings_are_inserted_with_their_members() {
    let block = New::map(&[("HttpTokens", New::text("required")), ("Hops", New::plain(&1))]);
    let block = [("M", block)];
    inserts(
        "a.yaml",
        "A:\n    B: 1\n",
        &["A"],
        &block,
        "A:\n    B: 1\n    M:\n        HttpTokens: required\n        Hops: 1\n",
    );
}

#[test]
fn items_are_appended_as_their_neighbours_are_written() {
    let item = New::map(&[("K", New::text("a:b")), ("V", New::plain(&true))]);
    for (name, text, expected) in [
        ("a.yaml", "A:\n- K: 1 # c\n\nB: 2\n", "A:\n- K: 1 # c\n- K: \"a:b\"\n  V: true\n\nB: 2\n"),
        (
            "a.yaml",
            "A:\r\n    - K: 1\r\n      V: 2",
            "A:\r\n    - K: 1\r\n      V: 2\r\n    - K: \"a:b\"\r\n      V: true",
        ),
        ("a.yaml", "A: []\n", "A: [{K: \"a:b\", V: true}]\n"),
        ("a.yaml", "A: [{K: 1}] # c\n", "A: [{K: 1}, {K: \"a:b\", V: true}] # c\n"),
        (
            "a.yaml",
            "A:\n  - K: 1\n  - |\n    x\n",
            "A:\n  - K: \"a:b\"\n    V: true\n  - K: 1\n  - |\n    x\n",
        ),
        ("a.json", "{\"A\": [1]}", "{\"A\": [1, { \"K\": \"a:b\", \"V\": true }]}"),
        (
            "a.json",
            "{\n  \"A\": [\n    1\n  ]\n}",
            "{\n  \"A\": [\n    1,\n    {\n      \"K\": \"a:b\",\n      \"V\": true\n    }\n  ]\n}",
        ),
    ] {
        let source = Source::new(name, text);
        let tree = root(&source);
        let splice = edit::append(&source, tree.get("A").unwrap(), &item).unwrap();
        let after = apply(&source, splice);
        assert_eq!(after.text(), expected);
        let items = root(&after).get("A").unwrap().clone();
        assert!(items.items().iter().any(|one| one.text_of("K") == Some("a:b")));
    }
    let list = New::List(vec![item, New::text("x")]);
    let nested = [("L", New::map(&[("M", list)]))];
    inserts(
        "a.yaml",
        "A:\n  B: 1\n",
        &["A"],
        &nested,
        "A:\n  B: 1\n  L:\n    M:\n      - K: \"a:b\"\n        V: true\n      - x\n",
    );
    let pretty = "{\n  \"B\": 1,\n  \"L\": {\n    \"M\": [\n      {\n        \"K\": \"a:b\",\n        \"V\": true\n      },\n      \"x\"\n    ]\n  }\n}";
    inserts("a.json", "{\n  \"B\": 1\n}", &[], &nested, pretty);
}

#[test]
fn a_null_is_filled() {
    for (name, text, expected) in [
        ("a.yaml", "A:\n  M: # why\n  B: 1\n", "A:\n  M: # why\n    T: required\n  B: 1\n"),
        ("a.yaml", "A:\n  M: ~\n", "A:\n  M: {T: required}\n"),
        ("a.json", "{\"A\": {\"M\": null}}", "{\"A\": {\"M\": { \"T\": \"required\" }}}"),
    ] {
        let source = Source::new(name, text);
        let tree = root(&source);
        let member = tree.get("A").unwrap().member("M").unwrap();
        let splice = edit::fill(&source, member, &[("T", New::text("required"))]).unwrap();
        assert_eq!(apply(&source, splice).text(), expected);
    }
}

#[test]
fn a_scalar_keeps_its_quotes() {
    for (name, text, expected) in [
        ("a.yaml", "A: optional # why\n", "A: required # why\n"),
        ("a.yaml", "A: 'optional'\n", "A: 'required'\n"),
        ("a.yaml", "A: !x \"optional\"\n", "A: !x \"required\"\n"),
        ("a.json", "{\"A\": \"optional\"}", "{\"A\": \"required\"}"),
    ] {
        let source = Source::new(name, text);
        let tree = root(&source);
        let splice = edit::set_scalar(&source, tree.get("A").unwrap(), &New::text("required"));
        assert_eq!(apply(&source, splice.unwrap()).text(), expected);
    }
    let source = Source::new("a.yaml", "A: |\n  optional\n");
    assert!(edit::set_scalar(&source, root(&source).get("A").unwrap(), &New::text("x")).is_none());
}

#[test]
fn anchors_and_merge_keys_are_resolved() {
    let source = Source::new(
        "a.yaml",
        "a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc:\n  <<: [*a, *b]\n  y: 3\nd: *a\n",
    );
    let tree = root(&source);
    let c = tree.get("c").unwrap();
    assert_eq!(["x", "y", "z"].map(|key| c.text_of(key).unwrap()), ["1", "3", "2"]);
    assert_eq!(source.slice(tree.get("d").unwrap().span.clone()), "{x: 1, y: 1}");
    assert_eq!(source.slice(tree.member("d").unwrap().alias.clone().unwrap()), "*a");
}

#[test]
fn tags_documents_and_errors() {
    let parsed = crate::yaml::parse("a: !Sub '${x}'\n---\nb: !If [c, !Ref d, !Ref e]\n---\n- [\n");
    assert_eq!(parsed.documents.len(), 2);
    assert_eq!(parsed.documents[0].get("a").unwrap().tag.as_deref(), Some("!Sub"));
    let third = &parsed.documents[1].get("b").unwrap().items()[2];
    assert_eq!((third.tag.as_deref(), third.text()), (Some("!Ref"), Some("e")));
    assert_eq!(parsed.error.unwrap().code, "Syntax");
    assert_eq!(crate::json::parse("{\"a\": }").error.unwrap().offset, 6);
}

#[test]
fn fuzz_nesting_and_bombs_are_bounded() {
    let code = |parsed: &Parsed| parsed.error.as_ref().map(|error| error.code);
    let deep = 10_000;
    let indented: Vec<_> = (0..deep).map(|level| format!("{}a:", " ".repeat(level))).collect();
    let indented = indented.join("\n");
    for text in ["[".repeat(deep), "{a: ".repeat(deep), "- ".repeat(deep), indented] {
        assert_eq!(code(&crate::yaml::parse(&text)), Some("TooDeep"));
    }
    for text in ["[".repeat(deep), "{\"a\":".repeat(deep)] {
        assert_eq!(code(&crate::json::parse(&text)), Some("TooDeep"));
    }
    let mut bomb = "a0: &a0 [x, x]\n".to_owned();
    for level in 1..64 {
        let below = level - 1;
        writeln!(bomb, "a{level}: &a{level} [*a{below}, *a{below}]").unwrap();
    }
    assert_eq!(code(&crate::yaml::parse(&bomb)), Some("TooManyNodes"));
    let mut chain = "a0: &a0 [x]\n".to_owned();
    for level in 1..deep {
        writeln!(chain, "a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    assert_eq!(code(&crate::yaml::parse(&chain)), Some("TooDeep"));
    assert_eq!(code(&crate::yaml::parse("a: &a [*a]")), Some("Syntax"));
}

/// A tree as text: nested block and flow mappings, comments, blank lines, either line end.
fn yaml_text() -> impl Strategy<Value = String> {
    let scalar = prop::sample::select(vec![
        "x",
        "'q r'",
        "\"d\\n\"",
        "",
        "# c",
        "|\n      lit\n",
        "[1, {b: 2}]",
        "{}",
        "1",
        "~",
        "*no",
        "!Ref y",
        "true",
    ]);
    let line =
        (0_usize..4, "[a-d]", scalar, any::<bool>()).prop_map(|(indent, key, value, dash)| {
            format!("{}{}{key}: {value}", "  ".repeat(indent), if dash { "- " } else { "" })
        });
    (prop::collection::vec(line, 1..8), any::<bool>())
        .prop_map(|(lines, windows)| lines.join(if windows { "\r\n" } else { "\n" }))
}

fn json_text() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec!["1", "\"s\"", "null", "true", "{}", "[]"]);
    let leaf = leaf.prop_map(str::to_owned);
    let tree = leaf.prop_recursive(4, 16, 3, |inner| {
        let members = prop::collection::vec(("[a-d]", inner), 1..4);
        (members, any::<bool>()).prop_map(|(members, lines)| {
            let members: Vec<_> =
                members.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
            let gap = if lines { "\n  " } else { "" };
            format!("{{{gap}{}{gap}}}", members.join(&format!(",{gap}")))
        })
    });
    tree.prop_map(|text| format!("\u{feff}{text}"))
}

/// Every mapping of a text gets a member: it is read back, and everything else is as before.
fn insert_everywhere(name: &str, text: &str, value: &str) -> Result<(), TestCaseError> {
    let source = Source::new(name, text);
    let parsed = tree(&source);
    if parsed.error.is_some() || text.contains("*no") {
        return Ok(());
    }
    for document in &parsed.documents {
        let mut maps = Vec::new();
        document.visit(&mut |node| maps.push(node));
        for map in maps {
            let Some(splice) = edit::insert(&source, map, &[("New", New::text(value))]) else {
                continue;
            };
            let after = apply(&source, splice);
            let again = tree(&after);
            prop_assert_eq!(&again.error, &None, "{}\n--\n{}", text, after.text());
            let mut inserted = Vec::new();
            for document in &again.documents {
                document.visit(&mut |node| inserted.extend(node.text_of("New")));
            }
            prop_assert_eq!(inserted, [value], "{}\n--\n{}", text, after.text());
            prop_assert_eq!(weight(&again), weight(&parsed) + 1, "{}\n--\n{}", text, after.text());
        }
    }
    Ok(())
}

/// Every list of a text gets an item.
fn append_everywhere(name: &str, text: &str) -> Result<(), TestCaseError> {
    let source = Source::new(name, text);
    let parsed = tree(&source);
    if parsed.error.is_some() || text.contains("*no") {
        return Ok(());
    }
    for document in &parsed.documents {
        let mut lists = Vec::new();
        document.visit(&mut |node| lists.push(node));
        let item = New::map(&[("New", New::text("v")), ("Other", New::plain(&1))]);
        for list in lists {
            let Some(splice) = edit::append(&source, list, &item) else { continue };
            let after = apply(&source, splice);
            let again = tree(&after);
            prop_assert_eq!(&again.error, &None, "{}\n--\n{}", text, after.text());
            prop_assert_eq!(weight(&again), weight(&parsed) + 3, "{}\n--\n{}", text, after.text());
        }
    }
    Ok(())
}

fn weight(parsed: &Parsed) -> usize {
    parsed.documents.iter().map(|document| document.weight()).sum()
}

proptest! {
    #[test]
    fn fuzz_random_text_never_panics(text in any::<String>()) {
        let source = Source::new("a.yaml", text.as_str());
        let _ = (source.yaml(), source.json(), crate::loose::optionals(&source, "x", &[]));
        let _ = insert_everywhere("a.yaml", &text, "v");
        scan_text(Path::new("a.yaml"), &text);
    }

    #[test]
    fn fuzz_random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Source::from_bytes(Path::new("a"), bytes);
    }

    #[test]
    fn fuzz_yaml_takes_a_member_anywhere(text in yaml_text(), value in "[ -~äé\n]{0,8}") {
        insert_everywhere("a.yaml", &text, &value)?;
    }

    #[test]
    fn fuzz_json_takes_a_member_anywhere(text in json_text(), value in any::<String>()) {
        insert_everywhere("a.json", &text, &value)?;
    }

    #[test]
    fn fuzz_lists_take_an_item_anywhere(yaml in yaml_text(), json in json_text()) {
        append_everywhere("a.yaml", &yaml)?;
        append_everywhere("a.json", &json)?;
    }

    #[test]
    fn fuzz_a_scalar_is_read_back(text in yaml_text(), value in "[ -~äé]{0,8}") {
        let source = Source::new("a.yaml", text.as_str());
        let parsed = tree(&source);
        for document in parsed.documents.iter().filter(|_| parsed.error.is_none()) {
            let mut nodes = Vec::new();
            document.visit(&mut |node| nodes.push(node));
            for node in nodes {
                let Some(splice) = edit::set_scalar(&source, node, &New::text(&value)) else {
                    continue;
                };
                let after = apply(&source, splice);
                let mut found = false;
                for document in &tree(&after).documents {
                    document.visit(&mut |node| found |= node.text() == Some(&value));
                }
                prop_assert!(found, "{}\n--\n{}", text, after.text());
            }
        }
    }
}
