//! Sources: the files, texts and websites of a knowledge base, and how far each is read.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::VariantArray;

use super::KnowledgeBase;
use crate::{
    check::{Check, Checked},
    id::Id,
};

/// Something a knowledge base is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct KnowledgeSource {
    pub id: Id<KnowledgeSource>,
    pub base_id: Id<KnowledgeBase>,
    pub kind: SourceKind,
    pub name: String,
    /// Whether it is searched.
    pub enabled: bool,
    pub state: SourceState,
    /// Why it failed or what is missing, in words; empty otherwise.
    pub note: String,
    /// As it was told by the content itself: `application/pdf`.
    pub content_type: String,
    pub bytes: i32,
    /// Pages of a file or of a website; absent where it has none.
    pub pages: Option<i32>,
    /// How many passages are searched. While it is read again these are the ones from before.
    pub passages: i32,
    pub created_at: DateTime<Utc>,
    /// The id of the person or of the API key that added it.
    pub created_by: String,
    /// When it was last read to its end; absent before that.
    pub read_at: Option<DateTime<Utc>>,
    /// Where it is fetched from; empty for files and texts.
    pub url: String,
    /// How many links deep a website is read.
    pub depth: i32,
    /// How many pages of it at most.
    pub page_limit: i32,
    /// Days between two readings; 0 where it is read when somebody asks.
    pub every_days: i32,
    /// When it is read again by itself.
    pub due_at: Option<DateTime<Utc>>,
    /// The pages of a website, with what became of each.
    pub fetched: Vec<FetchedPage>,
}

/// A page of a website.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FetchedPage {
    pub url: String,
    pub passages: i32,
    /// Why nothing of it is found, in words; empty otherwise.
    pub reason: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, VariantArray)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    File,
    /// Typed here, in Markdown.
    #[default]
    Text,
    /// A website, from one page on.
    Address,
    /// The pages that a list of a website's own names.
    Sitemap,
}

impl SourceKind {
    pub const fn label(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Text => "Text",
            Self::Address => "Website",
            Self::Sitemap => "Sitemap",
        }
    }

    /// Whether it is fetched from somewhere.
    pub const fn is_fetched(self) -> bool {
        matches!(self, Self::Address | Self::Sitemap)
    }
}

/// How far a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, VariantArray)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// Its turn comes.
    Waiting,
    Reading,
    /// Its passages are found.
    Ready,
    /// It was read, and there is no text in it.
    Empty,
    Failed,
}

impl SourceState {
    pub const ALL: &'static [Self] = Self::VARIANTS;

    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Reading => "reading",
            Self::Ready => "ready",
            Self::Empty => "empty",
            Self::Failed => "failed",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Reading => "Being read",
            Self::Ready => "Ready",
            Self::Empty => "No text found",
            Self::Failed => "Failed",
        }
    }

    /// Whether something will become of it by itself.
    pub const fn is_on_its_way(self) -> bool {
        matches!(self, Self::Waiting | Self::Reading)
    }
}

/// What a list of sources can be narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct SourceFilter {
    /// Of this knowledge base.
    pub knowledge_base_id: Option<Id<KnowledgeBase>>,
}

/// The body of adding a source that is no file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SourceDraft {
    pub base_id: Id<KnowledgeBase>,
    /// Anything but `file`: files are uploaded.
    #[serde(default)]
    pub kind: SourceKind,
    /// What it is called in answers.
    pub name: String,
    /// Plain text or Markdown; of a text alone.
    #[serde(default)]
    pub text: String,
    /// Where a website or its sitemap is.
    #[serde(default)]
    pub url: String,
    /// How many links deep a website is read, 0 to 3.
    #[serde(default)]
    pub depth: i32,
    /// How many pages of it at most.
    #[serde(default = "fifty")]
    pub page_limit: i32,
    /// Days until it is read again by itself; 0 reads it when somebody asks.
    #[serde(default)]
    pub every_days: i32,
}

fn fifty() -> i32 {
    50
}

impl SourceDraft {
    /// A text.
    pub fn text(base_id: Id<KnowledgeBase>, name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            base_id,
            kind: SourceKind::Text,
            name: name.into(),
            text: text.into(),
            url: String::new(),
            depth: 0,
            page_limit: fifty(),
            every_days: 0,
        }
    }
}

impl Checked for SourceDraft {
    fn check(&self, check: &mut Check) {
        check.text("name", &self.name, 1..=200);
        check.text("text", &self.text, 0..=200_000);
        check.text("url", &self.url, 0..=500);
        check.number("depth", self.depth.into(), 0..=3, "links");
        check.number("page_limit", self.page_limit.into(), 1..=200, "pages");
        check.number("every_days", self.every_days.into(), 0..=90, "days");
        match self.kind {
            SourceKind::Text if self.text.trim().is_empty() => check.fail("text", "Type or paste something."),
            SourceKind::File => check.fail("kind", "A file is uploaded."),
            SourceKind::Address | SourceKind::Sitemap
                if !["http://", "https://"]
                    .iter()
                    .any(|scheme| self.url.starts_with(scheme)) =>
            {
                check.fail("url", "Enter an address that begins with https://.");
            }
            _ => {}
        }
        check.beyond("kind", "it is `file`");
        check.beyond("text", "it is that of a text, and nothing is in it");
        check.beyond("url", "a website is to be read, and it is no address that may be asked");
        check.beyond("base_id", "there is no such knowledge base");
        check.beyond("name", "the knowledge base has as many sources as it may have");
    }
}

/// The body of changing a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SourceChange {
    /// Whether it is searched.
    pub enabled: bool,
}
