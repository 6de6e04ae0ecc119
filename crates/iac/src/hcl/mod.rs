//! HCL: the syntax of Terraform and Packer with its places, and an evaluator that says where a value was
//! decided. A dialect gives the evaluator its names ([`eval::Names`]) and gets values back whose origin can
//! be edited.
//!
//! Files are cut into their top-level blocks by [`split`], and only blocks that somebody asks about are
//! parsed: most code of a project has nothing to do with instances, and a mistake in it is not ours to find.

mod align;
pub mod ast;
mod collections;
mod convert;
mod declare;
pub mod edit;
pub mod eval;
mod files;
mod functions;
mod json;
mod layout;
mod lenient;
mod loops;
mod ops;
mod respan;
mod sets;
mod split;
mod texts;
pub mod value;

#[cfg(test)]
mod console_tests;
#[cfg(test)]
mod tests;

pub use convert::{block, body};
pub use declare::unresolved;
pub use json::{expression as json_expression, value_of_text};
pub use split::{Chunk, split};
