//! Policies written, looked over and asked through the binary; what people read of it, as snapshots.

use std::{fs, path::Path, process::Stdio};

use serde_json::json;

use crate::harness::{Ended, Run as _, ended, imdsure};

fn guard(arguments: &[&str]) -> Ended {
    imdsure(&[&["guard"], arguments].concat()).ended()
}

/// A folder with one file; the command runs in it, so that paths are short.
fn in_folder(file: &str, text: &str, arguments: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(file), text).unwrap();
    run_in(folder.path(), arguments)
}

fn run_in(folder: &Path, arguments: &[&str]) -> Ended {
    imdsure(&[&["guard"], arguments].concat()).current_dir(folder).ended()
}

const MISTAKEN: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Tokens",
      "Effect": "Deny",
      "Action": ["ec2:RunInstances", "ec2:ModifyInstanceMetadataOptions"],
      "Resource": "*",
      "Condition": {"StringNotEquals": {"ec2:MetadataHttpTokens": "required"}}
    }
  ]
}"#;

#[test]
fn generated_policies() {
    let role = "arn:aws:iam::*:role/break-glass";
    let scp = guard(&["generate", "scp", "--max-hop-limit", "2", "--exempt", role]);
    assert_eq!(scp.code, 0);
    insta::assert_snapshot!(scp.out);
    insta::assert_snapshot!(scp.err);
    let sharp = guard(&["generate", "iam", "--role-delivery", "--partition", "aws-cn"]);
    insta::assert_snapshot!(format!("{}\n{}", sharp.out, sharp.err));
    let ec2 =
        guard(&["generate", "ec2-policy", "--hop-limit", "2", "--exception-message", "Ask #cloud"]);
    insta::assert_snapshot!(format!("{}\n{}", ec2.out, ec2.err));
    let perimeter = guard(&["generate", "data-perimeter"]);
    insta::assert_snapshot!(format!("{}\n{}", perimeter.out, perimeter.err));
}

#[test]
fn what_is_generated_has_no_mistakes() {
    for arguments in [
        ["generate", "scp", "--role-delivery"].as_slice(),
        &["generate", "scp", "--no-self-protection"],
        &["generate", "iam"],
        &["generate", "ec2-policy"],
        &["generate", "ec2-policy", "--defaults-only"],
        &["generate", "data-perimeter"],
    ] {
        let written = guard(arguments);
        let looked = in_folder("p.json", &written.out, &["lint", "p.json"]);
        assert_eq!(looked.code, 0, "{arguments:?}: {}", looked.out);
        assert!(looked.out.contains("no mistakes"), "{}", looked.out);
    }
}

#[test]
fn options_that_cannot_be_meant_are_refused() {
    for (arguments, words) in [
        (["--exempt", "arn:aws:iam::*:role/*"], "everybody"),
        (["--exempt", "admin"], "no principal"),
        (["--partition", "mars"], "aws-us-gov"),
        (["--max-hop-limit", "65"], "--max-hop-limit"),
    ] {
        let ended = guard(&[["generate", "scp"], arguments].concat());
        assert_eq!((ended.code, ended.out.as_str()), (64, ""));
        assert!(ended.err.contains(words), "{}", ended.err);
    }
}

#[test]
fn mistakes_for_people() {
    let ended = in_folder("scp.json", MISTAKEN, &["lint", "scp.json"]);
    assert_eq!((ended.code, ended.err.as_str()), (1, ""));
    insta::assert_snapshot!(ended.out);
}

#[test]
fn mistakes_for_programs() {
    let ended = in_folder("scp.json", MISTAKEN, &["lint", "scp.json", "-o", "json"]);
    assert_eq!(ended.code, 1);
    let report = ended.json();
    let file = &report["files"][0];
    assert_eq!((&file["path"], &file["kind"]), (&json!("scp.json"), &json!("scp")));
    let mistake = &file["mistakes"][0];
    assert_eq!(mistake["position"], json!({"line": 9, "column": 41}));
    assert_eq!((&mistake["statement"], &mistake["sid"]), (&json!(0), &json!("Tokens")));
    assert_eq!(mistake["severity"], "error");
}

#[test]
fn an_ec2_policy_is_known_by_its_content() {
    let text = r#"{"ec2_attributes": {"instance_metadata_defaults": {
  "http_tokens": {"@@assign": "no-preference"},
  "http_put_response_hop_limit": "2"}}}"#;
    let ended = in_folder("ec2.json", text, &["lint", "ec2.json"]);
    assert_eq!(ended.code, 1);
    insta::assert_snapshot!(ended.out);
}

#[test]
fn a_file_that_is_no_policy_is_named_with_the_place() {
    for (text, words) in [
        ("{\n  \"Statement\": [,]}", "p.json:2:17: expected a JSON value, found `,`"),
        ("", "p.json:1:1:"),
        ("{}", "p.json:1:1: this object has no `Statement`"),
        ("{\"Statement\": []}", "p.json:1:15: `Statement` is empty"),
        (&"[".repeat(100_000), "p.json:1:34: nested too deep"),
        (&" ".repeat(200_000), "p.json:1:1: "),
    ] {
        let ended = in_folder("p.json", text, &["lint", "p.json"]);
        assert_eq!((ended.code, ended.out.as_str()), (64, ""));
        assert!(ended.err.contains(words), "{}", ended.err);
        let request = ["simulate", "p.json", "--request", "RunInstances"];
        assert_eq!(in_folder("p.json", text, &request).code, 64);
    }
    let ended = guard(&["lint", "/nonexistent/p.json"]);
    assert_eq!(ended.code, 64);
    assert!(ended.err.contains("/nonexistent/p.json"), "{}", ended.err);
}

#[test]
fn foreign_text_does_not_steer_the_terminal() {
    let text = MISTAKEN.replace("Tokens\",", "To\\u001b[31m\\u202e\",");
    let ended = in_folder("p.json", &text, &["lint", "p.json"]);
    assert!(!ended.out.contains(['\u{1b}', '\u{202e}']), "{:?}", ended.out);
    let request = ["simulate", "p.json", "--request", "RunInstances:HttpTokens=optional"];
    let ended = in_folder("p.json", &text, &request);
    assert!(!ended.out.contains(['\u{1b}', '\u{202e}']), "{:?}", ended.out);
}

#[test]
fn decisions_for_people_and_programs() {
    let folder = tempfile::tempdir().unwrap();
    let scp = guard(&["generate", "scp", "--exempt", "arn:aws:iam::*:role/break-glass"]);
    fs::write(folder.path().join("scp.json"), scp.out).unwrap();
    let requests = [
        "RunInstances:HttpTokens=optional,principal=arn:aws:iam::111122223333:role/dev",
        "RunInstances:HttpTokens=optional,principal=arn:aws:iam::111122223333:role/break-glass",
        "RunInstances:HttpTokens=optional",
        "RunInstances:HttpTokens=required,template=yes",
        "RunInstances:principal=arn:aws:iam::111122223333:role/dev",
        "ModifyInstanceMetadataOptions:HttpPutResponseHopLimit=2",
        "s3:GetObject:RoleDelivery=1.0",
    ];
    let mut arguments = vec!["simulate", "scp.json"];
    arguments.extend(requests.iter().flat_map(|request| ["--request", request]));
    let ended = run_in(folder.path(), &arguments);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    insta::assert_snapshot!(ended.out);
    arguments.extend(["--output", "json"]);
    let report = run_in(folder.path(), &arguments).json();
    assert_eq!(report["full_access_assumed"], true);
    let first = &report["requests"][0];
    assert_eq!(first["request"], requests[0]);
    assert_eq!(first["decision"]["outcome"], "explicit-deny");
    assert_eq!(first["decision"]["by"]["sid"], "RequireImdsV2AtLaunch");
    assert_eq!(first["decision"]["by"]["position"], json!({"line": 4, "column": 5}));
}

#[test]
fn requests_that_are_none_are_explained() {
    let simulate = |request: &str| {
        in_folder("p.json", MISTAKEN, &["simulate", "p.json", "--request", request])
    };
    for (request, words) in [
        ("RunInstance", "did you mean ec2:RunInstances?"),
        ("RunInstances:HttpTokens=v2", "optional or required"),
        ("RunInstances:Tokens=optional", "takes HttpTokens"),
        ("RunInstances:HttpTokens", "an option is NAME=VALUE"),
        ("DescribeVpcs", "another action needs its service"),
    ] {
        let ended = simulate(request);
        assert_eq!(ended.code, 64);
        assert!(ended.err.contains(words), "{}", ended.err);
    }
    let ec2 = guard(&["generate", "ec2-policy"]).out;
    let ended = in_folder("e.json", &ec2, &["simulate", "e.json", "--request", "RunInstances"]);
    assert_eq!(ended.code, 64);
    assert!(ended.err.contains("EC2 policy"), "{}", ended.err);
}

#[test]
fn a_policy_may_come_from_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.json");
    fs::write(&file, MISTAKEN).unwrap();
    let mut command = imdsure(&["guard", "lint", "-", "-o", "json"]);
    let output = command.stdin(Stdio::from(fs::File::open(file).unwrap())).output().unwrap();
    let ended = ended(output);
    assert_eq!((ended.code, &ended.json()["files"][0]["path"]), (1, &json!("standard input")));
}
