//! Tools and their copies: drift, repair, secrets on their way to agents, and what a call does with a tool.

use serde_json::json;
use switchboard::{
    Error,
    agents::{Agent, AgentDraft, SyncState, Variable},
    audit::{self, EntryFilter},
    calls::{Speaker, flow},
    crud,
    listing::Page,
    provider_sync,
    tools::{
        self, Parameter, ParameterKind, Place, SecretValue, TestOutcome, TestRequest, Tool, ToolDraft, ToolSecret,
    },
};

use super::{
    server_of_a_tool::ToolServer,
    support::{World, phone},
};
use crate::common::draft;

const SECRET: &str = "Bearer tok_0123456789abcdef";

fn tool_draft(url: &str) -> ToolDraft {
    ToolDraft {
        name: "Book a visit".into(),
        model_name: "book_visit".into(),
        description: "Books a visit.".into(),
        url: url.into(),
        parameters: vec![
            Parameter {
                name: "date".into(),
                required: true,
                ..Parameter::default()
            },
            Parameter {
                name: "source".into(),
                kind: ParameterKind::Static,
                place: Place::Query,
                value: json!("voice-agent"),
                ..Parameter::default()
            },
            Parameter {
                name: "X-Call-Id".into(),
                kind: ParameterKind::Automatic,
                place: Place::Header,
                ..Parameter::default()
            },
        ],
        ..ToolDraft::default()
    }
}

fn with_secret(url: &str, value: &str) -> ToolDraft {
    ToolDraft {
        secret: ToolSecret {
            header: "Authorization".into(),
            value: SecretValue::from(value.to_owned()),
            ..ToolSecret::default()
        },
        ..tool_draft(url)
    }
}

async fn create(world: &World, draft: ToolDraft) -> Tool {
    crud::create(&world.core, &world.caller, draft).await.unwrap()
}

async fn reread(world: &World, tool: &Tool) -> Tool {
    crud::get(&world.core, &world.caller, tool.id).await.unwrap()
}

async fn agent_with(world: &World, tools: &[&Tool]) -> Agent {
    let draft = AgentDraft {
        tool_ids: tools.iter().map(|tool| tool.id).collect(),
        ..draft("Front desk")
    };
    crud::create(&world.core, &world.caller, draft).await.unwrap()
}

/// What an agent's copy says of its tools.
async fn selected(world: &World, agent: &Agent) -> serde_json::Value {
    world.agent_there(agent).await["callTemplate"]["selectedTools"].clone()
}

const NOWHERE: &str = "https://calendar.example.com/visits";

#[tokio::test]
async fn what_is_changed_at_the_provider_is_seen_and_can_be_undone() {
    let world = World::new().await;
    let tool = create(&world, tool_draft(NOWHERE)).await;
    world.look_now().await;
    assert_eq!(reread(&world, &tool).await.sync.state, SyncState::Synced);
    let mut there = world.tool_there(&tool).await;
    there["definition"]["description"] = json!("Sells.");
    there["definition"]["timeout"] = json!("1s");
    world.replace_tool(&tool, &there).await;
    world.look_now().await;
    let sync = reread(&world, &tool).await.sync;
    assert_eq!(
        (sync.state, sync.note.as_str()),
        (
            SyncState::Drifted,
            "Changed at the provider: description and time limit."
        )
    );
    let synced = provider_sync::sync::<Tool>(&world.core, &world.caller, tool.id)
        .await
        .unwrap();
    assert_eq!(
        (synced.sync.state, &synced.provider_id),
        (SyncState::Synced, &tool.provider_id)
    );
    world.look_now().await;
    assert_eq!(reread(&world, &tool).await.sync.state, SyncState::Synced);
    world.stop().await;
}

#[tokio::test]
async fn what_is_removed_at_the_provider_is_published_again_and_its_agents_know_the_new_copy() {
    let world = World::new().await;
    let tool = create(&world, tool_draft(NOWHERE)).await;
    let agent = agent_with(&world, &[&tool]).await;
    world.remove_tool(&tool).await;
    world.look_now().await;
    assert_eq!(reread(&world, &tool).await.sync.state, SyncState::Drifted);
    // Even where the answer is lost, bringing it back makes one copy.
    world.lose_answer("/api/tools").await;
    let sync = async || provider_sync::sync::<Tool>(&world.core, &world.caller, tool.id).await;
    assert!(sync().await.is_err());
    assert_eq!(reread(&world, &tool).await.sync.state, SyncState::Failed);
    let synced = sync().await.unwrap();
    assert_ne!(synced.provider_id, tool.provider_id);
    assert_eq!(world.tools_there().await, 1);
    world.look_now().await;
    assert_eq!(
        selected(&world, &agent).await,
        json!([{ "toolId": synced.provider_id }])
    );
    world.stop().await;
}

#[tokio::test]
async fn a_tool_whose_creation_was_never_answered_is_gone_on_both_sides() {
    let world = World::new().await;
    world.lose_answer("/api/tools").await;
    let lost = crud::create::<Tool>(&world.core, &world.caller, tool_draft(NOWHERE)).await;
    assert!(matches!(lost, Err(Error::Upstream(_))), "{lost:?}");
    assert_eq!((world.tools_there().await, world.intents().await), (1, 1));
    world.look_now().await;
    assert_eq!((world.tools_there().await, world.intents().await), (0, 0));
    // A provider that fails or refuses leaves nothing either.
    for status in [500, 400] {
        world
            .fault(&json!({ "kind": "status", "status": status, "method": "POST", "path": "/api/tools" }))
            .await;
        assert!(
            crud::create::<Tool>(&world.core, &world.caller, tool_draft(NOWHERE))
                .await
                .is_err()
        );
        world.look_now().await;
        assert_eq!((world.tools_there().await, world.intents().await), (0, 0));
    }
    create(&world, tool_draft(NOWHERE)).await;
    // Names are taken within an organization, whatever is called so at the provider.
    let theirs = world.other_org().await;
    crud::create::<Tool>(&world.core, &theirs, tool_draft(NOWHERE))
        .await
        .unwrap();
    assert_eq!(world.tools_there().await, 2);
    world.stop().await;
}

#[tokio::test]
async fn an_agent_brings_the_secret_and_hears_of_another_one() {
    let world = World::new().await;
    let tool = create(&world, with_secret(NOWHERE, SECRET)).await;
    assert_eq!(tool.draft.secret.ends_with, "cdef");
    assert!(tool.draft.secret.value.is_empty() && tool.draft.secret.set_at.is_some());
    assert!(!json!(tool).to_string().contains("tok_"));
    let agent = agent_with(&world, &[&tool]).await;
    let bound = |token: &str| json!([{ "toolId": tool.provider_id, "authTokens": { "secret": token } }]);
    assert_eq!(selected(&world, &agent).await, bound(SECRET));
    // A save that says nothing of the secret keeps it.
    let kept = ToolDraft {
        timeout_s: 20,
        ..tool.draft.clone()
    };
    let kept = crud::update(&world.core, &world.caller, tool.id, kept, tool.revision)
        .await
        .unwrap();
    assert_eq!(kept.draft.secret, tool.draft.secret);
    // Another one reaches the agents.
    let another = with_secret(NOWHERE, "Bearer another_0123456789");
    let another = crud::update(&world.core, &world.caller, tool.id, another, kept.revision)
        .await
        .unwrap();
    world.look_now().await;
    assert_eq!(selected(&world, &agent).await, bound("Bearer another_0123456789"));
    // None does too.
    let none = crud::update(
        &world.core,
        &world.caller,
        tool.id,
        tool_draft(NOWHERE),
        another.revision,
    )
    .await
    .unwrap();
    assert_eq!(none.draft.secret, ToolSecret::default());
    world.look_now().await;
    assert_eq!(selected(&world, &agent).await, json!([{ "toolId": tool.provider_id }]));
    // The log knows that it changed, and not what it is.
    let log = audit::list(&world.core, &world.caller, &EntryFilter::default(), &Page::default())
        .await
        .unwrap();
    let told = json!(log.items).to_string();
    assert!(
        told.contains("\"secret\"") && !told.contains("tok_") && !told.contains("another_"),
        "{told}"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_secret_that_changes_while_its_agent_is_published_reaches_it() {
    let world = World::new().await;
    let tool = create(&world, with_secret(NOWHERE, SECRET)).await;
    world
        .fault(&json!({ "kind": "slow", "ms": 1500, "method": "POST", "path": "/api/agents" }))
        .await;
    let another = with_secret(NOWHERE, "Bearer another_0123456789");
    let tools = [&tool];
    let (agent, changed) = tokio::join!(
        agent_with(&world, &tools),
        crud::update(&world.core, &world.caller, tool.id, another, tool.revision)
    );
    changed.unwrap();
    world.look_now().await;
    assert_eq!(
        selected(&world, &agent).await,
        json!([{ "toolId": tool.provider_id, "authTokens": { "secret": "Bearer another_0123456789" } }])
    );
    world.stop().await;
}

#[tokio::test]
async fn a_sealed_secret_is_worth_nothing_in_another_row() {
    let world = World::new().await;
    let tool = create(&world, with_secret(NOWHERE, SECRET)).await;
    let other = ToolDraft {
        name: "Another".into(),
        model_name: "another".into(),
        ..tool_draft(NOWHERE)
    };
    let beside = create(&world, other).await;
    let theirs = world.other_org().await;
    let foreign: Tool = crud::create(&world.core, &theirs, tool_draft(NOWHERE)).await.unwrap();
    for (caller, copy) in [(&world.caller, beside), (&theirs, foreign)] {
        world.copy_secret(&tool, &copy).await;
        let draft = AgentDraft {
            tool_ids: vec![copy.id],
            ..draft("Front desk")
        };
        let error = crud::create::<Agent>(&world.core, caller, draft).await.unwrap_err();
        assert_eq!(error.fields()[0].field, "tool_ids[0]");
        assert!(
            error.fields()[0].message.contains("cannot be read any more"),
            "{error:?}"
        );
        let tested = tools::test(&world.core, caller, copy.id, TestRequest::default())
            .await
            .unwrap_err();
        assert_eq!(tested.fields()[0].field, "secret.value");
    }
    world.stop().await;
}

#[tokio::test]
async fn what_others_select_there_is_told_apart_from_what_is_ours() {
    let world = World::new().await;
    let tool = create(&world, tool_draft(NOWHERE)).await;
    let agent = agent_with(&world, &[&tool]).await;
    world.look_now().await;
    assert_eq!(world.reread(&agent).await.sync.state, SyncState::Synced);
    world
        .change_agent(
            &agent,
            &json!({ "callTemplate": { "selectedTools": [{ "toolName": "hangUp" }] } }),
        )
        .await;
    world.look_now().await;
    assert_eq!(world.reread(&agent).await.sync.note, "Changed at the provider: tools.");
    provider_sync::sync::<Agent>(&world.core, &world.caller, agent.id)
        .await
        .unwrap();
    assert_eq!(
        selected(&world, &agent).await,
        json!([{ "toolName": "hangUp" }, { "toolId": tool.provider_id }])
    );
    world.stop().await;
}

#[tokio::test]
async fn a_tool_stays_as_long_as_an_agent_has_it() {
    let world = World::new().await;
    let tool = create(&world, tool_draft(NOWHERE)).await;
    let agent = agent_with(&world, &[&tool]).await;
    let refused = crud::delete::<Tool>(&world.core, &world.caller, tool.id).await;
    assert_eq!(
        refused,
        Err(Error::Conflict(
            "Front desk uses this tool. Take it away from it first.".into()
        ))
    );
    let users = tools::agents(&world.core, &world.caller, tool.id).await.unwrap();
    assert_eq!(
        users.iter().map(|agent| agent.name.as_str()).collect::<Vec<_>>(),
        ["Front desk"]
    );
    let list = crud::list::<Tool>(&world.core, &world.caller, &Default::default(), &Page::default())
        .await
        .unwrap();
    assert_eq!(list.items[0].agents, 1);

    let without = AgentDraft {
        tool_ids: Vec::new(),
        ..agent.draft.clone()
    };
    crud::update(&world.core, &world.caller, agent.id, without, agent.revision)
        .await
        .unwrap();
    assert_eq!(selected(&world, &agent).await, json!([]));
    // The provider fails: it stays, and works, until somebody deletes it again.
    world
        .fault(&json!({ "kind": "status", "status": 500, "method": "DELETE", "path": "/api/tools", "count": null }))
        .await;
    assert!(crud::delete::<Tool>(&world.core, &world.caller, tool.id).await.is_err());
    assert_eq!(world.deleting().await, 0);
    world.no_faults().await;
    crud::delete::<Tool>(&world.core, &world.caller, tool.id).await.unwrap();
    assert_eq!(world.tools_there().await, 0);
    // An agent that is gone needs nothing any more.
    let second = create(&world, tool_draft(NOWHERE)).await;
    let other = AgentDraft {
        tool_ids: vec![second.id],
        ..draft("Night desk")
    };
    let other: Agent = crud::create(&world.core, &world.caller, other).await.unwrap();
    crud::delete::<Agent>(&world.core, &world.caller, other.id)
        .await
        .unwrap();
    crud::delete::<Tool>(&world.core, &world.caller, second.id)
        .await
        .unwrap();
    world.stop().await;
}

#[tokio::test]
async fn an_agent_has_tools_of_its_organization_whose_variables_it_declares() {
    let world = World::new().await;
    let theirs = world.other_org().await;
    let foreign: Tool = crud::create(&world.core, &theirs, tool_draft(NOWHERE)).await.unwrap();
    let with = |id| AgentDraft {
        tool_ids: vec![id],
        ..draft("Front desk")
    };
    for id in [foreign.id, switchboard::Id::new()] {
        let error = crud::create::<Agent>(&world.core, &world.caller, with(id))
            .await
            .unwrap_err();
        assert_eq!(error.fields()[0].field, "tool_ids[0]");
        assert_eq!(error.fields()[0].message, "This tool is gone. Take it off the list.");
    }
    let mut mentions = tool_draft(NOWHERE);
    mentions.parameters[1].value = json!("patient {{patient_id}}");
    let tool = create(&world, mentions.clone()).await;
    let error = crud::create::<Agent>(&world.core, &world.caller, with(tool.id))
        .await
        .unwrap_err();
    assert_eq!(
        error.fields()[0].message,
        "Book a visit uses {{patient_id}}, which is not declared under Variables."
    );
    let mut declares = with(tool.id);
    declares.variables.push(Variable {
        name: "patient_id".into(),
        ..Variable::default()
    });
    crud::create::<Agent>(&world.core, &world.caller, declares)
        .await
        .unwrap();
    mentions.description = "Books for {{clinic_name}}.".into();
    let error = crud::update(&world.core, &world.caller, tool.id, mentions, tool.revision)
        .await
        .unwrap_err();
    assert_eq!(
        (error.fields()[0].field.as_str(), error.fields()[0].message.as_str()),
        (
            "description",
            "Front desk uses this tool and has no variable clinic_name."
        )
    );
    world.stop().await;
}

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
