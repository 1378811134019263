//! The installation that a database belongs to: whose secret its keys were made with, and where its server is reached.

use url::Url;

use super::{Db, DbError, describe};
use crate::secret::Master;

impl Db {
    /// Refuses a secret other than the one that keys and sealed columns were made with. A database without any takes it.
    pub async fn belongs_to(&self, secret: &Master) -> Result<(), DbError> {
        let mark = secret.mark();
        sqlx::query!(
            "insert into identity.installation (secret_mark) values ($1) on conflict do nothing",
            &mark[..],
        )
        .execute(self.identity.pool())
        .await
        .map_err(unreachable)?;
        let kept = sqlx::query_scalar!("select i.secret_mark from identity.installation i")
            .fetch_one(self.identity.pool())
            .await
            .map_err(unreachable)?;
        if kept == mark {
            Ok(())
        } else {
            Err(DbError::OtherSecret)
        }
    }

    /// Has the database belong to this secret from now on. What was made with the one before is of no use any more.
    pub async fn replace_secret(&self, secret: &Master) -> Result<(), DbError> {
        sqlx::query!(
            "insert into identity.installation (secret_mark) values ($1) on conflict (is_only) do update set secret_mark = excluded.secret_mark",
            &secret.mark()[..],
        )
        .execute(self.identity.pool())
        .await
        .map_err(unreachable)?;
        Ok(())
    }

    /// Remembers where the server is reached, for commands that are not told.
    pub async fn keep_public_url(&self, url: &Url) -> Result<(), DbError> {
        sqlx::query!("update identity.installation set public_url = $1", url.as_str())
            .execute(self.identity.pool())
            .await
            .map_err(unreachable)?;
        Ok(())
    }

    /// Where the server was reached that ran last.
    pub async fn public_url(&self) -> Result<Option<Url>, DbError> {
        let kept = sqlx::query_scalar!("select i.public_url from identity.installation i")
            .fetch_optional(self.identity.pool())
            .await
            .map_err(unreachable)?;
        Ok(kept.flatten().and_then(|url| url.parse().ok()))
    }
}

fn unreachable(error: sqlx::Error) -> DbError {
    DbError::Unreachable(describe(&error))
}
