//! Members in the browser: who belongs to an organization, who is invited, and what each role may do.

mod invite;
mod list;
mod roles;
mod their_keys;

use leptos::prelude::*;
use switchboard::{
    Id,
    org::{Invitation, InvitationDraft, Member, OrgId, Role, UserId},
};

pub use list::MembersPage;

#[cfg(feature = "ssr")]
use crate::api::{caller, core};
use crate::{AppError, Wire};
#[cfg(feature = "ssr")]
use switchboard::org::store;

#[server(protocol = Wire)]
pub async fn list_members(org: OrgId) -> Result<Vec<Member>, AppError> {
    Ok(store::members(&core(), &caller(&org)?).await?)
}

#[server(protocol = Wire)]
pub async fn list_invitations(org: OrgId) -> Result<Vec<Invitation>, AppError> {
    Ok(store::invitations(&core(), &caller(&org)?).await?)
}

#[server(protocol = Wire)]
pub async fn invite_member(org: OrgId, draft: InvitationDraft) -> Result<(), AppError> {
    store::invite(&core(), &caller(&org)?, draft).await?;
    Ok(())
}

#[server(protocol = Wire)]
pub async fn revoke_invitation(org: OrgId, invitation: Id<Invitation>) -> Result<(), AppError> {
    Ok(store::revoke_invitation(&core(), &caller(&org)?, invitation).await?)
}

#[server(protocol = Wire)]
pub async fn set_role(org: OrgId, member: UserId, role: Role) -> Result<(), AppError> {
    Ok(store::set_role(&core(), &caller(&org)?, &member, role).await?)
}

#[server(protocol = Wire)]
pub async fn remove_member(org: OrgId, member: UserId) -> Result<(), AppError> {
    Ok(store::remove_member(&core(), &caller(&org)?, &member).await?)
}
