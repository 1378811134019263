//! The statements of reports: asking for a run, keeping what it found, and reading it.

use sqlx::types::Json;

use super::{Report, ReportHistory, ReportKind, ReportRunDetail, Run, RunFilter, RunState};
use crate::{
    audit,
    auth::Caller,
    check::Check,
    core::Core,
    db::{Db, OrgTx},
    error::{Error, Result},
    id::Id,
    jobs::{self, Lease, report::RunReport},
    listing::{Listing, Page, Position, Window},
    resource::{
        Action::{Create, Read, Update},
        Kind,
    },
};

/// How many reports of a kind an organization keeps; older ones go as new ones come.
const KEEPS: i64 = 50;
/// The longest report that is taken from elsewhere, as JSON.
const LONGEST: usize = 512 * 1024;

pub async fn list(core: &Core, caller: &Caller, filter: &RunFilter, page: &Page) -> Result<Listing<Run>> {
    let window = core.cursors.window(caller.org(), Kind::Report.word(), filter, page)?;
    let mut tx = caller.begin(&core.db, Read, Kind::Report).await?;
    let runs = runs(&mut tx, filter, window).await?;
    tx.commit().await?;
    let position = |run: &Run| Position {
        at: run.created_at,
        id: run.id.uuid(),
    };
    Ok(core
        .cursors
        .listing(caller.org(), Kind::Report.word(), filter, window, runs, position))
}

async fn runs(tx: &mut OrgTx, filter: &RunFilter, window: Window) -> Result<Vec<Run>> {
    Ok(sqlx::query_as!(
        Run,
        r#"select r.id, r.kind, r.state, r.note, coalesce(u.name, k.name) as "asked_by?", r.created_at, r.ended_at, r.clean,
                r.questions, r.broken
         from app.reports r
           left join app.users u on u.org_id = r.org_id and u.user_id = r.asked_by
           left join app.api_keys k on k.org_id = r.org_id and k.id::text = r.asked_by
         where r.org_id = $1 and ($2::text is null or r.kind = $2) and (r.created_at, r.id) < ($3, $4)
         order by r.created_at desc, r.id desc limit $5"#,
        tx.org() as _,
        filter.kind as _,
        window.after.at,
        window.after.id,
        window.fetch(),
    )
    .fetch_all(tx.conn())
    .await?)
}

pub async fn get(core: &Core, caller: &Caller, id: Id<Report>) -> Result<ReportRunDetail> {
    let mut tx = caller.begin(&core.db, Read, Kind::Report).await?;
    let run = run(&mut tx, id).await?;
    let body = sqlx::query_scalar!(
        "select r.body from app.reports r where r.org_id = $1 and r.id = $2",
        tx.org() as _,
        id as _,
    )
    .fetch_one(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(ReportRunDetail {
        run,
        report: body.map(|Json(report)| report),
    })
}

/// The newest runs of a kind, and one report: the one that was chosen, else the newest that is done.
pub async fn history(
    core: &Core,
    caller: &Caller,
    kind: ReportKind,
    chosen: Option<Id<Report>>,
) -> Result<ReportHistory> {
    let page = Page {
        limit: Some(20),
        cursor: None,
    };
    let runs = list(core, caller, &RunFilter { kind: Some(kind) }, &page).await?.items;
    let newest = runs.iter().find(|run| run.state == RunState::Done).map(|run| run.id);
    let shown = match chosen.or(newest) {
        Some(id) => Some(get(core, caller, id).await?),
        None => None,
    };
    Ok(ReportHistory { runs, shown })
}

async fn run(tx: &mut OrgTx, id: Id<Report>) -> Result<Run> {
    sqlx::query_as!(
        Run,
        r#"select r.id, r.kind, r.state, r.note, coalesce(u.name, k.name) as "asked_by?", r.created_at, r.ended_at, r.clean,
                r.questions, r.broken
         from app.reports r
           left join app.users u on u.org_id = r.org_id and u.user_id = r.asked_by
           left join app.api_keys k on k.org_id = r.org_id and k.id::text = r.asked_by
         where r.org_id = $1 and r.id = $2"#,
        tx.org() as _,
        id as _,
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(Error::NotFound)
}

/// Asks for a run of `verify`; while one is under way, that one is the answer.
pub async fn ask(core: &Core, caller: &Caller) -> Result<Run> {
    let mut tx = caller.begin(&core.db, Create, Kind::Report).await?;
    let id = Id::<Report>::new();
    let (actor, _) = tx.actor();
    let asked = sqlx::query!(
        "insert into app.reports (org_id, id, kind, state, asked_by) values ($1, $2, 'isolation', 'waiting', $3)
         on conflict (org_id, kind) where state in ('waiting', 'running') do nothing",
        tx.org() as _,
        id as _,
        actor,
    )
    .execute(tx.conn())
    .await?;
    let id = if asked.rows_affected() == 1 {
        jobs::enqueue(&mut tx, &RunReport { report: id }).await?;
        tx.changed(Kind::Report);
        audit::record_verb(&mut tx, "run", Kind::Report, &id.to_string(), "isolation").await?;
        forget_old(&mut tx, ReportKind::Isolation).await?;
        id
    } else {
        newest(&mut tx).await?
    };
    let run = run(&mut tx, id).await?;
    tx.commit().await?;
    Ok(run)
}

async fn newest(tx: &mut OrgTx) -> Result<Id<Report>> {
    Ok(sqlx::query_scalar!(
        "select r.id from app.reports r where r.org_id = $1 and r.kind = 'isolation'
         order by r.created_at desc, r.id desc limit 1",
        tx.org() as _,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Takes a finished report of the warden, which runs elsewhere.
pub async fn publish(core: &Core, caller: &Caller, report: &Report) -> Result<Run> {
    if report.kind != ReportKind::Warden {
        return Err(Error::invalid(
            "kind",
            "Only reports of the warden come from elsewhere.",
        ));
    }
    Check::run(report)?;
    if serde_json::to_vec(report).is_ok_and(|json| json.len() > LONGEST) {
        return Err(Error::invalid("outcomes", "Send at most 512 KiB."));
    }
    let mut tx = caller.begin(&core.db, Create, Kind::Report).await?;
    let id = insert(&mut tx, report).await?;
    let run = run(&mut tx, id).await?;
    tx.commit().await?;
    Ok(run)
}

/// Keeps a finished report for the organization it is about: what `verify --keep` found from the command line.
pub async fn keep(db: &Db, caller: &Caller, report: &Report) -> Result<Id<Report>> {
    let mut tx = caller.begin(db, Create, Kind::Report).await?;
    let id = insert(&mut tx, report).await?;
    tx.commit().await?;
    Ok(id)
}

async fn insert(tx: &mut OrgTx, report: &Report) -> Result<Id<Report>> {
    let id = Id::<Report>::new();
    let (actor, _) = tx.actor();
    let (questions, broken) = sizes(report);
    sqlx::query!(
        "insert into app.reports (org_id, id, kind, state, asked_by, ended_at, clean, questions, broken, body)
         values ($1, $2, $3, 'done', $4, now(), $5, $6, $7, $8)",
        tx.org() as _,
        id as _,
        report.kind as _,
        actor,
        report.clean,
        questions,
        broken,
        Json(report) as _,
    )
    .execute(tx.conn())
    .await?;
    tx.changed(Kind::Report);
    audit::record(tx, Create, Kind::Report, &id.to_string(), &report.title).await?;
    forget_old(tx, report.kind).await?;
    Ok(id)
}

fn sizes(report: &Report) -> (i32, i32) {
    let whole = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    (whole(report.outcomes.len()), whole(report.broken().count()))
}

async fn forget_old(tx: &mut OrgTx, kind: ReportKind) -> Result<()> {
    sqlx::query!(
        "delete from app.reports r where r.org_id = $1 and r.kind = $2 and (r.created_at, r.id) < (
           select k.created_at, k.id from app.reports k where k.org_id = $1 and k.kind = $2
           order by k.created_at desc, k.id desc offset $3 limit 1)",
        tx.org() as _,
        kind as _,
        KEEPS - 1,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What a run is doing now, for the page that waits for it.
pub(crate) async fn going(db: &Db, worker: &Caller, id: Id<Report>, note: &str) -> Result<()> {
    let mut tx = worker.begin(db, Update, Kind::Report).await?;
    let noted = sqlx::query!(
        "update app.reports r set state = 'running', note = $3
         where r.org_id = $1 and r.id = $2 and r.state in ('waiting', 'running')",
        tx.org() as _,
        id as _,
        note,
    )
    .execute(tx.conn())
    .await?;
    if noted.rows_affected() == 1 {
        tx.changed(Kind::Report);
    }
    tx.commit().await
}

/// What a run that has not begun is waiting for.
pub(crate) async fn waiting(db: &Db, worker: &Caller, id: Id<Report>, note: &str) -> Result<()> {
    let mut tx = worker.begin(db, Update, Kind::Report).await?;
    let noted = sqlx::query!(
        "update app.reports r set note = $3
         where r.org_id = $1 and r.id = $2 and r.state = 'waiting' and r.note <> $3",
        tx.org() as _,
        id as _,
        note,
    )
    .execute(tx.conn())
    .await?;
    if noted.rows_affected() == 1 {
        tx.changed(Kind::Report);
    }
    tx.commit().await
}

/// The end of a run: what it found, or why it found nothing out. Written only by whoever still holds its job.
pub(crate) async fn end(
    core: &Core,
    worker: &Caller,
    id: Id<Report>,
    lease: &Lease,
    found: Result<&Report, &str>,
) -> Result<()> {
    let mut tx = worker.begin(&core.db, Update, Kind::Report).await?;
    lease.hold(tx.conn()).await?;
    let (state, note) = match found {
        Ok(_) => (RunState::Done, ""),
        Err(why) => (RunState::Failed, why),
    };
    let report = found.ok();
    let (questions, broken) = report.map_or((0, 0), sizes);
    sqlx::query!(
        "update app.reports r
         set state = $3, note = $4, ended_at = now(), clean = $5, questions = $6, broken = $7, body = $8
         where r.org_id = $1 and r.id = $2 and r.state in ('waiting', 'running')",
        tx.org() as _,
        id as _,
        state as _,
        note,
        report.map(|report| report.clean),
        questions,
        broken,
        report.map(Json) as _,
    )
    .execute(tx.conn())
    .await?;
    tx.changed(Kind::Report);
    tx.commit().await
}
