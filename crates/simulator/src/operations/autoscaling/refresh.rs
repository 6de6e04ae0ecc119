//! `StartInstanceRefresh`, `DescribeInstanceRefreshes`, `CancelInstanceRefresh`.

use super::change::named;
use super::page::Page;
use super::{Call, answer, invalid, write_time};
use crate::error::ApiError;
use crate::world::owner;
use crate::world::refresh::{Preferences, Progress, Refresh};
use crate::xml::Xml;

/// Parameters of the operations.
pub(crate) const START: &[&str] = &[
    "AutoScalingGroupName",
    "Preferences.InstanceWarmup",
    "Preferences.MinHealthyPercentage",
    "Preferences.SkipMatching",
    "Strategy",
];
pub(crate) const DESCRIBE: &[&str] =
    &["AutoScalingGroupName", "InstanceRefreshIds.member.N", "MaxRecords", "NextToken"];
pub(crate) const CANCEL: &[&str] = &["AutoScalingGroupName"];

/// How much of a group stays in service if nobody says how much.
const USUAL: u64 = 90;

/// `StartInstanceRefresh`: replaces all members, or those that do not match, by what the group launches.
pub(crate) fn start_instance_refresh(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    if call.parameters.get("Strategy").is_some_and(|strategy| strategy != "Rolling") {
        return Err(invalid("Strategy must be Rolling; no other is simulated"));
    }
    let preferences = Preferences {
        min_healthy: percentage(call)?,
        skip_matching: call.parameters.flag("Preferences.SkipMatching")?,
    };
    let mut stock = call.stock()?;
    let group = named(call, &mut stock)?;
    if stock.refreshes(group.index).iter().any(|refresh| refresh.is_active()) {
        let text = "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.";
        return Err(ApiError::new(400, "InstanceRefreshInProgress", text));
    }
    let key = stock.begin_refresh(group.index, preferences);
    Ok(answer(call, "StartInstanceRefresh", |xml| {
        xml.element("InstanceRefreshId", &owner::uuid(key));
    }))
}

fn percentage(call: &Call<'_>) -> Result<u64, ApiError> {
    let text = call.parameters.get("Preferences.MinHealthyPercentage");
    match text.map(str::parse) {
        None => Ok(USUAL),
        Some(Ok(percent @ 0..=100)) => Ok(percent),
        Some(_) => Err(invalid("MinHealthyPercentage must be a number from 0 to 100")),
    }
}

/// `DescribeInstanceRefreshes`: of a group, the newest first.
pub(crate) fn describe_instance_refreshes(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let ids = call.parameters.list("InstanceRefreshIds.member");
    let mut stock = call.stock()?;
    let group = named(call, &mut stock)?;
    let subject = format!("{}{ids:?}", group.name);
    let page = Page::usual(call, "DescribeInstanceRefreshes", &subject)?;
    let all = stock.refreshes(group.index);
    let wanted =
        |refresh: &&&Refresh| ids.is_empty() || ids.contains(&owner::uuid(refresh.key).as_str());
    let all: Vec<&Refresh> = all.iter().filter(wanted).copied().collect();
    Ok(answer(call, "DescribeInstanceRefreshes", |xml| {
        page.write(call, xml, "InstanceRefreshes", all.len() as u64, |xml, place| {
            let refresh = all.get(place as usize);
            refresh.is_some_and(|refresh| write(xml, &group.name, refresh))
        });
    }))
}

/// `CancelInstanceRefresh`: what was replaced stays replaced.
pub(crate) fn cancel_instance_refresh(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let mut stock = call.stock()?;
    let group = named(call, &mut stock)?;
    let key = stock.cancel_refresh(group.index).ok_or_else(|| {
        let text = "No in progress or pending Instance Refresh found for Auto Scaling group";
        ApiError::new(400, "ActiveInstanceRefreshNotFound", format!("{text} {}", group.name))
    })?;
    Ok(answer(call, "CancelInstanceRefresh", |xml| {
        xml.element("InstanceRefreshId", &owner::uuid(key));
    }))
}

fn write(xml: &mut Xml, group: &str, refresh: &Refresh) -> bool {
    xml.put(&["<member>"]).element("InstanceRefreshId", &owner::uuid(refresh.key));
    xml.element("AutoScalingGroupName", group);
    let status = match &refresh.progress {
        Progress::Pending => "Pending",
        Progress::Underway => "InProgress",
        Progress::Successful => "Successful",
        Progress::Failed(_) => "Failed",
        Progress::Cancelled => "Cancelled",
    };
    xml.element("Status", status);
    if let Progress::Failed(refusal) = &refresh.progress {
        let why = crate::operations::ec2::launch_refusal(refusal);
        xml.element("StatusReason", &format!("Failed to launch instances. Status Reason: {why}"));
    }
    write_time(xml, "StartTime", refresh.begun);
    if let Some(ended) = refresh.ended {
        write_time(xml, "EndTime", ended);
    }
    let left = refresh.left.len() as u64;
    let done = (refresh.total - left) * 100 / refresh.total.max(1);
    let percent = if refresh.progress == Progress::Successful { 100 } else { done };
    for (name, number) in [("PercentageComplete", percent), ("InstancesToUpdate", left)] {
        xml.put(&["<", name, ">"]).number(number).put(&["</", name, ">"]);
    }
    xml.put(&["<Preferences><MinHealthyPercentage>"]).number(refresh.preferences.min_healthy);
    let skips = if refresh.preferences.skip_matching { "true" } else { "false" };
    xml.put(&["</MinHealthyPercentage>"]).element("SkipMatching", skips);
    xml.put(&["</Preferences><Strategy>Rolling</Strategy></member>"]);
    true
}
