//! What repairs write, and where.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use super::instance;
use crate::testing::{Tree, fixed};

/// The repaired text of one file.
#[track_caller]
pub(super) fn fix(text: &str) -> String {
    let after = fixed("main.tf", text);
    formatted_as_before(text, &after);
    after
}

/// Whether `terraform fmt` finds a text as it would write it; none where it is not installed.
fn is_formatted(text: &str) -> Option<bool> {
    let spawned = Command::new("terraform")
        .args(["fmt", "-check", "-"])
        .env("CHECKPOINT_DISABLE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = spawned else {
        println!("skipped: there is no terraform to check the format with");
        return None;
    };
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    Some(child.wait().unwrap().success())
}

#[track_caller]
fn formatted_as_before(before: &str, after: &str) {
    if is_formatted(before) == Some(true) {
        assert_ne!(is_formatted(after), Some(false), "terraform fmt would change\n{after}");
    }
}

/// The repaired files, by name.
#[track_caller]
fn fix_all(files: &[(&str, &str)]) -> Vec<(String, String)> {
    let after = Tree::of(files).fixed();
    for (name, text) in &after {
        let before = files.iter().find(|file| file.0 == name).unwrap();
        formatted_as_before(before.1, text);
    }
    after
}

#[test]
fn a_literal_is_changed_where_it_stands() {
    for (before, after) in [
        ("\"optional\" # old agent", "\"required\" # old agent"),
        ("/* a */ \"optional\" // b", "/* a */ \"required\" // b"),
        ("(\"optional\")", "(\"required\")"),
        ("lower(\"OPTIONAL\")", "lower(\"OPTIONAL\")"),
        ("true ? \"optional\" : \"required\"", "true ? \"required\" : \"required\""),
        ("var.x == 1 ? \"optional\" : \"required\"", "var.x == 1 ? \"required\" : \"required\""),
    ] {
        let above = "variable \"x\" {}\n";
        assert_eq!(fix(&instance(before, above)), instance(after, above), "{before}");
    }
}

#[test]
fn comments_of_neighbours_stay_aligned() {
    let text = "resource \"aws_sagemaker_notebook_instance\" \"x\" {\n  instance_metadata_service_configuration {\n    minimum_instance_metadata_service_version = \"1\" # a\n  }\n}\n";
    assert!(fix(text).contains("= \"2\" # a\n"));
    let flag =
        "variable \"require_tokens\" {\n  default  = false # why\n  nullable = true  # so\n}\n";
    let text = instance("var.require_tokens ? \"required\" : \"optional\"", flag);
    let after = fix(&text);
    assert!(after.contains("  default  = true # why\n  nullable = true # so\n"), "{after}");
}

#[test]
fn the_fix_is_made_where_the_value_is_decided() {
    let above = r#"variable "tokens" {
  default = "optional"
}
variable "imdsv2_required" {
  type    = bool
  default = false
}
variable "production" {
  default = false
}
variable "options" {
  default = {
    http_endpoint = "enabled"
  }
}
locals {
  groups = { web = { tokens = "optional" }, db = { tokens = "required" } }
  lookup = { hops = 1 }
}
"#;
    let fixed = |expression: &str| {
        let before = instance(expression, above);
        let after = fix(&before);
        // The lines that changed.
        let changed: Vec<String> = before
            .lines()
            .zip(after.lines())
            .filter(|(one, two)| one != two)
            .map(|(_, two)| two.trim().to_owned())
            .collect();
        changed.join("\n")
    };
    assert_eq!(fixed("var.tokens"), "default = \"required\"");
    assert_eq!(
        fixed("local.groups.web.tokens"),
        "groups = { web = { tokens = \"required\" }, db = { tokens = \"required\" } }"
    );
    assert_eq!(fixed("var.imdsv2_required ? \"required\" : \"optional\""), "default = true");
    assert_eq!(
        fixed("var.production ? \"required\" : \"optional\""),
        "http_tokens = var.production ? \"required\" : \"required\""
    );
    assert_eq!(
        fixed("lookup(local.lookup, \"tokens\", \"optional\")"),
        "http_tokens = lookup(local.lookup, \"tokens\", \"required\")"
    );
    assert_eq!(
        fixed("try(var.options.http_tokens, \"optional\")"),
        "http_tokens = try(var.options.http_tokens, \"required\")"
    );
    assert_eq!(fixed("coalesce(null, var.tokens)"), "default = \"required\"");
    assert_eq!(fixed("var.imdsv2_required ? \"required\" : null"), "default = true");
    for left in ["format(\"%s\", \"optional\")", "\"${var.tokens}-x\"", "var.nope", "\"maybe\""] {
        assert_eq!(fixed(left), "", "{left}");
    }
}

#[test]
fn inputs_of_modules_and_files_of_variables_are_changed() {
    let child = instance("var.tokens", "variable \"tokens\" {}\n");
    let call = "module \"web\" {\n  source = \"./web\"\n  tokens = \"optional\"\n}\n";
    let files = [("main.tf", call), ("web/main.tf", child.as_str())];
    let after = call.replace("optional", "required");
    assert_eq!(fix_all(&files), [("main.tf".to_owned(), after)]);

    let call = "variable \"tokens\" {}\nmodule \"web\" {\n  source = \"./web\"\n  tokens = var.tokens\n}\n";
    let vars = "# all of it\ntokens = \"optional\"\n";
    let files = [("main.tf", call), ("terraform.tfvars", vars), ("web/main.tf", child.as_str())];
    let after = vars.replace("optional", "required");
    assert_eq!(fix_all(&files), [("terraform.tfvars".to_owned(), after)]);

    // Two calls, one default: one change.
    let child = instance("var.tokens", "variable \"tokens\" {\n  default = \"optional\"\n}\n");
    let calls =
        "module \"a\" {\n  source = \"./web\"\n}\nmodule \"b\" {\n  source = \"./web\"\n}\n";
    let files = [("main.tf", calls), ("web/main.tf", child.as_str())];
    let after = child.replace("optional", "required");
    assert_eq!(fix_all(&files), [("web/main.tf".to_owned(), after)]);

    // A silent module is completed once.
    let silent = "resource \"aws_instance\" \"web\" {\n  ami = \"x\"\n}\n";
    let files = [("main.tf", calls), ("web/main.tf", silent)];
    let fixed = fix_all(&files);
    assert_eq!(fixed.len(), 1);
    assert!(fixed[0].1.contains("http_tokens   = \"required\""));
}

#[test]
fn a_change_that_would_reach_others_is_the_one_of_all() {
    // One default, used by an instance that asks for it and by one that is disabled.
    let text = r#"variable "tokens" {
  default = "optional"
}
resource "aws_instance" "a" {
  metadata_options {
    http_tokens = var.tokens
  }
}
resource "aws_instance" "b" {
  metadata_options {
    http_endpoint = "disabled"
    http_tokens   = var.tokens
  }
}
"#;
    let after = fix(text);
    assert_eq!(after, text.replace("\"optional\"", "\"required\""));
}

#[test]
fn calls_of_known_modules_get_their_input() {
    let call = |source: &str, version: &str, rest: &str| {
        format!("module \"m\" {{\n  source  = \"{source}\"\n  version = \"{version}\"\n{rest}}}\n")
    };
    let ec2 = "terraform-aws-modules/ec2-instance/aws";
    let bastion = "cloudposse/ec2-bastion-server/aws";
    for (source, version, before, after) in [
        (
            ec2,
            "4.0.0",
            "",
            "\n  metadata_options = {\n    http_endpoint = \"enabled\"\n    http_tokens   = \"required\"\n  }\n",
        ),
        (
            ec2,
            "~> 5.0",
            "\n  metadata_options = { http_tokens = \"optional\" }\n",
            "\n  metadata_options = { http_tokens = \"required\" }\n",
        ),
        (
            ec2,
            "5.8.0",
            "\n  metadata_options = {\n    http_endpoint = \"enabled\"\n  }\n",
            "\n  metadata_options = {\n    http_endpoint = \"enabled\"\n    http_tokens   = \"required\"\n  }\n",
        ),
        (ec2, "2.0.0", "", ""),
        (bastion, "0.19.0", "", "\n  metadata_http_tokens_required = true\n"),
        (
            bastion,
            "0.30.0",
            "\n  metadata_http_tokens_required = false\n",
            "\n  metadata_http_tokens_required = true\n",
        ),
    ] {
        let after = call(source, version, after);
        let found = fix(&call(source, version, before));
        // Where an argument is alone it joins its neighbours.
        let found = found.replace("version                       = ", "version = ");
        let found = found.replace("source                        = ", "source  = ");
        let squeezed = |text: &str| text.replace("\n\n", "\n");
        assert_eq!(squeezed(&found), squeezed(&after), "{source} {version}");
    }
    let ifunky = "module \"m\" {\n  source = \"git::https://github.com/ifunky/terraform-aws-ec2-instance.git\"\n\n  metadata_options = {\n    enabled                = true\n    require_session_tokens = false # True = Use metadata service V2\n    http_hop_limit         = 1\n  }\n}\n";
    let after = ifunky.replace("= false #", "= true #");
    assert_eq!(fix(ifunky), after);
}

#[test]
fn locals_maps_are_changed_where_they_are_written() {
    let text = r#"locals {
  defaults = {
    http_endpoint = "enabled"
    http_tokens   = "optional"
  }
  hosts = {
    web = merge(local.defaults, { hops = 1 })
    db  = merge(local.defaults, { http_tokens = "required" })
  }
}
resource "aws_instance" "x" {
  for_each = local.hosts
  dynamic "metadata_options" {
    for_each = [each.value]
    content {
      http_tokens = metadata_options.value.http_tokens
    }
  }
}
"#;
    assert_eq!(fix(text), text.replace("\"optional\"", "\"required\""));
}

#[test]
fn what_cannot_be_changed_for_sure_is_left() {
    for text in [
        instance("var.open", "variable \"open\" {}\n"),
        "resource \"aws_instance\" \"x\" {\n  metadata_options {\n    http_endpoint = \"disabled\"\n  }\n}\n".to_owned(),
        "resource \"aws_instance\" \"x\" {\n  launch_template {\n    id      = aws_launch_template.t.id\n    version = 3\n  }\n}\nresource \"aws_launch_template\" \"t\" {\n  metadata_options {\n    http_tokens = \"required\"\n  }\n}\n".to_owned(),
        "resource \"aws_emr_security_configuration\" \"x\" {\n  configuration = \"{\\\"InstanceMetadataServiceConfiguration\\\": {\\\"MinimumInstanceMetadataServiceVersion\\\": 1}}\"\n}\n".to_owned(),
        "resource \"aws_instance\" \"x\" {\n  for_each = { optional = \"a\" }\n  metadata_options {\n    http_tokens = each.key\n  }\n}\n".to_owned(),
        "resource \"aws_instance\" \"x\" {\n  for_each = toset([\"optional\"])\n  metadata_options {\n    http_tokens = each.key\n  }\n}\n".to_owned(),
        "resource \"aws_instance\" \"x\" {\n  for_each = toset([\"optional\"])\n  metadata_options {\n    http_tokens = each.value\n  }\n}\n".to_owned(),
        "variable \"on\" {\n  default = false\n}\nresource \"aws_instance\" \"x\" {\n  dynamic \"metadata_options\" {\n    for_each = var.on ? [1] : []\n    content {\n      http_tokens = \"required\"\n    }\n  }\n}\n".to_owned(),
    ] {
        assert_eq!(fix(&text), text);
    }
    let encoded = "resource \"aws_emr_security_configuration\" \"x\" {\n  configuration = jsonencode({\n    InstanceMetadataServiceConfiguration = {\n      MinimumInstanceMetadataServiceVersion = 1\n    }\n  })\n}\n";
    assert_eq!(fix(encoded), encoded.replace("= 1", "= 2"));
}

#[test]
fn a_flag_that_makes_the_block_is_turned() {
    let text = |flag: &str, tokens: &str| {
        format!(
            "variable \"{flag}\" {{\n  default = false\n}}\nresource \"aws_instance\" \"x\" {{\n  dynamic \"metadata_options\" {{\n    for_each = var.{flag} ? [1] : []\n    content {{\n      http_tokens = \"{tokens}\"\n    }}\n  }}\n}}\n"
        )
    };
    let imds = text("imdsv2", "required");
    assert_eq!(fix(&imds), imds.replace("false", "true"));
    // It decides more than this, or would not help.
    for left in [text("production", "required"), text("imdsv2", "optional")] {
        assert_eq!(fix(&left), left);
    }
}
