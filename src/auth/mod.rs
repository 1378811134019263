//! Who is asking: the verified person, key or worker, and the one organization they act in.

pub mod admin;
mod bearer;
mod claims;
pub mod clerk;
pub mod clerk_events;
mod entry;
mod jwks;
mod me;
mod password;
mod provision;
pub mod session;
mod throttle;
mod token;

pub use bearer::{Presented, bearer, present};
pub use me::{issue_token, me, set_time_zone, token_for};
pub use throttle::sweep;
pub(crate) use throttle::take_writing;
pub use token::Tokens;

pub(crate) use claims::role_of;
pub(crate) use provision::ensure_provisioned;

use chrono::{DateTime, Utc};

use crate::{
    id::Id,
    keys::ApiKey,
    org::{OrgId, Permissions, UserId},
};

/// A verified caller in one organization. Only this module makes one.
#[derive(Clone, Debug)]
pub struct Caller {
    org: OrgId,
    who: Who,
    /// A credential may carry less than its holder may do, never more.
    limit: Option<Permissions>,
    /// When a token was issued. A session needs none: signing out ends it.
    issued_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    Person(UserId),
    Key(Id<ApiKey>),
    /// The worker, inside the organization of the row it has claimed.
    System,
}

impl Caller {
    fn session(user: UserId, org: OrgId) -> Self {
        Self {
            org,
            who: Who::Person(user),
            limit: None,
            issued_at: None,
        }
    }

    fn token(user: UserId, org: OrgId, issued_at: DateTime<Utc>) -> Self {
        Self {
            issued_at: Some(issued_at),
            ..Self::session(user, org)
        }
    }

    fn key(key: Id<ApiKey>, org: OrgId) -> Self {
        Self {
            org,
            who: Who::Key(key),
            limit: None,
            issued_at: None,
        }
    }

    /// The worker, for the organization of a row it has claimed from a queue. Never built from what a request says.
    pub(crate) fn system(org: OrgId) -> Self {
        Self {
            org,
            who: Who::System,
            limit: None,
            issued_at: None,
        }
    }

    pub fn org(&self) -> &OrgId {
        &self.org
    }

    pub fn who(&self) -> &Who {
        &self.who
    }

    pub(crate) fn limit(&self) -> Option<Permissions> {
        self.limit
    }

    pub(crate) fn issued_at(&self) -> Option<DateTime<Utc>> {
        self.issued_at
    }
}

/// Where a request comes from, as far as the server can tell.
#[derive(Clone, Debug, Default)]
pub struct ClientInfo {
    pub ip: Option<String>,
    pub agent: Option<String>,
}
