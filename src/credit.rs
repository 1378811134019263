//! Credit: what an organization has left to spend.

use crate::{
    auth::Caller,
    core::Core,
    error::Result,
    money::Micros,
    resource::{Action, Kind},
};

pub async fn balance(core: &Core, caller: &Caller) -> Result<Micros> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Credit).await?;
    let balance = sqlx::query_scalar!(
        r#"select c.balance_micros as "balance: Micros" from app.clients c where c.org_id = $1"#,
        tx.org() as _,
    )
    .fetch_one(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(balance)
}
