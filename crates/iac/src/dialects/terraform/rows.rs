//! From a resource to its rows.

use std::sync::Arc;

use super::{
    blocks,
    instances::Turn,
    kinds::{Kind, kind_of},
    module::{Module, Resource},
    options::{self, Own},
    policies,
    references::{self, Base},
    registry, repair,
    session::{Scope, Session},
};
use crate::{
    dialect::Sink,
    hcl::ast::{Block, Expr, Kind as Syntax, Step},
    ignore,
    source::Source,
    spec::{Inherits, LaunchSpec, Options},
};

/// A resource with all that its rows are made of.
struct Site<'a> {
    session: &'a Session<'a>,
    scope: &'a Scope,
    source: &'a Arc<Source>,
    block: &'a Block,
    /// Where it says its options: an override file may do so.
    saying: (&'a Arc<Source>, &'a Block),
    resource: &'a Resource,
    kind: &'static Kind,
}

/// Puts the rows of a scope and of all modules that it calls into the sink.
pub(super) fn read(session: &Session<'_>, scope: &Scope, sink: &mut Sink) {
    policies::read(session, scope, sink);
    for resource in &scope.module.resources {
        let Some(kind) = kind_of(&resource.kind) else { continue };
        let Some((source, block)) = scope.module.block(resource.part) else { continue };
        let name = kind.path.first().copied().unwrap_or_default();
        let saying = scope.module.says(resource.part, name).unwrap_or((source, block));
        Site { session, scope, source, block, saying, resource, kind }.read(sink);
    }
    for (_, part) in &scope.module.calls {
        if never_made(session, scope, *part, sink) {
            continue;
        }
        if registry::read(session, scope, *part, sink) {
            continue;
        }
        for child in session.children(scope, *part).scopes() {
            if let Some(child) = session.scope(child) {
                read(session, &child, sink);
            }
        }
    }
}

/// Whether a part makes nothing: then nothing that it says counts.
pub(super) fn never_made(
    session: &Session<'_>,
    scope: &Scope,
    part: usize,
    sink: &mut Sink,
) -> bool {
    let nothing = session.instances(scope, part).turns().is_empty();
    if let Some((source, block)) = scope.module.block(part).filter(|_| nothing) {
        sink.seen(source, block.span.range());
    }
    nothing
}

/// What resources of a module say is told by its callers: no line of it is reported by itself.
pub(super) fn told_by_callers(module: &Module, sink: &mut Sink) {
    for resource in &module.resources {
        let Some(kind) = kind_of(&resource.kind) else { continue };
        let Some((source, block)) = module.block(resource.part) else { continue };
        for span in kind.path.first().into_iter().flat_map(|name| block.body.spans(name)) {
            sink.seen(source, span.range());
        }
    }
}

impl Site<'_> {
    fn read(&self, sink: &mut Sink) {
        if never_made(self.session, self.scope, self.resource.part, sink) {
            return;
        }
        let instances = self.session.instances(self.scope, self.resource.part);
        let mut rows: Vec<(String, LaunchSpec)> = Vec::new();
        for turn in instances.turns() {
            let own = options::own(self.session, self.scope, self.saying, self.kind, &turn.bound);
            self.saw(&own, sink);
            rows.extend(
                self.specs(&turn, &own).into_iter().map(|spec| (turn.suffix.clone(), spec)),
            );
        }
        for spec in joined(rows) {
            sink.spec(spec);
        }
    }

    /// What the value went through is known: no line of it is reported once more.
    fn saw(&self, own: &Own, sink: &mut Sink) {
        let (_, block) = self.saying;
        for (source, block) in [self.saying, (self.source, self.block)] {
            for span in self.kind.path.first().into_iter().flat_map(|name| block.body.spans(name)) {
                sink.seen(source, span.range());
            }
        }
        // Of a value that is not there the origin is the whole resource, scripts in it included.
        for value in [&own.tokens, &own.block] {
            let origin = &value.origin;
            if origin.literal || origin.span != block.span {
                sink.seen(&origin.source, origin.span.range());
            }
        }
    }

    /// The rows of one instance: one, or one for each template that it launches from.
    fn specs(&self, turn: &Turn, own: &Own) -> Vec<LaunchSpec> {
        if self.nothing_launches(turn) {
            return Vec::new();
        }
        let (session, scope) = (self.session, self.scope);
        let bases = references::bases(session, scope, self.resource.part, self.kind, &turn.bound);
        let bases: Vec<Option<Base>> =
            if bases.is_empty() { vec![None] } else { bases.into_iter().map(Some).collect() };
        let several = bases.len() > 1;
        let rows = bases.into_iter().enumerate().map(|(index, base)| {
            let mut spec = self.row();
            if several && index > 0 {
                spec.address = format!("{} (template {})", spec.address, index + 1);
            }
            spec.count = (turn.counted && scope.counted).then_some(1);
            let below = base.as_ref().is_some_and(|base| base.in_code);
            spec.inherits_from = match &base {
                Some(base) => base.inherits.clone(),
                None => self.service(),
            };
            let base = base.map_or(Options::SILENT, |base| base.options);
            spec.options = own.options.clone().or(base);
            if !own.options.http_tokens.is_absent() || !below {
                let (source, block) = self.saying;
                spec.fix = repair::fix(source, block, self.kind, own, &spec.options);
            }
            if scope.copy_of.is_some() {
                spec.fix = spec.fix.filter(|fix| !fix.splices.iter().any(|one| is_copy(&one.path)));
            }
            spec
        });
        rows.collect()
    }

    fn row(&self) -> LaunchSpec {
        let address =
            format!("{}{}.{}", self.scope.address, self.resource.kind, self.resource.name);
        let span = self.block.span.range();
        let place = self.scope.copy_of.clone().unwrap_or_else(|| self.source.place(span.clone()));
        let mut spec = LaunchSpec::new("terraform", self.kind.name, &address, place);
        spec.effect = Some(self.kind.effect);
        spec.ignored = ignored(self.block);
        spec.ignore_comments = ignore::comments(self.source, &span);
        spec
    }

    fn service(&self) -> Vec<Inherits> {
        let launches = self.kind.account_default && !self.kind.name.contains("eks_node");
        vec![if launches { Inherits::AccountDefault } else { Inherits::Service }]
    }

    /// A compute environment without instances.
    fn nothing_launches(&self, turn: &Turn) -> bool {
        if self.kind.name != "aws_batch_compute_environment" {
            return false;
        }
        let resources = self.session.with(self.scope, self.source, &turn.bound, &mut |evaluator| {
            blocks::read(evaluator, &self.block.body, "compute_resources", self.block.span)
        });
        resources.is_null()
            || blocks::get(&resources, "type")
                .scalar()
                .is_some_and(|kind| kind.to_ascii_uppercase().starts_with("FARGATE"))
    }
}

/// Terraform's copies of modules are not ours to change.
pub(super) fn is_copy(path: &std::path::Path) -> bool {
    path.components().any(|part| part.as_os_str() == ".terraform")
}

/// Instances that say the same are one row; else each has its own, with its key.
fn joined(rows: Vec<(String, LaunchSpec)>) -> Vec<LaunchSpec> {
    let same = rows.windows(2).all(|two| {
        let (one, two) = (&two[0].1, &two[1].1);
        one.options == two.options
            && one.inherits_from == two.inherits_from
            && one.fix == two.fix
            && one.address == two.address
    });
    if !same {
        let keyed = rows.into_iter().map(|(suffix, mut spec)| {
            let (address, rest) = match spec.address.split_once(" (") {
                Some((address, rest)) => (address.to_owned(), format!(" ({rest}")),
                None => (spec.address.clone(), String::new()),
            };
            spec.address = format!("{address}{suffix}{rest}");
            spec
        });
        return keyed.collect();
    }
    let count = rows.len() as u64;
    let first = rows.into_iter().next().map(|(_, mut spec)| {
        spec.count = spec.count.map(|_| count);
        spec
    });
    first.into_iter().collect()
}

/// Attributes of `lifecycle.ignore_changes` that would keep a fix from being applied.
fn ignored(block: &Block) -> Vec<String> {
    let changes =
        block.body.blocks("lifecycle").find_map(|one| one.body.attribute("ignore_changes"));
    let Some(changes) = changes else { return Vec::new() };
    match &changes.kind {
        Syntax::List(items) => items.iter().filter_map(path_text).collect(),
        _ => path_text(changes).into_iter().collect(),
    }
}

fn path_text(expr: &Expr) -> Option<String> {
    match &expr.kind {
        Syntax::Name(name) | Syntax::Text(name) => Some(name.to_string()),
        Syntax::Path(inner, steps) => {
            let mut text = path_text(inner)?;
            for step in steps {
                match step {
                    Step::Attribute(name) => text.extend([".", &**name]),
                    Step::Index(Expr { kind: Syntax::Number(index), .. }) => {
                        text.extend(["[", &*index.to_string(), "]"]);
                    }
                    _ => return Some(text),
                }
            }
            Some(text)
        }
        _ => None,
    }
}
