//! Leases: a job is one worker's at a time, and nobody's for longer than it lives.

use std::time::Duration;

use tokio::sync::oneshot;

use super::{Does, GIVEN_UP, PATIENCE, Probe, World, begin};
use crate::{
    error::Error,
    jobs::{Claim, Jobs, Lease, Queue, Settlement, Worker, enqueue, parked, run_due, store::Claimed},
};

#[tokio::test]
async fn two_workers_run_each_job_once() {
    let world = World::new().await;
    let mut tx = begin(&world.core, "org_a").await;
    for number in 0..100 {
        enqueue(&mut tx, &world.probe(number, Does::Succeed)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let workers = [(); 2].map(|()| {
        let (stop, stopped) = oneshot::channel::<()>();
        let worker = Worker::new(world.core.clone()).queue(Jobs::<Probe>::default());
        (stop, tokio::spawn(worker.run(async { drop(stopped.await) })))
    });
    for number in 100..200 {
        world.enqueue("org_b", &world.probe(number, Does::Succeed)).await;
    }
    world.until_empty().await;
    for (stop, worker) in workers {
        drop(stop);
        worker.await.unwrap();
    }
    let mut numbers: Vec<_> = world.all_ran().iter().map(|ran| ran.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..200).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_worker_that_slept_past_its_lease_changes_nothing() {
    let world = World::new().await;
    let queue = Jobs::<Probe>::default();
    world.enqueue("org_a", &world.probe(1, Does::Succeed)).await;
    let late = world.claim(1).await.remove(0);
    assert!(world.claim(1).await.is_empty(), "it is leased");
    world.execute("update ops.jobs set run_at = now()").await;
    let current = world.claim(1).await.remove(0);
    assert!(current.token > late.token);
    assert_eq!(current.attempt, 2, "a run that was cut short counts");

    assert!(!queue.renew(&world.core, &late).await.unwrap());
    let after = Duration::from_secs(1);
    for settlement in [
        Settlement::Done,
        Settlement::Again(after),
        Settlement::Retry { after, reason: "late" },
        Settlement::Park { reason: "late" },
        Settlement::GiveBack,
    ] {
        assert!(
            !queue.settle(&world.core, &late, settlement).await.unwrap(),
            "{settlement:?}"
        );
    }
    let mut tx = begin(&world.core, "org_a").await;
    let lease = |claim: &Claim<Claimed>| Lease {
        job: claim.item.id(),
        token: claim.token,
    };
    assert!(matches!(lease(&late).hold(tx.conn()).await, Err(Error::Conflict(_))));
    lease(&current).hold(tx.conn()).await.unwrap();
    // What is held stays held until the transaction ends, however late it is.
    world.execute("update ops.jobs set run_at = now()").await;
    assert!(world.claim(1).await.is_empty());
    tx.commit().await.unwrap();
    assert_eq!(world.claim(1).await[0].attempt, 3);
}

#[tokio::test]
async fn a_run_whose_lease_is_lost_is_dropped_where_it_stands() {
    let world = World::new().await;
    world.enqueue("org_a", &world.probe(1, Does::Hang)).await;
    let (core, queue) = (world.core.clone(), Jobs::<Probe>::default());
    let running = tokio::spawn(async move { run_due(&core, &queue).await.unwrap() });
    assert_eq!(world.ran().await.number, 1);
    // As a claim of another worker does.
    world
        .execute("update ops.jobs set lease = lease + 1, attempts = 2")
        .await;
    assert_eq!(world.ran().await.number, GIVEN_UP + 1);
    assert_eq!(running.await.unwrap(), 1);
    let (state, attempts, _) = world.only().await;
    assert_eq!(
        (state.as_str(), attempts),
        ("leased", 2),
        "what the other one has is left alone"
    );
}

#[tokio::test]
async fn a_lease_is_renewed_while_its_job_runs() {
    let world = World::new().await;
    world.enqueue("org_a", &world.probe(1, Does::Wait)).await;
    let (core, queue) = (world.core.clone(), Jobs::<Probe>::default());
    let running = tokio::spawn(async move { run_due(&core, &queue).await.unwrap() });
    world.ran().await;
    let ends = async || -> String {
        sqlx::query_scalar("select run_at::text from ops.jobs")
            .fetch_one(&world.db.admin)
            .await
            .unwrap()
    };
    let first = ends().await;
    let renewed = async {
        while ends().await == first {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, renewed).await.expect("it is renewed");
    world.let_go();
    assert_eq!(running.await.unwrap(), 1);
    assert_eq!(world.count().await, 0);
}

#[tokio::test]
async fn a_job_that_ends_every_process_is_not_begun_for_ever() {
    let world = World::new().await;
    world.enqueue("org_a", &world.probe(1, Does::Succeed)).await;
    for _ in 0..3 {
        // A process that is killed settles nothing, and its lease ends.
        assert_eq!(world.claim(1).await.len(), 1);
        world.execute("update ops.jobs set run_at = now()").await;
    }
    assert_eq!(world.run_due().await, 1);
    assert_eq!(
        world.all_ran()[0].number,
        GIVEN_UP + 1,
        "it was not run, and who waits is told"
    );
    assert!(
        parked(&world.core).await.unwrap()[0]
            .error
            .as_deref()
            .unwrap()
            .starts_with("Each process")
    );
}

#[tokio::test]
async fn a_worker_that_is_told_to_stop_ends_what_runs_and_gives_the_rest_back() {
    let world = World::new().await;
    for (does, drain, left) in [
        (Does::Wait, PATIENCE, None),
        (Does::Hang, Duration::ZERO, Some(("ready".to_owned(), 0, true))),
    ] {
        world.enqueue("org_a", &world.probe(1, does)).await;
        let (stop, stopped) = oneshot::channel::<()>();
        let worker = Worker::new(world.core.clone())
            .drain(drain)
            .queue(Jobs::<Probe>::default());
        let worker = tokio::spawn(worker.run(async { drop(stopped.await) }));
        assert_eq!(world.ran().await.attempt, 1);
        drop(stop);
        world.let_go();
        worker.await.unwrap();
        match left {
            None => assert_eq!(world.count().await, 0, "it was finished"),
            Some(left) => assert_eq!(world.only().await, left, "another process begins it at once"),
        }
    }
}
