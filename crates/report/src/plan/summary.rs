//! What stands above the changes: what the plan does in a sentence, what to look at before approving it, its waves, what
//! holds for each kind, and what could not be read. The same words in every format.

use std::collections::{BTreeMap, BTreeSet};

use imdsure_model::{
    Effect,
    plan::{ChangeKind, KindNotes, PlanHead, Reason, Wave},
};

use super::{
    gather::Gathered,
    line::{Left, Line, Seen},
    words::{duration, few, foreign, hours, minute, shell_word},
};
use crate::text::{count, thousands};

/// Evidence older than this when the plan was made is spoken of.
const OLD_HOURS: u64 = 24;
/// Places named of a gap, owners of a reason.
const NAMED: usize = 3;

/// A report in words, whatever writes it.
pub(super) struct Summary<'a> {
    pub(super) file: String,
    pub(super) digest: String,
    pub(super) sentence: String,
    pub(super) facts: Vec<(&'static str, String)>,
    /// None where there is nothing to approve.
    pub(super) approve: Option<Approve>,
    pub(super) incomplete: Option<String>,
    pub(super) gaps: Vec<GapWords>,
    pub(super) more_gaps: u64,
    pub(super) points: Vec<Point>,
    pub(super) waves: Vec<WaveWords<'a>>,
    /// The time between waves; none where there is none.
    pub(super) soak: Option<String>,
    pub(super) pace: Vec<String>,
    pub(super) kinds: Vec<KindWords<'a>>,
    pub(super) warnings: Vec<Warned<'a>>,
    pub(super) more_warnings: u64,
    pub(super) left_total: u64,
    pub(super) left: Vec<LeftWords<'a>>,
}

/// The command that approves.
pub(super) struct Approve {
    pub(super) apply: String,
    pub(super) digest: String,
}

impl Approve {
    pub(super) fn command(&self) -> String {
        format!("{} {}", self.apply, self.digest)
    }
}

/// Something to look at before approving.
pub(super) struct Point {
    /// How much it matters: a danger, or something to know.
    pub(super) loud: bool,
    pub(super) title: String,
    pub(super) about: String,
}

/// What could not be read, of one sort.
pub(super) struct GapWords {
    pub(super) operation: String,
    pub(super) code: String,
    pub(super) number: u64,
    pub(super) places: String,
}

/// A wave, or the waves that are not shown.
pub(super) struct WaveWords<'a> {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) changes: u64,
    pub(super) kinds: Vec<(ChangeKind, u64)>,
    pub(super) accounts: u64,
    pub(super) regions: u64,
    pub(super) least: String,
    pub(super) seen: Vec<(Seen, u64)>,
    pub(super) lines: Vec<&'a Line>,
    /// Whether there is a soak after it.
    pub(super) soaks: bool,
    /// Waves between this one and the next that are not shown.
    pub(super) skipped: u64,
    pub(super) is_last: bool,
}

impl WaveWords<'_> {
    pub(super) fn more(&self) -> u64 {
        self.changes.saturating_sub(self.lines.len() as u64)
    }

    pub(super) fn title(&self) -> String {
        // A name that is a number says it once.
        match self.name.strip_prefix(&format!("wave {} of ", self.number)) {
            Some(of) => format!("Wave {} of {of}", self.number),
            None => format!("Wave {}: {}", self.number, self.name),
        }
    }

    pub(super) fn kinds_text(&self) -> String {
        let kinds = self.kinds.iter();
        let kinds: Vec<String> =
            kinds.map(|(kind, number)| format!("{} {kind}", thousands(*number))).collect();
        kinds.join(" · ")
    }

    pub(super) fn seen_text(&self) -> String {
        let seen = self.seen.iter();
        let seen: Vec<String> =
            seen.map(|(seen, number)| format!("{} {}", thousands(*number), seen.label())).collect();
        seen.join(" · ")
    }

    pub(super) fn changes_text(&self) -> String {
        count(self.changes, "change", "changes")
    }
}

/// What holds for a kind.
pub(super) struct KindWords<'a> {
    pub(super) kind: ChangeKind,
    pub(super) about: &'static str,
    pub(super) number: u64,
    /// None where the plan says nothing of it.
    pub(super) notes: Option<&'a KindNotes>,
    pub(super) precondition: String,
    pub(super) verified: String,
    pub(super) undone: String,
    pub(super) iam: Vec<String>,
}

/// A warning and how many changes have it.
pub(super) struct Warned<'a> {
    pub(super) number: u64,
    pub(super) text: &'a str,
    pub(super) example: &'a str,
}

/// What is left alone for one reason.
pub(super) struct LeftWords<'a> {
    pub(super) reason: Reason,
    pub(super) number: u64,
    pub(super) owners: Option<String>,
    pub(super) examples: &'a [Left],
}

impl LeftWords<'_> {
    pub(super) fn more(&self) -> u64 {
        self.number.saturating_sub(self.examples.len() as u64)
    }
}

impl<'a> Summary<'a> {
    pub(super) fn of(head: &'a PlanHead, gathered: &'a Gathered, file: &str) -> Self {
        let digest = foreign(&head.digest);
        let (gaps, more_gaps) = gaps(head, gathered.limits.gaps);
        let left_total = head.total_unplanned.values().sum::<u64>().max(gathered.left_given());
        let warnings = gathered.warnings.top(gathered.limits.warnings).into_iter();
        Self {
            file: foreign(file),
            sentence: sentence(head),
            facts: facts(head),
            approve: (head.total_changes > 0).then(|| Approve {
                apply: format!("imdsure apply {} --approve", shell_word(&foreign(file))),
                digest: shell_word(&digest).into_owned(),
            }),
            incomplete: incomplete(head),
            gaps,
            more_gaps,
            points: points(head, gathered),
            waves: waves(head, gathered),
            soak: (head.pace.soak_seconds > 0).then(|| duration(head.pace.soak_seconds)),
            pace: pace(head),
            kinds: kinds(head),
            warnings: warnings
                .map(|(text, number, example)| Warned { number, text, example })
                .collect(),
            more_warnings: gathered.warnings.beyond(gathered.limits.warnings),
            left_total,
            left: left(head, gathered),
            digest,
        }
    }
}

fn sentence(head: &PlanHead) -> String {
    let read = minute(&head.evidence.finished);
    if head.total_changes == 0 {
        return format!("Nothing is to be changed, by evidence read until {read}.");
    }
    format!(
        "{} in {} over {}, from evidence read until {read}.",
        count(head.total_changes, "change", "changes"),
        count(head.waves.len() as u64, "wave", "waves"),
        count(head.accounts.len() as u64, "account", "accounts"),
    )
}

fn facts(head: &PlanHead) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let mut fact = |name, text: Option<String>| facts.extend(text.map(|text| (name, text)));
    let given = |text: &Option<String>| text.as_deref().map(foreign);
    fact("ticket", given(&head.ticket));
    fact("part", given(&head.part));
    fact("organization", given(&head.organization));
    let accounts = few(&head.accounts, 4);
    fact("accounts", (!accounts.is_empty()).then_some(accounts));
    let read = format!(
        "read {} to {}, manifest {}",
        minute(&head.evidence.started),
        minute(&head.evidence.finished),
        foreign(&head.evidence.manifest).chars().take(12).collect::<String>(),
    );
    fact("evidence", Some(read));
    let made = format!("{} by imdsure {}", minute(&head.created), foreign(&head.imdsure));
    fact("planned", Some(made));
    facts
}

fn incomplete(head: &PlanHead) -> Option<String> {
    let of_code: BTreeSet<&String> = head.gaps.iter().filter_map(|gap| gap.path.as_ref()).collect();
    let of_evidence = head.gaps.iter().filter(|gap| gap.path.is_none()).count() as u64;
    let code = (!of_code.is_empty()).then(|| {
        let files = count(of_code.len() as u64, "file", "files");
        format!("{files} of code could not be read, and may take changes back.")
    });
    let both: Vec<String> =
        incomplete_evidence(head, of_evidence).into_iter().chain(code).collect();
    (!both.is_empty()).then(|| both.join(" "))
}

fn incomplete_evidence(head: &PlanHead, number: u64) -> Option<String> {
    let gaps = count(number, "gap", "gaps");
    let consequence = "what could not be read is not in this plan, and may still answer version 1";
    match (head.evidence.incomplete, number == 0) {
        (true, true) => Some(format!("The evidence is incomplete: {consequence}.")),
        (true, false) => Some(format!("The evidence is incomplete, {gaps}: {consequence}.")),
        (false, false) => {
            Some(format!("The evidence has {gaps} that somebody accepted: {consequence}."))
        }
        (false, true) => None,
    }
}

/// Those of one operation and code together: a region that is closed is closed everywhere.
fn gaps(head: &PlanHead, shown: usize) -> (Vec<GapWords>, u64) {
    let mut sorts: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for gap in &head.gaps {
        let place = match (&gap.account_id, &gap.region) {
            _ if gap.path.is_some() => gap.path.clone().unwrap_or_default(),
            (Some(account), Some(region)) => format!("{account} {region}"),
            (Some(place), None) | (None, Some(place)) => place.clone(),
            (None, None) => "before any account was known".to_owned(),
        };
        sorts.entry((&gap.operation, &gap.code)).or_default().push(place);
    }
    let more = sorts.len().saturating_sub(shown) as u64;
    let mut gaps: Vec<GapWords> = sorts
        .into_iter()
        .map(|((operation, code), places)| GapWords {
            operation: foreign(operation),
            code: foreign(code),
            number: places.len() as u64,
            places: few(&places, NAMED),
        })
        .collect();
    gaps.sort_by_key(|gap| std::cmp::Reverse(gap.number));
    gaps.truncate(shown);
    (gaps, more)
}

fn numbers(head: &PlanHead) -> BTreeMap<ChangeKind, u64> {
    let mut numbers: BTreeMap<ChangeKind, u64> = head.kinds.keys().map(|kind| (*kind, 0)).collect();
    for (kind, number) in head.waves.iter().flat_map(|wave| &wave.kinds) {
        *numbers.entry(*kind).or_default() += number;
    }
    numbers
}

/// What to look at before approving, what matters most first.
fn points(head: &PlanHead, gathered: &Gathered) -> Vec<Point> {
    let mut points = Vec::new();
    let mut point = |loud, number: u64, [one, many]: [&str; 2], about: &str| {
        if number > 0 {
            points.push(Point { loud, title: count(number, one, many), about: about.to_owned() });
        }
    };
    let about = format!(
        "the head speaks of {}, and {} were there: do not approve it",
        thousands(head.total_changes),
        thousands(gathered.given)
    );
    let differ = gathered.given.abs_diff(head.total_changes);
    let title = ["change more or less", "changes more or fewer"]
        .map(|differ| format!("{differ} than the plan's head says"));
    point(true, differ, title.each_ref().map(String::as_str), &about);
    let (number, kinds) = of_effect(head, &[Effect::Irreversible]);
    let about = format!("{kinds}: AWS offers no way back");
    point(true, number, ["cannot be undone"; 2], &about);
    for seen in [Seen::Used, Seen::NoData, Seen::NotRead] {
        point(true, gathered.with(seen), [seen.are(); 2], seen.about());
    }
    let (number, kinds) = of_effect(head, &[Effect::Replacement, Effect::Restart]);
    let title = ["replaces or restarts what runs", "replace or restart what runs"];
    point(true, number, title, &kinds);
    let (number, kinds) = of_effect(head, &[Effect::AccountDefault]);
    let title = ["reaches a whole region of an account", "reach a whole region of an account"];
    let about = format!("{kinds}: every launch there is decided by it, future ones too");
    point(false, number, title, &about);
    let title = ["likely runs containers", "likely run containers"];
    let about = "the hop limit decides whether containers still reach the service";
    point(false, gathered.containers, title, about);
    let about = "a stopped instance changes at its next start, and nobody waits for that";
    point(false, gathered.stopped, ["is stopped", "are stopped"], about);
    let title = ["carries warnings", "carry warnings"];
    point(false, gathered.warned, title, "listed below, and beside each change");
    let age = hours(Some(&head.evidence.finished), Some(&head.created));
    if let Some(age) = age.filter(|age| *age >= OLD_HOURS) {
        points.push(Point {
            loud: false,
            title: format!("The evidence was {} old when this was planned", duration(age * 3600)),
            about: "what was launched since then is not in it".to_owned(),
        });
    }
    points
}

/// The changes with one of these effects, and their kinds.
fn of_effect(head: &PlanHead, effects: &[Effect]) -> (u64, String) {
    let has = |kind: &ChangeKind| {
        head.kinds.get(kind).is_some_and(|notes| effects.contains(&notes.effect))
    };
    let found: Vec<(ChangeKind, u64)> =
        numbers(head).into_iter().filter(|(kind, number)| *number > 0 && has(kind)).collect();
    let kinds: Vec<&str> = found.iter().map(|(kind, _)| kind.as_str()).collect();
    (found.iter().map(|(_, number)| number).sum(), kinds.join(", "))
}

fn waves<'a>(head: &'a PlanHead, gathered: &'a Gathered) -> Vec<WaveWords<'a>> {
    let all = head.waves.len();
    let shown = |index: usize| gathered.limits.shows(index, all);
    let skipped = (0..all).filter(|index| !shown(*index)).count() as u64;
    let waves = head.waves.iter().enumerate().filter(|(index, _)| shown(*index));
    waves
        .map(|(index, wave)| {
            let breaks = index + 1 < all && !shown(index + 1);
            WaveWords {
                skipped: if breaks { skipped } else { 0 },
                is_last: index + 1 == all,
                ..wave_words(wave, gathered)
            }
        })
        .collect()
}

fn wave_words<'a>(wave: &Wave, gathered: &'a Gathered) -> WaveWords<'a> {
    let seen = gathered.waves.get(&wave.wave).map(|wave| &wave.seen);
    let of = |which: Seen| seen.and_then(|seen| seen.get(&which)).copied().unwrap_or_default();
    WaveWords {
        number: wave.wave,
        name: foreign(&wave.name),
        changes: wave.changes,
        kinds: wave.kinds.iter().map(|(kind, number)| (*kind, *number)).collect(),
        accounts: wave.accounts,
        regions: wave.regions,
        least: duration(wave.least_seconds),
        seen: Seen::ALL.map(|seen| (seen, of(seen))).into_iter().filter(|(_, n)| *n > 0).collect(),
        lines: gathered.lines(wave.wave),
        soaks: wave.soaks,
        skipped: 0,
        is_last: false,
    }
}

fn pace(head: &PlanHead) -> Vec<String> {
    if head.waves.is_empty() {
        return Vec::new();
    }
    let mut pace = Vec::new();
    let least: u64 = head.waves.iter().fold(0, |sum, wave| sum.saturating_add(wave.least_seconds));
    let between = &head.waves[..head.waves.len() - 1];
    let (soaking, not): (Vec<&Wave>, Vec<&Wave>) = between.iter().partition(|wave| wave.soaks);
    let soaks = head.pace.soak_seconds.saturating_mul(soaking.len() as u64);
    let whole = duration(least.saturating_add(soaks));
    if !between.is_empty() {
        pace.push(soak_text(head.pace.soak_seconds, &soaking, &not));
    }
    pace.push(format!("{whole} in all at the least"));
    pace.push(format!("at most {:.0} % of AWS's request allowances", head.pace.share * 100.0));
    pace.push(match head.pace.schedule.as_slice() {
        [] => "at any hour".to_owned(),
        windows => format!("only {}", few(windows, 6)),
    });
    pace
}

/// The time between waves, and after which of them there is none.
fn soak_text(seconds: u64, soaking: &[&Wave], not: &[&Wave]) -> String {
    if seconds == 0 || soaking.is_empty() {
        return "no soak between waves".to_owned();
    }
    let numbers: Vec<String> = not.iter().map(|wave| wave.wave.to_string()).collect();
    let none = match numbers.as_slice() {
        [] => String::new(),
        [one] => format!(", none after wave {one}"),
        many => format!(", none after waves {}", few(many, 6)),
    };
    format!("soak of {} between waves{none}", duration(seconds))
}

fn kinds(head: &PlanHead) -> Vec<KindWords<'_>> {
    let numbers = numbers(head);
    let kinds = numbers.into_iter().map(|(kind, number)| {
        let notes = head.kinds.get(&kind);
        let said = |of: fn(&KindNotes) -> &String| {
            notes.map_or_else(|| "the plan does not say".to_owned(), |notes| foreign(of(notes)))
        };
        KindWords {
            kind,
            about: about(kind),
            number,
            notes,
            precondition: said(|notes| &notes.precondition),
            verified: said(|notes| &notes.verified),
            undone: said(|notes| &notes.undone),
            iam: notes.iter().flat_map(|notes| &notes.iam).map(|action| foreign(action)).collect(),
        }
    });
    kinds.collect()
}

/// What a kind changes, for who does not know its word.
const fn about(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::ImageImdsSupport => "what is launched from an AMI requires tokens",
        ChangeKind::LaunchConfiguration => {
            "groups launch from a template that requires tokens, in place of a launch configuration"
        }
        ChangeKind::LaunchTemplate => "what is launched from a template requires tokens",
        ChangeKind::Instance => "an instance that no group owns requires tokens",
        ChangeKind::GroupMember => "a running member of an Auto Scaling group requires tokens",
        ChangeKind::InstanceRefresh => "the members of a group are replaced by new instances",
        ChangeKind::SagemakerNotebook => "a SageMaker notebook instance accepts version 2 alone",
        ChangeKind::BeanstalkEnvironment => "a Beanstalk environment turns version 1 off",
        ChangeKind::LightsailInstance => "a Lightsail instance requires tokens",
        ChangeKind::AccountDefaults => "launches that say nothing of tokens require them",
        ChangeKind::AccountEnforcement => {
            "launches and changes that would allow version 1 are refused"
        }
    }
}

fn left<'a>(head: &PlanHead, gathered: &'a Gathered) -> Vec<LeftWords<'a>> {
    let reasons = Reason::ALL.into_iter().filter_map(|reason| {
        let given = gathered.left.get(&reason);
        let stated = head.total_unplanned.get(&reason).copied().unwrap_or_default();
        let number = stated.max(given.map_or(0, |left| left.given));
        let owners = given.filter(|left| !left.owners.is_empty()).map(|left| {
            let top = left.owners.top(NAMED).into_iter();
            let mut owners: Vec<String> =
                top.map(|(owner, number, _)| format!("{owner} {}", thousands(number))).collect();
            if let more @ 1.. = left.owners.beyond(NAMED) {
                owners.push(count(more, "other owner", "other owners"));
            }
            if left.without_owner > 0 {
                owners.push(format!("no owner {}", thousands(left.without_owner)));
            }
            owners.join(" · ")
        });
        let examples = given.map_or(&[][..], |left| left.examples.as_slice());
        (number > 0).then_some(LeftWords { reason, number, owners, examples })
    });
    reasons.collect()
}
