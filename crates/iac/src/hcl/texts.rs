//! Functions over texts and numbers. None: an argument is not known, or is none that the function takes.

use std::rc::Rc;

use super::{
    eval::MAX_TEXT,
    json,
    value::{Data, Origin, Value, number_text},
};

/// A conversion keeps the origin: `tostring("x")` is decided where `"x"` stands.
pub(super) fn scalar_as(name: &str, value: &Value, at: &Origin) -> Option<Value> {
    if value.is_null() {
        return Some(value.clone());
    }
    let data = match name {
        "tostring" => Data::Text(value.scalar()?),
        "tobool" => Data::Bool(value.boolean()?),
        _ => match value.number() {
            Some(number) => Data::Number(number),
            None if value.why().is_some() => return None,
            None => return Some(Value::error("this is no number", at.clone())),
        },
    };
    Some(Value { data, ..value.clone() })
}

pub(super) fn join(separator: &Value, list: &Value, at: &Origin) -> Option<Value> {
    if matches!(list.data, Data::Reference(_)) {
        return Some(list.clone());
    }
    let Data::List(items) = &list.data else { return None };
    // `join("", aws_launch_template.x.*.id)` is how old code says `one(…)`.
    if let [only] = items.as_slice()
        && matches!(only.data, Data::Reference(_))
    {
        return Some(only.clone());
    }
    let separator = separator.scalar()?;
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(&separator);
        }
        match (item.scalar(), item.why()) {
            (Some(item), _) => text.push_str(&item),
            (None, Some(why)) => return Some(Value::new(Data::Unknown(Rc::new(why)), at.clone())),
            (None, None) => return None,
        }
        if text.len() > MAX_TEXT {
            return Some(Value::unknown("too complex", at.clone()));
        }
    }
    Some(Value::text(text, at.clone()))
}

/// All others, by name.
pub(super) fn call(name: &str, values: &[Value], at: &Origin) -> Option<Value> {
    let first = values.first()?;
    if name == "format" {
        return format(&first.scalar()?, values.get(1..)?, at);
    }
    let texts: Vec<Rc<str>> = values.iter().map(Value::scalar).collect::<Option<_>>()?;
    let text = |text: String| Some(Value::text(text, at.clone()));
    let truth = |truth: bool| Some(Value::new(Data::Bool(truth), at.clone()));
    match (name, texts.as_slice()) {
        ("lower", [one]) => text(one.to_lowercase()),
        ("upper", [one]) => text(one.to_uppercase()),
        ("title", [one]) => text(title(one)),
        ("chomp", [one]) => text(one.trim_end_matches(['\r', '\n']).to_owned()),
        ("trimspace", [one]) => text(one.trim().to_owned()),
        ("strrev", [one]) => text(one.chars().rev().collect()),
        ("trim", [one, cut]) => text(one.trim_matches(|c| cut.contains(c)).to_owned()),
        ("trimprefix", [one, cut]) => text(one.strip_prefix(&**cut).unwrap_or(one).to_owned()),
        ("trimsuffix", [one, cut]) => text(one.strip_suffix(&**cut).unwrap_or(one).to_owned()),
        ("startswith", [one, with]) => truth(one.starts_with(&**with)),
        ("endswith", [one, with]) => truth(one.ends_with(&**with)),
        ("strcontains", [one, with]) => truth(one.contains(&**with)),
        ("replace", [one, from, to]) => Some(replace(one, from, to, at)),
        ("split", [separator, one]) => {
            let parts: Vec<&str> = if separator.is_empty() {
                one.split("").filter(|part| !part.is_empty()).collect()
            } else {
                one.split(&**separator).collect()
            };
            let parts = parts.into_iter().map(|part| Value::text(part, at.clone()));
            Some(Value::list(parts.collect(), at.clone()))
        }
        ("substr", [one, offset, length]) => {
            let (offset, length): (i64, i64) = (offset.parse().ok()?, length.parse().ok()?);
            let all = i64::try_from(one.chars().count()).unwrap_or(i64::MAX);
            // From the end, where it is negative.
            let offset = if offset < 0 { offset.saturating_add(all) } else { offset };
            let offset = usize::try_from(offset).ok()?;
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            text(one.chars().skip(offset).take(length).collect())
        }
        _ => None,
    }
}

/// A word begins behind everything that is no letter, digit or underscore.
fn title(text: &str) -> String {
    let mut start = true;
    let letter = |c: char| {
        let upper = start;
        start = !(c.is_alphanumeric() || c == '_');
        if upper { c.to_uppercase().next().unwrap_or(c) } else { c }
    };
    text.chars().map(letter).collect()
}

/// A pattern in slashes is a regular expression, which is not evaluated.
fn replace(text: &str, from: &str, to: &str, at: &Origin) -> Value {
    if from.len() > 1 && from.starts_with('/') && from.ends_with('/') {
        return Value::unknown("a regular expression is not evaluated here", at.clone());
    }
    let longest = text.len().saturating_mul(to.len().max(1));
    if longest > MAX_TEXT * 16 {
        return Value::unknown("too complex", at.clone());
    }
    Value::text(text.replace(from, to), at.clone())
}

/// `%s`, `%d`, `%v`, `%q`, `%%`, `%t`; other verbs are not evaluated.
fn format(pattern: &str, values: &[Value], at: &Origin) -> Option<Value> {
    let (mut text, mut rest, mut next) = (String::new(), pattern, values.iter());
    while let Some(position) = rest.find('%') {
        text.push_str(rest.get(..position)?);
        let verb = rest.get(position + 1..)?.chars().next();
        match verb {
            Some('%') => text.push('%'),
            Some('s' | 't') => text.push_str(&next.next()?.scalar()?),
            Some('v') => {
                let value = next.next()?;
                text.push_str(&value.scalar().or_else(|| json::encode(value).map(Into::into))?);
            }
            Some('d') => text.push_str(&number_text(next.next()?.number()?)),
            Some('q') => text.extend(["\"", &*next.next()?.scalar()?, "\""]),
            _ => return Some(Value::unknown("this format is not evaluated here", at.clone())),
        }
        rest = rest.get(position + 2..)?;
        if text.len() > MAX_TEXT {
            return Some(Value::unknown("too complex", at.clone()));
        }
    }
    text.push_str(rest);
    Some(Value::text(text, at.clone()))
}

pub(super) fn numbers(name: &str, values: &[Value], at: &Origin) -> Option<Value> {
    let numbers: Vec<f64> = values.iter().map(Value::number).collect::<Option<_>>()?;
    let number = match (name, numbers.as_slice()) {
        ("min", [first, rest @ ..]) => rest.iter().fold(*first, |one, two| one.min(*two)),
        ("max", [first, rest @ ..]) => rest.iter().fold(*first, |one, two| one.max(*two)),
        ("abs", [one]) => one.abs(),
        ("ceil", [one]) => one.ceil(),
        ("floor", [one]) => one.floor(),
        ("signum", [one]) => one.signum(),
        ("pow", [one, two]) => one.powf(*two),
        _ => return None,
    };
    number.is_finite().then(|| Value::new(Data::Number(number), at.clone()))
}
