//! The plan: what becomes of every table. A person reads it, edits it, and freezes it.

mod file;
mod frozen;
mod sign;
mod sound;
#[cfg(test)]
pub mod testing;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use file::{read, write};
pub use frozen::Frozen;
pub use sign::{Signature, Signer, Unsigned, check};
pub use sound::{Flaw, flaws};

use crate::name::Name;

/// Everything that is decided about a database. What a plan does not say is taken from the catalog it was made for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Of this format: 1.
    pub version: u32,
    pub database: String,
    pub organization: Organization,
    pub users: Users,
    pub seal: Seal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Claims>,
    #[serde(default)]
    pub tables: Vec<TablePlan>,
}

/// What an organization is here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// The column every owned table gets.
    pub column: String,
    /// Its type, which is that of the organization's key.
    pub r#type: String,
    /// The table of organizations; absent where a person's own id is their organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<Name>,
    /// The column of that table whose value stands for the organization everywhere else. It must be unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The organization, without members, that rows go to when nobody can tell whose they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Quarantine>,
    /// The organization that rows without an answer go to where a table's rule says `default`. Never filled in by us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quarantine {
    /// Its key, of the organization's type.
    pub key: String,
    /// The other columns of its row, if it is not there yet: name and value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub insert: BTreeMap<String, String>,
}

/// Where people are, and how their organization is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Users {
    pub table: Name,
    pub key: String,
    pub r#type: String,
    pub source: Source,
    /// People whose organization is written here, whatever their memberships say: the user's key and the organization's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub assigned: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// A table of its own says who belongs where. People in none or in several have no answer.
    Membership {
        table: Name,
        user: String,
        organization: Path,
    },
    /// The user's own row says it.
    Column { organization: Path },
    /// Everybody is an organization of their own, by their id.
    Personal,
}

/// The way from a row to what its organization is known from: a user, an organization, or a row of another owned table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Path {
    pub columns: Vec<String>,
    pub to: Name,
    pub references: Vec<String>,
    /// Only for rows whose column has this value: how a polymorphic reference says which table it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// Only for rows where these columns are null: what goes before says it otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    pub column: String,
    pub equals: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TablePlan {
    pub name: Name,
    pub kind: Kind,
    /// Why, in a sentence; what was counted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub because: String,
    /// A column that holds the organization already; absent where one is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// In the order of their priority.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<Path>,
    /// When two paths lead to different organizations.
    #[serde(default, skip_serializing_if = "Conflict::refuses")]
    pub on_conflict: Conflict,
    /// When no path leads anywhere.
    #[serde(default, skip_serializing_if = "Missing::refuses")]
    pub on_missing: Missing,
    /// Foreign keys that stay as they are for the rows of today, because some of these cross organizations. New rows may not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loose: Vec<String>,
    /// Unique keys that stay unique over all organizations. All others get one that begins with the organization.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub global_uniques: Vec<String>,
    /// Everybody inside an organization may see and change all rows of it, though the application has row security of its own here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open_inside: bool,
    /// Leaves the primary key as it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep_key: bool,
    /// Columns that `contract` drops when everything else is done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop_columns: Vec<String>,
    /// Columns that must still be there at the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep_columns: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Every row belongs to one organization.
    Owned,
    /// The same rows for everybody; nobody's secrets.
    Global,
    /// Not touched: people themselves, what billing or another system keeps, junk.
    Excluded,
    #[default]
    Undecided,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conflict {
    /// There are none, and a new one is refused.
    #[default]
    Refuse,
    /// The first path that leads somewhere decides.
    First,
    Quarantine,
    /// There are some, and a person has to say what becomes of them.
    Undecided,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// There are none, and a new one is refused.
    #[default]
    Refuse,
    Quarantine,
    /// The organization the plan names as the default.
    Default,
    /// There are some, and a person has to say what becomes of them.
    Undecided,
}

impl Conflict {
    fn refuses(&self) -> bool {
        *self == Self::Refuse
    }
}

impl Missing {
    fn refuses(&self) -> bool {
        *self == Self::Refuse
    }
}

/// How the database is closed at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// The schema of the functions that stay.
    pub schema: String,
    /// The setting a transaction names its organization with.
    pub setting: String,
    /// Roles of the application: policies are for them, and they may not change the organization of a row.
    pub roles: Vec<String>,
    /// Views, rules and functions that read owned tables as their owner, and that somebody has looked at and lets be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads_as_owner: Vec<String>,
}

/// Where the organization of a person is written so that only the server can change it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    pub provider: ClaimsProvider,
    /// The column of the users' table that holds the id the provider knows a person by.
    pub subject: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClaimsProvider {
    /// Clerk's backend API: `public_metadata.app_metadata.org_id`, which only the server may write.
    Clerk { url: String },
    /// Supabase's admin API: `app_metadata.org_id`.
    Supabase { url: String },
    /// A function of the database, `name(subject text, organization text)`, called for each person.
    Hook { function: String },
}

impl Plan {
    pub fn table(&self, name: &Name) -> Option<&TablePlan> {
        self.tables.iter().find(|table| table.name == *name)
    }

    pub fn owned(&self) -> impl Iterator<Item = &TablePlan> {
        self.tables.iter().filter(|table| table.kind == Kind::Owned)
    }

    /// The column of an owned table that holds its organization.
    pub fn column<'a>(&'a self, table: &'a TablePlan) -> &'a str {
        table.column.as_deref().unwrap_or(&self.organization.column)
    }

    /// What a path ends at.
    pub fn end(&self, path: &Path) -> End {
        if path.to == self.users.table {
            End::User
        } else if self.organization.table.as_ref() == Some(&path.to) {
            End::Organization
        } else {
            End::Parent
        }
    }
}

impl Path {
    /// Every column of the row that the path depends on.
    pub fn reads(&self) -> impl Iterator<Item = &String> {
        self.columns
            .iter()
            .chain(self.when.iter().map(|when| &when.column))
            .chain(&self.unless)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    User,
    Organization,
    Parent,
}
