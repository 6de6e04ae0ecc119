//! Manifests in, rows and repaired manifests out.

use std::path::Path;

use proptest::prelude::*;

use crate::{
    scan::scan_text,
    spec::{Declared, Inherits},
    testing::{fixed, row, rows},
};

fn class(version: &str, options: &str) -> String {
    format!(
        "apiVersion: karpenter.k8s.aws/{version}\nkind: EC2NodeClass\nmetadata:\n  name: web\nspec:\n  role: node\n{options}"
    )
}

#[test]
fn silence_means_what_the_version_says() {
    for (version, options, expected) in [
        ("v1", "", "absent, sends required/1"),
        ("v1beta1", "", "absent, sends required/2"),
        ("v2", "", "absent, sends required/-"),
        ("v1", "  metadataOptions: {}\n", "absent, sends required/1"),
        ("v1", "  metadataOptions:\n", "absent, sends required/1"),
        ("v1", "  metadataOptions: {httpPutResponseHopLimit: 2}\n", "absent, sends required/1"),
        ("v1", "  metadataOptions: {httpTokens: optional}\n", "optional"),
        ("v1", "  metadataOptions:\n    httpTokens: \"required\"\n", "required"),
        ("v1", "  metadataOptions: {httpTokens: \"${T:=optional}\"}\n", "optional"),
        (
            "v1",
            "  metadataOptions: {httpTokens: \"${T}\"}\n",
            "unresolved: variable T has no default",
        ),
        (
            "v1",
            "  metadataOptions: {httpTokens: maybe}\n",
            "unresolved: this is no value of the option",
        ),
        ("v1", "  metadataOptions: [1]\n", "unresolved: httpTokens was expected in it"),
    ] {
        let text = class(version, options);
        assert_eq!(rows("a.yaml", &text), [format!("EC2NodeClass/web: {expected}")], "{text}");
    }
}

#[test]
fn all_options_are_read() {
    let text = class(
        "v1",
        "  metadataOptions:\n    httpEndpoint: disabled\n    httpProtocolIPv6: enabled\n    httpPutResponseHopLimit: 3\n    httpTokens: optional\n",
    );
    let scanned = scan_text(Path::new("a.yaml"), &text);
    let [spec] = scanned.specs.as_slice() else { panic!("{scanned:#?}") };
    let words = [
        spec.options.http_endpoint.word(),
        spec.options.http_protocol_ipv6.word(),
        spec.options.instance_metadata_tags.word(),
    ];
    assert_eq!(words, ["set", "set", "absent"]);
    assert_eq!(spec.options.hop_limit.value(), Some(&3));
    assert_eq!(spec.fix, None, "nothing answers");
}

#[test]
fn older_kinds_send_nothing_for_a_block_in_part() {
    let text = "apiVersion: v1
kind: List
items:
- apiVersion: karpenter.k8s.aws/v1alpha1
  kind: AWSNodeTemplate
  metadata: {name: silent}
  spec: {}
- apiVersion: karpenter.k8s.aws/v1alpha1
  kind: AWSNodeTemplate
  metadata: {name: part}
  spec: {metadataOptions: {httpPutResponseHopLimit: 2}}
- apiVersion: karpenter.k8s.aws/v1alpha1
  kind: AWSNodeTemplate
  metadata: {name: own}
  spec: {launchTemplate: mine}
- apiVersion: karpenter.sh/v1alpha5
  kind: Provisioner
  metadata: {name: inline}
  spec: {provider: {metadataOptions: {httpTokens: optional}}}
- apiVersion: karpenter.sh/v1alpha5
  kind: Provisioner
  metadata: {name: refers}
  spec: {providerRef: {name: silent}}
";
    let expected = [
        "AWSNodeTemplate/silent: absent, sends required/2",
        "AWSNodeTemplate/part: absent",
        "AWSNodeTemplate/own: absent",
        "Provisioner/inline: optional",
    ];
    assert_eq!(rows("a.yaml", text), expected);
    let scanned = scan_text(Path::new("a.yaml"), text);
    let own = Inherits::LaunchTemplate("mine".to_owned());
    assert_eq!(scanned.specs[2].inherits_from, [own, Inherits::AccountDefault]);
    let after = fixed("a.yaml", text);
    assert!(after.contains("{httpPutResponseHopLimit: 2, httpTokens: required}"), "{after}");
    assert!(!after.contains("optional"), "{after}");
}

#[test]
fn the_value_is_changed_where_it_is_decided() {
    for (options, expected) in [
        (
            "  metadataOptions:\n    httpTokens: optional # old agent\n",
            "  metadataOptions:\n    httpTokens: required # old agent\n",
        ),
        (
            "  metadataOptions: {httpTokens: '${T:-optional}'}\n",
            "  metadataOptions: {httpTokens: '${T:-required}'}\n",
        ),
        ("  metadataOptions: {httpTokens: '${T}'}\n", "  metadataOptions: {httpTokens: '${T}'}\n"),
        (
            "  metadataOptions: {httpTokens: sometimes}\n",
            "  metadataOptions: {httpTokens: sometimes}\n",
        ),
        ("", ""),
    ] {
        assert_eq!(fixed("a.yaml", &class("v1", options)), class("v1", expected));
    }
    let json = "{\n\t\"apiVersion\": \"karpenter.k8s.aws/v1\", \"kind\": \"EC2NodeClass\",\n\t\"metadata\": {\"name\": \"a\"},\n\t\"spec\": {\"metadataOptions\": {\"httpTokens\": \"optional\"}}\n}";
    assert_eq!(fixed("a.json", json), json.replace("optional", "required"));
}

#[test]
fn a_chart_is_read_as_far_as_it_is_yaml() {
    let whole = class("v1", "  metadataOptions:\n    httpTokens: {{ .Values.tokens }}\n");
    assert_eq!(rows("a.yaml", &whole), ["EC2NodeClass/web: unresolved: a template fills it in"]);
    let quoted = class("v1", "  metadataOptions: \"{{ .Values.options }}\"\n");
    assert_eq!(rows("a.yaml", &quoted), ["EC2NodeClass/web: unresolved: a template fills it in"]);
    let broken = class(
        "v1",
        "{{- if .Values.imds }}\n  metadataOptions:\n    httpTokens: optional\n{{- end }}\n",
    );
    let scanned = scan_text(Path::new("a.yaml"), &broken);
    assert_eq!(scanned.errors, []);
    let found: Vec<_> = scanned.specs.iter().map(|spec| (spec.kind.as_str(), row(spec))).collect();
    assert_eq!(found, [("text", "httpTokens: optional".to_owned())]);
    let error = scan_text(Path::new("a.yaml"), &class("v1", " [\n"));
    assert_eq!(error.errors.len(), 1);
}

#[test]
fn references_are_no_objects() {
    let text = "apiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      nodeClassRef: {apiVersion: karpenter.k8s.aws/v1, kind: EC2NodeClass, name: web}\n";
    assert_eq!(rows("a.yaml", text), [""; 0]);
}

proptest! {
    #[test]
    fn fuzz_fills_and_cuts_never_panic(value in any::<String>(), cut in 0_usize..400) {
        let mut text = class("v1", &format!("  metadataOptions:\n    httpTokens: {value}\n"));
        scan_text(Path::new("a.yaml"), &text);
        text.truncate(text.floor_char_boundary(cut));
        scan_text(Path::new("a.yaml"), &text);
    }

    #[test]
    fn fuzz_defaults_of_variables(value in "[${}:=a-z\"' -]{0,24}") {
        let text = class("v1", &format!("  metadataOptions: {{httpTokens: {value}}}\n"));
        for spec in scan_text(Path::new("a.yaml"), &text).specs {
            if let Declared::Set { verbatim, place, .. } = &spec.options.http_tokens {
                prop_assert!(text[place.bytes.clone()].contains(verbatim.as_str()));
            }
        }
        fixed("a.yaml", &text);
    }
}
