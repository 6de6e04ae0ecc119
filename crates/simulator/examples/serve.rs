//! Serves a simulated organization until interrupted: `serve PORT ACCOUNTS INSTANCES [FAULT… | -DENIAL… | !POLICY_DENIAL…]`.
use imdsure_simulator::{Config, Denial, Simulator};
use std::io::Write;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let a: Vec<String> = std::env::args().collect();
    let mut config = Config {
        accounts: a[2].parse()?,
        instances: a[3].parse()?,
        ..Config::default()
    };
    for x in &a[4..] {
        if let Some(d) = x.strip_prefix('-') {
            config.denials.push(Denial::parse(d, false)?);
        } else if let Some(d) = x.strip_prefix('!') {
            config.denials.push(Denial::parse(d, true)?);
        } else {
            config.faults.push(x.parse()?);
        }
    }
    let running = Simulator::new(config)?
        .serve(([127, 0, 0, 1], a[1].parse()?).into())
        .await?;
    let mut out = std::io::stdout();
    for (k, v) in running.environment() {
        writeln!(out, "export {k}={v}")?;
    }
    out.flush()?;
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}
