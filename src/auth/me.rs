//! What a program asks first: a token to work with, and who it is.

use chrono::DateTime;

use super::{
    Caller, ClientInfo, Who, claims::LIFETIME, ensure_provisioned, entry::authenticate, provision::billing_summary,
};
use crate::{
    account::{Account, Me, SignIn, TokenAnswer, TokenRequest},
    check::Check,
    core::Core,
    error::{Error, Result},
    org::{
        OrgId, Role, UserId,
        store::{current, open_personal},
    },
    resource::{Action, Kind},
    zone::TimeZone,
};

/// A token for a password. Wrong passwords are 401 here, not a form to correct.
pub async fn issue_token(core: &Core, request: TokenRequest, from: &ClientInfo) -> Result<TokenAnswer> {
    Check::run(&request)?;
    let typed = SignIn {
        email: request.email,
        password: request.password,
        remember: false,
    };
    let known = authenticate(core, &typed, from).await.map_err(|error| match error {
        Error::Invalid(_) => Error::Unauthenticated,
        other => other,
    })?;
    issue(core, &known.id, request.org_id).await
}

/// A token for somebody who is signed in already, in the organization they are in. A credential that carries less than its
/// holder may do is not exchanged for one that carries all of it.
pub async fn token_for(core: &Core, caller: &Caller) -> Result<TokenAnswer> {
    if caller.limit().is_some() {
        return Err(Error::Forbidden);
    }
    match caller.who() {
        Who::Person(user) => issue(core, user, Some(caller.org().clone())).await,
        Who::Key(_) | Who::System => Err(Error::Forbidden),
    }
}

pub(super) async fn issue(core: &Core, user: &UserId, org: Option<OrgId>) -> Result<TokenAnswer> {
    let org = match org {
        Some(org) => org,
        None => only_choice(core, user).await?,
    };
    if org == OrgId::personal(user) {
        let mut tx = core.db.identity.begin().await?;
        open_personal(&mut tx, user).await?;
        tx.commit().await?;
    }
    // After signing out everywhere tokens of that second are refused; this one begins when the next second does.
    let not_before = sqlx::query_scalar!(
        r#"select extract(epoch from greatest(u.signed_out_before, date_trunc('second', now())))::bigint as "at!"
           from identity.memberships m join identity.users u on u.id = m.user_id
             join identity.organizations o on o.id = m.org_id
           where m.org_id = $1 and m.user_id = $2 and m.removed_at is null and o.deleted_at is null and u.disabled_at is null"#,
        org.as_str(),
        user.as_str(),
    )
    .fetch_optional(core.db.identity.pool())
    .await?
    .and_then(|at| DateTime::from_timestamp(at, 0))
    .ok_or(Error::NotFound)?;
    ensure_provisioned(core, user, &org).await?;
    let token = core.tokens.issue(user, &org, not_before);
    Ok(TokenAnswer {
        token,
        expires_in_s: LIFETIME.num_seconds().unsigned_abs(),
        org_id: org,
    })
}

/// The one organization there is to work in; the personal workspace where there is none.
async fn only_choice(core: &Core, user: &UserId) -> Result<OrgId> {
    let orgs = sqlx::query_scalar!(
        r#"select m.org_id as "org_id: OrgId" from identity.memberships m join identity.organizations o on o.id = m.org_id
           where m.user_id = $1 and m.removed_at is null and o.deleted_at is null and m.org_id <> $1 limit 2"#,
        user.as_str(),
    )
    .fetch_all(core.db.identity.pool())
    .await?;
    match orgs.as_slice() {
        [] => Ok(OrgId::personal(user)),
        [only] => Ok(only.clone()),
        _ => Err(Error::invalid(
            "org_id",
            "You belong to several organizations. Say which one.",
        )),
    }
}

/// Who the caller is and where, with everything in place that billing needs.
pub async fn me(core: &Core, caller: &Caller) -> Result<Me> {
    let mut tx = caller.begin(&core.db, Action::Read, Kind::Organization).await?;
    let permissions = tx.permissions();
    let organization = current(&mut tx).await?;
    let role = match caller.who() {
        Who::Person(_) => {
            sqlx::query_scalar!("select identity.current_role()")
                .fetch_one(tx.conn())
                .await?
        }
        Who::Key(_) | Who::System => None,
    };
    tx.commit().await?;
    let role: Option<Role> = role.and_then(|word| word.parse().ok());
    let (user, summary) = match caller.who() {
        Who::Person(user) => {
            let summary = billing_summary(core, user, caller.org()).await?;
            (Some(account(core, user).await?), summary)
        }
        Who::Key(_) | Who::System => (
            None,
            core.db.billing_summary(caller.org()).await?.ok_or(Error::NotFound)?,
        ),
    };
    Ok(Me {
        user,
        organization,
        role,
        permissions: permissions.scopes().collect(),
        client_id: summary.client_id,
        credits_balance: summary.balance,
    })
}

async fn account(core: &Core, user: &UserId) -> Result<Account> {
    let row = sqlx::query!(
        r#"select u.name, u.email, nullif(u.time_zone, '') as "time_zone?: TimeZone" from identity.users u where u.id = $1"#,
        user.as_str()
    )
    .fetch_one(core.db.identity.pool())
    .await?;
    Ok(Account {
        id: user.clone(),
        name: row.name,
        email: row.email,
        time_zone: row.time_zone,
    })
}

/// Sets the zone that times are written in for this person wherever they work; with nothing, it is that of each organization.
pub async fn set_time_zone(core: &Core, user: &UserId, name: &str) -> Result<()> {
    let name = name.trim();
    let mut check = Check::default();
    check.time_zone("time_zone", name);
    check.finish()?;
    sqlx::query!(
        "update identity.users set time_zone = $2 where id = $1",
        user.as_str(),
        name
    )
    .execute(core.db.identity.pool())
    .await?;
    Ok(())
}
