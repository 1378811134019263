//! Provisioning: makes sure that an organization has its billing client, and the client its user, before anything else happens.

use uuid::Uuid;

use super::Caller;
use crate::{
    audit,
    core::Core,
    db::{BillingSummary, OrgTx},
    error::{Error, Result},
    org::{OrgId, UserId},
    resource::{Action, Kind},
};

/// Provisions once an hour per person, organization and process. The membership has been checked.
pub(crate) async fn ensure_provisioned(core: &Core, user: &UserId, org: &OrgId) -> Result<()> {
    let key = (org.clone(), user.clone());
    let provisioned = &core.tokens.memory.provisioned;
    if provisioned.get(&key).await.is_none() {
        provision(core, user, org).await?;
        provisioned.insert(key, ()).await;
    }
    Ok(())
}

/// The client of an organization and its balance, provisioned first where they are not there yet.
pub(super) async fn billing_summary(core: &Core, user: &UserId, org: &OrgId) -> Result<BillingSummary> {
    ensure_provisioned(core, user, org).await?;
    if let Some(summary) = core.db.billing_summary(org).await? {
        return Ok(summary);
    }
    // The cached client id no longer exists (the database was restored from a backup): provision it again.
    provision(core, user, org).await?;
    core.db.billing_summary(org).await?.ok_or(Error::NotFound)
}

/// Provisions whatever this process has cached.
async fn provision(core: &Core, user: &UserId, org: &OrgId) -> Result<()> {
    let known = sqlx::query!(
        r#"select o.name as org_name, o.created_by as "founder: UserId", o.metadata ->> 'client_id' as client_id, u.name, u.email
           from identity.organizations o, identity.users u
           where o.id = $1 and o.deleted_at is null and u.id = $2"#,
        org.as_str(),
        user.as_str(),
    )
    .fetch_optional(core.db.identity.pool())
    .await?
    .ok_or(Error::Unauthenticated)?;

    // What the organization says of itself comes first: its number is older than this database may be.
    let mut claimed_client_id = known.client_id.as_deref().and_then(|id| Uuid::parse_str(id).ok());
    if claimed_client_id.is_none() {
        claimed_client_id = super::clerk::client_id(core, org).await?;
    }
    // Run as the worker: provisioning must not depend on the caller's role.
    let mut tx = Caller::system(org.clone())
        .begin(&core.db, Action::Create, Kind::Organization)
        .await?;
    let client_id = client(
        &mut tx,
        claimed_client_id,
        &known.org_name,
        known.founder.as_ref(),
        core,
    )
    .await?;
    sqlx::query!(
        "insert into app.users as u (org_id, client_id, user_id, email, name) values ($1, $2, $3, $4, $5)
         on conflict (org_id, user_id) do update set email = excluded.email, name = excluded.name, seen_at = excluded.seen_at",
        tx.org() as _,
        client_id,
        user.as_str(),
        known.email,
        known.name,
    )
    .execute(tx.conn())
    .await?;
    tx.commit().await?;

    if claimed_client_id != Some(client_id) || known.client_id.is_none() {
        write_back(core, org, client_id).await?;
    }
    Ok(())
}

/// The organization's client: the one there is, else a new one with its signup credit and the first entry of its log.
async fn client(
    tx: &mut OrgTx,
    claimed_client_id: Option<Uuid>,
    name: &str,
    founder: Option<&UserId>,
    core: &Core,
) -> Result<Uuid> {
    if let Some(id) = find(tx).await? {
        return Ok(id);
    }
    for wanted in [claimed_client_id.unwrap_or_else(Uuid::now_v7), Uuid::now_v7()] {
        // The number is the organization's before anything has it: of two that want one, the second hears so here.
        let claimed = sqlx::query_scalar!("select identity.claim_client_id($1)", wanted)
            .fetch_one(tx.conn())
            .await?;
        let Some(id) = claimed else {
            tracing::warn!(org = %tx.org(), client = %wanted, "the organization's metadata names another organization's client; it gets a new one");
            continue;
        };
        let made = sqlx::query!(
            "insert into app.clients (org_id, id, name) values ($1, $2, $3) on conflict do nothing",
            tx.org() as _,
            id,
            name,
        )
        .execute(tx.conn())
        .await?;
        if made.rows_affected() == 1 {
            grant_signup_credit(tx, id, core).await?;
            audit::founded(tx, founder, name).await?;
            return Ok(id);
        }
        // Another request provisioned it first.
        return find(tx).await?.ok_or(Error::NotFound);
    }
    Err(Error::internal("two fresh client ids were taken"))
}

async fn find(tx: &mut OrgTx) -> Result<Option<Uuid>> {
    Ok(
        sqlx::query_scalar!("select c.id from app.clients c where c.org_id = $1", tx.org() as _)
            .fetch_optional(tx.conn())
            .await?,
    )
}

async fn grant_signup_credit(tx: &mut OrgTx, client_id: Uuid, core: &Core) -> Result<()> {
    let credit = core.config.signup_credit;
    if credit.0 <= 0 {
        return Ok(());
    }
    sqlx::query!(
        "insert into app.credit_transactions (org_id, client_id, id, kind, amount_micros, note)
         values ($1, $2, $3, 'grant', $4, 'Welcome credit')",
        tx.org() as _,
        client_id,
        Uuid::now_v7(),
        credit.0,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update app.clients set balance_micros = balance_micros + $2 where org_id = $1",
        tx.org() as _,
        credit.0,
    )
    .execute(tx.conn())
    .await?;
    tx.changed(Kind::Credit);
    Ok(())
}

/// At the provider first: as long as it does not know the number, neither do we say that it does.
async fn write_back(core: &Core, org: &OrgId, client_id: Uuid) -> Result<()> {
    if let Err(error) = super::clerk::keep_client_id(core, org, client_id).await {
        tracing::warn!(%org, %error, "the client id could not be written to the organization's metadata; the next sign-in tries again");
        return Ok(());
    }
    sqlx::query!(
        "update identity.organizations set metadata = metadata || jsonb_build_object('client_id', $2::text) where id = $1",
        org.as_str(),
        client_id.to_string(),
    )
    .execute(core.db.identity.pool())
    .await?;
    Ok(())
}
