//! The images (AMIs) of a unit: a few for each system, some Amazon's, some the account's own.

use crate::hash::{self, Draws};

use super::seed::Seed;

/// Images of a unit: three for each system, and three of the account's own that nothing was launched from.
pub(crate) const IMAGES: u64 = 12;
/// Amazon's account, as its images name it.
pub(crate) const AMAZON: &str = "137112412989";

const IDS: u64 = 100;
const FACTS: u64 = 140;
/// 2019-01-01.
const FIRST_BUILD: i64 = 1_546_300_800;
const YEAR: u64 = 31_536_000;

/// What an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    LinuxX86,
    LinuxArm,
    Windows,
}

impl System {
    /// The system of a machine.
    pub(crate) const fn of(arm: bool, windows: bool) -> Self {
        match (windows, arm) {
            (true, _) => Self::Windows,
            (false, true) => Self::LinuxArm,
            (false, false) => Self::LinuxX86,
        }
    }

    /// The number of the image of this system that `draw` picks.
    pub(crate) const fn image(self, draw: u64) -> u64 {
        self as u64 * 3 + draw % 3
    }

    /// `architecture`.
    pub(crate) const fn architecture(self) -> &'static str {
        match self {
            Self::LinuxArm => "arm64",
            Self::LinuxX86 | Self::Windows => "x86_64",
        }
    }

    const fn of_image(number: u64) -> Self {
        match number {
            0..3 | 9 | 11 => Self::LinuxX86,
            6..9 => Self::Windows,
            _ => Self::LinuxArm,
        }
    }
}

/// An image as `DescribeImages` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) amazon: bool,
    pub(crate) system: System,
    /// Whether `ImdsSupport` is `v2.0`.
    pub(crate) v2: bool,
    /// Seconds since 1970.
    pub(crate) created: i64,
    /// Seconds since 1970.
    pub(crate) deprecated: Option<i64>,
    pub(crate) disabled: bool,
}

/// Whether an image is one that Amazon provides: those are the same in all accounts of a region.
const fn is_amazon(number: u64) -> bool {
    number < 9 && number.is_multiple_of(3)
}

const fn key(seed: &Seed, number: u64) -> u64 {
    if is_amazon(number) { seed.region } else { seed.key }
}

/// The id of a computed image, by its number.
pub(crate) const fn id(seed: &Seed, number: u64) -> u64 {
    hash::join(key(seed, number), IDS + number)
}

/// What decides about an image: whether it is v2.0, and whether it was deregistered meanwhile.
const fn facts(seed: &Seed, number: u64) -> (bool, bool) {
    let mut draws = Draws::new(hash::join(key(seed, number), FACTS + number));
    let v2 = draws.chance(if is_amazon(number) { 500 } else { 300 });
    (v2, draws.chance(60) && number < 9)
}

/// Whether `ImdsSupport` of a computed image is `v2.0`.
pub(crate) const fn is_v2(seed: &Seed, number: u64) -> bool {
    facts(seed, number).0
}

/// The computed images that still exist.
pub(crate) fn computed(seed: &Seed) -> Vec<Image> {
    (0..IMAGES).filter(|number| !facts(seed, *number).1).map(|number| image(seed, number)).collect()
}

fn image(seed: &Seed, number: u64) -> Image {
    let system = System::of_image(number);
    let mut draws = Draws::new(hash::join(key(seed, number), 2 * FACTS + number));
    let created = FIRST_BUILD + draws.below(7 * YEAR) as i64;
    let day = created / 86_400;
    let (name, description) = match (is_amazon(number), system) {
        (true, System::Windows) => (
            format!("Windows_Server-2022-English-Full-Base-{day}"),
            "Microsoft Windows Server 2022",
        ),
        (true, system) => (
            format!("al2023-ami-2023.{day}-kernel-6.1-{}", system.architecture()),
            "Amazon Linux 2023 AMI, kernel 6.1",
        ),
        (false, System::Windows) => (format!("golden-windows-{number}-{day}"), "Golden image"),
        (false, system) => {
            (format!("golden-linux-{}-{number}-{day}", system.architecture()), "Golden image")
        }
    };
    Image {
        id: id(seed, number),
        name,
        description: description.to_owned(),
        amazon: is_amazon(number),
        system,
        v2: facts(seed, number).0,
        created,
        deprecated: (number == 9).then_some(created + YEAR as i64 / 2),
        disabled: number == 10,
    }
}
