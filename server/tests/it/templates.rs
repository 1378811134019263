//! Templates and imports: what one begins an agent from.

use axum::http::StatusCode;
use serde_json::{Value, json};
use switchboard::agents::TEMPLATES;

use crate::support::{World, draft_json};

#[tokio::test]
async fn an_agent_of_every_template_is_published_without_a_finding() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let list = world.get("/agents/templates", &org.key).await.json();
    let listed: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap())
        .collect();
    assert_eq!(listed, TEMPLATES.map(|template| template.id));
    for row in list.as_array().unwrap() {
        let id = row["id"].as_str().unwrap();
        let template = world.get(&format!("/agents/templates/{id}"), &org.key).await.json();
        for field in ["id", "name", "purpose", "suits", "calls_out"] {
            assert_eq!(template[field], row[field], "{id}");
        }
        let mut draft = template["draft"].clone();
        // Everything but the voice, which whoever begins chooses.
        assert_eq!(draft["voice_id"], "");
        draft["voice_id"] = json!("Mark");
        let agent = world.post("/agents", &org.key, &draft).await;
        assert_eq!(agent.status, StatusCode::CREATED, "{id}: {}", agent.text());
        let agent = agent.json()["id"].as_str().unwrap().to_owned();
        let checks = world.get(&format!("/agents/{agent}/checks"), &org.key).await.json();
        let found: Vec<&Value> = checks
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["level"] != "passes")
            .collect();
        assert!(found.is_empty(), "{id}: {found:?}");
        let published = world
            .post(&format!("/agents/{agent}/publish"), &org.key, &json!({}))
            .await;
        assert_eq!(published.status, StatusCode::OK, "{id}: {}", published.text());
    }
}

#[tokio::test]
async fn a_template_that_there_is_not_is_not_found() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    for id in ["nothing", "Front%20desk", "front-desk%2F"] {
        let answer = world.get(&format!("/agents/templates/{id}"), &org.key).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}: {}", answer.text());
    }
}

#[tokio::test]
async fn an_export_is_read_as_a_draft_without_what_this_organization_lacks() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let cookie = world.session(&org.email, &org.id).await;
    let read = async |json: &str| {
        let arguments = json!({"org": org.id, "json": json});
        world
            .function("agents/read_agent_export", Some(&cookie), &arguments)
            .await
    };
    let mut export = draft_json("Front desk");
    let known = read(&export.to_string()).await;
    assert_eq!(known.status, StatusCode::OK, "{}", known.text());
    assert_eq!(known.json(), export);

    export["tool_ids"] = json!(["01939a2e-7c41-7f0a-9d6e-3b1f5c2a8e90"]);
    export["voice_id"] = json!("somebody-elses");
    let foreign = read(&export.to_string()).await.json();
    assert_eq!((&foreign["tool_ids"], &foreign["voice_id"]), (&json!([]), &json!("")));
    assert_eq!(foreign["prompt"], export["prompt"]);
    // Nothing was made of it.
    assert_eq!(world.get("/agents", &org.key).await.json()["items"], json!([]));

    for json in ["", "no json", "[]", r#"{"name":"A tool"}"#] {
        let answer = read(json).await;
        let error = answer.failure().unwrap();
        assert_eq!(
            (error.status(), error.fields()[0].field.as_str()),
            (422, "json"),
            "{json}"
        );
    }
}
