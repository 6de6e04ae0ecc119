//! The rest of an instance's XML: what it is made of, its tags, its role and its options.

use super::render::Scene;
use crate::hash;
use crate::world::instance::Instance;
use crate::world::options::switch;
use crate::world::tags::{self, Value};
use crate::xml::{Xml, push_escaped, push_hex};

/// Labels of the ids that only the wire shows.
const PROFILE_ID: u64 = 10;
const SPOT_REQUEST: u64 = 11;
const CLIENT_TOKEN: u64 = 12;
const VOLUMES: u64 = 20;

/// A boolean as XML has it.
const fn yes_no(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}

impl Scene<'_> {
    pub(super) fn hardware(&mut self, instance: &Instance) {
        let machine = instance.machine;
        let architecture = if machine.arm { "arm64" } else { "x86_64" };
        let root = if instance.windows { "/dev/sda1" } else { "/dev/xvda" };
        self.xml.put(&[
            "<architecture>",
            architecture,
            "</architecture><rootDeviceType>ebs</rootDeviceType>",
        ]);
        self.xml.put(&["<rootDeviceName>", root, "</rootDeviceName>"]);
    }

    pub(super) fn volumes(&mut self, instance: &Instance) {
        const DEVICES: [&str; 3] = ["", "/dev/sdf", "/dev/sdg"];
        if instance.has_network() {
            self.xml.put(&["<blockDeviceMapping>"]);
            for volume in 0..instance.volumes.min(3) {
                let device = match DEVICES[volume as usize] {
                    "" if instance.windows => "/dev/sda1",
                    "" => "/dev/xvda",
                    other => other,
                };
                self.xml.put(&["<item><deviceName>", device, "</deviceName><ebs>"]);
                self.id("volumeId", "vol-", instance.derived(VOLUMES + volume));
                self.xml.put(&["<status>attached</status>"]);
                self.time("attachTime", instance.launched + 1);
                let deleted = yes_no(volume == 0);
                self.xml.put(&[
                    "<deleteOnTermination>",
                    deleted,
                    "</deleteOnTermination></ebs></item>",
                ]);
            }
            self.xml.put(&["</blockDeviceMapping>"]);
        } else {
            self.xml.put(&["<blockDeviceMapping/>"]);
        }
        self.xml.put(&["<virtualizationType>hvm</virtualizationType>"]);
    }

    pub(super) fn tags(&mut self, instance: &Instance) {
        self.xml.put(&["<clientToken>"]);
        push_hex::<16>(self.xml.buffer(), hash::join(instance.reservation, CLIENT_TOKEN));
        push_hex::<16>(self.xml.buffer(), instance.reservation);
        self.xml.put(&["</clientToken><tagSet>"]);
        let xml = &mut *self.xml;
        tags::each(instance, self.account, &mut |key, value| {
            xml.put(&["<item>"]).element("key", key).put(&["<value>"]);
            match value {
                Value::Text(text) => push_escaped(xml.buffer(), text),
                plain => plain.write(xml.buffer()),
            }
            xml.put(&["</value></item>"]);
        });
        let hypervisor = "</tagSet><hypervisor>xen</hypervisor>";
        self.xml.put(&[hypervisor]);
    }

    pub(super) fn role(&mut self, instance: &Instance) {
        if instance.has_role {
            let role = instance.profile.as_deref().unwrap_or(instance.workload.role);
            self.xml.put(&[
                "<iamInstanceProfile><arn>arn:aws:iam::",
                &self.account.id,
                ":instance-profile/",
                role,
            ]);
            self.xml.put(&["</arn><id>AIPA"]);
            let digits = hash::join(hash::text(role), PROFILE_ID) ^ instance.unit;
            key_letters(self.xml, digits);
            self.xml.put(&["</id></iamInstanceProfile>"]);
        }
    }

    pub(super) fn machine(&mut self, instance: &Instance) {
        let machine = instance.machine;
        let nitro = yes_no(machine.nitro);
        if instance.spot {
            self.xml
                .put(&["<instanceLifecycle>spot</instanceLifecycle><spotInstanceRequestId>sir-"]);
            push_hex::<8>(self.xml.buffer(), instance.derived(SPOT_REQUEST));
            self.xml.put(&["</spotInstanceRequestId>"]);
        }
        if instance.windows {
            self.xml.put(&["<platform>windows</platform>"]);
        }
        self.xml.put(&[
            "<ebsOptimized>",
            nitro,
            "</ebsOptimized><enaSupport>",
            nitro,
            "</enaSupport><cpuOptions><coreCount>",
        ]);
        self.xml
            .number(machine.cores)
            .put(&["</coreCount><threadsPerCore>"])
            .number(machine.threads_per_core);
        self.xml.put(&[
            "</threadsPerCore></cpuOptions>",
            "<capacityReservationSpecification><capacityReservationPreference>open</capacityReservationPreference>",
            "</capacityReservationSpecification><hibernationOptions><configured>false</configured></hibernationOptions>",
        ]);
    }

    pub(super) fn metadata(&mut self, instance: &Instance) {
        let options = instance.metadata;
        self.xml.put(&[
            "<metadataOptions><state>",
            options.state(),
            "</state><httpTokens>",
            options.tokens(),
        ]);
        self.xml
            .put(&["</httpTokens><httpPutResponseHopLimit>"])
            .number(u64::from(options.hop_limit));
        self.xml.put(&[
            "</httpPutResponseHopLimit><httpEndpoint>",
            switch(options.endpoint_enabled),
            "</httpEndpoint>",
        ]);
        self.xml.put(&["<httpProtocolIpv6>", switch(options.ipv6_enabled), "</httpProtocolIpv6>"]);
        self.xml.put(&[
            "<instanceMetadataTags>",
            switch(options.tags_enabled),
            "</instanceMetadataTags></metadataOptions>",
        ]);
    }

    pub(super) fn system(&mut self, instance: &Instance) {
        let (platform, usage) = if instance.windows {
            ("Windows", "RunInstances:0002")
        } else {
            ("Linux/UNIX", "RunInstances")
        };
        let boot = if instance.machine.arm { "uefi" } else { "legacy-bios" };
        self.xml.put(&[
            "<enclaveOptions><enabled>false</enabled></enclaveOptions><platformDetails>",
            platform,
        ]);
        self.xml.put(&["</platformDetails><usageOperation>", usage, "</usageOperation>"]);
        self.time("usageOperationUpdateTime", instance.launched);
        self.xml.put(&[
            "<privateDnsNameOptions><hostnameType>ip-name</hostnameType>",
            "<enableResourceNameDnsARecord>false</enableResourceNameDnsARecord>",
            "<enableResourceNameDnsAAAARecord>false</enableResourceNameDnsAAAARecord></privateDnsNameOptions>",
            "<maintenanceOptions><autoRecovery>default</autoRecovery></maintenanceOptions><currentInstanceBootMode>",
            boot,
            "</currentInstanceBootMode><networkPerformanceOptions><bandwidthWeighting>default</bandwidthWeighting>",
            "</networkPerformanceOptions><operator><managed>false</managed></operator>",
        ]);
    }
}

/// Seventeen letters of the alphabet of AWS's key ids.
fn key_letters(xml: &mut Xml, bits: u64) {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let second = hash::mix(bits);
    let letters: [u8; 17] = std::array::from_fn(|place| {
        let (from, place) = if place < 12 { (bits, place) } else { (second, place - 12) };
        LETTERS[(from >> (place * 5)) as usize & 31]
    });
    xml.buffer().extend_from_slice(&letters);
}
