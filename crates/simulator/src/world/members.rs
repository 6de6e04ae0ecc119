//! The Auto Scaling groups of a unit, and who is in them.

use super::group::{
    Group, GroupSeed, Override, Reference, Source, SourceSeed, VersionWish, overrides,
};
use super::instance::Instance;
use super::options::State;
use super::owner::{self, Owner};
use super::stock::Stock;
use super::template::TemplateSeed;

/// 2020-01-01, and a day.
const FIRST: i64 = 1_577_836_800;
const DAY: i64 = 86_400;

/// What a policy distributes by when nobody says otherwise (Auto Scaling API Reference, `InstancesDistribution`).
const DISTRIBUTION: [(&str, &str); 5] = [
    ("OnDemandAllocationStrategy", "prioritized"),
    ("OnDemandBaseCapacity", "0"),
    ("OnDemandPercentageAboveBaseCapacity", "100"),
    ("SpotAllocationStrategy", "lowest-price"),
    ("SpotInstancePools", "2"),
];

impl Stock<'_> {
    /// How many Auto Scaling groups there are.
    pub(crate) fn groups(&self) -> u64 {
        let made = self.changes.as_deref().and_then(|it| it.groups.last_key_value());
        made.map_or(0, |(index, _)| index + 1).max(self.seed.groups)
    }

    /// The group at `index`, which must be below [`Stock::groups`].
    pub(crate) fn group(&mut self, index: u64) -> Group {
        if let Some(group) = self.changed_group(index) {
            return group.clone();
        }
        let desired =
            self.members(index).iter().filter(|member| counts(member.state)).count() as u64;
        self.computed_group(index, desired)
    }

    /// The name of the group at `index`.
    pub(crate) fn group_name(&self, index: u64) -> String {
        match self.changes.as_deref().and_then(|it| it.groups.get(&index)) {
            Some(group) => group.name.clone(),
            None => GroupSeed::new(&self.seed, index).name_text(self.account),
        }
    }

    /// The index of the group of this name, if there is one.
    pub(crate) fn find_group(&self, name: &str) -> Option<u64> {
        let is_it = |index: &u64| !self.is_deleted(*index) && self.group_name(*index) == name;
        (0..self.groups()).find(is_it)
    }

    /// Whether the group at `index` was deleted.
    pub(crate) fn is_deleted(&self, index: u64) -> bool {
        self.changed_group(index).is_some_and(|group| group.is_deleted)
    }

    /// The members of a group that are not terminated, the oldest index first.
    pub(crate) fn members(&mut self, group: u64) -> Vec<Instance> {
        let computed = usize::try_from(group)
            .ok()
            .and_then(|group| self.computed_members().get(group).cloned())
            .unwrap_or_default();
        let made = self.seed.instances.computed..self.instances();
        computed
            .into_iter()
            .chain(made)
            .map(|index| self.instance(index))
            .filter(|instance| instance.group == Some(group))
            .filter(|instance| instance.state != State::Terminated)
            .collect()
    }

    /// Which computed instances are in which computed group; found once.
    fn computed_members(&mut self) -> &[Vec<u64>] {
        let seed = self.seed;
        self.change().members.get_or_insert_with(|| {
            let mut members = vec![Vec::new(); usize::try_from(seed.groups).unwrap_or_default()];
            for index in 0..seed.instances.computed {
                let group = Instance::new(&seed, index).group;
                if let Some(list) = group.and_then(|group| members.get_mut(group as usize)) {
                    list.push(index);
                }
            }
            members
        })
    }

    fn computed_group(&self, index: u64, desired: u64) -> Group {
        let drawn = GroupSeed::new(&self.seed, index);
        Group {
            index,
            name: drawn.name_text(self.account),
            key: drawn.key,
            owner: drawn.owner,
            source: self.source(&drawn),
            min: desired / 2,
            max: desired * 2 + 2,
            desired,
            zones: vec!['a', 'b', 'c'],
            subnets: None,
            created: FIRST + (drawn.key % 1_900) as i64 * DAY,
            tags: self.group_tags(&drawn),
            is_deleted: false,
        }
    }

    fn source(&self, drawn: &GroupSeed) -> Source {
        let reference = |index, version: VersionWish| {
            let template = self.template(index);
            Reference { id: template.id, name: template.name, version: Some(version.text()) }
        };
        match drawn.source {
            SourceSeed::Configuration(index) => {
                Source::Configuration(self.configuration(index).name)
            }
            SourceSeed::Template(index, version) => Source::Template(reference(index, version)),
            SourceSeed::Mixed(index, version, other) => {
                let types = |index| {
                    let template = TemplateSeed::new(&self.seed, index);
                    overrides(template.version(template.default).machine.arm)
                };
                let plain = |machine: &super::catalog::Machine| Override {
                    instance_type: Some(machine.name.to_owned()),
                    template: None,
                    weight: None,
                };
                let mut list: Vec<Override> = types(index).into_iter().map(plain).collect();
                if let Some(other) = other {
                    list.extend(types(other).into_iter().map(|machine| Override {
                        template: Some(reference(other, VersionWish::Latest)),
                        ..plain(machine)
                    }));
                }
                let distribution =
                    DISTRIBUTION.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
                Source::Mixed { template: reference(index, version), overrides: list, distribution }
            }
        }
    }

    fn group_tags(&self, drawn: &GroupSeed) -> Vec<(String, String, bool)> {
        let mut tags: Vec<_> = owner::template_tags(drawn.owner, drawn.index)
            .into_iter()
            .map(|(key, value)| (key, value, true))
            .collect();
        if drawn.owner == Owner::Eks {
            tags.push((owner::cluster(drawn.index).1.to_owned(), "owned".to_owned(), true));
        }
        tags.push(("Team".to_owned(), drawn.workload.team.to_owned(), true));
        tags.push(("Environment".to_owned(), self.account.environment.to_owned(), true));
        tags
    }
}

/// Whether a member in this state counts for the group's capacity.
pub(crate) const fn counts(state: State) -> bool {
    matches!(state, State::Pending | State::Running)
}
