//! From settings in both of their forms to one row.

use imdsure_model::{Effect, effective::Tokens};

use crate::{
    dialect::Sink,
    edit::{self, New},
    fix::{Fix, Splice},
    ignore,
    node::{Node, boolean},
    setting::{self, Setting},
    source::Source,
    spec::{Declared, Inherits, LaunchSpec},
};

const NAMESPACE: &str = "aws:autoscaling:launchconfiguration";
const OPTION: &str = "DisableIMDSv1";

/// The files that make one configuration, in the order in which they are applied.
pub(super) fn read(address: &str, key: &str, files: &[&Source], sink: &mut Sink) {
    let mut settings = Vec::new();
    let mut broken = false;
    for source in files {
        let parsed = source.tree();
        if let Some(error) = &parsed.error {
            sink.tree_error(source, error);
            broken = true;
        }
        for document in &parsed.documents {
            settings.push((*source, document.as_ref()));
        }
    }
    let Some((first, root)) = place(key, &settings) else { return };
    let mut spec = LaunchSpec::new("beanstalk", key, address, first.place(root));
    spec.effect = Some(Effect::Replacement);
    spec.inherits_from = vec![Inherits::Service];
    for (source, node) in &settings {
        spec.ignore_comments.extend(ignore::comments(source, &node.span));
        if let Some(block) = node.get(key) {
            sink.seen(source, block.span.clone());
        }
    }
    // The last one that says it counts.
    let mut tokens = Setting::Nothing;
    for (source, node) in &settings {
        if let Some(block) = node.get(key) {
            let own = flag(source, block);
            tokens = if own.is_nothing() { tokens } else { own };
        }
    }
    spec.options.http_tokens = tokens.declared(word);
    // In the part that cannot be read it may be said.
    if broken && spec.options.http_tokens.is_absent() {
        let at = setting::At { source: first, node: settings[0].1 };
        spec.options.http_tokens = at.unresolved("one of the files cannot be read");
    }
    spec.fix = fix(key, &settings, &tokens, &spec.options.http_tokens);
    sink.spec(spec);
}

/// The text that is the configuration: the block of settings of the last file that sets any for launches, or
/// any at all, else the first file.
fn place<'a>(
    key: &str,
    settings: &[(&'a Source, &'a Node)],
) -> Option<(&'a Source, std::ops::Range<usize>)> {
    let blocks = || settings.iter().filter_map(|(source, node)| Some((*source, node.get(key)?)));
    let launches = blocks().rfind(|(_, block)| has_namespace(block));
    let block = launches.or_else(|| blocks().next());
    match block {
        Some((source, block)) => Some((source, block.span.clone())),
        None => settings.first().map(|(source, node)| (*source, node.span.clone())),
    }
}

fn has_namespace(block: &Node) -> bool {
    block.get(NAMESPACE).is_some()
        || block.items().iter().any(|item| item.text_of("namespace") == Some(NAMESPACE))
}

/// `true` disables version 1.
fn word(text: &str) -> Option<Tokens> {
    boolean(text).map(|off| if off { Tokens::Required } else { Tokens::Optional })
}

/// What one file says; the last one counts.
fn flag<'a>(source: &'a Source, block: &'a Node) -> Setting<'a> {
    let mut found = block
        .get(NAMESPACE)
        .and_then(|options| options.get(OPTION))
        .map_or(Setting::Nothing, |node| Setting::literal(source, Some(node)));
    for item in block.items() {
        let name = item.text_of("option_name").or_else(|| item.text_of("OptionName"));
        if item.text_of("namespace") == Some(NAMESPACE) && name == Some(OPTION) {
            let value = item.get("value").or_else(|| item.get("Value"));
            found = Setting::literal(source, value.map(AsRef::as_ref));
        }
    }
    found
}

fn fix(
    key: &str,
    settings: &[(&Source, &Node)],
    tokens: &Setting<'_>,
    declared: &Declared<Tokens>,
) -> Option<Fix> {
    let splice = match declared {
        Declared::Set { value: Tokens::Required, .. } | Declared::Unresolved { .. } => return None,
        Declared::Set { .. } => tokens.set(&New::plain(&true))?,
        Declared::Absent if tokens.is_nothing() => add(key, settings)?,
        Declared::Absent => return None,
    };
    let mut fix = setting::fix(Effect::Replacement, vec![splice]);
    "Disable version 1 of the metadata service".clone_into(&mut fix.title);
    Some(fix)
}

/// Beside the settings of launches, else beside others, else in the first file.
fn add(key: &str, settings: &[(&Source, &Node)]) -> Option<Splice> {
    let blocks = || settings.iter().filter(|(_, node)| node.get(key).is_some());
    let launches =
        |pair: &&(&Source, &Node)| pair.1.get(key).is_some_and(|block| has_namespace(block));
    let (source, node) =
        blocks().rfind(launches).or_else(|| blocks().next()).or_else(|| settings.first())?;
    match node.get(key) {
        Some(block) if !block.items().is_empty() => {
            let item = New::map(&[
                ("namespace", New::text(NAMESPACE)),
                ("option_name", New::text(OPTION)),
                ("value", New::plain(&true)),
            ]);
            edit::append(source, block, &item)
        }
        _ => setting::add(source, node, &[key, NAMESPACE, OPTION], &New::plain(&true)),
    }
}
