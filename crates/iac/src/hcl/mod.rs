//! HCL: the syntax of Terraform and Packer with its places, and an evaluator that says where a value was
//! decided. A dialect gives the evaluator its names ([`eval::Names`]) and gets values back whose origin can
//! be edited.
//!
//! Files are cut into their top-level blocks by [`split`], and only blocks that somebody asks about are
//! parsed: most code of a project has nothing to do with instances, and a mistake in it is not ours to find.

#![allow(
    dead_code,
    clippy::needless_for_each,
    clippy::match_bool,
    clippy::format_push_string,
    clippy::single_match_else,
    clippy::match_same_arms,
    clippy::redundant_closure_for_method_calls,
    clippy::unused_self,
    clippy::unnecessary_wraps,
    clippy::needless_pass_by_value,
    clippy::elidable_lifetime_names,
    clippy::ignored_unit_patterns,
    clippy::cloned_ref_to_slice_refs,
    reason = "a first draft of this dialect: to be cleared line by line"
)]

pub mod ast;
mod collections;
mod convert;
pub mod edit;
pub mod eval;
mod functions;
mod json;
mod ops;
mod split;
mod texts;
pub mod value;

#[cfg(test)]
mod tests;

pub use convert::{block, body};
pub use json::{expression as json_expression, value_of_text};
pub use split::{Chunk, split};
