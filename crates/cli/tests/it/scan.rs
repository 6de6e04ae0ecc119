//! `imdsure scan`: verdicts of each dialect through the binary, what the configuration changes, exit codes and
//! reports.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::harness::{Ended, Run as _, findings, imdsure, workspace};

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// A folder of crate iac's fixtures.
pub(crate) fn fixtures(name: &str) -> PathBuf {
    workspace().join("crates/iac/fixtures").join(name)
}

/// `imdsure scan …` in a folder.
pub(crate) fn scan(folder: &Path, arguments: &[&str]) -> Ended {
    imdsure(&[&["scan"], arguments].concat()).current_dir(folder).ended()
}

/// The report, and the exit code.
pub(crate) fn report(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let ended = scan(folder, &[arguments, &["--output", "json"]].concat());
    (ended.code, ended.json())
}

/// The findings of a control as `address verdict severity`.
fn verdicts(report: &Value, control: &str) -> Vec<String> {
    let text = |finding: &Value| {
        let word = |name: &str| finding[name].as_str().unwrap().to_owned();
        format!("{} {} {}", word("name"), word("verdict"), word("severity"))
    };
    findings(report, control).iter().map(text).collect()
}

const LAUNCHES: &str = "code-launches-imdsv2";
const OPTIONAL: &str = "code-explicit-optional";

/// One file a dialect: its place, what it launches, and whether it asks for version 1 by name.
const DIALECTS: [(&str, &str, &str, &str, &str); 10] = [
    (
        "a.tf",
        "resource \"aws_instance\" \"web\" {\n  ami = \"ami-1\"\n}\n",
        "aws_instance.web",
        "fail medium",
        "pass high",
    ),
    (
        "b.tf.json",
        "{\"resource\":{\"aws_launch_template\":{\"t\":{\"metadata_options\":{\"http_tokens\":\"optional\"}}}}}",
        "aws_launch_template.t",
        "fail high",
        "fail high",
    ),
    (
        "c.yaml",
        "Resources:\n  T:\n    Type: AWS::EC2::LaunchTemplate\n    Properties:\n      LaunchTemplateData:\n        MetadataOptions: {HttpTokens: required}\n",
        "T",
        "pass high",
        "pass high",
    ),
    (
        "d.json",
        "{\"Resources\":{\"W\":{\"Type\":\"AWS::EC2::Instance\",\"Properties\":{\"MetadataOptions\":{\"HttpEndpoint\":\"disabled\",\"HttpTokens\":\"optional\"}}}}}",
        "W",
        "pass high",
        "fail high",
    ),
    (
        "e.pkr.hcl",
        "source \"amazon-ebs\" \"base\" {\n  ami_name = \"x\"\n}\n",
        "source.amazon-ebs.base",
        "fail high",
        "fail high",
    ),
    (
        "f.yaml",
        "apiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nmetadata: {name: web}\nspec: {role: node}\n",
        "EC2NodeClass/web",
        "pass high",
        "pass high",
    ),
    (
        "g.yaml",
        "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: prod}\nnodeGroups:\n  - name: web\n    disableIMDSv1: false\n",
        "ClusterConfig/prod/nodeGroups/web",
        "fail high",
        "fail high",
    ),
    (
        "h.yaml",
        "apiVersion: kops.k8s.io/v1alpha2\nkind: InstanceGroup\nmetadata: {name: nodes}\nspec: {machineType: m5.large}\n",
        "InstanceGroup/nodes",
        "unknown high",
        "unknown high",
    ),
    (
        "i.yaml",
        "apiVersion: infrastructure.cluster.x-k8s.io/v1beta2\nkind: AWSMachine\nmetadata: {name: m}\nspec: {instanceType: m5.large}\n",
        "AWSMachine/m",
        "fail high",
        "fail high",
    ),
    (
        "j.yaml",
        "- hosts: localhost\n  tasks:\n    - name: Web\n      amazon.aws.ec2_instance:\n        image_id: ami-1\n        metadata_options: {http_endpoint: enabled}\n",
        "",
        "fail high",
        "fail high",
    ),
];

#[test]
fn every_dialect_is_judged_through_the_binary() {
    for (name, text, address, launches, optional) in DIALECTS {
        let folder = folder(&[(name, text)]);
        let (code, report) = report(folder.path(), &["."]);
        let found = findings(&report, LAUNCHES);
        // Packer starts an instance to build an image, and the image starts others.
        let rows = if address.contains("amazon-ebs") { 2 } else { 1 };
        assert_eq!(found.len(), rows, "{name}: {report:#}");
        if !address.is_empty() {
            assert_eq!(found[0]["location"]["address"], address, "{name}");
            assert_eq!(found[0]["resource"], format!("{name}:{address}"));
        }
        assert_eq!(found[0]["location"]["path"], name);
        for (control, expected) in [(LAUNCHES, launches), (OPTIONAL, optional)] {
            let finding = &findings(&report, control)[0];
            let word = |name: &str| finding[name].as_str().unwrap();
            let said = format!("{} {}", word("verdict"), word("severity"));
            assert_eq!(said, expected, "{name} {control}: {finding:#}");
        }
        let fails = launches.starts_with("fail") || optional.starts_with("fail");
        assert_eq!(code, i32::from(fails), "{name}");
    }
}

pub(crate) const MAIN: &str = r#"variable "tokens" {
  default = "optional"
}

resource "aws_instance" "web" {
  ami = "ami-1"

  metadata_options {
    http_tokens                 = "optional"
    http_put_response_hop_limit = 3
  }
}

resource "aws_launch_template" "app" {
  metadata_options {
    http_tokens = var.tokens
  }
}

resource "aws_instance" "silent" {
  #checkov:skip=CKV_AWS_79:an old agent
  ami = "ami-1"
}

resource "aws_instance" "none" {
  count = 0
  ami   = "ami-1"
}
"#;

#[test]
fn terraform_is_evaluated() {
    let folder = folder(&[("main.tf", MAIN), ("prod.vars", "tokens = \"required\"\n")]);
    let (_, plain) = report(folder.path(), &["."]);
    let expected = [
        "aws_instance.web fail high",
        "aws_launch_template.app fail high",
        "aws_instance.silent fail medium",
    ];
    assert_eq!(verdicts(&plain, LAUNCHES), expected);
    let template = &findings(&plain, LAUNCHES)[1];
    assert_eq!(template["facts"]["declared"], "optional");
    assert_eq!(template["facts"]["decided_at"], "main.tf:2");
    let place = json!({"path": "main.tf", "start_line": 14, "start_column": 1, "end_line": 18, "end_column": 2, "address": "aws_launch_template.app"});
    assert_eq!(template["location"], place);
    for given in [["--var", "tokens=required"], ["--var-file", "prod.vars"]] {
        let (_, with) = report(folder.path(), &[&["."], &given[..]].concat());
        assert_eq!(verdicts(&with, LAUNCHES)[1], "aws_launch_template.app pass high");
    }
    let hops = verdicts(&plain, "code-hop-limit");
    assert_eq!(hops[0], "aws_instance.web fail medium");
    assert_eq!(hops.iter().filter(|hop| hop.contains("pass")).count(), 2);
    // Not by default: other tools' verdict.
    let (code, one) = report(folder.path(), &[".", "--control", "CKV_AWS_341"]);
    assert_eq!(code, 1);
    assert_eq!(verdicts(&one, "code-hop-limit-one")[0], "aws_instance.web fail high");
}

#[test]
fn what_is_assumed_is_said() {
    let config = "[assume]\naccount_default = \"required\"\n";
    let folder = folder(&[("main.tf", MAIN), ("imdsure.toml", config)]);
    let (_, report) = report(folder.path(), &["."]);
    let silent = &findings(&report, LAUNCHES)[2];
    assert_eq!(silent["verdict"], "pass");
    assert!(silent["reason"].as_str().unwrap().contains("that the configuration assumes"));
    // By name it is optional all the same.
    assert_eq!(findings(&report, LAUNCHES)[0]["verdict"], "fail");
    let wrong = "[assume]\naccount_default = \"yes\"\n";
    fs::write(folder.path().join("imdsure.toml"), wrong).unwrap();
    let ended = scan(folder.path(), &["."]);
    assert_eq!(ended.code, 64);
    assert!(ended.err.contains("imdsure.toml:2:"), "{}", ended.err);
}

#[test]
fn comments_of_other_tools_count_only_when_asked_for() {
    let folder = folder(&[("main.tf", MAIN)]);
    let of_silent = |report: &Value| findings(report, LAUNCHES)[2].clone();
    let (_, plain) = report(folder.path(), &["."]);
    assert_eq!(of_silent(&plain)["waived"], Value::Null);
    fs::write(folder.path().join("imdsure.toml"), "[scan]\nhonor = [\"checkov\"]\n").unwrap();
    let (_, honoured) = report(folder.path(), &["."]);
    let waived = json!({
        "reason": "an old agent (ignore comment of checkov CKV_AWS_79)",
        "expires": null,
        "compensating": [],
        "from": "main.tf:21",
    });
    assert_eq!(of_silent(&honoured)["waived"], waived);
    let summary = &honoured["controls"][0]["summary"];
    assert_eq!((&summary["fail"], &summary["waived"]), (&json!(2), &json!(1)));
    let sarif = scan(folder.path(), &[".", "--output", "sarif"]).json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let suppressed: Vec<_> = results.iter().filter(|one| one["suppressions"].is_array()).collect();
    assert_eq!(suppressed.len(), 1);
    assert_eq!(suppressed[0]["suppressions"][0]["kind"], "inSource");
    // Nobody is exempt in silence.
    let pretty = scan(folder.path(), &[".", "--output", "pretty"]).out;
    assert!(pretty.contains("Waived by ignore comments in the code: 1 finding."), "{pretty}");
    fs::write(folder.path().join("imdsure.toml"), "[scan]\nhonor = [\"trivy\"]\n").unwrap();
    let (_, other) = report(folder.path(), &["."]);
    assert_eq!(of_silent(&other)["waived"], Value::Null);
    fs::write(folder.path().join("imdsure.toml"), "[scan]\nhonor = [\"eslint\"]\n").unwrap();
    assert_eq!(scan(folder.path(), &["."]).code, 64);
}

#[test]
fn waivers_name_paths() {
    let waive = |path: &str| {
        format!(
            "[[waive]]\ncontrol = \"{LAUNCHES}\"\npath = \"{path}\"\nreason = \"r\"\nexpires = 2099-01-01\n"
        )
    };
    let config = waive("infra/*.tf") + &waive("infra/gone.tf") + &waive("elsewhere/*");
    let folder = folder(&[("infra/main.tf", MAIN), ("imdsure.toml", &config)]);
    let (code, report) = report(folder.path(), &["infra", "--control", LAUNCHES]);
    assert_eq!(code, 0);
    let states: Vec<_> =
        report["waivers"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, ["in force", "matches nothing", "not judged"]);
}

#[test]
fn exit_codes_and_words() {
    let folder = folder(&[
        (
            "good/a.tf",
            "resource \"aws_instance\" \"w\" {\n  metadata_options {\n    http_tokens = \"required\"\n  }\n}\n",
        ),
        ("bad/main.tf", MAIN),
        ("none/readme.md", "x"),
    ]);
    let code = |arguments: &[&str]| scan(folder.path(), arguments).code;
    assert_eq!(code(&["good"]), 0);
    assert_eq!(code(&["bad"]), 1);
    assert_eq!(code(&["bad", "--fail-on", "never"]), 0);
    assert_eq!(code(&["nowhere"]), 2);
    let none = scan(folder.path(), &["none"]);
    assert_eq!(none.code, 0);
    assert!(none.err.contains("no infrastructure code"), "{}", none.err);
    let usage = scan(folder.path(), &[]);
    assert_eq!(usage.code, 64);
    let aws = scan(folder.path(), &["good", "--control", "instance-imdsv1-disabled"]);
    assert_eq!(aws.code, 64);
    assert!(aws.err.contains("imdsure audit --control"), "{}", aws.err);
    let code = imdsure(&["audit", "--control", "CKV_AWS_79"]).ended();
    assert_eq!(code.code, 64);
    assert!(code.err.contains("imdsure scan PATH"), "{}", code.err);
}

#[test]
fn kept_rows_are_judged_again() {
    let folder = folder(&[("main.tf", MAIN)]);
    let first = report(folder.path(), &["main.tf", "--save", "store"]);
    fs::remove_file(folder.path().join("main.tf")).unwrap();
    let again = report(folder.path(), &["--from", "store"]);
    assert_eq!(again, first);
    let audit = imdsure(&["audit", "--from", "store", "--control", LAUNCHES, "--output", "json"]);
    let audit = { audit }.current_dir(folder.path()).ended();
    assert_eq!(audit.code, 1);
    assert_eq!(findings(&audit.json(), LAUNCHES), findings(&first.1, LAUNCHES));
}

#[test]
fn people_see_the_code() {
    let folder = folder(&[
        ("infra/main.tf", MAIN),
        ("infra/vars/broken.tf", "resource \"aws_instance\" \"b\" {\n  ami = \n}\n"),
    ]);
    let ended = scan(folder.path(), &["infra", "--output", "pretty"]);
    assert_eq!(ended.code, 2);
    let (first, rest) = ended.out.split_once('\n').unwrap();
    assert!(first.starts_with("2 files of infrastructure code in infra, read 2"), "{first}");
    insta::assert_snapshot!("scan_pretty", rest);
    let brief = scan(folder.path(), &["infra"]).out;
    assert!(brief.contains("fail high code-launches-imdsv2 infra/main.tf:5:1 aws_instance.web: "));
    assert!(brief.contains("error infra/vars/broken.tf:2:9: Syntax: "), "{brief}");
    let csv = scan(folder.path(), &["infra", "--output", "csv"]).out;
    assert!(csv.lines().next().unwrap().ends_with(",path,line,column,address"));
    assert!(csv.contains(",infra/main.tf,5,1,aws_instance.web\n"), "{csv}");
}

#[test]
fn sarif_has_regions_fingerprints_and_fixes() {
    let folder = folder(&[
        ("in fra/main.tf", MAIN),
        (
            "in fra/u.tf",
            "resource \"aws_instance\" \"u\" {\n  metadata_options {\n    http_tokens = var.nothing\n  }\n}\n",
        ),
        ("in fra/x/broken.tf", "resource \"aws_instance\" \"b\" {\n  ami = \n}\n"),
    ]);
    let sarif = |arguments: &[&str]| -> Value { scan(folder.path(), arguments).json() };
    let first = sarif(&["in fra", "--output", "sarif"]);
    assert_eq!(first["version"], "2.1.0");
    let run = &first["runs"][0];
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let notification = &run["invocations"][0]["toolExecutionNotifications"][0];
    let place = &notification["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "in%20fra/x/broken.tf");
    assert_eq!(place["region"]["startLine"], 2);
    let rules: Vec<_> = run["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["id"].clone())
        .collect();
    let results = run["results"].as_array().unwrap();
    assert!(results.iter().all(|result| rules.contains(&result["ruleId"])));
    let of = |results: &[Value], address: &str| {
        let is = |result: &&Value| {
            result["ruleId"] == LAUNCHES
                && result["locations"][0]["logicalLocations"][0]["name"] == address
        };
        results.iter().find(is).cloned().unwrap()
    };
    let unknown = of(results, "aws_instance.u");
    assert_eq!(
        (&unknown["level"], &unknown["properties"]["verdict"]),
        (&"note".into(), &"unknown".into())
    );
    let template = of(results, "aws_launch_template.app");
    let region = &template["locations"][0]["physicalLocation"]["region"];
    assert_eq!(*region, json!({"startLine": 14, "startColumn": 1, "endLine": 18, "endColumn": 2}));
    let change = &template["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "in%20fra/main.tf");
    let replacement = &change["replacements"][0];
    let deleted = json!({"startLine": 2, "startColumn": 13, "endLine": 2, "endColumn": 23});
    assert_eq!(replacement["insertedContent"]["text"], "\"required\"");
    assert_eq!(replacement["deletedRegion"], deleted);
    // Lines that come in above move no fingerprint.
    fs::write(folder.path().join("in fra/main.tf"), format!("# new\n\n{MAIN}")).unwrap();
    let moved = sarif(&["in fra", "--output", "sarif"]);
    let print = |sarif: &Value| {
        let results = sarif["runs"][0]["results"].as_array().unwrap().clone();
        results.iter().map(|one| one["partialFingerprints"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(print(&moved), print(&first));
    let distinct: std::collections::BTreeSet<String> =
        print(&first).iter().map(ToString::to_string).collect();
    assert_eq!(distinct.len(), print(&first).len());
}
