//! The instance's roles and what they permit.

use axum::Json;
use axum::response::IntoResponse as _;
use serde_json::{Value, json};

use super::errors::{Answer, Problem};

/// Clerk's own two and the product's; permissions of the system never reach a token.
const ROLES: &[(&str, &str, &[&str])] = &[
    (
        "org:admin",
        "Admin",
        &[
            "org:sys_profile:manage",
            "org:sys_profile:delete",
            "org:sys_memberships:read",
            "org:sys_memberships:manage",
            "org:agents:manage",
            "org:agents:read",
            "org:calls:manage",
            "org:calls:read",
            "org:billing:manage",
            "org:billing:read",
        ],
    ),
    (
        "org:member",
        "Member",
        &["org:sys_memberships:read", "org:agents:read", "org:calls:read"],
    ),
    (
        "org:owner",
        "Owner",
        &[
            "org:sys_profile:manage",
            "org:sys_profile:delete",
            "org:sys_memberships:read",
            "org:sys_memberships:manage",
            "org:agents:manage",
            "org:agents:read",
            "org:calls:manage",
            "org:calls:read",
            "org:billing:manage",
            "org:billing:read",
        ],
    ),
    (
        "org:developer",
        "Developer",
        &[
            "org:sys_memberships:read",
            "org:agents:manage",
            "org:agents:read",
            "org:calls:manage",
            "org:calls:read",
        ],
    ),
    (
        "org:operator",
        "Operator",
        &[
            "org:sys_memberships:read",
            "org:agents:read",
            "org:calls:manage",
            "org:calls:read",
        ],
    ),
    (
        "org:billing",
        "Billing",
        &["org:sys_memberships:read", "org:billing:manage", "org:billing:read"],
    ),
    (
        "org:viewer",
        "Viewer",
        &["org:sys_memberships:read", "org:agents:read", "org:calls:read"],
    ),
];

pub fn name(role: &str) -> Answer<&'static str> {
    let found = ROLES.iter().find(|(key, ..)| *key == role).map(|(_, name, _)| *name);
    found.ok_or_else(|| Problem::not_found("organization role"))
}

pub fn permissions(role: &str) -> Vec<String> {
    let found = ROLES.iter().find(|(key, ..)| *key == role);
    found.map_or_else(Vec::new, |(.., permissions)| {
        permissions.iter().map(|key| (*key).to_owned()).collect()
    })
}

pub fn custom_permissions(role: &str) -> Vec<String> {
    permissions(role)
        .into_iter()
        .filter(|key| !key.starts_with("org:sys_"))
        .collect()
}

/// Roles that may manage members: an organization keeps at least one of them.
pub fn may_manage(role: &str) -> bool {
    permissions(role).iter().any(|key| key == "org:sys_memberships:manage")
}

fn permission(key: &str) -> Value {
    let kind = if key.starts_with("org:sys_") { "system" } else { "user" };
    json!({
        "object": "permission", "id": format!("perm_{}", key.replace(':', "")), "name": key, "key": key,
        "description": key, "type": kind, "created_at": 1_700_000_000_000_i64, "updated_at": 1_700_000_000_000_i64,
    })
}

pub fn page() -> Value {
    let roles: Vec<_> = ROLES
        .iter()
        .map(|(key, name, permissions)| {
            json!({
                "object": "role", "id": format!("role_{}", key.replace(':', "")), "name": name, "key": key,
                "description": name, "is_creator_eligible": may_manage(key),
                "permissions": permissions.iter().map(|key| permission(key)).collect::<Vec<_>>(),
                "created_at": 1_700_000_000_000_i64, "updated_at": 1_700_000_000_000_i64,
            })
        })
        .collect();
    json!({ "total_count": roles.len(), "data": roles })
}

pub async fn list() -> Answer {
    Ok(Json(page()).into_response())
}

pub async fn list_permissions() -> Answer {
    let keys: std::collections::BTreeSet<_> = ROLES.iter().flat_map(|(.., keys)| keys.iter()).collect();
    let data: Vec<_> = keys.iter().map(|key| permission(key)).collect();
    Ok(Json(json!({ "total_count": data.len(), "data": data })).into_response())
}
