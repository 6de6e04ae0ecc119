//! `DescribeAutoScalingInstances`.

use super::page::Page;
use super::{Call, answer, write_member};
use crate::error::ApiError;
use crate::world::ids::{self, Parsed};
use crate::world::options::State;

/// Parameters of `DescribeAutoScalingInstances`.
pub(crate) const PARAMETERS: &[&str] =
    &["IncludeManagedResources", "InstanceIds.member.N", "MaxRecords", "NextToken"];

/// What a page holds at most.
const MOST: u64 = 50;

/// `DescribeAutoScalingInstances`: the members of all groups, or those named; ids that are no members' are left out, as AWS does it.
pub(crate) fn describe_auto_scaling_instances(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let named = call.parameters.list("InstanceIds.member");
    let page = Page::read(call, "DescribeAutoScalingInstances", &format!("{named:?}"), MOST)?;
    let stock = call.stock()?;
    let place = |id: &&str| match ids::parse("i-", id) {
        Parsed::Id(number) => stock.find_instance(number),
        Parsed::Nobody | Parsed::Malformed => None,
    };
    let places: Option<Vec<u64>> =
        (!named.is_empty()).then(|| named.iter().filter_map(place).collect());
    let end = places.as_ref().map_or(stock.instances(), |places| places.len() as u64);
    Ok(answer(call, "DescribeAutoScalingInstances", |xml| {
        page.write(call, xml, "AutoScalingInstances", end, |xml, place| {
            let named = places.as_ref().and_then(|places| places.get(place as usize));
            let member = stock.instance(named.copied().unwrap_or(place));
            let Some(group) = member.group.filter(|_| member.state != State::Terminated) else {
                return false;
            };
            xml.put(&["<member>"]);
            write_member(xml, &stock, call.region, &member);
            let health = if member.state == State::ShuttingDown { "UNHEALTHY" } else { "HEALTHY" };
            xml.element("HealthStatus", health);
            xml.element("AutoScalingGroupName", &stock.group_name(group)).put(&["</member>"]);
            true
        });
    }))
}
