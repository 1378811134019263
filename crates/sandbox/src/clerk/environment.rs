//! What the instance tells a browser about itself before anybody signs in.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::App;

fn attribute(enabled: bool, required: bool, first_factors: &[&str]) -> Value {
    json!({
        "enabled": enabled, "required": required, "used_for_first_factor": !first_factors.is_empty(),
        "first_factors": first_factors, "used_for_second_factor": false, "second_factors": [], "verifications": [],
        "verify_at_sign_up": false, "immutable": false,
    })
}

fn user_settings() -> Value {
    let off = || attribute(false, false, &[]);
    let disabled = || json!({ "enabled": false });
    json!({
        "attributes": {
            "email_address": attribute(true, true, &["ticket"]), "phone_number": off(), "username": off(),
            "web3_wallet": off(), "first_name": attribute(true, false, &[]), "last_name": attribute(true, false, &[]),
            "password": attribute(true, true, &["password"]), "authenticator_app": off(),
            "ticket": attribute(true, false, &["ticket"]), "backup_code": off(), "passkey": off(),
        },
        "social": {}, "saml": disabled(), "enterprise_sso": disabled(),
        "sign_in": { "second_factor": { "required": false } },
        "sign_up": {
            "captcha_enabled": false, "captcha_widget_type": "invisible", "custom_action_required": false,
            "progressive": true, "mode": "public", "legal_consent_enabled": false,
        },
        "restrictions": {
            "allowlist": disabled(), "blocklist": disabled(), "allowlist_blocklist_disabled_on_sign_in": disabled(),
            "block_email_subaddresses": disabled(), "block_disposable_email_domains": disabled(),
        },
        "password_settings": {
            "disable_hibp": true, "disable_password_reverification": false, "min_length": 8, "max_length": 72,
            "require_special_char": false, "require_numbers": false, "require_uppercase": false,
            "require_lowercase": false, "show_zxcvbn": false, "min_zxcvbn_strength": 0,
            "enforce_hibp_on_sign_in": false, "allowed_special_characters": "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~",
        },
        "username_settings": {
            "min_length": 4, "max_length": 64, "allow_extended_special_characters": false,
            "allow_numeric_usernames": false,
        },
        "actions": { "delete_self": true, "create_organization": true, "create_organizations_limit": null },
        "attack_protection": {
            "user_lockout": { "enabled": false, "max_attempts": 100, "duration_in_minutes": 60 },
            "pii": disabled(), "email_link": { "require_same_client": true }, "enumeration_protection": disabled(),
        },
        "passkey_settings": { "allow_autofill": true, "show_sign_in_button": true, "satisfies_second_factor": true },
    })
}

/// Pages of the hosted account portal, which the sandbox does not have: they all lead somewhere on this host.
const PAGES: &[(&str, &str)] = &[
    ("home_url", ""),
    ("sign_in_url", "sign-in"),
    ("sign_up_url", "sign-up"),
    ("user_profile_url", "user"),
    ("waitlist_url", "waitlist"),
    ("oauth_consent_url", "oauth-consent"),
    ("after_sign_in_url", ""),
    ("after_sign_up_url", ""),
    ("after_sign_out_one_url", ""),
    ("after_sign_out_all_url", ""),
    ("after_switch_session_url", ""),
    ("after_join_waitlist_url", ""),
    ("organization_profile_url", "organization"),
    ("create_organization_url", "create-organization"),
    ("after_leave_organization_url", ""),
    ("after_create_organization_url", ""),
    ("logo_link_url", ""),
];
const UNSET: &[&str] = &[
    "logo_image_url",
    "favicon_image_url",
    "support_email",
    "google_one_tap_client_id",
    "help_url",
    "privacy_policy_url",
    "terms_url",
    "logo_url",
    "favicon_url",
    "logo_image",
    "favicon_image",
    "captcha_public_key",
    "captcha_widget_type",
    "captcha_public_key_invisible",
    "captcha_provider",
    "captcha_heartbeat",
];

fn display(url: &str, instance: &str) -> Value {
    let mut display = json!({
        "object": "display_config", "id": instance, "instance_environment_type": "development",
        "application_name": "Sandbox", "theme": {}, "preferred_sign_in_strategy": "password", "branded": false,
        "experimental_force_oauth_first": false, "clerk_js_version": "5", "show_devmode_warning": true,
        "captcha_oauth_bypass": [],
    });
    for (name, page) in PAGES {
        display[*name] = json!(format!("{url}/{page}"));
    }
    for name in UNSET {
        display[*name] = Value::Null;
    }
    display
}

pub async fn show(State(app): App) -> Json<Value> {
    let instance = app.world.read(|world| world.instance.clone());
    let billing = json!({ "enabled": false, "has_paid_plans": false });
    Json(json!({
        "auth_config": {
            "object": "auth_config", "id": instance, "first_name": "on", "last_name": "on",
            "email_address": "required", "phone_number": "off", "username": "off", "password": "required",
            "identification_requirements": [["email_address"]], "identification_strategies": ["email_address"],
            "first_factors": ["password", "ticket"], "second_factors": [],
            "email_address_verification_strategies": [], "single_session_mode": true,
            "enhanced_email_deliverability": false, "test_mode": true, "cookieless_dev": true,
            "url_based_session_syncing": true, "claimed_at": null, "reverification": false,
            "native_settings": {
                "object": "native_settings", "api_enabled": true, "trusted_device_sign_in_enabled": false,
                "trusted_device_enrollment_prompt_after_sign_in_enabled": false,
                "trusted_device_enrollment_prompt_after_sign_up_enabled": false,
            },
        },
        "display_config": display(&app.url, &instance),
        "user_settings": user_settings(),
        "organization_settings": {
            "enabled": true, "max_allowed_memberships": 0, "actions": { "admin_delete": true },
            "domains": { "enabled": false, "enrollment_modes": [], "default_role": "org:member" },
            "slug": { "disabled": false }, "creator_role": "org:admin",
        },
        "fraud_settings": { "object": "fraud_settings", "native": { "device_attestation_mode": "disabled" } },
        "commerce_settings": {
            "billing": {
                "stripe_publishable_key": null, "free_trial_requires_payment_method": false, "user": billing,
                "organization": billing,
            },
        },
        "api_keys_settings": { "enabled": false, "user_api_keys_enabled": false, "orgs_api_keys_enabled": false },
        "protect_config": { "loaders": [] },
        "client_debug_mode": false, "partitioned_cookies": false, "maintenance_mode": false,
    }))
}

pub async fn openid(State(app): App) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", app.url);
    Json(json!({
        "issuer": app.url, "authorization_endpoint": at("/oauth/authorize"), "token_endpoint": at("/oauth/token"),
        "revocation_endpoint": at("/oauth/token/revoke"), "introspection_endpoint": at("/oauth/token_info"),
        "userinfo_endpoint": at("/oauth/userinfo"), "jwks_uri": at("/.well-known/jwks.json"),
        "scopes_supported": ["openid", "profile", "email"], "response_types_supported": ["code"],
        "response_modes_supported": ["query"], "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"], "claims_supported": ["sub", "iss", "aud"],
        "code_challenge_methods_supported": ["S256"], "backchannel_logout_supported": false,
        "frontchannel_logout_supported": false,
    }))
}
