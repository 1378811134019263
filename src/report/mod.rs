//! Reports: what was asked of a database, how much was looked at, what was found, and what to do about it.
//!
//! `switchboard verify` and `switchboard warden` write them; the program prints them, pages show them, and `html` makes
//! a document of one that needs nothing else. Both sides know what a report is.

mod history;
mod html;
#[cfg(feature = "ssr")]
pub mod store;
mod text;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use crate::money::thousands;
use crate::{
    check::{Check, Checked},
    resource::{About, Actions, NavGroup, NavPage, PermissionLabels, Roles},
};
pub use history::{ReportHistory, ReportRunDetail, Run, RunFilter, RunState};
pub use html::html;

/// Reports, to everything that lists resources.
pub const ABOUT: About = About {
    word: "reports",
    singular: "report",
    plural: "Reports",
    article: "a",
    path: "/reports",
    icon: "file",
    pages: &[
        NavPage {
            href: "/isolation",
            label: "Isolation",
            icon: "shield",
            group: NavGroup::Organization,
            shortcut: None,
        },
        NavPage {
            href: "/warden-report",
            label: "Warden report",
            icon: "file",
            group: NavGroup::Organization,
            shortcut: None,
        },
    ],
    new: None,
    has_page: false,
    logged: true,
    roles: Roles {
        admin: Actions::ALL,
        developer: Actions::NONE,
        operator: Actions::NONE,
        billing: Actions::NONE,
        viewer: Actions::NONE,
    },
    permissions: PermissionLabels {
        read: Some("Read reports of isolation"),
        create: Some("Run and publish reports"),
        update: None,
        delete: None,
    },
    fields: &[],
};

/// How many objects an outcome names; a last line counts what is beyond them.
pub const NAMED: usize = 50;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Report {
    /// What was done, in a line: "Isolation of switchboard".
    pub title: String,
    pub kind: ReportKind,
    /// The database's name, never its address.
    pub database: String,
    /// Product and version of its server.
    pub server: String,
    pub began_at: DateTime<Utc>,
    pub took_ms: u64,
    /// Whether every question is answered as it should be.
    pub clean: bool,
    #[cfg_attr(feature = "ssr", schema(min_items = 1))]
    pub outcomes: Vec<Outcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "ssr",
    derive(sqlx::Type, utoipa::ToSchema),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// Whether the database keeps organizations apart.
    Isolation,
    /// How a database was brought to organization scope.
    Warden,
}

/// The answer to one question, or what came of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Outcome {
    /// A stable short name: `policy-door`; of a step, what it was done to: `public.orders`.
    pub id: String,
    /// What it stands under: `policies`; of a step, its phase.
    #[serde(default)]
    pub group: String,
    /// In plain words, answered yes when all is well.
    pub question: String,
    /// What a fault would mean.
    #[serde(default)]
    pub means: String,
    /// What to do about one.
    #[serde(default)]
    pub remedy: String,
    pub level: Level,
    pub state: State,
    pub examined: u64,
    pub violating: u64,
    /// What is wrong, one line each; beyond [`NAMED`] of them a last line says how many more.
    #[serde(default)]
    pub violations: Vec<String>,
    /// What had nothing in it to examine.
    #[serde(default)]
    pub empty: Vec<String>,
    /// What else was measured on the way.
    #[serde(default)]
    pub figures: Vec<Figure>,
}

/// A figure in words: "rows before", "1,204"; "longest lock", "12 ms".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Figure {
    pub name: String,
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Fault,
    /// Said, but not held against the database.
    Advice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum State {
    Holds,
    Broken,
    /// There was nothing to examine, and there may be nothing.
    Empty,
    /// There was nothing to examine where there must be something, so nothing was shown.
    Vacuous,
    /// Left out this time.
    NotAsked,
}

impl Report {
    /// A finished report; whether it is clean follows from its outcomes.
    pub fn new(
        kind: ReportKind,
        title: impl Into<String>,
        (database, server): (String, String),
        (began_at, took_ms): (DateTime<Utc>, u64),
        outcomes: Vec<Outcome>,
    ) -> Self {
        Self {
            title: title.into(),
            kind,
            database,
            server,
            began_at,
            took_ms,
            clean: outcomes.iter().all(Outcome::clean),
            outcomes,
        }
    }

    /// The same with more outcomes, which took so long.
    pub fn and(mut self, outcomes: Vec<Outcome>, took_ms: u64) -> Self {
        self.took_ms += took_ms;
        self.clean &= outcomes.iter().all(Outcome::clean);
        self.outcomes.extend(outcomes);
        self
    }

    /// What stands under these groups alone.
    pub fn only(mut self, groups: &[String]) -> Self {
        self.outcomes.retain(|outcome| groups.contains(&outcome.group));
        self.clean = self.outcomes.iter().all(Outcome::clean);
        self
    }

    /// The questions whose answer is no.
    pub fn broken(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| !outcome.clean())
    }

    /// The outcomes of each group, in the order in which they came.
    pub fn groups(&self) -> Vec<(&str, Vec<&Outcome>)> {
        let mut groups: Vec<(&str, Vec<&Outcome>)> = Vec::new();
        for outcome in &self.outcomes {
            match groups.iter_mut().find(|(name, _)| *name == outcome.group) {
                Some((_, members)) => members.push(outcome),
                None => groups.push((&outcome.group, vec![outcome])),
            }
        }
        groups
    }

    /// All that was looked at.
    pub fn examined(&self) -> u64 {
        self.outcomes.iter().map(|outcome| outcome.examined).sum()
    }
}

impl Outcome {
    /// Whether the database may be trusted as far as this question goes.
    pub fn clean(&self) -> bool {
        self.level == Level::Advice || !matches!(self.state, State::Broken | State::Vacuous)
    }
}

impl Figure {
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// The limits of a report that comes from elsewhere; those of our own stay far below.
impl Checked for Report {
    fn check(&self, check: &mut Check) {
        check.text("title", &self.title, 1..=120);
        check.text("database", &self.database, 1..=120);
        check.text("server", &self.server, 0..=120);
        check.beyond("kind", "only reports of the warden come from elsewhere");
        check.beyond("clean", "the outcomes say something else");
        check.beyond("outcomes", "they are longer than 512 KiB");
        check.beyond("outcomes[].state", "it has violations and is not broken");
        check.count("outcomes", self.outcomes.len(), 2000, "outcomes");
        if self.outcomes.is_empty() {
            check.fail("outcomes", "Send at least one outcome.");
        }
        if self.clean != self.outcomes.iter().all(Outcome::clean) {
            check.fail("clean", "This is not what the outcomes say.");
        }
        for (at, outcome) in self.outcomes.iter().enumerate().take(2000) {
            outcome.check_at(&format!("outcomes[{at}]"), check);
        }
    }
}

impl Outcome {
    fn check_at(&self, at: &str, check: &mut Check) {
        let mut text = |name: &str, value: &str, length| check.text(format!("{at}.{name}"), value, length);
        text("id", &self.id, 1..=200);
        text("group", &self.group, 0..=60);
        text("question", &self.question, 1..=500);
        text("means", &self.means, 0..=1000);
        text("remedy", &self.remedy, 0..=1000);
        for (i, line) in self.violations.iter().enumerate() {
            text(&format!("violations[{i}]"), line, 0..=1000);
        }
        for (i, line) in self.empty.iter().enumerate() {
            text(&format!("empty[{i}]"), line, 0..=1000);
        }
        for (i, Figure { name, value }) in self.figures.iter().enumerate() {
            text(&format!("figures[{i}].name"), name, 1..=60);
            text(&format!("figures[{i}].value"), value, 0..=200);
        }
        check.count(&format!("{at}.violations"), self.violations.len(), NAMED + 1, "objects");
        check.count(&format!("{at}.empty"), self.empty.len(), 500, "that were empty");
        check.count(&format!("{at}.figures"), self.figures.len(), 50, "figures");
        if self.violating > 0 && self.state != State::Broken {
            check.fail(format!("{at}.state"), "Something is wrong, so this is broken.");
        }
    }
}

/// A span as people say it: `840 ms`, `4.2 s`, `12 s`, `3 min 5 s`.
pub fn span(ms: u64) -> String {
    match ms {
        ..1_000 => format!("{ms} ms"),
        1_000..10_000 => format!("{}.{} s", ms / 1000, ms / 100 % 10),
        10_000..120_000 => format!("{} s", ms / 1000),
        _ => format!("{} min {} s", ms / 60_000, ms / 1000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::read;

    fn told() -> serde_json::Value {
        json!({
            "title": "Warden of shop", "kind": "warden", "database": "shop", "server": "PostgreSQL 17.6",
            "began_at": "2026-11-25T03:00:00Z", "took_ms": 1500, "clean": true,
            "outcomes": [{
                "id": "public.orders", "group": "backfill", "question": "Has every row found its organization?",
                "level": "fault", "state": "holds", "examined": 1284, "violating": 0,
                "figures": [{"name": "longest lock", "value": "12 ms"}]
            }]
        })
    }

    #[test]
    fn the_browser_reads_what_the_server_writes() {
        let report: Report = read::from_value(&told()).unwrap();
        assert_eq!(report.outcomes[0].figures, [Figure::new("longest lock", "12 ms")]);
        let written = serde_json::to_string(&report).unwrap();
        assert_eq!(read::from_str::<Report>(&written), Ok(report.clone()));
        assert_eq!(Check::run(&report), Ok(()));
    }

    #[test]
    fn a_report_that_contradicts_itself_is_refused() {
        let fields = |change: fn(&mut Report)| {
            let mut report: Report = read::from_value(&told()).unwrap();
            change(&mut report);
            let error = Check::run(&report).unwrap_err();
            error
                .fields()
                .iter()
                .map(|field| field.field.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(fields(|report| report.clean = false), ["clean"]);
        assert_eq!(fields(|report| report.outcomes[0].violating = 1), ["outcomes[0].state"]);
        assert_eq!(fields(|report| report.outcomes[0].state = State::Vacuous), ["clean"]);
        assert_eq!(fields(|report| report.outcomes.clear()), ["outcomes"]);
        assert_eq!(
            fields(|report| report.outcomes[0].violations = vec![String::new(); NAMED + 2]),
            ["outcomes[0].violations"]
        );
    }

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        assert_eq!(
            [950, 1_500, 12_345, 185_000].map(span),
            ["950 ms", "1.5 s", "12 s", "3 min 5 s"]
        );
    }
}
