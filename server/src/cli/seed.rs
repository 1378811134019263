//! `switchboard seed`: a demo organization to look around in.

use anyhow::Context;
use switchboard::{
    Error,
    agents::{Agent, AgentDraft, STARTERS},
    auth::{self, admin},
    config::Config,
    mirror,
    voices::{VoiceFilter, library},
};

use crate::start::start;

const EMAIL: &str = "ada@larkfield.example";
const PASSWORD: &str = "correct-horse-battery";
const ORG: &str = "Larkfield Dental";

pub async fn seed(config: Config) -> anyhow::Result<()> {
    let public_url = match &config.public_url {
        Some(url) => url.clone(),
        None => format!("http://{}", config.addr).parse()?,
    };
    let started = start(config, public_url).await?;
    let core = &started.core;
    let made = admin::bootstrap(core, EMAIL, &PASSWORD.into(), ORG).await?;
    let caller = auth::bearer(core, &made.api_key).await?;
    let voices = library::list(
        core,
        &caller,
        &VoiceFilter {
            language: Some("en".into()),
            q: None,
        },
    )
    .await?;
    let voice = voices.first().context("the provider has no English voice")?;
    for starter in STARTERS {
        let draft = AgentDraft {
            voice_id: voice.id.clone(),
            voice_name: voice.name.clone(),
            ..starter.draft()
        };
        match mirror::create::<Agent>(core, &caller, draft).await {
            Ok(_) => {}
            // Seeding again changes nothing.
            Err(Error::Invalid(fields)) if fields.iter().any(|field| field.field == "name") => {}
            Err(error) => return Err(error.into()),
        }
    }
    println!("sign in as {EMAIL} with the password {PASSWORD}");
    started.stop().await
}
