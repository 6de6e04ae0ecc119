//! Waves: a canary first, then ever larger ones, so that what goes wrong goes wrong on few.
//!
//! The canary has one of each stratum before a second of any: a group, an owner's instances of an account and region. The
//! rest is scattered, so that no wave takes a service as a whole. What has no way back comes last. What a group launches from comes with the first of its
//! members, and counts like them.

use std::collections::{HashMap, HashSet};

use super::{
    draft::{Draft, Spot, Turn},
    options::PlanOptions,
};

/// How many times larger each wave is than the one before.
const GROWTH: u64 = 5;

/// The wave of each draft, and the names of the waves.
#[derive(Debug, Default)]
pub(crate) struct Waves {
    /// By the draft's place.
    pub(crate) of: Vec<u32>,
    /// In order; the first is wave 1.
    pub(crate) names: Vec<String>,
}

/// Spreads drafts over waves.
pub(crate) fn spread(drafts: &[Draft], options: &PlanOptions) -> Waves {
    let mut waves = Waves { of: vec![0; drafts.len()], names: Vec::new() };
    let places = |turn: Turn| {
        let of_turn = drafts.iter().enumerate().filter(move |(_, draft)| draft.turn == turn);
        of_turn.map(|(place, _)| place).collect::<Vec<_>>()
    };
    let mut idle = places(Turn::Idle);
    // Defaults before enforcement, also where they are cut.
    idle.sort_by_key(|place| drafts[*place].key.kind);
    waves.add(cut(&idle, options), "regions where nothing runs");
    for (number, of, places) in numbered(Spreading::of_instances(drafts).waves(options)) {
        let name = if number == 1 { "canary".to_owned() } else { format!("wave {number} of {of}") };
        waves.begin(name, &places);
    }
    waves.add(Spreading::of_replacements(drafts).waves(options), "replacements");
    waves.add(cut(&places(Turn::Defaults), options), "account defaults");
    waves.add(cut(&places(Turn::Enforcement), options), "enforcement");
    waves
}

impl Waves {
    fn begin(&mut self, name: String, places: &[usize]) {
        self.names.push(name);
        for place in places {
            self.of[*place] = self.names.len() as u32;
        }
    }

    /// Waves of one sort.
    fn add(&mut self, waves: Vec<Vec<usize>>, name: &str) {
        for (number, of, places) in numbered(waves) {
            let name = if of == 1 { name.to_owned() } else { format!("{name}, {number} of {of}") };
            self.begin(name, &places);
        }
    }
}

/// Each with its number and the number of all.
fn numbered<T>(all: Vec<T>) -> impl Iterator<Item = (usize, usize, T)> {
    let of = all.len();
    (1..).zip(all).map(move |(number, one)| (number, of, one))
}

/// The size that no wave may exceed.
fn most(options: &PlanOptions) -> u64 {
    options.max_per_wave.unwrap_or(u64::MAX).max(1)
}

/// Waves of the largest size.
fn cut(places: &[usize], options: &PlanOptions) -> Vec<Vec<usize>> {
    let most = usize::try_from(most(options)).unwrap_or(usize::MAX);
    places.chunks(most).map(<[usize]>::to_vec).collect()
}

/// What is spread over a canary and growing waves.
struct Spreading<'d> {
    drafts: &'d [Draft],
    /// What comes by itself, in the order in which it comes.
    order: Vec<(Spot, usize)>,
    /// What comes with the first member of a group, by the group's number.
    launchers: HashMap<u32, Vec<usize>>,
    /// What of that has come.
    come: HashSet<usize>,
    /// All that has not come yet.
    left: u64,
}

impl<'d> Spreading<'d> {
    /// What runs, and what launches: with what runs where that is planned.
    fn of_instances(drafts: &'d [Draft]) -> Self {
        let members = drafts.iter().filter(|draft| matches!(draft.turn, Turn::Spread(_)));
        let with_members: HashSet<u32> =
            members.flat_map(|draft| draft.groups.iter().copied()).collect();
        let mut launchers: HashMap<u32, Vec<usize>> = HashMap::new();
        let mut order = Vec::new();
        let mut left = 0;
        for (place, draft) in drafts.iter().enumerate() {
            match draft.turn {
                Turn::WithGroups(_) if draft.groups.iter().any(|it| with_members.contains(it)) => {
                    for group in &draft.groups {
                        launchers.entry(*group).or_default().push(place);
                    }
                }
                Turn::Spread(spot) | Turn::WithGroups(spot) => order.push((spot, place)),
                _ => continue,
            }
            left += 1;
        }
        Self { drafts, order, launchers, come: HashSet::new(), left }
    }

    fn of_replacements(drafts: &'d [Draft]) -> Self {
        let places = drafts.iter().enumerate();
        let order: Vec<(Spot, usize)> = places
            .filter_map(|(place, draft)| match draft.turn {
                Turn::Replace(spot) => Some((spot, place)),
                _ => None,
            })
            .collect();
        let left = order.len() as u64;
        Self { drafts, order, launchers: HashMap::new(), come: HashSet::new(), left }
    }

    fn waves(mut self, options: &PlanOptions) -> Vec<Vec<usize>> {
        by_rounds(&mut self.order);
        let most = most(options);
        let mut size = options.canary.of(self.left).min(most);
        let mut waves = Vec::new();
        let mut next = 0;
        while next < self.order.len() {
            // A remainder smaller than the wave before it is no wave of its own.
            let all = self.left <= size.saturating_add(size / 2);
            let wave = self.wave(&mut next, if all { self.left.min(most) } else { size });
            self.left -= wave.len() as u64;
            if waves.is_empty() {
                self.order[next..]
                    .sort_unstable_by_key(|(spot, place)| (spot.closed, spot.hash, *place));
            }
            waves.push(wave);
            size = size.saturating_mul(GROWTH).min(most);
        }
        waves
    }

    /// The next of them: no more than fit, but one at the least.
    fn wave(&mut self, next: &mut usize, size: u64) -> Vec<usize> {
        let mut wave = Vec::new();
        while let Some((_, place)) = self.order.get(*next) {
            let with_it = self.with(*place);
            if !wave.is_empty() && (wave.len() + with_it.len()) as u64 > size {
                break;
            }
            self.come.extend(with_it.iter().skip(1).copied());
            wave.extend(with_it);
            *next += 1;
        }
        wave
    }

    /// A change, and behind it, of a member, what its groups launch from, unless that has come already.
    fn with(&self, place: usize) -> Vec<usize> {
        let draft = &self.drafts[place];
        let groups = draft.groups.iter().filter(|_| matches!(draft.turn, Turn::Spread(_)));
        let launchers = groups.filter_map(|group| self.launchers.get(group)).flatten();
        let mut with_it = vec![place];
        for launcher in launchers {
            if !self.come.contains(launcher) && !with_it.contains(launcher) {
                with_it.push(*launcher);
            }
        }
        with_it
    }
}

/// One of each stratum, then a second of each, …: within a stratum who comes first, then as they are scattered. What has
/// no way back comes behind all that has one.
fn by_rounds(order: &mut Vec<(Spot, usize)>) {
    order.sort_unstable_by_key(|(spot, place)| (spot.stratum, !spot.early, spot.hash, *place));
    let mut round = 0;
    let mut last = None;
    let mut rounds: Vec<(u32, Spot, usize)> = Vec::with_capacity(order.len());
    for (spot, place) in order.iter() {
        round = if last == Some(spot.stratum) { round + 1 } else { 0 };
        last = Some(spot.stratum);
        rounds.push((round, *spot, *place));
    }
    rounds.sort_unstable_by_key(|(round, spot, place)| (spot.closed, *round, spot.hash, *place));
    *order = rounds.into_iter().map(|(_, spot, place)| (spot, place)).collect();
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use imdsure_model::plan::ChangeKind;
    use proptest::prelude::*;

    use super::*;
    use crate::plan::{draft::scattered, options::Size};

    fn options(canary: Size, max_per_wave: Option<u64>) -> PlanOptions {
        PlanOptions { canary, max_per_wave, ..PlanOptions::default() }
    }

    fn spot(number: usize, strata: u32) -> Spot {
        let hash = scattered(&number.to_string());
        let early = number.is_multiple_of(7);
        Spot { closed: false, stratum: number as u32 % strata, hash, early }
    }

    fn sizes(waves: &Waves) -> Vec<u64> {
        let mut sizes = vec![0; waves.names.len()];
        for wave in &waves.of {
            sizes[*wave as usize - 1] += 1;
        }
        sizes
    }

    fn drafts(number: usize, turn: impl Fn(Spot) -> Turn) -> Vec<Draft> {
        let kind = ChangeKind::Instance;
        let draft = |n: usize| Draft::bare(kind, &n.to_string(), turn(spot(n, 3)), Vec::new());
        (0..number).map(draft).collect()
    }

    #[test]
    fn waves_grow_from_the_canary_to_the_largest() {
        let table = [
            (0, Size::Share(0.01), None, vec![]),
            (1, Size::Share(0.01), None, vec![1]),
            (4, Size::Share(0.01), None, vec![1, 3]),
            (30, Size::Share(0.01), None, vec![1, 5, 24]),
            (10_000, Size::Share(0.01), None, vec![100, 500, 2500, 6900]),
            (1_000, Size::Number(10), Some(200), vec![10, 50, 200, 200, 200, 200, 140]),
            (100, Size::Number(500), Some(40), vec![40, 40, 20]),
        ];
        // What launches without a member in the plan, and what replaces, is spread like instances.
        let turns: [fn(Spot) -> Turn; 3] = [Turn::Spread, Turn::WithGroups, Turn::Replace];
        for (total, canary, max, expected) in table {
            for turn in turns {
                let waves = spread(&drafts(total, turn), &options(canary, max));
                assert_eq!(sizes(&waves), expected, "{total}");
            }
        }
    }

    #[test]
    fn what_launches_comes_with_the_first_member_and_counts() {
        let template = |id: &str, groups| {
            Draft::bare(ChangeKind::LaunchTemplate, id, Turn::WithGroups(spot(0, 1)), groups)
        };
        let mut drafts = vec![template("one", vec![0, 1]), template("two", vec![1])];
        for number in 0..20 {
            let turn = Turn::Spread(spot(number, 2));
            let groups = vec![number as u32 % 2];
            drafts.push(Draft::bare(ChangeKind::GroupMember, &number.to_string(), turn, groups));
        }
        let waves = spread(&drafts, &options(Size::Number(1), Some(10)));
        // A canary of one: what its own group launches from comes on top, and nowhere else.
        assert!((2..=3).contains(&sizes(&waves)[0]), "{:?}", sizes(&waves));
        assert!(sizes(&waves)[1..].iter().all(|size| *size <= 10), "{:?}", sizes(&waves));
    }

    #[test]
    fn what_has_no_way_back_comes_last() {
        let turn = |spot: Spot| Turn::Spread(Spot { closed: !spot.hash.is_multiple_of(3), ..spot });
        let drafts = drafts(200, turn);
        let waves = spread(&drafts, &options(Size::Number(5), Some(20)));
        let wave = |closed: bool| {
            let of = drafts.iter().zip(&waves.of);
            of.filter(
                move |(draft, _)| matches!(draft.turn, Turn::Spread(spot) if spot.closed == closed),
            )
            .map(|(_, wave)| *wave)
        };
        assert!(wave(false).max() <= wave(true).min());
        assert_eq!(wave(false).min(), Some(1));
    }

    #[test]
    fn waves_without_a_canary_are_named_and_cut() {
        let account =
            |kind, number: usize, turn| Draft::bare(kind, &number.to_string(), turn, Vec::new());
        let (defaults, enforcement) = (ChangeKind::AccountDefaults, ChangeKind::AccountEnforcement);
        let mut drafts = Vec::new();
        for number in 0..3 {
            drafts.push(account(enforcement, number, Turn::Idle));
            drafts.push(account(defaults, number, Turn::Idle));
            drafts.push(account(enforcement, number, Turn::Enforcement));
            drafts.push(account(defaults, number, Turn::Defaults));
        }
        let names = |max| spread(&drafts, &options(Size::Share(0.01), max)).names;
        assert_eq!(names(None), ["regions where nothing runs", "account defaults", "enforcement"]);
        assert_eq!(
            names(Some(2)),
            [
                "regions where nothing runs, 1 of 3",
                "regions where nothing runs, 2 of 3",
                "regions where nothing runs, 3 of 3",
                "account defaults, 1 of 2",
                "account defaults, 2 of 2",
                "enforcement, 1 of 2",
                "enforcement, 2 of 2",
            ]
        );
    }

    /// What the turns of a plan are, and which groups its drafts belong to.
    fn any_drafts() -> impl Strategy<Value = Vec<Draft>> {
        let draft = (0..8_usize, any::<u16>(), prop::collection::btree_set(0..6_u32, 0..3));
        prop::collection::vec(draft, 0..120).prop_map(|all| {
            let all = all.into_iter().enumerate();
            all.map(|(number, (which, seed, groups))| {
                let spot = spot(seed.into(), 5);
                let (kind, turn) = match which {
                    0 => (ChangeKind::AccountDefaults, Turn::Idle),
                    1 => (ChangeKind::AccountEnforcement, Turn::Idle),
                    2 => (ChangeKind::LaunchTemplate, Turn::WithGroups(spot)),
                    3 => (ChangeKind::InstanceRefresh, Turn::Replace(spot)),
                    4 => (ChangeKind::AccountDefaults, Turn::Defaults),
                    5 => (ChangeKind::AccountEnforcement, Turn::Enforcement),
                    6 => (ChangeKind::Instance, Turn::Spread(spot)),
                    _ => (ChangeKind::GroupMember, Turn::Spread(spot)),
                };
                let groups = match kind {
                    ChangeKind::LaunchTemplate => groups.into_iter().collect(),
                    ChangeKind::GroupMember => groups.into_iter().take(1).collect(),
                    _ => Vec::new(),
                };
                Draft::bare(kind, &number.to_string(), turn, groups)
            })
            .collect()
        })
    }

    /// The first and the last wave of drafts, if there are any.
    fn reach(drafts: &[Draft], waves: &Waves, is: impl Fn(&Draft) -> bool) -> Option<(u32, u32)> {
        let of = drafts.iter().zip(&waves.of).filter(|(draft, _)| is(draft)).map(|(_, wave)| *wave);
        Some((of.clone().min()?, of.max()?))
    }

    proptest! {
        #[test]
        fn waves_keep_their_size_and_their_order(
            drafts in any_drafts(),
            canary in 1..20_u64,
            max in prop::option::of(1..15_u64),
        ) {
            let waves = spread(&drafts, &options(Size::Number(canary), max));
            // Each draft in one wave, no wave without a draft.
            prop_assert!(waves.of.iter().all(|wave| (1..=waves.names.len() as u32).contains(wave)));
            let mut of_wave: BTreeMap<u32, Vec<&Draft>> = BTreeMap::new();
            for (draft, wave) in drafts.iter().zip(&waves.of) {
                of_wave.entry(*wave).or_default().push(draft);
            }
            prop_assert_eq!(of_wave.len(), waves.names.len());
            // No wave is larger than it may be, but for one member with what its own groups launch from.
            for (wave, of) in &of_wave {
                let by_itself = |draft: &&&Draft| match draft.turn {
                    Turn::WithGroups(_) => !drafts.iter().any(|other| {
                        matches!(other.turn, Turn::Spread(_))
                            && other.groups.iter().any(|group| draft.groups.contains(group))
                    }),
                    _ => true,
                };
                let most = match waves.names[*wave as usize - 1].as_str() {
                    "canary" => canary.min(max.unwrap_or(u64::MAX)).max(1) * 3 / 2,
                    _ => max.unwrap_or(u64::MAX),
                };
                let most = most.min(max.unwrap_or(u64::MAX));
                prop_assert!(of.len() as u64 <= most || of.iter().filter(by_itself).count() == 1);
            }
            // What launches is not later than the first that it launches.
            for (draft, wave) in drafts.iter().zip(&waves.of) {
                let Turn::WithGroups(_) = draft.turn else { continue };
                let first = reach(&drafts, &waves, |other| {
                    matches!(other.turn, Turn::Spread(_))
                        && other.groups.iter().any(|group| draft.groups.contains(group))
                });
                prop_assert!(first.is_none_or(|(first, _)| *wave == first));
            }
            // One sort after the other.
            let sorts: [fn(&Draft) -> bool; 6] = [
                |draft| draft.turn == Turn::Idle && draft.key.kind == ChangeKind::AccountDefaults,
                |draft| draft.turn == Turn::Idle && draft.key.kind == ChangeKind::AccountEnforcement,
                |draft| matches!(draft.turn, Turn::Spread(_) | Turn::WithGroups(_)),
                |draft| matches!(draft.turn, Turn::Replace(_)),
                |draft| draft.turn == Turn::Defaults,
                |draft| draft.turn == Turn::Enforcement,
            ];
            let reaches: Vec<_> = sorts.iter().filter_map(|is| reach(&drafts, &waves, is)).collect();
            for pair in reaches.windows(2) {
                // Where nothing runs both come in one wave, if it is large enough.
                let idle = waves.names[pair[1].0 as usize - 1].starts_with("regions");
                prop_assert!(pair[0].1 < pair[1].0 || (idle && pair[0].1 == pair[1].0));
            }
        }
    }
}
