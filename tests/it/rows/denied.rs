//! What may a login not do at all, inside its own organization?

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    inside_ada,
    support::{Two, code, count},
};

const NOT_ALLOWED: &str = "42501";

#[tokio::test]
async fn the_app_is_denied_every_way_around_row_security() {
    let two = Two::create().await;
    for login in [&two.db.logins.app, &two.db.logins.worker] {
        let mut connection = Two::connect(login).await;
        inside_ada(&mut connection).await;
        for statement in [
            "truncate app.agents",
            "create temp table mine (it int)",
            "create table app.mine (it int)",
            "create table public.mine (it int)",
            "create schema mine",
            "create view app.mine as select * from app.agents",
            "select lo_create(0)",
            "select lo_creat(-1)",
            "select lo_from_bytea(0, 'x')",
            "select lo_import('/etc/hostname')",
            "select pg_read_file('/etc/hostname')",
            "copy app.agents to program 'cat'",
            "copy app.agents to '/tmp/agents'",
            "select query from pg_stat_activity",
            "select pg_stat_get_activity(null)",
            "select pg_stat_get_backend_activity(s) from pg_stat_get_backend_idset() s",
            "select * from pg_authid",
            "select * from pg_statistic",
            "set session_replication_role = replica",
            "select set_config('app.org_id', 'org_bob', true)",
            "set role switchboard_owner",
            "set role switchboard_warden",
            "set session authorization switchboard_warden",
            "alter table app.agents disable row level security",
            "alter table app.agents disable trigger org_immutable",
            "drop policy org_wall on app.agents",
            "create policy mine on app.agents using (true)",
            "grant select on identity.users to public",
            "create role mine",
            "select * from identity.users",
            "select * from identity.api_key_secrets",
            "select * from identity.sessions",
            "select * from migrations._sqlx_migrations",
            "call ops.protect('app.agents', '{}')",
            "create publication mine for table app.agents",
            "set row_security = off; select * from app.agents",
        ] {
            assert_eq!(code(&mut connection, statement).await, NOT_ALLOWED, "{statement}");
        }
        // Row security and COPY FROM do not go together at all.
        assert_eq!(code(&mut connection, "copy app.agents from stdin").await, "0A000");
    }
}

#[tokio::test]
async fn the_app_knows_nothing_of_events_and_jobs_and_identity_nothing_of_any_row() {
    let two = Two::create().await;
    let mut app = Two::connect(&two.db.logins.app).await;
    for table in ["ops.inbox", "ops.jobs", "ops.schedules"] {
        assert_eq!(code(&mut app, &format!("select * from {table}")).await, NOT_ALLOWED);
    }
    let mut identity = Two::connect(&two.db.logins.identity).await;
    for table in &two.tables {
        let read = format!("select * from {}", table.name);
        assert_eq!(code(&mut identity, &read).await, NOT_ALLOWED, "{read}");
    }
    for table in ["ops.inbox", "ops.jobs", "ops.schedules"] {
        assert_eq!(
            code(&mut identity, &format!("select * from {table}")).await,
            NOT_ALLOWED
        );
    }
    assert_eq!(count(&mut identity, "identity.users").await, 2);
}

#[tokio::test]
async fn the_planners_statistics_keep_the_values_of_hidden_rows_to_themselves() {
    let two = Two::create().await;
    sqlx::raw_sql("analyze").execute(&two.db.admin).await.unwrap();
    let mut admin = two.db.admin.acquire().await.unwrap();
    let of_tenants = "pg_stats where schemaname = 'app'";
    assert!(count(&mut admin, of_tenants).await > 0);
    let mut app = Two::connect(&two.db.logins.app).await;
    assert_eq!(count(&mut app, of_tenants).await, 0);
}

#[tokio::test]
async fn a_dump_by_the_app_is_an_error_and_never_a_part_of_the_rows() {
    let two = Two::create().await;
    let mut app = Two::connect(&two.db.logins.app).await;
    inside_ada(&mut app).await;
    for table in &two.tables {
        // What pg_dump says before it reads.
        let dump = format!("set row_security = off; copy {} to stdout", table.name);
        assert_eq!(code(&mut app, &dump).await, NOT_ALLOWED, "{}", table.name);
    }
}

#[tokio::test]
async fn pg_dump_itself_gives_up_too() {
    let two = Two::create().await;
    let Some(program) = pg_dump() else {
        eprintln!("no pg_dump here; the test before has refused its statements");
        return;
    };
    let login = &two.db.logins.app;
    let mut command = Command::new(program);
    command
        .arg("--data-only")
        .arg("--schema=app")
        .arg("--username")
        .arg(login.get_username());
    command
        .arg("--port")
        .arg(login.get_port().to_string())
        .arg("--dbname")
        .arg(&two.db.name);
    command
        .arg("--host")
        .arg(login.get_socket().map_or(Path::new(login.get_host()), PathBuf::as_path));
    let dumped = command.output().unwrap();
    assert!(!dumped.status.success());
    assert!(!String::from_utf8_lossy(&dumped.stdout).contains("Ada"), "{dumped:?}");
    assert!(
        String::from_utf8_lossy(&dumped.stderr).contains("row-level security")
            || String::from_utf8_lossy(&dumped.stderr).contains("permission denied"),
        "{dumped:?}"
    );
}

fn pg_dump() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join("pg_dump"))
        .find(|program| program.is_file())
}
