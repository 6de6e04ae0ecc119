//! The mix of instances must be the believable one that readers were promised.

use super::super::owner::Owner;
use super::super::template::TemplateSeed;
use super::super::{Unit, World};
use super::*;
use crate::config::{Config, default_regions};

const UNIT: Unit = Unit { account: 0, region: 0 };

fn world(groups: Option<u64>) -> World {
    let regions = default_regions(1);
    let instances = 20_000;
    World::new(&Config { accounts: 1, regions, instances, groups, ..Config::default() })
}

fn instances() -> Vec<Instance> {
    let world = world(None);
    let stock = world.stock(UNIT, 0);
    (0..stock.instances()).map(|index| stock.instance(index)).collect()
}

fn owned_by(instance: &Instance, owner: Owner) -> bool {
    matches!(instance.origin, Origin::Member(group) if group.owner == owner)
}

/// The share of instances of a population that satisfy a condition, in per mille.
fn share<'a>(
    all: impl IntoIterator<Item = &'a Instance>,
    holds: impl Fn(&Instance) -> bool,
) -> usize {
    let (mut hits, mut total) = (0, 0);
    for instance in all {
        total += 1;
        hits += usize::from(holds(instance));
    }
    hits * 1000 / total
}

#[test]
fn states_and_options_keep_their_shares() {
    // Launched by hand, all of them: members of groups follow their templates.
    let world = world(Some(0));
    let stock = world.stock(UNIT, 0);
    let all: Vec<Instance> = (0..20_000).map(|index| stock.instance(index)).collect();
    assert!(all.iter().all(|it| it.group.is_none() && it.from.is_none()));
    assert!((580..620).contains(&share(&all, |it| it.metadata.tokens_required)));
    assert!((22..38).contains(&share(&all, |it| !it.metadata.endpoint_enabled)));
    assert!((580..620).contains(&share(&all, |it| it.metadata.hop_limit == 1)));
    assert!((320..360).contains(&share(&all, |it| it.metadata.hop_limit == 2)));
    assert!((110..130).contains(&share(&all, |it| it.state == State::Stopped)));
    assert!((14..26).contains(&share(&all, |it| it.state == State::Terminated)));
    let running = || all.iter().filter(|it| it.state == State::Running);
    assert!((14..26).contains(&share(running(), |it| it.metadata.pending)));
    assert!((235..265).contains(&share(running(), |it| it.is_public)));
    assert!(
        all.iter().all(|it| it.state == State::Running || !(it.metadata.pending || it.is_public))
    );
}

#[test]
fn origins_and_roles_keep_their_shares() {
    let all = instances();
    assert!((670..730).contains(&share(&all, |it| it.has_role)));
    assert!((410..450).contains(&share(&all, |it| it.group.is_some())));
    assert!((75..125).contains(&share(&all, |it| owned_by(it, Owner::Eks))));
    assert!((18..45).contains(&share(&all, |it| owned_by(it, Owner::Beanstalk))));
    assert!((20..40).contains(&share(&all, |it| matches!(it.origin, Origin::Stack))));
    // A bit more than a fourth of the members' templates let the account decide.
    assert!((450..800).contains(&share(&all, |it| it.metadata.tokens_required)));
    assert!(all.iter().any(|it| it.spot) && all.iter().any(|it| it.windows));
    assert!(all.iter().all(|it| !(it.windows && it.machine.arm)));
}

#[test]
fn reservations_hold_one_to_three_neighbours() {
    let all = instances();
    let sizes: Vec<usize> =
        all.chunk_by(|left, right| left.reservation == right.reservation).map(<[_]>::len).collect();
    assert!(sizes.iter().all(|size| (1..=3).contains(size)));
    assert!([1, 2, 3].iter().all(|size| sizes.contains(size)));
    for reservation in all.chunk_by(|left, right| left.reservation == right.reservation) {
        for (place, instance) in reservation.iter().enumerate() {
            assert_eq!(instance.launch_index, place as u64);
            assert_eq!(instance.launched, reservation[0].launched);
        }
    }
}

#[test]
fn launches_and_addresses_lie_in_their_ranges() {
    for instance in instances() {
        assert!((FIRST_LAUNCH..LAST_LAUNCH).contains(&instance.launched));
        assert_eq!(instance.private_address() >> 24, 10);
        assert!((1..=3).contains(&instance.volumes));
    }
}

#[test]
fn most_members_are_as_their_group_would_launch_them() {
    let world = world(None);
    let stock = world.stock(UNIT, 0);
    let seed = stock.seed;
    let (mut members, mut older, mut changed) = (0, 0, 0);
    for instance in (0..stock.instances()).map(|index| stock.instance(index)) {
        let Origin::Member(group) = instance.origin else { continue };
        let drawn = group.member(&seed, instance.reservation, instance.id);
        members += 1;
        changed += u64::from(drawn.changed);
        if !drawn.changed {
            let v2 = image::is_v2(&seed, drawn.image);
            assert_eq!(instance.metadata, resolve(drawn.wish, seed.defaults, v2));
        }
        if let Some(LaunchedFrom::Template(id, version)) = instance.from {
            let template = TemplateSeed::new(&seed, stock.find_template(id).unwrap().0);
            assert!((1..=template.latest).contains(&version));
            older += u64::from(version != template.default && version != template.latest);
        }
    }
    assert!((30..55).contains(&(changed * 1000 / members)));
    assert!(older > 0);
}

#[test]
fn groups_hold_exactly_their_members() {
    let world = world(None);
    let mut stock = world.stock(UNIT, 0);
    let living = (0..stock.instances())
        .map(|index| stock.instance(index))
        .filter(|it| it.group.is_some() && it.state != State::Terminated)
        .count();
    let groups = stock.groups();
    let mut held = 0;
    for index in 0..groups {
        let members = stock.members(index);
        assert!(members.iter().all(|member| member.group == Some(index)));
        held += members.len();
    }
    assert_eq!(held, living);
}
