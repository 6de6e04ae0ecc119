//! Making, changing and deleting groups: `CreateAutoScalingGroup`, `UpdateAutoScalingGroup`, `SetDesiredCapacity`,
//! `DeleteAutoScalingGroup`.

use super::{Call, empty_answer, invalid, permission, required};
use crate::error::ApiError;
use crate::hash;
use crate::world::group::{Group, Override, Reference, Source};
use crate::world::ids::{self, Parsed};
use crate::world::members::counts;
use crate::world::options::State;
use crate::world::owner::Owner;
use crate::world::stock::Stock;

/// Parameters of `CreateAutoScalingGroup`.
pub(crate) const CREATE: &[&str] = &[
    "AutoScalingGroupName",
    "MinSize",
    "MaxSize",
    "DesiredCapacity",
    "LaunchConfigurationName",
    "LaunchTemplate.LaunchTemplateId",
    "LaunchTemplate.LaunchTemplateName",
    "LaunchTemplate.Version",
    "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId",
    "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateName",
    "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.Version",
    "MixedInstancesPolicy.LaunchTemplate.Overrides.member.N.InstanceType",
    "MixedInstancesPolicy.LaunchTemplate.Overrides.member.N.WeightedCapacity",
    "MixedInstancesPolicy.LaunchTemplate.Overrides.member.N.LaunchTemplateSpecification.LaunchTemplateId",
    "MixedInstancesPolicy.LaunchTemplate.Overrides.member.N.LaunchTemplateSpecification.LaunchTemplateName",
    "MixedInstancesPolicy.LaunchTemplate.Overrides.member.N.LaunchTemplateSpecification.Version",
    "MixedInstancesPolicy.InstancesDistribution.OnDemandAllocationStrategy",
    "MixedInstancesPolicy.InstancesDistribution.OnDemandBaseCapacity",
    "MixedInstancesPolicy.InstancesDistribution.OnDemandPercentageAboveBaseCapacity",
    "MixedInstancesPolicy.InstancesDistribution.SpotAllocationStrategy",
    "MixedInstancesPolicy.InstancesDistribution.SpotInstancePools",
    "MixedInstancesPolicy.InstancesDistribution.SpotMaxPrice",
    "AvailabilityZones.member.N",
    "VPCZoneIdentifier",
    "Tags.member.N.Key",
    "Tags.member.N.Value",
    "Tags.member.N.PropagateAtLaunch",
    "Tags.member.N.ResourceId",
    "Tags.member.N.ResourceType",
];
/// Parameters of `UpdateAutoScalingGroup`.
pub(crate) const UPDATE: &[&str] = &[
    "AutoScalingGroupName",
    "MinSize",
    "MaxSize",
    "DesiredCapacity",
    "LaunchConfigurationName",
    "LaunchTemplate.LaunchTemplateId",
    "LaunchTemplate.LaunchTemplateName",
    "LaunchTemplate.Version",
    "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId",
    "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateName",
    "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.Version",
    "MixedInstancesPolicy.LaunchTemplate.Overrides.member.N.InstanceType",
    "MixedInstancesPolicy.LaunchTemplate.Overrides.member.N.WeightedCapacity",
    "MixedInstancesPolicy.LaunchTemplate.Overrides.member.N.LaunchTemplateSpecification.LaunchTemplateId",
    "MixedInstancesPolicy.LaunchTemplate.Overrides.member.N.LaunchTemplateSpecification.LaunchTemplateName",
    "MixedInstancesPolicy.LaunchTemplate.Overrides.member.N.LaunchTemplateSpecification.Version",
    "MixedInstancesPolicy.InstancesDistribution.OnDemandAllocationStrategy",
    "MixedInstancesPolicy.InstancesDistribution.OnDemandBaseCapacity",
    "MixedInstancesPolicy.InstancesDistribution.OnDemandPercentageAboveBaseCapacity",
    "MixedInstancesPolicy.InstancesDistribution.SpotAllocationStrategy",
    "MixedInstancesPolicy.InstancesDistribution.SpotInstancePools",
    "MixedInstancesPolicy.InstancesDistribution.SpotMaxPrice",
    "AvailabilityZones.member.N",
    "VPCZoneIdentifier",
];
/// Parameters of `SetDesiredCapacity`.
pub(crate) const SET: &[&str] = &["AutoScalingGroupName", "DesiredCapacity", "HonorCooldown"];

/// Parameters of `DeleteAutoScalingGroup`.
pub(crate) const DELETE: &[&str] = &["AutoScalingGroupName", "ForceDelete"];

/// `MixedInstancesPolicy.LaunchTemplate.`, below which the policy names its templates.
const POLICY: &str = "MixedInstancesPolicy.LaunchTemplate.";

/// `CreateAutoScalingGroup`: launches as many members as are wanted.
pub(crate) fn create_auto_scaling_group(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let name = required(call, "AutoScalingGroupName")?;
    required(call, "MinSize")?;
    required(call, "MaxSize")?;
    let mut stock = call.stock()?;
    if stock.find_group(name).is_some() {
        let text = format!(
            "AutoScalingGroup by this name already exists - A group with the name {name} already exists"
        );
        return Err(ApiError::new(400, "AlreadyExists", text));
    }
    let source = source(call, &stock)?.ok_or_else(|| {
        invalid("Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.")
    })?;
    let zones = zones(call)?;
    if zones.is_none() && call.parameters.get("VPCZoneIdentifier").is_none() {
        return Err(invalid("At least one Availability Zone or VPC Subnet is required."));
    }
    let min = number(call, "MinSize")?.unwrap_or_default();
    let index = stock.groups();
    let mut group = Group {
        index,
        name: name.to_owned(),
        key: hash::join(hash::join(stock.seed.key, hash::text(name)), index),
        owner: Owner::Nobody,
        source,
        min,
        max: min,
        desired: number(call, "DesiredCapacity")?.unwrap_or(min),
        zones: zones.unwrap_or_else(|| vec!['a', 'b', 'c']),
        subnets: call.parameters.get("VPCZoneIdentifier").map(str::to_owned),
        created: call.now,
        tags: tags(call),
        is_deleted: false,
    };
    resize(call, &mut group)?;
    stock.put_group(group);
    stock.scale(index);
    Ok(empty_answer(call, "CreateAutoScalingGroup"))
}

/// `UpdateAutoScalingGroup`: what is not given stays. Members that run already are not touched, but for a new size.
pub(crate) fn update_auto_scaling_group(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let mut stock = call.stock()?;
    let mut group = named(call, &mut stock)?;
    if let Some(source) = source(call, &stock)? {
        group.source = source;
    }
    if let Some(zones) = zones(call)? {
        group.zones = zones;
    }
    if let Some(subnets) = call.parameters.get("VPCZoneIdentifier") {
        group.subnets = Some(subnets.to_owned());
    }
    resize(call, &mut group)?;
    let index = group.index;
    stock.put_group(group);
    stock.scale(index);
    Ok(empty_answer(call, "UpdateAutoScalingGroup"))
}

/// `SetDesiredCapacity`.
pub(crate) fn set_desired_capacity(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    required(call, "DesiredCapacity")?;
    let mut stock = call.stock()?;
    let mut group = named(call, &mut stock)?;
    let desired = number(call, "DesiredCapacity")?.unwrap_or_default();
    if desired > group.max {
        let text = format!(
            "New SetDesiredCapacity value {desired} is above max value {} for the AutoScalingGroup.",
            group.max
        );
        return Err(invalid(text));
    }
    if desired < group.min {
        let text = format!(
            "New SetDesiredCapacity value {desired} is below min value {} for the AutoScalingGroup.",
            group.min
        );
        return Err(invalid(text));
    }
    group.desired = desired;
    let index = group.index;
    stock.put_group(group);
    stock.scale(index);
    Ok(empty_answer(call, "SetDesiredCapacity"))
}

/// `DeleteAutoScalingGroup`: one without members, or with `ForceDelete` together with them. AWS shows it until the last one is
/// terminated; here it is gone at once.
pub(crate) fn delete_auto_scaling_group(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let force = call.parameters.flag("ForceDelete")?;
    let mut stock = call.stock()?;
    let group = named(call, &mut stock)?;
    let members = stock.members(group.index);
    if !members.is_empty() && !force {
        let text = "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.";
        return Err(ApiError::new(400, "ResourceInUse", text));
    }
    for member in members.iter().filter(|member| counts(member.state)) {
        stock.set_state(member, State::ShuttingDown, State::Terminated);
    }
    stock.put_group(Group { desired: 0, is_deleted: true, ..group });
    Ok(empty_answer(call, "DeleteAutoScalingGroup"))
}

/// The group that a call names.
pub(super) fn named(call: &Call<'_>, stock: &mut Stock<'_>) -> Result<Group, ApiError> {
    let name = required(call, "AutoScalingGroupName")?;
    match stock.find_group(name) {
        Some(index) => Ok(stock.group(index)),
        None => Err(invalid(format!(
            "AutoScalingGroup name not found - AutoScalingGroup '{name}' not found"
        ))),
    }
}

fn number(call: &Call<'_>, name: &str) -> Result<Option<u64>, ApiError> {
    let parse = |text: &str| {
        text.parse().ok().filter(|number| *number <= 10_000).ok_or_else(|| {
            invalid(format!("{name} must be a number from 0 to 10000, and is {text}"))
        })
    };
    call.parameters.get(name).map(parse).transpose()
}

/// Takes the sizes that are given. A desired capacity that nobody names is moved between the bounds, as Auto Scaling does it.
fn resize(call: &Call<'_>, group: &mut Group) -> Result<(), ApiError> {
    group.min = number(call, "MinSize")?.unwrap_or(group.min);
    group.max = number(call, "MaxSize")?.unwrap_or(group.max);
    if group.max < group.min {
        return Err(invalid("Max bound, must be greater than or equal to min bound"));
    }
    match number(call, "DesiredCapacity")? {
        Some(desired) if !(group.min..=group.max).contains(&desired) => Err(invalid(format!(
            "Desired capacity:{desired} must be between the specified min size:{} and max size:{}",
            group.min, group.max
        ))),
        Some(desired) => {
            group.desired = desired;
            Ok(())
        }
        None => {
            group.desired = group.desired.clamp(group.min, group.max);
            Ok(())
        }
    }
}

/// What the group is to launch from, if the call says so: exactly one of the three ways.
fn source(call: &Call<'_>, stock: &Stock<'_>) -> Result<Option<Source>, ApiError> {
    let configuration = call.parameters.get("LaunchConfigurationName");
    let template = reference(call, stock, "LaunchTemplate.")?;
    let policy = policy(call, stock)?;
    let source = one_source(stock, configuration, template, policy)?;
    if let Some(source) = &source {
        permission::check(call, stock, source)?;
    }
    Ok(source)
}

fn one_source(
    stock: &Stock<'_>,
    configuration: Option<&str>,
    template: Option<Reference>,
    policy: Option<Source>,
) -> Result<Option<Source>, ApiError> {
    match (configuration, template, policy) {
        (None, None, None) => Ok(None),
        (Some(name), None, None) => match stock.find_configuration(name) {
            Some(_) => Ok(Some(Source::Configuration(name.to_owned()))),
            None => Err(invalid(format!(
                "Launch configuration name not found - Launch configuration {name} not found"
            ))),
        },
        (None, Some(reference), None) => Ok(Some(Source::Template(reference))),
        (None, None, Some(policy)) => Ok(Some(policy)),
        _ => Err(invalid(
            "Valid requests must contain only one of LaunchTemplate, LaunchConfigurationName and MixedInstancesPolicy.",
        )),
    }
}

/// The launch template that parameters below `prefix` name; it and its version must exist.
fn reference(
    call: &Call<'_>,
    stock: &Stock<'_>,
    prefix: &str,
) -> Result<Option<Reference>, ApiError> {
    let get = |name: &str| call.parameters.get(&format!("{prefix}{name}"));
    let found = match (get("LaunchTemplateId"), get("LaunchTemplateName")) {
        (None, None) => return Ok(None),
        (Some(id), None) => match ids::parse("lt-", id) {
            Parsed::Id(number) => stock.find_template(number),
            Parsed::Nobody | Parsed::Malformed => None,
        },
        (None, Some(name)) => stock.find_template_named(name),
        (Some(_), Some(_)) => {
            return Err(invalid(
                "Valid requests must contain either launchTemplateId or LaunchTemplateName",
            ));
        }
    };
    let (_, template) = found.ok_or_else(|| {
        invalid("You must use a valid fully-formed launch template. The specified launch template does not exist.")
    })?;
    let version = get("Version").unwrap_or("$Default");
    if template.number(version).and_then(|number| template.version(number)).is_none() {
        return Err(invalid(format!(
            "You must use a valid fully-formed launch template. Could not find the specified version {version} for the launch template."
        )));
    }
    let version = Some(version.to_owned());
    Ok(Some(Reference { id: template.id, name: template.name, version }))
}

fn policy(call: &Call<'_>, stock: &Stock<'_>) -> Result<Option<Source>, ApiError> {
    if call.parameters.below("MixedInstancesPolicy.").next().is_none() {
        return Ok(None);
    }
    let base = reference(call, stock, &format!("{POLICY}LaunchTemplateSpecification."))?
        .ok_or_else(|| {
            invalid("MixedInstancesPolicy must contain a LaunchTemplateSpecification.")
        })?;
    let mut overrides = Vec::new();
    for number in call.parameters.numbers(&format!("{POLICY}Overrides.member")) {
        let prefix = format!("{POLICY}Overrides.member.{number}.");
        let get = |name: &str| call.parameters.get(&format!("{prefix}{name}")).map(str::to_owned);
        overrides.push(Override {
            instance_type: get("InstanceType"),
            template: reference(call, stock, &format!("{prefix}LaunchTemplateSpecification."))?,
            weight: get("WeightedCapacity"),
        });
    }
    let given = call.parameters.below("MixedInstancesPolicy.InstancesDistribution.");
    let distribution = given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Ok(Some(Source::Mixed { template: base, overrides, distribution }))
}

fn zones(call: &Call<'_>) -> Result<Option<Vec<char>>, ApiError> {
    let named = call.parameters.list("AvailabilityZones.member");
    let letter = |zone: &str| {
        let mut rest = zone.strip_prefix(call.region)?.chars();
        rest.next().filter(|letter| ('a'..='c').contains(letter) && rest.next().is_none())
    };
    let parse = |zone: &&str| {
        letter(zone).ok_or_else(|| invalid(format!("Invalid Availability Zones [{zone}]")))
    };
    let zones: Vec<char> = named.iter().map(parse).collect::<Result<_, _>>()?;
    Ok((!zones.is_empty()).then_some(zones))
}

fn tags(call: &Call<'_>) -> Vec<(String, String, bool)> {
    let tag = |number: u32| {
        let part = |part: &str| call.parameters.get(&format!("Tags.member.{number}.{part}"));
        let propagate = part("PropagateAtLaunch") == Some("true");
        Some((part("Key")?.to_owned(), part("Value").unwrap_or_default().to_owned(), propagate))
    };
    call.parameters.numbers("Tags.member").into_iter().filter_map(tag).collect()
}
