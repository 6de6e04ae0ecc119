//! One page that needs nothing else: no script, no request, readable on paper and in the dark. The template escapes
//! everything that it prints.

use std::{
    borrow::Borrow,
    io::{self, Write},
};

use askama::Template;
use imdsure_model::Effect;

use super::{
    gather::Limits,
    line::{Seen, Touch},
    summary::{KindWords, Summary},
};
use crate::text::thousands;

pub(super) const LIMITS: Limits =
    Limits { waves: 200, of_wave: 500, changes: 3_000, of_reason: 100, gaps: 50, warnings: 30 };

pub(super) fn write(summary: &Summary<'_>, mut out: &mut dyn Write) -> io::Result<()> {
    Page { plan: summary }.write_into(&mut out)
}

#[derive(Template)]
#[template(path = "plan.html")]
struct Page<'a> {
    plan: &'a Summary<'a>,
}

impl Page<'_> {
    /// A number, by value or reference: the template has both.
    fn number(number: impl Borrow<u64>) -> String {
        thousands(*number.borrow())
    }

    /// How loud an effect is: a class of the style sheet.
    fn effect(kind: &KindWords<'_>) -> (&'static str, &'static str) {
        let Some(notes) = kind.notes else { return ("bad", "effect not stated") };
        let class = match notes.effect {
            Effect::Irreversible => "bad",
            Effect::Replacement | Effect::Restart | Effect::AccountDefault => "warn",
            Effect::InPlace | Effect::NewVersion | Effect::NewConfiguration => "plain",
        };
        (class, notes.effect.as_str())
    }

    fn touch(touch: &Touch) -> &'static str {
        if touch.loud { "loud" } else { "" }
    }
}

impl Seen {
    /// Its class of the style sheet.
    const fn class(self) -> &'static str {
        match self {
            Self::Used => "bad",
            Self::NoData | Self::NotRead => "warn",
            Self::Silent => "good",
            Self::NotMeasured => "plain",
        }
    }
}
