//! What a run changed, change by change, in a temporary file: undoing reads it from there one by one, so that memory does not
//! grow with what is put back. What stays in memory is where each change's record begins.

use std::{
    cell::RefCell,
    fs::File,
    io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _},
};

use serde::{Deserialize, Serialize};

use super::past::Places;
use crate::{
    event::Ending,
    kinds::Made,
    plan::{Lane, PlanFile},
};

/// A change that was begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Touched {
    /// What its calls made.
    pub(crate) made: Made,
    /// How it ended; none where the run was cut off before it told.
    pub(crate) ending: Option<Ending>,
    /// Whether a call was made.
    pub(crate) called: bool,
}

impl Touched {
    /// Whether it may have changed something. A change of several steps may have been refused or found drifted at a later one:
    /// what the earlier ones did is there all the same.
    pub(crate) fn may_have_changed(&self) -> bool {
        let changed = self.ending.is_none_or(Ending::touched) || !self.made.steps.is_empty();
        self.called && changed
    }
}

/// Takes down what a run changed.
pub(crate) struct Taking {
    out: BufWriter<File>,
    written: u64,
    ends: Vec<Record>,
}

/// Where a place's record lies. 16 bytes for each change of the plan.
#[derive(Debug, Clone, Copy, Default)]
struct Record {
    start: u64,
    /// In bytes; zero where nothing is kept.
    length: u64,
}

impl Taking {
    pub(crate) fn new() -> io::Result<Self> {
        let out = BufWriter::new(tempfile::tempfile()?);
        Ok(Self { out, written: 0, ends: Vec::new() })
    }

    pub(crate) fn take(&mut self, place: u64, touched: &Touched) -> io::Result<()> {
        if !touched.may_have_changed() {
            return Ok(());
        }
        let record = serde_json::to_vec(touched)?;
        self.out.write_all(&record)?;
        let place = usize::try_from(place).map_err(io::Error::other)?;
        if self.ends.len() <= place {
            self.ends.resize(place + 1, Record::default());
        }
        let length = record.len() as u64;
        self.ends[place] = Record { start: self.written, length };
        self.written += length;
        Ok(())
    }

    pub(crate) fn finish(self) -> io::Result<Changed> {
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Changed { file: RefCell::new(file), records: self.ends })
    }
}

/// What a run changed, by place.
pub(crate) struct Changed {
    file: RefCell<File>,
    records: Vec<Record>,
}

impl Changed {
    fn record(&self, place: u64) -> Option<Record> {
        let record = self.records.get(usize::try_from(place).ok()?)?;
        (record.length > 0).then_some(*record)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Whether a place's change may have changed something.
    pub(crate) fn has(&self, place: u64) -> bool {
        self.record(place).is_some()
    }

    /// What is known of a place's change.
    pub(crate) fn get(&self, place: u64) -> io::Result<Touched> {
        let record = self.record(place).ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = vec![0; usize::try_from(record.length).map_err(io::Error::other)?];
        let mut file = self.file.borrow_mut();
        file.seek(SeekFrom::Start(record.start))?;
        file.read_exact(&mut bytes)?;
        Ok(serde_json::from_slice(&bytes)?)
    }

    /// Those changes that are to be put back, of those that `choose` takes.
    pub(crate) fn choose<'a>(
        &'a self,
        plan: &'a PlanFile,
        choose: impl Fn(&Lane, u64) -> bool,
    ) -> Chosen<'a> {
        let mut chosen =
            Chosen { of: self, lanes: Vec::new(), places: Places::default(), number: 0 };
        for lane in &plan.lanes {
            let before = chosen.number;
            for place in lane.places().filter(|place| self.has(*place) && choose(lane, *place)) {
                chosen.places.add(place);
                chosen.number += 1;
            }
            if chosen.number > before {
                chosen.lanes.push(lane);
            }
        }
        chosen
    }
}

/// What is to be put back.
pub(crate) struct Chosen<'a> {
    of: &'a Changed,
    places: Places,
    /// The lanes that hold any of it, in the plan's order.
    pub(crate) lanes: Vec<&'a Lane>,
    /// How many changes it is.
    pub(crate) number: u64,
}

impl Chosen<'_> {
    pub(crate) fn has(&self, place: u64) -> bool {
        self.places.has(place)
    }

    /// What is known of one of its changes.
    pub(crate) fn get(&self, place: u64) -> io::Result<Touched> {
        self.of.get(place)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn touched(ending: Option<Ending>, called: bool, steps: &[&str]) -> Touched {
        let steps = steps.iter().map(|step| ((*step).to_owned(), json!({"made": step}))).collect();
        let before = json!({"HttpTokens": "optional"});
        let made = Made { run: "run".into(), before, steps, undoing: None };
        Touched { made, ending, called }
    }

    #[test]
    fn what_may_have_changed_is_kept_and_found_by_place() {
        let kept = [
            (7, touched(Some(Ending::Done), true, &["one", "two"])),
            // Cut off between a call and its answer.
            (2, touched(None, true, &[])),
            // Refused at its second step.
            (900, touched(Some(Ending::Refused), true, &["one"])),
        ];
        let others = [
            (3, touched(Some(Ending::Refused), true, &[])),
            (4, touched(None, false, &[])),
            (5, touched(Some(Ending::Already), false, &[])),
        ];
        let mut taking = Taking::new().unwrap();
        for (place, touched) in kept.iter().chain(&others) {
            taking.take(*place, touched).unwrap();
        }
        let changed = taking.finish().unwrap();
        for (place, touched) in &kept {
            assert_eq!(changed.get(*place).unwrap(), *touched);
        }
        for place in [0, 1, 3, 4, 5, 6, 899, 901, u64::MAX] {
            assert!(!changed.has(place));
            assert!(changed.get(place).is_err());
        }
    }
}
