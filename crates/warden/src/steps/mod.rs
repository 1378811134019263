//! Steps: what carrying out a plan consists of.
//!
//! They follow from the frozen plan alone, so two processes name the same step by the same id. Whether one is done is a
//! question to the catalog; only a backfill's progress stands in the journal.

mod add;
mod answer;
mod backfill;
mod constrain;
mod contract;
mod edges;
mod indexes;
mod look;
mod order;
mod seal;

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub use add::held;
pub use answer::{Answers, Parents, condition, join as answer_join};
pub(crate) use indexes::mentions;
pub use order::{Group, groups};
pub use seal::{IMMUTABLE, PERMISSIVE_POLICY, RESTRICTIVE_POLICY};

use crate::{
    catalog::Catalog,
    name::Name,
    plan::{Frozen, Plan},
};

/// Phases in the order they come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The column, and what fills it for rows that are written from now on.
    Add,
    /// The rows that are there.
    Backfill,
    /// Never null, and keys that begin with the organization.
    Constrain,
    /// The organization of each person at the identity provider.
    Claims,
    /// Row security, immutability and rights.
    Seal,
    /// What only older programs needed. There is no way back from it.
    Contract,
}

impl Phase {
    pub const ALL: [Self; 6] = [
        Self::Add,
        Self::Backfill,
        Self::Constrain,
        Self::Claims,
        Self::Seal,
        Self::Contract,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Backfill => "backfill",
            Self::Constrain => "constrain",
            Self::Claims => "claims",
            Self::Seal => "seal",
            Self::Contract => "contract",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no phase: add, backfill, constrain, claims, seal or contract")]
pub struct NoPhase(String);

impl FromStr for Phase {
    type Err = NoPhase;

    fn from_str(word: &str) -> Result<Self, NoPhase> {
        let found = Self::ALL.into_iter().find(|phase| phase.word() == word);
        found.ok_or_else(|| NoPhase(word.to_owned()))
    }
}

/// One change, with the question whether it is there and the way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub id: String,
    pub phase: Phase,
    pub table: Option<Name>,
    /// In plain words, for whoever watches.
    pub what: String,
    /// What others wait for meanwhile, as Postgres calls it; empty for nothing.
    pub lock: &'static str,
    /// Tables that it locks besides its own.
    pub beside: Vec<Name>,
    pub work: Work,
    pub done: Done,
    pub undo: Work,
    /// Names that are ours, each with the table it stands on.
    pub makes: Vec<(Name, String)>,
}

impl Step {
    /// Whether from here on programs see nothing of its table unless they say for whom they work.
    pub fn closes(&self) -> bool {
        self.phase == Phase::Seal && self.makes.iter().any(|(_, name)| name == IMMUTABLE)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    Nothing,
    /// One transaction, which begins anew when a lock does not come in time.
    Together(Vec<String>),
    /// Statements that Postgres runs outside of transactions; what a broken one leaves is removed first.
    Apart {
        clear: String,
        build: String,
    },
    /// Rows of the tables of a group, batch by batch.
    Fill(Vec<Name>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// An expression that is true when the step is done.
    Catalog(String),
    Journal,
    /// There is nothing to do on the way there; only on the way back.
    Always,
}

/// Every step of a phase, in order. [`Phase::Claims`] has none here: it talks to a provider, not to tables.
pub fn steps(frozen: &Frozen, phase: Phase) -> Vec<Step> {
    let (plan, catalog) = (&frozen.plan, &frozen.catalog);
    match phase {
        Phase::Add => add::steps(plan, catalog),
        Phase::Backfill => backfill::steps(plan, catalog),
        Phase::Constrain => constrain::steps(plan, catalog),
        Phase::Claims => Vec::new(),
        Phase::Seal => seal::steps(plan, catalog),
        Phase::Contract => contract::steps(plan, catalog),
    }
}

/// Triggers that are there only until the database is sealed.
pub const fn hooks() -> [&'static str; 3] {
    [add::FILL, add::FOLLOW, add::PASS]
}

/// The names of everything a plan adds to tables.
pub struct Made(BTreeSet<(Name, String)>);

impl Made {
    pub fn by(plan: &Plan, catalog: &Catalog) -> Self {
        let all = [
            add::steps(plan, catalog),
            constrain::steps(plan, catalog),
            seal::steps(plan, catalog),
        ];
        Self(all.into_iter().flatten().flat_map(|step| step.makes).collect())
    }

    pub fn has(&self, table: &Name, name: &str) -> bool {
        self.0.contains(&(table.clone(), name.to_owned()))
    }

    pub fn iter(&self) -> impl Iterator<Item = &(Name, String)> {
        self.0.iter()
    }
}

/// A name of ours out of parts, as Postgres makes them itself, within its limit of 63 bytes.
pub(crate) fn named(parts: &[&str]) -> String {
    let whole = parts.join("_");
    if whole.len() <= LONGEST {
        whole
    } else {
        truncate_utf8(&whole, &short_digest(&whole))
    }
}

/// As [`named`], where other parts must never make the same: `a_b` and `c`, `a` and `b_c`.
pub(crate) fn unique_name(parts: &[&str]) -> String {
    truncate_utf8(&parts.join("_"), &short_digest(&parts.join("\0")))
}

/// The longest name that Postgres keeps, in bytes.
const LONGEST: usize = 63;

fn short_digest(text: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(text.as_bytes());
    digest[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn truncate_utf8(whole: &str, tail: &str) -> String {
    let mut end = whole.len().min(LONGEST - tail.len() - 1);
    while !whole.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}_{tail}", &whole[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_and_stays_one_of_its_kind() {
        assert_eq!(named(&["notes", "org_id", "idx"]), "notes_org_id_idx");
        let long = "ä".repeat(40);
        let (a, b) = (named(&[&long, "a"]), named(&[&long, "b"]));
        assert!(a.len() <= 63 && b.len() <= 63 && a != b);
        assert_ne!(unique_name(&["a_b", "c"]), unique_name(&["a", "b_c"]));
        assert!(unique_name(&[&long, "a"]).len() <= 63);
    }

    #[test]
    fn every_phase_is_read_by_its_word() {
        for phase in Phase::ALL {
            assert_eq!(phase.word().parse::<Phase>().unwrap(), phase);
        }
        assert!("everything".parse::<Phase>().is_err());
    }
}
