//! What was found, as a report that the program prints, keeps and shows.

use chrono::{DateTime, Utc};
use switchboard::report::{Level, NAMED, Outcome, Report, ReportKind, State};

use super::{Discovery, Finding};

/// One question for each kind of finding: its id, its group, what is asked, and what to do where the answer is no.
const QUESTIONS: &[(&str, &str, &str, &str)] = &[
    ("users", "people", "Is it clear where people are?", ""),
    ("organizations", "people", "Is it clear where organizations are?", ""),
    ("membership", "people", "Is it clear who belongs where?", ""),
    (
        "organization-key",
        "people",
        "Does every organization have the key that it is known by?",
        "Give those without one a key, or their people another organization.",
    ),
    (
        "people-in-none",
        "people",
        "Is everybody in an organization?",
        "Give them one, or name it in users.assigned.",
    ),
    (
        "people-in-several",
        "people",
        "Is nobody in several organizations?",
        "Name the one that their rows belong to in users.assigned, or let a rule decide about the rows.",
    ),
    (
        "kind",
        "tables",
        "Does every table lead to an organization, or is it plain that it need not?",
        "Write kind: owned with a path, global or excluded.",
    ),
    (
        "global",
        "tables",
        "Are there no tables that would be open to everybody?",
        "Look whether they hold nobody's secrets.",
    ),
    (
        "proposal",
        "paths",
        "Does a foreign key stand behind everything that looks like a reference?",
        "Add it to paths if it is one, or leave it.",
    ),
    (
        "polymorphic",
        "paths",
        "Is every kind of a polymorphic reference known?",
        "Add a path with `when` for each that is missing.",
    ),
    (
        "drop-column",
        "paths",
        "Is there no column that the organization makes needless?",
        "Name it in drop_columns once no program asks for it.",
    ),
    ("answers", "rows", "Does every row lead to one organization?", ""),
    ("no-answer", "rows", "Does no row lead nowhere?", "Write on_missing."),
    (
        "paths-disagree",
        "rows",
        "Do all paths of a row lead to the same organization?",
        "Write on_conflict.",
    ),
    (
        "parent-elsewhere",
        "rows",
        "Is every row in the organization of the rows it refers to?",
        "Write on_conflict, or list the key in loose.",
    ),
    (
        "orphans",
        "rows",
        "Is everything there that rows refer to?",
        "Mend the rows, or leave the key loose.",
    ),
    (
        "unread",
        "rows",
        "Was something seen of every table that has rows?",
        "Analyze the table and look again.",
    ),
    (
        "global-unique",
        "keys",
        "Is nothing unique over all organizations?",
        "Change programs that say `on conflict`, or list the key in global_uniques.",
    ),
    (
        "no-primary-key",
        "keys",
        "Does every owned table have a primary key?",
        "Add one.",
    ),
    (
        "key-dependents",
        "keys",
        "Does nothing depend on a primary key?",
        "The key stays as it is; keep_key is set.",
    ),
    (
        "deferrable-key",
        "keys",
        "Is no key deferrable?",
        "Look whether programs rely on it.",
    ),
    (
        "not-valid",
        "keys",
        "Has every foreign key been validated?",
        "Validate it.",
    ),
    ("partitions", "keys", "Do partitions follow their parent?", ""),
    (
        "nested-partitions",
        "keys",
        "Is no partition partitioned?",
        "Make them plain partitions, or exclude the table.",
    ),
    (
        "partition-keys",
        "keys",
        "Has no partition keys of its own?",
        "Look whether they may stay as they are.",
    ),
    (
        "leaky-index",
        "indexes",
        "Can every index be used under row security?",
        "Compare texts or integers instead, or let the organization lead to few rows.",
    ),
    (
        "invalid-index",
        "indexes",
        "Is every index valid?",
        "Drop it or build it again.",
    ),
    (
        "sequence",
        "indexes",
        "Does no number tell how many rows others have?",
        "Use identifiers that are not counted, if that matters.",
    ),
    (
        "role",
        "roles",
        "Does row security bind every role that logs in?",
        "Let programs connect as a role that neither owns tables nor bypasses row security.",
    ),
    (
        "seal-roles",
        "roles",
        "Is there a role for the programs?",
        "Make one and name it in seal.roles.",
    ),
    (
        "group-role",
        "roles",
        "Can every role that uses tables log in?",
        "Name it in seal.roles if programs take it with SET ROLE.",
    ),
    (
        "policy",
        "surroundings",
        "Are there no policies yet?",
        "Look whether they still say what they should.",
    ),
    ("row-security", "surroundings", "Is row security not on yet?", ""),
    (
        "trigger",
        "surroundings",
        "Do no triggers fire during the backfill?",
        "Look what they do when a row gets its organization.",
    ),
    (
        "view",
        "surroundings",
        "Does every view read as whoever asks?",
        "Set security_invoker.",
    ),
    (
        "materialized-view",
        "surroundings",
        "Are there no copies that row security does not know?",
        "Keep them from the programs' roles.",
    ),
    (
        "definer-function",
        "surroundings",
        "Does no function run as its owner?",
        "Let it name the organization, or run as whoever calls it.",
    ),
    (
        "publication",
        "surroundings",
        "Does no publication send rows of all organizations?",
        "Look who subscribes.",
    ),
    (
        "event-trigger",
        "surroundings",
        "Do no event triggers run?",
        "Look whether they mind what the warden does.",
    ),
    (
        "foreign-table",
        "surroundings",
        "Are all rows on this server?",
        "Row security here keeps nothing there.",
    ),
    (
        "rule",
        "surroundings",
        "Does no rule rewrite statements?",
        "Look what it makes of them.",
    ),
];

impl Discovery {
    /// The same in the form of every other report; clean when nothing is left to decide.
    pub fn report(&self, began_at: DateTime<Utc>, took_ms: u64) -> Report {
        let (database, server) = (&self.catalog.database, self.catalog.server);
        Report::new(
            ReportKind::Warden,
            shortened(&format!("What was found in {database}"), 120),
            (
                database.clone(),
                format!("PostgreSQL {}.{}", server / 10_000, server % 10_000),
            ),
            (began_at, took_ms),
            outcomes(&self.findings),
        )
    }
}

fn outcomes(findings: &[Finding]) -> Vec<Outcome> {
    let asked = |&(id, group, question, remedy): &(&str, &str, &str, &str)| {
        let found: Vec<_> = findings.iter().filter(|finding| finding.id == id).collect();
        (!found.is_empty()).then(|| outcome(id, group, question, remedy, &found))
    };
    QUESTIONS.iter().filter_map(asked).collect()
}

fn outcome(id: &str, group: &str, question: &str, remedy: &str, found: &[&Finding]) -> Outcome {
    let sum = |count: fn(&Finding) -> u64| found.iter().map(|finding| count(finding)).sum();
    let (examined, violating): (u64, u64) = (sum(|finding| finding.examined), sum(|finding| finding.violating));
    let mut violations: Vec<_> = found
        .iter()
        .filter(|finding| finding.violating > 0)
        .map(|finding| line(finding))
        .collect();
    if violations.len() > NAMED {
        let more = violations.len() - NAMED;
        violations.truncate(NAMED);
        violations.push(format!("and {more} more"));
    }
    let empty = found
        .iter()
        .filter(|finding| finding.examined == 0 && finding.violating == 0);
    Outcome {
        id: id.to_owned(),
        group: group.to_owned(),
        question: question.to_owned(),
        means: String::new(),
        remedy: remedy.to_owned(),
        level: if found.iter().any(|finding| finding.must_decide) {
            Level::Fault
        } else {
            Level::Advice
        },
        state: match (violating, examined) {
            (1.., _) => State::Broken,
            (0, 1..) => State::Holds,
            (0, 0) => State::Empty,
        },
        examined,
        violating,
        violations,
        empty: empty
            .filter_map(|finding| finding.table.as_ref().map(ToString::to_string))
            .take(500)
            .collect(),
        figures: Vec::new(),
    }
}

fn line(finding: &Finding) -> String {
    let text = finding.text.replace('\n', " ");
    match &finding.table {
        Some(table) => shortened(&format!("{table}: {text}"), 1000),
        None => shortened(&text, 1000),
    }
}

fn shortened(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}
