//! Contacts: the people an organization talks with. No two have the same telephone number.

#[cfg(feature = "ssr")]
pub mod bulk;
#[cfg(feature = "ssr")]
mod csv;
#[cfg(feature = "ssr")]
mod sample;
#[cfg(feature = "ssr")]
pub(crate) mod store;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    check::{Check, Checked, SEEN, is_visible, wrong_text},
    folders::Folder,
    id::Id,
    resource::{About, Actions, Kind, NavGroup, NavPage, PermissionLabels, Resource, Roles},
    zone::LONGEST_NAME,
};

/// Contacts, to everything that lists resources.
pub const ABOUT: About = About {
    word: "contacts",
    singular: "contact",
    plural: "Contacts",
    article: "a",
    path: "/contacts",
    icon: "contacts",
    pages: &[NavPage {
        href: "/contacts",
        label: "Contacts",
        icon: "contacts",
        group: NavGroup::Operate,
        shortcut: Some("O"),
    }],
    new: Some("/contacts/new"),
    has_page: true,
    logged: true,
    roles: Roles {
        admin: Actions::ALL,
        developer: Actions::ALL,
        operator: Actions::ALL,
        billing: Actions::NONE,
        viewer: Actions::READ,
    },
    permissions: PermissionLabels {
        read: Some("See contacts"),
        create: Some("Create contacts"),
        update: Some("Edit, move and tag contacts"),
        delete: Some("Delete contacts"),
    },
    fields: &[
        ("folder_id", "folder"),
        ("custom", "custom fields"),
        ("email", "e-mail"),
    ],
};

/// The longest name, and the longest name of a company.
pub const SHORT_TEXT: usize = 120;
pub(crate) const TAGS: usize = 20;
const TAG: usize = 40;
const CUSTOM: usize = 50;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Contact {
    pub id: Id<Contact>,
    #[serde(flatten)]
    pub draft: ContactDraft,
    /// Raised by every save; send it back with an update.
    pub revision: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// The id of the person or of the API key that saved it.
    pub updated_by: String,
}

impl Contact {
    /// The name, or the number where there is none.
    pub fn display_name(&self) -> &str {
        display_name(&self.draft.name, &self.draft.phone)
    }
}

fn display_name<'a>(name: &'a str, phone: &'a str) -> &'a str {
    if name.is_empty() { phone } else { name }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct ContactDraft {
    /// Either this or the number is needed.
    pub name: String,
    /// With its country code, as people write it; kept as E.164. No two contacts have the same.
    pub phone: String,
    pub email: String,
    pub company: String,
    /// BCP 47, such as `en-US`; empty where it is not known.
    pub language: String,
    /// IANA, such as `Europe/Berlin`; empty where it is not known.
    pub time_zone: String,
    #[cfg_attr(feature = "ssr", schema(nullable))]
    pub folder_id: Option<Id<Folder>>,
    pub tags: Vec<String>,
    /// Custom fields, by name.
    pub custom: BTreeMap<String, String>,
    pub notes: String,
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ContactRow {
    pub id: Id<Contact>,
    pub name: String,
    /// E.164; empty where there is none.
    pub phone: String,
    pub email: String,
    pub company: String,
    pub language: String,
    pub time_zone: String,
    #[cfg_attr(feature = "ssr", schema(nullable))]
    pub folder_id: Option<Id<Folder>>,
    pub tags: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl ContactRow {
    /// The name, or the number where there is none.
    pub fn display_name(&self) -> &str {
        display_name(&self.name, &self.phone)
    }
}

/// What the list can be narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct ContactFilter {
    /// Part of the name, number, e-mail, company, a tag or the notes; upper and lower case are the same.
    pub q: Option<String>,
    /// In this folder or in one inside it.
    #[cfg_attr(feature = "ssr", param(value_type = Option<String>, format = Uuid))]
    pub folder_id: Option<Id<Folder>>,
    /// In no folder.
    pub unfiled: Option<bool>,
    pub tag: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
}

/// How many contacts there are, and what the list's filters offer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ContactFacets {
    pub all: i64,
    /// In each folder itself, without those inside it.
    pub folders: Vec<(Id<Folder>, i64)>,
    pub tags: Vec<String>,
    pub languages: Vec<String>,
}

impl ContactFacets {
    /// How many are in no folder.
    pub fn unfiled(&self) -> i64 {
        self.all - self.folders.iter().map(|(_, count)| count).sum::<i64>()
    }
}

impl Checked for ContactDraft {
    fn check(&self, check: &mut Check) {
        check.text("name", &self.name, 0..=SHORT_TEXT);
        if !self.name.chars().any(is_visible) && self.phone.trim().is_empty() {
            check.fail("name", "Enter a name or a number.");
        }
        if !self.phone.trim().is_empty() {
            check.phone("phone", &self.phone);
        }
        if !self.email.trim().is_empty() {
            check.email("email", &self.email);
        }
        check.text("company", &self.company, 0..=SHORT_TEXT);
        check.text("language", &self.language, 0..=35);
        check.text("time_zone", &self.time_zone, 0..=LONGEST_NAME);
        check.time_zone("time_zone", &self.time_zone);
        check_tags(check, "tags", &self.tags);
        check.count("custom", self.custom.len(), CUSTOM, "fields");
        for (name, value) in &self.custom {
            let field = format!("custom.{name}");
            check.key(&field, wrong_text(name, &(1..=60)), SEEN, 60);
            check.text(field, value, 0..=1000);
        }
        check.text("notes", &self.notes, 0..=10_000);
        check.beyond("name", "there is neither a name nor a number");
        check.beyond("phone", "another contact has it");
        check.beyond("folder_id", "there is no such folder");
    }
}

pub(crate) fn check_tags(check: &mut Check, field: &str, tags: &[String]) {
    check.count(field, tags.len(), TAGS, "tags");
    for tag in tags {
        check.text(field, tag, 1..=TAG);
    }
}

impl Resource for Contact {
    type Draft = ContactDraft;
    type Row = ContactRow;
    type Filter = ContactFilter;
    type Facets = ContactFacets;
    const KIND: Kind = Kind::Contact;

    fn id(&self) -> Id<Self> {
        self.id
    }
    fn name(&self) -> &str {
        self.display_name()
    }
    fn revision(&self) -> i64 {
        self.revision
    }
    fn draft(&self) -> ContactDraft {
        self.draft.clone()
    }
    fn search(words: &str) -> ContactFilter {
        ContactFilter {
            q: Some(words.to_owned()),
            ..ContactFilter::default()
        }
    }
    fn row_name(row: &ContactRow) -> &str {
        row.display_name()
    }
}

/// What is done with many contacts at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MoveContacts {
    #[cfg_attr(feature = "ssr", schema(min_items = 1, max_items = 1000))]
    pub ids: Vec<Id<Contact>>,
    /// Absent: out of every folder.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(nullable))]
    pub folder_id: Option<Id<Folder>>,
}

/// Tags for many contacts at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TagContacts {
    #[cfg_attr(feature = "ssr", schema(min_items = 1, max_items = 1000))]
    pub ids: Vec<Id<Contact>>,
    #[serde(default)]
    pub add: Vec<String>,
    #[serde(default)]
    pub remove: Vec<String>,
}

impl Checked for TagContacts {
    fn check(&self, check: &mut Check) {
        check_tags(check, "add", &self.add);
        if self.add.is_empty() && self.remove.is_empty() {
            check.fail("add", "Name a tag.");
        }
        check.beyond("add", "no tag is named, or a contact would have more than it may");
    }
}

/// Contacts to delete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeleteContacts {
    #[cfg_attr(feature = "ssr", schema(min_items = 1, max_items = 1000))]
    pub ids: Vec<Id<Contact>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(draft: &ContactDraft) -> Vec<String> {
        match Check::run(draft) {
            Ok(()) => Vec::new(),
            Err(error) => error.fields().iter().map(|error| error.field.clone()).collect(),
        }
    }

    #[test]
    fn a_contact_has_a_name_or_a_number() {
        assert_eq!(refused(&ContactDraft::default()), ["name"]);
        let named = ContactDraft {
            name: "Ada".into(),
            ..ContactDraft::default()
        };
        assert!(refused(&named).is_empty());
        let unseen = ContactDraft {
            name: "\u{200b}\u{2060} ".into(),
            ..ContactDraft::default()
        };
        assert_eq!(refused(&unseen), ["name"]);
        let numbered = ContactDraft {
            phone: "+1 415 555 0110".into(),
            ..ContactDraft::default()
        };
        assert!(refused(&numbered).is_empty());
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn what_cannot_be_right_is_said_beside_its_field() {
        let draft = ContactDraft {
            name: "Ada".into(),
            phone: "030 23125".into(),
            email: "ada".into(),
            time_zone: "Berlin".into(),
            tags: vec![String::new()],
            custom: [("x".repeat(61), String::new())].into(),
            ..ContactDraft::default()
        };
        let custom = format!("custom.{}", "x".repeat(61));
        assert_eq!(
            refused(&draft),
            ["phone", "email", "time_zone", "tags", custom.as_str()]
        );
    }

    #[test]
    fn whoever_is_in_no_folder_is_counted() {
        let facets = ContactFacets {
            all: 10,
            folders: vec![(Id::from_uuid(Default::default()), 7)],
            ..ContactFacets::default()
        };
        assert_eq!(facets.unfiled(), 3);
    }
}
