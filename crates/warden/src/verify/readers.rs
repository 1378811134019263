//! Readers: does anything show a program more than row security does?

use sqlx::PgConnection;
use switchboard::report::Level;

use super::{Asked, Question};
use crate::{error::WardenError, hazards::readers::past};

impl Asked<'_> {
    /// Views and functions that read as their owner: those that the plan lets be are debts, all others are faults.
    pub(super) async fn readers(&mut self, connection: &mut PgConnection) -> Result<(), WardenError> {
        let plan = &self.frozen.plan;
        let past = past(connection, plan, self.now).await?;
        let examined = i64::try_from(past.examined).unwrap_or(i64::MAX);
        let (meant, others): (Vec<_>, Vec<_>) = past
            .found
            .iter()
            .partition(|reader| plan.seal.reads_as_owner.contains(&reader.name));
        for (id, question, remedy, level, readers) in [
            (
                "reads-as-owner",
                "Does every view and function read the tables as the program that asks?",
                "Let it read as whoever asks, drop it, or look at it and name it under seal.reads_as_owner in a new plan.",
                Level::Fault,
                others,
            ),
            (
                "let-be",
                "Is nothing there that the plan lets read as its owner?",
                "The plan says so; see to it that it keeps organizations apart itself, or that no program reads it.",
                Level::Advice,
                meant,
            ),
        ] {
            let lines: Vec<_> = readers.into_iter().map(|reader| reader.line()).collect();
            let violating = i64::try_from(lines.len()).unwrap_or(i64::MAX);
            let question = Question {
                id: id.to_owned(),
                group: "seal",
                question,
                remedy,
                level,
            };
            self.outcomes.push(question.answer(examined, lines, violating));
        }
        Ok(())
    }
}
