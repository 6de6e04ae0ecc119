//! What must hold when things go wrong: nothing is changed without a record, what was changed is known, and the way back ends
//! exactly where it began.

mod again;
mod disk;
mod faults;
mod killed;
mod others;
mod refusals;
mod watching;
mod ways;

/// Whether the long run was asked for: `make soak`.
fn long() -> bool {
    std::env::var_os("IMDSURE_LONG").is_some()
}
