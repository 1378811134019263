//! Lists as files: whole, as they are narrowed to, of one organization, and nothing that a spreadsheet would run.

use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use chrono::Utc;
use serde_json::json;
use switchboard::org::Role;

use crate::support::{World, draft_json};

#[tokio::test]
async fn a_list_of_many_pages_is_one_file_of_one_organization() {
    let world = World::new().await;
    let (mine, other) = (world.org("Mine").await, world.org("Other").await);
    for (org, many) in [(&mine, 1201), (&other, 3)] {
        sqlx::query(
            "insert into app.audit_log (org_id, client_id, id, actor, actor_kind, action, kind, object_id, object_name)
             select c.org_id, c.id, gen_random_uuid(), 'system', 'system', 'update', 'agents', n::text, '=1+' || n
             from app.clients c, generate_series(1, $2) n where c.org_id = $1",
        )
        .bind(org.id.as_str())
        .bind(many)
        .execute(&world.db.admin)
        .await
        .unwrap();
    }
    let file = world.get("/audit/export?kind=agents", &mine.key).await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.text());
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(
        file.headers["content-disposition"],
        format!("attachment; filename=\"audit-{}.csv\"", Utc::now().date_naive())
    );
    let text = file.text();
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("id,at,actor,"), "{text}");
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let ids: BTreeSet<_> = rows.iter().map(|row| row[0]).collect();
    assert_eq!((rows.len(), ids.len()), (1201, 1201));
    assert!(rows.iter().all(|row| row[8].starts_with("=1+")), "{text}");

    // By session, narrowed further.
    let asked = async |cookie: &str, file: &str| {
        let path = format!("/app/audit/export/{file}?kind=agents&q=%3D1%2B1200");
        let request = Request::get(path).header(header::COOKIE, cookie);
        world.send(request.body(Body::empty()).unwrap()).await
    };
    let cookie = world.session(&mine.email, &mine.id).await;
    let file = asked(&cookie, "plain.csv").await.text();
    assert_eq!(file.lines().count(), 2, "{file}");
    assert!(file.starts_with("id,at,") && file.contains(",=1+1200,"), "{file}");
    // Excel takes a file without a mark for another encoding than it has, and runs what begins like a formula.
    let file = asked(&cookie, "excel.csv").await.text();
    assert!(
        file.starts_with("\u{feff}id,at,") && file.contains(",'=1+1200,"),
        "{file}"
    );
    let file = asked(&world.session(&other.email, &other.id).await, "plain.csv").await;
    assert_eq!(file.text().lines().count(), 1, "{}", file.text());
    assert_eq!(asked(&cookie, "numbers.csv").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_file_asks_what_its_list_asks() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let agent = world.agent(&org, "@Front, \"desk\"").await.id;
    let call = json!({"agent_id": agent, "to": {"medium": "phone", "number": "+15550100000"}});
    assert_eq!(world.post("/calls", &org.key, &call).await.status, StatusCode::CREATED);
    let file = world.get("/agents/export", &org.key).await.text();
    assert!(file.contains(",\"@Front, \"\"desk\"\"\","), "{file}");
    let file = world
        .get(&format!("/calls/export?agent_id={agent}"), &org.key)
        .await
        .text();
    assert!(file.contains(",+15550100000,"), "{file}");
    let none = world.get("/agents/export?tag=none", &org.key).await.text();
    assert_eq!(none.lines().count(), 1, "{none}");

    let billing = world.member(&org, Role::Billing).await;
    for list in ["agents", "calls", "audit"] {
        let [listed, file] = [format!("/{list}"), format!("/{list}/export")];
        let listed = world.get(&listed, &billing.token).await.status;
        assert_eq!(world.get(&file, &billing.token).await.status, listed, "{list}");
        let cookie = world.session(&billing.email, &org.id).await;
        let request = Request::get(format!("/app/{list}/export/excel.csv")).header(header::COOKIE, cookie);
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, listed, "{list}");
    }
}

#[tokio::test]
async fn the_log_says_what_changed_and_finds_it() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let agent = world.agent(&org, "Front desk").await;
    let mut draft = serde_json::to_value(&agent.draft).unwrap();
    draft["prompt"] = json!("The safe opens with 1-2-3.");
    draft["tags"] = json!(["night"]);
    let path = format!("/agents/{}", agent.id);
    let put = axum::http::Method::PUT;
    world.rest(put.clone(), &path, Some(&org.key), Some(&draft)).await;
    let member = world.member(&org, Role::Viewer).await;
    let role = json!({"role": "operator"});
    let path = format!("/members/{}/role", member.id);
    world.rest(put, &path, Some(&org.key), Some(&role)).await;
    let key = json!({"name": "Site", "scopes": ["agents:read"]});
    world.post("/api-keys", &org.key, &key).await;
    world.post("/agents", &org.key, &draft_json("Another")).await;

    let found = async |query: &str| {
        let log = world.get(&format!("/audit?{query}"), &org.key).await.json();
        let entries = log["items"].as_array().unwrap().iter();
        entries
            .map(|entry| (entry["action"].clone(), entry["detail"].clone()))
            .collect::<Vec<_>>()
    };
    let changed = (json!("update"), json!({"changed": ["prompt", "tags"]}));
    assert_eq!(found(&format!("object_id={}", agent.id)).await[0], changed);
    assert_eq!(found("q=PROMPT").await, [changed]);
    let moved = (json!("update"), json!({"from": "viewer", "to": "operator"}));
    assert_eq!(found(&format!("object_id={}", member.id)).await[0], moved);
    let made = (json!("create"), json!({"scopes": ["agents:read"]}));
    assert_eq!(found("q=site").await, [made]);
    assert_eq!(found("q=another").await, [(json!("create"), json!({}))]);
    let whole = world.get("/audit", &org.key).await.text();
    assert!(!whole.contains("1-2-3"), "{whole}");
}
