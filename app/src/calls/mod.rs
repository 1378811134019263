//! Calls in the browser: what pages may ask about them.

mod address;
mod analysis;
mod bulk;
mod elapsed;
mod events;
mod facts;
mod filters;
mod follow;
mod format;
mod inspect;
mod list;
mod marks;
mod narrow;
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
mod views;
mod wave;

use leptos::prelude::*;
use switchboard::{
    Id,
    analysis::AnalysesStarted,
    calls::{
        self, Call, CallChange, CallConfiguration, CallDraft, CallRow, CallView, Conversation, Dispositions, NewNote,
        Note,
    },
    listing::{Listing, Page},
    org::OrgId,
};

use uuid::Uuid;

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
use switchboard::{
    Error,
    analysis::flow as analyses,
    calls::{CallViewDraft, disposition_flow, flow, inspect as inspection, notes, removal, tags, view_flow},
    phone::PhoneNumber,
};
pub use views::ViewTab;

#[server(protocol = Wire)]
pub async fn list_calls(org: OrgId, query: String, page: Page) -> Result<Listing<CallRow>, AppError> {
    let filter = address::read(&query)?;
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

/// What the list's filters offer.
#[server(protocol = Wire)]
pub async fn call_facets(org: OrgId) -> Result<calls::CallFacets, AppError> {
    Ok(flow::facets(&core(), &caller(&org)?).await?)
}

#[server(protocol = Wire)]
pub async fn change_call(org: OrgId, id: Id<Call>, patch: CallChange) -> Result<Call, AppError> {
    Ok(tags::change(&core(), &caller(&org)?, id, patch).await?)
}

#[server(protocol = Wire)]
pub async fn tag_calls(org: OrgId, what: calls::TagCalls) -> Result<(), AppError> {
    Ok(tags::tag(&core(), &caller(&org)?, what).await?)
}

#[server(protocol = Wire)]
pub async fn analyze_calls(org: OrgId, what: switchboard::analysis::AnalyzeCalls) -> Result<AnalysesStarted, AppError> {
    Ok(analyses::again(&core(), &caller(&org)?, what).await?)
}

#[server(protocol = Wire)]
pub async fn delete_calls(org: OrgId, what: calls::DeleteCalls) -> Result<(), AppError> {
    Ok(removal::delete_all(&core(), &caller(&org)?, what).await?)
}

#[server(protocol = Wire)]
pub async fn add_call_note(org: OrgId, id: Id<Call>, note: NewNote) -> Result<Note, AppError> {
    Ok(notes::write(&core(), &caller(&org)?, id, note).await?)
}

#[server(protocol = Wire)]
pub async fn delete_call_note(org: OrgId, id: Id<Call>, note_id: Uuid) -> Result<(), AppError> {
    Ok(notes::delete(&core(), &caller(&org)?, id, note_id).await?)
}

/// The organization's own words for why calls end.
#[server(protocol = Wire)]
pub async fn call_dispositions(org: OrgId) -> Result<Dispositions, AppError> {
    Ok(disposition_flow::get(&core(), &caller(&org)?).await?)
}

#[server(protocol = Wire)]
pub async fn replace_dispositions(org: OrgId, what: Dispositions) -> Result<Dispositions, AppError> {
    Ok(disposition_flow::replace(&core(), &caller(&org)?, what).await?)
}

/// Saved filters: one's own, and those that are shared.
#[server(protocol = Wire)]
pub async fn list_call_views(org: OrgId) -> Result<Vec<ViewTab>, AppError> {
    let views = view_flow::list(&core(), &caller(&org)?).await?;
    Ok(views.into_iter().map(ViewTab::from).collect())
}

#[server(protocol = Wire)]
pub async fn save_call_view(org: OrgId, name: String, query: String, shared: bool) -> Result<(), AppError> {
    let filter = address::read(&query)?;
    let draft = CallViewDraft { name, filter, shared };
    view_flow::save(&core(), &caller(&org)?, draft).await?;
    Ok(())
}

/// Gives a view another name, and says who sees it; its filter stays.
#[server(protocol = Wire)]
pub async fn rename_call_view(org: OrgId, id: Id<CallView>, name: String, shared: bool) -> Result<(), AppError> {
    view_flow::rename(&core(), &caller(&org)?, id, name, shared).await?;
    Ok(())
}

#[server(protocol = Wire)]
pub async fn delete_call_view(org: OrgId, id: Id<CallView>) -> Result<(), AppError> {
    Ok(view_flow::delete(&core(), &caller(&org)?, id).await?)
}

/// The settings that a call ran with.
#[server(protocol = Wire)]
pub async fn get_call_configuration(org: OrgId, id: Id<Call>) -> Result<CallConfiguration, AppError> {
    Ok(inspection::configuration(&core(), &caller(&org)?, id).await?)
}

/// What Ultravox answers of a call, as JSON.
#[server(protocol = Wire)]
pub async fn get_call_at_provider(org: OrgId, id: Id<Call>) -> Result<String, AppError> {
    let record = inspection::provider_record(&core(), &caller(&org)?, id).await?;
    Ok(record.to_string())
}
