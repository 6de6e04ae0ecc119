//! From what was seen to a plan that can be reviewed: which changes, in which waves, on what evidence, and what is left
//! alone and why.

pub mod file;
