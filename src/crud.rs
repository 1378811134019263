//! Resources, read and written: authorize, open the organization, one statement, the log, the pages that are open. Written
//! once for all of them.
//!
//! Where a resource is saved is its [`WriteFlow`]: here alone (`Local`), or at a provider first (`provider_sync`).

use std::{future::Future, pin::Pin};

use crate::{
    audit::{self, Detail},
    auth::Caller,
    check::Check,
    core::Core,
    db::OrgTx,
    error::{Error, Result},
    export::CsvRow,
    id::Id,
    jobs::Worker,
    listing::{Listing, Page, Position, Window},
    registry::{self, Registered, ResourceVisitor},
    resource::{Action, Found, Kind, Resource},
};

/// The statements of a resource, each inside one organization.
pub trait Rows: Resource<Row: CsvRow> {
    /// Where it is saved.
    type Writes: WriteFlow<Self>;
    /// The table of its rows, with its schema.
    const TABLE: &'static str;

    /// Its parameters are the organization, where the page begins (two), whatever is filtered by, and the limit, in this
    /// order: `verify --plans` asks it like that.
    fn page(
        tx: &mut OrgTx,
        filter: &Self::Filter,
        window: Window,
    ) -> impl Future<Output = Result<Vec<Self::Row>>> + Send;
    fn position(row: &Self::Row) -> Position;
    /// Looks at every row; cached until one of them changes.
    fn facets(tx: &mut OrgTx) -> impl Future<Output = Result<Self::Facets>> + Send;
    /// `NotFound` for what is not there and for what is not theirs.
    fn find(tx: &mut OrgTx, id: Id<Self>) -> impl Future<Output = Result<Self>> + Send;
    /// Whether the draft could be saved under this id: names taken, references gone. Asked before anything is done.
    fn check(tx: &mut OrgTx, id: Id<Self>, draft: &Self::Draft) -> impl Future<Output = Result<()>> + Send;
    /// Whether it could be deleted now: what still needs it is named in the refusal.
    fn check_delete(tx: &mut OrgTx, id: Id<Self>) -> impl Future<Output = Result<()>> + Send {
        let _ = (tx, id);
        std::future::ready(Ok(()))
    }
    fn insert(tx: &mut OrgTx, id: Id<Self>, draft: &Self::Draft) -> impl Future<Output = Result<()>> + Send;
    /// Saves over this revision and raises it; false where it is another one by now, or gone.
    fn update(
        tx: &mut OrgTx,
        id: Id<Self>,
        draft: &Self::Draft,
        revision: i64,
    ) -> impl Future<Output = Result<bool>> + Send;
    /// False where it is gone already.
    fn delete(tx: &mut OrgTx, id: Id<Self>) -> impl Future<Output = Result<bool>> + Send;
}

/// How a resource is created, changed and deleted.
pub trait WriteFlow<R: Rows> {
    /// Whether somebody outside is asked too, who may fail.
    const ASKS_PROVIDER: bool = false;

    fn create(core: &Core, caller: &Caller, draft: R::Draft) -> impl Future<Output = Result<R>> + Send;
    fn update(
        core: &Core,
        caller: &Caller,
        id: Id<R>,
        draft: R::Draft,
        revision: i64,
    ) -> impl Future<Output = Result<R>> + Send;
    fn delete(core: &Core, caller: &Caller, id: Id<R>) -> impl Future<Output = Result<()>> + Send;

    /// Has the worker do what the flow leaves for later.
    fn add_queues(_: &mut Worker) {}
}

/// The plain case: saved here and nowhere else, in one transaction.
pub enum Local {}

impl<R: Rows> WriteFlow<R> for Local {
    async fn create(core: &Core, caller: &Caller, draft: R::Draft) -> Result<R> {
        let id = Id::<R>::new();
        let mut tx = caller.begin(&core.db, Action::Create, R::KIND).await?;
        R::check(&mut tx, id, &draft).await?;
        let row = insert_row(&mut tx, id, &draft).await?;
        commit(core, tx).await?;
        Ok(row)
    }

    async fn update(core: &Core, caller: &Caller, id: Id<R>, draft: R::Draft, revision: i64) -> Result<R> {
        let mut tx = caller.begin(&core.db, Action::Update, R::KIND).await?;
        let before = R::find(&mut tx, id).await?;
        unchanged(&before, revision)?;
        R::check(&mut tx, id, &draft).await?;
        let row = update_row(&mut tx, &before, &draft).await?;
        commit(core, tx).await?;
        Ok(row)
    }

    async fn delete(core: &Core, caller: &Caller, id: Id<R>) -> Result<()> {
        let mut tx = caller.begin(&core.db, Action::Delete, R::KIND).await?;
        let row = R::find(&mut tx, id).await?;
        R::check_delete(&mut tx, id).await?;
        delete_row(&mut tx, &row).await?;
        commit(core, tx).await
    }
}

/// The row as it is, for whoever may change it.
pub async fn get_to_change<R: Rows>(core: &Core, caller: &Caller, id: Id<R>) -> Result<R> {
    let mut tx = caller.begin(&core.db, Action::Update, R::KIND).await?;
    let row = R::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(row)
}

pub async fn create<R: Rows>(core: &Core, caller: &Caller, draft: R::Draft) -> Result<R> {
    Check::run(&draft)?;
    R::Writes::create(core, caller, draft).await
}

/// Saves a draft that started from `revision`; an older one is refused, so that nobody overwrites what they never saw.
pub async fn update<R: Rows>(core: &Core, caller: &Caller, id: Id<R>, draft: R::Draft, revision: i64) -> Result<R> {
    Check::run(&draft)?;
    R::Writes::update(core, caller, id, draft, revision).await
}

pub async fn delete<R: Rows>(core: &Core, caller: &Caller, id: Id<R>) -> Result<()> {
    R::Writes::delete(core, caller, id).await
}

/// Inserts a row, and tells the log and the open pages.
pub(crate) async fn insert_row<R: Rows>(tx: &mut OrgTx, id: Id<R>, draft: &R::Draft) -> Result<R> {
    R::insert(tx, id, draft).await?;
    let row = R::find(tx, id).await?;
    record(tx, Action::Create, &row, Detail::default()).await?;
    Ok(row)
}

/// Saves over the row that was read before, unless somebody else has meanwhile.
pub(crate) async fn update_row<R: Rows>(tx: &mut OrgTx, before: &R, draft: &R::Draft) -> Result<R> {
    if !R::update(tx, before.id(), draft, before.revision()).await? {
        return Err(conflict::<R>());
    }
    let row = R::find(tx, before.id()).await?;
    let changed = Detail::between(&before.draft(), &row.draft());
    record(tx, Action::Update, &row, changed).await?;
    Ok(row)
}

pub(crate) async fn delete_row<R: Rows>(tx: &mut OrgTx, row: &R) -> Result<()> {
    if !R::delete(tx, row.id()).await? {
        return Err(Error::NotFound);
    }
    record(tx, Action::Delete, row, Detail::default()).await
}

async fn record<R: Rows>(tx: &mut OrgTx, action: Action, row: &R, detail: Detail) -> Result<()> {
    tx.changed(R::KIND);
    audit::record_with(tx, action.word(), R::KIND, &row.id().to_string(), row.name(), detail).await
}

/// Commits what changes rows. Even a failure may have changed them: the answer may be all that was lost.
pub(crate) async fn commit(core: &Core, tx: OrgTx) -> Result<()> {
    let (org, kinds) = (tx.org(), tx.changed_kinds().to_vec());
    let committed = tx.commit().await;
    core.facets.invalidate(&org, kinds).await;
    committed
}

pub(crate) fn unchanged<R: Rows>(row: &R, revision: i64) -> Result<()> {
    if row.revision() == revision {
        Ok(())
    } else {
        Err(conflict::<R>())
    }
}

pub(crate) fn conflict<R: Rows>() -> Error {
    Error::Conflict(format!(
        "Somebody else saved this {} meanwhile. Reload to see theirs; what you typed is still here.",
        R::KIND.singular()
    ))
}

pub async fn list<R: Rows>(core: &Core, caller: &Caller, filter: &R::Filter, page: &Page) -> Result<Listing<R::Row>> {
    let window = window::<R>(core, caller, filter, page)?;
    let mut tx = caller.begin(&core.db, Action::Read, R::KIND).await?;
    let listing = listing::<R>(core, &mut tx, filter, window).await?;
    tx.commit().await?;
    Ok(listing)
}

/// One page of the list and what its filters offer.
pub async fn browse<R: Rows>(
    core: &Core,
    caller: &Caller,
    filter: &R::Filter,
    page: &Page,
) -> Result<(Listing<R::Row>, R::Facets)> {
    let cached = core.facets.slot::<R>(caller.org()).await;
    let window = window::<R>(core, caller, filter, page)?;
    let mut tx = caller.begin_page(&core.db, R::KIND).await?;
    let listing = listing::<R>(core, &mut tx, filter, window).await?;
    let facets = match cached.get() {
        Some(facets) => facets,
        None => cached.put(R::facets(&mut tx).await?),
    };
    tx.commit().await?;
    Ok((listing, facets))
}

/// What the list's filters offer.
pub async fn facets<R: Rows>(core: &Core, caller: &Caller) -> Result<R::Facets> {
    let cached = core.facets.slot::<R>(caller.org()).await;
    let mut tx = caller.begin(&core.db, Action::Read, R::KIND).await?;
    let facets = match cached.get() {
        Some(facets) => facets,
        None => cached.put(R::facets(&mut tx).await?),
    };
    tx.commit().await?;
    Ok(facets)
}

/// Which rows are asked for, if the page's cursor is one of this organization and these filters.
fn window<R: Rows>(core: &Core, caller: &Caller, filter: &R::Filter, page: &Page) -> Result<Window> {
    core.cursors.window(caller.org(), R::KIND.word(), filter, page)
}

/// One page, in a transaction that has more to do.
async fn listing<R: Rows>(core: &Core, tx: &mut OrgTx, filter: &R::Filter, window: Window) -> Result<Listing<R::Row>> {
    let rows = R::page(tx, filter, window).await?;
    Ok(core
        .cursors
        .listing(&tx.org(), R::KIND.word(), filter, window, rows, R::position))
}

pub async fn get<R: Rows>(core: &Core, caller: &Caller, id: Id<R>) -> Result<R> {
    let mut tx = caller.begin(&core.db, Action::Read, R::KIND).await?;
    let row = R::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(row)
}

/// How much a search finds of each kind.
const FOUND_OF_EACH: usize = 8;

/// The newest things of every kind that have these words, as far as the caller may see them.
pub async fn search(core: &Core, caller: &Caller, words: &str) -> Result<Vec<Found>> {
    let mut searches = Searches(Vec::new());
    registry::visit_all(&mut searches);
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Organization).await?;
    let mut found = Vec::new();
    for (kind, search) in searches.0 {
        if tx.permissions().permit(Action::Read, kind) {
            found.extend(search(&mut tx, words).await?);
        }
    }
    tx.commit().await?;
    Ok(found)
}

type Search = for<'a> fn(&'a mut OrgTx, &'a str) -> Pin<Box<dyn Future<Output = Result<Vec<Found>>> + Send + 'a>>;

struct Searches(Vec<(Kind, Search)>);

impl ResourceVisitor for Searches {
    fn visit<R: Registered>(&mut self) {
        self.0.push((R::KIND, |tx, words| Box::pin(search_one::<R>(tx, words))));
    }
}

async fn search_one<R: Rows>(tx: &mut OrgTx, words: &str) -> Result<Vec<Found>> {
    let rows = R::page(tx, &R::search(words), Window::first(FOUND_OF_EACH)).await?;
    let found = rows.iter().take(FOUND_OF_EACH).map(|row| Found {
        kind: R::KIND,
        id: R::position(row).id,
        name: R::row_name(row).to_owned(),
    });
    Ok(found.collect())
}
