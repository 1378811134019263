//! `Authorization: Bearer`: a token of ours, one of Clerk's, or an API key. On a busy path no statement is run here, but for
//! the one that asks whether Clerk's session has ended: what a credential still gives access to is asked in the transaction
//! that uses it.

use std::sync::Arc;

use chrono::Utc;

use super::{Caller, claims::Verified, clerk, ensure_provisioned};
use crate::{
    core::Core,
    error::{Error, Result},
    id::Id,
    keys::{self, ApiKey},
    org::{OrgId, UserId, store::note},
    secret::fingerprint,
};

/// A credential that a request presents, as far as this process can judge it by itself. No statement has been run for it.
pub struct Presented<'a>(Credential<'a>);

enum Credential<'a> {
    Key {
        text: &'a str,
        mark: [u8; 32],
        known: Option<(OrgId, Id<ApiKey>)>,
        familiar: bool,
    },
    Token {
        text: &'a str,
        verified: Option<Arc<Verified>>,
        familiar: bool,
    },
}

pub async fn present<'a>(core: &Core, text: &'a str) -> Presented<'a> {
    let memory = &core.tokens.memory;
    if text.starts_with(keys::store::PREFIX) {
        let mark = fingerprint(text);
        let known = memory.keys.get(&mark).await;
        return Presented(Credential::Key {
            text,
            familiar: known.is_some() || memory.familiar_keys.contains_key(&mark),
            mark,
            known,
        });
    }
    let verified = core.tokens.verify(text, Utc::now()).await;
    let familiar = verified.as_ref().is_some_and(|verified| {
        memory
            .provisioned
            .contains_key(&(org_of(verified), verified.user.clone()))
    });
    Presented(Credential::Token {
        text,
        verified,
        familiar,
    })
}

impl Presented<'_> {
    /// Whether this process has let it in not long ago. To find out about another one costs statements.
    pub fn is_familiar(&self) -> bool {
        match &self.0 {
            Credential::Key { familiar, .. } | Credential::Token { familiar, .. } => *familiar,
        }
    }

    pub async fn caller(self, core: &Core) -> Result<Caller> {
        let memory = &core.tokens.memory;
        match self.0 {
            Credential::Key {
                known: Some((org, key)),
                ..
            } => Ok(Caller::key(key, org)),
            Credential::Key { text, mark, .. } => match keys::store::recognize(core, text).await? {
                Some((org, key)) => {
                    memory.keys.insert(mark, (org.clone(), key)).await;
                    memory.familiar_keys.insert(mark, ()).await;
                    Ok(Caller::key(key, org))
                }
                None => {
                    memory.familiar_keys.invalidate(&mark).await;
                    Err(Error::Unauthenticated)
                }
            },
            Credential::Token { text, verified, .. } => {
                let Some(verified) = verified else {
                    // Whoever holds it hears only that it is not taken; the log says why, where it is one of Clerk's.
                    core.tokens.clerk_refusal(text, Utc::now()).await;
                    return Err(Error::Unauthenticated);
                };
                let entered = enter(core, &verified).await;
                if let Err(Error::Unauthenticated) = entered {
                    memory
                        .provisioned
                        .invalidate(&(org_of(&verified), verified.user.clone()))
                        .await;
                }
                entered
            }
        }
    }
}

pub async fn bearer(core: &Core, token: &str) -> Result<Caller> {
    present(core, token).await.caller(core).await
}

/// The organization a token is for: without one it is the person's own workspace.
fn org_of(verified: &Verified) -> OrgId {
    verified.org.clone().unwrap_or_else(|| OrgId::personal(&verified.user))
}

async fn enter(core: &Core, verified: &Verified) -> Result<Caller> {
    let user = &verified.user;
    let Some(word) = &verified.clerk else {
        let org = verified.org.clone().ok_or(Error::Unauthenticated)?;
        ensure(core, verified, &org).await?;
        return Ok(Caller::token(user.clone(), org, verified.issued_at));
    };
    clerk::refuse_ended(core, word).await?;
    clerk::keep_claims(core, verified).await?;
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
    if core
        .tokens
        .memory
        .provisioned
        .contains_key(&(org.clone(), user.clone()))
    {
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
    ensure_provisioned(core, user, org).await
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
