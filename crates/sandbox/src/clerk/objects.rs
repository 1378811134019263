//! How users, organizations, memberships and sessions look, to the backend and to the browser.

use serde_json::{Value, json};

use super::{World, millis, roles};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum View {
    Backend,
    Frontend,
}

pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn without(value: &Value, names: &[&str]) -> Value {
    let mut value = value.clone();
    if let Some(members) = value.as_object_mut() {
        members.retain(|name, _| !names.contains(&name.as_str()));
    }
    value
}

pub fn user(world: &World, user: &Value, view: View) -> Value {
    if view == View::Backend {
        return user.clone();
    }
    let mut shown = without(user, &["private_metadata"]);
    shown["organization_memberships"] = world
        .memberships_of(text(user, "id"))
        .map(|member| membership(world, member, view))
        .collect();
    shown
}

pub fn organization(world: &World, organization: &Value, view: View) -> Value {
    let hidden: &[&str] = match view {
        View::Backend => &[],
        View::Frontend => &["private_metadata", "created_by", "role_set_key"],
    };
    let mut shown = without(organization, hidden);
    let id = text(organization, "id");
    shown["members_count"] = json!(world.members_in(id).count());
    let pending = world
        .invitations
        .values()
        .filter(|inv| inv["organization_id"] == id && inv["status"] == "pending");
    shown["pending_invitations_count"] = json!(pending.count());
    shown
}

pub fn public_user_data(user: &Value) -> Value {
    json!({
        "user_id": user["id"], "first_name": user["first_name"], "last_name": user["last_name"],
        "profile_image_url": null, "image_url": user["image_url"], "has_image": false,
        "identifier": identifier(user), "username": user["username"], "banned": user["banned"],
    })
}

pub fn email(user: &Value) -> &str {
    user["email_addresses"][0]["email_address"].as_str().unwrap_or_default()
}

/// What the person signs in with.
pub fn identifier(user: &Value) -> &str {
    let phone = user["phone_numbers"][0]["phone_number"].as_str();
    Some(email(user))
        .filter(|email| !email.is_empty())
        .or(phone)
        .unwrap_or_default()
}

pub fn membership(world: &World, member: &Value, view: View) -> Value {
    let role = text(member, "role");
    let mut shown = json!({
        "id": member["id"], "object": "organization_membership", "role": role,
        "role_name": roles::name(role).unwrap_or_default(), "permissions": roles::permissions(role),
        "public_metadata": member["public_metadata"], "created_at": member["created_at"],
        "updated_at": member["updated_at"],
    });
    if view == View::Backend {
        shown["private_metadata"] = member["private_metadata"].clone();
    }
    if let Some(found) = world.organizations.get(text(member, "organization_id")) {
        shown["organization"] = organization(world, found, view);
    }
    if let Some(found) = world.users.get(text(member, "user_id")) {
        shown["public_user_data"] = public_user_data(found);
    }
    shown
}

pub fn invitation(world: &World, invitation: &Value) -> Value {
    let mut shown = invitation.clone();
    shown["role_name"] = json!(roles::name(text(invitation, "role")).unwrap_or_default());
    let inviter = world.users.get(text(invitation, "inviter_id"));
    // Invitations that the backend sends have nobody behind them, and the schema knows no null here.
    shown["public_inviter_data"] = inviter.map_or_else(
        || json!({ "user_id": "", "first_name": null, "last_name": null, "image_url": "", "has_image": false, "identifier": "" }),
        |inviter| {
            let data = public_user_data(inviter);
            without(&data, &["profile_image_url", "username", "banned"])
        },
    );
    shown
}

/// The backend's session.
pub fn session(session: &Value) -> Value {
    json!({
        "object": "session", "id": session["id"], "user_id": session["user_id"], "client_id": session["client_id"],
        "actor": null, "status": session["status"],
        "last_active_organization_id": session["last_active_organization_id"],
        "last_active_at": session["last_active_at"], "expire_at": session["expire_at"],
        "abandon_at": session["abandon_at"], "updated_at": session["updated_at"], "created_at": session["created_at"],
    })
}

/// The browser's session, with the token it may use next.
pub fn browser_session(world: &World, session: &Value, token: Option<String>) -> Value {
    let found = world.users.get(text(session, "user_id"));
    json!({
        "object": "session", "id": session["id"], "status": session["status"], "expire_at": session["expire_at"],
        "abandon_at": session["abandon_at"], "last_active_at": session["last_active_at"],
        "last_active_organization_id": session["last_active_organization_id"], "actor": null, "tasks": null,
        "last_active_token": token.map(|jwt| json!({ "object": "token", "jwt": jwt })),
        "user": found.map(|found| user(world, found, View::Frontend)),
        "public_user_data": found.map(public_user_data),
        "factor_verification_age": [0, -1],
        "created_at": session["created_at"], "updated_at": session["updated_at"],
    })
}

/// An address or number of a user; it counts as verified.
fn identification(object: &str, member: &str, value: &str) -> Value {
    let now = millis();
    json!({
        "id": super::id("idn_"), "object": object, member: value, "reserved": false,
        "verification": {
            "object": "verification_admin", "status": "verified", "strategy": "admin", "attempts": null,
            "expire_at": null,
        },
        "linked_to": [], "created_at": now, "updated_at": now,
    })
}

/// A new user out of what the request says.
pub fn new_user(id: &str, address: Option<&str>, phone: Option<&str>, fields: &super::errors::Fields) -> Value {
    let now = millis();
    let take = |name: &str| fields.get(name).cloned().unwrap_or(Value::Null);
    let metadata = |name: &str| {
        fields
            .get(name)
            .filter(|value| value.is_object())
            .cloned()
            .unwrap_or_else(|| json!({}))
    };
    let address = address.map(|address| {
        let mut made = identification("email_address", "email_address", address);
        made["matches_sso_connection"] = json!(false);
        made
    });
    let phone = phone.map(|phone| {
        let mut made = identification("phone_number", "phone_number", phone);
        made["reserved_for_second_factor"] = json!(false);
        made["default_second_factor"] = json!(false);
        made["backup_codes"] = Value::Null;
        made
    });
    let id_of = |made: &Option<Value>| made.as_ref().map(|made| made["id"].clone());
    json!({
        "id": id, "object": "user", "username": take("username"), "first_name": take("first_name"),
        "last_name": take("last_name"), "locale": null,
        "image_url": "https://img.clerk.com/sandbox", "profile_image_url": "https://img.clerk.com/sandbox",
        "has_image": false, "primary_email_address_id": id_of(&address), "primary_phone_number_id": id_of(&phone),
        "primary_web3_wallet_id": null, "password_enabled": fields.text("password").is_some(),
        "two_factor_enabled": false, "totp_enabled": false, "backup_code_enabled": false,
        "email_addresses": Vec::from_iter(address), "phone_numbers": Vec::from_iter(phone), "web3_wallets": [], "passkeys": [], "external_accounts": [], "saml_accounts": [],
        "enterprise_accounts": [], "password_last_updated_at": null,
        "public_metadata": metadata("public_metadata"), "private_metadata": metadata("private_metadata"),
        "unsafe_metadata": metadata("unsafe_metadata"), "external_id": take("external_id"), "last_sign_in_at": null,
        "banned": false, "locked": false, "lockout_expires_in_seconds": null, "verification_attempts_remaining": 100,
        "created_at": now, "updated_at": now, "delete_self_enabled": true, "create_organization_enabled": true,
        "last_active_at": null, "mfa_enabled_at": null, "mfa_disabled_at": null, "legal_accepted_at": null,
    })
}
