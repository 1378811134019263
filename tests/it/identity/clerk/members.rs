//! People come and go at Clerk first.

use serde_json::json;
use switchboard::{
    Error,
    auth::{self, session},
    org::{InvitationDraft, OrgColor, OrgDraft, Role, UserId, store},
};

use super::stage;

/// The name comes from Clerk, which is where it is changed; zone and colour are ours.
#[tokio::test]
async fn an_organization_of_clerk_is_renamed_there_and_has_its_zone_here() {
    let stage = stage().await;
    let core = &stage.world.core;
    let caller = auth::bearer(core, &stage.token("user_ada", "admin")).await.unwrap();
    let there = store::organization(core, &caller).await.unwrap();
    let renamed = OrgDraft {
        name: "Mine".into(),
        ..there.draft()
    };
    let refused = store::update(core, &caller, renamed, there.revision).await.unwrap_err();
    assert!(
        refused.fields()[0].field == "name" && refused.fields()[0].message.contains("at Clerk"),
        "{refused:?}"
    );
    let moved = OrgDraft {
        time_zone: "Europe/Berlin".into(),
        color: OrgColor::Plum,
        ..there.draft()
    };
    let saved = store::update(core, &caller, moved.clone(), there.revision)
        .await
        .unwrap();
    assert_eq!((saved.draft(), saved.revision), (moved, there.revision + 1));
}

#[tokio::test]
async fn members_and_invitations_are_changed_at_clerk_first() {
    let stage = stage().await;
    let core = &stage.world.core;
    let caller = auth::bearer(core, &stage.token("user_ada", "admin")).await.unwrap();
    stage.world.opens(&stage.token("user_grace", "member")).await.unwrap();
    let grace = UserId::parse("user_grace").unwrap();
    let path = "/v1/organizations/org_acme/memberships/user_grace";
    let role = async || {
        let members = store::members(core, &caller).await.unwrap();
        members
            .into_iter()
            .find(|member| member.user_id == grace)
            .map(|member| member.role)
    };

    stage.fake.answer(
        &format!("PATCH {path}"),
        422,
        json!({"errors": [{"message": "no", "long_message": "This role is unknown."}]}),
    );
    let refused = store::set_role(core, &caller, &grace, Role::Viewer).await;
    assert!(
        matches!(&refused, Err(Error::Upstream(up)) if up.said.as_deref() == Some("This role is unknown.")),
        "{refused:?}"
    );
    assert_eq!(role().await, Some(Role::Developer));
    stage.fake.answer(&format!("PATCH {path}"), 200, json!({}));
    store::set_role(core, &caller, &grace, Role::Viewer).await.unwrap();
    assert_eq!(role().await, Some(Role::Viewer));
    assert_eq!(
        stage.fake.asked(&format!("PATCH {path}")).last().unwrap(),
        &json!({"role": "org:viewer"})
    );
    // Gone there already: gone here too.
    store::remove_member(core, &caller, &grace).await.unwrap();
    assert_eq!(role().await, None);

    let invitation = json!({"id": "orginv_1", "email_address": "x@example.com", "role": "org:viewer", "created_at": 1_763_700_000_000_i64});
    stage
        .fake
        .answer("POST /v1/organizations/org_acme/invitations", 200, invitation.clone());
    stage.fake.answer(
        "GET /v1/organizations/org_acme/invitations",
        200,
        json!({"data": [invitation], "total_count": 1}),
    );
    stage.fake.answer(
        "POST /v1/organizations/org_acme/invitations/orginv_1/revoke",
        200,
        json!({}),
    );
    let draft = InvitationDraft {
        email: "x@example.com".into(),
        role: Role::Viewer,
    };
    let id = store::invite(core, &caller, draft).await.unwrap();
    assert_eq!(store::invitations(core, &caller).await.unwrap()[0].id, id);
    store::revoke_invitation(core, &caller, id).await.unwrap();
    assert_eq!(
        store::revoke_invitation(core, &caller, switchboard::Id::new()).await,
        Err(Error::NotFound)
    );
    assert_eq!(
        stage.world.count("select count(*) from identity.outbox").await,
        0,
        "Clerk sends its own mail"
    );
}

#[tokio::test]
async fn whoever_may_not_go_is_not_taken_out_at_clerk_either() {
    let stage = stage().await;
    let core = &stage.world.core;
    let gone = "DELETE /v1/organizations/org_acme/memberships/user_ada";
    let caller = auth::bearer(core, &stage.token("user_ada", "owner")).await.unwrap();
    assert!(matches!(store::leave(core, &caller).await, Err(Error::Conflict(_))));
    assert_eq!(stage.fake.asked(gone).len(), 0);

    stage.world.opens(&stage.token("user_grace", "owner")).await.unwrap();
    stage.fake.answer(gone, 422, json!({"errors": []}));
    assert!(matches!(store::leave(core, &caller).await, Err(Error::Upstream(_))));
    assert_eq!(stage.role().await.as_deref(), Some("owner"), "Clerk said no");
    stage.fake.answer(gone, 200, json!({}));
    store::leave(core, &caller).await.unwrap();
    assert_eq!(stage.role().await, None);
}

#[tokio::test]
async fn nobody_signs_in_with_a_password_where_clerk_keeps_the_people() {
    let stage = stage().await;
    assert_eq!(
        stage.world.sign_up("ada@example.com", "long enough password").await,
        Err(Error::NotFound)
    );
    assert_eq!(
        stage
            .world
            .sign_in("ada@example.com", "long enough password")
            .await
            .err(),
        Some(Error::NotFound)
    );
    assert_eq!(
        session::forgot(&stage.world.core, "ada@example.com", &session::ClientInfo::default()).await,
        Err(Error::NotFound)
    );
}
