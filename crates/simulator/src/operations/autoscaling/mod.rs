//! EC2 Auto Scaling: groups, their members, and launch configurations.

pub(crate) mod activities;
pub(crate) mod change;
pub(crate) mod configurations;
pub(crate) mod groups;
pub(crate) mod instances;
mod page;
mod permission;
pub(crate) mod refresh;

use super::{Call, query_answer};
use crate::error::ApiError;
use crate::service::Service;
use crate::world::group::LaunchedFrom;
use crate::world::group::Reference;
use crate::world::ids;
use crate::world::instance::Instance;
use crate::world::options::State;
use crate::world::stock::Stock;
use crate::xml::Xml;

/// A parameter that is wrong, as Auto Scaling words all of them.
fn invalid(text: impl Into<String>) -> ApiError {
    ApiError::new(400, "ValidationError", text)
}

/// A parameter that must be there.
fn required<'a>(call: &'a Call<'_>, name: &str) -> Result<&'a str, ApiError> {
    call.parameters.get(name).ok_or_else(|| {
        let mut member = name.to_owned();
        member.get_mut(..1).into_iter().for_each(str::make_ascii_lowercase);
        invalid(format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// The whole answer of an operation.
fn answer(call: &Call<'_>, name: &str, write: impl FnOnce(&mut Xml)) -> Vec<u8> {
    query_answer(call, Service::AutoScaling, name, write)
}

/// The answer of an operation that has nothing to say.
fn empty_answer(call: &Call<'_>, name: &str) -> Vec<u8> {
    let mut xml = Xml::with_capacity(256);
    xml.put(&["<", name, "Response xmlns=\"", Service::AutoScaling.namespace(), "\">"]);
    xml.put(&["<ResponseMetadata><RequestId>", call.request_id, "</RequestId></ResponseMetadata>"]);
    xml.put(&["</", name, "Response>"]);
    xml.into_bytes()
}

/// Writes a launch template that is named: `LaunchTemplate`, or `LaunchTemplateSpecification` in policies.
fn write_reference(xml: &mut Xml, name: &str, reference: &Reference) {
    xml.put(&["<", name, ">"]);
    xml.element("LaunchTemplateId", &ids::text("lt-", reference.id));
    xml.element("LaunchTemplateName", &reference.name);
    if let Some(version) = &reference.version {
        xml.element("Version", version);
    }
    xml.put(&["</", name, ">"]);
}

/// Writes a time as Query services do.
fn write_time(xml: &mut Xml, name: &str, seconds: i64) {
    xml.put(&["<", name, ">"]).time(seconds).put(&["</", name, ">"]);
}

/// `LifecycleState` of a member.
const fn lifecycle(state: State) -> &'static str {
    match state {
        State::Pending => "Pending",
        State::Running => "InService",
        State::Stopping | State::Stopped => "Standby",
        State::ShuttingDown | State::Terminated => "Terminating",
    }
}

/// Writes what groups and `DescribeAutoScalingInstances` say of a member alike.
fn write_member(xml: &mut Xml, stock: &Stock<'_>, region: &str, member: &Instance) {
    xml.element("InstanceId", &ids::text("i-", member.id));
    xml.element("InstanceType", member.machine.name);
    let zone = ["a", "b", "c"][member.zone as usize % 3];
    xml.put(&["<AvailabilityZone>", region, zone, "</AvailabilityZone>"]);
    xml.element("LifecycleState", lifecycle(member.state));
    match member.from {
        Some(LaunchedFrom::Template(id, version)) => {
            if let Some((_, template)) = stock.find_template(id) {
                let version = Some(version.to_string());
                let reference = Reference { id, name: template.name, version };
                write_reference(xml, "LaunchTemplate", &reference);
            }
        }
        Some(LaunchedFrom::Configuration(index)) => {
            xml.element("LaunchConfigurationName", &stock.configuration(index).name);
        }
        None => {}
    }
    xml.put(&["<ProtectedFromScaleIn>false</ProtectedFromScaleIn>"]);
}
