//! The EC2 and Query protocols: form-encoded requests, XML answers.

use url::form_urlencoded::Serializer;

use serde_json::{Map, Value};

use super::{Message, Parameters};
use crate::{
    error::Failure,
    xml::{Cursor, XmlError},
};

pub(super) fn encode(action: &str, version: &str, parameters: &Parameters) -> Message {
    let mut form = Serializer::new(String::new());
    form.append_pair("Action", action).append_pair("Version", version);
    for (name, value) in &parameters.0 {
        form.append_pair(name, &value.text());
    }
    let content_type = "application/x-www-form-urlencoded; charset=utf-8".to_owned();
    Message::post(vec![("content-type", content_type)], form.finish())
}

/// The answer as one value; of a Query answer, its result.
pub(super) fn decode(action: &str, body: &[u8], result: bool) -> Result<Value, Failure> {
    let mut xml = Cursor::new(body)?;
    xml.root(&format!("{action}Response"))?;
    let mut answer = element(&mut xml)?;
    xml.end()?;
    if result {
        answer = answer.get_mut(format!("{action}Result")).map(Value::take).unwrap_or_default();
    }
    Ok(answer)
}

/// The content of the element just entered.
fn element(xml: &mut Cursor<'_>) -> Result<Value, XmlError> {
    if xml.is_leaf() {
        let text = xml.text()?;
        return Ok(if text.trim().is_empty() { Value::Null } else { text.into_owned().into() });
    }
    let mut members = Map::new();
    let mut items = Vec::new();
    while let Some(name) = xml.child()? {
        let value = element(xml)?;
        match name {
            "item" | "member" => items.push(value),
            name => insert(&mut members, name, value),
        }
    }
    Ok(if members.is_empty() { Value::Array(items) } else { Value::Object(members) })
}

/// Adds a member. A list whose items have a name of their own (`groupSet` of `groupId`) becomes an array under that name.
fn insert(members: &mut Map<String, Value>, name: &str, value: Value) {
    match members.get_mut(name) {
        None => drop(members.insert(name.to_owned(), value)),
        Some(Value::Array(items)) => items.push(value),
        Some(known) => *known = Value::Array(vec![known.take(), value]),
    }
}

/// Code and message of `Response/Errors/Error` (EC2) or `ErrorResponse/Error` (Query).
pub(super) fn error(body: &[u8]) -> Option<(String, String)> {
    let mut xml = Cursor::new(body).ok()?;
    let mut found = None;
    while let Some(name) = xml.child().ok()? {
        match name {
            "Response" | "ErrorResponse" | "Errors" => {}
            "Error" => found = Some(code_and_message(&mut xml).ok()?),
            _ if found.is_some() => break,
            _ => xml.skip().ok()?,
        }
    }
    found
}

fn code_and_message(xml: &mut Cursor<'_>) -> Result<(String, String), XmlError> {
    let (mut code, mut message) = (String::new(), String::new());
    while let Some(name) = xml.child()? {
        match name {
            "Code" => code = xml.text()?.into_owned(),
            "Message" => message = xml.text()?.into_owned(),
            _ => xml.skip()?,
        }
    }
    Ok((code, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_both_shapes_are_read() {
        let ec2 = b"<?xml version=\"1.0\"?><Response><Errors><Error><Code>AuthFailure</Code><Message>no &amp; no</Message></Error></Errors><RequestID>x</RequestID></Response>";
        let query = b"<ErrorResponse xmlns=\"https://sts/\"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>m</Message></Error><RequestId>x</RequestId></ErrorResponse>";
        let expected = |code: &str, message: &str| Some((code.to_owned(), message.to_owned()));
        assert_eq!(error(ec2), expected("AuthFailure", "no & no"));
        assert_eq!(error(query), expected("AccessDenied", "m"));
        assert_eq!(error(b"<html><body>no</body></html>"), None);
        assert_eq!(error(b"busy"), None);
        assert_eq!(error(b""), None);
    }

    #[test]
    fn answers_become_values() {
        let ec2 = b"<DescribeXResponse><requestId>r</requestId><set><item><a>1</a><b/></item><item>t</item></set><none/></DescribeXResponse>";
        let expected = serde_json::json!({"requestId": "r", "set": [{"a": "1", "b": null}, "t"], "none": null});
        assert_eq!(decode("DescribeX", ec2, false).unwrap(), expected);
        let named =
            b"<DescribeXResponse><set><id>a</id><id>b</id><id>c</id></set></DescribeXResponse>";
        let expected = serde_json::json!({"set": {"id": ["a", "b", "c"]}});
        assert_eq!(decode("DescribeX", named, false).unwrap(), expected);
        let query = b"<GetYResponse><GetYResult><L><member>1</member></L></GetYResult><ResponseMetadata/></GetYResponse>";
        assert_eq!(decode("GetY", query, true).unwrap(), serde_json::json!({"L": ["1"]}));
        assert!(decode("GetZ", query, true).is_err());
        assert!(decode("GetY", &query[..query.len() - 3], true).is_err());
    }

    #[test]
    fn requests_are_form_encoded() {
        let parameters = Parameters::new().with("MaxResults", 1000).with("NextToken", "a+b/=&");
        let body = encode("DescribeInstances", "2016-11-15", &parameters).body;
        assert_eq!(
            body,
            "Action=DescribeInstances&Version=2016-11-15&MaxResults=1000&NextToken=a%2Bb%2F%3D%26"
        );
    }
}
