//! Files that are not what their names say: an error with its place, and everything else scanned all the same.

use std::fs;

use serde_json::Value;

use crate::{
    harness::{Run as _, findings, imdsure},
    scan::{folder, report, scan},
};

const GOOD: &str = "resource \"aws_instance\" \"good\" {\n  metadata_options {\n    http_tokens = \"required\"\n  }\n}\n";

/// The errors of a report as `path line column code`.
fn errors(report: &Value) -> Vec<String> {
    let text = |error: &Value| {
        let path = error["path"].as_str().unwrap();
        let number = |name: &str| error[name].as_u64().map_or("-".to_owned(), |it| it.to_string());
        format!(
            "{path} {} {} {}",
            number("line"),
            number("column"),
            error["code"].as_str().unwrap()
        )
    };
    report["errors"].as_array().unwrap().iter().map(text).collect()
}

#[test]
fn every_bad_file_is_an_error_and_the_rest_is_scanned() {
    let folder = folder(&[
        ("good/main.tf", GOOD),
        (
            "syntax/main.tf",
            "resource \"aws_instance\" \"x\" {\n  metadata_options {\n    http_tokens = \"optional\"\n",
        ),
        ("yaml/stack.yaml", "Resources:\n  A:\n    Type: AWS::EC2::Instance\n   B: [\n"),
    ]);
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("binary")).unwrap();
    fs::write(at("binary/main.tf"), b"resource \"aws_instance\" \"x\" {\n \xff\xfe\x00 }\n")
        .unwrap();
    fs::create_dir(at("large")).unwrap();
    fs::File::create(at("large/main.tf")).unwrap().set_len(17 << 20).unwrap();
    let (code, report) = report(folder.path(), &["."]);
    assert_eq!(code, 2);
    let errors = errors(&report);
    let expected = [
        "binary/main.tf 2 2 NotUtf8",
        "large/main.tf - - TooLarge",
        "syntax/main.tf",
        "yaml/stack.yaml",
    ];
    assert_eq!(errors.len(), expected.len(), "{errors:?}");
    for (error, expected) in errors.iter().zip(expected) {
        assert!(error.starts_with(expected), "{errors:?}");
    }
    // An explicit optional is found in a file with a syntax error as well.
    let found = findings(&report, "code-explicit-optional");
    let broken = found.iter().find(|one| one["location"]["path"] == "syntax/main.tf").unwrap();
    assert_eq!(
        (&broken["verdict"], &broken["location"]["start_line"]),
        (&"fail".into(), &3.into())
    );
    assert!(found.iter().any(|one| one["location"]["path"] == "good/main.tf"));
    let unread = &report["controls"][0]["summary"]["unread"];
    assert_eq!(*unread, 4);
}

#[cfg(unix)]
#[test]
fn circles_and_closed_folders_end() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = folder(&[("a/main.tf", GOOD), ("closed/main.tf", GOOD)]);
    let at = |name: &str| folder.path().join(name);
    symlink(at("a"), at("a/again")).unwrap();
    symlink(at("nothing"), at("a/broken.tf")).unwrap();
    fs::set_permissions(at("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    let (code, report) = report(folder.path(), &["."]);
    fs::set_permissions(at("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(code, 2);
    let errors = errors(&report);
    assert!(errors.contains(&"a/broken.tf - - NotFound".to_owned()), "{errors:?}");
    // Who is root reads all the same.
    let closed = errors.contains(&"closed - - Denied".to_owned());
    let found = findings(&report, "code-launches-imdsv2");
    assert_eq!(found.len(), if closed { 1 } else { 2 }, "{errors:?}");
}

#[test]
fn names_cannot_steer_a_terminal() {
    let text = "resource \"aws_instance\" \"a\" {\n  metadata_options {\n    http_tokens = \"optional\" # \u{1b}[31m\u{202e}\n  }\n}\n";
    let folder = folder(&[("\u{1b}[2J.tf", text)]);
    for format in ["pretty", "brief"] {
        let ended = scan(folder.path(), &[".", "--output", format]);
        assert_eq!(ended.code, 1);
        assert!(!ended.out.contains(['\u{1b}', '\u{202e}']), "{:?}", ended.out);
    }
}

#[test]
fn arguments_that_cannot_be_meant() {
    for arguments in [
        &["scan", ".", "--var", "x"][..],
        &["scan", ".", "--fix=some"],
        &["scan", ".", "--from", "x"],
        &["scan", ".", "--diff", "--output", "json"],
        &["scan", ".", "--with-evidence", "/nonexistent"],
        &["scan", "--from", "/nonexistent"],
        &["scan", ".", "--control", "nothing-like-it"],
    ] {
        let ended = imdsure(arguments).ended();
        assert_eq!(ended.code, 64, "{arguments:?}: {}", ended.err);
    }
}

#[test]
fn long_lines_and_foreign_line_ends_are_shown_all_the_same() {
    let padding = "x".repeat(5_000);
    let minified = format!(
        "{{\"Description\":\"{padding}\",\"Resources\":{{\"Web\":{{\"Type\":\"AWS::EC2::Instance\",\"Properties\":{{\"MetadataOptions\":{{\"HttpTokens\":\"optional\"}}}}}}}},\"Metadata\":\"{padding}\"}}"
    );
    let windows = "\u{feff}resource \"aws_instance\" \"w\" {\r\n\tmetadata_options {\r\n\t\thttp_tokens = \"optional\" # \u{65e5}\u{672c}\r\n\t}\r\n}\r\n";
    let folder = folder(&[("a.json", &minified), ("b.tf", windows)]);
    let ended = scan(folder.path(), &[".", "--output", "pretty", "--control", "CKV_AWS_79"]);
    assert_eq!(ended.code, 1);
    assert!(ended.out.lines().all(|line| line.chars().count() < 400), "{}", ended.out);
    let column = minified.find("\"optional\"").unwrap() + 1;
    assert!(ended.out.contains(&format!("a.json:1:{column}\n")), "{}", ended.out);
    let marks = ended.out.matches("^ HttpTokens is optional").count();
    assert_eq!(marks, 2, "{}", ended.out);
    assert!(ended.out.contains("b.tf:3:"), "{}", ended.out);
    assert!(!ended.out.contains('\r'), "{:?}", ended.out);
}
