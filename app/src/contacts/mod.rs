//! Contacts in the browser: what pages may ask about them.

mod actions;
mod bulk;
mod edit;
mod fields;
mod list;
mod show;

use leptos::prelude::*;
use switchboard::{
    Id,
    contacts::{self, Contact, ContactDraft, ContactFilter, ContactRow},
    listing::{Listing, Page},
    org::OrgId,
};

#[cfg(feature = "ssr")]
use crate::api::{caller, core};
use crate::{AppError, Wire};
#[cfg(feature = "ssr")]
use switchboard::crud;

pub use edit::{ContactEdit, ContactNew};
pub use list::ContactList;
pub use show::ContactPage;

// A server function makes a type of its name; those of the core are called with their module.

/// One page of the list, and what is true of all contacts together.
#[server(protocol = Wire)]
pub async fn browse_contacts(
    org: OrgId,
    filter: ContactFilter,
    page: Page,
) -> Result<(Listing<ContactRow>, contacts::ContactFacets), AppError> {
    Ok(crud::browse::<Contact>(&core(), &caller(&org)?, &filter, &page).await?)
}

#[server(protocol = Wire)]
pub async fn contact_facets(org: OrgId) -> Result<contacts::ContactFacets, AppError> {
    Ok(crud::facets::<Contact>(&core(), &caller(&org)?).await?)
}

#[server(protocol = Wire)]
pub async fn get_contact(org: OrgId, id: Id<Contact>) -> Result<Contact, AppError> {
    Ok(crud::get(&core(), &caller(&org)?, id).await?)
}

#[server(protocol = Wire)]
pub async fn create_contact(org: OrgId, draft: ContactDraft) -> Result<Contact, AppError> {
    Ok(crud::create(&core(), &caller(&org)?, draft).await?)
}

#[server(protocol = Wire)]
pub async fn update_contact(
    org: OrgId,
    id: Id<Contact>,
    draft: ContactDraft,
    revision: i64,
) -> Result<Contact, AppError> {
    Ok(crud::update(&core(), &caller(&org)?, id, draft, revision).await?)
}

#[server(protocol = Wire)]
pub async fn move_contacts(org: OrgId, what: contacts::MoveContacts) -> Result<(), AppError> {
    Ok(contacts::bulk::move_to(&core(), &caller(&org)?, what).await?)
}

#[server(protocol = Wire)]
pub async fn tag_contacts(org: OrgId, what: contacts::TagContacts) -> Result<(), AppError> {
    Ok(contacts::bulk::tag(&core(), &caller(&org)?, what).await?)
}

#[server(protocol = Wire)]
pub async fn delete_contacts(org: OrgId, what: contacts::DeleteContacts) -> Result<(), AppError> {
    Ok(contacts::bulk::delete(&core(), &caller(&org)?, what).await?)
}
