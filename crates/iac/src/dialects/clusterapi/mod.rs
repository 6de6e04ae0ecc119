//! Cluster API for AWS: machines, their templates, and pools.

use std::path::Path;

use imdsure_model::effective::{Endpoint, Tokens};

use crate::{
    Effect,
    dialect::{Dialect, Files, Sink, has_word},
    manifest::{self, Block, Object},
    setting::{self, CAMEL},
    source::Source,
    spec::{Inherits, LaunchSpec, Sent},
};

#[cfg(test)]
mod tests;

/// The dialect.
pub(crate) static DIALECT: ClusterApi = ClusterApi;

/// Cluster API's objects.
pub(crate) struct ClusterApi;

const GROUP: &str = "infrastructure.cluster.x-k8s.io";

impl Dialect for ClusterApi {
    fn name(&self) -> &'static str {
        "clusterapi"
    }

    fn page(&self) -> &'static str {
        include_str!("page.md")
    }

    fn looks_at(&self, path: &Path) -> bool {
        manifest::looks_at(path)
    }

    fn claims(&self, source: &Source) -> bool {
        has_word(source, &["AWSMachine", "AWSManagedMachine"])
    }

    fn read(&self, files: &Files<'_>, sink: &mut Sink) {
        for source in files.members() {
            for object in manifest::objects(source, sink) {
                // A template may fill in the version, and a kind of that name is nobody else's.
                let kind = KINDS.iter().find(|kind| kind.name == object.kind);
                if let Some(kind) = kind.filter(|_| matches!(object.group, GROUP | "")) {
                    sink.spec(row(&object, kind));
                }
            }
        }
    }
}

/// A kind that decides how instances start.
struct Kind {
    name: &'static str,
    block: Block,
    /// Whether the whole block is filled in where it is not there; else only what it leaves out is.
    always_sent: bool,
    /// Whether there may be no launch template at all, and none can be added later.
    managed: bool,
    effect: Effect,
}

const fn block(path: &'static [&'static str]) -> Block {
    Block { path, names: &CAMEL }
}

const fn machine(name: &'static str, path: &'static [&'static str], effect: Effect) -> Kind {
    Kind { name, block: block(path), always_sent: true, managed: false, effect }
}

const fn pool(name: &'static str, path: &'static [&'static str], managed: bool) -> Kind {
    Kind { name, block: block(path), always_sent: false, managed, effect: Effect::NewVersion }
}

const OWN: &[&str] = &["spec", "awsLaunchTemplate", "instanceMetadataOptions"];
const OF_TEMPLATE: &[&str] =
    &["spec", "template", "spec", "awsLaunchTemplate", "instanceMetadataOptions"];

static KINDS: [Kind; 6] = [
    // The controller changes the options of the running instance.
    machine("AWSMachine", &["spec", "instanceMetadataOptions"], Effect::InPlace),
    // A template is immutable: it takes a new one under another name.
    machine(
        "AWSMachineTemplate",
        &["spec", "template", "spec", "instanceMetadataOptions"],
        Effect::NewConfiguration,
    ),
    pool("AWSMachinePool", OWN, false),
    pool("AWSManagedMachinePool", OWN, true),
    pool("AWSMachinePoolTemplate", OF_TEMPLATE, false),
    pool("AWSManagedMachinePoolTemplate", OF_TEMPLATE, true),
];

const SENT: Sent = Sent {
    http_tokens: Some(Tokens::Optional),
    http_endpoint: Some(Endpoint::Enabled),
    hop_limit: Some(1),
};

fn row(object: &Object<'_>, kind: &Kind) -> LaunchSpec {
    let mut spec = object.row("clusterapi");
    let parent = kind.block.path.split_last().map_or(&[][..], |(_, parent)| parent);
    if kind.managed && object.at(parent).is_nothing() {
        spec.inherits_from = vec![Inherits::Service];
        return spec;
    }
    let options = object.options(&kind.block);
    if kind.always_sent || !object.at(kind.block.path).is_nothing() {
        spec.sends_when_silent = Some(SENT);
    } else {
        spec.inherits_from = vec![Inherits::AccountDefault];
    }
    spec.effect = Some(kind.effect);
    if setting::needs_fix(&options, spec.sends_when_silent.as_ref()) {
        spec.fix = object.fix(&kind.block, kind.effect);
    }
    spec.options = options;
    spec
}
