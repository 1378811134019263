//! Migrations: roles as the administrator, everything else as the warden.

use sqlx::{ConnectOptions, Connection, Executor, migrate::Migrator};

use super::{DbError, Logins, describe};

pub static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// The text of `roles.sql`; running it again changes nothing.
pub const ROLES: &str = include_str!("roles.sql");

/// Brings the database to the schema of this program.
pub async fn migrate(logins: &Logins) -> Result<(), DbError> {
    let failed = |error: sqlx::Error| DbError::Migration(describe(&error));
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
    MIGRATOR
        .run_direct(None, &mut warden, false)
        .await
        .map_err(|error| DbError::Migration(error.to_string()))?;
    warden.close().await.map_err(failed)
}
