//! `imdsure simulator`.

use imdsure_model::ExitCode;
use imdsure_simulator::{Config, Denial, Simulator, default_regions};

use crate::{
    args::{ServeArguments, SimulatorCommand},
    failure::Failure,
    terminal,
};

pub(crate) async fn run(command: SimulatorCommand) -> Result<ExitCode, Failure> {
    let SimulatorCommand::Serve(arguments) = command;
    let simulator = Simulator::new(config(&arguments)?).map_err(Failure::usage)?;
    let running = simulator.serve(arguments.listen).await.map_err(Failure::usage)?;
    let environment = running.environment();
    let lines = environment.iter().map(|(name, value)| format!("export {name}={value}\n"));
    terminal::print(&lines.collect::<String>())?;
    // Until Ctrl-C; an error means that none will come, and then only being killed ends it.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    running.stop().await;
    Ok(ExitCode::Ok)
}

fn config(arguments: &ServeArguments) -> Result<Config, Failure> {
    let mut denials = Vec::new();
    for (texts, by_policy) in [(&arguments.deny, false), (&arguments.deny_by_policy, true)] {
        for text in texts {
            denials.push(Denial::parse(text, by_policy).map_err(Failure::usage)?);
        }
    }
    let regions = match arguments.regions.parse::<usize>() {
        Ok(number) => default_regions(number),
        Err(_) => arguments.regions.split(',').map(str::to_owned).collect(),
    };
    let allowed = arguments.allow_only.as_deref().map(|path| {
        std::fs::read_to_string(path).map_err(|error| {
            Failure::usage(format!("the policy {} cannot be read: {error}", path.display()))
        })
    });
    Ok(Config {
        began: None,
        templates: arguments.templates,
        groups: arguments.groups,
        external_id: arguments.external_id.clone(),
        closed_region: arguments.closed_region.clone(),
        allowed: allowed.transpose()?,
        accounts: arguments.accounts,
        instances: arguments.instances,
        seed: arguments.seed,
        regions,
        settle_seconds: arguments.settle_seconds,
        faults: arguments.fault.clone(),
        denials,
    })
}
