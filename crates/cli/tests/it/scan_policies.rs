//! `imdsure scan` on guardrails that are written in code: verdicts, places, what to write instead.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    harness::findings,
    scan::{folder, report, scan},
};

const SOUND: &str = "code-guardrail-sound";

/// A document of statements that denies a launch only where it names tokens, and the policy that it is.
const TERRAFORM: &str = r#"data "aws_iam_policy_document" "imds" {
  statement {
    sid       = "V2"
    effect    = "Deny"
    actions   = ["ec2:RunInstances"]
    resources = ["arn:aws:ec2:*:*:instance/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:MetadataHttpTokens"
      values   = ["optional"]
    }
  }
}

resource "aws_organizations_policy" "imds" {
  name    = "require-imdsv2"
  content = data.aws_iam_policy_document.imds.json
}
"#;

/// A change of options that asks by a key of launches, and blocks every other change.
const FILE: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "NoWayBack",
      "Effect": "Deny",
      "Action": "ec2:ModifyInstanceMetadataOptions",
      "Resource": "*",
      "Condition": {"StringNotEquals": {"ec2:MetadataHttpTokens": "required"}}
    },
    {
      "Effect": "Deny",
      "Action": "ec2:ModifyInstanceMetadataOptions",
      "Resource": "*",
      "Condition": {"StringNotEquals": {"ec2:Attribute/HttpTokens": "required"}}
    }
  ]
}
"#;

const TEMPLATE: &str = "Parameters:
  Text: {Type: String}
Resources:
  Defaults:
    Type: AWS::Organizations::Policy
    Properties:
      Type: DECLARATIVE_POLICY_EC2
      Content:
        ec2_attributes: {instance_metadata_defaults: {http_tokens: {'@@assign': required}, http_tokens_enforced: {'@@assign': enabled}}}
  ImdsGiven:
    Type: AWS::Organizations::Policy
    Properties:
      Type: SERVICE_CONTROL_POLICY
      Content: !Ref Text
  Tags:
    Type: AWS::Organizations::Policy
    Properties:
      Type: TAG_POLICY
      Content: {tags: {}}
";

fn found(folder: &Path, arguments: &[&str]) -> (i32, Vec<Value>) {
    let (code, report) = report(folder, arguments);
    (code, findings(&report, SOUND).clone())
}

/// A finding's resource, verdict and the line that it points at.
fn line(finding: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let place = &finding["location"];
    let (path, line) = (word(&place["path"]), &place["start_line"]);
    format!("{} {} {path}:{line}", word(&finding["resource"]), word(&finding["verdict"]))
}

#[test]
fn guardrails_of_each_language_are_judged() {
    let files = [("main.tf", TERRAFORM), ("scp/no-way-back.json", FILE), ("t.yaml", TEMPLATE)];
    let folder = folder(&files);
    let (code, found) = found(folder.path(), &["."]);
    assert_eq!(code, 1);
    let lines: Vec<String> = found.iter().map(line).collect();
    let expected = [
        "main.tf:aws_organizations_policy.imds fail main.tf:10",
        "scp/no-way-back.json:no-way-back.json fail scp/no-way-back.json:9",
        "t.yaml:Defaults pass t.yaml:9",
        "t.yaml:ImdsGiven unknown t.yaml:10",
    ];
    assert_eq!(lines, expected);
    let terraform = &found[0];
    let place = json!({"path": "main.tf", "start_line": 10, "start_column": 18, "end_line": 10, "end_column": 42, "address": "aws_organizations_policy.imds"});
    assert_eq!(terraform["location"], place);
    let reason = terraform["reason"].as_str().unwrap();
    assert!(reason.starts_with("statement 1 (V2), line 10: "), "{reason}");
    assert_eq!(terraform["facts"]["codes"], "omitted-option-slips-through");
    assert_eq!(terraform["facts"]["dialect"], "terraform");
    let sound: Value =
        serde_json::from_str(terraform["facts"]["sound_form"].as_str().unwrap()).unwrap();
    assert_eq!(sound["Condition"]["StringNotEquals"]["ec2:MetadataHttpTokens"], "required");
    let unknown = found[3]["reason"].as_str().unwrap();
    assert!(
        unknown.starts_with("its text is not known: ") && unknown.ends_with("(`!Ref Text`)"),
        "{unknown}"
    );
    // Several mistakes: each with its place, and as data.
    let several = &found[1];
    let reason = several["reason"].as_str().unwrap();
    assert!(reason.starts_with("statement 1 (NoWayBack), line 9: "), "{reason}");
    assert!(reason.contains("; statement 2, line 15: "), "{reason}");
    let data: Vec<Value> =
        serde_json::from_str(several["facts"]["lints"].as_str().unwrap()).unwrap();
    let told =
        |lint: &Value| (lint["path"].clone(), lint["line"].clone(), lint["severity"].clone());
    assert!(
        data.iter()
            .map(told)
            .any(|lint| lint == (json!("scp/no-way-back.json"), json!(15), json!("warning"))),
        "{data:#?}"
    );
}

#[test]
fn what_is_sound_or_about_something_else_does_not_fail() {
    let sound =
        TERRAFORM.replace("StringEquals", "StringNotEquals").replace("optional", "required");
    let other = r#"{"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}"#;
    let folder = folder(&[("main.tf", &sound), ("other.json", other)]);
    let (code, found) = found(folder.path(), &["."]);
    assert_eq!((code, found.len()), (0, 1));
    assert_eq!(line(&found[0]), "main.tf:aws_organizations_policy.imds pass main.tf:1");
    assert_eq!(found[0]["reason"], "no mistake was found");
}

#[test]
fn the_report_shows_the_line_and_what_to_write() {
    let folder = folder(&[("main.tf", TERRAFORM)]);
    let pretty = scan(folder.path(), &[".", "--output", "pretty"]);
    for part in [
        "10 |       variable = \"ec2:MetadataHttpTokens\"",
        "^^^^^^^^^^",
        "help: sound form:",
        "\"StringNotEquals\"",
    ] {
        assert!(pretty.out.contains(part), "{part}\n{}", pretty.out);
    }
    let sarif = scan(folder.path(), &[".", "--output", "sarif"]).json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], SOUND);
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        *region,
        json!({"startLine": 10, "startColumn": 18, "endLine": 10, "endColumn": 42})
    );
    assert!(result.get("fixes").is_none(), "{result:#}");
    // Nothing of it is repaired by machine.
    let fixed = scan(folder.path(), &[".", "--fix"]);
    assert_eq!(fixed.code, 1, "{}", fixed.err);
    assert_eq!(fs::read_to_string(folder.path().join("main.tf")).unwrap(), TERRAFORM);
}

#[test]
fn a_file_that_cannot_be_read_may_have_had_a_policy() {
    let folder = folder(&[("main.tf", TERRAFORM), ("scp.json", &FILE.replace(']', ""))]);
    let (code, report) = report(folder.path(), &["."]);
    assert_eq!((code, report["errors"][0]["path"].as_str()), (2, Some("scp.json")));
    let controls = report["controls"].as_array().unwrap();
    let unread: Vec<&Value> = controls.iter().map(|one| &one["summary"]["unread"]).collect();
    assert_eq!(unread, [1, 1, 1, 1]);
}

#[test]
fn kept_rows_are_judged_alike() {
    let folder = folder(&[("main.tf", TERRAFORM), ("scp.json", FILE)]);
    let (_, fresh) = found(folder.path(), &[".", "--save", "kept", "--control", SOUND]);
    let (code, kept) = found(folder.path(), &["--from", "kept", "--control", SOUND]);
    assert_eq!((code, fresh.len()), (1, 2));
    assert_eq!(fresh, kept);
}

#[test]
fn a_policy_is_waived_by_its_path() {
    let waiver = "[[waive]]\ncontrol = \"code-guardrail-sound\"\npath = \"main.tf\"\nreason = \"goes in March\"\nexpires = 2999-03-31\n";
    let folder = folder(&[("main.tf", TERRAFORM), ("imdsure.toml", waiver)]);
    let (code, found) = found(folder.path(), &["."]);
    assert_eq!(code, 0);
    assert_eq!(found[0]["waived"]["reason"], "goes in March");
}
