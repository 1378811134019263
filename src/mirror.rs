//! Changing what also lives at a provider: there first, then here, and never in only one of the two for long.
//!
//! Before the provider is called a row of `app.mirrors` says what is about to happen. A process that dies in between
//! leaves that row behind, and [`settle`] finds out what the provider did and makes both sides agree.

use std::future::Future;

use chrono::TimeDelta;
use uuid::Uuid;

use crate::{
    audit::{self, Detail},
    auth::Caller,
    check::Check,
    core::Core,
    crud::Rows,
    db::OrgTx,
    error::{Error, Fault, Result},
    id::Id,
    org::OrgId,
    resource::Action,
};

/// A resource with a copy at a provider.
pub trait Mirrored: Rows {
    /// The word of `app.mirrors.kind`.
    const MIRROR: &'static str;

    /// Whether the draft could be saved, asked before the provider is: names taken, references gone.
    fn admit(tx: &mut OrgTx, id: Id<Self>, draft: &Self::Draft) -> impl Future<Output = Result<()>> + Send;
    fn insert(
        tx: &mut OrgTx,
        id: Id<Self>,
        draft: &Self::Draft,
        provider_id: &str,
    ) -> impl Future<Output = Result<Self>> + Send;
    /// Saves and raises the revision; `NotFound` if it is gone.
    fn update(
        tx: &mut OrgTx,
        id: Id<Self>,
        draft: &Self::Draft,
        provider_id: &str,
    ) -> impl Future<Output = Result<Self>> + Send;
    /// Notes that the copy has this id and is what is saved here; the revision stays.
    fn republished(tx: &mut OrgTx, id: Id<Self>, provider_id: &str) -> impl Future<Output = Result<Self>> + Send;
    fn delete(tx: &mut OrgTx, id: Id<Self>) -> impl Future<Output = Result<()>> + Send;
    /// Notes what is known of the provider's copy.
    fn mark(tx: &mut OrgTx, id: Id<Self>, state: &Agreement) -> impl Future<Output = Result<()>> + Send;

    fn provider_id(&self) -> &str;

    /// Creates the copy, or overwrites the one with this id. Answers its id.
    fn push(
        core: &Core,
        id: Id<Self>,
        draft: &Self::Draft,
        at: Option<&str>,
    ) -> impl Future<Output = Result<String>> + Send;
    /// Removes a copy; one that is already gone is fine.
    fn withdraw(core: &Core, provider_id: &str) -> impl Future<Output = Result<()>> + Send;
    /// Every copy that carries this id of ours.
    fn copies(core: &Core, id: Id<Self>) -> impl Future<Output = Result<Vec<String>>> + Send;
    fn compare(core: &Core, ours: &Self) -> impl Future<Output = Result<Agreement>> + Send;
    /// Drops what this process keeps of the organization's rows, which are others now.
    fn changed(core: &Core, org: &OrgId) -> impl Future<Output = ()> + Send;
}

/// How the provider's copy relates to ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    Same,
    /// It was changed there; says what.
    Differs(String),
    /// It was removed there.
    Gone,
    /// Publishing it failed; says how.
    Failed(String),
}

/// How long a request may take with its provider before the reconciler looks after it. Longer than any timeout of ours.
pub(crate) const LEASE: TimeDelta = TimeDelta::minutes(2);
/// How long after a lost answer the provider may still be acting on the question.
const GRACE: TimeDelta = TimeDelta::seconds(15);
/// What is due sooner than this is worth waking somebody for.
const SOON: TimeDelta = TimeDelta::seconds(5);
/// How often an undisturbed copy is compared.
const ROUND: TimeDelta = TimeDelta::minutes(10);

/// Commits what changes rows. Even a failure may have changed them: the answer may be all that was lost.
async fn commit<R: Mirrored>(core: &Core, tx: OrgTx) -> Result<()> {
    let org = tx.org();
    let committed = tx.commit().await;
    R::changed(core, &org).await;
    committed
}

pub async fn create<R: Mirrored>(core: &Core, caller: &Caller, draft: R::Draft) -> Result<R> {
    Check::run(&draft)?;
    let id = Id::<R>::new();
    let mut tx = caller.begin(&core.db, Action::Create, R::KIND).await?;
    R::admit(&mut tx, id, &draft).await?;
    intend(&mut tx, R::MIRROR, id.uuid()).await?;
    tx.commit().await?;

    let provider_id = match R::push(core, id, &draft, None).await {
        Ok(provider_id) => provider_id,
        Err(error) => {
            forget_intent::<R>(core, caller, id, &error).await;
            return Err(error);
        }
    };
    match keep_created::<R>(core, caller, id, &draft, &provider_id).await {
        Ok(row) => Ok(row),
        Err(error) => {
            if R::withdraw(core, &provider_id).await.is_ok() {
                forget_intent::<R>(core, caller, id, &error).await;
            }
            Err(error)
        }
    }
}

async fn keep_created<R: Mirrored>(
    core: &Core,
    caller: &Caller,
    id: Id<R>,
    draft: &R::Draft,
    provider_id: &str,
) -> Result<R> {
    let mut tx = caller.begin(&core.db, Action::Create, R::KIND).await?;
    // If the reconciler has already taken the intent for dead, this create is dead too.
    if !confirm(&mut tx, R::MIRROR, id.uuid(), provider_id, "creating").await? {
        return Err(Error::Conflict(
            "This took too long and was undone. Nothing was saved; try again.".into(),
        ));
    }
    let row = R::insert(&mut tx, id, draft, provider_id).await?;
    audit::record(&mut tx, Action::Create, R::KIND, &id.to_string(), row.name()).await?;
    commit::<R>(core, tx).await?;
    Ok(row)
}

/// Saves a draft that started from `revision`; an older one is refused, so that nobody overwrites what they never saw.
pub async fn update<R: Mirrored>(core: &Core, caller: &Caller, id: Id<R>, draft: R::Draft, revision: i64) -> Result<R> {
    Check::run(&draft)?;
    let mut tx = caller.begin(&core.db, Action::Update, R::KIND).await?;
    let before = R::find(&mut tx, id).await?;
    unchanged(&before, revision)?;
    R::admit(&mut tx, id, &draft).await?;
    touch(&mut tx, R::MIRROR, id.uuid(), LEASE, "updating").await?;
    tx.commit().await?;

    let provider_id = match R::push(core, id, &draft, Some(before.provider_id())).await {
        Ok(provider_id) => provider_id,
        Err(error) => {
            forget_update::<R>(core, caller, id, &error).await;
            return Err(error);
        }
    };
    let mut tx = caller.begin(&core.db, Action::Update, R::KIND).await?;
    // Locks the mirror, which everybody does first: of two saves at once the second waits here, and then sees the first.
    confirm(&mut tx, R::MIRROR, id.uuid(), &provider_id, "live").await?;
    let now = R::find(&mut tx, id).await?;
    if let Err(conflict) = unchanged(&now, revision) {
        // Theirs is saved here and ours lies there: the reconciler publishes theirs again.
        touch(&mut tx, R::MIRROR, id.uuid(), TimeDelta::zero(), "updating").await?;
        tx.commit().await?;
        return Err(conflict);
    }
    let row = R::update(&mut tx, id, &draft, &provider_id).await?;
    let (deed, changed) = (Action::Update.word(), Detail::between(&now.draft(), &row.draft()));
    audit::note_with(&mut tx, deed, R::KIND, &id.to_string(), row.name(), changed).await?;
    commit::<R>(core, tx).await?;
    Ok(row)
}

fn unchanged<R: Mirrored>(row: &R, revision: i64) -> Result<()> {
    if row.revision() == revision {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "Somebody else saved this {} meanwhile. Reload to see theirs; what you typed is still here.",
        R::KIND.singular()
    )))
}

pub async fn delete<R: Mirrored>(core: &Core, caller: &Caller, id: Id<R>) -> Result<()> {
    let mut tx = caller.begin(&core.db, Action::Delete, R::KIND).await?;
    let row = R::find(&mut tx, id).await?;
    mark_deleting(&mut tx, R::MIRROR, id.uuid()).await?;
    tx.commit().await?;

    if let Err(error) = R::withdraw(core, row.provider_id()).await {
        // Nothing is lost: it stays here, and works, until somebody deletes it again.
        let mut tx = caller.begin(&core.db, Action::Delete, R::KIND).await?;
        touch(&mut tx, R::MIRROR, id.uuid(), TimeDelta::zero(), "").await?;
        tx.commit().await?;
        return Err(error);
    }
    let mut tx = caller.begin(&core.db, Action::Delete, R::KIND).await?;
    drop_mirror(&mut tx, R::MIRROR, id.uuid()).await?;
    R::delete(&mut tx, id).await?;
    audit::record(&mut tx, Action::Delete, R::KIND, &id.to_string(), row.name()).await?;
    commit::<R>(core, tx).await
}

/// Publishes what is saved here once more, over whatever the provider has.
pub async fn sync<R: Mirrored>(core: &Core, caller: &Caller, id: Id<R>) -> Result<R> {
    let mut tx = caller.begin(&core.db, Action::Update, R::KIND).await?;
    let row = R::find(&mut tx, id).await?;
    touch(&mut tx, R::MIRROR, id.uuid(), LEASE, "updating").await?;
    tx.commit().await?;

    let pushed = R::push(core, id, &row.draft(), Some(row.provider_id())).await;
    let mut tx = caller.begin(&core.db, Action::Update, R::KIND).await?;
    let provider_id = match pushed {
        Ok(provider_id) => provider_id,
        Err(error) => {
            touch(&mut tx, R::MIRROR, id.uuid(), ROUND, "").await?;
            R::mark(&mut tx, id, &Agreement::Failed(error.to_string())).await?;
            commit::<R>(core, tx).await?;
            return Err(error);
        }
    };
    confirm(&mut tx, R::MIRROR, id.uuid(), &provider_id, "live").await?;
    let now = R::republished(&mut tx, id, &provider_id).await?;
    if now.revision() != row.revision() {
        // Somebody saved meanwhile, and what they published may have been overwritten.
        touch(&mut tx, R::MIRROR, id.uuid(), TimeDelta::zero(), "updating").await?;
    }
    audit::note(&mut tx, "sync", R::KIND, &id.to_string(), row.name()).await?;
    commit::<R>(core, tx).await?;
    Ok(now)
}

/// A failed save is nothing to follow up, unless the provider may have taken it.
async fn forget_update<R: Mirrored>(core: &Core, caller: &Caller, id: Id<R>, error: &Error) {
    let (after, note) = if unknown(error) {
        (GRACE, "updating")
    } else {
        (ROUND, "")
    };
    let forget = async {
        let mut tx = caller.begin(&core.db, Action::Update, R::KIND).await?;
        touch(&mut tx, R::MIRROR, id.uuid(), after, note).await?;
        tx.commit().await
    };
    if let Err(error) = forget.await {
        tracing::warn!(%error, "a save is followed up when its lease ends");
    }
}

/// Whether the provider may have done what it was asked to.
fn unknown(error: &Error) -> bool {
    matches!(error, Error::Upstream(up) if matches!(up.fault, Fault::NoAnswer | Fault::Failing))
}

/// A failed create leaves no intent behind, unless the provider may have acted.
async fn forget_intent<R: Mirrored>(core: &Core, caller: &Caller, id: Id<R>, error: &Error) {
    let forget = async {
        let mut tx = caller.begin(&core.db, Action::Create, R::KIND).await?;
        if unknown(error) {
            touch(&mut tx, R::MIRROR, id.uuid(), GRACE, "").await?;
        } else {
            drop_mirror(&mut tx, R::MIRROR, id.uuid()).await?;
        }
        tx.commit().await
    };
    // The reconciler finds the intent when its lease ends.
    if let Err(error) = forget.await {
        tracing::warn!(%error, "an intent stays until its lease ends");
    }
}

/// A mirror whose lease has ended.
#[derive(Clone, Debug)]
pub struct Due {
    pub object_id: Uuid,
    pub state: String,
    pub note: String,
}

/// Makes both sides agree about one object whose lease has ended: after a crash, or because its round has come.
pub async fn settle<R: Mirrored>(core: &Core, worker: &Caller, due: &Due) -> Result<()> {
    let id = Id::<R>::from_uuid(due.object_id);
    let mut tx = worker.begin(&core.db, Action::Read, R::KIND).await?;
    let ours = match R::find(&mut tx, id).await {
        Ok(row) => Some(row),
        Err(Error::NotFound) => None,
        Err(error) => return Err(error),
    };
    tx.commit().await?;

    match (ours, due.state.as_str()) {
        // Created there at most, or half deleted: gone on both sides.
        (None, _) => {
            for copy in R::copies(core, id).await? {
                R::withdraw(core, &copy).await?;
            }
            let mut tx = worker.begin(&core.db, Action::Delete, R::KIND).await?;
            drop_mirror(&mut tx, R::MIRROR, id.uuid()).await?;
            tx.commit().await
        }
        (Some(row), "deleting") => {
            R::withdraw(core, row.provider_id()).await?;
            let mut tx = worker.begin(&core.db, Action::Delete, R::KIND).await?;
            drop_mirror(&mut tx, R::MIRROR, id.uuid()).await?;
            R::delete(&mut tx, id).await?;
            audit::record(&mut tx, Action::Delete, R::KIND, &id.to_string(), row.name()).await?;
            commit::<R>(core, tx).await
        }
        // A save that died between the provider and here: what is saved here counts.
        (Some(_), _) if due.note == "updating" => sync::<R>(core, worker, id).await.map(|_| ()),
        (Some(row), _) => {
            let agreement = R::compare(core, &row).await?;
            let mut tx = worker.begin(&core.db, Action::Update, R::KIND).await?;
            touch(&mut tx, R::MIRROR, id.uuid(), ROUND, "").await?;
            R::mark(&mut tx, id, &agreement).await?;
            commit::<R>(core, tx).await
        }
    }
}

pub(crate) async fn intend(tx: &mut OrgTx, kind: &str, object_id: Uuid) -> Result<()> {
    sqlx::query!(
        "insert into app.mirrors (org_id, kind, object_id, state, due_at) values ($1, $2, $3, 'creating', now() + make_interval(secs => $4))",
        tx.org() as _,
        kind,
        object_id,
        LEASE.num_seconds() as f64,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether the intent was still ours; then the copy is known and its next round is set.
pub(crate) async fn confirm(
    tx: &mut OrgTx,
    kind: &str,
    object_id: Uuid,
    provider_id: &str,
    from: &str,
) -> Result<bool> {
    let confirmed = sqlx::query!(
        "update app.mirrors set provider_id = $4, state = 'live', note = '', attempts = 0, due_at = now() + make_interval(secs => $6)
         where org_id = $1 and kind = $2 and object_id = $3 and state = $5",
        tx.org() as _,
        kind,
        object_id,
        provider_id,
        from,
        ROUND.num_seconds() as f64,
    )
    .execute(tx.conn())
    .await?;
    Ok(confirmed.rows_affected() == 1)
}

pub(crate) async fn touch(tx: &mut OrgTx, kind: &str, object_id: Uuid, after: TimeDelta, note: &str) -> Result<()> {
    sqlx::query!(
        "update app.mirrors set due_at = now() + make_interval(secs => $4), note = $5, attempts = 0,
                state = case state when 'deleting' then 'live' else state end
         where org_id = $1 and kind = $2 and object_id = $3",
        tx.org() as _,
        kind,
        object_id,
        after.num_seconds() as f64,
        note,
    )
    .execute(tx.conn())
    .await?;
    // Later ones are found in time by looking.
    if after < SOON {
        tx.wake(kind);
    }
    Ok(())
}

async fn mark_deleting(tx: &mut OrgTx, kind: &str, object_id: Uuid) -> Result<()> {
    sqlx::query!(
        "update app.mirrors set state = 'deleting', due_at = now() + make_interval(secs => $4)
         where org_id = $1 and kind = $2 and object_id = $3",
        tx.org() as _,
        kind,
        object_id,
        LEASE.num_seconds() as f64,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn drop_mirror(tx: &mut OrgTx, kind: &str, object_id: Uuid) -> Result<()> {
    sqlx::query!(
        "delete from app.mirrors where org_id = $1 and kind = $2 and object_id = $3",
        tx.org() as _,
        kind,
        object_id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
