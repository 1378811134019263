//! Supabase: the one key in `app_metadata`, everything beside it kept, and what people write themselves not looked at.

use serde_json::{Value, json};
use warden::{
    claims::{rollback, verify},
    plan::ClaimsProvider,
};

use crate::{
    stand_in::{Fault, Op, StandIn},
    world::{World, figures, options},
};

const STRANGER: &str = "99999999-9999-4999-8999-999999999999";

fn id(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

/// Four people with an organization: nothing but what Supabase writes itself, another organization, the same, no object.
async fn supabase() -> (StandIn, World) {
    let stand_in = StandIn::supabase().await;
    let url = stand_in.url.clone();
    let world = World::new(ClaimsProvider::Supabase { url }, "uuid").await;
    for (n, app) in [
        (1, json!({ "provider": "email", "providers": ["email"] })),
        (2, json!({ "provider": "email", "org_id": "org_z" })),
        (3, json!({ "org_id": "org_a" })),
        (4, json!({})),
    ] {
        stand_in.supabase_user(&id(n), app);
        world.person(&id(n), Some(&id(n)), Some("org_a")).await;
    }
    (stand_in, world)
}

#[tokio::test]
async fn the_claim_is_merged_and_nothing_else_is_touched() {
    let (stand_in, world) = supabase().await;
    world.person(STRANGER, Some(STRANGER), Some("org_a")).await;
    world.person(&id(8), Some("no-uuid"), Some("org_a")).await;
    let outcome = world.run(&options()).await;
    assert_eq!(figures(outcome.progress), [6, 0, 2, 1, 0, 1, 2]);
    let first = stand_in.user(&id(1));
    assert_eq!(
        first["app_metadata"],
        json!({ "provider": "email", "providers": ["email"], "org_id": "org_a" })
    );
    assert_eq!(first["user_metadata"], json!({ "org_id": "of their own choice" }));
    assert_eq!(stand_in.org(&id(2)), "org_z");
    let asked = stand_in.asked();
    assert_eq!(asked.iter().filter(|(op, _)| *op == Op::Read).count(), 5);
    assert_eq!(asked.iter().filter(|(op, _)| *op == Op::Write).count(), 2);

    let again = world.run(&options()).await;
    assert_eq!(figures(again.progress), [6, 3, 0, 0, 0, 1, 2]);
    let mut connection = world.connect().await;
    let survey = verify(&mut connection, &world.plan, &options(), &|_| {}).await.unwrap();
    assert_eq!(
        (survey.examined, survey.same, survey.missing, survey.different),
        (6, 3, 2, 1)
    );

    stand_in.asked();
    let back = rollback(&mut connection, &world.plan, &options(), &|_| {})
        .await
        .unwrap();
    assert_eq!((back.progress.removed, back.progress.mismatch), (2, 0));
    assert_eq!(
        stand_in.user(&id(1))["app_metadata"],
        json!({ "provider": "email", "providers": ["email"] })
    );
    assert_eq!(stand_in.org(&id(3)), "org_a", "it stood there before us");
    assert_eq!(stand_in.writes().len(), 2);
}

#[tokio::test]
async fn a_server_that_replaces_the_whole_is_given_the_whole() {
    let (stand_in, world) = supabase().await;
    stand_in.replacing();
    world.run(&options()).await;
    assert_eq!(
        stand_in.user(&id(1))["app_metadata"],
        json!({ "provider": "email", "providers": ["email"], "org_id": "org_a" })
    );
    let mut connection = world.connect().await;
    rollback(&mut connection, &world.plan, &options(), &|_| {})
        .await
        .unwrap();
    let metadata = &stand_in.user(&id(1))["app_metadata"];
    assert_eq!(
        (&metadata["provider"], &metadata["org_id"]),
        (&json!("email"), &Value::Null)
    );
}

#[tokio::test]
async fn one_who_cannot_be_read_fails_alone() {
    let (stand_in, world) = supabase().await;
    stand_in.fail(Op::Read, &id(1), [Fault::Status(500); 5]);
    stand_in.fail(Op::Read, &id(4), [Fault::Busy(0), Fault::Status(502), Fault::Lose]);
    let outcome = world.run(&options()).await;
    assert_eq!(outcome.stopped, None);
    assert_eq!(figures(outcome.progress), [4, 0, 1, 1, 0, 1, 1]);
    assert_eq!(stand_in.org(&id(1)), Value::Null, "what was not read is not written");
    assert_eq!(figures(world.run(&options()).await.progress), [4, 2, 1, 0, 0, 1, 0]);
}
