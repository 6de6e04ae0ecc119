//! What calls made of an instance's metadata service, one turn after the other: its metrics and its health follow from that.

use super::options::{MetadataOptions, State};

/// What a call to the metadata service without a token meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// The instance does not run: nobody calls.
    Off,
    /// The endpoint is disabled: there is no answer, and nothing is counted.
    Closed,
    /// Tokens are optional: it is answered.
    Open,
    /// Tokens are required: it is refused.
    Shut,
}

impl Gate {
    /// Of an instance that runs.
    pub(super) const fn under(options: MetadataOptions) -> Self {
        match (options.endpoint_enabled, options.tokens_required) {
            (false, _) => Self::Closed,
            (true, false) => Self::Open,
            (true, true) => Self::Shut,
        }
    }

    /// Of an instance in this state.
    pub(super) fn of(state: State, options: MetadataOptions) -> Self {
        if state == State::Running { Self::under(options) } else { Self::Off }
    }
}

/// From a second on, another gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    /// Seconds since 1970.
    pub(super) at: i64,
    pub(super) gate: Gate,
    /// Whether the instance boots with it.
    pub(super) boots: bool,
}
