//! Kept evidence: what was read, as a folder of Parquet files (zstd) with a manifest. Written once,
//! whole or not at all, never changed; any tool that reads Parquet can open it.
//!
//! ```text
//! STORE/20261122T135049Z-3f9c1a/manifest.json
//!                              /aws_ec2_instance.parquet …
//! ```

mod digest;
mod manifest;
mod recorder;
mod set;

pub use manifest::{Manifest, TableFile};
pub use recorder::{Finished, Recorder};
pub use set::EvidenceSet;
