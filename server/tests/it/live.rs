//! Live pages over HTTP: a stream tells of its own organization, and ends with the membership of its reader.

use std::{collections::BTreeSet, time::Duration};

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::json;
use switchboard::{
    live::Subscription,
    org::{OrgId, Role},
    registry::{self, Registered, ResourceVisitor},
    resource::Kind,
};

use crate::{
    questions::{self, Belongings},
    replay,
    support::{Org, World, draft_json},
};

const PATIENCE: Duration = Duration::from_secs(30);

struct Stream(Body);

impl Stream {
    /// What has changed next; `None` when the stream has ended. That it is still open is passed over.
    async fn next(&mut self) -> Option<String> {
        loop {
            match self.word().await {
                Some(word) if word == "ping" => {}
                word => return word,
            }
        }
    }

    async fn word(&mut self) -> Option<String> {
        let reading = async {
            while let Some(frame) = self.0.frame().await {
                let bytes = frame.unwrap().into_data().unwrap_or_default();
                let text = String::from_utf8(bytes.to_vec()).unwrap();
                if let Some((_, topic)) = text.split_once("data: ") {
                    return topic.lines().next().map(str::to_owned);
                }
            }
            None
        };
        tokio::time::timeout(PATIENCE, reading)
            .await
            .expect("it should have been told by now")
    }
}

impl World {
    /// A page that stays open.
    async fn stream(&self, email: &str, org: &OrgId) -> Stream {
        self.stream_of(&self.session(email, org).await).await
    }

    async fn stream_of(&self, cookie: &str) -> Stream {
        let request = Request::get("/events").header(header::COOKIE, cookie);
        let response = self.respond(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        Stream(response.into_body())
    }

    /// Listens as the serving process does, and does listen when this returns.
    pub async fn listen(&self) {
        let mut changes = self.core.changes.subscribe(&OrgId::parse("org_any").unwrap());
        tokio::spawn(self.core.clone().listen());
        // Whoever begins to listen may have missed anything.
        let listens = tokio::time::timeout(PATIENCE, changes.next()).await;
        assert_eq!(listens.expect("it should listen by now"), Some("*"));
    }
}

#[tokio::test]
async fn a_stream_tells_of_its_own_organization_only() {
    let world = World::new().await;
    world.listen().await;
    let (mine, other) = (world.org("Mine").await, world.org("Other").await);
    let agent = world.agent(&mine, "Front desk").await.id;
    // The first use of a key is noted, and rings.
    for org in [&mine, &other] {
        world.get("/agents", &org.key).await;
    }
    let mut here = world.stream(&mine.email, &mine.id).await;
    let mut there = world.stream(&other.email, &other.id).await;
    let call = json!({"agent_id": agent, "to": {"medium": "phone", "number": "+15550100000"}});
    assert_eq!(world.post("/calls", &mine.key, &call).await.status, StatusCode::CREATED);
    assert_eq!(here.next().await.as_deref(), Some("calls"));
    // What rings first there is what happens there.
    world.post("/agents", &other.key, &draft_json("Another")).await;
    let mut first = [there.next().await.unwrap(), there.next().await.unwrap()];
    first.sort();
    assert_eq!(first, ["agents", "audit"]);
}

#[tokio::test]
async fn members_keys_and_the_log_ring_and_only_here() {
    let world = World::new().await;
    world.listen().await;
    let (mine, other) = (world.org("Mine").await, world.org("Other").await);
    let member = world.member(&mine, Role::Viewer).await;
    // The first use of a key is noted, and rings.
    for org in [&mine, &other] {
        world.get("/agents", &org.key).await;
    }
    let mut here = world.stream(&mine.email, &mine.id).await;
    let mut there = world.stream(&other.email, &other.id).await;
    let heard = async |stream: &mut Stream, many: usize| {
        let mut topics = Vec::new();
        for _ in 0..many {
            topics.push(stream.next().await.unwrap());
        }
        topics.sort();
        topics
    };

    let role = json!({"role": "operator"});
    let path = format!("/members/{}/role", member.id);
    world.rest(Method::PUT, &path, Some(&mine.key), Some(&role)).await;
    assert_eq!(heard(&mut here, 2).await, ["audit", "members"]);
    let guest = json!({"email": "guest@example.com", "role": "viewer"});
    world.post("/invitations", &mine.key, &guest).await;
    assert_eq!(heard(&mut here, 2).await, ["audit", "members"]);
    let key = json!({"name": "Site", "scopes": ["agents:read"]});
    world.post("/api-keys", &mine.key, &key).await;
    assert_eq!(heard(&mut here, 2).await, ["api_keys", "audit"]);
    // What rings first there is what happens there.
    world.post("/agents", &other.key, &draft_json("Another")).await;
    assert_eq!(heard(&mut there, 2).await, ["agents", "audit"]);
}

struct Tables(Vec<(&'static str, Kind)>);

impl ResourceVisitor for Tables {
    fn visit<R: Registered>(&mut self) {
        self.0.push((R::TABLE, R::KIND));
    }
}

/// The kind that each table of an organization holds; none where no page shows its rows by themselves.
fn kind_of(table: &str) -> Option<Kind> {
    let mut tables = Tables(Vec::new());
    registry::visit_all(&mut tables);
    if let Some((_, kind)) = tables.0.iter().find(|(name, _)| *name == table) {
        return Some(*kind);
    }
    match table {
        "app.agent_versions" | "app.agent_tests" | "app.agent_test_runs" => Some(Kind::Agent),
        "app.voice_samples" => Some(Kind::Voice),
        "app.agent_knowledge" => Some(Kind::KnowledgeBase),
        "app.knowledge_sources" | "app.knowledge_files" | "app.knowledge_passages" | "app.knowledge_checks" => {
            Some(Kind::KnowledgeBase)
        }
        "app.calls" | "app.call_messages" | "app.call_tags" | "app.call_notes" | "app.call_views"
        | "app.call_analyses" | "app.call_fields" | "app.dispositions" => Some(Kind::Call),
        "app.reconciliations" => Some(Kind::Reconciliation),
        "app.reports" => Some(Kind::Report),
        "app.api_keys" => Some(Kind::ApiKey),
        "app.audit_log" => Some(Kind::Audit),
        "app.clients" => Some(Kind::Credit),
        "identity.memberships" | "identity.invitations" => Some(Kind::Member),
        "app.call_events"
        | "app.call_texts"
        | "app.call_words"
        | "app.credit_transactions"
        | "app.idempotency_keys"
        | "app.provider_links"
        | "app.users"
        | "identity.api_key_secrets"
        | "identity.sessions" => None,
        other => panic!("say which kind {other} holds"),
    }
}

/// Whatever a route or a server function changes is told, whichever statement changed it.
#[tokio::test]
async fn no_change_of_a_row_goes_untold() {
    let world = World::new().await;
    world.listen().await;
    let org = world.org("Mine").await;
    let visitor = world.visitor(&org).await;
    let mut changes = world.core.changes.subscribe(&org.id);
    let (mut untold, mut told) = (Vec::new(), BTreeSet::new());
    let mut of = Belongings::of(&world, &org).await;
    for question in &questions::of_organizations() {
        if question.changes_the_visitor() {
            continue;
        }
        told_until_now(&world, &org, &mut changes).await;
        let before = replay::rows(&world, &org).await;
        question.ask(&world, &visitor, &of).await;
        let after = replay::rows(&world, &org).await;
        let heard = told_until_now(&world, &org, &mut changes).await;
        let changed: Vec<_> = before.iter().filter(|(table, rows)| after[*table] != **rows).collect();
        for kind in changed.iter().filter_map(|(table, _)| kind_of(table)) {
            if heard.contains(kind.word()) {
                told.insert(kind);
            } else {
                untold.push(format!("{question}: {kind:?}"));
            }
        }
        if !changed.is_empty() {
            of = Belongings::of(&world, &org).await;
        }
    }
    assert_eq!(untold, [""; 0]);
    // Whether a call is charged while this runs is up to the clock: `a_call_is_dialed_talked_recorded_and_charged_once`.
    told.remove(&Kind::Credit);
    let mut tables = Tables(Vec::new());
    registry::visit_all(&mut tables);
    let own = [Kind::Call, Kind::ApiKey, Kind::Member, Kind::Audit, Kind::Report];
    assert_eq!(told, tables.0.into_iter().map(|(_, kind)| kind).chain(own).collect());
}

/// Every kind that was told until now: notifications come in the order of their transactions, so one that nothing else
/// causes comes last.
async fn told_until_now(world: &World, org: &Org, changes: &mut Subscription) -> BTreeSet<&'static str> {
    let mark = Kind::Organization.word();
    sqlx::query("select pg_notify('switchboard', $1 || ':' || encode(sha256(convert_to($2, 'UTF8')), 'hex'))")
        .bind(mark)
        .bind(org.id.as_str())
        .execute(&world.db.admin)
        .await
        .unwrap();
    let mut told = BTreeSet::new();
    loop {
        let next = tokio::time::timeout(PATIENCE, changes.next()).await;
        let word = next.expect("it should have been told by now").unwrap();
        if word == mark {
            return told;
        }
        told.insert(word);
    }
}

#[tokio::test]
async fn a_stream_ends_with_the_membership_of_its_reader() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let member = world.member(&org, Role::Viewer).await;
    let mut stream = world.stream(&member.email, &org.id).await;
    let path = format!("/members/{}", member.id);
    let removed = world.rest(Method::DELETE, &path, Some(&org.key), None).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn i18_a_stream_ends_when_its_session_goes_elsewhere_or_is_over() {
    let world = World::new().await;
    let (mine, other) = (world.org("Mine").await, world.org("Other").await);
    switchboard::auth::admin::add_member(&world.core, &other.id, &mine.email, Role::Viewer)
        .await
        .unwrap();
    for (path, arguments) in [
        ("orgs/switch_org", json!({ "place": other.id })),
        ("account/sign_out", json!({})),
    ] {
        let cookie = world.session(&mine.email, &mine.id).await;
        let mut stream = world.stream_of(&cookie).await;
        let left = world.function(path, Some(&cookie), &arguments).await;
        assert!(
            left.status.is_success() || left.status.is_redirection(),
            "{path}: {}",
            left.text()
        );
        assert_eq!(stream.next().await, None, "{path}");
    }
}

#[tokio::test]
async fn a_stream_speaks_at_once_and_again_and_no_proxy_is_to_hold_it_back() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let cookie = world.session(&org.email, &org.id).await;
    let request = Request::get("/events").header(header::COOKIE, cookie);
    let response = world.respond(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
    let mut stream = Stream(response.into_body());
    for _ in 0..2 {
        assert_eq!(stream.word().await.as_deref(), Some("ping"));
    }
}

#[tokio::test]
async fn nobody_hears_anything() {
    let world = World::new().await;
    let answer = world.send(Request::get("/events").body(Body::empty()).unwrap()).await;
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (StatusCode::UNAUTHORIZED, "unauthenticated")
    );
}
