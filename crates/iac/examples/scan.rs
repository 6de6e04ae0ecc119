//! What the readers make of files, while a dialect is written: `cargo run --example scan -- PATH…`. With
//! `--diff` the repair is shown, with `--write` it is written.
#![expect(clippy::print_stdout, reason = "it is a tool for the terminal")]

use std::{path::PathBuf, time::Instant};

use imdsure_iac::{repair::rehearse, scan::Scan, write::write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (options, paths): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let has = |option: &str| options.iter().any(|given| given == option);
    let scan = Scan::of(&paths);
    let begin = Instant::now();
    let scanned = scan.run();
    let time = begin.elapsed();
    if !has("--quiet") {
        for spec in &scanned.specs {
            let (options, place) = (&spec.options, &spec.place);
            let tokens = &options.http_tokens;
            println!(
                "{place} {} {} {} tokens {} {:?} fix {}",
                spec.dialect,
                spec.kind,
                spec.address,
                tokens.word(),
                tokens.value(),
                spec.fix.is_some()
            );
        }
        scanned.errors.iter().for_each(|error| println!("{error}"));
    }
    println!(
        "{} files, {} rows, {} errors in {time:?}",
        scanned.files,
        scanned.specs.len(),
        scanned.errors.len()
    );
    if has("--diff") || has("--write") {
        let rehearsal = rehearse(&scan, &scanned, |_| true);
        rehearsal.edits.iter().for_each(|edit| println!("{}", edit.diff()));
        rehearsal.refused.iter().for_each(|(spec, error)| println!("{}: {error}", spec.address));
        rehearsal.mistakes.iter().for_each(|mistake| println!("{mistake}"));
        if has("--write") && rehearsal.mistakes.is_empty() {
            write(&rehearsal.edits, &paths.iter().map(PathBuf::from).collect::<Vec<_>>())?;
        }
    }
    Ok(())
}
