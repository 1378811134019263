//! Voices in the browser: the library a person chooses from, and the organization's own.

mod actions;
mod list;
mod new;
mod picker;
mod preview;
mod sample;
mod show;

use leptos::prelude::*;
use switchboard::{
    Id,
    org::OrgId,
    voices::{AvailableFilter, AvailableVoice, Voice, VoiceAgent, VoiceDraft, VoicesFound},
};

#[cfg(feature = "ssr")]
use crate::api::{caller, core};
use crate::{AppError, Wire};
#[cfg(feature = "ssr")]
use switchboard::{
    crud,
    voices::{available, flow},
};

pub use list::VoiceList;
pub use new::VoiceNew;
pub use picker::VoicePicker;
pub use preview::{Player, use_player};
pub use show::VoicePage;

/// The voices an agent can have.
#[server(protocol = Wire)]
pub async fn available_voices(org: OrgId, filter: AvailableFilter) -> Result<Vec<AvailableVoice>, AppError> {
    Ok(available::list(&core(), &caller(&org)?, &filter).await?)
}

#[server(protocol = Wire)]
pub async fn browse_voices(org: OrgId, filter: AvailableFilter) -> Result<VoicesFound, AppError> {
    Ok(available::overview(&core(), &caller(&org)?, &filter).await?)
}

#[server(protocol = Wire)]
pub async fn get_voice(org: OrgId, id: Id<Voice>) -> Result<Voice, AppError> {
    Ok(crud::get(&core(), &caller(&org)?, id).await?)
}

/// The agents that speak with it, by name.
#[server(protocol = Wire)]
pub async fn voice_agents(org: OrgId, id: Id<Voice>) -> Result<Vec<VoiceAgent>, AppError> {
    Ok(flow::agents(&core(), &caller(&org)?, id).await?)
}

#[server(protocol = Wire)]
pub async fn create_voice(org: OrgId, draft: VoiceDraft) -> Result<Voice, AppError> {
    Ok(crud::create(&core(), &caller(&org)?, draft).await?)
}

#[server(protocol = Wire)]
pub async fn update_voice(org: OrgId, id: Id<Voice>, draft: VoiceDraft, revision: i64) -> Result<Voice, AppError> {
    Ok(crud::update(&core(), &caller(&org)?, id, draft, revision).await?)
}

#[server(protocol = Wire)]
pub async fn delete_voice(org: OrgId, id: Id<Voice>) -> Result<(), AppError> {
    Ok(crud::delete::<Voice>(&core(), &caller(&org)?, id).await?)
}

/// Tries once more to clone it.
#[server(protocol = Wire)]
pub async fn retry_voice(org: OrgId, id: Id<Voice>) -> Result<Voice, AppError> {
    Ok(flow::retry(&core(), &caller(&org)?, id).await?)
}
