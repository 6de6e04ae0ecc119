//! The catalogue of controls, and how people name them: by our name, or by the name that the field
//! gave the rule (`securityhub:EC2.8`, `cis-aws-3.0:5.6`, …).

use std::collections::{BTreeMap, BTreeSet};

use crate::Control;

/// Prefixes of Powerpipe's long spelling, which stand for the source `powerpipe`.
const POWERPIPE_LONG: [&str; 4] =
    ["aws_compliance.control.", "aws_compliance.query.", "control.", "query."];

/// All controls, by name.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    controls: BTreeMap<String, Control>,
}

/// Why a name does not lead to one control.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Nothing is called so.
    #[error("no control or alias is called `{name}`{}", hint(.similar))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Names that look alike, best first.
        similar: Vec<String>,
    },
    /// Several rules are called so, and they are not the same control.
    #[error("`{name}` is ambiguous; say which: {}", candidates.join(", "))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// The full aliases it could mean.
        candidates: Vec<String>,
    },
}

fn hint(similar: &[String]) -> String {
    match similar {
        [] => "; `imdsure control list` shows all".to_owned(),
        names => format!("; did you mean {}?", names.join(", ")),
    }
}

impl Catalog {
    /// A catalogue of these controls.
    pub fn new(controls: impl IntoIterator<Item = Control>) -> Self {
        let by_name = |control: Control| (control.name.clone(), control);
        Self { controls: controls.into_iter().map(by_name).collect() }
    }

    /// All controls, by name.
    pub fn controls(&self) -> impl Iterator<Item = &Control> {
        self.controls.values()
    }

    /// The control of exactly that name.
    pub fn get(&self, name: &str) -> Option<&Control> {
        self.controls.get(name)
    }

    /// The controls that run when none is chosen.
    pub fn defaults(&self) -> impl Iterator<Item = &Control> {
        self.controls().filter(|control| control.default)
    }

    /// The one control that `name` means: our name, an alias (`source:id`), a family of versions where
    /// all agree (`cis-aws:5.6`), or an id without its source where only one source uses it.
    pub fn resolve(&self, name: &str) -> Result<&Control, ResolveError> {
        if let Some(control) = self.get(name) {
            return Ok(control);
        }
        let wanted = POWERPIPE_LONG
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix))
            .map_or_else(|| name.to_owned(), |short| format!("powerpipe:{short}"));
        let matches: Vec<(&str, &Control)> =
            self.aliases().filter(|(alias, _)| means(&wanted, alias)).collect();
        let names: BTreeSet<&str> = matches.iter().map(|(_, c)| c.name.as_str()).collect();
        match (matches.first(), names.len()) {
            (Some((_, control)), 1) => Ok(control),
            (None, _) => Err(self.unknown(name)),
            _ => Err(ResolveError::Ambiguous {
                name: name.to_owned(),
                candidates: matches
                    .iter()
                    .map(|(alias, c)| format!("{alias} ({})", c.name))
                    .collect(),
            }),
        }
    }

    fn aliases(&self) -> impl Iterator<Item = (&str, &Control)> {
        self.controls().flat_map(|c| c.aliases.iter().map(move |alias| (alias.as_str(), c)))
    }

    fn unknown(&self, name: &str) -> ResolveError {
        let names = self.controls.keys().map(String::as_str);
        let all = names.chain(self.aliases().map(|(alias, _)| alias));
        let from_name = |candidate: &str| {
            let id = candidate.split_once(':').map_or(candidate, |(_, id)| id);
            distance(name, candidate).min(distance(name, id))
        };
        let mut near: Vec<(usize, String)> = all
            .map(|candidate| (from_name(candidate), candidate.to_owned()))
            .filter(|(distance, candidate)| *distance <= candidate.len().min(name.len()) / 3)
            .collect();
        near.sort();
        let similar = near.into_iter().take(3).map(|(_, candidate)| candidate).collect();
        ResolveError::Unknown { name: name.to_owned(), similar }
    }
}

/// Whether what a person wrote means this full alias: the alias itself, its family (the source without
/// its version), or the id alone. Sources and ids are compared without case.
fn means(wanted: &str, alias: &str) -> bool {
    let Some((source, id)) = alias.split_once(':') else { return false };
    match wanted.split_once(':') {
        None => wanted.eq_ignore_ascii_case(id),
        Some((asked, asked_id)) => {
            asked_id.eq_ignore_ascii_case(id)
                && (asked.eq_ignore_ascii_case(source)
                    || asked.eq_ignore_ascii_case(family(source)))
        }
    }
}

/// `cis-aws-3.0` → `cis-aws`; a source without a version is its own family.
fn family(source: &str) -> &str {
    match source.rsplit_once('-') {
        Some((family, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => family,
        _ => source,
    }
}

/// The number of single-character edits between two short names (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;

    fn control(name: &str, aliases: &[&str]) -> Control {
        Control {
            name: name.into(),
            title: "t".into(),
            severity: Severity::High,
            default: false,
            aliases: aliases.iter().map(|a| (*a).to_owned()).collect(),
            outcomes: Vec::new(),
            fixes: Vec::new(),
            page: String::new(),
            sql: String::new(),
        }
    }

    fn catalog() -> Catalog {
        Catalog::new([
            control("one", &["securityhub:EC2.8", "cis-aws-4.0:5.7", "x:5.7"]),
            control("two", &["cis-aws-2.0:5.6", "cis-aws-3.0:5.6", "powerpipe:ec2_8", "y-1.0:9"]),
            control("three", &["y-2.0:9", "z:5.7"]),
        ])
    }

    fn resolved(name: &str) -> Result<String, ResolveError> {
        catalog().resolve(name).map(|control| control.name.clone())
    }

    #[test]
    fn names_families_and_bare_ids_resolve() {
        let table = [
            ("one", "one"),
            ("securityhub:EC2.8", "one"),
            ("SecurityHub:ec2.8", "one"),
            ("EC2.8", "one"),
            ("cis-aws-3.0:5.6", "two"),
            ("cis-aws:5.6", "two"),
            ("5.6", "two"),
            ("aws_compliance.control.ec2_8", "two"),
            ("query.ec2_8", "two"),
            ("y-2.0:9", "three"),
        ];
        for (asked, control) in table {
            assert_eq!(resolved(asked).as_deref(), Ok(control), "{asked}");
        }
    }

    #[test]
    fn what_is_ambiguous_is_refused_with_its_candidates() {
        for asked in ["5.7", "y:9"] {
            let Err(ResolveError::Ambiguous { candidates, .. }) = resolved(asked) else {
                panic!("{asked} is not ambiguous")
            };
            assert!(candidates.len() > 1);
        }
    }

    #[test]
    fn what_is_unknown_is_answered_with_what_looks_alike() {
        let error = resolved("securityhub:EC2.9").unwrap_err();
        assert!(error.to_string().contains("did you mean securityhub:EC2.8"), "{error}");
        assert!(resolved("nothing-like-it").unwrap_err().to_string().contains("control list"));
    }
}
