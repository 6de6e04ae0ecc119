//! AWS as a source: who the caller is, which accounts and regions there are, and collectors that read
//! them into tables. A source fills tables and judges nothing; what it could not read becomes a row of
//! `scan_error`.
//!
//! Operations are declared once ([`operation`]) and run over official signing and credentials with
//! our own pacing and retries ([`client`]); pages go from the wire into Arrow builders without anything
//! in between ([`xml`], [`builder`]).

pub mod access;
pub mod actor;
pub mod builder;
pub mod client;
pub mod collect;
pub mod endpoint;
pub mod error;
mod http;
pub mod identity;
pub mod operation;
mod pacer;
pub mod partition;
pub mod permissions;
pub mod progress;
mod queue;
mod read;
mod row;
pub mod scope;
pub mod service;
pub mod source;
pub mod tables;
mod unit;
mod wire;
pub mod xml;

pub use unit::write_error;

pub use wire::{Parameter, Parameters};

pub use read::{
    DISABLE_IMDSV1, InstancePage, InstanceRow, MetadataOptions, disable_imdsv1,
    environment_is_gone, notebook_is_gone,
};
