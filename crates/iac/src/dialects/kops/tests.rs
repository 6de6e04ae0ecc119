//! Manifests in, rows and repaired manifests out.

use crate::testing::{Tree, fixed, rows};

fn group(name: &str, label: &str, spec: &str) -> String {
    format!(
        "apiVersion: kops.k8s.io/v1alpha2\nkind: InstanceGroup\nmetadata:\n  labels:\n    {label}\n  name: {name}\nspec:\n  machineType: m5.large\n{spec}---\n"
    )
}

fn cluster(name: &str, version: &str, provider: &str) -> String {
    format!(
        "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {{name: {name}}}\nspec: {{cloudProvider: {provider}, kubernetesVersion: {version}}}\n---\n"
    )
}

const OPEN: &str = "unresolved: kOps requires tokens from Kubernetes 1.27 on, and the cluster's version is not in the code";

#[test]
fn silence_means_what_the_clusters_version_says() {
    let label = "kops.k8s.io/cluster: a";
    for (cluster, expected) in [
        (cluster("a", "1.27.0", "aws"), "absent, sends required/1"),
        (cluster("a", "v1.31.2", "{aws: {}}"), "absent, sends required/1"),
        (cluster("a", "1.26.15", "aws"), "absent, sends optional/1"),
        (cluster("a", "latest", "aws"), OPEN),
        (cluster("b", "1.27.0", "aws"), OPEN),
        (String::new(), OPEN),
    ] {
        let text = cluster + &group("nodes", label, "");
        assert_eq!(rows("a.yaml", &text), [format!("InstanceGroup/nodes: {expected}")], "{text}");
    }
    let gce = cluster("a", "1.27.0", "gce") + &group("nodes", label, "");
    assert_eq!(rows("a.yaml", &gce), [""; 0]);
    let gce = group("nodes", label, "").replace("m5.large", "n1-standard-2");
    assert_eq!(rows("a.yaml", &gce), [""; 0]);
}

#[test]
fn the_cluster_may_stand_in_another_file() {
    let tree = Tree::of(&[
        ("x/cluster.yaml", &cluster("a", "1.25.1", "aws")),
        ("x/nodes.yaml", &group("nodes", "other: label", "")),
        (
            "x/control.yaml",
            &group(
                "control",
                "kops.k8s.io/cluster: a",
                "  instanceMetadata: {httpTokens: required}\n",
            ),
        ),
    ]);
    let expected =
        ["InstanceGroup/control: required", "InstanceGroup/nodes: absent, sends optional/1"];
    assert_eq!(tree.rows(), expected);
    let [(name, text)] = tree.fixed().try_into().unwrap();
    assert_eq!(name, "x/nodes.yaml");
    assert!(text.contains("  instanceMetadata:\n    httpTokens: required\n---"), "{text}");
}

#[test]
fn what_only_the_version_leaves_open_is_said() {
    let text = group("nodes", "a: b", "");
    let after = fixed("a.yaml", &text);
    assert_eq!(after, group("nodes", "a: b", "  instanceMetadata:\n    httpTokens: required\n"));
    assert_eq!(rows("a.yaml", &after), ["InstanceGroup/nodes: required"]);
    let text = group("nodes", "a: b", "  instanceMetadata: {httpTokens: optional}\n");
    assert_eq!(fixed("a.yaml", &text), text.replace("optional", "required"));
}
