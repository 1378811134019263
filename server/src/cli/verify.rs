//! `switchboard verify`: shows whether the database keeps organizations apart.

use std::{path::PathBuf, process::ExitCode, time::Instant};

use anyhow::Context;
use chrono::Utc;
use clap::Args;
use switchboard::{
    auth::admin,
    config::Config,
    db::Logins,
    report::{self, Report, ReportKind},
    secret::Master,
    verify::{self, Options},
};
use url::Url;

use crate::{
    database::{Reached, reach},
    isolation_probe,
    start::assemble_without_voice,
};

#[derive(Args)]
pub struct Verify {
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
    /// Writes the report as a page for people: one file that needs nothing else.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Says only what stands under this group, such as `shape` or `rows`; may be repeated.
    #[arg(long, value_name = "GROUP")]
    only: Vec<String>,
    /// Keeps the report for every organization, each with its own figures alone, where its admins find it.
    #[arg(long)]
    keep: bool,
    /// Looks at every row too.
    #[arg(long)]
    data: bool,
    /// Tries what the program's own logins may see and do, and undoes it.
    #[arg(long)]
    probe: bool,
    /// Plants marked rows in two made-up organizations, looks for them in all that each is told, and undoes it.
    #[arg(long)]
    canary: bool,
    /// Also asks this running server, by every route and in every role, for what belongs to another organization.
    #[arg(long, value_name = "URL")]
    server: Option<Url>,
    /// API keys that may do everything in two organizations of that server, for whoever has no access to its database:
    /// then only the server is asked. Without them two organizations are made.
    #[arg(long, value_name = "KEY", requires = "server", num_args = 2, value_names = ["KEY", "OTHER"])]
    keys: Vec<String>,
    /// Explains the statements that are asked all day, with row security and without.
    #[arg(long)]
    plans: bool,
}

/// 0 when clean, 1 when not, 2 when it could not be found out.
pub async fn run(command: Verify) -> ExitCode {
    match verify(&command)
        .await
        .and_then(|report| narrowed(report, &command.only))
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
    if let (Some(server), [ours, theirs]) = (&command.server, command.keys.as_slice()) {
        return from_outside(server, [ours, theirs]).await;
    }
    let config = Config::from_env()?;
    let Reached { logins, cluster } = reach(&config).await?;
    let report = from_inside(command, config, &logins).await;
    if let Some(cluster) = cluster {
        cluster.stop().await?;
    }
    report
}

async fn from_inside(command: &Verify, config: Config, logins: &Logins) -> anyhow::Result<Report> {
    let options = Options {
        data: command.data,
        probe: command.probe,
        canary: command.canary,
        plans: command.plans,
    };
    let report = if command.keep {
        verify::run_and_keep(logins, options).await?
    } else {
        verify::run(logins, options).await?
    };
    let Some(server) = &command.server else {
        return Ok(report);
    };
    let [ours, theirs] = made_up(config, server, logins).await?;
    let began = Instant::now();
    let outcomes = isolation_probe::ask(server, [&ours, &theirs]).await?;
    Ok(report.and(outcomes, milliseconds(began)))
}

/// What anybody can find out who has two keys and nothing else.
async fn from_outside(server: &Url, keys: [&str; 2]) -> anyhow::Result<Report> {
    let (began_at, began) = (Utc::now(), Instant::now());
    let outcomes = isolation_probe::ask(server, keys).await?;
    let host = server.host_str().unwrap_or_default().to_owned();
    Ok(Report::new(
        ReportKind::Isolation,
        format!("Isolation of {host}"),
        (host, String::new()),
        (began_at, milliseconds(began)),
        outcomes,
    ))
}

fn milliseconds(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Keys of two organizations that exist for this alone. They are the same ones each time, and stay.
async fn made_up(config: Config, server: &Url, logins: &Logins) -> anyhow::Result<[String; 2]> {
    let secret = Master::load(&config)?;
    let core = assemble_without_voice(config, server.clone(), secret, logins).await?;
    let keys = async {
        let password = switchboard::account::Password::from(switchboard::secret::token());
        let mut keys = Vec::new();
        for name in ["Isolation check A", "Isolation check B"] {
            let email = format!("{}@isolation.invalid", name.to_lowercase().replace(' ', "-"));
            keys.push(admin::bootstrap(&core, &email, &password, name).await?.api_key);
        }
        anyhow::Ok(keys)
    };
    let keys = keys.await;
    core.db.close().await;
    <[String; 2]>::try_from(keys?).map_err(|_| anyhow::anyhow!("there are two organizations"))
}

fn narrowed(report: Report, groups: &[String]) -> anyhow::Result<Report> {
    let there: Vec<String> = report.groups().into_iter().map(|(name, _)| name.to_owned()).collect();
    if let Some(unknown) = groups.iter().find(|group| !there.contains(group)) {
        anyhow::bail!("nothing was asked about {unknown}; there is {}", there.join(", "));
    }
    Ok(if groups.is_empty() { report } else { report.only(groups) })
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
