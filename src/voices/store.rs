//! The statements of voices.

use chrono::{DateTime, Utc};

use super::{
    AvailableVoice, Consent, Gender, Voice, VoiceAgent, VoiceDraft, VoiceFilter, VoiceRow, VoiceSample, VoiceSource,
    VoiceState, clone::RemoveClone, statement,
};
use crate::{
    crud::{Local, Rows},
    db::OrgTx,
    error::{Error, Result, ResultExt},
    id::Id,
    jobs,
    listing::{Position, Window},
    providers::Audio,
};

/// One row of app.voices.
struct VoiceRecord {
    id: Id<Voice>,
    name: String,
    description: String,
    language: String,
    gender: Option<Gender>,
    accent: String,
    speaker: String,
    consent_statement: String,
    consent_by: String,
    consent_giver: Option<String>,
    consent_at: DateTime<Utc>,
    state: VoiceState,
    note: String,
    provider_id: Option<String>,
    sample_type: Option<String>,
    sample_bytes: Option<i32>,
    sample_sha256: Option<String>,
    sample_ms: Option<i32>,
    sample_loudness: Option<i32>,
    sample_at: Option<DateTime<Utc>>,
    sample_by: Option<String>,
    revision: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    updated_by: String,
}

impl From<VoiceRecord> for Voice {
    fn from(row: VoiceRecord) -> Self {
        Self {
            id: row.id,
            draft: VoiceDraft {
                name: row.name,
                description: row.description,
                language: row.language,
                gender: row.gender,
                accent: row.accent,
                speaker: row.speaker,
                agreed: true,
            },
            state: row.state,
            note: row.note,
            provider_id: row.provider_id,
            consent: Consent {
                statement: row.consent_statement,
                given_by: row.consent_by,
                giver: row.consent_giver,
                given_at: row.consent_at,
            },
            // They are there together or not at all.
            sample: row.sample_at.map(|given_at| VoiceSample {
                content_type: row.sample_type.unwrap_or_default(),
                bytes: row.sample_bytes.unwrap_or_default(),
                sha256: row.sample_sha256.unwrap_or_default(),
                duration_ms: row.sample_ms.unwrap_or_default(),
                loudness: row.sample_loudness.unwrap_or_default(),
                given_at,
                given_by: row.sample_by.unwrap_or_default(),
            }),
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
        }
    }
}

impl Rows for Voice {
    type Writes = Local;
    const TABLE: &'static str = "app.voices";

    async fn page(tx: &mut OrgTx, filter: &VoiceFilter, window: Window) -> Result<Vec<VoiceRow>> {
        Ok(sqlx::query_as!(
            VoiceRow,
            r#"select v.id, v.name, v.description, v.language, v.gender, v.accent, v.state, v.note, v.provider_id,
                    (select count(*) from app.agents a
                     where a.org_id = v.org_id and (a.voice_id = v.provider_id or a.live_voice_id = v.provider_id)) as "agents!",
                    v.created_at, v.updated_at
             from app.voices v
             where v.org_id = $1 and (v.created_at, v.id) < ($2, $3)
               and ($4::text is null or position(lower($4) in lower(concat_ws(' ', v.name, v.description, v.accent))) > 0)
               and ($5::text is null or v.state = $5)
             order by v.created_at desc, v.id desc
             limit $6"#,
            tx.org() as _,
            window.after.at,
            window.after.id,
            filter.q.as_deref().filter(|q| !q.is_empty()),
            filter.state.map(VoiceState::word),
            window.fetch(),
        )
        .fetch_all(tx.conn())
        .await?)
    }

    fn position(row: &VoiceRow) -> Position {
        Position {
            at: row.created_at,
            id: row.id.uuid(),
        }
    }

    async fn find(tx: &mut OrgTx, id: Id<Voice>) -> Result<Voice> {
        let row = sqlx::query_as!(
            VoiceRecord,
            r#"select v.id, v.name, v.description, v.language, v.gender, v.accent, v.speaker, v.consent_statement, v.consent_by,
                    coalesce(u.name, k.name) as consent_giver, v.consent_at, v.state, v.note, v.provider_id, v.sample_type, v.sample_bytes, v.sample_sha256, v.sample_ms,
                    v.sample_loudness, v.sample_at, v.sample_by, v.revision, v.created_at, v.updated_at, v.updated_by
             from app.voices v
               left join app.users u on u.org_id = v.org_id and u.user_id = v.consent_by
               left join app.api_keys k on k.org_id = v.org_id and k.id::text = v.consent_by
             where v.org_id = $1 and v.id = $2"#,
            tx.org() as _,
            id.uuid(),
        )
        .fetch_one(tx.conn())
        .await?;
        Ok(row.into())
    }

    /// Refuses a name that another voice has, and another speaker than the one who agreed.
    async fn check(tx: &mut OrgTx, id: Id<Voice>, draft: &VoiceDraft) -> Result<()> {
        let stored = sqlx::query!(
            r#"select coalesce(bool_or(v.id <> $2 and v.name_norm = lower($3::text)), false) as "taken!",
                      max(v.speaker) filter (where v.id = $2 and v.sample_at is not null) as speaker
               from app.voices v where v.org_id = $1"#,
            tx.org() as _,
            id.uuid(),
            draft.name,
        )
        .fetch_one(tx.conn())
        .await?;
        if stored.taken {
            return Err(Error::taken("name"));
        }
        match stored.speaker {
            Some(speaker) if speaker != draft.speaker => Err(Error::invalid(
                "speaker",
                format!(
                    "The consent that is kept with the sample is that of {speaker}. For somebody else's voice, clone another."
                ),
            )),
            _ => Ok(()),
        }
    }

    /// What agents have stays until they do not.
    async fn check_delete(tx: &mut OrgTx, id: Id<Voice>) -> Result<()> {
        // Whoever gives the voice to an agent locks it too.
        let voice = sqlx::query!(
            "select v.provider_id from app.voices v where v.org_id = $1 and v.id = $2 for update",
            tx.org() as _,
            id.uuid(),
        )
        .fetch_optional(tx.conn())
        .await?;
        let Some(provider_id) = voice.and_then(|voice| voice.provider_id) else {
            return Ok(());
        };
        let agents = agents(tx, &provider_id).await?;
        let names: Vec<&str> = agents.iter().map(|agent| agent.name.as_str()).collect();
        let words = match names.as_slice() {
            [] => return Ok(()),
            [one] => format!("{one} speaks with this voice. Give it another and publish that first."),
            [one, rest @ ..] => format!(
                "{one} and {} more speak with this voice. Give them another and publish that first.",
                rest.len()
            ),
        };
        Err(Error::Conflict(words))
    }

    async fn insert(tx: &mut OrgTx, id: Id<Voice>, draft: &VoiceDraft) -> Result<()> {
        sqlx::query!(
            "insert into app.voices (org_id, id, name, description, language, gender, accent, speaker, consent_statement, consent_by,
                    updated_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
            tx.org() as _,
            id.uuid(),
            draft.name,
            draft.description,
            draft.language,
            draft.gender as _,
            draft.accent,
            draft.speaker,
            statement(&draft.speaker),
            tx.actor().0,
        )
        .execute(tx.conn())
        .await
        .on_constraint("voices_name_unique", || Error::taken("name"))?;
        Ok(())
    }

    async fn update(tx: &mut OrgTx, id: Id<Voice>, draft: &VoiceDraft, revision: i64) -> Result<bool> {
        let saved = sqlx::query!(
            "update app.voices set name = $3, description = $4, language = $5, gender = $6, accent = $7, speaker = $8,
                    consent_statement = case when speaker = $8 then consent_statement else $9 end,
                    consent_by = case when speaker = $8 then consent_by else $10 end,
                    consent_at = case when speaker = $8 then consent_at else $12 end,
                    revision = revision + 1, updated_at = now(), updated_by = $10
             where org_id = $1 and id = $2 and revision = $11",
            tx.org() as _,
            id.uuid(),
            draft.name,
            draft.description,
            draft.language,
            draft.gender as _,
            draft.accent,
            draft.speaker,
            statement(&draft.speaker),
            tx.actor().0,
            revision,
            Utc::now(),
        )
        .execute(tx.conn())
        .await
        .on_constraint("voices_name_unique", || Error::taken("name"))?;
        Ok(saved.rows_affected() == 1)
    }

    async fn delete(tx: &mut OrgTx, id: Id<Voice>) -> Result<bool> {
        let gone = sqlx::query!(
            r#"delete from app.voices where org_id = $1 and id = $2 returning state as "state: VoiceState""#,
            tx.org() as _,
            id.uuid()
        )
        .fetch_optional(tx.conn())
        .await?;
        let Some(gone) = gone else {
            return Ok(false);
        };
        if gone.state != VoiceState::Waiting {
            jobs::enqueue(tx, &RemoveClone { voice: id }).await?;
        }
        Ok(true)
    }

    async fn facets(tx: &mut OrgTx) -> Result<i64> {
        Ok(sqlx::query_scalar!(
            r#"select count(*) as "all!" from app.voices v where v.org_id = $1"#,
            tx.org() as _,
        )
        .fetch_one(tx.conn())
        .await?)
    }
}

/// The agents that speak with a voice in their draft or their live version, by name.
pub(super) async fn agents(tx: &mut OrgTx, provider_id: &str) -> Result<Vec<VoiceAgent>> {
    Ok(sqlx::query_as!(
        VoiceAgent,
        "select a.id, a.name from app.agents a
         where a.org_id = $1 and (a.voice_id = $2 or a.live_voice_id = $2)
         order by a.name_norm",
        tx.org() as _,
        provider_id,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The organization's own that agents can have, by name.
pub(super) async fn ready(tx: &mut OrgTx) -> Result<Vec<AvailableVoice>> {
    let rows = sqlx::query!(
        r#"select v.id, v.provider_id as "provider_id!", v.name, v.description, v.language, v.gender, v.accent
           from app.voices v where v.org_id = $1 and v.provider_id is not null order by v.name_norm"#,
        tx.org() as _,
    )
    .fetch_all(tx.conn())
    .await?;
    let available = rows.into_iter().map(|row| AvailableVoice {
        id: row.provider_id,
        source: VoiceSource::Cloned,
        voice: Some(row.id),
        name: row.name,
        description: row.description,
        language: Some(row.language),
        engine: None,
        gender: row.gender,
        accent: Some(row.accent).filter(|accent| !accent.is_empty()),
        category: None,
        has_preview: true,
    });
    Ok(available.collect())
}

/// Keeps a voice of the organization's own where it is until the transaction ends, so that an agent can be given it.
pub(crate) async fn lock(tx: &mut OrgTx, provider_id: &str) -> Result<()> {
    sqlx::query!(
        "select v.id from app.voices v where v.org_id = $1 and v.provider_id = $2 for key share",
        tx.org() as _,
        provider_id,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(())
}

/// Keeps a sample in place of the one before, and has it cloned. False where the voice is being cloned or is ready.
pub(super) async fn take_sample(tx: &mut OrgTx, id: Id<Voice>, sample: &VoiceSample, sound: &[u8]) -> Result<bool> {
    let taken = sqlx::query!(
        "update app.voices set state = 'cloning', note = '', sample_type = $3, sample_bytes = $4, sample_sha256 = $5, sample_ms = $6,
                sample_loudness = $7, sample_at = $8, sample_by = $9, revision = revision + 1, updated_at = now(), updated_by = $9
         where org_id = $1 and id = $2 and state in ('waiting', 'failed')",
        tx.org() as _,
        id.uuid(),
        sample.content_type,
        sample.bytes,
        sample.sha256,
        sample.duration_ms,
        sample.loudness,
        sample.given_at,
        sample.given_by,
    )
    .execute(tx.conn())
    .await?;
    if taken.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "insert into app.voice_samples (org_id, voice_id, content) values ($1, $2, $3)
         on conflict (org_id, voice_id) do update set content = excluded.content",
        tx.org() as _,
        id.uuid(),
        sound,
    )
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// The sample as it was given.
pub(super) async fn sample(tx: &mut OrgTx, id: Id<Voice>) -> Result<Audio> {
    let sample = sqlx::query!(
        r#"select v.sample_type as "sample_type!", s.content from app.voice_samples s
             join app.voices v on v.org_id = s.org_id and v.id = s.voice_id
           where s.org_id = $1 and s.voice_id = $2"#,
        tx.org() as _,
        id.uuid(),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Audio {
        content_type: sample.sample_type,
        bytes: sample.content.into(),
    })
}

/// Has the sample that is there cloned once more. False where that did not fail.
pub(super) async fn clone_again(tx: &mut OrgTx, id: Id<Voice>) -> Result<bool> {
    let again = sqlx::query!(
        "update app.voices set state = 'cloning', note = '', revision = revision + 1, updated_at = now(), updated_by = $3
         where org_id = $1 and id = $2 and state = 'failed'",
        tx.org() as _,
        id.uuid(),
        tx.actor().0,
    )
    .execute(tx.conn())
    .await?;
    Ok(again.rows_affected() == 1)
}

/// Notes what came of cloning: the provider's id, or why there is none. False where it is not being cloned any more.
pub(super) async fn settle(tx: &mut OrgTx, id: Id<Voice>, outcome: Result<&str, &str>) -> Result<bool> {
    let (state, provider_id, note) = match outcome {
        Ok(provider_id) => (VoiceState::Ready, Some(provider_id), ""),
        Err(note) => (VoiceState::Failed, None, note),
    };
    let settled = sqlx::query!(
        "update app.voices set state = $3, provider_id = $4, note = $5, revision = revision + 1, updated_at = now()
         where org_id = $1 and id = $2 and state = 'cloning'",
        tx.org() as _,
        id.uuid(),
        state as _,
        provider_id,
        note,
    )
    .execute(tx.conn())
    .await?;
    Ok(settled.rows_affected() == 1)
}
