//! What a simulated organization is made of, and what may be wrong with the wish.

use crate::denial::Denial;
use crate::fault::Fault;
use crate::policy::Policy;

/// AWS's regions that are enabled in every account from the start; the four everybody has something in come first.
pub(crate) const DEFAULT_REGIONS: [&str; 17] = [
    "us-east-1",
    "us-west-2",
    "eu-west-1",
    "eu-central-1",
    "us-east-2",
    "us-west-1",
    "ca-central-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "ap-south-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-southeast-1",
    "ap-southeast-2",
    "sa-east-1",
];

/// Regions an account has to opt in to; `DescribeRegions` shows them with `AllRegions`.
pub(crate) const OPT_IN_REGIONS: [&str; 3] = ["af-south-1", "ap-east-1", "me-south-1"];

/// More accounts than AWS gives an organization, and about as many as fit without thinking of memory.
const MAX_ACCOUNTS: u32 = 100_000;

/// The wish for a world. The same wish gives the same world, to the byte.
#[derive(Debug, Clone)]
pub struct Config {
    /// Accounts of the organization, the management account included: 1 to 100,000.
    pub accounts: u32,
    /// Instances in all, spread evenly over accounts and regions; the first ones take the remainder.
    pub instances: u64,
    /// Decides every id, name and setting.
    pub seed: u64,
    /// The second since 1970 at which the world begins: what its software did before is told from there. The second at
    /// which the simulator is made, unless said otherwise.
    pub began: Option<i64>,
    /// Names of the enabled regions; every account has the same ones.
    pub regions: Vec<String>,
    /// Launch templates in all, spread like the instances; a tenth of their number unless said otherwise.
    pub templates: Option<u64>,
    /// Auto Scaling groups in all, spread like the instances; a twentieth of their number unless said otherwise.
    pub groups: Option<u64>,
    /// Seconds until a change of an instance is through: options that were pending are applied, a stopping instance is stopped.
    pub settle_seconds: u32,
    /// A policy document. Actions that it does not allow are refused to everybody, sessions of roles included; `sts:AssumeRole` is judged as well.
    pub allowed: Option<String>,
    /// What goes wrong now and then.
    pub faults: Vec<Fault>,
    /// What is not permitted.
    pub denials: Vec<Denial>,
    /// A region that a service control policy closes for the accounts of the unit `Workloads/Dev`: it answers them with an explicit deny.
    pub closed_region: Option<String>,
    /// The external id that every role's trust policy asks for; without one the roles ask for none.
    pub external_id: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            accounts: 12,
            instances: 2_000,
            seed: 1,
            began: None,
            regions: default_regions(4),
            templates: None,
            groups: None,
            settle_seconds: 2,
            allowed: None,
            faults: Vec::new(),
            denials: Vec::new(),
            closed_region: None,
            external_id: None,
        }
    }
}

/// Why a [`Config`] makes no world.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// None, or more than 100,000 accounts.
    #[error("{0} accounts: an organization has 1 to {MAX_ACCOUNTS} here")]
    Accounts(u32),
    /// No region at all.
    #[error("no region: name at least one, for example us-east-1")]
    NoRegion,
    /// Not a region's name.
    #[error(
        "{0:?} is no region: a name is lowercase letters, digits and hyphens, for example eu-west-1"
    )]
    Region(String),
    /// A region named twice.
    #[error("region {0} is named twice")]
    RegionTwice(String),
    /// A region that is to be closed and is not one of the organization's.
    #[error("region {0} cannot be closed: it is not one of the enabled regions")]
    ClosedRegion(String),
    /// Not an external id as IAM has them.
    #[error("external id {0:?}: it must be 2 to 1224 characters of A-Z a-z 0-9 _ + = , . @ : / -")]
    ExternalId(String),
    /// A document that is no policy.
    #[error("the policy of what is allowed is refused: {0}")]
    Policy(String),
    /// A fault whose rate is no share.
    #[error("a fault's rate is {0}: it must be from 0 to 1")]
    Rate(f64),
}

/// The first `n` of the 17 regions that AWS enables by default, beginning with us-east-1, us-west-2, eu-west-1 and eu-central-1.
pub fn default_regions(n: usize) -> Vec<String> {
    DEFAULT_REGIONS.iter().take(n).map(ToString::to_string).collect()
}

impl Config {
    /// Checks what the types cannot say.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if !(1..=MAX_ACCOUNTS).contains(&self.accounts) {
            return Err(ConfigError::Accounts(self.accounts));
        }
        if self.regions.is_empty() {
            return Err(ConfigError::NoRegion);
        }
        for (position, region) in self.regions.iter().enumerate() {
            if !is_region_name(region) {
                return Err(ConfigError::Region(region.clone()));
            }
            if self.regions[..position].contains(region) {
                return Err(ConfigError::RegionTwice(region.clone()));
            }
        }
        self.check_closed_region()?;
        if let Some(id) = self.external_id.as_ref().filter(|id| !is_external_id(id)) {
            return Err(ConfigError::ExternalId(id.clone()));
        }
        if let Some(text) = &self.allowed {
            Policy::parse(text).map_err(ConfigError::Policy)?;
        }
        match self.faults.iter().find(|fault| !(0.0..=1.0).contains(&fault.rate)) {
            Some(fault) => Err(ConfigError::Rate(fault.rate)),
            None => Ok(()),
        }
    }

    fn check_closed_region(&self) -> Result<(), ConfigError> {
        match &self.closed_region {
            Some(region) if !self.regions.contains(region) => {
                Err(ConfigError::ClosedRegion(region.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// As the reference of `AssumeRole` has it.
fn is_external_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte);
    (2..=1224).contains(&id.len()) && id.bytes().all(allowed)
}

/// Two or more hyphens between lowercase letters and digits, ending in a digit: `us-gov-west-1`, `eu-north-1`.
fn is_region_name(name: &str) -> bool {
    let well_formed = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    name.len() <= 32
        && name.split('-').count() >= 3
        && name.split('-').all(well_formed)
        && name.ends_with(|last: char| last.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::FaultKind;

    #[test]
    fn default_regions_come_in_a_fixed_order() {
        assert_eq!(default_regions(4), ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1"]);
        assert_eq!(default_regions(99).len(), 17);
        assert!(default_regions(0).is_empty());
    }

    #[test]
    fn impossible_wishes_are_refused() {
        let with = |change: &dyn Fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            config.check()
        };
        assert_eq!(with(&|_| {}), Ok(()));
        assert_eq!(with(&|c| c.accounts = 0), Err(ConfigError::Accounts(0)));
        assert_eq!(with(&|c| c.regions.clear()), Err(ConfigError::NoRegion));
        assert_eq!(
            with(&|c| c.regions.push("mars".into())),
            Err(ConfigError::Region("mars".into()))
        );
        assert_eq!(
            with(&|c| c.regions.push("us-east-1".into())),
            Err(ConfigError::RegionTwice("us-east-1".into()))
        );
        assert_eq!(
            with(&|c| c.closed_region = Some("sa-east-1".into())),
            Err(ConfigError::ClosedRegion("sa-east-1".into()))
        );
        assert_eq!(
            with(&|c| c.external_id = Some("x".into())),
            Err(ConfigError::ExternalId("x".into()))
        );
        assert!(with(&|c| c.allowed = Some("{}".into())).is_err());
        assert!(with(&|c| c.faults.push(Fault { kind: FaultKind::Cut, rate: f64::NAN })).is_err());
    }
}
