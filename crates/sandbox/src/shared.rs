//! One sandbox for all processes of a data directory: the first hosts it for the others, and when that one goes another
//! takes it over where it was, with all it remembers.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Options, Ports, Sandbox};

/// How long a host may take to say where it listens.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks for it.
const PAUSE: Duration = Duration::from_millis(20);
/// Between two looks whether there is a host still.
const WATCH: Duration = Duration::from_millis(200);

/// A process' part in the sandbox. It ends with [`Shared::stop`] and, without the last state being written, with the process.
pub struct Shared {
    ultravox: String,
    llm: String,
    stop: CancellationToken,
    part: JoinHandle<()>,
}

/// Where the providers that a process asks listen.
#[derive(Clone, Copy)]
struct Addresses {
    ultravox: SocketAddr,
    llm: SocketAddr,
}

/// Where the host says where it is.
struct SharedDir {
    /// Locked by the host as long as it runs. The system closes it with the process, however that ends.
    lock: File,
    /// A line for each provider.
    address: PathBuf,
    options: Options,
}

impl Shared {
    /// Hosts the sandbox of `data`, or finds who does. `options` count for a host only.
    pub async fn join(data: &Path, options: Options) -> std::io::Result<Self> {
        std::fs::create_dir_all(data)?;
        let place = SharedDir {
            lock: OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .open(data.join("sandbox.lock"))?,
            address: data.join("sandbox.addr"),
            options: Options {
                state_file: Some(data.join("sandbox.json")),
                ..options
            },
        };
        let (hosted, found) = timeout(PATIENCE, place.host_or_find()).await.map_err(|_| {
            Error::new(
                ErrorKind::TimedOut,
                "another process hosts the sandbox and does not say where",
            )
        })??;
        let stop = CancellationToken::new();
        let part = tokio::spawn(place.take_part(hosted, stop.clone()));
        Ok(Self {
            ultravox: format!("http://{}", found.ultravox),
            llm: format!("http://{}", found.llm),
            stop,
            part,
        })
    }

    pub fn ultravox_url(&self) -> &str {
        &self.ultravox
    }

    pub fn llm_url(&self) -> &str {
        &self.llm
    }

    /// Ends this part. A host writes down what the next one goes on from.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(cause) = self.part.await {
            tracing::warn!(%cause, "the sandbox did not end well");
        }
    }
}

impl Addresses {
    fn read(said: &str) -> Option<Self> {
        let mut lines = said.lines().map(|line| line.trim().parse().ok());
        Some(Self {
            ultravox: lines.next()??,
            llm: lines.next()??,
        })
    }
}

impl SharedDir {
    async fn host_or_find(&self) -> std::io::Result<(Option<Sandbox>, Addresses)> {
        loop {
            if self.is_ours()? {
                let (sandbox, at) = self.host().await?;
                return Ok((Some(sandbox), at));
            }
            if let Some(at) = self.said()
                && TcpStream::connect(at.ultravox).await.is_ok()
            {
                return Ok((None, at));
            }
            sleep(PAUSE).await;
        }
    }

    fn is_ours(&self) -> std::io::Result<bool> {
        match self.lock.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(cause)) => Err(cause),
        }
    }

    fn said(&self) -> Option<Addresses> {
        Addresses::read(&std::fs::read_to_string(&self.address).ok()?)
    }

    /// Listens where the last host did, since others go on asking there. The caller holds the lock.
    async fn host(&self) -> std::io::Result<(Sandbox, Addresses)> {
        let at = |ports: Ports| {
            Sandbox::start(Options {
                ports,
                ..self.options.clone()
            })
        };
        let any = Ports {
            ultravox: 0,
            llm: 0,
            ..self.options.ports
        };
        let before = self.said().map(|before| Ports {
            ultravox: before.ultravox.port(),
            llm: before.llm.port(),
            ..any
        });
        let sandbox = match at(before.unwrap_or(any)).await {
            Err(cause) if before.is_some() && cause.kind() == ErrorKind::AddrInUse => {
                tracing::warn!("the sandbox has moved: somebody else listens where it was");
                at(any).await?
            }
            started => started?,
        };
        let address = |url: &str| url.trim_start_matches("http://").to_owned();
        let said = format!("{}\n{}\n", address(sandbox.ultravox_url()), address(sandbox.llm_url()));
        let at = Addresses::read(&said).ok_or_else(|| Error::other("the sandbox does not know where it listens"))?;
        let part = self.address.with_extension("addr.part");
        std::fs::write(&part, said)?;
        std::fs::rename(part, &self.address)?;
        Ok((sandbox, at))
    }

    async fn take_part(self, hosted: Option<Sandbox>, stop: CancellationToken) {
        let hosted = match hosted {
            Some(sandbox) => Some(sandbox),
            None => stop.run_until_cancelled(self.take_over()).await.flatten(),
        };
        stop.cancelled().await;
        if let Some(sandbox) = hosted {
            sandbox.stop().await;
        }
    }

    /// Waits until there is no host, and is it then.
    async fn take_over(&self) -> Option<Sandbox> {
        let taken = async {
            while !self.is_ours()? {
                sleep(WATCH).await;
            }
            self.host().await.map(|(sandbox, _)| sandbox)
        };
        match taken.await {
            Ok(sandbox) => {
                tracing::info!(url = sandbox.ultravox_url(), "calls are simulated here from now on");
                Some(sandbox)
            }
            Err(cause) => {
                tracing::warn!(%cause, "nobody hosts the sandbox any more");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn data(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("switchboard-shared-{name}-{}", std::process::id()))
    }

    async fn agents(shared: &Shared) -> u64 {
        let asked = agents_request(reqwest::Method::GET, shared).send().await.unwrap();
        asked.json::<Value>().await.unwrap()["total"].as_u64().unwrap()
    }

    async fn make_agent(shared: &Shared) {
        let draft = json!({"name": "Desk", "callTemplate": {"systemPrompt": "Answer politely."}});
        let asked = agents_request(reqwest::Method::POST, shared).json(&draft).send().await;
        assert!(asked.unwrap().status().is_success());
    }

    fn agents_request(method: reqwest::Method, shared: &Shared) -> reqwest::RequestBuilder {
        reqwest::Client::builder()
            .build()
            .unwrap()
            .request(method, format!("{}/api/agents", shared.ultravox_url()))
            .header("x-api-key", "abcdefgh.0123456789abcdef0123456789abcdef")
    }

    #[tokio::test]
    async fn all_processes_ask_one_sandbox_which_outlives_whoever_hosts_it() {
        let data = data("outlives");
        let join = || Shared::join(&data, Options::default());
        let (first, second) = (join().await.unwrap(), join().await.unwrap());
        assert_eq!(first.ultravox_url(), second.ultravox_url());
        assert_eq!(first.llm_url(), second.llm_url());
        make_agent(&second).await;
        assert_eq!(agents(&first).await, 1);
        // One that comes and goes takes nothing away.
        join().await.unwrap().stop().await;
        make_agent(&first).await;

        first.stop().await;
        let url = second.ultravox_url().trim_start_matches("http://").to_owned();
        while TcpStream::connect(&url).await.is_err() {
            sleep(PAUSE).await;
        }
        assert_eq!(agents(&second).await, 2);
        let third = join().await.unwrap();
        assert_eq!(agents(&third).await, 2);
        third.stop().await;
        make_agent(&second).await;
        second.stop().await;

        let next = join().await.unwrap();
        assert_eq!(agents(&next).await, 3);
        next.stop().await;
        std::fs::remove_dir_all(data).unwrap();
    }
}
