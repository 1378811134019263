//! API keys in the browser: which there are, making one, and taking one away.

mod fresh;
mod list;

use leptos::prelude::*;
use switchboard::{
    Id,
    keys::{ApiKey, ApiKeyDraft, NewApiKey},
    org::OrgId,
};

pub use list::KeysPage;

use crate::AppError;
#[cfg(feature = "ssr")]
use crate::api::{caller, core};
#[cfg(feature = "ssr")]
use switchboard::keys::store;

#[server]
pub async fn list_keys(org: OrgId) -> Result<Vec<ApiKey>, AppError> {
    Ok(store::list(&core(), &caller(&org)?).await?)
}

#[server]
pub async fn create_key(org: OrgId, draft: ApiKeyDraft) -> Result<NewApiKey, AppError> {
    Ok(store::create(&core(), &caller(&org)?, draft).await?)
}

#[server]
pub async fn revoke_key(org: OrgId, key: Id<ApiKey>) -> Result<(), AppError> {
    Ok(store::revoke(&core(), &caller(&org)?, key).await?)
}
