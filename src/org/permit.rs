//! Permissions: who may do what, as each slice declares it. It is shown in the product as it is enforced.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{NotAnId, Role};
use crate::resource::{Action, Kind};

impl Role {
    /// Whether this role may do this. A kind does not compile until its slice has decided for each role.
    pub const fn permits(self, action: Action, kind: Kind) -> bool {
        kind.about().roles.of(self).contains(action)
    }
}

/// One permission in words: `agents:read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope {
    pub kind: Kind,
    pub action: Action,
}

impl Scope {
    pub fn all() -> impl Iterator<Item = Self> {
        Kind::ALL
            .iter()
            .copied()
            .flat_map(|kind| Action::ALL.map(move |action| Self { kind, action }))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.word(), self.action.word())
    }
}
impl FromStr for Scope {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        Self::all().find(|scope| scope.to_string() == text).ok_or(NotAnId)
    }
}
impl TryFrom<String> for Scope {
    type Error = NotAnId;
    fn try_from(text: String) -> Result<Self, NotAnId> {
        text.parse()
    }
}
impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

/// What one request may do: a bit for each action on each kind.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Scope>", into = "Vec<Scope>")]
pub struct Permissions(u64);

impl Permissions {
    const fn bit(action: Action, kind: Kind) -> u64 {
        1 << (kind as u64 * Action::ALL.len() as u64 + action as u64)
    }

    pub fn of_role(role: Role) -> Self {
        Scope::all()
            .filter(|scope| role.permits(scope.action, scope.kind))
            .collect()
    }

    pub const fn permit(self, action: Action, kind: Kind) -> bool {
        self.0 & Self::bit(action, kind) != 0
    }

    /// What both allow.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    pub fn scopes(self) -> impl Iterator<Item = Scope> {
        Scope::all().filter(move |scope| self.permit(scope.action, scope.kind))
    }
}

impl FromIterator<Scope> for Permissions {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(
            scopes
                .into_iter()
                .fold(0, |bits, scope| bits | Self::bit(scope.action, scope.kind)),
        )
    }
}
impl From<Vec<Scope>> for Permissions {
    fn from(scopes: Vec<Scope>) -> Self {
        scopes.into_iter().collect()
    }
}
impl From<Permissions> for Vec<Scope> {
    fn from(permissions: Permissions) -> Self {
        permissions.scopes().collect()
    }
}
impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.scopes().map(|scope| scope.to_string()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reads_back_as_written() {
        for scope in Scope::all() {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        assert!("agents:fly".parse::<Scope>().is_err());
    }

    #[test]
    fn permissions_hold_exactly_what_the_table_says() {
        for role in Role::ALL {
            let permissions = Permissions::of_role(role);
            for scope in Scope::all() {
                assert_eq!(
                    permissions.permit(scope.action, scope.kind),
                    role.permits(scope.action, scope.kind),
                    "{role:?} {scope}"
                );
            }
        }
    }

    #[test]
    fn every_role_lies_within_the_owners_and_only_owners_delete_the_organization() {
        let owner = Permissions::of_role(Role::Owner);
        for role in Role::ALL {
            assert!(Permissions::of_role(role).within(owner));
            assert_eq!(role.permits(Action::Delete, Kind::Organization), role == Role::Owner);
        }
    }

    #[test]
    fn a_viewer_changes_nothing() {
        for scope in Permissions::of_role(Role::Viewer).scopes() {
            assert_eq!(scope.action, Action::Read);
        }
    }
}
