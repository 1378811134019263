//! Fairness: what one organization has to wait for is its own.

use tokio::sync::oneshot;

use super::{Does, PATIENCE, Probe, Ran, World, begin};
use crate::jobs::{Claim, Jobs, Queue, Request, Worker, enqueue, enqueue_own, store::Claimed};

#[tokio::test]
async fn the_backlog_of_one_organization_does_not_keep_the_others_waiting() {
    let world = World::new().await;
    let mut tx = begin(&world.core, "org_big").await;
    for number in 0..500 {
        enqueue(&mut tx, &world.probe(number, Does::Succeed)).await.unwrap();
    }
    tx.commit().await.unwrap();
    for org in ["org_a", "org_z", "user_q"] {
        world.enqueue(org, &world.probe(1, Does::Succeed)).await;
    }
    enqueue_own(world.core.db.worker.queue(), &world.probe(1, Does::Succeed))
        .await
        .unwrap();
    let orgs = |claims: &[Claim<Claimed>]| {
        let mut orgs: Vec<_> = claims.iter().map(|claim| claim.org().to_owned()).collect();
        orgs.sort_unstable();
        orgs
    };
    // Everybody's first before anybody's second.
    let first = world.claim(5).await;
    assert_eq!(orgs(&first), ["", "org_a", "org_big", "org_z", "user_q"]);
    // Never more than its share, whatever is free.
    assert_eq!(orgs(&world.claim(10).await), ["org_big", "org_big"]);
    let request = Request {
        slots: 10,
        from: String::new(),
        busy: vec![("org_big".into(), 1)],
    };
    let queue = Jobs::<Probe>::default();
    assert_eq!(orgs(&queue.claim(&world.core, &request).await.unwrap()), ["org_big"]);
    // Whoever was served last begins behind.
    for org in ["org_a", "org_z"] {
        world.enqueue(org, &world.probe(2, Does::Succeed)).await;
    }
    let request = Request {
        slots: 2,
        from: "org_b".into(),
        busy: Vec::new(),
    };
    assert_eq!(
        orgs(&queue.claim(&world.core, &request).await.unwrap()),
        ["org_big", "org_z"]
    );
}

#[tokio::test]
async fn a_running_worker_serves_everybody_beside_a_backlog() {
    let world = World::new().await;
    let mut tx = begin(&world.core, "org_big").await;
    for number in 0..3 {
        enqueue(&mut tx, &world.probe(number, Does::Wait)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let worker = Worker::new(world.core.clone()).queue(Jobs::<Probe>::default());
    let worker = tokio::spawn(worker.run(async { drop(stopped.await) }));
    for _ in 0..2 {
        assert_eq!(world.ran().await.org, "org_big");
    }
    // Two of four slots are the share of one, and neither ends; another organization is served all the same.
    world.enqueue("org_small", &world.probe(7, Does::Succeed)).await;
    assert_eq!(
        world.ran().await,
        Ran {
            org: "org_small".into(),
            number: 7,
            attempt: 1
        }
    );
    world.let_go();
    assert_eq!(
        world.ran().await,
        Ran {
            org: "org_big".into(),
            number: 2,
            attempt: 1
        },
        "its third, when its first has ended"
    );
    let release = async {
        while world.count().await > 0 {
            world.let_go();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, release).await.unwrap();
    drop(stop);
    worker.await.unwrap();
}
