//! How the core and its organizations come to be: as in the running service.

use sandbox::Shared;
use server::start;
use switchboard::{
    auth::{self, Caller, admin},
    core::Core,
    db::testing::TestDb,
    secret::Master,
};

use crate::common::config;

/// Any key of the real shape is good.
pub const KEY: &str = "abcdefgh.0123456789abcdef0123456789abcdef";

pub async fn core(db: &TestDb, url: &str, speed: f64) -> (Core, Shared) {
    let config = config(&[("SWITCHBOARD_SANDBOX_SPEED", speed.to_string())]);
    let started = start::assemble(config, url.parse().unwrap(), Master::fresh(), &db.logins);
    let (core, sandbox) = started.await.unwrap();
    (core, sandbox.expect("no key is configured"))
}

/// An organization, and a key that may do everything in it.
pub async fn org(core: &Core, name: &str) -> Caller {
    let email = format!("{}@example.com", name.to_lowercase());
    let password = "correct-horse-battery".to_owned().into();
    let made = admin::bootstrap(core, &email, &password, name).await.unwrap();
    auth::bearer(core, &made.api_key).await.unwrap()
}
