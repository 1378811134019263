//! `switchboard warden` alone: what tests end in the middle, quick to build and to start.

use std::process::ExitCode;

use clap::Parser;
use warden::cli::{Warden, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    run(Warden::parse()).await
}
