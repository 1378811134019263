//! The audit log: who did what to which thing, written in the same transaction as the deed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Entry {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    /// A person's or an API key's id, or `system`.
    pub actor: String,
    /// `person`, `api_key` or `system`.
    pub actor_kind: String,
    /// What that person or key is called.
    pub actor_name: Option<String>,
    pub action: String,
    pub kind: String,
    pub object_id: String,
    pub object_name: String,
    /// Whom it is about, if that is a member.
    pub member_name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct EntryFilter {
    /// A kind of thing, such as `agents`.
    pub kind: Option<String>,
    /// The id of one thing.
    pub object_id: Option<String>,
}

#[cfg(feature = "ssr")]
mod store {
    use super::{Entry, EntryFilter};
    use crate::{
        auth::Caller,
        core::Core,
        db::OrgTx,
        error::Result,
        listing::{Listing, Page, Position, Window},
        org::UserId,
        resource::{Action, Kind},
    };
    use uuid::Uuid;

    /// Records what the transaction's caller does.
    pub async fn record(tx: &mut OrgTx, action: Action, kind: Kind, object_id: &str, object_name: &str) -> Result<()> {
        note(tx, action.word(), kind, object_id, object_name).await
    }

    /// Records a deed that is more than create, update or delete: `sync`, `revoke`.
    pub async fn note(tx: &mut OrgTx, action: &str, kind: Kind, object_id: &str, object_name: &str) -> Result<()> {
        let actor = tx.actor();
        write(tx, actor, action, kind, object_id, object_name).await
    }

    /// Records that the organization began. Whoever opens its books acts for its founder, where that is known.
    pub async fn founded(tx: &mut OrgTx, founder: Option<&UserId>, name: &str) -> Result<()> {
        let actor = founder.map_or_else(|| tx.actor(), |founder| (founder.to_string(), "person"));
        let org = tx.org().to_string();
        write(tx, actor, Action::Create.word(), Kind::Organization, &org, name).await
    }

    async fn write(
        tx: &mut OrgTx,
        (actor, actor_kind): (String, &str),
        action: &str,
        kind: Kind,
        object_id: &str,
        object_name: &str,
    ) -> Result<()> {
        sqlx::query!(
            "insert into app.audit_log (client_id, id, actor, actor_kind, action, kind, object_id, object_name)
             select c.id, $2, $3, $4, $5, $6, $7, $8 from app.clients c where c.org_id = $1",
            tx.org() as _,
            Uuid::now_v7(),
            actor,
            actor_kind,
            action,
            kind.word(),
            object_id,
            object_name,
        )
        .execute(tx.conn())
        .await?;
        Ok(())
    }

    pub async fn list(core: &Core, caller: &Caller, filter: &EntryFilter, page: &Page) -> Result<Listing<Entry>> {
        let window = core.cursors.window(caller.org(), Kind::Audit.word(), filter, page)?;
        let mut tx = caller.begin(&core.db, Action::Read, Kind::Audit).await?;
        let entries = entries(&mut tx, filter, window).await?;
        tx.commit().await?;
        let position = |entry: &Entry| Position {
            at: entry.at,
            id: entry.id,
        };
        Ok(core
            .cursors
            .listing(caller.org(), Kind::Audit.word(), filter, window, entries, position))
    }

    pub(crate) async fn entries(tx: &mut OrgTx, filter: &EntryFilter, window: Window) -> Result<Vec<Entry>> {
        Ok(sqlx::query_as!(
            Entry,
            r#"select a.id, a.at, a.actor, a.actor_kind, coalesce(u.name, k.name) as "actor_name?", a.action, a.kind, a.object_id,
                    a.object_name, m.name as "member_name?"
             from app.audit_log a
               left join app.users u on a.actor_kind = 'person' and u.client_id = a.client_id and u.user_id = a.actor
               left join app.api_keys k on a.actor_kind = 'api_key' and k.client_id = a.client_id and k.id::text = a.actor
               left join app.users m on a.kind = 'members' and m.client_id = a.client_id and m.user_id = a.object_id
             where a.client_id = (select c.id from app.clients c where c.org_id = $1)
               and ($2::text is null or a.kind = $2) and ($3::text is null or a.object_id = $3)
               and (a.at, a.id) < ($4, $5)
             order by a.at desc, a.id desc limit $6"#,
            tx.org() as _,
            filter.kind,
            filter.object_id,
            window.after.at,
            window.after.id,
            window.fetch(),
        )
        .fetch_all(tx.conn())
        .await?)
    }
}
#[cfg(feature = "ssr")]
pub(crate) use store::entries;
#[cfg(feature = "ssr")]
pub use store::{founded, list, note, record};
