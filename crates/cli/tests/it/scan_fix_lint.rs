//! What a repair writes is what the tools of each dialect accept: cfn-lint of CloudFormation, `terraform fmt` of Terraform.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{
    harness::{Run as _, findings, workspace},
    scan::{fixtures, report, scan},
};

/// Files and folders, into a folder that is made for them.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// Where a repair leaves a `fail`.
fn failing(report: &Value) -> Vec<&str> {
    let fails = |finding: &&Value| finding["verdict"] == "fail";
    findings(report, "code-launches-imdsv2")
        .iter()
        .filter(fails)
        .map(|finding| finding["resource"].as_str().unwrap())
        .collect()
}

#[test]
fn cfn_lint_accepts_every_repaired_template() {
    let folder = tempfile::tempdir().unwrap();
    copy(&fixtures("cloudformation"), folder.path());
    copy(&fixtures("compare/cloudformation"), folder.path());
    let fixed = scan(folder.path(), &[".", "--fix=unsafe", "--output", "none"]);
    assert!(fixed.err.contains("repaired "), "{}", fixed.err);
    let (_, after) = report(folder.path(), &["."]);
    assert_eq!(failing(&after), Vec::<&str>::new());
    let mut lint = Command::new(workspace().join(".venv/bin/cfn-lint"));
    let lint = lint.args(["--non-zero-exit-code", "error", "--"]).args(files(folder.path()));
    let linted = lint.ended();
    assert_eq!(linted.code, 0, "{}{}", linted.out, linted.err);
}

/// What has no repair: a block that is there over nothing, a template or a module that is elsewhere, a file that is wrong in
/// its syntax.
const LEFT: [&str; 6] = [
    "dynamic-empty/main.tf:aws_instance.web",
    "dynamic-null/main.tf:aws_instance.web",
    "group-of-unknown-template/main.tf:aws_autoscaling_group.web",
    "hop-limit-dynamic-empty/main.tf:aws_launch_template.web",
    "renamed-input/main.tf:metadata_options_http_tokens",
    "syntax-error/main.tf:http_tokens",
];

#[test]
fn terraform_fmt_finds_nothing_to_do_after_a_repair() {
    let folder = tempfile::tempdir().unwrap();
    copy(&fixtures("compare/terraform"), folder.path());
    let fixed = scan(folder.path(), &[".", "--fix=unsafe", "--output", "none"]);
    assert!(fixed.err.contains("repaired "), "{}", fixed.err);
    let (_, after) = report(folder.path(), &["."]);
    assert_eq!(failing(&after), LEFT);
    let again = scan(folder.path(), &[".", "--fix=unsafe", "--output", "none"]);
    assert!(again.err.contains("repaired nothing"), "{}", again.err);
    fs::remove_dir_all(folder.path().join("syntax-error")).unwrap();
    let mut format = Command::new("terraform");
    format.args(["fmt", "-check", "-diff", "-recursive"]).env("CHECKPOINT_DISABLE", "1");
    match format.current_dir(folder.path()).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        }
        Err(error) => println!("not formatted: terraform: {error}"),
    }
}
