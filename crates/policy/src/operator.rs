//! The condition operators that IAM documents: what they compare, whether they are negated, and what
//! `IfExists`, `ForAllValues:` and `ForAnyValue:` make of them.

/// What is compared, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// `StringEquals`: with case, without wildcards.
    Text,
    /// `StringEqualsIgnoreCase`.
    TextIgnoringCase,
    /// `StringLike`: with case and wildcards.
    Like,
    Number(Order),
    Date(Order),
    Bool,
    Binary,
    /// `ArnEquals` and `ArnLike` behave alike.
    Arn,
    Address,
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    pub(crate) fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// How the values of a key that has several are taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    /// Without a prefix: the key has one value.
    Single,
    ForAllValues,
    ForAnyValue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operator {
    pub(crate) comparison: Comparison,
    pub(crate) negated: bool,
    pub(crate) if_exists: bool,
    pub(crate) set: Set,
}

/// Each base operator: name, comparison, negated.
const OPERATORS: [(&str, Comparison, bool); 27] = [
    ("StringEquals", Comparison::Text, false),
    ("StringNotEquals", Comparison::Text, true),
    ("StringEqualsIgnoreCase", Comparison::TextIgnoringCase, false),
    ("StringNotEqualsIgnoreCase", Comparison::TextIgnoringCase, true),
    ("StringLike", Comparison::Like, false),
    ("StringNotLike", Comparison::Like, true),
    ("NumericEquals", Comparison::Number(Order::Equal), false),
    ("NumericNotEquals", Comparison::Number(Order::Equal), true),
    ("NumericLessThan", Comparison::Number(Order::Less), false),
    ("NumericLessThanEquals", Comparison::Number(Order::LessOrEqual), false),
    ("NumericGreaterThan", Comparison::Number(Order::Greater), false),
    ("NumericGreaterThanEquals", Comparison::Number(Order::GreaterOrEqual), false),
    ("DateEquals", Comparison::Date(Order::Equal), false),
    ("DateNotEquals", Comparison::Date(Order::Equal), true),
    ("DateLessThan", Comparison::Date(Order::Less), false),
    ("DateLessThanEquals", Comparison::Date(Order::LessOrEqual), false),
    ("DateGreaterThan", Comparison::Date(Order::Greater), false),
    ("DateGreaterThanEquals", Comparison::Date(Order::GreaterOrEqual), false),
    ("Bool", Comparison::Bool, false),
    ("BinaryEquals", Comparison::Binary, false),
    ("IpAddress", Comparison::Address, false),
    ("NotIpAddress", Comparison::Address, true),
    ("ArnEquals", Comparison::Arn, false),
    ("ArnNotEquals", Comparison::Arn, true),
    ("ArnLike", Comparison::Arn, false),
    ("ArnNotLike", Comparison::Arn, true),
    ("Null", Comparison::Null, false),
];

impl Operator {
    /// None for an operator that IAM does not document.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (set, rest) = if let Some(rest) = name.strip_prefix("ForAllValues:") {
            (Set::ForAllValues, rest)
        } else if let Some(rest) = name.strip_prefix("ForAnyValue:") {
            (Set::ForAnyValue, rest)
        } else {
            (Set::Single, name)
        };
        let (base, if_exists) = match rest.strip_suffix("IfExists") {
            Some(base) => (base, true),
            None => (rest, false),
        };
        let (_, comparison, negated) = OPERATORS.iter().find(|(known, ..)| *known == base)?;
        // Null asks whether the key exists: neither a suffix nor a prefix goes with it.
        let alone = *comparison == Comparison::Null;
        if alone && (if_exists || set != Set::Single) {
            return None;
        }
        Some(Self { comparison: *comparison, negated: *negated, if_exists, set })
    }

    /// The documented operator that a name was likely meant to be.
    pub(crate) fn nearest(name: &str) -> Option<&'static str> {
        let base = name.rsplit(':').next().unwrap_or(name);
        let base = base.strip_suffix("IfExists").unwrap_or(base);
        let names = OPERATORS.iter().map(|(known, ..)| *known);
        crate::words::nearest(base, names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_operator_is_known_with_its_forms() {
        for (name, comparison, negated) in OPERATORS {
            let parsed = Operator::parse(name).unwrap();
            assert_eq!((parsed.comparison, parsed.negated), (comparison, negated));
            let sets = ["ForAllValues:", "ForAnyValue:"];
            let known = comparison != Comparison::Null;
            assert_eq!(Operator::parse(&format!("{name}IfExists")).is_some(), known);
            for set in sets {
                assert_eq!(Operator::parse(&format!("{set}{name}")).is_some(), known);
            }
        }
    }

    #[test]
    fn others_are_not() {
        for name in ["StringGreaterThan", "stringequals", "ForNoValue:Bool", "", "IfExists"] {
            assert_eq!(Operator::parse(name), None, "{name}");
        }
        assert_eq!(Operator::nearest("stringequals"), Some("StringEquals"));
        assert_eq!(Operator::nearest("StringNotEqual"), Some("StringNotEquals"));
        assert_eq!(Operator::nearest("Whatever"), None);
    }
}
