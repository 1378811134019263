//! The voices an agent can have: the provider's public ones, asked for once in five minutes, and the organization's own.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use moka::future::Cache;

use super::{AvailableFilter, AvailableVoice, Voice, VoiceFilter, VoiceRow, VoiceSource, VoicesFound, store, traits};
use crate::{
    auth::Caller,
    core::Core,
    crud::Rows,
    error::{Error, Result},
    id::Id,
    listing::Window,
    providers::{Audio, Failure, ultravox::shape},
    resource::{Action, Kind},
};

const FRESH: Duration = Duration::from_secs(300);

/// The public voices as last heard. The same for every organization: private voices are left out where they are fetched.
pub struct Library(Cache<(), Arc<Vec<AvailableVoice>>>);

impl Library {
    pub fn new() -> Self {
        Self(Cache::builder().max_capacity(1).time_to_live(FRESH).build())
    }

    /// However many ask at once, the provider is asked once.
    async fn all(&self, core: &Core) -> Result<Arc<Vec<AvailableVoice>>> {
        let fetched = self.0.try_get_with((), async {
            let voices = core.ultravox.public_voices().await?;
            Ok::<_, Failure>(Arc::new(voices.into_iter().map(AvailableVoice::from).collect()))
        });
        fetched
            .await
            .map_err(|failure: Arc<Failure>| Failure::clone(&failure).into())
    }
}

impl Default for Library {
    fn default() -> Self {
        Self::new()
    }
}

/// The organization's own first.
pub async fn list(core: &Core, caller: &Caller, filter: &AvailableFilter) -> Result<Vec<AvailableVoice>> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Voice).await?;
    let own = store::ready(&mut tx).await?;
    tx.commit().await?;
    let mut voices = own;
    if filter.source != Some(VoiceSource::Cloned) {
        voices.extend(core.voices.all(core).await?.iter().cloned());
    }
    voices.retain(|voice| matches(voice, filter));
    Ok(voices)
}

/// What the page of voices shows. A library that cannot be had keeps nobody from their own voices.
pub async fn overview(core: &Core, caller: &Caller, filter: &AvailableFilter) -> Result<VoicesFound> {
    const MOST: usize = 200;
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Voice).await?;
    let named = VoiceFilter {
        q: filter.q.clone(),
        state: None,
    };
    let mut own = match filter.source {
        Some(VoiceSource::Library) => Vec::new(),
        _ => Voice::page(&mut tx, &named, Window::first(MOST)).await?,
    };
    tx.commit().await?;
    own.truncate(MOST);
    let looks = AvailableFilter {
        q: None,
        ..filter.clone()
    };
    own.retain(|row| matches(&AvailableVoice::from(row), &looks));
    let mut found = VoicesFound {
        own,
        ..VoicesFound::default()
    };
    match core.voices.all(core).await {
        Ok(all) => {
            let set = |part: fn(&AvailableVoice) -> Option<&String>| {
                let parts: BTreeSet<&String> = all.iter().filter_map(part).collect();
                parts.into_iter().cloned().collect()
            };
            found.languages = set(|voice| voice.language.as_ref());
            found.accents = set(|voice| voice.accent.as_ref());
            found.all = all.len();
            found.library = all.iter().filter(|voice| matches(voice, filter)).cloned().collect();
        }
        Err(error) => found.trouble = Some(error.to_string()),
    }
    Ok(found)
}

/// The voice with this id, as far as the caller's organization can have it, for whoever does this to an agent. Private voices of
/// the provider's account are somebody else's.
pub(crate) async fn find(
    core: &Core,
    caller: &Caller,
    action: Action,
    voice_id: &str,
) -> Result<Option<AvailableVoice>> {
    let mut tx = caller.begin(&core.db, action, Kind::Agent).await?;
    let own = store::ready(&mut tx).await?;
    tx.commit().await?;
    if let Some(own) = own.into_iter().find(|voice| voice.id == voice_id) {
        return Ok(Some(own));
    }
    let all = core.voices.all(core).await?;
    let is_it = |voice: &&AvailableVoice| voice.id == voice_id || voice.name.eq_ignore_ascii_case(voice_id);
    Ok(all.iter().find(is_it).cloned())
}

/// What is said beside the field of a voice that the organization does not have.
pub(crate) fn gone() -> Error {
    Error::invalid("voice_id", "This voice is gone. Choose another.")
}

/// A sample of a voice, by the id that an agent has or, of the organization's own, by theirs. Any other id is not found,
/// whatever the provider has under it.
pub async fn preview(core: &Core, caller: &Caller, id: &str) -> Result<Audio> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Voice).await?;
    let mut own = store::ready(&mut tx).await?;
    tx.commit().await?;
    let named: Option<Id<Voice>> = id.parse().ok();
    own.retain(|voice| voice.id == id || named.is_some() && voice.voice == named);
    let voice_id = match own.pop() {
        Some(voice) => voice.id,
        None => {
            let all = core.voices.all(core).await?;
            let voice = all.iter().find(|voice| voice.id == id && voice.has_preview);
            voice.ok_or(Error::NotFound)?.id.clone()
        }
    };
    Ok(core.ultravox.preview(&voice_id).await?)
}

fn matches(voice: &AvailableVoice, filter: &AvailableFilter) -> bool {
    let asked = |text: &Option<String>| {
        text.as_deref()
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::to_lowercase)
    };
    let speaks = |wanted: String| {
        let spoken = voice.language.as_deref().unwrap_or_default().to_lowercase();
        spoken == wanted || spoken.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('-'))
    };
    let sounds = |wanted: String| {
        voice
            .accent
            .as_deref()
            .is_some_and(|accent| accent.to_lowercase() == wanted)
    };
    asked(&filter.q)
        .is_none_or(|q| voice.name.to_lowercase().contains(&q) || voice.description.to_lowercase().contains(&q))
        && filter.source.is_none_or(|source| voice.source == source)
        && filter.gender.is_none_or(|gender| voice.gender == Some(gender))
        && filter.category.is_none_or(|category| voice.category == Some(category))
        && asked(&filter.language).is_none_or(speaks)
        && asked(&filter.accent).is_none_or(sounds)
}

impl From<shape::Voice> for AvailableVoice {
    fn from(voice: shape::Voice) -> Self {
        let description = voice.description.unwrap_or_default();
        let language = voice.primary_language.filter(|tag| !tag.is_empty());
        Self {
            id: voice.voice_id,
            source: VoiceSource::Library,
            voice: None,
            name: voice.name,
            gender: traits::gender(&description),
            accent: traits::accent(&description, language.as_deref()).map(str::to_owned),
            category: traits::category(&description),
            description,
            language,
            engine: voice.provider.map(|provider| engine(&provider)),
            has_preview: voice.preview_url.is_some_and(|url| !url.is_empty()),
        }
    }
}

impl From<&VoiceRow> for AvailableVoice {
    fn from(row: &VoiceRow) -> Self {
        Self {
            id: row.provider_id.clone().unwrap_or_default(),
            source: VoiceSource::Cloned,
            voice: Some(row.id),
            name: row.name.clone(),
            description: row.description.clone(),
            language: Some(row.language.clone()),
            engine: None,
            gender: row.gender,
            accent: Some(row.accent.clone()).filter(|accent| !accent.is_empty()),
            category: None,
            has_preview: row.provider_id.is_some(),
        }
    }
}

/// The engine as its makers write it.
fn engine(provider: &str) -> String {
    match provider {
        "eleven_labs" => "ElevenLabs".to_owned(),
        "cartesia" => "Cartesia".to_owned(),
        "google" => "Google".to_owned(),
        "inworld" => "Inworld".to_owned(),
        "lmnt" => "LMNT".to_owned(),
        "respeecher" => "Respeecher".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voices::Gender;

    fn voice(name: &str, language: Option<&str>) -> AvailableVoice {
        AvailableVoice {
            id: name.to_lowercase(),
            source: VoiceSource::Library,
            voice: None,
            name: name.to_owned(),
            description: "Calm, British".to_owned(),
            language: language.map(str::to_owned),
            engine: None,
            gender: Some(Gender::Male),
            accent: Some("British".to_owned()),
            category: None,
            has_preview: true,
        }
    }

    #[test]
    fn a_language_finds_its_regions_and_no_other_language() {
        let filter = |language: &str| AvailableFilter {
            language: Some(language.to_owned()),
            ..AvailableFilter::default()
        };
        assert!(matches(&voice("Mark", Some("en-US")), &filter("en")));
        assert!(matches(&voice("Mark", Some("en-US")), &filter("en-us")));
        assert!(!matches(&voice("Mark", Some("en-US")), &filter("en-GB")));
        assert!(!matches(&voice("Filippa", Some("fil")), &filter("fi")));
        assert!(!matches(&voice("Nobody", None), &filter("en")));
        assert!(matches(&voice("Nobody", None), &filter(" ")));
    }

    #[test]
    fn words_are_sought_in_name_and_description_and_the_rest_must_be_so() {
        let named = |q: &str| AvailableFilter {
            q: Some(q.to_owned()),
            ..AvailableFilter::default()
        };
        assert!(matches(&voice("Emily", None), &named("british")));
        assert!(matches(&voice("Emily", None), &named("emi")));
        assert!(!matches(&voice("Oliver", None), &named("emi")));
        let sounding = |gender, accent: &str| AvailableFilter {
            gender,
            accent: Some(accent.to_owned()),
            ..AvailableFilter::default()
        };
        assert!(matches(
            &voice("Oliver", None),
            &sounding(Some(Gender::Male), "british")
        ));
        assert!(!matches(&voice("Oliver", None), &sounding(Some(Gender::Female), "")));
        assert!(!matches(&voice("Oliver", None), &sounding(None, "Irish")));
    }
}
