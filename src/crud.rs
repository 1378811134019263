//! Reading resources: authorize, open the organization, one statement. Written once for all of them.
//!
//! Changing them is `mirror.rs`, because what changes here changes at a provider first.

use std::future::Future;

use crate::{
    auth::Caller,
    core::Core,
    db::OrgTx,
    error::Result,
    id::Id,
    listing::{Listing, Page, Position, Window},
    resource::{Action, Resource},
};

/// The statements of a resource, each inside one organization.
pub trait Rows: Resource {
    fn page(
        tx: &mut OrgTx,
        filter: &Self::Filter,
        window: Window,
    ) -> impl Future<Output = Result<Vec<Self::Row>>> + Send;
    fn position(row: &Self::Row) -> Position;
    /// `NotFound` for what is not there and for what is not theirs.
    fn find(tx: &mut OrgTx, id: Id<Self>) -> impl Future<Output = Result<Self>> + Send;
}

pub async fn list<R: Rows>(core: &Core, caller: &Caller, filter: &R::Filter, page: &Page) -> Result<Listing<R::Row>> {
    let window = window::<R>(core, caller, filter, page)?;
    let mut tx = caller.begin(&core.db, Action::Read, R::KIND).await?;
    let listing = listing::<R>(core, &mut tx, filter, window).await?;
    tx.commit().await?;
    Ok(listing)
}

/// Which rows are asked for, if the page's cursor is one of this organization and these filters.
pub fn window<R: Rows>(core: &Core, caller: &Caller, filter: &R::Filter, page: &Page) -> Result<Window> {
    core.cursors.window(caller.org(), R::KIND.word(), filter, page)
}

/// One page, in a transaction that has more to do.
pub async fn listing<R: Rows>(
    core: &Core,
    tx: &mut OrgTx,
    filter: &R::Filter,
    window: Window,
) -> Result<Listing<R::Row>> {
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
