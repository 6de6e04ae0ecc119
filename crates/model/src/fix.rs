//! A repair as data: what it is called, what it does to the resource, and the command that does it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Template;

/// The column that says what the repair of a finding does, where the control does not.
pub const FIX_EFFECT: &str = "fix_effect";

/// What a repair does to the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// It changes the running resource, without a restart.
    #[serde(rename = "in place")]
    InPlace,
    /// It makes a new version of a launch template.
    #[serde(rename = "new version")]
    NewVersion,
    /// It makes a new configuration, since the old one cannot be changed.
    #[serde(rename = "new configuration")]
    NewConfiguration,
    /// It replaces instances.
    #[serde(rename = "replacement")]
    Replacement,
    /// The resource has to be stopped for it.
    #[serde(rename = "restart")]
    Restart,
    /// It cannot be undone.
    #[serde(rename = "irreversible")]
    Irreversible,
    /// It changes what every silent launch of the account gets in the region.
    #[serde(rename = "account default")]
    AccountDefault,
}

impl Effect {
    /// Whether nothing is replaced, stopped or lost by it.
    pub const fn is_safe(self) -> bool {
        !matches!(self, Self::Replacement | Self::Restart | Self::Irreversible)
    }

    /// The word of reports and front matter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InPlace => "in place",
            Self::NewVersion => "new version",
            Self::NewConfiguration => "new configuration",
            Self::Replacement => "replacement",
            Self::Restart => "restart",
            Self::Irreversible => "irreversible",
            Self::AccountDefault => "account default",
        }
    }
}

/// A repair for one finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// Its name within the control.
    pub name: String,
    /// What it does to the resource.
    pub effect: Effect,
    /// A command that can be copied into a shell.
    pub command: String,
}

/// A repair as a control states it, for any finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixTemplate {
    /// Its name within the control.
    pub name: String,
    /// What it does to the resource; none where each finding has its own, as the column `fix_effect`.
    pub effect: Option<Effect>,
    /// Its command, over the finding's facts and the fields `resource`, `name`, `account_id`, `region`.
    pub command: Template,
}

impl FixTemplate {
    /// The repair of one finding; none where a value that the command needs was not reported, or its effect.
    pub fn for_finding(&self, values: &Map<String, Value>) -> Option<Fix> {
        let command = self.command.render_command(values)?;
        let of_finding = || Effect::deserialize(values.get(FIX_EFFECT)?).ok();
        let effect = self.effect.or_else(of_finding)?;
        Some(Fix { name: self.name.clone(), effect, command })
    }
}
