//! What ends at Clerk ends here, whatever a token goes on saying.

use chrono::Utc;
use serde_json::json;
use switchboard::{
    Error,
    auth::{self, session},
    resource::{Action, Kind},
};

use super::{membership, stage};

#[tokio::test]
async fn a12_removed_at_clerk_means_out_now_whatever_the_token_says() {
    let stage = stage().await;
    let token = stage.token("user_ada", "admin");
    assert!(stage.world.opens(&token).await.is_ok());
    let now = Utc::now().timestamp_millis();
    stage
        .hear("organizationMembership.deleted", membership("admin", 1_000), now)
        .await
        .unwrap();
    for process in [&stage.world, &stage.world.restarted()] {
        assert_eq!(process.opens(&token).await, Err(Error::Unauthenticated));
    }
    let visit = session::visit_clerk(&stage.world.core, &token).await.unwrap().unwrap();
    assert!(visit.place.is_none());
    // Asked in again: the next token says so before any event does.
    let after = stage.token_of("user_ada", "viewer", Utc::now().timestamp() + 3);
    assert!(stage.world.opens(&after).await.is_ok());
    assert_eq!(stage.role().await.as_deref(), Some("viewer"));
    assert!(
        stage.world.opens(&token).await.is_ok(),
        "a member again, whichever token says it"
    );
}

#[tokio::test]
async fn a13_demoted_at_clerk_means_less_now_whatever_the_token_says() {
    let stage = stage().await;
    let token = stage.token("user_ada", "admin");
    let caller = auth::bearer(&stage.world.core, &token).await.unwrap();
    let visit = session::visit_clerk(&stage.world.core, &token).await.unwrap().unwrap();
    let callers = [caller, visit.caller.unwrap()];
    for caller in &callers {
        assert!(caller.begin(&stage.world.db, Action::Create, Kind::Agent).await.is_ok());
    }
    let now = Utc::now().timestamp_millis();
    stage
        .hear("organizationMembership.updated", membership("viewer", now), now)
        .await
        .unwrap();
    let again = auth::bearer(&stage.world.restarted().core, &token).await.unwrap();
    for caller in callers.iter().chain([&again]) {
        let refused = caller.begin(&stage.world.db, Action::Create, Kind::Agent).await.err();
        assert_eq!(refused, Some(Error::Forbidden));
        assert!(caller.begin(&stage.world.db, Action::Read, Kind::Agent).await.is_ok());
    }
}

#[tokio::test]
async fn a18_a_session_ended_at_clerk_opens_no_page() {
    let stage = stage().await;
    let token = stage.token("user_ada", "admin");
    assert!(session::visit_clerk(&stage.world.core, &token).await.unwrap().is_some());
    stage
        .hear(
            "session.revoked",
            json!({"id": "sess_user_ada", "user_id": "user_ada"}),
            1,
        )
        .await
        .unwrap();
    assert!(session::visit_clerk(&stage.world.core, &token).await.unwrap().is_none());
    assert_eq!(stage.world.opens(&token).await, Err(Error::Unauthenticated));

    // Nor one that had ended before it was first seen here.
    let unseen = stage.token("user_grace", "admin");
    stage
        .hear(
            "session.ended",
            json!({"id": "sess_user_grace", "user_id": "user_grace"}),
            1,
        )
        .await
        .unwrap();
    assert!(
        session::visit_clerk(&stage.world.core, &unseen)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(stage.world.opens(&unseen).await, Err(Error::Unauthenticated));
}

#[tokio::test]
async fn i36_a_deleted_organization_takes_its_keys_along() {
    let stage = stage().await;
    stage.world.opens(&stage.token("user_ada", "admin")).await.unwrap();
    let caller = auth::bearer(&stage.world.core, &stage.token("user_ada", "admin"))
        .await
        .unwrap();
    let draft = switchboard::keys::ApiKeyDraft {
        name: "k".into(),
        scopes: vec!["organization:read".parse().unwrap()],
        expires_in_days: None,
    };
    let key = switchboard::keys::store::create(&stage.world.core, &caller, draft)
        .await
        .unwrap()
        .secret;
    assert!(stage.world.opens(&key).await.is_ok());
    stage
        .hear(
            "organization.deleted",
            json!({"id": "org_acme", "deleted": true}),
            Utc::now().timestamp_millis(),
        )
        .await
        .unwrap();
    for process in [&stage.world, &stage.world.restarted()] {
        assert_eq!(process.opens(&key).await, Err(Error::Unauthenticated));
    }
}
