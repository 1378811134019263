//! Voices in the browser: the library a person chooses from.

use leptos::prelude::*;
use switchboard::{
    org::OrgId,
    voices::{Voice, VoiceFilter},
};

use crate::AppError;
#[cfg(feature = "ssr")]
use crate::api::{caller, core};
#[cfg(feature = "ssr")]
use switchboard::voices::library;

#[server]
pub async fn list_voices(org: OrgId, filter: VoiceFilter) -> Result<Vec<Voice>, AppError> {
    Ok(library::list(&core(), &caller(&org)?, &filter).await?)
}
