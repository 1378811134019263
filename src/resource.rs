//! Resources: what the things of an organization have in common, and what each slice declares about its own.
//!
//! Whatever enumerates resources (navigation, palette, help, live topics, permissions, audit, REST, export, probes) reads
//! [`Kind::about`]. Nothing else lists them by hand.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use strum::VariantArray;
use uuid::Uuid;

use crate::{
    Id, agents, audit, calls, check::Checked, contacts, credit, folders, keys, knowledge, org, org::Role,
    reconciliation, report, tools, voices,
};

/// Everything a permission can be about, in the order in which people are shown it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, VariantArray)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Agent,
    Tool,
    Call,
    Contact,
    Folder,
    Voice,
    KnowledgeBase,
    Reconciliation,
    ApiKey,
    Member,
    Organization,
    Credit,
    Audit,
    Report,
}

impl Kind {
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// What its slice declares.
    pub const fn about(self) -> &'static About {
        match self {
            Self::Agent => &agents::ABOUT,
            Self::Tool => &tools::ABOUT,
            Self::Call => &calls::ABOUT,
            Self::Contact => &contacts::ABOUT,
            Self::Folder => &folders::ABOUT,
            Self::Voice => &voices::ABOUT,
            Self::KnowledgeBase => &knowledge::ABOUT,
            Self::Reconciliation => &reconciliation::ABOUT,
            Self::ApiKey => &keys::ABOUT,
            Self::Member => &org::MEMBERS,
            Self::Organization => &org::ABOUT,
            Self::Credit => &credit::ABOUT,
            Self::Audit => &audit::ABOUT,
            Self::Report => &report::ABOUT,
        }
    }

    /// The noun in scopes, audit entries, live topics and paths.
    pub const fn word(self) -> &'static str {
        self.about().word
    }

    /// As one in a sentence.
    pub const fn singular(self) -> &'static str {
        self.about().singular
    }

    /// As a heading over many.
    pub const fn plural(self) -> &'static str {
        self.about().plural
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }
}

/// What a slice declares about a kind of thing, once.
#[derive(Debug)]
pub struct About {
    /// In scopes, audit entries, live topics and export file names: `api_keys`.
    pub word: &'static str,
    /// As one in a sentence: `API key`.
    pub singular: &'static str,
    /// As a heading over many: `API keys`.
    pub plural: &'static str,
    /// `a` or `an`, as it stands before one.
    pub article: &'static str,
    /// Where the REST API lists them, and the page that does: `/api-keys`.
    pub path: &'static str,
    pub icon: &'static str,
    /// Its pages in the navigation, the palette and the help.
    pub pages: &'static [NavPage],
    /// The page of "New …"; absent where a new one is made inside another page.
    pub new: Option<&'static str>,
    /// Whether each has a page of its own at `path/{id}`, which the log and the search link to.
    pub has_page: bool,
    /// Whether changes are logged under this kind, so that the log can be narrowed to it.
    pub logged: bool,
    pub roles: Roles,
    pub permissions: PermissionLabels,
    /// Fields whose name in a form is not their name with spaces.
    pub fields: &'static [(&'static str, &'static str)],
}

/// A page of the navigation.
#[derive(Clone, Copy, Debug)]
pub struct NavPage {
    pub href: &'static str,
    pub label: &'static str,
    pub icon: &'static str,
    pub group: NavGroup,
    /// The letter that goes there after `g`.
    pub shortcut: Option<&'static str>,
}

/// A part of the navigation, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantArray)]
pub enum NavGroup {
    Build,
    Operate,
    Connect,
    Organization,
}

impl NavGroup {
    pub const ALL: &'static [Self] = Self::VARIANTS;

    pub const fn label(self) -> &'static str {
        match self {
            Self::Build => "Build",
            Self::Operate => "Operate",
            Self::Connect => "Connect",
            Self::Organization => "Organization",
        }
    }
}

/// What each role may do with a kind of thing. An owner may do everything.
#[derive(Clone, Copy, Debug)]
pub struct Roles {
    pub admin: Actions,
    pub developer: Actions,
    pub operator: Actions,
    pub billing: Actions,
    pub viewer: Actions,
}

impl Roles {
    pub const fn of(&self, role: Role) -> Actions {
        match role {
            Role::Owner => Actions::ALL,
            Role::Admin => self.admin,
            Role::Developer => self.developer,
            Role::Operator => self.operator,
            Role::Billing => self.billing,
            Role::Viewer => self.viewer,
        }
    }
}

/// What each permission lets one do, in words; absent where no part of the product asks for it.
#[derive(Clone, Copy, Debug)]
pub struct PermissionLabels {
    pub read: Option<&'static str>,
    pub create: Option<&'static str>,
    pub update: Option<&'static str>,
    pub delete: Option<&'static str>,
}

impl PermissionLabels {
    pub const NONE: Self = Self {
        read: None,
        create: None,
        update: None,
        delete: None,
    };

    pub const fn label(&self, action: Action) -> Option<&'static str> {
        match action {
            Action::Read => self.read,
            Action::Create => self.create,
            Action::Update => self.update,
            Action::Delete => self.delete,
        }
    }
}

/// What is done to a thing. Placing a call is creating one; ending it is updating it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Read,
    Create,
    Update,
    Delete,
}

impl Action {
    pub const ALL: [Self; 4] = [Self::Read, Self::Create, Self::Update, Self::Delete];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// A set of actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actions(u8);

impl Actions {
    pub const NONE: Self = Self(0);
    pub const READ: Self = Self::of(&[Action::Read]);
    pub const ALL: Self = Self::of(&Action::ALL);

    pub const fn of(actions: &[Action]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < actions.len() {
            bits |= 1 << actions[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    pub const fn contains(self, action: Action) -> bool {
        self.0 & (1 << action as u8) != 0
    }
}

/// A thing an organization has many of, made and changed by people.
pub trait Resource: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + Unpin + 'static {
    /// What a person decides: the body of create and of update.
    type Draft: Checked + Clone + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// One line of the list.
    type Row: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What a list can be narrowed to, as it stands in the URL.
    type Filter: Clone + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What is true of all of them together: how many there are, what the filters offer.
    type Facets: Clone + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;

    const KIND: Kind;

    fn id(&self) -> Id<Self>;
    fn name(&self) -> &str;
    /// Raised by every save. A draft that started from an older one is refused rather than silently winning.
    fn revision(&self) -> i64;
    fn draft(&self) -> Self::Draft;
    /// The filter that finds these words.
    fn search(words: &str) -> Self::Filter;
    /// What a line of the list is called.
    fn row_name(row: &Self::Row) -> &str;
}

/// What a search over everything finds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Found {
    pub kind: Kind,
    pub id: Uuid,
    pub name: String,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_kind_is_known_by_its_word() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.word()), Some(*kind));
        }
        let words: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.word()).collect();
        assert_eq!(words.len(), Kind::ALL.len());
    }

    #[test]
    fn no_two_pages_share_an_address_or_a_key() {
        let pages: Vec<_> = Kind::ALL.iter().flat_map(|kind| kind.about().pages).collect();
        let hrefs: BTreeSet<_> = pages.iter().map(|page| page.href).collect();
        assert_eq!(hrefs.len(), pages.len());
        let keys: Vec<_> = pages.iter().filter_map(|page| page.shortcut).collect();
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
    }

    /// The article is written by hand, and read aloud by people.
    #[test]
    fn articles_sound_right() {
        for kind in Kind::ALL {
            let vowel = kind.singular().starts_with(['a', 'e', 'i', 'o', 'u', 'A']);
            assert_eq!(
                kind.about().article == "an",
                vowel,
                "{} {}",
                kind.about().article,
                kind.singular()
            );
        }
    }
}
