//! Groups and templates must fit together, and be as mixed as readers were promised.

use std::collections::HashSet;

use super::super::image;
use super::super::{Unit, World};
use super::*;
use crate::config::{Config, default_regions};
use crate::world::stock::Stock;

const UNIT: Unit = Unit { account: 0, region: 0 };

fn world(config: Config) -> World {
    World::new(&Config { accounts: 1, regions: default_regions(1), ..config })
}

fn large() -> World {
    world(Config { instances: 40_000, ..Config::default() })
}

/// The share of things that satisfy a condition, in per mille.
fn share<T>(all: &[T], holds: impl Fn(&T) -> bool) -> usize {
    all.iter().filter(|one| holds(one)).count() * 1000 / all.len()
}

/// Whether what a group names exists.
fn resolves(stock: &Stock<'_>, reference: &Reference) -> bool {
    let (_, template) = stock.find_template(reference.id).unwrap();
    assert_eq!(template.name, reference.name);
    let number = template.number(reference.version.as_deref().unwrap_or_default()).unwrap();
    template.version(number).is_some()
}

#[test]
fn templates_keep_their_shares() {
    let world = large();
    let stock = world.stock(UNIT, 0);
    let all: Vec<_> = (0..stock.templates()).map(|index| stock.template(index)).collect();
    assert_eq!(all.len(), 4_000);
    let names: HashSet<&str> = all.iter().map(|template| template.name.as_str()).collect();
    assert_eq!(names.len(), all.len());
    assert!((200..260).contains(&share(&all, |it| it.owner == Owner::Eks)));
    assert!((55..85).contains(&share(&all, |it| it.owner == Owner::Beanstalk)));
    assert!((35..65).contains(&share(&all, |it| it.owner == Owner::Batch)));
    assert!((45..75).contains(&share(&all, |it| it.owner == Owner::CloudFormation)));
    assert!((300..400).contains(&share(&all, |it| it.latest != it.default)));
    assert!((250..550).contains(&share(&all, |it| it.versions.len() as u64 != it.latest)));
    let wishes: Vec<_> = all
        .iter()
        .map(|it| it.version(it.default).unwrap().data.metadata.unwrap_or_default())
        .collect();
    assert!((330..480).contains(&share(&wishes, |wish| wish.is_empty())));
    assert!((350..520).contains(&share(&wishes, |wish| wish.tokens == Some(true))));
    assert!((80..180).contains(&share(&wishes, |wish| wish.tokens == Some(false))));
}

#[test]
fn groups_name_what_exists_but_for_a_few_versions() {
    let world = large();
    let mut stock = world.stock(UNIT, 0);
    let groups: Vec<Group> = (0..stock.groups()).map(|index| stock.group(index)).collect();
    assert_eq!(groups.len(), 2_000);
    let names: HashSet<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names.len(), groups.len());
    let configured = |group: &Group| matches!(group.source, Source::Configuration(_));
    assert!((130..200).contains(&share(&groups, configured)));
    assert!((280..420).contains(&share(&groups, |it| matches!(it.source, Source::Mixed { .. }))));
    let (mut templates, mut broken) = (0, 0);
    for group in &groups {
        match &group.source {
            Source::Configuration(name) => assert!(stock.find_configuration(name).is_some()),
            Source::Template(template) | Source::Mixed { template, .. } => {
                templates += 1;
                broken += u64::from(!resolves(&stock, template));
            }
        }
        if let Source::Mixed { overrides, .. } = &group.source {
            let other = overrides.iter().filter_map(|it| it.template.as_ref());
            other.for_each(|reference| assert!(resolves(&stock, reference)));
        }
        if let (Source::Template(template) | Source::Mixed { template, .. }, true) =
            (&group.source, group.owner == Owner::Eks)
        {
            let tags = stock.find_template(template.id).unwrap().1.tags;
            assert!(
                tags.iter().all(|(key, value)| {
                    group.tags.contains(&(key.clone(), value.clone(), true))
                })
            );
        }
    }
    assert!((10..50).contains(&(broken * 1000 / templates)), "{broken} of {templates}");
}

#[test]
fn a_unit_without_templates_or_groups_stays_whole() {
    let only_groups = Config { templates: Some(0), groups: Some(30), ..Config::default() };
    let world_of = world(only_groups);
    let mut stock = world_of.stock(UNIT, 0);
    let all: Vec<Group> = (0..30).map(|index| stock.group(index)).collect();
    assert!(all.iter().all(|group| matches!(group.source, Source::Configuration(_))));
    assert!(stock.spot_fleets().is_empty() && stock.fleets().is_empty());
    let no_groups = world(Config { groups: Some(0), ..Config::default() });
    let stock = no_groups.stock(UNIT, 0);
    assert_eq!((stock.groups(), stock.configurations(), stock.templates()), (0, 0, 200));
}

#[test]
fn fleets_name_templates_that_exist() {
    let world = large();
    let stock = world.stock(UNIT, 0);
    let (spot, fleets) = (stock.spot_fleets(), stock.fleets());
    assert!(spot.len() > 100 && fleets.len() > 100);
    let specified = |fleet: &super::super::fleet::Fleet| {
        matches!(fleet.source, super::super::fleet::FleetSource::Specification(_))
    };
    assert!((220..440).contains(&share(&spot, specified)));
    assert_eq!(share(&fleets, specified), 0);
    for fleet in spot.iter().chain(&fleets) {
        if let super::super::fleet::FleetSource::Template(reference, _) = &fleet.source {
            assert!(resolves(&stock, reference));
        }
    }
}

#[test]
fn some_images_in_use_are_gone_and_amazon_s_are_shared() {
    let config = Config { accounts: 60, regions: default_regions(1), ..Config::default() };
    let world = World::new(&config);
    let (mut gone, mut v2) = (0, 0);
    let mut amazon = HashSet::new();
    for account in 0..60 {
        let stock = world.stock(Unit { account, region: 0 }, 0);
        let images = stock.images();
        gone += (0..9).filter(|it| stock.find_image(image::id(&stock.seed, *it)).is_none()).count();
        v2 += images.iter().filter(|image| image.v2).count();
        amazon.extend(images.iter().filter(|image| image.amazon).map(|image| image.id));
        assert!(images.iter().any(|image| image.disabled));
    }
    assert!((10..80).contains(&gone), "{gone}");
    assert!((120..360).contains(&v2), "{v2}");
    assert!(amazon.len() <= 3);
}
