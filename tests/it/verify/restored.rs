//! Backup and restore, with the commands of docs/operations.md: what comes back is what was there, and is as closed.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, postgres::PgConnectOptions};
use switchboard::{
    db::{
        Durability, Logins,
        testing::{OwnCluster, TestDb, cluster},
    },
    verify,
};

use super::{EVERYTHING, TWO_ORGANIZATIONS};

/// Postgres' own programs, beside the server that runs here.
struct Programs(PathBuf);

impl Programs {
    async fn of(server: &PgConnectOptions) -> Self {
        let mut connection = server.connect().await.unwrap();
        let folder: String = sqlx::query_scalar("select setting from pg_config where name = 'BINDIR'")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        Self(folder.into())
    }

    /// Runs one against a server as a role; whether it ended well, and what it printed.
    fn run(&self, name: &str, socket: &Path, role: &str, words: &[&str]) -> (bool, Vec<u8>) {
        let output = Command::new(self.0.join(name))
            .arg("--host")
            .arg(socket)
            .args(["--port", "5432", "--no-password", "--username", role])
            .args(words)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        if !output.status.success() {
            eprintln!("{name}: {}", String::from_utf8_lossy(&output.stderr));
        }
        (output.status.success(), output.stdout)
    }
}

/// Each table with the number of its rows and a digest of them all.
async fn contents(at: &PgConnectOptions) -> BTreeMap<String, (i64, Option<String>)> {
    let mut connection = at.connect().await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('app', 'identity', 'ops', 'migrations')",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut contents = BTreeMap::new();
    for table in tables {
        let text = format!("select count(*), md5(string_agg(t::text, '|' order by t::text)) from {table} t");
        let found = sqlx::query_as(AssertSqlSafe(text))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        contents.insert(table, found);
    }
    connection.close().await.unwrap();
    contents
}

#[tokio::test]
async fn what_is_restored_on_another_server_is_what_was_backed_up() {
    let db = TestDb::create().await;
    db.plant(TWO_ORGANIZATIONS, [("org_ada", "Ada"), ("org_bob", "Bob")])
        .await;
    let programs = Programs::of(&cluster().await.options()).await;
    let own = OwnCluster::start("restored", Durability::Throwaway).await;
    let other = own.cluster();
    let file = |name: &str| std::env::temp_dir().join(format!("{}.{name}", db.name));
    let (roles, dump) = (file("roles.sql"), file("dump"));

    let here = cluster().await.socket();
    let (well, text) = programs.run(
        "pg_dumpall",
        here,
        "switchboard_backup",
        &["--roles-only", "--no-role-passwords"],
    );
    assert!(well);
    // Roles of other tests come and go on this server.
    let ours = |line: &&str| !line.contains("ROLE") || line.contains("switchboard_");
    let text: Vec<&str> = std::str::from_utf8(&text).unwrap().lines().filter(ours).collect();
    std::fs::write(&roles, text.join("\n")).unwrap();
    let (well, archive) = programs.run("pg_dump", here, "switchboard_backup", &["--format=custom", &db.name]);
    assert!(well);
    std::fs::write(&dump, archive).unwrap();

    let (well, _) = programs.run(
        "psql",
        other.socket(),
        "postgres",
        &["--no-psqlrc", "--dbname=postgres", "--file", roles.to_str().unwrap()],
    );
    assert!(well);
    let (well, _) = programs.run(
        "pg_restore",
        other.socket(),
        "postgres",
        &[
            "--exit-on-error",
            "--create",
            "--dbname=postgres",
            dump.to_str().unwrap(),
        ],
    );
    assert!(well);

    let logins = Logins::trusted(other.options().database(&db.name));
    let (before, after) = (contents(&db.logins.admin).await, contents(&logins.admin).await);
    assert_eq!(before, after);
    assert_eq!(before["app.agents"].0, 2);
    let report = verify::run(&logins, EVERYTHING).await.unwrap();
    assert!(report.clean, "{report}");
    std::fs::remove_file(roles).unwrap();
    std::fs::remove_file(dump).unwrap();
}
