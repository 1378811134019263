//! Clerk's events: believed only when signed, and applied in any order, any number of times.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Caller,
    claims::role_of,
    clerk::{keep_membership, keep_org, keep_stub, keep_user, session_mark, stated},
};
use crate::{
    core::Core,
    error::{Error, Result},
    org::{OrgId, UserId, display_name::NAMELESS},
    providers::clerk::{Membership, Organization},
    resource::{Action, Kind},
};

/// How far the sender's clock may be from ours, and how long a caught request can be replayed.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// The three headers that sign a body.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// `svix-id`: the same on every delivery of one event.
    pub id: &'a str,
    /// `svix-timestamp`
    pub timestamp: &'a str,
    /// `svix-signature`: `v1,<base64>`, several separated by spaces.
    pub signature: &'a str,
}

/// An event as it was sent.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    #[serde(rename = "type")]
    pub kind: String,
    pub data: Value,
    /// Seconds or milliseconds: the documentation shows both.
    #[serde(default)]
    pub timestamp: Option<i64>,
}

/// Whether Clerk signed these very bytes, lately. Several secrets, separated by commas, let one replace another.
pub fn verify(secrets: &SecretString, signed: Signed<'_>, body: &[u8], now: DateTime<Utc>) -> bool {
    let sent = signed
        .timestamp
        .parse()
        .ok()
        .and_then(|s| DateTime::from_timestamp(s, 0));
    if sent.is_none_or(|sent| (now - sent).abs() > TOLERANCE) {
        return false;
    }
    secrets.expose_secret().split(',').any(|secret| {
        let key = secret.trim();
        let Ok(key) = STANDARD.decode(key.strip_prefix("whsec_").unwrap_or(key)) else {
            return false;
        };
        // Other versions may stand beside ours.
        let ours = signed.signature.split(' ').filter_map(|one| one.strip_prefix("v1,"));
        ours.filter_map(|one| STANDARD.decode(one).ok())
            .any(|mac| hmac(&key, signed, body).verify_slice(&mac).is_ok())
    })
}

fn hmac(key: &[u8], signed: Signed<'_>, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in [signed.id.as_bytes(), b".", signed.timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    mac
}

impl Event {
    /// What the event is about, for the inbox.
    pub fn subject(&self) -> &str {
        self.data.get("id").and_then(Value::as_str).unwrap_or_default()
    }

    fn at(&self) -> DateTime<Utc> {
        // No event is from before 1973 in milliseconds, nor from after the year 5000 in seconds.
        let ms = self.timestamp.map(|t| {
            if t.abs() < 100_000_000_000 {
                t.saturating_mul(1000)
            } else {
                t
            }
        });
        stated(ms)
    }

    /// A form we do not know is the sender's mistake, and trying again would not help.
    fn read<T: for<'de> Deserialize<'de>>(&self) -> Result<T> {
        T::deserialize(&self.data).map_err(|error| Error::invalid("data", format!("{}: {error}", self.kind)))
    }

    fn user(&self) -> Result<UserId> {
        UserId::parse(self.subject()).map_err(|_| Error::invalid("data.id", "not a user"))
    }

    fn org(&self) -> Result<OrgId> {
        match OrgId::parse(self.subject()) {
            Ok(org) if !org.is_personal() => Ok(org),
            _ => Err(Error::invalid("data.id", "not an organization")),
        }
    }
}

/// Makes ours agree with what the event says. Saying it twice, or late, changes nothing.
pub async fn apply(core: &Core, event: &Event) -> Result<()> {
    let mut tx = core.db.identity.begin().await?;
    match event.kind.as_str() {
        "user.created" | "user.updated" => keep_user(&mut tx, &event.user()?, &event.read()?).await?,
        "user.deleted" => drop_user(&mut tx, &event.user()?, event.at()).await?,
        "organization.created" | "organization.updated" => organization(&mut tx, event).await?,
        "organization.deleted" => {
            drop_org(&mut tx, &event.org()?, event.at()).await?;
            tx.commit().await?;
            return revoke_keys(core, event.org()?).await;
        }
        "organizationMembership.created" | "organizationMembership.updated" | "organizationMembership.deleted" => {
            membership(&mut tx, event).await?;
        }
        "session.ended" | "session.removed" | "session.revoked" => session_ended(&mut tx, event).await?,
        // Everything else says nothing about who may come in.
        _ => {}
    }
    Ok(tx.commit().await?)
}

async fn organization(conn: &mut PgConnection, event: &Event) -> Result<()> {
    let organization: Organization = event.read()?;
    let id = event.org()?;
    keep_org(conn, &id, &organization.name, stated(organization.updated_at)).await?;
    // A client id never changes, so the first one said stays.
    let client_id = organization.public_metadata.get("client_id").and_then(Value::as_str);
    if let Some(client_id) = client_id.filter(|id| Uuid::parse_str(id).is_ok()) {
        sqlx::query!(
            "update identity.organizations set metadata = metadata || jsonb_build_object('client_id', $2::text)
             where id = $1 and not metadata ? 'client_id'",
            id.as_str(),
            client_id,
        )
        .execute(conn)
        .await?;
    }
    Ok(())
}

async fn membership(conn: &mut PgConnection, event: &Event) -> Result<()> {
    let membership: Membership = event.read()?;
    let user = UserId::parse(&membership.public_user_data.user_id);
    let (Ok(org), Ok(user)) = (OrgId::parse(&membership.organization.id), user) else {
        return Err(Error::invalid("data", "not a membership"));
    };
    if org.is_personal() {
        return Err(Error::invalid("data.organization.id", "not an organization"));
    }
    // It may come before the events of its organization and its person.
    keep_org(
        conn,
        &org,
        &membership.organization.name,
        stated(membership.organization.updated_at),
    )
    .await?;
    keep_stub(conn, &user, &membership.public_user_data).await?;
    let changed = stated(membership.updated_at);
    if event.kind.ends_with(".deleted") {
        // The membership in the event is as it was before; its end is newer than that whatever the clocks say.
        let at = event.at().max(changed + TimeDelta::milliseconds(1));
        return keep_membership(conn, &org, &user, None, at).await;
    }
    keep_membership(conn, &org, &user, Some(role_of(&membership.role)), changed).await
}

/// Leaves a tombstone also for somebody never heard of: their `created` may still be on its way.
async fn drop_user(conn: &mut PgConnection, user: &UserId, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into identity.users (id, email, name, disabled_at, stated_at) values ($1, '', $2, now(), 'infinity')
         on conflict (id) do update set disabled_at = now(), stated_at = 'infinity'",
        user.as_str(),
        NAMELESS,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "with s as (delete from identity.sessions where user_id = $1)
         update identity.memberships set removed_at = $2, stated_at = greatest(stated_at, $2)
         where user_id = $1 and removed_at is null",
        user.as_str(),
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn drop_org(conn: &mut PgConnection, org: &OrgId, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into identity.organizations (id, name, stated_at, deleted_at) values ($1, 'Deleted organization', 'infinity', $2)
         on conflict (id) do update set stated_at = 'infinity', deleted_at = coalesce(identity.organizations.deleted_at, $2)",
        org.as_str(),
        at,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "with k as (delete from identity.api_key_secrets where org_id = $1)
         update identity.sessions set org_id = null where org_id = $1",
        org.as_str()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A process may remember a key for a minute; that it is revoked stands where the key is used.
async fn revoke_keys(core: &Core, org: OrgId) -> Result<()> {
    let mut tx = Caller::system(org)
        .begin(&core.db, Action::Update, Kind::ApiKey)
        .await?;
    sqlx::query!(
        "update app.api_keys set revoked_at = now()
         where org_id = $1 and revoked_at is null",
        tx.org() as _,
    )
    .execute(tx.conn())
    .await?;
    tx.changed(Kind::ApiKey);
    tx.commit().await
}

/// The token of an ended session is good for up to a minute more; the mark keeps it from opening a page.
async fn session_ended(conn: &mut PgConnection, event: &Event) -> Result<()> {
    let user = event.data.get("user_id").and_then(Value::as_str).unwrap_or_default();
    let user = UserId::parse(user).map_err(|_| Error::invalid("data.user_id", "not a user"))?;
    // Their token may still be on its way here for the first time.
    sqlx::query!(
        "insert into identity.users (id, email, name) values ($1, '', $2) on conflict do nothing",
        user.as_str(),
        NAMELESS,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into identity.sessions (token_hash, id, user_id, expires_at) values ($1, $2, $3, now())
         on conflict (token_hash) do update set expires_at = least(identity.sessions.expires_at, now())",
        &session_mark(event.subject()),
        Uuid::now_v7(),
        user.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"data":{"id":"org_test","object":"organization","deleted":true},"object":"event","type":"organization.deleted","timestamp":1767323045678,"instance_id":"ins_test"}"#;
    const SIGNED: Signed<'static> = Signed {
        id: "msg_2abcDEFghiJKLmnoPQRstuVWXyz",
        timestamp: "1767323045",
        signature: "v1,Rv4mi37mFhMBc+4OWwHtZeSkmXQ+gFveKpw0cDzBLj4=",
    };

    fn secret() -> SecretString {
        "whsec_Y2xlcmstc2FuZGJveC1zaWduaW5nLXNlY3JldCEhISE=".into()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn the_published_vector_verifies() {
        assert!(verify(&secret(), SIGNED, BODY, at(1_767_323_045)));
        let event: Event = serde_json::from_slice(BODY).unwrap();
        assert_eq!(
            (event.kind.as_str(), event.subject()),
            ("organization.deleted", "org_test")
        );
    }

    #[test]
    fn anything_changed_does_not() {
        let now = at(1_767_323_045);
        let other: SecretString = "whsec_b3RoZXI=".into();
        assert!(!verify(&other, SIGNED, BODY, now));
        assert!(!verify(&secret(), SIGNED, &BODY[1..], now));
        for signed in [
            Signed {
                id: "msg_other",
                ..SIGNED
            },
            Signed {
                timestamp: "1767323046",
                ..SIGNED
            },
            Signed {
                signature: "",
                ..SIGNED
            },
            Signed {
                signature: "v1,",
                ..SIGNED
            },
            Signed {
                signature: "v1,Rv4mi37mFhMBc+4OWwHtZeSkmXQ=",
                ..SIGNED
            },
            Signed {
                signature: "v2,Rv4mi37mFhMBc+4OWwHtZeSkmXQ+gFveKpw0cDzBLj4=",
                ..SIGNED
            },
        ] {
            assert!(!verify(&secret(), signed, BODY, now), "{signed:?}");
        }
    }

    #[test]
    fn one_of_several_signatures_and_one_of_several_secrets_is_enough() {
        let signature = format!("v1a,eA== v1,eA== {}", SIGNED.signature);
        let signed = Signed {
            signature: &signature,
            ..SIGNED
        };
        let secrets = format!("whsec_b3RoZXI=,{}", secret().expose_secret()).into();
        assert!(verify(&secrets, signed, BODY, at(1_767_323_045)));
    }

    #[test]
    fn a_request_from_more_than_five_minutes_away_is_refused_in_both_directions() {
        for (now, good) in [(300, true), (301, false), (-300, true), (-301, false)] {
            assert_eq!(verify(&secret(), SIGNED, BODY, at(1_767_323_045 + now)), good, "{now}");
        }
    }

    #[test]
    fn an_event_says_when_in_seconds_or_in_milliseconds() {
        let event = |timestamp| Event {
            kind: "x".into(),
            data: Value::Null,
            timestamp: Some(timestamp),
        };
        assert_eq!(event(1_767_323_045).at(), event(1_767_323_045_000).at());
    }
}
