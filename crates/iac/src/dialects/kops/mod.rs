//! kOps: instance groups, with the version of the cluster that stands beside them.

use std::path::Path;

use imdsure_model::effective::Tokens;

use crate::{
    Effect,
    dialect::{Dialect, Files, Sink, Unit, has_word},
    manifest::{self, Block, Object},
    setting::{self, CAMEL},
    source::Source,
    spec::{Declared, Inherits, LaunchSpec, Sent},
};

#[cfg(test)]
mod tests;

/// The dialect.
pub(crate) static DIALECT: Kops = Kops;

/// kOps' objects.
pub(crate) struct Kops;

const CLUSTER: &str = "kops.k8s.io/cluster";

static BLOCK: Block = Block { path: &["spec", "instanceMetadata"], names: &CAMEL };

impl Dialect for Kops {
    fn name(&self) -> &'static str {
        "kops"
    }

    fn page(&self) -> &'static str {
        include_str!("page.md")
    }

    /// Cluster and groups often stand in files of their own.
    fn unit(&self) -> Unit {
        Unit::Folder
    }

    fn looks_at(&self, path: &Path) -> bool {
        manifest::looks_at(path)
    }

    fn claims(&self, source: &Source) -> bool {
        has_word(source, &["kops.k8s.io/v1", "kops/v1"])
    }

    fn read(&self, files: &Files<'_>, sink: &mut Sink) {
        let mut objects = Vec::new();
        for source in files.members() {
            objects.extend(manifest::objects(source, sink));
        }
        objects.retain(|object| matches!(object.group, "kops.k8s.io" | "kops"));
        let clusters: Vec<Object<'_>> =
            objects.iter().filter(|object| object.kind == "Cluster").copied().collect();
        for group in objects.iter().filter(|object| object.kind == "InstanceGroup") {
            let cluster = cluster_of(group, &clusters);
            if on_aws(group, cluster) {
                sink.spec(row(group, cluster));
            }
        }
    }
}

/// The cluster that a group names, or the only one where it names none.
fn cluster_of<'a>(group: &Object<'a>, clusters: &[Object<'a>]) -> Option<Object<'a>> {
    let name = |object: &Object<'a>| object.node.at(&["metadata", "name"])?.text();
    match group.node.at(&["metadata", "labels", CLUSTER]) {
        Some(wanted) => clusters.iter().find(|cluster| name(cluster) == wanted.text()).copied(),
        None => clusters.first().filter(|_| clusters.len() == 1).copied(),
    }
}

/// Whether it is on AWS: by its cluster, else by the form of its machine type.
fn on_aws(group: &Object<'_>, cluster: Option<Object<'_>>) -> bool {
    let provider = cluster.and_then(|cluster| cluster.node.at(&["spec", "cloudProvider"]));
    if let Some(provider) = provider {
        return provider.text().map_or_else(|| provider.get("aws").is_some(), |name| name == "aws");
    }
    let machine = group.at(&["spec", "machineType"]);
    machine.text().is_none_or(|machine| machine.contains('.'))
}

/// What kOps sends for what a group does not say: its version decides.
fn sent(cluster: Option<Object<'_>>) -> Option<Sent> {
    let version = cluster?.at(&["spec", "kubernetesVersion"]);
    let mut parts = version.text()?.trim_start_matches('v').split('.');
    let (major, minor): (u32, u32) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let required = (major, minor) >= (1, 27);
    let tokens = if required { Tokens::Required } else { Tokens::Optional };
    Some(Sent { http_tokens: Some(tokens), http_endpoint: None, hop_limit: Some(1) })
}

fn row(group: &Object<'_>, cluster: Option<Object<'_>>) -> LaunchSpec {
    let mut spec = group.row("kops");
    spec.effect = Some(Effect::Replacement);
    spec.options = group.options(&BLOCK);
    spec.sends_when_silent = sent(cluster);
    let open = spec.options.http_tokens.is_absent() && spec.sends_when_silent.is_none();
    if open || setting::needs_fix(&spec.options, spec.sends_when_silent.as_ref()) {
        spec.fix = group.fix(&BLOCK, Effect::Replacement);
    }
    if open {
        spec.options.http_tokens = unresolved(group);
        spec.inherits_from = vec![Inherits::Service];
    }
    spec
}

/// Saying it makes it independent of the version: there is a fix although the value is not known.
fn unresolved(group: &Object<'_>) -> Declared<Tokens> {
    let kind = group.node.get("kind").map_or(group.node.span.clone(), |kind| kind.span.clone());
    Declared::Unresolved {
        reason:
            "kOps requires tokens from Kubernetes 1.27 on, and the cluster's version is not in \
                 the code"
                .to_owned(),
        expression: "kubernetesVersion".to_owned(),
        place: group.source.place(kind),
    }
}
