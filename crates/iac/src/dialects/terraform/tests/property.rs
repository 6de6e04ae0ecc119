//! Splices and readers under random input.

use std::path::Path;

use proptest::prelude::*;

use crate::{
    repair::rehearse,
    scan::{Scan, scan_text},
    testing::{Tree, word},
};

/// How a module may be written.
#[derive(Debug, Clone)]
struct Style {
    newline: &'static str,
    indent: &'static str,
    bom: bool,
    comment: &'static str,
    gap: &'static str,
}

fn style() -> impl Strategy<Value = Style> {
    let newline = prop_oneof![Just("\n"), Just("\r\n")];
    let indent = prop_oneof![Just("  "), Just("    "), Just("\t"), Just("")];
    let comment =
        prop_oneof![Just(""), Just(" # why"), Just(" // {"), Just(" /* } */"), Just("   #\"")];
    let gap = prop_oneof![Just(" "), Just(""), Just("    ")];
    (newline, indent, any::<bool>(), comment, gap).prop_map(
        |(newline, indent, bom, comment, gap)| Style { newline, indent, bom, comment, gap },
    )
}

/// Lines that may stand around what is repaired.
const LINES: &[&str] = &[
    "ami=\"ami-1\"~",
    "instance_type  =  \"t3.micro\"~",
    "tags={ a = \"http_tokens\", b = 1 }~",
    "user_data=<<EOF|#!/bin/sh|echo } \" {|EOF",
    "user_data_base64=<<-EOF|    x = \"${1 + 1}\"|    EOF",
    "ebs_block_device {|^size=1|}",
    "ebs_block_device { size=1 }",
    "x=[|^1,|^2,|]~",
    "y=\"a\\\"}${\"{\"}%%{\"",
    "# a comment",
    "/* another|   one */",
    "",
    "lifecycle {|^ignore_changes=[ami]|}",
];

/// What is said of tokens.
const SAID: &[&str] = &[
    "",
    "metadata_options {|^http_tokens=\"optional\"~|}",
    "metadata_options {|^http_endpoint=\"enabled\"~|}",
    "metadata_options {|^http_endpoint=\"enabled\"~|^http_put_response_hop_limit=2~|}",
    "metadata_options {}",
    "metadata_options { http_tokens=\"optional\" }",
    "metadata_options { http_endpoint=\"enabled\" }",
    "metadata_options {|^# nothing|}",
    "metadata_options {|^http_tokens=null~|}",
    "metadata_options {|^http_tokens=local.tokens~|}",
    "metadata_options {|^http_tokens=var.tokens~|}",
    "metadata_options {|^http_tokens=var.strict_tokens ? \"required\" : \"optional\"~|}",
    "dynamic \"metadata_options\" {|^for_each=[1]~|^content {|^^http_tokens=\"optional\"~|^}|}",
    "dynamic \"metadata_options\" {|^for_each=var.strict_tokens ? [1] : []~|^content {|^^http_tokens=\"required\"~|^}|}",
    "dynamic \"metadata_options\" {|^for_each=[1]|^content {|^^http_endpoint=\"enabled\"|^}|}",
];

const ABOVE: &str = "variable \"tokens\" {|^default=\"optional\"~|}|locals {|^other=1~|^tokens=\"optional\"~|}|variable \"strict_tokens\" {|^default=false~|}";

fn lines(text: &str, style: &Style, level: usize) -> String {
    let mut written = String::new();
    let heredoc = text.contains("<<");
    for (index, line) in text.split('|').enumerate() {
        let deeper = line.len() - line.trim_start_matches('^').len();
        let line = line.trim_start_matches('^');
        if !heredoc || index == 0 {
            written.push_str(&style.indent.repeat(level + deeper));
        }
        let line = match line.split_once('=') {
            Some((name, value)) if !heredoc && !line.contains('{') && !line.contains("  ") => {
                format!("{name}{}={}{value}", style.gap, style.gap)
            }
            _ => line.to_owned(),
        };
        written.push_str(&line.replace('~', style.comment));
        written.push_str(style.newline);
    }
    written
}

pub(super) fn module() -> impl Strategy<Value = String> {
    let some = prop::sample::subsequence(LINES, 0..6).prop_shuffle();
    let cut = any::<prop::sample::Index>();
    let kind = prop::sample::select(
        &["aws_instance", "aws_launch_template", "aws_launch_configuration"][..],
    );
    let resource = (kind, some, prop::sample::select(SAID), cut);
    (style(), prop::collection::vec(resource, 1..4)).prop_map(|(style, resources)| {
        let mut text = if style.bom { "\u{feff}".to_owned() } else { String::new() };
        text.push_str(&lines(ABOVE, &style, 0));
        for (index, (kind, some, said, cut)) in resources.into_iter().enumerate() {
            let (before, after) = some.split_at(cut.index(some.len() + 1));
            let head = format!("resource \"{kind}\" \"r{index}\" {{{}", style.newline);
            text.push_str(&head);
            for part in before.iter().chain([&said]).chain(after) {
                if part != &said || !said.is_empty() {
                    text.push_str(&lines(part, &style, 1));
                }
            }
            text.push('}');
            text.push_str(style.newline);
        }
        text
    })
}

/// But for white space and the values that were changed, all of the old text is left in its order.
fn untouched(before: &str, after: &str) -> bool {
    let bare = |text: &str| -> Vec<char> {
        let text = text.replace("optional", "required").replace("false", "true");
        let text = text.replace("null", "\"required\"");
        text.chars().filter(|c| !c.is_whitespace()).collect()
    };
    let mut after = bare(after).into_iter();
    bare(before).into_iter().all(|wanted| after.any(|c| c == wanted))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn splices_change_nothing_else(text in module()) {
        let tree = Tree::of(&[("main.tf", &text)]);
        let scan = Scan::of([tree.path()]);
        let before = scan.run();
        prop_assert_eq!(&before.errors, &[]);
        let rehearsal = rehearse(&scan, &before, |_| true);
        prop_assert_eq!(&rehearsal.mistakes, &[], "{}", text);
        prop_assert!(rehearsal.refused.is_empty(), "{:?}", rehearsal.refused);
        let mut after = scan.clone();
        for edit in &rehearsal.edits {
            prop_assert!(untouched(&edit.before, &edit.after), "{}\n----\n{}", edit.before, edit.after);
            let bare = edit.after.replace("\r\n", "");
            prop_assert!(!edit.after.contains("\r\n") || !bare.contains('\n'), "mixed line ends");
            after.overlay.insert(edit.path.to_path_buf(), edit.after.clone());
        }
        let again = after.run();
        prop_assert_eq!(&again.errors, &[]);
        prop_assert_eq!(again.specs.len(), before.specs.len());
        for spec in &again.specs {
            prop_assert_eq!(word(spec), "required", "{}", spec.address);
            prop_assert!(spec.fix.is_none());
        }
    }

    #[test]
    fn fuzz_readers_take_anything(text in mangled()) {
        for name in ["main.tf", "terraform.tfvars", "main.tf.json", "terragrunt.hcl", "x.tfstate"] {
            let scanned = scan_text(Path::new(name), &text);
            for spec in &scanned.specs {
                prop_assert!(text.get(spec.place.bytes.clone()).is_some());
            }
        }
    }

    #[test]
    fn fuzz_splices_of_anything_are_as_meant(text in mangled()) {
        let tree = Tree::of(&[("main.tf", &text)]);
        let scan = Scan::of([tree.path()]);
        let before = scan.run();
        let rehearsal = rehearse(&scan, &before, |_| true);
        prop_assert_eq!(&rehearsal.mistakes, &[], "{}", text);
    }
}

/// A module with something cut, doubled or put in.
fn mangled() -> impl Strategy<Value = String> {
    let noise = prop_oneof![
        "[ -~]{0,8}",
        prop::sample::select(
            &[
                "{",
                "}",
                "\"",
                "${",
                "<<EOF\n",
                "\n",
                "[",
                "]",
                "(",
                "*/",
                "/*",
                "#",
                "=",
                "\\",
                "\u{0}",
                "é",
                "\r",
                "...",
                "for x in ",
                "null",
                "%{if",
                "\u{feff}"
            ][..]
        )
        .prop_map(str::to_owned),
    ];
    let edit = (any::<prop::sample::Index>(), 0_usize..12, noise);
    (module(), prop::collection::vec(edit, 0..4)).prop_map(|(mut text, edits)| {
        for (at, cut, noise) in edits {
            let begin = text.floor_char_boundary(at.index(text.len() + 1));
            let end = text.floor_char_boundary((begin + cut).min(text.len())).max(begin);
            text.replace_range(begin..end, &noise);
        }
        text
    })
}
