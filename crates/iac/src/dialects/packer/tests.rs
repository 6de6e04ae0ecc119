//! Templates in, rows and repaired templates out.

use std::path::Path;

use imdsure_model::Effect;
use proptest::prelude::*;

use crate::{
    scan::{Scan, scan_text},
    spec::{LaunchSpec, Sent},
    testing::{Tree, fixed, rows, word},
};

const VARIABLES: &str = r#"variable "tokens" {
  default = "optional"
}
variable "open" {}
locals {
  strict = "required"
  round  = local.round
}
local "one" {
  expression = upper(local.strict)
}
"#;

/// A builder whose `http_tokens` is that expression.
fn builder(expression: &str) -> String {
    format!(
        "{VARIABLES}source \"amazon-ebs\" \"web\" {{\n  imds_support = \"v2.0\"\n  metadata_options {{\n    http_tokens = {expression}\n  }}\n}}\n"
    )
}

#[track_caller]
fn host(text: &str) -> LaunchSpec {
    let scanned = scan_text(Path::new("t.pkr.hcl"), text);
    assert_eq!(scanned.errors, []);
    scanned.specs.into_iter().find(|spec| spec.kind == "amazon-ebs").unwrap()
}

#[test]
fn expressions_come_to_their_value() {
    for (expression, expected) in [
        ("\"required\"", "required"),
        ("var.tokens", "optional"),
        ("local.strict", "required"),
        ("lower(local.one)", "required"),
        ("var.tokens == \"optional\" ? \"optional\" : local.strict", "optional"),
        ("null", "absent"),
        ("var.open", "unresolved: var.open has no value here"),
        ("local.nope", "unresolved: local.nope has no value here"),
        ("local.round", "unresolved: it refers to itself"),
        ("data.amazon-ami.x.id", "unresolved: known only when it is built"),
        ("build.ID", "unresolved: known only when it is built"),
    ] {
        assert_eq!(word(&host(&builder(expression))), expected, "{expression}");
    }
}

#[test]
fn a_silent_builder_sends_optional() {
    let text = "source \"amazon-ebs\" \"web\" {}\n";
    assert_eq!(
        rows("t.pkr.hcl", text),
        ["source.amazon-ebs.web: absent, sends optional/1", "source.amazon-ebs.web: absent"]
    );
    let scanned = scan_text(Path::new("t.pkr.hcl"), text);
    assert!(matches!(scanned.specs[0].sends_when_silent, Some(Sent { hop_limit: Some(1), .. })));
    assert_eq!(scanned.specs[1].kind, "amazon-ebs image");
    assert_eq!(scanned.specs[1].sends_when_silent, None);
    let effects: Vec<_> =
        scanned.specs.iter().filter_map(|spec| Some(spec.fix.as_ref()?.effect)).collect();
    assert_eq!(effects, [Effect::InPlace, Effect::Irreversible]);
}

#[test]
fn all_builders_of_amazon_are_read_and_no_others() {
    let text = "source \"amazon-ebs\" \"a\" {}\nsource \"amazon-ebssurrogate\" \"b\" {\n  imds_support = \"v2.0\"\n}\nsource \"amazon-ebsvolume\" \"c\" {}\nsource \"amazon-instance\" \"d\" {}\nsource \"azure-arm\" \"e\" {}\nbuild {\n  sources = [\"source.amazon-ebs.a\"]\n}\n";
    let scanned = scan_text(Path::new("t.pkr.hcl"), text);
    let found: Vec<String> =
        scanned.specs.iter().map(|spec| format!("{} {}", spec.kind, word(spec))).collect();
    assert_eq!(
        found,
        [
            "amazon-ebs absent",
            "amazon-ebs image absent",
            "amazon-ebssurrogate absent",
            "amazon-ebssurrogate image required",
            // It makes no image.
            "amazon-ebsvolume absent",
            "amazon-instance absent",
            "amazon-instance image absent",
        ]
    );
}

#[test]
fn variables_have_their_files() {
    let tree = Tree::of(&[
        ("t.pkr.hcl", &builder("var.open")),
        ("a.auto.pkrvars.hcl", "open = \"optional\"\n"),
        ("prod.pkrvars.hcl", "open = \"required\"\n"),
    ]);
    let said = |scan: &Scan| word(&scan.run().specs[0]);
    let mut scan = Scan::of([tree.path()]);
    assert_eq!(said(&scan), "optional");
    scan.settings.var_files = vec![tree.path().join("prod.pkrvars.hcl")];
    assert_eq!(said(&scan), "required");
    scan.settings.vars = vec![("open".to_owned(), "optional".to_owned())];
    assert_eq!(said(&scan), "optional");
    assert!(scan.run().specs[0].fix.is_none());
    let fixed = tree.fixed();
    assert_eq!(fixed, [("a.auto.pkrvars.hcl".to_owned(), "open = \"required\"\n".to_owned())]);
}

#[test]
fn a_template_is_repaired() {
    for (before, after) in [
        (
            "source \"amazon-ebs\" \"x\" {\n  ami_name = \"a\"\n}\n",
            "source \"amazon-ebs\" \"x\" {\n  imds_support = \"v2.0\"\n\n  ami_name = \"a\"\n\n  metadata_options {\n    http_endpoint = \"enabled\"\n    http_tokens   = \"required\"\n  }\n}\n",
        ),
        (
            "source \"amazon-ebs\" \"x\" {\r\n  imds_support = \"v2.0\"\r\n  metadata_options {\r\n    http_tokens = \"optional\" # old\r\n  }\r\n}\r\n",
            "source \"amazon-ebs\" \"x\" {\r\n  imds_support = \"v2.0\"\r\n  metadata_options {\r\n    http_tokens = \"required\" # old\r\n  }\r\n}\r\n",
        ),
        (
            "source \"amazon-ebsvolume\" \"x\" {\n  metadata_options {\n    http_endpoint = \"enabled\"\n  }\n}\n",
            "source \"amazon-ebsvolume\" \"x\" {\n  metadata_options {\n    http_endpoint = \"enabled\"\n    http_tokens   = \"required\"\n  }\n}\n",
        ),
        (
            "source \"amazon-ebsvolume\" \"x\" {\n  metadata_options {\n    http_endpoint = \"disabled\"\n  }\n}\n",
            "source \"amazon-ebsvolume\" \"x\" {\n  metadata_options {\n    http_endpoint = \"disabled\"\n  }\n}\n",
        ),
    ] {
        assert_eq!(fixed("t.pkr.hcl", before), after);
    }
    let above = fixed("t.pkr.hcl", &builder("var.tokens"));
    assert_eq!(above, builder("var.tokens").replace("\"optional\"", "\"required\""));
}

const JSON: &str = r#"{
  "variables": {"tokens": "optional", "other": "{{env `X`}}"},
  "builders": [
    {
      "type": "amazon-ebs",
      "name": "web",
      "metadata_options": {"http_tokens": "{{user `tokens`}}"}
    },
    {
      "ami_name": "a",
      "type": "amazon-ebs"
    },
    {"type": "amazon-ebsvolume", "metadata_options": {"http_tokens": "{{ user `other` }}"}},
    {"type": "docker"}
  ]
}
"#;

#[test]
fn the_json_of_old_is_read_and_repaired() {
    let unknown = "amazon-ebsvolume[2]: unresolved: known only when it is built";
    assert_eq!(
        rows("t.json", JSON),
        [
            "web: optional",
            "web: absent",
            "amazon-ebs[1]: absent, sends optional/1",
            "amazon-ebs[1]: absent",
            unknown
        ]
    );
    let after = fixed("t.json", JSON);
    let expected = JSON
        .replace("\"tokens\": \"optional\"", "\"tokens\": \"required\"")
        .replace(
            "    {\n      \"",
            "    {\n      \"imds_support\": \"v2.0\",\n      \"",
        )
        .replace(
            "\"type\": \"amazon-ebs\"\n",
            "\"type\": \"amazon-ebs\",\n      \"metadata_options\": {\n        \"http_endpoint\": \"enabled\",\n        \"http_tokens\": \"required\"\n      }\n",
        );
    assert_eq!(after, expected);
    let tree = Tree::of(&[("t.json", JSON), ("v.json", "{\"other\": \"required\"}")]);
    let mut scan = Scan::of([tree.path()]);
    scan.settings.var_files = vec![tree.path().join("v.json")];
    scan.settings.vars = vec![("tokens".to_owned(), "required".to_owned())];
    let specs = scan.run().specs;
    assert_eq!((word(&specs[0]), word(&specs[4])), ("required".to_owned(), "required".to_owned()));
}

#[test]
fn hcl_in_json_is_read_and_repaired() {
    let text = r#"{"variable": {"t": {"default": "optional"}}, "source": {"amazon-ebsvolume": {
  "a": {"metadata_options": {"http_tokens": "${var.t}"}},
  "b": {}
}}}"#;
    assert_eq!(
        rows("t.pkr.json", text),
        [
            "source.amazon-ebsvolume.a: optional",
            "source.amazon-ebsvolume.b: absent, sends optional/1"
        ]
    );
    let after = fixed("t.pkr.json", text);
    assert!(after.contains("\"default\": \"required\""), "{after}");
    assert!(after.contains("\"b\": {\"metadata_options\""), "{after}");
}

#[test]
fn what_is_broken_is_an_error_and_hides_no_other_file() {
    let tree = Tree::of(&[
        ("a.pkr.hcl", "source \"amazon-ebs\" \"x\" {\n  a = [\n}\nhttp_tokens = \"optional\"\n"),
        ("b.pkr.hcl", "source \"amazon-ebsvolume\" \"y\" {}\n"),
        ("c.pkrvars.hcl", "= 1\n"),
        ("d.json", "{\"builders\": [{\"type\": \"amazon-ebs\""),
        ("e.json", "{\"builders\": \"amazon-ebs\", \"a\": [\"amazon-ebs\"]}"),
    ]);
    let scanned = tree.scan();
    let errors: Vec<_> =
        scanned.errors.iter().map(|error| error.path.file_name().unwrap().to_owned()).collect();
    assert_eq!(errors, ["a.pkr.hcl", "c.pkrvars.hcl", "d.json"]);
    assert!(scanned.errors.iter().all(|error| error.line.is_some() && error.code == "Syntax"));
    let found: Vec<&str> = scanned.specs.iter().map(|spec| spec.address.as_str()).collect();
    assert_eq!(found, ["http_tokens", "source.amazon-ebsvolume.y"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fuzz_readers_take_anything(
        at in any::<prop::sample::Index>(),
        cut in 0_usize..20,
        noise in prop_oneof!["[ -~]{0,6}", Just("{{user `".to_owned()), Just("\"".to_owned()), Just("é".to_owned())],
    ) {
        for (name, text) in [("t.pkr.hcl", builder("var.tokens")), ("t.json", JSON.to_owned())] {
            let mut text = text;
            let begin = text.floor_char_boundary(at.index(text.len() + 1));
            let end = text.floor_char_boundary((begin + cut).min(text.len())).max(begin);
            text.replace_range(begin..end, &noise);
            for spec in scan_text(Path::new(name), &text).specs {
                prop_assert!(text.get(spec.place.bytes.clone()).is_some());
            }
        }
    }
}
