//! Accounts: what a person types to get in, and what they are told about themselves.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    check::{Check, Checked},
    money::Micros,
    org::{OrgId, Organization, Role, Scope, UserId},
    zone::TimeZone,
};

/// A password on its way in. It shows in no log and no debug output.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(value_type = String, format = Password))]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    pub fn expose(&self) -> &str {
        &self.0
    }
}
impl From<String> for Password {
    fn from(typed: String) -> Self {
        Self(typed)
    }
}
impl From<&str> for Password {
    fn from(typed: &str) -> Self {
        Self(typed.to_owned())
    }
}
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignUp {
    pub name: String,
    pub email: String,
    pub password: Password,
    /// What the browser says of itself; empty where it says nothing.
    pub time_zone: String,
}

impl Checked for SignUp {
    fn check(&self, check: &mut Check) {
        check.text("name", &self.name, 1..=120);
        check.email("email", &self.email);
        check.password("password", self.password.expose());
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignIn {
    pub email: String,
    pub password: Password,
    /// Stay signed in for 30 days instead of until the browser closes.
    pub remember: bool,
}

impl Checked for SignIn {
    fn check(&self, check: &mut Check) {
        check.email("email", &self.email);
        typed(check, "password", &self.password);
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResetPassword {
    /// From the link in the mail.
    pub token: String,
    pub password: Password,
}

impl Checked for ResetPassword {
    fn check(&self, check: &mut Check) {
        check.password("password", self.password.expose());
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChangePassword {
    pub current: Password,
    pub password: Password,
}

impl Checked for ChangePassword {
    fn check(&self, check: &mut Check) {
        typed(check, "current", &self.current);
        check.password("password", self.password.expose());
    }
}

/// What a program sends for a token of five minutes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    pub email: String,
    pub password: Password,
    /// The organization to act in; the only one, if there is one, or the personal workspace when absent.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, pattern = "^(org|user)_[A-Za-z0-9]{1,64}$"))]
    pub org_id: Option<OrgId>,
}

impl Checked for TokenRequest {
    fn check(&self, check: &mut Check) {
        check.email("email", &self.email);
        typed(check, "password", &self.password);
        check.beyond("org_id", "there are several organizations, and none is named");
    }
}

/// An existing password is not held to today's rule, only to a length worth hashing.
fn typed(check: &mut Check, field: &str, password: &Password) {
    check.text(field, password.expose(), 1..=200);
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TokenAnswer {
    /// Send it as `Authorization: Bearer`.
    pub token: String,
    pub expires_in_s: u64,
    pub org_id: OrgId,
}

/// Who the caller is and where: the organization is the credential's, never the request's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Me {
    /// Absent for an API key, which acts for the organization and not for a person.
    pub user: Option<Account>,
    pub organization: Organization,
    /// Absent for an API key.
    pub role: Option<Role>,
    /// What this credential may do.
    #[cfg_attr(feature = "ssr", schema(value_type = Vec<String>, example = json!(["agents:read", "calls:create"])))]
    pub permissions: Vec<Scope>,
    /// The organization's number in billing.
    pub client_id: Uuid,
    /// Millionths of a US dollar.
    pub credits_balance: Micros,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Account {
    pub id: UserId,
    pub name: String,
    pub email: String,
    /// Their own; absent where they see times in the organization's.
    pub time_zone: Option<TimeZone>,
}

/// A browser somebody is signed in with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionRow {
    pub id: Uuid,
    pub created_at: DateTime<Utc>,
    /// To the minute.
    pub seen_at: DateTime<Utc>,
    pub ip: Option<String>,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_does_not_show_in_debug_output() {
        let draft = SignIn {
            password: "hunter2 hunter2".into(),
            ..SignIn::default()
        };
        assert!(!format!("{draft:?}").contains("hunter2"));
    }

    #[test]
    fn a_new_password_has_ten_characters_and_an_old_one_may_have_fewer() {
        let fails = |subject: &dyn Fn(&mut Check)| {
            let mut check = Check::default();
            subject(&mut check);
            check.finish().is_err()
        };
        let up = SignUp {
            name: "Ada".into(),
            email: "ada@example.com".into(),
            password: "short".into(),
            ..SignUp::default()
        };
        assert!(fails(&|check| up.check(check)));
        let with = SignIn {
            email: "ada@example.com".into(),
            password: "short".into(),
            remember: false,
        };
        assert!(!fails(&|check| with.check(check)));
    }
}
