//! Clerk's events, in any order, late, twice and of forms nobody knows.

use serde_json::json;
use switchboard::Error;

use super::{T, membership, organization, stage, user};

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

/// Clerk knows of no zones and no colours, so what it says leaves ours as they are; a name that it changes is a change like any other.
#[tokio::test]
async fn zone_and_colour_stay_whatever_clerk_says_of_the_rest() {
    let stage = stage().await;
    stage.hear("user.created", user("Ada", T), T).await.unwrap();
    stage
        .hear("organization.created", organization("Acme", T), T)
        .await
        .unwrap();
    stage
        .world
        .arrange(
            "update identity.users set time_zone = 'Asia/Tokyo';
             update identity.organizations set time_zone = 'Europe/Berlin', color = 'plum'",
        )
        .await;
    stage.hear("user.updated", user("Augusta", T + 1), T + 1).await.unwrap();
    for name in ["Acme Ltd", "Acme Ltd"] {
        stage
            .hear("organization.updated", organization(name, T + 1), T + 1)
            .await
            .unwrap();
    }
    let kept: (String, String, String, String, i64) = sqlx::query_as(
        "select u.name || ', ' || o.name, u.time_zone, o.time_zone, o.color, o.revision from identity.users u, identity.organizations o",
    )
    .fetch_one(stage.world.admin())
    .await
    .unwrap();
    let [people, own, zone, color] = ["Augusta, Acme Ltd", "Asia/Tokyo", "Europe/Berlin", "plum"].map(str::to_owned);
    assert_eq!(kept, (people, own, zone, color, 2));
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
async fn whoever_has_no_name_is_called_something_wherever_they_are_first_heard_of() {
    let stage = stage().await;
    let phone = |updated_at| {
        json!({
            "id": "user_ada", "first_name": null, "last_name": "\u{200b}\u{2800}", "username": null, "updated_at": updated_at,
            "email_addresses": [], "primary_phone_number_id": "idn_1",
            "phone_numbers": [{"id": "idn_1", "phone_number": "+442079460958"}],
        })
    };
    let mut joined = membership("admin", T);
    joined["public_user_data"] =
        json!({"user_id": "user_ada", "first_name": null, "last_name": " ", "identifier": "+442079460958"});
    let ended = json!({"id": "sess_1", "object": "session", "user_id": "user_ada"});
    let gone = json!({"id": "user_ada", "deleted": true});
    for (kind, data, name) in [
        ("user.created", phone(T), "Phone ending 0958"),
        ("organizationMembership.created", joined, "Phone ending 0958"),
        ("session.ended", ended, "Member"),
        ("user.deleted", gone, "Member"),
    ] {
        stage
            .world
            .arrange("truncate identity.memberships, identity.organizations, identity.users cascade")
            .await;
        stage.hear(kind, data, T).await.unwrap();
        assert_eq!(name_of_ada(&stage).await, name, "{kind}");
    }

    // A name that is told later is the one that counts.
    stage.world.arrange("truncate identity.users cascade").await;
    stage.hear("user.created", phone(T), T).await.unwrap();
    stage.hear("user.updated", user("Ada", T + 1), T + 1).await.unwrap();
    assert_eq!(name_of_ada(&stage).await, "Ada");
}

async fn name_of_ada(stage: &super::Stage) -> String {
    sqlx::query_scalar("select name from identity.users where id = 'user_ada'")
        .fetch_one(stage.world.admin())
        .await
        .unwrap()
}
