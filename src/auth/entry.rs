//! Getting in with a password: sign up, confirm, sign in, start over. Nobody learns here who has an account.
//!
//! Whoever proves that a mailbox is theirs decides its password. So only the first sign-up's own link confirms the password
//! typed then; every later mail to an unconfirmed address, whoever caused it, lets its reader choose a new one.

use sqlx::{Connection, PgConnection, PgExecutor};

use super::{
    ClientInfo, password,
    session::{NewSession, end_all, open},
    throttle::{self, Turn},
};
use crate::{
    account::{ChangePassword, ResetPassword, SignIn, SignUp},
    check::Check,
    core::Core,
    error::{Error, Result},
    mail::{self, Letter, Mailer},
    org::UserId,
    secret::{fingerprint, token},
    zone::TimeZone,
};

/// A person as the door knows them.
pub(super) struct Known {
    pub id: UserId,
    pub email: String,
    pub password_hash: Option<String>,
    pub verified: bool,
    pub disabled: bool,
}

pub(super) async fn find(database: impl PgExecutor<'_>, email: &str) -> Result<Option<Known>> {
    Ok(sqlx::query_as!(
        Known,
        r#"select u.id, u.email, u.password_hash, u.email_verified_at is not null as "verified!",
                  u.disabled_at is not null as "disabled!"
           from identity.users u where u.email_norm = lower($1::text) and u.password_hash is not null"#,
        email.trim(),
    )
    .fetch_optional(database)
    .await?)
}

/// Starts an account, or tells its owner by mail that there is one. The answer is the same, and so is the work.
pub async fn sign_up(core: &Core, draft: SignUp, from: &ClientInfo) -> Result<()> {
    local_only(core)?;
    Check::run(&draft)?;
    if let Some(ip) = &from.ip {
        throttle::take_address(core, ip).await?;
    }
    let hash = password::hash(&draft.password).await?;
    let mut tx = core.db.identity.begin().await?;
    let email = draft.email.trim();
    let may_mail = matches!(
        throttle::take(&mut *tx, throttle::MAIL, email).await?,
        Turn::Open { .. }
    );
    let id = UserId::new();
    let made = sqlx::query_scalar!(
        r#"insert into identity.users (id, email, name, password_hash, time_zone) values ($1, $2, $3, $4, $5)
           on conflict (email_norm) where password_hash is not null do nothing returning id as "id: UserId""#,
        id.as_str(),
        email,
        draft.name.trim(),
        hash,
        TimeZone::of_browser(&draft.time_zone).map_or_else(String::new, String::from),
    )
    .fetch_optional(&mut *tx)
    .await?;
    match made {
        Some(user) => {
            let link = link(&mut tx, &user, Purpose::Verify).await?;
            mail::enqueue(&mut tx, email, &core.mailer.verify(&link)).await?;
        }
        None if may_mail => {
            if let Some(known) = find(&mut *tx, email).await? {
                start_over(core, &mut tx, &known, Mailer::known).await?;
            }
        }
        None => {}
    }
    Ok(tx.commit().await?)
}

/// With Clerk nobody has a password here.
fn local_only(core: &Core) -> Result<()> {
    if core.uses_clerk() {
        Err(Error::NotFound)
    } else {
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Purpose {
    Verify,
    Reset,
}

impl Purpose {
    const fn word(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
        }
    }
}

/// A link for one purpose; earlier ones stop working.
async fn link(conn: &mut PgConnection, user: &UserId, purpose: Purpose) -> Result<String> {
    let hours = match purpose {
        Purpose::Verify => 24,
        Purpose::Reset => 1,
    };
    let secret = token();
    sqlx::query!("delete from identity.email_tokens where user_id = $1", user.as_str())
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "insert into identity.email_tokens (token_hash, user_id, purpose, expires_at)
         select $1, u.id, $3, now() + make_interval(hours => $4) from identity.users u where u.id = $2",
        &fingerprint(&secret),
        user.as_str(),
        purpose.word(),
        hours,
    )
    .execute(conn)
    .await?;
    Ok(secret)
}

/// Mails a link that chooses a new password; an address that was never confirmed is asked to confirm by it.
async fn start_over(
    core: &Core,
    conn: &mut PgConnection,
    known: &Known,
    letter: fn(&Mailer, &str) -> Letter,
) -> Result<()> {
    if known.disabled {
        return Ok(());
    }
    let letter = if known.verified { letter } else { Mailer::confirm };
    let link = link(conn, &known.id, Purpose::Reset).await?;
    mail::enqueue(conn, &known.email, &letter(&core.mailer, &link)).await
}

/// Follows the link of the first sign-up.
pub async fn verify_email(core: &Core, token: &str, from: &ClientInfo) -> Result<NewSession> {
    let mut tx = core.db.identity.begin().await?;
    let user = spend(&mut tx, token, Purpose::Verify).await?;
    sqlx::query!(
        "update identity.users set email_verified_at = coalesce(email_verified_at, now()) where id = $1",
        user.as_str()
    )
    .execute(&mut *tx)
    .await?;
    let session = open(&mut tx, &user, true, from).await?;
    tx.commit().await?;
    Ok(session)
}

/// A link works once, also when it is followed twice at the same time.
async fn spend(conn: &mut PgConnection, token: &str, purpose: Purpose) -> Result<UserId> {
    sqlx::query_scalar!(
        r#"update identity.email_tokens t set used_at = now() from identity.users u
           where t.token_hash = $1 and t.purpose = $2 and t.used_at is null and t.expires_at > now()
             and u.id = t.user_id and u.disabled_at is null
           returning t.user_id as "user_id: UserId""#,
        &fingerprint(token),
        purpose.word(),
    )
    .fetch_optional(conn)
    .await?
    .ok_or_else(|| {
        Error::invalid(
            "token",
            "This link has been used, replaced by a newer one, or is too old. Ask for a new one.",
        )
    })
}

/// Signs in with a password. Unknown people cost the same, and are told the same.
pub async fn sign_in(core: &Core, draft: SignIn, from: &ClientInfo) -> Result<NewSession> {
    Check::run(&draft)?;
    let remember = draft.remember;
    let known = authenticate(core, &draft, from).await?;
    let mut tx = core.db.identity.begin().await?;
    let session = open(&mut tx, &known.id, remember, from).await?;
    tx.commit().await?;
    Ok(session)
}

/// The person whose password this is, with a confirmed address.
pub(super) async fn authenticate(core: &Core, draft: &SignIn, from: &ClientInfo) -> Result<Known> {
    local_only(core)?;
    let left = throttle::take_both(core, &draft.email, from).await?;
    let known = find(core.db.identity.pool(), &draft.email).await?;
    let hash = known.as_ref().and_then(|known| known.password_hash.clone());
    let matches = password::matches(&draft.password, hash).await?;
    let Some(known) = known.filter(|known| matches && !known.disabled) else {
        return Err(Error::invalid("password", mismatch(left)));
    };
    throttle::forgive(core.db.identity.pool(), &draft.email, from).await?;
    if !known.verified {
        resend_verification(core, &draft.email, from).await?;
        return Err(Error::Conflict(
            "Confirm your email address first. A new link is on its way to you.".into(),
        ));
    }
    if known.password_hash.as_deref().is_some_and(password::outdated) {
        let hash = password::hash(&draft.password).await?;
        // Unless it was changed meanwhile.
        sqlx::query!(
            "update identity.users set password_hash = $2 where id = $1 and password_hash = $3",
            known.id.as_str(),
            hash,
            known.password_hash,
        )
        .execute(core.db.identity.pool())
        .await?;
    }
    Ok(known)
}

fn mismatch(left: i32) -> String {
    match left {
        0 => "That password does not match this email. Wait 15 minutes, or choose a new password.".into(),
        1 => "That password does not match this email. 1 try left before a 15-minute pause.".into(),
        _ => format!("That password does not match this email. {left} tries left before a 15-minute pause."),
    }
}

/// Mails a link to choose a new password, if there is an account. The answer does not tell, nor does the time it takes.
pub async fn forgot(core: &Core, email: &str, from: &ClientInfo) -> Result<()> {
    local_only(core)?;
    let mut check = Check::default();
    check.email("email", email);
    check.finish()?;
    if let Some(ip) = &from.ip {
        throttle::take_address(core, ip).await?;
    }
    let mut tx = core.db.identity.begin().await?;
    let turn = throttle::take(&mut *tx, throttle::MAIL, email).await?;
    let known = find(&mut *tx, email).await?.filter(|known| !known.disabled);
    if let Turn::Open { .. } = turn {
        // The same work for everybody; what is done for nobody is undone.
        let mut work = tx.begin().await?;
        let nobody = Known {
            id: UserId::new(),
            email: email.trim().to_owned(),
            password_hash: None,
            verified: true,
            disabled: false,
        };
        start_over(core, &mut work, known.as_ref().unwrap_or(&nobody), Mailer::reset).await?;
        match known {
            Some(_) => work.commit().await?,
            None => work.rollback().await?,
        }
    }
    Ok(tx.commit().await?)
}

/// The same for an address that was never confirmed: the mail lets its reader confirm it and choose the password.
pub async fn resend_verification(core: &Core, email: &str, from: &ClientInfo) -> Result<()> {
    forgot(core, email, from).await
}

/// Chooses a new password with the link of a mail; everything that was open is closed.
pub async fn reset(core: &Core, draft: ResetPassword, from: &ClientInfo) -> Result<NewSession> {
    local_only(core)?;
    Check::run(&draft)?;
    // A made-up link costs no hash.
    let mut tx = core.db.identity.begin().await?;
    spend(&mut tx, &draft.token, Purpose::Reset).await?;
    tx.rollback().await?;
    let hash = password::hash(&draft.password).await?;
    let mut tx = core.db.identity.begin().await?;
    let user = spend(&mut tx, &draft.token, Purpose::Reset).await?;
    replace(core, &mut tx, &user, &hash).await?;
    let session = open(&mut tx, &user, true, from).await?;
    tx.commit().await?;
    Ok(session)
}

/// Whose password the link of a mail chooses; `NotFound` where it no longer works.
pub async fn reset_link(core: &Core, token: &str) -> Result<String> {
    local_only(core)?;
    Ok(sqlx::query_scalar!(
        "select u.email from identity.email_tokens t join identity.users u on u.id = t.user_id
         where t.token_hash = $1 and t.purpose = 'reset' and t.used_at is null and t.expires_at > now() and u.disabled_at is null",
        &fingerprint(token),
    )
    .fetch_one(core.db.identity.pool())
    .await?)
}

/// Puts a new password in place of the old one, ends everything that came from that, and tells the mailbox.
pub(super) async fn replace(core: &Core, conn: &mut PgConnection, user: &UserId, hash: &str) -> Result<()> {
    let before = sqlx::query!(
        r#"update identity.users u set password_hash = $2, email_verified_at = coalesce(u.email_verified_at, now())
         from (select b.id, b.email_verified_at is not null as verified from identity.users b where b.id = $1 for update) before
         where u.id = before.id returning u.email, before.verified as "verified!""#,
        user.as_str(),
        hash,
    )
    .fetch_one(&mut *conn)
    .await?;
    // Whoever confirms an address by it has just asked for that.
    if before.verified {
        mail::enqueue(conn, &before.email, &core.mailer.password_changed(&before.email)).await?;
    }
    end_all(conn, user).await?;
    sqlx::query!("delete from identity.email_tokens where user_id = $1", user.as_str())
        .execute(&mut *conn)
        .await?;
    throttle::forgive(conn, &before.email, &ClientInfo::default()).await
}

/// Changes the password of the person at this browser, who stays signed in here and nowhere else.
pub async fn change_password(
    core: &Core,
    cookie: &str,
    draft: ChangePassword,
    from: &ClientInfo,
) -> Result<NewSession> {
    Check::run(&draft)?;
    let person = sqlx::query!(
        r#"select u.id as "id: UserId", u.email, s.org_id, s.expires_at - s.created_at > interval '2 days' as "remembered!"
           from identity.sessions s join identity.users u on u.id = s.user_id
           where s.token_hash = $1 and s.expires_at > now()"#,
        &fingerprint(cookie),
    )
    .fetch_optional(core.db.identity.pool())
    .await?
    .ok_or(Error::Unauthenticated)?;
    let typed = SignIn {
        email: person.email,
        password: draft.current,
        remember: false,
    };
    authenticate(core, &typed, from).await.map_err(|error| match error {
        Error::Invalid(fields) => Error::invalid(
            "current",
            fields.into_iter().next().map_or(String::new(), |f| f.message),
        ),
        other => other,
    })?;
    let hash = password::hash(&draft.password).await?;
    let mut tx = core.db.identity.begin().await?;
    replace(core, &mut tx, &person.id, &hash).await?;
    let session = open(&mut tx, &person.id, person.remembered, from).await?;
    sqlx::query!(
        "update identity.sessions set org_id = $2 where token_hash = $1",
        &fingerprint(&session.token),
        person.org_id.as_ref().map(|org| org.as_str()),
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(session)
}
