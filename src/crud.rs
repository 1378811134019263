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
    let window = core.cursors.window(caller.org(), R::KIND.word(), filter, page)?;
    let mut tx = caller.begin(&core.db, Action::Read, R::KIND).await?;
    let rows = R::page(&mut tx, filter, window).await?;
    tx.commit().await?;
    Ok(core
        .cursors
        .listing(caller.org(), R::KIND.word(), filter, window, rows, R::position))
}

pub async fn get<R: Rows>(core: &Core, caller: &Caller, id: Id<R>) -> Result<R> {
    let mut tx = caller.begin(&core.db, Action::Read, R::KIND).await?;
    let row = R::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(row)
}
