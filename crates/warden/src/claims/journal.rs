//! The journal of claims: `warden.claim`, one row for each person, written before and after every call.

use std::collections::HashSet;

use sqlx::{AssertSqlSafe, PgConnection};

use super::{
    ClaimsError,
    decide::{Person, State},
};
use crate::{
    name::{Name, literal, quoted},
    plan::{Plan, Source},
};

/// The statements about people, made for one plan.
pub struct Journal {
    /// Absent before the first run, and when nothing may be written.
    kept: bool,
    page: String,
    written: String,
    record: String,
    shared: String,
    users: String,
}

/// A row of `warden.claim` as it shall be.
#[derive(Clone, Debug)]
pub struct Row {
    pub key: String,
    pub subject: Option<String>,
    pub org: Option<String>,
    pub state: State,
    pub before: Option<String>,
    pub wrote: Option<String>,
    pub sent: Option<String>,
    pub attempts: i32,
    pub error: Option<String>,
}

impl Row {
    /// Somebody as they are known, with the state they are in now.
    pub fn of(person: &Person, state: State) -> Self {
        Self {
            key: person.key.clone(),
            subject: person.subject_hash(),
            org: person.org.clone(),
            state,
            before: person.before.clone(),
            wrote: person.wrote.clone(),
            sent: person.sent.clone(),
            attempts: person.attempts,
            error: None,
        }
    }
}

impl Journal {
    /// # Errors
    /// When nothing says yet which organization people have.
    pub async fn open(connection: &mut PgConnection, plan: &Plan) -> Result<Self, ClaimsError> {
        let claims = plan.claims.as_ref().ok_or(ClaimsError::NoClaims)?;
        let (users, key, kind) = (plan.users.table.sql(), quoted(&plan.users.key), &plan.users.r#type);
        let subject = quoted(&claims.subject);
        let org = match plan.users.source {
            Source::Personal => format!("u.{key}::text"),
            _ if there(connection, "user_org").await? => {
                format!("(select o.org::text from warden.user_org o where o.user_key = u.{key})")
            }
            _ => return Err(ClaimsError::NoMapping),
        };
        let kept = there(connection, "claim").await?;
        let (journal, remembered) = if kept {
            (
                format!("left join warden.claim c on c.user_key = u.{key}"),
                "c.state, c.org as seen_org, c.subject_hash as seen_subject, c.wrote, c.sent, c.before, coalesce(c.attempts, 0) as attempts",
            )
        } else {
            (
                String::new(),
                "null::text as state, null::text as seen_org, null::text as seen_subject, null::text as wrote, null::text as sent,
                 null::text as before, 0 as attempts",
            )
        };
        Ok(Self {
            kept,
            page: format!(
                "select u.{key}::text as key, u.{subject}::text as subject, {org} as org, {remembered}
                 from {users} u {journal} where $1::text is null or u.{key} > $1::text::{kind} order by u.{key} limit $2"
            ),
            written: format!(
                "select c.user_key::text as key, u.{subject}::text as subject, c.org, {remembered}
                 from warden.claim c left join {users} u on u.{key} = c.user_key
                 where (c.wrote is not null or c.sent is not null) and ($1::text is null or c.user_key > $1::text::{kind})
                 order by c.user_key limit $2"
            ),
            record: format!(
                "insert into warden.claim as c (user_key, subject_hash, org, state, before, wrote, sent, attempts, error, at)
                 select key::{kind}, subject, org, state, before, wrote, sent, attempts, error, clock_timestamp()
                 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::text[])
                      as r (key, subject, org, state, before, wrote, sent, attempts, error)
                 on conflict (user_key) do update set
                     subject_hash = excluded.subject_hash, org = excluded.org, state = excluded.state, before = excluded.before,
                     wrote = excluded.wrote, sent = excluded.sent, attempts = excluded.attempts, error = excluded.error,
                     at = excluded.at"
            ),
            shared: format!(
                "select u.{subject}::text from {users} u where u.{subject} is not null group by u.{subject} having count(*) > 1"
            ),
            users: format!("select count(*) from {users}"),
        })
    }

    /// The next people after a key, in the order of their keys.
    pub async fn page(&self, connection: &mut PgConnection, after: Option<&str>, n: u32) -> sqlx::Result<Vec<Person>> {
        people(connection, &self.page, after, n).await
    }

    /// The next ones that we wrote something of, or meant to. Who is gone from the users' table has no subject.
    pub async fn written(
        &self,
        connection: &mut PgConnection,
        after: Option<&str>,
        n: u32,
    ) -> sqlx::Result<Vec<Person>> {
        if self.kept {
            people(connection, &self.written, after, n).await
        } else {
            Ok(Vec::new())
        }
    }

    pub async fn users(&self, connection: &mut PgConnection) -> sqlx::Result<i64> {
        sqlx::query_scalar(AssertSqlSafe(self.users.as_str()))
            .fetch_one(connection)
            .await
    }

    /// Ids at the provider that more than one person has: whose organization would it be?
    pub async fn shared(&self, connection: &mut PgConnection) -> sqlx::Result<HashSet<String>> {
        let subjects: Vec<String> = sqlx::query_scalar(AssertSqlSafe(self.shared.as_str()))
            .fetch_all(connection)
            .await?;
        Ok(subjects.into_iter().collect())
    }

    /// Writes rows, all or none.
    pub async fn record(&self, connection: &mut PgConnection, rows: &[Row]) -> sqlx::Result<()> {
        fn texts(rows: &[Row], of: impl Fn(&Row) -> Option<String>) -> Vec<Option<String>> {
            rows.iter().map(of).collect()
        }
        let states: Vec<State> = rows.iter().map(|row| row.state).collect();
        let attempts: Vec<i32> = rows.iter().map(|row| row.attempts).collect();
        sqlx::query(AssertSqlSafe(self.record.as_str()))
            .bind(texts(rows, |row| Some(row.key.clone())))
            .bind(texts(rows, |row| row.subject.clone()))
            .bind(texts(rows, |row| row.org.clone()))
            .bind(states)
            .bind(texts(rows, |row| row.before.clone()))
            .bind(texts(rows, |row| row.wrote.clone()))
            .bind(texts(rows, |row| row.sent.clone()))
            .bind(attempts)
            .bind(texts(rows, |row| row.error.clone()))
            .execute(connection)
            .await
            .map(drop)
    }
}

async fn people(connection: &mut PgConnection, sql: &str, after: Option<&str>, n: u32) -> sqlx::Result<Vec<Person>> {
    sqlx::query_as(AssertSqlSafe(sql))
        .bind(after)
        .bind(i64::from(n))
        .fetch_all(connection)
        .await
}

async fn there(connection: &mut PgConnection, table: &str) -> sqlx::Result<bool> {
    let question = format!("select {} is not null", Name::new("warden", table).regclass());
    sqlx::query_scalar(AssertSqlSafe(question)).fetch_one(connection).await
}

/// Makes the journal where there is none.
pub async fn prepare(connection: &mut PgConnection, plan: &Plan) -> sqlx::Result<()> {
    let schema: bool = sqlx::query_scalar("select to_regnamespace('warden') is not null")
        .fetch_one(&mut *connection)
        .await?;
    if !schema {
        sqlx::query("create schema warden").execute(&mut *connection).await?;
    }
    let kind = &plan.users.r#type;
    let table = format!(
        "create table if not exists warden.claim (
             user_key {kind} primary key,
             subject_hash text,
             org text,
             state text not null check (state in ('pending', 'written', 'same', 'absent', 'mismatch', 'failed', 'removed')),
             before text,
             wrote text,
             sent text,
             attempts integer not null default 0,
             error text,
             at timestamptz not null
         )"
    );
    sqlx::query(AssertSqlSafe(table)).execute(connection).await.map(drop)
}

/// The operator's own function, as it stands in a statement.
///
/// # Errors
/// When it is not there with two texts.
pub async fn function(connection: &mut PgConnection, name: &str) -> Result<String, ClaimsError> {
    let missing = || ClaimsError::NoFunction(name.to_owned());
    let name: Name = name.parse().map_err(|_| missing())?;
    let question = format!(
        "select to_regprocedure({}) is not null",
        literal(&format!("{}(text,text)", name.sql()))
    );
    let there: bool = sqlx::query_scalar(AssertSqlSafe(question))
        .fetch_one(connection)
        .await?;
    if there { Ok(name.sql()) } else { Err(missing()) }
}
