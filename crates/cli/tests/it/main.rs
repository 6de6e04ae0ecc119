//! Behaviour through the public surface: the binary against the simulator over real HTTP, against moto,
//! and against real AWS clients (boto3, awscli). One binary, since linking is slow.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where, and stop")]

mod bad_input;
mod changes;
mod choosing;
mod clients;
mod controls;
mod demo;
mod enforce;
mod evidence;
mod faults;
mod gaps;
mod generated;
mod guard;
mod harness;
mod kinds;
mod launches;
mod literate;
mod moto;
mod organization;
mod permissions;
mod reports;
mod scan;
mod scan_bad_input;
mod scan_compare;
mod scan_evidence;
mod scan_fix;
mod scan_fix_lint;
mod scan_policies;
mod stage;
mod tables;
mod usage;
mod waivers;
mod waivers_in_sql;
mod witnesses;
