//! The sandbox: what answers where a provider has no key. It speaks the providers' own protocols over real HTTP on
//! loopback, so the product cannot tell the difference: only the base URL differs.

mod admin;
mod clerk;
mod deliver;
mod fault;
mod http;
mod llm;
mod pace;
mod shared;
mod sign;
mod state;
mod ultravox;

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use self::http::Server;
use self::pace::Pace;
pub use self::shared::Shared;
use self::state::Snapshot;

/// Where to listen; 0 takes any free port.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    pub ultravox: u16,
    pub clerk: u16,
    pub llm: u16,
}

/// A receiver that was set up in the provider's dashboard rather than through its API.
#[derive(Clone, Debug)]
pub struct Target {
    pub url: String,
    /// Ultravox: any text. Clerk: `whsec_` followed by base64.
    pub secret: String,
}

#[derive(Clone, Debug)]
pub struct Options {
    pub ports: Ports,
    pub ultravox_webhook: Option<Target>,
    pub clerk_webhook: Option<Target>,
    /// 1.0 rings, talks and retries at a human pace; 200.0 does it two hundred times faster.
    pub speed: f64,
    /// Decides what the simulated people say; the same seed and number give the same conversation.
    pub seed: u64,
    /// The name that browsers reach Clerk by, over TLS that somebody else ends. Without it they use its own address.
    pub clerk_name: Option<String>,
    /// The folder with `clerk.browser.js` of Clerk's own package. Without it browsers get a script that stands in for it.
    pub clerk_script: Option<PathBuf>,
    /// Keeps the simulated providers' objects over a restart.
    pub state_file: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ports: Ports::default(),
            ultravox_webhook: None,
            clerk_webhook: None,
            speed: 1.0,
            seed: 0,
            clerk_name: None,
            clerk_script: None,
            state_file: None,
        }
    }
}

/// The running providers.
pub struct Sandbox {
    ultravox: Server,
    storage: Server,
    clerk: Server,
    llm: Server,
    stop: CancellationToken,
    keeper: tokio::task::JoinHandle<()>,
}

impl Sandbox {
    pub async fn start(options: Options) -> std::io::Result<Sandbox> {
        let stop = CancellationToken::new();
        let snapshot = Arc::new(Snapshot::open(options.state_file.clone())?);
        let pace = Pace::new(options.speed);

        let ultravox_door = http::bind(options.ports.ultravox).await?;
        let storage_door = http::bind(0).await?;
        let clerk_door = http::bind(options.ports.clerk).await?;
        let llm_door = http::bind(options.ports.llm).await?;

        let voice = ultravox::Ultravox::new(ultravox::Setup {
            url: ultravox_door.url.clone(),
            storage_url: storage_door.url.clone(),
            snapshot: &snapshot,
            pace,
            seed: options.seed,
            webhook: options.ultravox_webhook,
            stop: stop.clone(),
        });
        let identity = clerk::Clerk::new(clerk::Setup {
            url: match options.clerk_name {
                Some(name) => format!("https://{name}"),
                None => clerk_door.url.clone(),
            },
            script: options.clerk_script,
            snapshot: &snapshot,
            pace,
            webhook: options.clerk_webhook,
            stop: stop.clone(),
        });
        let model = llm::Llm::new(llm::Setup {
            pace,
            stop: stop.clone(),
        });

        voice.finish_what_was_live();
        Ok(Sandbox {
            ultravox: ultravox_door.serve(ultravox::router(voice.clone()), stop.clone()),
            storage: storage_door.serve(ultravox::storage(voice), stop.clone()),
            clerk: clerk_door.serve(clerk::router(identity), stop.clone()),
            llm: llm_door.serve(llm::router(model), stop.clone()),
            keeper: tokio::spawn(snapshot.keep(stop.clone())),
            stop,
        })
    }

    /// Serves the real root paths, `/api/…`.
    pub fn ultravox_url(&self) -> &str {
        &self.ultravox.url
    }

    /// Serves the backend API under `/v1`, the frontend API under `/v1/client…`, and `/.well-known/jwks.json`.
    pub fn clerk_url(&self) -> &str {
        &self.clerk.url
    }

    /// Serves `/chat/completions`, and the same below `/v1`.
    pub fn llm_url(&self) -> &str {
        &self.llm.url
    }

    pub fn ready_json(&self) -> Value {
        json!({
            "ultravox": { "url": self.ultravox.url },
            "clerk": { "url": self.clerk.url },
            "llm": { "url": self.llm.url },
        })
    }

    /// Ends every call and connection and writes the state file a last time.
    pub async fn stop(self) {
        self.stop.cancel();
        for server in [self.ultravox, self.storage, self.clerk, self.llm] {
            server.closed().await;
        }
        if let Err(cause) = self.keeper.await {
            tracing::warn!(%cause, "the sandbox's state was not written");
        }
    }
}
