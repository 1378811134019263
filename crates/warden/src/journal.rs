//! The journal: what was frozen and what was done, in the database it was done to.

use sqlx::{FromRow, PgConnection};

use crate::{
    catalog::Catalog,
    error::WardenError,
    plan::{self, Frozen, Signer},
    steps::{Phase, Step, steps},
};

const TABLES: &str = "
    create schema if not exists warden;
    create table if not exists warden.plan (
      id text primary key, body text not null, catalog text not null, signer text not null, signature text not null,
      frozen_by text not null default current_user, frozen_at timestamptz not null default now());
    create table if not exists warden.step (
      plan_id text not null references warden.plan on update cascade on delete cascade, id text not null, n int not null, phase text not null, tab text,
      what text not null, state text not null check (state in ('running', 'done', 'undone')),
      attempts int not null default 1, ms bigint, started_at timestamptz not null default now(), ended_at timestamptz,
      primary key (plan_id, id));
    create table if not exists warden.batch (
      plan_id text not null, step_id text not null, n bigint generated always as identity, pass int not null, tab text not null,
      to_key jsonb, examined bigint not null, changed bigint not null, held bigint not null, ms bigint not null, wal bigint not null,
      at timestamptz not null default now(), primary key (plan_id, step_id, n),
      foreign key (plan_id, step_id) references warden.step on update cascade on delete cascade);
    create table if not exists warden.quarantine (
      n bigint generated always as identity primary key, tab text not null, key jsonb not null, reason text not null,
      candidates jsonb not null, decided text, live boolean not null default false, at timestamptz not null default now());
    create table if not exists warden.made (what text primary key);
    create table if not exists warden.control (one boolean primary key default true check (one), paused boolean not null default false,
      backup text);
    insert into warden.control default values on conflict do nothing";

/// A step as it stands in the journal.
#[derive(Clone, Debug, FromRow)]
pub struct Noted {
    pub id: String,
    pub phase: String,
    pub state: String,
    pub attempts: i32,
    pub ms: Option<i64>,
}

/// Makes the journal where there is none.
///
/// # Errors
/// When the role may not create a schema.
pub async fn open(connection: &mut PgConnection) -> Result<(), WardenError> {
    if !exists(connection).await? {
        sqlx::raw_sql(TABLES).execute(connection).await?;
    }
    Ok(())
}

/// # Errors
/// When the database cannot be asked.
pub async fn exists(connection: &mut PgConnection) -> Result<bool, WardenError> {
    let there = sqlx::query_scalar("select to_regclass('warden.control') is not null and exists (select from pg_class where oid = to_regclass('warden.control'))")
        .fetch_one(connection)
        .await?;
    Ok(there)
}

/// Keeps a plan that somebody has signed. An earlier one that was never begun gives way; one that is under way gives way to
/// a plan that would have done the same so far, and what is done of it stays done.
///
/// # Errors
/// [`WardenError::Begun`] when another plan is under way, and this one would have done something of it otherwise.
pub async fn keep(connection: &mut PgConnection, frozen: &Frozen, signer: &Signer) -> Result<(), WardenError> {
    let begun = begun(connection).await?;
    let (body, catalog) = texts(frozen);
    let signature = signer.sign(signed(&body, &catalog).as_bytes());
    let mut tx = sqlx::Connection::begin(connection).await?;
    let statement = match &begun {
        Some(before) => {
            if let Some(step) = otherwise(&mut tx, before, frozen).await? {
                return Err(WardenError::Begun(step));
            }
            "update warden.plan set id = $1, body = $2, catalog = $3, signer = $4, signature = $5, frozen_by = current_user, frozen_at = now()"
        }
        None => {
            sqlx::query("delete from warden.plan").execute(&mut *tx).await?;
            "insert into warden.plan (id, body, catalog, signer, signature) values ($1, $2, $3, $4, $5)"
        }
    };
    sqlx::query(statement)
        .bind(&frozen.id)
        .bind(body)
        .bind(catalog)
        .bind(signer.public())
        .bind(signature)
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

/// The plan that is under way, if one is.
///
/// # Errors
/// As [`frozen`].
pub async fn begun(connection: &mut PgConnection) -> Result<Option<Frozen>, WardenError> {
    if !exists(connection).await? {
        return Ok(None);
    }
    let begun: bool = sqlx::query_scalar("select exists (select from warden.step where state <> 'undone')")
        .fetch_one(&mut *connection)
        .await?;
    if begun {
        frozen(connection, None).await.map(Some)
    } else {
        Ok(None)
    }
}

/// A step that is done, or begun, and that another plan would do otherwise.
async fn otherwise(
    connection: &mut PgConnection,
    before: &Frozen,
    after: &Frozen,
) -> Result<Option<String>, WardenError> {
    let all =
        |frozen: &Frozen| -> Vec<Step> { Phase::ALL.into_iter().flat_map(|phase| steps(frozen, phase)).collect() };
    let (was, will) = (all(before), all(after));
    let noted = noted(connection, before).await?;
    let touched = |step: &&Step| noted.iter().any(|noted| noted.id == step.id && noted.state != "undone");
    let changed = was.iter().filter(touched).find(|step| !will.contains(step));
    // What it would have done before must be done as well.
    let last = noted
        .iter()
        .filter(|noted| noted.state != "undone")
        .filter_map(|noted| noted.phase.parse().ok());
    let last: Option<Phase> = last.max();
    let added = will
        .iter()
        .filter(|step| last.is_some_and(|last| step.phase < last))
        .find(|step| !was.contains(step));
    let claims = noted
        .iter()
        .any(|noted| noted.phase == Phase::Claims.word() && noted.state != "undone");
    let people = (claims && before.plan.claims != after.plan.claims).then(|| Phase::Claims.word().to_owned());
    Ok(changed.or(added).map(|step| step.id.clone()).or(people))
}

fn texts(frozen: &Frozen) -> (String, String) {
    let catalog = serde_json::to_string(&frozen.catalog).expect("a catalog is plain values");
    (plan::write(&frozen.plan), catalog)
}

fn signed(body: &str, catalog: &str) -> String {
    format!("{body}\0{catalog}")
}

/// The plan that is carried out here, as it was signed.
///
/// # Errors
/// [`WardenError::NotFrozen`], or [`WardenError::Unsigned`] when somebody has changed it since, or when `signer` is given and
/// it was signed by somebody else.
pub async fn frozen(connection: &mut PgConnection, signer: Option<&Signer>) -> Result<Frozen, WardenError> {
    if !exists(connection).await? {
        return Err(WardenError::NotFrozen);
    }
    let found: Option<(String, String, String, String, String)> =
        sqlx::query_as("select id, body, catalog, signer, signature from warden.plan order by frozen_at desc limit 1")
            .fetch_optional(connection)
            .await?;
    let (id, body, catalog, public, signature) = found.ok_or(WardenError::NotFrozen)?;
    if signer.is_some_and(|signer| signer.public() != public) {
        return Err(plan::Unsigned::Changed.into());
    }
    plan::check(signed(&body, &catalog).as_bytes(), &signature, &public)?;
    let unreadable = |reason: String| WardenError::Unreadable(reason);
    let catalog: Catalog = serde_json::from_str(&catalog).map_err(|error| unreadable(error.to_string()))?;
    let plan = plan::read(&body).map_err(|error| unreadable(error.message().to_owned()))?;
    Ok(Frozen { id, plan, catalog })
}

/// # Errors
/// When the database cannot be asked.
pub async fn noted(connection: &mut PgConnection, frozen: &Frozen) -> Result<Vec<Noted>, WardenError> {
    Ok(
        sqlx::query_as("select id, phase, state, attempts, ms from warden.step where plan_id = $1 order by n")
            .bind(&frozen.id)
            .fetch_all(connection)
            .await?,
    )
}

/// Notes how a step stands, in the transaction of whoever changes it.
pub(crate) async fn note(
    connection: &mut PgConnection,
    frozen: &Frozen,
    n: usize,
    step: &Step,
    state: &str,
    attempts: u32,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into warden.step (plan_id, id, n, phase, tab, what, state, attempts, ended_at) values ($1, $2, $3, $4, $5, $6, $7, $8, case when $7 = 'running' then null else now() end)
         on conflict (plan_id, id) do update set state = $7, attempts = $8, ended_at = excluded.ended_at,
           started_at = case when $7 = 'running' then now() else step.started_at end,
           ms = case when $7 = 'running' then null else (extract(epoch from clock_timestamp() - step.started_at) * 1000)::bigint end",
    )
    .bind(&frozen.id)
    .bind(&step.id)
    .bind(i32::try_from(n).unwrap_or(i32::MAX))
    .bind(step.phase.word())
    .bind(step.table.as_ref().map(ToString::to_string))
    .bind(&step.what)
    .bind(state)
    .bind(i32::try_from(attempts).unwrap_or(i32::MAX))
    .execute(connection)
    .await
    .map(drop)
}

/// Whether every step of a phase is done. Phases without steps are done when they are noted so.
pub(crate) fn complete(frozen: &Frozen, noted: &[Noted], phase: Phase) -> bool {
    let steps = crate::steps::steps(frozen, phase);
    let done = |step: &Step| noted.iter().any(|noted| noted.id == step.id && noted.state == "done");
    if phase == Phase::Claims {
        return frozen.plan.claims.is_none()
            || noted
                .iter()
                .any(|noted| noted.phase == phase.word() && noted.state == "done");
    }
    steps.iter().all(done)
}

/// Whether somebody has asked for a pause.
///
/// # Errors
/// When the database cannot be asked.
pub async fn paused(connection: &mut PgConnection) -> Result<bool, WardenError> {
    Ok(sqlx::query_scalar("select paused from warden.control")
        .fetch_one(connection)
        .await?)
}

/// Notes which backup somebody has named before what only it brings back is dropped.
///
/// # Errors
/// When the database cannot be asked.
pub async fn note_backup(connection: &mut PgConnection, backup: &str) -> Result<(), WardenError> {
    sqlx::query("update warden.control set backup = $1")
        .bind(backup)
        .execute(connection)
        .await?;
    Ok(())
}

/// # Errors
/// When the database cannot be asked.
pub async fn pause(connection: &mut PgConnection, paused: bool) -> Result<(), WardenError> {
    sqlx::query("update warden.control set paused = $1")
        .bind(paused)
        .execute(connection)
        .await?;
    Ok(())
}
