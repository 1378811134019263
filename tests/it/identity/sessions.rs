//! Sessions in the browser: where they are, where they move, and when they end.

use switchboard::{
    Error,
    auth::session,
    money::Micros,
    org::{OrgId, Role, store},
    resource::{Action, Kind},
};

use crate::identity::common::{PASSWORD, world};

const ADA: &str = "ada@example.com";

#[tokio::test]
async fn the_first_page_of_an_organization_has_its_client_its_user_and_its_welcome_credit_once() {
    let world = world(&[("SWITCHBOARD_SIGNUP_CREDIT_CENTS", "250")]).await;
    let user = world.person(ADA).await;
    let org = world.org(&user, "Acme").await;
    let cookie = world.sign_in(ADA, PASSWORD).await.unwrap().token;
    // The only organization there is needs no choosing.
    let visit = session::visit(&world.core, &cookie).await.unwrap().unwrap();
    let place = visit.place.unwrap();
    assert_eq!(
        (&place.org_id, place.role, place.balance),
        (&org, Role::Owner, Micros::cents(250))
    );
    for process in [&world, &world.restarted()] {
        session::visit(&process.core, &cookie).await.unwrap().unwrap();
    }
    assert_eq!(world.count("select count(*) from app.credit_transactions").await, 1);
    assert_eq!(world.count("select count(*) from app.users").await, 1);
    assert_eq!(
        world
            .count("select count(*) from app.clients c join identity.organizations o on o.metadata ->> 'client_id' = c.id::text and o.id = c.org_id")
            .await,
        1
    );
}

#[tokio::test]
async fn ten_first_pages_at_once_make_one_client_and_one_welcome() {
    let world = world(&[]).await;
    let user = world.person(ADA).await;
    let org = world.org(&user, "Acme").await;
    world
        .arrange("delete from app.credit_transactions; delete from app.users; delete from app.clients")
        .await;
    let caller = world.caller(&user, &org).await;
    let again = (0..10).map(|_| switchboard::auth::me(&world.core, &caller));
    let answers = futures_util::future::join_all(again).await;
    let ids: std::collections::HashSet<_> = answers.into_iter().map(|me| me.unwrap().client_id).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(world.count("select count(*) from app.credit_transactions").await, 1);
}

#[tokio::test]
async fn the_client_id_in_the_metadata_comes_first_unless_it_is_anothers() {
    let world = world(&[]).await;
    let user = world.person(ADA).await;
    let org = world.org(&user, "Acme").await;
    let first = switchboard::auth::me(&world.core, &world.caller(&user, &org).await)
        .await
        .unwrap()
        .client_id;
    // An organization that comes from elsewhere with its own number keeps it.
    world
        .arrange(
            "insert into identity.organizations (id, name, metadata)
               values ('org_moved', 'Moved', '{\"client_id\": \"00000000-0000-4000-8000-000000000001\"}');
             insert into identity.memberships (org_id, user_id, role) select 'org_moved', id, 'owner' from identity.users",
        )
        .await;
    let moved = OrgId::parse("org_moved").unwrap();
    let me = switchboard::auth::me(&world.core, &world.caller(&user, &moved).await)
        .await
        .unwrap();
    assert_eq!(me.client_id.to_string(), "00000000-0000-4000-8000-000000000001");
    // One that names another organization's number gets its own.
    sqlx::query(
        "with o as (insert into identity.organizations (id, name, metadata) values ('org_thief', 'Thief', jsonb_build_object('client_id', $1)))
         insert into identity.memberships (org_id, user_id, role) select 'org_thief', id, 'owner' from identity.users",
    )
    .bind(first.to_string())
    .execute(world.admin())
    .await
    .unwrap();
    let thief = OrgId::parse("org_thief").unwrap();
    let me = switchboard::auth::me(&world.core, &world.caller(&user, &thief).await)
        .await
        .unwrap();
    assert_ne!(me.client_id, first);
}

#[tokio::test]
async fn of_two_organizations_that_name_one_client_number_at_once_one_gets_it() {
    let world = world(&[]).await;
    let user = world.person(ADA).await;
    const NUMBER: &str = "00000000-0000-4000-8000-000000000002";
    world
        .arrange(
            "insert into identity.organizations (id, name, metadata)
               select 'org_twin' || n, 'Twin', '{\"client_id\": \"00000000-0000-4000-8000-000000000002\"}' from generate_series(1, 2) n;
             insert into identity.memberships (org_id, user_id, role)
               select o.id, u.id, 'owner' from identity.organizations o, identity.users u where o.name = 'Twin'",
        )
        .await;
    let twins = ["org_twin1", "org_twin2"].map(|id| OrgId::parse(id).unwrap());
    let (one, other) = (
        world.caller(&user, &twins[0]).await,
        world.caller(&user, &twins[1]).await,
    );
    let (one, other) = tokio::join!(
        switchboard::auth::me(&world.core, &one),
        switchboard::auth::me(&world.core, &other)
    );
    let numbers = [one, other].map(|me| me.unwrap().client_id.to_string());
    assert_eq!(
        numbers.iter().filter(|number| *number == NUMBER).count(),
        1,
        "{numbers:?}"
    );
    assert_eq!(
        world
            .count("select count(*) from app.clients c join identity.organizations o on o.id = c.org_id and o.client_id = c.id")
            .await,
        world.count("select count(*) from app.clients").await
    );
}

#[tokio::test]
async fn a16_the_cookie_changes_with_the_organization_and_the_old_one_is_dead() {
    let world = world(&[]).await;
    let user = world.person(ADA).await;
    let (acme, bell) = (world.org(&user, "Acme").await, world.org(&user, "Bell").await);
    let first = world.sign_in(ADA, PASSWORD).await.unwrap();
    let visit = session::visit(&world.core, &first.token).await.unwrap().unwrap();
    assert!(visit.place.is_none(), "two organizations: the person chooses");
    let second = session::choose(&world.core, &first.token, &acme).await.unwrap();
    assert!(session::visit(&world.core, &first.token).await.unwrap().is_none());
    assert!(session::choose(&world.core, &first.token, &bell).await.is_err());
    let third = session::choose(&world.core, &second.token, &bell).await.unwrap();
    let moved = session::visit(&world.core, &third.token).await.unwrap().unwrap();
    assert_eq!(
        (moved.session, moved.place.unwrap().org_id),
        (visit.session, bell.clone())
    );
    assert!(third.max_age.is_some_and(|age| age <= first.max_age.unwrap()));
    assert_eq!(
        store::choices(&world.core, &user).await.unwrap()[0].org_id,
        bell,
        "the last used first"
    );
}

#[tokio::test]
async fn another_persons_organization_and_workspace_cannot_be_chosen() {
    let world = world(&[]).await;
    let (ada, grace) = (world.person(ADA).await, world.person("grace@example.com").await);
    let hers = world.org(&grace, "Bell").await;
    let cookie = world.sign_in(ADA, PASSWORD).await.unwrap().token;
    for org in [hers, OrgId::personal(&grace), OrgId::parse("org_none").unwrap()] {
        assert_eq!(
            session::choose(&world.core, &cookie, &org).await.unwrap_err(),
            Error::NotFound
        );
    }
    let own = session::choose(&world.core, &cookie, &OrgId::personal(&ada))
        .await
        .unwrap();
    let visit = session::visit(&world.core, &own.token).await.unwrap().unwrap();
    assert_eq!(visit.place.unwrap().role, Role::Owner);
}

#[tokio::test]
async fn a12_who_is_removed_keeps_the_session_and_loses_the_place() {
    let world = world(&[]).await;
    let owner = world.person(ADA).await;
    let org = world.org(&owner, "Acme").await;
    let grace = world.member(&org, "grace@example.com", Role::Developer).await;
    let cookie = world.sign_in("grace@example.com", PASSWORD).await.unwrap().token;
    let caller = session::visit(&world.core, &cookie)
        .await
        .unwrap()
        .unwrap()
        .caller
        .unwrap();
    store::remove_member(&world.core, &world.caller(&owner, &org).await, &grace)
        .await
        .unwrap();
    assert_eq!(
        caller.begin(&world.db, Action::Read, Kind::Agent).await.err(),
        Some(Error::Unauthenticated)
    );
    let visit = session::visit(&world.core, &cookie).await.unwrap().unwrap();
    assert!(visit.place.is_none() && visit.caller.is_none());
    assert_eq!(
        session::choose(&world.core, &cookie, &org).await.unwrap_err(),
        Error::NotFound
    );
}

#[tokio::test]
async fn a18_signing_out_ends_one_browser_or_all() {
    let world = world(&[]).await;
    let user = world.person(ADA).await;
    let other = world.person("grace@example.com").await;
    let mut cookies = Vec::new();
    for _ in 0..4 {
        cookies.push(world.sign_in(ADA, PASSWORD).await.unwrap().token);
    }
    let alive = async |cookie: &str| session::visit(&world.core, cookie).await.unwrap().is_some();
    session::sign_out(&world.core, &cookies[0]).await.unwrap();
    assert!(!alive(&cookies[0]).await && alive(&cookies[1]).await);

    let id = session::visit(&world.core, &cookies[1]).await.unwrap().unwrap().session;
    assert_eq!(
        session::end_session(&world.core, &other, id).await,
        Err(Error::NotFound)
    );
    assert!(alive(&cookies[1]).await);
    session::end_session(&world.core, &user, id).await.unwrap();
    assert!(!alive(&cookies[1]).await && alive(&cookies[2]).await);

    session::sign_out_everywhere(&world.core, &user).await.unwrap();
    assert!(!alive(&cookies[2]).await && !alive(&cookies[3]).await);
}

#[tokio::test]
async fn a_session_ends_with_its_time_and_after_half_of_it_unused() {
    let world = world(&[]).await;
    world.person(ADA).await;
    let cookie = world.sign_in(ADA, PASSWORD).await.unwrap().token;
    let alive = async || session::visit(&world.core, &cookie).await.unwrap().is_some();
    world
        .arrange("update identity.sessions set seen_at = now() - interval '14 days'")
        .await;
    assert!(alive().await);
    assert_eq!(
        world
            .count("select count(*) from identity.sessions where seen_at > now() - interval '1 minute'")
            .await,
        1,
        "being seen counts"
    );
    world
        .arrange("update identity.sessions set seen_at = now() - interval '16 days'")
        .await;
    assert!(!alive().await);
    world
        .arrange("update identity.sessions set seen_at = now(), expires_at = now()")
        .await;
    assert!(!alive().await);
}

#[tokio::test]
async fn a_page_view_within_the_minute_writes_nothing() {
    let world = world(&[]).await;
    world.person(ADA).await;
    let cookie = world.sign_in(ADA, PASSWORD).await.unwrap().token;
    let version = "select xmin::text::bigint from identity.sessions";
    let before = world.count(version).await;
    for _ in 0..3 {
        session::visit(&world.core, &cookie).await.unwrap().unwrap();
    }
    assert_eq!(world.count(version).await, before);
}

#[tokio::test]
async fn a_disabled_person_has_no_session() {
    let world = world(&[]).await;
    world.person(ADA).await;
    let cookie = world.sign_in(ADA, PASSWORD).await.unwrap().token;
    world.arrange("update identity.users set disabled_at = now()").await;
    assert!(session::visit(&world.core, &cookie).await.unwrap().is_none());
    assert!(world.sign_in(ADA, PASSWORD).await.is_err());
}
