//! Voices: what an agent can sound like, from the provider's library.

#[cfg(feature = "ssr")]
pub mod library;

use serde::{Deserialize, Serialize};

use crate::resource::{About, Actions, PermissionLabels, Roles};

/// Voices, to everything that lists resources.
pub const ABOUT: About = About {
    word: "voices",
    singular: "voice",
    plural: "Voices",
    article: "a",
    path: "/voices",
    icon: "voice",
    pages: &[],
    new: None,
    has_page: false,
    logged: false,
    roles: Roles {
        admin: Actions::ALL,
        developer: Actions::ALL,
        operator: Actions::READ,
        billing: Actions::NONE,
        viewer: Actions::READ,
    },
    permissions: PermissionLabels {
        read: Some("See and hear voices"),
        create: None,
        update: None,
        delete: None,
    },
    fields: &[],
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Voice {
    /// The provider's id.
    pub id: String,
    pub name: String,
    pub description: String,
    /// BCP 47 of the language it speaks best; absent where the provider does not say.
    pub language: Option<String>,
    /// Whose speech engine it is: Cartesia, ElevenLabs and so on.
    pub engine: Option<String>,
    pub has_preview: bool,
}

/// What the library can be narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct VoiceFilter {
    /// Part of the name or description.
    pub q: Option<String>,
    /// BCP 47; `en` finds `en-US` and `en-GB` too.
    pub language: Option<String>,
}
