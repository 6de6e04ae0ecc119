//! Changing AWS: a plan that was seen, waves with soak between them, a check after each call, and a way back.
//!
//! Nothing changes without a record in the [`journal`] before the call. A change is data (`imdsure_model::plan`).

// A test that cannot go on should say where, and stop.
#![cfg_attr(test, allow(clippy::unwrap_used))]
// Lanes and names, changes and changed: the words of the field are alike.
#![allow(clippy::similar_names)]
// A target that is left alone comes first, with one word; what is done with the others follows.
#![allow(clippy::single_match_else)]

pub mod event;
pub mod journal;
mod kinds;
pub mod plan;
pub mod run;
mod watch;
