//! What an expression of Jinja comes to, where it is one of those that settings are written with: variables
//! and their members, literals, conditions, and a few filters. Everything else is not known.

use super::variables::{Scope, Variable};
use crate::{
    node::{Value, boolean},
    setting::{At, Setting},
};

/// Filters that do not change what an option is.
const NEUTRAL: [&str; 7] = ["lower", "string", "trim", "bool", "int", "mandatory", "upper"];
/// Deeper nesting of variables and brackets is not followed.
const MAX_DEPTH: usize = 24;

/// What a value of a task or variable comes to.
pub(super) fn resolve<'a>(scope: &Scope<'a>, at: At<'a>) -> Setting<'a> {
    resolve_at(scope, at, 0)
}

/// The member of a mapping, which may itself be an expression.
pub(super) fn member<'a>(scope: &Scope<'a>, map: &Setting<'a>, key: &str) -> Setting<'a> {
    member_at(scope, map, key, 0)
}

fn member_at<'a>(scope: &Scope<'a>, map: &Setting<'a>, key: &str, depth: usize) -> Setting<'a> {
    match map {
        Setting::Nothing => Setting::Nothing,
        Setting::Literal(at) if at.node.is_map() => match at.node.get(key) {
            Some(node) => resolve_at(scope, At { source: at.source, node }, depth + 1),
            None => Setting::Nothing,
        },
        Setting::Unknown(..) => map.clone(),
        Setting::Literal(at) | Setting::Part(_, at, _) | Setting::Made(_, at) => {
            Setting::Unknown(format!("{key} was expected in it"), *at)
        }
    }
}

fn resolve_at<'a>(scope: &Scope<'a>, at: At<'a>, depth: usize) -> Setting<'a> {
    let unknown = |reason: &str| Setting::Unknown(reason.to_owned(), at);
    let left = scope.steps.get().checked_sub(1);
    scope.steps.set(left.unwrap_or(0));
    if left.is_none() || depth > MAX_DEPTH {
        return unknown("its variables are nested too deep");
    }
    match (&at.node.value, at.node.tag.as_deref()) {
        (Value::Null, _) => Setting::Nothing,
        (Value::Scalar(_), Some("!vault")) => unknown("it is encrypted"),
        (Value::Scalar(text), tag) if tag != Some("!unsafe") => {
            if text.contains("{%") || text.contains("{#") {
                unknown("statements of a template are not evaluated here")
            } else if text.contains("{{") {
                interpolate(scope, at, text, depth)
            } else {
                Setting::Literal(at)
            }
        }
        _ => Setting::Literal(at),
    }
}

/// One expression is its value; several, or one with text around it, are put together.
fn interpolate<'a>(scope: &Scope<'a>, at: At<'a>, text: &str, depth: usize) -> Setting<'a> {
    // Where the text stands in the file, if it stands there as it is.
    let written = at.source.slice(at.node.span.clone());
    let base = written.find(text).map(|begin| at.node.span.start + begin);
    let (mut made, mut rest, mut offset) = (String::new(), text, 0);
    loop {
        let Some(begin) = rest.find("{{") else {
            made.push_str(rest);
            return Setting::Made(made, at);
        };
        let Some(length) = rest[begin + 2..].find("}}") else {
            return Setting::Unknown("this expression has no end".to_owned(), at);
        };
        let inner = &rest[begin + 2..begin + 2 + length];
        let base = base.map(|base| base + offset + begin + 2);
        let value = Parser { scope, at, text: inner, position: 0, base, depth }.whole();
        let end = begin + length + 4;
        let alone =
            made.is_empty() && rest[..begin].trim().is_empty() && rest[end..].trim().is_empty();
        if alone {
            return value;
        }
        made.push_str(&rest[..begin]);
        match value.text() {
            Some(text) => made.push_str(text),
            None => return unknown_of(value, at),
        }
        offset += end;
        rest = &rest[end..];
    }
}

fn unknown_of<'a>(value: Setting<'a>, at: At<'a>) -> Setting<'a> {
    match value {
        Setting::Unknown(..) => value,
        _ => Setting::Unknown("this is no text".to_owned(), at),
    }
}

/// A value, or a variable that is not defined, which only a default can stand in for.
enum Operand<'a> {
    Is(Setting<'a>),
    Undefined(String),
}

struct Parser<'s, 'a> {
    scope: &'s Scope<'a>,
    at: At<'a>,
    text: &'s str,
    position: usize,
    /// Where the text begins in the file.
    base: Option<usize>,
    depth: usize,
}

impl<'a> Parser<'_, 'a> {
    /// The whole expression, or that it is not understood.
    fn whole(mut self) -> Setting<'a> {
        let value = self.choice();
        if self.rest().is_empty() {
            return match value {
                Some(operand) => self.defined(operand),
                None => self.unknown("this expression is not evaluated here"),
            };
        }
        self.unknown("this expression is not evaluated here")
    }

    fn unknown(&self, reason: &str) -> Setting<'a> {
        Setting::Unknown(reason.to_owned(), self.at)
    }

    fn defined(&self, operand: Operand<'a>) -> Setting<'a> {
        match operand {
            Operand::Is(setting) => setting,
            Operand::Undefined(name) => {
                self.unknown(&format!("variable {name} is not in the code that was read"))
            }
        }
    }

    fn rest(&mut self) -> &str {
        let rest = &self.text[self.position..];
        self.position += rest.len() - rest.trim_start().len();
        &self.text[self.position..]
    }

    fn take(&mut self, mark: &str) -> bool {
        let found = self.rest().starts_with(mark);
        if found {
            self.position += mark.len();
        }
        found
    }

    /// A word that is no part of a longer one.
    fn keyword(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let next = rest.strip_prefix(word).map(|after| after.chars().next());
        let whole = next.is_some_and(|c| !c.is_some_and(|c| c.is_alphanumeric() || c == '_'));
        if whole {
            self.position += word.len();
        }
        whole
    }

    fn name(&mut self) -> Option<String> {
        let rest = self.rest();
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = rest.find(|c: char| !word(c)).unwrap_or(rest.len());
        let name = rest[..length].to_owned();
        self.position += length;
        (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some(name)
    }

    /// `A if CONDITION else B`
    fn choice(&mut self) -> Option<Operand<'a>> {
        if self.depth > MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let value = self.choice_inner();
        self.depth -= 1;
        value
    }

    fn choice_inner(&mut self) -> Option<Operand<'a>> {
        let first = self.comparison()?;
        if !self.keyword("if") {
            return Some(first);
        }
        let condition = self.comparison()?;
        let condition = self.defined(condition);
        let other =
            if self.keyword("else") { self.choice()? } else { Operand::Is(Setting::Nothing) };
        Some(self.pick(condition, first, other))
    }

    fn pick(&self, condition: Setting<'a>, yes: Operand<'a>, no: Operand<'a>) -> Operand<'a> {
        match truth(&condition) {
            Some(true) => yes,
            Some(false) => no,
            None => Operand::Is(unknown_of(condition, self.at)),
        }
    }

    fn comparison(&mut self) -> Option<Operand<'a>> {
        if self.keyword("not") {
            let value = self.comparison()?;
            let value = self.defined(value);
            return Some(Operand::Is(self.bool_of(truth(&value).map(|truth| !truth), value)));
        }
        let left = self.filtered()?;
        if self.keyword("is") {
            let not = self.keyword("not");
            let wanted = if self.keyword("defined") { !not } else { return None };
            let defined = matches!(left, Operand::Is(_));
            return Some(Operand::Is(self.made(&(defined == wanted).to_string())));
        }
        let equal = self.take("==");
        if !equal && !self.take("!=") {
            return Some(left);
        }
        let right = self.filtered()?;
        let (left, right) = (self.defined(left), self.defined(right));
        let same = left.text().zip(right.text()).map(|(left, right)| (left == right) == equal);
        let unknown = if left.text().is_none() { left } else { right };
        Some(Operand::Is(self.bool_of(same, unknown)))
    }

    fn bool_of(&self, truth: Option<bool>, unknown: Setting<'a>) -> Setting<'a> {
        truth.map_or_else(|| unknown_of(unknown, self.at), |truth| self.made(&truth.to_string()))
    }

    fn made(&self, text: &str) -> Setting<'a> {
        Setting::Made(text.to_owned(), self.at)
    }

    /// A value behind filters.
    fn filtered(&mut self) -> Option<Operand<'a>> {
        let mut value = self.primary()?;
        while self.take("|") {
            let filter = self.name()?;
            let arguments = if self.take("(") { self.arguments()? } else { Vec::new() };
            let mut arguments = arguments.into_iter();
            value = match (filter.as_str(), value) {
                ("default" | "d", Operand::Undefined(_)) => match arguments.next() {
                    Some(default) => default,
                    None => Operand::Is(self.made("")),
                },
                ("default" | "d", is) => {
                    let empty = matches!(&is, Operand::Is(setting) if setting.text() == Some(""));
                    let second = arguments.nth(1).map(|second| self.defined(second));
                    // Whether an empty value counts as none is said by a second argument.
                    if empty && second.is_some() {
                        return None;
                    }
                    is
                }
                ("ternary", value) => {
                    let condition = self.defined(value);
                    self.pick(condition, arguments.next()?, arguments.next()?)
                }
                (name, value) if NEUTRAL.contains(&name) => value,
                _ => return None,
            };
        }
        Some(value)
    }

    fn arguments(&mut self) -> Option<Vec<Operand<'a>>> {
        let mut arguments = Vec::new();
        while !self.take(")") {
            // `default(value=…)` and the like.
            let before = self.position;
            if self.name().is_none() || !self.take("=") || self.rest().starts_with('=') {
                self.position = before;
            }
            arguments.push(self.choice()?);
            if !self.take(",") && !self.rest().starts_with(')') {
                return None;
            }
        }
        Some(arguments)
    }

    fn primary(&mut self) -> Option<Operand<'a>> {
        if self.take("(") {
            let value = self.choice()?;
            return self.take(")").then_some(value);
        }
        let first = self.rest().chars().next()?;
        if first == '\'' || first == '"' {
            return self.quoted(first).map(Operand::Is);
        }
        if first.is_ascii_digit() {
            let rest = self.rest();
            let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let number = rest[..length].to_owned();
            self.position += length;
            return Some(Operand::Is(self.made(&number)));
        }
        let name = self.name()?;
        let value = match name.as_str() {
            "true" | "True" | "false" | "False" => Operand::Is(self.made(&name)),
            "omit" | "none" | "None" => Operand::Is(Setting::Nothing),
            // A function, whose name would be taken for a variable's.
            _ if self.rest().starts_with('(') => return None,
            _ => match self.scope.variable(&name) {
                Variable::Is(at) => Operand::Is(resolve_at(self.scope, at, self.depth + 1)),
                Variable::Running => {
                    let reason = format!("variable {name} gets its value while the play runs");
                    Operand::Is(self.unknown(&reason))
                }
                Variable::Undefined => Operand::Undefined(name),
            },
        };
        self.members(value)
    }

    /// `.key`, `['key']`
    fn members(&mut self, mut value: Operand<'a>) -> Option<Operand<'a>> {
        loop {
            let key = if self.take(".") {
                self.name()?
            } else if self.take("[") {
                let quote = self.rest().chars().next().filter(|c| matches!(c, '\'' | '"'))?;
                let key = self.quoted(quote)?.text()?.to_owned();
                self.take("]").then_some(key)?
            } else {
                return Some(value);
            };
            if self.rest().starts_with('(') {
                return None;
            }
            value = match value {
                Operand::Is(map) => match member_at(self.scope, &map, &key, self.depth) {
                    Setting::Nothing => Operand::Undefined(key),
                    member => Operand::Is(member),
                },
                Operand::Undefined(name) => Operand::Undefined(format!("{name}.{key}")),
            };
        }
    }

    /// A string: it can be changed where it stands, if it stands in the file as it is.
    fn quoted(&mut self, quote: char) -> Option<Setting<'a>> {
        let begin = self.position + 1;
        let length = self.text.get(begin..)?.find(quote)?;
        let text = self.text[begin..begin + length].to_owned();
        self.position = begin + length + 1;
        if text.contains('\\') {
            return None;
        }
        let part = self.base.map(|base| base + begin..base + begin + length);
        Some(match part {
            Some(bytes) if !text.is_empty() => Setting::Part(text, self.at, bytes),
            _ => Setting::Made(text, self.at),
        })
    }
}

fn truth(value: &Setting<'_>) -> Option<bool> {
    match value {
        Setting::Nothing => Some(false),
        Setting::Unknown(..) => None,
        _ => {
            let text = value.text()?;
            Some(boolean(text).unwrap_or(!text.is_empty() && text != "0"))
        }
    }
}
