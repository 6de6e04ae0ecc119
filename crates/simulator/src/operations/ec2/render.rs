//! Instances as the XML of `DescribeInstances`, written straight into the answer.

use crate::world::accounts::Account;
use crate::world::instance::Instance;
use crate::world::options::{State, switch};
use crate::xml::{Xml, push_time};

use super::interfaces;

/// What the instances of an answer have in common, and the answer itself.
pub(super) struct Scene<'a> {
    pub(super) account: &'a Account,
    pub(super) region: &'a str,
    /// The suffix of private names.
    pub(super) internal: String,
    /// The suffix of public names.
    pub(super) external: String,
    pub(super) xml: &'a mut Xml,
    /// The reservation that is open.
    reservation: Option<u64>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(account: &'a Account, region: &'a str, xml: &'a mut Xml) -> Self {
        let (internal, external) = match region {
            "us-east-1" => (".ec2.internal".to_owned(), ".compute-1.amazonaws.com".to_owned()),
            _ => {
                (format!(".{region}.compute.internal"), format!(".{region}.compute.amazonaws.com"))
            }
        };
        Self { account, region, internal, external, xml, reservation: None }
    }

    /// Writes an instance; neighbours of one reservation come into one item.
    pub(super) fn show(&mut self, instance: &Instance) {
        if self.reservation != Some(instance.reservation) {
            self.close();
            self.reservation = Some(instance.reservation);
            self.xml.put(&["<item>"]);
            self.id("reservationId", "r-", instance.reservation);
            self.xml.put(&["<ownerId>", &self.account.id, "</ownerId><groupSet/><instancesSet>"]);
        }
        self.item(instance);
    }

    fn item(&mut self, instance: &Instance) {
        self.xml.put(&["<item>"]);
        self.identity(instance);
        self.placement(instance);
        interfaces::addresses(self, instance);
        self.hardware(instance);
        self.volumes(instance);
        self.tags(instance);
        interfaces::interfaces(self, instance);
        self.role(instance);
        self.machine(instance);
        self.metadata(instance);
        self.system(instance);
        self.xml.put(&["</item>"]);
    }

    /// Writes instances that were launched together, as `RunInstances` answers them: their reservation is the answer itself.
    pub(super) fn launched(&mut self, instances: &[Instance]) {
        if let Some(first) = instances.first() {
            self.id("reservationId", "r-", first.reservation);
        }
        self.xml.put(&["<ownerId>", &self.account.id, "</ownerId><groupSet/><instancesSet>"]);
        for instance in instances {
            self.item(instance);
        }
        self.xml.put(&["</instancesSet>"]);
    }

    /// Closes the reservation that is open, if one is.
    pub(super) fn close(&mut self) {
        if self.reservation.take().is_some() {
            self.xml.put(&["</instancesSet></item>"]);
        }
    }

    /// An element with an id.
    pub(super) fn id(&mut self, name: &str, prefix: &str, id: u64) {
        self.xml.put(&["<", name, ">"]).id(prefix, id).put(&["</", name, ">"]);
    }

    /// An element with a time.
    pub(super) fn time(&mut self, name: &str, seconds: i64) {
        self.xml.put(&["<", name, ">"]).time(seconds).put(&["</", name, ">"]);
    }

    fn identity(&mut self, instance: &Instance) {
        let state = instance.state;
        self.id("instanceId", "i-", instance.id);
        self.id("imageId", "ami-", instance.image);
        self.xml.put(&["<instanceState><code>"]).number(state.code());
        self.xml.put(&["</code><name>", state.name(), "</name></instanceState>"]);
        interfaces::names(self, instance);
        self.reason(instance);
        if !instance.index.is_multiple_of(3) {
            self.xml.put(&[
                "<keyName>",
                instance.workload.name,
                "-",
                self.account.environment,
                "</keyName>",
            ]);
        }
        self.xml.put(&["<amiLaunchIndex>"]).number(instance.launch_index);
        self.xml.put(&[
            "</amiLaunchIndex><productCodes/><instanceType>",
            instance.machine.name,
            "</instanceType>",
        ]);
        self.time("launchTime", instance.launched);
    }

    /// Why an instance is not running.
    fn reason(&mut self, instance: &Instance) {
        if !matches!(
            instance.state,
            State::Stopped | State::Stopping | State::Terminated | State::ShuttingDown
        ) {
            self.xml.put(&["<reason/>"]);
            return;
        }
        self.xml.put(&["<reason>User initiated ("]);
        push_time(self.xml.buffer(), instance.launched + 864_000, b' ');
        self.xml.put(&[
            " GMT)</reason><stateReason><code>Client.UserInitiatedShutdown</code>",
            "<message>Client.UserInitiatedShutdown: User initiated shutdown</message></stateReason>",
        ]);
    }

    fn placement(&mut self, instance: &Instance) {
        let zone = ["a", "b", "c"][instance.zone as usize % 3];
        self.xml.put(&["<placement><availabilityZone>", self.region, zone]);
        self.xml.put(&[
            "</availabilityZone><groupName/><tenancy>default</tenancy></placement><monitoring><state>",
            switch(instance.index.is_multiple_of(5)),
            "</state></monitoring>",
        ]);
    }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
