//! Whether the private Postgres starts, is shared, outlives its hosts and comes back from every kind of sudden end.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::env;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use cluster::{Cluster, ClusterError, Durability, Stop};
use sqlx::{ConnectOptions, Connection, PgConnection};

/// Tells a process of these tests to use the cluster of the directory named, instead of testing.
const HOST: &str = "SWITCHBOARD_TEST_HOST";
const NOBODY: u32 = 65534;

#[tokio::test]
async fn a_new_cluster_answers_on_its_socket_alone_until_it_is_stopped() {
    let scratch = Scratch::new("new");
    let cluster = Cluster::start(scratch.data()).await.unwrap();
    let mut connection = connect(&cluster).await;
    assert_eq!(setting(&mut connection, "listen_addresses").await, "");
    assert_eq!(setting(&mut connection, "fsync").await, "on");
    assert_eq!(setting(&mut connection, "full_page_writes").await, "on");
    assert_eq!(setting(&mut connection, "max_connections").await, "200");
    assert_eq!(fs::metadata(cluster.socket()).unwrap().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(cluster.home().join("data")).unwrap().mode() & 0o777, 0o700);

    let options = cluster.options();
    assert_eq!(cluster.stop().await.unwrap(), Stop::Stopped);
    assert!(options.connect().await.is_err());
    assert_eq!(Cluster::stop_running(scratch.data()).await.unwrap(), Stop::NotRunning);
}

#[tokio::test]
async fn letters_have_case_in_every_language() {
    let scratch = Scratch::new("case");
    let cluster = scratch.start().await;
    let mut connection = connect(&cluster).await;
    let lower: String = sqlx::query_scalar("select lower('ÜNAL Ж')")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(lower, "ünal ж");
}

#[tokio::test]
async fn only_the_last_of_two_users_stops_the_server() {
    let scratch = Scratch::new("two");
    let first = scratch.start().await;
    let second = scratch.start().await;
    assert_eq!(birth(&first).await, birth(&second).await);
    assert_eq!(Cluster::stop_running(scratch.data()).await.unwrap(), Stop::InUse);
    assert_eq!(first.stop().await.unwrap(), Stop::InUse);
    connect(&second).await;
    assert_eq!(second.stop().await.unwrap(), Stop::Stopped);
}

#[tokio::test]
async fn users_who_start_at_once_get_one_server() {
    let scratch = Scratch::new("once");
    let (a, b, c) = tokio::join!(scratch.start(), scratch.start(), scratch.start());
    assert_eq!(birth(&a).await, birth(&b).await);
    assert_eq!(birth(&a).await, birth(&c).await);
    let (a, b, c) = tokio::join!(a.stop(), b.stop(), c.stop());
    let stops = [a.unwrap(), b.unwrap(), c.unwrap()];
    assert_eq!(
        stops.iter().filter(|stop| **stop == Stop::Stopped).count(),
        1,
        "{stops:?}"
    );
}

#[tokio::test]
async fn what_is_committed_survives_kill_9_of_the_server() {
    let scratch = Scratch::new("kill");
    let cluster = Cluster::start(scratch.data()).await.unwrap();
    let mut connection = connect(&cluster).await;
    sqlx::raw_sql("create table kept as select 7 as it")
        .execute(&mut connection)
        .await
        .unwrap();
    // The connection stays, so an orphan of the dead server is about when the next one starts.
    kill("-KILL", &pid(&cluster));
    let again = Cluster::start(scratch.data()).await.unwrap();
    let mut connection = connect(&again).await;
    let it: i32 = sqlx::query_scalar("select it from kept")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(it, 7);
    assert_eq!(again.stop().await.unwrap(), Stop::InUse);
    assert_eq!(cluster.stop().await.unwrap(), Stop::Stopped);
}

#[tokio::test]
async fn a_process_that_took_over_the_id_of_a_dead_server_is_not_taken_for_it() {
    let scratch = Scratch::new("stranger");
    let cluster = scratch.start().await;
    let owner = fs::metadata(cluster.home().join("data")).unwrap();
    let mut sleeper = Command::new("cat");
    sleeper.stdin(Stdio::piped()).current_dir("/");
    if is_root() {
        sleeper.uid(owner.uid()).gid(owner.gid());
    }
    let mut stranger = sleeper.spawn().unwrap();

    kill("-KILL", &pid(&cluster));
    let file = cluster.home().join("data/postmaster.pid");
    let text = fs::read_to_string(&file).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    fs::write(&file, format!("{}\n{rest}", stranger.id())).unwrap();

    let again = scratch.start().await;
    connect(&again).await;
    assert_eq!(stranger.try_wait().unwrap(), None, "the stranger was left alone");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[tokio::test]
async fn kill_9_of_a_host_leaves_the_server_for_the_next_one_and_its_use_ends() {
    let scratch = Scratch::new("host");
    let mut host = Host::start(scratch.data(), |_| {});
    assert_eq!(Cluster::stop_running(scratch.data()).await.unwrap(), Stop::InUse);
    host.process.kill().unwrap();
    host.process.wait().unwrap();
    let cluster = scratch.start().await;
    assert_eq!(birth(&cluster).await, host.birth);
    assert_eq!(cluster.stop().await.unwrap(), Stop::Stopped);
}

#[tokio::test]
async fn ctrl_c_reaches_the_host_but_not_the_server() {
    let scratch = Scratch::new("ctrl-c");
    let mut host = Host::start(scratch.data(), |command| {
        command.process_group(0);
    });
    kill("-INT", &format!("-{}", host.process.id()));
    host.process.wait().unwrap();
    let cluster = scratch.start().await;
    assert_eq!(birth(&cluster).await, host.birth);
}

#[tokio::test]
async fn the_server_inherits_neither_our_locks_nor_our_environment() {
    let scratch = Scratch::new("inherit");
    let cluster = scratch.start().await;
    let process = Path::new("/proc").join(pid(&cluster));
    if !process.exists() {
        return; // Only Linux shows what another process holds.
    }
    let open = fs::read_dir(process.join("fd"))
        .unwrap()
        .map(|fd| fs::read_link(fd.unwrap().path()).unwrap_or_default());
    let locks: Vec<PathBuf> = open
        .filter(|file| file.extension().is_some_and(|kind| kind == "lock"))
        .collect();
    assert_eq!(locks, Vec::<PathBuf>::new());
    let environment = fs::read(process.join("environ")).unwrap();
    assert!(!String::from_utf8_lossy(&environment).contains("CARGO_MANIFEST_DIR"));
}

#[tokio::test]
async fn an_ordinary_user_gets_a_cluster_of_their_own() {
    if !is_root() {
        return; // Then every other test shows it.
    }
    let scratch = Scratch::new("user");
    std::os::unix::fs::chown(scratch.data(), Some(NOBODY), Some(NOBODY)).unwrap();
    // The test's own program may be where nobody else can reach it.
    let program = scratch.root.join("program");
    fs::copy(env::current_exe().unwrap(), &program).unwrap();
    let mut host = Host::run(&program, scratch.data(), |command| {
        command.uid(NOBODY).gid(NOBODY);
    });
    assert_eq!(
        fs::metadata(scratch.data().join("postgres/data")).unwrap().uid(),
        NOBODY
    );
    host.process.kill().unwrap();
    host.process.wait().unwrap();
    // Root finds whose it is and acts as them.
    let cluster = scratch.start().await;
    assert_eq!(birth(&cluster).await, host.birth);
    assert_eq!(cluster.stop().await.unwrap(), Stop::Stopped);
}

#[tokio::test]
async fn root_puts_the_cluster_elsewhere_when_its_account_cannot_reach_the_data() {
    if !is_root() {
        return; // An ordinary user's account reaches what the user does.
    }
    let scratch = Scratch::new("far");
    fs::set_permissions(&scratch.root, Permissions::from_mode(0o700)).unwrap();
    let cluster = scratch.start().await;
    let home = cluster.home().to_path_buf();
    assert!(
        home.starts_with("/var/lib/switchboard") || home.starts_with("/var/tmp"),
        "{}",
        home.display()
    );
    assert!(
        home.to_string_lossy().contains("far"),
        "{} says whose it is",
        home.display()
    );
    assert_ne!(fs::metadata(home.join("data")).unwrap().uid(), 0);
    let born = birth(&cluster).await;

    // It is found there even after the way to the data has opened.
    fs::set_permissions(&scratch.root, Permissions::from_mode(0o755)).unwrap();
    let again = scratch.start().await;
    assert_eq!((again.home(), birth(&again).await), (home.as_path(), born));
    assert_eq!(again.stop().await.unwrap(), Stop::InUse);
    assert_eq!(cluster.stop().await.unwrap(), Stop::Stopped);
    fs::remove_dir_all(home).unwrap();
}

#[tokio::test]
async fn a_cluster_that_is_to_be_there_is_made_nowhere_else() {
    if !is_root() {
        return; // An ordinary user's account reaches what the user does.
    }
    let scratch = Scratch::new("there");
    fs::set_permissions(&scratch.root, Permissions::from_mode(0o700)).unwrap();
    let refused = Cluster::start_there(scratch.data()).await.unwrap_err();
    assert!(
        matches!(&refused, ClusterError::Unreachable(path) if path == scratch.data()),
        "{refused}"
    );
    assert_eq!(Cluster::stop_running(scratch.data()).await.unwrap(), Stop::NotRunning);
    fs::set_permissions(&scratch.root, Permissions::from_mode(0o755)).unwrap();
    let cluster = Cluster::start_there(scratch.data()).await.unwrap();
    assert_eq!(cluster.home(), scratch.data().join("postgres"));
    assert_eq!(cluster.stop().await.unwrap(), Stop::Stopped);
}

#[tokio::test]
async fn a_long_path_to_the_data_does_not_lengthen_the_socket() {
    let scratch = Scratch::new("long");
    let deep = scratch.data().join("a-directory-with-a-long-name/".repeat(6));
    let cluster = Cluster::start_with(&deep, Durability::Throwaway).await.unwrap();
    let file = cluster.socket().join(format!(".s.PGSQL.{}", cluster.port()));
    assert!(
        deep.as_os_str().len() > 107 && file.as_os_str().len() < 107,
        "{}",
        file.display()
    );
    connect(&cluster).await;
    assert_eq!(cluster.stop().await.unwrap(), Stop::Stopped);
}

#[tokio::test]
async fn a_socket_directory_that_others_may_enter_is_refused() {
    let scratch = Scratch::new("trap");
    let cluster = scratch.start().await;
    let socket = cluster.socket().to_path_buf();
    cluster.stop().await.unwrap();
    fs::create_dir(&socket).unwrap();
    fs::set_permissions(&socket, Permissions::from_mode(0o777)).unwrap();
    let refused = Cluster::start(scratch.data()).await.unwrap_err();
    assert!(
        matches!(&refused, ClusterError::NotPrivate(path) if *path == socket),
        "{refused}"
    );
    fs::remove_dir(&socket).unwrap();
}

#[tokio::test]
async fn an_interrupted_making_is_begun_anew() {
    let scratch = Scratch::new("half");
    let half = scratch.data().join("postgres/data.new");
    fs::create_dir_all(&half).unwrap();
    fs::write(half.join("PG_VERSION"), "15\n").unwrap();
    let cluster = scratch.start().await;
    connect(&cluster).await;
}

#[tokio::test]
async fn a_server_whose_files_were_deleted_does_not_answer_for_the_next() {
    let scratch = Scratch::new("deleted");
    let orphan = scratch.start().await;
    let process = pid(&orphan);
    fs::remove_dir_all(orphan.home()).unwrap();
    let cluster = scratch.start().await;
    connect(&cluster).await;
    assert_ne!(cluster.socket(), orphan.socket());
    kill("-KILL", &process);
    fs::remove_dir_all(orphan.socket()).unwrap();
}

#[tokio::test]
async fn when_told_to_this_test_is_another_process_that_uses_a_cluster() {
    let Some(data) = env::var_os(HOST) else { return };
    let cluster = Cluster::start_with(Path::new(&data), Durability::Throwaway)
        .await
        .unwrap();
    println!("born {}", birth(&cluster).await);
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    cluster.stop().await.unwrap();
}

/// Another process that uses a cluster until it is killed, or its input ends.
struct Host {
    process: Child,
    birth: String,
}

impl Host {
    fn start(data: &Path, change: impl FnOnce(&mut Command)) -> Host {
        Host::run(&env::current_exe().unwrap(), data, change)
    }

    fn run(program: &Path, data: &Path, change: impl FnOnce(&mut Command)) -> Host {
        let mut command = Command::new(program);
        command
            .args([
                "--exact",
                "when_told_to_this_test_is_another_process_that_uses_a_cluster",
                "--nocapture",
            ])
            .env(HOST, data)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        change(&mut command);
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let birth = lines
            .filter_map(|line| Some(line.split_once("born ")?.1.to_owned()))
            .next();
        Host {
            process,
            birth: birth.expect("the host says when its server was born"),
        }
    }
}

/// A directory anyone can reach, as a checkout under `/srv` would be. What runs in it is stopped in the end.
struct Scratch {
    root: PathBuf,
    data: PathBuf,
}

impl Scratch {
    fn new(name: &str) -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let root = PathBuf::from(format!(
            "/tmp/switchboard-cluster-{}-{count}-{name}",
            std::process::id()
        ));
        let data = root.join("data");
        fs::create_dir_all(&data).unwrap();
        for directory in [&root, &data] {
            fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
        }
        Scratch { root, data }
    }

    fn data(&self) -> &Path {
        &self.data
    }

    async fn start(&self) -> Cluster {
        Cluster::start_with(&self.data, Durability::Throwaway).await.unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let data = self.data.clone();
        let stop = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(Cluster::stop_running(&data))
        });
        let stopped = stop.join();
        if !std::thread::panicking() {
            assert_ne!(stopped.unwrap().unwrap(), Stop::InUse);
            fs::remove_dir_all(&self.root).unwrap();
        }
    }
}

async fn connect(cluster: &Cluster) -> PgConnection {
    let mut connection = cluster.options().connect().await.unwrap();
    connection.ping().await.unwrap();
    connection
}

async fn setting(connection: &mut PgConnection, name: &str) -> String {
    sqlx::query_scalar("select current_setting($1)")
        .bind(name)
        .fetch_one(connection)
        .await
        .unwrap()
}

/// When the server was started, which tells one server from the next.
async fn birth(cluster: &Cluster) -> String {
    let mut connection = connect(cluster).await;
    sqlx::query_scalar("select pg_postmaster_start_time()::text")
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

fn pid(cluster: &Cluster) -> String {
    let text = fs::read_to_string(cluster.home().join("data/postmaster.pid")).unwrap();
    text.lines().next().unwrap().to_owned()
}

fn kill(signal: &str, target: &str) {
    assert!(
        Command::new("kill")
            .args([signal, "--", target])
            .status()
            .unwrap()
            .success()
    );
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|found| found.uid() == 0)
}
