//! What became of a waiver in a run.

use std::fmt;

use serde::Serialize;

use super::Waiver;

/// Whether a waiver does what it was written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum WaiverState {
    /// It fits findings that fail or are unknown.
    #[serde(rename = "in force")]
    InForce,
    /// Its last day is over: it waives nothing.
    #[serde(rename = "expired")]
    Expired,
    /// It fits nothing that fails or is unknown, though all that it could fit was read and judged.
    #[serde(rename = "matches nothing")]
    MatchesNothing,
    /// It fits nothing, and what it could fit was not read or not judged, or not all of it.
    #[serde(rename = "not judged")]
    NotJudged,
}

impl WaiverState {
    /// Whether somebody has to do something about the waiver.
    pub const fn wants_attention(self) -> bool {
        matches!(self, Self::Expired | Self::MatchesNothing)
    }

    /// The words of reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in force",
            Self::Expired => "expired",
            Self::MatchesNothing => "matches nothing",
            Self::NotJudged => "not judged",
        }
    }
}

impl fmt::Display for WaiverState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One entry of a report's `waivers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaiverUse {
    /// What became of it.
    pub state: WaiverState,
    /// The failing and unknown findings that it fits, in force or not.
    pub matches: u64,
    /// Those that it waives: in force, and the first one that fits.
    pub waives: u64,
    /// The controls, by their own names.
    pub controls: Vec<String>,
    /// The pattern of ARNs and names.
    pub resource: Option<String>,
    /// The pattern of paths.
    pub path: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// The tag.
    pub tag: Option<String>,
    /// Why it is accepted.
    pub reason: String,
    /// The last day.
    pub expires: String,
    /// What reduces the risk meanwhile.
    pub compensating: Vec<String>,
    /// Where it is written.
    pub from: String,
}

impl WaiverUse {
    /// What became of this waiver.
    pub fn new(waiver: &Waiver, state: WaiverState, matches: u64, covers: u64) -> Self {
        let text = |pattern: &super::Pattern| pattern.as_str().to_owned();
        Self {
            state,
            matches,
            waives: covers,
            controls: waiver.controls.clone(),
            resource: waiver.resource.as_ref().map(text),
            path: waiver.path.as_ref().map(text),
            account: waiver.account.clone(),
            tag: waiver.tag.as_ref().map(ToString::to_string),
            reason: waiver.reason.clone(),
            expires: waiver.expires.to_string(),
            compensating: waiver.compensating.clone(),
            from: waiver.from.clone(),
        }
    }
}
