//! The mix of instances must be the believable one that readers were promised.

use super::*;

fn instances() -> Vec<Instance> {
    (0..20_000).map(|index| Instance::new(hash::mix(index ^ 0x5eed), 42, index)).collect()
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
    let all = instances();
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
    assert!((275..325).contains(&share(&all, |it| it.origin == Origin::AutoScaling)));
    assert!((85..115).contains(&share(&all, |it| it.origin == Origin::Kubernetes)));
    assert!((20..40).contains(&share(&all, |it| it.origin == Origin::Beanstalk)));
    assert!((20..40).contains(&share(&all, |it| it.origin == Origin::CloudFormation)));
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
