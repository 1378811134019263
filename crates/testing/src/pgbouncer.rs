//! A PgBouncer before the test cluster.

use std::{
    env, fs,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};

use crate::cluster;

/// Leads to every database of the test cluster. It goes with the value.
pub struct PgBouncer {
    process: Child,
    folder: PathBuf,
}

const PORT: u16 = 6432;

impl PgBouncer {
    /// Starts one that lets each of `roles` in without a password. `settings` are lines of its file, such as
    /// `pool_mode = transaction`.
    ///
    /// # Panics
    /// When it does not start; a test has no use for the error.
    pub async fn start(roles: &[&str], settings: &str) -> PgBouncer {
        let server = cluster().await;
        // A short path: a socket's has a limit of a hundred letters.
        let folder = env::temp_dir().join(format!("pgb-{}", uuid::Uuid::now_v7().simple()));
        let users: String = roles.iter().map(|role| format!("\"{role}\" \"\"\n")).collect();
        let at = folder.display();
        let file = format!(
            "[databases]\n* = host={socket} port={port}\n[pgbouncer]\nlisten_port = {PORT}\nunix_socket_dir = {at}\n\
             auth_type = trust\nauth_file = {at}/users.txt\nmax_client_conn = 500\n{settings}\n",
            socket = server.socket().display(),
            port = server.port(),
        );
        fs::create_dir(&folder).expect("a folder can be made");
        fs::write(folder.join("users.txt"), users).expect("a file can be written");
        fs::write(folder.join("pgbouncer.ini"), file).expect("a file can be written");
        let mut command = Command::new(binary());
        // It refuses to be root, as whom tests may run: then it is whoever the cluster is.
        let owner = fs::metadata(server.socket()).expect("the socket's folder is there");
        if owner.uid() != fs::metadata(&folder).expect("the folder is there").uid() {
            chown(&folder, Some(owner.uid()), Some(owner.gid())).expect("a folder can be given away");
            command.uid(owner.uid()).gid(owner.gid());
        }
        let process = command
            .arg(folder.join("pgbouncer.ini"))
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("log")).expect("a file can be written"))
            .spawn()
            .expect("PgBouncer is installed: scripts/setup database");
        let mut started = PgBouncer { process, folder };
        started.wait(roles[0]).await;
        started
    }

    /// Which one is installed: `(1, 18)`. From 1.21 on it can keep prepared statements.
    ///
    /// # Panics
    /// When it does not say; a test has no use for the error.
    pub fn version() -> (u32, u32) {
        let said = Command::new(binary())
            .arg("--version")
            .output()
            .expect("PgBouncer is installed");
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let mut numbers = said.split([' ', '.', '\n']).filter_map(|part| part.parse().ok());
        numbers.next().zip(numbers.next()).expect("PgBouncer says its version")
    }

    async fn wait(&mut self, role: &str) {
        let asked = Instant::now();
        let login = self.through(&cluster().await.options().database("postgres").username(role));
        while let Err(error) = async { login.connect().await?.close().await }.await {
            let over = self.process.try_wait().expect("a process can be asked");
            if over.is_some() || asked.elapsed() > Duration::from_secs(20) {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                panic!("PgBouncer lets nobody in: {error}\n{log}");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The same login, through this.
    pub fn through(&self, login: &PgConnectOptions) -> PgConnectOptions {
        // What sqlx says by itself it refuses, unless it is told to ignore it.
        login.clone().socket(&self.folder).port(PORT).extra_float_digits(None)
    }
}

/// Debian's place for it is one of the system's, and not on everybody's path.
fn binary() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join("pgbouncer"))
        .find(|binary| binary.exists())
        .unwrap_or_else(|| "pgbouncer".into())
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // It has nothing to keep.
        drop(self.process.kill());
        drop(self.process.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}
