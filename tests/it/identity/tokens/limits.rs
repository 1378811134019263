//! A token that carries less than its person may do.

use chrono::Utc;
use serde_json::json;
use switchboard::{
    Error,
    auth::{self, session},
    org::{Role, UserId, store},
};

use super::{Issuer, stage};

#[tokio::test]
async fn permissions_in_a_token_take_away_and_never_add() {
    use switchboard::resource::{Action, Kind};
    let stage = stage().await;
    let token = stage.with(Issuer::Clerk, |claims| {
        claims["fea"] = "o:agents,o:organization,o:calls".into();
        claims["o"] = json!({"id": "org_acme", "rol": "viewer", "per": "read,delete", "fpm": "3,3,0"});
    });
    let caller = auth::bearer(&stage.world.core, &token).await.unwrap();
    assert!(caller.begin(&stage.world.db, Action::Read, Kind::Agent).await.is_ok());
    for (action, kind) in [
        (Action::Delete, Kind::Agent),
        (Action::Read, Kind::Call),
        (Action::Delete, Kind::Organization),
    ] {
        assert_eq!(
            caller.begin(&stage.world.db, action, kind).await.err(),
            Some(Error::Forbidden),
            "{action:?} {kind:?}"
        );
    }
}

#[tokio::test]
async fn of_two_tokens_of_one_second_the_weaker_role_holds_whichever_comes_first() {
    use switchboard::resource::{Action, Kind};
    let stage = stage().await;
    let at = Utc::now().timestamp();
    let another = stage.world.restarted();
    // The process that has seen the first token, and one that has not.
    for (user, roles, second) in [
        ("user_grace", ["admin", "viewer"], &stage.world),
        ("user_joan", ["viewer", "admin"], &another),
    ] {
        for (role, process) in roles.into_iter().zip([&stage.world, second]) {
            let token = stage.with(Issuer::Clerk, |claims| {
                claims["sub"] = user.into();
                claims["iat"] = at.into();
                claims["o"]["rol"] = role.into();
            });
            let caller = auth::bearer(&process.core, &token).await.unwrap();
            let may = caller.begin(&process.db, Action::Create, Kind::Agent).await.map(drop);
            let alone = roles[0] == "admin" && role == "admin";
            assert_eq!(may, if alone { Ok(()) } else { Err(Error::Forbidden) }, "{user} {role}");
        }
        let kept: String = sqlx::query_scalar("select role from identity.memberships where user_id = $1")
            .bind(user)
            .fetch_one(stage.world.admin())
            .await
            .unwrap();
        assert_eq!(kept, "viewer", "{user}");
    }
}

#[tokio::test]
async fn a_weaker_role_in_a_token_holds_though_our_record_is_newer() {
    use switchboard::resource::{Action, Kind};
    let stage = stage().await;
    stage
        .world
        .arrange("update identity.memberships set role = 'admin', stated_at = now() + interval '1 hour'")
        .await;
    for version in [1, 2] {
        let token = stage.placed(version, "org_acme", "viewer");
        let caller = auth::bearer(&stage.world.core, &token).await.unwrap();
        let visit = session::visit_clerk(&stage.world.core, &token).await.unwrap().unwrap();
        assert!(!visit.place.unwrap().permissions.permit(Action::Create, Kind::Agent));
        for caller in [caller, visit.caller.unwrap()] {
            assert_eq!(
                caller.begin(&stage.world.db, Action::Create, Kind::Agent).await.err(),
                Some(Error::Forbidden),
                "v{version}"
            );
        }
    }
}

#[tokio::test]
async fn a_token_that_carries_less_is_not_exchanged_for_more() {
    let stage = stage().await;
    let grace = stage.with(Issuer::Clerk, |claims| claims["sub"] = "user_grace".into());
    stage.opens(&grace).await.unwrap();
    let limited = stage.with(Issuer::Clerk, |claims| {
        claims["fea"] = "o:members".into();
        claims["o"] = json!({"id": "org_acme", "rol": "admin", "per": "read,update", "fpm": "3"});
    });
    let caller = auth::bearer(&stage.world.core, &limited).await.unwrap();
    assert_eq!(
        auth::token_for(&stage.world.core, &caller).await.err(),
        Some(Error::Forbidden)
    );
    // It may change members, but hands out nothing that it does not carry itself.
    let grace = UserId::parse("user_grace").unwrap();
    assert_eq!(
        store::set_role(&stage.world.core, &caller, &grace, Role::Developer).await,
        Err(Error::Forbidden)
    );
}
