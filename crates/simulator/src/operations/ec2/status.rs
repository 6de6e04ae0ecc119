//! `DescribeInstanceStatus`.

use super::filters::Filters;
use super::instances::find_named;
use super::page::Page;
use super::{Call, open_answer, stop_dry_run, write_id};
use crate::error::ApiError;
use crate::request::Parameters;
use crate::throttle::Limit;
use crate::world::health::Check;
use crate::world::instance::Instance;
use crate::world::options::State;
use crate::xml::Xml;

/// Parameters of `DescribeInstanceStatus`.
pub(crate) const PARAMETERS: &[&str] = &[
    "DryRun",
    "Filter.N.Name",
    "Filter.N.Value.N",
    "IncludeAllInstances",
    "IncludeManagedResources",
    "InstanceId.N",
    "MaxResults",
    "NextToken",
];

/// Filters that are simulated.
const FILTERS: &[&str] = &[
    "availability-zone",
    "instance-state-code",
    "instance-state-name",
    "instance-status.reachability",
    "instance-status.status",
    "system-status.reachability",
    "system-status.status",
];

/// The bucket a call takes from: asking for everything at once costs more.
pub(crate) fn limit(parameters: &Parameters) -> Limit {
    super::instances::limit(parameters)
}

/// `DescribeInstanceStatus`: of running instances, or of all.
pub(crate) fn describe_instance_status(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let parameters = &call.parameters;
    let filters = Filters::named(parameters, FILTERS)?;
    let everyone = parameters.flag("IncludeAllInstances")?;
    let ids = parameters.list("InstanceId");
    if !ids.is_empty() && parameters.get("MaxResults").is_some() {
        let text = "The parameter instancesSet cannot be used with the parameter maxResults";
        return Err(ApiError::new(400, "InvalidParameterCombination", text));
    }
    let subject = format!("{}{everyone}", filters.written);
    let page = Page::read(call, "DescribeInstanceStatus", &subject, &(5..=1000))?;
    let stock = call.stock()?;
    let named = if ids.is_empty() { None } else { Some(find_named(&stock, &ids)?) };
    stop_dry_run(call)?;
    let end = named.as_ref().map_or(stock.instances(), |named| named.len() as u64);
    let mut xml = open_answer(call, "DescribeInstanceStatus", 4096);
    page.write(call, &mut xml, "instanceStatusSet", end, |xml, place| {
        let index = named.as_ref().and_then(|named| named.get(place as usize).copied());
        let instance = stock.instance(index.unwrap_or(place));
        let checks = stock.checks(&instance);
        let wanted = (everyone || instance.state == State::Running)
            && filters.admit(&[], |name| values(call.region, &instance, checks, name));
        if wanted {
            write(xml, call.region, &instance, checks);
        }
        wanted
    });
    xml.put(&["</DescribeInstanceStatusResponse>"]);
    Ok(xml.into_bytes())
}

fn zone(region: &str, instance: &Instance) -> String {
    format!("{region}{}", ["a", "b", "c"][instance.zone as usize % 3])
}

fn values(
    region: &str,
    instance: &Instance,
    (system, own): (Check, Check),
    filter: &str,
) -> Vec<String> {
    let text = |text: &str| Some(text.to_owned());
    let value = match filter {
        "availability-zone" => Some(zone(region, instance)),
        "instance-state-code" => Some(instance.state.code().to_string()),
        "instance-state-name" => text(instance.state.name()),
        "instance-status.status" => text(own.name()),
        "system-status.status" => text(system.name()),
        "instance-status.reachability" => own.reachability().and_then(text),
        "system-status.reachability" => system.reachability().and_then(text),
        _ => None,
    };
    value.into_iter().collect()
}

fn write(xml: &mut Xml, region: &str, instance: &Instance, (system, own): (Check, Check)) {
    xml.put(&["<item>"]);
    write_id(xml, "instanceId", "i-", instance.id);
    xml.element("availabilityZone", &zone(region, instance));
    xml.put(&["<instanceState><code>"]).number(instance.state.code()).put(&["</code>"]);
    xml.element("name", instance.state.name()).put(&["</instanceState>"]);
    for (name, check) in [("systemStatus", system), ("instanceStatus", own)] {
        xml.put(&["<", name, ">"]).element("status", check.name());
        if let Some(reachability) = check.reachability() {
            xml.put(&["<details><item><name>reachability</name>"]);
            xml.element("status", reachability).put(&["</item></details>"]);
        }
        xml.put(&["</", name, ">"]);
    }
    xml.put(&["<operator><managed>false</managed></operator></item>"]);
}
