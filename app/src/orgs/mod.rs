//! Organizations in the browser: which ones a person may enter, and how one is entered, founded, joined and left.

mod colors;
mod dispositions;
mod join;
mod leave;
mod organization;
mod select;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use switchboard::{
    Id,
    org::{Invitation, InvitationLink, InvitationPreview, OrgDraft, OrgId, OrgMembership, Organization},
};

pub use join::JoinPage;
pub use leave::leave_button;
pub use organization::OrganizationPage;
pub use select::SelectOrgPage;

#[cfg(feature = "ssr")]
use crate::api::{caller, core, enter, person, session_cookie};
use crate::{AppError, Wire};
#[cfg(feature = "ssr")]
use leptos_axum::redirect;
#[cfg(feature = "ssr")]
use switchboard::{auth::session, org::store};

/// Where a person may work, and where they are asked to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Places {
    pub choices: Vec<OrgMembership>,
    pub offers: Vec<InvitationPreview>,
}

#[server(protocol = Wire)]
pub async fn list_places() -> Result<Places, AppError> {
    let (core, person) = (core(), person()?);
    Ok(Places {
        choices: store::choices(&core, &person).await?,
        offers: store::offers(&core, &person).await?,
    })
}

#[server(protocol = Wire)]
pub async fn read_invitation(token: String) -> Result<InvitationLink, AppError> {
    Ok(store::accept_link(&core(), &token).await?)
}

/// Moves the session, and with it every page that is loaded from now on. With Clerk only the personal workspace is
/// entered here: its script moves the session between organizations.
#[server(protocol = Wire)]
pub async fn switch_org(place: OrgId, #[server(default)] next: String) -> Result<(), AppError> {
    move_into(&place, &next).await
}

/// Founds an organization, and enters it.
#[server(protocol = Wire)]
pub async fn create_org(draft: OrgDraft, #[server(default)] next: String) -> Result<OrgId, AppError> {
    let place = store::create(&core(), &person()?, draft).await?;
    move_into(&place, &next).await?;
    Ok(place)
}

#[server(protocol = Wire)]
pub async fn accept_offer(offer: Id<Invitation>) -> Result<OrgId, AppError> {
    let place = store::accept(&core(), &person()?, offer).await?;
    move_into(&place, "/").await?;
    Ok(place)
}

#[server(protocol = Wire)]
pub async fn decline_offer(offer: Id<Invitation>) -> Result<(), AppError> {
    store::decline(&core(), &person()?, offer).await?;
    redirect("/select-org");
    Ok(())
}

#[server(protocol = Wire)]
pub async fn read_organization(org: OrgId) -> Result<Organization, AppError> {
    Ok(store::organization(&core(), &caller(&org)?).await?)
}

/// Saves what became of the organization that was read at `revision`. Its name and colour are on every page, so the next one is
/// drawn anew.
#[server(protocol = Wire)]
pub async fn update_organization(org: OrgId, draft: OrgDraft, revision: i64) -> Result<(), AppError> {
    store::update(&core(), &caller(&org)?, draft, revision).await?;
    redirect("/organization?changed=1");
    Ok(())
}

/// Takes oneself out of the organization of this page.
#[server(protocol = Wire)]
pub async fn leave_org(org: OrgId) -> Result<(), AppError> {
    store::leave(&core(), &caller(&org)?).await?;
    redirect("/select-org");
    Ok(())
}

#[cfg(feature = "ssr")]
async fn move_into(place: &OrgId, next: &str) -> Result<(), AppError> {
    let (core, cookie) = (core(), session_cookie()?);
    if !core.uses_clerk() {
        enter(&session::choose(&core, &cookie, place).await?, next);
    } else if place.is_personal() {
        session::choose_personal_clerk(&core, &cookie).await?;
    }
    Ok(())
}
