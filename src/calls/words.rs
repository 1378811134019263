//! Words: an index of what was said, by organization, word and day, so that the newest calls with a word are found without
//! looking at others.
//!
//! A GIN index is of no use here: under row security Postgres asks `@@` only of rows that the policy has let through. A call is
//! searched through by itself until a job has added it to the index.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Call, CallRow};
use crate::{
    db::OrgTx,
    error::Result,
    id::Id,
    jobs::{self, Context, Failure, Job, Outcome},
    resource::{Action, Kind},
};

/// How long calls wait for others to be indexed with.
const WAIT: Duration = Duration::from_secs(120);
/// Calls that are added to the index in one transaction.
const AT_ONCE: i64 = 500;

/// Makes what was said findable. A transcript may be corrected, so its words may be written again.
pub(crate) async fn write(tx: &mut OrgTx, id: Id<Call>) -> Result<()> {
    forget(tx, &[id.uuid()]).await?;
    // Postgres holds at most a megabyte of words.
    sqlx::query!(
        "insert into app.call_texts (org_id, call_id, day, words)
         select c.org_id, c.id, (c.created_at at time zone 'UTC')::date, to_tsvector('simple', left(said.text, 500000))
         from app.calls c
         cross join lateral (
           select string_agg(m.text, ' ' order by m.seq) as text from app.call_messages m
           where m.org_id = $1 and m.call_id = $2 and m.role in ('agent', 'person')) said
         where c.org_id = $1 and c.id = $2 and said.text is not null",
        tx.org() as _,
        id.uuid(),
    )
    .execute(tx.conn())
    .await?;
    jobs::enqueue_after(tx, &IndexWords {}, WAIT).await
}

/// Takes calls out of the index, and what it was made of.
pub(crate) async fn forget(tx: &mut OrgTx, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "with gone as (
           delete from app.call_texts t where t.org_id = $1 and t.call_id = any($2) returning t.org_id, t.day, t.words, t.indexed),
         place as (
           select distinct g.org_id, g.day, left(u.lexeme, 60) as word from gone g cross join lateral unnest(g.words) u where g.indexed),
         locked as materialized (
           select w.org_id, w.word, w.day, w.calls <@ $2 as is_last from app.call_words w
           join place p on p.org_id = w.org_id and p.word = w.word and p.day = w.day
           where w.org_id = $1 order by w.word, w.day for update of w),
         dropped as (
           delete from app.call_words w using locked l
           where w.org_id = $1 and w.org_id = l.org_id and w.word = l.word and w.day = l.day and l.is_last)
         update app.call_words w set calls = array(select u.id from unnest(w.calls) u (id) where u.id <> all($2))
         from locked l where w.org_id = $1 and w.org_id = l.org_id and w.word = l.word and w.day = l.day and not l.is_last",
        tx.org() as _,
        ids,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Adds to the index what was said since it was last added to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IndexWords {}

impl Job for IndexWords {
    const NAME: &'static str = "index_words";

    fn dedup_key(&self) -> Option<String> {
        Some(String::new())
    }

    async fn run(self, context: Context) -> Result<Outcome, Failure> {
        let caller = context.caller()?;
        loop {
            let mut tx = caller.begin(&context.core.db, Action::Update, Kind::Call).await?;
            context.lease.hold(tx.conn()).await?;
            let added = add(&mut tx).await?;
            tx.commit().await?;
            if added < AT_ONCE {
                return Ok(Outcome::Done);
            }
        }
    }
}

/// Answers how many calls were added.
async fn add(tx: &mut OrgTx) -> Result<i64> {
    let due: Vec<Uuid> = sqlx::query!(
        "select t.call_id from app.call_texts t where t.org_id = $1 and not t.indexed order by t.call_id limit $2 for update",
        tx.org() as _,
        AT_ONCE,
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(|row| row.call_id.uuid())
    .collect();
    sqlx::query!(
        "insert into app.call_words as w (org_id, word, day, calls)
         select t.org_id, u.word, t.day, array_agg(t.call_id)
         from app.call_texts t cross join lateral (select distinct left(x.lexeme, 60) as word from unnest(t.words) x) u
         where t.org_id = $1 and t.call_id = any($2)
         group by t.org_id, u.word, t.day order by u.word, t.day
         on conflict (org_id, word, day) do update set calls = w.calls || excluded.calls",
        tx.org() as _,
        &due,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update app.call_texts set indexed = true where org_id = $1 and call_id = any($2)",
        tx.org() as _,
        &due,
    )
    .execute(tx.conn())
    .await?;
    Ok(due.len() as i64)
}

/// The words that every call must have that is searched for; nothing where that cannot be said, as where one or another will do.
fn needed(said: &str) -> Option<String> {
    let words: Vec<&str> = said.split_whitespace().collect();
    let either = words.iter().any(|word| word.eq_ignore_ascii_case("or"));
    let without_phrase = words.iter().any(|word| word.starts_with("-\""));
    if either || without_phrase {
        return None;
    }
    let words: Vec<&str> = words.into_iter().filter(|word| !word.starts_with('-')).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Calls that may have been searched for, from the newest day on.
pub(crate) struct Candidates {
    words: Vec<String>,
    /// Those to look at next are at the end.
    days: Vec<NaiveDate>,
    pub ids: Vec<Uuid>,
    /// How many days are looked at next.
    step: usize,
    reached: Option<NaiveDate>,
}

impl Candidates {
    /// Of calls placed at `from` or later and at `until` or before. Nothing where all calls have to be looked at.
    pub(crate) async fn of(
        tx: &mut OrgTx,
        said: &str,
        from: Option<DateTime<Utc>>,
        until: DateTime<Utc>,
    ) -> Result<Option<Self>> {
        let Some(needed) = needed(said) else {
            return Ok(None);
        };
        let words: Vec<String> = sqlx::query_scalar!(
            r#"select distinct left(u.lexeme, 60) as "word!" from unnest(to_tsvector('simple', $1)) u"#,
            needed,
        )
        .fetch_all(tx.conn())
        .await?;
        if words.is_empty() {
            return Ok(None);
        }
        let days = sqlx::query_scalar!(
            "select w.day from app.call_words w
             where w.org_id = $1 and w.word = any($2) and ($3::date is null or w.day >= $3) and w.day <= $4
             group by w.day having count(*) = cardinality($2) order by w.day",
            tx.org() as _,
            &words,
            from.map(|at| at.date_naive()),
            until.date_naive(),
        )
        .fetch_all(tx.conn())
        .await?;
        // Not indexed yet, so they are all looked at.
        let ids = sqlx::query!(
            "select t.call_id from app.call_texts t where t.org_id = $1 and not t.indexed",
            tx.org() as _,
        )
        .fetch_all(tx.conn())
        .await?;
        Ok(Some(Self {
            words,
            days,
            ids: ids.into_iter().map(|row| row.call_id.uuid()).collect(),
            step: 1,
            reached: None,
        }))
    }

    /// Takes the calls of some more days; false where there are none.
    pub(crate) async fn take(&mut self, tx: &mut OrgTx) -> Result<bool> {
        let days = self.days.split_off(self.days.len().saturating_sub(self.step));
        let Some(first) = days.first().copied() else {
            return Ok(false);
        };
        self.step *= 4;
        self.reached = Some(first);
        let found = sqlx::query_scalar!(
            r#"select found.id as "id!" from app.call_words w cross join lateral unnest(w.calls) found (id)
               where w.org_id = $1 and w.word = any($2) and w.day = any($3)
               group by found.id having count(*) = cardinality($2)"#,
            tx.org() as _,
            &self.words,
            &days,
        )
        .fetch_all(tx.conn())
        .await?;
        self.ids.extend(found);
        Ok(true)
    }

    /// Whether no call of a day that was not looked at could be among these.
    pub(crate) fn are_all(&self, rows: &[CallRow], wanted: usize) -> bool {
        let oldest = rows
            .get(wanted.saturating_sub(1))
            .map(|row| row.created_at.date_naive());
        self.days.is_empty()
            || oldest
                .zip(self.reached)
                .is_some_and(|(oldest, reached)| oldest >= reached)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_that_must_be_there_are_looked_up() {
        for (said, words) in [
            ("parcel Zürich", Some("parcel Zürich")),
            ("\"went to\" Zürich", Some("\"went to\" Zürich")),
            ("parcel -lost", Some("parcel")),
            ("-lost", None),
            ("one OR another", None),
            ("parcel -\"went to\"", None),
        ] {
            assert_eq!(needed(said).as_deref(), words, "{said}");
        }
    }
}
