//! Fixtures over REST: one of everything an organization can have, made through the API with a mark on it, and how each
//! route names them. All of it comes from the list of endpoints and their samples.

use anyhow::Context;
use serde_json::{Value, json};
use switchboard::{org::Scope, resource::Kind, sample::Fixtures};
use uuid::Uuid;

use super::{
    Snapshot,
    ask::{Client, Operation, Request},
};
use crate::rest::{self, Endpoint};

/// What one organization has, or ids that nobody has.
#[derive(Clone, Debug)]
pub struct Owner {
    /// May do everything in the organization.
    pub key: String,
    fixtures: Fixtures,
}

impl Owner {
    pub async fn make(client: &Client, key: &str) -> anyhow::Result<Self> {
        let mut fixtures = Fixtures::new(format!("mark {}", Uuid::new_v4()));
        for (path, narrowed, id) in [
            ("/voices/available", "?source=library", "id"),
            ("/members", "", "user_id"),
        ] {
            let all = client.must(key, "GET", &format!("{path}{narrowed}"), None).await?;
            let first = all[0][id].as_str().with_context(|| format!("{path} lists nothing"))?;
            fixtures.insert(path, first);
        }
        for endpoint in rest::makers() {
            let Some(sample) = endpoint.sample else { continue };
            let path = fixtures.fill(&endpoint.path);
            let made = client.must(key, "POST", &path, Some(sample(&fixtures))).await?;
            let id = made["id"]
                .as_str()
                .with_context(|| format!("POST {path} answered no id"))?;
            fixtures.insert(&endpoint.path, id);
        }
        // What differs at the provider goes by the id of what it is.
        let agent = fixtures.id("/agents").to_owned();
        fixtures.insert("/reconciliation", agent);
        Ok(Self {
            key: key.to_owned(),
            fixtures,
        })
    }

    /// A key that may do no more than this.
    pub async fn make_key(&self, client: &Client, scopes: &[Scope]) -> anyhow::Result<String> {
        let draft = json!({"name": self.fixtures.mark, "scopes": scopes});
        let made = client.must(&self.key, "POST", "/api-keys", Some(draft)).await?;
        Ok(made["secret"].as_str().context("a new key has no secret")?.to_owned())
    }

    /// As many ids of nobody.
    pub fn unknown_ids(&self) -> Self {
        Self {
            fixtures: self.fixtures.unknown_ids(),
            ..self.clone()
        }
    }

    /// Whatever of it could be in an answer to somebody else.
    pub fn identifiers(&self) -> Vec<&str> {
        let own = self.fixtures.ids().filter(|(path, _)| *path != "/voices/available");
        own.map(|(_, id)| id).chain([self.fixtures.mark.as_str()]).collect()
    }

    /// What it has, for whoever wants to know later whether it is still so. A call goes on by itself, a source is read by itself, and
    /// both are left out.
    pub async fn snapshot(&self, client: &Client) -> anyhow::Result<Snapshot> {
        let endpoints = rest::endpoints();
        let mut snapshot = Snapshot::new();
        for (path, id) in self
            .fixtures
            .ids()
            .filter(|(path, _)| !["/calls", "/voices/available", "/knowledge-sources"].contains(path))
        {
            let reads = |endpoint: &Endpoint| endpoint.method == "GET" && endpoint.path == format!("{path}/{{id}}");
            let list = self.fixtures.fill(path);
            let one = format!("{list}/{id}");
            let told = if endpoints.iter().any(reads) {
                client.must(&self.key, "GET", &one, None).await?
            } else {
                let all = client.must(&self.key, "GET", &list, None).await?;
                let same = |item: &&Value| item["id"] == *id || item["user_id"] == *id;
                let mut item = all
                    .as_array()
                    .and_then(|all| all.iter().find(same))
                    .cloned()
                    .unwrap_or_default();
                if let Some(fields) = item.as_object_mut() {
                    fields.remove("used_at");
                }
                item
            };
            snapshot.insert(one, told);
        }
        Ok(snapshot)
    }

    /// Takes away what was made; what is gone already is as good. What others refer to goes last.
    pub async fn remove(&self, client: &Client) -> anyhow::Result<()> {
        let endpoints = rest::endpoints();
        for maker in rest::makers().iter().rev() {
            let each = format!("{}/{{", maker.path);
            let deleted = |endpoint: &Endpoint| {
                let rest = endpoint.path.strip_prefix(&each);
                endpoint.method == "DELETE" && rest.is_some_and(|rest| !rest.contains('/'))
            };
            if !endpoints.iter().any(deleted) {
                continue;
            }
            let path = self.fixtures.fill(&maker.path);
            let all = client.must(&self.key, "GET", &format!("{path}?limit=100"), None).await;
            // Short lists have no pages.
            let all = match all {
                Ok(all) => all,
                Err(_) => client.must(&self.key, "GET", &path, None).await?,
            };
            for item in all["items"].as_array().or(all.as_array()).into_iter().flatten() {
                let text = item.to_string();
                let ours = text.contains(&self.fixtures.mark) || text.contains(self.fixtures.id(&maker.path));
                if let Some(id) = item["id"].as_str().filter(|_| ours && item["revoked_at"].is_null()) {
                    let request = Request {
                        method: "DELETE".to_owned(),
                        path: format!("{path}/{id}"),
                        body: None,
                    };
                    client.ask(&self.key, &request).await?;
                }
            }
        }
        Ok(())
    }
}

/// How a route is asked.
pub struct RequestTemplate {
    /// Whether its path names a thing that belongs to somebody.
    path: bool,
    /// Query parameters that name one, and the path that lists it.
    query: Vec<(String, &'static str)>,
    sample: Option<fn(&Fixtures) -> Value>,
    /// Whether its body names one.
    body_names: bool,
    /// Even one's own thing need not have this.
    pub may_be_absent: bool,
}

/// Nothing for a route that this program does not have.
pub fn template(operation: &Operation) -> Option<RequestTemplate> {
    let endpoints = rest::endpoints();
    let endpoint = endpoints
        .iter()
        .find(|endpoint| endpoint.method.as_str() == operation.method && endpoint.path == operation.path)?;
    let (whose, unknown) = two_owners();
    let sample = endpoint.sample;
    // Templates are everybody's.
    let names = operation.path.contains('{') && !operation.path.contains("{template}");
    let query = operation
        .query
        .iter()
        .filter_map(|name| Some((name.clone(), named_by(name)?)));
    Some(RequestTemplate {
        path: names,
        query: query.collect(),
        sample,
        body_names: sample.is_some_and(|sample| sample(&whose) != sample(&unknown)),
        may_be_absent: ["/recording", "/recording/link", "/preview", "/sample"]
            .iter()
            .any(|sound| operation.path.ends_with(sound)),
    })
}

/// The same name with other ids, to see which bodies name something.
fn two_owners() -> (Fixtures, Fixtures) {
    let mut whose = Fixtures::new("mark");
    for kind in Kind::ALL {
        whose.insert(kind.about().path, Uuid::now_v7().to_string());
    }
    let unknown = whose.unknown_ids();
    (whose, unknown)
}

/// The list of what a query parameter names: `agent_id` an agent, `object_id` anything.
fn named_by(parameter: &str) -> Option<&'static str> {
    let name = parameter.strip_suffix("_id")?;
    let named = Kind::ALL.iter().find(|kind| kind.singular().replace(' ', "_") == name);
    Some(named.unwrap_or(&Kind::Agent).about().path)
}

impl RequestTemplate {
    pub fn names_something(&self) -> bool {
        !self.places().is_empty()
    }

    /// Where an id can stand.
    pub fn places(&self) -> Vec<String> {
        let path = self.path.then(|| "path".to_owned());
        let body = self.body_names.then(|| "body".to_owned());
        let query = self.query.iter().map(|(name, _)| name.clone());
        path.into_iter().chain(query).chain(body).collect()
    }

    /// The request of `whose`, with the id in one place taken from `named`.
    pub fn request(&self, operation: &Operation, whose: &Owner, place: &str, named: &Owner) -> Request {
        let from = |at: &str| if at == place { &named.fixtures } else { &whose.fixtures };
        let mut path = from("path").fill(&operation.path);
        if let Some((name, list)) = self.query.iter().find(|(name, _)| name == place) {
            path = format!("{path}?{name}={}", from(place).id(list));
        }
        Request {
            method: operation.method.clone(),
            path,
            body: self.sample.map(|sample| sample(&from("body").beside("changed"))),
        }
    }
}
