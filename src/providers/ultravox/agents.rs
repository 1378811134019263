//! Copies of agents.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use super::{SKEW, Ultravox, question, shape::Agent};
use crate::providers::{Failure, http::Repeat};

impl Ultravox {
    pub async fn create_agent(&self, name: &str, template: &Value) -> Result<Agent, Failure> {
        let body = json!({ "name": name, "callTemplate": template });
        self.post("create_agent", &["agents"], &body, Repeat::Never).await
    }

    pub async fn agent(&self, id: &str) -> Result<Agent, Failure> {
        let url = self.url(&["agents", id]);
        question("get_agent", Repeat::Safe)
            .json(self.request(Method::GET, url))
            .await
    }

    /// Repeats are safe: the same template twice is the same template.
    pub async fn update_agent(&self, id: &str, name: &str, template: &Value) -> Result<Agent, Failure> {
        let request = self.request(Method::PATCH, self.url(&["agents", id]));
        let body = json!({ "name": name, "callTemplate": template });
        question("update_agent", Repeat::Safe).json(request.json(&body)).await
    }

    /// An agent that is already gone is fine.
    pub async fn delete_agent(&self, id: &str) -> Result<(), Failure> {
        self.delete("delete_agent", &["agents", id]).await
    }

    /// Agents whose name contains the mark, made at `since` or later.
    pub async fn agents_marked(&self, mark: &str, since: DateTime<Utc>) -> Result<Vec<Agent>, Failure> {
        let mut found: Vec<Agent> = self
            .list("search_agents", &["agents"], &[("search", mark)], |_: &Agent| true)
            .await?;
        found.retain(|agent| agent.name.contains(mark));
        if found.is_empty() {
            // How names are indexed for the search, and how soon, is not documented. Newest first cannot miss one.
            let since = since - SKEW;
            found = self
                .list(
                    "recent_agents",
                    &["agents"],
                    &[("sort", "-created")],
                    |agent: &Agent| agent.created >= since,
                )
                .await?;
            found.retain(|agent| agent.name.contains(mark));
        }
        Ok(found)
    }
}
