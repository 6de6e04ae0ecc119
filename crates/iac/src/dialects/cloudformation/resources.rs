//! The resources of a template, loops unrolled.

use super::{evaluate::Evaluator, template::Template, value::Value};
use crate::node::{Member, Node};

/// Loops that make more are not unrolled and stand for themselves. CloudFormation takes 500 resources.
const MAX_RESOURCES: usize = 2_000;
const LOOP: &str = "Fn::ForEach::";

/// A resource, or one turn of the loop that makes it.
pub(super) struct Resource<'a> {
    /// The logical id; the loop's variables filled in.
    pub(super) id: String,
    pub(super) member: &'a Member,
    pub(super) bindings: Vec<(String, String)>,
    /// Whether it is known how often it is made.
    pub(super) counted: bool,
}

impl<'a> Resource<'a> {
    pub(super) fn node(&self) -> &'a Node {
        &self.member.node
    }

    pub(super) fn kind(&self) -> Option<&'a str> {
        self.node().text_of("Type")
    }

    pub(super) fn properties(&self, evaluator: &Evaluator<'a>) -> Value<'a> {
        evaluator.property(&Value::Node(self.node()), "Properties")
    }
}

/// All resources of a template.
pub(super) fn all<'a>(template: &'a Template<'a>) -> Vec<Resource<'a>> {
    let mut found = Vec::new();
    if let Some(resources) = template.resources() {
        unroll(template, resources, &[], true, &mut found);
    }
    found
}

fn unroll<'a>(
    template: &'a Template<'a>,
    map: &'a Node,
    bindings: &[(String, String)],
    counted: bool,
    found: &mut Vec<Resource<'a>>,
) {
    for member in map.members() {
        match (member.key.starts_with(LOOP), member.node.items()) {
            (true, [name, collection, body]) => {
                let name = name.text().unwrap_or_default();
                let evaluator = Evaluator::new(template, bindings.to_vec());
                match evaluator.list(collection) {
                    Ok(turns) if turns.len() + found.len() <= MAX_RESOURCES => {
                        for turn in turns {
                            let mut bindings = bindings.to_vec();
                            bindings.push((name.to_owned(), turn));
                            unroll(template, body, &bindings, counted, found);
                        }
                    }
                    _ => unroll(template, body, bindings, false, found),
                }
            }
            _ => found.push(Resource {
                id: filled(&member.key, bindings),
                member,
                bindings: bindings.to_vec(),
                counted,
            }),
        }
    }
}

fn filled(id: &str, bindings: &[(String, String)]) -> String {
    bindings.iter().fold(id.to_owned(), |id, (name, value)| {
        id.replace(&format!("${{{name}}}"), value).replace(&format!("&{{{name}}}"), value)
    })
}
