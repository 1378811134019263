//! The process under test: the release binary on a data directory of its own.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use sqlx::postgres::PgConnectOptions;
use switchboard::db::{self, Cluster, Logins};
use tokio::net::TcpStream;

pub struct Subject {
    pub addr: String,
    pub org_id: String,
    pub user_id: String,
    pub app_login: PgConnectOptions,
    pub warden_login: PgConnectOptions,
    token: String,
    cookie: String,
    binary: PathBuf,
    data: PathBuf,
    process: Running,
    cluster: Cluster,
}

/// Ends with the bench, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // After an orderly end there is nothing left to kill.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Subject {
    pub async fn start() -> anyhow::Result<Self> {
        let binary =
            std::fs::canonicalize("target/release/switchboard").context("build it first: scripts/build release")?;
        let data = std::env::temp_dir().join(format!("switchboard-bench-{}", std::process::id()));
        let cluster = Cluster::start(&data).await?;
        let logins = Logins::embedded(&cluster);
        db::ensure_database(&cluster).await?;
        db::migrate(&logins).await?;
        // A port that is free now; nothing else here takes one.
        let addr = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let mut subject = Self {
            process: spawn(&binary, &data, &addr)?,
            addr,
            org_id: String::new(),
            user_id: String::new(),
            app_login: logins.app,
            warden_login: logins.warden,
            token: String::new(),
            cookie: String::new(),
            binary,
            data,
            cluster,
        };
        subject.wait().await?;
        subject.enroll()?;
        Ok(subject)
    }

    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    fn enroll(&mut self) -> anyhow::Result<()> {
        let made = Command::new(&self.binary)
            .args([
                "admin",
                "bootstrap",
                "--email",
                "bench@example.com",
                "--password",
                "bench-bench-bench",
                "--org",
                "Bench",
            ])
            .env("SWITCHBOARD_DATA", &self.data)
            .env("SWITCHBOARD_ADDR", &self.addr)
            .stderr(Stdio::null())
            .output()?;
        let made: serde_json::Value =
            serde_json::from_slice(&made.stdout).context("admin bootstrap printed no JSON")?;
        let text = |key: &str| {
            made[key]
                .as_str()
                .map(str::to_owned)
                .with_context(|| format!("admin bootstrap printed no {key}"))
        };
        (self.org_id, self.user_id, self.token) = (text("org_id")?, text("user_id")?, text("api_key")?);
        let session = Command::new("node")
            .args(["bench/session.mjs", &format!("http://{}", self.addr)])
            .output()?;
        if !session.status.success() {
            bail!("signing in failed: {}", String::from_utf8_lossy(&session.stderr));
        }
        self.cookie = String::from_utf8(session.stdout)?.trim().to_owned();
        Ok(())
    }

    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// The organization's own API key.
    pub fn key(&self) -> &str {
        &self.token
    }

    pub fn list_request(&self) -> String {
        self.request("/api/v1/agents?limit=50", self.key())
    }

    pub fn request(&self, path: &str, key: &str) -> String {
        format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {key}\r\n\r\n",
            self.addr
        )
    }

    pub fn page_request(&self, path: &str) -> String {
        format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\naccept: text/html\r\n\r\n",
            self.addr, self.cookie
        )
    }

    /// Stops the process and times it from being started to being ready, on a database that needs no migration.
    pub async fn restart(&mut self) -> anyhow::Result<Duration> {
        self.end()?;
        let began = Instant::now();
        self.process = spawn(&self.binary, &self.data, &self.addr)?;
        self.wait().await?;
        Ok(began.elapsed())
    }

    async fn wait(&mut self) -> anyhow::Result<()> {
        let until = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(&self.addr).await.is_err() || !self.ready().await {
            if let Some(status) = self.process.0.try_wait()? {
                bail!("it ended with {status}");
            }
            if Instant::now() > until {
                bail!("it was not ready within 30 s");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    async fn ready(&self) -> bool {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let asked = async {
            let mut stream = TcpStream::connect(&self.addr).await?;
            stream
                .write_all(
                    format!(
                        "GET /readyz HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
                        self.addr
                    )
                    .as_bytes(),
                )
                .await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            std::io::Result::Ok(answer.starts_with("HTTP/1.1 204"))
        };
        asked.await.unwrap_or(false)
    }

    /// Resident memory of the process, in MB of a million bytes.
    pub fn resident_mb(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.0.id()))?;
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .context("no VmRSS")?;
        let kib: f64 = line.split_whitespace().nth(1).context("no figure")?.parse()?;
        Ok(kib * 1024.0 / 1e6)
    }

    fn end(&mut self) -> anyhow::Result<()> {
        // SIGTERM, as an operator would; std only knows how to kill.
        Command::new("kill").arg(self.process.0.id().to_string()).status()?;
        self.process.0.wait()?;
        Ok(())
    }

    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.end()?;
        self.cluster.stop().await?;
        std::fs::remove_dir_all(&self.data)?;
        Ok(())
    }
}

fn spawn(binary: &PathBuf, data: &PathBuf, addr: &str) -> anyhow::Result<Running> {
    Ok(Running(
        Command::new(binary)
            .arg("serve")
            .env("SWITCHBOARD_DATA", data)
            .env("SWITCHBOARD_ADDR", addr)
            .env("SWITCHBOARD_REQUESTS_PER_SECOND", "1000000")
            .env("RUST_LOG", "warn")
            .stdout(Stdio::null())
            .spawn()?,
    ))
}
