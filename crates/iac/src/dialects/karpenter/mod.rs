//! Karpenter: node classes, and the node templates and provisioners that came before them.

use std::path::Path;

use imdsure_model::effective::{Endpoint, Tokens};

use crate::{
    Effect,
    dialect::{Dialect, Files, Sink, has_word},
    manifest::{self, Block, Object},
    setting::{self, CAMEL},
    spec::{Inherits, LaunchSpec, Options, Sent},
};

#[cfg(test)]
mod tests;

/// The dialect.
pub(crate) static DIALECT: Karpenter = Karpenter;

/// Karpenter's objects.
pub(crate) struct Karpenter;

impl Dialect for Karpenter {
    fn name(&self) -> &'static str {
        "karpenter"
    }

    fn page(&self) -> &'static str {
        include_str!("page.md")
    }

    fn looks_at(&self, path: &Path) -> bool {
        manifest::looks_at(path)
    }

    fn claims(&self, source: &crate::source::Source) -> bool {
        let words =
            ["karpenter.k8s.aws", "karpenter.sh/v1alpha5", "EC2NodeClass", "AWSNodeTemplate"];
        has_word(source, &words)
    }

    fn read(&self, files: &Files<'_>, sink: &mut Sink) {
        for source in files.members() {
            for object in manifest::objects(source, sink) {
                let spec = match object.kind {
                    "EC2NodeClass" => node_class(&object),
                    "AWSNodeTemplate" => node_template(&object, &TEMPLATE, "spec"),
                    "Provisioner" if object.node.at(&PROVIDER).is_some() => {
                        node_template(&object, &PROVISIONER, "provider")
                    }
                    _ => continue,
                };
                sink.spec(spec);
            }
        }
    }
}

const PROVIDER: [&str; 2] = ["spec", "provider"];

static CLASS: Block = Block { path: &["spec", "metadataOptions"], names: &CAMEL };
static TEMPLATE: Block = Block { path: &["spec", "metadataOptions"], names: &CAMEL };
static PROVISIONER: Block = Block { path: &["spec", "provider", "metadataOptions"], names: &CAMEL };

/// The defaults are in the definition of the resource: they fill a block that is there in part as well.
fn node_class(object: &Object<'_>) -> LaunchSpec {
    let hop_limit = match object.version {
        "v1" => Some(1),
        "v1beta1" => Some(2),
        _ => None,
    };
    finish(object, &CLASS, object.options(&CLASS), Some(required(hop_limit)), Vec::new())
}

/// The defaults are in the code, for a block that is not there at all. In one that is there, what it does
/// not say is not sent.
fn node_template(object: &Object<'_>, block: &Block, parent: &str) -> LaunchSpec {
    let above: &[&str] = if parent == "provider" { &PROVIDER } else { &["spec"] };
    let own = object.at(&[above, &["launchTemplate"]].concat());
    if let Some(name) = own.text() {
        let mut spec = object.row("karpenter");
        spec.inherits_from =
            vec![Inherits::LaunchTemplate(name.to_owned()), Inherits::AccountDefault];
        return spec;
    }
    let whole = object.at(block.path).is_nothing();
    let sent = whole.then(|| required(Some(2)));
    let inherits = if whole { Vec::new() } else { vec![Inherits::AccountDefault] };
    finish(object, block, object.options(block), sent, inherits)
}

fn required(hop_limit: Option<i64>) -> Sent {
    Sent { http_tokens: Some(Tokens::Required), http_endpoint: Some(Endpoint::Enabled), hop_limit }
}

/// Nodes that drift from their class are replaced.
fn finish(
    object: &Object<'_>,
    block: &Block,
    options: Options,
    sent: Option<Sent>,
    inherits: Vec<Inherits>,
) -> LaunchSpec {
    let mut spec = object.row("karpenter");
    spec.effect = Some(Effect::Replacement);
    spec.sends_when_silent = sent;
    spec.inherits_from = inherits;
    if setting::needs_fix(&options, sent.as_ref()) {
        spec.fix = object.fix(block, Effect::Replacement);
    }
    spec.options = options;
    spec
}
