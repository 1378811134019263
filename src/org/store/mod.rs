//! The statements of organizations: which ones a person has, and how one begins and is left.

mod intents;
mod invitations;
mod members;
mod organization;

use sqlx::PgConnection;
use uuid::Uuid;

pub use intents::settle_due;
pub use invitations::{accept, accept_link, decline, invitations, invite, offers, revoke_invitation};
pub use members::{members, remove_member, set_role};
pub(crate) use organization::current;
pub use organization::{organization, organization_to_change, update};

use super::{OrgDraft, OrgId, OrgMembership, Role, UserId};
use crate::{
    audit,
    auth::{Caller, Who, ensure_provisioned},
    check::Check,
    core::Core,
    error::{Error, Result, ResultExt},
    providers::Clerk,
    resource::{Action, Kind},
    zone::TimeZone,
};

/// The organizations a person belongs to, the one used last first. The personal workspace is not among them: it is
/// always there to be opened.
pub async fn choices(core: &Core, user: &UserId) -> Result<Vec<OrgMembership>> {
    Ok(sqlx::query_as!(
        OrgMembership,
        r#"select o.id as org_id, o.name, o.color, m.role, m.used_at,
                  (select count(*) from identity.memberships c where c.org_id = o.id and c.removed_at is null) as "members!"
           from identity.memberships m join identity.organizations o on o.id = m.org_id
           where m.user_id = $1 and m.org_id <> $1 and m.removed_at is null and o.deleted_at is null
           order by m.used_at desc nulls last, o.name, o.id"#,
        user.as_str(),
    )
    .fetch_all(core.db.identity.pool())
    .await?)
}

/// Every organization there is or was, for work that goes through them one by one.
pub(crate) async fn all(core: &Core) -> Result<Vec<OrgId>> {
    Ok(
        sqlx::query_scalar!("select o.id from identity.organizations o order by o.id")
            .fetch_all(core.db.identity.pool())
            .await?,
    )
}

/// Founds an organization, whose first owner is its founder.
///
/// Its zone is that of the founder's browser, where that is known; nobody is kept from founding one by it.
pub async fn create(core: &Core, user: &UserId, draft: OrgDraft) -> Result<OrgId> {
    let draft = OrgDraft {
        time_zone: TimeZone::of_browser(&draft.time_zone).unwrap_or_default().into(),
        ..draft
    };
    Check::run(&draft)?;
    let name = draft.name.trim();
    let id = match &core.clerk {
        Some(clerk) => {
            let organization = clerk.create_organization(name, user).await?;
            organization
                .id()
                .ok_or_else(|| Error::internal("Clerk made an organization with an id we cannot keep"))?
        }
        None => OrgId::new(),
    };
    // Clerk makes the founder an admin; its own word about that follows and is newer than this.
    let role = if core.uses_clerk() { Role::Admin } else { Role::Owner };
    let mut tx = core.db.identity.begin().await?;
    found(&mut tx, &id, &draft, user, role).await?;
    tx.commit().await?;
    ensure_provisioned(core, user, &id).await?;
    Ok(id)
}

pub(crate) async fn found(
    conn: &mut PgConnection,
    id: &OrgId,
    draft: &OrgDraft,
    user: &UserId,
    role: Role,
) -> Result<()> {
    sqlx::query!(
        "with o as (insert into identity.organizations (id, name, color, time_zone, created_by) values ($1, $2, $3, $6, $4)
                    on conflict (id) do update set color = excluded.color, time_zone = excluded.time_zone)
         insert into identity.memberships (org_id, user_id, role) values ($1, $4, $5) on conflict do nothing",
        id.as_str(),
        draft.name.trim(),
        draft.color.word(),
        user.as_str(),
        role.word(),
        draft.time_zone,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes the workspace of one person, in their zone, unless it is there.
pub(crate) async fn open_personal(conn: &mut PgConnection, user: &UserId) -> Result<()> {
    sqlx::query!(
        "with o as (insert into identity.organizations (id, name, color, time_zone, created_by)
                    select u.id, left(u.name, 80), 'slate', coalesce(nullif(u.time_zone, ''), 'UTC'), u.id
                    from identity.users u where u.id = $1 on conflict do nothing)
         insert into identity.memberships (org_id, user_id, role) select u.id, u.id, 'owner' from identity.users u where u.id = $1
         on conflict do nothing",
        user.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes oneself out. The last owner hands the organization on first.
pub async fn leave(core: &Core, caller: &Caller) -> Result<()> {
    let Who::Person(user) = caller.who() else {
        return Err(Error::Forbidden);
    };
    let org = caller.org();
    if org.is_personal() {
        return Err(Error::Conflict("Your personal workspace is always yours.".into()));
    }
    // Anybody may leave, so nothing but being there is asked.
    caller
        .begin(&core.db, Action::Read, Kind::Member)
        .await?
        .commit()
        .await?;
    if let Some(clerk) = &core.clerk {
        return leave_at_clerk(core, clerk, org, user).await;
    }
    let mut tx = core.db.identity.begin().await?;
    lock(&mut tx, org).await?;
    let left = sqlx::query!(
        "update identity.memberships m set removed_at = now(), stated_at = greatest(now(), m.stated_at + interval '1 millisecond')
         where m.org_id = $1 and m.user_id = $2 and m.removed_at is null
           and (m.role <> 'owner' or exists (select from identity.memberships other
                where other.org_id = $1 and other.user_id <> $2 and other.role = 'owner' and other.removed_at is null))",
        org.as_str(),
        user.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    if left.rows_affected() == 0 {
        return Err(members::last_owner());
    }
    sqlx::query!(
        "update identity.sessions set org_id = null where org_id = $1 and user_id = $2",
        org.as_str(),
        user.as_str()
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    note(core, org, "leave", user).await
}

/// Once it is written down that they are about to go, so that no other owner goes meanwhile, Clerk is asked.
async fn leave_at_clerk(core: &Core, clerk: &Clerk, org: &OrgId, user: &UserId) -> Result<()> {
    let intent = Uuid::now_v7();
    let mut tx = core.db.identity.begin().await?;
    lock(&mut tx, org).await?;
    let may_go = sqlx::query!(
        "insert into identity.member_intents (org_id, id, action, subject, label, actor, actor_kind)
         select $1, $3, 'leave', u.id, u.name, 'system', 'system'
         from identity.memberships m join identity.users u on u.id = m.user_id
         where m.org_id = $1 and m.user_id = $2 and m.removed_at is null
           and (m.role <> 'owner' or exists (select from identity.memberships other
                where other.org_id = $1 and other.user_id <> $2 and other.role = 'owner' and other.removed_at is null
                  and not exists (select from identity.member_intents i where i.org_id = $1 and i.subject = other.user_id)))",
        org.as_str(),
        user.as_str(),
        intent,
    )
    .execute(&mut *tx)
    .await
    .on_constraint("member_intents_subject_unique", intents::under_way)?;
    if may_go.rows_affected() == 0 {
        return Err(members::last_owner());
    }
    tx.commit().await?;
    intents::carry_out(core, org, intent, clerk.remove_member(org, user)).await
}

/// Holds the members of an organization still until the transaction ends.
async fn lock(conn: &mut PgConnection, org: &OrgId) -> Result<()> {
    sqlx::query!(
        "select from identity.organizations where id = $1 for update",
        org.as_str()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes into an organization's log what a person did at its door, before or after being a member.
pub(crate) async fn note(core: &Core, org: &OrgId, deed: &str, user: &UserId) -> Result<()> {
    let name = sqlx::query_scalar!("select u.name from identity.users u where u.id = $1", user.as_str())
        .fetch_optional(core.db.identity.pool())
        .await?
        .unwrap_or_default();
    let mut tx = Caller::system(org.clone())
        .begin(&core.db, Action::Create, Kind::Audit)
        .await?;
    audit::record_verb(&mut tx, deed, Kind::Member, user.as_str(), &name).await?;
    tx.commit().await
}
