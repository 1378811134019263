//! Voices in the browser: the library a person chooses from.

mod picker;
mod preview;

use leptos::prelude::*;
use switchboard::{
    org::OrgId,
    voices::{Voice, VoiceFilter},
};

#[cfg(feature = "ssr")]
use crate::api::{caller, core};
use crate::{AppError, Wire};
#[cfg(feature = "ssr")]
use switchboard::voices::library;

pub use picker::VoicePicker;
pub use preview::{Player, use_player};

#[server(protocol = Wire)]
pub async fn list_voices(org: OrgId, filter: VoiceFilter) -> Result<Vec<Voice>, AppError> {
    Ok(library::list(&core(), &caller(&org)?, &filter).await?)
}
