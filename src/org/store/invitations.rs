//! Invitations: how somebody is asked in, and says yes or no. Only the person whose address was invited can.

use uuid::Uuid;

use super::{
    intents::{Intent, carry_out},
    members::Hand,
    note,
};
use crate::{
    audit::{self, Detail},
    auth::{Caller, Who, ensure_provisioned},
    check::Check,
    core::Core,
    error::{Error, Result, ResultExt},
    id::Id,
    org::{Invitation, InvitationDraft, InvitationLink, InvitationPreview, OrgColor, OrgId, Role, UserId},
    providers::Clerk,
    resource::{Action, Kind},
    secret::{fingerprint, token},
};

/// What stands, as the organization sees it.
pub async fn invitations(core: &Core, caller: &Caller) -> Result<Vec<Invitation>> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Member).await?;
    if let Some(clerk) = at_clerk(core, caller) {
        tx.commit().await?;
        let standing = clerk.invitations(caller.org()).await?;
        return Ok(standing.iter().map(clerks::invitation).collect());
    }
    let invitations = sqlx::query_as!(
        Invitation,
        r#"select id as "id!: Id<Invitation>", email as "email!", role as "role!: Role", invited_by,
                  created_at as "created_at!", expires_at as "expires_at!", mail_sent_at, mail_error
             from identity.pending_invitations()"#
    )
    .fetch_all(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(invitations)
}

/// Invites an address, with the mail that carries the link. Inviting it again replaces the invitation and the link.
pub async fn invite(core: &Core, caller: &Caller, draft: InvitationDraft) -> Result<Id<Invitation>> {
    Check::run(&draft)?;
    if caller.org().is_personal() {
        return Err(Error::Conflict(
            "A personal workspace has one member. Create an organization to invite people.".into(),
        ));
    }
    let email = draft.email.trim();
    let mut tx = caller.begin(&core.db, Action::Create, Kind::Member).await?;
    let members = sqlx::query!(
        r#"select user_id as "user_id!: UserId", name as "name!", email as "email!", role as "role!: Role" from identity.org_members()"#
    )
    .fetch_all(tx.conn())
    .await?;
    let me = match caller.who() {
        Who::Person(user) => members.iter().find(|member| member.user_id == *user),
        Who::Key(_) | Who::System => None,
    };
    Hand::of(caller, &tx, me.map(|me| me.role))?.govern(draft.role)?;
    if members
        .iter()
        .any(|member| member.email.to_lowercase() == email.to_lowercase())
    {
        return Err(Error::invalid("email", "This person is a member already."));
    }
    let change = Intent {
        action: "invite",
        subject: email,
        label: draft.role.label(),
        detail: Detail {
            to: Some(draft.role),
            ..Detail::default()
        },
        role: Some(draft.role),
        invitation: None,
    };
    if let Some(clerk) = at_clerk(core, caller) {
        let inviter = match caller.who() {
            Who::Person(user) => Some(user),
            Who::Key(_) | Who::System => None,
        };
        let intent = change.begin(&mut tx).await?;
        tx.commit().await?;
        let question = clerk.invite(caller.org(), email, draft.role, inviter);
        let made = carry_out(core, caller.org(), intent, question).await?;
        return Ok(clerks::id(&made));
    }
    let id = Id::<Invitation>::new();
    let link = token();
    let org_name = name_of(core, caller.org()).await?;
    let inviter = me.map_or("Your team", |me| me.name.as_str());
    let letter = core.mailer.invitation(&link, &org_name, inviter, draft.role);
    sqlx::query!(
        "select identity.invite($1, $2, $3, $4, $5, $6, $7)",
        id.uuid(),
        email,
        draft.role.word(),
        &fingerprint(&link),
        Uuid::now_v7(),
        letter.subject,
        letter.body,
    )
    .execute(tx.conn())
    .await
    .on_constraint("invitations_pending", || {
        Error::invalid("email", "Somebody else has just invited this person.")
    })?;
    change.record(&mut tx).await?;
    tx.commit().await?;
    Ok(id)
}

/// Where Clerk keeps the people it keeps the invitations too, sends their mail and lets them in.
fn at_clerk<'a>(core: &'a Core, caller: &Caller) -> Option<&'a Clerk> {
    core.clerk.as_ref().filter(|_| !caller.org().is_personal())
}

/// Clerk's invitations in our words.
mod clerks {
    use chrono::{DateTime, TimeDelta};
    use uuid::Builder;

    use crate::{auth::role_of, id::Id, org::Invitation, providers::clerk, secret::fingerprint};

    /// Always the same for the same invitation, so that nothing has to remember which is whose.
    pub fn id(known: &clerk::Invitation) -> Id<Invitation> {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&fingerprint(&known.id)[..16]);
        Id::from_uuid(Builder::from_custom_bytes(bytes).into_uuid())
    }

    pub fn invitation(known: &clerk::Invitation) -> Invitation {
        let created_at = DateTime::from_timestamp_millis(known.created_at).unwrap_or_default();
        Invitation {
            id: id(known),
            email: known.email_address.clone(),
            role: role_of(&known.role),
            invited_by: None,
            created_at,
            expires_at: known
                .expires_at
                .and_then(DateTime::from_timestamp_millis)
                .unwrap_or(created_at + TimeDelta::days(7)),
            // Clerk sends it at once, and does not say otherwise.
            mail_sent_at: Some(created_at),
            mail_error: None,
        }
    }
}

async fn name_of(core: &Core, org: &OrgId) -> Result<String> {
    Ok(sqlx::query_scalar!(
        "select o.name from identity.organizations o where o.id = $1",
        org.as_str()
    )
    .fetch_one(core.db.identity.pool())
    .await?)
}

pub async fn revoke_invitation(core: &Core, caller: &Caller, id: Id<Invitation>) -> Result<()> {
    if let Some(clerk) = at_clerk(core, caller) {
        return revoke_at_clerk(core, caller, clerk, id).await;
    }
    let mut tx = caller.begin(&core.db, Action::Delete, Kind::Member).await?;
    let email = sqlx::query_scalar!("select identity.revoke_invitation($1)", id.uuid())
        .fetch_one(tx.conn())
        .await?
        .ok_or(Error::NotFound)?;
    audit::record_verb(&mut tx, "revoke", Kind::Member, &email, "invitation").await?;
    tx.commit().await
}

async fn revoke_at_clerk(core: &Core, caller: &Caller, clerk: &Clerk, id: Id<Invitation>) -> Result<()> {
    // Whoever may not is told so before Clerk is asked which one it is.
    caller
        .begin(&core.db, Action::Delete, Kind::Member)
        .await?
        .commit()
        .await?;
    let standing = clerk.invitations(caller.org()).await?;
    let found = standing.iter().find(|known| clerks::id(known) == id);
    let invitation = found.ok_or(Error::NotFound)?;
    let change = Intent {
        action: "revoke",
        subject: &invitation.email_address,
        label: "invitation",
        detail: Detail::default(),
        role: None,
        invitation: Some(&invitation.id),
    };
    let mut tx = caller.begin(&core.db, Action::Delete, Kind::Member).await?;
    let intent = change.begin(&mut tx).await?;
    tx.commit().await?;
    carry_out(
        core,
        caller.org(),
        intent,
        clerk.revoke_invitation(caller.org(), invitation),
    )
    .await
}

/// The invitations that wait for a person, by their confirmed address.
pub async fn offers(core: &Core, user: &UserId) -> Result<Vec<InvitationPreview>> {
    Ok(sqlx::query_as!(
        InvitationPreview,
        r#"select i.id, o.name as org_name, o.color, i.role, by.name as "invited_by?", i.expires_at
           from identity.users u
             join identity.invitations i on i.email_norm = u.email_norm
             join identity.organizations o on o.id = i.org_id and o.deleted_at is null
             left join identity.users by on by.id = i.invited_by
           where u.id = $1 and u.email_verified_at is not null
             and i.accepted_at is null and i.declined_at is null and i.revoked_at is null and i.expires_at > now()
           order by i.created_at desc, i.id"#,
        user.as_str(),
    )
    .fetch_all(core.db.identity.pool())
    .await?)
}

/// What the link in a mail is about; it opens nothing by itself.
pub async fn accept_link(core: &Core, token: &str) -> Result<InvitationLink> {
    let row = sqlx::query!(
        r#"select i.id, o.name as org_name, o.color as "color: OrgColor", i.role, by.name as "invited_by?", i.expires_at, i.email,
                  exists (select from identity.users u where u.email_norm = i.email_norm and u.password_hash is not null) as "has_account!"
           from identity.invitations i
             join identity.organizations o on o.id = i.org_id and o.deleted_at is null
             left join identity.users by on by.id = i.invited_by
           where i.token_hash = $1 and i.accepted_at is null and i.declined_at is null and i.revoked_at is null
             and i.expires_at > now()"#,
        &fingerprint(token),
    )
    .fetch_optional(core.db.identity.pool())
    .await?
    .ok_or(Error::NotFound)?;
    Ok(InvitationLink {
        offer: InvitationPreview {
            id: row.id,
            org_name: row.org_name,
            color: row.color,
            role: row.role,
            invited_by: row.invited_by,
            expires_at: row.expires_at,
        },
        email: row.email,
        has_account: row.has_account,
    })
}

/// Says yes: once, in time, and only by the person whose address was invited.
pub async fn accept(core: &Core, user: &UserId, id: Id<Invitation>) -> Result<OrgId> {
    let mut tx = core.db.identity.begin().await?;
    let org = sqlx::query_scalar!(
        r#"with i as (update identity.invitations i set accepted_at = now()
                      from identity.users u, identity.organizations o
                      where i.id = $2 and u.id = $1 and u.email_verified_at is not null and u.disabled_at is null
                        and i.email_norm = u.email_norm and o.id = i.org_id and o.deleted_at is null
                        and i.accepted_at is null and i.declined_at is null and i.revoked_at is null and i.expires_at > now()
                      returning i.org_id, i.role),
             -- Whoever is a member by now keeps the role they have.
             m as (insert into identity.memberships as m (org_id, user_id, role) select i.org_id, $1, i.role from i
                   on conflict (org_id, user_id) do update set role = excluded.role, created_at = now(), stated_at = now(), removed_at = null
                     where m.removed_at is not null)
           select i.org_id as "org_id: OrgId" from i"#,
        user.as_str(),
        id.uuid(),
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound)?;
    tx.commit().await?;
    ensure_provisioned(core, user, &org).await?;
    note(core, &org, "join", user).await?;
    Ok(org)
}

pub async fn decline(core: &Core, user: &UserId, id: Id<Invitation>) -> Result<()> {
    let org = sqlx::query_scalar!(
        r#"update identity.invitations i set declined_at = now() from identity.users u
           where i.id = $2 and u.id = $1 and u.email_verified_at is not null and i.email_norm = u.email_norm
             and i.accepted_at is null and i.declined_at is null and i.revoked_at is null
           returning i.org_id as "org_id: OrgId""#,
        user.as_str(),
        id.uuid(),
    )
    .fetch_optional(core.db.identity.pool())
    .await?
    .ok_or(Error::NotFound)?;
    note(core, &org, "decline", user).await
}
