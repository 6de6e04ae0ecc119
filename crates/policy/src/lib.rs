//! The IAM policy language, as far as guardrails around the instance metadata service need it: read a
//! policy, decide a request with three values, judge what a tree of policies achieves, find mistakes, and
//! write sound policies. Plain data and pure functions; no I/O.
//!
//! It decides only what AWS documents. An operator, element or variable that is not known makes whatever it
//! touches unknown, never allowed and never denied.

mod achieve;
mod ask;
mod asks;
mod choice;
mod condition;
mod document;
mod ec2_policy;
mod evaluate;
mod generate;
mod holes;
mod imds;
mod json;
mod lint;
mod operator;
mod pattern;
mod request;
mod statements;
mod truth;
mod words;

#[cfg(test)]
mod achieve_tests;
#[cfg(test)]
mod choice_tests;
#[cfg(test)]
mod condition_tests;
#[cfg(test)]
mod evaluate_tests;
#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
mod lint_tests;

pub use achieve::{Achievement, By, Governed, Stop, Way, achieve};
pub use ask::RequestError;
pub use document::{Effect, Policy, Statement};
pub use ec2_policy::{Ec2Policy, Ec2Values};
pub use evaluate::{Attached, Decision, Level, Outcome, StatementRef, evaluate, evaluate_identity};
pub use generate::{Ec2Options, GenerateError, Generated, GuardOptions, Kind, generate};
pub use holes::{HOLES, Hole};
pub use imds::{Caller, DEFAULT_OPTIONS, INSTANCE_OPTIONS, Launch, Principal};
pub use json::{MAX_BYTES, PolicyError, Position};
pub use lint::{LintKind, Mistake, MistakeSeverity, lint, lint_ec2};
pub use request::{Context, KeyValue, Request, Resource};
pub use truth::Truth;
