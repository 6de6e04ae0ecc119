//! `DescribeAutoScalingGroups`.

use super::page::Page;
use super::{Call, answer, invalid, write_member, write_reference, write_time};
use crate::error::ApiError;
use crate::operations::balancing::arn_of;
use crate::world::group::{Group, Override, Source};
use crate::world::instance::Instance;
use crate::world::options::State;
use crate::world::owner;
use crate::world::stock::Stock;
use crate::xml::Xml;

/// Parameters of `DescribeAutoScalingGroups`.
pub(crate) const PARAMETERS: &[&str] = &[
    "AutoScalingGroupNames.member.N",
    "Filters.member.N.Name",
    "Filters.member.N.Values.member.N",
    "IncludeInstances",
    "IncludeManagedResources",
    "MaxRecords",
    "NextToken",
];

/// `DescribeAutoScalingGroups`: all, those named, or those with tags. Names that nobody has are left out, as AWS does it.
pub(crate) fn describe_auto_scaling_groups(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let named = call.parameters.list("AutoScalingGroupNames.member");
    let filters = filters(call)?;
    let with_members = match call.parameters.get("IncludeInstances") {
        None => true,
        Some(_) => call.parameters.flag("IncludeInstances")?,
    };
    let subject = format!("{named:?}{filters:?}");
    let page = Page::usual(call, "DescribeAutoScalingGroups", &subject)?;
    let mut stock = call.stock()?;
    let end = stock.groups();
    Ok(answer(call, "DescribeAutoScalingGroups", |xml| {
        page.write(call, xml, "AutoScalingGroups", end, |xml, index| {
            let is_named = named.is_empty() || named.contains(&stock.group_name(index).as_str());
            if !is_named || stock.is_deleted(index) {
                return false;
            }
            let group = stock.group(index);
            let wanted = filters.iter().all(|filter| filter.admits(&group));
            if wanted {
                let members = if with_members { stock.members(index) } else { Vec::new() };
                write(xml, call, &stock, &group, &members);
            }
            wanted
        });
    }))
}

/// A filter by tags: all filters must match, and of each any value.
#[derive(Debug)]
struct Filter<'a> {
    name: &'a str,
    values: Vec<&'a str>,
}

impl Filter<'_> {
    fn admits(&self, group: &Group) -> bool {
        group.tags.iter().any(|(key, value, _)| match self.name {
            "tag-key" => self.values.contains(&key.as_str()),
            "tag-value" => self.values.contains(&value.as_str()),
            name => name.strip_prefix("tag:") == Some(key) && self.values.contains(&value.as_str()),
        })
    }
}

fn filters<'a>(call: &'a Call<'_>) -> Result<Vec<Filter<'a>>, ApiError> {
    let read = |number: u32| {
        let prefix = format!("Filters.member.{number}");
        let name = call.parameters.get(&format!("{prefix}.Name")).unwrap_or_default();
        if !(matches!(name, "tag-key" | "tag-value") || name.starts_with("tag:")) {
            return Err(invalid(format!(
                "Filter type {name} is not correct. Allowed Filter types are: tag-key, tag-value, tag:<key>"
            )));
        }
        Ok(Filter { name, values: call.parameters.list(&format!("{prefix}.Values.member")) })
    };
    call.parameters.numbers("Filters.member").into_iter().map(read).collect()
}

fn write(xml: &mut Xml, call: &Call<'_>, stock: &Stock<'_>, group: &Group, members: &[Instance]) {
    let (region, account) = (call.region, &stock.account.id);
    xml.put(&["<member>"]).element("AutoScalingGroupName", &group.name);
    let uuid = owner::uuid(group.key);
    let arn = format!(
        "arn:aws:autoscaling:{region}:{account}:autoScalingGroup:{uuid}:autoScalingGroupName/{}",
        group.name
    );
    xml.element("AutoScalingGroupARN", &arn);
    match &group.source {
        Source::Configuration(name) => {
            xml.element("LaunchConfigurationName", name);
        }
        Source::Template(reference) => write_reference(xml, "LaunchTemplate", reference),
        Source::Mixed { template, overrides, distribution } => {
            xml.put(&["<MixedInstancesPolicy><LaunchTemplate>"]);
            write_reference(xml, "LaunchTemplateSpecification", template);
            write_overrides(xml, overrides);
            xml.put(&["</LaunchTemplate><InstancesDistribution>"]);
            for (name, value) in distribution {
                xml.element(name, value);
            }
            xml.put(&["</InstancesDistribution></MixedInstancesPolicy>"]);
        }
    }
    for (name, number) in
        [("MinSize", group.min), ("MaxSize", group.max), ("DesiredCapacity", group.desired)]
    {
        xml.put(&["<", name, ">"]).number(number).put(&["</", name, ">"]);
    }
    xml.put(&["<DefaultCooldown>300</DefaultCooldown><AvailabilityZones>"]);
    for zone in &group.zones {
        xml.element("member", &format!("{region}{zone}"));
    }
    xml.put(&["</AvailabilityZones><LoadBalancerNames/>"]);
    let targets = group.target_group().map(|targets| arn_of(call, &targets));
    xml.put(&["<TargetGroupARNs>"]);
    if let Some(arn) = &targets {
        xml.element("member", arn);
    }
    xml.put(&["</TargetGroupARNs><HealthCheckType>EC2</HealthCheckType>"]);
    xml.put(&["<HealthCheckGracePeriod>300</HealthCheckGracePeriod><Instances>"]);
    for member in members {
        xml.put(&["<member>"]);
        write_member(xml, stock, region, member);
        let health = if member.state == State::ShuttingDown { "Unhealthy" } else { "Healthy" };
        xml.element("HealthStatus", health).put(&["</member>"]);
    }
    xml.put(&["</Instances>"]);
    write_time(xml, "CreatedTime", group.created);
    if let Some(subnets) = &group.subnets {
        xml.element("VPCZoneIdentifier", subnets);
    }
    xml.put(&["<SuspendedProcesses/><EnabledMetrics/><Tags>"]);
    for (key, value, propagate) in &group.tags {
        xml.put(&["<member>"]).element("ResourceId", &group.name);
        xml.element("ResourceType", "auto-scaling-group")
            .element("Key", key)
            .element("Value", value);
        xml.element("PropagateAtLaunch", if *propagate { "true" } else { "false" });
        xml.put(&["</member>"]);
    }
    xml.put(&["</Tags><TerminationPolicies><member>Default</member></TerminationPolicies>"]);
    xml.put(&["<NewInstancesProtectedFromScaleIn>false</NewInstancesProtectedFromScaleIn>"]);
    let role = format!(
        "arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    );
    xml.element("ServiceLinkedRoleARN", &role);
    xml.put(&["<TrafficSources>"]);
    if let Some(arn) = &targets {
        xml.put(&["<member>"]).element("Identifier", arn).element("Type", "elbv2");
        xml.put(&["</member>"]);
    }
    xml.put(&["</TrafficSources></member>"]);
}

fn write_overrides(xml: &mut Xml, overrides: &[Override]) {
    xml.put(&["<Overrides>"]);
    for item in overrides {
        xml.put(&["<member>"]);
        if let Some(name) = &item.instance_type {
            xml.element("InstanceType", name);
        }
        if let Some(weight) = &item.weight {
            xml.element("WeightedCapacity", weight);
        }
        if let Some(reference) = &item.template {
            write_reference(xml, "LaunchTemplateSpecification", reference);
        }
        xml.put(&["</member>"]);
    }
    xml.put(&["</Overrides>"]);
}
