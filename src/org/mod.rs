//! Organizations: who belongs to one, in which role, and what that role may do.

#[cfg(feature = "ssr")]
pub(crate) mod display_name;
mod organization;
mod permit;
#[cfg(feature = "ssr")]
pub mod store;

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    check::{Check, Checked},
    id::Id,
    resource::{About, Action, Actions, NavGroup, NavPage, PermissionLabels, Roles},
};
pub use organization::{OrgDraft, Organization};
pub use permit::{Permissions, Scope};

/// The organization itself, to everything that lists resources.
pub const ABOUT: About = About {
    word: "organization",
    singular: "organization",
    plural: "Organization",
    article: "an",
    path: "/organization",
    icon: "organization",
    pages: &[NavPage {
        href: "/organization",
        label: "Organization",
        icon: "organization",
        group: NavGroup::Organization,
        shortcut: None,
    }],
    new: None,
    has_page: false,
    logged: true,
    roles: Roles {
        admin: Actions::of(&[Action::Read, Action::Update]),
        developer: Actions::READ,
        operator: Actions::READ,
        billing: Actions::READ,
        viewer: Actions::READ,
    },
    permissions: PermissionLabels {
        read: Some("See the organization"),
        create: None,
        update: Some("Rename the organization, set its colour and time zone"),
        delete: None,
    },
    fields: &[("color", "colour")],
};

/// Members, to everything that lists resources.
pub const MEMBERS: About = About {
    word: "members",
    singular: "member",
    plural: "Members",
    article: "a",
    path: "/members",
    icon: "members",
    pages: &[NavPage {
        href: "/members",
        label: "Members",
        icon: "members",
        group: NavGroup::Organization,
        shortcut: None,
    }],
    new: None,
    has_page: false,
    logged: true,
    roles: Roles {
        admin: Actions::ALL,
        developer: Actions::READ,
        operator: Actions::READ,
        billing: Actions::READ,
        viewer: Actions::READ,
    },
    permissions: PermissionLabels {
        read: Some("See members"),
        create: Some("Invite people"),
        update: Some("Change roles"),
        delete: Some("Remove members, withdraw invitations"),
    },
    fields: &[],
};

/// Names an organization: Clerk's `org_…`, our own `org_…`, or `user_…` for the workspace of one person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type, utoipa::ToSchema), sqlx(transparent), schema(value_type = String, example = "org_2x9QmT5eLw0ZrYB8KfVd"))]
#[serde(try_from = "String", into = "String")]
pub struct OrgId(String);

/// Names a person: Clerk's `user_…` or our own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type, utoipa::ToSchema), sqlx(transparent), schema(value_type = String, example = "user_2x9QmT5eLw0ZrYB8KfVd"))]
#[serde(try_from = "String", into = "String")]
pub struct UserId(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct NotAnId;

/// The form is what makes it safe to write an id into `SET LOCAL`, which takes no parameters.
fn well_formed(id: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| {
        id.strip_prefix(prefix)
            .is_some_and(|rest| (1..=64).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
    })
}

impl OrgId {
    pub fn parse(id: &str) -> Result<Self, NotAnId> {
        if well_formed(id, &["org_", "user_"]) {
            Ok(Self(id.to_owned()))
        } else {
            Err(NotAnId)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The workspace of one person, which no one else can join.
    pub fn personal(user: &UserId) -> Self {
        Self(user.0.clone())
    }

    pub fn is_personal(&self) -> bool {
        self.0.starts_with("user_")
    }

    #[cfg(feature = "ssr")]
    pub fn new() -> Self {
        Self(format!("org_{}", uuid::Uuid::now_v7().simple()))
    }
}

#[cfg(feature = "ssr")]
impl Default for OrgId {
    fn default() -> Self {
        Self::new()
    }
}

impl UserId {
    pub fn parse(id: &str) -> Result<Self, NotAnId> {
        if well_formed(id, &["user_"]) {
            Ok(Self(id.to_owned()))
        } else {
            Err(NotAnId)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[cfg(feature = "ssr")]
    pub fn new() -> Self {
        Self(format!("user_{}", uuid::Uuid::now_v7().simple()))
    }
}

#[cfg(feature = "ssr")]
impl Default for UserId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for OrgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl TryFrom<String> for OrgId {
    type Error = NotAnId;
    fn try_from(id: String) -> Result<Self, NotAnId> {
        Self::parse(&id)
    }
}
impl TryFrom<String> for UserId {
    type Error = NotAnId;
    fn try_from(id: String) -> Result<Self, NotAnId> {
        Self::parse(&id)
    }
}
impl From<OrgId> for String {
    fn from(id: OrgId) -> Self {
        id.0
    }
}
impl From<UserId> for String {
    fn from(id: UserId) -> Self {
        id.0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Owner,
    Admin,
    Developer,
    Operator,
    Billing,
    Viewer,
}

impl Role {
    pub const ALL: [Self; 6] = [
        Self::Owner,
        Self::Admin,
        Self::Developer,
        Self::Operator,
        Self::Billing,
        Self::Viewer,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Operator => "operator",
            Self::Billing => "billing",
            Self::Viewer => "viewer",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Admin => "Admin",
            Self::Developer => "Developer",
            Self::Operator => "Operator",
            Self::Billing => "Billing",
            Self::Viewer => "Viewer",
        }
    }

    /// What the role is for, in one line for the person who picks it.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Owner => "Everything, including handing the organization on",
            Self::Admin => "Everything but owners and deleting the organization",
            Self::Developer => "Builds agents, holds API keys, places calls",
            Self::Operator => "Places and watches calls with the agents there are",
            Self::Billing => "Credits and invoices, no conversations",
            Self::Viewer => "Reads agents and calls",
        }
    }

    /// Whether one in this role may give, change or take away `other`. Nobody hands out more than they hold.
    pub const fn governs(self, other: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Admin => !matches!(other, Self::Owner),
            _ => false,
        }
    }
}

impl FromStr for Role {
    type Err = NotAnId;
    fn from_str(word: &str) -> Result<Self, NotAnId> {
        Self::ALL.into_iter().find(|role| role.word() == word).ok_or(NotAnId)
    }
}

/// Marks an organization on every page, so that people see where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum OrgColor {
    Vermilion,
    Ochre,
    Fern,
    #[default]
    Teal,
    Cobalt,
    Plum,
    Crimson,
    Slate,
}

impl OrgColor {
    pub const ALL: [Self; 8] = [
        Self::Vermilion,
        Self::Ochre,
        Self::Fern,
        Self::Teal,
        Self::Cobalt,
        Self::Plum,
        Self::Crimson,
        Self::Slate,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Vermilion => "vermilion",
            Self::Ochre => "ochre",
            Self::Fern => "fern",
            Self::Teal => "teal",
            Self::Cobalt => "cobalt",
            Self::Plum => "plum",
            Self::Crimson => "crimson",
            Self::Slate => "slate",
        }
    }
}

/// One line of the organization chooser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrgMembership {
    pub org_id: OrgId,
    pub name: String,
    pub color: OrgColor,
    pub role: Role,
    pub members: i64,
    pub used_at: Option<DateTime<Utc>>,
}

/// An invitation as the person invited sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvitationPreview {
    pub id: Id<Invitation>,
    pub org_name: String,
    pub color: OrgColor,
    pub role: Role,
    pub invited_by: Option<String>,
    pub expires_at: DateTime<Utc>,
}

/// What the link of an invitation says to whoever holds it, who may not have an account yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvitationLink {
    pub offer: InvitationPreview,
    /// Whom it was sent to: nobody else can accept it.
    pub email: String,
    /// Whether this address signs in, or signs up first.
    pub has_account: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Member {
    pub user_id: UserId,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub joined_at: DateTime<Utc>,
    pub used_at: Option<DateTime<Utc>>,
}

/// An invitation as the organization sees it. The link itself goes only to the person invited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Invitation {
    pub id: Id<Invitation>,
    pub email: String,
    pub role: Role,
    pub invited_by: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// When its mail had left; absent as long as it has not.
    pub mail_sent_at: Option<DateTime<Utc>>,
    /// What the mail server said when it last refused the mail.
    pub mail_error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InvitationDraft {
    pub email: String,
    pub role: Role,
}

impl Checked for InvitationDraft {
    fn check(&self, check: &mut Check) {
        check.email("email", &self.email);
        check.beyond("email", "this person is a member already");
    }
}

/// Up to two letters for the jack of an organization or a person: `Larkfield Dental` is `LD`. The page draws them as capitals:
/// the tables of all letters would cost the bundle 8 kB.
pub fn initials(name: &str) -> String {
    let mut words = name
        .split(|c: char| c.is_whitespace() || c.is_ascii_punctuation())
        .filter(|w| !w.is_empty());
    let first = words.next().and_then(|w| w.chars().next());
    let last = words.next_back().and_then(|w| w.chars().next());
    first.into_iter().chain(last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_org_id_is_a_prefix_and_plain_letters() {
        for good in ["org_a", "user_2x9QmT5eLw0ZrYB8KfVd"] {
            assert!(OrgId::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "org_",
            "org_a'b",
            "org_a b",
            "organization",
            "x_org_a",
            "org_é",
            "org_a\0",
            "org_a;",
            &format!("org_{}", "a".repeat(65)),
        ] {
            assert!(OrgId::parse(bad).is_err(), "{bad}");
        }
        assert!(UserId::parse("org_a").is_err());
    }

    #[test]
    fn nobody_hands_out_more_than_they_hold() {
        assert!(Role::Owner.governs(Role::Owner));
        assert!(Role::Admin.governs(Role::Admin) && !Role::Admin.governs(Role::Owner));
        for role in [Role::Developer, Role::Operator, Role::Billing, Role::Viewer] {
            assert!(Role::ALL.into_iter().all(|other| !role.governs(other)), "{role:?}");
        }
    }

    #[test]
    fn initials_are_the_first_and_last_word() {
        assert_eq!(initials("Larkfield Dental"), "LD");
        assert_eq!(initials("Quill & Co."), "QC");
        assert_eq!(initials("ada"), "a");
        assert_eq!(initials("(Émile)"), "É");
        assert_eq!(initials(""), "");
    }
}
