//! Events that providers post, or somebody who would like to be one.

use axum::{
    body::{Body, Bytes},
    http::{Request, StatusCode, header},
};
use chrono::{TimeDelta, Utc};
use futures_util::{future::join_all, stream};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use switchboard::secret::Master;

use crate::support::World;

const EVENT: &str = r#"{"event":"call.ended","call":{"callId":"3c90c3cc-0d44-4b50-8888-8dd25736052a"}}"#;

fn sign(secret: &str, at: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    mac.update(at.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn secret_of(master: &Master) -> String {
    hex::encode(master.key("ultravox-webhook"))
}

fn in_seconds(seconds: i64) -> String {
    (Utc::now() + TimeDelta::seconds(seconds)).to_rfc3339()
}

impl World {
    async fn event(&self, at: &str, signature: &str, body: impl Into<Body>) -> StatusCode {
        let request = Request::post("/webhooks/ultravox")
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-ultravox-webhook-timestamp", at)
            .header("x-ultravox-webhook-signature", signature);
        self.send(request.body(body.into()).unwrap()).await.status
    }

    async fn events_kept(&self) -> i64 {
        sqlx::query_scalar("select count(*) from ops.inbox")
            .fetch_one(&self.db.admin)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn w1_an_event_that_is_not_signed_by_the_provider_leaves_nothing() {
    let world = World::new().await;
    let secret = secret_of(world.secret());
    let now = in_seconds(0);
    let good = sign(&secret, &now, EVENT.as_bytes());
    let (old, early) = (in_seconds(-400), in_seconds(400));
    let attempts = [
        (now.as_str(), String::new()),
        (&now, "00".to_owned()),
        (&now, good[..good.len() - 2].to_owned()),
        (&now, format!("{good}00")),
        (&now, sign("not the secret", &now, EVENT.as_bytes())),
        (&now, sign("", &now, EVENT.as_bytes())),
        (&now, sign(&secret, &now, b"{}")),
        (&now, sign(&secret, &old, EVENT.as_bytes())),
        ("", good.clone()),
        ("yesterday", good.clone()),
        (&old, sign(&secret, &old, EVENT.as_bytes())),
        (&early, sign(&secret, &early, EVENT.as_bytes())),
    ];
    for (at, signature) in &attempts {
        let status = world.event(at, signature, EVENT).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{at} {signature}");
    }
    let bare = Request::post("/webhooks/ultravox").body(Body::from(EVENT)).unwrap();
    assert_eq!(world.send(bare).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.events_kept().await, 0);
    // One of several signatures is enough, as while a secret is replaced.
    assert_eq!(
        world.event(&now, &format!("00,{good}"), EVENT).await,
        StatusCode::NO_CONTENT
    );
    assert_eq!(world.events_kept().await, 1);
    // Where Clerk is not in use there is nothing to post to.
    let clerk = Request::post("/webhooks/clerk").body(Body::from(EVENT)).unwrap();
    assert_eq!(world.send(clerk).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn w2_a_signature_is_over_the_bytes_and_not_over_what_they_mean() {
    let world = World::new().await;
    let secret = secret_of(world.secret());
    let now = in_seconds(0);
    let signature = sign(&secret, &now, EVENT.as_bytes());
    let wide: Vec<u8> = EVENT.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_mark = [b"\xef\xbb\xbf", EVENT.as_bytes()].concat();
    let same_meaning = [
        EVENT.replace(',', ", ").into_bytes(),
        format!("{EVENT}\n").into_bytes(),
        EVENT.replace("call.ended", "call\\u002eended").into_bytes(),
        with_mark,
        wide.clone(),
    ];
    for body in same_meaning {
        let status = world.event(&now, &signature, body.clone()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{}", String::from_utf8_lossy(&body));
    }
    // Signed well, and still nothing that can be read in one way only.
    let twice = EVENT.replace("{\"event\"", "{\"event\":\"call.billed\",\"event\"");
    for body in [twice.into_bytes(), wide, b"[]".to_vec(), Vec::new()] {
        let status = world.event(&now, &sign(&secret, &now, &body), body.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{}", String::from_utf8_lossy(&body));
    }
    assert_eq!(world.events_kept().await, 0);
}

#[tokio::test]
async fn w5_an_event_signed_for_another_installation_is_not_for_this_one() {
    let (world, elsewhere) = (World::new().await, Master::fresh());
    let now = in_seconds(0);
    let theirs = sign(&secret_of(&elsewhere), &now, EVENT.as_bytes());
    assert_eq!(world.event(&now, &theirs, EVENT).await, StatusCode::UNAUTHORIZED);
    assert_eq!(world.events_kept().await, 0);
}

#[tokio::test]
async fn w6_a_hundred_copies_of_an_event_at_once_are_one() {
    let world = World::new().await;
    let now = in_seconds(0);
    let signature = sign(&secret_of(world.secret()), &now, EVENT.as_bytes());
    let copies = join_all((0..100).map(|_| world.event(&now, &signature, EVENT))).await;
    // A copy that finds no connection in time is asked for again; none is refused.
    let told = |status: &StatusCode| [StatusCode::NO_CONTENT, StatusCode::SERVICE_UNAVAILABLE].contains(status);
    assert!(copies.iter().all(told), "{copies:?}");
    assert!(copies.contains(&StatusCode::NO_CONTENT));
    assert_eq!(world.events_kept().await, 1);
}

/// Said how long it is, or not: in pieces, as a stream.
fn long(length: usize) -> [Body; 2] {
    let whole = Bytes::from(vec![b' '; length]);
    let pieces: Vec<_> = whole
        .chunks(64 * 1024)
        .map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece)))
        .collect();
    [Body::from(whole), Body::from_stream(stream::iter(pieces))]
}

#[tokio::test]
async fn w9_a_body_is_read_up_to_a_length_and_for_a_time() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let now = in_seconds(0);
    for body in long(10 << 20) {
        assert_eq!(world.event(&now, "00", body).await, StatusCode::PAYLOAD_TOO_LARGE);
    }
    for body in long(10 << 20) {
        let request = Request::post("/api/v1/agents")
            .header(header::AUTHORIZATION, format!("Bearer {}", org.key))
            .header(header::CONTENT_TYPE, "application/json");
        let answer = world.send(request.body(body).unwrap()).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", answer.text());
    }
    for body in long(10 << 20) {
        let request = Request::post("/fn/app/account/sign_in")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/json");
        let status = world.send(request.body(body).unwrap()).await.status;
        assert!(status.is_client_error(), "{status}");
    }
    // Nothing is unfolded: what is packed is not signed as it would be read.
    let packed = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let request = Request::post("/webhooks/ultravox")
        .header(header::CONTENT_ENCODING, "gzip")
        .header("x-ultravox-webhook-timestamp", &now)
        .header(
            "x-ultravox-webhook-signature",
            sign(&secret_of(world.secret()), &now, EVENT.as_bytes()),
        );
    let answer = world.send(request.body(Body::from(packed.to_vec())).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.events_kept().await, 0);
}
