//! Intrinsic functions: evaluated over the defaults of parameters as far as the text settles them.

use std::{borrow::Cow, cell::Cell};

use super::{condition::Truth, template::Template, value::Value};
use crate::node::Node;

/// Steps of one evaluation. Real templates take dozens; nested aliases could ask for millions.
const STEPS: u32 = 20_000;
/// Levels of one evaluation.
const MAX_DEPTH: u32 = 100;
/// Longer texts are not put together.
const MAX_TEXT: usize = 64 * 1024;

/// Evaluates the expressions of a resource.
pub(super) struct Evaluator<'a> {
    pub(super) template: &'a Template<'a>,
    /// Identifiers of the loops around it, and their values.
    pub(super) bindings: Vec<(String, String)>,
    steps: Cell<u32>,
    pub(super) depth: Cell<u32>,
}

/// The function that a node calls, and its argument: the node itself where it is a tag.
pub(super) fn call(node: &Node) -> Option<(&str, &Node)> {
    if let Some(tag) = node.tag.as_deref().and_then(|tag| tag.strip_prefix('!')) {
        let name = match tag {
            "Ref" => "Ref",
            "Condition" => "Condition",
            "If" => "Fn::If",
            "Sub" => "Fn::Sub",
            "Join" => "Fn::Join",
            "Select" => "Fn::Select",
            "Split" => "Fn::Split",
            "FindInMap" => "Fn::FindInMap",
            "Equals" => "Fn::Equals",
            "And" => "Fn::And",
            "Or" => "Fn::Or",
            "Not" => "Fn::Not",
            "GetAtt" => "Fn::GetAtt",
            // Tags of the YAML types (`!!str`) call nothing.
            other if other.starts_with('!') => return None,
            other => other,
        };
        return Some((name, node));
    }
    match node.members() {
        [one] if one.key == "Ref" || one.key == "Condition" || one.key.starts_with("Fn::") => {
            Some((&one.key, &one.node))
        }
        _ => None,
    }
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(template: &'a Template<'a>, bindings: Vec<(String, String)>) -> Self {
        Self { template, bindings, steps: Cell::new(STEPS), depth: Cell::new(0) }
    }

    /// One step, one level deeper, and the depth to come back to; none where either is used up. Parameters
    /// and conditions may lead far, and the stack is not theirs to fill.
    pub(super) fn deeper(&self) -> Option<u32> {
        let (left, depth) = (self.steps.get(), self.depth.get());
        self.steps.set(left.checked_sub(1)?);
        (depth < MAX_DEPTH).then(|| self.depth.replace(depth + 1))
    }

    /// What a node comes to.
    pub(super) fn resolve(&self, node: &'a Node) -> Value<'a> {
        let Some(depth) = self.deeper() else {
            return Value::Unknown("too complex".to_owned(), node);
        };
        let value = match call(node) {
            Some((name, argument)) => self.function(name, argument, node),
            None => Value::Node(node),
        };
        self.depth.set(depth);
        value
    }

    /// The value at the end of a path of properties.
    pub(super) fn at(&self, value: &Value<'a>, path: &[&str]) -> Value<'a> {
        path.iter().fold(value.clone(), |value, key| self.property(&value, key))
    }

    /// A property of what may be a mapping.
    pub(super) fn property(&self, value: &Value<'a>, key: &str) -> Value<'a> {
        match value {
            Value::Node(node) if node.is_null() => Value::Nothing,
            Value::Node(node) if !node.is_map() => {
                Value::Unknown("this is no mapping".to_owned(), node)
            }
            Value::Node(node) => match node.get(key) {
                Some(child) => self.resolve(child),
                None if node.get("Fn::Transform").is_some() => {
                    Value::Unknown("a transform adds properties here".to_owned(), node)
                }
                None if loops(node) => {
                    Value::Unknown("a loop adds properties here".to_owned(), node)
                }
                None => Value::Nothing,
            },
            Value::Text(_, node) => Value::Unknown("this is no mapping".to_owned(), node),
            Value::Nothing | Value::Removed(_) => Value::Nothing,
            Value::Unknown(..) => value.clone(),
            Value::Either(both, reason, at) => {
                let (one, two) = (self.property(&both.0, key), self.property(&both.1, key));
                Value::either(one, two, reason.clone(), at)
            }
        }
    }

    fn function(&self, name: &str, argument: &'a Node, node: &'a Node) -> Value<'a> {
        let unknown = |reason: &str| Value::Unknown(reason.to_owned(), node);
        match (name, argument.items()) {
            ("Ref", _) => match argument.text() {
                Some(name) => self.reference(name, node),
                None => unknown("this Ref names nothing"),
            },
            ("Fn::If", [condition, one, two]) => self.choose(condition, one, two, node),
            ("Fn::FindInMap", [map, first, second, rest @ ..]) => {
                let default = rest.first().and_then(|rest| rest.get("DefaultValue"));
                self.find([map, first, second], default.map(AsRef::as_ref), node)
            }
            ("Fn::Sub", [text, names]) => self.substitute(text, Some(names), node),
            ("Fn::Sub", []) => self.substitute(argument, None, node),
            ("Fn::Join", [separator, list]) => self.join(separator, list, node),
            ("Fn::Select", [index, list]) => self.select(index, list, node),
            ("Fn::GetAtt" | "Fn::ImportValue", _) => unknown("known only when it is deployed"),
            _ => unknown(&format!("{name} is not evaluated here")),
        }
    }

    fn reference(&self, name: &str, node: &'a Node) -> Value<'a> {
        if let Some((_, value)) = self.bindings.iter().rev().find(|(bound, _)| bound == name) {
            return Value::Text(value.clone(), node);
        }
        if name == "AWS::NoValue" {
            return Value::Removed(node);
        }
        if let Some(parameter) = self.template.parameter(name) {
            return parameter_value(name, parameter, node);
        }
        Value::Unknown(format!("{name} is known only when it is deployed"), node)
    }

    fn choose(
        &self,
        condition: &'a Node,
        one: &'a Node,
        two: &'a Node,
        node: &'a Node,
    ) -> Value<'a> {
        let truth = match condition.text() {
            Some(name) if call(condition).is_none() => self.named(name),
            _ => self.truth(condition),
        };
        match truth {
            Truth::True => self.resolve(one),
            Truth::False => self.resolve(two),
            Truth::Open(reason) => {
                Value::either(self.resolve(one), self.resolve(two), reason, node)
            }
        }
    }

    fn find(&self, names: [&'a Node; 3], default: Option<&'a Node>, node: &'a Node) -> Value<'a> {
        let [map, first, second] = names.map(|name| self.resolve(name));
        let Some(map) = map.text().and_then(|name| self.template.mapping(&name)) else {
            return Value::Unknown("no such mapping".to_owned(), node);
        };
        self.template.seen.borrow_mut().push(map.span.clone());
        let Some(second) = second.text() else {
            return Value::Unknown("the key is known only when it is deployed".to_owned(), node);
        };
        let found = match first.text() {
            Some(first) => map.at(&[&*first, &*second]),
            None => return same_in_all(map, &second, node),
        };
        match (found, default) {
            (Some(found), _) => Value::Node(found),
            (None, Some(default)) => self.resolve(default),
            (None, None) => Value::Unknown("the mapping has no such key".to_owned(), node),
        }
    }

    fn substitute(&self, text: &'a Node, names: Option<&'a Node>, node: &'a Node) -> Value<'a> {
        let Some(text) = text.text() else {
            return Value::Unknown("this is no text to substitute in".to_owned(), node);
        };
        let value = |name: &str| match names.and_then(|names| names.get(name)) {
            Some(own) => self.resolve(own),
            None => self.reference(name, node),
        };
        // `${Tokens}` alone is that parameter, and is repaired there.
        if let Some(name) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'))
            && !name.contains(['$', '{', '}', '!'])
        {
            return value(name.trim());
        }
        let (mut result, mut rest) = (String::new(), text);
        while let Some(at) = rest.find("${") {
            result.push_str(&rest[..at]);
            let Some(end) = rest[at..].find('}') else { break };
            let name = &rest[at + 2..at + end];
            rest = &rest[at + end + 1..];
            if let Some(literal) = name.strip_prefix('!') {
                result.extend(["${", literal, "}"]);
                continue;
            }
            match value(name.trim()) {
                known if known.text().is_some() => {
                    result.push_str(&known.text().unwrap_or_default());
                }
                Value::Unknown(reason, _) => return Value::Unknown(reason, node),
                _ => return Value::Unknown(format!("{name} is no text"), node),
            }
            if result.len() > MAX_TEXT {
                return Value::Unknown("too complex".to_owned(), node);
            }
        }
        result.push_str(rest);
        Value::Text(result, node)
    }

    fn join(&self, separator: &'a Node, list: &'a Node, node: &'a Node) -> Value<'a> {
        let parts = match self.list(list) {
            Ok(parts) => parts,
            Err(reason) => return Value::Unknown(reason, node),
        };
        let separator = separator.text().unwrap_or_default();
        if parts.iter().map(|part| part.len() + separator.len()).sum::<usize>() > MAX_TEXT {
            return Value::Unknown("too complex".to_owned(), node);
        }
        Value::Text(parts.join(separator), node)
    }

    fn select(&self, index: &'a Node, list: &'a Node, node: &'a Node) -> Value<'a> {
        let index = self.resolve(index).text().and_then(|index| index.parse::<usize>().ok());
        if let (Some(index), None) = (index, call(list)) {
            // Only the chosen item has to be known.
            if let Some(item) = list.items().get(index) {
                return self.resolve(item);
            }
        }
        match (index, self.list(list)) {
            (Some(index), Ok(parts)) if index < parts.len() => {
                Value::Text(parts[index].clone(), node)
            }
            (_, Err(reason)) => Value::Unknown(reason, node),
            _ => Value::Unknown("there is no such item".to_owned(), node),
        }
    }

    /// A list of texts, or why it is none.
    pub(super) fn list(&self, node: &'a Node) -> Result<Vec<String>, String> {
        if let Some(("Fn::Split", argument)) = call(node) {
            let [separator, text] = argument.items() else {
                return Err("Fn::Split takes two arguments".to_owned());
            };
            let (separator, text) = (separator.text(), self.resolve(text));
            return match (separator, text.text()) {
                (Some(separator), Some(text)) if !separator.is_empty() => {
                    Ok(text.split(separator).map(str::to_owned).collect())
                }
                _ => Err("the text to split is known only when it is deployed".to_owned()),
            };
        }
        match self.resolve(node) {
            Value::Node(list) if list.text().is_none() => {
                let texts = list.items().iter().map(|item| {
                    let value = self.resolve(item);
                    match (value.text().map(Cow::into_owned), &value) {
                        (Some(text), _) => Ok(text),
                        (None, Value::Unknown(reason, _)) => Err(reason.clone()),
                        _ => Err("this is no list of texts".to_owned()),
                    }
                });
                texts.collect()
            }
            // The default of a parameter that is a list.
            Value::Node(text) => Ok(text
                .text()
                .unwrap_or_default()
                .split(',')
                .map(|one| one.trim().to_owned())
                .collect()),
            Value::Unknown(reason, _) | Value::Either(_, reason, _) => Err(reason),
            _ => Err("this is no list".to_owned()),
        }
    }
}

/// Whether members of a mapping are made by a loop.
pub(super) fn loops(node: &Node) -> bool {
    node.members().iter().any(|member| member.key.starts_with("Fn::ForEach::"))
}

/// A parameter's default, or the one value that it allows.
fn parameter_value<'a>(name: &str, parameter: &'a Node, node: &'a Node) -> Value<'a> {
    if parameter.text_of("Type").is_some_and(|kind| kind.starts_with("AWS::SSM::Parameter::Value"))
    {
        return Value::Unknown(
            format!("parameter {name} is read from SSM when it is deployed"),
            node,
        );
    }
    if let Some(default) = parameter.get("Default").filter(|default| !default.is_null()) {
        return Value::Node(default);
    }
    match parameter.get("AllowedValues").map(|values| values.items()) {
        Some([only]) => Value::Node(only),
        _ => Value::Unknown(format!("parameter {name} has no default"), node),
    }
}

/// Whatever the first key is: where all entries agree, it does not matter.
fn same_in_all<'a>(map: &'a Node, second: &str, node: &'a Node) -> Value<'a> {
    let mut values = map.members().iter().map(|member| member.node.get(second));
    let first = values.next().flatten();
    match first {
        Some(first) if values.all(|value| value.is_some_and(|value| value.same(first))) => {
            Value::Text(first.text().unwrap_or_default().to_owned(), node)
        }
        _ => Value::Unknown("the key is known only when it is deployed".to_owned(), node),
    }
}
