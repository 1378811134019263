//! How the core and its organizations come to be: as in the running service.

use std::sync::atomic::{AtomicU32, Ordering};

use secrecy::SecretString;
use server::{sandbox::Sandbox, start};
use switchboard::{
    auth::{self, Caller, admin},
    config::Config,
    core::Core,
    db::testing::TestDb,
    secret::Master,
};

/// Any key of the real shape is good.
pub const KEY: &str = "abcdefgh.0123456789abcdef0123456789abcdef";

static SERIAL: AtomicU32 = AtomicU32::new(0);

pub async fn core(db: &TestDb, url: &str, speed: f64) -> (Core, Sandbox) {
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    let data = std::env::temp_dir().join(format!("switchboard-calls-{}-{serial}", std::process::id()));
    std::fs::create_dir_all(&data).unwrap();
    let config = Config::read(&|name| match name {
        "SWITCHBOARD_DATA" => Some(data.display().to_string()),
        "SWITCHBOARD_SANDBOX_SPEED" => Some(speed.to_string()),
        "DATABASE_MAX_CONNECTIONS" => Some("8".to_owned()),
        _ => None,
    });
    let started = start::assemble(config.unwrap(), url.parse().unwrap(), Master::fresh(), &db.logins);
    let (core, sandbox) = started.await.unwrap();
    (core, sandbox.expect("no key is configured"))
}

/// An organization, and a key that may do everything in it.
pub async fn org(core: &Core, name: &str) -> Caller {
    let email = format!("{}@example.com", name.to_lowercase());
    let password = SecretString::from("correct-horse-battery");
    let made = admin::bootstrap(core, &email, &password, name).await.unwrap();
    auth::bearer(core, &made.api_key).await.unwrap()
}
