//! Resource types, how often they are made, and the templates that they launch from.

use super::{instance, only, rows};
use crate::{
    Endpoint, Tokens,
    spec::{Inherits, LaunchSpec},
    testing::Tree,
};

#[test]
fn zero_instances_are_no_row() {
    let with = |head: &str| {
        let text = format!(
            "variable \"open\" {{}}\nvariable \"n\" {{\n  default = 0\n}}\nresource \"aws_instance\" \"web\" {{\n  {head}\n  metadata_options {{\n    http_tokens = \"optional\"\n  }}\n}}\n"
        );
        Tree::of(&[("main.tf", &text)])
            .scan()
            .specs
            .iter()
            .map(|spec| (spec.address.clone(), spec.count))
            .collect::<Vec<_>>()
    };
    let web = |count| vec![("aws_instance.web".to_owned(), count)];
    assert_eq!(with("count = 0"), []);
    assert_eq!(with("count = var.n"), []);
    assert_eq!(with("count = var.n > 0 ? 1 : 0"), []);
    assert_eq!(with("for_each = {}"), []);
    assert_eq!(with("for_each = toset([])"), []);
    assert_eq!(with("count = 3"), web(Some(3)));
    assert_eq!(with("for_each = toset([\"a\", \"b\"])"), web(Some(2)));
    assert_eq!(with("count = var.open"), web(None));
    assert_eq!(with("for_each = var.open"), web(None));
    assert_eq!(with(""), web(Some(1)));
}

#[test]
fn instances_that_differ_are_rows_of_their_own() {
    let text = r#"locals {
  hosts = {
    a = { tokens = "optional" }
    b = { tokens = "required" }
  }
}
resource "aws_instance" "web" {
  for_each = local.hosts
  metadata_options {
    http_tokens = each.value.tokens
  }
}
resource "aws_instance" "numbered" {
  count = 2
  metadata_options {
    http_tokens = count.index == 0 ? "optional" : "required"
  }
}
"#;
    assert_eq!(
        rows(&[("main.tf", text)]),
        [
            "aws_instance.web[\"a\"]: optional",
            "aws_instance.web[\"b\"]: required",
            "aws_instance.numbered[0]: optional",
            "aws_instance.numbered[1]: required",
        ]
    );
}

#[test]
fn dynamic_blocks_are_what_they_loop_over() {
    let with = |each: &str| {
        super::one(&format!(
            r#"variable "open" {{}}
variable "options" {{
  default = {{ http_tokens = "required" }}
}}
variable "none" {{
  default = {{}}
}}
resource "aws_instance" "web" {{
  dynamic "metadata_options" {{
    for_each = {each}
    content {{
      http_tokens = lookup(metadata_options.value, "http_tokens", "optional")
    }}
  }}
}}
"#
        ))
    };
    assert_eq!(with("[var.options]"), "required");
    assert_eq!(with("length(var.options) > 0 ? [var.options] : []"), "required");
    assert_eq!(with("[]"), "absent");
    assert_eq!(with("{}"), "absent");
    assert_eq!(with("length(var.none) > 0 ? [var.none] : []"), "absent");
    assert_eq!(with("[var.none]"), "optional");
    assert_eq!(with("var.open"), "unresolved: variable open has no default");
    assert_eq!(with("var.open ? [var.options] : []"), "unresolved: variable open has no default");
    let named = r#"resource "aws_instance" "web" {
  dynamic "metadata_options" {
    for_each = ["optional"]
    iterator = it
    content {
      http_tokens = it.value
    }
  }
}
"#;
    assert_eq!(super::one(named), "optional");
}

const TEMPLATES: &str = r#"resource "aws_launch_template" "strict" {
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
  }
}
resource "aws_launch_template" "lax" {
  name = "lax"
  metadata_options {
    http_tokens = "optional"
  }
}
resource "aws_launch_template" "silent" {}
resource "aws_launch_template" "many" {
  for_each = { a = "required", b = "optional" }
  metadata_options {
    http_tokens = each.value
  }
}
data "aws_launch_template" "outside" {
  name = "golden"
}
variable "version" {
  default = "$Latest"
}
"#;

fn launched(kind: &str, body: &str) -> Vec<LaunchSpec> {
    let text = format!("{TEMPLATES}resource \"{kind}\" \"x\" {{\n{body}\n}}\n");
    let scanned = Tree::of(&[("main.tf", &text)]).scan();
    assert_eq!(scanned.errors, []);
    scanned.specs.into_iter().filter(|spec| spec.kind == kind).collect()
}

#[test]
fn an_instance_overrides_its_template_option_by_option() {
    let one = |body: &str| launched("aws_instance", body).remove(0);
    let template = |text: &str| format!("launch_template {{\n{text}\n}}\n");
    let word = |spec: &LaunchSpec| crate::testing::word(spec);
    let strict = template("id = aws_launch_template.strict.id");
    assert_eq!(word(&one(&strict)), "required");
    let merged = one(&format!("{strict}metadata_options {{\nhttp_endpoint = \"disabled\"\n}}"));
    assert_eq!(merged.options.http_tokens.value(), Some(&Tokens::Required));
    assert_eq!(merged.options.http_endpoint.value(), Some(&Endpoint::Disabled));
    assert_eq!(merged.options.hop_limit.value(), Some(&2));
    let lax = one(&format!("{strict}metadata_options {{\nhttp_tokens = \"optional\"\n}}"));
    assert_eq!(word(&lax), "optional");
    assert!(lax.fix.is_some());
    for (text, expected) in [
        ("name = aws_launch_template.lax.name", "optional"),
        ("name = \"lax\"", "optional"),
        ("id = element(values(aws_launch_template.many)[*].id, 1)", "optional"),
        ("id = values(aws_launch_template.many).*.id[0]", "required"),
        ("id = join(\"\", aws_launch_template.strict[*].id)", "required"),
        ("id = aws_launch_template.many[\"b\"].id", "optional"),
        ("id = aws_launch_template.many[\"a\"].id\nversion = \"$Default\"", "required"),
        ("id = aws_launch_template.strict.id\nversion = var.version", "required"),
        (
            "id = aws_launch_template.strict.id\nversion = aws_launch_template.strict.latest_version",
            "required",
        ),
        (
            "id = aws_launch_template.strict.id\nversion = \"3\"",
            "unresolved: this version need not be the one in the code",
        ),
        ("id = aws_launch_template.silent.id", "absent"),
        ("id = data.aws_launch_template.outside.id", "absent"),
        ("name = \"golden\"", "absent"),
    ] {
        assert_eq!(word(&one(&template(text))), expected, "{text}");
    }
    let golden = Inherits::LaunchTemplate("golden".to_owned());
    let outside = one(&template("name = \"golden\""));
    assert_eq!(outside.inherits_from, [golden, Inherits::AccountDefault]);
    // The template is repaired, not each that launches from it.
    assert!(one(&template("id = aws_launch_template.lax.id")).fix.is_none());
    assert!(one(&template("id = aws_launch_template.silent.id")).fix.is_none());
}

#[test]
fn groups_launch_from_their_templates() {
    let rows = |kind: &str, body: &str| {
        launched(kind, body).iter().map(crate::testing::row).collect::<Vec<_>>()
    };
    assert_eq!(
        rows("aws_autoscaling_group", "launch_template {\nid = aws_launch_template.lax.id\n}"),
        ["aws_autoscaling_group.x: optional"]
    );
    let mixed = r#"mixed_instances_policy {
  launch_template {
    launch_template_specification {
      launch_template_id = aws_launch_template.strict.id
      version            = "$Latest"
    }
    override {
      instance_type = "t3.micro"
    }
    override {
      instance_type = "t4g.micro"
      launch_template_specification {
        launch_template_id = aws_launch_template.lax.id
      }
    }
  }
}"#;
    assert_eq!(
        rows("aws_autoscaling_group", mixed),
        ["aws_autoscaling_group.x: required", "aws_autoscaling_group.x (template 2): optional"]
    );
    let nodes = "launch_template {\nname = aws_launch_template.strict.name\nversion = aws_launch_template.strict.latest_version\n}";
    assert_eq!(rows("aws_eks_node_group", nodes), ["aws_eks_node_group.x: required"]);
    let group = launched("aws_eks_node_group", "");
    assert_eq!(group[0].inherits_from, [Inherits::Service]);
    let fleet = "launch_template_config {\nlaunch_template_specification {\nid = aws_launch_template.lax.id\nversion = \"1\"\n}\n}";
    assert_eq!(
        rows("aws_spot_fleet_request", fleet),
        ["aws_spot_fleet_request.x: unresolved: this version need not be the one in the code"]
    );
}

#[test]
fn ignored_changes_are_noticed() {
    let with = |changes: &str| {
        only(&format!(
            "resource \"aws_instance\" \"web\" {{\n  lifecycle {{\n    ignore_changes = {changes}\n  }}\n}}\n"
        ))
        .ignored
    };
    assert_eq!(with("[ami, metadata_options]"), ["ami", "metadata_options"]);
    assert_eq!(with("[metadata_options[0].http_tokens]"), ["metadata_options[0].http_tokens"]);
    assert_eq!(with("[\"metadata_options\"]"), ["metadata_options"]);
    assert_eq!(with("all"), ["all"]);
}

#[test]
fn comments_of_other_tools_are_noted() {
    let text = instance("\"optional\"", "#checkov:skip=CKV_AWS_79:old agent\n");
    let spec = only(&text);
    assert_eq!(spec.ignore_comments[0].rule, "CKV_AWS_79");
    assert_eq!(spec.ignore_comments[0].reason, "old agent");
}
