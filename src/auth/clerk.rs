//! People who sign in with Clerk: its word about them, kept here, and weighed against what we were told since.

use sqlx::PgConnection;
use uuid::Uuid;

use chrono::{DateTime, Utc};

use super::{
    Caller,
    claims::{ClerkWord, Verified, role_of},
    session::{PlaceRow, Visit, VisitRow, build_visit},
};
use crate::{
    core::Core,
    error::{Error, Result},
    org::{OrgColor, OrgId, Role, UserId, display_name::NAMELESS, store::open_personal},
    providers::clerk::{self, Clerk},
    secret::fingerprint,
    viewer::Person,
    zone::TimeZone,
};

/// Keeps what a token says: that there is this person, this organization, and this membership. Once per token: what was
/// said before a removal must not undo it, however often it is repeated.
pub(super) async fn keep_claims(core: &Core, verified: &Verified) -> Result<()> {
    let role = verified.clerk.as_ref().and_then(|word| word.role);
    let key = (verified.user.clone(), verified.org.clone(), role, verified.issued_at);
    if core.tokens.memory.kept_claims.contains_key(&key) {
        return Ok(());
    }
    let known = sqlx::query!(
        r#"select exists (select from identity.users u where u.id = $1 and u.stated_at > '-infinity') as "user!",
                  exists (select from identity.organizations o where o.id = $2) as "org!""#,
        verified.user.as_str(),
        verified.org.as_ref().map(OrgId::as_str),
    )
    .fetch_one(core.db.identity.pool())
    .await?;
    // Asked before a connection is taken: Clerk may be slow, and everybody signs in by this pool.
    let person = match known.user {
        true => None,
        false => person(core, &verified.user).await,
    };
    let organization = match &verified.org {
        Some(org) if !known.org => organization(core, org).await,
        _ => None,
    };
    let mut tx = core.db.identity.begin().await?;
    match &person {
        Some(person) => keep_user(&mut tx, &verified.user, person).await?,
        None if !known.user => know_user(&mut tx, &verified.user).await?,
        None => {}
    }
    if let (Some(org), Some(word)) = (&verified.org, &verified.clerk) {
        if !known.org {
            let name = organization.as_ref().map(|o| o.name.as_str()).or(word.slug.as_deref());
            keep_org(&mut tx, org, name.unwrap_or("Organization"), stated(None)).await?;
        }
        if let Some(role) = word.role {
            keep_membership(&mut tx, org, &verified.user, Some(role), verified.issued_at).await?;
        }
    }
    tx.commit().await?;
    core.tokens.memory.kept_claims.insert(key, ()).await;
    Ok(())
}

/// What a token does not carry. Not having it keeps nobody out: Clerk's events bring it later.
async fn person(core: &Core, user: &UserId) -> Option<clerk::User> {
    core.clerk.as_ref()?.user(user).await.ok().flatten()
}

async fn organization(core: &Core, org: &OrgId) -> Option<clerk::Organization> {
    core.clerk.as_ref()?.organization(org).await.ok().flatten()
}

/// Milliseconds, or nothing said: then any other word is newer.
pub(super) fn stated(ms: Option<i64>) -> DateTime<Utc> {
    ms.and_then(DateTime::from_timestamp_millis)
        .unwrap_or(DateTime::UNIX_EPOCH)
}

/// Somebody of whom Clerk says no more for now. What is known of them already stays.
async fn know_user(conn: &mut PgConnection, id: &UserId) -> Result<()> {
    sqlx::query!(
        "insert into identity.users as u (id, email, name, stated_at) values ($1, '', $2, 'epoch')
         on conflict (id) do update set stated_at = excluded.stated_at where u.stated_at < excluded.stated_at",
        id.as_str(),
        NAMELESS,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Of its columns the time zone stays: that is ours, and Clerk knows of none.
pub(super) async fn keep_user(conn: &mut PgConnection, id: &UserId, user: &clerk::User) -> Result<()> {
    let (email, verified) = user.email().unwrap_or(("", false));
    sqlx::query!(
        "insert into identity.users as u (id, email, name, email_verified_at, disabled_at, stated_at)
         values ($1, $2, $3, case when $4 then now() end, case when $5 then now() end, $6)
         on conflict (id) do update set email = excluded.email, name = excluded.name, stated_at = excluded.stated_at,
             email_verified_at = case when excluded.email_verified_at is not null then coalesce(u.email_verified_at, now()) end,
             disabled_at = excluded.disabled_at
           where u.stated_at < excluded.stated_at",
        id.as_str(),
        email.chars().take(254).collect::<String>(),
        user.display_name(),
        verified,
        user.banned,
        stated(user.updated_at),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Colour and time zone stay what they are here: Clerk knows of neither.
pub(super) async fn keep_org(conn: &mut PgConnection, id: &OrgId, name: &str, at: DateTime<Utc>) -> Result<()> {
    let name: String = name.trim().chars().take(80).collect();
    sqlx::query!(
        "insert into identity.organizations as o (id, name, stated_at) values ($1, $2, $3)
         on conflict (id) do update set name = excluded.name, stated_at = excluded.stated_at,
             revision = o.revision + case when o.name = excluded.name then 0 else 1 end
           where o.stated_at < excluded.stated_at",
        id.as_str(),
        if name.is_empty() { "Organization" } else { &name },
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A role, or a removal, as stated at a time. An older word changes nothing. Of two words of the same moment the one that
/// takes more away holds, whichever comes first: a token knows its time to the second only. Nobody is a member once their
/// account at Clerk is gone, whatever was said of them before.
pub(crate) async fn keep_membership(
    conn: &mut PgConnection,
    org: &OrgId,
    user: &UserId,
    role: Option<Role>,
    at: DateTime<Utc>,
) -> Result<()> {
    let strongest_first = Role::ALL.map(|role| role.word().to_owned()).to_vec();
    sqlx::query!(
        "with m as (
           insert into identity.memberships as m (org_id, user_id, role, stated_at, removed_at)
           select $1, u.id, coalesce($3::text, 'viewer'), $4::timestamptz,
                  case when $3::text is null or u.stated_at = 'infinity' then $4::timestamptz end
           from identity.users u where u.id = $2
           on conflict (org_id, user_id) do update set
             role = coalesce($3::text, m.role), stated_at = excluded.stated_at, removed_at = excluded.removed_at
             where m.stated_at < excluded.stated_at
                or m.stated_at = excluded.stated_at and m.removed_at is null
                   and (excluded.removed_at is not null or array_position($5::text[], m.role) < array_position($5::text[], $3::text))
           returning m.removed_at)
         update identity.sessions s set org_id = null from m
         where m.removed_at is not null and s.org_id = $1 and s.user_id = $2",
        org.as_str(),
        user.as_str(),
        role.map(Role::word),
        at,
        &strongest_first,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The personal workspace of somebody whose token names no organization, if they have ever opened it.
pub(super) async fn personal(core: &Core, user: &UserId) -> Result<OrgId> {
    let opened = sqlx::query_scalar!(
        r#"select exists (select from identity.memberships m where m.org_id = $1 and m.user_id = $1) as "opened!""#,
        user.as_str()
    )
    .fetch_one(core.db.identity.pool())
    .await?;
    if opened {
        Ok(OrgId::personal(user))
    } else {
        Err(Error::NoOrg)
    }
}

/// The person of Clerk's `__session` cookie, which is a token. Clerk's own session is remembered here for what Clerk does
/// not know: that the personal workspace was chosen.
pub async fn visit(core: &Core, session_jwt: &str) -> Result<Option<Visit>> {
    let Some(verified) = core.tokens.verify(session_jwt, Utc::now()).await else {
        return Ok(None);
    };
    let Some(word) = &verified.clerk else {
        return Ok(None);
    };
    let Some(mark) = word.session.as_deref().map(session_mark) else {
        return Ok(None);
    };
    keep_claims(core, &verified).await?;
    let row = sqlx::query!(
        r#"select s.id as "session?", coalesce(s.seen_at < now() - interval '1 minute', false) as "stale!",
                  coalesce(s.expires_at <= now(), false) as "ended!",
                  u.name, u.email, u.email_verified_at is not null as "verified!", nullif(u.time_zone, '') as "own_zone?: TimeZone",
                  o.id as "org_id?: OrgId", o.name as "org_name?", o.color as "color?: OrgColor", m.role as "role?: Role",
                  o.time_zone as "time_zone?: TimeZone"
           from identity.users u
             left join identity.sessions s on s.token_hash = $2 and s.user_id = u.id
             left join identity.memberships m on m.org_id = coalesce($3, s.org_id) and m.user_id = u.id and m.removed_at is null
             left join identity.organizations o on o.id = m.org_id and o.deleted_at is null
           where u.id = $1 and u.disabled_at is null and u.signed_out_before <= $4"#,
        verified.user.as_str(),
        &mark,
        verified.org.as_ref().map(OrgId::as_str),
        verified.issued_at,
    )
    .fetch_optional(core.db.identity.pool())
    .await?;
    let Some(row) = row.filter(|row| !row.ended) else {
        return Ok(None);
    };
    let session = match row.session {
        Some(session) => session,
        None => remember(core, &mark, &verified.user).await?,
    };
    let found = VisitRow {
        session,
        stale: row.stale,
        person: Person {
            id: verified.user.clone(),
            name: row.name,
            email: row.email,
            email_verified: row.verified,
            time_zone: row.own_zone,
        },
        place: PlaceRow::of(row.org_id, row.org_name, row.color, row.time_zone, row.role),
    };
    let caller = found.place.as_ref().map(|place| Caller {
        limit: word.bounds(),
        ..Caller::token(verified.user.clone(), place.org_id.clone(), verified.issued_at)
    });
    build_visit(core, found, caller).await.map(Some)
}

/// The token of a session that has ended at Clerk is good for a minute more, but not here.
pub(super) async fn refuse_ended(core: &Core, word: &ClerkWord) -> Result<()> {
    let Some(session) = &word.session else {
        return Ok(());
    };
    let ended = sqlx::query_scalar!(
        r#"select exists (select from identity.sessions s where s.token_hash = $1 and s.expires_at <= now()) as "ended!""#,
        &session_mark(session),
    )
    .fetch_one(core.db.identity.pool())
    .await?;
    if ended { Err(Error::Unauthenticated) } else { Ok(()) }
}

/// A name for Clerk's session among ours, which no cookie of ours can have.
pub(super) fn session_mark(sid: &str) -> [u8; 32] {
    fingerprint(&format!("clerk:{sid}"))
}

async fn remember(core: &Core, mark: &[u8; 32], user: &UserId) -> Result<Uuid> {
    Ok(sqlx::query_scalar!(
        "insert into identity.sessions (token_hash, id, user_id, expires_at) values ($1, $2, $3, now() + interval '30 days')
         on conflict (token_hash) do update set seen_at = now() returning id",
        mark,
        Uuid::now_v7(),
        user.as_str(),
    )
    .fetch_one(core.db.identity.pool())
    .await?)
}

/// Opens the personal workspace in a browser that has chosen no organization at Clerk. Organizations are chosen there,
/// by `setActive`, and arrive with the next token.
pub async fn choose_personal(core: &Core, session_jwt: &str) -> Result<()> {
    let verified = core.tokens.verify(session_jwt, Utc::now()).await;
    let verified = verified.ok_or(Error::Unauthenticated)?;
    let sid = verified.clerk.as_ref().and_then(|word| word.session.as_deref());
    let mark = session_mark(sid.ok_or(Error::Unauthenticated)?);
    keep_claims(core, &verified).await?;
    remember(core, &mark, &verified.user).await?;
    let mut tx = core.db.identity.begin().await?;
    open_personal(&mut tx, &verified.user).await?;
    sqlx::query!(
        "update identity.sessions set org_id = user_id where token_hash = $1 and user_id = $2",
        &mark,
        verified.user.as_str()
    )
    .execute(&mut *tx)
    .await?;
    Ok(tx.commit().await?)
}

/// The client id in the organization's metadata at Clerk, if there is one.
pub(super) async fn client_id(core: &Core, org: &OrgId) -> Result<Option<Uuid>> {
    let Some(clerk) = team_at(core, org) else {
        return Ok(None);
    };
    // An unreachable Clerk is an error here: guessing a new number would split the organization's bills in two.
    let organization = clerk.organization(org).await?;
    Ok(organization.and_then(|organization| {
        let id = organization.public_metadata.get("client_id")?.as_str()?;
        Uuid::parse_str(id).ok()
    }))
}

pub(super) async fn keep_client_id(core: &Core, org: &OrgId, client_id: Uuid) -> Result<()> {
    match team_at(core, org) {
        Some(clerk) => {
            let metadata = serde_json::json!({ "client_id": client_id });
            Ok(clerk.merge_metadata(org, &metadata).await?)
        }
        None => Ok(()),
    }
}

/// Personal workspaces are ours alone: Clerk has no organization for them.
fn team_at<'a>(core: &'a Core, org: &OrgId) -> Option<&'a Clerk> {
    core.clerk.as_ref().filter(|_| !org.is_personal())
}

/// Reads the members of every organization from Clerk and makes ours agree: its events are not guaranteed to arrive.
/// For the worker, now and then. Answers how many organizations agree now.
pub async fn reconcile(core: &Core) -> Result<usize> {
    if core.clerk.is_none() {
        return Ok(0);
    }
    let orgs = sqlx::query_scalar!(
        r#"select o.id as "id: OrgId" from identity.organizations o where o.deleted_at is null and o.id like 'org\_%' order by o.id"#
    )
    .fetch_all(core.db.identity.pool())
    .await?;
    let mut agree = 0;
    for org in orgs {
        match reconcile_one(core, &org).await {
            Ok(_) => agree += 1,
            // The others are not to wait for this one.
            Err(error) => tracing::warn!(%org, %error, "the members could not be compared with Clerk's"),
        }
    }
    Ok(agree)
}

async fn reconcile_one(core: &Core, org: &OrgId) -> Result<usize> {
    let Some(clerk) = team_at(core, org) else {
        return Ok(0);
    };
    // Before asking: what an event says meanwhile is newer than the answer.
    let asked_at = sqlx::query_scalar!(r#"select now() as "now!""#)
        .fetch_one(core.db.identity.pool())
        .await?;
    let memberships = clerk.memberships(org).await?;
    let mut tx = core.db.identity.begin().await?;
    let mut present = Vec::with_capacity(memberships.len());
    for membership in &memberships {
        let Ok(user) = UserId::parse(&membership.public_user_data.user_id) else {
            continue;
        };
        keep_stub(&mut tx, &user, &membership.public_user_data).await?;
        keep_membership(
            &mut tx,
            org,
            &user,
            Some(role_of(&membership.role)),
            stated(membership.updated_at),
        )
        .await?;
        present.push(user.to_string());
    }
    sqlx::query!(
        "update identity.memberships set removed_at = $3, stated_at = $3
         where org_id = $1 and user_id <> all($2) and removed_at is null and stated_at < $3",
        org.as_str(),
        &present,
        asked_at,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(present.len())
}

/// A person we know only from a membership, until their own event or token comes.
pub(super) async fn keep_stub(conn: &mut PgConnection, user: &UserId, known: &clerk::PublicUser) -> Result<()> {
    sqlx::query!(
        "insert into identity.users (id, email, name) values ($1, $2, $3) on conflict do nothing",
        user.as_str(),
        known.email().unwrap_or_default().chars().take(254).collect::<String>(),
        known.display_name(),
    )
    .execute(conn)
    .await?;
    Ok(())
}
