//! Questions: what verify asks, and how an answer is counted.

use crate::report::{Level, NAMED, Outcome, State, thousands};

/// A question, before it is answered.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    pub id: &'static str,
    pub question: &'static str,
    pub means: &'static str,
    pub level: Level,
    /// Whether there may be nothing to examine.
    pub optional: bool,
}

/// Questions that are asked together, and what to do where one of them is answered no.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    pub name: &'static str,
    pub remedy: &'static str,
}

/// How much was examined, and what was wrong with it.
#[derive(Debug, Default)]
pub struct Count {
    pub examined: u64,
    pub violating: u64,
    pub violations: Vec<String>,
    pub empty: Vec<String>,
}

impl Question {
    pub const fn new(id: &'static str, question: &'static str, means: &'static str) -> Question {
        Question {
            id,
            question,
            means,
            level: Level::Fault,
            optional: false,
        }
    }

    /// The same, where there may be nothing to examine.
    pub const fn optional(self) -> Question {
        Question { optional: true, ..self }
    }

    pub fn answered(self, group: Group, count: Count) -> Outcome {
        let state = match (count.violating, count.examined) {
            (1.., _) => State::Broken,
            (0, 1..) => State::Holds,
            (0, 0) if self.optional => State::Empty,
            (0, 0) => State::Vacuous,
        };
        let mut violations = count.violations;
        if violations.len() > NAMED {
            let more = violations.len() - NAMED;
            violations.truncate(NAMED);
            violations.push(format!("and {} more", thousands(more as u64)));
        }
        Outcome {
            id: self.id.into(),
            group: group.name.into(),
            question: self.question.into(),
            means: self.means.into(),
            remedy: group.remedy.into(),
            level: self.level,
            state,
            examined: count.examined,
            violating: count.violating,
            violations,
            empty: count.empty,
            figures: Vec::new(),
        }
    }
}

impl Count {
    /// Adds what was found in one table: how many rows were looked at, and how many of them are wrong, and how.
    pub fn rows(&mut self, table: &str, examined: u64, violating: u64, wrong: &str) {
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
    pub fn attempt(&mut self, fault: Option<String>) {
        self.examined += 1;
        if let Some(fault) = fault {
            self.violating += 1;
            self.violations.push(fault);
        }
    }
}
