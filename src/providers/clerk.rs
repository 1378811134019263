//! Clerk's backend: organizations, members and people, as Clerk keeps them.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::Url;

use crate::{
    config,
    error::{Error, Fault, Provider, Result, Upstream},
    org::{OrgId, Role, UserId},
};

/// Pinned: another version has other fields.
const VERSION: &str = "2026-05-12";
const TIMEOUT: Duration = Duration::from_secs(10);

/// One Clerk instance, by its secret key.
#[derive(Clone)]
pub struct Clerk {
    http: reqwest::Client,
    base: Url,
    key: SecretString,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Organization {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub public_metadata: Value,
    /// Milliseconds, as all times in Clerk's objects.
    #[serde(default)]
    pub updated_at: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct User {
    pub id: String,
    #[serde(default)]
    pub first_name: Option<String>,
    #[serde(default)]
    pub last_name: Option<String>,
    #[serde(default)]
    pub primary_email_address_id: Option<String>,
    #[serde(default)]
    pub email_addresses: Vec<Email>,
    #[serde(default)]
    pub updated_at: Option<i64>,
    #[serde(default)]
    pub banned: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Email {
    #[serde(default)]
    pub id: Option<String>,
    pub email_address: String,
    #[serde(default)]
    pub verification: Option<Verification>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Verification {
    pub status: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Membership {
    pub role: String,
    pub organization: Organization,
    pub public_user_data: PublicUser,
    #[serde(default)]
    pub updated_at: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct PublicUser {
    pub user_id: String,
    #[serde(default)]
    pub first_name: Option<String>,
    #[serde(default)]
    pub last_name: Option<String>,
    /// The address or number the person signs in with.
    #[serde(default)]
    pub identifier: Option<String>,
}

#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    errors: Vec<ProblemItem>,
}

#[derive(Deserialize)]
struct ProblemItem {
    #[serde(default)]
    message: String,
    #[serde(default)]
    long_message: Option<String>,
}

impl Organization {
    pub fn id(&self) -> Result<OrgId> {
        OrgId::parse(&self.id).map_err(|_| garbled())
    }
}

impl User {
    /// The address Clerk writes to, and whether it has been confirmed.
    pub fn email(&self) -> Option<(&str, bool)> {
        let primary = self
            .email_addresses
            .iter()
            .find(|email| email.id.is_some() && email.id == self.primary_email_address_id);
        let email = primary.or(self.email_addresses.first())?;
        let verified = email.verification.as_ref().is_some_and(|v| v.status == "verified");
        Some((&email.email_address, verified))
    }

    pub fn name(&self) -> String {
        full_name(self.first_name.as_deref(), self.last_name.as_deref())
    }
}

impl PublicUser {
    pub fn name(&self) -> String {
        full_name(self.first_name.as_deref(), self.last_name.as_deref())
    }
}

fn full_name(first: Option<&str>, last: Option<&str>) -> String {
    let name = [first, last].into_iter().flatten().collect::<Vec<_>>().join(" ");
    name.trim().chars().take(120).collect()
}

impl Clerk {
    pub fn new(config: &config::Clerk, http: reqwest::Client) -> Self {
        Self {
            http,
            base: config.api_url.clone(),
            key: config.secret_key.clone(),
        }
    }

    pub async fn organization(&self, org: &OrgId) -> Result<Option<Organization>> {
        self.find(&format!("/v1/organizations/{org}")).await
    }

    pub async fn user(&self, user: &UserId) -> Result<Option<User>> {
        self.find(&format!("/v1/users/{user}")).await
    }

    /// Every membership of an organization, page by page.
    pub async fn memberships(&self, org: &OrgId) -> Result<Vec<Membership>> {
        const PAGE: usize = 500;
        let mut all = Vec::new();
        loop {
            let path = format!("/v1/organizations/{org}/memberships?limit={PAGE}&offset={}", all.len());
            let page: Page<Membership> = self.ask(Method::GET, &path, None::<&Value>).await?;
            let more = page.data.len() == PAGE;
            all.extend(page.data);
            if !more {
                return Ok(all);
            }
        }
    }

    pub async fn create_organization(&self, name: &str, creator: &UserId) -> Result<Organization> {
        let body = json!({ "name": name, "created_by": creator });
        self.ask(Method::POST, "/v1/organizations", Some(&body)).await
    }

    /// Merges into what everybody in the organization may read; other keys stay.
    pub async fn merge_metadata(&self, org: &OrgId, public_metadata: Value) -> Result<()> {
        let path = format!("/v1/organizations/{org}/metadata");
        let body = json!({ "public_metadata": public_metadata });
        self.ask::<Value>(Method::PATCH, &path, Some(&body)).await.map(drop)
    }

    pub async fn invite(&self, org: &OrgId, email: &str, role: Role, inviter: Option<&UserId>) -> Result<()> {
        let path = format!("/v1/organizations/{org}/invitations");
        let mut body = json!({ "email_address": email, "role": role_word(role), "expires_in_days": 7 });
        if let Some(inviter) = inviter {
            body["inviter_user_id"] = json!(inviter);
        }
        self.ask::<Value>(Method::POST, &path, Some(&body)).await.map(drop)
    }

    pub async fn set_role(&self, org: &OrgId, user: &UserId, role: Role) -> Result<()> {
        let path = format!("/v1/organizations/{org}/memberships/{user}");
        let body = json!({ "role": role_word(role) });
        self.ask::<Value>(Method::PATCH, &path, Some(&body)).await.map(drop)
    }

    /// One who is gone already is gone.
    pub async fn remove_member(&self, org: &OrgId, user: &UserId) -> Result<()> {
        let path = format!("/v1/organizations/{org}/memberships/{user}");
        match self.send(Method::DELETE, &path, None::<&Value>).await? {
            (StatusCode::NOT_FOUND, _) => Ok(()),
            (status, body) => good(status, &body),
        }
    }

    async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        match self.send(Method::GET, path, None::<&Value>).await? {
            (StatusCode::NOT_FOUND, _) => Ok(None),
            (status, body) => {
                good(status, &body)?;
                serde_json::from_slice(&body).map(Some).map_err(|_| garbled())
            }
        }
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<T> {
        let (status, body) = self.send(method, path, body).await?;
        good(status, &body)?;
        serde_json::from_slice(&body).map_err(|_| garbled())
    }

    /// Sends, and sends again where a repeat is safe: every method here but POST says how things should be, not what to add.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<(StatusCode, Vec<u8>)> {
        let first = self.send_once(method.clone(), path, body).await;
        let failed = match &first {
            Ok((status, _)) => status.is_server_error(),
            Err(_) => true,
        };
        if failed && method != Method::POST {
            tokio::time::sleep(Duration::from_millis(200)).await;
            return self.send_once(method, path, body).await;
        }
        first
    }

    async fn send_once(
        &self,
        method: Method,
        path: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<(StatusCode, Vec<u8>)> {
        let url = self.base.join(path).map_err(Error::internal)?;
        let mut request = self
            .http
            .request(method, url)
            .timeout(TIMEOUT)
            .bearer_auth(self.key.expose_secret())
            .header("Clerk-API-Version", VERSION);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(unreached)?;
        let status = answer.status();
        Ok((status, answer.bytes().await.map_err(unreached)?.to_vec()))
    }
}

/// A role of ours, as a Clerk instance defines it when it defines it by our names.
fn role_word(role: Role) -> String {
    format!("org:{}", role.word())
}

fn good(status: StatusCode, body: &[u8]) -> Result<()> {
    let fault = match status.as_u16() {
        200..300 => return Ok(()),
        401..=403 => Fault::Account,
        429 => Fault::Busy,
        500.. => Fault::Failing,
        _ => Fault::Rejected,
    };
    let said = serde_json::from_slice::<Problem>(body)
        .ok()
        .and_then(|problem| problem.errors.into_iter().next())
        .map(|item| item.long_message.unwrap_or(item.message))
        .filter(|said| !said.is_empty());
    Err(upstream(fault, said))
}

fn unreached(error: reqwest::Error) -> Error {
    let fault = if error.is_connect() {
        Fault::Unreachable
    } else {
        Fault::NoAnswer
    };
    tracing::warn!(error = %error.without_url(), "Clerk");
    upstream(fault, None)
}

fn garbled() -> Error {
    upstream(Fault::Failing, None)
}

fn upstream(fault: Fault, said: Option<String>) -> Error {
    Error::Upstream(Upstream {
        provider: Provider::Clerk,
        fault,
        said,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(status: u16, body: &str) -> (Fault, Option<String>) {
        match good(StatusCode::from_u16(status).unwrap(), body.as_bytes()) {
            Err(Error::Upstream(up)) => (up.fault, up.said),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_refusal_is_told_apart() {
        assert_eq!(
            fault(401, r#"{"errors":[{"message":"no","code":"clerk_key_invalid"}]}"#).0,
            Fault::Account
        );
        assert_eq!(fault(429, "").0, Fault::Busy);
        assert_eq!(fault(503, "<html>").0, Fault::Failing);
        assert_eq!(
            fault(
                422,
                r#"{"errors":[{"message":"is invalid","long_message":"The role is unknown.","code":"x"}]}"#
            ),
            (Fault::Rejected, Some("The role is unknown.".into()))
        );
    }

    #[test]
    fn the_primary_address_counts_wherever_it_stands() {
        let user: User = serde_json::from_value(json!({
            "id": "user_1", "first_name": "Ada", "last_name": null, "primary_email_address_id": "idn_2",
            "email_addresses": [
                {"id": "idn_1", "email_address": "old@example.com", "verification": null},
                {"id": "idn_2", "email_address": "ada@example.com", "verification": {"status": "verified"}}
            ]
        }))
        .unwrap();
        assert_eq!(user.email(), Some(("ada@example.com", true)));
        assert_eq!(user.name(), "Ada");
    }
}
