//! Voices: what an agent can sound like, from the provider's library.

#[cfg(feature = "ssr")]
pub mod library;

use serde::{Deserialize, Serialize};

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
