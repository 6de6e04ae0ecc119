//! Readers of infrastructure code. They find every place that decides how an instance starts, tell what it
//! will really give, and repair it by splicing the source text. Nothing is judged here: controls do that
//! over the table `iac_launch_spec`, which has one row for each [`spec::LaunchSpec`].
//!
//! # The way of a file
//!
//! [`walk`] finds it, [`scan`] asks the dialects ([`dialect::Dialect`]) whether it is theirs, one of them
//! reads it with [`yaml`], [`json`] and [`node`], and puts rows and errors into a [`dialect::Sink`].
//! [`repair`] rehearses the fixes of rows, and [`write`](mod@write) writes what came out as meant.
//!
//! # The table `iac_launch_spec`
//!
//! | column | from |
//! |---|---|
//! | `path` | `place.path` |
//! | `start_line`, `start_column`, `end_line`, `end_column` | `place.start`, `place.end`; from 1, columns in characters |
//! | `dialect`, `kind`, `address` | the fields of these names |
//! | `resource_id` | the field of this name; null of code, which has none |
//! | `http_tokens` | `required`, `optional`, `absent` or `unresolved`: `options.http_tokens` |
//! | `http_tokens_verbatim` | its spelling where it is set (`true` of `DisableIMDSv1`), the expression where it is unresolved |
//! | `http_tokens_reason` | why it is unresolved; else null |
//! | `http_tokens_path`, `http_tokens_line`, `http_tokens_column` | where it is decided; null where it is absent |
//! | `http_endpoint` | `enabled`, `disabled`, `absent` or `unresolved` |
//! | `hop_limit`, `hop_limit_state` | the number or null; `set`, `absent` or `unresolved` |
//! | `instance_metadata_tags`, `http_protocol_ipv6` | as `http_endpoint` |
//! | `sent_http_tokens`, `sent_http_endpoint`, `sent_hop_limit` | `sends_when_silent`; null where the tool sends nothing |
//! | `inherits_from` | the list as JSON: `["launch template web","account default"]` |
//! | `instance_count` | `count`; null where the text does not say |
//! | `ignored_attributes` | `ignored` as JSON |
//! | `generated_from` | the construct that made this text; null where people write it |
//! | `ignore_comments` | as JSON: `[{"tool","rule","reason","line"}]` |
//! | `effect` | the words of `imdsure_model::Effect`; null where it is not known |
//! | `fix_title` | `fix.title`; null where there is none |
//!
//! # The table `iac_policy`
//!
//! One row for each [`policy::PolicySpec`]: a guardrail that is written in code. Like the other table it
//! judges nothing: `lints` is what the linter of policies says.
//!
//! | column | from |
//! |---|---|
//! | `path` | `place.path` |
//! | `start_line`, `start_column`, `end_line`, `end_column` | `place.start`, `place.end` |
//! | `dialect`, `address` | the fields of these names |
//! | `kind` | `scp`, `ec2` or `iam` |
//! | `text` | the policy as it would be attached; null where it is not resolved |
//! | `unresolved_reason`, `unresolved_expression` | why it is not, and the expression; else null |
//! | `lints` | as JSON: `[{"code","severity","statement","sid","path","line","column","explanation","sound"}]`; `path`, `line` and `column` are of the code |
//! | `worst` | the worst severity among them: `error`, `warning`, `info`; null where there are none |
//! | `mistake_count`, `mistakes`, `codes`, `sound_form` | those of them that are more than notes: how many, in words, by name, what to write instead |
//! | `mistake_path`, `mistake_line`, `mistake_column`, `mistake_end_line`, `mistake_end_column` | the place of the first of these |
//!
//! Errors ([`ScanError`]) become rows of `scan_error` with `path`, `line`, `column`, `code`, `message`.

pub mod dialect;
pub mod dialects;
pub mod edit;
mod error;
pub mod fix;
pub mod hcl;
pub mod ignore;
pub mod json;
pub mod loose;
pub mod manifest;
pub mod node;
pub mod policy;
pub mod repair;
pub mod scan;
pub mod setting;
pub mod source;
pub mod spec;
pub mod walk;
pub mod write;
pub mod yaml;

#[cfg(test)]
mod bad_input_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tree_tests;

pub use error::ScanError;
pub use imdsure_model::{
    Effect,
    effective::{Endpoint, Tokens},
};
pub use imdsure_policy::{Mistake, MistakeSeverity};
