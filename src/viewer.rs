//! The viewer: what a page knows of the person looking at it, before anything is loaded.

use serde::{Deserialize, Serialize};

use crate::{
    money::Micros,
    org::{OrgColor, OrgId, Permissions, Role, UserId},
    resource::{Action, Kind},
    zone::{Offsets, TimeZone},
};

/// Decided by the server before the render, and handed to the browser with the page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Viewer {
    pub person: Option<Person>,
    /// Only with a person.
    pub place: Option<CurrentOrg>,
    /// What times are written with: the person's zone, else the organization's, else UTC.
    pub zone: Offsets,
    pub installation: Installation,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Person {
    pub id: UserId,
    pub name: String,
    /// Empty for people who sign in with a phone number or a username.
    pub email: String,
    pub email_verified: bool,
    /// Their own, which counts before that of any organization.
    pub time_zone: Option<TimeZone>,
}

impl Person {
    /// Which account this is, where somebody may have several.
    pub fn email_or_name(&self) -> &str {
        if self.email.is_empty() { &self.name } else { &self.email }
    }
}

/// The organization the page was drawn for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurrentOrg {
    pub org_id: OrgId,
    pub name: String,
    pub color: OrgColor,
    pub time_zone: TimeZone,
    pub role: Role,
    pub permissions: Permissions,
    pub balance: Micros,
}

/// What this installation is, the same for everybody.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Installation {
    pub host: String,
    pub version: String,
    /// Calls are simulated: no phone rings and nothing is charged.
    pub sandbox: bool,
    pub writing: WritingHelp,
    /// Browsers of other machines come here too.
    pub public: bool,
    /// Mail is kept, for anybody to read at `/dev/mail`, instead of being sent.
    pub dev_mail: bool,
    /// Mail leaves this installation.
    pub sends_mail: bool,
    pub identity: Identity,
}

/// Whether a language model helps with writing here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WritingHelp {
    #[default]
    None,
    /// What it writes comes from a simulated one.
    Simulated,
    Model,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    #[default]
    Local,
    Clerk {
        publishable_key: String,
        /// Where ClerkJS is loaded from: the instance's own frontend API.
        script: String,
    },
}

impl Viewer {
    pub fn permit(&self, action: Action, kind: Kind) -> bool {
        self.place
            .as_ref()
            .is_some_and(|place| place.permissions.permit(action, kind))
    }

    /// The zone of this person here.
    pub fn time_zone(person: Option<&Person>, place: Option<&CurrentOrg>) -> TimeZone {
        let own = person.and_then(|person| person.time_zone.as_ref());
        own.or(place.map(|place| &place.time_zone)).cloned().unwrap_or_default()
    }

    pub fn org_id(&self) -> Option<&OrgId> {
        self.place.as_ref().map(|place| &place.org_id)
    }
}
