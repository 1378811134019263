//! What an operator does from the command line: the first account, further ones, a token, a forgotten password.

use serde::Serialize;

use super::{
    Caller,
    entry::{Known, find, replace},
    me::issue,
    password,
};
use crate::{
    account::Password,
    check::Check,
    core::Core,
    error::{Error, Result},
    keys::{self, ApiKeyDraft},
    org::{OrgDraft, OrgId, Role, Scope, UserId, store},
};

/// What `admin bootstrap` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Bootstrap {
    pub user_id: UserId,
    pub org_id: OrgId,
    pub api_key: String,
    pub token: String,
}

/// Makes an account, its organization and a key that may do everything in it. What is there already stays; key and token
/// are fresh each time.
pub async fn bootstrap(core: &Core, email: &str, password: &Password, org_name: &str) -> Result<Bootstrap> {
    let name = email.split('@').next().unwrap_or(email);
    let user_id = match known(core, email).await? {
        Some(known) => {
            keep_password(core, &known, password).await?;
            known.id
        }
        None => create_user(core, email, password, name).await?,
    };
    let org_id = own_org(core, &user_id, org_name).await?;
    let token = issue(core, &user_id, Some(org_id.clone())).await?.token;
    let draft = ApiKeyDraft {
        name: "Bootstrap".into(),
        scopes: Scope::all().collect(),
        expires_in_days: None,
    };
    let caller = Caller::session(user_id.clone(), org_id.clone());
    let api_key = keys::store::create(core, &caller, draft).await?.secret;
    Ok(Bootstrap {
        user_id,
        org_id,
        api_key,
        token,
    })
}

/// Whether there is an account with this address.
pub async fn is_known(core: &Core, email: &str) -> Result<bool> {
    Ok(known(core, email).await?.is_some())
}

async fn known(core: &Core, email: &str) -> Result<Option<Known>> {
    find(core.db.identity.pool(), email).await
}

/// The operator's password is the one that counts; one that is the same already ends no session.
async fn keep_password(core: &Core, known: &Known, typed: &Password) -> Result<()> {
    if known.verified && password::matches(typed, known.password_hash.clone()).await? {
        return Ok(());
    }
    reset_password(core, &known.email, typed).await
}

/// The organization of this name that the person owns, the oldest if there are several; else a new one. Two at once make one.
async fn own_org(core: &Core, user: &UserId, name: &str) -> Result<OrgId> {
    let draft = OrgDraft {
        name: name.into(),
        ..OrgDraft::default()
    };
    Check::run(&draft)?;
    let mut tx = core.db.identity.begin().await?;
    sqlx::query!("select from identity.users where id = $1 for update", user.as_str())
        .execute(&mut *tx)
        .await?;
    let known = sqlx::query_scalar!(
        r#"select o.id as "id: OrgId" from identity.organizations o join identity.memberships m on m.org_id = o.id
           where m.user_id = $1 and m.role = 'owner' and m.removed_at is null and o.deleted_at is null
             and o.name = $2 and o.id <> $1
           order by o.created_at, o.id limit 1"#,
        user.as_str(),
        name.trim(),
    )
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(org) = known {
        return Ok(org);
    }
    let org = OrgId::new();
    store::found(&mut tx, &org, &draft, user, Role::Owner).await?;
    tx.commit().await?;
    Ok(org)
}

/// An account whose address the operator vouches for.
pub async fn create_user(core: &Core, email: &str, password: &Password, name: &str) -> Result<UserId> {
    let mut check = Check::default();
    check.email("email", email);
    check.text("name", name, 1..=120);
    check.password("password", password.expose());
    check.finish()?;
    let hash = password::hash(password).await?;
    let id = UserId::new();
    sqlx::query_scalar!(
        r#"insert into identity.users (id, email, name, password_hash, email_verified_at) values ($1, $2, $3, $4, now())
           on conflict (email_norm) where password_hash is not null do nothing returning id as "id: UserId""#,
        id.as_str(),
        email.trim(),
        name.trim(),
        hash,
    )
    .fetch_optional(core.db.identity.pool())
    .await?
    .ok_or_else(|| Error::invalid("email", "There is an account with this address already."))
}

/// Puts a person into an organization, or gives them another role there.
pub async fn add_member(core: &Core, org: &OrgId, email: &str, role: Role) -> Result<UserId> {
    if org.is_personal() {
        return Err(Error::Conflict("A personal workspace has one member.".into()));
    }
    let user = known(core, email).await?.ok_or(Error::NotFound)?.id;
    let mut tx = core.db.identity.begin().await?;
    sqlx::query!(
        "select from identity.organizations where id = $1 for update",
        org.as_str()
    )
    .execute(&mut *tx)
    .await?;
    let added = sqlx::query!(
        "insert into identity.memberships as m (org_id, user_id, role)
         select o.id, $2, $3 from identity.organizations o where o.id = $1 and o.deleted_at is null
         on conflict (org_id, user_id) do update set role = excluded.role, stated_at = now(), removed_at = null",
        org.as_str(),
        user.as_str(),
        role.word(),
    )
    .execute(&mut *tx)
    .await?;
    let owned = sqlx::query_scalar!(
        r#"select exists (select from identity.memberships m
             where m.org_id = $1 and m.role = 'owner' and m.removed_at is null) as "owned!""#,
        org.as_str(),
    )
    .fetch_one(&mut *tx)
    .await?;
    if added.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    if !owned {
        return Err(Error::Conflict(
            "An organization keeps an owner. Make somebody else an owner first.".into(),
        ));
    }
    tx.commit().await?;
    Ok(user)
}

/// A token for somebody, as they would get it with their password.
pub async fn token(core: &Core, email: &str, org: Option<OrgId>) -> Result<String> {
    let user = known(core, email).await?.ok_or(Error::NotFound)?.id;
    Ok(issue(core, &user, org).await?.token)
}

/// Sets a password; whoever was signed in with the old one is not any more.
pub async fn reset_password(core: &Core, email: &str, password: &Password) -> Result<()> {
    let mut check = Check::default();
    check.password("password", password.expose());
    check.finish()?;
    let user = known(core, email).await?.ok_or(Error::NotFound)?.id;
    let hash = password::hash(password).await?;
    let mut tx = core.db.identity.begin().await?;
    replace(core, &mut tx, &user, &hash).await?;
    Ok(tx.commit().await?)
}
