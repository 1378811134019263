//! Changes of members and invitations that Clerk makes first. What is about to happen is committed before Clerk is asked;
//! where no answer comes, or nobody is left to hear it, the worker looks at Clerk and makes both sides agree.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    audit::{self, Detail},
    auth::{Caller, clerk::keep_membership, role_of},
    core::Core,
    db::OrgTx,
    error::{Error, Result, ResultExt},
    org::{OrgId, Role, UserId},
    providers::{Failure, clerk::Clerk},
    resource::{Action, Kind},
};

/// How long after a lost answer Clerk may still be acting on the question.
const GRACE: TimeDelta = TimeDelta::seconds(15);
/// How many are looked into at once, and how long that may take before another worker does.
const BATCH: i64 = 20;
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// How far Clerk's clock and ours may be apart.
const SKEW: TimeDelta = TimeDelta::minutes(1);

/// A change of members or invitations, as the log will say it, and what Clerk is asked for.
pub(super) struct Intent<'a> {
    pub action: &'a str,
    /// The id of the member, or the address that is invited.
    pub subject: &'a str,
    pub label: &'a str,
    pub detail: Detail,
    /// The role to be given; none for whoever goes.
    pub role: Option<Role>,
    /// The invitation that is taken back, as Clerk names it.
    pub invitation: Option<&'a str>,
}

impl Intent<'_> {
    /// Writes down what is about to be asked of Clerk. The transaction ends before that.
    pub async fn begin(&self, tx: &mut OrgTx) -> Result<Uuid> {
        let id = Uuid::now_v7();
        let (actor, actor_kind) = tx.actor();
        sqlx::query!(
            "select identity.begin_member_intent($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            id,
            self.action,
            self.subject,
            self.role.map(Role::word),
            self.invitation,
            self.label,
            Json(&self.detail) as _,
            actor,
            actor_kind,
        )
        .execute(tx.conn())
        .await
        .on_constraint("member_intents_subject_unique", under_way)?;
        Ok(id)
    }

    /// Records what was changed here alone.
    pub async fn record(self, tx: &mut OrgTx) -> Result<()> {
        audit::record_with(tx, self.action, Kind::Member, self.subject, self.label, self.detail).await
    }
}

pub(super) fn under_way() -> Error {
    Error::Conflict("Somebody else is changing this at Clerk right now. Look again in a moment.".into())
}

/// Asks Clerk, with no transaction open, and takes over what came of it.
pub(super) async fn carry_out<T>(
    core: &Core,
    org: &OrgId,
    intent: Uuid,
    question: impl Future<Output = Result<T, Failure>>,
) -> Result<T> {
    match question.await {
        Ok(answer) => {
            finish(core, org, intent).await?;
            Ok(answer)
        }
        Err(failure) => {
            let forgotten = if failure.may_have_acted() {
                postpone(core, org, intent).await
            } else {
                forget(core, org, intent).await
            };
            if let Err(error) = forgotten {
                tracing::warn!(%error, "an intent stays until its lease ends");
            }
            Err(failure.into())
        }
    }
}

/// Takes over what Clerk has done, together with its entry in the log. As the worker: that the caller may was seen before
/// Clerk was asked, and it may be the caller who is gone now.
async fn finish(core: &Core, org: &OrgId, intent: Uuid) -> Result<()> {
    let mut tx = Caller::system(org.clone())
        .begin(&core.db, Action::Update, Kind::Member)
        .await?;
    let done = sqlx::query!(
        r#"select action as "action!", subject as "subject!", label as "label!", detail as "detail!: Json<Detail>",
                  actor as "actor!", actor_kind as "actor_kind!" from identity.finish_member_intent($1)"#,
        intent,
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(done) = done {
        let (actor, object) = (
            (done.actor, done.actor_kind.as_str()),
            (done.subject.as_str(), done.label.as_str()),
        );
        audit::record_as(&mut tx, actor, &done.action, Kind::Member, object, done.detail.0).await?;
    }
    tx.commit().await
}

async fn forget(core: &Core, org: &OrgId, intent: Uuid) -> Result<()> {
    sqlx::query!(
        "delete from identity.member_intents where org_id = $1 and id = $2",
        org.as_str(),
        intent
    )
    .execute(core.db.identity.pool())
    .await?;
    Ok(())
}

async fn postpone(core: &Core, org: &OrgId, intent: Uuid) -> Result<()> {
    sqlx::query!(
        "update identity.member_intents set due_at = now() + make_interval(secs => $3) where org_id = $1 and id = $2",
        org.as_str(),
        intent,
        GRACE.num_seconds() as f64,
    )
    .execute(core.db.identity.pool())
    .await?;
    Ok(())
}

/// An intent whose request is gone.
struct Due {
    org_id: OrgId,
    id: Uuid,
    action: String,
    subject: String,
    role: Option<Role>,
    invitation: Option<String>,
    created_at: DateTime<Utc>,
}

/// Finds out what became of changes whose request is gone; answers how many there were. For the worker.
pub async fn settle_due(core: &Core) -> Result<usize> {
    let Some(clerk) = &core.clerk else {
        return Ok(0);
    };
    let due = sqlx::query_as!(
        Due,
        r#"update identity.member_intents i set due_at = now() + make_interval(secs => $2), attempts = i.attempts + 1
           from (select d.org_id, d.id from identity.member_intents d where d.due_at <= now()
                 order by d.due_at limit $1 for update skip locked) due
           where i.org_id = due.org_id and i.id = due.id
           returning i.org_id as "org_id: OrgId", i.id, i.action, i.subject, i.role as "role: Role", i.invitation, i.created_at"#,
        BATCH,
        LEASE.num_seconds() as f64,
    )
    .fetch_all(core.db.identity.pool())
    .await?;
    let count = due.len();
    for intent in due {
        if let Err(error) = settle(core, clerk, &intent).await {
            tracing::warn!(org = %intent.org_id, action = intent.action, %error, "what became of a change is not known yet");
        }
    }
    Ok(count)
}

async fn settle(core: &Core, clerk: &Clerk, due: &Due) -> Result<()> {
    let took_place = match due.action.as_str() {
        "invite" => clerk.invitations(&due.org_id).await?.iter().any(|invitation| {
            invitation.email_address.eq_ignore_ascii_case(&due.subject)
                && invitation.created_at >= (due.created_at - SKEW).timestamp_millis()
        }),
        "revoke" => {
            let id = due.invitation.as_deref().unwrap_or_default();
            let invitation = clerk.invitation(&due.org_id, id).await?;
            invitation.is_some_and(|invitation| invitation.status.as_deref() == Some("revoked"))
        }
        _ => membership_is_as_wanted(core, clerk, due).await?,
    };
    if took_place {
        finish(core, &due.org_id, due.id).await
    } else {
        forget(core, &due.org_id, due.id).await
    }
}

/// Whether the member has the role that was asked for, or is gone as was asked for. If not, Clerk's word is kept here.
async fn membership_is_as_wanted(core: &Core, clerk: &Clerk, due: &Due) -> Result<bool> {
    let user = UserId::parse(&due.subject).map_err(|_| Error::NotFound)?;
    let asked_at = sqlx::query_scalar!(r#"select now() as "now!""#)
        .fetch_one(core.db.identity.pool())
        .await?;
    let membership = clerk.membership(&due.org_id, &user).await?;
    let role = membership.as_ref().map(|membership| role_of(&membership.role));
    if role == due.role {
        return Ok(true);
    }
    let stated = membership.map_or(Some(asked_at), |membership| {
        membership.updated_at.and_then(DateTime::from_timestamp_millis)
    });
    let mut tx = core.db.identity.begin().await?;
    keep_membership(
        &mut tx,
        &due.org_id,
        &user,
        role,
        stated.unwrap_or(DateTime::UNIX_EPOCH),
    )
    .await?;
    tx.commit().await?;
    Ok(false)
}
