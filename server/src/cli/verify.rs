//! `switchboard verify`: shows whether the database keeps organizations apart.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Args;
use switchboard::{
    config::Config,
    report::{self, Report},
    verify::{self, Options},
};

use crate::start::{Reached, reach};

#[derive(Args)]
pub struct Verify {
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
    /// Writes the report as a page for people: one file that needs nothing else.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
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
        .and_then(|report| tell(&report, &command).map(|()| report.clean))
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

fn tell(report: &Report, command: &Verify) -> anyhow::Result<()> {
    if command.json {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        print!("{report}");
    }
    if let Some(file) = &command.html {
        std::fs::write(file, report::html(report)).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
