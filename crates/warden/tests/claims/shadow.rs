//! Before claims count: what stands at the provider is compared, and a running program can say what its tokens say.

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use warden::{
    claims::{Survey, shadow, verify},
    plan::Source,
};

use crate::{
    clerk::{clerk, people},
    stand_in::{Fault, Op},
    world::{World, execute, options},
};

async fn compare(world: &World) -> Survey {
    let mut connection = world.connect().await;
    shadow(&mut connection, &world.plan, &options(), &|_| {}).await.unwrap()
}

async fn says(connection: &mut PgConnection, key: i64, org: Option<&str>) -> bool {
    sqlx::query_scalar("select warden.shadow($1, $2)")
        .bind(key)
        .bind(org)
        .fetch_one(connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn everybody_is_compared_and_nothing_is_written() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 3).await;
    for (key, subject, org, there) in [
        ("4", "same", Some("org_a"), json!({ "org_id": "org_a" })),
        ("5", "other", Some("org_a"), json!({ "org_id": "org_z" })),
        ("6", "left_over", None, json!({ "org_id": "org_z" })),
        ("7", "nowhere", None, json!({})),
    ] {
        stand_in.clerk_user(subject, json!({ "app_metadata": there }));
        world.person(key, Some(subject), org).await;
    }
    world.person("8", Some("stranger"), Some("org_a")).await;
    let survey = compare(&world).await;
    assert_eq!((survey.users, survey.examined), (8, 8));
    assert_eq!(
        (survey.same, survey.missing, survey.different, survey.unread),
        (2, 4, 2, 0)
    );
    assert_eq!((survey.named.len(), survey.named[0].len()), (6, 64));
    assert_eq!(stand_in.writes(), [""; 0]);
    assert_eq!(world.text("select to_regclass('warden.claim')::text").await, None);

    world.execute("delete from \"People\" where id in (5, 6, 8)").await;
    assert!(!compare(&world).await.holds());
    world.run(&options()).await;
    let mut connection = world.connect().await;
    let survey = verify(&mut connection, &world.plan, &options(), &|_| {}).await.unwrap();
    assert!(survey.holds(), "{survey:?}");
    assert_eq!((survey.examined, survey.violating()), (5, 0));

    // Somebody changes one behind our back.
    stand_in.clerk_user("user_0002", json!({ "app_metadata": { "org_id": "org_z" } }));
    let survey = verify(&mut connection, &world.plan, &options(), &|_| {}).await.unwrap();
    assert_eq!((survey.examined, survey.different, survey.holds()), (5, 1, false));
    // Who cannot be read is no proof.
    stand_in.always(Op::Read, Some(Fault::Status(422)));
    let survey = verify(&mut connection, &world.plan, &options(), &|_| {}).await.unwrap();
    assert_eq!((survey.unread, survey.holds()), (5, false));
}

#[tokio::test]
async fn nobody_examined_proves_nothing_where_there_is_somebody() {
    let nobody = Survey {
        users: 3,
        ..Survey::default()
    };
    assert!(!nobody.holds());
    assert!(Survey::default().holds());
}

#[tokio::test]
async fn a_program_says_what_its_token_says_and_only_mismatches_are_kept() {
    let (stand_in, mut world) = clerk("bigint").await;
    people(&stand_in, &world, 2).await;
    let role = world
        .text("select 'shadow_' || replace(gen_random_uuid()::text, '-', '')")
        .await
        .unwrap();
    world.execute(&format!("create role {role}")).await;
    world.plan.seal.roles = vec![role.clone()];
    world.person("3", None, None).await;
    compare(&world).await;
    let mut program = world.connect().await;
    execute(&mut program, &format!("set role {role}")).await;
    assert!(says(&mut program, 1, Some("org_a")).await);
    assert!(says(&mut program, 3, None).await);
    for _ in 0..3 {
        assert!(!says(&mut program, 1, Some("org_z")).await);
    }
    assert!(!says(&mut program, 2, None).await);
    assert!(!says(&mut program, 3, Some("org_a")).await);
    let read = sqlx::query("select from warden.shadow_mismatch")
        .execute(&mut program)
        .await;
    assert!(read.is_err(), "the program fills it and does not read it");
    execute(&mut program, "begin read only").await;
    assert!(!says(&mut program, 2, Some("org_z")).await);
    execute(&mut program, "commit").await;
    program.close().await.unwrap();
    let kept = world.text(
        "select string_agg(concat_ws(' ', coalesce(claimed, '-'), coalesce(mapped, '-'), n), ', ' order by n desc, mapped nulls last)
         from warden.shadow_mismatch where user_hash ~ '^[0-9a-f]{64}$'",
    );
    assert_eq!(kept.await.unwrap(), "org_z org_a 3, - org_b 1, org_a - 1");
    world.execute(&format!("drop owned by {role}; drop role {role}")).await;
}

#[tokio::test]
async fn noting_a_mismatch_neither_waits_nor_fails_nor_grows_without_end() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 3).await;
    compare(&world).await;
    let (mut one, mut other) = (world.connect().await, world.connect().await);
    execute(&mut one, "begin").await;
    assert!(!says(&mut one, 1, Some("org_z")).await);
    // The first has not committed, and the second does not wait for it.
    execute(
        &mut other,
        "set statement_timeout = '5s'; begin isolation level repeatable read",
    )
    .await;
    assert!(!says(&mut other, 1, Some("org_z")).await);
    execute(&mut one, "commit").await;
    // It sees the database as it was before that row; its transaction goes on all the same.
    assert!(!says(&mut other, 1, Some("org_z")).await);
    execute(&mut other, "commit").await;
    let n = "select sum(n)::text from warden.shadow_mismatch";
    assert_eq!(world.text(n).await.unwrap(), "1");

    world
        .execute(
            "insert into warden.shadow_mismatch select i::text, null, null, 1, now() from generate_series(1, 9999) i",
        )
        .await;
    assert!(!says(&mut one, 2, Some("org_z")).await);
    assert!(!says(&mut one, 3, Some("org_z")).await);
    assert!(!says(&mut one, 1, Some("org_z")).await);
    let full = "select count(*) || ' ' || (select n from warden.shadow_mismatch where user_hash = '') from warden.shadow_mismatch";
    assert_eq!(world.text(full).await.unwrap(), "10001 2");
}

#[tokio::test]
async fn a_person_of_their_own_is_known_by_their_key() {
    let (_stand_in, mut world) = clerk("bigint").await;
    world.plan.users.source = Source::Personal;
    world.execute("drop table warden.user_org").await;
    compare(&world).await;
    let mut program = world.connect().await;
    assert!(says(&mut program, 7, Some("7")).await);
    assert!(!says(&mut program, 7, Some("8")).await);
    let drop = AssertSqlSafe("drop function warden.shadow(bigint, text)");
    sqlx::query(drop).execute(&mut program).await.unwrap();
}
