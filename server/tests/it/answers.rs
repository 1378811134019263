//! What the REST API answers: in whose words, how small, and for which time.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::json;

use crate::{
    questions::{self, Belongings},
    support::World,
};

#[tokio::test]
async fn what_is_of_a_wrong_kind_is_answered_in_the_words_of_json_and_beside_its_field() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let of = Belongings::of(&world, &org).await;
    let wrong = [
        json!(5),
        json!(-1.5),
        json!("x"),
        json!([]),
        json!({}),
        json!(true),
        json!(null),
    ];
    let ours = [
        "struct", "enum", "variant", "u8", "u16", "u32", "u64", "i32", "i64", "f64", "Draft", "serde", "expected",
        "integer", "sequence", "boolean",
    ];
    let mut refused = 0;
    for question in questions::all() {
        let Some((path, body)) = question.body(&of) else {
            continue;
        };
        for field in body.as_object().unwrap().keys() {
            for value in &wrong {
                let mut body = body.clone();
                body[field] = value.clone();
                let answer = world
                    .rest(question.method().clone(), &path, Some(&org.key), Some(&body))
                    .await;
                assert!(
                    answer.status.as_u16() < 500,
                    "{question} {field} {value}: {}",
                    answer.text()
                );
                if answer.status != StatusCode::UNPROCESSABLE_ENTITY {
                    continue;
                }
                refused += 1;
                let told = answer.json();
                let words: Vec<&str> = std::iter::once(&told["title"])
                    .chain(
                        told["errors"]
                            .as_array()
                            .into_iter()
                            .flatten()
                            .map(|error| &error["message"]),
                    )
                    .map(|text| text.as_str().unwrap())
                    .collect();
                for word in ours {
                    let said = words
                        .iter()
                        .any(|text| text.split(|c: char| !c.is_alphanumeric()).any(|it| it == word));
                    assert!(!said, "{question} {field} {value}: {words:?}");
                }
                if answer.error() != "malformed" {
                    continue;
                }
                let fields = answer.fields();
                assert!(
                    fields.iter().any(|named| named == field
                        || named.starts_with(&format!("{field}."))
                        || named.starts_with(&format!("{field}["))),
                    "{question} {field} {value}: {fields:?} {words:?}"
                );
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

#[tokio::test]
async fn a_long_answer_is_compressed_for_whoever_takes_it() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    for (path, key) in [("/api/v1/voices/available", Some(&org.key)), ("/sign-in", None)] {
        for encoding in ["br", "gzip"] {
            let mut request = Request::builder().uri(path).header("accept-encoding", encoding);
            if let Some(key) = key {
                request = request.header("authorization", format!("Bearer {key}"));
            }
            let answer = world.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert_eq!(answer.headers["content-encoding"], encoding, "{path}");
        }
        let mut plain = Request::builder().uri(path);
        if let Some(key) = key {
            plain = plain.header("authorization", format!("Bearer {key}"));
        }
        let answer = world.send(plain.body(Body::empty()).unwrap()).await;
        assert!(!answer.headers.contains_key("content-encoding"), "{path}");
    }
}

#[tokio::test]
async fn calls_are_listed_by_when_they_were_placed() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    Belongings::of(&world, &org).await;
    let call = world.get("/calls", &org.key).await.json()["items"][0].clone();
    let placed: DateTime<Utc> = serde_json::from_value(call["created_at"].clone()).unwrap();
    let shown = async |range: &[(&str, i64)]| {
        let query: Vec<String> = range
            .iter()
            .map(|(name, seconds)| {
                let at = placed + TimeDelta::seconds(*seconds);
                format!("{name}={}", at.to_rfc3339_opts(SecondsFormat::Micros, true))
            })
            .collect();
        let list = world.get(&format!("/calls?{}", query.join("&")), &org.key).await.json();
        let rows = list["items"].as_array().unwrap().clone();
        rows.iter().any(|row| row["id"] == call["id"])
    };
    assert!(shown(&[("from", 0), ("until", 1)]).await);
    assert!(shown(&[("from", -60)]).await);
    assert!(!shown(&[("from", 1)]).await);
    assert!(!shown(&[("until", 0)]).await, "until is exclusive");
    assert!(!shown(&[("from", -60), ("until", -1)]).await);
}

#[tokio::test]
async fn whatever_is_made_says_where_it_is() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let of = Belongings::of(&world, &org).await;
    let mut made = 0;
    for question in questions::all() {
        let body = question.body(&of);
        let Some((path, body)) = body.filter(|_| question.method() == Method::POST) else {
            continue;
        };
        let answer = world.rest(Method::POST, &path, Some(&org.key), Some(&body)).await;
        if answer.status != StatusCode::CREATED {
            continue;
        }
        made += 1;
        let at = answer.headers["location"].to_str().unwrap();
        let id = at
            .strip_prefix(&format!("/api/v1{path}/"))
            .unwrap_or_else(|| panic!("{question}: {at}"));
        assert!(answer.text().contains(id), "{question}: {at}");
    }
    assert!(made >= 8, "{made}");
    let agent = of.fixtures.id("/agents");
    let copy = world
        .rest(
            Method::POST,
            &format!("/agents/{agent}/duplicate"),
            Some(&org.key),
            None,
        )
        .await;
    let at = copy.headers["location"]
        .to_str()
        .unwrap()
        .strip_prefix("/api/v1")
        .unwrap()
        .to_owned();
    assert_eq!(world.get(&at, &org.key).await.json()["id"], copy.json()["id"]);
}
