//! API keys: how a program acts for an organization.

#[cfg(feature = "ssr")]
pub mod store;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    check::{Check, Checked},
    flat,
    id::Id,
    org::Scope,
    resource::{About, Actions, NavGroup, NavPage, PermissionLabels, Roles},
};

/// API keys, to everything that lists resources.
pub const ABOUT: About = About {
    word: "api_keys",
    singular: "API key",
    plural: "API keys",
    article: "an",
    path: "/api-keys",
    icon: "key",
    pages: &[NavPage {
        href: "/api-keys",
        label: "API keys",
        icon: "key",
        group: NavGroup::Connect,
        shortcut: None,
    }],
    new: None,
    has_page: false,
    logged: true,
    roles: Roles {
        admin: Actions::ALL,
        developer: Actions::ALL,
        operator: Actions::NONE,
        billing: Actions::NONE,
        viewer: Actions::NONE,
    },
    permissions: PermissionLabels {
        read: Some("See API keys"),
        create: Some("Create API keys"),
        update: None,
        delete: Some("Revoke API keys"),
    },
    fields: &[],
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ApiKey {
    pub id: Id<ApiKey>,
    pub name: String,
    /// The part of the key that is not secret, to recognize it by.
    pub short: String,
    #[cfg_attr(feature = "ssr", schema(value_type = Vec<String>))]
    pub scopes: Vec<Scope>,
    /// Whose key it is: it may do at most what they may do now. A key made with another one belongs to the maker of that.
    pub created_by: Option<String>,
    /// Their name.
    pub maker: Option<String>,
    /// Whether they have left, which ends the key.
    pub maker_left: bool,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// To the minute.
    pub used_at: Option<DateTime<Utc>>,
}

/// A key as it is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewApiKey {
    #[serde(flatten)]
    pub key: ApiKey,
    /// `sb_live_<short>_<long>`. It cannot be shown again.
    pub secret: String,
}

impl ApiKey {
    /// Whether requests with it are answered at this moment.
    pub fn works(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && !self.maker_left && self.expires_at.is_none_or(|at| at > now)
    }
}

impl<'de> Deserialize<'de> for NewApiKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Secret {
            secret: String,
        }
        let (key, Secret { secret }) = flat::split_object(deserializer)?;
        Ok(Self { key, secret })
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ApiKeyDraft {
    pub name: String,
    /// What it may do; at most what its maker may. A form in which nothing is ticked leaves it out.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(schema_with = scopes))]
    pub scopes: Vec<Scope>,
    /// Days until it expires, 1 to 3650; absent for a key that does not.
    #[serde(default)]
    pub expires_in_days: Option<u32>,
}

/// At least one of those there are, for the description of the API.
#[cfg(feature = "ssr")]
fn scopes() -> utoipa::openapi::schema::Array {
    use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
    let words = Scope::all().map(|scope| scope.to_string());
    let word = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words));
    ArrayBuilder::new()
        .items(word)
        .min_items(Some(1))
        .description(Some("What it may do; at most what its maker may."))
        .build()
}

impl Checked for ApiKeyDraft {
    fn check(&self, check: &mut Check) {
        check.text("name", &self.name, 1..=80);
        check.beyond("scopes", "the maker may not do that");
        if self.scopes.is_empty() {
            check.fail("scopes", "Choose at least one permission.");
        }
        if let Some(days) = self.expires_in_days {
            check.number("expires_in_days", days.into(), 1..=3650, "days");
        }
    }
}
