//! `imdsure.toml`: what an organization decides once and not at every command. An unknown key, a wrong type
//! or a bad date is refused with file, line and column.

mod waive;

use std::path::{Path, PathBuf};

use imdsure_engine::Settings;
use imdsure_model::{AcceptUnread, ControlError, ErrorKind, ErrorRow, Waivers, silence::TOOLS};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "imdsure.toml";
/// A hop limit above this fails `instance-hop-limit`, unless the configuration says otherwise.
const MAX_HOP_LIMIT: u8 = 2;

/// A configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Keys of the tags that name a resource's owner; the first one that a resource has counts.
    #[serde(default)]
    pub owner_tags: Vec<String>,
    /// Gaps that do not make a run incomplete.
    #[serde(default)]
    accept_unread: Vec<Acceptance>,
    /// The largest hop limit that passes `instance-hop-limit`, 1 to 64.
    #[serde(default = "max_hop_limit", deserialize_with = "hop_limit")]
    pub max_hop_limit: u8,
    /// Findings that are accepted, as they are written.
    #[serde(default)]
    waive: Vec<Spanned<waive::Stated>>,
    /// What is taken to be so where no evidence shows it.
    #[serde(default)]
    assume: Assume,
    /// What bears on code.
    #[serde(default)]
    scan: ScanConfig,
    #[serde(skip)]
    waivers: Waivers,
}

/// `[assume]`: what the organization answers for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Assume {
    /// The account's default for `HttpTokens`, in every account and region that code is for.
    account_default: Option<AssumedTokens>,
}

/// The one assumption that makes a difference: anything else is what happens without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AssumedTokens {
    Required,
}

/// `[scan]`: how code is judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScanConfig {
    /// Tools whose ignore comments in code count.
    #[serde(default)]
    honor: Vec<CommentTool>,
}

/// A tool whose ignore comments are understood.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct CommentTool(String);

impl TryFrom<String> for CommentTool {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if TOOLS.contains(&name.as_str()) {
            return Ok(Self(name));
        }
        let known = TOOLS.join(", ");
        Err(format!("the ignore comments of `{name}` are not known; those of {known} are"))
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            owner_tags: Vec::new(),
            accept_unread: Vec::new(),
            max_hop_limit: MAX_HOP_LIMIT,
            waive: Vec::new(),
            assume: Assume::default(),
            scan: ScanConfig::default(),
            waivers: Waivers::default(),
        }
    }
}

const fn max_hop_limit() -> u8 {
    MAX_HOP_LIMIT
}

fn hop_limit<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    match i64::deserialize(from)? {
        limit @ 1..=64 => Ok(limit as u8),
        other => Err(serde::de::Error::custom(format!("a hop limit is 1 to 64, not {other}"))),
    }
}

/// `[[accept_unread]]`: a gap that somebody answers for until a day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "StatedAcceptance")]
struct Acceptance {
    account: Option<String>,
    region: Option<String>,
    service: Option<String>,
    reason: String,
    expires: jiff::civil::Date,
}

impl TryFrom<StatedAcceptance> for Acceptance {
    type Error = String;

    fn try_from(stated: StatedAcceptance) -> Result<Self, String> {
        let StatedAcceptance { account, region, service, reason, expires } = stated;
        if account.is_none() && region.is_none() && service.is_none() {
            return Err(
                "name what is accepted: account, region, service, or several of them".into()
            );
        }
        if let Some(id) = account.as_ref().filter(|id| !is_account_id(id)) {
            return Err(format!("`{id}` is no account id: twelve digits are"));
        }
        let lower =
            |name: &String| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if let Some(name) = service.as_ref().filter(|name| !lower(name)) {
            return Err(format!("`{name}` is no service as IAM writes it, like `lightsail`"));
        }
        Ok(Self { account, region, service, reason, expires })
    }
}

/// The same as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatedAcceptance {
    /// The account; every one without it.
    account: Option<String>,
    /// The region; every one without it.
    region: Option<String>,
    /// The service, as IAM writes it (`lightsail`); every one without it.
    service: Option<String>,
    #[serde(deserialize_with = "words")]
    reason: String,
    #[serde(deserialize_with = "day")]
    expires: jiff::civil::Date,
}

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn words<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if text.trim().is_empty() {
        return Err(serde::de::Error::custom("a reason has words"));
    }
    Ok(text)
}

/// A day as a TOML date or as text: `2027-01-31`.
fn day<'de, D: Deserializer<'de>>(from: D) -> Result<jiff::civil::Date, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Day {
        Text(String),
        Date(toml::value::Datetime),
    }
    let text = match Day::deserialize(from) {
        Ok(Day::Text(text)) => text,
        Ok(Day::Date(date)) => date.to_string(),
        Err(_) => return Err(serde::de::Error::custom("a day is written 2027-01-31")),
    };
    let parsed = text.parse();
    parsed.map_err(|_| serde::de::Error::custom(format!("`{text}` is no day: 2027-01-31 is")))
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {} cannot be read: {error}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file does not say what a configuration can say.
    #[error("{}:{line}:{column}: {message}", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// The controls that it may name cannot be told: the build let something through.
    #[error("an embedded control is broken: {0}")]
    Catalog(#[from] ControlError),
}

impl Config {
    /// Reads the file that was named, else `imdsure.toml` of the working directory if there is one.
    pub fn load(named: Option<&Path>) -> Result<Self, ConfigError> {
        let path = named.unwrap_or(Path::new(DEFAULT_FILE));
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self::default())
            }
            Err(error) => Err(ConfigError::Unreadable { path: path.to_owned(), error }),
        }
    }

    fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let (line, column) = position(text, at);
            let message = error.message().trim().to_owned();
            ConfigError::Invalid { path: path.to_owned(), line, column, message }
        })?;
        config.waivers = waive::waivers(&config.waive, text, path)?;
        Ok(config)
    }

    /// The findings that are accepted.
    pub const fn waivers(&self) -> &Waivers {
        &self.waivers
    }

    /// The day by which acceptances and waivers are in force or not: that of the machine.
    pub fn today() -> jiff::civil::Date {
        jiff::Zoned::now().date()
    }

    /// What bears on judging.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            owner_tags: self.owner_tags.clone(),
            max_hop_limit: self.max_hop_limit,
            waivers: self.waivers.clone(),
            account_default: self
                .assume
                .account_default
                .map(|AssumedTokens::Required| "required".to_owned()),
            honoured_comments: self.scan.honor.iter().map(|tool| tool.0.clone()).collect(),
            today: Self::today(),
        }
    }

    /// Marks the gaps that are accepted today, and tells whether any is left. One whose acceptance ran out
    /// is a gap again. `known` is whether the evidence itself knows of gaps.
    pub(crate) fn leaves_incomplete(&self, errors: &mut [ErrorRow], known: bool) -> bool {
        let today = Self::today();
        for error in errors.iter_mut() {
            let acceptance = self
                .accept_unread
                .iter()
                .find(|acceptance| acceptance.expires >= today && acceptance.covers(error));
            error.accepted = acceptance.map(|acceptance| AcceptUnread {
                reason: acceptance.reason.clone(),
                expires: acceptance.expires.to_string(),
            });
        }
        // Evidence may know of gaps that it has no row for.
        (known && errors.is_empty()) || errors.iter().any(|error| error.accepted.is_none())
    }
}

impl Acceptance {
    /// Whether it names this gap. A gap without a place (a list that could not be read) is wider than any
    /// account or region: only an acceptance that names none covers it.
    fn covers(&self, error: &ErrorRow) -> bool {
        let same = |named: &Option<String>, place: Option<&str>| {
            named.as_deref().is_none_or(|named| place == Some(named))
        };
        let service = error.operation.split(':').next();
        // Somebody may answer for what is closed or denied, not for a run that was stopped or throttled. No
        // answer may mean that a region lacks a service (behind a proxy nobody says so): only who names both
        // can mean that.
        let answerable = match error.kind {
            ErrorKind::ClosedByPolicy | ErrorKind::Denied => true,
            ErrorKind::Unavailable => self.region.is_some() && self.service.is_some(),
            _ => false,
        };
        answerable
            && same(&self.account, error.account_id.as_deref())
            && same(&self.region, error.region.as_deref())
            && same(&self.service, service)
    }
}

/// Line and column, both from 1, of a byte in a text; columns in characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
