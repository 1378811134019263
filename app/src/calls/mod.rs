//! Calls in the browser: what pages may ask about them.

mod elapsed;
mod events;
mod facts;
mod follow;
mod format;
mod list;
mod number;
mod panel;
mod place;
mod player;
mod rows;
mod show;
mod sound;
mod transcript;
mod turns;
mod values;
mod wave;

use leptos::prelude::*;
use switchboard::{
    Id,
    calls::{Call, CallDraft, CallFilter, CallRow, Conversation},
    listing::{Listing, Page},
    org::OrgId,
};

#[cfg(feature = "ssr")]
use crate::api::{caller, core, person};
use crate::{AppError, Wire};
pub use format::spaced;
pub use list::CallList;
pub use number::dials;
pub use panel::TestPanel;
pub use place::{PlaceCall, Preset};
pub use rows::call_line;
pub use show::CallPage;
#[cfg(feature = "ssr")]
use switchboard::{Error, calls::flow, phone::PhoneNumber};

#[server(protocol = Wire)]
pub async fn list_calls(org: OrgId, filter: CallFilter, page: Page) -> Result<Listing<CallRow>, AppError> {
    Ok(flow::list(&core(), &caller(&org)?, &filter, &page).await?)
}

#[server(protocol = Wire)]
pub async fn place_call(org: OrgId, draft: CallDraft, attempt: Option<String>) -> Result<Call, AppError> {
    let (core, caller) = (core(), caller(&org)?);
    Ok(match attempt {
        Some(attempt) => flow::place_once(&core, &caller, draft, attempt).await?,
        None => flow::place(&core, &caller, draft).await?,
    })
}

/// A telephone number as it would be dialed, in the groups of its country. What is in the way of dialing is the error of
/// the field `number`.
#[server(protocol = Wire)]
pub async fn read_number(text: String) -> Result<String, AppError> {
    person()?;
    let number = PhoneNumber::parse(&text).map_err(|says| Error::invalid("number", says))?;
    Ok(number.grouped())
}

#[server(protocol = Wire)]
pub async fn get_conversation(org: OrgId, id: Id<Call>) -> Result<Conversation, AppError> {
    Ok(flow::conversation(&core(), &caller(&org)?, id).await?)
}

/// Says something in a written conversation.
#[server(protocol = Wire)]
pub async fn say(org: OrgId, id: Id<Call>, text: String) -> Result<(), AppError> {
    Ok(flow::say(&core(), &caller(&org)?, id, &text).await?)
}

#[server(protocol = Wire)]
pub async fn stop_call(org: OrgId, id: Id<Call>) -> Result<Call, AppError> {
    Ok(flow::stop(&core(), &caller(&org)?, id).await?)
}
