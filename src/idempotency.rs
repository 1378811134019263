//! Idempotency keys: the same request twice has one effect and one answer (draft-ietf-httpapi-idempotency-key-header).
//!
//! A key counts within one organization and one route, so no organization can collide with, or probe, another's.

use sha2::{Digest, Sha256};

use crate::{
    auth::Caller,
    core::Core,
    error::{Error, Result},
    resource::{Action, Kind},
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
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The first of its key: go on, then [`keep`] the answer.
    First,
    Answered {
        status: u16,
        body: Vec<u8>,
    },
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
        })
    }
}

pub async fn claim(core: &Core, caller: &Caller, keyed: &Keyed) -> Result<Claim> {
    let mut tx = caller.begin(&core.db, keyed.access.0, keyed.access.1).await?;
    let first = sqlx::query!(
        "insert into app.idempotency_keys (client_id, route, key, body_hash)
         select c.id, $2, $3, $4 from app.clients c where c.org_id = $1
         on conflict (client_id, route, key) do nothing",
        tx.org() as _,
        keyed.route,
        keyed.key,
        &keyed.body_hash[..],
    )
    .execute(tx.conn())
    .await?;
    if first.rows_affected() == 1 {
        tx.commit().await?;
        return Ok(Claim::First);
    }
    let known = sqlx::query!(
        "select k.body_hash, k.status, k.response from app.idempotency_keys k
         where k.client_id = (select c.id from app.clients c where c.org_id = $1) and k.route = $2 and k.key = $3",
        tx.org() as _,
        keyed.route,
        keyed.key,
    )
    .fetch_one(tx.conn())
    .await?;
    tx.commit().await?;
    if known.body_hash != keyed.body_hash {
        return Err(Error::invalid(
            "Idempotency-Key",
            "This key was used with another body. Use a new key.",
        ));
    }
    match (known.status, known.response) {
        (Some(status), Some(body)) => Ok(Claim::Answered { status: status.unsigned_abs(), body }),
        // Also after a crash: whether the first one took effect must be looked up, never guessed.
        _ => Err(Error::Conflict(
            "The first request with this key has not finished. Wait for it, or look whether it took effect before using a new key.".into(),
        )),
    }
}

/// Keeps the answer for whoever repeats the request. A failure that changed nothing frees the key instead.
pub async fn keep(core: &Core, caller: &Caller, keyed: &Keyed, status: u16, body: &[u8]) -> Result<()> {
    let mut tx = caller.begin(&core.db, keyed.access.0, keyed.access.1).await?;
    if status >= 500 || status == 429 {
        sqlx::query!(
            "delete from app.idempotency_keys k
             where k.client_id = (select c.id from app.clients c where c.org_id = $1) and k.route = $2 and k.key = $3",
            tx.org() as _,
            keyed.route,
            keyed.key,
        )
        .execute(tx.conn())
        .await?;
    } else {
        sqlx::query!(
            "update app.idempotency_keys set status = $4, response = $5
             where client_id = (select c.id from app.clients c where c.org_id = $1) and route = $2 and key = $3",
            tx.org() as _,
            keyed.route,
            keyed.key,
            status.cast_signed(),
            body,
        )
        .execute(tx.conn())
        .await?;
    }
    tx.commit().await
}
