//! A provider that is busy, fails, says nothing, or does what it is told and cannot say so.

use std::{num::NonZeroU32, time::Duration};

use serde_json::json;
use warden::claims::{Options, Stop, rollback};

use crate::{
    clerk::{clerk, people},
    stand_in::{Fault, Op},
    world::{figures, options},
};

/// As often as a question is repeated.
const ATTEMPTS: usize = 5;

#[tokio::test]
async fn what_passes_is_asked_again_and_nothing_is_lost() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 8).await;
    let faults = [
        Fault::Status(500),
        Fault::Status(503),
        Fault::Lose,
        Fault::Garble,
        Fault::Busy(0),
        Fault::Status(408),
    ];
    for (i, fault) in faults.into_iter().enumerate() {
        stand_in.fail(Op::Write, &format!("user_{:04}", i + 1), [fault; 2]);
    }
    stand_in.fail(
        Op::Read,
        "user_0001",
        [Fault::Status(502), Fault::Garble, Fault::Lose, Fault::Busy(0)],
    );
    let outcome = world.run(&options()).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(outcome.progress.written, 8);
    let asked = stand_in.asked();
    assert_eq!(asked.iter().filter(|(op, _)| *op == Op::Read).count(), 5);
    assert_eq!(asked.len(), 5 + 8 + 2 * faults.len());
}

#[tokio::test]
async fn a_provider_that_says_nothing_is_asked_again_after_a_while() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 2).await;
    stand_in.fail(Op::Read, "user_0001", [Fault::Hang]);
    stand_in.fail(Op::Write, "user_0002", [Fault::Hang]);
    let impatient = Options {
        timeout: Duration::from_secs(2),
        ..options()
    };
    let outcome = world.run(&impatient).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(stand_in.asked().len(), 2 + 3);
}

#[tokio::test]
async fn when_it_asks_to_wait_everybody_waits() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 40).await;
    stand_in.fail(Op::Write, "user_0001", [Fault::Busy(1)]);
    let outcome = world.run(&options()).await;
    assert!(outcome.is_complete());
    let writes = stand_in.writes();
    // Who was under way with the first may have been heard; nobody else began before its second attempt was due.
    let first: Vec<usize> = (0..writes.len()).filter(|i| writes[*i] == "user_0001").collect();
    assert_eq!(first.len(), 2);
    assert!(first[1] - first[0] <= 8, "{first:?}");
}

#[tokio::test]
async fn a_provider_that_asks_for_too_long_a_wait_is_not_waited_for() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 1).await;
    stand_in.always(Op::Read, Some(Fault::Busy(3600)));
    let outcome = world.run(&options()).await;
    assert_eq!(outcome.progress.failed, 1);
    let error = world.entry("1").await.3.unwrap();
    assert_eq!(error, "the provider refused with 429 too_many_requests");
    assert_eq!(stand_in.asked().len(), 1);
}

#[tokio::test]
async fn some_fail_for_good_and_the_others_are_done_all_the_same() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 6).await;
    stand_in.fail(Op::Write, "user_0002", [Fault::Status(500); ATTEMPTS]);
    stand_in.fail(Op::Write, "user_0003", [Fault::Status(422)]);
    let outcome = world.run(&options()).await;
    assert_eq!(outcome.stopped, None);
    assert_eq!(figures(outcome.progress), [6, 0, 4, 0, 0, 0, 2]);
    let error = async |key: &str| world.entry(key).await.3;
    assert_eq!(
        error("2").await.unwrap(),
        "the provider refused with 500 internal_clerk_error"
    );
    assert_eq!(
        error("3").await.unwrap(),
        "the provider refused with 422 internal_clerk_error"
    );
    stand_in.asked();
    let again = world.run(&options()).await;
    assert_eq!(figures(again.progress), [6, 4, 2, 0, 0, 0, 0]);
    let mut writes = stand_in.writes();
    writes.sort();
    assert_eq!(writes, ["user_0002", "user_0003"]);
    assert_eq!(world.entry("2").await.2, 2);
}

#[tokio::test]
async fn a_claim_whose_answers_were_all_lost_is_known_as_ours_and_not_written_again() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 2).await;
    stand_in.fail(Op::Write, "user_0001", [Fault::Lose; ATTEMPTS]);
    let outcome = world.run(&options()).await;
    assert_eq!(figures(outcome.progress), [2, 0, 1, 0, 0, 0, 1]);
    assert_eq!(world.entry("1").await.3.unwrap(), "the provider did not answer in time");
    assert_eq!(stand_in.org("user_0001"), "org_a", "it had arrived");
    stand_in.asked();
    let again = world.run(&options()).await;
    assert_eq!(figures(again.progress), [2, 1, 1, 0, 0, 0, 0], "ours, not found there");
    assert_eq!(stand_in.writes(), [""; 0]);
    let mut connection = world.connect().await;
    let back = rollback(&mut connection, &world.plan, &options(), &|_| {})
        .await
        .unwrap();
    assert_eq!(back.progress.removed, 2);
    assert_eq!(stand_in.org("user_0001"), json!(null));
}

#[tokio::test]
async fn a_rollback_knows_what_it_took_back_when_the_answer_was_lost() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 2).await;
    world.run(&options()).await;
    stand_in.fail(Op::Write, "user_0001", [Fault::Lose; ATTEMPTS]);
    let mut connection = world.connect().await;
    let back = rollback(&mut connection, &world.plan, &options(), &|_| {})
        .await
        .unwrap();
    assert_eq!((back.progress.removed, back.progress.failed), (1, 1));
    stand_in.asked();
    let again = rollback(&mut connection, &world.plan, &options(), &|_| {})
        .await
        .unwrap();
    assert_eq!((again.progress.removed, again.progress.failed), (1, 0));
    assert_eq!(stand_in.writes(), [""; 0]);
}

#[tokio::test]
async fn after_a_run_of_failures_it_stops_and_says_so() {
    let (stand_in, world) = clerk("bigint").await;
    people(&stand_in, &world, 60).await;
    stand_in.always(Op::Write, Some(Fault::Status(500)));
    let few = Options {
        failures: NonZeroU32::new(3).unwrap(),
        ..options()
    };
    let outcome = world.run(&few).await;
    let Some(stop @ Stop::Failing(_, 3)) = &outcome.stopped else {
        panic!("{outcome:?}")
    };
    assert!(stop.to_string().contains("3 people in a row failed"), "{stop}");
    // Three, and the three that were under way with the last of them.
    assert_eq!(outcome.progress.failed, 6);
    assert_eq!(stand_in.asked().len(), 1 + 6 * ATTEMPTS);

    stand_in.always(Op::Write, None);
    stand_in.always(Op::Read, Some(Fault::Status(503)));
    let outcome = world.run(&few).await;
    assert!(matches!(outcome.stopped, Some(Stop::Failing(..))), "{outcome:?}");
    assert_eq!(
        stand_in.asked().len(),
        ATTEMPTS,
        "one page, and nothing is written blindly"
    );

    stand_in.always(Op::Read, None);
    let outcome = world.run(&few).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(outcome.progress.written, 60);
}
