//! Guardrails: where their text comes from, what is found in it, and where.

use super::documents::DOCUMENT;
use crate::{policy::PolicySpec, testing::Tree};

/// A policy of the organization whose content is that expression.
pub(super) fn policy(content: &str) -> String {
    format!(
        "resource \"aws_organizations_policy\" \"imds\" {{\n  name    = \"imds\"\n  content = {content}\n}}\n"
    )
}

/// In one line: `main.tf aws_organizations_policy.imds scp: change-key at main.tf:9:5`.
fn line(spec: &PolicySpec, folder: &std::path::Path) -> String {
    let name =
        |path: &std::path::Path| path.strip_prefix(folder).unwrap_or(path).display().to_string();
    let lints = spec.lints.iter();
    let lints =
        lints.filter(|lint| lint.mistake.severity > crate::MistakeSeverity::Info).map(|lint| {
            let start = lint.place.start;
            format!("{} at {}:{start}", lint.mistake.code, name(&lint.place.path))
        });
    let said = match &spec.text {
        Err(open) => format!("{} (`{}`)", open.reason, open.expression),
        Ok(_) => lints.collect::<Vec<_>>().join(", "),
    };
    let place = name(&spec.place.path);
    format!("{place} {} {}: {said}", spec.address, spec.kind.as_str())
}

#[track_caller]
pub(super) fn read(files: &[(&str, &str)]) -> Vec<String> {
    let tree = Tree::of(files);
    let scanned = tree.scan();
    assert_eq!(scanned.errors, []);
    assert_eq!(scanned.specs, [], "a condition launches nothing");
    scanned.policies.iter().map(|spec| line(spec, tree.path())).collect()
}

const SOUND: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [{
    "Sid": "V2",
    "Effect": "Deny",
    "Action": "ec2:RunInstances",
    "Resource": "arn:aws:ec2:*:*:instance/*",
    "Condition": {"StringNotEquals": {"ec2:MetadataHttpTokens": "required"}}
  }]
}
"#;

fn slips() -> String {
    SOUND.replace("StringNotEquals", "StringEquals").replace("\"required\"", "\"optional\"")
}

/// The same as an object of Terraform.
const OBJECT: &str = r#"{
    Version = "2012-10-17"
    Statement = [{
      Sid      = "V2"
      Effect   = "Deny"
      Action   = "ec2:RunInstances"
      Resource = "arn:aws:ec2:*:*:instance/*"
      Condition = {
        StringEquals = {
          "ec2:MetadataHttpTokens" = "optional"
        }
      }
    }]
  }"#;

pub(super) const SLIPS: &str = "omitted-option-slips-through";

#[track_caller]
pub(super) fn one(files: &[(&str, &str)]) -> String {
    let found = read(files);
    let [only] = found.as_slice() else { panic!("{found:#?}") };
    only.clone()
}

#[test]
fn an_object_is_judged_with_the_places_of_its_parts() {
    let found = one(&[("main.tf", &policy(&format!("jsonencode({OBJECT})")))]);
    assert_eq!(
        found,
        format!("main.tf aws_organizations_policy.imds scp: {SLIPS} at main.tf:12:38")
    );
    let local = format!("locals {{\n  imds = {OBJECT}\n}}\n{}", policy("jsonencode(local.imds)"));
    let found = one(&[("main.tf", &local)]);
    assert_eq!(
        found,
        format!("main.tf aws_organizations_policy.imds scp: {SLIPS} at main.tf:11:38")
    );
    let sound = OBJECT.replace("StringEquals", "StringNotEquals").replace("optional", "required");
    let found = one(&[("main.tf", &policy(&format!("jsonencode({sound})")))]);
    assert_eq!(found, "main.tf aws_organizations_policy.imds scp: ");
}

#[test]
fn a_heredoc_is_judged_with_its_lines() {
    for mark in ["EOF", "-EOF"] {
        let text = slips().trim_end().replace('\n', "\n    ");
        let code = policy(&format!("<<{mark}\n    {text}\n  EOF"));
        let found = one(&[("main.tf", &code)]);
        assert!(found.ends_with(&format!(": {SLIPS} at main.tf:11:40")), "{mark} {found}");
    }
    // What was put in makes the line another one, not its number.
    let text = slips().replace("optional", "${local.word}");
    let code =
        format!("locals {{ word = \"optional\" }}\n{}", policy(&format!("<<EOF\n{text}EOF")));
    let found = one(&[("main.tf", &code)]);
    assert!(found.ends_with(&format!(": {SLIPS} at main.tf:12:5")), "{found}");
    let broken = policy(&format!("<<EOF\n{}EOF", SOUND.replace("\"Deny\",", "\"Deny\"")));
    let found = one(&[("main.tf", &broken)]);
    assert!(found.ends_with(": not-a-policy at main.tf:9:5"), "{found}");
}

#[test]
fn a_file_is_judged_once_as_what_attaches_it() {
    let slips = slips();
    let expected =
        format!("p/scp.json aws_organizations_policy.imds scp: {SLIPS} at p/scp.json:8:36");
    let beside = [
        "file(\"p/scp.json\")",
        "file(\"${path.module}/p/scp.json\")",
        "file(\"${path.root}/p/../p/scp.json\")",
    ];
    for content in beside {
        let found = read(&[("main.tf", &policy(content)), ("p/scp.json", &slips)]);
        assert_eq!(found, [expected.as_str()], "{content}");
    }
    // The text is another one then, and its parts are those of the file.
    let short = policy("jsonencode(jsondecode(file(\"p/scp.json\")))");
    let found = one(&[("main.tf", &short), ("p/scp.json", &slips)]);
    assert_eq!(found, expected.replace("8:36", "8:62"));
    // By itself it is a file that nobody attaches.
    let found = one(&[("p/scp.json", &slips)]);
    assert_eq!(found, format!("p/scp.json scp.json scp: {SLIPS} at p/scp.json:8:36"));
    let missing = one(&[("main.tf", &policy("file(\"imds.json\")"))]);
    assert_eq!(
        missing,
        "main.tf aws_organizations_policy.imds scp: the file imds.json cannot be read (`file(\"imds.json\")`)"
    );
    let away = one(&[("main.tf", &policy("file(\"/etc/passwd\")"))]);
    assert!(away.contains("the file /etc/passwd cannot be read"), "{away}");
}

#[test]
fn a_template_is_filled_in() {
    let template =
        slips().replace("optional", "${tokens}").replace("ec2:RunInstances", "${action}");
    let code =
        |given: &str| policy(&format!("templatefile(\"${{path.module}}/scp.json.tpl\", {given})"));
    let files = |code: &str| read(&[("main.tf", code), ("scp.json.tpl", &template)]);
    let found = files(&code("{ tokens = \"optional\", action = \"ec2:RunInstances\" }"));
    assert_eq!(
        found,
        [format!("scp.json.tpl aws_organizations_policy.imds scp: {SLIPS} at scp.json.tpl:8:5")]
    );
    let found = files(&code("{ tokens = \"optional\" }"));
    let open = "main.tf aws_organizations_policy.imds scp: action is not known here (`templatefile(\"${path.module}/scp.json.tpl\", { tokens = \"optional\" })`)";
    assert_eq!(found, [open, "scp.json.tpl scp.json.tpl scp: it is filled in later (`${action}`)"]);
}

#[test]
fn types_of_policies() {
    let typed = |kind: &str, content: &str| {
        read(&[("main.tf", &policy(&format!("{content}\n  type = {kind}")))])
    };
    let ec2 = "jsonencode({ ec2_attributes = { instance_metadata_defaults = { http_tokens = { \"@@assign\" = \"optional\" } } } })";
    let found = typed("\"DECLARATIVE_POLICY_EC2\"", ec2);
    assert!(found[0].starts_with("main.tf aws_organizations_policy.imds ec2: "), "{found:#?}");
    assert!(found[0].ends_with("at main.tf:3:74"), "{found:#?}");
    assert_eq!(typed("\"TAG_POLICY\"", ec2), [""; 0]);
    let scp = format!("jsonencode({OBJECT})");
    assert_eq!(typed("\"SERVICE_CONTROL_POLICY\"", &scp).len(), 1);
    let found = typed("var.kind", &scp);
    assert!(found[0].contains(" scp: "), "{found:#?}");
    // What is not about the metadata service has no row, resolved or not.
    assert_eq!(read(&[("main.tf", &policy("jsonencode({ Statement = [] })"))]), [""; 0]);
    let other = policy("var.text").replace("imds", "tags");
    assert_eq!(read(&[("main.tf", &other)]), [""; 0]);
    let none = policy(&scp).replace("  name ", "  count = 0\n  name ");
    assert_eq!(read(&[("main.tf", &none)]), [""; 0]);
}

#[test]
fn a_module_gets_its_text_from_its_caller() {
    let module = format!("variable \"content\" {{}}\n{}", policy("var.content"));
    let call = format!(
        "{DOCUMENT}module \"guard\" {{\n  source  = \"./guard\"\n  content = data.aws_iam_policy_document.imds.json\n}}\n"
    );
    let found = read(&[("main.tf", &call), ("guard/main.tf", &module)]);
    let expected =
        format!("main.tf module.guard.aws_organizations_policy.imds scp: {SLIPS} at main.tf:9:18");
    assert_eq!(found, [expected]);
    let own = policy("file(\"${path.module}/scp.json\")");
    let call = "module \"guard\" {\n  source = \"./guard\"\n}\n";
    let found = read(&[("main.tf", call), ("guard/main.tf", &own), ("guard/scp.json", &slips())]);
    let expected = format!(
        "guard/scp.json module.guard.aws_organizations_policy.imds scp: {SLIPS} at guard/scp.json:8:36"
    );
    assert_eq!(found, [expected]);
    // A module that Terraform has downloaded is told at its call.
    let call = "module \"guard\" {\n  source = \"example.org/guard/aws\"\n}\n";
    let manifest = r#"{"Modules":[{"Key":"guard","Source":"x","Dir":".terraform/modules/guard"}]}"#;
    let found = read(&[
        ("main.tf", call),
        (".terraform/modules/modules.json", manifest),
        (".terraform/modules/guard/main.tf", &policy(&format!("jsonencode({OBJECT})"))),
    ]);
    let expected =
        format!("main.tf module.guard.aws_organizations_policy.imds scp: {SLIPS} at main.tf:1:1");
    assert_eq!(found, [expected]);
}

#[test]
fn json_plans_and_states_are_read() {
    let quoted = slips().replace('\n', "").replace('"', "\\\"");
    let code = format!(
        "{{\"resource\":{{\"aws_organizations_policy\":{{\"imds\":{{\"content\":\"{quoted}\"}}}}}}}}"
    );
    let found = one(&[("main.tf.json", &code)]);
    assert!(
        found.starts_with("main.tf.json aws_organizations_policy.imds scp: omitted"),
        "{found}"
    );
    let document = r#"{"data":{"aws_iam_policy_document":{"imds":{"statement":[{"effect":"Deny","actions":["ec2:RunInstances"],
"resources":["arn:aws:ec2:*:*:instance/*"],"condition":{"test":"StringEquals","variable":"ec2:MetadataHttpTokens","values":["optional"]}}]}}},
"resource":{"aws_organizations_policy":{"imds":{"content":"${data.aws_iam_policy_document.imds.json}"}}}}"#;
    let found = one(&[("main.tf.json", document)]);
    assert_eq!(
        found,
        format!("main.tf.json aws_organizations_policy.imds scp: {SLIPS} at main.tf.json:2:90")
    );
    let resource = format!(
        "{{\"address\":\"aws_organizations_policy.imds\",\"mode\":\"managed\",\"type\":\"aws_organizations_policy\",\"name\":\"imds\",\"values\":{{\"type\":\"SERVICE_CONTROL_POLICY\",\"content\":\"{quoted}\"}}}}"
    );
    let plan = format!(
        "{{\"format_version\":\"1.2\",\"terraform_version\":\"1.9.0\",\"planned_values\":{{\"root_module\":{{\"resources\":[{resource}]}}}}}}"
    );
    let found = one(&[("plan.json", &plan)]);
    assert!(found.starts_with("plan.json aws_organizations_policy.imds scp: omitted"), "{found}");
    let state = format!(
        "{{\"version\":4,\"terraform_version\":\"1.9.0\",\"resources\":[{{\"mode\":\"managed\",\"type\":\"aws_organizations_policy\",\"name\":\"imds\",\"instances\":[{{\"attributes\":{{\"content\":\"{quoted}\"}}}}]}}]}}"
    );
    let found = one(&[("terraform.tfstate", &state)]);
    assert!(
        found.starts_with("terraform.tfstate aws_organizations_policy.imds scp: omitted"),
        "{found}"
    );
    let later = plan.replace(&format!("\"content\":\"{quoted}\""), "\"name\":\"imds\"").replace(
        "\"planned_values\"",
        "\"resource_changes\":[{\"address\":\"aws_organizations_policy.imds\",\"change\":{\"after_unknown\":{\"content\":true}}}],\"planned_values\"",
    );
    let found = one(&[("plan.json", &later)]);
    assert_eq!(
        found,
        "plan.json aws_organizations_policy.imds scp: known only when it is applied (`content`)"
    );
}
