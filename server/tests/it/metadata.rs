//! Metadata over REST: what programs write beside agents and calls, and how they find them again.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Org, World, draft_json};

/// The ids that a list answers, in the order in which their things were made.
fn ids(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let listed = answer.json();
    let rows = listed["items"].as_array().unwrap().iter();
    rows.map(|row| row["id"].clone()).rev().collect()
}

fn refused(answer: &Answer, field: &str) {
    assert_eq!(
        (answer.status, answer.fields()),
        (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]),
        "{}",
        answer.text()
    );
}

async fn agent(world: &World, org: &Org, name: &str, metadata: Value) -> Value {
    let mut draft = draft_json(name);
    draft["metadata"] = metadata;
    let made = world.post("/agents", &org.key, &draft).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    made.json()
}

#[tokio::test]
async fn an_agents_metadata_is_written_read_merged_and_put_back() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let made = agent(&world, &org, "Front desk", json!({"customer": "42", "plan": "gold"})).await;
    assert_eq!(made["metadata"], json!({"customer": "42", "plan": "gold"}));
    let path = format!("/agents/{}", made["id"].as_str().unwrap());
    let read = world.get(&path, &org.key).await.json();
    assert_eq!(read["metadata"], made["metadata"]);

    let send = async |method: Method, body: Value| world.rest(method, &path, Some(&org.key), Some(&body)).await;
    let back = send(Method::PUT, read.clone()).await;
    assert_eq!(
        (back.status, &back.json()["metadata"]),
        (StatusCode::OK, &read["metadata"])
    );
    let merged = send(Method::PATCH, json!({"metadata": {"plan": null, "region": "west"}})).await;
    assert_eq!(merged.json()["metadata"], json!({"customer": "42", "region": "west"}));
    let renamed = send(Method::PATCH, json!({"name": "Night desk"})).await;
    assert_eq!(renamed.json()["metadata"], json!({"customer": "42", "region": "west"}));
    let none = send(Method::PATCH, json!({"metadata": null})).await;
    assert_eq!(none.json()["metadata"], json!({}));
    let copied = world.post(&format!("{path}/duplicate"), &org.key, &json!({})).await;
    assert_eq!(copied.json()["metadata"], json!({}));

    let log = world.get("/audit?q=metadata", &org.key).await.json();
    assert_eq!(log["items"][0]["detail"], json!({"changed": ["metadata"]}));
}

#[tokio::test]
async fn wrong_metadata_is_refused_by_the_path_of_its_field() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let id = agent(&world, &org, "Front desk", json!({})).await["id"].clone();
    let many: Value = (0..17).map(|n| (format!("n{n}"), json!(""))).collect();
    for (metadata, field) in [
        (json!({"a b": "1"}), "metadata.a b"),
        (json!({"customer": "x".repeat(501)}), "metadata.customer"),
        (json!({"customer": 42}), "metadata.customer"),
        (json!({"customer": {"id": "42"}}), "metadata.customer"),
        (many, "metadata"),
        (json!(["42"]), "metadata"),
    ] {
        let mut draft = draft_json("Another");
        draft["metadata"] = metadata.clone();
        refused(&world.post("/agents", &org.key, &draft).await, field);
        let call = json!({"agent_id": id, "to": {"medium": "text"}, "metadata": metadata});
        refused(&world.post("/calls", &org.key, &call).await, field);
    }
    for query in ["metadata=42", "metadata=a%20b:1", "metadata="] {
        for list in ["agents", "calls"] {
            refused(&world.get(&format!("/{list}?{query}"), &org.key).await, "metadata");
        }
    }
    let unknown = world.get("/agents?metadata.customer=42", &org.key).await;
    assert_eq!(
        (unknown.status, unknown.fields()),
        (StatusCode::BAD_REQUEST, vec!["metadata.customer".to_owned()])
    );
}

#[tokio::test]
async fn lists_are_narrowed_to_metadata_within_an_organization() {
    let world = World::new().await;
    let (mine, other) = (world.org("Mine").await, world.org("Other").await);
    let first = agent(
        &world,
        &mine,
        "First",
        json!({"customer": "42", "url": "https://a.example"}),
    )
    .await;
    let second = agent(&world, &mine, "Second", json!({"customer": "42", "plan": "gold"})).await;
    agent(&world, &mine, "Third", json!({"customer": "43"})).await;
    agent(&world, &other, "Theirs", json!({"customer": "42"})).await;

    let found = async |query: &str| ids(&world.get(&format!("/agents?{query}"), &mine.key).await);
    assert_eq!(
        found("metadata=customer:42").await,
        [first["id"].clone(), second["id"].clone()]
    );
    assert_eq!(
        found("metadata=customer:42&metadata=plan:gold").await,
        [second["id"].clone()]
    );
    assert_eq!(found("metadata=url:https://a.example").await, [first["id"].clone()]);
    assert!(found("metadata=customer:42&metadata=customer:43").await.is_empty());
    assert!(found("metadata=customer:4").await.is_empty());
    let page = world
        .get("/agents?metadata=customer:42&limit=1", &mine.key)
        .await
        .json();
    let next = page["next"].as_str().unwrap();
    assert_eq!(
        found(&format!("metadata=customer:42&limit=1&cursor={next}")).await,
        [first["id"].clone()]
    );
    let elsewhere = world
        .get(&format!("/agents?metadata=customer:43&cursor={next}"), &mine.key)
        .await;
    refused(&elsewhere, "cursor");
    let row = &page["items"][0];
    assert_eq!(row["metadata"], json!({"customer": "42", "plan": "gold"}));
}

#[tokio::test]
async fn a_call_carries_the_metadata_it_was_placed_with() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let id = agent(&world, &org, "Front desk", json!({})).await["id"].clone();
    let place = async |metadata: Value| {
        let call = json!({"agent_id": id, "to": {"medium": "text"}, "metadata": metadata});
        let placed = world.post("/calls", &org.key, &call).await;
        assert_eq!(placed.status, StatusCode::CREATED, "{}", placed.text());
        placed.json()
    };
    let metadata = json!({"ticket": "T-1041", "note": "says \"hello\", twice"});
    let one = place(metadata.clone()).await;
    place(json!({"ticket": "T-1042"})).await;
    let plain = world
        .post("/calls", &org.key, &json!({"agent_id": id, "to": {"medium": "text"}}))
        .await;
    assert_eq!(plain.json()["metadata"], json!({}));

    assert_eq!(one["metadata"], metadata);
    let read = world
        .get(&format!("/calls/{}", one["id"].as_str().unwrap()), &org.key)
        .await
        .json();
    assert_eq!(read["call"]["metadata"], metadata);
    let found = world.get("/calls?metadata=ticket:T-1041", &org.key).await;
    assert_eq!(ids(&found), [one["id"].clone()]);
    assert_eq!(found.json()["items"][0]["metadata"], metadata);

    let file = world.get("/calls/export?metadata=ticket:T-1041", &org.key).await.text();
    let lines: Vec<&str> = file.lines().collect();
    assert!(lines[0].contains(",metadata,"), "{file}");
    let cell = metadata.to_string().replace('"', "\"\"");
    assert!(
        lines.len() == 2 && lines[1].contains(&format!(",\"{cell}\",")),
        "{file}"
    );
}
