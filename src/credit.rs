//! Credit: what an organization has left to spend.

use crate::resource::{About, Actions, PermissionLabels, Roles};

/// Credits, to everything that lists resources.
pub const ABOUT: About = About {
    word: "credits",
    singular: "credit entry",
    plural: "Credits",
    article: "a",
    path: "/credits",
    icon: "card",
    pages: &[],
    new: None,
    has_page: false,
    logged: false,
    roles: Roles {
        admin: Actions::ALL,
        developer: Actions::READ,
        operator: Actions::READ,
        billing: Actions::ALL,
        viewer: Actions::NONE,
    },
    permissions: PermissionLabels {
        read: Some("See the balance"),
        create: None,
        update: None,
        delete: None,
    },
    fields: &[],
};

#[cfg(feature = "ssr")]
mod store {
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
}
#[cfg(feature = "ssr")]
pub use store::balance;
