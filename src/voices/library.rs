//! The library: the provider's public voices, asked for once in five minutes.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;

use super::{Voice, VoiceFilter};
use crate::{
    auth::Caller,
    core::Core,
    error::{Error, Result},
    providers::{Audio, Failure, ultravox::shape},
    resource::{Action, Kind},
};

const FRESH: Duration = Duration::from_secs(300);

/// The voices as last heard. The same for every organization: private voices are left out where they are fetched.
pub struct Library(Cache<(), Arc<Vec<Voice>>>);

impl Library {
    pub fn new() -> Self {
        Self(Cache::builder().max_capacity(1).time_to_live(FRESH).build())
    }

    /// However many ask at once, the provider is asked once.
    async fn all(&self, core: &Core) -> Result<Arc<Vec<Voice>>> {
        let fetched = self.0.try_get_with((), async {
            let voices = core.ultravox.public_voices().await?;
            Ok::<_, Failure>(Arc::new(voices.into_iter().map(Voice::from).collect()))
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

pub async fn list(core: &Core, caller: &Caller, filter: &VoiceFilter) -> Result<Vec<Voice>> {
    permitted(core, caller).await?;
    let all = core.voices.all(core).await?;
    Ok(all.iter().filter(|voice| matches(voice, filter)).cloned().collect())
}

/// How a voice of the library is called. Nothing where it is not one, or the library cannot be had.
pub(crate) async fn name_of(core: &Core, voice_id: &str) -> Option<String> {
    let all = core.voices.all(core).await.ok()?;
    let voice = all.iter().find(|voice| voice.id == voice_id)?;
    Some(voice.name.clone())
}

/// Whether a voice is one of the library's.
pub(crate) async fn is_known(core: &Core, voice_id: &str) -> Result<bool> {
    let all = core.voices.all(core).await?;
    Ok(all.iter().any(|voice| voice.id == voice_id))
}

/// A sample of a voice of the library; any other id is not found, whatever the provider has under it.
pub async fn preview(core: &Core, caller: &Caller, voice_id: &str) -> Result<Audio> {
    permitted(core, caller).await?;
    let all = core.voices.all(core).await?;
    let voice = all
        .iter()
        .find(|voice| voice.id == voice_id && voice.has_preview)
        .ok_or(Error::NotFound)?;
    Ok(core.ultravox.preview(&voice.id).await?)
}

async fn permitted(core: &Core, caller: &Caller) -> Result<()> {
    caller.begin(&core.db, Action::Read, Kind::Voice).await?.commit().await
}

fn matches(voice: &Voice, filter: &VoiceFilter) -> bool {
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
    asked(&filter.q)
        .is_none_or(|q| voice.name.to_lowercase().contains(&q) || voice.description.to_lowercase().contains(&q))
        && asked(&filter.language).is_none_or(speaks)
}

impl From<shape::Voice> for Voice {
    fn from(voice: shape::Voice) -> Self {
        Self {
            id: voice.voice_id,
            name: voice.name,
            description: voice.description.unwrap_or_default(),
            language: voice.primary_language.filter(|tag| !tag.is_empty()),
            engine: voice.provider.map(|provider| engine(&provider)),
            has_preview: voice.preview_url.is_some_and(|url| !url.is_empty()),
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

    fn voice(name: &str, language: Option<&str>) -> Voice {
        Voice {
            id: name.to_lowercase(),
            name: name.to_owned(),
            description: "Calm, British".to_owned(),
            language: language.map(str::to_owned),
            engine: None,
            has_preview: true,
        }
    }

    #[test]
    fn a_language_finds_its_regions_and_no_other_language() {
        let filter = |language: &str| VoiceFilter {
            language: Some(language.to_owned()),
            q: None,
        };
        assert!(matches(&voice("Mark", Some("en-US")), &filter("en")));
        assert!(matches(&voice("Mark", Some("en-US")), &filter("en-us")));
        assert!(!matches(&voice("Mark", Some("en-US")), &filter("en-GB")));
        assert!(!matches(&voice("Filippa", Some("fil")), &filter("fi")));
        assert!(!matches(&voice("Nobody", None), &filter("en")));
        assert!(matches(&voice("Nobody", None), &filter(" ")));
    }

    #[test]
    fn words_are_sought_in_name_and_description() {
        let filter = VoiceFilter {
            q: Some("british".to_owned()),
            language: None,
        };
        assert!(matches(&voice("Emily", None), &filter));
        let filter = VoiceFilter {
            q: Some("emi".to_owned()),
            language: None,
        };
        assert!(matches(&voice("Emily", None), &filter) && !matches(&voice("Oliver", None), &filter));
    }
}
