//! The network side of an instance: names, addresses, security groups and the interface.

use super::render::Scene;
use crate::hash;
use crate::world::instance::Instance;

const INTERFACE: u64 = 30;
const ATTACHMENT: u64 = 31;
const MAC: u64 = 32;
const GROUPS: u64 = 40;

/// `privateDnsName` and `dnsName`.
pub(super) fn names(scene: &mut Scene<'_>, instance: &Instance) {
    if instance.has_network() {
        private_name(scene, instance);
    } else {
        scene.xml.put(&["<privateDnsName/>"]);
    }
    if instance.is_public {
        scene.xml.put(&["<dnsName>"]);
        public_name(scene, instance);
        scene.xml.put(&["</dnsName>"]);
    } else {
        scene.xml.put(&["<dnsName/>"]);
    }
}

/// Subnet, network, addresses and security groups of the instance itself.
pub(super) fn addresses(scene: &mut Scene<'_>, instance: &Instance) {
    if !instance.has_network() {
        scene.xml.put(&["<groupSet/>"]);
        return;
    }
    scene.id("subnetId", "subnet-", instance.subnet());
    scene.id("vpcId", "vpc-", instance.vpc());
    private_address(scene, instance);
    if instance.is_public {
        scene
            .xml
            .put(&["<ipAddress>"])
            .address(instance.public_address(), b'.')
            .put(&["</ipAddress>"]);
    }
    scene.xml.put(&["<sourceDestCheck>true</sourceDestCheck>"]);
    groups(scene, instance);
}

/// `networkInterfaceSet`: one interface, while the instance has one.
pub(super) fn interfaces(scene: &mut Scene<'_>, instance: &Instance) {
    if !instance.has_network() {
        scene.xml.put(&["<networkInterfaceSet/>"]);
        return;
    }
    scene.xml.put(&["<networkInterfaceSet><item>"]);
    scene.id("networkInterfaceId", "eni-", instance.derived(INTERFACE));
    scene.id("subnetId", "subnet-", instance.subnet());
    scene.id("vpcId", "vpc-", instance.vpc());
    scene.xml.put(&[
        "<description/><ownerId>",
        &scene.account.id,
        "</ownerId><status>in-use</status>",
    ]);
    mac_address(scene, instance);
    private_address(scene, instance);
    private_name(scene, instance);
    scene.xml.put(&["<sourceDestCheck>true</sourceDestCheck>"]);
    groups(scene, instance);
    scene.xml.put(&["<attachment>"]);
    scene.id("attachmentId", "eni-attach-", instance.derived(ATTACHMENT));
    scene.xml.put(&["<deviceIndex>0</deviceIndex><status>attached</status>"]);
    scene.time("attachTime", instance.launched);
    scene.xml.put(&["<deleteOnTermination>true</deleteOnTermination><networkCardIndex>0</networkCardIndex></attachment>"]);
    association(scene, instance);
    scene.xml.put(&["<privateIpAddressesSet><item>"]);
    private_address(scene, instance);
    private_name(scene, instance);
    scene.xml.put(&["<primary>true</primary>"]);
    association(scene, instance);
    scene.xml.put(&[
        "</item></privateIpAddressesSet><ipv6AddressesSet/><interfaceType>interface</interfaceType>",
        "<operator><managed>false</managed></operator></item></networkInterfaceSet>",
    ]);
}

fn private_name(scene: &mut Scene<'_>, instance: &Instance) {
    scene.xml.put(&["<privateDnsName>ip-"]).address(instance.private_address(), b'-');
    scene.xml.put(&[&scene.internal, "</privateDnsName>"]);
}

fn private_address(scene: &mut Scene<'_>, instance: &Instance) {
    scene
        .xml
        .put(&["<privateIpAddress>"])
        .address(instance.private_address(), b'.')
        .put(&["</privateIpAddress>"]);
}

fn public_name(scene: &mut Scene<'_>, instance: &Instance) {
    scene.xml.put(&["ec2-"]).address(instance.public_address(), b'-').put(&[&scene.external]);
}

fn association(scene: &mut Scene<'_>, instance: &Instance) {
    if instance.is_public {
        scene.xml.put(&["<association><publicIp>"]).address(instance.public_address(), b'.');
        scene.xml.put(&["</publicIp><publicDnsName>"]);
        public_name(scene, instance);
        scene.xml.put(&["</publicDnsName><ipOwnerId>amazon</ipOwnerId></association>"]);
    }
}

/// One or two security groups, after what the instance runs.
fn groups(scene: &mut Scene<'_>, instance: &Instance) {
    let name = instance.workload.name;
    scene.xml.put(&["<groupSet><item>"]);
    scene.id("groupId", "sg-", hash::join(instance.vpc(), hash::text(name)));
    scene.xml.put(&["<groupName>", name, "</groupName></item>"]);
    if instance.reservation.is_multiple_of(3) {
        scene.xml.put(&["<item>"]);
        scene.id("groupId", "sg-", hash::join(instance.vpc(), GROUPS));
        scene.xml.put(&["<groupName>baseline</groupName></item>"]);
    }
    scene.xml.put(&["</groupSet>"]);
}

/// A locally administered address, as EC2's are.
fn mac_address(scene: &mut Scene<'_>, instance: &Instance) {
    scene.xml.put(&["<macAddress>0a"]);
    let bytes = instance.derived(MAC).to_be_bytes();
    for byte in bytes.iter().take(5) {
        scene.xml.put(&[":"]).hex_byte(*byte);
    }
    scene.xml.put(&["</macAddress>"]);
}
