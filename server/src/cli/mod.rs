//! The command line: one subcommand per role of the process.

mod admin;
mod demo;
mod read_document;
mod seed;
mod serve;
mod verify;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use switchboard::config::Config;

/// A voice-agent platform a team runs itself.
///
/// Without a command it serves, and on a machine of one's own with a demo organization to look at.
#[derive(Parser)]
#[command(name = "switchboard", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the pages, the REST API and the webhooks, and works the queues beside them.
    Serve {
        /// Leaves the queues to `switchboard worker`.
        #[arg(long)]
        no_worker: bool,
    },
    /// Works the queues: provider events, reconciliation, live calls, mail.
    Worker {
        /// Where to answer /healthz, /readyz and /metrics, such as 127.0.0.1:3001; without it nowhere.
        #[arg(long)]
        listen: Option<SocketAddr>,
    },
    /// Brings the database to this program's schema.
    Migrate,
    /// Fills an empty installation with a demo organization.
    Seed,
    /// Prints the OpenAPI document of the REST API.
    Openapi,
    #[cfg(feature = "sandbox")]
    /// Runs the simulated providers on their own, and prints their addresses as JSON.
    Sandbox {
        /// Port of the simulated Ultravox; 0 takes any free one.
        #[arg(long, default_value_t = 0)]
        ultravox: u16,
        /// Port of the simulated Clerk; 0 takes any free one.
        #[arg(long, default_value_t = 0)]
        clerk: u16,
        /// Port of the simulated language model; 0 takes any free one.
        #[arg(long, default_value_t = 0)]
        llm: u16,
        /// Name that browsers reach the simulated Clerk by, over TLS that something in front of it ends.
        #[arg(long, value_name = "NAME")]
        clerk_name: Option<String>,
        /// Folder with `clerk.browser.js` of the package `@clerk/clerk-js`, for browsers to get instead of the stand-in.
        #[arg(long, value_name = "FOLDER")]
        clerk_script: Option<PathBuf>,
    },
    /// Shows whether the database keeps organizations apart. Ends with 0 when it does, 1 when not, 2 when that could not
    /// be found out.
    Verify(verify::Verify),
    #[cfg(feature = "warden")]
    /// Takes another database, where rows belong to users, to organization scope while its programs go on working.
    Warden(warden::cli::Warden),
    /// Creates and repairs accounts from the command line.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Reads a document from its standard input, within limits of time and memory; a worker starts it for each.
    #[command(hide = true)]
    ReadDocument { content_type: String },
    /// The private Postgres of this data directory.
    #[command(subcommand)]
    Postgres(serve::Postgres),
}

pub fn run() -> ExitCode {
    let cli = Cli::parse();
    // Before there is a runtime: it has nothing to wait for, and little room.
    if let Some(Command::ReadDocument { content_type }) = &cli.command {
        return read_document::run(content_type);
    }
    // What these print is read by programs; the log goes to standard error.
    crate::metrics::log();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("switchboard: no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let command = match cli.command {
        Some(Command::Verify(command)) => return runtime.block_on(verify::run(command)),
        #[cfg(feature = "warden")]
        Some(Command::Warden(command)) => return runtime.block_on(warden::cli::run(command)),
        command => command,
    };
    match runtime.block_on(dispatch(command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("switchboard: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(command: Option<Command>) -> anyhow::Result<()> {
    if let Some(Command::Openapi) = command {
        println!("{}", serde_json::to_string_pretty(crate::rest::openapi::document())?);
        return Ok(());
    }
    let config = Config::from_env()?;
    let Some(command) = command else {
        return demo::run(config).await;
    };
    match command {
        Command::Serve { no_worker } => serve::serve(config, !no_worker).await,
        Command::Worker { listen } => {
            let worker_addr = listen.or(config.worker_addr);
            serve::worker(Config { worker_addr, ..config }).await
        }
        Command::Migrate => serve::migrate(config).await,
        Command::Seed => seed::seed(config).await,
        #[cfg(feature = "sandbox")]
        Command::Sandbox {
            ultravox,
            clerk,
            llm,
            clerk_name,
            clerk_script,
        } => {
            let ports = sandbox::Ports { ultravox, clerk, llm };
            let speed = config.sandbox_speed;
            serve::sandbox(sandbox::Options {
                ports,
                speed,
                clerk_name,
                clerk_script,
                ..sandbox::Options::default()
            })
            .await
        }
        Command::Admin(command) => admin::run(config, command).await,
        Command::Postgres(command) => serve::postgres(config, command).await,
        #[cfg(feature = "warden")]
        Command::Warden(_) => unreachable!("answered above"),
        Command::Openapi | Command::Verify(_) | Command::ReadDocument { .. } => unreachable!("answered above"),
    }
}
