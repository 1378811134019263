//! Copies of tools.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use super::{SKEW, Ultravox, question, shape::Tool};
use crate::providers::{Failure, http::Repeat};

impl Ultravox {
    pub async fn create_tool(&self, name: &str, definition: &Value) -> Result<Tool, Failure> {
        let body = json!({ "name": name, "definition": definition });
        self.post("create_tool", &["tools"], &body, Repeat::Never).await
    }

    pub async fn tool(&self, id: &str) -> Result<Tool, Failure> {
        let url = self.url(&["tools", id]);
        question("get_tool", Repeat::Safe)
            .json(self.request(Method::GET, url))
            .await
    }

    /// Tools are only ever replaced whole, so repeats are safe.
    pub async fn replace_tool(&self, id: &str, name: &str, definition: &Value) -> Result<Tool, Failure> {
        let request = self.request(Method::PUT, self.url(&["tools", id]));
        let body = json!({ "name": name, "definition": definition });
        question("replace_tool", Repeat::Safe).json(request.json(&body)).await
    }

    /// A tool that is already gone is fine.
    pub async fn delete_tool(&self, id: &str) -> Result<(), Failure> {
        self.delete("delete_tool", &["tools", id]).await
    }

    /// Tools of exactly this name, made at `since` or later.
    pub async fn tools_named(&self, name: &str, since: DateTime<Utc>) -> Result<Vec<Tool>, Failure> {
        let query = [("ownership", "private"), ("search", name)];
        let mut found: Vec<Tool> = self.list("search_tools", &["tools"], &query, |_: &Tool| true).await?;
        found.retain(|tool| tool.name == name);
        if found.is_empty() {
            // As with agents, the search may not know it yet.
            let since = since - SKEW;
            let query = [("ownership", "private"), ("sortOrder", "reverseChronologic")];
            let newer = |tool: &Tool| tool.created >= since;
            found = self.list("recent_tools", &["tools"], &query, newer).await?;
            found.retain(|tool| tool.name == name);
        }
        Ok(found)
    }
}
