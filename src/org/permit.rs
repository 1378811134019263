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

    /// Reads `agents:read`. A request with an API key reads every scope of the key, so this is `const`: it cannot allocate.
    pub const fn parse(text: &str) -> Option<Self> {
        let mut k = 0;
        while k < Kind::ALL.len() {
            let kind = Kind::ALL[k];
            if let Some([b':', word @ ..]) = after(text.as_bytes(), kind.word()) {
                let mut a = 0;
                while a < Action::ALL.len() {
                    let action = Action::ALL[a];
                    if let Some([]) = after(word, action.word()) {
                        return Some(Self { kind, action });
                    }
                    a += 1;
                }
            }
            k += 1;
        }
        None
    }
}

/// What follows a word at the beginning of a text.
const fn after<'a>(text: &'a [u8], word: &str) -> Option<&'a [u8]> {
    let word = word.as_bytes();
    let Some((start, rest)) = text.split_at_checked(word.len()) else {
        return None;
    };
    let mut at = 0;
    while at < word.len() {
        if start[at] != word[at] {
            return None;
        }
        at += 1;
    }
    Some(rest)
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.word(), self.action.word())
    }
}
impl FromStr for Scope {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        Self::parse(text).ok_or(NotAnId)
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
pub struct Permissions(u128);

const _: () = assert!(
    Kind::ALL.len() * Action::ALL.len() <= u128::BITS as usize,
    "each scope has a bit"
);

impl Permissions {
    const fn bit(action: Action, kind: Kind) -> u128 {
        1 << (kind as usize * Action::ALL.len() + action as usize)
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

/// The scopes of a row, a list of words, as they are used: a set of bits.
#[cfg(feature = "ssr")]
mod ssr {
    use sqlx::{
        Decode, Postgres, Type,
        error::BoxDynError,
        postgres::{PgHasArrayType, PgTypeInfo, PgValueRef},
    };

    use super::{Permissions, Scope};

    /// One word of the list; a scope that this version does not know permits nothing.
    struct Word(Option<Scope>);

    impl Type<Postgres> for Word {
        fn type_info() -> PgTypeInfo {
            <&str as Type<Postgres>>::type_info()
        }
    }
    impl PgHasArrayType for Word {
        fn array_type_info() -> PgTypeInfo {
            <&str as PgHasArrayType>::array_type_info()
        }
    }
    impl<'r> Decode<'r, Postgres> for Word {
        fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
            Ok(Self(Scope::parse(value.as_str()?)))
        }
    }

    impl Type<Postgres> for Permissions {
        fn type_info() -> PgTypeInfo {
            <Word as PgHasArrayType>::array_type_info()
        }
    }
    impl<'r> Decode<'r, Postgres> for Permissions {
        fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
            let words = <Vec<Word> as Decode<'r, Postgres>>::decode(value)?;
            Ok(words.into_iter().filter_map(|Word(scope)| scope).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Read by the compiler, where nothing can allocate.
    const READ: Option<Scope> = Scope::parse("agents:read");

    #[test]
    fn a_scope_reads_back_as_written() {
        for scope in Scope::all() {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        assert_eq!(READ.map(|scope| scope.to_string()).as_deref(), Some("agents:read"));
        for wrong in [
            "agents:fly",
            "agents:reads",
            "agents:",
            "agents",
            ":read",
            "",
            "agent:read",
            "agents:read ",
            "Agents:read",
        ] {
            assert_eq!(wrong.parse::<Scope>(), Err(NotAnId), "{wrong:?}");
        }
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
