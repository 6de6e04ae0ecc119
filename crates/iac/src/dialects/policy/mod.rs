//! Files of JSON that are policies themselves: service control policies and EC2 policies, as they lie beside
//! the code that attaches them.

use std::path::Path;

use crate::{
    dialect::{Dialect, Files, Sink, has_extension, has_word},
    node::Node,
    policy::{PolicySpec, PolicyText, Unresolved},
    source::Source,
};

#[cfg(test)]
mod tests;

/// The dialect.
pub(crate) static DIALECT: Policies = Policies;

/// Policies in files of their own.
pub(crate) struct Policies;

impl Dialect for Policies {
    fn name(&self) -> &'static str {
        "policy"
    }

    fn page(&self) -> &'static str {
        include_str!("page.md")
    }

    fn looks_at(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        has_extension(path, &["json"]) || is_template(name)
    }

    fn claims(&self, source: &Source) -> bool {
        let about = ["etadata", "RoleDelivery", "Attribute/Http", "RunInstances", "imds"];
        has_word(source, &["ec2_attributes", "instance_metadata_defaults"])
            || has_word(source, &["\"Statement\""])
                && has_word(source, &["\"Effect\""])
                && has_word(source, &about)
    }

    fn read(&self, files: &Files<'_>, sink: &mut Sink) {
        for source in files.members() {
            read(source, sink);
        }
    }
}

/// A template of JSON: what fills it in is not known, and it need not be JSON before.
fn is_template(name: &str) -> bool {
    [".json.tpl", ".json.tftpl", ".json.tmpl", ".json.j2"].iter().any(|end| name.ends_with(end))
}

fn read(source: &Source, sink: &mut Sink) {
    let name = source.path().file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let parsed = source.json();
    if let Some(error) = &parsed.error {
        if !is_template(&name) {
            sink.tree_error(source, error);
        }
        return;
    }
    // A template or plan that holds a policy somewhere is another dialect's.
    let is_policy = parsed.documents.first().is_some_and(|root| {
        let effect = |statement: &Node| statement.get("Effect").is_some();
        let statement = root.get("Statement").is_some_and(|statement| {
            effect(statement) || statement.items().iter().any(|one| effect(one))
        });
        let ec2 = ["ec2_attributes", "ec2-attributes", "instance_metadata_defaults", "policies"];
        statement || root.is_map() && ec2.iter().any(|key| root.get(key).is_some())
    });
    let foreign = parsed.documents.first().is_some_and(|root| is_of_a_resource(root));
    if is_policy
        && !foreign
        && let Some(spec) = PolicyText::of_file(source).judged("policy", &name, None)
    {
        sink.policy(match hole(source.text()) {
            Some(hole) => open(source, &spec, hole),
            None => spec,
        });
    }
}

/// What is filled in later: `${role}`, `{{ role }}`. Variables of IAM have a colon in their names.
fn hole(text: &str) -> Option<&str> {
    let holes = [("${", "}"), ("{{", "}}")].into_iter().flat_map(|(begin, end)| {
        text.match_indices(begin).filter_map(move |(at, _)| {
            let rest = &text[at..];
            rest.find(end).map(|to| (at, &rest[..to + end.len()]))
        })
    });
    let iam = |hole: &str| hole.contains(':') || ["${*}", "${?}", "${$}"].contains(&hole);
    holes.filter(|(_, hole)| !iam(hole)).min_by_key(|(at, _)| *at).map(|(_, hole)| hole)
}

/// What fills it in is not known, so neither is what it does.
fn open(source: &Source, spec: &PolicySpec, hole: &str) -> PolicySpec {
    let unresolved = Unresolved {
        reason: "it is filled in later".to_owned(),
        expression: hole.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    let place = source.place(spec.place.bytes.clone());
    PolicySpec::open("policy", &spec.address, Some(spec.kind), place, unresolved)
}

/// A policy of a bucket or the trust policy of a role: it names a principal, and no action of EC2.
fn is_of_a_resource(root: &Node) -> bool {
    let Some(statement) = root.get("Statement") else { return false };
    let all = statement.items().iter().chain([statement]);
    let mut of_resources =
        all.filter(|one| ["Principal", "NotPrincipal"].iter().any(|key| one.get(key).is_some()));
    of_resources.any(|one| {
        let actions = ["Action", "NotAction"].iter().find_map(|key| one.get(key));
        let ec2 = |node: &Node| node.text().is_some_and(|text| text.starts_with("ec2:"));
        !actions.is_some_and(|node| ec2(node) || node.items().iter().any(|item| ec2(item)))
    })
}
