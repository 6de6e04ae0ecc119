//! The name of a run: when it began, and six random digits. It is also the name of its folder, so nothing
//! but that form is accepted.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The name of a run (`20261124T185600Z-3f9a2c`). Names sort by age, newest last, as far as seconds tell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

/// A name that no run can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no name of a run: they look like 20261124T185600Z-3f9a2c, and `imdsure journal list` \
     shows those that there are"
)]
pub struct BadRunId {
    /// What was given, shortened and without control characters.
    pub text: String,
}

impl RunId {
    /// A new name for a run that begins now.
    pub fn new(now: Timestamp) -> Self {
        let random = fastrand::u32(..) & 0x00ff_ffff;
        Self(format!("{}-{random:06x}", now.strftime("%Y%m%dT%H%M%SZ")))
    }

    /// The second in which it began. Names of the same second sort by chance.
    pub(crate) fn second(&self) -> &str {
        self.0.split_once('-').map_or(&self.0, |(second, _)| second)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether text has the form of a run's name. A digit stands for itself in the pattern `0`, a digit of a
/// lower-case hexadecimal number in `x`.
fn well_formed(text: &str) -> bool {
    const PATTERN: &[u8] = b"00000000T000000Z-xxxxxx";
    let fits = |(byte, pattern): (u8, &u8)| match pattern {
        b'0' => byte.is_ascii_digit(),
        b'x' => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        _ => byte == *pattern,
    };
    text.len() == PATTERN.len() && text.bytes().zip(PATTERN).all(fits)
}

impl FromStr for RunId {
    type Err = BadRunId;

    fn from_str(text: &str) -> Result<Self, BadRunId> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for RunId {
    type Error = BadRunId;

    fn try_from(text: String) -> Result<Self, BadRunId> {
        if well_formed(&text) {
            return Ok(Self(text));
        }
        let text = text.chars().filter(|c| !c.is_control()).take(40).collect();
        Err(BadRunId { text })
    }
}

impl From<RunId> for String {
    fn from(run: RunId) -> Self {
        run.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_name_is_its_time_and_can_be_read_again() {
        let run = RunId::new("2026-11-24T18:56:00.9Z".parse().unwrap());
        assert!(run.as_str().starts_with("20261124T185600Z-"), "{run}");
        assert_eq!(run.as_str().parse(), Ok(run.clone()));
        assert_eq!(run.second(), "20261124T185600Z");
        let json = serde_json::to_string(&run).unwrap();
        assert_eq!(serde_json::from_str::<RunId>(&json).unwrap(), run);
    }

    #[test]
    fn names_sort_by_age() {
        let at = |text: &str| RunId::new(text.parse().unwrap());
        let mut runs = [at("2027-01-01T00:00:00Z"), at("2026-12-31T23:59:59Z")];
        runs.sort();
        assert!(runs[0].as_str().starts_with("2026"));
    }

    #[test]
    fn nothing_else_is_a_name() {
        for text in [
            "",
            ".",
            "..",
            "/etc/passwd",
            "20261124T185600Z-3f9a2",
            "20261124T185600Z-3f9a2c0",
            "20261124T185600Z-3F9A2C",
            "20261124T185600Z_3f9a2c",
            "20261124T185600Z-../../",
            "20261124T185600Z-3f9a2/",
            "20261124T185600Z-3f9a2\0",
            "20261124T185600Z-3f9ä2",
            "2026112４T185600Z-3f9a",
        ] {
            assert!(text.parse::<RunId>().is_err(), "{text}");
            let json = serde_json::to_string(text).unwrap();
            assert!(serde_json::from_str::<RunId>(&json).is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_repeats_no_control_characters() {
        let error = "\u{1b}[31mred".parse::<RunId>().unwrap_err();
        assert_eq!(error.text, "[31mred");
    }
}
