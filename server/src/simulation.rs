//! The simulated providers of this process, in a program that was built with them.

use switchboard::config::Config;

#[cfg(feature = "sandbox")]
pub use sandbox::Shared as Simulation;

/// What no program without them has.
#[cfg(not(feature = "sandbox"))]
pub enum Simulation {}

#[cfg(feature = "sandbox")]
pub async fn join(config: &Config) -> anyhow::Result<Simulation> {
    use anyhow::Context;

    let options = sandbox::Options {
        speed: config.sandbox_speed,
        ..sandbox::Options::default()
    };
    Simulation::join(&config.data, options)
        .await
        .context("the simulated providers did not start")
}

#[cfg(not(feature = "sandbox"))]
pub async fn join(_: &Config) -> anyhow::Result<Simulation> {
    anyhow::bail!("ULTRAVOX_API_KEY is needed: this program was built without simulated providers")
}

#[cfg(not(feature = "sandbox"))]
impl Simulation {
    pub fn ultravox_url(&self) -> &str {
        match *self {}
    }

    pub fn llm_url(&self) -> &str {
        match *self {}
    }

    pub async fn stop(self) {
        match self {}
    }
}
