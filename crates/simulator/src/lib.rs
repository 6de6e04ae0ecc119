//! A simulated AWS organization behind real HTTP, for demos, tests and benchmarks.
//!
//! [`Simulator`] is a world computed from a seed: accounts, regions and up to millions of EC2 instances, none of them stored. [`Simulator::serve`] puts
//! it behind an HTTP endpoint that speaks AWS's protocols (EC2, Query, JSON, REST JSON and RPC v2 with CBOR) to any AWS client and is as strict as AWS: Signature Version 4 is
//! verified, parameters are checked, requests over the documented rate are throttled. What goes wrong on purpose is asked for with [`Fault`] and [`Denial`].
//!
//! The world has a time of its own, which [`Running::advance`] lets go by: changes settle, software calls its metadata service (or fails, where tokens are
//! required now and it has none), metrics and health follow. Signatures, sessions and request rates stay with real time.
//!
//! Where to look: `world` is what there is, `operations` are the API calls, `dispatch` leads a request to one of them, `server` is the HTTP around it.

// A test that cannot go on should say where, and stop.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cbor;
mod cloud;
mod config;
mod crypto;
mod denial;
mod dispatch;
mod document;
mod drift;
mod error;
mod fault;
mod gate;
mod glob;
mod hash;
mod identity;
mod operations;
mod policy;
mod request;
mod scp;
mod server;
mod service;
mod sigv4;
mod stats;
mod throttle;
mod token;
mod workload;
mod world;
mod xml;

pub use config::{Config, ConfigError, default_regions};
pub use denial::{Denial, DenialParseError};
pub use drift::Drift;
pub use fault::{Fault, FaultKind, FaultParseError};
pub use server::{Running, Simulator, SimulatorError};
pub use stats::Stats;
pub use workload::{Workload, WorkloadError};
