//! `imdsure`: arguments in, calls out, exit code back.

mod apply;
mod args;
mod audit;
mod clock;
mod control;
mod demo;
mod failure;
mod guard;
mod journal;
mod permissions;
mod plan;
mod progress;
mod scan;
mod simulator;
mod terminal;

use std::process::ExitCode as Process;

use clap::Parser as _;
use imdsure_model::ExitCode;

use crate::{
    args::{Arguments, Command},
    failure::Failure,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Process {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers; anything else is wrong usage.
            let code = if error.use_stderr() { ExitCode::Usage } else { ExitCode::Ok };
            let _ = error.print();
            return code.into();
        }
    };
    failure::announce_panics();
    match std::panic::catch_unwind(|| run(arguments)) {
        Ok(Ok(code)) => code.into(),
        Ok(Err(failure)) => {
            failure.print();
            failure.code.into()
        }
        Err(_) => ExitCode::Bug.into(),
    }
}

fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::bug(format!("the async runtime does not start: {error}")))?;
    let config = arguments.config.as_deref();
    match arguments.command {
        Command::Audit(arguments) => runtime.block_on(audit::run(*arguments, config)),
        Command::Scan(arguments) => runtime.block_on(Box::pin(scan::run(*arguments, config))),
        Command::Plan(arguments) => {
            runtime.block_on(plan::run(*arguments, config, clock::clock()?))
        }
        Command::Apply(arguments) => runtime.block_on(apply::run(*arguments, clock::clock()?)),
        Command::Undo(arguments) => runtime.block_on(apply::run_undo(*arguments, clock::clock()?)),
        Command::Journal(command) => runtime.block_on(journal::run(command)),
        Command::Control(command) => runtime.block_on(control::run(command, config)),
        Command::Guard(command) => runtime.block_on(guard::run(command, config)),
        Command::Permissions(command) => runtime.block_on(permissions::run(command)),
        Command::Simulator(command) => runtime.block_on(simulator::run(command)),
        Command::Demo => runtime.block_on(demo::run()),
    }
}
