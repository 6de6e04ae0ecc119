//! The forms that code comes in: options of the command line, JSON, plans, states, Terragrunt, OpenTofu.

use super::{instance, rows};
use crate::testing::{Tree, row};

#[test]
fn options_of_the_command_line_win() {
    let main = instance("var.o.http_tokens", "variable \"o\" {\n  default = {}\n}\n");
    let tree = Tree::of(&[
        ("main.tf", main.as_str()),
        ("terraform.tfvars", "o = { http_tokens = \"optional\" }\n"),
        ("env/prod.tfvars", "o = { http_tokens = \"required\" }\n"),
    ]);
    let mut scan = crate::scan::Scan::of([tree.path().join("main.tf")]);
    let said = |scan: &crate::scan::Scan| scan.run().specs.iter().map(row).collect::<Vec<_>>();
    scan.settings.var_files = vec![tree.path().join("env/prod.tfvars")];
    assert_eq!(said(&scan), ["aws_instance.web: required"]);
    scan.settings.vars = vec![("o".to_owned(), "{ http_tokens = \"optional\" }".to_owned())];
    assert_eq!(said(&scan), ["aws_instance.web: optional"]);
    assert!(scan.run().specs[0].fix.is_none());
    scan.settings.vars = vec![("o".to_owned(), "required".to_owned())];
    assert_eq!(said(&scan), ["aws_instance.web: unresolved: there is no http_tokens"]);
    scan.settings.var_files = vec![tree.path().join("nope.tfvars")];
    assert_eq!(scan.run().errors[0].code, "NotFound");
}

const JSON: &str = r#"{
  "//": "made by a tool",
  "variable": {"tokens": {"type": "string", "default": "optional"}},
  "locals": [{"strict": "${var.tokens != \"optional\"}"}],
  "resource": {
    "aws_instance": {
      "a": {"metadata_options": {"http_tokens": "${var.tokens}"}},
      "b": {"metadata_options": [{"http_tokens": "required"}], "count": 2},
      "c": [{"ami": "x"}],
      "d": {"count": "${local.strict ? 1 : 0}"}
    }
  },
  "module": {"m": {"source": "./m", "tokens": "${var.tokens}"}}
}"#;

#[test]
fn the_json_form_is_read() {
    let module = instance("var.tokens", "variable \"tokens\" {}\n");
    let found = rows(&[("main.tf.json", JSON), ("m/main.tf", &module)]);
    let mut found: Vec<&str> = found.iter().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "aws_instance.a: optional",
            "aws_instance.b: required",
            "aws_instance.c: absent",
            "module.m.aws_instance.web: optional",
        ]
    );
}

#[test]
fn opentofu_has_its_own_names() {
    let text = instance("\"optional\"", "");
    assert_eq!(rows(&[("main.tofu", &text)]), ["aws_instance.web: optional"]);
    let json = r#"{"resource": {"aws_instance": {"web": {}}}}"#;
    assert_eq!(rows(&[("main.tofu.json", json)]), ["aws_instance.web: absent"]);
    // Each tool takes its own one: both are told.
    let required = text.replace("optional", "required");
    let both = [("main.tf", text.as_str()), ("main.tofu", required.as_str())];
    assert_eq!(rows(&both), ["aws_instance.web: optional", "aws_instance.web: required"]);
}

#[test]
fn overrides_are_merged_into_what_they_override() {
    let main = "resource \"aws_instance\" \"web\" {\n  ami = \"x\"\n  metadata_options {\n    http_tokens = \"optional\"\n  }\n}\n";
    let over = "resource \"aws_instance\" \"web\" {\n  metadata_options {\n    http_tokens = \"required\"\n  }\n}\n";
    assert_eq!(rows(&[("main.tf", main), ("override.tf", over)]), ["aws_instance.web: required"]);
    assert_eq!(rows(&[("a_override.tf", over), ("main.tf", main)]), ["aws_instance.web: required"]);
    let other = "resource \"aws_instance\" \"web\" {\n  ami = \"y\"\n}\n";
    assert_eq!(rows(&[("main.tf", main), ("override.tf", other)]), ["aws_instance.web: optional"]);
}

#[test]
fn a_plan_says_what_will_be() {
    let plan = r#"{
  "format_version": "1.2", "terraform_version": "1.11.4",
  "planned_values": {"root_module": {
    "resources": [
      {"address": "aws_instance.a", "mode": "managed", "type": "aws_instance", "name": "a",
       "values": {"metadata_options": [{"http_tokens": "optional", "http_endpoint": "enabled"}]}},
      {"address": "aws_instance.b[0]", "mode": "managed", "type": "aws_instance", "name": "b", "index": 0,
       "values": {"ami": "x"}},
      {"address": "aws_instance.c", "mode": "managed", "type": "aws_instance", "name": "c",
       "values": {"metadata_options": [{}]}},
      {"address": "data.aws_instance.d", "mode": "data", "type": "aws_instance", "name": "d", "values": {}}
    ],
    "child_modules": [{"address": "module.m", "resources": [
      {"address": "module.m.aws_launch_template.t", "mode": "managed", "type": "aws_launch_template", "name": "t",
       "values": {"metadata_options": [{"http_tokens": "required", "http_put_response_hop_limit": 2}]}}
    ]}]
  }},
  "resource_changes": [
    {"address": "aws_instance.a", "change": {"actions": ["create"], "after_unknown": {"id": true, "metadata_options": [{}]}}},
    {"address": "aws_instance.b[0]", "change": {"actions": ["create"], "after_unknown": {"metadata_options": true}}},
    {"address": "aws_instance.c", "change": {"actions": ["create"], "after_unknown": {"metadata_options": [{"http_tokens": true}]}}}
  ]
}"#;
    assert_eq!(
        rows(&[("plan.json", plan)]),
        [
            "aws_instance.a: optional",
            // Computed by AWS: the code was silent.
            "aws_instance.b[0]: absent",
            "aws_instance.c: unresolved: known only when it is applied",
            "module.m.aws_launch_template.t: required",
        ]
    );
}

#[test]
fn a_state_says_what_is() {
    let state = r#"{
  "version": 4, "terraform_version": "1.11.4", "serial": 3, "lineage": "x",
  "resources": [
    {"mode": "managed", "type": "aws_instance", "name": "web", "provider": "p", "instances": [
      {"index_key": 0, "attributes": {"id": "i-1", "metadata_options": [{"http_tokens": "optional", "http_put_response_hop_limit": 1}]}},
      {"index_key": "k", "attributes": {"id": "i-2", "metadata_options": [{"http_tokens": "required"}]}}
    ]},
    {"mode": "data", "type": "aws_instance", "name": "web", "instances": [{"attributes": {}}]},
    {"module": "module.m", "mode": "managed", "type": "aws_sagemaker_notebook_instance", "name": "n", "instances": [
      {"attributes": {"instance_metadata_service_configuration": [{"minimum_instance_metadata_service_version": "1"}]}}
    ]}
  ]
}"#;
    let expected = [
        "aws_instance.web[0]: optional",
        "aws_instance.web[\"k\"]: required",
        "module.m.aws_sagemaker_notebook_instance.n: optional",
    ];
    assert_eq!(rows(&[("terraform.tfstate", state)]), expected);
    assert_eq!(rows(&[("state.json", state)]), expected);
    let scanned = Tree::of(&[("terraform.tfstate", state)]).scan();
    assert!(scanned.specs.iter().all(|spec| spec.fix.is_none()));
}

#[test]
fn terragrunt_hands_inputs_over() {
    let module = instance("var.tokens", "variable \"tokens\" {}\n");
    let live = "locals {\n  tokens = \"optional\"\n}\n\nterraform {\n  source = \"../../modules//app\"\n}\n\ninputs = {\n  tokens = local.tokens\n}\n";
    let files = [("modules/app/main.tf", module.as_str()), ("live/prod/terragrunt.hcl", live)];
    assert_eq!(rows(&files), ["aws_instance.web: optional"]);
    let fixed = Tree::of(&files).fixed();
    let expected = live.replace("optional", "required");
    assert_eq!(fixed, [("live/prod/terragrunt.hcl".to_owned(), expected)]);
    let remote = live.replace("../../modules//app", "git::https://example.com/app.git?ref=v1");
    let renamed = remote.replace("tokens = \"optional\"", "http_tokens = \"optional\"");
    let files = [("live/prod/terragrunt.hcl", renamed.as_str())];
    assert_eq!(rows(&files), ["http_tokens: optional"]);
}

#[test]
fn terragrunt_includes_what_is_above() {
    let module = instance("var.tokens", "variable \"tokens\" {\n  default = \"required\"\n}\n");
    let live = |include: &str, inputs: &str| {
        format!(
            "include \"root\" {{\n  path = {include}\n}}\nterraform {{\n  source = \"../../modules/app\"\n}}\n{inputs}"
        )
    };
    let found = |include: &str, inputs: &str| {
        let live = live(include, inputs);
        let files = [
            ("modules/app/main.tf", module.as_str()),
            ("live/prod/terragrunt.hcl", live.as_str()),
            ("live/root.hcl", "inputs = {\n  tokens = \"optional\"\n}\n"),
            ("live/terragrunt.hcl", "locals {\n  a = 1\n}\n"),
        ];
        rows(&files).join(" ").replace("aws_instance.web: ", "")
    };
    let root = "find_in_parent_folders(\"root.hcl\")";
    assert_eq!(found(root, ""), "optional");
    assert_eq!(found(root, "inputs = {\n  tokens = \"required\"\n}\n"), "required");
    assert_eq!(found("\"../root.hcl\"", ""), "optional");
    assert_eq!(found("find_in_parent_folders()", ""), "required");
    let nowhere = "unresolved: the included file is not found";
    assert_eq!(found("find_in_parent_folders(\"no.hcl\")", ""), nowhere);
    assert_eq!(found("\"${get_repo_root()}/root.hcl\"", ""), nowhere);
    let merged = "inputs = merge(dependency.vpc.outputs, { name = \"x\" })\n";
    assert_eq!(
        found("find_in_parent_folders()", merged),
        "unresolved: known only when it is applied"
    );
}

#[test]
fn settings_are_found_under_other_names() {
    let text = r#"module "hosts" {
  source    = "example.com/team/hosts/aws"
  version   = "1.0.0"
  instances = local.instances
}
locals {
  instances = {
    web = { metadata_options_http_tokens = "optional" } # the installer
    db  = { metadata_options_http_tokens = "required" }
  }
}
"#;
    let found = rows(&[("main.tf", text)]);
    assert_eq!(found, ["metadata_options_http_tokens: optional"]);
}
