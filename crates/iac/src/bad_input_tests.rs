//! Trees of files as they should not be: what cannot be read is a row, all else is read, nothing panics and
//! nothing hangs.

use std::{fmt::Write as _, fs, path::Path};

use proptest::prelude::*;

use crate::{
    dialects::DIALECTS,
    scan::{Scan, scan_text},
    source::MAX_BYTES,
    testing::Tree,
};

const TEMPLATE: &str = "Resources:\n  Web:\n    Type: AWS::EC2::Instance\n";

/// A name that each dialect looks at, and words that it claims by.
const CLAIMED: [(&str, &str); 12] = [
    ("cloudformation.yaml", "AWSTemplateFormatVersion"),
    ("cloudformation.json", "AWSTemplateFormatVersion"),
    ("Pulumi.yaml", "resources: aws:"),
    ("run.sh", "aws ec2 run-instances"),
    ("Makefile", "\taws ec2 run-instances"),
    ("policy.json", "ec2_attributes"),
    ("app/.ebextensions/a.config", "option_settings"),
    ("tasks.yaml", "amazon.aws.ec2_instance:"),
    ("nodes.yaml", "EC2NodeClass karpenter.k8s.aws"),
    ("machines.yaml", "AWSMachineTemplate infrastructure.cluster.x-k8s.io"),
    ("eksctl.yaml", "eksctl.io/v1alpha5 ClusterConfig"),
    ("kops.yaml", "kops.k8s.io/v1alpha2 InstanceGroup"),
];

#[test]
fn what_cannot_be_read_is_a_row_and_the_rest_is_read() {
    let tree = Tree::of(&[
        ("good.yaml", TEMPLATE),
        ("picture.yaml", "\u{1}PNG AWSTemplateFormatVersion: \u{0}\u{2}: ["),
        ("yaml.json", TEMPLATE),
        ("empty.yaml", ""),
        ("blank.json", "\n\n"),
        ("list.template", "[1, 2, \"AWSTemplateFormatVersion\"]"),
    ]);
    let root = tree.path();
    fs::write(root.join("latin.yaml"), b"AWSTemplateFormatVersion: x\nA: \xe4\xff\n").unwrap();
    fs::write(root.join("foreign.yaml"), b"A: \xe4\xff\n").unwrap();
    fs::write(root.join("tool"), b"\x7fELF\x00\xff run-instances").unwrap();
    // A program is no script, however large it is.
    for name in ["large.yaml", "program"] {
        fs::File::create(root.join(name)).unwrap().set_len(MAX_BYTES + 1).unwrap();
    }
    let scanned = tree.scan();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let errors: Vec<_> =
        scanned.errors.iter().map(|error| (name(&error.path), error.code)).collect();
    let expected =
        [("large.yaml", "TooLarge"), ("latin.yaml", "NotUtf8"), ("picture.yaml", "Syntax")];
    for (file, code) in expected {
        assert!(errors.contains(&(file.to_owned(), code)), "{file}: {errors:?}");
    }
    assert_eq!(errors.len(), expected.len(), "{errors:?}");
    let rows: Vec<_> = scanned.specs.iter().map(|spec| name(&spec.place.path)).collect();
    // CloudFormation takes either language, whatever the file is called.
    assert_eq!(rows, ["good.yaml", "yaml.json"]);
}

#[cfg(unix)]
#[test]
fn links_in_circles_and_closed_folders_end_nothing() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let tree = Tree::of(&[("a/good.yaml", TEMPLATE), ("closed/other.yaml", TEMPLATE)]);
    let root = tree.path();
    symlink(root, root.join("a/up")).unwrap();
    symlink(root.join("one"), root.join("two")).unwrap();
    symlink(root.join("two"), root.join("one")).unwrap();
    let closed = root.join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read everything.
    let is_closed = fs::read_dir(&closed).is_err();
    let scanned = tree.scan();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    let rows = scanned.specs.len();
    assert_eq!(rows, if is_closed { 1 } else { 2 });
    let codes: Vec<_> = scanned.errors.iter().map(|error| error.code).collect();
    assert!(!is_closed || codes.contains(&"Denied"), "{codes:?}");
    // Links that lead nowhere.
    assert!(codes.iter().filter(|code| **code == "Unreadable").count() == 2, "{codes:?}");
}

#[test]
fn fuzz_every_dialect_bears_deep_and_multiplied_trees() {
    let deep = 10_000;
    let mut bomb = "a0: &a0 [x, x]\n".to_owned();
    for level in 1..64 {
        writeln!(bomb, "a{level}: &a{level} [*a{0}, *a{0}]", level - 1).unwrap();
    }
    let mut merged = "a0: &a0 {x: 1}\n".to_owned();
    for level in 1..300 {
        writeln!(merged, "a{level}: &a{level}\n  <<: [*a{0}, *a{0}]", level - 1).unwrap();
    }
    let indented: Vec<_> = (0..2_000).map(|level| format!("{}a:", " ".repeat(level))).collect();
    let texts = [
        "[".repeat(deep),
        "{a: ".repeat(deep),
        "{\"a\":".repeat(deep),
        "- ".repeat(deep),
        "!If [".repeat(deep),
        "${".repeat(deep),
        indented.join("\n"),
        bomb,
        merged,
        "\"".to_owned() + &"\\".repeat(deep),
    ];
    for (name, words) in CLAIMED {
        for text in &texts {
            scan_text(Path::new(name), &format!("# {words}\n{text}\n"));
            scan_text(Path::new(name), &format!("{text}\n# {words}\n"));
            scan_text(Path::new(name), &format!("{{\"x\": \"{words}\", \"y\": {text}"));
        }
    }
}

#[test]
fn each_dialect_is_among_those_that_are_tried() {
    // Their own tests bring Terraform's and Packer's languages.
    let foreign = ["terraform", "packer"];
    for dialect in DIALECTS.iter().filter(|dialect| !foreign.contains(&dialect.name())) {
        let tried = CLAIMED.iter().any(|(name, words)| {
            let source = crate::source::Source::new(*name, format!("# {words}\nResources Type"));
            dialect.looks_at(Path::new(name)) && dialect.claims(&source)
        });
        assert!(tried, "{}", dialect.name());
    }
}

proptest! {
    #[test]
    fn fuzz_any_bytes_in_any_file(
        bytes in prop::collection::vec(any::<u8>(), 0..300), index in 0..CLAIMED.len()
    ) {
        let (name, words) = CLAIMED[index];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, [words.as_bytes(), b"\n", &bytes].concat()).unwrap();
        Scan::of([folder.path()]).run();
    }

    #[test]
    fn fuzz_any_text_in_any_file(
        before in any::<String>(), after in "(\\PC|[\n\t:{}\\[\\]\"'!&*#-]){0,80}", index in 0..CLAIMED.len()
    ) {
        let (name, words) = CLAIMED[index];
        scan_text(Path::new(name), &format!("{before}\n# {words}\n{after}"));
        scan_text(Path::new(name), &format!("{words}{after}"));
    }
}
