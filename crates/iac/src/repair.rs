//! A repair rehearsed: all fixes applied in memory, the result read again, and the two readings compared.
//! Only what comes out as meant is handed over to be written.

use std::{collections::BTreeMap, path::PathBuf};

use imdsure_model::effective::{Endpoint, Tokens};

use crate::{
    dialect::load,
    fix::{Edit, Edits, FixError},
    scan::{Scan, Scanned},
    spec::{Declared, LaunchSpec, Options},
};

/// What a repair would do.
#[derive(Debug, Default)]
pub struct Rehearsal {
    /// The files, before and after.
    pub edits: Vec<Edit>,
    /// Rows whose fix could not be taken, and why. A further run may take it.
    pub refused: Vec<(LaunchSpec, FixError)>,
    /// What came out otherwise than meant: nothing may be written then.
    pub mistakes: Vec<Mistake>,
}

/// Something that a fix changed and should not have, or should have and did not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {address}: {what}", path.display())]
pub struct Mistake {
    /// The file.
    pub path: PathBuf,
    /// The row's address; empty for the whole file.
    pub address: String,
    /// What is wrong.
    pub what: String,
}

/// Applies the fixes of the chosen rows in memory and reads the result.
pub fn rehearse(scan: &Scan, before: &Scanned, chosen: impl Fn(&LaunchSpec) -> bool) -> Rehearsal {
    let mut rehearsal = Rehearsal::default();
    let (mut edits, mut fixed) = (Edits::default(), Vec::new());
    for spec in before.specs.iter().filter(|spec| chosen(spec)) {
        let Some(fix) = &spec.fix else { continue };
        match edits.add(fix) {
            Ok(()) => fixed.push(spec),
            Err(error) => rehearsal.refused.push((spec.clone(), error)),
        }
    }
    let mut after = scan.clone();
    for path in edits.paths() {
        let edit = load(path, &scan.overlay)
            .map_err(|error| error.to_string())
            .and_then(|source| edits.apply(path, source.text()).map_err(|error| error.to_string()));
        match edit {
            Ok(edit) => {
                after.overlay.insert(path.to_path_buf(), edit.after.clone());
                rehearsal.edits.push(edit);
            }
            Err(what) => rehearsal.mistakes.push(Mistake {
                path: path.to_path_buf(),
                address: String::new(),
                what,
            }),
        }
    }
    if !rehearsal.edits.is_empty() {
        rehearsal.mistakes.extend(verify(before, &after.run(), &fixed));
    }
    rehearsal
}

/// Compares two readings: the fixed rows require tokens, and no other row says something else than before,
/// except where it shares the place that was changed.
pub fn verify(before: &Scanned, after: &Scanned, fixed: &[&LaunchSpec]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for error in after.errors.iter().filter(|error| is_new(error, before)) {
        let (path, what) = (error.path.clone(), error.to_string());
        mistakes.push(Mistake { path, address: String::new(), what });
    }
    let (old, mut new) = (by_address(&before.specs), by_address(&after.specs));
    for (key, specs) in old {
        let others = new.remove(&key).unwrap_or_default();
        for (index, spec) in specs.iter().enumerate() {
            let what = match others.get(index) {
                None if spec.kind == crate::loose::KIND => None,
                None => Some("is not found any more".to_owned()),
                Some(other) => compare(spec, other, fixed),
            };
            mistakes.extend(what.map(|what| mistake(spec, what)));
        }
    }
    let added = new.into_values().flatten();
    mistakes.extend(added.map(|spec| mistake(spec, "was not there before".to_owned())));
    mistakes
}

fn is_new(error: &crate::ScanError, before: &Scanned) -> bool {
    !before
        .errors
        .iter()
        .any(|old| (&old.path, old.code, &old.message) == (&error.path, error.code, &error.message))
}

fn mistake(spec: &LaunchSpec, what: String) -> Mistake {
    Mistake { path: spec.place.path.to_path_buf(), address: spec.address.clone(), what }
}

type Address<'a> = (&'a std::path::Path, &'static str, &'a str, &'a str);

fn by_address(specs: &[LaunchSpec]) -> BTreeMap<Address<'_>, Vec<&LaunchSpec>> {
    let mut map: BTreeMap<Address<'_>, Vec<&LaunchSpec>> = BTreeMap::new();
    for spec in specs {
        let key = (spec.place.path.as_ref(), spec.dialect, &*spec.kind, &*spec.address);
        map.entry(key).or_default().push(spec);
    }
    map
}

fn compare(spec: &LaunchSpec, other: &LaunchSpec, fixed: &[&LaunchSpec]) -> Option<String> {
    let (old, new) = (&spec.options, &other.options);
    if fixed.contains(&spec) {
        let required = new.http_tokens.value() == Some(&Tokens::Required);
        let disabled = new.http_endpoint.value() == Some(&Endpoint::Disabled);
        if !required && !disabled {
            return Some("does not require tokens after the fix".to_owned());
        }
    } else if !same(&old.http_tokens, &new.http_tokens) && !shares(spec, fixed) {
        return Some("HttpTokens has changed".to_owned());
    }
    let endpoint = same(&old.http_endpoint, &new.http_endpoint)
        || old.http_endpoint.is_absent() && new.http_endpoint.value() == Some(&Endpoint::Enabled);
    (!endpoint || !same_rest(old, new)).then(|| "another option has changed".to_owned())
}

fn same_rest(old: &Options, new: &Options) -> bool {
    same(&old.hop_limit, &new.hop_limit)
        && same(&old.instance_metadata_tags, &new.instance_metadata_tags)
        && same(&old.http_protocol_ipv6, &new.http_protocol_ipv6)
}

fn same<T: PartialEq>(old: &Declared<T>, new: &Declared<T>) -> bool {
    old.word() == new.word() && old.value() == new.value()
}

/// Whether a fix reaches this row as well: it changes the place that decides, or what the row inherits.
fn shares(spec: &LaunchSpec, fixed: &[&LaunchSpec]) -> bool {
    let decided = spec.options.http_tokens.place();
    fixed.iter().any(|other| {
        let theirs = other.options.http_tokens.place();
        let same_place = decided.is_some() && decided == theirs;
        let inherits = decided.is_none() && theirs.is_none();
        same_place || inherits
    })
}
