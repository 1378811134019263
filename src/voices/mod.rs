//! Voices: what an agent can sound like. The provider's are everybody's; an organization's own are cloned from a sample.

#[cfg(feature = "ssr")]
pub mod available;
#[cfg(feature = "ssr")]
pub mod clone;
#[cfg(feature = "ssr")]
mod csv;
#[cfg(feature = "ssr")]
pub mod flow;
#[cfg(feature = "ssr")]
mod sample;
#[cfg(feature = "ssr")]
mod sound;
#[cfg(feature = "ssr")]
pub mod store;
mod traits;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use strum::VariantArray;

use crate::{
    agents::{Agent, check_language},
    check::{Check, Checked},
    flat,
    id::Id,
    resource::{About, Actions, Kind, NavGroup, NavPage, PermissionLabels, Resource, Roles},
};

#[cfg(feature = "ssr")]
pub use sound::LARGEST_SAMPLE;
#[cfg(feature = "testing")]
pub use sound::tone;
pub use traits::ACCENTS;

/// Voices, to everything that lists resources.
pub const ABOUT: About = About {
    word: "voices",
    singular: "voice",
    plural: "Voices",
    article: "a",
    path: "/voices",
    icon: "voice",
    pages: &[NavPage {
        href: "/voices",
        label: "Voices",
        icon: "voice",
        group: NavGroup::Build,
        shortcut: Some("V"),
    }],
    new: Some("/voices/new"),
    has_page: true,
    logged: true,
    roles: Roles {
        admin: Actions::ALL,
        developer: Actions::ALL,
        operator: Actions::READ,
        billing: Actions::NONE,
        viewer: Actions::READ,
    },
    permissions: PermissionLabels {
        read: Some("See and hear voices"),
        create: Some("Clone voices"),
        update: Some("Give voices a sample and rename them"),
        delete: Some("Delete cloned voices"),
    },
    fields: &[("agreed", "consent"), ("speaker", "whose voice it is")],
};

/// A voice of the organization's own.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Voice {
    pub id: Id<Voice>,
    #[serde(flatten)]
    pub draft: VoiceDraft,
    pub state: VoiceState,
    /// Why it failed, in words; empty otherwise.
    pub note: String,
    /// What an agent with this voice has as `voice_id`; absent until it is ready.
    #[cfg_attr(feature = "ssr", schema(nullable))]
    pub provider_id: Option<String>,
    pub consent: Consent,
    /// Absent until one was given.
    #[cfg_attr(feature = "ssr", schema(nullable))]
    pub sample: Option<VoiceSample>,
    /// Raised by every save; send it back with an update.
    pub revision: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// The id of the person or of the API key that saved it.
    pub updated_by: String,
}

impl<'de> Deserialize<'de> for Voice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Around {
            id: Id<Voice>,
            state: VoiceState,
            note: String,
            provider_id: Option<String>,
            consent: Consent,
            sample: Option<VoiceSample>,
            revision: i64,
            created_at: DateTime<Utc>,
            updated_at: DateTime<Utc>,
            updated_by: String,
        }
        let (draft, around): (_, Around) = flat::split_object(deserializer)?;
        Ok(Self {
            id: around.id,
            draft,
            state: around.state,
            note: around.note,
            provider_id: around.provider_id,
            consent: around.consent,
            sample: around.sample,
            revision: around.revision,
            created_at: around.created_at,
            updated_at: around.updated_at,
            updated_by: around.updated_by,
        })
    }
}

/// What a person says of a voice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct VoiceDraft {
    pub name: String,
    pub description: String,
    /// BCP 47 of the language that is spoken in the sample.
    pub language: String,
    #[cfg_attr(feature = "ssr", schema(nullable))]
    pub gender: Option<Gender>,
    /// As people call it: Irish, Bavarian.
    pub accent: String,
    /// The name of the person whose voice it is. Stays as it was once there is a sample.
    pub speaker: String,
    /// Whether that person agreed to the statement that is kept with the voice; nothing is cloned otherwise.
    pub agreed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, VariantArray)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    Female,
    Male,
    Neutral,
}

impl Gender {
    pub const ALL: &'static [Self] = Self::VARIANTS;

    pub const fn word(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
            Self::Neutral => "neutral",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Female => "Female",
            Self::Male => "Male",
            Self::Neutral => "Neutral",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|gender| gender.word() == word)
    }
}

/// How far a clone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, VariantArray)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum VoiceState {
    /// It has no sample yet.
    Waiting,
    /// The provider is making it.
    Cloning,
    /// Agents can have it.
    Ready,
    Failed,
}

impl VoiceState {
    pub const ALL: &'static [Self] = Self::VARIANTS;

    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Cloning => "cloning",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Needs a sample",
            Self::Cloning => "Being cloned",
            Self::Ready => "Ready",
            Self::Failed => "Failed",
        }
    }
}

/// That the person who is heard agreed, and who said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Consent {
    pub statement: String,
    /// The id of the person or of the API key that gave it here.
    pub given_by: String,
    /// What they are called; absent where they are gone.
    pub giver: Option<String>,
    pub given_at: DateTime<Utc>,
}

/// What was measured of the sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct VoiceSample {
    /// `audio/wav` or `audio/mpeg`.
    pub content_type: String,
    pub bytes: i32,
    /// In hexadecimal digits.
    pub sha256: String,
    pub duration_ms: i32,
    /// Loudness as EBU R 128 measures it, in tenths of a LUFS; speech is usually between -300 and -160.
    pub loudness: i32,
    pub given_at: DateTime<Utc>,
    /// The id of the person or of the API key that gave it.
    pub given_by: String,
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct VoiceRow {
    pub id: Id<Voice>,
    pub name: String,
    pub description: String,
    pub language: String,
    #[cfg_attr(feature = "ssr", schema(nullable))]
    pub gender: Option<Gender>,
    pub accent: String,
    pub state: VoiceState,
    /// Why it failed, in words; empty otherwise.
    pub note: String,
    #[cfg_attr(feature = "ssr", schema(nullable))]
    pub provider_id: Option<String>,
    /// How many agents have it in their draft or their live version.
    pub agents: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What the list can be narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct VoiceFilter {
    /// Part of the name, the description or the accent; upper and lower case are the same.
    pub q: Option<String>,
    #[cfg_attr(feature = "ssr", param(inline))]
    pub state: Option<VoiceState>,
}

/// An agent that has a voice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct VoiceAgent {
    pub id: Id<Agent>,
    pub name: String,
}

/// Where a voice comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VoiceSource {
    /// From the provider's library, included in the price of a call.
    Library,
    /// The organization's own.
    Cloned,
}

/// A voice that an agent can have, wherever it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AvailableVoice {
    /// What an agent has as `voice_id`.
    pub id: String,
    pub source: VoiceSource,
    /// The organization's own, by its id; absent in the library.
    #[cfg_attr(feature = "ssr", schema(nullable))]
    pub voice: Option<Id<Voice>>,
    pub name: String,
    pub description: String,
    /// BCP 47 of the language it speaks best; absent where the provider does not say.
    pub language: Option<String>,
    /// Whose speech engine it is: Cartesia, ElevenLabs and so on.
    pub engine: Option<String>,
    /// As far as the description says.
    #[cfg_attr(feature = "ssr", schema(nullable))]
    pub gender: Option<Gender>,
    /// As far as the description or the language's region says: American, Austrian.
    pub accent: Option<String>,
    /// What it suits, as far as the description says.
    #[cfg_attr(feature = "ssr", schema(nullable))]
    pub category: Option<Category>,
    pub has_preview: bool,
}

/// What a voice suits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, VariantArray)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Talks as among friends.
    Conversational,
    /// Talks as at work.
    Professional,
    /// Reads aloud.
    Narration,
    /// Plays a part.
    Character,
}

impl Category {
    pub const ALL: &'static [Self] = Self::VARIANTS;

    pub const fn word(self) -> &'static str {
        match self {
            Self::Conversational => "conversational",
            Self::Professional => "professional",
            Self::Narration => "narration",
            Self::Character => "character",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Conversational => "Conversation",
            Self::Professional => "Business",
            Self::Narration => "Narration",
            Self::Character => "Characters",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|category| category.word() == word)
    }
}

/// What the voices can be narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct AvailableFilter {
    /// Part of the name or description.
    pub q: Option<String>,
    #[cfg_attr(feature = "ssr", param(inline))]
    pub source: Option<VoiceSource>,
    /// BCP 47; `en` finds `en-US` and `en-GB` too.
    pub language: Option<String>,
    pub accent: Option<String>,
    #[cfg_attr(feature = "ssr", param(inline))]
    pub gender: Option<Gender>,
    #[cfg_attr(feature = "ssr", param(inline))]
    pub category: Option<Category>,
}

/// What the page of voices shows: the organization's own, the library as far as it is asked for, and what there is to ask for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VoicesFound {
    pub own: Vec<VoiceRow>,
    pub library: Vec<AvailableVoice>,
    /// How many voices the library has.
    pub all: usize,
    pub languages: Vec<String>,
    pub accents: Vec<String>,
    /// Why the library cannot be had, in words.
    pub trouble: Option<String>,
}

/// What a person agrees to whose voice is cloned; to be read aloud at the beginning of the sample.
pub fn statement(speaker: &str) -> String {
    format!(
        "My name is {speaker}. I agree that my voice is cloned from this recording, and that voice agents of this organization speak with it."
    )
}

impl Checked for VoiceDraft {
    fn check(&self, check: &mut Check) {
        check.text("name", &self.name, 1..=80);
        check.text("description", &self.description, 0..=200);
        check_language(check, &self.language);
        check.text("accent", &self.accent, 0..=60);
        check.text("speaker", &self.speaker, 1..=120);
        if !self.agreed {
            check.fail(
                "agreed",
                "A voice is only cloned with the consent of the person whose voice it is.",
            );
        }
        check.beyond("agreed", "it is not true");
        check.beyond("name", "another voice has it");
        check.beyond("speaker", "the voice has a sample, and the consent is another person's");
    }
}

impl Resource for Voice {
    type Draft = VoiceDraft;
    type Row = VoiceRow;
    type Filter = VoiceFilter;
    type Facets = i64;
    const KIND: Kind = Kind::Voice;

    fn id(&self) -> Id<Self> {
        self.id
    }
    fn name(&self) -> &str {
        &self.draft.name
    }
    fn revision(&self) -> i64 {
        self.revision
    }
    fn draft(&self) -> VoiceDraft {
        self.draft.clone()
    }
    fn search(words: &str) -> VoiceFilter {
        VoiceFilter {
            q: Some(words.to_owned()),
            ..VoiceFilter::default()
        }
    }
    fn row_name(row: &VoiceRow) -> &str {
        &row.name
    }
}
