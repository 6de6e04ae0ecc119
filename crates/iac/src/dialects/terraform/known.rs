//! The table of modules whose code is usually not at hand (`modules.toml`).

use std::sync::LazyLock;

use imdsure_model::Effect;
use serde::Deserialize;

use super::{
    kinds::Form,
    version::{self, Version},
};

/// The table.
#[derive(Debug, Deserialize)]
pub(super) struct Table {
    pub(super) launches: Vec<String>,
    pub(super) module: Vec<Known>,
}

/// A known module, or one of its inputs.
#[derive(Debug, Deserialize)]
pub(super) struct Known {
    sources: Vec<String>,
    pub(super) path: Vec<String>,
    /// The input that counts for all groups that do not say it themselves.
    #[serde(default)]
    pub(super) defaults: Vec<String>,
    pub(super) form: Spelling,
    pub(super) effect: Effect,
    pub(super) versions: Vec<Since>,
}

/// How an input says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Spelling {
    Options,
    Flag,
    Tokens,
}

/// What a module does from a version on.
#[derive(Debug, Deserialize)]
pub(super) struct Since {
    from: String,
    pub(super) silent: Silent,
    /// Where the input is an object that does not say `http_tokens`.
    pub(super) partial: Option<Silent>,
}

/// What a module does when nothing is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Silent {
    Required,
    Optional,
    Absent,
    Unsupported,
    Unknown,
}

pub(super) static TABLE: LazyLock<Option<Table>> =
    LazyLock::new(|| toml::from_str(include_str!("modules.toml")).ok());

impl Known {
    /// The modules of that source.
    pub(super) fn of(name: &str) -> Vec<&'static Self> {
        let all = TABLE.iter().flat_map(|table| &table.module);
        all.filter(|known| known.sources.iter().any(|one| is(name, one))).collect()
    }
}

/// A source without its version, its submodule and how it is fetched; and its version, if it names one.
pub(super) fn split(source: &str) -> (String, Option<String>) {
    let (path, query) = source.split_once('?').unwrap_or((source, ""));
    let reference = query.split('&').find_map(|pair| pair.strip_prefix("ref=").map(str::to_owned));
    let path = path.strip_prefix("git::").unwrap_or(path);
    let path = path.split_once("://").map_or(path, |(_, path)| path);
    let path = path.split("//").next().unwrap_or(path);
    (path.trim_end_matches(".git").to_ascii_lowercase(), reference)
}

/// Whether a source is the known one: all of it, or behind a host.
fn is(name: &str, known: &str) -> bool {
    name.strip_suffix(known).is_some_and(|host| host.is_empty() || host.ends_with(['/', ':']))
}

/// As resources spell it.
pub(super) const fn form(spelling: Spelling) -> Form {
    match spelling {
        Spelling::Options => Form::Options,
        Spelling::Flag => Form::Flag,
        Spelling::Tokens => Form::Word,
    }
}

/// The entries that count for some version of a range.
pub(super) fn fitting(versions: &[Since], (from, to): (Version, Version)) -> Vec<&Since> {
    let begin = |since: &Since| version::parse(&since.from).unwrap_or_default();
    let entries = versions.iter().enumerate().filter(|(index, since)| {
        let end = versions.get(index + 1).map_or([u64::MAX; 3], begin);
        begin(since) < to && from < end
    });
    entries.map(|(_, since)| since).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        let table = TABLE.as_ref().expect("it parses");
        assert!(table.module.len() > 5);
        for known in &table.module {
            let versions: Vec<Version> =
                known.versions.iter().map(|since| version::parse(&since.from).unwrap()).collect();
            assert!(versions.is_sorted(), "{known:?}");
        }
    }

    #[test]
    fn sources_are_recognised_however_they_are_fetched() {
        for source in [
            "terraform-aws-modules/ec2-instance/aws",
            "registry.terraform.io/terraform-aws-modules/ec2-instance/aws",
            "git::https://github.com/terraform-aws-modules/terraform-aws-ec2-instance.git?ref=v5.0.0",
            "git@github.com:terraform-aws-modules/terraform-aws-ec2-instance.git",
        ] {
            let (name, _) = split(source);
            let table = TABLE.as_ref().unwrap();
            assert!(table.module[0].sources.iter().any(|known| is(&name, known)), "{name}");
        }
        let (name, _) = split("xterraform-aws-modules/ec2-instance/aws");
        assert!(!is(&name, "terraform-aws-modules/ec2-instance/aws"));
    }
}
