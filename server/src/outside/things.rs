//! Things: one of everything that an organization can have, made through the API with a mark on it, and how each route
//! names them.

use anyhow::Context;
use serde_json::{Value, json};
use switchboard::{agents::AgentDraft, org::Scope};
use uuid::Uuid;

use super::{
    Picture,
    ask::{Client, Operation, Request},
};

/// What one organization has, or ids that nobody has.
#[derive(Clone, Debug, Default)]
pub struct Things {
    /// May do everything in the organization.
    pub key: String,
    mark: String,
    agent: String,
    call: String,
    api_key: String,
    invitation: String,
    report: String,
    member: String,
    /// Of the library that everybody shares.
    voice: String,
}

impl Things {
    pub async fn make(client: &Client, key: &str) -> anyhow::Result<Self> {
        let voices = client.must(key, "GET", "/voices", None).await?;
        let members = client.must(key, "GET", "/members", None).await?;
        let mut things = Self {
            key: key.to_owned(),
            mark: format!("mark {}", Uuid::new_v4()),
            voice: text(&voices[0]["id"]).context("the library has no voice")?,
            member: text(&members[0]["user_id"]).context("the organization has no member")?,
            ..Self::default()
        };
        let address = format!("{}@isolation.invalid", things.mark.replace(' ', "-"));
        things.agent = things.made(client, "/agents", json!(things.draft(""))).await?;
        // Written, so that nobody's telephone rings.
        things.call = things.made(client, "/calls", things.call_body()).await?;
        let key = json!({"name": things.mark, "scopes": ["agents:read"]});
        things.api_key = things.made(client, "/api-keys", key).await?;
        let guest = json!({"email": address, "role": "viewer"});
        things.invitation = things.made(client, "/invitations", guest).await?;
        things.report = things.made(client, "/reports", report(&things.mark)).await?;
        Ok(things)
    }

    async fn made(&self, client: &Client, path: &str, body: Value) -> anyhow::Result<String> {
        let made = client.must(&self.key, "POST", path, Some(body)).await?;
        text(&made["id"]).with_context(|| format!("POST {path} answered no id"))
    }

    fn draft(&self, beside: &str) -> AgentDraft {
        AgentDraft {
            name: format!("{} {beside}", self.mark).trim().to_owned(),
            prompt: self.mark.clone(),
            first_message: "Hello.".to_owned(),
            voice_id: self.voice.clone(),
            voice_name: "Voice".to_owned(),
            ..AgentDraft::default()
        }
    }

    fn call_body(&self) -> Value {
        json!({"agent_id": self.agent, "to": {"medium": "text"}})
    }

    /// A key that may do no more than this.
    pub async fn make_key(&self, client: &Client, scopes: &[Scope]) -> anyhow::Result<String> {
        let draft = json!({"name": self.mark, "scopes": scopes});
        let made = client.must(&self.key, "POST", "/api-keys", Some(draft)).await?;
        Ok(made["secret"].as_str().context("a new key has no secret")?.to_owned())
    }

    /// As many ids of nobody.
    pub fn nobodys(&self) -> Self {
        let id = || Uuid::now_v7().to_string();
        Self {
            agent: id(),
            call: id(),
            api_key: id(),
            invitation: id(),
            report: id(),
            member: "user_nobody".to_owned(),
            ..self.clone()
        }
    }

    /// Whatever of it could be in an answer to somebody else.
    pub fn signs(&self) -> [&str; 7] {
        let Self {
            mark,
            agent,
            call,
            api_key,
            invitation,
            report,
            member,
            ..
        } = self;
        [mark, agent, call, api_key, invitation, report, member].map(String::as_str)
    }

    /// What it has, for whoever wants to know later whether it is still so. A call goes on by itself and is left out.
    pub async fn picture(&self, client: &Client) -> anyhow::Result<Picture> {
        let mut picture = Picture::new();
        for path in [format!("/agents/{}", self.agent), format!("/reports/{}", self.report)] {
            picture.insert(path.clone(), client.must(&self.key, "GET", &path, None).await?);
        }
        for (path, id, name) in [
            ("/api-keys", &self.api_key, "id"),
            ("/invitations", &self.invitation, "id"),
            ("/members", &self.member, "user_id"),
        ] {
            let all = client.must(&self.key, "GET", path, None).await?;
            let mut one = all.as_array().into_iter().flatten().filter(|one| one[name] == **id);
            let mut one = one.next().cloned().unwrap_or_default();
            if let Some(fields) = one.as_object_mut() {
                fields.remove("used_at");
            }
            picture.insert(format!("{path}/{id}"), one);
        }
        Ok(picture)
    }

    /// Takes away what was made; what is gone already is as good.
    pub async fn remove(&self, client: &Client) -> anyhow::Result<()> {
        let delete = async |path: String| {
            let request = Request {
                method: "DELETE".to_owned(),
                path,
                body: None,
            };
            client.ask(&self.key, &request).await.map(drop)
        };
        let all = client.must(&self.key, "GET", "/agents?limit=100", None).await?;
        for agent in all["items"].as_array().into_iter().flatten() {
            let ours = agent["name"].as_str().is_some_and(|name| name.contains(&self.mark));
            if let Some(id) = agent["id"].as_str().filter(|_| ours) {
                delete(format!("/agents/{id}")).await?;
            }
        }
        delete(format!("/invitations/{}", self.invitation)).await?;
        let keys = client.must(&self.key, "GET", "/api-keys", None).await?;
        for key in keys.as_array().into_iter().flatten() {
            let ours = key["name"] == *self.mark && key["revoked_at"].is_null();
            if let Some(id) = key["id"].as_str().filter(|_| ours) {
                delete(format!("/api-keys/{id}")).await?;
            }
        }
        Ok(())
    }

    /// What a path names by its first word.
    fn named(&self, path: &str) -> Option<&str> {
        Some(match path.split('/').nth(1)? {
            "agents" => &self.agent,
            "calls" => &self.call,
            "api-keys" => &self.api_key,
            "invitations" => &self.invitation,
            "reports" => &self.report,
            "members" => &self.member,
            "voices" => &self.voice,
            _ => return None,
        })
    }
}

/// How a route is asked.
pub struct Shape {
    /// Whether its path names a thing that belongs to somebody.
    path: bool,
    /// Query parameters that name one.
    query: Vec<&'static str>,
    body: fn(&Things) -> Option<Value>,
    /// Whether its body names one.
    body_names: bool,
    /// Even one's own thing need not have this.
    pub may_be_absent: bool,
}

/// Nothing for a route that nobody has thought of.
pub fn shape(operation: &Operation) -> Option<Shape> {
    let (path, method) = (operation.path.as_str(), operation.method.as_str());
    let nothing: fn(&Things) -> Option<Value> = |_| None;
    let body: fn(&Things) -> Option<Value> = match (method, path) {
        // What makes something anew names nothing, and is not asked.
        ("GET" | "DELETE", _) | ("POST", "/agents" | "/invitations" | "/api-keys" | "/reports" | "/reports/run") => {
            nothing
        }
        ("POST", "/agents/{id}/sync" | "/agents/{id}/duplicate" | "/calls/{id}/stop") => nothing,
        ("PUT", "/agents/{id}") => |things| Some(json!(things.draft("changed"))),
        ("POST", "/calls") => |things| Some(things.call_body()),
        ("POST", "/calls/{id}/messages") => |_| Some(json!({"text": "Hello"})),
        ("PUT", "/members/{user_id}/role") => |_| Some(json!({"role": "viewer"})),
        _ => return None,
    };
    let mut query = Vec::new();
    for name in &operation.query {
        match name.as_str() {
            "agent_id" => query.push("agent_id"),
            "object_id" => query.push("object_id"),
            "q" | "status" | "kind" | "language" | "tag" | "sync" | "gender" | "provider" | "limit" | "cursor" => {}
            _ => return None,
        }
    }
    let names = path.contains('{');
    if names && !path.starts_with("/voices/") {
        // The first word has to say what it is.
        Things::default().named(path)?;
    }
    Some(Shape {
        path: names && !path.starts_with("/voices/"),
        query,
        body,
        body_names: (method, path) == ("POST", "/calls"),
        may_be_absent: path.ends_with("/recording"),
    })
}

impl Shape {
    pub fn names_something(&self) -> bool {
        !self.places().is_empty()
    }

    /// Where an id can stand.
    pub fn places(&self) -> Vec<&'static str> {
        let path = self.path.then_some("path");
        let body = self.body_names.then_some("body");
        path.into_iter().chain(self.query.iter().copied()).chain(body).collect()
    }

    /// The request of `whose`, with the id in one place taken from `named`.
    pub fn request(&self, operation: &Operation, whose: &Things, place: &str, named: &Things) -> Request {
        let from = |at: &str| if at == place { named } else { whose };
        let id = from("path").named(&operation.path).unwrap_or_default();
        let mut path = operation.path.replace("{id}", id).replace("{user_id}", id);
        if self.query.contains(&place) {
            path = format!("{path}?{place}={}", from(place).agent);
        }
        Request {
            method: operation.method.clone(),
            path,
            body: (self.body)(from("body")),
        }
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn report(mark: &str) -> Value {
    json!({
        "title": mark, "kind": "warden", "database": mark, "server": "", "began_at": "2026-01-01T00:00:00Z", "took_ms": 0,
        "clean": true, "outcomes": [{"id": "none", "question": "Is this a mark?", "level": "fault", "state": "holds",
          "examined": 1, "violating": 0}]
    })
}
