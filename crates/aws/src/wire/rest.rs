//! The REST-JSON protocol: each operation has its method and path; parameters stand in the path, in the
//! query of a GET, or in the JSON body of a POST.

use serde_json::{Map, Value};
use url::form_urlencoded::Serializer;

use super::{Message, Method, Parameters};
use crate::operation::Route;

pub(super) fn encode(route: &Route, parameters: &Parameters) -> Message {
    let mut path = route.path.to_owned();
    let mut query = Serializer::new(String::new());
    let mut members = Map::new();
    for (name, value) in &parameters.0 {
        let placeholder = format!("{{{name}}}");
        if path.contains(&placeholder) {
            path = path.replace(&placeholder, &escape(&value.text()));
        } else if route.method == Method::Get {
            query.append_pair(name, &value.text());
        } else {
            members.insert(name.clone(), value.json());
        }
    }
    let query = query.finish();
    if !query.is_empty() {
        path = format!("{path}?{query}");
    }
    let json = ("content-type", "application/json".to_owned());
    match route.method {
        Method::Get => Message { method: Method::Get, path, headers: vec![], body: String::new() },
        Method::Post => Message {
            method: Method::Post,
            path,
            headers: vec![json],
            body: Value::Object(members).to_string(),
        },
    }
}

/// One segment of a path: everything but unreserved characters is escaped, the slash too.
fn escape(segment: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(char::from(byte));
            }
            // Writing to a string cannot fail.
            _ => drop(write!(escaped, "%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_go_where_the_route_says() {
        let nodes = Route { method: Method::Get, path: "/clusters/{name}/node-groups" };
        let parameters = Parameters::new().with("name", "a b/c").with("maxResults", 100);
        let message = encode(&nodes, &parameters);
        assert_eq!(message.path, "/clusters/a%20b%2Fc/node-groups?maxResults=100");
        assert_eq!(message.body, "");
        let list = Route { method: Method::Post, path: "/v1/list" };
        let message = encode(&list, &Parameters::new().with("nextToken", "x\"y"));
        assert_eq!(
            (message.path.as_str(), message.body.as_str()),
            ("/v1/list", r#"{"nextToken":"x\"y"}"#)
        );
    }
}
