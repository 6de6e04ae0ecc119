//! Answers of services that speak several protocols: one tree, written as JSON, as CBOR or as XML.

use serde_json::{Map, Value};

use crate::cbor;
use crate::xml::Xml;

/// A value of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Document {
    Text(String),
    Flag(bool),
    Integer(i64),
    Double(f64),
    /// Seconds since 1970.
    Time(i64),
    List(Vec<Document>),
    Structure(Vec<(&'static str, Document)>),
}

impl Document {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// As JSON; times are seconds.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Flag(flag) => (*flag).into(),
            Self::Integer(number) | Self::Time(number) => (*number).into(),
            Self::Double(number) => (*number).into(),
            Self::List(all) => all.iter().map(Self::to_json).collect(),
            Self::Structure(members) => {
                let member = |(name, value): &(&str, Self)| ((*name).to_owned(), value.to_json());
                Value::Object(members.iter().map(member).collect::<Map<_, _>>())
            }
        }
    }

    /// Appends it as CBOR; times are tagged.
    pub(crate) fn push_cbor(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => push_cbor_text(out, text),
            Self::Flag(flag) => cbor::push_flag(out, *flag),
            Self::Integer(number) => push_cbor_integer(out, *number),
            Self::Double(number) => cbor::push_double(out, *number),
            Self::Time(seconds) => {
                cbor::push_head(out, cbor::TAG, 1);
                cbor::push_double(out, *seconds as f64);
            }
            Self::List(all) => {
                cbor::push_head(out, cbor::LIST, all.len() as u64);
                for value in all {
                    value.push_cbor(out);
                }
            }
            Self::Structure(members) => {
                cbor::push_head(out, cbor::MAP, members.len() as u64);
                for (name, value) in members {
                    push_cbor_text(out, name);
                    value.push_cbor(out);
                }
            }
        }
    }

    /// Appends it as XML of Query: entries of lists are called `member`.
    pub(crate) fn push_xml(&self, xml: &mut Xml) {
        match self {
            Self::Text(text) => _ = xml.escaped(text),
            Self::Flag(flag) => _ = xml.put(&[if *flag { "true" } else { "false" }]),
            Self::Integer(number) => _ = xml.put(&[&number.to_string()]),
            Self::Double(number) => _ = xml.put(&[&number.to_string()]),
            Self::Time(seconds) => _ = xml.time(*seconds),
            Self::List(all) => {
                for value in all {
                    xml.put(&["<member>"]);
                    value.push_xml(xml);
                    xml.put(&["</member>"]);
                }
            }
            Self::Structure(members) => {
                for (name, value) in members {
                    xml.put(&["<", name, ">"]);
                    value.push_xml(xml);
                    xml.put(&["</", name, ">"]);
                }
            }
        }
    }
}

fn push_cbor_text(out: &mut Vec<u8>, text: &str) {
    cbor::push_head(out, cbor::TEXT, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn push_cbor_integer(out: &mut Vec<u8>, number: i64) {
    match u64::try_from(number) {
        Ok(number) => cbor::push_head(out, cbor::UNSIGNED, number),
        Err(_) => cbor::push_head(out, cbor::NEGATIVE, number.unsigned_abs() - 1),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_protocol_gets_the_same_values() {
        let document = Document::Structure(vec![
            ("Name", Document::text("a&b")),
            ("Count", Document::Integer(-7)),
            ("On", Document::Flag(true)),
            ("At", Document::Time(1_363_896_240)),
            ("Values", Document::List(vec![Document::Double(0.5)])),
        ]);
        let expected =
            json!({ "Name": "a&b", "Count": -7, "On": true, "At": 1_363_896_240, "Values": [0.5] });
        assert_eq!(document.to_json(), expected);
        let mut bytes = Vec::new();
        document.push_cbor(&mut bytes);
        let read = cbor::read(&bytes).unwrap();
        assert_eq!((&read["Count"], &read["Values"]), (&json!(-7), &json!([0.5])));
        assert_eq!(read["At"].as_f64(), Some(1_363_896_240.0));
        let mut xml = Xml::with_capacity(64);
        document.push_xml(&mut xml);
        assert_eq!(
            String::from_utf8(xml.into_bytes()).unwrap(),
            "<Name>a&amp;b</Name><Count>-7</Count><On>true</On><At>2013-03-21T20:04:00.000Z</At><Values><member>0.5</member></Values>"
        );
    }
}
