//! What Clerk is asked, when, and what becomes of it while Clerk cannot be reached.

use chrono::Utc;
use serde_json::json;
use switchboard::{
    Error,
    auth::{self, session},
    error::Fault,
    org::{OrgDraft, OrgId, UserId, store},
};

use super::{T, membership, organization, stage, user};

#[tokio::test]
async fn a_person_known_from_a_membership_alone_is_asked_for_with_their_first_token() {
    let stage = stage().await;
    stage
        .hear("organizationMembership.created", membership("admin", T), T)
        .await
        .unwrap();
    let known = async || -> (String, bool) {
        sqlx::query_as("select name, email_verified_at is not null from identity.users")
            .fetch_one(stage.world.admin())
            .await
            .unwrap()
    };
    assert_eq!(known().await, ("Ada L".to_owned(), false));
    // Clerk does not answer now: what is known stays, and is not asked for again.
    let token = stage.token("user_ada", "admin");
    stage.world.opens(&token).await.unwrap();
    assert_eq!(known().await, ("Ada L".to_owned(), false));
    stage.fake.answer("GET /v1/users/user_ada", 200, user("Ada", T));
    stage.world.restarted().opens(&token).await.unwrap();
    assert_eq!(stage.fake.asked("GET /v1/users/user_ada").len(), 1);

    stage
        .world
        .arrange("update identity.users set stated_at = '-infinity'")
        .await;
    stage.world.restarted().opens(&token).await.unwrap();
    assert_eq!(known().await, ("Ada".to_owned(), true));
}

/// Clerk keeps texts that Postgres does not: the person comes in all the same.
#[tokio::test]
async fn a_name_that_cannot_be_stored_keeps_nobody_away() {
    let stage = stage().await;
    let mut data = user("Ada\0", T);
    data["last_name"] = json!("\0Lovelace");
    stage.fake.answer("GET /v1/users/user_ada", 200, data);
    let token = stage.token("user_ada", "admin");
    stage.world.opens(&token).await.unwrap();
    let name: String = sqlx::query_scalar("select name from identity.users")
        .fetch_one(stage.world.admin())
        .await
        .unwrap();
    assert_eq!(name, "Ada Lovelace");
}

/// Their own page, their colleagues' lists and the log say the same.
#[tokio::test]
async fn whoever_signs_in_with_a_phone_is_called_by_its_end_wherever_people_are_named() {
    const NAME: &str = "Phone ending 0958";
    let stage = stage().await;
    let phone = json!([{"id": "idn_1", "phone_number": "+442079460958"}]);
    stage.fake.answer(
        "GET /v1/users/user_ada",
        200,
        json!({"id": "user_ada", "first_name": "\u{200b}", "last_name": null, "email_addresses": [], "phone_numbers": phone,
               "updated_at": T}),
    );
    let token = stage.token("user_ada", "admin");
    let seen = session::visit_clerk(&stage.world.core, &token).await.unwrap().unwrap();
    assert_eq!((seen.person.name.as_str(), seen.person.email_or_name()), (NAME, NAME));
    stage.world.opens(&token).await.unwrap();
    let caller = auth::bearer(&stage.world.core, &token).await.unwrap();
    let members = store::members(&stage.world.core, &caller).await.unwrap();
    assert_eq!(
        members.iter().map(|member| member.name.as_str()).collect::<Vec<_>>(),
        [NAME]
    );
    // Where the log and the lists of an organization read names.
    let logged: String = sqlx::query_scalar("select name from app.users where user_id = 'user_ada'")
        .fetch_one(stage.world.admin())
        .await
        .unwrap();
    assert_eq!(logged, NAME);
    // Before Clerk can be asked, they come in as somebody without a name.
    let unknown = stage.token("user_eve", "viewer");
    let seen = session::visit_clerk(&stage.world.core, &unknown)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(seen.person.name, "Member");
}

#[tokio::test]
async fn the_client_id_is_read_from_clerk_first_and_written_back_when_there_is_none() {
    let stage = stage().await;
    let at_clerk = "00000000-0000-4000-8000-00000000000a";
    stage.fake.answer(
        "GET /v1/organizations/org_acme",
        200,
        json!({"id": "org_acme", "name": "Acme", "public_metadata": {"client_id": at_clerk, "theme": "dark"}}),
    );
    let caller = auth::bearer(&stage.world.core, &stage.token("user_ada", "admin"))
        .await
        .unwrap();
    let me = auth::me(&stage.world.core, &caller).await.unwrap();
    assert_eq!(me.client_id.to_string(), at_clerk);

    let bell = OrgId::parse("org_bell").unwrap();
    stage
        .fake
        .answer("POST /v1/organizations", 200, json!({"id": "org_bell", "name": "Bell"}));
    stage.fake.answer(
        "GET /v1/organizations/org_bell",
        200,
        json!({"id": "org_bell", "name": "Bell", "public_metadata": {}}),
    );
    stage.fake.answer(
        "PATCH /v1/organizations/org_bell/metadata",
        200,
        json!({"id": "org_bell"}),
    );
    let draft = OrgDraft {
        name: "Bell".into(),
        ..OrgDraft::default()
    };
    let ada = UserId::parse("user_ada").unwrap();
    assert_eq!(store::create(&stage.world.core, &ada, draft).await.unwrap(), bell);
    let written = stage.fake.asked("PATCH /v1/organizations/org_bell/metadata");
    let id: String = sqlx::query_scalar("select id::text from app.clients where org_id = 'org_bell'")
        .fetch_one(stage.world.admin())
        .await
        .unwrap();
    assert_eq!(written, [json!({"public_metadata": {"client_id": id}})]);

    // The log begins with whoever founded it, if it was founded here.
    let founded = |by: &str, org: &OrgId| [(by.to_owned(), "create".to_owned(), org.to_string())];
    assert_eq!(stage.world.log(&bell).await, founded("user_ada", &bell));
    let acme = OrgId::parse("org_acme").unwrap();
    assert_eq!(stage.world.log(&acme).await, founded("system", &acme));
}

#[tokio::test]
async fn an_organization_first_seen_while_clerk_is_down_waits_rather_than_getting_a_second_number() {
    let stage = stage().await;
    stage
        .fake
        .answer("GET /v1/organizations/org_acme", 422, json!({"errors": []}));
    let refused = stage.world.opens(&stage.token("user_ada", "admin")).await;
    assert!(matches!(refused, Err(Error::Upstream(up)) if up.fault == Fault::Rejected));
    assert_eq!(stage.world.count("select count(*) from app.clients").await, 0);

    // Metadata that cannot be written now is written on a later arrival.
    stage
        .fake
        .answer("GET /v1/organizations/org_acme", 200, organization("Acme", 1));
    stage
        .fake
        .answer("PATCH /v1/organizations/org_acme/metadata", 422, json!({"errors": []}));
    assert!(stage.world.opens(&stage.token("user_ada", "admin")).await.is_ok());
    stage
        .fake
        .answer("PATCH /v1/organizations/org_acme/metadata", 200, json!({}));
    let later = stage.world.restarted();
    assert!(later.opens(&stage.token("user_ada", "admin")).await.is_ok());
    let written = stage.fake.asked("PATCH /v1/organizations/org_acme/metadata");
    assert_eq!(written.len(), 2);
    assert_eq!(written[0], written[1], "the same number");
    assert_eq!(stage.world.count("select count(*) from app.clients").await, 1);
}

#[tokio::test]
async fn the_busy_path_asks_clerk_nothing() {
    let stage = stage().await;
    let token = stage.token("user_ada", "admin");
    stage.world.opens(&token).await.unwrap();
    let before = stage.fake.requests();
    for _ in 0..5 {
        stage.world.opens(&token).await.unwrap();
        session::visit_clerk(&stage.world.core, &token).await.unwrap().unwrap();
    }
    assert_eq!(stage.fake.requests(), before);
}

#[tokio::test]
async fn a_reconciliation_finds_what_no_event_told() {
    let stage = stage().await;
    stage.world.opens(&stage.token("user_ada", "admin")).await.unwrap();
    let before = stage.token("user_grace", "member");
    stage.world.opens(&before).await.unwrap();
    let mut there = membership("owner", Utc::now().timestamp_millis() + 1_000);
    there["public_user_data"]["user_id"] = "user_ada".into();
    stage.fake.answer(
        "GET /v1/organizations/org_acme/memberships",
        200,
        json!({"data": [there], "total_count": 1}),
    );
    stage
        .world
        .arrange("update identity.memberships set stated_at = stated_at - interval '1 hour'")
        .await;
    assert_eq!(auth::clerk::reconcile(&stage.world.core).await.unwrap(), 1);
    assert_eq!(stage.role().await.as_deref(), Some("owner"));
    for process in [&stage.world, &stage.world.restarted()] {
        assert_eq!(process.opens(&before).await, Err(Error::Unauthenticated));
    }
    // Asked in again meanwhile, which no event told either.
    let after = stage.token_of("user_grace", "member", Utc::now().timestamp() + 3);
    assert_eq!(
        stage.world.opens(&after).await.map(drop),
        Ok(()),
        "a newer token counts"
    );
    let alive = "select count(*) from identity.memberships where user_id = 'user_grace' and removed_at is null";
    assert_eq!(stage.world.count(alive).await, 1);
    stage
        .world
        .arrange(
            "update identity.memberships set stated_at = stated_at - interval '1 hour' where user_id = 'user_grace'",
        )
        .await;
    auth::clerk::reconcile(&stage.world.core).await.unwrap();
    assert_eq!(stage.world.count(alive).await, 0);
}
