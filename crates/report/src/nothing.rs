//! No output at all.

use std::io;

use imdsure_model::{Finding, Selection};

use crate::Format;

pub(crate) struct Nothing;

impl Format for Nothing {
    fn selection(&self) -> Selection {
        Selection::Nothing
    }

    fn finding(&mut self, _: &Finding, _: &mut dyn io::Write) -> io::Result<()> {
        Ok(())
    }
}
