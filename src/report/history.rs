//! Runs: a report that an organization asked for or was given, from the asking to the last word.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Report, ReportKind};
use crate::id::Id;

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Run {
    pub id: Id<Report>,
    pub kind: ReportKind,
    pub state: RunState,
    /// What is being done at this moment; of a failed run, why, and the way on.
    pub note: String,
    /// What the person or the API key that asked is called; absent for the command line.
    pub asked_by: Option<String>,
    pub created_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// Whether every question was answered as it should be; absent until it is done.
    pub clean: Option<bool>,
    /// How many questions were asked, and how many of them were answered no.
    pub questions: i32,
    pub broken: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// For a worker, or for the run before it.
    Waiting,
    Running,
    Done,
    /// It found nothing out. `note` says why.
    Failed,
}

/// A run with what it found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReportRunDetail {
    pub run: Run,
    /// Absent until it is done.
    pub report: Option<Report>,
}

/// What a page shows: the newest runs, and one report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportHistory {
    pub runs: Vec<Run>,
    pub shown: Option<ReportRunDetail>,
}

/// What the history can be narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default)]
pub struct RunFilter {
    #[cfg_attr(feature = "ssr", param(inline))]
    pub kind: Option<ReportKind>,
}

impl Run {
    pub fn is_over(&self) -> bool {
        matches!(self.state, RunState::Done | RunState::Failed)
    }
}
