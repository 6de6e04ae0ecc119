//! Values, and where they come from: the literal that has to change so that they change.

use std::{rc::Rc, sync::Arc};

use super::ast::Span;
use crate::source::{Place, Source};

/// A value.
#[derive(Debug, Clone)]
pub struct Value {
    /// What it is.
    pub data: Data,
    /// Where it was decided.
    pub origin: Origin,
    /// The boolean that would make another value of it.
    pub toggle: Option<Rc<Toggle>>,
}

/// What a value is.
#[derive(Debug, Clone)]
pub enum Data {
    /// `null`, or nothing at all.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(Rc<str>),
    /// A list, tuple or set.
    List(Rc<Vec<Value>>),
    /// A map or object.
    Map(Rc<Map>),
    /// The text of `jsonencode`, and what it encodes.
    Encoded(Rc<Value>),
    /// Something that the names' owner knows (a resource): known only when it is applied.
    Reference(Reference),
    /// Not settled by the text, and why.
    Unknown(Rc<Unknown>),
    /// One of two, by a condition that the text does not settle.
    Either(Rc<(Value, Value, Unknown)>),
}

/// A map.
#[derive(Debug, Clone, Default)]
pub struct Map {
    /// Its members, in the order of the text; a key stands once.
    pub items: Vec<(Rc<str>, Value)>,
    /// Why there may be further members.
    pub open: Option<Rc<Unknown>>,
}

/// A reference to a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The scope that it is in, as the owner counts.
    pub scope: usize,
    /// The resource, as the owner counts.
    pub resource: usize,
    /// Which of its instances.
    pub key: Option<Rc<str>>,
    /// What of it: `id`, `latest_version`.
    pub path: Rc<str>,
    /// Whether it stands for an unknown number of instances.
    pub open: bool,
}

/// Why a value is not known.
#[derive(Debug, Clone)]
pub struct Unknown {
    /// In words.
    pub reason: Rc<str>,
    /// Whether it is a mistake, which `try` passes over.
    pub error: bool,
    /// The expression that stopped it.
    pub at: Origin,
}

/// A place in a file.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The file.
    pub source: Arc<Source>,
    /// The bytes.
    pub span: Span,
    /// Whether it is a literal: changing it there changes the value.
    pub literal: bool,
}

/// A boolean literal, and what the value would be if it were the other one.
#[derive(Debug, Clone)]
pub struct Toggle {
    /// The literal.
    pub at: Origin,
    /// What it says now.
    pub now: bool,
    /// The other value.
    pub other: Data,
    /// Whether names around it say that it is about the metadata service. A flag like `production` decides
    /// much else.
    pub named: bool,
}

impl Origin {
    /// A place that is no literal.
    pub fn new(source: &Arc<Source>, span: Span) -> Self {
        Self { source: Arc::clone(source), span, literal: false }
    }

    /// As a place of rows.
    pub fn place(&self) -> Place {
        self.source.place(self.span.range())
    }

    /// Whether it is the same place.
    pub fn same(&self, other: &Self) -> bool {
        self.span == other.span && Arc::ptr_eq(&self.source, &other.source)
    }

    /// The text, on one line and not too long.
    pub fn expression(&self) -> String {
        let written = self.source.slice(self.span.range());
        let words: Vec<&str> = written.split_whitespace().take(50).collect();
        let text = words.join(" ");
        if text.chars().count() <= 200 {
            return text;
        }
        text.chars().take(199).chain(['…']).collect()
    }
}

impl Map {
    /// A member.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.items.iter().find(|(name, _)| &**name == key).map(|(_, value)| value)
    }

    /// Sets a member.
    pub fn set(&mut self, key: Rc<str>, value: Value) {
        match self.items.iter_mut().find(|(name, _)| *name == key) {
            Some((_, old)) => *old = value,
            None => self.items.push((key, value)),
        }
    }
}

impl Value {
    /// A value that is put together.
    pub fn new(data: Data, origin: Origin) -> Self {
        Self { data, origin, toggle: None }
    }

    /// Nothing.
    pub fn null(origin: Origin) -> Self {
        Self::new(Data::Null, origin)
    }

    /// A string that is put together.
    pub fn text(text: impl Into<Rc<str>>, origin: Origin) -> Self {
        Self::new(Data::Text(text.into()), origin)
    }

    /// A list.
    pub fn list(items: Vec<Value>, origin: Origin) -> Self {
        Self::new(Data::List(Rc::new(items)), origin)
    }

    /// A map.
    pub fn map(map: Map, origin: Origin) -> Self {
        Self::new(Data::Map(Rc::new(map)), origin)
    }

    /// What the text does not settle.
    pub fn unknown(reason: impl Into<Rc<str>>, at: Origin) -> Self {
        let unknown = Unknown { reason: reason.into(), error: false, at: at.clone() };
        Self::new(Data::Unknown(Rc::new(unknown)), at)
    }

    /// A mistake: `try` passes over it.
    pub fn error(reason: impl Into<Rc<str>>, at: Origin) -> Self {
        let unknown = Unknown { reason: reason.into(), error: true, at: at.clone() };
        Self::new(Data::Unknown(Rc::new(unknown)), at)
    }

    /// One of two.
    pub fn either(one: Self, two: Self, why: Unknown, origin: Origin) -> Self {
        match (&one.data, &two.data) {
            (Data::Null, Data::Null) => one,
            _ => Self::new(Data::Either(Rc::new((one, two, why))), origin),
        }
    }

    /// Whether it is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// Why it is not known; none where it is.
    pub fn why(&self) -> Option<Unknown> {
        match &self.data {
            Data::Unknown(unknown) => Some((**unknown).clone()),
            Data::Either(both) => Some(both.2.clone()),
            Data::Reference(_) => Some(Unknown {
                reason: "known only when it is applied".into(),
                error: false,
                at: self.origin.clone(),
            }),
            _ => None,
        }
    }

    /// Whether it is a mistake.
    pub fn is_error(&self) -> bool {
        matches!(&self.data, Data::Unknown(unknown) if unknown.error)
    }

    /// A boolean, also as text.
    pub fn boolean(&self) -> Option<bool> {
        match &self.data {
            Data::Bool(value) => Some(*value),
            Data::Text(text) if matches!(&**text, "true" | "1") => Some(true),
            Data::Text(text) if matches!(&**text, "false" | "0") => Some(false),
            Data::Either(both) => both.0.boolean().filter(|one| both.1.boolean() == Some(*one)),
            _ => None,
        }
    }

    /// A number, also as text.
    pub fn number(&self) -> Option<f64> {
        match &self.data {
            Data::Number(number) => Some(*number),
            Data::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// The text of a scalar.
    pub fn scalar(&self) -> Option<Rc<str>> {
        match &self.data {
            Data::Bool(value) => Some(value.to_string().into()),
            Data::Number(number) => Some(number_text(*number).into()),
            Data::Text(text) => Some(Rc::clone(text)),
            Data::Encoded(value) => super::json::encode(value).map(Into::into),
            Data::Either(both) => {
                both.0.scalar().filter(|one| both.1.scalar().as_ref() == Some(one))
            }
            _ => None,
        }
    }

    /// The items of a list or the values of a map that are all there; those in the order of their keys.
    pub fn items(&self) -> Option<Vec<(Rc<str>, Value)>> {
        match &self.data {
            Data::List(items) => Some(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| (index.to_string().into(), item.clone()))
                    .collect(),
            ),
            Data::Map(map) if map.open.is_none() => {
                let mut items = map.items.clone();
                items.sort_by(|one, two| one.0.cmp(&two.0));
                Some(items)
            }
            _ => None,
        }
    }

    /// The toggle: its own, or itself where it is a boolean literal.
    pub fn toggled(&self) -> Option<Toggle> {
        match (&self.toggle, &self.data) {
            (Some(toggle), _) => Some((**toggle).clone()),
            (None, Data::Bool(now)) if self.origin.literal => Some(Toggle {
                at: self.origin.clone(),
                now: *now,
                other: Data::Bool(!now),
                named: false,
            }),
            _ => None,
        }
    }

    /// Where it was decided: the flag that would change it, else its own place.
    pub fn decided_at(&self) -> &Origin {
        match &self.toggle {
            Some(toggle) if toggle.named => &toggle.at,
            _ => &self.origin,
        }
    }
}

/// A number as text: whole ones without a point.
pub fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return format!("{}", number as i64);
    }
    number.to_string()
}
