//! Help with writing: what a language model proposes, how its failures are told, and that there is none where there is no model.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};

use crate::support::{Answer, Org, World};

const PROMPT: &str = "You are Mia. You answer the telephone of {{business_name}}. Never quote prices.";

fn request(kind: &str) -> Value {
    json!({"kind": kind, "text": PROMPT})
}

/// The same question by REST and from the page: statuses of the one, the error of the other.
async fn both(world: &World, org: &Org, request: &Value) -> (Answer, Answer) {
    let rest = world.post("/agents/assist", &org.key, request).await;
    let cookie = world.session(&org.email, &org.id).await;
    let arguments = json!({"org": org.id, "request": request});
    let page = world
        .function("agents/assist_with_agent", Some(&cookie), &arguments)
        .await;
    (rest, page)
}

#[tokio::test]
async fn a_prompt_is_improved_and_a_greeting_suggested_and_nothing_is_saved() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let (rest, page) = both(&world, &org, &request("improve_prompt")).await;
    assert_eq!(
        (rest.status, page.status),
        (StatusCode::OK, StatusCode::OK),
        "{}",
        rest.text()
    );
    assert_eq!(rest.json(), page.json(), "the same text has the same proposal");
    let text = rest.json()["text"].as_str().unwrap().to_owned();
    assert!(
        text.starts_with("# Role\n") && text.contains("{{business_name}}"),
        "{text}"
    );

    let mut shorter = request("improve_prompt");
    shorter["instruction"] = json!("Make it shorter");
    let shorter = world.post("/agents/assist", &org.key, &shorter).await.json();
    assert!(shorter["text"].as_str().unwrap().len() < text.len(), "{shorter}");

    let greeting = world
        .post("/agents/assist", &org.key, &request("suggest_greeting"))
        .await
        .json();
    assert_eq!(
        greeting["text"],
        "Hello, this is Mia from {{business_name}}. How can I help you today?"
    );
    assert_eq!(world.get("/agents", &org.key).await.json()["items"], json!([]));
}

#[tokio::test]
async fn what_is_wrong_with_a_question_is_said_beside_its_field() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    for (change, field) in [
        (json!({"text": " "}), "text"),
        (json!({"text": "a".repeat(40_001)}), "text"),
        (json!({"instruction": "a".repeat(501)}), "instruction"),
        (json!({"language": "a language"}), "language"),
        (json!({"kind": "write_a_poem"}), "kind"),
        (json!({"prompt": "x"}), "prompt"),
    ] {
        let mut request = request("improve_prompt");
        for (name, value) in change.as_object().unwrap() {
            request[name] = value.clone();
        }
        let answer = world.post("/agents/assist", &org.key, &request).await;
        assert_eq!(
            (answer.status, answer.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]),
            "{}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn every_failure_of_the_model_is_told_in_words_by_both_ways() {
    let world = World::set(&[("LLM_TIMEOUT_S", "1")]).await;
    let org = world.org("Mine").await;
    let cases = [
        (json!({"kind": "status", "status": 500}), 502, "an error of its own"),
        (
            json!({"kind": "status", "status": 401}),
            502,
            "refuses this installation's key",
        ),
        (
            json!({"kind": "status", "status": 400}),
            422,
            "did not accept this. The request was refused.",
        ),
        (
            json!({"kind": "status", "status": 429, "retry_after": 7}),
            503,
            "asks us to slow down. Try again in 7 s.",
        ),
        (json!({"kind": "garbage"}), 502, "something that cannot be read"),
        (
            json!({"kind": "omit", "member": "content"}),
            502,
            "Its answer was empty",
        ),
        (
            json!({"kind": "omit", "member": "choices"}),
            502,
            "Its answer was empty",
        ),
        (json!({"kind": "lost_answer"}), 504, "did not answer in time"),
        (json!({"kind": "slow", "ms": 3000}), 504, "did not answer in time"),
        (json!({"kind": "timeout"}), 504, "did not answer in time"),
    ];
    for (mut fault, status, words) in cases {
        // Once for each of the two.
        fault["count"] = json!(2);
        world.model_fails(&fault).await;
        let (rest, page) = both(&world, &org, &request("improve_prompt")).await;
        assert_eq!(
            (rest.status.as_u16(), rest.error().as_str()),
            (status, "provider_failed"),
            "{fault}: {}",
            rest.text()
        );
        let told = page.failure().unwrap().to_string();
        assert_eq!(rest.json()["title"], told, "{fault}");
        assert!(
            told.contains("language model") && told.contains(words),
            "{fault}: {told}"
        );
        assert!(told.ends_with("Nothing was changed."), "{fault}: {told}");
    }
    let after = world.post("/agents/assist", &org.key, &request("improve_prompt")).await;
    assert_eq!(after.status, StatusCode::OK, "{}", after.text());
}

#[tokio::test]
async fn a_model_that_is_not_there_is_named() {
    let nowhere = [
        ("LLM_URL", "http://127.0.0.1:9/v1"),
        ("LLM_KEY", "sk-hunter2"),
        ("LLM_MODEL", "small"),
    ];
    let world = World::set(&nowhere).await;
    let org = world.org("Mine").await;
    let (rest, page) = both(&world, &org, &request("suggest_greeting")).await;
    assert_eq!(
        (rest.status, rest.error()),
        (StatusCode::BAD_GATEWAY, "provider_failed".into())
    );
    assert!(page.failure().unwrap().to_string().contains("could not be reached"));
    assert!(!rest.text().contains("hunter2"));
}

#[tokio::test]
async fn an_organization_that_asks_too_often_is_told_when_to_come_back() {
    let world = World::new().await;
    let (org, other) = (world.org("Mine").await, world.org("Other").await);
    for n in 0..60 {
        let answer = world
            .post("/agents/assist", &org.key, &request("suggest_greeting"))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{n}: {}", answer.text());
    }
    let (rest, page) = both(&world, &org, &request("suggest_greeting")).await;
    assert_eq!(
        (rest.status, rest.error()),
        (StatusCode::TOO_MANY_REQUESTS, "rate_limited".into())
    );
    assert!(rest.headers.contains_key(header::RETRY_AFTER));
    assert_eq!(page.error(), "rate_limited");
    let elsewhere = world
        .post("/agents/assist", &other.key, &request("suggest_greeting"))
        .await;
    assert_eq!(elsewhere.status, StatusCode::OK, "each organization counts for itself");
}

#[tokio::test]
async fn without_a_model_nothing_offers_one() {
    // There is a key for the provider of calls, so nothing is simulated.
    let bare = World::without_provider().await;
    let org = bare.org("Mine").await;
    let (rest, page) = both(&bare, &org, &request("improve_prompt")).await;
    assert_eq!((rest.status, rest.error()), (StatusCode::NOT_FOUND, "not_found".into()));
    assert_eq!(page.error(), "not_found");

    let simulated = World::new().await;
    for (world, offered) in [(&bare, false), (&simulated, true)] {
        let org = world.org("Mine").await;
        let cookie = world.session(&org.email, &org.id).await;
        let request = Request::get("/agents/new/draft").header(header::COOKIE, cookie);
        let page = world.send(request.body(Body::empty()).unwrap()).await.text();
        assert!(page.contains("System prompt"), "{page}");
        for button in ["Improve prompt…", "Suggest greeting…"] {
            assert_eq!(page.contains(button), offered, "{button}");
        }
    }
}
