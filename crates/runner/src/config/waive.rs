//! `[[waive]]`: findings that somebody accepts until a day.

use std::{fmt, ops::Range, path::Path};

use imdsure_engine::embedded_catalog;
use imdsure_model::{
    Catalog, Waiver, Waivers,
    waiver::{Pattern, Tag},
};
use serde::{
    Deserialize, Deserializer,
    de::{self, Error as _},
};
use toml::Spanned;

use super::{ConfigError, day, is_account_id, position, words};

/// One entry as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stated {
    /// One control or several, by name or alias.
    control: Spanned<Names>,
    /// A pattern of ARNs and names.
    resource: Option<Pattern>,
    /// A pattern of the paths of files.
    path: Option<Pattern>,
    #[serde(default, deserialize_with = "account")]
    account: Option<String>,
    /// `key=value`, or `key`.
    tag: Option<Tag>,
    #[serde(deserialize_with = "words")]
    reason: String,
    #[serde(deserialize_with = "day")]
    expires: jiff::civil::Date,
    /// What reduces the risk meanwhile.
    #[serde(default, deserialize_with = "measures")]
    compensating: Vec<String>,
}

/// What is wrong, and where.
type Wrong = (Range<usize>, String);

/// The waivers that are stated in a text, with their places in it.
pub(super) fn waivers(
    stated: &[Spanned<Stated>],
    text: &str,
    path: &Path,
) -> Result<Waivers, ConfigError> {
    if stated.is_empty() {
        return Ok(Waivers::default());
    }
    let catalog = embedded_catalog()?;
    let waivers = stated.iter().map(|entry| {
        let (line, _) = position(text, entry.span().start);
        let from = format!("{}:{line}", path.display());
        entry.get_ref().waiver(&catalog, entry.span(), from)
    });
    let waivers: Result<Vec<Waiver>, Wrong> = waivers.collect();
    waivers.map(Waivers::new).map_err(|(at, message)| {
        let (line, column) = position(text, at.start);
        ConfigError::Invalid { path: path.to_owned(), line, column, message }
    })
}

impl Stated {
    fn waiver(&self, catalog: &Catalog, at: Range<usize>, from: String) -> Result<Waiver, Wrong> {
        let narrows = self.resource.is_some() || self.path.is_some();
        if !narrows && self.account.is_none() && self.tag.is_none() {
            let message =
                "name what is waived: resource, path, account, tag, or several of them".to_owned();
            return Err((at, message));
        }
        Ok(Waiver {
            controls: self.controls(catalog)?,
            resource: self.resource.clone(),
            path: self.path.clone(),
            account: self.account.clone(),
            tag: self.tag.clone(),
            reason: self.reason.trim().to_owned(),
            expires: self.expires,
            compensating: self.compensating.clone(),
            from,
        })
    }

    /// The controls by their own names, each once.
    fn controls(&self, catalog: &Catalog) -> Result<Vec<String>, Wrong> {
        let named = match self.control.get_ref() {
            Names::One(name) => vec![(self.control.span(), name)],
            Names::Several(names) => {
                names.iter().map(|name| (name.span(), name.get_ref())).collect()
            }
        };
        if named.is_empty() {
            return Err((self.control.span(), "name a control".to_owned()));
        }
        let mut controls: Vec<String> = Vec::new();
        for (at, name) in named {
            let control = catalog.resolve(name).map_err(|error| (at, error.to_string()))?;
            if !controls.contains(&control.name) {
                controls.push(control.name.clone());
            }
        }
        Ok(controls)
    }
}

/// A name, or a list of names, each with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Names {
    One(String),
    Several(Vec<Spanned<String>>),
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // An untagged enum would lose the places.
        from.deserialize_any(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> de::Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a control, or a list of them")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Names, E> {
        Ok(Names::One(name.to_owned()))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut names: A) -> Result<Names, A::Error> {
        let mut all = Vec::new();
        while let Some(name) = names.next_element()? {
            all.push(name);
        }
        Ok(Names::Several(all))
    }
}

fn account<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let id = String::deserialize(from)?;
    if is_account_id(&id) {
        return Ok(Some(id));
    }
    Err(D::Error::custom(format!("`{id}` is no account id: twelve digits are")))
}

fn measures<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let measures = Vec::<String>::deserialize(from)?;
    if measures.iter().any(|measure| measure.trim().is_empty()) {
        return Err(D::Error::custom("what compensates has words"));
    }
    Ok(measures)
}
