//! Sessions: which person a browser belongs to, and the organization it works in.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Caller, provision::billing_summary};
pub use super::{
    ClientInfo,
    clerk::{choose_personal as choose_personal_clerk, visit as visit_clerk},
    entry::{change_password, forgot, resend_verification, reset, reset_link, sign_in, sign_up, verify_email},
};
use crate::{
    account::SessionRow,
    core::Core,
    error::{Error, Result},
    org::{OrgColor, OrgId, Permissions, Role, UserId, store::open_personal},
    secret::{fingerprint, token},
    viewer::{CurrentOrg, Person},
    zone::TimeZone,
};

/// The name of the cookie: bound to this host and to https where there is https.
pub fn cookie_name(core: &Core) -> &'static str {
    if core.public_url.scheme() == "https" {
        "__Host-switchboard"
    } else {
        "switchboard"
    }
}

/// A session as the browser is to keep it.
#[derive(Clone)]
pub struct NewSession {
    /// For the cookie. What is stored is its hash.
    pub token: String,
    /// How long the browser keeps it; absent for until it closes.
    pub max_age: Option<Duration>,
}

impl std::fmt::Debug for NewSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSession")
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

/// Who looks at a page, and where.
#[derive(Clone, Debug)]
pub struct Visit {
    pub person: Person,
    /// Absent until an organization is chosen, and again when the person has been removed from it.
    pub place: Option<CurrentOrg>,
    pub caller: Option<Caller>,
    pub session: Uuid,
}

/// What one statement finds out about a visitor.
pub(super) struct VisitRow {
    pub session: Uuid,
    pub stale: bool,
    pub person: Person,
    pub place: Option<PlaceRow>,
}

/// The organization that a visitor is in.
pub(super) struct PlaceRow {
    pub org_id: OrgId,
    pub name: String,
    pub color: OrgColor,
    pub time_zone: TimeZone,
    pub role: Role,
}

impl PlaceRow {
    /// Of a row in which there may be none.
    pub fn of(
        org_id: Option<OrgId>,
        name: Option<String>,
        color: Option<OrgColor>,
        time_zone: Option<TimeZone>,
        role: Option<Role>,
    ) -> Option<Self> {
        Some(Self {
            org_id: org_id?,
            name: name?,
            color: color?,
            time_zone: time_zone?,
            role: role?,
        })
    }
}

/// The person of a session cookie; nobody if it has ended. Half its life unused ends it too.
pub async fn visit(core: &Core, cookie: &str) -> Result<Option<Visit>> {
    let found = sqlx::query!(
        r#"select s.id as session, s.seen_at < now() - interval '1 minute' as "stale!",
                  u.id as "user_id: UserId", u.name, u.email, u.email_verified_at is not null as "verified!",
                  nullif(u.time_zone, '') as "own_zone?: TimeZone",
                  o.id as "org_id?: OrgId", o.name as "org_name?", o.color as "color?: OrgColor", m.role as "role?: Role",
                  o.time_zone as "time_zone?: TimeZone"
           from identity.sessions s
             join identity.users u on u.id = s.user_id
             left join identity.memberships m on m.org_id = s.org_id and m.user_id = s.user_id and m.removed_at is null
             left join identity.organizations o on o.id = m.org_id and o.deleted_at is null
           where s.token_hash = $1 and u.disabled_at is null and s.expires_at > now()
             and s.seen_at > now() - (s.expires_at - s.created_at) / 2"#,
        &fingerprint(cookie),
    )
    .fetch_optional(core.db.identity.pool())
    .await?;
    let Some(row) = found else {
        return Ok(None);
    };
    let found = VisitRow {
        session: row.session,
        stale: row.stale,
        person: Person {
            id: row.user_id,
            name: row.name,
            email: row.email,
            email_verified: row.verified,
            time_zone: row.own_zone,
        },
        place: PlaceRow::of(row.org_id, row.org_name, row.color, row.time_zone, row.role),
    };
    let caller = found
        .place
        .as_ref()
        .map(|place| Caller::session(found.person.id.clone(), place.org_id.clone()));
    build_visit(core, found, caller).await.map(Some)
}

/// From who it is to what the page shows of them.
pub(super) async fn build_visit(core: &Core, found: VisitRow, caller: Option<Caller>) -> Result<Visit> {
    if found.stale {
        seen(core, found.session).await?;
    }
    let place = match found.place {
        None => None,
        Some(place) => {
            let summary = billing_summary(core, &found.person.id, &place.org_id).await?;
            let held = Permissions::of_role(place.role);
            Some(CurrentOrg {
                permissions: caller
                    .as_ref()
                    .and_then(Caller::limit)
                    .map_or(held, |limit| held.and(limit)),
                balance: summary.balance,
                org_id: place.org_id,
                name: place.name,
                color: place.color,
                time_zone: place.time_zone,
                role: place.role,
            })
        }
    };
    Ok(Visit {
        person: found.person,
        place,
        caller,
        session: found.session,
    })
}

/// To the minute: a page view writes nothing.
async fn seen(core: &Core, session: Uuid) -> Result<()> {
    sqlx::query!(
        "with s as (update identity.sessions set seen_at = now()
                    where id = $1 and seen_at < now() - interval '1 minute' returning user_id, org_id)
         update identity.memberships m set used_at = now() from s where m.org_id = s.org_id and m.user_id = s.user_id",
        session,
    )
    .execute(core.db.identity.pool())
    .await?;
    Ok(())
}

/// How long a session lives when the person stays signed in, and when not.
const LONG_SESSION: Duration = Duration::from_secs(30 * 24 * 3600);
const SHORT_SESSION: Duration = Duration::from_secs(24 * 3600);

/// A new session, in the organization the person used last, if that is the only choice they have to make.
pub(super) async fn open(
    conn: &mut PgConnection,
    user: &UserId,
    remember: bool,
    from: &ClientInfo,
) -> Result<NewSession> {
    let cookie = token();
    let life = if remember { LONG_SESSION } else { SHORT_SESSION };
    sqlx::query!(
        "insert into identity.sessions (token_hash, id, user_id, org_id, expires_at, ip, agent)
         select $1, $2, $3,
                (select min(m.org_id) from identity.memberships m join identity.organizations o on o.id = m.org_id
                 where m.user_id = $3 and m.removed_at is null and o.deleted_at is null having count(*) = 1),
                now() + make_interval(secs => $4), $5, $6",
        &fingerprint(&cookie),
        Uuid::now_v7(),
        user.as_str(),
        life.as_secs_f64(),
        from.ip,
        from.agent
            .as_ref()
            .map(|agent| agent.chars().take(300).collect::<String>()),
    )
    .execute(conn)
    .await?;
    Ok(NewSession {
        token: cookie,
        max_age: remember.then_some(life),
    })
}

/// Moves the session to another organization of the person. The cookie changes with it: what was seen of the old one
/// opens nothing in the new place.
pub async fn choose(core: &Core, cookie: &str, org: &OrgId) -> Result<NewSession> {
    let old = fingerprint(cookie);
    let mut tx = core.db.identity.begin().await?;
    let user = sqlx::query_scalar!(
        r#"select s.user_id as "user_id: UserId" from identity.sessions s join identity.users u on u.id = s.user_id
           where s.token_hash = $1 and s.expires_at > now() and u.disabled_at is null for update of s"#,
        &old,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::Unauthenticated)?;
    if *org == OrgId::personal(&user) {
        open_personal(&mut tx, &user).await?;
    }
    let fresh = token();
    let moved = sqlx::query!(
        r#"with m as (update identity.memberships m set used_at = now() from identity.organizations o
                      where m.org_id = $3 and m.user_id = $4 and m.removed_at is null and o.id = m.org_id and o.deleted_at is null
                      returning m.org_id)
           update identity.sessions s set token_hash = $2, org_id = m.org_id, seen_at = now() from m where s.token_hash = $1
           returning s.expires_at, s.expires_at - s.created_at > interval '2 days' as "remembered!""#,
        &old,
        &fingerprint(&fresh),
        org.as_str(),
        user.as_str(),
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(NewSession {
        token: fresh,
        max_age: moved.remembered.then(|| remaining(moved.expires_at)),
    })
}

fn remaining(until: DateTime<Utc>) -> Duration {
    (until - Utc::now()).to_std().unwrap_or_default()
}

pub async fn sign_out(core: &Core, cookie: &str) -> Result<()> {
    sqlx::query!(
        "delete from identity.sessions where token_hash = $1",
        &fingerprint(cookie)
    )
    .execute(core.db.identity.pool())
    .await?;
    Ok(())
}

/// Ends every session of the person, and every token issued until now.
pub async fn sign_out_everywhere(core: &Core, user: &UserId) -> Result<()> {
    let mut tx = core.db.identity.begin().await?;
    end_all(&mut tx, user).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn end_all(conn: &mut PgConnection, user: &UserId) -> Result<()> {
    // A token says in whole seconds when it was issued. Rounding up refuses those of this very second too, and going on
    // from there those that were issued since for the next one.
    sqlx::query!(
        "with u as (update identity.users set signed_out_before = greatest(date_trunc('second', now()), signed_out_before) + interval '1 second' where id = $1)
         delete from identity.sessions where user_id = $1",
        user.as_str()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The browsers the person is signed in with, the latest first.
pub async fn sessions(core: &Core, user: &UserId) -> Result<Vec<SessionRow>> {
    Ok(sqlx::query_as!(
        SessionRow,
        "select s.id, s.created_at, s.seen_at, s.ip, s.agent from identity.sessions s
         where s.user_id = $1 and s.expires_at > now() and s.seen_at > now() - (s.expires_at - s.created_at) / 2
         order by s.seen_at desc, s.id desc",
        user.as_str(),
    )
    .fetch_all(core.db.identity.pool())
    .await?)
}

/// Signs one browser of the person out. Somebody else's session is not there.
pub async fn end_session(core: &Core, user: &UserId, session: Uuid) -> Result<()> {
    let ended = sqlx::query!(
        "delete from identity.sessions where user_id = $1 and id = $2",
        user.as_str(),
        session
    )
    .execute(core.db.identity.pool())
    .await?;
    if ended.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}
