//! The providers that keep people: what stands there of somebody's organization, and setting it.

use std::collections::HashMap;

use futures_util::{StreamExt, stream};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{fault::Fault, http::Http};

/// Pinned: another version has other fields.
const CLERK_VERSION: &str = "2026-05-12";
/// As many ids as Clerk takes in one question.
const CLERK_PAGE: usize = 100;
/// How many questions are under way at once.
pub const AT_ONCE: usize = 4;

/// What stands at the provider where the organization belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Nothing,
    Org(String),
    /// Something that is no organization, of somebody else's making. It is left alone.
    Odd,
}

/// What was found of one person.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub standing: Standing,
    /// What else stands in the same place and must still stand there afterwards.
    pub beside: Map<String, Value>,
}

pub type Look = Result<Found, Fault>;

pub enum Provider {
    Clerk(Http),
    Supabase(Http),
}

#[derive(Deserialize)]
struct ClerkUser {
    id: String,
    #[serde(default)]
    public_metadata: Option<Map<String, Value>>,
}

/// The other metadata of a Supabase user, which they may write themselves, has no field here.
#[derive(Deserialize)]
struct SupabaseUser {
    #[serde(default)]
    app_metadata: Option<Value>,
}

impl Found {
    fn of(metadata: Option<Value>) -> Self {
        let odd = |standing| Self {
            standing,
            beside: Map::new(),
        };
        let mut beside = match metadata {
            None | Some(Value::Null) => return odd(Standing::Nothing),
            Some(Value::Object(members)) => members,
            Some(_) => return odd(Standing::Odd),
        };
        let standing = match beside.remove("org_id") {
            None | Some(Value::Null) => Standing::Nothing,
            Some(Value::String(org)) => Standing::Org(org),
            Some(Value::Number(org)) => Standing::Org(org.to_string()),
            Some(_) => Standing::Odd,
        };
        Self { standing, beside }
    }

    fn has(&self, org: Option<&str>) -> bool {
        match (&self.standing, org) {
            (Standing::Nothing, None) => true,
            (Standing::Org(is), Some(org)) => is == org,
            _ => false,
        }
    }
}

impl From<ClerkUser> for Found {
    fn from(user: ClerkUser) -> Self {
        Self::of(user.public_metadata.and_then(|mut data| data.remove("app_metadata")))
    }
}

impl From<SupabaseUser> for Found {
    fn from(user: SupabaseUser) -> Self {
        Self::of(user.app_metadata)
    }
}

impl Provider {
    /// What stands there of each of these people, in their order.
    pub async fn look(&self, subjects: &[&str]) -> Vec<Look> {
        match self {
            Self::Clerk(http) => {
                let mut looks = Vec::with_capacity(subjects.len());
                for page in subjects.chunks(CLERK_PAGE) {
                    looks.extend(clerk_page(http, page).await);
                }
                looks
            }
            Self::Supabase(http) => {
                stream::iter(subjects)
                    .map(|subject| supabase_user(http, subject))
                    .buffered(AT_ONCE)
                    .collect()
                    .await
            }
        }
    }

    /// Sets the organization of one person, or takes it away. Everything beside it stays.
    pub async fn write(&self, subject: &str, org: Option<&str>, found: &Found) -> Result<(), Fault> {
        let now = match self {
            Self::Clerk(http) => clerk_write(http, subject, org).await?,
            Self::Supabase(http) => supabase_write(http, subject, org, &found.beside).await?,
        };
        if now.has(org) { Ok(()) } else { Err(Fault::Garbled) }
    }
}

/// Clerk's ids are letters, digits and underscores; a leading sign would mean "all but".
fn is_clerk_id(subject: &str) -> bool {
    subject.len() <= 128
        && subject.starts_with(|first: char| first.is_ascii_alphanumeric())
        && subject.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

async fn clerk_page(http: &Http, subjects: &[&str]) -> Vec<Look> {
    let known: Vec<_> = subjects.iter().filter(|subject| is_clerk_id(subject)).collect();
    let mut people = HashMap::new();
    if !known.is_empty() {
        let mut url = http.at(["v1", "users"]);
        url.query_pairs_mut()
            .append_pair("limit", &CLERK_PAGE.to_string())
            .extend_pairs(known.iter().map(|subject| ("user_id", subject)));
        let request = http
            .request(Method::GET, url)
            .header("Clerk-API-Version", CLERK_VERSION);
        let page: Vec<ClerkUser> = match http.json(request).await {
            Ok(page) => page,
            // There is no person to be unknown in a question about many: this is not Clerk.
            Err(Fault::Unknown) => {
                return refused(
                    subjects,
                    &Fault::Refused {
                        status: 404,
                        code: None,
                    },
                );
            }
            Err(fault) => return refused(subjects, &fault),
        };
        people.extend(page.into_iter().map(|user| (user.id.clone(), Found::from(user))));
    }
    let look = |subject: &&str| match people.get(*subject) {
        Some(found) => Ok(found.clone()),
        None if is_clerk_id(subject) => Err(Fault::Unknown),
        None => Err(Fault::Malformed),
    };
    subjects.iter().map(look).collect()
}

fn refused(subjects: &[&str], fault: &Fault) -> Vec<Look> {
    subjects.iter().map(|_| Err(fault.clone())).collect()
}

/// Clerk merges at every level, and null takes a key away.
async fn clerk_write(http: &Http, subject: &str, org: Option<&str>) -> Result<Found, Fault> {
    let request = http
        .request(Method::PATCH, http.at(["v1", "users", subject, "metadata"]))
        .header("Clerk-API-Version", CLERK_VERSION)
        .json(&json!({ "public_metadata": { "app_metadata": { "org_id": org } } }));
    http.json::<ClerkUser>(request).await.map(Found::from)
}

/// Supabase's ids are UUIDs, written with hyphens.
fn supabase_url(http: &Http, subject: &str) -> Option<Url> {
    let formed = subject.len() == 36
        && subject.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    formed.then(|| http.at(["auth", "v1", "admin", "users", subject]))
}

async fn supabase_ask(http: &Http, method: Method, subject: &str, body: Option<Value>) -> Look {
    let url = supabase_url(http, subject).ok_or(Fault::Malformed)?;
    let mut key = reqwest::header::HeaderValue::from_str(http.key()).expect("the key was looked at");
    key.set_sensitive(true);
    let mut request = http.request(method, url).header("apikey", key);
    if let Some(body) = body {
        request = request.json(&body);
    }
    http.json::<SupabaseUser>(request).await.map(Found::from)
}

async fn supabase_user(http: &Http, subject: &str) -> Look {
    supabase_ask(http, Method::GET, subject, None).await
}

/// Supabase merges what it is sent into `app_metadata`, key by key, so the one key is sent alone: nothing that changed
/// since it was read is put back. A server of another kind, that replaces the whole, is given the whole.
async fn supabase_write(http: &Http, subject: &str, org: Option<&str>, beside: &Map<String, Value>) -> Look {
    let put = |metadata: Value| {
        let body = json!({ "app_metadata": metadata });
        supabase_ask(http, Method::PUT, subject, Some(body))
    };
    let now = put(json!({ "org_id": org })).await?;
    if beside.keys().all(|key| now.beside.contains_key(key)) {
        return Ok(now);
    }
    let mut whole = beside.clone();
    whole.insert("org_id".to_owned(), json!(org));
    put(Value::Object(whole)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_there_is_an_organization_nothing_or_left_alone() {
        let standing = |value: Value| Found::of(Some(value)).standing;
        assert_eq!(standing(json!({ "org_id": "org_1" })), Standing::Org("org_1".into()));
        assert_eq!(standing(json!({ "org_id": 7 })), Standing::Org("7".into()));
        assert_eq!(standing(json!({ "org_id": null, "plan": "pro" })), Standing::Nothing);
        assert_eq!(standing(json!({})), Standing::Nothing);
        assert_eq!(Found::of(None).standing, Standing::Nothing);
        assert_eq!(standing(json!({ "org_id": { "a": 1 } })), Standing::Odd);
        assert_eq!(standing(json!("mine")), Standing::Odd);
    }

    #[test]
    fn an_id_is_one_the_provider_could_have_made() {
        assert!(is_clerk_id("user_2abcDEF"));
        for odd in ["", "-user_1", "+user_1", "..", "user/1", "user 1", "üser"] {
            assert!(!is_clerk_id(odd), "{odd}");
        }
    }
}
