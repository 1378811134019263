//! Idempotency keys: the same request twice has one effect and one answer (draft-ietf-httpapi-idempotency-key-header).
//!
//! A key counts within one organization and one route, so no organization can collide with, or probe, another's.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    auth::Caller,
    core::Core,
    db::OrgTx,
    error::{Error, Result},
    org::{self, OrgId},
    resource::{Action, Kind},
    secret::Master,
};

/// One keyed request: what its answer is kept under.
#[derive(Clone, Debug)]
pub struct Keyed {
    /// Method and route template, such as `POST /calls`.
    pub route: String,
    pub key: String,
    body_hash: [u8; 32],
    /// What the request needs anyway; a key alone opens nothing.
    access: (Action, Kind),
    /// When this request took the key: what it writes under a key that somebody has taken over since is refused.
    claimed_at: Option<DateTime<Utc>>,
}

/// Answers may hold what is shown only once, such as a new key, and a copy of the database must open nothing. So they are
/// kept sealed, each for its organization, route and key.
impl Keyed {
    fn seal(&self, secret: &Master, org: &OrgId, body: &[u8]) -> Result<Vec<u8>> {
        secret.seal(SEAL, &self.place(org), body)
    }

    fn open(&self, secret: &Master, org: &OrgId, sealed: Vec<u8>) -> Option<Vec<u8>> {
        secret.open(SEAL, &self.place(org), sealed)
    }

    fn place(&self, org: &OrgId) -> String {
        format!("{org}\0{}\0{}", self.route, self.key)
    }
}

const SEAL: &str = "idempotency";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The first of its key: go on, then [`keep`] the answer.
    First,
    Answered {
        status: u16,
        body: Vec<u8>,
    },
    /// The first of its key has placed this call, and its answer was lost or is still to come.
    Placed(Uuid),
}

impl Keyed {
    pub fn new(route: String, key: String, body: &[u8], access: (Action, Kind)) -> Result<Self> {
        if key.is_empty() || key.len() > 255 || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::invalid(
                "Idempotency-Key",
                "Use 1 to 255 visible ASCII characters.",
            ));
        }
        Ok(Self {
            route,
            key,
            body_hash: Sha256::digest(body).into(),
            access,
            claimed_at: None,
        })
    }

    /// Whether a request whose answer never came has left a trace by which a repeat finds what it did.
    fn leaves_a_trace(&self) -> bool {
        self.access == (Action::Create, Kind::Call)
    }
}

pub async fn claim(core: &Core, caller: &Caller, keyed: &mut Keyed) -> Result<Claim> {
    let mut tx = caller.begin(&core.db, keyed.access.0, keyed.access.1).await?;
    if insert(&mut tx, keyed).await? {
        tx.commit().await?;
        return Ok(Claim::First);
    }
    let known = sqlx::query!(
        r#"select k.body_hash, k.status, k.response, k.call_id, k.created_at < now() - interval '24 hours' as "expired!",
                k.created_at < now() - interval '2 minutes' as "abandoned!"
         from app.idempotency_keys k
         where k.org_id = $1 and k.route = $2 and k.key = $3
         for update"#,
        tx.org() as _,
        keyed.route,
        keyed.key,
    )
    .fetch_optional(tx.conn())
    .await?
    // Freed since, by a request that failed.
    .ok_or_else(unfinished)?;
    // The hourly purge has not come to it yet; or nothing was written by a request that can no longer write anything.
    let untouched = known.status.is_none() && known.call_id.is_none() && known.body_hash == keyed.body_hash;
    if known.expired || (known.abandoned && untouched && keyed.leaves_a_trace()) {
        delete(&mut tx, keyed).await?;
        insert(&mut tx, keyed).await?;
        tx.commit().await?;
        return Ok(Claim::First);
    }
    tx.commit().await?;
    if known.body_hash != keyed.body_hash {
        return Err(Error::invalid(
            "Idempotency-Key",
            "This key was used with another body. Use a new key.",
        ));
    }
    match (known.status, known.response, known.call_id) {
        (Some(status), Some(sealed), _) => match keyed.open(&core.secret, caller.org(), sealed) {
            Some(body) => Ok(Claim::Answered { status: status.unsigned_abs(), body }),
            None => Err(Error::Conflict("The answer to this key cannot be repeated any more. Look whether it took effect before using a new key.".into())),
        },
        (None, _, Some(call)) => Ok(Claim::Placed(call)),
        // Also after a crash: whether the first one took effect must be looked up, never guessed.
        _ => Err(unfinished()),
    }
}

/// Writes down, in the transaction that places it, which call the key stands for.
pub(crate) async fn link(tx: &mut OrgTx, keyed: &Keyed, call: Uuid) -> Result<()> {
    let linked = sqlx::query!(
        "update app.idempotency_keys set call_id = $4
         where org_id = $1 and route = $2 and key = $3 and created_at = $5 and call_id is null and status is null",
        tx.org() as _,
        keyed.route,
        keyed.key,
        call,
        keyed.claimed_at,
    )
    .execute(tx.conn())
    .await?;
    // Somebody repeated the request meanwhile, and took it over.
    (linked.rows_affected() == 1).then_some(()).ok_or_else(unfinished)
}

pub fn unfinished() -> Error {
    Error::Conflict(
        "The first request with this key has not finished. Wait for it, or look whether it took effect before using a new key.".into(),
    )
}

/// Keeps the answer for whoever repeats the request. A failure that changed nothing frees the key instead. Neither is for a
/// request whose key somebody has taken over.
pub async fn keep(core: &Core, caller: &Caller, keyed: &Keyed, status: u16, body: &[u8]) -> Result<()> {
    if status >= 500 || status == 429 {
        return free(core, caller, keyed).await;
    }
    let mut tx = caller.begin(&core.db, keyed.access.0, keyed.access.1).await?;
    let sealed = keyed.seal(&core.secret, caller.org(), body)?;
    sqlx::query!(
        "update app.idempotency_keys set status = $4, response = $5
         where org_id = $1 and route = $2 and key = $3 and created_at = $6",
        tx.org() as _,
        keyed.route,
        keyed.key,
        status.cast_signed(),
        sealed,
        keyed.claimed_at,
    )
    .execute(tx.conn())
    .await?;
    tx.commit().await
}

/// Frees the key of a request that failed, so that it can be made again: unless it has placed a call that goes on, to which a
/// repeat is led.
pub async fn free(core: &Core, caller: &Caller, keyed: &Keyed) -> Result<()> {
    let mut tx = caller.begin(&core.db, keyed.access.0, keyed.access.1).await?;
    sqlx::query!(
        "delete from app.idempotency_keys k
         where k.org_id = $1 and k.route = $2 and k.key = $3 and k.created_at = $4
           and not exists (select from app.calls c where c.org_id = k.org_id and c.id = k.call_id and c.ended_at is null)",
        tx.org() as _,
        keyed.route,
        keyed.key,
        keyed.claimed_at,
    )
    .execute(tx.conn())
    .await?;
    tx.commit().await
}

/// Whether the key is new.
async fn insert(tx: &mut OrgTx, keyed: &mut Keyed) -> Result<bool> {
    keyed.claimed_at = sqlx::query_scalar!(
        "insert into app.idempotency_keys as k (org_id, client_id, route, key, body_hash)
         select c.org_id, c.id, $2, $3, $4 from app.clients c where c.org_id = $1
         on conflict (org_id, route, key) do nothing
         returning k.created_at",
        tx.org() as _,
        keyed.route,
        keyed.key,
        &keyed.body_hash[..],
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(keyed.claimed_at.is_some())
}

async fn delete(tx: &mut OrgTx, keyed: &Keyed) -> Result<()> {
    sqlx::query!(
        "delete from app.idempotency_keys k
         where k.org_id = $1 and k.route = $2 and k.key = $3 and ($4::timestamptz is null or k.created_at = $4)",
        tx.org() as _,
        keyed.route,
        keyed.key,
        keyed.claimed_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets the keys of more than a day ago, which no client repeats any more. Organization by organization: no login reads
/// across them, not even to delete.
pub async fn purge(core: &Core) -> Result<usize> {
    let mut purged = 0;
    for org in org::store::all(core).await? {
        let mut tx = Caller::system(org)
            .begin(&core.db, Action::Delete, Kind::Organization)
            .await?;
        let gone = sqlx::query!(
            "delete from app.idempotency_keys k
             where k.org_id = $1 and k.created_at < now() - interval '24 hours'",
            tx.org() as _,
        )
        .execute(tx.conn())
        .await?;
        tx.commit().await?;
        purged += usize::try_from(gone.rows_affected()).unwrap_or(usize::MAX);
    }
    Ok(purged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_answer_opens_only_in_its_place() {
        let keyed =
            |route: &str, key: &str| Keyed::new(route.into(), key.into(), b"", (Action::Create, Kind::ApiKey)).unwrap();
        let (mine, other) = (OrgId::parse("org_a").unwrap(), OrgId::parse("org_b").unwrap());
        let (secret, once) = (Master::fresh(), keyed("POST /api-keys", "k1"));
        let sealed = once.seal(&secret, &mine, b"sb_live_x").unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"sb_live"));
        let opened =
            |keyed: &Keyed, secret: &Master, org: &OrgId, sealed: &[u8]| keyed.open(secret, org, sealed.to_vec());
        assert_eq!(
            opened(&once, &secret, &mine, &sealed).as_deref(),
            Some(&b"sb_live_x"[..])
        );
        assert_eq!(opened(&once, &secret, &other, &sealed), None);
        assert_eq!(opened(&once, &Master::fresh(), &mine, &sealed), None);
        assert_eq!(opened(&keyed("POST /agents", "k1"), &secret, &mine, &sealed), None);
        assert_eq!(opened(&keyed("POST /api-keys", "k2"), &secret, &mine, &sealed), None);
        assert_eq!(opened(&once, &secret, &mine, b"short"), None);
    }
}
