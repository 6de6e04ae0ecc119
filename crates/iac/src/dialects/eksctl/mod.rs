//! eksctl: the node groups of a cluster's configuration.

use std::path::Path;

use imdsure_model::effective::Tokens;

use crate::{
    Effect,
    dialect::{Dialect, Files, Sink, has_word},
    edit::New,
    ignore,
    manifest::{self, Object},
    node::{Node, boolean},
    setting::{self, Setting},
    source::Source,
    spec::{Declared, Inherits, LaunchSpec, Sent},
};

#[cfg(test)]
mod tests;

/// The dialect.
pub(crate) static DIALECT: Eksctl = Eksctl;

/// eksctl's configurations.
pub(crate) struct Eksctl;

const LISTS: [&str; 2] = ["nodeGroups", "managedNodeGroups"];
const TITLE: &str = "Disable version 1 of the metadata service";

impl Dialect for Eksctl {
    fn name(&self) -> &'static str {
        "eksctl"
    }

    fn page(&self) -> &'static str {
        include_str!("page.md")
    }

    fn looks_at(&self, path: &Path) -> bool {
        manifest::looks_at(path)
    }

    fn claims(&self, source: &Source) -> bool {
        has_word(source, &["eksctl.io/"])
    }

    fn read(&self, files: &Files<'_>, sink: &mut Sink) {
        for source in files.members() {
            for object in manifest::objects(source, sink) {
                if object.group != "eksctl.io" || object.kind != "ClusterConfig" {
                    continue;
                }
                for list in LISTS {
                    let groups = object.node.get(list).map_or(&[][..], |list| list.items());
                    for (index, group) in groups.iter().enumerate().filter(|(_, one)| one.is_map())
                    {
                        sink.spec(row(&object, list, index, group));
                    }
                }
            }
        }
    }
}

fn row(object: &Object<'_>, list: &str, index: usize, group: &Node) -> LaunchSpec {
    let source = object.source;
    let name = group.text_of("name").map_or_else(|| index.to_string(), str::to_owned);
    let address = format!("{}/{list}/{name}", object.address());
    let mut spec = LaunchSpec::new("eksctl", list, &address, source.place(group.span.clone()));
    spec.ignore_comments = ignore::comments(source, &group.span);
    spec.effect = Some(Effect::Replacement);
    let setting = |path: &[&str]| manifest::at(source, group, path);
    // An own template rules the switches out.
    if let Some(template) = own_template(&setting) {
        spec.effect = None;
        spec.inherits_from = vec![Inherits::LaunchTemplate(template), Inherits::AccountDefault];
        return spec;
    }
    let (version1, pods) = (setting(&["disableIMDSv1"]), setting(&["disablePodIMDS"]));
    spec.options.http_tokens = tokens(&version1, &pods);
    spec.options.hop_limit = pods.declared(|text| boolean(text).map(|off| if off { 1 } else { 2 }));
    spec.sends_when_silent =
        Some(Sent { http_tokens: Some(Tokens::Required), http_endpoint: None, hop_limit: Some(2) });
    if setting::needs_fix(&spec.options, spec.sends_when_silent.as_ref()) {
        let splice = version1.set(&New::plain(&true));
        spec.fix = splice.map(|splice| setting::fix(Effect::Replacement, vec![splice]));
        spec.fix.iter_mut().for_each(|fix| TITLE.clone_into(&mut fix.title));
    }
    spec
}

/// The template that a managed group brings along.
fn own_template<'a>(setting: &impl Fn(&[&str]) -> Setting<'a>) -> Option<String> {
    let whole = setting(&["launchTemplate"]);
    let name = ["id", "name"]
        .iter()
        .find_map(|key| setting(&["launchTemplate", key]).text().map(str::to_owned));
    match whole {
        Setting::Nothing => None,
        Setting::Literal(at) | Setting::Unknown(_, at) => {
            Some(name.unwrap_or_else(|| at.expression()))
        }
        Setting::Part(text, ..) | Setting::Made(text, _) => Some(text),
    }
}

/// Keeping pods away from the service requires tokens as well.
fn tokens(version1: &Setting<'_>, pods: &Setting<'_>) -> Declared<Tokens> {
    let switch =
        |text: &str| boolean(text).map(|off| if off { Tokens::Required } else { Tokens::Optional });
    let own = version1.declared(switch);
    match pods.declared(switch) {
        pods @ Declared::Set { value: Tokens::Required, .. }
            if own.value() == Some(&Tokens::Optional) =>
        {
            pods
        }
        pods @ Declared::Unresolved { .. } if own.value() == Some(&Tokens::Optional) => pods,
        _ => own,
    }
}
