//! Writing the claim of everybody: looked at first, meant in the journal, written, and then known.

use std::collections::HashSet;

use futures_util::{StreamExt, stream::FuturesUnordered};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{
    Breaker, ClaimsError, Options, Outcome, Progress, Stop,
    decide::{Decision, Person, State},
    fault::Fault,
    journal::{self, Journal, Row},
    provider::{AT_ONCE, Found, Look, Provider, Standing},
    target::Target,
};
use crate::{plan::Plan, throttle::is_paused};

/// Writes the organization of everybody who has exactly one, where it does not stand already.
///
/// Ended at any moment, the next run goes on: who is done is not asked about again.
///
/// # Errors
/// When it cannot begin, or the database fails. How people fared, and why it stopped early, is in the outcome.
pub async fn run(
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
    let users = u64::try_from(journal.users(connection).await?).unwrap_or_default();
    let shared = journal.shared(connection).await?;
    let mut run = Run {
        options,
        journal,
        shared,
        breaker: Breaker::new(options),
        progress: Progress {
            users,
            ..Progress::default()
        },
    };
    let mut after: Option<String> = None;
    loop {
        let batch = options.batch.get();
        let people = run.journal.page(connection, after.as_deref(), batch).await?;
        let Some(last) = people.last() else { break };
        after = Some(last.key.clone());
        let stopped = run.batch(connection, &target, people).await?;
        progress(run.progress);
        let stopped = match stopped {
            None if is_paused(connection).await? => Some(Stop::Paused),
            stopped => stopped,
        };
        if stopped.is_some() {
            return Ok(run.outcome(stopped));
        }
    }
    Ok(run.outcome(None))
}

struct Run<'a> {
    options: &'a Options,
    journal: Journal,
    shared: HashSet<String>,
    breaker: Breaker,
    progress: Progress,
}

/// A claim that is about to be written.
struct Write {
    row: Row,
    subject: String,
    org: String,
    found: Found,
}

impl Run<'_> {
    fn outcome(self, stopped: Option<Stop>) -> Outcome {
        if let Some(stop) = &stopped {
            tracing::warn!(%stop, examined = self.progress.examined, "claims stopped early");
        }
        Outcome {
            progress: self.progress,
            stopped,
        }
    }

    async fn batch(
        &mut self,
        connection: &mut PgConnection,
        target: &Target,
        people: Vec<Person>,
    ) -> Result<Option<Stop>, ClaimsError> {
        let all = people.len() as u64;
        let open: Vec<Person> = people
            .into_iter()
            .filter(Person::is_open)
            .map(Person::under_this_id)
            .collect();
        self.progress.examined += all;
        self.progress.settled += all - open.len() as u64;
        let looks = target.look(&open, &self.shared).await;
        let stopped = looks.iter().find_map(|look| self.breaker.heard(look));
        let (mut rows, mut writes) = self.sort(&open, looks);
        if self.options.dry_run {
            self.progress.written += writes.len() as u64;
            return Ok(stopped);
        }
        if stopped.is_some() {
            writes.clear();
        }
        let later = match target {
            Target::Provider(provider) => {
                rows.extend(writes.iter().map(|write| write.row.clone()));
                self.journal.record(connection, &rows).await?;
                self.write(connection, provider, writes).await?
            }
            Target::Hook(function) => self.call(connection, function, rows, writes).await?,
        };
        Ok(stopped.or(later))
    }

    /// Who is settled by what stands there, and who is to be written.
    fn sort(&mut self, people: &[Person], looks: Vec<Look>) -> (Vec<Row>, Vec<Write>) {
        let (mut rows, mut writes) = (Vec::new(), Vec::new());
        for (person, look) in people.iter().zip(looks) {
            match person.decide(&look, self.options.overwrite) {
                Decision::Settled(state) => rows.push(self.settled(person, state, &look)),
                Decision::Failed(fault) => rows.push(self.failed(Row::of(person, State::Failed), &fault)),
                Decision::Write { before } => {
                    let (Some(org), Some(subject), Ok(found)) = (person.org.clone(), person.subject.clone(), look)
                    else {
                        unreachable!("only who has an organization and was found is written")
                    };
                    let row = Row {
                        before,
                        sent: Some(org.clone()),
                        attempts: person.attempts + 1,
                        ..Row::of(person, State::Pending)
                    };
                    writes.push(Write {
                        row,
                        subject,
                        org,
                        found,
                    });
                }
            }
        }
        (rows, writes)
    }

    fn settled(&mut self, person: &Person, state: State, look: &Look) -> Row {
        self.progress.count(state);
        let mut row = Row::of(person, state);
        if let Ok(found) = look {
            if !person.made(&found.standing) {
                (row.wrote, row.sent) = (None, None);
            }
            if state == State::Mismatch {
                row.error = Some(stands(&found.standing));
            }
        }
        if state == State::Written {
            (row.wrote, row.sent) = (person.org.clone(), None);
        }
        row
    }

    fn failed(&mut self, mut row: Row, fault: &Fault) -> Row {
        self.progress.count(State::Failed);
        self.progress.unknown += u64::from(*fault == Fault::Unknown);
        row.state = State::Failed;
        row.error = Some(fault.to_string());
        row
    }

    /// What became of a write: known to be there, known not to be there, or unknown, which the next look finds out.
    fn learned(&mut self, mut row: Row, result: &Result<(), Fault>) -> Row {
        match result {
            Ok(()) => {
                self.progress.count(State::Written);
                (row.wrote, row.sent) = (row.sent.take(), None);
                row.state = State::Written;
                row
            }
            Err(fault) => {
                if !fault.may_have_acted() {
                    row.sent = None;
                }
                self.failed(row, fault)
            }
        }
    }

    /// A few at once. When it has to stop, those under way are waited for and nobody else begins.
    async fn write(
        &mut self,
        connection: &mut PgConnection,
        provider: &Provider,
        writes: Vec<Write>,
    ) -> Result<Option<Stop>, ClaimsError> {
        let mut waiting = writes.into_iter().map(|write| send(provider, write));
        let mut under_way: FuturesUnordered<_> = waiting.by_ref().take(AT_ONCE).collect();
        let mut stopped = None;
        while let Some((row, result)) = under_way.next().await {
            let heard = self.breaker.heard(&result);
            let row = self.learned(row, &result);
            self.journal.record(connection, &[row]).await?;
            stopped = stopped.or(heard);
            if stopped.is_none() {
                under_way.extend(waiting.next());
            }
        }
        Ok(stopped)
    }

    /// The operator's function, for a whole batch in one transaction with the journal: either both know of it or neither.
    async fn call(
        &mut self,
        connection: &mut PgConnection,
        function: &str,
        mut rows: Vec<Row>,
        writes: Vec<Write>,
    ) -> Result<Option<Stop>, ClaimsError> {
        let mut transaction = connection.begin().await?;
        let mut stopped = None;
        for write in writes {
            let result = told(&mut transaction, function, &write.subject, Some(&write.org)).await?;
            stopped = self.breaker.heard(&result);
            rows.push(self.learned(write.row, &result));
            if stopped.is_some() {
                break;
            }
        }
        self.journal.record(&mut transaction, &rows).await?;
        transaction.commit().await?;
        Ok(stopped)
    }
}

async fn send(provider: &Provider, write: Write) -> (Row, Result<(), Fault>) {
    let result = provider.write(&write.subject, Some(&write.org), &write.found).await;
    (write.row, result)
}

/// Calls the operator's function for one person. What it did before it failed is undone, for this person alone.
pub async fn told(
    transaction: &mut PgConnection,
    function: &str,
    subject: &str,
    org: Option<&str>,
) -> Result<Result<(), Fault>, ClaimsError> {
    let mut point = transaction.begin().await?;
    let call = AssertSqlSafe(format!("select {function}($1::text, $2::text)"));
    let result = sqlx::query(call).bind(subject).bind(org).execute(&mut *point).await;
    match result {
        Ok(_) => {
            point.commit().await?;
            Ok(Ok(()))
        }
        Err(sqlx::Error::Database(error)) => {
            point.rollback().await?;
            // Its message may hold anything; the database's own log has it.
            Ok(Err(Fault::Raised(error.code().unwrap_or_default().into_owned())))
        }
        Err(error) => Err(error.into()),
    }
}

fn stands(standing: &Standing) -> String {
    match standing {
        Standing::Org(org) => format!("`{org:.200}` stands there"),
        Standing::Odd => "something stands there that is no organization".to_owned(),
        Standing::Nothing => "nothing stands there".to_owned(),
    }
}
