//! The statements of the organization itself: what it is called, its colour, its time zone.

use crate::{
    audit::{self, Detail},
    auth::Caller,
    check::Check,
    core::Core,
    db::OrgTx,
    error::{Error, Result},
    org::{OrgColor, OrgDraft, Organization},
    resource::{Action, Kind},
    zone::TimeZone,
};

/// The caller's organization.
pub async fn organization(core: &Core, caller: &Caller) -> Result<Organization> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Organization).await?;
    let organization = current(&mut tx).await?;
    tx.commit().await?;
    Ok(organization)
}

/// The same for a change of it that is about to be made.
pub async fn organization_to_change(core: &Core, caller: &Caller) -> Result<Organization> {
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Organization).await?;
    let organization = current(&mut tx).await?;
    tx.commit().await?;
    Ok(organization)
}

/// The organization of a transaction.
pub(crate) async fn current(tx: &mut OrgTx) -> Result<Organization> {
    let row = sqlx::query!(
        r#"select name as "name!", color as "color!: OrgColor", time_zone as "time_zone!: TimeZone", revision as "revision!",
                  created_at as "created_at!" from identity.organization()"#
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(Error::Unauthenticated)?;
    let id = tx.org();
    Ok(Organization {
        personal: id.is_personal(),
        id,
        name: row.name,
        color: row.color,
        time_zone: row.time_zone,
        revision: row.revision,
        created_at: row.created_at,
    })
}

/// Saves what became of the organization that was read at `revision`, together with its entry in the log.
pub async fn update(core: &Core, caller: &Caller, draft: OrgDraft, revision: i64) -> Result<Organization> {
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Organization).await?;
    let draft = OrgDraft {
        name: draft.name.trim().to_owned(),
        ..draft
    };
    Check::run(&draft)?;
    let row = sqlx::query!(
        r#"select name as "name!", color as "color!: OrgColor", time_zone as "time_zone!", revision as "revision!"
           from identity.update_organization($1, $2, $3, $4)"#,
        revision,
        draft.name,
        draft.color.word(),
        draft.time_zone,
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(Error::Unauthenticated)?;
    if row.revision != revision {
        return Err(Error::stale(Kind::Organization));
    }
    let before = OrgDraft {
        name: row.name,
        color: row.color,
        time_zone: row.time_zone,
    };
    // What was taken from elsewhere may end in a space.
    let renamed = before.name.trim() != draft.name;
    if renamed {
        rename(core, &mut tx, &draft.name).await?;
    }
    if before != draft {
        let (id, detail) = (tx.org().to_string(), Detail::between(&before, &draft));
        audit::record_with(
            &mut tx,
            Action::Update.word(),
            Kind::Organization,
            &id,
            &draft.name,
            detail,
        )
        .await?;
    }
    let saved = current(&mut tx).await?;
    tx.commit().await?;
    Ok(saved)
}

/// The billing client has the same name. In a personal workspace and with Clerk the name is changed elsewhere: the error rolls
/// the transaction back.
async fn rename(core: &Core, tx: &mut OrgTx, name: &str) -> Result<()> {
    if tx.org().is_personal() {
        return Err(Error::invalid(
            "name",
            "A personal workspace keeps the name of its person.",
        ));
    }
    if core.uses_clerk() {
        return Err(Error::invalid(
            "name",
            "This organization is renamed at Clerk, and has the new name here by itself.",
        ));
    }
    sqlx::query!(
        "update app.clients set name = $2 where org_id = $1",
        tx.org() as _,
        name
    )
    .execute(tx.conn())
    .await?;
    tx.changed(Kind::Credit);
    Ok(())
}
