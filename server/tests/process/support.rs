//! An installation in a directory of its own, with the private Postgres that belongs to it.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use reqwest::Method;
use serde_json::Value;
use tokio::sync::oneshot;

pub const PASSWORD: &str = "correct-horse-battery";

/// How long anything here may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Installation {
    data: PathBuf,
    settings: Vec<(&'static str, String)>,
}

/// A process of the program. It is killed with the value, as abruptly as [`Running::kill`] does it.
pub struct Running {
    child: Child,
    /// What it said when it was ready.
    pub said: Value,
    /// All it has said so far.
    log: Arc<Mutex<Vec<String>>>,
}

impl Installation {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let data = std::env::temp_dir().join(format!("switchboard-process-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&data).unwrap();
        // A free one, the same for every process of the installation: its tokens name the address as their issuer.
        let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let settings = vec![
            ("SWITCHBOARD_DATA", data.display().to_string()),
            ("SWITCHBOARD_ADDR", addr.to_string()),
        ];
        Self { data, settings }
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.settings.push((name, value.to_owned()));
        self
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    /// With these settings and no others: whatever the shell of the test has set is not for it.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard"));
        command.env_clear();
        for name in ["PATH", "HOME", "PG_BIN", "XDG_CACHE_HOME"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .args(arguments)
            .envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end; answers what it printed.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that shall refuse; answers what it said.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(!output.status.success(), "{arguments:?} did not refuse");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// As [`Self::refused`], run by somebody else.
    pub fn refused_to(&self, user: u32, arguments: &[&str]) -> String {
        // The program of the test may be where nobody else can reach it.
        let program = self.data.with_extension("program");
        std::fs::copy(env!("CARGO_BIN_EXE_switchboard"), &program).unwrap();
        let known = self.command(arguments);
        let mut command = Command::new(&program);
        command.env_clear().current_dir("/").args(arguments).uid(user).gid(user);
        for (name, value) in known.get_envs().filter_map(|(name, value)| Some((name, value?))) {
            command.env(name, value);
        }
        let output = command.output().unwrap();
        std::fs::remove_file(program).unwrap();
        assert!(!output.status.success(), "{arguments:?} did not refuse");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    pub fn bootstrap(&self, email: &str, org: &str) -> Value {
        let printed = self.run(&[
            "admin",
            "bootstrap",
            "--email",
            email,
            "--password",
            PASSWORD,
            "--org",
            org,
        ]);
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
    }

    /// Serves, and is ready.
    pub async fn serve(&self) -> Running {
        self.stays(&["serve"], |line| line["message"] == "listening").await
    }

    /// Does what the program does when nobody says what.
    pub async fn without_command(&self) -> Running {
        self.stays(&[], |line| line["message"] == "listening").await
    }

    /// Serves and leaves the work to others.
    pub async fn only_serve(&self) -> Running {
        self.stays(&["serve", "--no-worker"], |line| line["message"] == "listening")
            .await
    }

    /// Works, and says on a port of its own how it goes.
    pub async fn work(&self) -> Running {
        self.stays(&["worker", "--listen", "127.0.0.1:0"], |line| {
            line["message"] == "working"
        })
        .await
    }

    /// Serves with further settings, which the installation's other commands are not told.
    pub async fn serve_with(&self, settings: &[(&'static str, &str)]) -> Running {
        let mut command = self.command(&["serve"]);
        command.envs(settings.iter().copied());
        Self::spawned(command, |line| line["message"] == "listening").await
    }

    async fn stays(&self, arguments: &[&str], is_ready: fn(&Value) -> bool) -> Running {
        Self::spawned(self.command(arguments), is_ready).await
    }

    async fn spawned(mut command: Command, is_ready: fn(&Value) -> bool) -> Running {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = child.stderr.take().unwrap();
        Running::ready(child, log, is_ready).await
    }

    /// The simulated providers as a process of their own.
    pub async fn sandbox(&self) -> Running {
        let mut child = self.command(&["sandbox"]).stdout(Stdio::piped()).spawn().unwrap();
        let printed = child.stdout.take().unwrap();
        Running::ready(child, printed, |line| line["ultravox"].is_object()).await
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        // What a failed test leaves is of use to nobody without its Postgres.
        let stopped = self.command(&["postgres", "stop"]).output();
        if stopped.is_ok_and(|output| output.status.success()) {
            drop(std::fs::remove_dir_all(&self.data));
        }
    }
}

impl Running {
    async fn ready(child: Child, output: impl Read + Send + 'static, is_ready: fn(&Value) -> bool) -> Self {
        let (sender, receiver) = oneshot::channel();
        let log = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&log);
        // Reads on after that: a program whose log nobody reads stands still.
        std::thread::spawn(move || {
            let mut sender = Some(sender);
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                written.lock().unwrap().push(line.clone());
                let Some(waiting) = sender.take() else { continue };
                match serde_json::from_str::<Value>(&line) {
                    Ok(said) if is_ready(&said) => drop(waiting.send(Ok(said))),
                    _ => sender = Some(waiting),
                }
            }
            if let Some(waiting) = sender {
                drop(waiting.send(Err(written.lock().unwrap().clone())));
            }
        });
        let mut running = Self {
            child,
            said: Value::Null,
            log,
        };
        let said = tokio::time::timeout(PATIENCE, receiver)
            .await
            .expect("it did not start in time");
        running.said = said.unwrap().unwrap_or_else(|log| panic!("it ended: {log:#?}"));
        running
    }

    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.said["addr"].as_str().unwrap())
    }

    /// SIGKILL: nothing of it runs any more, whatever it was doing.
    pub fn kill(self) {}

    /// SIGTERM: it is asked to stop.
    pub fn terminate(&self) {
        signal("-TERM", &self.child.id().to_string());
    }

    /// What a terminal sends at Ctrl-C.
    pub fn interrupt(&self) {
        signal("-INT", &self.child.id().to_string());
    }

    pub async fn ended(mut self) -> ExitStatus {
        until("it has ended", async || self.child.try_wait().unwrap()).await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }
}

/// Sends a signal to a process.
pub fn signal(signal: &str, process: &str) {
    let sent = Command::new("kill").args([signal, process]).status().unwrap();
    assert!(sent.success(), "kill {signal} {process}");
}

pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{} {error}: {}", self.status, String::from_utf8_lossy(&self.bytes)))
    }
}

/// A program that uses the REST API with a key.
#[derive(Clone)]
pub struct Api {
    pub url: String,
    pub key: String,
    http: reqwest::Client,
}

impl Api {
    pub fn new(url: &str, key: &str) -> Self {
        Self {
            url: url.to_owned(),
            key: key.to_owned(),
            http: switchboard::providers::client(),
        }
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}/api/v1{path}", self.url))
            .bearer_auth(&self.key)
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    /// Sends and has to succeed.
    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Value {
        let key = uuid::Uuid::now_v7().to_string();
        let request = self.request(method, path).header("idempotency-key", key).json(body);
        let answer = answer(request).await;
        assert!(answer.status < 300, "{path}: {} {}", answer.status, answer.json());
        answer.json()
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        bytes: response.bytes().await.unwrap().to_vec(),
    }
}

/// Looks again and again until there is something, and not for ever.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let mut again = tokio::time::interval(Duration::from_millis(20));
    let looking = async {
        loop {
            again.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, looking)
        .await
        .unwrap_or_else(|_| panic!("{what}: it should have happened by now"))
}
