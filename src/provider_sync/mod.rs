//! Resources with a copy at a provider: changed there first, then here, and never in only one of the two for long.
//!
//! Before the provider is called a row of `app.provider_links` says what is about to happen. A process that dies in between
//! leaves that row behind, and [`reconcile`] finds out what the provider did and makes both sides agree.

mod link;

use std::future::Future;

use chrono::TimeDelta;
use uuid::Uuid;

use crate::{
    audit,
    auth::Caller,
    core::Core,
    crud::{self, Rows, WriteFlow, unchanged},
    db::OrgTx,
    error::{Error, Fault, Result},
    id::Id,
    jobs::{Worker, links::Links},
    reconciliation::{self, MendedOutcome},
    resource::Action,
    sync::SyncState,
};

pub(crate) use link::{confirm, intend, is_changing, republish, schedule_check};
use link::{drop_link, mark_deleting};

/// How a resource has a copy at a provider: beside its own statements only how to push, remove, find and compare.
pub trait ProviderBacked: Rows {
    /// The word of `app.provider_links.kind`.
    const LINK: &'static str;

    fn provider_id(&self) -> &str;

    /// Notes that the copy has this id and is what is saved here; the revision stays.
    fn mark_published(tx: &mut OrgTx, id: Id<Self>, provider_id: &str) -> impl Future<Output = Result<()>> + Send;
    /// Notes what is known of the provider's copy.
    fn mark_state(tx: &mut OrgTx, id: Id<Self>, state: &RemoteState) -> impl Future<Output = Result<()>> + Send;

    /// What the provider's copy is made of: what is saved, where that is published with every save.
    fn published(tx: &mut OrgTx, row: &Self) -> impl Future<Output = Result<Self::Draft>> + Send {
        let _ = tx;
        std::future::ready(Ok(row.draft()))
    }

    /// What of the organization a push needs beside the draft, such as the copies it refers to.
    type Context: PartialEq + Send + Sync;
    /// Reads it, before the provider is asked.
    fn context(tx: &mut OrgTx, draft: &Self::Draft) -> impl Future<Output = Result<Self::Context>> + Send;

    /// Creates the copy, or overwrites the one with this id. Answers its id.
    fn push(
        core: &Core,
        context: &Self::Context,
        id: Id<Self>,
        draft: &Self::Draft,
        at: Option<&str>,
    ) -> impl Future<Output = Result<String>> + Send;
    /// Removes a copy; one that is already gone is fine.
    fn delete_remote(core: &Core, provider_id: &str) -> impl Future<Output = Result<()>> + Send;
    /// Every copy that carries this id of ours.
    fn find_remote(core: &Core, id: Id<Self>) -> impl Future<Output = Result<Vec<String>>> + Send;
    /// Compares the copy of `ours` with what was published of it.
    fn compare(
        core: &Core,
        context: &Self::Context,
        ours: &Self,
        published: &Self::Draft,
    ) -> impl Future<Output = Result<RemoteState>> + Send;
}

/// What is written here once the provider has a draft.
pub(crate) trait Writes<R: ProviderBacked>: Send + Sync {
    /// `now` is the row as it is in this transaction, at the revision that was pushed.
    fn write(&self, tx: &mut OrgTx, now: &R, draft: &R::Draft) -> impl Future<Output = Result<R>> + Send;
}

/// The draft is saved.
struct Save;

impl<R: ProviderBacked> Writes<R> for Save {
    async fn write(&self, tx: &mut OrgTx, now: &R, draft: &R::Draft) -> Result<R> {
        crud::update_row(tx, now, draft).await
    }
}

/// How the provider's copy relates to ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteState {
    InSync,
    /// It was changed there; says what.
    Drifted(String),
    /// It was removed there.
    Missing,
    /// Publishing it failed; says how.
    Failed(String),
}

impl RemoteState {
    /// What people are told of it; `missing` says what comes of its having been removed.
    pub(crate) fn told(&self, missing: &str) -> (SyncState, String) {
        match self {
            Self::InSync => (SyncState::Synced, String::new()),
            Self::Drifted(note) => (SyncState::Drifted, note.clone()),
            Self::Missing => (SyncState::Drifted, missing.to_owned()),
            Self::Failed(note) => (SyncState::Failed, note.clone()),
        }
    }
}

/// How long a request may take with its provider before the reconciler looks after it. Longer than any timeout of ours.
pub(crate) const LEASE: TimeDelta = TimeDelta::minutes(2);
/// How long after a lost answer the provider may still be acting on the request.
const UNKNOWN_OUTCOME_DELAY: TimeDelta = TimeDelta::seconds(15);
/// How often an undisturbed copy is compared.
const RECHECK_INTERVAL: TimeDelta = TimeDelta::minutes(10);

/// The flow of resources with a copy at a provider.
pub enum ProviderFirst {}

impl<R: ProviderBacked> WriteFlow<R> for ProviderFirst {
    const ASKS_PROVIDER: bool = true;

    fn add_queues(worker: &mut Worker) {
        worker.add(Links::<R>::default());
    }

    async fn create(core: &Core, caller: &Caller, draft: R::Draft) -> Result<R> {
        let id = Id::<R>::new();
        let mut tx = caller.begin(&core.db, Action::Create, R::KIND).await?;
        R::check(&mut tx, id, &draft).await?;
        let context = R::context(&mut tx, &draft).await?;
        intend(&mut tx, R::LINK, id.uuid()).await?;
        tx.commit().await?;

        let provider_id = match R::push(core, &context, id, &draft, None).await {
            Ok(provider_id) => provider_id,
            Err(error) => {
                forget_intent::<R>(core, caller, id, &error).await;
                return Err(error);
            }
        };
        match insert::<R>(core, caller, (id, &draft, &context), &provider_id).await {
            Ok(row) => Ok(row),
            Err(error) => {
                if R::delete_remote(core, &provider_id).await.is_ok() {
                    forget_intent::<R>(core, caller, id, &error).await;
                }
                Err(error)
            }
        }
    }

    async fn update(core: &Core, caller: &Caller, id: Id<R>, draft: R::Draft, revision: i64) -> Result<R> {
        push_first(core, caller, id, (Some(draft), revision), &Save).await
    }

    async fn delete(core: &Core, caller: &Caller, id: Id<R>) -> Result<()> {
        let mut tx = caller.begin(&core.db, Action::Delete, R::KIND).await?;
        let row = R::find(&mut tx, id).await?;
        R::check_delete(&mut tx, id).await?;
        mark_deleting(&mut tx, R::LINK, id.uuid()).await?;
        tx.commit().await?;

        if let Err(error) = R::delete_remote(core, row.provider_id()).await {
            // Nothing is lost: it stays here, and works, until somebody deletes it again.
            let mut tx = caller.begin(&core.db, Action::Delete, R::KIND).await?;
            schedule_check(&mut tx, R::LINK, id.uuid(), TimeDelta::zero(), "").await?;
            reconciliation::undone(&mut tx, R::LINK, id.uuid()).await?;
            tx.commit().await?;
            return Err(error);
        }
        let mut tx = caller.begin(&core.db, Action::Delete, R::KIND).await?;
        drop_link(&mut tx, R::LINK, id.uuid()).await?;
        crud::delete_row(&mut tx, &row).await?;
        crud::commit(core, tx).await
    }
}

/// Brings a draft to the provider, and only then writes here what comes of it; without one, what is saved. It started from
/// `revision`, which has to be the one that is saved still.
pub(crate) async fn push_first<R: ProviderBacked>(
    core: &Core,
    caller: &Caller,
    id: Id<R>,
    (draft, revision): (Option<R::Draft>, i64),
    writes: &impl Writes<R>,
) -> Result<R> {
    let mut tx = caller.begin(&core.db, Action::Update, R::KIND).await?;
    let before = R::find(&mut tx, id).await?;
    unchanged(&before, revision)?;
    let draft = draft.unwrap_or_else(|| before.draft());
    R::check(&mut tx, id, &draft).await?;
    let context = R::context(&mut tx, &draft).await?;
    schedule_check(&mut tx, R::LINK, id.uuid(), LEASE, "updating").await?;
    tx.commit().await?;

    let provider_id = match R::push(core, &context, id, &draft, Some(before.provider_id())).await {
        Ok(provider_id) => provider_id,
        Err(error) => {
            forget_update::<R>(core, caller, id, &error).await;
            return Err(error);
        }
    };
    let mut tx = caller.begin(&core.db, Action::Update, R::KIND).await?;
    // Locks the link, which everybody does first: of two saves at once the second waits here, and then sees the first.
    confirm(&mut tx, R::LINK, id.uuid(), &provider_id, "live").await?;
    // Locks the row, which is also saved without anybody at the provider: what is read from here on stays.
    R::mark_published(&mut tx, id, &provider_id).await?;
    let now = R::find(&mut tx, id).await?;
    if let Err(conflict) = unchanged(&now, revision) {
        // Theirs is saved here and ours lies there: the reconciler publishes theirs again.
        schedule_check(&mut tx, R::LINK, id.uuid(), TimeDelta::zero(), "updating").await?;
        tx.commit().await?;
        return Err(conflict);
    }
    let row = writes.write(&mut tx, &now, &draft).await?;
    still::<R>(&mut tx, id, &draft, &context).await?;
    crud::commit(core, tx).await?;
    Ok(row)
}

async fn insert<R: ProviderBacked>(
    core: &Core,
    caller: &Caller,
    (id, draft, context): (Id<R>, &R::Draft, &R::Context),
    provider_id: &str,
) -> Result<R> {
    let mut tx = caller.begin(&core.db, Action::Create, R::KIND).await?;
    // If the reconciler has already taken the intent for dead, this create is dead too.
    if !confirm(&mut tx, R::LINK, id.uuid(), provider_id, "creating").await? {
        return Err(Error::Conflict(
            "This took too long and was undone. Nothing was saved; try again.".into(),
        ));
    }
    crud::insert_row(&mut tx, id, draft).await?;
    R::mark_published(&mut tx, id, provider_id).await?;
    still::<R>(&mut tx, id, draft, context).await?;
    let row = R::find(&mut tx, id).await?;
    crud::commit(core, tx).await?;
    Ok(row)
}

/// What was published with the draft may have become something else meanwhile: then it is published once more.
async fn still<R: ProviderBacked>(tx: &mut OrgTx, id: Id<R>, draft: &R::Draft, context: &R::Context) -> Result<()> {
    if R::context(tx, draft).await? != *context {
        schedule_check(tx, R::LINK, id.uuid(), TimeDelta::zero(), "updating").await?;
    }
    Ok(())
}

/// Publishes what is saved here once more, over whatever the provider has.
pub async fn sync<R: ProviderBacked>(core: &Core, caller: &Caller, id: Id<R>) -> Result<R> {
    publish_again(core, caller, id, false).await
}

/// As [`sync`]; `mends` where nobody asked for it and the two sides are known to differ.
async fn publish_again<R: ProviderBacked>(core: &Core, caller: &Caller, id: Id<R>, mends: bool) -> Result<R> {
    let mut tx = caller.begin(&core.db, Action::Update, R::KIND).await?;
    let row = R::find(&mut tx, id).await?;
    let published = R::published(&mut tx, &row).await?;
    let context = R::context(&mut tx, &published).await?;
    schedule_check(&mut tx, R::LINK, id.uuid(), LEASE, "updating").await?;
    tx.commit().await?;

    let pushed = R::push(core, &context, id, &published, Some(row.provider_id())).await;
    let mut tx = caller.begin(&core.db, Action::Update, R::KIND).await?;
    let provider_id = match pushed {
        Ok(provider_id) => provider_id,
        Err(error) => {
            schedule_check(&mut tx, R::LINK, id.uuid(), RECHECK_INTERVAL, "").await?;
            mark_state::<R>(&mut tx, id, &RemoteState::Failed(error.to_string())).await?;
            tx.changed(R::KIND);
            crud::commit(core, tx).await?;
            return Err(error);
        }
    };
    if mends {
        reconciliation::mended(&mut tx, (R::LINK, id.uuid()), row.name(), MendedOutcome::Published).await?;
    }
    confirm(&mut tx, R::LINK, id.uuid(), &provider_id, "live").await?;
    R::mark_published(&mut tx, id, &provider_id).await?;
    tx.changed(R::KIND);
    let now = R::find(&mut tx, id).await?;
    if now.revision() != row.revision() {
        // Somebody saved meanwhile, and what they published may have been overwritten.
        schedule_check(&mut tx, R::LINK, id.uuid(), TimeDelta::zero(), "updating").await?;
    } else {
        still::<R>(&mut tx, id, &published, &context).await?;
    }
    audit::record_verb(&mut tx, "sync", R::KIND, &id.to_string(), row.name()).await?;
    crud::commit(core, tx).await?;
    Ok(now)
}

/// A failed save is nothing to follow up, unless the provider may have taken it.
async fn forget_update<R: ProviderBacked>(core: &Core, caller: &Caller, id: Id<R>, error: &Error) {
    let (after, note) = if unknown(error) {
        (UNKNOWN_OUTCOME_DELAY, "updating")
    } else {
        (RECHECK_INTERVAL, "")
    };
    let forget = async {
        let mut tx = caller.begin(&core.db, Action::Update, R::KIND).await?;
        schedule_check(&mut tx, R::LINK, id.uuid(), after, note).await?;
        if note.is_empty() {
            reconciliation::undone(&mut tx, R::LINK, id.uuid()).await?;
        }
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
async fn forget_intent<R: ProviderBacked>(core: &Core, caller: &Caller, id: Id<R>, error: &Error) {
    let forget = async {
        let mut tx = caller.begin(&core.db, Action::Create, R::KIND).await?;
        if unknown(error) {
            schedule_check(&mut tx, R::LINK, id.uuid(), UNKNOWN_OUTCOME_DELAY, "").await?;
        } else {
            drop_link(&mut tx, R::LINK, id.uuid()).await?;
        }
        tx.commit().await
    };
    // The reconciler finds the intent when its lease ends.
    if let Err(error) = forget.await {
        tracing::warn!(%error, "an intent stays until its lease ends");
    }
}

/// A link whose lease has ended.
#[derive(Clone, Debug)]
pub struct Due {
    pub object_id: Uuid,
    pub state: String,
    pub note: String,
    /// Whether the two sides were known to differ when its turn came.
    pub differs: bool,
}

/// Makes both sides agree about one object whose lease has ended: after a crash, or because its round has come.
pub async fn reconcile<R: ProviderBacked>(core: &Core, worker: &Caller, due: &Due) -> Result<()> {
    let id = Id::<R>::from_uuid(due.object_id);
    let mut tx = worker.begin(&core.db, Action::Read, R::KIND).await?;
    let ours = match R::find(&mut tx, id).await {
        Ok(row) => {
            let published = R::published(&mut tx, &row).await?;
            let context = R::context(&mut tx, &published).await?;
            Some((row, published, context))
        }
        Err(Error::NotFound) => None,
        Err(error) => return Err(error),
    };
    tx.commit().await?;

    match (ours, due.state.as_str()) {
        // Created there at most, or half deleted: gone on both sides.
        (None, _) => {
            let copies = R::find_remote(core, id).await?;
            for copy in &copies {
                R::delete_remote(core, copy).await?;
            }
            let mut tx = worker.begin(&core.db, Action::Delete, R::KIND).await?;
            if !copies.is_empty() {
                reconciliation::mended(&mut tx, (R::LINK, id.uuid()), "", MendedOutcome::Removed).await?;
            }
            drop_link(&mut tx, R::LINK, id.uuid()).await?;
            tx.commit().await
        }
        (Some((row, ..)), "deleting") => {
            R::delete_remote(core, row.provider_id()).await?;
            let mut tx = worker.begin(&core.db, Action::Delete, R::KIND).await?;
            reconciliation::mended(&mut tx, (R::LINK, id.uuid()), row.name(), MendedOutcome::Deleted).await?;
            drop_link(&mut tx, R::LINK, id.uuid()).await?;
            crud::delete_row(&mut tx, &row).await?;
            crud::commit(core, tx).await
        }
        // A save that died between the provider and here: what is saved here counts.
        (Some(_), _) if due.note == "updating" => publish_again::<R>(core, worker, id, due.differs).await.map(|_| ()),
        (Some((row, published, context)), _) => {
            let state = R::compare(core, &context, &row, &published).await?;
            let mut tx = worker.begin(&core.db, Action::Update, R::KIND).await?;
            schedule_check(&mut tx, R::LINK, id.uuid(), RECHECK_INTERVAL, "").await?;
            if state == RemoteState::InSync {
                reconciliation::mended(&mut tx, (R::LINK, id.uuid()), row.name(), MendedOutcome::Agreed).await?;
            }
            mark_state::<R>(&mut tx, id, &state).await?;
            tx.changed(R::KIND);
            crud::commit(core, tx).await
        }
    }
}

/// Notes what is known of the provider's copy, in the row and in the link.
pub(crate) async fn mark_state<R: ProviderBacked>(tx: &mut OrgTx, id: Id<R>, state: &RemoteState) -> Result<()> {
    R::mark_state(tx, id, state).await?;
    match state {
        RemoteState::InSync => reconciliation::agree(tx, R::LINK, id.uuid()).await,
        RemoteState::Drifted(note) | RemoteState::Failed(note) => {
            reconciliation::differ(tx, R::LINK, id.uuid(), note).await
        }
        RemoteState::Missing => reconciliation::differ(tx, R::LINK, id.uuid(), "It was deleted at the provider.").await,
    }
}
