//! Calls of modules that are known by their name.

use super::{one, rows};
use crate::{
    spec::{Declared, Inherits},
    testing::Tree,
};

/// What the call of a registry module says.
#[track_caller]
fn registry(source: &str, version: &str, arguments: &str) -> String {
    one(&format!(
        "module \"m\" {{\n  source  = \"{source}\"\n  version = \"{version}\"\n{arguments}\n}}\n"
    ))
}

#[test]
fn known_modules_have_their_defaults_by_version() {
    let instance = "terraform-aws-modules/ec2-instance/aws";
    let asg = "terraform-aws-modules/autoscaling/aws";
    let depends = "unresolved: it depends on the module's version";
    for (source, version, arguments, expected) in [
        (instance, "2.15.0", "", "absent"),
        (instance, "~> 4.0", "", "absent"),
        (instance, "5.7.0", "", "optional"),
        (instance, "~> 5.8", "", "required"),
        (instance, "~> 5.0", "", depends),
        (instance, ">= 5.8.0, < 6.0", "", "required"),
        (instance, "6.0.2", "", "required"),
        (instance, "6.0.2", "  metadata_options = { http_endpoint = \"enabled\" }", "required"),
        (instance, "5.8.0", "  metadata_options = { http_endpoint = \"enabled\" }", "optional"),
        (instance, "~> 5.0", "  metadata_options = { http_tokens = \"required\" }", "required"),
        (instance, "~> 3.0", "  metadata_options = { http_tokens = \"optional\" }", "optional"),
        (asg, "~> 6.0", "", "absent"),
        (asg, "~> 9.0", "", "required"),
        (asg, "9.0.0", "  metadata_options = { http_tokens = \"optional\" }", "optional"),
        ("cloudposse/ec2-instance/aws", "0.27.0", "", "absent"),
        ("cloudposse/ec2-instance/aws", "0.47.1", "", "required"),
        (
            "cloudposse/ec2-instance/aws",
            "0.47.1",
            "  metadata_http_tokens_required = false",
            "optional",
        ),
        ("cloudposse/eks-node-group/aws", "0.28.0", "", "required"),
        ("cloudposse/eks-node-group/aws", "1.0.0", "", "absent"),
        ("cloudposse/eks-node-group/aws", "2.1.0", "", "required"),
        ("cloudposse/ec2-bastion-server/aws", "0.19.0", "", "optional"),
        ("cloudposse/ec2-bastion-server/aws", "0.30.0", "", "required"),
        ("cloudposse/ec2-autoscale-group/aws", "0.30.0", "", "required"),
        ("cloudposse/ec2-instance-group/aws", "0.9.0", "", "required"),
        ("philips-labs/github-runner/aws", "~> 5.1", "", "required"),
        (
            "philips-labs/github-runner/aws",
            "4.0.0",
            "",
            "unresolved: what the module does by itself is not known",
        ),
        ("cattle-ops/gitlab-runner/aws", "7.1.0", "", "required"),
        (
            "cattle-ops/gitlab-runner/aws",
            "5.9.0",
            "  runner_instance_metadata_options_http_tokens = \"optional\"",
            "optional",
        ),
    ] {
        let found = registry(source, version, arguments);
        assert_eq!(found, expected, "{source} {version} {arguments}");
    }
}

#[test]
fn git_sources_name_their_version() {
    let call = |source: &str, rest: &str| {
        one(&format!("module \"m\" {{\n  source = \"{source}\"\n{rest}}}\n"))
    };
    let git = "git::https://github.com/terraform-aws-modules/terraform-aws-ec2-instance.git?ref=v";
    assert_eq!(call(&format!("{git}5.7.1"), ""), "optional");
    assert_eq!(call(&format!("{git}5.8.0"), ""), "required");
    let ifunky = "git::https://github.com/ifunky/terraform-aws-ec2-instance.git?ref=master";
    assert_eq!(call(ifunky, ""), "optional");
    let options = "  metadata_options = {\n    enabled = true\n    require_session_tokens = true\n    http_hop_limit = 1\n  }\n";
    assert_eq!(call(ifunky, options), "required");
    assert_eq!(call(ifunky, &options.replace("tokens = true", "tokens = false")), "optional");
    assert_eq!(call("github.com/ifunky/terraform-aws-ec2-instance", ""), "optional");
    let hosts =
        "github.com/ministryofjustice/modernisation-platform-terraform-ec2-instance?ref=abc";
    assert_eq!(call(hosts, "  instance = { type = \"t3.micro\" }\n"), "required");
    let lax = "  instance = merge({ a = 1 }, { metadata_options_http_tokens = \"optional\" })\n";
    assert_eq!(call(hosts, lax), "optional");
}

#[test]
fn groups_of_a_module_are_rows_of_their_own() {
    let text = r#"module "eks" {
  source  = "terraform-aws-modules/eks/aws"
  version = "~> 20.0"
  eks_managed_node_groups = {
    one = { metadata_options = { http_tokens = "optional" } }
    two = {}
  }
}
"#;
    assert_eq!(
        rows(&[("main.tf", text)]),
        ["module.eks[\"one\"]: optional", "module.eks[\"two\"]: required"]
    );
    let old = r#"module "eks" {
  source  = "terraform-aws-modules/eks/aws"
  version = "17.24.0"
  worker_groups = [
    { name = "a" },
    { name = "b", metadata_http_tokens = "required" },
  ]
}
"#;
    assert_eq!(
        rows(&[("main.tf", old)]),
        ["module.eks[\"0\"]: optional", "module.eks[\"1\"]: required"]
    );
    let defaults = old.replace(
        "  worker_groups",
        "  workers_group_defaults = { metadata_http_tokens = \"required\" }\n  worker_groups",
    );
    assert_eq!(
        rows(&[("main.tf", &defaults)]),
        ["module.eks[\"0\"]: required", "module.eks[\"1\"]: required"]
    );
}

#[test]
fn the_account_decides_what_a_module_does_not_send() {
    let text = "module \"m\" {\n  source  = \"terraform-aws-modules/ec2-instance/aws\"\n  version = \"4.0.0\"\n}\n";
    let scanned = Tree::of(&[("main.tf", text)]).scan();
    assert_eq!(scanned.specs[0].inherits_from, [Inherits::AccountDefault]);
    assert!(matches!(scanned.specs[0].options.http_tokens, Declared::Absent));
    assert_eq!(scanned.specs[0].kind, "terraform-aws-modules/ec2-instance/aws");
}
