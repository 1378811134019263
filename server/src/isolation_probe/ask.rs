//! Asking a server: one request, one answer, and the list of what can be asked.

use std::{fmt, time::Duration};

use anyhow::{Context, bail};
use serde_json::Value;
use url::Url;

pub struct Client {
    http: reqwest::Client,
    api: Url,
}

#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Below `/api/v1/`, with its query.
    pub path: String,
    pub body: Option<Value>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

/// A route as the server's document has it.
#[derive(Clone, Debug)]
pub struct Operation {
    pub method: String,
    pub path: String,
    /// The names of its query parameters.
    pub query: Vec<String>,
}

impl Operation {
    /// Whether what it names is gone afterwards.
    pub fn deletes(&self) -> bool {
        self.method == "DELETE" || self.path.ends_with("/delete")
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Client {
    pub fn new(server: &Url) -> anyhow::Result<Self> {
        let api = server.join("/api/v1/").context("the server's address")?;
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { http, api })
    }

    /// Every route that needs to know who asks.
    pub async fn document(&self) -> anyhow::Result<Vec<Operation>> {
        let url = self.api.join("openapi.json")?;
        let document: Value = self.http.get(url).send().await?.error_for_status()?.json().await?;
        let paths = document["paths"].as_object().context("it has no paths")?;
        let mut operations = Vec::new();
        for (path, item) in paths {
            for (method, operation) in item.as_object().into_iter().flatten() {
                if operation["security"].as_array().is_some_and(Vec::is_empty) {
                    continue;
                }
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let query = parameters
                    .filter(|parameter| parameter["in"] == "query")
                    .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned));
                operations.push(Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    query: query.collect(),
                });
            }
        }
        Ok(operations)
    }

    /// Waits where the server asks for it.
    pub async fn ask(&self, key: &str, request: &Request) -> anyhow::Result<Answer> {
        let url = self.api.join(request.path.trim_start_matches('/'))?;
        for _ in 0..10 {
            let mut asked = self.http.request(request.method.parse()?, url.clone()).bearer_auth(key);
            if request.method == "POST" {
                asked = asked.header("idempotency-key", uuid::Uuid::new_v4().to_string());
            }
            if let Some(body) = &request.body {
                asked = asked.json(body);
            }
            let answer = asked
                .send()
                .await
                .with_context(|| format!("{} {url}", request.method))?;
            let status = answer.status().as_u16();
            if status == 429 {
                let wait = answer
                    .headers()
                    .get("retry-after")
                    .and_then(|wait| wait.to_str().ok()?.parse().ok());
                tokio::time::sleep(Duration::from_secs(wait.unwrap_or(1))).await;
                continue;
            }
            return Ok(Answer {
                status,
                body: String::from_utf8_lossy(&answer.bytes().await?).into_owned(),
            });
        }
        bail!("{} {url}: the server asks for patience without end", request.method)
    }

    /// A request that has to succeed.
    pub async fn must(&self, key: &str, method: &str, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            body,
        };
        let answer = self.ask(key, &request).await?;
        if !(200..300).contains(&answer.status) {
            bail!("{method} {path} was answered {}: {}", answer.status, answer.body);
        }
        Ok(serde_json::from_str(&answer.body).unwrap_or_default())
    }
}
