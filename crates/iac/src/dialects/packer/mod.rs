//! Packer: builders of Amazon images, in HCL and in the JSON of old. Packer sends an explicit `optional`
//! where a template is silent, so an account's default does not reach the instance that it builds on.

use std::{path::Path, sync::Arc};

use imdsure_model::{
    Effect,
    effective::{Endpoint, Tokens},
};

use super::terraform::{
    kinds::{Form, Kind},
    options,
};
use crate::{
    dialect::{Dialect, Files, Sink, Unit, has_extension, has_word},
    hcl::value::Value,
    ignore,
    source::Source,
    spec::{Inherits, LaunchSpec, Sent},
};

mod hcl;
mod json;

#[cfg(test)]
mod tests;

/// The dialect.
pub(crate) static DIALECT: Packer = Packer;

/// Packer.
pub(crate) struct Packer;

/// The builders that start instances.
const BUILDERS: [&str; 4] =
    ["amazon-ebs", "amazon-ebssurrogate", "amazon-ebsvolume", "amazon-instance"];

const INSTANCE: Kind = Kind {
    name: "packer",
    form: Form::Options,
    path: &["metadata_options"],
    effect: Effect::InPlace,
    from: &[],
    account_default: true,
};

const IMAGE: Kind = Kind {
    name: "packer image",
    form: Form::Image,
    path: &["imds_support"],
    // An image that is marked stays marked.
    effect: Effect::Irreversible,
    from: &[],
    account_default: false,
};

/// What Packer sends where the template is silent.
const SENT: Sent = Sent {
    http_tokens: Some(Tokens::Optional),
    http_endpoint: Some(Endpoint::Enabled),
    hop_limit: Some(1),
};

impl Dialect for Packer {
    fn name(&self) -> &'static str {
        "packer"
    }

    fn page(&self) -> &'static str {
        include_str!("page.md")
    }

    fn unit(&self) -> Unit {
        Unit::Folder
    }

    fn looks_at(&self, path: &Path) -> bool {
        is_hcl(path) || has_extension(path, &["json"])
    }

    fn claims(&self, source: &Source) -> bool {
        is_hcl(source.path())
            || has_word(source, &["\"builders\""]) && has_word(source, &["\"amazon-"])
    }

    fn read(&self, files: &Files<'_>, sink: &mut Sink) {
        hcl::read(files, sink);
        json::read(files, sink);
    }
}

/// HCL, also in its JSON form; else it is the JSON of old.
fn is_hcl(path: &Path) -> bool {
    [".pkr.hcl", ".pkrvars.hcl", ".pkr.json"].iter().any(|end| ends_with(path, end))
}

fn ends_with(path: &Path, end: &str) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(end))
}

/// A row of a builder, before its options.
fn row(
    source: &Arc<Source>,
    builder: &str,
    address: &str,
    span: std::ops::Range<usize>,
) -> LaunchSpec {
    let mut spec = LaunchSpec::new("packer", builder, address, source.place(span.clone()));
    spec.ignore_comments = ignore::comments(source, &span);
    spec
}

/// The rows of a builder: the instance that it builds on, and the image that comes of it.
fn rows(
    spec: &LaunchSpec,
    instance: &options::Own,
    image: &options::Own,
    mut fix: impl FnMut(&Kind, &options::Own) -> Option<crate::fix::Fix>,
) -> Vec<LaunchSpec> {
    let mut host = spec.clone();
    host.options = instance.options.clone();
    host.sends_when_silent = Some(SENT);
    host.inherits_from = vec![Inherits::AccountDefault];
    host.effect = Some(INSTANCE.effect);
    host.fix = fix(&INSTANCE, instance);
    if spec.kind == "amazon-ebsvolume" {
        return vec![host];
    }
    let mut made = spec.clone();
    made.kind = format!("{} image", spec.kind);
    made.options = image.options.clone();
    made.inherits_from = vec![Inherits::Service];
    made.effect = Some(IMAGE.effect);
    made.fix = fix(&IMAGE, image);
    vec![host, made]
}

/// What the two parts of a builder say.
fn own(instance: Value, image: Value) -> (options::Own, options::Own) {
    (options::of_block(INSTANCE.form, instance), options::of_block(IMAGE.form, image))
}
