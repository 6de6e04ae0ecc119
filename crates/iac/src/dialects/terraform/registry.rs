//! Modules that lie elsewhere. Terraform's own copy is read where there is one; else the table of known
//! modules says which input decides, and since which version they do what without it.

use std::sync::LazyLock;

use imdsure_model::{Effect, effective::Tokens};
use serde::Deserialize;

use super::{
    blocks,
    calls::{Children, is_local, source_of, text_of},
    instances::Turn,
    kinds::Form,
    module_fix as fix, options,
    session::{Scope, Session},
    version::{self, Version},
};
use crate::{
    dialect::Sink,
    hcl::{
        ast::Block,
        eval::names_metadata,
        value::{Origin, Unknown, Value, unresolved},
    },
    ignore,
    source::Source,
    spec::{Declared, Inherits, LaunchSpec, Options},
};
use std::sync::Arc;

#[derive(Debug, Deserialize)]
struct Table {
    launches: Vec<String>,
    module: Vec<Known>,
}

/// A known module, or one of its inputs.
#[derive(Debug, Deserialize)]
pub(super) struct Known {
    sources: Vec<String>,
    pub(super) path: Vec<String>,
    pub(super) form: Spelling,
    pub(super) effect: Effect,
    versions: Vec<Since>,
}

/// How an input says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Spelling {
    Options,
    Flag,
    Tokens,
}

#[derive(Debug, Deserialize)]
struct Since {
    from: String,
    silent: Silent,
    partial: Option<Silent>,
}

/// What a module does when nothing is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Silent {
    Required,
    Optional,
    Absent,
    Unsupported,
}

static TABLE: LazyLock<Option<Table>> =
    LazyLock::new(|| toml::from_str(include_str!("modules.toml")).ok());

/// Rows of a call whose code is not here; whether the call is done with.
pub(super) fn read(session: &Session<'_>, scope: &Scope, part: usize, sink: &mut Sink) -> bool {
    let Some((source, block)) = scope.module.block(part) else { return true };
    let Some(from) = source_of(block) else { return true };
    let Children::Missing(reason) = &*session.children(scope, part) else { return false };
    let call = Call { session, scope, source, block, from, part };
    let (name, reference) = split(from);
    let known: Vec<&Known> = TABLE
        .iter()
        .flat_map(|table| &table.module)
        .filter(|known| known.sources.iter().any(|one| is(&name, one)))
        .collect();
    if known.is_empty() || is_local(from) {
        call.unread(reason, sink);
        return true;
    }
    let range = call.versions(reference.as_deref());
    for known in known {
        call.known(known, range, sink);
    }
    true
}

/// A source without its version, its submodule and how it is fetched; and its version, if it names one.
fn split(source: &str) -> (String, Option<String>) {
    let (path, query) = source.split_once('?').unwrap_or((source, ""));
    let reference = query.split('&').find_map(|pair| pair.strip_prefix("ref=").map(str::to_owned));
    let path = path.strip_prefix("git::").unwrap_or(path);
    let path = path.split_once("://").map_or(path, |(_, path)| path);
    let path = path.split("//").next().unwrap_or(path);
    (path.trim_end_matches(".git").to_ascii_lowercase(), reference)
}

/// Whether a source is the known one: all of it, or behind a host.
fn is(name: &str, known: &str) -> bool {
    name.strip_suffix(known).is_some_and(|host| host.is_empty() || host.ends_with(['/', ':']))
}

struct Call<'a> {
    session: &'a Session<'a>,
    scope: &'a Scope,
    source: &'a Arc<Source>,
    block: &'a Block,
    from: &'a str,
    part: usize,
}

impl Call<'_> {
    fn name(&self) -> &str {
        self.block.label(0).unwrap_or_default()
    }

    /// The versions that may be meant.
    fn versions(&self, reference: Option<&str>) -> (Version, Version) {
        let key = match self.scope.key.as_str() {
            "" => self.name().to_owned(),
            key => format!("{key}.{}", self.name()),
        };
        let taken =
            self.session.manifest().and_then(|manifest| manifest.get(&key)?.version.clone());
        let written = text_of(self.block, "version").or(reference);
        version::range(taken.as_deref().or(written).unwrap_or_default())
    }

    /// A module that nobody knows has a row where it may start instances.
    fn unread(&self, reason: &str, sink: &mut Sink) {
        let named = self.block.body.attributes.iter().any(|one| names_metadata(&one.name));
        let from = self.from.to_ascii_lowercase();
        let words = TABLE.as_ref().map(|table| table.launches.as_slice()).unwrap_or_default();
        let launches = words.iter().any(|word| from.contains(word.as_str()));
        if !(named || launches || is_local(self.from)) {
            return;
        }
        let at = self.block.body.attribute("source").map(|expr| expr.span).unwrap_or_default();
        let at = Origin::new(self.source, at);
        for turn in self.session.instances(self.scope, self.part).turns() {
            let mut spec = self.row("module", &turn);
            let why = Unknown { reason: reason.into(), error: false, at: at.clone() };
            spec.options.http_tokens = unresolved(&why);
            spec.count = None;
            sink.spec(spec);
        }
    }

    fn row(&self, kind: &str, turn: &Turn) -> LaunchSpec {
        let address = format!("{}module.{}{}", self.scope.address, self.name(), turn.suffix);
        let span = self.block.span.range();
        let place = match &self.scope.copy_of {
            Some(place) => place.clone(),
            None => self.source.place(span.clone()),
        };
        let mut spec = LaunchSpec::new("terraform", kind, &address, place);
        spec.ignore_comments = ignore::comments(self.source, &span);
        spec.count = None;
        spec
    }

    fn known(&self, known: &Known, range: (Version, Version), sink: &mut Sink) {
        let fits = fitting(&known.versions, range);
        if fits.is_empty() {
            return;
        }
        for turn in self.session.instances(self.scope, self.part).turns() {
            for (value, member) in self.inputs(known, &turn) {
                let given = !value.is_null();
                if !given
                    && fits.iter().all(|since| since.silent == Silent::Unsupported)
                    && known.path.len() > 1
                {
                    continue;
                }
                let mut spec = self.row(self.from, &turn);
                if let Some(member) = member {
                    spec.address = format!("{}[\"{member}\"]", spec.address);
                }
                spec.effect = Some(known.effect);
                spec.inherits_from = vec![Inherits::AccountDefault];
                let own = options::of_block(form(known.form), value.clone());
                spec.options = self.options(known, &own, &fits);
                let supported = !fits.iter().any(|since| since.silent == Silent::Unsupported);
                if supported && self.scope.copy_of.is_none() {
                    spec.fix = fix::fix(self.source, self.block, known, &own, &spec.options);
                }
                sink.seen(&value.origin.source, value.origin.span.range());
                sink.spec(spec);
            }
        }
    }

    /// The input of each group that the module makes, with the group's name.
    fn inputs(&self, known: &Known, turn: &Turn) -> Vec<(Value, Option<String>)> {
        let path: Vec<&str> = known.path.iter().map(String::as_str).collect();
        let Some((first, rest)) = path.split_first() else { return Vec::new() };
        let at = self.block.span;
        let value =
            self.session.with(self.scope, self.source, &turn.bound, &mut |evaluator| match self
                .block
                .body
                .attribute(first)
            {
                Some(expr) => evaluator.eval(expr),
                None => Value::null(evaluator.at(at)),
            });
        match rest {
            ["*", rest @ ..] => value
                .items()
                .unwrap_or_default()
                .into_iter()
                .map(|(key, item)| (end(&item, rest), Some(key.as_ref().to_owned())))
                .collect(),
            rest => vec![(end(&value, rest), None)],
        }
    }

    fn options(&self, known: &Known, own: &options::Own, fits: &[&Since]) -> Options {
        let mut options = own.options.clone();
        if !options.http_tokens.is_absent() {
            return options;
        }
        let partial = known.form == Spelling::Options && !own.block.is_null();
        let outcome = |since: &Since| match since.partial {
            Some(partly) if partial => partly,
            _ => since.silent,
        };
        let at =
            self.block.body.attribute("version").or_else(|| self.block.body.attribute("source"));
        let at = Origin::new(self.source, at.map_or(self.block.span, |expr| expr.span));
        let all: Vec<Silent> = fits.iter().map(|since| outcome(since)).collect();
        let silent = |one: &Silent| matches!(one, Silent::Absent | Silent::Unsupported);
        options.http_tokens = if all.iter().all(|one| *one == Silent::Required) {
            decided(Tokens::Required, &at)
        } else if all.iter().all(|one| *one == Silent::Optional) {
            decided(Tokens::Optional, &at)
        } else if all.iter().all(silent) {
            Declared::Absent
        } else {
            let reason = "it depends on the module's version".into();
            unresolved(&Unknown { reason, error: false, at })
        };
        options
    }
}

/// The module's default stands in its own code: the place is the one that chose its version.
fn decided(value: Tokens, at: &Origin) -> Declared<Tokens> {
    let verbatim = match value {
        Tokens::Required => "required",
        Tokens::Optional => "optional",
    };
    Declared::Set { value, verbatim: verbatim.to_owned(), place: at.place() }
}

fn end(value: &Value, path: &[&str]) -> Value {
    path.iter().fold(value.clone(), |value, name| blocks::get(&value, name))
}

/// As resources spell it.
pub(super) const fn form(spelling: Spelling) -> Form {
    match spelling {
        Spelling::Options => Form::Options,
        Spelling::Flag => Form::Flag,
        Spelling::Tokens => Form::Word,
    }
}

/// The entries that count for some version of a range.
fn fitting(versions: &[Since], (from, to): (Version, Version)) -> Vec<&Since> {
    let begin = |since: &Since| version::parse(&since.from).unwrap_or_default();
    let entries = versions.iter().enumerate().filter(|(index, since)| {
        let end = versions.get(index + 1).map_or([u64::MAX; 3], begin);
        begin(since) < to && from < end
    });
    entries.map(|(_, since)| since).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        let table = TABLE.as_ref().expect("it parses");
        assert!(table.module.len() > 5);
        for known in &table.module {
            let versions: Vec<Version> =
                known.versions.iter().map(|since| version::parse(&since.from).unwrap()).collect();
            assert!(versions.is_sorted(), "{known:?}");
        }
    }

    #[test]
    fn sources_are_recognised_however_they_are_fetched() {
        for source in [
            "terraform-aws-modules/ec2-instance/aws",
            "registry.terraform.io/terraform-aws-modules/ec2-instance/aws",
            "git::https://github.com/terraform-aws-modules/terraform-aws-ec2-instance.git?ref=v5.0.0",
            "git@github.com:terraform-aws-modules/terraform-aws-ec2-instance.git",
        ] {
            let (name, _) = split(source);
            let table = TABLE.as_ref().unwrap();
            assert!(table.module[0].sources.iter().any(|known| is(&name, known)), "{name}");
        }
        let (name, _) = split("xterraform-aws-modules/ec2-instance/aws");
        assert!(!is(&name, "terraform-aws-modules/ec2-instance/aws"));
    }
}
