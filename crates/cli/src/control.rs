//! `imdsure control`: what there is to check, what it means, and one alone.

use std::{fmt::Write as _, path::Path};

use imdsure_engine::embedded_catalog;
use imdsure_model::{Catalog, Control, ExitCode};
use serde_json::json;

use crate::{
    args::{AuditArguments, ControlCommand, ListFormat, RunArguments},
    audit,
    failure::Failure,
    terminal,
};

pub(crate) async fn run(
    command: ControlCommand,
    config: Option<&Path>,
) -> Result<ExitCode, Failure> {
    match command {
        ControlCommand::Run(run) => {
            let RunArguments { control, read, report } = *run;
            Box::pin(audit::run(AuditArguments { read, control, report }, config)).await
        }
        ControlCommand::List { output } => {
            let catalog = catalog()?;
            terminal::print(&match output {
                ListFormat::Json => list_json(&catalog),
                ListFormat::Pretty => list_pretty(&catalog),
            })?;
            Ok(ExitCode::Ok)
        }
        ControlCommand::Show { control } => {
            let catalog = catalog()?;
            let control = catalog.resolve(&control).map_err(Failure::usage)?;
            terminal::print(&page(control))?;
            Ok(ExitCode::Ok)
        }
    }
}

fn catalog() -> Result<Catalog, Failure> {
    embedded_catalog().map_err(Failure::bug)
}

fn list_json(catalog: &Catalog) -> String {
    let control = |control: &Control| {
        json!({
            "name": control.name,
            "aliases": control.aliases,
            "severity": control.severity,
            "title": control.title,
            "default": control.default,
            "judges": if control.judges_code() { "code" } else { "aws" },
        })
    };
    let controls: Vec<_> = catalog.controls().map(control).collect();
    format!("{:#}\n", json!({"controls": controls}))
}

fn list_pretty(catalog: &Catalog) -> String {
    let mut text = String::new();
    for control in catalog.controls() {
        let default = match (control.default, control.judges_code()) {
            (true, true) => ", runs by default on code",
            (false, true) => ", on code",
            (true, false) => ", runs by default",
            (false, false) => "",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} ({}{default})", control.name, control.severity);
        let _ = writeln!(text, "  {}", control.title);
        for alias in &control.aliases {
            let _ = writeln!(text, "    {alias}");
        }
    }
    text
}

fn page(control: &Control) -> String {
    let aliases = control.aliases.join(", ");
    let mut text = format!("{}\n\n", control.page);
    let _ = writeln!(text, "Control: {}", control.name);
    let _ = writeln!(text, "Severity: {}", control.severity);
    let _ = writeln!(text, "Aliases: {aliases}");
    let _ = writeln!(text, "\nQuery:\n\n{}", control.sql.trim_end());
    text
}
