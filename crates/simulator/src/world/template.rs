//! Launch templates: what each version of them asks for.

use crate::hash::{self, Draws};

use super::accounts::Account;
use super::catalog::{ARM_MACHINES, Machine, WORKLOADS, Workload, X86_MACHINES};
use super::ids;
use super::image::{self, System};
use super::launch::Wish;
use super::owner::{self, Owner};
use super::seed::Seed;

const TEMPLATES: u64 = 0x0074_656d_706c;
const VERSIONS: u64 = 0x7665_7273;
/// 2019-06-01, when the first templates were made, and a day.
const FIRST: i64 = 1_559_347_200;
const DAY: i64 = 86_400;
/// Versions a computed template may have.
const MOST_VERSIONS: u64 = 12;

/// What decides about a computed launch template, without its texts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TemplateSeed {
    pub(crate) id: u64,
    pub(crate) index: u64,
    key: u64,
    pub(crate) owner: Owner,
    pub(crate) latest: u64,
    pub(crate) default: u64,
    pub(crate) workload: &'static Workload,
    arm: bool,
    windows: bool,
    /// Whether no version says anything about the metadata service.
    silent: bool,
}

/// What a computed version asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VersionSeed {
    pub(crate) machine: &'static Machine,
    /// The number of the image.
    pub(crate) image: u64,
    pub(crate) windows: bool,
    pub(crate) wish: Wish,
}

impl TemplateSeed {
    /// The template at `index` of the unit, which must be below the number of computed ones.
    pub(crate) fn new(seed: &Seed, index: u64) -> Self {
        let key = hash::join(hash::join(seed.key, TEMPLATES), index);
        let mut draws = Draws::new(key);
        let owner = Owner::draw(&mut draws);
        let latest = 1 + draws.below(MOST_VERSIONS);
        let default = if draws.chance(600) { latest } else { 1 + draws.below(latest) };
        let arm = draws.chance(220);
        Self {
            id: seed.templates.id(index),
            index,
            key,
            owner,
            latest,
            default,
            workload: draws.pick(&WORKLOADS),
            arm,
            windows: !arm && draws.chance(70) && owner == Owner::Nobody,
            silent: draws.chance(300) && owner != Owner::Eks,
        }
    }

    /// Whether a version was deleted meanwhile: some in the middle were.
    pub(crate) fn is_deleted(&self, number: u64) -> bool {
        let inner = number > 1 && number < self.latest && number != self.default;
        inner && Draws::new(hash::join(self.key, number)).chance(150)
    }

    /// The newest version below the latest that was deleted, if one was.
    pub(crate) fn a_deleted_version(&self) -> Option<u64> {
        (1..self.latest).rev().find(|number| self.is_deleted(*number))
    }

    /// What a version asks for, also one that was deleted.
    pub(crate) fn version(&self, number: u64) -> VersionSeed {
        let mut draws = Draws::new(hash::join(hash::join(self.key, VERSIONS), number));
        let machine = if self.arm { draws.pick(&ARM_MACHINES) } else { draws.pick(&X86_MACHINES) };
        let image = System::of(self.arm, self.windows).image(draws.below(3));
        let wish = if self.silent { Wish::default() } else { self.wish(&mut draws) };
        VersionSeed { machine, image, windows: self.windows, wish }
    }

    fn wish(&self, draws: &mut Draws) -> Wish {
        let full = |required, hop_limit| Wish {
            hop_limit: Some(hop_limit),
            endpoint: Some(true),
            ..Wish::tokens(required)
        };
        if self.owner == Owner::Eks && draws.chance(650) {
            return full(true, 2);
        }
        match draws.below(100) {
            0..20 => Wish::default(),
            20..52 => Wish::tokens(true),
            52..64 => Wish::tokens(false),
            64..84 => full(true, 1 + draws.below(2) as u8),
            84..92 => full(false, 1 + draws.below(3) as u8),
            92..95 => Wish { hop_limit: Some(2), ..Wish::default() },
            95..97 => Wish { endpoint: Some(false), ..Wish::default() },
            _ => Wish { tags: Some(true), ipv6: Some(false), ..full(true, 2) },
        }
    }

    /// The template with its texts, its versions and its tags.
    pub(crate) fn template(&self, seed: &Seed, account: &Account) -> Template {
        let created = FIRST + (self.key % 1_500) as i64 * DAY;
        let numbers = (1..=self.latest).filter(|number| !self.is_deleted(*number));
        let version = |number| {
            let drawn = self.version(number);
            Version {
                number,
                created: created + (number as i64 - 1) * 30 * DAY,
                description: (number % 3 == 0).then(|| format!("change {number}")),
                data: TemplateData {
                    image: Some(ids::text("ami-", image::id(seed, drawn.image))),
                    instance_type: Some(drawn.machine.name.to_owned()),
                    metadata: (!drawn.wish.is_empty()).then_some(drawn.wish),
                    more: vec![
                        ("IamInstanceProfile.Name".to_owned(), self.workload.role.to_owned()),
                        ("Monitoring.Enabled".to_owned(), (number % 2 == 0).to_string()),
                    ],
                },
            }
        };
        let mut tags = owner::template_tags(self.owner, self.index);
        if self.owner == Owner::Nobody && self.key.is_multiple_of(4) {
            tags.push(("Team".to_owned(), self.workload.team.to_owned()));
        }
        Template {
            id: self.id,
            name: self.name(account),
            owner: self.owner,
            created,
            created_by: self.created_by(account),
            default: self.default,
            latest: self.latest,
            given: self.latest,
            versions: numbers.map(version).collect(),
            tags,
            is_deleted: false,
        }
    }

    fn name(&self, account: &Account) -> String {
        let index = self.index;
        match self.owner {
            Owner::Eks => format!("eks-{}", owner::uuid(self.key)),
            Owner::Batch => format!("Batch-lt-{}", owner::uuid(self.key)),
            Owner::Beanstalk => {
                format!("awseb-e-{:010x}-stack-AWSEBEC2LaunchTemplate", self.key >> 24)
            }
            Owner::CloudFormation => format!("{}-LaunchTemplate-{index}", owner::stack(index)),
            Owner::Nobody => format!("{}-{}-{index}", self.workload.name, account.environment),
        }
    }

    fn created_by(&self, account: &Account) -> String {
        let who = match self.owner {
            Owner::Eks => "assumed-role/AWSServiceRoleForAmazonEKSNodegroup/EKS",
            Owner::Batch => "assumed-role/AWSServiceRoleForBatch/aws-batch",
            Owner::Beanstalk => "assumed-role/aws-elasticbeanstalk-service-role/beanstalk",
            Owner::CloudFormation => "assumed-role/cfn-execution/AWSCloudFormation",
            Owner::Nobody => return format!("arn:aws:iam::{}:user/deploy", account.id),
        };
        format!("arn:aws:sts::{}:{who}", account.id)
    }
}

/// A launch template as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) owner: Owner,
    /// Seconds since 1970.
    pub(crate) created: i64,
    /// An ARN.
    pub(crate) created_by: String,
    pub(crate) default: u64,
    /// The number of the newest version that exists.
    pub(crate) latest: u64,
    /// The highest number that was ever given: none is given twice.
    pub(crate) given: u64,
    /// Those that exist, by rising number.
    pub(crate) versions: Vec<Version>,
    pub(crate) tags: Vec<(String, String)>,
    /// Whether it is gone; its place in listings stays empty.
    pub(crate) is_deleted: bool,
}

/// One version of a launch template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) number: u64,
    /// Seconds since 1970.
    pub(crate) created: i64,
    pub(crate) description: Option<String>,
    pub(crate) data: TemplateData,
}

/// `LaunchTemplateData`: only what was set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TemplateData {
    pub(crate) image: Option<String>,
    pub(crate) instance_type: Option<String>,
    pub(crate) metadata: Option<Wish>,
    /// All else, as it was given: names as Query spells them, for example `TagSpecification.1.Tag.1.Key`.
    pub(crate) more: Vec<(String, String)>,
}

impl Template {
    /// The version with this number, if it exists.
    pub(crate) fn version(&self, number: u64) -> Option<&Version> {
        self.versions.iter().find(|version| version.number == number)
    }

    /// The number that `$Default`, `$Latest` or a number stands for; none if it is none of these.
    pub(crate) fn number(&self, version: &str) -> Option<u64> {
        match version {
            "$Default" => Some(self.default),
            "$Latest" => Some(self.latest),
            text => text.parse().ok(),
        }
    }
}
