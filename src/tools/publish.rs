//! Publishing: a tool's copy at the provider, what it says, and how to find it again.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value, json};

use super::{Automatic, Parameter, ParameterKind, Place, SecretValue, Tool, ToolDraft, bindings, reach, store};
use crate::{
    agents::{
        Agent, for_provider,
        publish::{born, in_words, mark},
    },
    core::Core,
    db::OrgTx,
    error::{Error, Result},
    id::Id,
    jobs::{Context, Failure, Job, Limits, Outcome},
    provider_sync::{self, ProviderBacked, RemoteState},
    providers::ultravox::duration::{parse_ms, write_ms},
    resource::{Action, Kind},
};

/// What a tool calls its one secret; an agent brings it under this name.
pub(crate) const SECRET: &str = "secret";

impl ProviderBacked for Tool {
    const LINK: &'static str = "tool";
    type Context = ();

    async fn context(_: &mut OrgTx, _: &ToolDraft) -> Result<()> {
        Ok(())
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

    async fn push(core: &Core, (): &(), id: Id<Self>, draft: &ToolDraft, at: Option<&str>) -> Result<String> {
        if let Some(wrong) = reach::wrong_address(&draft.url, core.installation.public) {
            return Err(Error::invalid("url", wrong));
        }
        let name = mark(id);
        let fresh = || overlaid(&Value::Null, draft);
        let Some(at) = at else {
            return Ok(core.ultravox.create_tool(&name, &fresh()).await?.tool_id);
        };
        let there = match core.ultravox.tool(at).await {
            Ok(there) => Some(there),
            // It was removed there. An earlier attempt to bring it back may have lost its answer.
            Err(failure) if failure.is_gone() => core.ultravox.tools_named(&name, born(id)).await?.into_iter().next(),
            Err(failure) => return Err(failure.into()),
        };
        let published = match there {
            Some(there) => {
                let definition = overlaid(&there.definition, draft);
                core.ultravox.replace_tool(&there.tool_id, &name, &definition).await?
            }
            None => core.ultravox.create_tool(&name, &fresh()).await?,
        };
        Ok(published.tool_id)
    }

    async fn delete_remote(core: &Core, provider_id: &str) -> Result<()> {
        Ok(core.ultravox.delete_tool(provider_id).await?)
    }

    async fn find_remote(core: &Core, id: Id<Self>) -> Result<Vec<String>> {
        let copies = core.ultravox.tools_named(&mark(id), born(id)).await?;
        Ok(copies.into_iter().map(|copy| copy.tool_id).collect())
    }

    async fn compare(core: &Core, (): &(), ours: &Self, published: &ToolDraft) -> Result<RemoteState> {
        let there = match core.ultravox.tool(&ours.provider_id).await {
            Ok(there) => there,
            Err(failure) if failure.is_gone() => return Ok(RemoteState::Missing),
            Err(failure) => return Err(failure.into()),
        };
        let mut differing = differences(&definition(published), &there.definition);
        // By its name a lost copy is found.
        if there.name != mark(ours.id) {
            differing.insert(0, "name");
        }
        Ok(match in_words(&differing) {
            None => RemoteState::InSync,
            Some(list) => RemoteState::Drifted(format!("Changed at the provider: {list}.")),
        })
    }
}

/// The whole definition that a draft asks for. The secret itself is no part of it: agents bring it.
fn definition(draft: &ToolDraft) -> Map<String, Value> {
    let of = |kind: ParameterKind, more: fn(&Parameter) -> (&'static str, Value)| -> Value {
        let parameters = draft.parameters.iter().filter(|parameter| parameter.kind == kind);
        parameters
            .map(|parameter| {
                let (field, value) = more(parameter);
                let mut written =
                    json!({ "name": parameter.name, "location": location(parameter.place), field: value });
                if kind == ParameterKind::Dynamic {
                    written["required"] = json!(parameter.required || parameter.place == Place::Path);
                }
                written
            })
            .collect()
    };
    let mut definition = Map::new();
    let mut set = |name: &str, value: Value| definition.insert(name.to_owned(), value);
    set("modelToolName", json!(draft.model_name));
    set("description", json!(for_provider(&draft.description)));
    set(
        "dynamicParameters",
        of(ParameterKind::Dynamic, |parameter| ("schema", parameter.schema.clone())),
    );
    set(
        "staticParameters",
        of(ParameterKind::Static, |parameter| {
            ("value", template_of(&parameter.value))
        }),
    );
    set(
        "automaticParameters",
        of(ParameterKind::Automatic, |parameter| {
            ("knownValue", json!(known(parameter.automatic)))
        }),
    );
    // Written as a duration: a bare number is not one, and would be refused or read as another.
    set("timeout", json!(write_ms(i64::from(draft.timeout_s) * 1000)));
    set(
        "http",
        json!({ "baseUrlPattern": draft.url, "httpMethod": draft.method.word() }),
    );
    if !draft.secret.header.is_empty() {
        let needed = json!({ SECRET: { "headerApiKey": { "name": draft.secret.header } } });
        set(
            "requirements",
            json!({ "httpSecurityOptions": { "options": [{ "requirements": needed }] } }),
        );
    }
    definition
}

/// A tool for one call, with what it is made of in place of a reference to its copy.
pub(crate) fn inline(draft: &ToolDraft, secret: Option<&SecretValue>) -> Value {
    let mut selected = json!({ "temporaryTool": definition(draft) });
    if let Some(secret) = secret {
        selected["authTokens"] = json!({ SECRET: secret.expose() });
    }
    selected
}

/// A value, its texts as the provider's templates.
fn template_of(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(for_provider(text)),
        Value::Array(items) => items.iter().map(template_of).collect(),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), template_of(value)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

/// The draft over what is there: a tool is only ever replaced whole, and what others set beyond a draft stays.
fn overlaid(there: &Value, draft: &ToolDraft) -> Value {
    let mut whole = there.as_object().cloned().unwrap_or_default();
    // A tool is implemented in one way, and ours is asked over HTTP.
    for other in ["client", "dataConnection", "requirements"] {
        whole.remove(other);
    }
    whole.retain(|_, value| !value.is_null());
    whole.extend(definition(draft));
    Value::Object(whole)
}

fn location(place: Place) -> &'static str {
    match place {
        Place::Path => "PARAMETER_LOCATION_PATH",
        Place::Query => "PARAMETER_LOCATION_QUERY",
        Place::Header => "PARAMETER_LOCATION_HEADER",
        Place::Body => "PARAMETER_LOCATION_BODY",
    }
}

fn known(automatic: Automatic) -> &'static str {
    match automatic {
        Automatic::CallId => "KNOWN_PARAM_CALL_ID",
        Automatic::CallMetadata => "KNOWN_PARAM_CALL_METADATA",
        Automatic::ConversationHistory => "KNOWN_PARAM_CONVERSATION_HISTORY",
        Automatic::CallState => "KNOWN_PARAM_CALL_STATE",
        Automatic::CallStageId => "KNOWN_PARAM_CALL_STAGE_ID",
        Automatic::OutputSampleRate => "KNOWN_PARAM_OUTPUT_SAMPLE_RATE",
    }
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

/// A definition in a form that two writers of the same definition agree on: what has its default value is left out there,
/// and every number is a broken one.
fn facts(definition: &Map<String, Value>) -> [(&'static str, Value); 6] {
    let get = |name: &str| definition.get(name).unwrap_or(&Value::Null);
    let text = |value: &Value| json!(value.as_str().unwrap_or_default());
    let list = |name: &str, field: &str| -> Value {
        let parameters = get(name).as_array().into_iter().flatten();
        parameters
            .map(|parameter| {
                json!([
                    text(&parameter["name"]),
                    text(&parameter["location"]),
                    alike(&parameter[field]),
                    parameter["required"].as_bool().unwrap_or_default(),
                ])
            })
            .collect()
    };
    let http = get("http");
    let options = &get("requirements")["httpSecurityOptions"]["options"];
    [
        ("name for the model", text(get("modelToolName"))),
        ("description", text(get("description"))),
        (
            "parameters",
            json!([
                list("dynamicParameters", "schema"),
                list("staticParameters", "value"),
                list("automaticParameters", "knownValue"),
            ]),
        ),
        (
            "address",
            json!([text(&http["baseUrlPattern"]), text(&http["httpMethod"])]),
        ),
        (
            "time limit",
            json!(get("timeout").as_str().and_then(parse_ms).unwrap_or_default()),
        ),
        ("secret", alike(options)),
    ]
}

/// The same for `1` and `1.0`: what travels as protobuf comes back with a point.
fn alike(value: &Value) -> Value {
    match value {
        Value::Number(number) => number
            .as_f64()
            .and_then(Number::from_f64)
            .map_or(Value::Null, Value::Number),
        Value::Array(items) => items.iter().map(alike).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), alike(member)))
            .collect(),
        other => other.clone(),
    }
}

/// Publishes the agents of a tool once more: they bring its secret, and know its copy by an id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RepublishAgents {
    pub tool: Id<Tool>,
}

impl Job for RepublishAgents {
    const NAME: &'static str = "republish_agents";
    const LIMITS: Limits = Limits::UNTIL_DONE;

    fn dedup_key(&self) -> Option<String> {
        Some(self.tool.to_string())
    }

    async fn run(self, context: Context) -> Result<Outcome, Failure> {
        let worker = context.caller()?;
        let mut tx = worker.begin(&context.core.db, Action::Update, Kind::Agent).await?;
        let agents = bindings::agents(&mut tx, self.tool).await?;
        let ids: Vec<_> = agents.iter().map(|agent| agent.id.uuid()).collect();
        provider_sync::republish(&mut tx, Agent::LINK, &ids).await?;
        tx.commit().await?;
        Ok(Outcome::Done)
    }
}

#[cfg(test)]
#[path = "publish_tests.rs"]
mod tests;
