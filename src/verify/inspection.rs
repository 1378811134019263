//! An inspection: one look at the database as the warden, in one snapshot, so that a running program cannot make it look
//! broken.

use std::time::Instant;

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};

use super::{Whose, canary, catalog, connect, data, plans, probe, settle, tenants, unverified};
use crate::{
    db::{DbError, Logins},
    org::OrgId,
    report::{Outcome, Report, ReportKind},
};

/// Ends with its connection, whatever becomes of whoever inspects: the snapshot, and the turn it holds.
pub struct Inspection<'a> {
    logins: &'a Logins,
    warden: PgConnection,
    began_at: DateTime<Utc>,
    began: Instant,
    database: String,
    server: String,
}

/// The advisory lock of those who take turns: any number that nothing else here uses.
const TURN: i64 = 0x0076_6572_6966_7900;

impl<'a> Inspection<'a> {
    pub async fn begin(logins: &'a Logins) -> Result<Self, DbError> {
        let (began_at, began) = (Utc::now(), Instant::now());
        let own = [
            ("DATABASE_URL", &logins.app),
            ("DATABASE_WORKER_URL", &logins.worker),
            ("DATABASE_WARDEN_URL", &logins.warden),
        ];
        logins
            .refuse_pooled(&own, "what is verified is what a connection of its own sees")
            .await?;
        let mut warden = connect(&logins.warden).await?;
        sqlx::raw_sql("begin isolation level repeatable read read only")
            .execute(&mut warden)
            .await
            .map_err(unverified)?;
        let (database, server, sees_all): (String, String, bool) = sqlx::query_as(
            "select current_database()::text, current_setting('server_version'), rolbypassrls or rolsuper
             from pg_roles where rolname = current_user",
        )
        .fetch_one(&mut warden)
        .await
        .map_err(unverified)?;
        if !sees_all {
            return Err(DbError::Missing("DATABASE_WARDEN_URL"));
        }
        Ok(Self {
            logins,
            warden,
            began_at,
            began,
            database,
            // What follows the number is the name of whoever packaged it.
            server: format!("PostgreSQL {}", server.split(' ').next().unwrap_or_default()),
        })
    }

    /// The same for those who take turns: nothing while another of them is at it.
    pub async fn begin_in_turn(logins: &'a Logins) -> Result<Option<Self>, DbError> {
        let mut inspection = Self::begin(logins).await?;
        let ours: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
            .bind(TURN)
            .fetch_one(&mut inspection.warden)
            .await
            .map_err(unverified)?;
        Ok(ours.then_some(inspection))
    }

    /// Is the catalog as it should be?
    pub async fn catalog(&mut self) -> Result<Vec<Outcome>, DbError> {
        catalog(&mut self.warden).await
    }

    /// Are the rows where they should be?
    pub async fn rows(&mut self, whose: Option<&Whose>) -> Result<Vec<Outcome>, DbError> {
        data(&mut self.warden, whose).await
    }

    /// Are the program's own logins refused what they should be refused?
    pub async fn logins(&mut self, whose: Option<&Whose>) -> Result<Vec<Outcome>, DbError> {
        probe::probe(self.logins, &mut self.warden, whose)
            .await
            .map_err(unverified)
    }

    /// Does what was planted in one organization never turn up in another?
    pub async fn canaries(&mut self) -> Result<Vec<Outcome>, DbError> {
        settle(&mut self.warden).await?;
        let tenants = tenants(&mut self.warden).await.map_err(unverified)?;
        canary::plant(self.logins, &tenants).await.map_err(unverified)
    }

    /// Do the hot statements keep their indexes under row security?
    pub async fn plans(&mut self) -> Result<Vec<Outcome>, DbError> {
        settle(&mut self.warden).await?;
        plans::examine(self.logins, &mut self.warden).await
    }

    /// Every organization there is.
    pub async fn organizations(&mut self) -> Result<Vec<Whose>, DbError> {
        sqlx::query_as("select org_id from app.clients order by org_id")
            .fetch_all(&mut self.warden)
            .await
            .map_err(unverified)
    }

    /// One of them.
    pub async fn organization(&mut self, org: &OrgId) -> Result<Whose, DbError> {
        let found = sqlx::query_as("select org_id from app.clients where org_id = $1")
            .bind(org.as_str())
            .fetch_optional(&mut self.warden)
            .await
            .map_err(unverified)?;
        found.ok_or_else(|| DbError::Unverified("the organization is gone".into()))
    }

    /// What was found, as a report.
    pub fn report(&self, outcomes: Vec<Outcome>) -> Report {
        Report::new(
            ReportKind::Isolation,
            format!("Isolation of {}", self.database),
            (self.database.clone(), self.server.clone()),
            (
                self.began_at,
                u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            ),
            outcomes,
        )
    }

    pub async fn end(self, outcomes: Vec<Outcome>) -> Result<Report, DbError> {
        let report = self.report(outcomes);
        self.warden.close().await.map_err(unverified)?;
        Ok(report)
    }
}

/// The outcomes of the catalog as members of an organization may read them: what stands in quotes there may be a value of
/// somebody else's row.
pub fn for_members(mut outcomes: Vec<Outcome>) -> Vec<Outcome> {
    for line in outcomes.iter_mut().flat_map(|outcome| &mut outcome.violations) {
        *line = without_literals(line);
    }
    outcomes
}

fn without_literals(line: &str) -> String {
    let parts = line.split('\'').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { "'…'" } else { part }).collect()
}

#[cfg(test)]
mod tests {
    use super::without_literals;

    #[test]
    fn no_value_of_a_row_is_told_to_another_organization() {
        let line = "app.agents org_open shows (org_id = 'org_b'::text) OR 'it''s'";
        let told = "app.agents org_open shows (org_id = '…'::text) OR '…''…'";
        assert_eq!(without_literals(line), told);
        assert_eq!(without_literals("cut off 'org_b"), "cut off '…'");
        assert_eq!(without_literals("nothing to hide"), "nothing to hide");
    }
}
