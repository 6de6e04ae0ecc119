//! The evaluator. What it cannot settle is unknown, with the expression that stopped it; it never guesses.

use std::{cell::Cell, rc::Rc, sync::Arc};

use super::{
    ast::{Expr, Item, Key, Kind, Part, Span, Step},
    functions, ops,
    value::{Data, Map, Origin, Toggle, Unknown, Value},
};
use crate::source::Source;

/// Steps that one evaluation may take: loops within loops would ask for billions.
const STEPS: u32 = 200_000;
/// Levels of one evaluation, references followed.
const DEPTH: u32 = 150;
/// Longer texts are not put together.
pub(super) const MAX_TEXT: usize = 256 * 1024;
/// Larger collections are not made.
pub(super) const MAX_ITEMS: usize = 10_000;

/// Who knows what names mean.
pub trait Names {
    /// The value of a name and the steps behind it, and how many of these it has taken. None where there is
    /// no such name.
    fn name(&self, root: &str, steps: &[Step], at: Origin) -> Option<(Value, usize)>;

    /// The file that code names, where it may be read.
    fn file(&self, _path: &str) -> Option<Arc<Source>> {
        None
    }
}

/// A name that is bound by a loop.
#[derive(Debug)]
pub struct Binding<'a> {
    /// The name.
    pub name: &'a str,
    /// Its value.
    pub value: Value,
    /// Those bound further out.
    pub outer: Option<&'a Binding<'a>>,
}

/// What one evaluation may use up, shared by all evaluators that it leads through.
#[derive(Debug)]
pub struct Budget {
    steps: Cell<u32>,
    depth: Cell<u32>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: Cell::new(STEPS), depth: Cell::new(0) }
    }
}

impl Budget {
    /// Allows a new evaluation its steps.
    pub fn renew(&self) {
        if self.depth.get() == 0 {
            self.steps.set(STEPS);
        }
    }

    /// The steps that are left.
    pub fn left(&self) -> u32 {
        self.steps.get()
    }

    /// One step, one level deeper, and the depth to come back to; none where either is used up.
    fn deeper(&self) -> Option<u32> {
        self.steps.set(self.steps.get().checked_sub(1)?);
        (self.depth.get() < DEPTH).then(|| self.depth.replace(self.depth.get() + 1))
    }
}

/// Evaluates the expressions of one file.
#[derive(Clone, Copy)]
pub struct Evaluator<'a> {
    /// What names mean.
    pub names: &'a dyn Names,
    /// The file.
    pub source: &'a Arc<Source>,
    /// The innermost name that is bound.
    pub bound: Option<&'a Binding<'a>>,
    /// What may be used up.
    pub budget: &'a Budget,
}

impl Evaluator<'_> {
    /// The same with one more name.
    #[must_use]
    pub fn with<'b>(&'b self, binding: &'b Binding<'b>) -> Evaluator<'b> {
        Evaluator {
            names: self.names,
            source: self.source,
            bound: Some(binding),
            budget: self.budget,
        }
    }

    /// A place of this file.
    pub fn at(&self, span: Span) -> Origin {
        Origin::new(self.source, span)
    }

    fn literal(&self, span: Span) -> Origin {
        Origin { literal: true, ..self.at(span) }
    }

    /// What an expression comes to.
    pub fn eval(&self, expr: &Expr) -> Value {
        let Some(depth) = self.budget.deeper() else {
            return Value::unknown("too complex", self.at(expr.span));
        };
        let value = self.kind(expr);
        self.budget.depth.set(depth);
        value
    }

    fn kind(&self, expr: &Expr) -> Value {
        let at = || self.at(expr.span);
        match &expr.kind {
            Kind::Null => Value::new(Data::Null, self.literal(expr.span)),
            Kind::Bool(value) => Value::new(Data::Bool(*value), self.literal(expr.span)),
            Kind::Number(number) => Value::new(Data::Number(*number), self.literal(expr.span)),
            Kind::Text(text) => Value::new(Data::Text((**text).into()), self.literal(expr.span)),
            Kind::Template(parts) => self.template(parts, expr),
            Kind::List(items) => {
                let items = items.iter().map(|item| self.eval(item)).collect();
                Value::list(items, self.literal(expr.span))
            }
            Kind::Map(items) => self.object(items, expr),
            Kind::Name(name) => self.path(name, &[], expr),
            Kind::Path(inner, steps) => match &inner.kind {
                Kind::Name(name) => self.path(name, steps, expr),
                _ => self.steps(self.eval(inner), steps, expr),
            },
            Kind::If(three) => self.choose(three, expr),
            Kind::Call(name, arguments, expand) => {
                functions::call(self, name, arguments, *expand, expr)
            }
            Kind::Not(inner) => ops::not(&self.eval(inner), at()),
            Kind::Minus(inner) => match self.eval(inner).number() {
                Some(number) => Value::new(Data::Number(-number), at()),
                None => Value::unknown("this is no number", at()),
            },
            Kind::Binary(op, sides) => {
                ops::binary(*op, &self.eval(&sides[0]), || self.eval(&sides[1]), at())
            }
            Kind::For(each) => self.each(each, expr),
            Kind::Opaque(why) => Value::unknown(*why, at()),
        }
    }

    fn template(&self, parts: &[Part], expr: &Expr) -> Value {
        let at = self.at(expr.span);
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Value(part) => match self.eval(part) {
                    value if value.scalar().is_some() => {
                        text.push_str(&value.scalar().unwrap_or_default());
                    }
                    value => {
                        return match value.why() {
                            Some(why) => Value::new(Data::Unknown(Rc::new(why)), at),
                            None => Value::error("this is no text", self.at(part.span)),
                        };
                    }
                },
                Part::Directive => {
                    return Value::unknown("a template's directive is not evaluated", at);
                }
            }
            if text.len() > MAX_TEXT {
                return Value::unknown("too complex", at);
            }
        }
        Value::text(text, at)
    }

    fn object(&self, items: &[Item], expr: &Expr) -> Value {
        let mut map = Map::default();
        for item in items {
            let value = self.eval(&item.value);
            match &item.key {
                Key::Text(name) => map.items.push(((**name).into(), value)),
                Key::Computed(key) => {
                    let key = self.eval(key);
                    match key.scalar() {
                        Some(name) => map.set(name, value),
                        None => map.open = key.why().map(Rc::new),
                    }
                }
            }
        }
        Value::map(map, self.literal(expr.span))
    }

    fn path(&self, name: &str, steps: &[Step], expr: &Expr) -> Value {
        let mut bound = self.bound;
        while let Some(binding) = bound {
            if binding.name == name {
                return self.steps(binding.value.clone(), steps, expr);
            }
            bound = binding.outer;
        }
        match self.names.name(name, steps, self.at(expr.span)) {
            Some((value, taken)) => self.steps(value, steps.get(taken..).unwrap_or_default(), expr),
            None => Value::unknown(format!("{name} is not known here"), self.at(expr.span)),
        }
    }

    /// The value at the end of steps.
    pub fn steps(&self, value: Value, steps: &[Step], expr: &Expr) -> Value {
        let mut value = value;
        for (index, step) in steps.iter().enumerate() {
            value = match step {
                Step::Attribute(name) => ops::attribute(&value, name, &self.at(expr.span)),
                Step::Index(key) => ops::index(&value, &self.eval(key), &self.at(expr.span)),
                Step::Splat => {
                    let rest = steps.get(index + 1..).unwrap_or_default();
                    return self.splat(&value, rest, expr);
                }
                Step::AttributeSplat => {
                    let rest = steps.get(index + 1..).unwrap_or_default();
                    let attribute = |step: &&Step| matches!(step, Step::Attribute(_));
                    let each = rest.iter().take_while(attribute).count();
                    let (each, rest) = rest.split_at(each);
                    return self.steps(self.splat(&value, each, expr), rest, expr);
                }
            };
        }
        value
    }

    fn splat(&self, value: &Value, rest: &[Step], expr: &Expr) -> Value {
        let at = self.at(expr.span);
        match &value.data {
            Data::Null => Value::list(Vec::new(), at),
            Data::List(items) => {
                let items = items.iter().map(|item| self.steps(item.clone(), rest, expr));
                Value::list(items.collect(), at)
            }
            Data::Unknown(_) | Data::Either(_) => match value.why() {
                Some(why) => Value::new(Data::Unknown(Rc::new(why)), at),
                None => value.clone(),
            },
            // How many there are is not known: what is said of each of them stays a reference.
            Data::Reference(reference) if reference.open => self.steps(value.clone(), rest, expr),
            _ => Value::list(vec![self.steps(value.clone(), rest, expr)], at),
        }
    }

    /// Both sides are evaluated: what the other one would give is what a repair may want.
    fn choose(&self, three: &[Expr; 3], expr: &Expr) -> Value {
        let [condition, yes, no] = three;
        let written = condition;
        let condition = self.eval(condition);
        let Some(truth) = condition.boolean() else {
            let why = condition.why().unwrap_or_else(|| Unknown {
                reason: "the condition is no boolean".into(),
                error: true,
                at: self.at(written.span),
            });
            if why.error {
                return Value::new(Data::Unknown(Rc::new(why)), self.at(expr.span));
            }
            return Value::either(self.eval(yes), self.eval(no), why, self.at(expr.span));
        };
        let (taken, other) = if truth { (yes, no) } else { (no, yes) };
        let mut value = self.eval(taken);
        if value.toggle.is_none()
            && let Some(toggle) = condition.toggled()
        {
            let written = self.source.slice(written.span.range());
            let named = toggle.named || names_metadata(written);
            let other = self.eval(other).data;
            value.toggle = Some(Rc::new(Toggle { other, named, ..toggle }));
        }
        value
    }
}

/// Whether words are about the metadata service.
pub fn names_metadata(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["token", "imds", "metadata"].iter().any(|word| text.contains(word))
}
