//! Clerk's word: its tokens, its events in any order, its metadata, and what becomes of it while Clerk cannot be reached.

use chrono::Utc;
use serde_json::{Value, json};
use switchboard::{
    Error,
    auth::{
        self,
        clerk_events::{Event, apply},
        session,
    },
    error::Fault,
    org::{InvitationDraft, OrgDraft, OrgId, Role, UserId, store},
    resource::{Action, Kind},
};

use crate::common::{
    ORIGIN, World,
    clerk::{FakeClerk, Rsa},
    world,
};

/// When events happen here, in milliseconds. Much smaller numbers would be taken for seconds.
const T: i64 = 1_763_700_000_000;

struct Stage {
    world: World,
    fake: FakeClerk,
    rsa: Rsa,
}

async fn stage() -> Stage {
    let fake = FakeClerk::start().await;
    let rsa = Rsa::generate("ins_key1");
    fake.publish(&[&rsa]);
    let variables = fake.variables();
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let world = world(&variables).await;
    fake.answer(
        "GET /v1/organizations/org_acme",
        200,
        json!({"id": "org_acme", "name": "Acme", "public_metadata": {}}),
    );
    fake.answer(
        "PATCH /v1/organizations/org_acme/metadata",
        200,
        json!({"id": "org_acme"}),
    );
    Stage { world, fake, rsa }
}

impl Stage {
    fn token(&self, user: &str, role: &str) -> String {
        self.token_of(user, role, Utc::now().timestamp())
    }

    fn token_of(&self, user: &str, role: &str, now: i64) -> String {
        let claims = json!({
            "iss": self.fake.url, "azp": ORIGIN, "sub": user, "sid": format!("sess_{user}"), "v": 2,
            "o": {"id": "org_acme", "rol": role}, "iat": now, "nbf": now, "exp": now + 60,
        });
        self.rsa.sign(&json!({"alg": "RS256", "kid": "ins_key1"}), &claims)
    }

    async fn hear(&self, kind: &str, data: Value, at_ms: i64) -> Result<(), Error> {
        let event = Event {
            kind: kind.into(),
            data,
            timestamp: Some(at_ms),
        };
        apply(&self.world.core, &event).await
    }

    /// What we hold to be true of Ada in Acme.
    async fn role(&self) -> Option<String> {
        sqlx::query_scalar(
            "select m.role from identity.memberships m join identity.organizations o on o.id = m.org_id join identity.users u on u.id = m.user_id
             where m.user_id = 'user_ada' and m.org_id = 'org_acme' and m.removed_at is null and o.deleted_at is null and u.disabled_at is null",
        )
        .fetch_optional(self.world.admin())
        .await
        .unwrap()
    }
}

fn membership(role: &str, updated_at: i64) -> Value {
    json!({
        "id": "orgmem_1", "object": "organization_membership", "role": format!("org:{role}"), "updated_at": updated_at,
        "organization": {"id": "org_acme", "name": "Acme", "updated_at": 1},
        "public_user_data": {"user_id": "user_ada", "first_name": "Ada", "last_name": "L", "identifier": "ada@example.com"},
    })
}

fn user(name: &str, updated_at: i64) -> Value {
    json!({
        "id": "user_ada", "first_name": name, "last_name": null, "updated_at": updated_at, "banned": false,
        "primary_email_address_id": "idn_1",
        "email_addresses": [{"id": "idn_1", "email_address": "ada@example.com", "verification": {"status": "verified"}}],
    })
}

fn organization(name: &str, updated_at: i64) -> Value {
    json!({"id": "org_acme", "name": name, "public_metadata": {}, "updated_at": updated_at})
}

#[tokio::test]
async fn w7_the_same_events_in_any_order_end_the_same() {
    let joined = |role: &str, at| ("organizationMembership.created", membership(role, at), at);
    let changed = |role: &str, at| ("organizationMembership.updated", membership(role, at), at);
    let removed = |since, at| ("organizationMembership.deleted", membership("admin", since), at);
    let named = |at| ("user.created", user("Ada", at), at);
    let banned = |at, banned: bool| {
        let mut data = user("Ada", at);
        data["banned"] = banned.into();
        ("user.updated", data, at)
    };
    let founded = |at| ("organization.created", organization("Acme", at), at);
    let gone = |kind, id| (kind, json!({"id": id, "deleted": true}), T + 5_000);
    let stories = [
        (
            vec![
                joined("member", T + 1_000),
                changed("admin", T + 2_000),
                removed(T + 2_000, T + 3_000),
                joined("viewer", T + 4_000),
            ],
            Some("viewer"),
        ),
        // Of the same moment: what takes more away holds.
        (
            vec![joined("admin", T + 1_000), changed("viewer", T + 1_000)],
            Some("viewer"),
        ),
        (vec![joined("admin", T + 3_000), removed(T, T + 3_000)], None),
        // The end of a membership that is told in whole seconds, before its last change.
        (vec![joined("admin", T + 1_500), removed(T + 1_500, T / 1_000)], None),
        (
            vec![
                named(T + 1_000),
                joined("admin", T + 1_000),
                gone("user.deleted", "user_ada"),
            ],
            None,
        ),
        (
            vec![
                founded(T + 1_000),
                joined("admin", T + 2_000),
                gone("organization.deleted", "org_acme"),
            ],
            None,
        ),
        (
            vec![
                joined("admin", T),
                banned(T + 1_000, true),
                banned(T + 2_000, false),
                named(T),
            ],
            Some("admin"),
        ),
        (vec![joined("admin", T), named(T), banned(T + 1_000, true)], None),
    ];
    let stage = stage().await;
    for (events, ends) in stories {
        for order in orders(events.len()) {
            stage
                .world
                .arrange("truncate identity.memberships, identity.organizations, identity.users cascade")
                .await;
            for &i in &order {
                let (kind, data, at) = events[i].clone();
                stage.hear(kind, data.clone(), at).await.unwrap();
                // Delivered twice, as at least once may mean.
                stage.hear(kind, data, at).await.unwrap();
            }
            let kinds: Vec<_> = order.iter().map(|&i| events[i].0).collect();
            assert_eq!(stage.role().await.as_deref(), ends, "{kinds:?}");
            if kinds.contains(&"user.deleted") {
                let members = "select count(*) from identity.memberships where removed_at is null";
                assert_eq!(stage.world.count(members).await, 0, "{kinds:?}");
            }
        }
    }
}

/// Every order of `n` things.
fn orders(n: usize) -> Vec<Vec<usize>> {
    let Some(last) = n.checked_sub(1) else {
        return vec![vec![]];
    };
    let shorter = orders(last);
    let places = shorter
        .iter()
        .flat_map(|order| (0..=order.len()).map(move |at| (order, at)));
    places
        .map(|(order, at)| {
            let mut longer = order.clone();
            longer.insert(at, last);
            longer
        })
        .collect()
}

#[tokio::test]
async fn a_late_created_brings_nothing_back() {
    let stage = stage().await;
    for (deleted, late, data) in [
        (
            "organizationMembership.deleted",
            "organizationMembership.created",
            membership("admin", T + 1_000),
        ),
        ("user.deleted", "user.created", user("Ada", T + 1_000)),
        (
            "organization.deleted",
            "organization.created",
            organization("Acme", T + 1_000),
        ),
    ] {
        stage
            .world
            .arrange("truncate identity.memberships, identity.organizations, identity.users cascade")
            .await;
        if late != "organizationMembership.created" {
            stage
                .hear("organizationMembership.created", membership("admin", T + 900), T + 900)
                .await
                .unwrap();
        }
        stage.hear(deleted, data.clone(), T + 2_000).await.unwrap();
        stage.hear(late, data, T + 1_000).await.unwrap();
        assert_eq!(stage.role().await, None, "{late}");
    }
}

#[tokio::test]
async fn an_older_word_about_a_person_or_an_organization_changes_nothing() {
    let stage = stage().await;
    stage
        .hear("user.updated", user("Augusta", T + 2_000), T + 2_000)
        .await
        .unwrap();
    stage
        .hear("user.created", user("Ada", T + 1_000), T + 3_000)
        .await
        .unwrap();
    stage
        .hear("organization.updated", organization("Acme Ltd", T + 2_000), T + 2_000)
        .await
        .unwrap();
    stage
        .hear("organization.created", organization("Acme", T + 1_000), T + 3_000)
        .await
        .unwrap();
    let names: (String, String) =
        sqlx::query_as("select u.name, o.name from identity.users u, identity.organizations o")
            .fetch_one(stage.world.admin())
            .await
            .unwrap();
    assert_eq!(names, ("Augusta".into(), "Acme Ltd".into()));
}

#[tokio::test]
async fn events_of_an_unknown_form_are_refused_and_of_an_unknown_kind_ignored() {
    let stage = stage().await;
    for (kind, data) in [
        ("user.created", json!({"id": "user_a'b", "email_addresses": []})),
        ("organization.created", json!({"id": "user_ada", "name": "x"})),
        ("organizationMembership.created", json!({"id": "orgmem_1"})),
        ("user.updated", json!(null)),
    ] {
        assert!(
            matches!(stage.hear(kind, data, 1).await, Err(Error::Invalid(_))),
            "{kind}"
        );
    }
    assert!(stage.hear("email.created", json!({"id": "ema_1"}), 1).await.is_ok());
    assert_eq!(stage.world.count("select count(*) from identity.users").await, 0);
}

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
        session::forgot(&stage.world.core, "ada@example.com", &session::From::default()).await,
        Err(Error::NotFound)
    );
}
