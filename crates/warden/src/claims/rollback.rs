//! Taking back what was written, and nothing else.

use std::collections::HashSet;

use sqlx::{Connection, PgConnection};

use super::{
    Breaker, ClaimsError, Options, Outcome, Progress, Stop,
    decide::{Person, State},
    fault::Fault,
    journal::{self, Journal, Row},
    provider::{Look, Standing},
    run::told,
    target::Target,
};
use crate::{plan::Plan, throttle::is_paused};

/// Where the value that we wrote still stands, puts back what stood before: nothing, or what `overwrite` replaced.
/// What somebody else has written since is left alone and counted as a mismatch.
///
/// # Errors
/// As [`super::run`].
pub async fn rollback(
    connection: &mut PgConnection,
    plan: &Plan,
    options: &Options,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Outcome, ClaimsError> {
    let claims = plan.claims.as_ref().ok_or(ClaimsError::NoClaims)?;
    let target = Target::new(connection, claims, options).await?;
    if !options.dry_run {
        journal::prepare(connection, plan).await?;
    }
    let journal = Journal::open(connection, plan).await?;
    let mut back = Back {
        options,
        journal,
        breaker: Breaker::new(options),
        progress: Progress::default(),
    };
    let mut after: Option<String> = None;
    let mut stopped = None;
    while stopped.is_none() {
        let batch = options.batch.get();
        let people = back.journal.written(connection, after.as_deref(), batch).await?;
        let Some(last) = people.last() else { break };
        after = Some(last.key.clone());
        stopped = back.batch(connection, &target, people).await?;
        progress(back.progress);
        if stopped.is_none() && is_paused(connection).await? {
            stopped = Some(Stop::Paused);
        }
    }
    Ok(Outcome {
        progress: back.progress,
        stopped,
    })
}

struct Back<'a> {
    options: &'a Options,
    journal: Journal,
    breaker: Breaker,
    progress: Progress,
}

impl Back<'_> {
    async fn batch(
        &mut self,
        connection: &mut PgConnection,
        target: &Target,
        people: Vec<Person>,
    ) -> Result<Option<Stop>, ClaimsError> {
        let (here, gone): (Vec<_>, Vec<_>) = people
            .into_iter()
            .partition(|person| person.subject.is_some() && person.seen_subject == person.subject_hash());
        self.progress.users += (here.len() + gone.len()) as u64;
        self.progress.examined += (here.len() + gone.len()) as u64;
        for person in &gone {
            self.end(connection, person, Err(Fault::Gone)).await?;
        }
        for (person, look) in here.iter().zip(target.look(&here, &HashSet::new()).await) {
            let mut stopped = self.breaker.heard(&look);
            if stopped.is_none() {
                stopped = self.person(connection, target, person, look).await?;
            }
            if stopped.is_some() {
                return Ok(stopped);
            }
        }
        Ok(None)
    }

    async fn person(
        &mut self,
        connection: &mut PgConnection,
        target: &Target,
        person: &Person,
        look: Look,
    ) -> Result<Option<Stop>, ClaimsError> {
        let before = person.before.clone().map_or(Standing::Nothing, Standing::Org);
        let found = match look {
            Err(Fault::Unknown) => return self.end(connection, person, Ok(State::Removed)).await,
            Err(fault) => return self.end(connection, person, Err(fault)).await,
            // Also when an earlier attempt arrived and its answer did not.
            Ok(found) if found.standing == before => return self.end(connection, person, Ok(State::Removed)).await,
            Ok(found) if !person.made(&found.standing) => {
                return self.end(connection, person, Ok(State::Mismatch)).await;
            }
            Ok(found) => found,
        };
        if self.options.dry_run {
            self.progress.count(State::Removed);
            return Ok(None);
        }
        let subject = person.subject.as_deref().unwrap_or_default();
        let org = person.before.as_deref();
        match target {
            Target::Provider(provider) => {
                let result = provider.write(subject, org, &found).await;
                let stopped = self.breaker.heard(&result);
                self.end(connection, person, result.map(|()| State::Removed)).await?;
                Ok(stopped)
            }
            Target::Hook(function) => {
                let mut transaction = connection.begin().await?;
                let result = told(&mut transaction, function, subject, org).await?;
                let stopped = self.breaker.heard(&result);
                self.end(&mut transaction, person, result.map(|()| State::Removed))
                    .await?;
                transaction.commit().await?;
                Ok(stopped)
            }
        }
    }

    /// Writes down what became of somebody. What is taken back, or somebody else's by now, is no longer ours.
    async fn end(
        &mut self,
        connection: &mut PgConnection,
        person: &Person,
        result: Result<State, Fault>,
    ) -> Result<Option<Stop>, ClaimsError> {
        let state = *result.as_ref().unwrap_or(&State::Failed);
        self.progress.count(state);
        if self.options.dry_run {
            return Ok(None);
        }
        let mut row = Row {
            subject: person.seen_subject.clone(),
            error: result.as_ref().err().map(Fault::to_string),
            ..Row::of(person, state)
        };
        if result.is_ok() {
            (row.wrote, row.sent, row.before) = (None, None, None);
        }
        self.journal.record(connection, &[row]).await?;
        Ok(None)
    }
}
