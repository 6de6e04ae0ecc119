//! From a call to its row.

use std::collections::HashMap;

use imdsure_model::effective::{Endpoint, Tokens};

use super::{
    calls::{Call, Form},
    document::{Around, Document, unresolved},
    expand::{Expanded, expression},
};
use crate::{
    dialect::Sink,
    fix::{Fix, Splice},
    ignore, setting,
    source::Source,
    spec::{Declared, Inherits, LaunchSpec, OptionValue, Options, Switch},
};

/// Puts the rows of a script into the sink.
pub(super) fn read(around: &Around<'_>, calls: &[Call], sink: &mut Sink) {
    let templates = Templates::of(around, calls);
    let mut seen: HashMap<String, usize> = HashMap::new();
    for call in calls {
        let Some(mut spec) = row(around, call, &templates) else { continue };
        let index = seen.entry(spec.address.clone()).or_default();
        *index += 1;
        if *index > 1 {
            spec.address = format!("{}[{}]", spec.address, *index - 1);
        }
        sink.spec(spec);
    }
}

/// What a call says, and where.
struct Own {
    options: Options,
    /// The structure with the options, and the path to them.
    document: Option<(Document, Vec<&'static str>)>,
}

fn row(around: &Around<'_>, call: &Call, templates: &Templates) -> Option<LaunchSpec> {
    let source = around.source;
    let own = own(around, call)?;
    let mut address = call.operation.name.to_owned();
    if let Some(name) = call.value("launch-template-name").filter(|name| name.is_known()) {
        address = format!("{address}/{}", name.text);
    }
    let place = source.place(call.span.clone());
    let mut spec = LaunchSpec::new("shell", call.operation.kind, &address, place);
    spec.ignore_comments = ignore::comments(source, &call.span);
    spec.effect = call.operation.effect;
    spec.count = count(call);
    spec.inherits_from = inherits(around, call);
    let below = match spec.inherits_from.first() {
        Some(Inherits::LaunchTemplate(name)) => templates.get(name),
        _ => None,
    };
    let in_code = below.is_some();
    if in_code {
        spec.inherits_from.remove(0);
    }
    spec.options = own.options.clone().or(below.cloned().unwrap_or(Options::SILENT));
    if !own.options.http_tokens.is_absent() || !in_code {
        spec.fix = fix(source, call, &own, &spec.options);
    }
    Some(spec)
}

/// None where the call decides nothing.
fn own(around: &Around<'_>, call: &Call) -> Option<Own> {
    let source = around.source;
    let silent = |options: Options| Own { options, document: None };
    let mut own = match call.operation.form {
        Form::Options => structure(around, call, "metadata-options", &["MetadataOptions"]),
        Form::Template => {
            let path = &["LaunchTemplateData", "MetadataOptions"];
            structure(around, call, "launch-template-data", path)
        }
        Form::Words => {
            call.values("http-tokens")?;
            silent(words(source, call))
        }
        Form::Image => {
            let support = call.value("imds-support")?;
            let parse = |text: &str| (text == "v2.0").then_some(Tokens::Required);
            let http_tokens = declared(source, support, parse);
            silent(Options { http_tokens, ..Options::SILENT })
        }
        Form::None => return Some(silent(Options::SILENT)),
    };
    // Among arguments that are not known may be the option.
    if let Some(span) = call.unknown.as_ref().filter(|_| own.options.http_tokens.is_absent()) {
        own.options.http_tokens =
            unresolved(source, "the option may be among these arguments", span);
        own.document = None;
    }
    Some(own)
}

/// The options in a structure: that of an option, or that of the whole request.
fn structure(around: &Around<'_>, call: &Call, option: &str, path: &'static [&'static str]) -> Own {
    let whole = ["cli-input-json", "cli-input-yaml"];
    let own = call.values(option);
    let values = own.or_else(|| whole.iter().find_map(|name| call.values(name)));
    let path = path[usize::from(own.is_some())..].to_vec();
    let document = match values {
        None => return Own { options: Options::SILENT, document: None },
        Some([one]) => Document::of(around, one),
        Some(_) => Document::Open("this is not one value".to_owned(), call.span.clone()),
    };
    Own { options: document.options(around.source, &path), document: Some((document, path)) }
}

fn words(source: &Source, call: &Call) -> Options {
    fn one<T: OptionValue>(
        source: &Source,
        call: &Call,
        name: &str,
        parse: fn(&str) -> Option<T>,
    ) -> Declared<T> {
        match call.values(name) {
            None => Declared::Absent,
            Some([text]) => declared(source, text, parse),
            Some(_) => unresolved(source, "this is not one value", &call.span),
        }
    }
    Options {
        http_tokens: one(source, call, "http-tokens", Tokens::parse),
        http_endpoint: one(source, call, "http-endpoint", Endpoint::parse),
        hop_limit: one(source, call, "http-put-response-hop-limit", i64::parse),
        instance_metadata_tags: one(source, call, "instance-metadata-tags", Switch::parse),
        http_protocol_ipv6: one(source, call, "http-protocol-ipv6", Switch::parse),
    }
}

fn declared<T: OptionValue>(
    source: &Source,
    text: &Expanded,
    parse: fn(&str) -> Option<T>,
) -> Declared<T> {
    let whole = 0..text.text.len();
    let place = text.place(&whole);
    if let Some(reason) = text.reason(&whole) {
        return unresolved(source, reason, &place);
    }
    match parse(&text.text) {
        Some(value) => {
            Declared::Set { value, verbatim: text.text.clone(), place: source.place(place) }
        }
        None if text.text == "no-preference" => Declared::Absent,
        None => unresolved(source, "this is no value of the option", &place),
    }
}

/// How many instances it starts at least.
fn count(call: &Call) -> Option<u64> {
    if !call.is_once {
        return None;
    }
    match call.value("count") {
        Some(count) => count.text.split(':').next()?.parse().ok(),
        None => Some(1),
    }
}

/// What decides where the call is silent.
fn inherits(around: &Around<'_>, call: &Call) -> Vec<Inherits> {
    let source = around.source;
    let template = |document: &Document, path: &[&str]| {
        let names = ["LaunchTemplateName", "LaunchTemplateId"];
        names.iter().find_map(|name| document.text(source, &[path, &[*name]].concat()))
    };
    let named = match call.operation.name {
        "run-instances" => call.value("launch-template").map(|text| {
            let document = Document::of(around, text);
            template(&document, &[]).unwrap_or_else(|| expression(source, &text.span))
        }),
        "create-launch-template-version" => call.value("source-version").map(|version| {
            let names = ["launch-template-name", "launch-template-id"];
            let name = names.iter().find_map(|name| call.value(name));
            let name = name.map(|name| expression(source, &name.span)).unwrap_or_default();
            format!("{name} version {}", expression(source, &version.span))
        }),
        "create-fleet" => call.value("launch-template-configs").map(|text| {
            let document = Document::of(around, text);
            let path = ["LaunchTemplateSpecification"];
            let items = document.items();
            let mut found = items.iter().filter_map(|item| template(item, &path));
            let first = found.next().or_else(|| template(&document, &path));
            first.unwrap_or_else(|| expression(source, &text.span))
        }),
        "register-image" | "modify-image-attribute" | "modify-instance-metadata-defaults" => {
            return Vec::new();
        }
        _ => None,
    };
    named.map(Inherits::LaunchTemplate).into_iter().chain([Inherits::AccountDefault]).collect()
}

/// The templates that the script makes, by name: those of one version only.
struct Templates(HashMap<String, Option<Options>>);

impl Templates {
    fn of(around: &Around<'_>, calls: &[Call]) -> Self {
        let mut templates: HashMap<String, Option<Options>> = HashMap::new();
        for call in calls.iter().filter(|call| call.operation.form == Form::Template) {
            let Some(name) = call.value("launch-template-name").filter(|name| name.is_known())
            else {
                continue;
            };
            let options = own(around, call).map(|own| own.options);
            let again = templates.contains_key(&name.text);
            let only = call.operation.name == "create-launch-template" && !again;
            templates.insert(name.text.clone(), options.filter(|_| only));
        }
        Self(templates)
    }

    fn get(&self, name: &str) -> Option<&Options> {
        self.0.get(name)?.as_ref()
    }
}

/// The word that decides is changed where it stands, also in a variable or a file; where nobody says anything,
/// the option is added to the call. The endpoint is left alone: the CLI sends what it is told to.
fn fix(source: &Source, call: &Call, own: &Own, merged: &Options) -> Option<Fix> {
    if !setting::needs_fix(merged, None) {
        return None;
    }
    let effect = call.operation.effect?;
    let splice = match (&own.document, call.operation.form) {
        (Some((document, path)), _) => {
            let path: Vec<&str> = path.iter().copied().chain(["HttpTokens"]).collect();
            document.set(source, &path, "required")?
        }
        (None, Form::Words) => {
            let text = call.value("http-tokens")?;
            let (span, _) = text.written(&(0..text.text.len()))?;
            Splice::of(source, span, "required")
        }
        (None, Form::Options) => add(source, call)?,
        (None, Form::Template | Form::Image | Form::None) => return None,
    };
    Some(setting::fix(effect, vec![splice]))
}

/// Behind the name of the operation, on a line of its own where the next word has one.
fn add(source: &Source, call: &Call) -> Option<Splice> {
    if source.slice(call.name.clone()) != call.operation.name {
        return None;
    }
    // What is no option would be taken for one more value of the new one.
    if call.next.as_ref().is_some_and(|(_, option)| !option) {
        return None;
    }
    let at = call.name.end;
    let gap = call.next.as_ref().map(|(next, _)| source.slice(at..next.start.max(at)));
    let gap =
        gap.filter(|gap| !gap.is_empty() && gap.chars().all(|c| c.is_whitespace() || c == '\\'));
    let gap = gap.unwrap_or(" ");
    Some(Splice::of(source, at..at, format!("{gap}--metadata-options HttpTokens=required")))
}
