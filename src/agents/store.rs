//! The statements of agents.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{
    Agent, AgentDraft, AgentFilter, AgentRow, Facets, FirstSpeaker, Silence, SyncState, SyncStatus, Variable,
    flow::Versioned, version_store,
};
use crate::{
    analysis::AnalysisSettings,
    calls,
    crud::Rows,
    db::OrgTx,
    error::{Error, Result, ResultExt},
    id::Id,
    knowledge::{self, KnowledgeBase},
    listing::{Position, Window},
    metadata::Metadata,
    provider_sync::RemoteState,
    resource::Kind,
    tools::{self, Tool, bindings::Bound},
    voices,
};

/// One row of app.agents.
struct AgentRecord {
    id: Id<Agent>,
    name: String,
    description: String,
    prompt: String,
    first_speaker: FirstSpeaker,
    first_message: String,
    language: String,
    voice_id: String,
    voice_name: String,
    temperature_percent: i16,
    variables: Json<Vec<Variable>>,
    join_timeout_s: i32,
    max_duration_s: i32,
    time_exceeded_message: String,
    silence: Json<Vec<Silence>>,
    turn_delay_ms: i32,
    interruption_ms: i32,
    recording: bool,
    recording_days: Option<i16>,
    transcript_days: Option<i16>,
    tool_ids: Vec<Id<Tool>>,
    knowledge_base_ids: Vec<Id<KnowledgeBase>>,
    tags: Vec<String>,
    metadata: Json<Metadata>,
    analysis: Json<AnalysisSettings>,
    publish_needs_tests: bool,
    revision: i64,
    live_version: i32,
    published_at: DateTime<Utc>,
    unpublished: bool,
    provider_id: String,
    sync: SyncState,
    sync_note: String,
    sync_checked_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    updated_by: String,
}

impl From<AgentRecord> for Agent {
    fn from(row: AgentRecord) -> Self {
        Self {
            id: row.id,
            draft: AgentDraft {
                name: row.name,
                description: row.description,
                prompt: row.prompt,
                first_speaker: row.first_speaker,
                first_message: row.first_message,
                language: row.language,
                voice_id: row.voice_id,
                voice_name: row.voice_name,
                temperature_percent: row.temperature_percent,
                variables: row.variables.0,
                join_timeout_s: row.join_timeout_s,
                max_duration_s: row.max_duration_s,
                time_exceeded_message: row.time_exceeded_message,
                silence: row.silence.0,
                turn_delay_ms: row.turn_delay_ms,
                interruption_ms: row.interruption_ms,
                recording: row.recording,
                recording_days: row.recording_days,
                transcript_days: row.transcript_days,
                tool_ids: row.tool_ids,
                knowledge_base_ids: row.knowledge_base_ids,
                tags: row.tags,
                metadata: row.metadata.0,
                analysis: row.analysis.0,
                publish_needs_tests: row.publish_needs_tests,
            },
            revision: row.revision,
            live_version: row.live_version,
            published_at: row.published_at,
            unpublished: row.unpublished,
            provider_id: row.provider_id,
            sync: SyncStatus {
                state: row.sync,
                note: row.sync_note,
                checked_at: row.sync_checked_at,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
        }
    }
}

impl Rows for Agent {
    type Writes = Versioned;
    const TABLE: &'static str = "app.agents";

    async fn page(tx: &mut OrgTx, filter: &AgentFilter, window: Window) -> Result<Vec<AgentRow>> {
        let metadata = filter.metadata.objects();
        Ok(sqlx::query!(
            "select a.id, a.name, a.description, a.language, a.voice_name, a.tags, a.metadata, a.sync,
                    a.live_version, a.unpublished, a.created_at, a.updated_at
             from app.agents a
             where a.org_id = $1 and (a.created_at, a.id) < ($2, $3)
               and ($4::text is null or position(lower($4) in lower(concat_ws(' ', a.name, a.description, a.prompt))) > 0)
               and ($5::text is null or a.language = $5)
               and ($6::text is null or $6 = any(a.tags))
               and ($7::text is null or a.sync = $7)
               and ($8::jsonb[] is null or a.metadata @> all($8))
             order by a.created_at desc, a.id desc
             limit $9",
            tx.org() as _,
            window.after.at,
            window.after.id,
            filter.q.as_deref().filter(|q| !q.is_empty()),
            filter.language.as_deref().filter(|language| !language.is_empty()),
            filter.tag.as_deref().filter(|tag| !tag.is_empty()),
            filter.sync.map(SyncState::word),
            metadata.as_deref(),
            window.fetch(),
        )
        .map(|row| AgentRow {
            id: row.id,
            name: row.name,
            description: row.description,
            language: row.language,
            voice_name: row.voice_name,
            tags: row.tags,
            metadata: row.metadata.0,
            sync: row.sync,
            live_version: row.live_version,
            unpublished: row.unpublished,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
        .fetch_all(tx.conn())
        .await?)
    }

    fn position(row: &AgentRow) -> Position {
        Position {
            at: row.created_at,
            id: row.id.uuid(),
        }
    }

    async fn find(tx: &mut OrgTx, id: Id<Agent>) -> Result<Agent> {
        let row = sqlx::query_as!(
            AgentRecord,
            r#"select a.id, a.name, a.description, a.prompt, a.first_speaker, a.first_message, a.language, a.voice_id, a.voice_name,
                    a.temperature_percent, a.variables, a.join_timeout_s, a.max_duration_s, a.time_exceeded_message, a.silence,
                    a.turn_delay_ms, a.interruption_ms, a.recording, a.recording_days, a.transcript_days, a.tags, a.metadata, a.analysis,
                    a.publish_needs_tests, a.revision, a.live_version, a.published_at, a.unpublished, a.provider_id, a.sync, a.sync_note, a.sync_checked_at,
                    a.created_at, a.updated_at,
                    a.updated_by,
                    array(select b.tool_id from app.agent_tools b
                          where b.org_id = a.org_id and b.agent_id = a.id and not b.live order by b.position)
                      as "tool_ids!: Vec<Id<Tool>>",
                    array(select k.base_id from app.agent_knowledge k
                          where k.org_id = a.org_id and k.agent_id = a.id and not k.live order by k.position)
                      as "knowledge_base_ids!: Vec<Id<KnowledgeBase>>"
             from app.agents a where a.org_id = $1 and a.id = $2"#,
            tx.org() as _,
            id.uuid(),
        )
        .fetch_one(tx.conn())
        .await?;
        Ok(row.into())
    }

    /// Refuses a name that another agent of the organization has, and tools that it cannot have.
    async fn check(tx: &mut OrgTx, id: Id<Agent>, draft: &AgentDraft) -> Result<()> {
        let taken = sqlx::query_scalar!(
            r#"select exists (select from app.agents a where a.org_id = $1 and a.name_norm = lower($2::text) and a.id <> $3) as "taken!""#,
            tx.org() as _,
            draft.name,
            id.uuid(),
        )
        .fetch_one(tx.conn())
        .await?;
        if taken {
            return Err(Error::taken("name"));
        }
        let tools = tools::bindings::bound(tx, &draft.tool_ids).await?;
        for (i, tool) in tools.iter().enumerate() {
            let missing = |name: &&String| !draft.variables.iter().any(|variable| variable.name == **name);
            if let Some(name) = tool.variables.iter().find(missing) {
                let told = format!(
                    "{} uses {{{{{name}}}}}, which is not declared under Variables.",
                    tool.name
                );
                return Err(Error::invalid(format!("tool_ids[{i}]"), told));
            }
        }
        knowledge::runtime::lookup(tx, &draft.knowledge_base_ids).await?;
        Ok(())
    }

    async fn insert(tx: &mut OrgTx, id: Id<Agent>, draft: &AgentDraft) -> Result<()> {
        voices::store::lock(tx, &draft.voice_id).await?;
        sqlx::query!(
            "insert into app.agents (org_id, id, name, description, prompt, first_speaker, first_message, language, voice_id, live_voice_id,
                    voice_name, temperature_percent, variables, join_timeout_s, max_duration_s, time_exceeded_message, silence,
                    turn_delay_ms, interruption_ms, recording, tags, metadata, provider_id, sync, updated_by, recording_days, transcript_days,
                    analysis, publish_needs_tests)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, '', 'synced', $22, $23, $24,
                     $25, $26)",
            tx.org() as _,
            id.uuid(),
            draft.name,
            draft.description,
            draft.prompt,
            draft.first_speaker as _,
            draft.first_message,
            draft.language,
            draft.voice_id,
            draft.voice_name,
            draft.temperature_percent,
            Json(&draft.variables) as _,
            draft.join_timeout_s,
            draft.max_duration_s,
            draft.time_exceeded_message,
            Json(&draft.silence) as _,
            draft.turn_delay_ms,
            draft.interruption_ms,
            draft.recording,
            &draft.tags,
            Json(&draft.metadata) as _,
            tx.actor().0,
            draft.recording_days,
            draft.transcript_days,
            Json(&draft.analysis) as _,
            draft.publish_needs_tests,
        )
        .execute(tx.conn())
        .await
        .on_constraint("agents_name_unique", || Error::taken("name"))?;
        bind(tx, id, draft, Bound::Draft).await?;
        version_store::insert(tx, id, 1, draft, "").await?;
        bind(tx, id, draft, Bound::Live).await
    }

    /// Saves the draft; the live version stays what it is.
    async fn update(tx: &mut OrgTx, id: Id<Agent>, draft: &AgentDraft, revision: i64) -> Result<bool> {
        voices::store::lock(tx, &draft.voice_id).await?;
        let live = version_store::find(tx, id, None).await?;
        let saved = sqlx::query!(
            "update app.agents set name = $3, description = $4, prompt = $5, first_speaker = $6, first_message = $7, language = $8,
                    voice_id = $9, voice_name = $10, temperature_percent = $11, variables = $12, join_timeout_s = $13,
                    max_duration_s = $14, time_exceeded_message = $15, silence = $16, turn_delay_ms = $17, interruption_ms = $18,
                    recording = $19, tags = $20, revision = revision + 1, updated_at = now(), updated_by = $22,
                    metadata = $23, unpublished = $24, recording_days = $25, transcript_days = $26, analysis = $27,
                    publish_needs_tests = $28
             where org_id = $1 and id = $2 and revision = $21",
            tx.org() as _,
            id.uuid(),
            draft.name,
            draft.description,
            draft.prompt,
            draft.first_speaker as _,
            draft.first_message,
            draft.language,
            draft.voice_id,
            draft.voice_name,
            draft.temperature_percent,
            Json(&draft.variables) as _,
            draft.join_timeout_s,
            draft.max_duration_s,
            draft.time_exceeded_message,
            Json(&draft.silence) as _,
            draft.turn_delay_ms,
            draft.interruption_ms,
            draft.recording,
            &draft.tags,
            revision,
            tx.actor().0,
            Json(&draft.metadata) as _,
            !draft.sounds_like(&live.draft),
            draft.recording_days,
            draft.transcript_days,
            Json(&draft.analysis) as _,
            draft.publish_needs_tests,
        )
        .execute(tx.conn())
        .await
        .on_constraint("agents_name_unique", || Error::taken("name"))?;
        if saved.rows_affected() == 0 {
            return Ok(false);
        }
        bind(tx, id, draft, Bound::Draft).await?;
        Ok(true)
    }

    /// Calls with it stay, and keep its name.
    async fn delete(tx: &mut OrgTx, id: Id<Agent>) -> Result<bool> {
        calls::store::forget_agent(tx, id).await?;
        bind(tx, id, &AgentDraft::default(), Bound::Draft).await?;
        bind(tx, id, &AgentDraft::default(), Bound::Live).await?;
        let gone = sqlx::query!(
            "delete from app.agents where org_id = $1 and id = $2",
            tx.org() as _,
            id.uuid()
        )
        .execute(tx.conn())
        .await?;
        Ok(gone.rows_affected() == 1)
    }

    /// How many agents there are, in all and live, and the tags and languages in use: what the list's filters offer.
    async fn facets(tx: &mut OrgTx) -> Result<Facets> {
        let counts = sqlx::query!(
            r#"select count(*) as "all!", count(*) filter (where a.sync = 'synced') as "live!",
                      coalesce(array_agg(distinct a.language), '{}') as "languages!"
               from app.agents a where a.org_id = $1"#,
            tx.org() as _,
        )
        .fetch_one(tx.conn())
        .await?;
        let tags = sqlx::query_scalar!(
            r#"select distinct tag as "tag!" from app.agents a, unnest(a.tags) tag where a.org_id = $1 order by 1 limit 100"#,
            tx.org() as _,
        )
        .fetch_all(tx.conn())
        .await?;
        Ok(Facets {
            all: counts.all,
            live: counts.live,
            languages: counts.languages,
            tags,
        })
    }
}

/// Gives the agent the tools and the knowledge of a draft; their lists say by how many agents they are used.
async fn bind(tx: &mut OrgTx, id: Id<Agent>, draft: &AgentDraft, to: Bound) -> Result<()> {
    if tools::bindings::bind(tx, id, &draft.tool_ids, to).await? {
        tx.changed(Kind::Tool);
    }
    if knowledge::bindings::bind(tx, id, &draft.knowledge_base_ids, to).await? {
        tx.changed(Kind::KnowledgeBase);
    }
    Ok(())
}

/// From here on this version answers the phone.
pub(super) async fn go_live(tx: &mut OrgTx, id: Id<Agent>, number: i32, draft: &AgentDraft) -> Result<()> {
    sqlx::query!(
        "update app.agents set live_version = $3, live_voice_id = $4, published_at = now(), unpublished = false, revision = revision + 1
         where org_id = $1 and id = $2",
        tx.org() as _,
        id.uuid(),
        number,
        draft.voice_id,
    )
    .execute(tx.conn())
    .await?;
    bind(tx, id, draft, Bound::Live).await
}

pub async fn mark_published(tx: &mut OrgTx, id: Id<Agent>, provider_id: &str) -> Result<()> {
    sqlx::query!(
        "update app.agents set provider_id = $3, sync = 'synced', sync_note = '', sync_checked_at = now()
         where org_id = $1 and id = $2",
        tx.org() as _,
        id.uuid(),
        provider_id,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn mark_state(tx: &mut OrgTx, id: Id<Agent>, state: &RemoteState) -> Result<()> {
    let (sync, note) = state.told("It was deleted at the provider. Calls fail until you choose Sync now.");
    sqlx::query!(
        "update app.agents set sync = $3, sync_note = $4, sync_checked_at = now() where org_id = $1 and id = $2",
        tx.org() as _,
        id.uuid(),
        sync as _,
        note,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
