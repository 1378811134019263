//! What a call does with a tool, and a test of one.

use serde_json::json;
use switchboard::{
    calls::{Speaker, flow},
    crud,
    tools::{self, TestOutcome, TestRequest, ToolDraft},
};

use super::{SECRET, agent_with, create, tool_draft, with_secret};
use crate::calls::{
    server_of_a_tool::ToolServer,
    support::{World, phone},
};

#[tokio::test]
async fn a_call_uses_the_tool_and_its_transcript_shows_how_but_not_the_secret() {
    let world = World::new().await;
    let server = ToolServer::start().await;
    let tool = create(&world, with_secret(&server.url("/visits"), SECRET)).await;
    let agent = agent_with(&world, &[&tool]).await;
    for (failing, failed) in [(false, false), (true, true)] {
        server.fail(failing);
        let placed = flow::place(&world.core, &world.caller, phone(&agent, "+14155550100"))
            .await
            .unwrap();
        world.billed(1).await;
        world.look_now().await;
        let talk = flow::conversation(&world.core, &world.caller, placed.id).await.unwrap();
        let of = |role| talk.messages.iter().find(|message| message.role == role).unwrap();
        let (call, result) = (of(Speaker::ToolCall), of(Speaker::ToolResult));
        assert_eq!((call.tool.as_str(), call.failed), ("book_visit", false));
        assert!(call.text.contains("2026-12-03"), "{}", call.text);
        assert_eq!((result.tool.as_str(), result.failed), ("book_visit", failed));
        assert!(result.text.contains("visits"), "{}", result.text);
        // The server repeats all it was asked.
        assert!(
            !result.text.contains("tok_") && result.text.contains("••••"),
            "{}",
            result.text
        );
        let asked = server.asked();
        let last = asked.last().unwrap();
        assert_eq!(last["headers"]["authorization"], SECRET);
        assert_eq!(last["body"]["date"], "2026-12-03");
        assert!(last["url"].as_str().unwrap().ends_with("?source=voice-agent"));
        assert_eq!(last["headers"]["x-call-id"], json!(talk.call.provider_id));
        let uses = tools::uses(&world.core, &world.caller, tool.id).await.unwrap();
        assert_eq!((uses[0].call_id, uses[0].failed), (placed.id, failed));
        assert_eq!(uses[0].result.as_ref(), Some(&result.text));
    }
    world.stop().await;
}

#[tokio::test]
async fn a_test_sends_the_request_and_shows_all_but_the_secret() {
    let world = World::new().await;
    let server = ToolServer::start().await;
    let tool = create(&world, with_secret(&server.url("/visits"), SECRET)).await;
    let test = async |request: TestRequest| tools::test(&world.core, &world.caller, tool.id, request).await;
    let given = |draft: Option<ToolDraft>| TestRequest {
        draft,
        values: [("date".to_owned(), json!("2026-12-03"))].into(),
        ..TestRequest::default()
    };
    let done = test(given(None)).await.unwrap();
    assert!(done.outcome.is_good(), "{done:?}");
    assert_eq!(server.asked()[0]["headers"]["authorization"], SECRET);
    let shown = json!(done).to_string();
    assert!(!shown.contains("tok_") && shown.contains("2026-12-03"), "{shown}");

    let missing = test(TestRequest::default()).await.unwrap_err();
    assert_eq!(missing.fields()[0].field, "values.date");
    // Elsewhere the stored secret does not go, and a wrong draft is told as one.
    let other = ToolServer::start().await;
    let elsewhere = ToolDraft {
        url: other.url("/visits"),
        ..tool.draft.clone()
    };
    let refused = test(given(Some(elsewhere.clone()))).await.unwrap_err();
    assert_eq!(refused.fields()[0].field, "draft.secret.value");
    let saved = crud::update(&world.core, &world.caller, tool.id, elsewhere.clone(), tool.revision).await;
    assert_eq!(saved.unwrap_err().fields()[0].field, "secret.value");
    assert_eq!(other.asked().len(), 0);
    let wrong = ToolDraft {
        timeout_s: 0,
        ..tool.draft.clone()
    };
    assert_eq!(
        test(given(Some(wrong))).await.unwrap_err().fields()[0].field,
        "draft.timeout_s"
    );

    // What fails says how.
    server.fail(true);
    let failed = test(given(None)).await.unwrap();
    assert!(matches!(failed.outcome, TestOutcome::Answered { status: 500, .. }));
    assert!(!json!(failed).to_string().contains("tok_"));
    let at = |url: String| {
        given(Some(ToolDraft {
            timeout_s: 1,
            ..tool_draft(&url)
        }))
    };
    let outcome = async |url: String| test(at(url)).await.unwrap().outcome;
    assert!(matches!(
        outcome(server.url("/elsewhere")).await,
        TestOutcome::Answered { status: 302, .. }
    ));
    assert_eq!(outcome(server.url("/slow")).await, TestOutcome::TimedOut);
    assert!(matches!(
        outcome(server.url("/endless")).await,
        TestOutcome::Answered { cut: true, body, .. } if body.len() == 64 << 10
    ));
    assert_eq!(outcome(server.url("/broken")).await, TestOutcome::Broken);
    assert!(matches!(
        outcome("http://127.0.0.1:9/".to_owned()).await,
        TestOutcome::Unreachable { .. }
    ));
    world.stop().await;
}
