//! The IAM policy language, as far as guardrails around the instance metadata service need it: read a
//! policy, decide a request with three values, judge what a tree of policies achieves, find mistakes, and
//! write sound policies. Plain data and pure functions; no I/O.
//!
//! It decides only what AWS documents. An operator, element or variable that is not known makes whatever it
//! touches unknown, never allowed and never denied.

mod condition;
mod document;
mod evaluate;
mod json;
mod operator;
mod pattern;
mod request;
mod truth;
mod words;

pub use document::{Effect, Policy, Statement};
pub use evaluate::{Attached, Decision, Level, Outcome, StatementRef, evaluate, evaluate_identity};
pub use json::{PolicyError, Position};
pub use request::{Context, KeyValue, Request, Resource};
pub use truth::Truth;
