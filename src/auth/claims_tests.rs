use serde_json::{Value, json};

use super::*;
use crate::resource::{Action, Kind};

const ISSUER: &str = "https://example.accounts.dev";
const ORIGIN: &str = "https://voice.example.com";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_763_700_000, 0).unwrap()
}

fn with(extra: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "sub": "user_1", "azp": ORIGIN, "sid": "sess_1",
        "iat": now().timestamp(), "nbf": now().timestamp(), "exp": now().timestamp() + 60,
    });
    claims
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    claims
}

fn read(claims: &Value) -> Option<Verified> {
    clerk(claims.to_string().as_bytes(), ISSUER, ORIGIN, now())
}

fn ours(extra: Value) -> Value {
    let mut claims = with(json!({"aud": AUDIENCE, "org_id": "org_1", "jti": "1"}));
    claims
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    claims
}

fn read_ours(claims: &Value) -> Option<Verified> {
    local(claims.to_string().as_bytes(), ISSUER, ORIGIN, now())
}

#[test]
fn both_versions_of_clerks_token_name_the_organization_and_the_role() {
    for claims in [
        json!({"org_id": "org_1", "org_role": "org:admin", "org_slug": "acme"}),
        json!({"v": 2, "sts": "active", "o": {"id": "org_1", "rol": "admin", "slg": "acme"}}),
    ] {
        let verified = read(&with(claims)).unwrap();
        let word = verified.clerk.unwrap();
        assert_eq!(verified.org, OrgId::parse("org_1").ok());
        assert_eq!((word.role, word.slug.as_deref()), (Some(Role::Admin), Some("acme")));
    }
    let none = read(&with(json!({"v": 2}))).unwrap();
    assert_eq!((none.org, none.clerk.unwrap().role), (None, None));
}

#[test]
fn what_the_server_wrote_counts_and_what_the_person_may_write_does_not() {
    let verified = read(&with(json!({"app_metadata": {"org_id": "org_2"}}))).unwrap();
    assert_eq!(verified.org, OrgId::parse("org_2").ok());
    assert_eq!(verified.clerk.unwrap().role, None);
    let verified = read(&with(
        json!({"user_metadata": {"org_id": "org_2", "org_role": "owner"}}),
    ))
    .unwrap();
    assert_eq!(verified.org, None);
}

#[test]
fn a_token_that_names_two_organizations_is_refused() {
    assert_eq!(read(&with(json!({"org_id": "org_1", "o": {"id": "org_2"}}))), None);
    assert_eq!(
        read(&with(json!({"org_id": "org_1", "app_metadata": {"org_id": "org_2"}}))),
        None
    );
    assert_eq!(read(&with(json!({"org_id": "org_1'; --"}))), None);
    assert!(read_ours(&ours(json!({}))).is_some());
    assert_eq!(read_ours(&ours(json!({"o": {"id": "org_2"}}))), None);
    assert_eq!(read_ours(&ours(json!({"app_metadata": {"org_id": "org_2"}}))), None);
}

#[test]
fn a_pending_session_is_not_signed_in() {
    assert!(read(&with(json!({"sts": "active"}))).is_some());
    assert_eq!(read(&with(json!({"sts": "pending", "o": {"id": "org_1"}}))), None);
}

#[test]
fn permissions_are_unpacked_lowest_bit_first_and_only_organization_features_are_counted() {
    let granted = |features, permissions, maps| -> Vec<String> {
        let named = unpack(features, permissions, maps).into_iter();
        named.filter_map(|(name, granted)| granted.then_some(name)).collect()
    };
    assert_eq!(
        granted("o:dashboard,o:teams", "manage,read", "3,2"),
        ["org:dashboard:manage", "org:dashboard:read", "org:teams:read"]
    );
    assert_eq!(
        granted("o:dashboard,u:gifts,uo:teams", "manage,read", "1,2"),
        ["org:dashboard:manage", "org:teams:read"]
    );
    assert_eq!(granted("o:a,o:b", "read", "x"), Vec::<String>::new());
}

fn bounds(claims: Value) -> Permissions {
    read(&with(claims)).unwrap().clerk.unwrap().bounds().unwrap()
}

/// What of one kind is left.
fn left(bounds: Permissions, kind: Kind) -> Vec<Action> {
    Action::ALL
        .into_iter()
        .filter(|action| bounds.permit(*action, kind))
        .collect()
}

#[test]
fn a_token_may_do_what_it_grants_of_the_kinds_it_speaks_of_and_elsewhere_what_its_role_may() {
    let bounds = bounds(json!({
        "fea": "o:agents,o:teams,o:calls,o:voices",
        "o": {"id": "org_1", "rol": "admin", "per": "read,create,manage", "fpm": "1,3,4"}
    }));
    assert_eq!(left(bounds, Kind::Agent), [Action::Read]);
    assert_eq!(left(bounds, Kind::Call), Action::ALL, "managed");
    assert_eq!(left(bounds, Kind::Voice), [], "spoken of, and nothing granted");
    assert_eq!(left(bounds, Kind::Member), Action::ALL, "not spoken of");
    assert_eq!(
        left(bounds, Kind::Organization),
        [Action::Read, Action::Update],
        "an admin's"
    );
}

#[test]
fn an_old_token_speaks_only_of_what_it_grants() {
    let old = |permissions: Value| {
        bounds(json!({"org_id": "org_1", "org_role": "org:viewer", "org_permissions": permissions}))
    };
    for none_of_ours in [
        json!([]),
        json!(["org:teams:read", "org:agents:publish", "agents:read"]),
    ] {
        assert_eq!(old(none_of_ours), Permissions::of_role(Role::Viewer));
    }
    let limited = old(json!(["org:agents:delete", "org:calls:manage"]));
    assert_eq!(left(limited, Kind::Agent), [], "no more than the role");
    assert_eq!(left(limited, Kind::Call), [Action::Read]);
}

#[test]
fn a_number_that_cannot_be_read_grants_nothing() {
    for maps in ["0", "x", "", "-1", "99999999999999999999"] {
        let bounds = bounds(json!({
            "fea": "o:agents", "o": {"id": "org_1", "rol": "admin", "per": "read,delete", "fpm": maps}
        }));
        assert_eq!(left(bounds, Kind::Agent), [], "{maps:?}");
    }
}

#[test]
fn a_token_without_an_organization_has_no_bounds() {
    assert_eq!(read(&with(json!({}))).unwrap().clerk.unwrap().bounds(), None);
}

#[test]
fn clocks_may_differ_by_five_seconds_and_no_more() {
    let at = now().timestamp();
    for (field, good, bad) in [
        ("exp", at - 4, at - 6),
        ("nbf", at + 5, at + 6),
        ("iat", at + 5, at + 6),
    ] {
        let times = json!({"iat": at - 60, "nbf": at - 60});
        for (mut claims, read) in [
            (with(times.clone()), read as fn(&Value) -> Option<Verified>),
            (ours(times), read_ours),
        ] {
            claims[field] = good.into();
            assert!(read(&claims).is_some(), "{field} {good}");
            claims[field] = bad.into();
            assert_eq!(read(&claims), None, "{field} {bad}");
        }
    }
}

#[test]
fn a_time_of_another_type_or_out_of_range_is_refused() {
    for field in ["exp", "nbf", "iat"] {
        for bad in [
            json!("1763700060"),
            json!(1_763_700_060.5),
            json!(-1),
            json!(u64::MAX),
            json!(1e300),
            json!(null),
            json!([]),
            json!(true),
        ] {
            let mut claims = with(json!({}));
            claims[field] = bad.clone();
            assert_eq!(read(&claims), None, "{field} {bad}");
        }
    }
}

#[test]
fn a_credential_of_days_is_not_one() {
    let at = now().timestamp();
    assert_eq!(read(&with(json!({"exp": at + 86_401}))), None);
    assert_eq!(read_ours(&ours(json!({"exp": at + 301}))), None);
}

#[test]
fn a_role_we_have_never_heard_of_may_look() {
    assert_eq!(role_of("org:member"), Role::Developer);
    assert_eq!(role_of("org:billing"), Role::Billing);
    assert_eq!(role_of("org:emperor"), Role::Viewer);
}

#[test]
fn a_token_of_clerks_that_is_not_taken_is_told_apart_by_what_is_wrong_with_it() {
    let told = |claims: Value| clerk_refusal(claims.to_string().as_bytes(), ISSUER, ORIGIN, now()).unwrap_or_default();
    let at = |seconds: i64| now().timestamp() + seconds;
    let cases = [
        (with(json!({"iat": at(18), "nbf": at(18)})), "begins 18 s from now"),
        (
            with(json!({"iat": at(-98), "nbf": at(-98), "exp": at(-38)})),
            "ended 38 s ago",
        ),
        (with(json!({"azp": null})), "does not say which site it is for (azp)"),
        (
            with(json!({"azp": "https://other.example"})),
            "it is for https://other.example, and this server is https://voice.example.com (PUBLIC_URL)",
        ),
        (
            with(json!({"iss": "https://else.accounts.dev"})),
            "it is from https://else.accounts.dev",
        ),
        (with(json!({"sts": "pending"})), "Clerk still waits"),
    ];
    for (claims, words) in cases {
        assert_eq!(read(&claims), None, "{words}");
        assert!(told(claims.clone()).contains(words), "{words}: {}", told(claims));
    }
    // Within the five seconds that clocks may differ.
    for seconds in [-5, 5] {
        let claims = with(json!({"iat": at(seconds), "nbf": at(seconds), "exp": at(seconds + 60)}));
        assert!(read(&claims).is_some(), "{seconds}");
        assert_eq!(told(claims), "", "{seconds}");
    }
    assert_eq!(told(with(json!({}))), "");
}
