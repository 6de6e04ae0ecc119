//! Programs in, rows and repaired programs out.

use std::path::Path;

use proptest::prelude::*;

use crate::{
    scan::scan_text,
    testing::{Tree, fixed, rows},
};

fn program(tokens: &str) -> String {
    format!(
        "name: web\nruntime: yaml\nconfig:\n  tokens: {{type: string, default: optional}}\n  open: {{type: string}}\n  plain: required\nvariables:\n  options: {{word: optional}}\n  list: [optional, required]\n  round: ${{round}}\n  image:\n    fn::invoke: {{function: aws:ec2:getAmi}}\nresources:\n  server:\n    type: aws:ec2:Instance\n    properties:\n      metadataOptions:\n        httpTokens: {tokens}\n"
    )
}

#[test]
fn expressions_come_to_their_value() {
    for (expression, expected) in [
        ("required", "required"),
        ("${tokens}", "optional"),
        ("${plain}", "required"),
        ("${open}", "unresolved: open has no default"),
        ("${options.word}", "optional"),
        ("${options[\"word\"]}", "optional"),
        ("${list[1]}", "required"),
        ("${image.id}", "unresolved: known only when it is deployed"),
        ("${server.id}", "unresolved: server.id is known only when it is deployed"),
        ("${nope}", "unresolved: nope is not in the program"),
        ("${round}", "unresolved: its references are nested too deep"),
        ("opt${plain", "unresolved: this reference has no end"),
        ("\"$${plain}\"", "unresolved: this is no value of the option"),
        ("{'fn::join': ['', [opt, ional]]}", "optional"),
        ("{'Fn::Select': [1, '${list}']}", "required"),
        ("{'fn::secret': '${tokens}'}", "optional"),
        ("{'fn::toBase64': x}", "unresolved: fn::tobase64 is not evaluated here"),
    ] {
        let expected = format!("server: {expected}");
        assert_eq!(rows("Pulumi.yaml", &program(expression)), [expected], "{expression}");
    }
}

const TYPES: &str = "name: web
runtime: yaml
resources:
  lt:
    type: aws:ec2/launchTemplate:LaunchTemplate
    properties: {name: web, metadataOptions: {httpTokens: required}}
  a: {type: aws:ec2:Instance, properties: {launchTemplate: {id: '${lt.id}', version: $Latest}}}
  b: {type: aws:ec2:Instance, properties: {metadataOptions: {httpTokens: optional}, launchTemplate: {id: '${lt.id}'}}}
  c: {type: aws:ec2:Instance, properties: {launchTemplate: {name: web, version: 3}}}
  d: {type: aws:autoscaling:Group, properties: {launchConfiguration: '${lc.name}'}}
  e: {type: aws:ec2:Instance, get: {id: i-1}}
  f: {type: aws:autoscaling:Group, properties: {mixedInstancesPolicy: {launchTemplate: {launchTemplateSpecification: {launchTemplateId: '${lt.id}'}}}}}
  g: {type: aws:eks:NodeGroup, properties: {}}
  h: {type: aws:sagemaker:NotebookInstance, properties: {instanceMetadataServiceConfiguration: {minimumInstanceMetadataServiceVersion: '1'}}}
  i: {type: aws:ec2:InstanceMetadataDefaults, properties: {httpTokens: no-preference}}
  j: {type: aws-native:ec2:LaunchTemplate, properties: {launchTemplateData: {metadataOptions: {httpTokens: optional}}}}
  k: {type: aws:elasticbeanstalk:Environment, properties: {settings: [{namespace: 'aws:autoscaling:launchconfiguration', name: DisableIMDSv1, value: 'false'}]}}
  l: {type: aws:ec2:AmiCopy, properties: {imdsSupport: v2.0}}
  m: {type: aws-native:appstream:Fleet, properties: {disableImdsv1: false}}
  lc: {type: aws:ec2:LaunchConfiguration, properties: {imageId: x}}
  other: {type: aws:s3:Bucket}
";

#[test]
fn all_types_are_read() {
    let expected = [
        "lt: required",
        "a: required",
        "b: optional",
        "c: unresolved: version 3 of the template is named, which need not be this one",
        "d: absent",
        "f: required",
        "g: absent",
        "h: optional",
        "i: absent",
        "j: optional",
        "k: optional",
        "l: required",
        "m: optional",
        "lc: absent",
    ];
    assert_eq!(rows("Pulumi.yaml", TYPES), expected);
    let after = fixed("Pulumi.yaml", TYPES);
    assert!(!after.contains("optional") && after.contains("value: 'true'"), "{after}");
    assert!(after.contains("disableImdsv1: true"), "{after}");
}

#[test]
fn what_nobody_says_is_added() {
    for (before, after) in [
        (
            "resources:\n  web:\n    type: aws:ec2:Instance\n    properties:\n      ami: ami-1 # pinned\n",
            "resources:\n  web:\n    type: aws:ec2:Instance\n    properties:\n      ami: ami-1 # pinned\n      metadataOptions:\n        httpEndpoint: enabled\n        httpTokens: required\n",
        ),
        (
            "resources:\r\n  web:\r\n    type: aws-native:ec2:LaunchTemplate\r\n",
            "resources:\r\n  web:\r\n    type: aws-native:ec2:LaunchTemplate\r\n    properties:\r\n      launchTemplateData:\r\n        metadataOptions:\r\n          httpTokens: required\r\n",
        ),
        (
            "resources:\n  web:\n    type: aws:ec2:Instance\n    properties: {metadataOptions: {httpPutResponseHopLimit: 2}}\n",
            "resources:\n  web:\n    type: aws:ec2:Instance\n    properties: {metadataOptions: {httpPutResponseHopLimit: 2, httpTokens: required}}\n",
        ),
        (
            "variables:\n  options:\n    httpEndpoint: enabled\nresources:\n  web:\n    type: aws:ec2:Instance\n    properties:\n      metadataOptions: ${options}\n",
            "variables:\n  options:\n    httpEndpoint: enabled\n    httpTokens: required\nresources:\n  web:\n    type: aws:ec2:Instance\n    properties:\n      metadataOptions: ${options}\n",
        ),
    ] {
        assert_eq!(fixed("Pulumi.yaml", before), after);
    }
    let made = program("{'fn::join': ['', [opt, ional]]}");
    assert_eq!(fixed("Pulumi.yaml", &made), made);
    let after = fixed("Pulumi.yaml", &program("${tokens}"));
    assert!(after.contains("default: required") && after.contains("httpTokens: ${tokens}"));
}

#[test]
fn stacks_decide_over_the_program() {
    let text = program("${tokens}");
    let tree =
        |stacks: &[(&str, &str)]| Tree::of(&[&[("Pulumi.yaml", text.as_str())], stacks].concat());
    let one = tree(&[("Pulumi.prod.yaml", "config:\n  web:tokens: required\n")]);
    assert_eq!(one.rows(), ["server: required"]);
    let two = tree(&[
        ("Pulumi.dev.yaml", "config: {web:tokens: required}\n"),
        ("Pulumi.prod.yaml", "config: {aws:region: x}\n"),
    ]);
    assert_eq!(
        two.rows(),
        ["server: unresolved: stacks differ in tokens: dev says required, prod says optional"]
    );
    let secret = tree(&[("Pulumi.dev.yaml", "config: {web:tokens: {secure: x}}\n")]);
    assert_eq!(secret.rows(), ["server: unresolved: it is encrypted"]);
    let fixed = tree(&[("Pulumi.dev.yaml", "config:\n  web:tokens: optional # old\n")]).fixed();
    let expected = "config:\n  web:tokens: required # old\n";
    assert_eq!(fixed, [("Pulumi.dev.yaml".to_owned(), expected.to_owned())]);
}

#[test]
fn components_and_ignored_changes_are_noticed() {
    let text = "components:\n  box:\n    inputs: {tokens: {type: string, default: optional}}\n    resources:\n      vm:\n        type: aws:ec2:Instance\n        properties: {metadataOptions: {httpTokens: '${tokens}'}}\n        options: {ignoreChanges: [metadataOptions.httpTokens, tags]}\n";
    let scanned = scan_text(Path::new("PulumiPlugin.yaml"), text);
    let [spec] = scanned.specs.as_slice() else { panic!("{scanned:#?}") };
    assert_eq!((spec.address.as_str(), spec.count), ("box/vm", None));
    assert_eq!(spec.ignored, ["metadataOptions.httpTokens"]);
}

#[test]
fn attached_policies_are_judged() {
    let text = "name: x\nruntime: yaml\nconfig: {word: {type: string, default: 'ec2:MetadataHttpTokens'}, open: {type: string}}\nresources:\n  tree:\n    type: aws:organizations:Policy\n    properties:\n      content:\n        fn::toJSON:\n          Statement:\n            - Effect: Deny\n              Action: ec2:ModifyInstanceMetadataOptions\n              Resource: '*'\n              Condition: {StringNotEquals: {'ec2:MetadataHttpTokens': required}}\n  string:\n    type: aws:organizations/policy:Policy\n    properties:\n      type: DECLARATIVE_POLICY_EC2\n      content: '{\"ec2_attributes\": {\"instance_metadata_defaults\": {\"http_tokens\": {\"@@assign\": \"required\"}}}}'\n  open:\n    type: aws:organizations:Policy\n    properties:\n      content:\n        fn::toJSON: {Statement: {Effect: Deny, Action: 'ec2:RunInstances', Resource: '${open}'}}\n  tags:\n    type: aws:organizations:Policy\n    properties: {type: TAG_POLICY, content: '{\"http_tokens\": 1}'}\n";
    let policies = scan_text(Path::new("Pulumi.yaml"), text).policies;
    let said: Vec<_> =
        policies.iter().map(|one| (one.address.as_str(), one.kind.as_str())).collect();
    assert_eq!(said, [("tree", "scp"), ("string", "ec2"), ("open", "scp")]);
    assert!(policies[0].lints.iter().any(|lint| lint.place.start.line == 14), "{:#?}", policies[0]);
    assert_eq!(policies[2].text.as_ref().unwrap_err().reason, "open has no default");
}

proptest! {
    #[test]
    fn fuzz_broken_programs_never_panic(
        cut in 0_usize..2_500, with in any::<String>(), whole in any::<bool>()
    ) {
        let mut text = if whole { TYPES.to_owned() } else { program("${options.word}") };
        let cut = text.floor_char_boundary(cut.min(text.len()));
        text.insert_str(cut, &with);
        scan_text(Path::new("Pulumi.yaml"), &text);
        text.truncate(cut);
        scan_text(Path::new("Pulumi.yaml"), &text);
    }

    #[test]
    fn fuzz_expressions_are_fixed_or_left(
        expression in "['\"]?(\\$\\{|[a-z]{0,3}|tokens|options|list|\\[1\\]|\\}|\\.|word|\\$){0,6}['\"]?"
    ) {
        let text = program(&expression);
        if scan_text(Path::new("Pulumi.yaml"), &text).errors.is_empty() {
            fixed("Pulumi.yaml", &text);
        }
    }
}
