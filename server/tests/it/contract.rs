//! The contract of every resource: written once, run for each.

use std::pin::Pin;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use switchboard::{
    org::Role,
    registry::{self, Registered, ResourceVisitor},
    resource::Kind,
};

use crate::support::World;

async fn contract<R: Registered>(world: &World) {
    let mine = world.org("Mine").await;
    let other = world.org("Other").await;
    let path = R::KIND.about().path;
    let [ours, theirs] = [world.fixtures(&mine).await, world.fixtures(&other).await];
    let draft = |name: &str| json!(R::sample(name, &ours));

    // Create, and what cannot be created.
    let made = world.post(path, &mine.key, &draft("First")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let one = format!("{}/{id}", path);
    let (refused, field) = R::refused_sample(&ours);
    let bad = world.post(path, &mine.key, &json!(refused)).await;
    assert_eq!(
        (bad.status, bad.fields()),
        (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()])
    );
    let taken = world.post(path, &mine.key, &draft("First")).await;
    assert_eq!(
        (taken.status, taken.fields()),
        (StatusCode::UNPROCESSABLE_ENTITY, vec![R::UNIQUE.to_owned()])
    );
    let elsewhere = world.post(path, &other.key, &json!(R::sample("First", &theirs))).await;
    assert_eq!(
        elsewhere.status,
        StatusCode::CREATED,
        "a name is taken only within its organization"
    );

    // Read, here and from elsewhere.
    let read = world.get(&one, &mine.key).await;
    assert_eq!(read.json(), made.json());
    let foreign = world.get(&one, &other.key).await;
    let random = world
        .get(&format!("{}/{}", path, uuid::Uuid::now_v7()), &other.key)
        .await;
    assert_eq!((foreign.status, &foreign.bytes), (StatusCode::NOT_FOUND, &random.bytes));

    // Update, from the newest only.
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    let changed = draft("Renamed");
    let saved = put(world, &one, &mine.key, &tag, &changed).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
    assert_eq!(saved.json()["name"], "Renamed");
    assert_eq!(
        put(world, &one, &mine.key, &tag, &changed).await.status,
        StatusCode::CONFLICT
    );
    assert_eq!(
        world
            .rest(Method::PUT, &one, Some(&other.key), Some(&changed))
            .await
            .status,
        StatusCode::NOT_FOUND
    );

    // List, page by page, newest first, nothing of others.
    for name in ["Second", "Third", "Fourth"] {
        assert_eq!(
            world.post(path, &mine.key, &draft(name)).await.status,
            StatusCode::CREATED
        );
    }
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = world.get(&format!("{}?limit=3{cursor}", path), &mine.key).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        let page = page.json();
        names.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["name"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
        let stolen = world.get(&format!("{}?limit=3{cursor}", path), &other.key).await;
        assert_eq!(
            (stolen.status, stolen.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec!["cursor".to_owned()])
        );
    }
    // What the organization had before comes last.
    assert_eq!(names[..4], ["Fourth", "Third", "Second", "Renamed"]);

    // Roles, and the trace of what was done.
    let viewer = world.member(&mine, Role::Viewer).await.token;
    assert_eq!(world.get(&one, &viewer).await.status, StatusCode::OK);
    assert_eq!(
        world.post(path, &viewer, &draft("Fifth")).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        world.rest(Method::DELETE, &one, Some(&viewer), None).await.status,
        StatusCode::FORBIDDEN
    );

    // Delete, once.
    assert_eq!(
        world.rest(Method::DELETE, &one, Some(&other.key), None).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        world.rest(Method::DELETE, &one, Some(&mine.key), None).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(world.get(&one, &mine.key).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        world.rest(Method::DELETE, &one, Some(&mine.key), None).await.status,
        StatusCode::NOT_FOUND
    );

    let audit = world.get(&format!("/audit?object_id={id}"), &mine.key).await.json();
    let actions: Vec<_> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["delete", "update", "create"]);
    let theirs = world.get(&format!("/audit?object_id={id}"), &other.key).await.json();
    assert_eq!(theirs["items"], json!([]));
}

async fn put(world: &World, path: &str, key: &str, tag: &str, body: &Value) -> crate::support::Answer {
    let request = axum::http::Request::put(format!("/api/v1{path}"))
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .header("if-match", tag)
        .body(axum::body::Body::from(body.to_string()))
        .unwrap();
    world.send(request).await
}

type Contract = for<'a> fn(&'a World) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

struct Contracts(Vec<(Kind, Contract)>);

impl ResourceVisitor for Contracts {
    fn visit<R: Registered>(&mut self) {
        self.0.push((R::KIND, |world| Box::pin(contract::<R>(world))));
    }
}

#[tokio::test]
async fn every_resource_keeps_the_contract() {
    let mut contracts = Contracts(Vec::new());
    registry::visit_all(&mut contracts);
    let world = World::new().await;
    for (kind, contract) in contracts.0 {
        println!("{kind:?}");
        contract(&world).await;
    }
}
