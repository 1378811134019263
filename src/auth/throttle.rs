//! Throttling: how often one account and one address may try, and how long they pause then.

use sqlx::PgExecutor;

use super::ClientInfo;
use crate::{
    core::Core,
    error::{Error, Result},
    org::OrgId,
    secret::fingerprint,
};

/// Tries at one account before a pause of 15 minutes.
const ACCOUNT: Limit = Limit("account", 5);
/// An office shares one address, so it may be wrong more often.
const ADDRESS: Limit = Limit("address", 30);
/// Mails to one address that somebody asked for without being signed in.
pub(super) const MAIL: Limit = Limit("mail", 5);

/// Texts that a language model writes for one organization: each of them costs whoever runs this.
const WRITING: Limit = Limit("writing", 60);

#[derive(Clone, Copy)]
pub(super) struct Limit(&'static str, i32);

pub(super) enum Turn {
    /// How many are left after this one.
    Open {
        left: i32,
    },
    Paused {
        seconds: u64,
    },
}

impl Limit {
    /// What is known of an e-mail address nobody has an account with is still somebody's address: only its hash is kept.
    fn key(self, of: &str) -> String {
        format!("{}:{}", self.0, hex::encode(fingerprint(&of.trim().to_lowercase())))
    }
}

/// Counts a try before it is made, so that a hundred at once are a hundred.
pub(super) async fn take(database: impl PgExecutor<'_>, limit: Limit, of: &str) -> Result<Turn> {
    let row = sqlx::query!(
        r#"insert into identity.throttle as t (key, attempts, ends_at) values ($1, 1, now() + interval '15 minutes')
           on conflict (key) do update set
             attempts = case when t.ends_at <= now() then 1 else least(t.attempts, $2) + 1 end,
             -- The pause is counted from the last try that was allowed.
             ends_at = case when t.ends_at <= now() or t.attempts < $2 then now() + interval '15 minutes' else t.ends_at end
           returning attempts, ceil(extract(epoch from ends_at - now()))::bigint as "seconds!""#,
        limit.key(of),
        limit.1,
    )
    .fetch_one(database)
    .await?;
    Ok(if row.attempts <= limit.1 {
        Turn::Open {
            left: limit.1 - row.attempts,
        }
    } else {
        Turn::Paused {
            seconds: u64::try_from(row.seconds).unwrap_or(0),
        }
    })
}

pub(super) async fn take_address(core: &Core, ip: &str) -> Result<()> {
    match take(core.db.identity.pool(), ADDRESS, ip).await? {
        Turn::Open { .. } => Ok(()),
        Turn::Paused { seconds } => Err(Error::Limited { retry_after_s: seconds }),
    }
}

/// Counts a text that is written for an organization.
pub(crate) async fn take_writing(core: &Core, org: &OrgId) -> Result<()> {
    match take(core.db.identity.pool(), WRITING, org.as_str()).await? {
        Turn::Open { .. } => Ok(()),
        Turn::Paused { seconds } => Err(Error::Limited { retry_after_s: seconds }),
    }
}

/// Counts a try by the account and by where it comes from; answers how many the account has left.
pub(super) async fn take_both(core: &Core, email: &str, from: &ClientInfo) -> Result<i32> {
    if let Some(ip) = &from.ip {
        take_address(core, ip).await?;
    }
    match take(core.db.identity.pool(), ACCOUNT, email).await? {
        Turn::Open { left } => Ok(left),
        Turn::Paused { seconds } => Err(Error::Limited { retry_after_s: seconds }),
    }
}

/// Whoever got in has not been guessing.
pub(super) async fn forgive(database: impl PgExecutor<'_>, email: &str, from: &ClientInfo) -> Result<()> {
    let mut keys = vec![ACCOUNT.key(email)];
    keys.extend(from.ip.as_deref().map(|ip| ADDRESS.key(ip)));
    // The address only gets this one try back: others there may still be guessing.
    sqlx::query!(
        "update identity.throttle set attempts = case when key = $2 then 0 else greatest(attempts - 1, 0) end where key = any($1)",
        &keys,
        keys[0],
    )
    .execute(database)
    .await?;
    Ok(())
}

/// Throws away what has ended: sessions, links, counts. For the worker, now and then.
pub async fn sweep(core: &Core) -> Result<()> {
    let identity = core.db.identity.pool();
    // An ended session of Clerk's stays as long as a token of it could still come.
    sqlx::query!("delete from identity.sessions where expires_at < now() - interval '2 days'")
        .execute(identity)
        .await?;
    sqlx::query!("delete from identity.email_tokens where expires_at < now() - interval '1 day'")
        .execute(identity)
        .await?;
    sqlx::query!("delete from identity.throttle where ends_at < now()")
        .execute(identity)
        .await?;
    sqlx::query!("delete from identity.outbox where sent_at < now() - interval '7 days'")
        .execute(identity)
        .await?;
    Ok(())
}
