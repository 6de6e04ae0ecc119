//! Repairs through the binary: what is written, what is shown, what is left alone.

use std::fs;

use crate::{
    harness::Run as _,
    scan::{MAIN, folder, report, scan},
};

const TEMPLATE: &str = "# a comment\r\nResources:\r\n  Web:\r\n    Type: AWS::EC2::Instance\r\n    Properties:\r\n      MetadataOptions:\r\n        HttpTokens: 'optional' # why\r\n  Fleet:\r\n    Type: AWS::WorkspacesInstances::WorkspaceInstance\r\n    Properties:\r\n      ManagedInstance:\r\n        MetadataOptions: {HttpTokens: optional}\r\n";

#[test]
fn a_repair_changes_what_decides_and_no_other_byte() {
    let folder = folder(&[("main.tf", MAIN), ("stack.yaml", TEMPLATE), ("other.txt", "x")]);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    // Shown, and nothing written.
    let shown = scan(folder.path(), &[".", "--diff"]);
    assert_eq!((shown.code, read("main.tf").as_str()), (1, MAIN));
    assert!(shown.out.contains("-  default = \"optional\"\n+  default = \"required\"\n"));
    assert!(shown.err.contains("would repair 4 places in 2 files"), "{}", shown.err);
    let fixed = scan(folder.path(), &[".", "--fix"]);
    assert!(
        fixed.err.contains("repaired 4 places in 2 files (in place: 3, new version: 1)"),
        "{}",
        fixed.err
    );
    assert!(
        fixed.err.contains("left alone without --fix=unsafe:\n  stack.yaml Fleet\n"),
        "{}",
        fixed.err
    );
    let main = MAIN
        .replace("default = \"optional\"", "default = \"required\"")
        .replace("= \"optional\"\n    http_put", "= \"required\"\n    http_put")
        .replace(
            "an old agent\n  ami = \"ami-1\"\n",
            "an old agent\n  ami = \"ami-1\"\n\n  metadata_options {\n    http_endpoint = \"enabled\"\n    http_tokens   = \"required\"\n  }\n",
        );
    assert_eq!(read("main.tf"), main);
    let stack = TEMPLATE.replacen("'optional' # why", "'required' # why", 1);
    assert_eq!(read("stack.yaml"), stack);
    // The patch that was shown is what was written.
    let again = scan(folder.path(), &[".", "--fix"]);
    assert!(again.err.contains("repaired nothing"), "{}", again.err);
    assert_eq!((read("main.tf"), read("stack.yaml")), (main, stack.clone()));
    // The replacement only when it is asked for; the report is of what came out.
    let (code, after) = report(folder.path(), &[".", "--fix=unsafe", "--control", "CKV_AWS_79"]);
    assert_eq!((code, &after["controls"][0]["summary"]["fail"]), (0, &0.into()));
    assert_eq!(
        read("stack.yaml"),
        stack.replace("{HttpTokens: optional}", "{HttpTokens: required}")
    );
}

#[test]
fn a_diff_is_a_patch() {
    let folder = folder(&[("infra/main.tf", MAIN)]);
    let patch = scan(folder.path(), &["infra", "--diff"]).out;
    fs::write(folder.path().join("p.patch"), &patch).unwrap();
    let mut git = std::process::Command::new("git");
    let applied = git.args(["apply", "p.patch"]).current_dir(folder.path()).ended();
    assert_eq!(applied.code, 0, "{}", applied.err);
    let after = scan(folder.path(), &["infra", "--control", "code-launches-imdsv2"]);
    assert_eq!(after.code, 0, "{}", after.out);
    // Both: written and shown.
    fs::write(folder.path().join("infra/main.tf"), MAIN).unwrap();
    let both = scan(folder.path(), &["infra", "--fix", "--diff"]);
    assert_eq!(both.out, patch);
    assert!(both.err.contains("repaired 3 places in 1 files"), "{}", both.err);
}

#[test]
fn what_is_accepted_or_elsewhere_is_left_alone() {
    let waive = "[[waive]]\ncontrol = [\"code-launches-imdsv2\", \"code-explicit-optional\"]\nresource = \"root/main.tf:aws_instance.web\"\nreason = \"r\"\nexpires = 2099-01-01\n";
    let folder = folder(&[
        ("imdsure.toml", waive),
        ("root/main.tf", MAIN),
        ("prod.tfvars", "tokens = \"optional\"\n"),
    ]);
    let ended = scan(folder.path(), &["root", "--fix", "--var-file", "prod.tfvars"]);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("root/main.tf").contains("= \"optional\"\n    http_put"));
    assert_eq!(read("prod.tfvars"), "tokens = \"optional\"\n");
    let outside = "outside the given paths, so left alone:\n  root/main.tf aws_launch_template.app: prod.tfvars\n";
    assert!(ended.err.contains(outside), "{}", ended.err);
}
