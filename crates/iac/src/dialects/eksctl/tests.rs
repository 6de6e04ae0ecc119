//! Configurations in, rows and repaired configurations out.

use std::path::Path;

use proptest::prelude::*;

use crate::{
    scan::scan_text,
    spec::Inherits,
    testing::{fixed, rows},
};

fn config(list: &str, group: &str) -> String {
    format!(
        "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata:\n  name: prod\n{list}:\n  - name: web\n{group}"
    )
}

#[test]
fn switches_come_to_their_value() {
    for (group, expected, hops) in [
        ("", "absent, sends required/2", None),
        ("    disableIMDSv1: true\n", "required", None),
        ("    disableIMDSv1: false\n", "optional", None),
        ("    disableIMDSv1: no\n    disablePodIMDS: false\n", "optional", Some(2)),
        ("    disableIMDSv1: false\n    disablePodIMDS: true\n", "required", Some(1)),
        ("    disablePodIMDS: true\n", "absent, sends required/2", Some(1)),
        ("    disableIMDSv1: 7\n", "unresolved: this is no value of the option", None),
        ("    disableIMDSv1: ${OFF:-false}\n", "optional", None),
        ("    disableIMDSv1: ${OFF}\n", "unresolved: variable OFF has no default", None),
    ] {
        for list in ["nodeGroups", "managedNodeGroups"] {
            let text = config(list, group);
            let row = format!("ClusterConfig/prod/{list}/web: {expected}");
            assert_eq!(rows("a.yaml", &text), [row], "{text}");
            let scanned = scan_text(Path::new("a.yaml"), &text);
            assert_eq!(scanned.specs[0].options.hop_limit.value().copied(), hops);
        }
    }
}

#[test]
fn an_own_template_decides() {
    let text = config("managedNodeGroups", "    launchTemplate: {id: lt-1, version: '2'}\n");
    let scanned = scan_text(Path::new("a.yaml"), &text);
    let [spec] = scanned.specs.as_slice() else { panic!("{scanned:#?}") };
    let own = Inherits::LaunchTemplate("lt-1".to_owned());
    assert_eq!(spec.inherits_from, [own, Inherits::AccountDefault]);
    assert!(spec.fix.is_none() && spec.sends_when_silent.is_none());
}

#[test]
fn the_switch_is_turned() {
    let text = config("nodeGroups", "    disableIMDSv1: false # old agent\n    minSize: 1\n");
    assert_eq!(fixed("a.yaml", &text), text.replace("false", "true"));
    for left in ["    disableIMDSv1: ${OFF}\n", "    disableIMDSv1: 7\n", ""] {
        let text = config("nodeGroups", left);
        assert_eq!(fixed("a.yaml", &text), text);
    }
}

#[test]
fn shared_groups_are_changed_once() {
    let text = "apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: prod}
base: &base
  disableIMDSv1: false
nodeGroups:
  - {name: a, <<: *base}
  - {name: b, <<: *base}
";
    assert_eq!(fixed("a.yaml", text), text.replace("false", "true"));
}

proptest! {
    #[test]
    fn fuzz_groups_of_any_form(group in "[ a-z0-9:{}\\[\\]$&*!\"'\n-]{0,60}") {
        let text = config("nodeGroups", &format!("    disableIMDSv1: false\n    x: {group}\n"));
        if scan_text(Path::new("a.yaml"), &text).errors.is_empty() {
            fixed("a.yaml", &text);
        }
    }
}
