//! `DescribeScalingActivities`, and `SetInstanceHealth`, upon which a group replaces a member.

use super::change::named;
use super::page::Page;
use super::{Call, answer, empty_answer, invalid, required, write_time};
use crate::error::ApiError;
use crate::hash;
use crate::world::activities::{Activity, Cause, Deed};
use crate::world::ids::{self, Parsed};
use crate::world::members::counts;
use crate::world::options::State;
use crate::world::owner;
use crate::xml::Xml;

/// Parameters of the operations.
pub(crate) const DESCRIBE: &[&str] =
    &["ActivityIds.member.N", "AutoScalingGroupName", "MaxRecords", "NextToken"];
pub(crate) const HEALTH: &[&str] = &["HealthStatus", "InstanceId", "ShouldRespectGracePeriod"];

/// `DescribeScalingActivities` of a group, the newest first: what it did since calls changed anything.
pub(crate) fn describe_scaling_activities(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    required(call, "AutoScalingGroupName")?;
    let wanted = call.parameters.list("ActivityIds.member");
    let mut stock = call.stock()?;
    let group = named(call, &mut stock)?;
    let page =
        Page::usual(call, "DescribeScalingActivities", &format!("{}{wanted:?}", group.name))?;
    let mut all = stock.activities(group.index);
    all.retain(|activity| wanted.is_empty() || wanted.contains(&id(activity).as_str()));
    Ok(answer(call, "DescribeScalingActivities", |xml| {
        page.write(call, xml, "Activities", all.len() as u64, |xml, place| {
            let activity = all.get(place as usize);
            activity.inspect(|activity| write(xml, &group.name, activity)).is_some()
        });
    }))
}

fn id(activity: &Activity) -> String {
    let deed = activity.deed as u64;
    owner::uuid(hash::join(hash::join(activity.instance, deed), activity.at as u64))
}

fn write(xml: &mut Xml, group: &str, activity: &Activity) {
    let instance = ids::text("i-", activity.instance);
    let what = match activity.deed {
        Deed::Launched => "Launching a new EC2 instance",
        Deed::Terminated => "Terminating EC2 instance",
    };
    xml.put(&["<member>"]).element("ActivityId", &id(activity));
    xml.element("AutoScalingGroupName", group);
    xml.element("Description", &format!("{what}: {instance}"));
    let at = jiff::Timestamp::from_second(activity.at).unwrap_or_default();
    let did = match activity.deed {
        Deed::Launched => "started",
        Deed::Terminated => "taken out of service",
    };
    let why = why(activity.cause);
    xml.element("Cause", &format!("At {at} an instance was {did} in response to {why}."));
    write_time(xml, "StartTime", activity.at);
    write_time(xml, "EndTime", activity.at);
    xml.element("StatusCode", "Successful").element("Progress", "100").put(&["</member>"]);
}

fn why(cause: Cause) -> String {
    match cause {
        Cause::Size(from, to) => {
            let way = if from < to { "increasing" } else { "shrinking" };
            format!(
                "a difference between desired and actual capacity, {way} the capacity from {from} to {to}"
            )
        }
        Cause::Ended => {
            "an EC2 health check indicating it has been terminated or stopped".to_owned()
        }
        Cause::Told => "a user health-check".to_owned(),
        Cause::Refresh => "an instance refresh".to_owned(),
    }
}

/// `SetInstanceHealth`: a member that is said to be unhealthy is terminated and replaced.
pub(crate) fn set_instance_health(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let named = required(call, "InstanceId")?;
    let unhealthy = match required(call, "HealthStatus")? {
        "Unhealthy" => true,
        "Healthy" => false,
        _ => return Err(invalid("HealthStatus must be Healthy or Unhealthy")),
    };
    let mut stock = call.stock()?;
    let index = match ids::parse("i-", named) {
        Parsed::Id(number) => stock.find_instance(number),
        Parsed::Nobody | Parsed::Malformed => None,
    };
    let member = index.map(|index| stock.instance(index)).filter(|member| counts(member.state));
    let found = member.and_then(|member| Some((member.group?, member)));
    let Some((group, member)) = found else {
        return Err(invalid(format!(
            "Instance Id not found - No managed instance found for instance ID {named}"
        )));
    };
    if unhealthy {
        // The group keeps the size it wanted before.
        let kept = stock.group(group);
        stock.put_group(kept);
        stock.set_state(&member, State::ShuttingDown, State::Terminated);
        stock.acted(group, member.id, Deed::Terminated, Cause::Told);
        stock.scale(group);
    }
    Ok(empty_answer(call, "SetInstanceHealth"))
}
