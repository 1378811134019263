//! Publishing: an agent's copy at the provider, what it says, and how to find it again.

use serde_json::{Map, Value, json};

use super::{Agent, AgentDraft, BRACES, EndBehavior, FirstSpeaker, VariableKind, for_provider, store, version_store};
use crate::{
    core::Core,
    db::OrgTx,
    error::Result,
    id::Id,
    knowledge::runtime::{self, Lookup},
    provider_sync::{ProviderBacked, RemoteState},
    providers::ultravox::duration::{parse_ms, write_ms},
    tools::{self, bindings::BoundTool, publish::SECRET},
};

/// How long the agent waits to be greeted before it speaks its first message by itself.
const PATIENCE_MS: i64 = 5000;

impl ProviderBacked for Agent {
    const LINK: &'static str = "agent";
    type Context = Equipment;

    async fn context(tx: &mut OrgTx, draft: &AgentDraft) -> Result<Equipment> {
        Ok(Equipment {
            tools: tools::bindings::bound(tx, &draft.tool_ids).await?,
            lookup: runtime::lookup(tx, &draft.knowledge_base_ids).await?,
        })
    }

    async fn mark_published(tx: &mut OrgTx, id: Id<Self>, provider_id: &str) -> Result<()> {
        store::mark_published(tx, id, provider_id).await
    }

    async fn mark_state(tx: &mut OrgTx, id: Id<Self>, state: &RemoteState) -> Result<()> {
        store::mark_state(tx, id, state).await
    }

    fn provider_id(&self) -> &str {
        &self.provider_id
    }

    async fn published(tx: &mut OrgTx, row: &Self) -> Result<AgentDraft> {
        Ok(version_store::find(tx, row.id, None).await?.draft)
    }

    async fn push(
        core: &Core,
        equipment: &Equipment,
        id: Id<Self>,
        draft: &AgentDraft,
        at: Option<&str>,
    ) -> Result<String> {
        let (name, selected) = (name_there(id, draft), equipment.selected(core));
        let fresh = || overlaid(&Value::Null, draft, &selected);
        let Some(at) = at else {
            return Ok(core.ultravox.create_agent(&name, &fresh()).await?.agent_id);
        };
        let there = match core.ultravox.agent(at).await {
            Ok(there) => Some(there),
            // It was removed there. An earlier attempt to bring it back may have lost its answer.
            Err(failure) if failure.is_gone() => core
                .ultravox
                .agents_marked(&mark(id), born(id))
                .await?
                .into_iter()
                .next(),
            Err(failure) => return Err(failure.into()),
        };
        let published = match there {
            Some(there) => {
                let template = overlaid(&there.call_template, draft, &selected);
                core.ultravox.update_agent(&there.agent_id, &name, &template).await?
            }
            None => core.ultravox.create_agent(&name, &fresh()).await?,
        };
        Ok(published.agent_id)
    }

    async fn delete_remote(core: &Core, provider_id: &str) -> Result<()> {
        Ok(core.ultravox.delete_agent(provider_id).await?)
    }

    async fn find_remote(core: &Core, id: Id<Self>) -> Result<Vec<String>> {
        let copies = core.ultravox.agents_marked(&mark(id), born(id)).await?;
        Ok(copies.into_iter().map(|copy| copy.agent_id).collect())
    }

    async fn compare(core: &Core, equipment: &Equipment, ours: &Self, published: &AgentDraft) -> Result<RemoteState> {
        let there = match core.ultravox.agent(&ours.provider_id).await {
            Ok(there) => there,
            Err(failure) if failure.is_gone() => return Ok(RemoteState::Missing),
            Err(failure) => return Err(failure.into()),
        };
        let mut differing = differences(&template(published, &equipment.selected(core)), &there.call_template);
        if there.name != name_there(ours.id, published) {
            differing.insert(0, "name");
        }
        Ok(match in_words(&differing) {
            None => RemoteState::InSync,
            Some(list) => RemoteState::Drifted(format!("Changed at the provider: {list}.")),
        })
    }
}

/// What an agent uses while it talks.
#[derive(Clone, Default, PartialEq)]
pub struct Equipment {
    /// In order.
    tools: Vec<BoundTool>,
    lookup: Option<Lookup>,
}

impl Equipment {
    /// As a template selects it.
    fn selected(&self, core: &Core) -> Vec<Value> {
        let lookup = self.lookup.iter().map(|lookup| runtime::tool(lookup, &core.public_url));
        self.tools.iter().map(selected).chain(lookup).collect()
    }
}

/// Our id as it stands in the name of the copy: what a lost answer is found by.
pub(crate) fn mark<T>(id: Id<T>) -> String {
    format!("sb_{}", id.uuid().simple())
}

/// A name people recognize in the provider's console, then the mark; 64 characters is all there is.
fn name_there(id: Id<Agent>, draft: &AgentDraft) -> String {
    let short: String = draft.name.trim().chars().take(28).collect();
    format!("{} {}", short.trim_end(), mark(id))
}

/// Ids carry the time they were made.
pub(crate) fn born<T>(id: Id<T>) -> chrono::DateTime<chrono::Utc> {
    let seconds = id.uuid().get_timestamp().map_or(0, |at| at.to_unix().0);
    chrono::DateTime::from_timestamp(i64::try_from(seconds).unwrap_or_default(), 0).unwrap_or_default()
}

/// The whole template that a draft asks for, with these tools.
pub(crate) fn template(draft: &AgentDraft, tools: &[Value]) -> Map<String, Value> {
    let mut template = Map::new();
    let mut set = |name: &str, value: Value| template.insert(name.to_owned(), value);
    set("systemPrompt", json!(for_provider(&draft.prompt)));
    set("voice", json!(draft.voice_id));
    set("languageHint", json!(draft.language));
    set("temperature", json!(f64::from(draft.temperature_percent) / 100.0));
    set("firstSpeakerSettings", first_speaker(draft, &draft.first_message));
    set("joinTimeout", seconds(draft.join_timeout_s));
    set("maxDuration", seconds(draft.max_duration_s));
    set("inactivityMessages", silence(draft));
    set("recordingEnabled", json!(draft.recording));
    set(
        "vadSettings",
        json!({
            "turnEndpointDelay": write_ms(draft.turn_delay_ms.into()),
            "minimumInterruptionDuration": write_ms(draft.interruption_ms.into()),
        }),
    );
    set("contextSchema", schema(draft));
    set("selectedTools", tools.into());
    if !draft.time_exceeded_message.is_empty() {
        set("timeExceededMessage", json!(for_provider(&draft.time_exceeded_message)));
    }
    template
}

/// The draft over what is there. How deep the provider merges is not documented, so the whole template is sent, and
/// what others set in it beyond a draft stays.
fn overlaid(there: &Value, draft: &AgentDraft, tools: &[Value]) -> Value {
    let mut whole = there.as_object().cloned().unwrap_or_default();
    for read_only in ["name", "created", "updated"] {
        whole.remove(read_only);
    }
    // A voice of ours excludes one from elsewhere, and with it what was overridden of another voice.
    whole.remove("externalVoice");
    if whole.get("voice").and_then(Value::as_str) != Some(&draft.voice_id) {
        whole.remove("voiceOverrides");
    }
    if let Some(message) = whole.get_mut("timeExceededMessage") {
        *message = json!("");
    }
    whole.retain(|_, value| !value.is_null());
    for (name, value) in template(draft, tools) {
        match (whole.get_mut(&name), value) {
            (Some(Value::Object(there)), Value::Object(ours)) if name == "vadSettings" => there.extend(ours),
            // Which tools of the account it has is ours to say; what the provider has built in stays as it is selected there.
            (Some(Value::Array(there)), Value::Array(ours)) if name == "selectedTools" => {
                there.retain(|tool| tool["toolId"].is_null() && !runtime::is_tool(tool));
                there.extend(ours);
            }
            (_, value) => drop(whole.insert(name, value)),
        }
    }
    Value::Object(whole)
}

/// A tool of ours, and what signs in at its server.
fn selected(tool: &BoundTool) -> Value {
    match &tool.secret {
        None => json!({ "toolId": tool.provider_id }),
        Some(secret) => json!({ "toolId": tool.provider_id, "authTokens": { SECRET: secret.expose() } }),
    }
}

fn seconds(seconds: i32) -> Value {
    json!(write_ms(i64::from(seconds) * 1000))
}

/// Who begins, and with which words. The provider does not fill placeholders in here: a call whose first message has
/// some brings its own (`calls/dial.rs`).
pub(crate) fn first_speaker(draft: &AgentDraft, words: &str) -> Value {
    match (draft.first_speaker, words.is_empty()) {
        (FirstSpeaker::Agent, true) => json!({ "agent": {} }),
        (FirstSpeaker::Agent, false) => json!({ "agent": { "text": words } }),
        (FirstSpeaker::Person, true) => json!({ "user": {} }),
        (FirstSpeaker::Person, false) => {
            json!({ "user": { "fallback": { "delay": write_ms(PATIENCE_MS), "text": words } } })
        }
    }
}

fn silence(draft: &AgentDraft) -> Value {
    let steps = draft.silence.iter().map(|step| {
        let end = match step.then {
            EndBehavior::GoOn => "END_BEHAVIOR_UNSPECIFIED",
            EndBehavior::HangUpSoft => "END_BEHAVIOR_HANG_UP_SOFT",
            EndBehavior::HangUp => "END_BEHAVIOR_HANG_UP_STRICT",
        };
        json!({ "duration": seconds(step.after_s), "message": for_provider(&step.message), "endBehavior": end })
    });
    steps.collect()
}

/// What a call may pass in. Without it the provider would take whatever the texts happen to mention.
fn schema(draft: &AgentDraft) -> Value {
    let mut properties: Map<String, Value> = draft
        .variables
        .iter()
        .map(|variable| {
            let kind = match variable.kind {
                VariableKind::Text => "string",
                VariableKind::Number => "number",
                VariableKind::Boolean => "boolean",
            };
            (variable.name.clone(), json!({ "type": kind }))
        })
        .collect();
    properties.insert(BRACES.to_owned(), json!({ "type": "string" }));
    let required: Vec<&str> = draft
        .variables
        .iter()
        .filter(|v| v.required)
        .map(|v| v.name.as_str())
        .collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// What differs, each in the words of the editor.
fn differences(ours: &Map<String, Value>, there: &Value) -> Vec<&'static str> {
    let nothing = Map::new();
    let there = there.as_object().unwrap_or(&nothing);
    let facts = facts(ours).into_iter().zip(facts(there));
    facts
        .filter(|((_, ours), (_, theirs))| ours != theirs)
        .map(|((label, _), _)| label)
        .collect()
}

/// A template in a form that two writers of the same template agree on: defaults filled in, durations in milliseconds.
fn facts(template: &Map<String, Value>) -> [(&'static str, Value); 15] {
    let get = |name: &str| template.get(name).unwrap_or(&Value::Null);
    let text = |value: &Value| json!(value.as_str().unwrap_or_default());
    let ms = |value: &Value, default: i64| json!(value.as_str().and_then(parse_ms).unwrap_or(default));
    let first = get("firstSpeakerSettings");
    let waits = &first["user"];
    let words = if waits.is_object() {
        &waits["fallback"]
    } else {
        &first["agent"]
    };
    let steps = get("inactivityMessages").as_array().into_iter().flatten();
    let vad = get("vadSettings");
    let context = get("contextSchema");
    let kinds = context["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, kind)| (name.clone(), kind["type"].clone()));
    let mut required: Vec<&str> = context["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    required.sort_unstable();
    // 32-bit floats come back with more digits than were sent.
    let percent = (get("temperature").as_f64().unwrap_or_default() * 100.0).round();
    [
        ("instructions", text(get("systemPrompt"))),
        ("voice", json!([text(get("voice")), get("externalVoice")])),
        ("language", text(get("languageHint"))),
        ("temperature", json!(percent as i64)),
        (
            "who speaks first",
            json!([waits.is_object(), text(&words["text"]), text(&words["prompt"])]),
        ),
        ("ringing time", ms(get("joinTimeout"), 30_000)),
        ("longest call", ms(get("maxDuration"), 3_600_000)),
        ("message at the time limit", text(get("timeExceededMessage"))),
        (
            "silence",
            steps
                .map(|step| {
                    let end = step["endBehavior"].as_str().unwrap_or("END_BEHAVIOR_UNSPECIFIED");
                    json!([ms(&step["duration"], 0), text(&step["message"]), end])
                })
                .collect(),
        ),
        (
            "recording",
            json!(get("recordingEnabled").as_bool().unwrap_or_default()),
        ),
        ("pause before answering", ms(&vad["turnEndpointDelay"], 384)),
        ("interruption", ms(&vad["minimumInterruptionDuration"], 90)),
        ("variables", json!([kinds.collect::<Map<_, _>>(), required])),
        (
            "tools",
            get("selectedTools")
                .as_array()
                .into_iter()
                .flatten()
                .filter(|tool| !tool["toolId"].is_null())
                .map(|tool| tool["toolId"].clone())
                .collect(),
        ),
        (
            "knowledge",
            get("selectedTools")
                .as_array()
                .into_iter()
                .flatten()
                .filter(|tool| runtime::is_tool(tool))
                .map(runtime::facts)
                .collect(),
        ),
    ]
}

pub(crate) fn in_words(list: &[&str]) -> Option<String> {
    let (last, others) = list.split_last()?;
    Some(if others.is_empty() {
        (*last).to_owned()
    } else {
        format!("{} and {last}", others.join(", "))
    })
}

#[cfg(test)]
#[path = "publish_tests.rs"]
mod tests;
