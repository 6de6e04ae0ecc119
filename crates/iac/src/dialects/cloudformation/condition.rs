//! Conditions, with three values: a parameter without a default leaves them open.

use super::{evaluate::Evaluator, value::Value};
use crate::node::Node;

/// What a condition comes to; why it is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    Open(String),
}

impl Truth {
    fn of(truth: bool) -> Self {
        if truth { Self::True } else { Self::False }
    }

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            open @ Self::Open(_) => open,
        }
    }
}

impl<'a> Evaluator<'a> {
    /// The condition of that name.
    pub(super) fn named(&self, name: &str) -> Truth {
        if let Some(known) = self.template.conditions.borrow().get(name) {
            return known.clone();
        }
        let Some(node) = self.template.condition(name) else {
            return Truth::Open(format!("condition {name} is not in the template"));
        };
        // A condition that leads back to itself finds this.
        let circle = Truth::Open(format!("condition {name} refers to itself"));
        self.template.conditions.borrow_mut().insert(name.to_owned(), circle);
        let truth = self.truth(node);
        self.template.conditions.borrow_mut().insert(name.to_owned(), truth.clone());
        truth
    }

    /// The condition that an expression is.
    pub(super) fn truth(&self, node: &'a Node) -> Truth {
        match self.deeper() {
            Some(depth) => {
                let truth = self.truth_of(node);
                self.depth.set(depth);
                truth
            }
            None => Truth::Open("too complex".to_owned()),
        }
    }

    fn truth_of(&self, node: &'a Node) -> Truth {
        let Some((name, argument)) = super::evaluate::call(node) else {
            return match node.boolean() {
                Some(truth) => Truth::of(truth),
                None => Truth::Open("this is no condition".to_owned()),
            };
        };
        let arguments = argument.items();
        match (name, arguments) {
            ("Condition", _) => match argument.text() {
                Some(name) => self.named(name),
                None => Truth::Open("this is no condition".to_owned()),
            },
            ("Fn::Equals", [one, two]) => self.equal(one, two),
            ("Fn::Not", [one]) => self.truth(one).not(),
            ("Fn::And", _) => all(arguments.iter().map(|one| self.truth(one))),
            // By De Morgan: some is true unless all are false.
            ("Fn::Or", _) => all(arguments.iter().map(|one| self.truth(one).not())).not(),
            _ => Truth::Open(format!("{name} is not evaluated here")),
        }
    }

    fn equal(&self, one: &'a Node, two: &'a Node) -> Truth {
        let (one, two) = (self.resolve(one), self.resolve(two));
        match (one.text(), two.text()) {
            (Some(one), Some(two)) => Truth::of(one == two),
            (None, _) => Truth::Open(why(&one)),
            (_, None) => Truth::Open(why(&two)),
        }
    }
}

fn why(value: &Value<'_>) -> String {
    match value {
        Value::Unknown(reason, _) | Value::Either(_, reason, _) => reason.clone(),
        _ => "this is no text".to_owned(),
    }
}

fn all(truths: impl Iterator<Item = Truth>) -> Truth {
    let mut all = Truth::True;
    for truth in truths {
        match truth {
            Truth::False => return Truth::False,
            Truth::Open(_) => all = truth,
            Truth::True => {}
        }
    }
    all
}
