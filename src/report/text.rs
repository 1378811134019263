//! A report for a terminal: one line for each question, more only where there is something to say.

use std::fmt;

use super::{Level, Outcome, Report, State};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} on {}", self.database, self.server)?;
        for (group, outcomes) in self.groups() {
            writeln!(f, "\n{group}")?;
            for outcome in outcomes {
                write!(f, "{outcome}")?;
            }
        }
        let not_asked = |outcome: &&Outcome| outcome.state == State::NotAsked;
        let asked = self.outcomes.len() - self.outcomes.iter().filter(not_asked).count();
        let took = self.took_ms;
        match self.broken().count() {
            0 => writeln!(f, "\n{asked} questions, all answered yes ({took} ms)"),
            broken => writeln!(f, "\n{asked} questions, {broken} answered no ({took} ms)"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match (self.state, self.level) {
            (State::Holds, _) => "ok  ",
            (State::Empty, _) => "none",
            (State::NotAsked, _) => "--  ",
            (State::Vacuous, _) | (State::Broken, Level::Fault) => "NO  ",
            (State::Broken, Level::Advice) => "note",
        };
        writeln!(
            f,
            "{mark} {:<22} {:>7} examined  {}",
            self.id, self.examined, self.question
        )?;
        for figure in &self.figures {
            writeln!(f, "     {}: {}", figure.name, figure.value)?;
        }
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
            for text in [&self.means, &self.remedy] {
                if !text.is_empty() {
                    writeln!(f, "     {text}")?;
                }
            }
        }
        Ok(())
    }
}
