//! Repairs of what fails: rehearsed until nothing is left to do, then written or shown.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use imdsure_iac::{
    fix::Edit,
    repair::rehearse,
    scan::{Scan, Scanned},
    spec::LaunchSpec,
    write::write,
};
use imdsure_model::Effect;

use super::{Fixing, ScanFailure, record::shown};

/// A place: file, line, column, address.
pub(super) type Key = (String, u32, u32, String);

/// Two repairs may want the same text, and then one waits for the next round.
const ROUNDS: usize = 5;

/// What a repair did, or would do.
#[derive(Debug, Default)]
pub struct Repaired {
    /// Whether it was written.
    pub written: bool,
    /// The files that change, with the change of each as a unified diff.
    pub files: Vec<(String, String)>,
    /// How many places were repaired, by what that does to the resource.
    pub effects: BTreeMap<&'static str, usize>,
    /// Places that only `--fix=unsafe` repairs.
    pub unsafe_left: Vec<String>,
    /// Places that are decided in files outside the given paths, and those files.
    pub outside: Vec<(String, String)>,
    /// Places whose repair did not come out as meant, and why: left as they were.
    pub not_sound: Vec<String>,
}

/// What is to be repaired.
pub(super) struct Repairs {
    pub(super) scan: Scan,
    pub(super) scanned: Scanned,
    pub(super) failing: BTreeSet<Key>,
    pub(super) fixing: Fixing,
}

impl Repairs {
    /// Rehearses, and writes where that is asked for.
    pub(super) fn make(self) -> Result<Repaired, ScanFailure> {
        let mut repaired = Repaired::default();
        let roots: Vec<PathBuf> =
            self.scan.paths.iter().filter_map(|root| root.canonicalize().ok()).collect();
        let mut chosen: Vec<LaunchSpec> = Vec::new();
        for spec in self.scanned.specs.iter().filter(|spec| self.failing.contains(&key(spec))) {
            let Some(fix) = &spec.fix else { continue };
            let place = format!("{} {}", shown(&spec.place.path), spec.address);
            if !fix.effect.is_safe() && !self.fixing.with_unsafe {
                repaired.unsafe_left.push(place);
            } else if let Some(file) = outside(spec, &roots) {
                repaired.outside.push((place, file));
            } else {
                chosen.push(spec.clone());
            }
        }
        let edits = self.rounds(chosen, &mut repaired);
        if self.fixing.write && !edits.is_empty() {
            write(&edits, &self.scan.paths)?;
            repaired.written = true;
        }
        repaired.files = edits.iter().map(|edit| (shown(&edit.path), edit.diff())).collect();
        Ok(repaired)
    }

    /// All rounds as one edit a file.
    fn rounds(&self, mut chosen: Vec<LaunchSpec>, repaired: &mut Repaired) -> Vec<Edit> {
        let mut edits: BTreeMap<Arc<Path>, Edit> = BTreeMap::new();
        let mut scan = self.scan.clone();
        let mut scanned = self.scanned.clone();
        for _ in 0..ROUNDS {
            if chosen.is_empty() {
                break;
            }
            let (new, waiting) = round(&scan, &scanned, &mut chosen, repaired);
            if new.is_empty() {
                break;
            }
            for edit in new {
                scan.overlay.insert(edit.path.to_path_buf(), edit.after.clone());
                match edits.get_mut(&edit.path) {
                    Some(known) => known.after = edit.after,
                    None => drop(edits.insert(Arc::clone(&edit.path), edit)),
                }
            }
            if waiting.is_empty() {
                break;
            }
            scanned = scan.run();
            // Lines have moved: the same place is found again by its address.
            let waits = |spec: &&LaunchSpec| {
                waiting.iter().any(|other| {
                    other.place.path == spec.place.path
                        && other.kind == spec.kind
                        && other.address == spec.address
                })
            };
            chosen = scanned.specs.iter().filter(waits).cloned().collect();
        }
        edits.into_values().filter(|edit| edit.before != edit.after).collect()
    }
}

/// One rehearsal; where a repair does not come out as meant, one more without it. Gives the edits, and what has
/// to wait for the next round.
fn round(
    scan: &Scan,
    scanned: &Scanned,
    chosen: &mut Vec<LaunchSpec>,
    repaired: &mut Repaired,
) -> (Vec<Edit>, Vec<LaunchSpec>) {
    loop {
        let keys: BTreeSet<Exact> = chosen.iter().map(exact).collect();
        let rehearsal = rehearse(scan, scanned, |spec| keys.contains(&exact(spec)));
        if rehearsal.mistakes.is_empty() {
            let waiting: Vec<LaunchSpec> =
                rehearsal.refused.into_iter().map(|(spec, _)| spec).collect();
            let done = chosen.iter().filter(|spec| !waiting.contains(spec));
            for effect in done.filter_map(|spec| spec.fix.as_ref().map(|fix| fix.effect)) {
                *repaired.effects.entry(Effect::as_str(effect)).or_default() += 1;
            }
            return (rehearsal.edits, waiting);
        }
        let before = chosen.len();
        chosen.retain(|spec| {
            !rehearsal.mistakes.iter().any(|mistake| {
                touches(spec, &mistake.path)
                    && (mistake.address.is_empty() || mistake.address == spec.address)
            })
        });
        if chosen.len() == before {
            // It is some other row that came out wrong: which repair did it cannot be said.
            let files: Vec<&PathBuf> = rehearsal.mistakes.iter().map(|one| &one.path).collect();
            chosen.retain(|spec| !files.iter().any(|file| touches(spec, file)));
        }
        repaired.not_sound.extend(rehearsal.mistakes.iter().map(ToString::to_string));
        if chosen.len() == before || chosen.is_empty() {
            return (Vec::new(), Vec::new());
        }
    }
}

/// Whether a row stands in a file, or its repair changes it.
fn touches(spec: &LaunchSpec, file: &Path) -> bool {
    let splices = spec.fix.iter().flat_map(|fix| &fix.splices);
    spec.place.path.as_ref() == file || splices.into_iter().any(|one| one.path.as_ref() == file)
}

/// A row among those of one reading.
type Exact = (Arc<Path>, usize, &'static str, String, String);

fn exact(spec: &LaunchSpec) -> Exact {
    let LaunchSpec { place, dialect, kind, address, .. } = spec;
    (Arc::clone(&place.path), place.bytes.start, *dialect, kind.clone(), address.clone())
}

fn key(spec: &LaunchSpec) -> Key {
    let start = spec.place.start;
    (shown(&spec.place.path), start.line, start.column, spec.address.clone())
}

/// The file outside the given paths that a repair would have to change.
fn outside(spec: &LaunchSpec, roots: &[PathBuf]) -> Option<String> {
    let splices = spec.fix.iter().flat_map(|fix| &fix.splices);
    let mut paths = splices.map(|splice| &splice.path);
    let inside = |path: &Path| {
        path.canonicalize().is_ok_and(|real| roots.iter().any(|root| real.starts_with(root)))
    };
    paths.find(|path| !inside(path)).map(|path| shown(path))
}
