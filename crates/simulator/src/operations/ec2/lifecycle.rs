//! `StartInstances`, `StopInstances`, `TerminateInstances`.

use super::instances::find_named;
use super::{Call, answer, missing, stop_dry_run, write_id};
use crate::error::ApiError;
use crate::world::activities::{Cause, Deed};
use crate::world::ids;
use crate::world::instance::Instance;
use crate::world::options::State;
use crate::xml::Xml;

/// Parameters of `StartInstances`.
pub(crate) const START: &[&str] = &["DryRun", "InstanceId.N", "AdditionalInfo"];
/// Parameters of `StopInstances`.
pub(crate) const STOP: &[&str] =
    &["DryRun", "InstanceId.N", "Force", "Hibernate", "SkipOsShutdown"];
/// Parameters of `TerminateInstances`.
pub(crate) const TERMINATE: &[&str] = &["DryRun", "InstanceId.N", "Force", "SkipOsShutdown"];

/// A change of state: what is passed through, where it ends, and which states refuse it.
struct Turn {
    name: &'static str,
    passing: State,
    settled: State,
    refused: &'static [State],
}

/// `StartInstances`: stopped instances run again after a moment, and what waited for their start is applied.
pub(crate) fn start_instances(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    use State::{Pending, Running, ShuttingDown, Stopping, Terminated};
    let refused = &[ShuttingDown, Stopping, Terminated];
    turn(call, &Turn { name: "StartInstances", passing: Pending, settled: Running, refused })
}

/// `StopInstances`. A group whose member stops replaces it.
pub(crate) fn stop_instances(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    use State::{Pending, ShuttingDown, Stopped, Stopping, Terminated};
    let refused = &[Pending, ShuttingDown, Terminated];
    turn(call, &Turn { name: "StopInstances", passing: Stopping, settled: Stopped, refused })
}

/// `TerminateInstances`. A group whose member is terminated replaces it.
pub(crate) fn terminate_instances(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    use State::{ShuttingDown, Terminated};
    let (passing, settled) = (ShuttingDown, Terminated);
    turn(call, &Turn { name: "TerminateInstances", passing, settled, refused: &[] })
}

fn turn(call: &Call<'_>, turn: &Turn) -> Result<Vec<u8>, ApiError> {
    let ids = call.parameters.list("InstanceId");
    if ids.is_empty() {
        return Err(missing("InstanceId"));
    }
    let mut stock = call.stock()?;
    let instances: Vec<Instance> =
        find_named(&stock, &ids)?.into_iter().map(|index| stock.instance(index)).collect();
    if let Some(instance) = instances.iter().find(|it| turn.refused.contains(&it.state)) {
        let id = ids::text("i-", instance.id);
        let text = format!(
            "The instance '{id}' is not in a state from which {} is possible: it is {}.",
            turn.name,
            instance.state.name()
        );
        return Err(ApiError::new(400, "IncorrectInstanceState", text));
    }
    stop_dry_run(call)?;
    // A group that has lost a member keeps the size it wanted before.
    let mut groups: Vec<u64> = instances.iter().filter_map(|instance| instance.group).collect();
    groups.sort_unstable();
    groups.dedup();
    for index in &groups {
        let group = stock.group(*index);
        stock.put_group(group);
    }
    let there = |state| state == turn.settled || state == turn.passing;
    for instance in instances.iter().filter(|instance| !there(instance.state)) {
        // A group terminates the member that stops, and replaces it.
        let replaced = turn.settled == State::Stopped && instance.group.is_some();
        let settled = if replaced { State::Terminated } else { turn.settled };
        stock.set_state(instance, turn.passing, settled);
        if let Some(group) = instance.group.filter(|_| settled == State::Terminated) {
            stock.acted(group, instance.id, Deed::Terminated, Cause::Ended);
        }
    }
    if turn.settled != State::Running {
        for group in groups {
            stock.scale(group);
        }
    }
    let done = answer(call, turn.name, |xml| {
        xml.put(&["<instancesSet>"]);
        for instance in &instances {
            let after = stock.instance(instance.index).state;
            xml.put(&["<item>"]);
            write_id(xml, "instanceId", "i-", instance.id);
            write_state(xml, "currentState", after);
            write_state(xml, "previousState", instance.state);
            xml.put(&["</item>"]);
        }
        xml.put(&["</instancesSet>"]);
    });
    Ok(done)
}

fn write_state(xml: &mut Xml, name: &str, state: State) {
    xml.put(&["<", name, "><code>"]).number(state.code()).put(&["</code>"]);
    xml.element("name", state.name()).put(&["</", name, ">"]);
}
