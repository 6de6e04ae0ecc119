//! Texts cut into blocks, parsed and edited.

use std::sync::Arc;

use proptest::prelude::*;

use super::{
    body, edit,
    eval::{Budget, Evaluator, Names},
    split,
    value::{Origin, Value},
};
use crate::{fix::Splice, source::Source};

/// Kind and labels of all blocks, and where the text is no HCL.
fn cut(text: &str) -> (Vec<String>, Option<usize>) {
    let (chunks, failed) = split(text, 0);
    let words = chunks.iter().map(|chunk| {
        let labels = (0..chunk.labels.len()).filter_map(|index| chunk.label(text, index));
        [chunk.kind(text)].into_iter().chain(labels).collect::<Vec<_>>().join(" ")
    });
    (words.collect(), failed)
}

#[test]
fn a_file_is_cut_into_its_blocks() {
    let text = "# a {\nresource \"a\" \"b\" {\n  x = \"}\" # }\n  y = \"${{ a = \"}\" }[\"a\"]}\"\n}\n\n/* { */ locals { // {\n}\nmodule m {}\nname = [\n  1,\n]\nlast = <<EOF\n}\n  EOF\nvariable\t\"v\"{}";
    let (found, failed) = cut(text);
    assert_eq!(found, ["resource a b", "locals", "module m", "name", "last", "variable v"]);
    assert_eq!(failed, None);
}

#[test]
fn what_is_no_hcl_ends_the_cutting() {
    for (text, blocks, at) in [
        ("a {}\n}\n", 1, 5),
        ("a {}\nb {", 1, 5),
        ("a {}\nb \"x {}\n", 1, 5),
        ("a { ] }", 0, 0),
        ("a = \"b\nc = 1\n", 0, 0),
        ("a {}\n1 = 2\n", 1, 5),
        ("\u{0}", 0, 0),
    ] {
        let (found, failed) = cut(text);
        assert_eq!((found.len(), failed), (blocks, Some(at)), "{text:?}");
    }
}

#[test]
fn no_nesting_is_too_deep_to_be_cut() {
    let text = format!("a = {}1{}\nb {{}}\n", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(cut(&text), (vec!["a".to_owned(), "b".to_owned()], None));
    let text = format!("a = \"{}1{}\"\nb {{}}\n", "${\"".repeat(100_000), "\"}".repeat(100_000));
    assert_eq!(cut(&text), (vec!["a".to_owned(), "b".to_owned()], None));
}

struct Nothing;

impl Names for Nothing {
    fn name(&self, _: &str, _: &[super::ast::Step], _: Origin) -> Option<(Value, usize)> {
        None
    }
}

/// The value of the attribute `x` of a text.
fn value(text: &str) -> (Arc<Source>, Value) {
    let source = Arc::new(Source::new("a.tf", text));
    let body = body(&source).unwrap();
    let budget = Budget::default();
    let evaluator = Evaluator { names: &Nothing, source: &source, bound: None, budget: &budget };
    let value = evaluator.eval(body.attribute("x").unwrap());
    (source, value)
}

fn spliced(source: &Source, splice: &Splice) -> String {
    let mut text = source.text().to_owned();
    assert_eq!(source.slice(splice.bytes.clone()), splice.expected);
    text.replace_range(splice.bytes.clone(), &splice.replacement);
    text
}

#[test]
fn a_literal_keeps_its_quotes_and_columns() {
    for (before, new, after) in [
        ("x = \"optional\"\n", "\"required\"", "x = \"required\"\n"),
        ("x = false\n", "true", "x = true\n"),
        ("x = \"false\"\n", "true", "x = \"true\"\n"),
        ("x = null\n", "\"required\"", "x = \"required\"\n"),
        ("x = 1 # a\n", "2", "x = 2 # a\n"),
        // Alone, a comment stands one blank behind.
        ("x = false # a\n", "true", "x = true # a\n"),
        // The longest line grows or shrinks, and its neighbours go with it.
        ("x = false # a\ny = true  # b\n", "true", "x = true # a\ny = true # b\n"),
        (
            "y = 1       # b\r\nx = \"a123\"  # a\r\n",
            "\"b\"",
            "y = 1       # b\r\nx = \"b\"  # a\r\n",
        ),
        ("y = 1     # b\r\nx = \"123\" # a\r\n", "\"b\"", "y = 1   # b\r\nx = \"b\" # a\r\n"),
        ("y = \"long\" # b\nx = false  // a\n", "true", "y = \"long\" # b\nx = true   // a\n"),
        (
            "y = 1   # b\nx = \"a\" # a\nz = 2   # c\n",
            "\"abc\"",
            "y = 1     # b\nx = \"abc\" # a\nz = 2     # c\n",
        ),
        ("# b\nx = false # a\n\ny = 1 # b\n", "true", "# b\nx = true # a\n\ny = 1 # b\n"),
        ("y = \"#\"\nx = false # a\n", "true", "y = \"#\"\nx = true # a\n"),
    ] {
        let (source, value) = value(before);
        let splice = edit::set(&value.origin, new).unwrap();
        assert_eq!(spliced(&source, &splice), after);
    }
    for text in ["x = [1]\n", "x = <<EOF\na\nEOF\n", "x = 1 + 1\n", "x = \"a${1}\"\n", "x = {}\n"] {
        assert_eq!(edit::set(&value(text).1.origin, "\"b\""), None, "{text}");
    }
}

/// Attributes added to the block of a text.
fn added(text: &str, new: &[(&str, &str)]) -> String {
    let source = Source::new("a.tf", text);
    let body = body(&source).unwrap();
    spliced(&source, &edit::insert_attributes(&source, &body.blocks[0], new).unwrap())
}

#[test]
fn attributes_are_added_and_aligned() {
    let new = [("long_name", "1")];
    for (before, after) in [
        ("a {}\n", "a {\n  long_name = 1\n}\n"),
        ("a { b = 2 }\n", "a {\n  b         = 2\n  long_name = 1\n}\n"),
        ("a {\n  b = 2\n}\n", "a {\n  b         = 2\n  long_name = 1\n}\n"),
        (
            "a {\n    very_long_name = 2\n}\n",
            "a {\n    very_long_name = 2\n    long_name      = 1\n}\n",
        ),
        ("a {\n  b=2\n  cc = 3\n}\n", "a {\n  b=2\n  cc = 3\n  long_name = 1\n}\n"),
        ("a {\n  b = 2 # x\n}\n", "a {\n  b         = 2 # x\n  long_name = 1\n}\n"),
        ("a {\n  b = [\n    1\n  ]\n}\n", "a {\n  long_name = 1\n\n  b = [\n    1\n  ]\n}\n"),
        ("a {\n  b {}\n}\n", "a {\n  long_name = 1\n\n  b {}\n}\n"),
        ("a {\n  # only this\n}\n", "a {\n  # only this\n  long_name = 1\n}\n"),
        (
            "a {\n  b = 1\n\n  c {\n  }\n}\n",
            "a {\n  b         = 1\n  long_name = 1\n\n  c {\n  }\n}\n",
        ),
        ("a {\n  /* b\n  */ }\n", "a {\n  /* b\n  */\n  long_name = 1\n}\n"),
        // Many neighbours stay where they are.
        (
            "a {\n  b = 1\n  c = 1\n  d = 1\n  e = 1\n  f = 1\n}\n",
            "a {\n  b = 1\n  c = 1\n  d = 1\n  e = 1\n  f = 1\n\n  long_name = 1\n}\n",
        ),
        (
            "a {\n  h = <<EOF\nEOF\n  b = 1\n}\n",
            "a {\n  h = <<EOF\nEOF\n  b = 1\n\n  long_name = 1\n}\n",
        ),
    ] {
        assert_eq!(added(before, &new), after);
    }
    let source = Source::new("a.tf", "a { /* x\n  */\n  b {}\n}\n");
    let parsed = body(&source).unwrap();
    assert_eq!(edit::insert_attributes(&source, &parsed.blocks[0], &new), None);
    assert_eq!(
        added("a {\n  b = 2\n}\n", &[("c", "3"), ("dd", "4")]),
        "a {\n  b  = 2\n  c  = 3\n  dd = 4\n}\n"
    );
}

#[test]
fn items_are_added_to_objects() {
    for (before, after) in [
        ("x = {}\n", "x = { c = 1 }\n"),
        ("x = { a = 2 }\n", "x = { a = 2, c = 1 }\n"),
        ("x = { a = 2, }\n", "x = { a = 2, c = 1 }\n"),
        ("x = {\n  a = 2\n}\n", "x = {\n  a = 2\n  c = 1\n}\n"),
        ("x = {\n  abc = 2,\n}\n", "x = {\n  abc = 2,\n  c   = 1\n}\n"),
        ("x = {\n  abc : 2\n}\n", "x = {\n  abc : 2\n  c = 1\n}\n"),
        ("x = {\n  a = 2 # why\n}\n", "x = {\n  a = 2 # why\n  c = 1\n}\n"),
        ("x = {\n  a = [\n    2\n  ]\n}\n", "x = {\n  a = [\n    2\n  ]\n  c = 1\n}\n"),
        ("x = {\n  # none\n}\n", "x = {\n  # none\n  c = 1\n}\n"),
    ] {
        let (source, value) = value(before);
        let splice = edit::insert_item(&source, value.origin.span, "c", "1").unwrap();
        let text = spliced(&source, &splice);
        assert_eq!(text, after);
        assert!(body(&Source::new("a.tf", text)).is_ok());
    }
    let (source, value) = value("x = {\n  a = 1, b = 2 }\n");
    assert_eq!(edit::insert_item(&source, value.origin.span, "c", "1"), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the parser takes is cut into the same blocks, at the same places.
    #[test]
    fn fuzz_cutting_agrees_with_parsing(parts in prop::collection::vec(prop::sample::select(&[
        "a {\n", "b \"x\" {\n", "}\n", "x = 1\n", "y = \"}\"\n", "z = \"${a[\"b\"]}\"\n", "# { \"\n", "/* } */",
        "h = <<EOF\n", "EOF\n", "  EOF\n", "i = <<-X\n", "X\n", "l = [\n", "]\n", "\r\n", "o = {\n", "f(\n", ")\n",
        "é", "// x\n", "\"", "$${", "%%{", "\\\"", "${", "}", "x.y[0]", "?", ":", "\n",
    ][..]), 0..14)) {
        let text = parts.concat();
        let source = Source::new("a.tf", text.as_str());
        let (chunks, failed) = split(&text, 0);
        for chunk in &chunks {
            prop_assert!(text.get(chunk.span.clone()).is_some());
        }
        if let (Ok(body), None) = (body(&source), failed) {
            let cut: Vec<_> = chunks.iter().filter(|one| one.block).map(|one| one.span.clone()).collect();
            let parsed: Vec<_> = body.blocks.iter().map(|one| one.span.range()).collect();
            prop_assert_eq!(cut, parsed, "{}", text);
        }
    }
}
