//! The simulated provider behind the program's back: what it has, what it answers, and how it fails.

use reqwest::Method;
use serde_json::{Value, json};
use switchboard::{agents::Agent, tools::Tool};

use super::World;
use crate::calls::world::KEY;

impl World {
    /// Asks the provider behind the program's back.
    pub(super) async fn there(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let url = format!("{}{path}", self.sandbox.ultravox_url());
        let mut request = self.http.request(method, url).header("X-API-Key", KEY);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        let text = response.text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub async fn fault(&self, fault: &Value) {
        self.there(Method::POST, "/_sandbox/faults", Some(fault)).await;
    }

    /// From now on the provider has nothing to say.
    pub async fn lose_everything(&self) {
        self.fault(&json!({ "kind": "status", "status": 500, "count": null }))
            .await;
    }

    pub async fn no_faults(&self) {
        self.there(Method::DELETE, "/_sandbox/faults", None).await;
    }

    /// The next such creation happens, and nobody is told.
    pub async fn lose_answer(&self, path: &str) {
        self.fault(&json!({ "kind": "lost_answer", "method": "POST", "path": path }))
            .await;
    }

    pub(super) async fn all(&self, path: &str) -> Vec<Value> {
        self.there(Method::GET, path, None).await["results"]
            .as_array()
            .unwrap()
            .clone()
    }

    pub async fn calls_there(&self) -> usize {
        self.all("/api/calls").await.len()
    }

    pub async fn agents_there(&self) -> i64 {
        i64::try_from(self.all("/api/agents").await.len()).unwrap()
    }

    pub async fn hooks_there(&self) -> Vec<Value> {
        self.all("/api/webhooks").await
    }

    pub async fn change_hook(&self, change: &Value) {
        let id = self.hooks_there().await[0]["webhookId"].as_str().unwrap().to_owned();
        self.there(Method::PATCH, &format!("/api/webhooks/{id}"), Some(change))
            .await;
    }

    pub async fn agent_there(&self, agent: &Agent) -> Value {
        self.there(Method::GET, &format!("/api/agents/{}", agent.provider_id), None)
            .await
    }

    pub async fn change_agent(&self, agent: &Agent, change: &Value) {
        self.there(
            Method::PATCH,
            &format!("/api/agents/{}", agent.provider_id),
            Some(change),
        )
        .await;
    }

    pub async fn remove_agent(&self, agent: &Agent) {
        self.there(Method::DELETE, &format!("/api/agents/{}", agent.provider_id), None)
            .await;
    }

    /// Writes the sealed secret of one tool into the row of another, as somebody may who can write to the database.
    pub async fn copy_secret(&self, from: &Tool, to: &Tool) {
        sqlx::query(
            "update app.tools t set secret_sealed = f.secret_sealed, secret_header = f.secret_header, secret_set_at = f.secret_set_at
             from app.tools f where f.id = $1 and t.id = $2",
        )
        .bind(from.id.uuid())
        .bind(to.id.uuid())
        .execute(&self.db.admin)
        .await
        .unwrap();
    }

    pub async fn tools_there(&self) -> usize {
        self.all("/api/tools").await.len()
    }

    pub async fn tool_there(&self, tool: &Tool) -> Value {
        self.there(Method::GET, &format!("/api/tools/{}", tool.provider_id), None)
            .await
    }

    pub async fn replace_tool(&self, tool: &Tool, whole: &Value) {
        self.there(Method::PUT, &format!("/api/tools/{}", tool.provider_id), Some(whole))
            .await;
    }

    pub async fn remove_tool(&self, tool: &Tool) {
        self.there(Method::DELETE, &format!("/api/tools/{}", tool.provider_id), None)
            .await;
    }

    pub async fn private_voices_there(&self) -> Vec<Value> {
        self.all("/api/voices?ownership=private").await
    }

    pub async fn add_private_voice(&self) {
        let voice = json!({ "name": "Secret", "definition": { "generic": { "url": "https://voice.example.com" } } });
        self.there(Method::POST, "/api/voices", Some(&voice)).await;
    }
}
