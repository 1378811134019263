//! A database of a test's own, on the test cluster.

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use testing::cluster;
use warden::discover::{Discovery, Hints, Refused, discover};

/// Goes at the end of its test; one that a failure leaves is taken away by the next test of that name.
pub struct Database {
    name: String,
    options: PgConnectOptions,
}

/// Three people in two organizations, for schemas that need no more.
pub const PEOPLE: &str = "
    create table organizations (id uuid primary key default gen_random_uuid(), name text not null);
    create table users (id uuid primary key default gen_random_uuid(), email text not null);
    create table memberships (user_id uuid not null references users, org_id uuid not null references organizations, primary key (user_id, org_id));
    insert into organizations values ('a0000000-0000-0000-0000-000000000000', 'a'), ('b0000000-0000-0000-0000-000000000000', 'b');
    insert into users values ('00000000-0000-0000-0000-000000000001', 'one'), ('00000000-0000-0000-0000-000000000002', 'two'),
                             ('00000000-0000-0000-0000-000000000003', 'three');
    insert into memberships values ('00000000-0000-0000-0000-000000000001', 'a0000000-0000-0000-0000-000000000000'),
                                   ('00000000-0000-0000-0000-000000000002', 'a0000000-0000-0000-0000-000000000000'),
                                   ('00000000-0000-0000-0000-000000000003', 'b0000000-0000-0000-0000-000000000000');
    create function u(n int) returns uuid language sql immutable as $$ select ('00000000-0000-0000-0000-00000000000' || n)::uuid $$;
    create function a() returns uuid language sql immutable as $$ select 'a0000000-0000-0000-0000-000000000000'::uuid $$;
    create function b() returns uuid language sql immutable as $$ select 'b0000000-0000-0000-0000-000000000000'::uuid $$;";

impl Database {
    /// `name` is the test's own.
    pub async fn with(name: &str, schema: &[&str]) -> Self {
        let name = format!("discover_{name}");
        let server = cluster().await.options();
        let mut admin = server.connect().await.unwrap();
        for statement in [
            format!("drop database if exists {name} with (force)"),
            format!("create database {name}"),
        ] {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut admin).await.unwrap();
        }
        admin.close().await.unwrap();
        let database = Self {
            options: server.database(&name),
            name,
        };
        let mut connection = database.connect().await;
        for part in schema {
            sqlx::raw_sql(AssertSqlSafe((*part).to_owned()))
                .execute(&mut connection)
                .await
                .unwrap();
        }
        connection.close().await.unwrap();
        database
    }

    pub async fn connect(&self) -> PgConnection {
        self.options.connect().await.unwrap()
    }

    pub async fn connect_as(&self, role: &str) -> PgConnection {
        self.options.clone().username(role).connect().await.unwrap()
    }

    pub async fn try_discover(&self, hints: &Hints) -> Result<Discovery, Refused> {
        let mut connection = self.connect().await;
        let found = discover(&mut connection, hints).await;
        connection.close().await.unwrap();
        found
    }

    pub async fn discover(&self) -> Discovery {
        match self.try_discover(&Hints::default()).await {
            Ok(found) => found,
            Err(refused) => panic!("{refused}"),
        }
    }

    pub async fn drop(self) {
        let mut admin = cluster().await.options().connect().await.unwrap();
        let statement = format!("drop database {} with (force)", self.name);
        sqlx::query(AssertSqlSafe(statement)).execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
    }
}
