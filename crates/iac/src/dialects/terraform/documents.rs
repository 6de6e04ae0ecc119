//! `data "aws_iam_policy_document"`: statements as blocks, which the provider makes JSON of. It is evaluated as
//! the provider does it: what is inherited, what is replaced by `sid`, `&{…}` for variables of IAM.

use std::rc::Rc;

use super::{
    blocks,
    instances::{Bound, Instances},
    session::{Scope, Session},
};
use crate::hcl::{
    value::{Data, Map, Origin, Unknown, Value},
    value_of_text,
};

/// The type of the data source.
pub(super) const KIND: &str = "aws_iam_policy_document";

/// Lists of a statement, and what they are called in JSON.
const LISTS: [(&str, &str); 4] = [
    ("actions", "Action"),
    ("not_actions", "NotAction"),
    ("resources", "Resource"),
    ("not_resources", "NotResource"),
];

impl Session<'_> {
    /// The attributes of a policy document; a list or map of them where it has `count` or `for_each`.
    pub(super) fn document(&self, scope: &Scope, name: &str, at: &Origin) -> Value {
        let Some(part) = scope.module.documents.get(name) else {
            return Value::unknown(format!("there is no policy document {name}"), at.clone());
        };
        let one = |bound: &Bound| self.one_document(scope, *part, bound, at);
        match &*self.instances(scope, *part) {
            Instances::Single => one(&Vec::new()),
            // How many there are is not known: what is attached of numbered ones is there, and says the same.
            Instances::Open(bound) if is_numbered(scope, *part) => {
                Value::list(vec![one(bound)], at.clone())
            }
            Instances::Open(_) => Value::unknown("how many there are is not known", at.clone()),
            Instances::Indexed(all) => {
                Value::list(all.iter().map(|(_, bound)| one(bound)).collect(), at.clone())
            }
            Instances::Keyed(all) => {
                let items = all.iter().map(|(key, bound)| (Rc::clone(key), one(bound)));
                Value::map(Map { items: items.collect(), open: None }, at.clone())
            }
        }
    }

    fn one_document(&self, scope: &Scope, part: usize, bound: &Bound, at: &Origin) -> Value {
        let Some((source, block)) = scope.module.block(part) else {
            return Value::unknown("the policy document cannot be read", at.clone());
        };
        let body = self.with(scope, source, bound, &mut |evaluator| {
            blocks::object(evaluator, &block.body, block.span, 0)
        });
        let origin = Origin::new(source, block.span);
        let json = match rendered(&body, &origin) {
            Ok(value) => Value::new(Data::Encoded(Rc::new(value)), origin.clone()),
            Err(why) => Value::new(Data::Unknown(Rc::new(why)), origin.clone()),
        };
        let later = Unknown {
            reason: "known only when it is applied".into(),
            error: false,
            at: at.clone(),
        };
        let items = vec![("json".into(), json.clone()), ("minified_json".into(), json)];
        Value::map(Map { items, open: Some(Rc::new(later)) }, origin)
    }
}

fn is_numbered(scope: &Scope, part: usize) -> bool {
    scope.module.block(part).is_some_and(|(_, block)| block.body.says("count"))
}

/// The document as JSON has it.
fn rendered(body: &Value, origin: &Origin) -> Result<Value, Unknown> {
    let mut statements: Vec<Value> = Vec::new();
    for name in ["source_json", "source_policy_documents"] {
        statements.extend(inherited(&blocks::get(body, name))?);
    }
    for statement in listed(&blocks::get(body, "statement"))? {
        place(&mut statements, of_block(&statement)?);
    }
    for name in ["override_json", "override_policy_documents"] {
        for statement in inherited(&blocks::get(body, name))? {
            place(&mut statements, statement);
        }
    }
    let mut map = Map::default();
    let version = blocks::get(body, "version");
    let version = if version.is_null() { text("2012-10-17", origin) } else { version };
    map.set("Version".into(), version);
    let id = blocks::get(body, "policy_id");
    if !id.is_null() {
        map.set("Id".into(), id);
    }
    map.set("Statement".into(), Value::list(statements, origin.clone()));
    Ok(Value::map(map, origin.clone()))
}

/// The statements of documents that are given as JSON.
fn inherited(value: &Value) -> Result<Vec<Value>, Unknown> {
    let documents = match &value.data {
        Data::List(items) => items.iter().cloned().collect(),
        Data::Null => return Ok(Vec::new()),
        _ => vec![value.clone()],
    };
    let mut statements = Vec::new();
    for document in &documents {
        let decoded = match &document.data {
            Data::Encoded(inner) => (**inner).clone(),
            Data::Text(text) if text.trim().is_empty() => continue,
            Data::Text(text) => match value_of_text(text, &document.origin, false) {
                Some(decoded) => decoded,
                None => return Err(mistake("this is no JSON", document)),
            },
            Data::Null => continue,
            _ => return Err(why(document)),
        };
        statements.extend(listed(&blocks::get(&decoded, "Statement"))?);
    }
    Ok(statements)
}

/// Adds a statement, in the place of the one that has its `Sid`.
fn place(statements: &mut Vec<Value>, statement: Value) {
    let sid = |value: &Value| blocks::get(value, "Sid").scalar().filter(|sid| !sid.is_empty());
    let own = sid(&statement);
    match statements.iter_mut().find(|known| own.is_some() && sid(known) == own) {
        Some(known) => *known = statement,
        None => statements.push(statement),
    }
}

fn of_block(block: &Value) -> Result<Value, Unknown> {
    let mut map = Map::default();
    let get = |name: &str| blocks::get(block, name);
    let sid = get("sid");
    if !sid.is_null() {
        map.set("Sid".into(), sid);
    }
    let effect = get("effect");
    let effect = if effect.is_null() { text("Allow", &block.origin) } else { effect };
    map.set("Effect".into(), effect);
    for (name, element) in LISTS {
        let value = get(name);
        let empty = matches!(&value.data, Data::List(items) if items.is_empty());
        if !value.is_null() && !empty {
            map.set(element.into(), variables(&value));
        }
    }
    for (name, element) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
        let mut principals = Map::default();
        for one in listed(&get(name))? {
            principals.set(word(&one, "type")?, variables(&blocks::get(&one, "identifiers")));
        }
        if !principals.items.is_empty() {
            map.set(element.into(), Value::map(principals, block.origin.clone()));
        }
    }
    if let Some(condition) = condition(&get("condition"))? {
        map.set("Condition".into(), condition);
    }
    Ok(Value::map(map, block.origin.clone()))
}

/// All conditions of a statement: by operator, then by key; of one key in several blocks all values count.
fn condition(blocks: &Value) -> Result<Option<Value>, Unknown> {
    let mut operators: Vec<(Rc<str>, Origin, Map)> = Vec::new();
    for block in listed(blocks)? {
        let (test, key) = (word(&block, "test")?, word(&block, "variable")?);
        let at = |name: &str| blocks::get(&block, name).origin;
        let values = listed(&variables(&blocks::get(&block, "values")))?;
        let index = operators.iter().position(|(known, ..)| *known == test).unwrap_or_else(|| {
            operators.push((test, at("test"), Map::default()));
            operators.len() - 1
        });
        let Some((.., keys)) = operators.get_mut(index) else { continue };
        let mut all = keys.get(&key).map(listed).transpose()?.unwrap_or_default();
        all.extend(values);
        // The name has its own place: it is what a mistake is most often in.
        keys.set(key, Value::list(all, at("variable")));
    }
    let Some((_, first, _)) = operators.first() else { return Ok(None) };
    let origin = first.clone();
    let items = operators.into_iter().map(|(test, at, keys)| (test, Value::map(keys, at)));
    Ok(Some(Value::map(Map { items: items.collect(), open: None }, origin)))
}

/// `&{aws:username}` is how variables of IAM are written where `${…}` is Terraform's.
fn variables(value: &Value) -> Value {
    let data = match &value.data {
        Data::Text(text) if text.contains("&{") => Data::Text(text.replace("&{", "${").into()),
        Data::List(items) => Data::List(Rc::new(items.iter().map(variables).collect())),
        _ => return value.clone(),
    };
    Value::new(data, value.origin.clone())
}

/// The items of a list that is all there; one that stands alone, as JSON allows, is one.
fn listed(value: &Value) -> Result<Vec<Value>, Unknown> {
    match &value.data {
        Data::Null => Ok(Vec::new()),
        Data::List(items) => Ok(items.iter().cloned().collect()),
        Data::Map(_) => Ok(vec![value.clone()]),
        _ => Err(why(value)),
    }
}

fn word(block: &Value, name: &str) -> Result<Rc<str>, Unknown> {
    let value = blocks::get(block, name);
    value.scalar().ok_or_else(|| why(&value))
}

fn why(value: &Value) -> Unknown {
    value.why().unwrap_or_else(|| mistake("this is not what a policy document takes", value))
}

fn mistake(reason: &str, value: &Value) -> Unknown {
    Unknown { reason: reason.into(), error: true, at: value.origin.clone() }
}

fn text(text: &str, origin: &Origin) -> Value {
    Value::text(text, origin.clone())
}
