//! Plans: do the hot statements find their rows by an index under row security, and read no more than without it?
//!
//! The statements are the program's own, not copies: each is asked once the way a request asks it, and then Postgres
//! tells what it was asked. It is explained for the organization that has most rows, as the app and as the warden.

use std::{collections::BTreeSet, future::Future, pin::Pin};

use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, types::Json};
use uuid::Uuid;

use super::question::{Count, Group, Question};
use crate::{
    audit,
    auth::Caller,
    calls,
    db::{Db, DbError, Logins, OrgTx, describe},
    error::Result,
    id::Id,
    keys,
    listing::Window,
    org::OrgId,
    registry::{self, Registered, ResourceVisitor},
    report::{Figure, Outcome},
    resource::{Action, Kind},
};

const GROUP: Group = Group {
    name: "plans",
    remedy: "Compare EXPLAIN of the statement as the app and as the warden: look for a policy that asks once for each row, \
             and for an index that does not start with the organization.",
};

const INDEX: Question = Question::new(
    "plan-index",
    "Does every hot statement find its rows by an index under row security?",
    "The statement reads the whole table, of all organizations, each time somebody opens a page.",
)
.optional();

const READS: Question = Question::new(
    "plan-reads",
    "Does row security cost no hot statement more than it costs to answer it?",
    "A policy is asked for every row instead of once, and pages become slow as tables grow.",
)
.optional();

/// Below so many rows of an organization Postgres rightly reads the whole table.
const ENOUGH: i64 = 1_000;
/// Pages of 8 KiB that asking whose a row is may cost once, however few the statement itself reads.
const ONCE: u64 = 16;

type Ask = for<'a> fn(&'a mut OrgTx) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// A statement that is asked all day.
#[derive(Clone, Copy)]
struct Hot {
    name: &'static str,
    table: &'static str,
    kind: Kind,
    ask: Ask,
    /// What it is explained with: its parameters in order. `{org}` is the organization, `{call}` its longest call.
    with: &'static str,
}

/// Before every row, and half of a cursor.
const START: &str = "'{org}', 'infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'";

/// What is asked all day of what has verbs of its own.
const HOT: &[Hot] = &[
    Hot {
        name: "calls",
        table: "app.calls",
        kind: Kind::Call,
        ask: |tx| {
            Box::pin(async {
                calls::finding::page(tx, &Default::default(), Window::first(50))
                    .await
                    .map(drop)
            })
        },
        with: LIST,
    },
    Hot {
        name: "messages of a call",
        table: "app.call_messages",
        kind: Kind::Call,
        ask: |tx| Box::pin(async { calls::store::messages(tx, Id::from_uuid(Uuid::nil())).await.map(drop) }),
        with: "'{org}', '{call}'",
    },
    Hot {
        name: "events of a call",
        table: "app.call_events",
        kind: Kind::Call,
        ask: |tx| Box::pin(async { calls::store::events(tx, Id::from_uuid(Uuid::nil())).await.map(drop) }),
        with: "'{org}', '{call}'",
    },
    Hot {
        name: "API keys",
        table: "app.api_keys",
        kind: Kind::ApiKey,
        ask: |tx| Box::pin(async { keys::store::all(tx).await.map(drop) }),
        with: "'{org}'",
    },
    Hot {
        name: "audit log",
        table: "app.audit_log",
        kind: Kind::Audit,
        ask: |tx| {
            Box::pin(async {
                audit::entries(tx, &Default::default(), Window::first(50))
                    .await
                    .map(drop)
            })
        },
        with: "'{org}', null, null, 'infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 51, null",
    },
];

/// The first page of every resource, and the others.
fn all() -> Vec<Hot> {
    let mut lists = Lists(Vec::new());
    registry::visit_all(&mut lists);
    lists.0.into_iter().chain(HOT.iter().copied()).collect()
}

struct Lists(Vec<Hot>);

impl ResourceVisitor for Lists {
    fn visit<R: Registered>(&mut self) {
        self.0.push(Hot {
            name: R::KIND.plural(),
            table: R::TABLE,
            kind: R::KIND,
            ask: |tx| Box::pin(async { R::page(tx, &Default::default(), Window::first(50)).await.map(drop) }),
            with: LIST,
        });
    }
}

/// The parameters of a list: where it begins, no filter, and one row more than a page has.
const LIST: &str = "{start}, {nulls}, 51";

/// `warden` is inside a transaction, with row security off.
pub(super) async fn examine(logins: &Logins, warden: &mut PgConnection) -> Result<Vec<Outcome>, DbError> {
    let hot = all();
    let statements = statements(logins, &hot).await?;
    let mut app = logins.app.connect().await.map_err(unexplained)?;
    let (mut index, mut reads, mut figures) = (Count::default(), Count::default(), Vec::new());
    for (hot, statement) in hot.iter().zip(statements) {
        let Some((org, call)) = largest(warden, hot).await.map_err(unexplained)? else {
            index
                .empty
                .push(format!("{} (fewer than {ENOUGH} rows of one organization)", hot.table));
            continue;
        };
        // Three parameters before the filters, one after them.
        let filters = highest_parameter(&statement).saturating_sub(4);
        let with = hot
            .with
            .replace("{start}", START)
            .replace("{nulls}", &vec!["null"; filters].join(", "));
        let with = with.replace("{org}", org.as_str()).replace("{call}", &call.to_string());
        let inside = format!("begin read only; set local app.org_id = '{org}'");
        sqlx::raw_sql(AssertSqlSafe(inside))
            .execute(&mut app)
            .await
            .map_err(unexplained)?;
        let kept = explain(&mut app, &statement, &with).await.map_err(unexplained)?;
        sqlx::raw_sql("rollback").execute(&mut app).await.map_err(unexplained)?;
        let free = explain(warden, &statement, &with).await.map_err(unexplained)?;

        let scanned = scans(&kept, hot.table);
        index.attempt(scanned.then(|| format!("{} reads all of {}", hot.name, hot.table)));
        let (under, without) = (pages(&kept), pages(&free));
        let dear = under > without * 2 + ONCE;
        reads.attempt(dear.then(|| format!("{} reads {under} pages, and {without} without row security", hot.name)));
        figures.push(Figure::new(
            hot.name,
            format!("{under} pages, {without} without row security"),
        ));
    }
    app.close().await.map_err(unexplained)?;
    reads.empty.clone_from(&index.empty);
    let mut reads = READS.answered(GROUP, reads);
    reads.figures = figures;
    Ok(vec![INDEX.answered(GROUP, index), reads])
}

/// The text of each hot statement, as the program sends it: what a connection has prepared after asking that it had not
/// before. The organization is nobody's, so nothing is read.
async fn statements(logins: &Logins, all: &[Hot]) -> Result<Vec<String>, DbError> {
    let db = Db::connect(logins, 1).await?;
    let nobody = Caller::system(OrgId::new());
    let mut known = BTreeSet::new();
    let mut found = Vec::new();
    for hot in all {
        let asked = async {
            let mut tx = nobody.begin(&db, Action::Read, hot.kind).await?;
            let before = prepared(&mut tx).await?;
            (hot.ask)(&mut tx).await?;
            let mut new = prepared(&mut tx).await?;
            new.retain(|statement| !before.contains(statement) && !known.contains(statement));
            Ok::<_, crate::Error>(new)
        };
        let new = asked.await.map_err(|error| DbError::Unverified(error.to_string()))?;
        let about = new.into_iter().find(|statement| statement.contains(hot.table));
        let statement =
            about.ok_or_else(|| DbError::Unverified(format!("{} asked nothing of {}", hot.name, hot.table)))?;
        known.insert(statement.clone());
        found.push(statement);
    }
    db.close().await;
    Ok(found)
}

async fn prepared(tx: &mut OrgTx) -> Result<BTreeSet<String>> {
    let statements: Vec<String> = sqlx::query_scalar("select statement from pg_prepared_statements")
        .fetch_all(tx.conn())
        .await?;
    Ok(statements.into_iter().collect())
}

/// The organization with most rows of the table, if it has enough, and its longest call.
async fn largest(warden: &mut PgConnection, hot: &Hot) -> sqlx::Result<Option<(OrgId, Uuid)>> {
    let found: Option<(OrgId, i64)> = sqlx::query_as(AssertSqlSafe(format!(
        "select org_id, count(*) from {} group by 1 order by 2 desc limit 1",
        hot.table
    )))
    .fetch_optional(&mut *warden)
    .await?;
    let Some((org, _)) = found.filter(|(_, rows)| *rows >= ENOUGH) else {
        return Ok(None);
    };
    let call: Option<Uuid> = sqlx::query_scalar(
        "select call_id from app.call_messages where org_id = $1 group by 1 order by count(*) desc limit 1",
    )
    .bind(&org)
    .fetch_optional(warden)
    .await?;
    Ok(Some((org, call.unwrap_or_default())))
}

async fn explain(connection: &mut PgConnection, statement: &str, with: &str) -> sqlx::Result<Value> {
    sqlx::raw_sql(AssertSqlSafe(format!("prepare hot as {statement}")))
        .execute(&mut *connection)
        .await?;
    let explain = format!("explain (analyze, buffers, timing off, format json) execute hot({with})");
    let Json(plan): Json<Value> = sqlx::query_scalar(AssertSqlSafe(explain))
        .persistent(false)
        .fetch_one(&mut *connection)
        .await?;
    sqlx::raw_sql("deallocate hot").execute(connection).await?;
    Ok(plan[0]["Plan"].clone())
}

/// How many parameters a statement has.
fn highest_parameter(statement: &str) -> usize {
    let numbers = statement.split('$').skip(1).filter_map(|rest| {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    });
    numbers.max().unwrap_or_default()
}

/// Whether the plan, or a part of it, reads the whole table.
fn scans(plan: &Value, table: &str) -> bool {
    let here = plan["Node Type"] == "Seq Scan" && plan["Relation Name"].as_str() == table.strip_prefix("app.");
    let parts = plan["Plans"].as_array().into_iter().flatten();
    here || parts.into_iter().any(|part| scans(part, table))
}

/// Pages that were read, cached or not.
fn pages(plan: &Value) -> u64 {
    let read = |name: &str| plan[name].as_u64().unwrap_or_default();
    read("Shared Hit Blocks") + read("Shared Read Blocks")
}

fn unexplained(error: sqlx::Error) -> DbError {
    DbError::Unverified(format!("a plan: {}", describe(&error)))
}
