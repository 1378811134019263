//! The organization itself, and the zones that times are written in: whose counts, where it comes from, and who may change it.

use switchboard::{
    Error,
    account::SignUp,
    auth::{self, Caller, session},
    org::{OrgColor, OrgDraft, OrgId, Organization, Role, UserId, store},
    viewer::Viewer,
};

use crate::identity::common::{PASSWORD, World, world};

/// The zone that pages of somebody in an organization are written in.
async fn zone_of(world: &World, email: &str, org: &OrgId) -> String {
    let signed_in = world.sign_in(email, PASSWORD).await.unwrap();
    let there = session::choose(&world.core, &signed_in.token, org).await.unwrap();
    let visit = session::visit(&world.core, &there.token).await.unwrap().unwrap();
    Viewer::time_zone(Some(&visit.person), visit.place.as_ref()).to_string()
}

async fn org_in(world: &World, owner: &UserId, zone: &str) -> OrgId {
    let draft = OrgDraft {
        name: "Acme".into(),
        time_zone: zone.into(),
        ..OrgDraft::default()
    };
    store::create(&world.core, owner, draft).await.unwrap()
}

fn fields(error: Error) -> Vec<String> {
    error.fields().iter().map(|error| error.field.clone()).collect()
}

#[tokio::test]
async fn a_persons_own_zone_counts_before_the_organizations() {
    let world = world(&[]).await;
    let owner = world.person("owner@example.com").await;
    let org = org_in(&world, &owner, "Asia/Calcutta").await;
    let plain = world.org(&owner, "Plain").await;
    let zone = async |org: &OrgId| zone_of(&world, "owner@example.com", org).await;
    assert_eq!(zone(&org).await, "Asia/Calcutta");
    assert_eq!(zone(&plain).await, "UTC");

    auth::set_time_zone(&world.core, &owner, " Europe/Berlin ")
        .await
        .unwrap();
    assert_eq!(zone(&org).await, "Europe/Berlin");
    let refused = auth::set_time_zone(&world.core, &owner, "Berlin").await.unwrap_err();
    assert_eq!(fields(refused), ["time_zone"]);
    assert_eq!(zone(&plain).await, "Europe/Berlin");
    // The personal workspace begins in the zone of its person, and keeps it.
    assert_eq!(zone(&OrgId::personal(&owner)).await, "Europe/Berlin");

    auth::set_time_zone(&world.core, &owner, "").await.unwrap();
    assert_eq!(zone(&org).await, "Asia/Calcutta");
    assert_eq!(zone(&OrgId::personal(&owner)).await, "Europe/Berlin");
}

#[tokio::test]
async fn a_browser_that_tells_its_zone_is_believed_if_there_is_such_a_zone() {
    let world = world(&[]).await;
    let owner = world.person("owner@example.com").await;
    for (told, kept) in [("Asia/Tokyo", "Asia/Tokyo"), ("", "UTC"), ("Mars/Olympus", "UTC")] {
        let org = org_in(&world, &owner, told).await;
        assert_eq!(zone_of(&world, "owner@example.com", &org).await, kept, "{told:?}");
    }
    for (email, told, kept) in [
        ("ada@example.com", "Asia/Calcutta", "Asia/Calcutta"),
        ("bob@example.com", "", ""),
        ("cleo@example.com", "Mars/Olympus", ""),
    ] {
        let draft = SignUp {
            name: "Somebody".into(),
            email: email.into(),
            password: PASSWORD.into(),
            time_zone: told.into(),
        };
        session::sign_up(&world.core, draft, &session::ClientInfo::default())
            .await
            .unwrap();
        let stored: String = sqlx::query_scalar("select u.time_zone from identity.users u where u.email = $1")
            .bind(email)
            .fetch_one(world.admin())
            .await
            .unwrap();
        assert_eq!(stored, kept, "{told:?}");
    }
}

async fn change(world: &World, caller: &Caller, change: impl FnOnce(&mut OrgDraft)) -> Result<Organization, Error> {
    let there = store::organization(&world.core, caller).await?;
    let mut draft = there.draft();
    change(&mut draft);
    store::update(&world.core, caller, draft, there.revision).await
}

#[tokio::test]
async fn renaming_is_one_with_its_entry_in_the_log() {
    let world = world(&[]).await;
    let owner = world.person("owner@example.com").await;
    let org = world.org(&owner, "Acme").await;
    let caller = world.caller(&owner, &org).await;
    let renamed = change(&world, &caller, |draft| {
        draft.name = "  Acme & Sons ".into();
        draft.time_zone = "Europe/Berlin".into();
    })
    .await
    .unwrap();
    assert_eq!((renamed.name.as_str(), renamed.revision), ("Acme & Sons", 2));
    let entry: (String, String, String, serde_json::Value) = sqlx::query_as(
        "select a.actor, a.action, a.object_name, a.detail -> 'changed' from app.audit_log a
         where a.org_id = $1 and a.kind = 'organization' and a.action = 'update'",
    )
    .bind(org.as_str())
    .fetch_one(world.admin())
    .await
    .unwrap();
    assert_eq!(
        (entry.0, entry.1.as_str(), entry.2.as_str(), entry.3),
        (
            owner.to_string(),
            "update",
            "Acme & Sons",
            serde_json::json!(["name", "time_zone"])
        )
    );
    let books: String = sqlx::query_scalar("select c.name from app.clients c where c.org_id = $1")
        .bind(org.as_str())
        .fetch_one(world.admin())
        .await
        .unwrap();
    assert_eq!(books, "Acme & Sons");

    // What is saved as it was is no news.
    change(&world, &caller, |_| {}).await.unwrap();
    assert_eq!(
        world
            .log(&org)
            .await
            .iter()
            .filter(|(_, action, _)| action == "update")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_change_that_started_from_an_older_one_leaves_no_trace() {
    let world = world(&[]).await;
    let owner = world.person("owner@example.com").await;
    let org = world.org(&owner, "Acme").await;
    let caller = world.caller(&owner, &org).await;
    let before = store::organization(&world.core, &caller).await.unwrap();
    change(&world, &caller, |draft| draft.color = OrgColor::Plum)
        .await
        .unwrap();
    let log = world.log(&org).await;
    let late = OrgDraft {
        name: "Late".into(),
        ..before.draft()
    };
    let refused = store::update(&world.core, &caller, late, before.revision).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    let now = store::organization(&world.core, &caller).await.unwrap();
    assert_eq!((now.name.as_str(), now.color), ("Acme", OrgColor::Plum));
    assert_eq!(world.log(&org).await, log);

    for (draft, field) in [
        (
            OrgDraft {
                name: " ".into(),
                ..now.draft()
            },
            "name",
        ),
        (
            OrgDraft {
                time_zone: "Berlin".into(),
                ..now.draft()
            },
            "time_zone",
        ),
    ] {
        let refused = store::update(&world.core, &caller, draft, now.revision)
            .await
            .unwrap_err();
        assert_eq!(fields(refused), [field]);
    }
}

#[tokio::test]
async fn only_owners_and_admins_change_the_organization_and_nobody_another_one() {
    let world = world(&[]).await;
    let owner = world.person("owner@example.com").await;
    let (org, other) = (world.org(&owner, "Acme").await, world.org(&owner, "Other").await);
    for role in Role::ALL {
        let email = format!("{}@example.com", role.word());
        if role == Role::Owner {
            continue;
        }
        let member = world.member(&org, &email, role).await;
        let caller = world.caller(&member, &org).await;
        assert!(store::organization(&world.core, &caller).await.is_ok(), "{role:?}");
        let done = change(&world, &caller, |draft| draft.name = role.label().into()).await;
        assert_eq!(done.is_ok(), role == Role::Admin, "{role:?}: {done:?}");
    }
    let caller = world.caller(&owner, &other).await;
    assert_eq!(store::organization(&world.core, &caller).await.unwrap().name, "Other");
}

#[tokio::test]
async fn a_personal_workspace_has_a_zone_and_a_colour_of_its_own_and_the_name_of_its_person() {
    let world = world(&[]).await;
    let owner = world.person("owner@example.com").await;
    let signed_in = world.sign_in("owner@example.com", PASSWORD).await.unwrap();
    session::choose(&world.core, &signed_in.token, &OrgId::personal(&owner))
        .await
        .unwrap();
    let caller = world.caller(&owner, &OrgId::personal(&owner)).await;
    let refused = change(&world, &caller, |draft| draft.name = "Mine".into()).await;
    assert_eq!(fields(refused.unwrap_err()), ["name"]);
    let saved = change(&world, &caller, |draft| {
        draft.color = OrgColor::Fern;
        draft.time_zone = "Asia/Tokyo".into();
    })
    .await
    .unwrap();
    assert_eq!(
        (saved.personal, saved.color, saved.time_zone.as_str()),
        (true, OrgColor::Fern, "Asia/Tokyo")
    );
}
