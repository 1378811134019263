//! Who is asking: the verified person, key or worker, and the one organization they act in.

mod token;

pub use token::Tokens;

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
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    Person(UserId),
    Key(Id<ApiKey>),
    /// The worker, inside the organization of the row it has claimed.
    System,
}

impl Caller {
    fn person(user: UserId, org: OrgId, limit: Option<Permissions>) -> Self {
        Self {
            org,
            who: Who::Person(user),
            limit,
        }
    }

    fn key(key: Id<ApiKey>, org: OrgId) -> Self {
        Self {
            org,
            who: Who::Key(key),
            limit: None,
        }
    }

    /// The worker, for the organization of a row it has claimed from a queue. Never built from what a request says.
    pub(crate) fn system(org: OrgId) -> Self {
        Self {
            org,
            who: Who::System,
            limit: None,
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
}
