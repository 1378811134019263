//! The contract of every resource: written once, run for each.

use std::pin::Pin;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
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

    assert_eq!(made.headers["location"], format!("/api/v1{one}"));

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
        StatusCode::PRECONDITION_FAILED
    );
    as_programs_change_it(world, &one, &mine.key).await;
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
    assert_eq!(actions, ["delete", "update", "update", "update", "update", "create"]);
    let theirs = world.get(&format!("/audit?object_id={id}"), &other.key).await.json();
    assert_eq!(theirs["items"], json!([]));
}

/// What was read can be sent back, parts can be changed, and what is known already is not sent again.
async fn as_programs_change_it(world: &World, one: &str, key: &str) {
    let read = world.get(one, key).await;
    let back = put(world, one, key, "*", &read.json()).await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.text());
    let mut fixed = back.json();
    fixed["id"] = json!("another");
    let refused = put(world, one, key, "*", &fixed).await;
    assert_eq!(
        (refused.status, refused.fields()),
        (StatusCode::UNPROCESSABLE_ENTITY, vec!["id".to_owned()])
    );
    // An older reading, sent back as it was, overwrites nothing.
    assert_eq!(
        world.rest(Method::PUT, one, Some(key), Some(&read.json())).await.status,
        StatusCode::CONFLICT
    );

    let before = world.get(one, key).await;
    let patched = world
        .rest(Method::PATCH, one, Some(key), Some(&json!({ "name": "Patched" })))
        .await;
    assert_eq!(patched.status, StatusCode::OK, "{}", patched.text());
    let (mut was, mut is) = (before.json(), patched.json());
    assert_eq!(is["name"], "Patched");
    for moved in ["name", "revision", "updated_at", "sync", "provider_id"] {
        was[moved] = Value::Null;
        is[moved] = Value::Null;
    }
    assert_eq!(was, is);
    let unknown = world
        .rest(Method::PATCH, one, Some(key), Some(&json!({ "nmae": "x" })))
        .await;
    assert_eq!(
        (unknown.status, unknown.fields()),
        (StatusCode::UNPROCESSABLE_ENTITY, vec!["nmae".to_owned()])
    );
    let renamed = world
        .rest(Method::PATCH, one, Some(key), Some(&json!({ "name": "Renamed" })))
        .await;

    let tag = &renamed.headers["etag"];
    for (known, status) in [(tag.to_str().unwrap(), 304), ("W/\"0\", *", 304), ("\"0\"", 200)] {
        let request = Request::get(format!("/api/v1{one}"))
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .header(header::IF_NONE_MATCH, known);
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.bytes.is_empty()),
            (status, status == 304),
            "{known}"
        );
        assert_eq!(answer.headers["etag"], tag);
    }
    let wrong = world.rest(Method::POST, one, Some(key), None).await;
    assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED);
    let allowed = wrong.headers["allow"].to_str().unwrap();
    assert!(
        ["GET", "PUT", "PATCH", "DELETE"]
            .iter()
            .all(|method| allowed.contains(method)),
        "{allowed}"
    );
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let request = Request::put(format!("/api/v1{one}"))
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .header(header::CONTENT_TYPE, kind);
        let answer = world.send(request.body(Body::from("name=x")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
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
