//! The settings of an instance that change during its life: its state and its metadata options.

use crate::hash::Draws;

/// The life of an instance, with AWS's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
    Stopping,
    Stopped,
}

impl State {
    /// `instanceState.code`.
    pub(crate) const fn code(self) -> u64 {
        match self {
            Self::Pending => 0,
            Self::Running => 16,
            Self::ShuttingDown => 32,
            Self::Terminated => 48,
            Self::Stopping => 64,
            Self::Stopped => 80,
        }
    }

    /// `instanceState.name`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }

    pub(super) fn draw(draws: &mut Draws) -> Self {
        match draws.below(1000) {
            0..120 => Self::Stopped,
            120..140 => Self::Terminated,
            140..145 => Self::Pending,
            145..149 => Self::Stopping,
            149..152 => Self::ShuttingDown,
            _ => Self::Running,
        }
    }
}

/// `metadataOptions`.
// Each is a switch of its own in AWS; none of them exclude each other.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MetadataOptions {
    pub(crate) pending: bool,
    pub(crate) tokens_required: bool,
    pub(crate) hop_limit: u8,
    pub(crate) endpoint_enabled: bool,
    pub(crate) ipv6_enabled: bool,
    pub(crate) tags_enabled: bool,
}

/// The word for a setting that is on or off.
pub(crate) const fn switch(on: bool) -> &'static str {
    if on { "enabled" } else { "disabled" }
}

impl MetadataOptions {
    pub(super) fn draw(draws: &mut Draws, state: State) -> Self {
        Self {
            tokens_required: draws.chance(600),
            endpoint_enabled: !draws.chance(30),
            pending: draws.chance(20) && state == State::Running,
            hop_limit: match draws.below(100) {
                0..60 => 1,
                60..94 => 2,
                _ => 3,
            },
            ipv6_enabled: draws.chance(20),
            tags_enabled: draws.chance(150),
        }
    }

    /// `httpTokens`.
    pub(crate) const fn tokens(self) -> &'static str {
        if self.tokens_required { "required" } else { "optional" }
    }

    /// `state`.
    pub(crate) const fn state(self) -> &'static str {
        if self.pending { "pending" } else { "applied" }
    }
}
