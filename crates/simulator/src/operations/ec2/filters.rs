//! Filters: `Filter.N.Name` with `Filter.N.Value.M`. All filters must match, and of each filter any value; values may hold `*` and `?`.

use crate::error::ApiError;
use crate::glob::Glob;
use crate::request::Parameters;

/// Values that one call may filter by, in all.
const MAX_VALUES: usize = 200;

/// One filter on a field of type `F`.
pub(super) struct Filter<F> {
    pub(super) field: F,
    values: Vec<Glob>,
}

impl<F> Filter<F> {
    /// Whether a text is one of the wanted.
    pub(super) fn wants(&self, text: &[u8]) -> bool {
        self.values.iter().any(|value| value.matches(text))
    }
}

/// The filters of a call.
pub(super) struct Filters<F> {
    pub(super) all: Vec<Filter<F>>,
    /// The filters as they were written, for what must be bound to them.
    pub(super) written: String,
}

impl<F> Filters<F> {
    /// Reads the filters; `field` knows the names.
    pub(super) fn read(
        parameters: &Parameters,
        field: impl Fn(&str) -> Option<F>,
    ) -> Result<Self, ApiError> {
        let mut filters = Self { all: Vec::new(), written: String::new() };
        let mut count = 0;
        for number in parameters.numbers("Filter") {
            let name = parameters.get(&format!("Filter.{number}.Name")).unwrap_or("null");
            let field = field(name).ok_or_else(|| {
                ApiError::invalid_value(format!("The filter '{name}' is invalid"))
            })?;
            let values = parameters.list(&format!("Filter.{number}.Value"));
            if values.is_empty() {
                let text = format!("The filter '{name}' must have at least one value");
                return Err(ApiError::new(400, "MissingParameter", text));
            }
            count += values.len();
            filters.written.extend([format!("{name:?}={values:?};")]);
            filters.all.push(Filter { field, values: values.into_iter().map(Glob::new).collect() });
        }
        if count > MAX_VALUES {
            let text = format!(
                "The maximum number of filter values specified on a single call is {MAX_VALUES}"
            );
            return Err(ApiError::new(400, "FilterLimitExceeded", text));
        }
        Ok(filters)
    }
}

impl Filters<String> {
    /// Reads filters that are kept by their names; `tag-key` among `names` stands for `tag:KEY` as well.
    pub(super) fn named(parameters: &Parameters, names: &[&str]) -> Result<Self, ApiError> {
        Self::read(parameters, |name| {
            let by_tag = names.contains(&"tag-key") && name.len() > 4 && name.starts_with("tag:");
            (by_tag || names.contains(&name)).then(|| name.to_owned())
        })
    }

    /// Whether something passes all filters; `values` tells what it has for a filter's name, and tags answer for themselves.
    pub(super) fn admit(
        &self,
        tags: &[(String, String)],
        values: impl Fn(&str) -> Vec<String>,
    ) -> bool {
        let wanted = |filter: &Filter<String>, texts: Vec<&str>| {
            texts.iter().any(|text| filter.wants(text.as_bytes()))
        };
        self.all.iter().all(|filter| match filter.field.strip_prefix("tag:") {
            Some(wanted_key) => {
                let of_key = tags.iter().filter(|(key, _)| key == wanted_key);
                wanted(filter, of_key.map(|(_, value)| value.as_str()).collect())
            }
            None if filter.field == "tag-key" => {
                wanted(filter, tags.iter().map(|(key, _)| key.as_str()).collect())
            }
            None => wanted(filter, values(&filter.field).iter().map(String::as_str).collect()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Result<Filters<String>, ApiError> {
        Filters::read(&Parameters::of(form), |name| (name != "bad").then(|| name.to_owned()))
    }

    #[test]
    fn values_of_one_filter_are_alternatives() {
        let filters =
            read("Filter.1.Name=type&Filter.1.Value.1=m5.*&Filter.1.Value.2=t?.micro").unwrap();
        let filter = &filters.all[0];
        assert_eq!(filter.field, "type");
        assert!(filter.wants(b"m5.large") && filter.wants(b"t3.micro"));
        assert!(!filter.wants(b"c5.large"));
    }

    #[test]
    fn what_is_written_tells_filters_apart() {
        let written = |form| read(form).unwrap().written;
        assert_ne!(
            written("Filter.1.Name=a&Filter.1.Value.1=b"),
            written("Filter.1.Name=a&Filter.1.Value.1=c")
        );
        assert_eq!(written(""), "");
    }

    #[test]
    fn impossible_filters_are_refused() {
        let code = |form: &str| read(form).err().map(|error| error.code);
        assert_eq!(code("Filter.1.Name=bad&Filter.1.Value.1=x"), Some("InvalidParameterValue"));
        assert_eq!(code("Filter.1.Name=a"), Some("MissingParameter"));
        let many: Vec<String> =
            (1..=201).map(|number| format!("&Filter.1.Value.{number}=x")).collect();
        assert_eq!(code(&format!("Filter.1.Name=a{}", many.concat())), Some("FilterLimitExceeded"));
    }
}
