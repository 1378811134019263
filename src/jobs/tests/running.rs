//! From enqueued to done: retries, parking, keys and schedules.

use std::time::Duration;

use super::{Does, GIVEN_UP, Probe, Ran, World, begin};
use crate::jobs::{
    CHANNEL, Jobs, Parked, Queue, Settlement, cron, enqueue, enqueue_after, parked, retry_parked, survey,
};

#[tokio::test]
async fn a_job_is_committed_with_what_causes_it_and_the_app_cannot_read_it() {
    let world = World::new().await;
    let mut listener = world.core.db.listener(CHANNEL).await.unwrap();
    let mut tx = begin(&world.core, "org_a").await;
    enqueue(&mut tx, &world.probe(1, Does::Succeed)).await.unwrap();
    drop(tx);
    assert_eq!(world.count().await, 0, "it was taken back with its cause");
    world.enqueue("org_a", &world.probe(2, Does::Succeed)).await;
    assert_eq!(
        listener.recv().await.unwrap().payload(),
        "probe",
        "and nobody heard of the one that was"
    );
    assert_eq!(world.run_due().await, 1);
    let ran = Ran {
        org: "org_a".into(),
        number: 2,
        attempt: 1,
    };
    assert_eq!(world.all_ran(), [ran]);
    assert_eq!(world.count().await, 0);

    let app = sqlx::PgPool::connect_with(world.db.logins.app.clone()).await.unwrap();
    for refused in [
        "select * from ops.jobs",
        "select app.enqueue(gen_random_uuid(), 'probe', '{}', null, 0)",
    ] {
        let error = sqlx::query(refused).fetch_all(&app).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42501", "{refused}");
    }
}

#[tokio::test]
async fn what_fails_is_tried_again_ever_later_and_parked_in_the_end_with_the_reason() {
    for (does, reason) in [
        (Does::Fail, "It is not its day."),
        (Does::Panic, "It panicked. The log says where."),
    ] {
        let world = World::new().await;
        world.enqueue("org_a", &world.probe(1, does)).await;
        for attempt in 1..=3 {
            assert_eq!(world.run_due().await, 1, "{does:?}");
            assert_eq!(world.run_due().await, 0, "not due yet");
            let (state, attempts, _) = world.only().await;
            assert_eq!(
                (state.as_str(), attempts),
                (if attempt < 3 { "ready" } else { "parked" }, attempt)
            );
            let pause: f64 = sqlx::query_scalar("select extract(epoch from run_at - now())::float8 from ops.jobs")
                .fetch_one(&world.db.admin)
                .await
                .unwrap();
            let expected = [70.0..=120.0, 150.0..=240.0, -30.0..=0.0];
            assert!(expected[attempt as usize - 1].contains(&pause), "{attempt}: {pause}");
            world
                .execute("update ops.jobs set run_at = now() where state = 'ready'")
                .await;
        }
        let numbers: Vec<_> = world.all_ran().iter().map(|ran| (ran.number, ran.attempt)).collect();
        assert_eq!(
            numbers,
            [(1, 1), (1, 2), (1, 3), (GIVEN_UP + 1, 3)],
            "who waits for it is told"
        );
        assert_eq!(world.run_due().await, 0);
        let given_up: Vec<Parked> = parked(&world.core).await.unwrap();
        assert_eq!((given_up.len(), given_up[0].error.as_deref()), (1, Some(reason)));
        assert_eq!(survey::measure(&world.core, &["probe"]).await.unwrap()[0].parked, 1);

        assert_eq!(retry_parked(&world.core, None, Some("mail")).await.unwrap(), 0);
        assert_eq!(retry_parked(&world.core, Some(given_up[0].id), None).await.unwrap(), 1);
        assert_eq!(world.only().await, ("ready".to_owned(), 0, true));
    }
}

#[tokio::test]
async fn what_cannot_succeed_is_parked_at_once() {
    let world = World::new().await;
    world.enqueue("org_a", &world.probe(1, Does::GiveUp)).await;
    assert_eq!(world.run_due().await, 1);
    assert_eq!(
        parked(&world.core).await.unwrap()[0].error.as_deref(),
        Some("There is no such thing.")
    );
    world
        .execute("update ops.jobs set state = 'ready', payload = '{\"number\": true}'")
        .await;
    assert_eq!(world.run_due().await, 1);
    let error = parked(&world.core).await.unwrap().remove(0).error;
    assert_eq!(error.as_deref(), Some("This program cannot read its payload."));
}

#[tokio::test]
async fn a_job_whose_time_has_not_come_waits_without_losing_an_attempt() {
    let world = World::new().await;
    world.enqueue("org_a", &world.probe(1, Does::Again)).await;
    assert_eq!(world.run_due().await, 1);
    assert_eq!(world.only().await, ("ready".to_owned(), 0, false));
    world.execute("delete from ops.jobs").await;
    let mut tx = begin(&world.core, "org_a").await;
    enqueue_after(&mut tx, &world.probe(2, Does::Succeed), Duration::from_secs(100))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.run_due().await, 0);
    let next = Jobs::<Probe>::default().next_due(&world.core).await.unwrap().unwrap();
    assert!(
        (Duration::from_secs(60)..=Duration::from_secs(100)).contains(&next),
        "{next:?}"
    );
}

#[tokio::test]
async fn of_jobs_with_one_key_one_waits_at_a_time() {
    let world = World::new().await;
    let keyed = |number| world.probe(number, Does::Succeed).keyed("same");
    world.enqueue("org_a", &keyed(1)).await;
    world.enqueue("org_a", &keyed(2)).await;
    world.enqueue("org_b", &keyed(3)).await;
    world
        .enqueue("org_a", &world.probe(4, Does::Succeed).keyed("other"))
        .await;
    assert_eq!(world.run_due().await, 3);
    let mut numbers: Vec<_> = world.all_ran().iter().map(|ran| ran.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 3, 4]);

    // What comes while it runs is not lost: it may be about something that this run has not seen.
    world.enqueue("org_a", &keyed(5)).await;
    let claim = world.claim(1).await.remove(0);
    world.enqueue("org_a", &keyed(6)).await;
    assert_eq!(world.count().await, 1);
    assert!(
        Jobs::<Probe>::default()
            .settle(&world.core, &claim, Settlement::Done)
            .await
            .unwrap()
    );
    assert_eq!(world.only().await, ("ready".to_owned(), 0, true));
    assert_eq!(world.run_due().await, 1);
    assert_eq!(world.all_ran()[0].number, 6);
    assert_eq!(world.count().await, 0);

    // One that was given up begins anew.
    world
        .enqueue("org_a", &world.probe(7, Does::GiveUp).keyed("same"))
        .await;
    world.run_due().await;
    world.enqueue("org_a", &keyed(8)).await;
    assert_eq!(world.run_due().await, 1);
    assert_eq!(world.count().await, 0);
}

#[tokio::test]
async fn of_many_processes_one_enqueues_the_next_slot() {
    let world = World::new().await;
    let (core, job) = (&world.core, world.probe(1, Does::Succeed));
    // A slot long enough that it does not end on the way.
    let every = Duration::from_secs(10 * 365 * 24 * 3600);
    let ticks = futures_util::future::join_all((0..20).map(|_| cron::tick(core, &job, every))).await;
    assert_eq!(ticks.iter().filter(|tick| *tick.as_ref().unwrap()).count(), 1);
    // Also when the job is long done.
    assert_eq!(world.run_due().await, 1);
    assert!(!cron::tick(core, &job, every).await.unwrap());
    world
        .execute("update ops.schedules set slot = slot - interval '1 s'")
        .await;
    assert!(cron::tick(core, &job, every).await.unwrap());
    assert_eq!(world.run_due().await, 1);
}
