//! The session: one connection, known by its name, alone in its database, and never blind.

mod unfit;

use pooler::{Pooling, pooling};
use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};

use crate::{
    catalog::Catalog,
    error::{WardenError, code},
    plan::{Kind, Plan},
    steps::Made,
};

/// What every statement of ours runs under. Names stand in full, a filter is an error, and no text depends on where we are.
const SETTINGS: &str = "
    set search_path = pg_catalog; set row_security = off; set timezone = 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'postgres';
    set standard_conforming_strings = on; set check_function_bodies = off; set client_min_messages = warning; set jit = off;
    set statement_timeout = 0; set idle_in_transaction_session_timeout = 0";

pub struct Session {
    pub connection: PgConnection,
    pub role: String,
    /// Sees every row, whatever row security says.
    pub sees_all: bool,
    /// May keep other people's triggers from running for rows that it fills.
    pub can_disable_triggers: bool,
}

impl Session {
    /// Connects.
    ///
    /// # Errors
    /// When the database cannot be reached, or only through a pooler that shares connections between transactions.
    pub async fn open(login: &PgConnectOptions) -> Result<Self, WardenError> {
        if pooling(login).await? != Pooling::Session {
            return Err(WardenError::Pooled);
        }
        let login = login.clone().application_name("warden").statement_cache_capacity(64);
        let mut connection = login.connect().await?;
        sqlx::raw_sql(SETTINGS).execute(&mut connection).await?;
        let (role, sees_all, superuser, server): (String, bool, bool, i32) = sqlx::query_as(
            "select current_user::text, rolsuper or rolbypassrls, rolsuper, current_setting('server_version_num')::int
             from pg_roles where rolname = current_user",
        )
        .fetch_one(&mut connection)
        .await?;
        // Since 15 it can be granted.
        let granted = "select has_parameter_privilege('session_replication_role', 'set')";
        let can_disable_triggers =
            superuser || server >= 150_000 && sqlx::query_scalar(granted).fetch_one(&mut connection).await?;
        Ok(Self {
            connection,
            role,
            sees_all,
            can_disable_triggers,
        })
    }

    /// Makes sure that nobody else carries out a plan here. The lock goes with the connection, however that ends.
    ///
    /// # Errors
    /// [`WardenError::Busy`] with whoever it is.
    pub async fn lock_exclusively(&mut self) -> Result<(), WardenError> {
        // Whoever was killed is there until the server has noticed.
        let got = sqlx::raw_sql(
            "begin; set local lock_timeout = '2s'; select pg_advisory_lock(hashtextextended('warden', 0)); commit",
        )
        .execute(&mut self.connection)
        .await;
        match got {
            Ok(_) => return Ok(()),
            Err(error) if code(&error).as_deref() == Some("55P03") => {
                sqlx::raw_sql("rollback").execute(&mut self.connection).await?;
            }
            Err(error) => return Err(error.into()),
        }
        let holder: Option<String> = sqlx::query_scalar(
            "select format('pid %s, since %s', a.pid, date_trunc('second', a.backend_start))
             from pg_locks l join pg_stat_activity a using (pid)
             where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
               and ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended('warden', 0)",
        )
        .fetch_optional(&mut self.connection)
        .await?;
        Err(WardenError::Busy(
            holder.unwrap_or_else(|| "it has just left".to_owned()),
        ))
    }

    /// Refuses to go on where row security would hide rows, or where the role may not do what the plan needs.
    ///
    /// # Errors
    /// [`WardenError::Blind`], [`WardenError::Unfit`] or [`WardenError::Rights`].
    pub async fn check_preconditions(&mut self, plan: &Plan, catalog: &Catalog) -> Result<(), WardenError> {
        self.sees(plan, catalog)?;
        let unfit = unfit::look(&mut self.connection, plan).await?;
        if !unfit.is_empty() {
            return Err(WardenError::Unfit(unfit));
        }
        let owned: Vec<String> = plan.owned().map(|table| table.name.sql()).collect();
        let mut missing: Vec<String> = sqlx::query_scalar(
            "select t || ' belongs to ' || pg_get_userbyid(c.relowner) || ', and only its owner may change it'
             from unnest($1::text[]) t join pg_class c on c.oid = to_regclass(t)
             where not pg_has_role(current_user, c.relowner, 'usage')",
        )
        .bind(&owned)
        .fetch_all(&mut self.connection)
        .await?;
        if !self.can_disable_triggers {
            missing.extend(firing_triggers(plan, catalog));
        }
        let creates: bool = sqlx::query_scalar("select has_database_privilege(current_database(), 'create')")
            .fetch_one(&mut self.connection)
            .await?;
        if !creates {
            missing.push("it may not create schemas in this database".to_owned());
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(WardenError::Rights {
                role: self.role.clone(),
                missing,
            })
        }
    }

    /// Refuses where row security would hide rows: what is not seen would count as right.
    ///
    /// # Errors
    /// [`WardenError::Blind`].
    pub fn sees(&self, plan: &Plan, catalog: &Catalog) -> Result<(), WardenError> {
        let planned = |kind: Kind| matches!(kind, Kind::Owned | Kind::Global);
        if !self.sees_all {
            for table in catalog.tables.iter().filter(|table| table.row_security) {
                let matters = plan.table(&table.name).is_some_and(|table| planned(table.kind)) || table.is_part();
                // An owner sees what is not forced.
                let owns = table.owner == self.role && !table.row_security_forced;
                if matters && !owns {
                    return Err(WardenError::Blind {
                        role: self.role.clone(),
                        table: table.name.to_string(),
                    });
                }
            }
        }
        Ok(())
    }

    /// # Errors
    /// When the connection is gone already.
    pub async fn close(mut self) -> Result<(), WardenError> {
        // The server notices a closed connection when it gets to it; the next command may be there before.
        sqlx::raw_sql("select pg_advisory_unlock_all()")
            .execute(&mut self.connection)
            .await?;
        Ok(self.connection.close().await?)
    }
}

/// Triggers that would run for every row that is filled, as if programs had changed it: they touch dates, count, or send mail.
fn firing_triggers(plan: &Plan, catalog: &Catalog) -> Vec<String> {
    let made = Made::by(plan, catalog);
    let mut firing = Vec::new();
    for table in plan.owned().filter_map(|table| catalog.table(&table.name)) {
        let runs = table.triggers.iter().filter(|trigger| {
            let definition = &trigger.definition;
            definition.contains(" UPDATE")
                && !definition.contains(" UPDATE OF ")
                && !made.has(&table.name, &trigger.name)
        });
        firing.extend(runs.map(|trigger| {
            format!(
                "it may not set session_replication_role, so the trigger {} would run for every row of {}: grant it (grant set on parameter), or \
                 connect as a superuser",
                trigger.name, table.name
            )
        }));
    }
    firing
}

#[cfg(test)]
mod tests {
    use testing::{Database, PgBouncer};

    use super::*;

    #[tokio::test]
    async fn a_pooler_is_refused_unless_it_leaves_a_session_its_connection() {
        let test = Database::empty().await;
        let roles = [test.options.get_username()];
        let sessions = PgBouncer::start(&roles, "pool_mode = session").await;
        Session::open(&sessions.through(&test.options)).await.unwrap();
        let transactions = PgBouncer::start(&roles, "pool_mode = transaction").await;
        let refused = Session::open(&transactions.through(&test.options)).await.err();
        assert!(matches!(refused, Some(WardenError::Pooled)), "{refused:?}");
    }
}
