//! Recordings: fetched from the provider into our own storage once they are there, and heard from it in parts.

use std::{ops::Range, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{Call, Recording, store};
use crate::{
    auth::Caller,
    core::Core,
    error::{Error, Result},
    id::Id,
    jobs::{Backoff, Context, Failure, Job, Limits, Outcome},
    org::OrgId,
    resource::{Action, Kind},
    storage::{FileKey, Stored},
};

/// Four hours at 16 kHz, one channel.
const LARGEST: u64 = 480 << 20;
/// How long a signed address is good for.
const GOOD_FOR: TimeDelta = TimeDelta::minutes(15);

fn key(org: &OrgId, id: Id<Call>) -> FileKey {
    FileKey::new(org, "recordings", id)
}

/// Brings the recording of a call here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FetchRecording {
    pub call: Id<Call>,
}

impl Job for FetchRecording {
    const NAME: &'static str = "fetch_recording";
    /// Twelve attempts are some eight hours.
    const LIMITS: Limits = Limits {
        attempts: 12,
        lease: Duration::from_secs(120),
        timeout: Duration::from_secs(700),
        backoff: Backoff {
            first: Duration::from_secs(5),
            longest: Duration::from_secs(4096),
        },
        ..Limits::USUAL
    };

    fn dedup_key(&self) -> Option<String> {
        Some(self.call.to_string())
    }

    async fn run(self, context: Context) -> Result<Outcome, Failure> {
        let (core, caller) = (&context.core, context.caller()?);
        let mut tx = caller.begin(&core.db, Action::Read, Kind::Call).await?;
        let found = store::find(&mut tx, self.call).await;
        tx.commit().await?;
        let call = match found {
            // Deleted meanwhile.
            Err(Error::NotFound) => return Ok(Outcome::Done),
            found => found?.call,
        };
        let Some(provider_id) = call.provider_id.filter(|_| call.recording == Recording::Ready) else {
            return Ok(Outcome::Done);
        };
        let (content_type, incoming) = core.ultravox.open_recording(&provider_id).await.map_err(Error::from)?;
        let body = stream::unfold(incoming, |mut incoming| async {
            let piece = incoming.chunk().await.transpose()?;
            Some((piece.map_err(Error::from), incoming))
        });
        let key = key(caller.org(), self.call);
        let size = core.storage.put(&key, body, LARGEST).await?;
        let mut tx = caller.begin(&core.db, Action::Update, Kind::Call).await?;
        let is_there = store::recording_stored(&mut tx, self.call, &content_type, size).await?;
        tx.commit().await?;
        if !is_there {
            core.storage.delete(&key).await?;
        }
        Ok(Outcome::Done)
    }
}

/// What is known of a recording before any of it is read.
pub struct Heard {
    org: OrgId,
    id: Id<Call>,
    source: Source,
    pub content_type: String,
    pub size: u64,
}

enum Source {
    Stored,
    /// It has not been brought here yet.
    Fetched(Bytes),
}

/// `NotFound` while there is none.
pub async fn hear(core: &Core, caller: &Caller, id: Id<Call>) -> Result<Heard> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Call).await?;
    let call = store::find(&mut tx, id).await?.call;
    let stored = store::stored_recording(&mut tx, id).await?;
    tx.commit().await?;
    let heard = |source, content_type, size| Heard {
        org: caller.org().clone(),
        id,
        source,
        content_type,
        size,
    };
    match (call.recording, stored, call.provider_id) {
        (_, Some((content_type, size)), _) => Ok(heard(Source::Stored, content_type, size)),
        (Recording::Ready, None, Some(provider_id)) => {
            let audio = core.ultravox.recording(&provider_id).await?;
            let size = audio.bytes.len() as u64;
            Ok(heard(Source::Fetched(audio.bytes), audio.content_type, size))
        }
        _ => Err(Error::NotFound),
    }
}

impl Heard {
    /// From the first byte to before the last.
    pub async fn read(self, core: &Core, range: Option<Range<u64>>) -> Result<Stored> {
        match self.source {
            Source::Stored => core.storage.get(&key(&self.org, self.id), range).await,
            Source::Fetched(bytes) => {
                let range = range.unwrap_or(0..self.size);
                let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                let part = bytes.slice(place(range.start)..place(range.end));
                Ok(Stored {
                    size: self.size,
                    range,
                    body: stream::iter([Ok(part)]).boxed(),
                })
            }
        }
    }
}

/// Deletes the file of a call that is gone.
pub(crate) async fn forget(core: &Core, org: &OrgId, id: Id<Call>) -> Result<()> {
    core.storage.delete(&key(org, id)).await
}

/// Where whoever has the address hears a recording, without signing in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RecordingLink {
    pub url: String,
    pub expires_at: DateTime<Utc>,
}

/// What a signed address says.
#[derive(Serialize, Deserialize)]
struct Ticket {
    org: OrgId,
    call: Id<Call>,
    /// Seconds since 1970.
    until: i64,
}

/// A signed address of a recording that is there, for a quarter of an hour.
pub async fn link(core: &Core, caller: &Caller, id: Id<Call>) -> Result<RecordingLink> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Call).await?;
    let call = store::find(&mut tx, id).await?.call;
    tx.commit().await?;
    if call.recording != Recording::Ready {
        return Err(Error::NotFound);
    }
    let expires_at = Utc::now() + GOOD_FOR;
    let ticket = Ticket {
        org: caller.org().clone(),
        call: id,
        until: expires_at.timestamp(),
    };
    let body = serde_json::to_vec(&ticket).map_err(Error::internal)?;
    let mac = signature(core, &body).finalize().into_bytes();
    let path = format!(
        "recordings/{}.{}",
        URL_SAFE_NO_PAD.encode(&body),
        URL_SAFE_NO_PAD.encode(mac)
    );
    let url = core.public_url.join(&path).map_err(Error::internal)?;
    Ok(RecordingLink {
        url: url.into(),
        expires_at,
    })
}

/// The recording that a signed address names.
///
/// # Errors
/// `NotFound` for what nobody signed, `Forbidden` after its time.
pub async fn hear_linked(core: &Core, token: &str, now: DateTime<Utc>) -> Result<Heard> {
    let (body, mac) = token.split_once('.').ok_or(Error::NotFound)?;
    let decoded = URL_SAFE_NO_PAD.decode(body).ok().zip(URL_SAFE_NO_PAD.decode(mac).ok());
    let (body, mac) = decoded.ok_or(Error::NotFound)?;
    signature(core, &body).verify_slice(&mac).map_err(|_| Error::NotFound)?;
    let ticket: Ticket = serde_json::from_slice(&body).map_err(|_| Error::NotFound)?;
    if now.timestamp() >= ticket.until {
        return Err(Error::Forbidden);
    }
    hear(core, &Caller::system(ticket.org), ticket.call).await
}

fn signature(core: &Core, body: &[u8]) -> Hmac<Sha256> {
    let mut mac: Hmac<Sha256> =
        Hmac::new_from_slice(&core.secret.key("recording links")).expect("HMAC takes a key of any length");
    mac.update(body);
    mac
}
