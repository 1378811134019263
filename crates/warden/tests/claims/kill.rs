//! Ended at every point where it waits: the next run finds its way, and whoever is done is not asked about again.

use std::{
    collections::HashSet,
    future::{Future, poll_fn},
    num::NonZeroU32,
    pin::pin,
    task::Poll,
};

use sqlx::PgConnection;
use warden::claims::{Options, Outcome, rollback, run};

use crate::{
    clerk::{clerk, people},
    stand_in::{Op, StandIn},
    world::{World, execute, options},
};

/// Drops a future at its `n`th point of waiting: at odd ones of `2n` while it waits, at even ones when what it waited
/// for has come and it has not heard.
pub async fn at_most<F: Future>(n: usize, future: F) -> Option<F::Output> {
    let (waiting, mut polls) = (n % 2 == 1, n.div_ceil(2));
    let mut future = pin!(future);
    poll_fn(move |context| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        match future.as_mut().poll(context) {
            Poll::Pending if polls == 0 && waiting => Poll::Ready(None),
            other => other.map(Some),
        }
    })
    .await
}

/// A session of its own, as each run has. The lock is free when the session before is really over.
pub async fn session(world: &World) -> PgConnection {
    let mut connection = world.connect().await;
    execute(&mut connection, "select pg_advisory_lock(1)").await;
    connection
}

async fn done(connection: &mut PgConnection) -> HashSet<String> {
    let there: bool = sqlx::query_scalar("select to_regclass('warden.claim') is not null")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    if !there {
        return HashSet::new();
    }
    let done: Vec<String> = sqlx::query_scalar(
        "select \"Subject\" from \"People\" join warden.claim on user_key = id where state in ('written', 'same', 'absent')",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    done.into_iter().collect()
}

fn small() -> Options {
    Options {
        batch: NonZeroU32::new(5).unwrap(),
        ..options()
    }
}

async fn killed_everywhere(stand_in: &StandIn, world: &World) -> (Outcome, usize) {
    let mut watch = world.connect().await;
    for polls in 1..10_000 {
        let mut connection = session(world).await;
        let before = done(&mut watch).await;
        stand_in.asked();
        let ended = at_most(polls, run(&mut connection, &world.plan, &small(), &|_| {})).await;
        for (op, subjects) in stand_in.asked() {
            let again: Vec<_> = subjects.iter().filter(|subject| before.contains(*subject)).collect();
            assert!(again.is_empty(), "{op:?} of {again:?}, who were done");
        }
        if let Some(outcome) = ended {
            return (outcome.unwrap(), polls);
        }
    }
    unreachable!("each run may do more than the one before")
}

#[tokio::test]
async fn a_run_that_is_killed_everywhere_ends_like_one_that_was_not() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 12).await;
    let (outcome, kills) = killed_everywhere(&stand_in, &world).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert!(kills > 20, "it was killed {kills} times");
    let states = world.states().await;
    assert_eq!(states.len(), 12);
    for (key, state) in states {
        assert_eq!(state, "written", "{key} was written by us, whatever we heard of it");
        let org = if key.parse::<u32>().unwrap() % 2 == 1 {
            "org_a"
        } else {
            "org_b"
        };
        assert_eq!(stand_in.org(&format!("user_{key:0>4}")), org);
    }
    assert!(world.run(&options()).await.is_complete());

    // The way back is killed just as often.
    let mut polls = 0;
    loop {
        polls += 1;
        let mut connection = session(&world).await;
        if let Some(outcome) = at_most(polls, rollback(&mut connection, &world.plan, &small(), &|_| {})).await {
            let outcome = outcome.unwrap();
            assert_eq!((outcome.progress.mismatch, outcome.progress.failed), (0, 0));
            break;
        }
    }
    assert!(world.states().await.iter().all(|(_, state)| state == "removed"));
    for i in 1..=12 {
        assert_eq!(stand_in.org(&format!("user_{i:04}")), serde_json::Value::Null);
    }
}

#[tokio::test]
async fn the_same_connection_can_be_used_after_a_run_was_dropped() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 6).await;
    let mut connection = world.connect().await;
    for polls in 1.. {
        if let Some(outcome) = at_most(polls, run(&mut connection, &world.plan, &small(), &|_| {})).await {
            assert!(outcome.unwrap().is_complete());
            break;
        }
    }
    let writes = stand_in.asked().into_iter().filter(|(op, _)| *op == Op::Write).count();
    assert!(writes >= 6);
    assert!(world.states().await.iter().all(|(_, state)| state == "written"));
}
