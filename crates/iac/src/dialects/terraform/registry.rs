//! Modules that lie elsewhere. Terraform's own copy is read where there is one; else the table of known
//! modules says which input decides, and since which version they do what without it.

use std::sync::Arc;

use imdsure_model::effective::Tokens;

use super::{
    blocks,
    calls::{Children, is_local, source_of, text_of},
    instances::Turn,
    known::{Known, Silent, Since, Spelling, TABLE, fitting, form, split},
    module_fix as fix, options,
    session::{Scope, Session},
    version::{self, Version},
};
use crate::{
    dialect::Sink,
    hcl::{
        ast::Block,
        eval::names_metadata,
        unresolved,
        value::{Origin, Unknown, Value},
    },
    ignore,
    source::Source,
    spec::{Declared, Inherits, LaunchSpec, Options},
};

/// Rows of a call whose code is not here; whether the call is done with.
pub(super) fn read(session: &Session<'_>, scope: &Scope, part: usize, sink: &mut Sink) -> bool {
    let Some((source, block)) = scope.module.block(part) else { return true };
    let Some(from) = source_of(block) else { return true };
    let Children::Missing(reason) = &*session.children(scope, part) else { return false };
    let call = Call { session, scope, source, block, from, part };
    let (name, reference) = split(from);
    let known = Known::of(&name);
    if known.is_empty() || is_local(from) {
        call.unread(reason, sink);
        return true;
    }
    let range = call.versions(reference.as_deref());
    for one in &known {
        call.known(one, range, known.len() > 1, sink);
    }
    true
}

/// What a call says for one of the groups that its module makes.
struct Input {
    value: Value,
    /// The group.
    member: Option<String>,
    /// The object that the value is a member of, or would be.
    holder: Value,
}

fn input(value: &Value, path: &[&str], member: Option<String>) -> Input {
    let outer = path.split_last().map_or(&[][..], |(_, outer)| outer);
    let holder = match path {
        [] => Value::null(value.origin.clone()),
        _ => end(value, outer),
    };
    Input { value: end(value, path), member, holder }
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
        let key = self.scope.key_of(self.name());
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

    /// Rows of one input. Of several inputs, one that the version does not have says nothing.
    fn known(&self, known: &Known, range: (Version, Version), several: bool, sink: &mut Sink) {
        let fits = fitting(&known.versions, range);
        if fits.is_empty() {
            return;
        }
        for turn in self.session.instances(self.scope, self.part).turns() {
            for Input { value, member, holder } in self.inputs(known, &turn) {
                let given = !value.is_null();
                if !given && fits.iter().all(|since| since.silent == Silent::Unsupported) && several
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
                    spec.fix =
                        fix::fix(self.source, self.block, known, &own, &holder, &spec.options);
                }
                sink.seen(&value.origin.source, value.origin.span.range());
                sink.spec(spec);
            }
        }
    }

    /// The input of each group that the module makes.
    fn inputs(&self, known: &Known, turn: &Turn) -> Vec<Input> {
        let path: Vec<&str> = known.path.iter().map(String::as_str).collect();
        let Some((first, rest)) = path.split_first() else { return Vec::new() };
        let value = self.argument(first, turn);
        let ["*", rest @ ..] = rest else { return vec![input(&value, rest, None)] };
        let groups = value.items().unwrap_or_default().into_iter();
        let each = groups.map(|(key, group)| input(&group, rest, Some(key.as_ref().to_owned())));
        each.map(|input| match known.defaults.split_first() {
            Some((first, rest)) if input.value.is_null() => {
                let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
                let value = end(&self.argument(first, turn), &rest);
                if value.is_null() { input } else { Input { value, ..input } }
            }
            _ => input,
        })
        .collect()
    }

    /// An argument of the call; nothing where it is not given.
    fn argument(&self, name: &str, turn: &Turn) -> Value {
        let saying = self.scope.module.says(self.part, name);
        let (source, block) = saying.unwrap_or((self.source, self.block));
        self.session.with(self.scope, source, &turn.bound, &mut |evaluator| match block
            .body
            .attribute(name)
        {
            Some(expr) => evaluator.eval(expr),
            None => Value::null(evaluator.at(block.span)),
        })
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
            let reason = if all.contains(&Silent::Unknown) {
                "what the module does by itself is not known".into()
            } else {
                "it depends on the module's version".into()
            };
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
