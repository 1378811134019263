//! A database of somebody else's, with people in organizations, and a plan for it.

use std::{num::NonZeroU32, time::Duration};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use testing::cluster;
use warden::{
    claims::{Options, Outcome, Progress, run},
    name::Name,
    plan::{Claims, ClaimsProvider, Organization, Path, Plan, Seal, Source, Users},
};

use crate::stand_in::KEY;

/// Goes with the value, except when the test fails.
pub struct World {
    server: PgConnectOptions,
    name: String,
    pub plan: Plan,
}

/// A row of the journal: state, organization, attempts, error.
pub type Entry = (String, Option<String>, i32, Option<String>);

impl World {
    /// `people` with a key of the type `kind`, the provider's id `subject`, and nobody in it yet.
    pub async fn new(provider: ClaimsProvider, kind: &str) -> Self {
        let server = cluster().await.options();
        let mut connection = server.connect().await.unwrap();
        let name: String = sqlx::query_scalar("select 'test_' || replace(gen_random_uuid()::text, '-', '')")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        execute(&mut connection, &format!("create database {name} template template0")).await;
        let world = Self {
            server: server.clone(),
            name,
            plan: plan(provider, kind),
        };
        let mut own = world.connect().await;
        let tables = format!(
            "create table \"People\" (id {kind} primary key, \"Subject\" text, secret text not null default 'never read');
             create schema warden;
             create table warden.user_org (user_key {kind} primary key, org text not null)"
        );
        execute(&mut own, &tables).await;
        world
    }

    pub async fn connect(&self) -> PgConnection {
        self.server.clone().database(&self.name).connect().await.unwrap()
    }

    pub async fn execute(&self, sql: &str) {
        execute(&mut self.connect().await, sql).await;
    }

    pub async fn text(&self, sql: &str) -> Option<String> {
        let mut connection = self.connect().await;
        sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    /// A person, and their organization where they have one.
    pub async fn person(&self, key: &str, subject: Option<&str>, org: Option<&str>) {
        let kind = &self.plan.users.r#type;
        let mut connection = self.connect().await;
        let insert = format!("insert into \"People\" (id, \"Subject\") values ($1::text::{kind}, $2)");
        let insert = sqlx::query(AssertSqlSafe(insert)).bind(key).bind(subject);
        insert.execute(&mut connection).await.unwrap();
        let insert = format!("insert into warden.user_org select $1::text::{kind}, $2 where $2 is not null");
        let insert = sqlx::query(AssertSqlSafe(insert)).bind(key).bind(org);
        insert.execute(&mut connection).await.unwrap();
    }

    pub async fn run(&self, options: &Options) -> Outcome {
        let mut connection = self.connect().await;
        run(&mut connection, &self.plan, options, &|_| {}).await.unwrap()
    }

    pub async fn entry(&self, key: &str) -> Entry {
        let mut connection = self.connect().await;
        sqlx::query_as("select state, org, attempts, error from warden.claim where user_key::text = $1")
            .bind(key)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    pub async fn states(&self) -> Vec<(String, String)> {
        let mut connection = self.connect().await;
        sqlx::query_as("select user_key::text, state from warden.claim order by user_key")
            .fetch_all(&mut connection)
            .await
            .unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the test's database is kept: {}", self.name);
            return;
        }
        // A destructor cannot wait, and its runtime may be about to end: the farewell has a thread and a runtime.
        let (server, name) = (self.server.clone(), self.name.clone());
        let farewell = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut connection = server.connect().await.unwrap();
                execute(&mut connection, &format!("drop database if exists {name} with (force)")).await;
                connection.close().await.unwrap();
            });
        });
        farewell.join().unwrap();
    }
}

pub async fn execute(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

/// As fast as it goes, and with a provider that has to answer at once.
pub fn options() -> Options {
    let number = |n| NonZeroU32::new(n).unwrap();
    Options {
        key: Some(KEY.into()),
        rate: number(1_000_000),
        batch: number(100),
        failures: number(10),
        timeout: Duration::from_secs(10),
        backoff: Duration::from_millis(1),
        ..Options::default()
    }
}

/// Without what lies before it.
pub fn figures(progress: Progress) -> [u64; 7] {
    let Progress {
        examined,
        settled,
        written,
        same,
        absent,
        mismatch,
        failed,
        ..
    } = progress;
    [examined, settled, written, same, absent, mismatch, failed]
}

fn plan(provider: ClaimsProvider, kind: &str) -> Plan {
    Plan {
        version: 1,
        database: "somebody's".into(),
        organization: Organization {
            column: "org_id".into(),
            r#type: "text".into(),
            table: Some(Name::new("public", "orgs")),
            key: Some("id".into()),
            quarantine: None,
            default: None,
        },
        users: Users {
            table: Name::new("public", "People"),
            key: "id".into(),
            r#type: kind.into(),
            source: Source::Membership {
                table: Name::new("public", "members"),
                user: "person".into(),
                organization: Path {
                    columns: vec!["org".into()],
                    to: Name::new("public", "orgs"),
                    references: vec!["id".into()],
                    when: None,
                    unless: Vec::new(),
                },
            },
            assigned: Default::default(),
        },
        seal: Seal {
            schema: "tenancy".into(),
            setting: "app.org_id".into(),
            roles: Vec::new(),
            reads_as_owner: Vec::new(),
        },
        claims: Some(Claims {
            provider,
            subject: "Subject".into(),
        }),
        tables: Vec::new(),
    }
}
