//! From values to what code says of an option.

use super::value::{Data, Unknown, Value};
use crate::spec::{Declared, OptionValue};

impl Value {
    /// What it says of an option.
    pub fn declared<T: OptionValue>(&self, parse: fn(&str) -> Option<T>) -> Declared<T> {
        if let Data::Either(both) = &self.data {
            let (one, two) = (both.0.declared(parse), both.1.declared(parse));
            let agree = one.word() == two.word() && one.value() == two.value();
            return match one {
                Declared::Unresolved { .. } => one,
                _ if agree => one,
                _ => unresolved(&both.2),
            };
        }
        if self.is_null() {
            return Declared::Absent;
        }
        if let Some(why) = self.why() {
            return unresolved(&why);
        }
        match self.scalar().and_then(|text| parse(&text).map(|value| (text, value))) {
            Some((text, value)) => Declared::Set {
                value,
                verbatim: text.as_ref().to_owned(),
                place: self.decided_at().place(),
            },
            None => Declared::Unresolved {
                reason: "this is no value of the option".to_owned(),
                expression: self.origin.expression(),
                place: self.origin.place(),
            },
        }
    }
}

/// An option that is not known.
pub fn unresolved<T>(why: &Unknown) -> Declared<T> {
    Declared::Unresolved {
        reason: why.reason.as_ref().to_owned(),
        expression: why.at.expression(),
        place: why.at.place(),
    }
}
