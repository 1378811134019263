//! The operator's own function: called once for each person, in one transaction with the journal.

use std::num::NonZeroU32;

use warden::{
    claims::{Options, Stop, rollback, run, verify},
    plan::ClaimsProvider,
};

use crate::{
    kill::{at_most, session},
    world::{World, figures, options},
};

async fn hook() -> World {
    let provider = ClaimsProvider::Hook {
        function: "app.\"set Claim\"".into(),
    };
    let world = World::new(provider, "integer").await;
    world
        .execute(
            "create schema app;
             create table app.claim (subject text, org text);
             create table app.ban (subject text);
             create function app.\"set Claim\"(person text, organization text) returns void language plpgsql as $$
             begin
                 insert into app.claim values (person, organization);
                 if exists (select from app.ban where subject = person) then
                     raise exception 'secret of %', person;
                 end if;
             end $$",
        )
        .await;
    for i in 1..=6 {
        let org = (i != 4).then_some("org_a");
        world.person(&i.to_string(), Some(&format!("s{i}")), org).await;
    }
    world
}

async fn told(world: &World) -> String {
    let all =
        "select string_agg(concat_ws(' ', subject, coalesce(org, '-')), ', ' order by subject, org) from app.claim";
    world.text(all).await.unwrap_or_default()
}

/// No key: there is nobody to show it to.
fn small() -> Options {
    Options {
        key: None,
        batch: NonZeroU32::new(3).unwrap(),
        ..options()
    }
}

#[tokio::test]
async fn everybody_is_told_once_and_one_who_fails_spoils_nothing() {
    let world = hook().await;
    world.execute("insert into app.ban values ('s2')").await;
    let outcome = world.run(&small()).await;
    assert_eq!(figures(outcome.progress), [6, 0, 4, 0, 1, 0, 1]);
    assert_eq!(told(&world).await, "s1 org_a, s3 org_a, s5 org_a, s6 org_a");
    assert_eq!(
        world.entry("2").await.3.unwrap(),
        "the function failed with SQLSTATE P0001"
    );
    let mut connection = world.connect().await;
    let survey = verify(&mut connection, &world.plan, &small(), &|_| {}).await.unwrap();
    assert_eq!((survey.examined, survey.same, survey.missing), (6, 5, 1));

    world.execute("delete from app.ban").await;
    assert_eq!(figures(world.run(&small()).await.progress), [6, 5, 1, 0, 0, 0, 0]);
    assert_eq!(told(&world).await, "s1 org_a, s2 org_a, s3 org_a, s5 org_a, s6 org_a");

    // Of somebody with another id the function has never been told.
    world
        .execute("update \"People\" set \"Subject\" = 's7' where id = 1")
        .await;
    let survey = verify(&mut connection, &world.plan, &small(), &|_| {}).await.unwrap();
    assert_eq!((survey.same, survey.missing), (5, 1));
    world
        .execute("update \"People\" set \"Subject\" = 's1' where id = 1")
        .await;

    world.execute("delete from app.claim").await;
    let back = rollback(&mut connection, &world.plan, &small(), &|_| {}).await.unwrap();
    assert_eq!(back.progress.removed, 5);
    assert_eq!(told(&world).await, "s1 -, s2 -, s3 -, s5 -, s6 -");
}

#[tokio::test]
async fn a_function_that_always_fails_is_not_called_for_everybody() {
    let world = hook().await;
    world
        .execute("insert into app.ban select 's' || i from generate_series(1, 6) i")
        .await;
    let few = Options {
        failures: NonZeroU32::new(2).unwrap(),
        ..small()
    };
    let outcome = world.run(&few).await;
    assert!(matches!(outcome.stopped, Some(Stop::Failing(_, 2))), "{outcome:?}");
    assert_eq!(outcome.progress.failed, 2);
    assert_eq!(world.states().await.len(), 2);
}

#[tokio::test]
async fn whoever_is_killed_has_told_exactly_those_the_journal_knows() {
    let world = hook().await;
    for polls in 1.. {
        let mut connection = session(&world).await;
        if let Some(outcome) = at_most(polls, run(&mut connection, &world.plan, &small(), &|_| {})).await {
            assert!(outcome.unwrap().is_complete());
            break;
        }
    }
    assert_eq!(told(&world).await, "s1 org_a, s2 org_a, s3 org_a, s5 org_a, s6 org_a");
}
