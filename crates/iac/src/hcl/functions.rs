//! The functions of Terraform that code uses to hand settings on. One that is not here makes its value
//! unknown, by name.

use std::rc::Rc;

use super::{
    ast::Expr,
    collections as many,
    eval::Evaluator,
    files, json, sets, texts,
    value::{Data, Origin, Unknown, Value},
};

/// Calls a function.
pub(super) fn call(
    evaluator: &Evaluator<'_>,
    name: &str,
    arguments: &[Expr],
    expand: bool,
    expr: &Expr,
) -> Value {
    let at = evaluator.at(expr.span);
    let name = name.strip_prefix("core::").unwrap_or(name);
    match name {
        "try" => return attempt(evaluator, arguments, at),
        "can" => return can(evaluator, arguments, at),
        _ => {}
    }
    let mut values: Vec<Value> = arguments.iter().map(|one| evaluator.eval(one)).collect();
    if expand && let Some(last) = values.pop() {
        match last.items() {
            Some(items) => values.extend(items.into_iter().map(|(_, value)| value)),
            None => return stopped(&last, "this cannot be expanded", at),
        }
    }
    let known = lenient(name, &values, &at).or_else(|| strict(name, &values, &at));
    let known = known.or_else(|| files::call(evaluator, name, &values, &at));
    known.unwrap_or_else(|| match values.iter().find_map(|value| unsettled(value, 0)) {
        // An unknown argument says more than an unknown function.
        Some(why) if is_known(name) => Value::new(Data::Unknown(Rc::new(why)), at),
        _ if is_known(name) => Value::error(format!("{name} does not take this"), at),
        _ => Value::unknown(format!("{name} is not evaluated here"), at),
    })
}

/// Why a value is not known, or something in it.
fn unsettled(value: &Value, depth: usize) -> Option<Unknown> {
    match &value.data {
        Data::List(items) if depth < 20 => items.iter().find_map(|item| unsettled(item, depth + 1)),
        Data::Map(map) if depth < 20 => {
            let open = map.open.as_deref().cloned();
            open.or_else(|| map.items.iter().find_map(|(_, item)| unsettled(item, depth + 1)))
        }
        Data::Encoded(inner) if depth < 20 => unsettled(inner, depth + 1),
        _ => value.why(),
    }
}

fn stopped(value: &Value, otherwise: &str, at: Origin) -> Value {
    match value.why() {
        Some(why) => Value::new(Data::Unknown(Rc::new(why)), at),
        None => Value::error(otherwise, at),
    }
}

/// The first argument that is no mistake.
fn attempt(evaluator: &Evaluator<'_>, arguments: &[Expr], at: Origin) -> Value {
    for argument in arguments {
        let value = evaluator.eval(argument);
        if !value.is_error() {
            return value;
        }
    }
    Value::error("all arguments of try are mistakes", at)
}

fn can(evaluator: &Evaluator<'_>, arguments: &[Expr], at: Origin) -> Value {
    let Some(value) = arguments.first().map(|argument| evaluator.eval(argument)) else {
        return Value::error("can takes an argument", at);
    };
    match &value.data {
        Data::Unknown(why) if why.error => Value::new(Data::Bool(false), at),
        Data::Unknown(why) => Value::new(Data::Unknown(Rc::clone(why)), at),
        _ => Value::new(Data::Bool(true), at),
    }
}

/// Functions that may give something although an argument is not known.
fn lenient(name: &str, values: &[Value], at: &Origin) -> Option<Value> {
    match (name, values) {
        ("lookup", [map, key, rest @ ..]) => Some(many::lookup(map, key, rest.first(), at)),
        ("merge", maps) => Some(many::merge(maps, at)),
        ("coalesce", values) => Some(many::coalesce(values, at)),
        ("coalescelist", values) => Some(many::coalesce_list(values, at)),
        ("concat", lists) => Some(many::concat(lists, at)),
        ("length", [value]) => many::length(value, at),
        ("keys", [value]) => many::keys(value, at),
        ("values", [value]) => many::values(value, at),
        ("element", [list, index]) => many::element(list, index, at),
        ("one", [list]) => many::one(list, at),
        ("flatten", [list]) => many::flatten(list, at),
        ("compact", [list]) => many::compact(list, at),
        ("distinct", [list]) => many::distinct(list, at),
        ("toset", [list]) => sets::of(list, at),
        ("sort", [list]) => sets::sort(list, at),
        ("sum", [list]) => sets::sum(list, at),
        ("index", [list, item]) => sets::index(list, item, at),
        ("setunion" | "setintersection" | "setsubtract", all) => sets::combined(name, all, at),
        ("reverse", [list]) => many::reverse(list, at),
        ("slice", [list, from, to]) => many::slice(list, from, to, at),
        ("zipmap", [keys, values]) => many::zipmap(keys, values, at),
        ("contains", [list, value]) => many::contains(list, value, at),
        ("tolist" | "tomap", [value]) => many::converted(value),
        // Sensitive or not, and whatever its type, a value stays where it came from.
        ("sensitive" | "nonsensitive" | "ephemeralasnull", [value]) => Some(value.clone()),
        ("tostring" | "tobool" | "tonumber", [value]) => texts::scalar_as(name, value, at),
        ("join", [separator, list]) => texts::join(separator, list, at),
        ("jsonencode" | "yamlencode", [value]) => {
            Some(Value::new(Data::Encoded(Rc::new(value.clone())), at.clone()))
        }
        _ => None,
    }
}

/// Functions whose arguments all have to be known.
fn strict(name: &str, values: &[Value], at: &Origin) -> Option<Value> {
    match (name, values) {
        ("jsondecode" | "yamldecode", [text]) => match &text.data {
            Data::Encoded(value) => Some((**value).clone()),
            Data::Text(file) if text.origin.source.text() == &**file => {
                json::value_of_text(file, &text.origin, name == "yamldecode")
            }
            _ => json::value_of_text(&text.scalar()?, at, name == "yamldecode"),
        },
        ("range", values) => many::range(values, at),
        ("setproduct", lists) => many::product(lists, at),
        ("min" | "max" | "abs" | "ceil" | "floor" | "pow" | "signum", _) => {
            texts::numbers(name, values, at)
        }
        ("alltrue" | "anytrue", [list]) => many::truths(name == "alltrue", list, at),
        _ => texts::call(name, values, at),
    }
}

fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

const KNOWN: &[&str] = &[
    "abs",
    "alltrue",
    "anytrue",
    "ceil",
    "chomp",
    "coalesce",
    "coalescelist",
    "compact",
    "concat",
    "contains",
    "distinct",
    "element",
    "endswith",
    "file",
    "flatten",
    "floor",
    "format",
    "index",
    "join",
    "jsondecode",
    "keys",
    "length",
    "lookup",
    "lower",
    "max",
    "merge",
    "min",
    "one",
    "pow",
    "range",
    "replace",
    "reverse",
    "setintersection",
    "setproduct",
    "setsubtract",
    "setunion",
    "slice",
    "sort",
    "split",
    "startswith",
    "strcontains",
    "strrev",
    "substr",
    "sum",
    "templatefile",
    "title",
    "tobool",
    "tolist",
    "tomap",
    "tonumber",
    "toset",
    "tostring",
    "trim",
    "trimprefix",
    "trimspace",
    "trimsuffix",
    "upper",
    "values",
    "yamldecode",
    "zipmap",
];
