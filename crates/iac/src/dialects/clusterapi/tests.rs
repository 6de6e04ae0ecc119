//! Manifests in, rows and repaired manifests out.

use std::path::Path;

use crate::{
    Effect,
    scan::scan_text,
    spec::Inherits,
    testing::{fixed, rows},
};

fn object(kind: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: infrastructure.cluster.x-k8s.io/v1beta2\nkind: {kind}\nmetadata:\n  name: \"${{CLUSTER_NAME}}-md-0\"\nspec:\n{spec}"
    )
}

#[test]
fn silence_means_what_the_kind_sends() {
    for (kind, spec, expected) in [
        ("AWSMachine", "  instanceType: m5.large\n", "absent, sends optional/1"),
        (
            "AWSMachine",
            "  instanceMetadataOptions: {httpPutResponseHopLimit: 2}\n",
            "absent, sends optional/1",
        ),
        (
            "AWSMachineTemplate",
            "  template:\n    spec:\n      instanceType: x\n",
            "absent, sends optional/1",
        ),
        (
            "AWSMachineTemplate",
            "  template: {spec: {instanceMetadataOptions: {httpTokens: required}}}\n",
            "required",
        ),
        ("AWSMachinePool", "  awsLaunchTemplate: {}\n", "absent"),
        (
            "AWSMachinePool",
            "  awsLaunchTemplate: {instanceMetadataOptions: {httpEndpoint: enabled}}\n",
            "absent, sends optional/1",
        ),
        ("AWSManagedMachinePool", "  scaling: {}\n", "absent"),
        (
            "AWSManagedMachinePool",
            "  awsLaunchTemplate: {instanceMetadataOptions: {httpTokens: optional}}\n",
            "optional",
        ),
        (
            "AWSManagedMachinePoolTemplate",
            "  template: {spec: {awsLaunchTemplate: {instanceMetadataOptions: {httpTokens: \"${T}\"}}}}\n",
            "unresolved: variable T has no default",
        ),
    ] {
        let row = format!("{kind}/${{CLUSTER_NAME}}-md-0: {expected}");
        assert_eq!(rows("a.yaml", &object(kind, spec)), [row], "{spec}");
    }
    assert_eq!(rows("a.yaml", "apiVersion: x/v1\nkind: AWSMachine\nspec: {}\n"), [""; 0]);
}

#[test]
fn each_kind_has_its_effect_and_heirs() {
    let pool = object("AWSManagedMachinePool", "  scaling: {}\n");
    let text = pool + &object("AWSMachineTemplate", "  template:\n    spec: {}\n");
    let scanned = scan_text(Path::new("a.yaml"), &text);
    let [pool, template] = scanned.specs.as_slice() else { panic!("{scanned:#?}") };
    assert_eq!((&pool.inherits_from[..], &pool.fix), (&[Inherits::Service][..], &None));
    assert_eq!(template.effect, Some(Effect::NewConfiguration));
    assert_eq!(template.place.start.line, 9);
}

#[test]
fn fixes_are_made_in_each_document() {
    let text =
        object("AWSMachineTemplate", "  template:\n    spec:\n      instanceType: x # why\n")
            + &object("AWSMachinePool", "  awsLaunchTemplate:\n    name: a\n")
            + &object(
                "AWSMachine",
                "  instanceMetadataOptions: {httpTokens: \"${TOKENS:=optional}\"}\n",
            );
    let after = fixed("a.yaml", &text);
    let expected = [
        "      instanceType: x # why\n      instanceMetadataOptions:\n        httpTokens: required\n---",
        "    name: a\n    instanceMetadataOptions:\n      httpTokens: required\n---",
        "\"${TOKENS:=required}\"",
    ];
    for expected in expected {
        assert!(after.contains(expected), "{after}");
    }
}

#[test]
fn bases_of_compositions_are_objects() {
    let text = "apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {name: c}
spec:
  resources:
    - name: machine
      base:
        apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
        kind: AWSMachine
        spec:
          instanceMetadataOptions: {httpTokens: optional}
    - infrastructureRef: {apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AWSMachineTemplate, name: x}
";
    assert_eq!(rows("a.yaml", text), ["AWSMachine/: optional"]);
}
