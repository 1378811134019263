//! Session tokens in both versions, and tokens that are wrong on purpose.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use chrono::Utc;
use serde_json::{Value, json};

use super::errors::{Answer, Fields, Problem};
use super::{App, Clerk, World, id, keys, roles};

/// What a session token says.
pub struct Claims<'a> {
    pub user: &'a str,
    pub session: &'a str,
    pub azp: Option<&'a str>,
    /// Organization id, slug, role with its prefix, permissions.
    pub organization: Option<Active>,
    pub status: &'a str,
    pub seconds: i64,
    pub ahead_s: i64,
}

#[derive(Clone)]
pub struct Active {
    pub id: String,
    pub slug: String,
    pub role: String,
    pub permissions: Vec<String>,
}

pub fn claims(issuer: &str, version: u64, say: &Claims<'_>) -> Value {
    let now = Utc::now().timestamp() + say.ahead_s;
    let mut claims = json!({
        "iss": issuer, "sub": say.user, "sid": say.session, "iat": now, "nbf": now - 10, "exp": now + say.seconds,
        "fva": [0, -1],
    });
    if let Some(azp) = say.azp {
        claims["azp"] = json!(azp);
    }
    if version == 1 {
        if let Some(active) = &say.organization {
            claims["org_id"] = json!(active.id);
            claims["org_slug"] = json!(active.slug);
            claims["org_role"] = json!(active.role);
            claims["org_permissions"] = json!(active.permissions);
        }
        return claims;
    }
    claims["v"] = json!(2);
    claims["jti"] = json!(id(""));
    claims["sts"] = json!(say.status);
    claims["pla"] = json!("u:free");
    if let Some(active) = &say.organization {
        let (features, permissions, map) = packed(&active.permissions);
        claims["o"] = json!({
            "id": active.id, "slg": active.slug, "rol": active.role.trim_start_matches("org:"),
            "per": permissions, "fpm": map,
        });
        claims["fea"] = json!(features);
        claims["pla"] = json!("o:free");
    }
    claims
}

/// `org:<feature>:<permission>` as features, permission names, and one bit mask for each feature, lowest bit first.
fn packed(permissions: &[String]) -> (String, String, String) {
    let pairs: Vec<(&str, &str)> = permissions
        .iter()
        .filter_map(|key| key.strip_prefix("org:")?.split_once(':'))
        .collect();
    let mut features: Vec<&str> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for (feature, name) in &pairs {
        if !features.contains(feature) {
            features.push(feature);
        }
        if !names.contains(name) {
            names.push(name);
        }
    }
    let mask = |feature: &&str| {
        let bit = |(place, name): (usize, &&str)| u64::from(pairs.contains(&(*feature, *name))) << place;
        names.iter().enumerate().map(bit).sum::<u64>().to_string()
    };
    let map: Vec<_> = features.iter().map(mask).collect();
    let features: Vec<_> = features.iter().map(|feature| format!("o:{feature}")).collect();
    (features.join(","), names.join(","), map.join(","))
}

/// The organization a token may name: only one that the user still belongs to.
pub fn active(world: &World, user: &str, organization: &str) -> Option<Active> {
    let member = world.membership(organization, user)?;
    let organization = world.organizations.get(organization)?;
    let role = member["role"].as_str().unwrap_or_default();
    Some(Active {
        id: organization["id"].as_str().unwrap_or_default().to_owned(),
        slug: organization["slug"].as_str().unwrap_or_default().to_owned(),
        role: role.to_owned(),
        permissions: roles::custom_permissions(role),
    })
}

impl Clerk {
    /// A token for a session as it is now, or for another organization of its user.
    pub fn session_token(
        &self,
        session: &str,
        organization: Option<&str>,
        azp: Option<&str>,
        seconds: i64,
    ) -> Answer<String> {
        self.world.read(|world| {
            let found = world
                .sessions
                .get(session)
                .ok_or_else(|| Problem::not_found("session"))?;
            let user = found["user_id"].as_str().unwrap_or_default();
            let organization = organization
                .or(found["last_active_organization_id"].as_str())
                .filter(|org| !org.is_empty());
            let organization = organization.and_then(|org| active(world, user, org));
            let status = if found["status"] == "pending" {
                "pending"
            } else {
                "active"
            };
            let say = Claims {
                user,
                session,
                azp,
                organization,
                status,
                seconds: if seconds == 60 {
                    world.token_seconds.unwrap_or(60)
                } else {
                    seconds
                },
                ahead_s: world.ahead_s,
            };
            let version = world.token_version.unwrap_or(2);
            let key = world
                .keys
                .first()
                .ok_or_else(|| Problem::new(500, "internal_clerk_error", "no key"))?;
            Ok(keys::jwt(key, &claims(&self.url, version, &say)))
        })
    }
}

/// `POST /_sandbox/tokens`: any token, good or bad. Everything has a default.
pub async fn mint(State(app): App, body: Bytes) -> Answer {
    let ask = Fields::json(&body)?;
    let user = ask.text("user").map_or_else(|| id("user_"), str::to_owned);
    let session = ask.text("session").map_or_else(|| id("sess_"), str::to_owned);
    let permissions = ask.get("permissions").and_then(Value::as_array).map(|list| {
        list.iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    let organization = ask.text("org").map(|org| {
        let known = app.world.read(|world| active(world, &user, org));
        let role = ask.text("role").map(str::to_owned);
        let mut made = known.unwrap_or_else(|| Active {
            id: org.to_owned(),
            slug: ask.text("slug").unwrap_or("acme").to_owned(),
            role: "org:member".to_owned(),
            permissions: Vec::new(),
        });
        if let Some(role) = role {
            made.role = if role.starts_with("org:") {
                role
            } else {
                format!("org:{role}")
            };
            made.permissions = roles::custom_permissions(&made.role);
        }
        made.permissions = permissions.clone().unwrap_or(made.permissions);
        made
    });
    let say = Claims {
        user: &user,
        session: &session,
        azp: ask.text("azp"),
        organization,
        status: ask.text("sts").unwrap_or("active"),
        seconds: 60,
        ahead_s: 0,
    };
    let version = ask.get("version").and_then(Value::as_u64).unwrap_or(2);
    let mut claims = claims(ask.text("iss").unwrap_or(&app.url), version, &say);
    // Offsets are seconds from now: {"exp": -30} has expired half a minute ago.
    for name in ["exp", "nbf", "iat"] {
        if let Some(offset) = ask.get(name).and_then(Value::as_i64) {
            claims[name] = json!(Utc::now().timestamp() + offset);
        }
    }
    super::errors::merge(&mut claims, ask.object("claims")?.unwrap_or(&json!({})));
    let key = app.world.read(|world| match ask.text("kid") {
        Some(kid) => world.keys.iter().find(|key| key.kid == kid).cloned(),
        None => world.keys.first().cloned(),
    });
    let key = key.ok_or_else(|| Problem::not_found("key"))?;
    let jwt = match ask.text("forge") {
        None => keys::jwt(&key, &claims),
        Some(how) => keys::forged(&key, &claims, how).ok_or_else(|| Problem::invalid("forge"))?,
    };
    Ok(Json(json!({ "jwt": jwt, "claims": claims })).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_packed_lowest_bit_first() {
        let permissions = ["org:dashboard:manage", "org:dashboard:read", "org:teams:read"].map(str::to_owned);
        let packed = packed(&permissions);
        assert_eq!(
            packed,
            ("o:dashboard,o:teams".into(), "manage,read".into(), "3,2".into())
        );
    }
}
