//! API keys in the browser: which there are, making one, and taking one away.

mod fresh;
mod list;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use switchboard::{
    Id,
    keys::{ApiKey, ApiKeyDraft, NewApiKey},
    org::OrgId,
};

pub use list::KeysPage;

#[cfg(feature = "ssr")]
use crate::api::{caller, core};
use crate::{AppError, Wire};
#[cfg(feature = "ssr")]
use switchboard::keys::store;

/// The keys as they were at one moment: whether one has expired is the same for server and browser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Keys {
    pub all: Vec<ApiKey>,
    pub as_of: DateTime<Utc>,
}

#[server(protocol = Wire)]
pub async fn list_keys(org: OrgId) -> Result<Keys, AppError> {
    Ok(Keys {
        all: store::list(&core(), &caller(&org)?).await?,
        as_of: Utc::now(),
    })
}

#[server(protocol = Wire)]
pub async fn create_key(org: OrgId, draft: ApiKeyDraft) -> Result<NewApiKey, AppError> {
    Ok(store::create(&core(), &caller(&org)?, draft).await?)
}

#[server(protocol = Wire)]
pub async fn revoke_key(org: OrgId, key: Id<ApiKey>) -> Result<(), AppError> {
    Ok(store::revoke(&core(), &caller(&org)?, key).await?)
}
