//! Views: filters of the list of calls under a name, of one person or of everybody.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::CallFilter;
use crate::{
    check::{Check, Checked},
    id::Id,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CallView {
    pub id: Id<CallView>,
    pub name: String,
    pub filter: CallFilter,
    /// Whether everybody of the organization sees it.
    pub shared: bool,
    /// A person or an API key. Nobody else sees it, and changes it, unless it is shared.
    pub saved_by: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CallViewDraft {
    pub name: String,
    pub filter: CallFilter,
    #[serde(default)]
    pub shared: bool,
}

impl Checked for CallViewDraft {
    fn check(&self, check: &mut Check) {
        check.text("name", &self.name, 1..=60);
    }
}

#[cfg(feature = "ssr")]
pub mod flow {
    //! What people do with views: list, save, change and delete them.

    use sqlx::types::Json;

    use super::{CallFilter, CallView, CallViewDraft, Check, Id};
    use crate::{
        auth::Caller,
        core::Core,
        crud,
        db::OrgTx,
        error::{Error, Result},
        resource::{Action, Kind},
    };

    /// That one person may have, and that are shared.
    const MOST: i64 = 1_000;

    /// One's own and the shared ones, by name.
    pub async fn list(core: &Core, caller: &Caller) -> Result<Vec<CallView>> {
        let mut tx = caller.begin(&core.db, Action::Read, Kind::Call).await?;
        let views = all(&mut tx).await?;
        tx.commit().await?;
        Ok(views)
    }

    pub async fn save(core: &Core, caller: &Caller, draft: CallViewDraft) -> Result<CallView> {
        checked(&draft)?;
        let mut tx = caller.begin(&core.db, Action::Update, Kind::Call).await?;
        let by = tx.actor().0;
        let known = all(&mut tx).await?;
        must_be_new(&known, &draft, None)?;
        if known.len() as i64 >= MOST {
            return Err(Error::invalid("name", "There are a thousand views. Delete one first."));
        }
        let id = Id::<CallView>::new();
        sqlx::query!(
            "insert into app.call_views (org_id, id, name, filter, shared, saved_by) values ($1, $2, $3, $4, $5, $6)",
            tx.org() as _,
            id.uuid(),
            draft.name.trim(),
            Json(&draft.filter) as _,
            draft.shared,
            by,
        )
        .execute(tx.conn())
        .await?;
        let view = find(&mut tx, id).await?;
        tx.changed(Kind::Call);
        crud::commit(core, tx).await?;
        Ok(view)
    }

    pub async fn change(core: &Core, caller: &Caller, id: Id<CallView>, draft: CallViewDraft) -> Result<CallView> {
        checked(&draft)?;
        let mut tx = caller.begin(&core.db, Action::Update, Kind::Call).await?;
        let known = all(&mut tx).await?;
        if !known.iter().any(|view| view.id == id) {
            return Err(Error::NotFound);
        }
        must_be_new(&known, &draft, Some(id))?;
        sqlx::query!(
            "update app.call_views set name = $3, filter = $4, shared = $5, updated_at = now() where org_id = $1 and id = $2",
            tx.org() as _,
            id.uuid(),
            draft.name.trim(),
            Json(&draft.filter) as _,
            draft.shared,
        )
        .execute(tx.conn())
        .await?;
        let view = find(&mut tx, id).await?;
        tx.changed(Kind::Call);
        crud::commit(core, tx).await?;
        Ok(view)
    }

    /// Another name and other readers; the filter stays.
    pub async fn rename(
        core: &Core,
        caller: &Caller,
        id: Id<CallView>,
        name: String,
        shared: bool,
    ) -> Result<CallView> {
        let mut tx = caller.begin(&core.db, Action::Update, Kind::Call).await?;
        let filter = find(&mut tx, id).await?.filter;
        tx.commit().await?;
        change(core, caller, id, CallViewDraft { name, filter, shared }).await
    }

    pub async fn delete(core: &Core, caller: &Caller, id: Id<CallView>) -> Result<()> {
        let mut tx = caller.begin(&core.db, Action::Update, Kind::Call).await?;
        find(&mut tx, id).await?;
        sqlx::query!(
            "delete from app.call_views where org_id = $1 and id = $2",
            tx.org() as _,
            id.uuid(),
        )
        .execute(tx.conn())
        .await?;
        tx.changed(Kind::Call);
        crud::commit(core, tx).await
    }

    /// The filter's own fields are below `filter`.
    fn checked(draft: &CallViewDraft) -> Result<()> {
        Check::run(draft)?;
        Check::run(&draft.filter).map_err(|error| match error {
            Error::Invalid(mut wrong) => {
                wrong.iter_mut().for_each(|wrong| wrong.field.insert_str(0, "filter."));
                Error::Invalid(wrong)
            }
            other => other,
        })
    }

    /// Two that one person sees under one name could not be told apart.
    fn must_be_new(known: &[CallView], draft: &CallViewDraft, id: Option<Id<CallView>>) -> Result<()> {
        let name = draft.name.trim().to_lowercase();
        let taken = known
            .iter()
            .any(|view| Some(view.id) != id && view.name.to_lowercase() == name);
        if taken {
            Err(Error::invalid("name", "A view of this name is there already."))
        } else {
            Ok(())
        }
    }

    /// `NotFound` also for what is somebody else's own.
    async fn find(tx: &mut OrgTx, id: Id<CallView>) -> Result<CallView> {
        all(tx)
            .await?
            .into_iter()
            .find(|view| view.id == id)
            .ok_or(Error::NotFound)
    }

    async fn all(tx: &mut OrgTx) -> Result<Vec<CallView>> {
        let by = tx.actor().0;
        let rows = sqlx::query!(
            r#"select v.id, v.name, v.filter as "filter: Json<CallFilter>", v.shared, v.saved_by, v.created_at, v.updated_at
               from app.call_views v where v.org_id = $1 and (v.shared or v.saved_by = $2) order by v.name, v.id"#,
            tx.org() as _,
            by,
        )
        .fetch_all(tx.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| CallView {
                id: row.id,
                name: row.name,
                filter: row.filter.0,
                shared: row.shared,
                saved_by: row.saved_by,
                created_at: row.created_at,
                updated_at: row.updated_at,
            })
            .collect())
    }
}
