//! Folders of configuration in, rows and repaired files out.

use std::path::Path;

use proptest::prelude::*;

use crate::{
    scan::scan_text,
    testing::{Tree, fixed, rows},
};

const FILE: &str = "app/.ebextensions/a.config";

#[test]
fn both_forms_are_read_and_repaired() {
    for (before, said, after) in [
        (
            "option_settings:\n  aws:autoscaling:launchconfiguration:\n    DisableIMDSv1: false # old\n",
            "optional",
            "option_settings:\n  aws:autoscaling:launchconfiguration:\n    DisableIMDSv1: true # old\n",
        ),
        (
            "option_settings:\n  - namespace: aws:autoscaling:launchconfiguration\n    option_name: DisableIMDSv1\n    value: 'false'\n",
            "optional",
            "option_settings:\n  - namespace: aws:autoscaling:launchconfiguration\n    option_name: DisableIMDSv1\n    value: 'true'\n",
        ),
        (
            "option_settings:\n  aws:autoscaling:launchconfiguration:\n    InstanceType: m5.large\n",
            "absent",
            "option_settings:\n  aws:autoscaling:launchconfiguration:\n    InstanceType: m5.large\n    DisableIMDSv1: true\n",
        ),
        (
            "option_settings:\r\n- namespace: a\r\n  option_name: b\r\n  value: c # d\r\n\r\ncommands: {}\r\n",
            "absent",
            "option_settings:\r\n- namespace: a\r\n  option_name: b\r\n  value: c # d\r\n- namespace: \"aws:autoscaling:launchconfiguration\"\r\n  option_name: DisableIMDSv1\r\n  value: true\r\n\r\ncommands: {}\r\n",
        ),
        (
            "{\"option_settings\": [{\"namespace\": \"a\", \"option_name\": \"b\", \"value\": \"c\"}]}",
            "absent",
            "{\"option_settings\": [{\"namespace\": \"a\", \"option_name\": \"b\", \"value\": \"c\"}, { \"namespace\": \"aws:autoscaling:launchconfiguration\", \"option_name\": \"DisableIMDSv1\", \"value\": true }]}",
        ),
        (
            "packages: {yum: {git: []}}\n",
            "absent",
            "packages: {yum: {git: []}}\noption_settings:\n  \"aws:autoscaling:launchconfiguration\":\n    DisableIMDSv1: true\n",
        ),
    ] {
        assert_eq!(rows(FILE, before), [format!(".ebextensions: {said}")], "{before}");
        assert_eq!(fixed(FILE, before), after);
    }
    let open = "option_settings:\n  aws:autoscaling:launchconfiguration:\n    DisableIMDSv1: {\"Fn::GetOptionSetting\": x}\n";
    assert_eq!(rows(FILE, open), [".ebextensions: unresolved: this is no value of the option"]);
    assert_eq!(fixed(FILE, open), open);
}

#[test]
fn the_files_of_a_folder_are_one_configuration() {
    let set = |value: &str| {
        format!(
            "option_settings: {{'aws:autoscaling:launchconfiguration': {{DisableIMDSv1: {value}}}}}\n"
        )
    };
    let tree = Tree::of(&[
        (".ebextensions/01.config", &set("false")),
        (".ebextensions/02.config", &set("true")),
        (".ebextensions/03.config", "commands: {}\n"),
        (".ebextensions/notes.txt", &set("false")),
        ("other/x.config", &set("false")),
    ]);
    assert_eq!(tree.rows(), [".ebextensions: required"]);
    let broken =
        Tree::of(&[(".ebextensions/01.config", "a: ["), (".ebextensions/02.config", "b: 1\n")]);
    let scanned = broken.scan();
    assert_eq!(scanned.errors.len(), 1);
    assert_eq!(
        crate::testing::word(&scanned.specs[0]),
        "unresolved: one of the files cannot be read"
    );
}

#[test]
fn saved_configurations_stand_for_themselves() {
    let text =
        "OptionSettings:\n  aws:autoscaling:launchconfiguration:\n    DisableIMDSv1: 'false'\n";
    for name in [".elasticbeanstalk/saved_configs/prod.cfg.yml", "env.yaml"] {
        let file = Path::new(name).file_name().unwrap().to_str().unwrap();
        assert_eq!(rows(name, text), [format!("{file}: optional")]);
        assert_eq!(fixed(name, text), text.replace("false", "true"));
    }
    assert!(rows("env.yaml", "a: 1\n").is_empty());
}

proptest! {
    #[test]
    fn fuzz_broken_files_never_panic(cut in 0_usize..200, with in any::<String>(), list in any::<bool>()) {
        let mut text = if list {
            "option_settings:\n  - namespace: aws:autoscaling:launchconfiguration\n    option_name: x\n    value: y\n"
        } else {
            "option_settings:\n  aws:autoscaling:launchconfiguration:\n    DisableIMDSv1: false\n"
        }.to_owned();
        let cut = cut.min(text.len());
        text.insert_str(cut, &with);
        scan_text(Path::new(FILE), &text);
        scan_text(Path::new(FILE), &text[..cut]);
    }
}
