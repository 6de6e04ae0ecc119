//! A repair as data: splices of the source text. What a splice does not name stays byte for byte.

use std::{collections::BTreeMap, ops::Range, path::Path, sync::Arc};

use imdsure_model::Effect;

use crate::source::Source;

/// A repair of one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in words.
    pub title: String,
    /// What that does to the resource.
    pub effect: Effect,
    /// The changes of the text: all of them or none.
    pub splices: Vec<Splice>,
}

/// A replacement of some bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    /// The file.
    pub path: Arc<Path>,
    /// The bytes that go; empty for an insertion.
    pub bytes: Range<usize>,
    /// The text that has to stand there.
    pub expected: String,
    /// The text that comes.
    pub replacement: String,
}

impl Splice {
    /// A splice of a source's text as it is now.
    pub fn of(source: &Source, bytes: Range<usize>, replacement: impl Into<String>) -> Self {
        let expected = source.slice(bytes.clone()).to_owned();
        Self { path: Arc::clone(source.path()), bytes, expected, replacement: replacement.into() }
    }

    fn conflicts(&self, other: &Self) -> bool {
        let (one, two) = (&self.bytes, &other.bytes);
        // Two insertions at one point have no order: the second one waits for the next run.
        one.start < two.end && two.start < one.end
            || one.start == two.start
            || (one.is_empty() && two.contains(&one.start))
            || (two.is_empty() && one.contains(&two.start))
    }
}

/// Why a fix was not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FixError {
    /// Another fix changes the same text.
    #[error("another fix changes the same text of {0}: run again")]
    Overlap(String),
    /// The text is not what the fix was made for.
    #[error("{0} has changed since it was read")]
    Stale(String),
}

/// A file before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The file.
    pub path: Arc<Path>,
    /// Its text now.
    pub before: String,
    /// Its text then.
    pub after: String,
}

/// The splices of several fixes, none of which overlap.
#[derive(Debug, Default)]
pub struct Edits {
    files: BTreeMap<Arc<Path>, Vec<Splice>>,
}

impl Edits {
    /// Adds all splices of a fix, or none. A splice that stands there twice counts once: two
    /// instances may share the parameter that decides.
    pub fn add(&mut self, fix: &Fix) -> Result<(), FixError> {
        let mut new: Vec<&Splice> = Vec::new();
        for splice in &fix.splices {
            if !self.of(&splice.path).contains(splice) && !new.contains(&splice) {
                new.push(splice);
            }
        }
        for (index, splice) in new.iter().enumerate() {
            let mut others = self.of(&splice.path).iter().chain(new[..index].iter().copied());
            if others.any(|other| other.path == splice.path && other.conflicts(splice)) {
                return Err(FixError::Overlap(splice.path.display().to_string()));
            }
        }
        for splice in new {
            self.files.entry(Arc::clone(&splice.path)).or_default().push(splice.clone());
        }
        Ok(())
    }

    /// The files that change.
    pub fn paths(&self) -> impl Iterator<Item = &Arc<Path>> {
        self.files.keys()
    }

    /// The new text of one file.
    pub fn apply(&self, path: &Path, before: &str) -> Result<Edit, FixError> {
        let mut splices: Vec<&Splice> = self.of(path).iter().collect();
        splices.sort_by_key(|splice| (splice.bytes.start, splice.bytes.end));
        let mut after = String::with_capacity(before.len() + 64);
        let mut at = 0;
        for splice in splices {
            let stale = || FixError::Stale(path.display().to_string());
            if before.get(splice.bytes.clone()) != Some(splice.expected.as_str()) {
                return Err(stale());
            }
            after.push_str(before.get(at..splice.bytes.start).ok_or_else(stale)?);
            after.push_str(&splice.replacement);
            at = splice.bytes.end;
        }
        after.push_str(before.get(at..).unwrap_or_default());
        Ok(Edit { path: Arc::from(path), before: before.to_owned(), after })
    }

    fn of(&self, path: &Path) -> &[Splice] {
        self.files.get(path).map_or(&[], Vec::as_slice)
    }
}

impl Edit {
    /// The change as a unified diff, three lines of context.
    pub fn diff(&self) -> String {
        let name = self.path.to_string_lossy().replace('\\', "/");
        let name = name.trim_start_matches("./").trim_start_matches('/').to_owned();
        similar::TextDiff::from_lines(&self.before, &self.after)
            .unified_diff()
            .context_radius(3)
            .header(&format!("a/{name}"), &format!("b/{name}"))
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn splice(bytes: Range<usize>, text: &str, replacement: &str) -> Fix {
        let source = Source::new("a.yaml", text);
        let splices = vec![Splice::of(&source, bytes, replacement)];
        Fix { title: String::new(), effect: Effect::InPlace, splices }
    }

    #[test]
    fn splices_of_several_fixes_come_together() {
        let text = "one two three\r\n";
        let mut edits = Edits::default();
        edits.add(&splice(8..13, text, "drei")).unwrap();
        edits.add(&splice(0..3, text, "eins")).unwrap();
        edits.add(&splice(0..3, text, "eins")).unwrap();
        let edit = edits.apply(Path::new("a.yaml"), text).unwrap();
        assert_eq!(edit.after, "eins two drei\r\n");
        assert!(edit.diff().contains("-one two three\r\n+eins two drei\r\n"), "{}", edit.diff());
    }

    #[test]
    fn overlapping_and_stale_splices_are_refused() {
        let text = "one two";
        let mut edits = Edits::default();
        edits.add(&splice(0..3, text, "eins")).unwrap();
        assert!(matches!(edits.add(&splice(2..5, text, "x")), Err(FixError::Overlap(_))));
        assert!(matches!(edits.add(&splice(0..0, text, "x")), Err(FixError::Overlap(_))));
        edits.add(&splice(3..3, text, "!")).unwrap();
        assert!(matches!(edits.add(&splice(3..3, text, "?")), Err(FixError::Overlap(_))));
        assert_eq!(edits.apply(Path::new("a.yaml"), text).unwrap().after, "eins! two");
        let stale = edits.apply(Path::new("a.yaml"), "ONE two");
        assert!(matches!(stale, Err(FixError::Stale(_))));
    }
}
