//! Migrations: roles as the administrator, everything else as the warden.

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection,
    migrate::{Migrate, MigrateError, Migrator},
};

use super::{DbError, Logins, describe, statements::statements};

pub static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// The text of `roles.sql`; running it again changes nothing.
pub const ROLES: &str = include_str!("roles.sql");

/// Brings the database to the schema of this program.
pub async fn migrate(logins: &Logins) -> Result<(), DbError> {
    let failed = |error: sqlx::Error| DbError::Migration(describe(&error));
    let own = [
        ("DATABASE_ADMIN_URL", &logins.admin),
        ("DATABASE_WARDEN_URL", &logins.warden),
    ];
    logins
        .refuse_pooled(&own, "a migration holds a lock on a connection of its own")
        .await?;
    let mut admin = logins
        .admin
        .connect()
        .await
        .map_err(|error| DbError::Unreachable(describe(&error)))?;
    admin.execute(ROLES).await.map_err(failed)?;
    admin.close().await.map_err(failed)?;
    // As the warden: an owner under forced row security would migrate no rows and call it a success.
    let mut warden = logins
        .warden
        .connect()
        .await
        .map_err(|error| DbError::Unreachable(describe(&error)))?;
    apply(&MIGRATOR, &mut warden)
        .await
        .map_err(|error| DbError::Migration(error.to_string()))?;
    warden.close().await.map_err(failed)
}

/// As `Migrator::run` does it, but for one thing: a migration is not sent whole. Where Postgres is spread over several servers
/// many statements are refused in company, and here each goes as a message that can hold no second one.
async fn apply(migrator: &Migrator, warden: &mut PgConnection) -> Result<(), MigrateError> {
    let journal = &migrator.table_name;
    warden.lock().await?;
    warden.ensure_migrations_table(journal).await?;
    let applied = warden.list_applied_migrations(journal).await?;
    if let Some(unknown) = applied.iter().find(|known| !migrator.version_exists(known.version)) {
        return Err(MigrateError::VersionMissing(unknown.version));
    }
    for migration in migrator.iter() {
        let version = migration.version;
        match applied.iter().find(|known| known.version == version) {
            Some(known) if known.checksum != migration.checksum => return Err(MigrateError::VersionMismatch(version)),
            Some(_) => {}
            None => {
                let mut tx = warden.begin().await?;
                for statement in statements(migration.sql.as_str()) {
                    sqlx::query(AssertSqlSafe(statement))
                        .persistent(false)
                        .execute(&mut *tx)
                        .await
                        .map_err(|error| MigrateError::ExecuteMigration(error, version))?;
                }
                // Writes the journal's line and runs nothing.
                tx.skip(journal, migration).await?;
                tx.commit().await?;
            }
        }
    }
    warden.unlock().await
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use sqlx::{
        SqlSafeStr,
        migrate::{Migration, MigrationType},
    };

    use super::*;
    use crate::db::testing::TestDb;

    /// The shipped migrations and one more.
    fn and(sql: &'static str) -> Migrator {
        let next = MIGRATOR.iter().map(|migration| migration.version).max().unwrap() + 1;
        let next = Migration::new(next, "next".into(), MigrationType::Simple, sql.into_sql_str(), false);
        Migrator {
            migrations: Cow::Owned(MIGRATOR.iter().cloned().chain([next]).collect()),
            table_name: MIGRATOR.table_name.clone(),
            ..Migrator::DEFAULT
        }
    }

    #[tokio::test]
    async fn a_migration_is_applied_statement_by_statement_and_whole_or_not_at_all() {
        let test = TestDb::create().await;
        let mut warden = test.logins.warden.connect().await.unwrap();
        let there = async |name: &str| {
            sqlx::query_scalar::<_, bool>("select to_regclass($1) is not null")
                .bind(name)
                .fetch_one(&test.admin)
                .await
                .unwrap()
        };
        let half = and("create table ops.first (id uuid); create table ops.second (id nothing);");
        let failed = apply(&half, &mut warden).await.unwrap_err();
        assert!(matches!(failed, MigrateError::ExecuteMigration(..)), "{failed}");
        assert!(!there("ops.first").await);
        warden.unlock().await.unwrap();

        let good = and("create table ops.first (id uuid); create table ops.second (id uuid);");
        for _ in 0..2 {
            apply(&good, &mut warden).await.unwrap();
            assert!(there("ops.first").await && there("ops.second").await);
        }
        // What this program does not know, and what it knows differently.
        let older = apply(&MIGRATOR, &mut warden).await.unwrap_err();
        assert!(matches!(older, MigrateError::VersionMissing(_)), "{older}");
        warden.unlock().await.unwrap();
        let other = apply(&half, &mut warden).await.unwrap_err();
        assert!(matches!(other, MigrateError::VersionMismatch(_)), "{other}");
    }
}
