//! Knowledge bases: what an agent looks up while it talks, made of documents, texts and websites.

#[cfg(feature = "ssr")]
pub(crate) mod bindings;
mod check;
#[cfg(feature = "ssr")]
mod crawl;
#[cfg(feature = "ssr")]
mod csv;
#[cfg(feature = "ssr")]
pub mod flow;
mod passage;
#[cfg(feature = "ssr")]
mod passage_store;
#[cfg(feature = "ssr")]
pub mod read;
#[cfg(feature = "ssr")]
pub mod reading;
#[cfg(feature = "ssr")]
pub mod runtime;
#[cfg(feature = "ssr")]
mod sample;
#[cfg(feature = "ssr")]
pub mod search;
mod source;
#[cfg(feature = "ssr")]
mod source_store;
#[cfg(feature = "ssr")]
mod store;
#[cfg(feature = "ssr")]
mod words;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    agents::Agent,
    check::{Check, Checked},
    flat,
    id::Id,
    resource::{About, Actions, Kind, NavGroup, NavPage, PermissionLabels, Resource, Roles},
};

pub use check::{CheckFilter, CheckResult, KnowledgeCheck, KnowledgeCheckDraft};
pub use passage::{FoundPassage, Passage, PassageWindow, ReadAs, SearchAnswer, SearchQuestion, for_agent};
pub use source::{FetchedPage, KnowledgeSource, SourceChange, SourceDraft, SourceFilter, SourceKind, SourceState};

/// The largest file that is taken, in bytes.
pub const LARGEST_FILE: usize = 20 << 20;
/// The endings of names by which files are known that can be read.
pub const ENDINGS: [&str; 9] = ["pdf", "docx", "md", "markdown", "txt", "html", "htm", "csv", "tsv"];

/// Knowledge bases, to everything that lists resources.
pub const ABOUT: About = About {
    word: "knowledge_bases",
    singular: "knowledge base",
    plural: "Knowledge bases",
    article: "a",
    path: "/knowledge",
    icon: "book",
    pages: &[NavPage {
        href: "/knowledge",
        label: "Knowledge",
        icon: "book",
        group: NavGroup::Build,
        shortcut: Some("K"),
    }],
    new: Some("/knowledge/new"),
    has_page: true,
    logged: true,
    roles: Roles {
        admin: Actions::ALL,
        developer: Actions::ALL,
        operator: Actions::READ,
        billing: Actions::NONE,
        viewer: Actions::READ,
    },
    permissions: PermissionLabels {
        read: Some("See and search knowledge bases"),
        create: Some("Create knowledge bases"),
        update: Some("Add, read again and remove sources"),
        delete: Some("Delete knowledge bases"),
    },
    fields: &[],
};

#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct KnowledgeBase {
    pub id: Id<KnowledgeBase>,
    #[serde(flatten)]
    pub draft: KnowledgeBaseDraft,
    /// Raised by every save; send it back with an update.
    pub revision: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// The id of the person or of the API key that saved it.
    pub updated_by: String,
}

impl<'de> Deserialize<'de> for KnowledgeBase {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Around {
            id: Id<KnowledgeBase>,
            revision: i64,
            created_at: DateTime<Utc>,
            updated_at: DateTime<Utc>,
            updated_by: String,
        }
        let (draft, around): (_, Around) = flat::split_object(deserializer)?;
        Ok(Self {
            id: around.id,
            draft,
            revision: around.revision,
            created_at: around.created_at,
            updated_at: around.updated_at,
            updated_by: around.updated_by,
        })
    }
}

/// What a person says of a knowledge base.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct KnowledgeBaseDraft {
    /// 1 to 80 characters, unique in the organization.
    pub name: String,
    /// What it is about. Agents are told, so that they know when to look here.
    pub description: String,
}

/// An agent that looks things up in a knowledge base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct KnowledgeAgent {
    pub id: Id<Agent>,
    pub name: String,
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct KnowledgeBaseRow {
    pub id: Id<KnowledgeBase>,
    pub name: String,
    pub description: String,
    pub sources: i64,
    /// Sources that failed, or in which nothing was found.
    pub troubled: i64,
    /// Sources that are being read.
    pub reading: i64,
    /// Passages that are searched.
    pub passages: i64,
    /// How many agents have it in their draft or their live version.
    pub agents: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What the list can be narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct KnowledgeBaseFilter {
    /// Part of the name or the description; upper and lower case are the same.
    pub q: Option<String>,
}

impl Checked for KnowledgeBaseDraft {
    fn check(&self, check: &mut Check) {
        check.text("name", &self.name, 1..=80);
        check.text("description", &self.description, 0..=500);
        check.beyond("name", "another knowledge base has it");
    }
}

impl Resource for KnowledgeBase {
    type Draft = KnowledgeBaseDraft;
    type Row = KnowledgeBaseRow;
    type Filter = KnowledgeBaseFilter;
    type Facets = i64;
    const KIND: Kind = Kind::KnowledgeBase;

    fn id(&self) -> Id<Self> {
        self.id
    }
    fn name(&self) -> &str {
        &self.draft.name
    }
    fn revision(&self) -> i64 {
        self.revision
    }
    fn draft(&self) -> KnowledgeBaseDraft {
        self.draft.clone()
    }
    fn search(words: &str) -> KnowledgeBaseFilter {
        KnowledgeBaseFilter {
            q: Some(words.to_owned()),
        }
    }
    fn row_name(row: &KnowledgeBaseRow) -> &str {
        &row.name
    }
}
