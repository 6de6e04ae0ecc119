//! Auto Scaling groups: what each launches from, and how its members came to be as they are.

use crate::hash::{self, Draws};

use super::accounts::Account;
use super::catalog::{ARM_MACHINES, Machine, WORKLOADS, Workload, X86_MACHINES};
use super::configuration::ConfigurationSeed;
use super::image::System;
use super::launch::Wish;
use super::owner::Owner;
use super::seed::Seed;
use super::tags::Value;
use super::template::TemplateSeed;

const GROUPS: u64 = 0x6772_6f75;
const MEMBERS: u64 = 0x6d65_6d62;

/// The version a group names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VersionWish {
    Default,
    Latest,
    Number(u64),
}

impl VersionWish {
    /// As the group names it.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Default => "$Default".to_owned(),
            Self::Latest => "$Latest".to_owned(),
            Self::Number(number) => number.to_string(),
        }
    }
}

/// What a computed group launches from; templates and configurations by their index in the unit.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SourceSeed {
    Configuration(u64),
    Template(u64, VersionWish),
    /// A mixed instances policy: its template, and one that an override names instead.
    Mixed(u64, VersionWish, Option<u64>),
}

/// What a member was launched from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LaunchedFrom {
    /// The id of a launch template, and the number of its version.
    Template(u64, u64),
    /// The index of a launch configuration.
    Configuration(u64),
}

/// What decides about a computed group, without its texts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupSeed {
    pub(crate) index: u64,
    pub(crate) key: u64,
    pub(crate) owner: Owner,
    pub(crate) source: SourceSeed,
    pub(crate) workload: &'static Workload,
}

/// What a member is made of.
pub(crate) struct MemberSeed {
    pub(crate) from: LaunchedFrom,
    pub(crate) machine: &'static Machine,
    /// The number of the image.
    pub(crate) image: u64,
    pub(crate) windows: bool,
    pub(crate) wish: Wish,
    /// Whether somebody changed its options since it was launched.
    pub(crate) changed: bool,
}

impl GroupSeed {
    /// The group at `index` of the unit, which must be below the number of groups. Group and template of the same index belong together.
    pub(crate) fn new(seed: &Seed, index: u64) -> Self {
        let key = hash::join(hash::join(seed.key, GROUPS), index);
        let mut draws = Draws::new(key);
        let configuration = SourceSeed::Configuration(draws.below(seed.configurations().max(1)));
        if seed.templates.computed == 0 {
            let workload = draws.pick(&WORKLOADS);
            return Self { index, key, owner: Owner::Nobody, source: configuration, workload };
        }
        let template = TemplateSeed::new(seed, index % seed.templates.computed);
        let by_configuration = match template.owner {
            Owner::Nobody | Owner::CloudFormation => draws.chance(200),
            Owner::Beanstalk => draws.chance(500),
            Owner::Eks | Owner::Batch => false,
        };
        let mixed = template.owner == Owner::Eks || draws.chance(180);
        let version = version(&template, &mut draws);
        let source = if by_configuration {
            configuration
        } else if mixed {
            let other = draws.below(seed.templates.computed);
            let other = (draws.chance(400) && other != template.index).then_some(other);
            SourceSeed::Mixed(
                template.index,
                version,
                other.filter(|_| template.owner == Owner::Nobody),
            )
        } else {
            SourceSeed::Template(template.index, version)
        };
        Self { index, key, owner: template.owner, source, workload: template.workload }
    }

    /// How the member that `launch` decides about was launched: mostly as the group would do it now, some from an older version.
    pub(crate) fn member(&self, seed: &Seed, launch: u64, own: u64) -> MemberSeed {
        let mut draws = Draws::new(hash::join(launch, MEMBERS));
        let older = draws.chance(80);
        let changed = Draws::new(hash::join(own, MEMBERS)).chance(40);
        let (template, version) = match self.source {
            SourceSeed::Configuration(index) => {
                let all = seed.configurations().max(1);
                let index = if older { draws.below(all) } else { index };
                return configured(&ConfigurationSeed::new(seed, index), index, changed);
            }
            SourceSeed::Template(template, version) => (template, version),
            SourceSeed::Mixed(template, version, other) => match other {
                Some(other) if draws.chance(330) => (other, VersionWish::Latest),
                _ => (template, version),
            },
        };
        let template = TemplateSeed::new(seed, template);
        let now = match version {
            VersionWish::Default => template.default,
            VersionWish::Latest => template.latest,
            VersionWish::Number(number) => number,
        };
        let number = if older { 1 + draws.below(now) } else { now };
        let asked = template.version(number);
        let machine = match self.source {
            SourceSeed::Mixed(..) if !asked.windows => overridden(asked.machine.arm, &mut draws),
            _ => asked.machine,
        };
        MemberSeed {
            from: LaunchedFrom::Template(template.id, number),
            machine,
            image: asked.image,
            windows: asked.windows,
            wish: asked.wish,
            changed,
        }
    }

    /// The group's name, in parts.
    pub(crate) const fn name(&self, environment: &'static str) -> Value<'static> {
        match self.owner {
            Owner::Eks => {
                Value::WithUuid("eks-", super::owner::node_group_words(self.index), self.key)
            }
            Owner::Batch => Value::WithUuid("batch-", "asg", self.key),
            Owner::Beanstalk => Value::WithUuid("awseb-", "AWSEBAutoScalingGroup", self.key),
            Owner::Nobody | Owner::CloudFormation => {
                Value::Numbered(&["asg"], [self.workload.name, environment], self.index)
            }
        }
    }

    /// The group's name as text.
    pub(crate) fn name_text(&self, account: &Account) -> String {
        self.name(account.environment).text()
    }
}

fn configured(drawn: &ConfigurationSeed, index: u64, changed: bool) -> MemberSeed {
    MemberSeed {
        from: LaunchedFrom::Configuration(index),
        machine: drawn.machine,
        image: drawn.image,
        windows: System::of(drawn.machine.arm, false) == System::Windows,
        wish: drawn.wish,
        changed,
    }
}

/// One of the two machine types that a mixed instances policy names: the first two of those that run the same images.
pub(crate) fn overrides(arm: bool) -> [&'static Machine; 2] {
    let [first, second, ..] = if arm {
        [&ARM_MACHINES[1], &ARM_MACHINES[4]]
    } else {
        [&X86_MACHINES[4], &X86_MACHINES[5]]
    };
    [first, second]
}

fn overridden(arm: bool, draws: &mut Draws) -> &'static Machine {
    let [first, second] = overrides(arm);
    if draws.chance(500) { first } else { second }
}

/// The version that a group names: EKS and Batch pin theirs; of the others a few pin one that was deleted.
fn version(template: &TemplateSeed, draws: &mut Draws) -> VersionWish {
    if matches!(template.owner, Owner::Eks | Owner::Batch) {
        return VersionWish::Number(template.default);
    }
    match draws.below(100) {
        0..35 => VersionWish::Default,
        35..70 => VersionWish::Latest,
        70..80 => VersionWish::Number(template.a_deleted_version().unwrap_or(template.default)),
        _ => {
            let number = 1 + draws.below(template.latest);
            let deleted = template.is_deleted(number);
            VersionWish::Number(if deleted { template.latest } else { number })
        }
    }
}

/// A launch template that a group names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The id of the template.
    pub(crate) id: u64,
    pub(crate) name: String,
    /// `$Default`, `$Latest` or a number; none stands for `$Default`.
    pub(crate) version: Option<String>,
}

/// One override of a mixed instances policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Override {
    pub(crate) instance_type: Option<String>,
    pub(crate) template: Option<Reference>,
    pub(crate) weight: Option<String>,
}

/// What a group launches from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The name of a launch configuration.
    Configuration(String),
    Template(Reference),
    /// A mixed instances policy.
    Mixed {
        template: Reference,
        overrides: Vec<Override>,
        /// `InstancesDistribution`, by AWS's names.
        distribution: Vec<(String, String)>,
    },
}

impl Source {
    /// How many members in a row may each be launched in a way of their own.
    pub(crate) fn ways(&self) -> u64 {
        match self {
            Self::Mixed { overrides, .. } => overrides.len().max(1) as u64,
            Self::Configuration(_) | Self::Template(_) => 1,
        }
    }

    /// The launch templates that are named.
    pub(crate) fn references(&self) -> Vec<&Reference> {
        match self {
            Self::Configuration(_) => Vec::new(),
            Self::Template(reference) => vec![reference],
            Self::Mixed { template, overrides, .. } => {
                let others = overrides.iter().filter_map(|picked| picked.template.as_ref());
                std::iter::once(template).chain(others).collect()
            }
        }
    }
}

/// An Auto Scaling group as it is now, without its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) index: u64,
    pub(crate) name: String,
    /// What the UUID in its ARN is made from.
    pub(crate) key: u64,
    pub(crate) owner: Owner,
    pub(crate) source: Source,
    pub(crate) min: u64,
    pub(crate) max: u64,
    pub(crate) desired: u64,
    /// The letters of its availability zones.
    pub(crate) zones: Vec<char>,
    /// `VPCZoneIdentifier`: ids of subnets joined by commas.
    pub(crate) subnets: Option<String>,
    /// Seconds since 1970.
    pub(crate) created: i64,
    /// Key, value, and whether members get it.
    pub(crate) tags: Vec<(String, String, bool)>,
    pub(crate) is_deleted: bool,
}

#[cfg(test)]
#[path = "group_tests.rs"]
mod tests;
