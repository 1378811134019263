//! What people do with voices beyond creating and changing them.

use bytes::Bytes;
use chrono::Utc;
use sha2::{Digest, Sha256};

use super::{Voice, VoiceAgent, VoiceSample, VoiceState, clone::CloneVoice, sound, store};
use crate::{
    audit,
    auth::Caller,
    core::Core,
    crud::{self, Rows},
    db::OrgTx,
    error::{Error, Result},
    id::Id,
    jobs,
    providers::Audio,
    resource::{Action, Kind},
};

/// Gives a voice the sample it is cloned from, once it is seen to be fit for that.
pub async fn give_sample(core: &Core, caller: &Caller, id: Id<Voice>, sound: Bytes) -> Result<Voice> {
    let voice = crud::get_to_change::<Voice>(core, caller, id).await?;
    takes_sample(voice.state)?;
    let measuring = sound.clone();
    let measured = tokio::task::spawn_blocking(move || sound::measure(measuring))
        .await
        .map_err(|_| Error::invalid("sample", "The file cannot be read. Record it again."))??;

    let mut tx = caller.begin(&core.db, Action::Update, Kind::Voice).await?;
    let sample = VoiceSample {
        content_type: measured.content_type.to_owned(),
        bytes: i32::try_from(sound.len()).unwrap_or(i32::MAX),
        sha256: hex::encode(Sha256::digest(&sound)),
        duration_ms: measured.duration_ms,
        loudness: measured.loudness,
        given_at: Utc::now(),
        given_by: tx.actor().0,
    };
    if !store::take_sample(&mut tx, id, &sample, &sound).await? {
        takes_sample(Voice::find(&mut tx, id).await?.state)?;
    }
    cloning(core, tx, id, "sample").await
}

fn takes_sample(state: VoiceState) -> Result<()> {
    match state {
        VoiceState::Waiting | VoiceState::Failed => Ok(()),
        VoiceState::Cloning => Err(Error::Conflict("This voice is being cloned already.".into())),
        VoiceState::Ready => Err(Error::Conflict(
            "This voice is made of its sample. For another sample, clone another voice.".into(),
        )),
    }
}

/// Has the sample that is there cloned once more.
pub async fn retry(core: &Core, caller: &Caller, id: Id<Voice>) -> Result<Voice> {
    let mut tx = caller.begin(&core.db, Action::Update, Kind::Voice).await?;
    if !store::clone_again(&mut tx, id).await? {
        Voice::find(&mut tx, id).await?;
        return Err(Error::Conflict(
            "There is nothing to try again: cloning this voice did not fail.".into(),
        ));
    }
    cloning(core, tx, id, "retry").await
}

async fn cloning(core: &Core, mut tx: OrgTx, id: Id<Voice>, verb: &str) -> Result<Voice> {
    jobs::enqueue(&mut tx, &CloneVoice { voice: id }).await?;
    let voice = Voice::find(&mut tx, id).await?;
    audit::record_verb(&mut tx, verb, Kind::Voice, &id.to_string(), &voice.draft.name).await?;
    tx.changed(Kind::Voice);
    crud::commit(core, tx).await?;
    Ok(voice)
}

/// The sample as it was given, with the consent that is kept beside it.
pub async fn sample(core: &Core, caller: &Caller, id: Id<Voice>) -> Result<Audio> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Voice).await?;
    let sample = store::sample(&mut tx, id).await?;
    tx.commit().await?;
    Ok(sample)
}

/// The agents that speak with a voice, in their draft or their live version.
pub async fn agents(core: &Core, caller: &Caller, id: Id<Voice>) -> Result<Vec<VoiceAgent>> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Voice).await?;
    let voice = Voice::find(&mut tx, id).await?;
    let agents = match &voice.provider_id {
        Some(provider_id) => store::agents(&mut tx, provider_id).await?,
        None => Vec::new(),
    };
    tx.commit().await?;
    Ok(agents)
}
