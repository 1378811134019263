//! `Authorization: Bearer`: a token of ours, one of Clerk's, or an API key. On a busy path no statement is run here, but for
//! the one that asks whether Clerk's session has ended: what a credential still gives access to is asked in the transaction
//! that uses it.

use chrono::Utc;

use super::{Caller, arrive, claims::Verified, clerk};
use crate::{
    core::Core,
    error::{Error, Result},
    keys,
    org::{OrgId, UserId, store::note},
};

pub async fn bearer(core: &Core, token: &str) -> Result<Caller> {
    if token.starts_with(keys::store::PREFIX) {
        let (org, key) = keys::store::recognize(core, token)
            .await?
            .ok_or(Error::Unauthenticated)?;
        return Ok(Caller::key(key, org));
    }
    let verified = core
        .tokens
        .verify(token, Utc::now())
        .await
        .ok_or(Error::Unauthenticated)?;
    let caller = enter(core, &verified).await?;
    Ok(caller)
}

async fn enter(core: &Core, verified: &Verified) -> Result<Caller> {
    let user = &verified.user;
    let Some(word) = &verified.clerk else {
        let org = verified.org.clone().ok_or(Error::Unauthenticated)?;
        ensure(core, verified, &org).await?;
        return Ok(Caller::token(user.clone(), org, verified.issued_at));
    };
    clerk::refuse_ended(core, word).await?;
    clerk::mirror(core, verified).await?;
    let org = match &verified.org {
        Some(org) => org.clone(),
        None => clerk::personal(core, user).await?,
    };
    ensure(core, verified, &org).await?;
    Ok(Caller {
        limit: word.bounds(),
        ..Caller::token(user.clone(), org, verified.issued_at)
    })
}

/// Rows are made only for members; for anybody else the transaction that follows says no.
async fn ensure(core: &Core, verified: &Verified, org: &OrgId) -> Result<()> {
    let user = &verified.user;
    if core.tokens.memory.arrived.contains_key(&(org.clone(), user.clone())) {
        return Ok(());
    }
    let member = sqlx::query_scalar!(
        r#"select exists (select from identity.memberships m
             where m.org_id = $1 and m.user_id = $2 and m.removed_at is null) as "member!""#,
        org.as_str(),
        user.as_str(),
    )
    .fetch_one(core.db.identity.pool())
    .await?;
    if !member {
        tracing::warn!(%user, %org, "a good token for an organization its holder is not in");
        record(core, user, org).await;
        return Err(Error::Unauthenticated);
    }
    arrive(core, user, org).await
}

/// Tells the organization, in its own log and once a minute, who held a token for it without being a member.
async fn record(core: &Core, user: &UserId, org: &OrgId) {
    let refused = &core.tokens.memory.refused;
    let key = (org.clone(), user.clone());
    if !refused.contains_key(&key) {
        refused.insert(key, ()).await;
        if let Err(error) = note(core, org, "refuse", user).await {
            tracing::warn!(%org, %error, "a refusal could not be written to the organization's log");
        }
    }
}
