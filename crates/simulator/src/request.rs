//! A request as it came over the wire, and the parameters of the Query protocols.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::hash;
use crate::service::Service;

/// One HTTP request, read to its end.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Without the question mark, as it was sent.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    /// The value of a header that stands alone and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The parameters of a Query request: the query string of a GET, the form of a POST.
    pub(crate) fn parameters(&self) -> Parameters {
        let form = if self.method == "POST" { &self.body[..] } else { self.query.as_bytes() };
        Parameters(url::form_urlencoded::parse(form).into_owned().collect())
    }

    /// The parameters of the query string.
    pub(crate) fn query_parameters(&self) -> impl Iterator<Item = (String, String)> {
        url::form_urlencoded::parse(self.query.as_bytes()).into_owned()
    }
}

/// A segment of a path, decoded; what is no UTF-8 stays visible as such.
pub(crate) fn percent_decoded(text: &str) -> String {
    String::from_utf8_lossy(&percent_decoded_bytes(text)).into_owned()
}

/// Text with `%XX` read as bytes; a percent sign without two digits behind it stays one.
pub(crate) fn percent_decoded_bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.as_bytes().get(at) {
        let escaped = text
            .get(at + 1..at + 3)
            .filter(|_| byte == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    bytes
}

/// Parameters of the Query protocols. Lists are spelled with numbers: `InstanceId.1`, `Filter.2.Value.1`.
#[derive(Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A number that tells these parameters from others, whatever their order.
    pub(crate) fn fingerprint(&self) -> u64 {
        let pair =
            |(name, value): &(String, String)| hash::join(hash::text(name), hash::text(value));
        self.0.iter().map(pair).fold(0, u64::wrapping_add)
    }

    /// The values of a list, in the order of their numbers.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let mut found: Vec<(u32, &str)> = self
            .0
            .iter()
            .filter_map(|(key, value)| {
                let number = key.strip_prefix(name)?.strip_prefix('.')?;
                Some((number.parse().ok()?, value.as_str()))
            })
            .collect();
        found.sort_by_key(|(number, _)| *number);
        found.into_iter().map(|(_, value)| value).collect()
    }

    /// The numbers that a list of structures uses: 1 and 3 for `Filter.1.Name` and `Filter.3.Name`.
    pub(crate) fn numbers(&self, name: &str) -> Vec<u32> {
        let number =
            |key: &str| key.strip_prefix(name)?.strip_prefix('.')?.split('.').next()?.parse().ok();
        let mut numbers: Vec<u32> = self.0.iter().filter_map(|(key, _)| number(key)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// The parameters as the document that other protocols would send: `A.B.member.1.C=x` is `{"A":{"B":[{"C":"x"}]}}`. All values stay text.
    pub(crate) fn document(&self) -> Value {
        let mut root = Map::new();
        for (name, value) in self.0.iter().filter(|(name, _)| name != "Action" && name != "Version")
        {
            let mut node = &mut root;
            let mut parts = name.split('.').peekable();
            while let Some(part) = parts.next() {
                if parts.peek().is_none() {
                    node.insert(part.to_owned(), Value::String(value.clone()));
                    break;
                }
                let below = node.entry(part).or_insert_with(|| Value::Object(Map::new()));
                match below {
                    Value::Object(below) => node = below,
                    // A value and a structure of one name: whoever sends that gets the value.
                    _ => break,
                }
            }
        }
        with_lists(Value::Object(root))
    }

    /// A parameter that is true or false; false when it is not there.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.get(name) {
            None | Some("") => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(text) => {
                Err(ApiError::invalid_value(format!("Invalid boolean value '{text}' for {name}")))
            }
        }
    }

    /// The parameters below a prefix such as `LaunchTemplateData.`, without it.
    pub(crate) fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .iter()
            .filter_map(move |(key, value)| Some((key.strip_prefix(prefix)?, value.as_str())))
    }

    /// Refuses what an operation does not know. `known` spells numbers as `N`; one that ends with a star stands for all that begins as it does, which
    /// the operation looks at itself.
    pub(crate) fn check(&self, service: Service, known: &[&str]) -> Result<(), ApiError> {
        let is_known = |name: &str| {
            matches!(name, "Action" | "Version")
                || known.contains(&spelled_with_n(name).as_str())
                || known
                    .iter()
                    .filter_map(|known| known.strip_suffix('*'))
                    .any(|prefix| name.starts_with(prefix))
        };
        match self.0.iter().find(|(name, _)| !is_known(name)) {
            None => Ok(()),
            Some((name, _)) if service == Service::Ec2 => Err(ApiError::new(
                400,
                "UnknownParameter",
                format!("The parameter {name} is not recognized"),
            )),
            Some((name, _)) => Err(ApiError::new(
                400,
                "ValidationError",
                format!("The parameter {name} is not simulated"),
            )),
        }
    }
}

/// A tree with each `{"member":{"1":…,"2":…}}` made a list.
fn with_lists(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    if let (1, Some(Value::Object(entries))) = (members.len(), members.get("member")) {
        let mut entries: Vec<(u32, &Value)> = entries
            .iter()
            .filter_map(|(number, entry)| Some((number.parse().ok()?, entry)))
            .collect();
        entries.sort_by_key(|(number, _)| *number);
        return entries.into_iter().map(|(_, entry)| with_lists(entry.clone())).collect();
    }
    members.into_iter().map(|(name, value)| (name, with_lists(value))).collect()
}

/// `Filter.2.Value.1` as `Filter.N.Value.N`.
pub(crate) fn spelled_with_n(name: &str) -> String {
    let part = |part: &str| {
        if part.parse::<u32>().is_ok() { "N".to_owned() } else { part.to_owned() }
    };
    name.split('.').map(part).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
impl Parameters {
    /// Parameters from a form, for tests.
    pub(crate) fn of(form: &str) -> Self {
        Self(url::form_urlencoded::parse(form.as_bytes()).into_owned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_in_the_order_of_their_numbers() {
        let parameters =
            Parameters::of("InstanceId.10=c&InstanceId.2=b&InstanceId.1=a&InstanceIdX.1=no");
        assert_eq!(parameters.list("InstanceId"), ["a", "b", "c"]);
        assert_eq!(
            Parameters::of("Filter.3.Name=x&Filter.1.Name=y&Filter.1.Value.1=z").numbers("Filter"),
            [1, 3]
        );
    }

    #[test]
    fn forms_become_documents() {
        let form =
            "Action=X&Q.member.2.Id=b&Q.member.1.Id=a&Q.member.1.Stat.Names.member.1=n&End=7";
        let expected = serde_json::json!({
            "Q": [{ "Id": "a", "Stat": { "Names": ["n"] } }, { "Id": "b" }],
            "End": "7",
        });
        assert_eq!(Parameters::of(form).document(), expected);
        assert_eq!(Parameters::of("A=1&A.B=2").document(), serde_json::json!({ "A": "1" }));
    }

    #[test]
    fn segments_of_paths_are_decoded() {
        assert_eq!(percent_decoded("a%2Fb%20c+%zz%"), "a/b c+%zz%");
        assert_eq!(percent_decoded("%C3%BC"), "ü");
    }

    #[test]
    fn unknown_parameters_are_refused() {
        let known = ["Filter.N.Name", "DryRun"];
        assert!(
            Parameters::of("Action=X&Version=1&Filter.7.Name=a&DryRun=true")
                .check(Service::Ec2, &known)
                .is_ok()
        );
        let error = Parameters::of("MaxResult=5").check(Service::Ec2, &known).unwrap_err();
        assert_eq!(error.code, "UnknownParameter");
    }

    #[test]
    fn flags_are_true_or_false() {
        assert_eq!(Parameters::of("DryRun=TRUE").flag("DryRun"), Ok(true));
        assert_eq!(Parameters::of("").flag("DryRun"), Ok(false));
        assert!(Parameters::of("DryRun=yes").flag("DryRun").is_err());
    }
}
