//! `DescribeSpotFleetRequests` and `DescribeFleets`.

use super::page::Page;
use super::{Call, open_answer, stop_dry_run, write_id, write_number, write_time};
use crate::error::ApiError;
use crate::world::fleet::{Fleet, FleetSource};
use crate::world::group::Reference;
use crate::world::image;
use crate::world::owner;
use crate::world::stock::Stock;
use crate::xml::Xml;

/// Parameters of `DescribeSpotFleetRequests`.
pub(crate) const SPOT: &[&str] = &["DryRun", "SpotFleetRequestId.N", "MaxResults", "NextToken"];
/// Parameters of `DescribeFleets`.
pub(crate) const FLEETS: &[&str] =
    &["DryRun", "FleetId.N", "Filter.N.Name", "Filter.N.Value.N", "MaxResults", "NextToken"];

/// `DescribeSpotFleetRequests`.
pub(crate) fn describe_spot_fleet_requests(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let named = call.parameters.list("SpotFleetRequestId");
    let page = Page::read(call, "DescribeSpotFleetRequests", &format!("{named:?}"), &(1..=1000))?;
    let stock = call.stock()?;
    let fleets = chosen(stock.spot_fleets(), &named, "sfr-", "InvalidSpotFleetRequestId.NotFound")?;
    stop_dry_run(call)?;
    let mut xml = open_answer(call, "DescribeSpotFleetRequests", 8192);
    page.write(call, &mut xml, "spotFleetRequestConfigSet", fleets.len() as u64, |xml, place| {
        let fleet = fleets.get(place as usize);
        fleet.inspect(|fleet| write_spot(xml, fleet, &stock)).is_some()
    });
    xml.put(&["</DescribeSpotFleetRequestsResponse>"]);
    Ok(xml.into_bytes())
}

/// `DescribeFleets`.
pub(crate) fn describe_fleets(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let filters = super::filters::Filters::named(
        &call.parameters,
        &["activity-status", "fleet-state", "type"],
    )?;
    let named = call.parameters.list("FleetId");
    let subject = format!("{}{named:?}", filters.written);
    let page = Page::read(call, "DescribeFleets", &subject, &(1..=1000))?;
    let stock = call.stock()?;
    let mut fleets = chosen(stock.fleets(), &named, "fleet-", "InvalidFleetId.NotFound")?;
    fleets.retain(|fleet| {
        filters.admit(&[], |name| {
            let text = match name {
                "activity-status" => "fulfilled",
                "fleet-state" => state(fleet, "deleted"),
                _ => kind(fleet),
            };
            vec![text.to_owned()]
        })
    });
    stop_dry_run(call)?;
    let mut xml = open_answer(call, "DescribeFleets", 8192);
    page.write(call, &mut xml, "fleetSet", fleets.len() as u64, |xml, place| {
        fleets.get(place as usize).inspect(|fleet| write_fleet(xml, fleet)).is_some()
    });
    xml.put(&["</DescribeFleetsResponse>"]);
    Ok(xml.into_bytes())
}

fn chosen(
    mut fleets: Vec<Fleet>,
    named: &[&str],
    prefix: &str,
    code: &'static str,
) -> Result<Vec<Fleet>, ApiError> {
    let id = |fleet: &Fleet| format!("{prefix}{}", owner::uuid(fleet.key));
    if let Some(unknown) = named.iter().find(|name| !fleets.iter().any(|fleet| id(fleet) == **name))
    {
        return Err(ApiError::new(400, code, format!("The fleet ID '{unknown}' does not exist")));
    }
    fleets.retain(|fleet| named.is_empty() || named.contains(&id(fleet).as_str()));
    Ok(fleets)
}

const fn state(fleet: &Fleet, ended: &'static str) -> &'static str {
    if fleet.active { "active" } else { ended }
}

const fn kind(fleet: &Fleet) -> &'static str {
    if fleet.maintains { "maintain" } else { "request" }
}

fn write_reference(xml: &mut Xml, reference: &Reference) {
    xml.put(&["<launchTemplateSpecification>"]);
    write_id(xml, "launchTemplateId", "lt-", reference.id);
    xml.element("launchTemplateName", &reference.name);
    if let Some(version) = &reference.version {
        xml.element("version", version);
    }
    xml.put(&["</launchTemplateSpecification>"]);
}

fn write_configs(xml: &mut Xml, reference: &Reference, types: &[&str]) {
    xml.put(&["<launchTemplateConfigs><item>"]);
    write_reference(xml, reference);
    xml.put(&["<overrides>"]);
    for name in types {
        xml.put(&["<item>"]).element("instanceType", name).put(&["</item>"]);
    }
    xml.put(&["</overrides></item></launchTemplateConfigs>"]);
}

fn write_spot(xml: &mut Xml, fleet: &Fleet, stock: &Stock<'_>) {
    xml.put(&["<item>"]);
    xml.element("spotFleetRequestId", &format!("sfr-{}", owner::uuid(fleet.key)));
    xml.element("spotFleetRequestState", state(fleet, "cancelled"));
    xml.element("activityStatus", "fulfilled");
    write_time(xml, "createTime", fleet.created);
    xml.put(&[
        "<spotFleetRequestConfig><allocationStrategy>priceCapacityOptimized</allocationStrategy>",
    ]);
    let role = format!("arn:aws:iam::{}:role/aws-ec2-spot-fleet-tagging-role", stock.account.id);
    xml.element("iamFleetRole", &role);
    match &fleet.source {
        FleetSource::Specification(version) => {
            xml.put(&["<launchSpecifications><item>"]);
            write_id(xml, "imageId", "ami-", image::id(&stock.seed, version.image));
            xml.element("instanceType", version.machine.name);
            xml.put(&[
                "<monitoring><enabled>false</enabled></monitoring></item></launchSpecifications>",
            ]);
        }
        FleetSource::Template(reference, types) => write_configs(xml, reference, types),
    }
    write_number(xml, "targetCapacity", fleet.target);
    xml.element("type", kind(fleet));
    xml.put(&["</spotFleetRequestConfig><tagSet/></item>"]);
}

fn write_fleet(xml: &mut Xml, fleet: &Fleet) {
    xml.put(&["<item>"]).element("fleetId", &format!("fleet-{}", owner::uuid(fleet.key)));
    xml.element("fleetState", state(fleet, "deleted")).element("activityStatus", "fulfilled");
    write_time(xml, "createTime", fleet.created);
    if let FleetSource::Template(reference, types) = &fleet.source {
        write_configs(xml, reference, types);
    }
    xml.put(&["<targetCapacitySpecification>"]);
    write_number(xml, "totalTargetCapacity", fleet.target);
    xml.put(&["<onDemandTargetCapacity>0</onDemandTargetCapacity>"]);
    write_number(xml, "spotTargetCapacity", fleet.target);
    xml.put(&[
        "<defaultTargetCapacityType>spot</defaultTargetCapacityType></targetCapacitySpecification>",
    ]);
    xml.element("type", kind(fleet)).put(&["<tagSet/></item>"]);
}
