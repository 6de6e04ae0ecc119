//! Launching instances: what an order resolves to, what is refused, and how a group keeps its size.

use std::sync::Arc;

use crate::hash::{self, Draws};

use super::activities::{Cause, Deed};
use super::catalog::{ARM_MACHINES, M1_SMALL, Machine, WORKLOADS, X86_MACHINES};
use super::group::{Group, LaunchedFrom, Reference, Source};
use super::ids::{self, Parsed};
use super::image::{Image, System};
use super::instance::{Instance, Origin};
use super::launch::{Wish, resolve};
use super::members::counts;
use super::options::{MetadataOptions, State};
use super::stock::Stock;
use super::template::{Template, TemplateData};

const RESERVATIONS: u64 = 0x7265_7365_7276;

/// A launch as it was asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Order {
    pub(crate) image: Option<String>,
    /// `m1.small` if none is named, as AWS has it.
    pub(crate) instance_type: Option<String>,
    pub(crate) wish: Wish,
    pub(crate) from: Option<LaunchedFrom>,
    /// The index of the group that launches.
    pub(crate) group: Option<u64>,
    pub(crate) tags: Vec<(String, String)>,
    /// The number of its network and of its zone.
    pub(crate) network: u64,
    pub(crate) zone: u64,
    pub(crate) spot: bool,
    /// The name of its instance profile.
    pub(crate) profile: Option<String>,
}

/// Why a launch is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    NoImage,
    ImageMalformed(String),
    ImageNotFound(String),
    ImageDisabled(String),
    UnknownType(String),
    /// The architectures of the machine and of the image.
    Architecture(&'static str, &'static str),
    /// It would allow version 1 while tokens are enforced.
    Version1,
}

/// An order that was found possible.
pub(crate) struct Checked {
    machine: &'static Machine,
    image: Image,
    pub(crate) options: MetadataOptions,
}

/// The machine of a type's name, if it is one of those that are simulated.
pub(crate) fn machine(name: &str) -> Option<&'static Machine> {
    X86_MACHINES.iter().chain(&ARM_MACHINES).chain([&M1_SMALL]).find(|machine| machine.name == name)
}

impl Order {
    /// What a version of a launch template asks for.
    pub(crate) fn of_template(template: &Template, number: u64, data: &TemplateData) -> Self {
        Self {
            image: data.image.clone(),
            instance_type: data.instance_type.clone(),
            wish: data.metadata.unwrap_or_default(),
            from: Some(LaunchedFrom::Template(template.id, number)),
            tags: data.instance_tags(),
            spot: data.get("InstanceMarketOptions.MarketType") == Some("spot"),
            profile: profile(
                data.get("IamInstanceProfile.Name"),
                data.get("IamInstanceProfile.Arn"),
            ),
            ..Self::default()
        }
    }
}

/// The name of an instance profile that is given by name or by ARN.
pub(crate) fn profile(name: Option<&str>, arn: Option<&str>) -> Option<String> {
    let last = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
    name.map(str::to_owned).or_else(|| arn.map(last))
}

impl TemplateData {
    /// The value of one of the settings in `more`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.more.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The tags that instances get.
    fn instance_tags(&self) -> Vec<(String, String)> {
        let mut tags = Vec::new();
        for (name, value) in &self.more {
            let Some(list) = name.strip_suffix(".ResourceType").filter(|_| value == "instance")
            else {
                continue;
            };
            tags.extend((1..=50).map_while(|number| {
                let part = |part| self.get(&format!("{list}.Tag.{number}.{part}"));
                Some((part("Key")?.to_owned(), part("Value").unwrap_or_default().to_owned()))
            }));
        }
        tags
    }
}

impl Stock<'_> {
    /// Whether an order can be launched, and what its instances would be.
    pub(crate) fn check(&self, order: &Order) -> Result<Checked, Refusal> {
        let name = order.instance_type.as_deref().unwrap_or(M1_SMALL.name);
        let machine = machine(name).ok_or_else(|| Refusal::UnknownType(name.to_owned()))?;
        let text = order.image.as_deref().ok_or(Refusal::NoImage)?;
        let image = match ids::parse("ami-", text) {
            Parsed::Malformed => return Err(Refusal::ImageMalformed(text.to_owned())),
            Parsed::Nobody => None,
            Parsed::Id(id) => self.find_image(id),
        };
        let image = image.ok_or_else(|| Refusal::ImageNotFound(text.to_owned()))?;
        if image.disabled {
            return Err(Refusal::ImageDisabled(text.to_owned()));
        }
        let architecture = if machine.arm { "arm64" } else { "x86_64" };
        if architecture != image.system.architecture() {
            return Err(Refusal::Architecture(architecture, image.system.architecture()));
        }
        let defaults = self.defaults();
        let options = resolve(order.wish, defaults, image.v2);
        if defaults.is_enforced() && !options.tokens_required {
            return Err(Refusal::Version1);
        }
        Ok(Checked { machine, image, options })
    }

    /// Launches `count` instances in one reservation; they are pending, and soon running.
    pub(crate) fn launch(&mut self, order: &Order, count: u64) -> Result<Vec<Instance>, Refusal> {
        let Checked { machine, image, options } = self.check(order)?;
        let reservation = hash::join(hash::join(self.seed.key, RESERVATIONS), self.instances());
        let mut draws = Draws::new(reservation);
        let workload = draws.pick(&WORKLOADS);
        let tags: Arc<[(String, String)]> = order.tags.clone().into();
        let mut launched = Vec::new();
        for launch_index in 0..count {
            let index = self.instances();
            let instance = Instance {
                id: self.seed.instances.id(index),
                unit: self.seed.key,
                index,
                reservation,
                launch_index,
                state: State::Pending,
                machine,
                workload,
                image: image.id,
                origin: Origin::ByHand,
                group: order.group,
                from: order.from,
                set: 0,
                launched: self.now,
                metadata: options,
                windows: image.system == System::Windows,
                spot: order.spot,
                has_role: order.profile.is_some(),
                is_public: false,
                volumes: 1,
                zone: order.zone % 3,
                network: order.network,
                profile: order.profile.as_deref().map(Arc::from),
                tags: Some(Arc::clone(&tags)),
            };
            self.change().launched.push(instance.clone());
            self.set_state(&instance, State::Pending, State::Running);
            launched.push(instance);
        }
        Ok(launched)
    }

    /// Launches or terminates members until the group has the size it wants. What cannot be launched leaves it short, as Auto Scaling leaves it.
    pub(crate) fn scale(&mut self, index: u64) {
        let group = self.group(index);
        let mut members = self.members(index);
        members.retain(|member| counts(member.state));
        let (size, desired) = (members.len() as u64, group.desired);
        for number in size..desired {
            let Some(order) = self.next_order(&group, number) else { return };
            let Ok(launched) = self.launch(&order, 1) else { return };
            for member in launched {
                self.acted(index, member.id, Deed::Launched, Cause::Size(number, desired));
            }
        }
        members.sort_by_key(|member| (member.launched, member.index));
        for member in members.iter().take(size.saturating_sub(desired) as usize) {
            self.set_state(member, State::ShuttingDown, State::Terminated);
            self.acted(index, member.id, Deed::Terminated, Cause::Size(size, desired));
        }
    }

    /// What the group would launch as its member number `number`; none if what it names does not exist.
    pub(crate) fn next_order(&self, group: &Group, number: u64) -> Option<Order> {
        let mut order = match &group.source {
            Source::Configuration(name) => self.configured_order(name)?,
            Source::Template(reference) => self.referenced_order(reference)?,
            Source::Mixed { template: reference, overrides, .. } => {
                let picked = overrides.get(number as usize % overrides.len().max(1));
                let reference =
                    picked.and_then(|picked| picked.template.as_ref()).unwrap_or(reference);
                let mut order = self.referenced_order(reference)?;
                if let Some(name) = picked.and_then(|picked| picked.instance_type.as_ref()) {
                    order.instance_type = Some(name.clone());
                }
                order
            }
        };
        order.group = Some(group.index);
        order.zone = number;
        // Where both name a key, the group's tag wins over the template's.
        for (key, value, _) in group.tags.iter().filter(|(_, _, propagate)| *propagate) {
            order.tags.retain(|(known, _)| known != key);
            order.tags.push((key.clone(), value.clone()));
        }
        order.tags.push(("aws:autoscaling:groupName".to_owned(), group.name.clone()));
        order.tags.extend(template_tags(order.from));
        Some(order)
    }

    fn configured_order(&self, name: &str) -> Option<Order> {
        let (index, configuration) = self.find_configuration(name)?;
        Some(Order {
            image: Some(configuration.image),
            instance_type: Some(configuration.instance_type),
            wish: configuration.metadata.unwrap_or_default(),
            from: Some(LaunchedFrom::Configuration(index)),
            profile: configuration.profile,
            ..Order::default()
        })
    }

    fn referenced_order(&self, reference: &Reference) -> Option<Order> {
        let (_, template) = self.find_template(reference.id)?;
        let number = template.number(reference.version.as_deref().unwrap_or("$Default"))?;
        let data = &template.version(number)?.data;
        Some(Order::of_template(&template, number, data))
    }
}

/// The tags that EC2 writes on what was launched from a template.
pub(crate) fn template_tags(from: Option<LaunchedFrom>) -> Vec<(String, String)> {
    match from {
        Some(LaunchedFrom::Template(id, version)) => vec![
            ("aws:ec2launchtemplate:id".to_owned(), ids::text("lt-", id)),
            ("aws:ec2launchtemplate:version".to_owned(), version.to_string()),
        ],
        _ => Vec::new(),
    }
}
