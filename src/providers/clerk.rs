//! Clerk's backend: organizations, members and people, as Clerk keeps them.

use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::Url;

use super::{
    Failure,
    http::{DEADLINE, Question, Repeat},
};
use crate::{
    config,
    error::Provider,
    org::{OrgId, Role, UserId, display_name::Details},
};

/// Pinned: another version has other fields.
const VERSION: &str = "2026-05-12";

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
    pub username: Option<String>,
    #[serde(default)]
    pub primary_email_address_id: Option<String>,
    #[serde(default)]
    pub email_addresses: Vec<Email>,
    #[serde(default)]
    pub primary_phone_number_id: Option<String>,
    #[serde(default)]
    pub phone_numbers: Vec<Phone>,
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
pub struct Phone {
    #[serde(default)]
    pub id: Option<String>,
    pub phone_number: String,
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
    /// The address, number or username the person signs in with.
    #[serde(default)]
    pub identifier: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Invitation {
    pub id: String,
    /// `pending`, `accepted`, `revoked` or `expired`.
    #[serde(default)]
    pub status: Option<String>,
    pub email_address: String,
    pub role: String,
    pub created_at: i64,
    #[serde(default)]
    pub expires_at: Option<i64>,
}

#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
}

impl Organization {
    /// One of ours as well, if it is formed like one.
    pub fn id(&self) -> Option<OrgId> {
        OrgId::parse(&self.id).ok().filter(|id| !id.is_personal())
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

    fn phone(&self) -> Option<&str> {
        let primary = self
            .phone_numbers
            .iter()
            .find(|phone| phone.id.is_some() && phone.id == self.primary_phone_number_id);
        let phone = primary.or(self.phone_numbers.first())?;
        Some(&phone.phone_number)
    }

    pub fn display_name(&self) -> String {
        let details = Details {
            first_name: self.first_name.as_deref(),
            last_name: self.last_name.as_deref(),
            username: self.username.as_deref(),
            email: self.email().map(|(email, _)| email),
            phone: self.phone(),
        };
        details.display_name()
    }
}

impl PublicUser {
    pub fn email(&self) -> Option<&str> {
        self.identifier.as_deref().filter(|text| text.contains('@'))
    }

    pub fn display_name(&self) -> String {
        let other = self.identifier.as_deref().filter(|text| !text.contains('@'));
        let (phone, username) = match other {
            Some(number) if number.starts_with('+') => (Some(number), None),
            username => (None, username),
        };
        let details = Details {
            first_name: self.first_name.as_deref(),
            last_name: self.last_name.as_deref(),
            username,
            email: self.email(),
            phone,
        };
        details.display_name()
    }
}

impl Clerk {
    pub fn new(config: &config::Clerk, http: reqwest::Client) -> Self {
        Self {
            http,
            base: config.api_url.clone(),
            key: config.secret_key.clone(),
        }
    }

    pub async fn organization(&self, org: &OrgId) -> Result<Option<Organization>, Failure> {
        let request = self.request(Method::GET, &format!("/v1/organizations/{org}"));
        unless_gone(again("organization").json(request).await)
    }

    pub async fn user(&self, user: &UserId) -> Result<Option<User>, Failure> {
        let request = self.request(Method::GET, &format!("/v1/users/{user}"));
        unless_gone(again("user").json(request).await)
    }

    /// Every membership of an organization.
    pub async fn memberships(&self, org: &OrgId) -> Result<Vec<Membership>, Failure> {
        self.all("memberships", &format!("/v1/organizations/{org}/memberships"))
            .await
    }

    /// One person's membership of an organization.
    pub async fn membership(&self, org: &OrgId, user: &UserId) -> Result<Option<Membership>, Failure> {
        let path = format!("/v1/organizations/{org}/memberships?user_id={user}");
        let found = self.all::<Membership>("membership", &path).await?;
        Ok(found
            .into_iter()
            .find(|membership| membership.public_user_data.user_id == user.as_str()))
    }

    /// One invitation, answered or not.
    pub async fn invitation(&self, org: &OrgId, id: &str) -> Result<Option<Invitation>, Failure> {
        let request = self.request(Method::GET, &format!("/v1/organizations/{org}/invitations/{id}"));
        unless_gone(again("invitation").json(request).await)
    }

    /// The invitations that have not been answered.
    pub async fn invitations(&self, org: &OrgId) -> Result<Vec<Invitation>, Failure> {
        let path = format!("/v1/organizations/{org}/invitations?status=pending");
        self.all("invitations", &path).await
    }

    /// Page by page.
    async fn all<T: DeserializeOwned>(&self, operation: &'static str, path: &str) -> Result<Vec<T>, Failure> {
        const PAGE: usize = 500;
        let mut all = Vec::new();
        loop {
            let request = self
                .request(Method::GET, path)
                .query(&[("limit", PAGE), ("offset", all.len())]);
            let page: Page<T> = again(operation).json(request).await?;
            let more = page.data.len() == PAGE;
            all.extend(page.data);
            if !more {
                return Ok(all);
            }
        }
    }

    pub async fn create_organization(&self, name: &str, creator: &UserId) -> Result<Organization, Failure> {
        let body = json!({ "name": name, "created_by": creator });
        let request = self.request(Method::POST, "/v1/organizations").json(&body);
        once("create_organization").json(request).await
    }

    /// Merges into what everybody in the organization may read; other keys stay.
    pub async fn merge_metadata(&self, org: &OrgId, public_metadata: &Value) -> Result<(), Failure> {
        let request = self
            .request(Method::PATCH, &format!("/v1/organizations/{org}/metadata"))
            .json(&json!({ "public_metadata": public_metadata }));
        again("merge_metadata").done(request).await
    }

    /// Clerk sends the mail and keeps the invitation.
    pub async fn invite(
        &self,
        org: &OrgId,
        email: &str,
        role: Role,
        inviter: Option<&UserId>,
    ) -> Result<Invitation, Failure> {
        let mut body = json!({ "email_address": email, "role": role_word(role), "expires_in_days": 7 });
        if let Some(inviter) = inviter {
            body["inviter_user_id"] = json!(inviter);
        }
        let request = self
            .request(Method::POST, &format!("/v1/organizations/{org}/invitations"))
            .json(&body);
        once("invite").json(request).await
    }

    pub async fn revoke_invitation(&self, org: &OrgId, invitation: &Invitation) -> Result<(), Failure> {
        let path = format!("/v1/organizations/{org}/invitations/{}/revoke", invitation.id);
        let request = self.request(Method::POST, &path).json(&json!({}));
        once("revoke_invitation").done(request).await
    }

    pub async fn set_role(&self, org: &OrgId, user: &UserId, role: Role) -> Result<(), Failure> {
        let request = self
            .request(Method::PATCH, &format!("/v1/organizations/{org}/memberships/{user}"))
            .json(&json!({ "role": role_word(role) }));
        again("set_role").done(request).await
    }

    /// One who is gone already is gone.
    pub async fn remove_member(&self, org: &OrgId, user: &UserId) -> Result<(), Failure> {
        let request = self.request(Method::DELETE, &format!("/v1/organizations/{org}/memberships/{user}"));
        unless_gone(again("remove_member").done(request).await).map(|_| ())
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = self
            .base
            .join(path)
            .expect("ids are letters and digits, so paths are good");
        self.http
            .request(method, url)
            .bearer_auth(self.key.expose_secret())
            .header("Clerk-API-Version", VERSION)
    }
}

/// Saying how something should be, and asking how it is, may be repeated.
const fn again(operation: &'static str) -> Question {
    Question {
        provider: Provider::Clerk,
        operation,
        repeat: Repeat::Safe,
        deadline: DEADLINE,
    }
}

/// Clerk knows no idempotency keys: what adds something is sent once.
const fn once(operation: &'static str) -> Question {
    Question {
        repeat: Repeat::Never,
        ..again(operation)
    }
}

fn unless_gone<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(failure) if failure.is_gone() => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// A role of ours, as a Clerk instance defines it when it defines it by our names.
fn role_word(role: Role) -> String {
    format!("org:{}", role.word())
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(user.display_name(), "Ada");
    }

    #[test]
    fn whoever_signs_in_with_a_number_is_called_by_the_end_of_the_primary_one() {
        let user: User = serde_json::from_value(json!({
            "id": "user_1", "first_name": null, "last_name": null, "username": null, "primary_phone_number_id": "idn_2",
            "email_addresses": [],
            "phone_numbers": [
                {"id": "idn_1", "phone_number": "+442079460001"}, {"id": "idn_2", "phone_number": "+442079460958"}
            ]
        }))
        .unwrap();
        assert_eq!(
            (user.email(), user.display_name().as_str()),
            (None, "Phone ending 0958")
        );
        for (identifier, name) in [
            (json!("+442079460958"), "Phone ending 0958"),
            (json!("ada.l@example.com"), "ada.l"),
            (json!("countess"), "countess"),
            (json!(null), "Member"),
        ] {
            let public: PublicUser =
                serde_json::from_value(json!({"user_id": "user_1", "identifier": identifier})).unwrap();
            assert_eq!(public.display_name(), name);
        }
    }
}
