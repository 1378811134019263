//! The report: what was asked, how much was looked at, and what was found, for people and for machines.

use std::{fmt, time::Duration};

use serde::{Serialize, Serializer};

#[derive(Debug, Serialize)]
pub struct Report {
    pub database: String,
    pub server: String,
    pub clean: bool,
    #[serde(rename = "took_ms", serialize_with = "milliseconds")]
    pub took: Duration,
    pub outcomes: Vec<Outcome>,
}

/// The answer to one question.
#[derive(Debug, Serialize)]
pub struct Outcome {
    pub id: &'static str,
    pub question: &'static str,
    /// What a fault would mean.
    pub means: &'static str,
    pub level: Level,
    pub state: State,
    pub examined: u64,
    pub violating: u64,
    /// What is wrong, one line each; for rows, one line for each table.
    pub violations: Vec<String>,
    /// What had nothing in it to examine.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub empty: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Fault,
    /// Said, but not held against the database.
    Advice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Holds,
    Broken,
    /// There was nothing to examine, and there may be nothing.
    Empty,
    /// There was nothing to examine where there must be something, so nothing was shown.
    Vacuous,
}

/// A question, before it is answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    pub id: &'static str,
    pub question: &'static str,
    pub means: &'static str,
    pub level: Level,
    /// Whether there may be nothing to examine.
    pub optional: bool,
}

/// How much was examined, and what was wrong with it.
#[derive(Debug, Default)]
pub(super) struct Count {
    pub examined: u64,
    pub violating: u64,
    pub violations: Vec<String>,
    pub empty: Vec<String>,
}

impl Question {
    pub(super) const fn new(id: &'static str, question: &'static str, means: &'static str) -> Question {
        Question {
            id,
            question,
            means,
            level: Level::Fault,
            optional: false,
        }
    }

    pub(super) const fn optional(self) -> Question {
        Question { optional: true, ..self }
    }

    pub(super) fn answered(self, count: Count) -> Outcome {
        let state = match (count.violating, count.examined) {
            (1.., _) => State::Broken,
            (0, 1..) => State::Holds,
            (0, 0) if self.optional => State::Empty,
            (0, 0) => State::Vacuous,
        };
        Outcome {
            id: self.id,
            question: self.question,
            means: self.means,
            level: self.level,
            state,
            examined: count.examined,
            violating: count.violating,
            violations: count.violations,
            empty: count.empty,
        }
    }
}

impl Count {
    /// Adds what was found in one table: how many rows were looked at, and how many of them are wrong, and how.
    pub(super) fn rows(&mut self, table: &str, examined: u64, violating: u64, wrong: &str) {
        if examined == 0 {
            self.empty.push(table.to_owned());
        }
        if violating > 0 {
            self.violations
                .push(format!("{table}: {violating} of {examined} rows {wrong}"));
        }
        self.examined += examined;
        self.violating += violating;
    }

    /// Adds one attempt: what was tried, and what is wrong with how it ended.
    pub(super) fn attempt(&mut self, fault: Option<String>) {
        self.examined += 1;
        if let Some(fault) = fault {
            self.violating += 1;
            self.violations.push(fault);
        }
    }
}

impl Outcome {
    /// Whether the database may be trusted as far as this question goes.
    pub fn clean(&self) -> bool {
        self.level == Level::Advice || matches!(self.state, State::Holds | State::Empty)
    }
}

impl Report {
    /// The questions whose answer is no.
    pub fn broken(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| !outcome.clean())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} on {}\n", self.database, self.server)?;
        for outcome in &self.outcomes {
            write!(f, "{outcome}")?;
        }
        let (asked, broken) = (self.outcomes.len(), self.broken().count());
        let took = self.took.as_millis();
        match broken {
            0 => writeln!(f, "\n{asked} questions, all answered yes ({took} ms)"),
            _ => writeln!(f, "\n{asked} questions, {broken} answered no ({took} ms)"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match (self.state, self.level) {
            (State::Holds, _) => "ok  ",
            (State::Empty, _) => "none",
            (State::Vacuous, _) | (State::Broken, Level::Fault) => "NO  ",
            (State::Broken, Level::Advice) => "note",
        };
        writeln!(
            f,
            "{mark} {:<22} {:>7} examined  {}",
            self.id, self.examined, self.question
        )?;
        if !self.empty.is_empty() {
            writeln!(f, "     nothing in {}", self.empty.join(", "))?;
        }
        if self.state == State::Vacuous {
            writeln!(f, "     there was nothing to examine, so nothing is shown")?;
        }
        for violation in &self.violations {
            writeln!(f, "     - {violation}")?;
        }
        if matches!(self.state, State::Broken | State::Vacuous) {
            writeln!(f, "     {}", self.means)?;
        }
        Ok(())
    }
}

fn milliseconds<S: Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u128(took.as_millis())
}
