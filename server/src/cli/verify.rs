//! `switchboard verify`: shows whether the database keeps organizations apart.

use std::process::ExitCode;

use clap::Args;
use switchboard::{
    config::Config,
    verify::{self, Options, Report},
};

use crate::start::{Reached, reach};

#[derive(Args)]
pub struct Verify {
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
    /// Looks at every row too.
    #[arg(long)]
    data: bool,
    /// Tries what the program's own logins may see and do, and undoes it.
    #[arg(long)]
    probe: bool,
}

/// 0 when clean, 1 when not, 2 when it could not be found out.
pub async fn run(command: Verify) -> ExitCode {
    match verify(&command)
        .await
        .and_then(|report| print(&report, command.json).map(|()| report.clean))
    {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("switchboard: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn verify(command: &Verify) -> anyhow::Result<Report> {
    let Reached { logins, cluster } = reach(&Config::from_env()?).await?;
    let options = Options {
        data: command.data,
        probe: command.probe,
    };
    let report = verify::run(&logins, options).await;
    if let Some(cluster) = cluster {
        cluster.stop().await?;
    }
    Ok(report?)
}

fn print(report: &Report, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        print!("{report}");
    }
    Ok(())
}
