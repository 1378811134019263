//! A provider that fails behind the API: it is named, and nothing is changed.

use axum::http::StatusCode;
use serde_json::{Value, json};
use switchboard::resource::{Action, Kind};

use crate::{
    questions::{self, Belongings, Needs},
    replay::rows,
    support::{World, draft_json},
};

/// Which provider, what became of the data, and what to do: in words, by REST and in the page alike, and true.
#[tokio::test]
async fn a_provider_that_fails_is_named_and_nothing_is_changed() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let visitor = world.visitor(&org).await;
    let cases: [(Value, u16, &str); 6] = [
        (json!({"kind": "status", "status": 500}), 502, "try again in a moment"),
        (json!({"kind": "garbage"}), 502, "try again in a moment"),
        (
            json!({"kind": "lost_answer"}),
            504,
            "what it may have done is being undone",
        ),
        (
            json!({"kind": "status", "status": 429, "retry_after": 0}),
            503,
            "try again in a minute",
        ),
        (
            json!({"kind": "status", "status": 401}),
            502,
            "An operator has to look at it",
        ),
        (json!({"kind": "status", "status": 400}), 422, "did not accept this"),
    ];
    for (fault, status, advice) in cases {
        world.provider_fails(&fault).await;
        let mut asked = 0;
        for question in questions::all() {
            if question.needs != Needs::Permission(Action::Create, Kind::Agent)
                || ["duplicate", "read_agent_export"]
                    .iter()
                    .any(|it| question.to_string().contains(it))
            {
                continue;
            }
            let agents = rows(&world, &org).await["app.agents"].clone();
            let answer = question.ask(&world, &visitor, &Belongings::default()).await;
            let text = answer.text();
            assert_eq!(
                (answer.status.as_u16(), answer.error().as_str()),
                (status, "provider_failed"),
                "{question} {fault}: {text}"
            );
            // The page draws the error itself; a program gets its sentence.
            let told = match answer.failure() {
                Some(error) => error.to_string(),
                None => answer.json()["title"].as_str().unwrap().to_owned(),
            };
            assert!(
                told.contains("Ultravox") && told.contains(advice),
                "{question} {fault}: {told}"
            );
            assert!(
                told.to_lowercase().contains("nothing was changed"),
                "{question} {fault}: {told}"
            );
            assert_eq!(rows(&world, &org).await["app.agents"], agents, "{question} {fault}");
            asked += 1;
        }
        assert_eq!(asked, 2, "by REST and in the page");
        world.provider_recovers().await;
    }
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_named_too() {
    let world = World::without_provider().await;
    let org = world.org("Mine").await;
    let answer = world.post("/agents", &org.key, &draft_json("Nowhere")).await;
    assert_eq!(
        (answer.status, answer.error()),
        (StatusCode::BAD_GATEWAY, "provider_failed".into())
    );
    let title = answer.json()["title"].clone();
    assert_eq!(
        title,
        "Ultravox could not be reached. Nothing was changed; try again in a moment."
    );
    assert_eq!(world.get("/agents", &org.key).await.json()["items"], json!([]));
    // What needs no provider goes on.
    assert_eq!(world.get("/auth/me", &org.key).await.status, StatusCode::OK);
}
