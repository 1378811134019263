//! The statements of reconciliation.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Difference, DifferenceFilter, DifferenceState, Mended, MendedOutcome, Overview, ReconciliationStarted};
use crate::{
    agents::Agent,
    audit,
    auth::Caller,
    calls::watch,
    core::Core,
    db::OrgTx,
    error::{Error, Result},
    id::Id,
    listing::{Listing, Page, Position, Window},
    provider_sync::{LEASE, ProviderBacked},
    resource::{
        Action::{Read, Update},
        Kind,
    },
    tools::Tool,
};

/// For how long it is kept what mended itself.
const KEPT_DAYS: i32 = 90;

pub async fn list(core: &Core, caller: &Caller, filter: &DifferenceFilter, page: &Page) -> Result<Listing<Difference>> {
    let mut tx = caller.begin(&core.db, Read, Kind::Reconciliation).await?;
    let listing = differences(core, caller, &mut tx, filter, page).await?;
    tx.commit().await?;
    Ok(listing)
}

async fn differences(
    core: &Core,
    caller: &Caller,
    tx: &mut OrgTx,
    filter: &DifferenceFilter,
    page: &Page,
) -> Result<Listing<Difference>> {
    let word = Kind::Reconciliation.word();
    let window = core.cursors.window(caller.org(), word, filter, page)?;
    let rows = rows(tx, filter, window).await?;
    let position = |row: &Difference| Position {
        at: row.since,
        id: row.object_id,
    };
    Ok(core.cursors.listing(caller.org(), word, filter, window, rows, position))
}

async fn rows(tx: &mut OrgTx, filter: &DifferenceFilter, window: Window) -> Result<Vec<Difference>> {
    let rows = sqlx::query!(
        r#"select l.object_id, l.kind, l.state, l.note, l.difference, l.failure, l.differs_since as "since!",
                case when l.due_at < 'infinity' then l.due_at end as due_at, l.attempts
         from app.provider_links l
         where l.org_id = $1 and l.differs_since is not null and ($2::text is null or l.kind = $2)
           and (l.differs_since, l.object_id) < ($3, $4)
         order by l.differs_since desc, l.object_id desc limit $5"#,
        tx.org() as _,
        filter.kind.map(link_of),
        window.after.at,
        window.after.id,
        window.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.object_id).collect();
    let mut names = names(tx, &ids).await?;
    let differences = rows.into_iter().map(|row| {
        let state = match (row.state.as_str(), row.note.as_str()) {
            ("creating", _) => DifferenceState::Creating,
            ("deleting", _) => DifferenceState::Deleting,
            (_, "updating") => DifferenceState::Updating,
            _ if row.difference.is_empty() => DifferenceState::Unanswered,
            _ => DifferenceState::Differs,
        };
        Difference {
            object_id: row.object_id,
            kind: kind_of(&row.kind),
            name: names.remove(&row.object_id).unwrap_or_default(),
            state,
            note: if row.failure.is_empty() {
                row.difference
            } else {
                row.failure
            },
            since: row.since,
            due_at: row.due_at,
            attempts: row.attempts,
        }
    });
    Ok(differences.collect())
}

/// What these agents, tools and calls are called; what is gone has no name.
async fn names(tx: &mut OrgTx, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    let rows = sqlx::query!(
        r#"select a.id as "id!: Uuid", a.name as "name!" from app.agents a where a.org_id = $1 and a.id = any($2)
         union all
         select t.id, t.name from app.tools t where t.org_id = $1 and t.id = any($2)
         union all
         select c.id, coalesce(c.to_number, c.agent_name) from app.calls c where c.org_id = $1 and c.id = any($2)"#,
        tx.org() as _,
        ids,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

pub async fn list_mended(
    core: &Core,
    caller: &Caller,
    filter: &DifferenceFilter,
    page: &Page,
) -> Result<Listing<Mended>> {
    let window = core.cursors.window(caller.org(), "mended", filter, page)?;
    let mut tx = caller.begin(&core.db, Read, Kind::Reconciliation).await?;
    let rows = mended_rows(&mut tx, filter, window).await?;
    tx.commit().await?;
    let position = |row: &Mended| Position {
        at: row.created_at,
        id: row.id.uuid(),
    };
    Ok(core
        .cursors
        .listing(caller.org(), "mended", filter, window, rows, position))
}

async fn mended_rows(tx: &mut OrgTx, filter: &DifferenceFilter, window: Window) -> Result<Vec<Mended>> {
    let rows = sqlx::query!(
        "select r.id, r.object_id, r.kind, r.name, r.outcome, r.differed_since, r.created_at
         from app.reconciliations r
         where r.org_id = $1 and ($2::text is null or r.kind = $2) and (r.created_at, r.id) < ($3, $4)
         order by r.created_at desc, r.id desc limit $5",
        tx.org() as _,
        filter.kind.map(link_of),
        window.after.at,
        window.after.id,
        window.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    let mended = rows.into_iter().map(|row| Mended {
        id: row.id,
        object_id: row.object_id,
        kind: kind_of(&row.kind),
        name: row.name,
        outcome: row.outcome,
        differed_since: row.differed_since,
        created_at: row.created_at,
    });
    Ok(mended.collect())
}

/// Everything that the page shows.
pub async fn overview(core: &Core, caller: &Caller, filter: &DifferenceFilter, page: &Page) -> Result<Overview> {
    let mut tx = caller.begin(&core.db, Read, Kind::Reconciliation).await?;
    let differences = differences(core, caller, &mut tx, filter, page).await?;
    let mut mended = mended_rows(&mut tx, &DifferenceFilter::default(), Window::first(20)).await?;
    mended.truncate(20);
    let differing = sqlx::query_scalar!(
        r#"select count(*) as "count!" from app.provider_links l where l.org_id = $1 and l.differs_since is not null"#,
        tx.org() as _,
    )
    .fetch_one(tx.conn())
    .await?;
    let mended_lately = sqlx::query_scalar!(
        r#"select count(*) as "count!" from app.reconciliations r where r.org_id = $1 and r.created_at > now() - interval '30 days'"#,
        tx.org() as _,
    )
    .fetch_one(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(Overview {
        differences,
        differing,
        mended,
        mended_lately,
    })
}

/// Has one difference looked at now, if it still is one. A copy that differs is written over with what was published.
pub async fn one(core: &Core, caller: &Caller, object_id: Uuid) -> Result<()> {
    let mut tx = caller.begin(&core.db, Update, Kind::Reconciliation).await?;
    let link = sqlx::query!(
        "select l.kind, l.differs_since from app.provider_links l
         where l.org_id = $1 and l.object_id = $2 for update",
        tx.org() as _,
        object_id,
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(Error::NotFound)?;
    // Both sides agree by now.
    if link.differs_since.is_none() {
        return tx.commit().await;
    }
    if start(&mut tx, Some(object_id)).await?.is_empty() {
        let told =
            "This is on its way to the provider at this moment. If that fails, it is looked after within two minutes.";
        return Err(Error::Conflict(told.into()));
    }
    audit::record_verb(
        &mut tx,
        "reconcile",
        Kind::Reconciliation,
        &object_id.to_string(),
        &link.kind,
    )
    .await?;
    tx.commit().await
}

/// The same for everything that differs.
pub async fn all(core: &Core, caller: &Caller) -> Result<ReconciliationStarted> {
    let mut tx = caller.begin(&core.db, Update, Kind::Reconciliation).await?;
    let started = start(&mut tx, None).await?.len() as i64;
    if started > 0 {
        let told = format!("{started} at once");
        audit::record_verb(&mut tx, "reconcile", Kind::Reconciliation, "", &told).await?;
    }
    tx.commit().await?;
    Ok(ReconciliationStarted { started })
}

/// What somebody is changing at this moment is left to them: its lease is ahead, and no look has failed.
async fn start(tx: &mut OrgTx, object_id: Option<Uuid>) -> Result<Vec<String>> {
    let kinds = sqlx::query_scalar!(
        "update app.provider_links l
         set due_at = now(), attempts = 0, note = case when l.state = 'live' and l.difference <> '' then 'updating' else l.note end
         where l.org_id = $1 and l.differs_since is not null and ($2::uuid is null or l.object_id = $2)
           and (l.difference <> '' or l.failure <> '' or l.differs_since < now() - make_interval(secs => $3))
         returning l.kind",
        tx.org() as _,
        object_id,
        LEASE.num_seconds() as f64,
    )
    .fetch_all(tx.conn())
    .await?;
    for kind in [watch::LINK, Agent::LINK, Tool::LINK] {
        if kinds.iter().any(|started| started == kind) {
            tx.wake(kind);
        }
    }
    if !kinds.is_empty() {
        tx.changed(Kind::Reconciliation);
    }
    Ok(kinds)
}

/// Notes that the two sides differ, and in what.
pub(crate) async fn differ(tx: &mut OrgTx, kind: &str, object_id: Uuid, difference: &str) -> Result<()> {
    let noted = sqlx::query!(
        "update app.provider_links set differs_since = coalesce(differs_since, now()), difference = left($4, 1000), failure = ''
         where org_id = $1 and kind = $2 and object_id = $3 and (differs_since is null or difference <> left($4, 1000) or failure <> '')",
        tx.org() as _,
        kind,
        object_id,
        difference,
    )
    .execute(tx.conn())
    .await?;
    if noted.rows_affected() > 0 {
        tx.changed(Kind::Reconciliation);
    }
    Ok(())
}

/// Notes that they do not, or not any more.
pub(crate) async fn agree(tx: &mut OrgTx, kind: &str, object_id: Uuid) -> Result<()> {
    let noted = sqlx::query!(
        "update app.provider_links set differs_since = null, difference = '', failure = ''
         where org_id = $1 and kind = $2 and object_id = $3 and differs_since is not null",
        tx.org() as _,
        kind,
        object_id,
    )
    .execute(tx.conn())
    .await?;
    if noted.rows_affected() > 0 {
        tx.changed(Kind::Reconciliation);
    }
    Ok(())
}

/// Notes that a change came to nothing: the two sides are as they were before it, and what differed then still does.
pub(crate) async fn undone(tx: &mut OrgTx, kind: &str, object_id: Uuid) -> Result<()> {
    let noted = sqlx::query!(
        "update app.provider_links set differs_since = null
         where org_id = $1 and kind = $2 and object_id = $3 and differs_since is not null and difference = '' and failure = ''",
        tx.org() as _,
        kind,
        object_id,
    )
    .execute(tx.conn())
    .await?;
    if noted.rows_affected() > 0 {
        tx.changed(Kind::Reconciliation);
    }
    Ok(())
}

/// Writes down that something has mended itself, if it did differ: while the link still says since when.
pub(crate) async fn mended(
    tx: &mut OrgTx,
    (kind, object_id): (&str, Uuid),
    name: &str,
    outcome: MendedOutcome,
) -> Result<()> {
    let since = sqlx::query_scalar!(
        "select l.differs_since from app.provider_links l where l.org_id = $1 and l.kind = $2 and l.object_id = $3",
        tx.org() as _,
        kind,
        object_id,
    )
    .fetch_optional(tx.conn())
    .await?
    .flatten();
    let Some(since) = since else {
        return Ok(());
    };
    sqlx::query!(
        "insert into app.reconciliations (org_id, id, kind, object_id, name, outcome, differed_since)
         values ($1, $2, $3, $4, left($5, 200), $6, $7)",
        tx.org() as _,
        Id::<Mended>::new() as _,
        kind,
        object_id,
        name,
        outcome as _,
        since,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from app.reconciliations where org_id = $1 and created_at < now() - make_interval(days => $2)",
        tx.org() as _,
        KEPT_DAYS,
    )
    .execute(tx.conn())
    .await?;
    tx.changed(Kind::Reconciliation);
    Ok(())
}

/// The word of `app.provider_links.kind`; none of it where a kind has no copies.
fn link_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Agent => Agent::LINK,
        Kind::Tool => Tool::LINK,
        Kind::Call => watch::LINK,
        _ => "",
    }
}

fn kind_of(link: &str) -> Kind {
    match link {
        Agent::LINK => Kind::Agent,
        Tool::LINK => Kind::Tool,
        _ => Kind::Call,
    }
}
