//! The statements of the log.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Detail, Entry, EntryFilter};
use crate::{
    auth::Caller,
    core::Core,
    db::OrgTx,
    error::Result,
    listing::{Listing, Page, Position, Window},
    org::UserId,
    resource::{Action, Kind},
};

impl Detail {
    /// Which fields of a draft became others.
    pub(crate) fn between(before: &impl Serialize, after: &impl Serialize) -> Self {
        let [before, after] =
            [serde_json::to_value(before), serde_json::to_value(after)].map(Result::unwrap_or_default);
        let changed = match &after {
            Value::Object(fields) => fields
                .iter()
                .filter(|(name, now)| before.get(name.as_str()) != Some(now))
                .map(|(name, _)| name.clone())
                .collect(),
            _ => Vec::new(),
        };
        Self {
            changed,
            ..Self::default()
        }
    }
}

/// One row of app.audit_log, with what those it names are called.
struct EntryRecord {
    id: Uuid,
    at: DateTime<Utc>,
    actor: String,
    actor_kind: String,
    actor_name: Option<String>,
    action: String,
    kind: String,
    object_id: String,
    object_name: String,
    member_name: Option<String>,
    detail: Json<Detail>,
}

impl From<EntryRecord> for Entry {
    fn from(row: EntryRecord) -> Self {
        Self {
            id: row.id,
            at: row.at,
            actor: row.actor,
            actor_kind: row.actor_kind,
            actor_name: row.actor_name,
            action: row.action,
            kind: row.kind,
            object_id: row.object_id,
            object_name: row.object_name,
            member_name: row.member_name,
            detail: row.detail.0,
        }
    }
}

/// Records what the transaction's caller does.
pub async fn record(tx: &mut OrgTx, action: Action, kind: Kind, object_id: &str, object_name: &str) -> Result<()> {
    record_verb(tx, action.word(), kind, object_id, object_name).await
}

/// Records an action that is more than create, update or delete: `sync`, `revoke`.
pub async fn record_verb(tx: &mut OrgTx, action: &str, kind: Kind, object_id: &str, object_name: &str) -> Result<()> {
    record_with(tx, action, kind, object_id, object_name, Detail::default()).await
}

/// Records an action and what it changed.
pub async fn record_with(
    tx: &mut OrgTx,
    action: &str,
    kind: Kind,
    object_id: &str,
    object_name: &str,
    detail: Detail,
) -> Result<()> {
    let actor = tx.actor();
    record_as(tx, actor, action, kind, (object_id, object_name), detail).await
}

/// Records that the organization began. Whoever opens its books acts for its founder, where that is known.
pub async fn founded(tx: &mut OrgTx, founder: Option<&UserId>, name: &str) -> Result<()> {
    let actor = founder.map_or_else(|| tx.actor(), |founder| (founder.to_string(), "person"));
    let org = tx.org().to_string();
    let made = Action::Create.word();
    record_as(tx, actor, made, Kind::Organization, (&org, name), Detail::default()).await
}

/// Records the same action on many things of one kind, and which field it changed.
pub(crate) async fn record_many(
    tx: &mut OrgTx,
    action: Action,
    kind: Kind,
    objects: &[(String, String)],
    field: Option<&str>,
) -> Result<()> {
    let (actor, actor_kind) = tx.actor();
    let detail = Detail {
        changed: field.map(str::to_owned).into_iter().collect(),
        ..Detail::default()
    };
    let ids: Vec<Uuid> = objects.iter().map(|_| Uuid::now_v7()).collect();
    let (object_ids, names): (Vec<String>, Vec<String>) = objects.iter().cloned().unzip();
    tx.changed(Kind::Audit);
    sqlx::query!(
        "insert into app.audit_log (org_id, client_id, id, actor, actor_kind, action, kind, object_id, object_name, detail)
         select c.org_id, c.id, o.id, $2, $3, $4, $5, o.object_id, o.name, $6
         from app.clients c, unnest($7::uuid[], $8::text[], $9::text[]) o (id, object_id, name) where c.org_id = $1",
        tx.org() as _,
        actor,
        actor_kind,
        action.word(),
        kind.word(),
        Json(detail) as _,
        &ids,
        &object_ids,
        &names,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Records what somebody did before, and what is only now known to have been done.
pub(crate) async fn record_as(
    tx: &mut OrgTx,
    (actor, actor_kind): (String, &str),
    action: &str,
    kind: Kind,
    (object_id, object_name): (&str, &str),
    detail: Detail,
) -> Result<()> {
    tx.changed(Kind::Audit);
    sqlx::query!(
        "insert into app.audit_log (org_id, client_id, id, actor, actor_kind, action, kind, object_id, object_name, detail)
         select c.org_id, c.id, $2, $3, $4, $5, $6, $7, $8, $9 from app.clients c where c.org_id = $1",
        tx.org() as _,
        Uuid::now_v7(),
        actor,
        actor_kind,
        action,
        kind.word(),
        object_id,
        object_name,
        Json(detail) as _,
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
    let rows = sqlx::query_as!(
        EntryRecord,
        r#"select a.id, a.at, a.actor, a.actor_kind, coalesce(u.name, k.name) as "actor_name?", a.action, a.kind, a.object_id,
                a.object_name, m.name as "member_name?", a.detail as "detail: Json<Detail>"
         from app.audit_log a
           left join app.users u on a.actor_kind = 'person' and u.org_id = a.org_id and u.user_id = a.actor
           left join app.api_keys k on a.actor_kind = 'api_key' and k.org_id = a.org_id and k.id::text = a.actor
           left join app.users m on a.kind = 'members' and m.org_id = a.org_id and m.user_id = a.object_id
         where a.org_id = $1
           and ($2::text is null or a.kind = $2) and ($3::text is null or a.object_id = $3)
           and (a.at, a.id) < ($4, $5)
           and ($7::text is null or position(lower($7) in lower(concat_ws(' ', a.object_name, u.name, k.name, m.name, a.object_id,
             a.detail::text))) > 0)
         order by a.at desc, a.id desc limit $6"#,
        tx.org() as _,
        filter.kind,
        filter.object_id,
        window.after.at,
        window.after.id,
        window.fetch(),
        filter.q.as_deref().map(str::trim).filter(|q| !q.is_empty()),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::AgentDraft;

    #[test]
    fn a_change_is_told_by_the_names_of_its_fields() {
        let before = AgentDraft::default();
        let after = AgentDraft {
            prompt: "The safe opens with 1-2-3.".into(),
            tags: vec!["night".into()],
            ..before.clone()
        };
        assert_eq!(Detail::between(&before, &after).changed, ["prompt", "tags"]);
        assert_eq!(Detail::between(&after, &after), Detail::default());
    }

    #[test]
    fn what_did_not_change_takes_no_room_in_the_log() {
        assert_eq!(serde_json::to_string(&Detail::default()).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<Detail>("{}").unwrap(), Detail::default());
    }
}
