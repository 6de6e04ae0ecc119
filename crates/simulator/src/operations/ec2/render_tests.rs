//! What an instance looks like on the wire.

use super::*;
use crate::config::Config;
use crate::world::{Unit, World};

const UNIT: Unit = Unit { account: 1, region: 0 };

fn shown(world: &World, indexes: impl IntoIterator<Item = u64>) -> String {
    let mut xml = Xml::with_capacity(0);
    let mut scene = Scene::new(&world.accounts[1], "us-east-1", &mut xml);
    for index in indexes {
        scene.show(&world.stock(UNIT, 0).instance(index));
    }
    scene.close();
    String::from_utf8(xml.into_bytes()).unwrap()
}

/// Checks that every tag is closed in order, and that only legal characters stand between them.
fn assert_balanced(xml: &str) {
    let mut open = Vec::new();
    for part in xml.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap();
        assert!(!text.contains(['"', '\t', '\n']), "{text}");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.ends_with('/') => {}
            None => open.push(tag),
        }
    }
    assert!(open.is_empty());
}

#[test]
fn instances_are_well_formed_and_of_believable_size() {
    let world = World::new(&Config { instances: 40_000, ..Config::default() });
    let all = shown(&world, 0..800);
    assert_balanced(&all);
    assert_eq!(all.matches("<instanceId>").count(), 800);
    assert!((3_000..8_000).contains(&(all.len() / 800)), "{}", all.len() / 800);
    assert!(all.contains("&amp;") && all.contains("ü"));
}

#[test]
fn terminated_instances_have_lost_their_network() {
    let world = World::new(&Config { instances: 40_000, ..Config::default() });
    let index = (0..800)
        .find(|index| world.stock(UNIT, 0).instance(*index).state == State::Terminated)
        .unwrap();
    let xml = shown(&world, [index]);
    for absent in ["<privateIpAddress>", "<vpcId>", "<volumeId>", "<networkInterfaceId>"] {
        assert!(!xml.contains(absent), "{absent}");
    }
    assert!(xml.contains("<metadataOptions>"));
}

#[test]
fn neighbours_share_a_reservation() {
    let world = World::new(&Config { instances: 40_000, ..Config::default() });
    let all = shown(&world, 0..600);
    let reservations = all.matches("<reservationId>").count();
    assert!((400..600).contains(&reservations), "{reservations}");
}
