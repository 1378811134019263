//! Claims: what a signed token says, believed only in the exact shape each issuer promises.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use crate::{
    org::{OrgId, Permissions, Role, Scope, UserId},
    providers::json,
};

/// Clocks of two machines may differ by this much.
const LEEWAY_S: i64 = 5;
/// Our own tokens live at most this long.
pub(super) const LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// Clerk's live a minute; an instance may say otherwise, but a credential of days is not one.
const CLERK_LIFETIME: TimeDelta = TimeDelta::days(1);
pub(super) const AUDIENCE: &str = "switchboard";

/// What a token proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verified {
    pub user: UserId,
    pub org: Option<OrgId>,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// Only from Clerk.
    pub clerk: Option<ClerkWord>,
}

/// What Clerk's word adds: its own session, and what it says of the organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClerkWord {
    pub session: Option<String>,
    pub slug: Option<String>,
    /// Absent where the token names an organization without a role: then only our own record of the membership counts.
    pub role: Option<Role>,
    /// The custom permissions that are scopes of ours, where the token speaks of any.
    pub limit: Option<Permissions>,
}

impl ClerkWord {
    /// The most that may be done with this very token. Its role counts here whatever our record says: a role that takes
    /// away holds from the first request, also where the record was written in the same second or is newer.
    pub fn bounds(&self) -> Option<Permissions> {
        let role = self.role.map(Permissions::of_role);
        match (role, self.limit) {
            (Some(role), Some(limit)) => Some(role.and(limit)),
            (role, limit) => role.or(limit),
        }
    }
}

/// Times must be whole, positive numbers: a token whose `exp` is text, a fraction or below zero does not parse.
#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: u64,
    nbf: u64,
    iat: u64,
    #[serde(default)]
    aud: Option<Audience>,
    #[serde(default)]
    azp: Option<String>,
    #[serde(default)]
    jti: Option<String>,
    #[serde(default)]
    sid: Option<String>,
    #[serde(default)]
    sts: Option<String>,
    #[serde(default)]
    org_id: Option<String>,
    #[serde(default)]
    org_slug: Option<String>,
    #[serde(default)]
    org_role: Option<String>,
    #[serde(default)]
    org_permissions: Option<Vec<String>>,
    #[serde(default)]
    o: Option<Compact>,
    #[serde(default)]
    fea: Option<String>,
    /// Written by the issuer's server. `user_metadata`, which the person may write, is not even parsed.
    #[serde(default)]
    app_metadata: Option<AppMetadata>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Deserialize)]
struct AppMetadata {
    #[serde(default)]
    org_id: Option<String>,
}

/// The organization in version 2 of Clerk's session token.
#[derive(Debug, Deserialize)]
struct Compact {
    id: String,
    #[serde(default)]
    slg: Option<String>,
    #[serde(default)]
    rol: Option<String>,
    #[serde(default)]
    per: Option<String>,
    #[serde(default)]
    fpm: Option<String>,
}

/// Reads a token of ours, whose signature is good. Everything we write must be there.
pub(super) fn local(payload: &[u8], issuer: &str, origin: &str, now: DateTime<Utc>) -> Option<Verified> {
    let claims: Claims = serde_json::from_slice(payload).ok()?;
    let (issued_at, expires_at) = claims.times(now, LIFETIME)?;
    let ours = claims.iss == issuer
        && claims.is_for_us()?
        && claims.azp.as_deref().is_none_or(|azp| azp == origin)
        && claims.jti.as_deref().is_some_and(|jti| !jti.is_empty());
    ours.then_some(())?;
    claims.org_id.as_ref()?;
    Some(Verified {
        user: UserId::parse(&claims.sub).ok()?,
        org: Some(claims.organization().ok()??),
        issued_at,
        expires_at,
        clerk: None,
    })
}

/// Reads a token of Clerk, whose signature is good. It has no audience of its own; who asked for it is in `azp`.
pub(super) fn clerk(payload: &[u8], issuer: &str, origin: &str, now: DateTime<Utc>) -> Option<Verified> {
    let claims: Claims = json::read(payload).ok()?;
    let (issued_at, expires_at) = claims.times(now, CLERK_LIFETIME)?;
    let good = claims.iss == issuer
        && claims.azp.as_deref() == Some(origin)
        && claims.is_for_us().unwrap_or(true)
        // Pending means that the person has yet to do something before they count as signed in.
        && claims.sts.as_deref().is_none_or(|status| status == "active");
    good.then_some(())?;
    let org = claims.organization().ok()?;
    let role = claims
        .o
        .as_ref()
        .and_then(|o| o.rol.as_deref())
        .or(claims.org_role.as_deref());
    Some(Verified {
        user: UserId::parse(&claims.sub).ok()?,
        clerk: Some(ClerkWord {
            session: claims.sid.clone(),
            slug: claims
                .o
                .as_ref()
                .and_then(|o| o.slg.clone())
                .or_else(|| claims.org_slug.clone()),
            role: role.filter(|_| org.is_some()).map(role_of),
            limit: claims.limit(),
        }),
        org,
        issued_at,
        expires_at,
    })
}

/// What is wrong with a token of Clerk whose signature is good, for the log and for the person that it is about.
pub(super) fn clerk_refusal(payload: &[u8], issuer: &str, origin: &str, now: DateTime<Utc>) -> Option<String> {
    let claims: Claims = serde_json::from_slice(payload).ok()?;
    let ahead = |seconds: u64| {
        i64::try_from(seconds)
            .unwrap_or(i64::MAX)
            .saturating_sub(now.timestamp())
    };
    let (begins, ends) = (ahead(claims.iat.max(claims.nbf)), ahead(claims.exp));
    Some(if begins > LEEWAY_S {
        format!("it begins {begins} s from now by this server's clock, which may be slow")
    } else if ends <= -LEEWAY_S {
        format!("it ended {} s ago by this server's clock, which may be fast", -ends)
    } else if claims.azp.is_none() {
        "it does not say which site it is for (azp); Clerk's own script adds that".to_owned()
    } else if claims.azp.as_deref() != Some(origin) {
        let azp = claims.azp.unwrap_or_default();
        format!("it is for {azp}, and this server is {origin} (PUBLIC_URL)")
    } else if claims.iss != issuer {
        format!(
            "it is from {}, and this server asks {issuer} (CLERK_FRONTEND_API)",
            claims.iss
        )
    } else if claims.sts.as_deref().is_some_and(|status| status != "active") {
        "Clerk still waits for something before it counts, such as the choice of an organization".to_owned()
    } else {
        return None;
    })
}

impl Claims {
    fn times(&self, now: DateTime<Utc>, longest: TimeDelta) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let time = |seconds: u64| DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0);
        let (expires_at, valid_from, issued_at) = (time(self.exp)?, time(self.nbf)?, time(self.iat)?);
        let leeway = TimeDelta::seconds(LEEWAY_S);
        let good = now < expires_at + leeway
            && valid_from <= now + leeway
            && issued_at <= now + leeway
            && issued_at < expires_at
            && expires_at - issued_at <= longest;
        good.then_some((issued_at, expires_at))
    }

    /// Whether the audience is this product and nobody else; `None` where the token names none.
    fn is_for_us(&self) -> Option<bool> {
        Some(match self.aud.as_ref()? {
            Audience::One(one) => one == AUDIENCE,
            Audience::Many(many) => matches!(many.as_slice(), [one] if one == AUDIENCE),
        })
    }

    /// The active organization. A token that names two different ones names none.
    fn organization(&self) -> Result<Option<OrgId>, ()> {
        let named = [
            self.o.as_ref().map(|o| o.id.as_str()),
            self.org_id.as_deref(),
            self.app_metadata
                .as_ref()
                .and_then(|metadata| metadata.org_id.as_deref()),
        ];
        let mut named = named.into_iter().flatten();
        let Some(first) = named.next() else {
            return Ok(None);
        };
        if named.any(|other| other != first) {
            return Err(());
        }
        OrgId::parse(first).map(Some).map_err(|_| ())
    }

    /// Of the kinds of ours that a token speaks of it may do what it grants and no more; of the others its role decides.
    /// Version 2 also says what is not granted. Clerk's own permissions never travel in tokens.
    fn limit(&self) -> Option<Permissions> {
        let named = match &self.o {
            Some(o) => unpack(self.fea.as_deref()?, o.per.as_deref()?, o.fpm.as_deref()?),
            None => {
                let granted = self.org_permissions.iter().flatten();
                granted.map(|name| (name.clone(), true)).collect()
            }
        };
        let named = named
            .iter()
            .flat_map(|(name, granted)| scopes_of(name).map(move |scope| (scope, *granted)));
        let ours: Vec<(Scope, bool)> = named.collect();
        let may = |scope: &Scope| {
            let spoken_of = ours.iter().any(|(named, _)| named.kind == scope.kind);
            !spoken_of || ours.contains(&(*scope, true))
        };
        (!ours.is_empty()).then(|| Scope::all().filter(may).collect())
    }
}

/// What a permission of Clerk means here: `org:agents:read` is one scope, `org:agents:manage` all of its kind, and most
/// are none of ours.
fn scopes_of(name: &str) -> impl Iterator<Item = Scope> {
    let parts = name.strip_prefix("org:").and_then(|name| name.split_once(':'));
    let (feature, permission) = parts.unwrap_or_default();
    Scope::all().filter(move |scope| {
        scope.kind.word() == feature && (permission == "manage" || scope.action.word() == permission)
    })
}

/// The permissions of a version 2 token and whether each is granted: for every organization feature there is a number,
/// whose lowest bit is the first permission. A feature without a number grants nothing.
fn unpack(features: &str, permissions: &str, maps: &str) -> Vec<(String, bool)> {
    let permissions: Vec<&str> = permissions.split(',').map(str::trim).collect();
    // `u:` features are the person's own and have no number here; `uo:` ones belong to both.
    let features = features.split(',').filter_map(|feature| {
        let (scope, name) = feature.trim().split_once(':')?;
        scope.contains('o').then_some(name)
    });
    let maps = maps.split(',').map(|map| map.trim().parse::<u64>().unwrap_or(0));
    features
        .zip(maps.chain(std::iter::repeat(0)))
        .flat_map(|(feature, map)| {
            permissions.iter().enumerate().map(move |(bit, permission)| {
                let granted = bit < 64 && map >> bit & 1 == 1;
                (format!("org:{feature}:{permission}"), granted)
            })
        })
        .collect()
}

/// Our role for one of Clerk's. An instance may define roles by our names; its default member builds, as a team member
/// does, and a role we have never heard of may look.
pub(crate) fn role_of(role: &str) -> Role {
    match role.strip_prefix("org:").unwrap_or(role) {
        "member" | "basic_member" => Role::Developer,
        word => word.parse().unwrap_or(Role::Viewer),
    }
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
