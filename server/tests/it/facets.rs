//! What a process keeps of an organization's agents: nobody else's, and no longer than it is true.

use serde_json::json;
use sqlx::Executor;
use switchboard::{
    agents::{Agent, AgentFilter, Facets},
    crud,
    listing::Page,
    live::Change,
    provider_sync,
};

use crate::support::{Org, World};

impl World {
    async fn facets(&self, org: &Org) -> Facets {
        let caller = self.caller(org).await;
        let (listing, facets) = crud::browse::<Agent>(&self.core, &caller, &AgentFilter::default(), &Page::default())
            .await
            .unwrap();
        assert_eq!(listing.items.len(), usize::try_from(facets.all).unwrap());
        facets
    }

    /// Tags the organization's agents without a ring.
    async fn tag_in_silence(&self, org: &Org, tag: &str) {
        let mut tx = self.db.admin.begin().await.unwrap();
        tx.execute("set local session_replication_role = replica")
            .await
            .unwrap();
        sqlx::query("update app.agents set tags = array[$2] where org_id = $1")
            .bind(org.id.as_str())
            .bind(tag)
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn an_organization_sees_its_own_facets_whoever_looked_before() {
    let world = World::new().await;
    world.listen().await;
    let (mine, other) = (world.org("Mine").await, world.org("Other").await);
    world.agent(&mine, "Front desk").await;
    world.agent(&other, "Front desk").await;
    world.agent(&other, "Back office").await;
    world.tag_in_silence(&mine, "mine").await;
    world.tag_in_silence(&other, "other").await;
    for _ in 0..2 {
        let facets = world.facets(&mine).await;
        assert_eq!((facets.all, facets.tags), (1, vec!["mine".to_owned()]));
        let facets = world.facets(&other).await;
        assert_eq!((facets.all, facets.tags), (2, vec!["other".to_owned()]));
    }
}

#[tokio::test]
async fn facets_are_kept_until_another_process_changes_something() {
    let world = World::new().await;
    world.listen().await;
    let org = world.org("Mine").await;
    let mut changes = world.core.changes.subscribe(&org.id);
    world.agent(&org, "Front desk").await;
    while changes.next().await != Some("agents") {}
    assert_eq!(world.facets(&org).await.tags, [""; 0]);
    world.tag_in_silence(&org, "silent").await;
    assert_eq!(world.facets(&org).await.tags, [""; 0]);
    // Whoever cannot hear keeps nothing.
    let deaf = world.beside(&world.db.logins).await;
    assert_eq!(deaf.facets(&org).await.tags, ["silent"]);

    deaf.agent(&org, "Back office").await;
    while changes.next().await != Some("agents") {}
    let facets = world.facets(&org).await;
    assert_eq!((facets.all, facets.tags), (2, vec!["silent".to_owned()]));
}

#[tokio::test]
async fn what_a_process_changes_itself_is_true_at_once() {
    let world = World::new().await;
    // It keeps what it reads, and no bell will tell it of anything.
    world.core.facets.apply(&Change::Missed).await;
    let org = world.org("Mine").await;
    let caller = world.caller(&org).await;
    let figures = async || {
        let facets = world.facets(&org).await;
        (facets.all, facets.live, facets.tags.len())
    };
    assert_eq!(figures().await, (0, 0, 0));
    let agent = world.agent(&org, "Front desk").await;
    assert_eq!(figures().await, (1, 1, 0));

    let mut tagged = agent.draft.clone();
    tagged.tags = vec!["phone".to_owned()];
    crud::update(&world.core, &caller, agent.id, tagged, agent.revision)
        .await
        .unwrap();
    assert_eq!(figures().await, (1, 1, 1));

    world.provider_fails(&json!({"kind": "status", "status": 503})).await;
    provider_sync::sync::<Agent>(&world.core, &caller, agent.id)
        .await
        .unwrap_err();
    assert_eq!(figures().await, (1, 0, 1));
    world.provider_recovers().await;
    provider_sync::sync::<Agent>(&world.core, &caller, agent.id)
        .await
        .unwrap();
    assert_eq!(figures().await, (1, 1, 1));

    crud::delete::<Agent>(&world.core, &caller, agent.id).await.unwrap();
    assert_eq!(figures().await, (0, 0, 0));
}
