//! People: does what their tokens will say agree with the database?

use sqlx::PgConnection;
use switchboard::report::{Figure, Level, Outcome, thousands};

use super::Question;
use crate::{
    claims::{self, Survey},
    error::WardenError,
    plan::{ClaimsProvider, Frozen},
};

/// The provider's own word where it can be asked, and otherwise what the journal says it was told.
pub async fn ask(
    connection: &mut PgConnection,
    frozen: &Frozen,
    options: &claims::Options,
) -> Result<Outcome, WardenError> {
    let hook = frozen
        .plan
        .claims
        .as_ref()
        .is_some_and(|claims| matches!(claims.provider, ClaimsProvider::Hook { .. }));
    if hook || options.key.is_some() {
        let survey = claims::verify(connection, &frozen.plan, options, &|_| ()).await?;
        return Ok(surveyed(&survey));
    }
    let (examined, open): (i64, i64) = sqlx::query_as(
        "select count(*), count(*) filter (where state not in ('written', 'same', 'absent')) from warden.claim",
    )
    .fetch_one(connection)
    .await?;
    let lines = (open > 0).then(|| format!("{open} people are not settled; warden.claim says whose and why"));
    let mut outcome = question("Was everybody's organization written where tokens are made?").answer(
        examined,
        lines.into_iter().collect(),
        open,
    );
    let asked = format!("the journal; with {} the provider is asked itself", claims::KEY);
    outcome.figures.push(Figure::new("asked", asked));
    Ok(outcome)
}

fn surveyed(survey: &Survey) -> Outcome {
    let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let mut lines: Vec<String> = survey
        .named
        .iter()
        .map(|key| format!("the person whose key has the hash {key}"))
        .collect();
    lines.extend(survey.stopped.as_ref().map(ToString::to_string));
    // Whoever was not looked at is not known to be right.
    let unseen = survey.users.saturating_sub(survey.examined);
    let mut outcome = question("Do people's tokens say what the database says?").answer(
        signed(survey.examined),
        lines,
        signed(survey.violating() + unseen),
    );
    for (name, figure) in [
        ("the same", survey.same),
        ("missing", survey.missing),
        ("different", survey.different),
        ("not readable", survey.unread),
        ("not looked at", unseen),
    ] {
        outcome.figures.push(Figure::new(name, thousands(figure)));
    }
    outcome
}

fn question(question: &'static str) -> Question {
    Question {
        id: "people".to_owned(),
        group: "claims",
        question,
        remedy: "Run `warden claims` again; with `--overwrite` it replaces another organization that stands there.",
        level: Level::Fault,
    }
}
