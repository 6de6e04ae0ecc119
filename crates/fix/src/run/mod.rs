//! A run: one plan carried out, or one run undone, wave by wave, with every step in its journal.

mod apply;
mod begin;
mod changed;
mod clock;
mod context;
mod halt;
mod lanes;
mod past;
mod preflight;
mod request;
mod settle;
mod task;
mod turns;
mod undo;

pub use apply::{Applied, apply, resume};
pub use clock::Clock;
pub use context::{Progress, RunError};
pub use halt::Halt;
pub use lanes::{LeftAlone, Skipped};
pub use past::{Past, RunState, check_plan, past};
pub use preflight::NoWayBack;
pub use request::{ApplyRequest, OnBreach};
pub use undo::{UndoRequest, Undone, undo};

pub(crate) use context::{Run, Stopped};
pub(crate) use halt::Stop;
pub(crate) use preflight::Refused;
pub(crate) use settle::{Settled, Settling};
pub(crate) use task::{End, Fault, Task};
