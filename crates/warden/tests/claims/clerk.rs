//! Clerk: who gets which claim, page by page, and what becomes of everything else that stands there.

use std::num::NonZeroU32;

use serde_json::{Value, json};
use warden::{
    claims::{Options, rollback, run},
    plan::{ClaimsProvider, Source},
};

use crate::{
    stand_in::{Op, StandIn},
    world::{World, figures, options},
};

pub async fn clerk(kind: &str) -> (StandIn, World) {
    let stand_in = StandIn::clerk().await;
    let url = stand_in.url.clone();
    let world = World::new(ClaimsProvider::Clerk { url }, kind).await;
    (stand_in, world)
}

/// People 1 to n with organizations a and b in turn, known to Clerk, with nothing there yet.
pub async fn people(stand_in: &StandIn, world: &World, n: usize) {
    for i in 1..=n {
        stand_in.clerk_user(&format!("user_{i:04}"), json!({}));
    }
    let kind = &world.plan.users.r#type;
    let insert = format!(
        "insert into \"People\" (id, \"Subject\") select i::text::{kind}, 'user_' || lpad(i::text, 4, '0') from generate_series(1, {n}) i;
         insert into warden.user_org select i::text::{kind}, case i % 2 when 1 then 'org_a' else 'org_b' end from generate_series(1, {n}) i"
    );
    world.execute(&insert).await;
}

#[tokio::test]
async fn everybody_gets_the_one_organization_they_have_and_nobody_else_gets_any() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 3).await;
    let rest = json!({ "plan": "pro", "app_metadata": { "tier": { "n": 1 } } });
    stand_in.clerk_user("user_0001", rest);
    stand_in.clerk_user("same", json!({ "app_metadata": { "org_id": "org_a" } }));
    world.person("10", Some("same"), Some("org_a")).await;
    stand_in.clerk_user("other", json!({ "app_metadata": { "org_id": "org_z" } }));
    world.person("11", Some("other"), Some("org_a")).await;
    stand_in.clerk_user("nowhere", json!({}));
    world.person("12", Some("nowhere"), None).await;
    stand_in.clerk_user("left_over", json!({ "app_metadata": { "org_id": "org_z" } }));
    world.person("13", Some("left_over"), None).await;
    stand_in.clerk_user("odd", json!({ "app_metadata": "mine" }));
    world.person("14", Some("odd"), Some("org_a")).await;
    world.person("15", Some("stranger"), Some("org_a")).await;
    world.person("16", None, Some("org_a")).await;
    // It would ask for everybody but user_0001.
    world.person("17", Some("-user_0001"), Some("org_a")).await;
    stand_in.clerk_user("twice", json!({}));
    world.person("18", Some("twice"), Some("org_a")).await;
    world.person("19", Some("twice"), Some("org_b")).await;
    world.person("20", Some("stranger_too"), None).await;

    let outcome = world.run(&options()).await;
    assert_eq!(outcome.stopped, None);
    assert_eq!(figures(outcome.progress), [14, 0, 3, 1, 2, 3, 5]);
    assert_eq!((outcome.progress.users, outcome.progress.unknown), (14, 1));
    assert!(!outcome.is_complete());

    for (subject, org) in [("user_0001", "org_a"), ("user_0002", "org_b"), ("user_0003", "org_a")] {
        assert_eq!(stand_in.org(subject), org);
    }
    let first = stand_in.user("user_0001");
    assert_eq!(
        first["public_metadata"],
        json!({ "plan": "pro", "app_metadata": { "tier": { "n": 1 }, "org_id": "org_a" } })
    );
    assert_eq!(
        first["unsafe_metadata"],
        json!({ "app_metadata": { "org_id": "of their own choice" } })
    );
    assert_eq!(first["private_metadata"], json!({ "note": "ours alone" }));
    assert_eq!(
        (stand_in.org("other"), stand_in.org("left_over")),
        (json!("org_z"), json!("org_z"))
    );
    assert_eq!(
        stand_in.user("odd")["public_metadata"],
        json!({ "app_metadata": "mine" })
    );
    assert_eq!(
        (stand_in.org("nowhere"), stand_in.org("twice")),
        (Value::Null, Value::Null)
    );

    let entry = world.entry("1").await;
    assert_eq!(entry, ("written".into(), Some("org_a".into()), 1, None));
    assert_eq!(world.entry("11").await.3.unwrap(), "`org_z` stands there");
    for (key, why) in [
        ("15", "is unknown to the provider"),
        ("16", "has no id at the provider"),
        ("17", "has an id that is not formed as the provider's are"),
        ("18", "shares the id at the provider with somebody else"),
    ] {
        let (state, _, attempts, error) = world.entry(key).await;
        assert_eq!((state.as_str(), attempts, error.as_deref()), ("failed", 0, Some(why)));
    }
}

#[tokio::test]
async fn people_are_read_a_hundred_at_a_time_and_those_who_are_done_not_again() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 230).await;
    let outcome = world.run(&options()).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(figures(outcome.progress), [230, 0, 230, 0, 0, 0, 0]);
    let asked = stand_in.asked();
    let reads: Vec<usize> = asked
        .iter()
        .filter(|(op, _)| *op == Op::Read)
        .map(|(_, ids)| ids.len())
        .collect();
    assert_eq!(reads, [100, 100, 30]);
    assert_eq!(asked.len() - reads.len(), 230);
    // In the order of the keys, which are numbers.
    assert_eq!(asked[0].1[9], "user_0010");

    let again = world.run(&options()).await;
    assert_eq!(figures(again.progress), [230, 230, 0, 0, 0, 0, 0]);
    assert!(again.is_complete());
    assert_eq!(stand_in.asked(), []);

    // Somebody new, somebody who moved and somebody with a new account are asked about; nobody else.
    stand_in.clerk_user("new", json!({}));
    world.person("231", Some("new"), Some("org_a")).await;
    world
        .execute("update warden.user_org set org = 'org_c' where user_key = 7")
        .await;
    stand_in.clerk_user("renamed", json!({}));
    world
        .execute("update \"People\" set \"Subject\" = 'renamed' where id = 9")
        .await;
    let third = world.run(&options()).await;
    assert_eq!(figures(third.progress), [231, 228, 3, 0, 0, 0, 0]);
    assert_eq!(
        (stand_in.org("user_0007"), stand_in.org("renamed")),
        (json!("org_c"), json!("org_a"))
    );
}

#[tokio::test]
async fn a_small_batch_reads_small_pages() {
    let (stand_in, world) = clerk("text").await;
    people(&stand_in, &world, 7).await;
    let batch = NonZeroU32::new(3).unwrap();
    let outcome = world.run(&Options { batch, ..options() }).await;
    assert!(outcome.is_complete());
    let asked = stand_in.asked();
    let reads = asked.iter().filter(|(op, _)| *op == Op::Read).map(|(_, ids)| ids.len());
    assert_eq!(reads.collect::<Vec<_>>(), [3, 3, 1]);
}

#[tokio::test]
async fn another_organization_is_replaced_only_when_it_is_said_and_put_back_by_a_rollback() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 2).await;
    for (key, subject, org) in [("3", "other", Some("org_a")), ("4", "nowhere", None)] {
        stand_in.clerk_user(subject, json!({ "app_metadata": { "org_id": "org_z", "x": 1 } }));
        world.person(key, Some(subject), org).await;
    }
    let overwrite = Options {
        overwrite: true,
        ..options()
    };
    assert_eq!(figures(world.run(&options()).await.progress), [4, 0, 2, 0, 0, 2, 0]);
    assert_eq!(figures(world.run(&overwrite).await.progress), [4, 2, 1, 0, 0, 1, 0]);
    assert_eq!(stand_in.org("other"), "org_a");
    assert_eq!(
        stand_in.org("nowhere"),
        "org_z",
        "nobody's organization is replaced by none"
    );

    // Somebody has written another one since: it is not ours to take away.
    stand_in.clerk_user("user_0002", json!({ "app_metadata": { "org_id": "org_new" } }));
    stand_in.asked();
    let mut connection = world.connect().await;
    let back = rollback(&mut connection, &world.plan, &options(), &|_| {})
        .await
        .unwrap();
    assert_eq!(
        (back.progress.users, back.progress.removed, back.progress.mismatch),
        (3, 2, 1)
    );
    assert_eq!(
        stand_in.user("user_0001")["public_metadata"],
        json!({ "app_metadata": {} })
    );
    assert_eq!(stand_in.org("user_0002"), "org_new");
    let other = stand_in.user("other");
    assert_eq!(
        other["public_metadata"]["app_metadata"],
        json!({ "org_id": "org_z", "x": 1 })
    );
    assert_eq!(stand_in.org("nowhere"), "org_z");

    stand_in.asked();
    let again = rollback(&mut connection, &world.plan, &options(), &|_| {})
        .await
        .unwrap();
    assert_eq!((again.progress.users, again.progress.removed), (0, 0));
    assert_eq!(stand_in.asked(), []);
    // And forward again.
    assert_eq!(figures(world.run(&options()).await.progress), [4, 0, 1, 0, 0, 3, 0]);
}

#[tokio::test]
async fn a_dry_run_counts_and_leaves_no_trace() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 5).await;
    let dry = Options {
        dry_run: true,
        ..options()
    };
    let outcome = world.run(&dry).await;
    assert_eq!(figures(outcome.progress), [5, 0, 5, 0, 0, 0, 0]);
    assert_eq!(stand_in.writes(), [""; 0]);
    assert_eq!(world.text("select to_regclass('warden.claim')::text").await, None);
    let mut connection = world.connect().await;
    let nothing = rollback(&mut connection, &world.plan, &dry, &|_| {}).await.unwrap();
    assert_eq!((nothing.progress.users, nothing.is_complete()), (0, true));
    world.run(&options()).await;
    let back = rollback(&mut connection, &world.plan, &dry, &|_| {}).await.unwrap();
    assert_eq!(back.progress.removed, 5);
    assert_eq!(stand_in.org("user_0001"), "org_a");
    assert_eq!(world.entry("1").await.0, "written");
}

#[tokio::test]
async fn a_person_can_be_an_organization_of_their_own() {
    let (stand_in, mut world) = clerk("bigint").await;
    world.plan.users.source = Source::Personal;
    world.execute("drop table warden.user_org").await;
    world.execute("insert into \"People\" values (7, 'user_7')").await;
    stand_in.clerk_user("user_7", json!({}));
    assert!(world.run(&options()).await.is_complete());
    assert_eq!(stand_in.org("user_7"), "7");
}

#[tokio::test]
async fn it_stops_at_the_end_of_a_batch_when_paused_and_goes_on_from_there() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 5).await;
    world
        .execute("create table warden.control (paused boolean not null); insert into warden.control values (true)")
        .await;
    let small = Options {
        batch: NonZeroU32::new(2).unwrap(),
        ..options()
    };
    let outcome = world.run(&small).await;
    assert_eq!(figures(outcome.progress), [2, 0, 2, 0, 0, 0, 0]);
    assert_eq!(
        outcome.stopped.unwrap().to_string(),
        "paused at the end of a batch; `switchboard warden resume` goes on"
    );
    world.execute("update warden.control set paused = false").await;
    assert_eq!(figures(world.run(&small).await.progress), [5, 2, 3, 0, 0, 0, 0]);
}

#[tokio::test]
async fn what_cannot_begin_says_why_and_what_to_do() {
    let (_stand_in, mut world) = clerk("bigint").await;
    let mut connection = world.connect().await;
    let mut refused = async |plan: &_, options: &_| {
        let error = run(&mut connection, plan, options, &|_| {}).await.unwrap_err();
        error.to_string()
    };
    let no_key = Options { key: None, ..options() };
    assert!(
        refused(&world.plan, &no_key)
            .await
            .starts_with("WARDEN_CLAIMS_KEY is not set")
    );
    let odd = Options {
        key: Some("two\nlines".into()),
        ..options()
    };
    assert!(refused(&world.plan, &odd).await.contains("characters"));
    let mut open = world.plan.clone();
    open.claims.as_mut().unwrap().provider = ClaimsProvider::Clerk {
        url: "http://api.clerk.com".into(),
    };
    assert!(refused(&open, &options()).await.contains("must begin with https"));
    let mut hook = world.plan.clone();
    hook.claims.as_mut().unwrap().provider = ClaimsProvider::Hook {
        function: "app.nothing".into(),
    };
    assert!(
        refused(&hook, &options())
            .await
            .contains("no function app.nothing(text, text)")
    );
    let plan = world.plan.clone();
    world.plan.claims = None;
    assert!(
        refused(&world.plan, &options())
            .await
            .contains("the plan says nothing of claims")
    );
    world.execute("drop table warden.user_org").await;
    assert!(refused(&plan, &options()).await.contains("`switchboard warden add`"));
}
