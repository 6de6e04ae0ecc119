//! Files in, rows of `iac_policy` out.

use std::path::Path;

use proptest::prelude::*;

use crate::{policy::PolicyKind, scan::scan_text};

const SCP: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Launch",
      "Effect": "Deny",
      "Action": "ec2:RunInstances",
      "Resource": "arn:aws:ec2:*:*:instance/*",
      "Condition": {"StringNotEquals": {"ec2:MetadataHttpToken": "required"}}
    }
  ]
}
"#;

#[test]
fn files_that_are_guardrails_have_rows() {
    let policies = |name: &str, text: &str| {
        let scanned = scan_text(Path::new(name), text);
        assert_eq!(scanned.errors, []);
        assert_eq!(scanned.specs, []);
        scanned.policies
    };
    let [scp] = policies("deny.json", SCP).try_into().unwrap();
    assert_eq!(
        (scp.kind, scp.address.as_str(), scp.dialect),
        (PolicyKind::Scp, "deny.json", "policy")
    );
    let lint = scp.lints.iter().find(|lint| lint.place.start.line == 9);
    assert!(lint.is_some(), "{:#?}", scp.lints);
    let ec2 = "{\"ec2_attributes\": {\"instance_metadata_defaults\": {\"http_tokens\": {\"@@assign\": \"required\"}}}}";
    assert_eq!(policies("a.json.tpl", ec2)[0].kind, PolicyKind::Ec2);
    assert!(policies("a.json", "{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"ec2:RunInstances\", \"Resource\": \"*\"}]}").is_empty());
    assert!(policies("a.json", &format!("{{\"Policy\": {SCP}}}")).is_empty());
    let principal = SCP.replace("\"Sid\"", "\"Principal\": \"*\", \"Sid\"");
    assert_eq!(policies("a.json", &principal).len(), 1);
    let bucket = principal.replace("ec2:RunInstances", "s3:GetObject");
    assert!(policies("a.json", &bucket).is_empty());
    let filled = SCP.replace("\"required\"", "%{ if x }\"required\"%{ endif }");
    assert!(policies("a.json.tpl", &filled).is_empty());
}

#[test]
fn what_is_filled_in_later_is_not_known() {
    let said = |to: &str| {
        let text = SCP.replace("instance/*", to);
        let scanned = scan_text(Path::new("a.json.tpl"), &text);
        let [policy] = scanned.policies.as_slice() else { panic!("{scanned:#?}") };
        policy.text.clone().map(|_| ()).map_err(|open| open.expression)
    };
    assert_eq!(said("${part}"), Err("${part}".to_owned()));
    assert_eq!(said("${aws:PrincipalTag/a}/${part}"), Err("${part}".to_owned()));
    assert_eq!(said("{{ part }}"), Err("{{ part }}".to_owned()));
    assert_eq!(said("${aws:PrincipalTag/a}${*}"), Ok(()));
}

#[test]
fn a_broken_file_is_an_error() {
    let scanned = scan_text(Path::new("a.json"), &SCP.replace(']', ""));
    let [error] = scanned.errors.as_slice() else { panic!("{scanned:?}") };
    assert_eq!(error.code, "Syntax");
}

proptest! {
    #[test]
    fn fuzz_broken_policies_never_panic(cut in 0_usize..400, with in any::<String>()) {
        let mut text = SCP.to_owned();
        text.insert_str(cut.min(text.len()), &with);
        scan_text(Path::new("a.json"), &text);
        scan_text(Path::new("a.json.tpl"), &text[..text.floor_char_boundary(cut)]);
    }
}
