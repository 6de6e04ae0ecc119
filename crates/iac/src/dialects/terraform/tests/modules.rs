//! Calls of modules: beside, downloaded, not known at all.

use super::{instance, rows};
use crate::testing::Tree;

const CHILD: &str = r#"variable "tokens" {
  default = "optional"
}
variable "enabled" {
  type    = bool
  default = true
}
resource "aws_launch_template" "this" {
  count = var.enabled ? 1 : 0
  metadata_options {
    http_tokens = var.tokens
  }
}
output "template" {
  value = one(aws_launch_template.this[*].id)
}
"#;

#[test]
fn local_modules_are_read_with_their_inputs() {
    let main = r#"module "a" {
  source = "./web"
  tokens = "required"
}
module "b" {
  source = "./web"
}
module "c" {
  source  = "./web"
  enabled = false
}
module "d" {
  source   = "./web"
  for_each = { x = "optional", y = "required" }
  tokens   = each.value
}
module "e" {
  source = "./web"
  count  = 2
}
module "f" {
  source = "./web"
  count  = 0
}
resource "aws_instance" "from" {
  launch_template {
    id      = module.a.template
    version = "$Latest"
  }
}
resource "aws_instance" "keyed" {
  launch_template {
    id = module.d["x"].template
  }
}
"#;
    let mut found = rows(&[("main.tf", main), ("web/main.tf", CHILD)]);
    found.sort();
    assert_eq!(
        found,
        [
            "aws_instance.from: required",
            "aws_instance.keyed: optional",
            "module.a.aws_launch_template.this: required",
            "module.b.aws_launch_template.this: optional",
            "module.d[\"x\"].aws_launch_template.this: optional",
            "module.d[\"y\"].aws_launch_template.this: required",
            "module.e[0].aws_launch_template.this: optional",
            "module.e[1].aws_launch_template.this: optional",
        ]
    );
}

#[test]
fn modules_within_modules_and_outside_the_given_paths() {
    let outer =
        "variable \"t\" {}\nmodule \"inner\" {\n  source = \"../web\"\n  tokens = var.t\n}\n";
    let main = "module \"outer\" {\n  source = \"./m/outer\"\n  t      = \"required\"\n}\nmodule \"far\" {\n  source = \"../../elsewhere\"\n}\n";
    let mut found =
        rows(&[("main.tf", main), ("m/outer/main.tf", outer), ("m/web/main.tf", CHILD)]);
    found.sort();
    assert_eq!(
        found,
        [
            "module.far: unresolved: module ../../elsewhere is not in the given paths",
            "module.outer.module.inner.aws_launch_template.this: required",
        ]
    );
}

#[test]
fn what_only_looks_like_a_call_hides_no_folder() {
    let main = "resource \"aws_s3_object\" \"o\" {\n  source = \"./web\"\n}\n";
    let read = ["aws_launch_template.this: optional"];
    assert_eq!(rows(&[("main.tf", main), ("web/main.tf", CHILD)]), read);
    let broken = "locals {\n\nmodule \"web\" {\n  source = \"./web\"\n}\n";
    let scanned = Tree::of(&[("main.tf", broken), ("web/main.tf", CHILD)]).scan();
    assert_eq!(scanned.errors.len(), 1);
    assert_eq!(scanned.specs.iter().map(crate::testing::row).collect::<Vec<_>>(), read);
}

#[test]
fn a_module_that_examples_alone_call_is_read_by_itself() {
    let example = "module \"web\" {\n  source = \"../../\"\n  tokens = \"required\"\n}\n";
    assert_eq!(
        rows(&[("main.tf", CHILD), ("examples/simple/main.tf", example)]),
        ["aws_launch_template.this: optional", "module.web.aws_launch_template.this: required",]
    );
}

#[test]
fn what_terraform_downloaded_is_read_there() {
    let main = "module \"m\" {\n  source  = \"terraform-aws-modules/ec2-instance/aws\"\n  version = \"~> 5.0\"\n}\n";
    let manifest = |version: &str| {
        format!(
            r#"{{"Modules":[{{"Key":"","Source":"","Dir":"."}},{{"Key":"m","Source":"registry.terraform.io/terraform-aws-modules/ec2-instance/aws","Version":"{version}","Dir":".terraform/modules/m"}}]}}"#
        )
    };
    let name = ".terraform/modules/modules.json";
    // The version alone, without the code.
    assert_eq!(rows(&[("main.tf", main), (name, &manifest("5.7.1"))]), ["module.m: optional"]);
    assert_eq!(rows(&[("main.tf", main), (name, &manifest("5.9.0"))]), ["module.m: required"]);
    let code = ".terraform/modules/m/main.tf";
    let child = instance("var.tokens", "variable \"tokens\" {\n  default = \"optional\"\n}\n");
    let tree = Tree::of(&[("main.tf", main), (name, &manifest("5.9.0")), (code, &child)]);
    let scanned = tree.scan();
    assert_eq!(tree.rows(), ["module.m.aws_instance.web: optional"]);
    // It is told where the call is, since that is the code of the one who reads it.
    assert_eq!(scanned.specs[0].place.path.file_name().unwrap(), "main.tf");
    assert_eq!(scanned.specs[0].place.start.line, 1);
    assert!(scanned.specs[0].fix.is_none(), "copies are not ours to change");
}

#[test]
fn modules_nobody_knows_are_unresolved_where_they_may_launch() {
    let call = |source: &str, rest: &str| {
        rows(&[("main.tf", &format!("module \"m\" {{\n  source = \"{source}\"\n{rest}}}\n"))])
    };
    let unread = |source: &str| {
        vec![format!("module.m: unresolved: module {source} is not in the code that was read")]
    };
    assert_eq!(call("example.com/team/vpc/aws", ""), Vec::<String>::new());
    assert_eq!(
        call("example.com/team/ec2-cluster/aws", ""),
        unread("example.com/team/ec2-cluster/aws")
    );
    assert_eq!(
        call("example.com/team/hosts/aws", "  imds_tokens = \"required\"\n"),
        unread("example.com/team/hosts/aws")
    );
    assert_eq!(call("example.com/team/ec2-cluster/aws", "  count = 0\n"), Vec::<String>::new());
}

/// The shape of a platform's repository: hosts in maps by environment, handed through a module to another.
#[test]
fn hosts_in_maps_by_environment_are_found() {
    let main = r#"locals {
  environment  = trimprefix(terraform.workspace, "shop-")
  environments = {
    test       = local.test
    production = local.production
  }
  config = local.environments[local.environment]
}
module "baseline" {
  source = "../../modules/baseline"
  hosts  = merge(local.common, lookup(local.config, "hosts", {}))
}
"#;
    let hosts = r#"locals {
  common = {
    web = { instance = { metadata_options_http_tokens = "optional" } }
  }
  test = {
    hosts = {
      db = { instance = { metadata_options_http_tokens = "optional" } } # the installer
    }
  }
  production = {
    hosts = {
      db = { instance = { metadata_options_http_tokens = "required" } }
    }
  }
}
"#;
    let baseline = r#"variable "hosts" {
  type = map(object({
    instance = object({ metadata_options_http_tokens = optional(string, "required") })
  }))
}
module "host" {
  source   = "github.com/ministryofjustice/modernisation-platform-terraform-ec2-instance?ref=abc"
  for_each = var.hosts
  instance = each.value.instance
}
"#;
    let files = |main: &str| {
        rows(&[
            ("environments/shop/main.tf", main),
            ("environments/shop/hosts.tf", hosts),
            ("modules/baseline/main.tf", baseline),
        ])
    };
    // The workspace is chosen when it is applied: each line that says optional stands for itself.
    let unknown = "module.baseline.module.host: unresolved: known only when it is applied";
    let line = "metadata_options_http_tokens: optional";
    assert_eq!(files(main), [line, line, unknown]);
    // What can be followed is told by its host.
    let test = main.replace("trimprefix(terraform.workspace, \"shop-\")", "\"test\"");
    assert_eq!(
        files(&test),
        [
            "module.baseline.module.host[\"db\"]: optional",
            "module.baseline.module.host[\"web\"]: optional"
        ]
    );
}
