//! What must hold when things go wrong: nothing is changed without a record, what was changed is known, and the way back ends
//! exactly where it began.

mod again;
mod asked_to_stop;
mod disk;
mod faults;
mod killed;
mod launched;
mod others;
mod refusals;
mod since_planned;
mod watching;
mod ways;

/// Whether the long run was asked for: `make soak`.
fn long() -> bool {
    std::env::var_os("IMDSURE_LONG").is_some()
}
