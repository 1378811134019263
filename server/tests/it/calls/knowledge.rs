//! Knowledge on calls: an agent looks something up, is told what is there, and the call shows it.

use reqwest::Method;
use serde_json::{Value, json};
use switchboard::{
    Error,
    agents::{self, Agent, AgentDraft},
    calls::{Call, Speaker, flow},
    crud,
    id::Id,
    jobs::{self, Jobs},
    knowledge::{
        self, KnowledgeBase, KnowledgeBaseDraft, SourceDraft,
        reading::ReadSource,
        runtime::{HEADER, TOOL, answer},
    },
};

use super::support::{World, phone, text};
use crate::common::draft;

/// What the caller of a simulated call asks about is in here, whatever they ask.
const PRICES: &str = "# Prices\n\nAn appointment for a cleaning on Thursday or any other day costs $120. We are open, and can help you book.";

async fn base(world: &World, name: &str) -> KnowledgeBase {
    let draft = KnowledgeBaseDraft {
        name: name.to_owned(),
        description: "Prices of treatments".to_owned(),
    };
    crud::create(&world.core, &world.caller, draft).await.unwrap()
}

async fn fill(world: &World, base: &KnowledgeBase, text: &str) {
    let draft = SourceDraft::text(base.id, "Price list", text);
    knowledge::flow::add(&world.core, &world.caller, draft).await.unwrap();
    jobs::run_due(&world.core, &Jobs::<ReadSource>::default())
        .await
        .unwrap();
}

fn knowing(bases: &[&KnowledgeBase]) -> AgentDraft {
    AgentDraft {
        knowledge_base_ids: bases.iter().map(|base| base.id).collect(),
        ..draft("Front desk")
    }
}

/// Our tool in an agent's copy, if it has it.
async fn tool(world: &World, agent: &Agent) -> Value {
    let selected = world.agent_there(agent).await["callTemplate"]["selectedTools"].clone();
    let ours: Vec<Value> = selected.as_array().cloned().unwrap_or_default();
    let mut ours: Vec<Value> = ours
        .into_iter()
        .filter(|tool| tool["temporaryTool"]["modelToolName"] == TOOL)
        .collect();
    assert!(ours.len() <= 1, "{ours:?}");
    ours.pop().unwrap_or_default()
}

fn token(tool: &Value) -> String {
    tool["temporaryTool"]["staticParameters"][0]["value"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn placed(world: &World, agent: &Agent) -> Call {
    flow::place(&world.core, &world.caller, phone(agent, "+14155550100"))
        .await
        .unwrap()
}

#[tokio::test]
async fn an_agent_looks_something_up_on_a_call_and_the_call_shows_what_it_was_told() {
    let world = World::new().await;
    let base = base(&world, "Prices").await;
    fill(&world, &base, PRICES).await;
    let agent: Agent = crud::create(&world.core, &world.caller, knowing(&[&base]))
        .await
        .unwrap();
    let tool = tool(&world, &agent).await;
    assert!(
        tool["temporaryTool"]["description"]
            .as_str()
            .unwrap()
            .contains("Prices (Prices of treatments)")
    );
    let call = placed(&world, &agent).await;
    world.billed(1).await;
    world.look_now().await;
    let talk = flow::conversation(&world.core, &world.caller, call.id).await.unwrap();
    let result = talk.messages.iter().find(|message| message.role == Speaker::ToolResult);
    let result = result.expect("the tool was used");
    assert_eq!((result.tool.as_str(), result.failed), (TOOL, false), "{}", result.text);
    let event = talk.events.iter().find(|event| event.kind == "looked_up");
    let event = event.expect("what it looked up is on the call");
    assert!(
        event.note.contains("Price list") || event.note.contains("nothing found"),
        "{}",
        event.note
    );
    world.stop().await;
}

#[tokio::test]
async fn only_a_call_of_the_organization_is_answered_and_only_from_its_own_bases() {
    let world = World::new().await;
    let base = base(&world, "Prices").await;
    fill(&world, &base, "A crown is $900.").await;
    let agent: Agent = crud::create(&world.core, &world.caller, knowing(&[&base]))
        .await
        .unwrap();
    let token = token(&tool(&world, &agent).await);
    let call = flow::place(&world.core, &world.caller, text(&agent)).await.unwrap();
    let there = call.provider_id.unwrap();
    let told = answer(&world.core, &token, &there, "How much is a crown?")
        .await
        .unwrap();
    assert!(
        told.contains("[1] Price list") && told.contains("A crown is $900."),
        "{told}"
    );
    let told = answer(&world.core, &token, &there, "Do you sell boats?").await.unwrap();
    assert!(told.contains("Nothing was found"), "{told}");
    // Neither a forged token nor a call that is not there is answered.
    let forged = format!("{token}00");
    for (token, call) in [
        (forged.as_str(), there.as_str()),
        (token.as_str(), "nobody"),
        ("", there.as_str()),
    ] {
        let refused = answer(&world.core, token, call, "crown").await;
        assert_eq!(refused, Err(Error::NotFound), "{token}");
    }
    // Another organization's call with our token, and their token with our call.
    let theirs = world.other_org().await;
    let other: Agent = crud::create(&world.core, &theirs, draft("Theirs")).await.unwrap();
    let their_call = flow::place(&world.core, &theirs, text(&other)).await.unwrap();
    let refused = answer(&world.core, &token, &their_call.provider_id.unwrap(), "crown").await;
    assert_eq!(refused, Err(Error::NotFound));
    let refused = crud::create::<Agent>(
        &world.core,
        &theirs,
        AgentDraft {
            name: "Spy".into(),
            ..knowing(&[&base])
        },
    )
    .await;
    assert!(
        matches!(&refused, Err(Error::Invalid(wrong)) if wrong[0].field == "knowledge_base_ids[0]"),
        "{refused:?}"
    );
    // What is deleted is not quoted on a call that goes on.
    let source = knowledge::flow::sources(&world.core, &world.caller, &Default::default())
        .await
        .unwrap()[0]
        .id;
    knowledge::flow::remove(&world.core, &world.caller, source)
        .await
        .unwrap();
    let told = answer(&world.core, &token, &there, "How much is a crown?")
        .await
        .unwrap();
    assert!(!told.contains("900"), "{told}");
    world.stop().await;
}

#[tokio::test]
async fn a_base_stays_while_agents_have_it_and_their_copies_follow_what_is_published() {
    let world = World::new().await;
    let (first, second) = (base(&world, "Prices").await, base(&world, "Plans").await);
    let agent: Agent = crud::create(&world.core, &world.caller, knowing(&[&first]))
        .await
        .unwrap();
    assert_eq!(agent.draft.knowledge_base_ids, [first.id]);
    let before = token(&tool(&world, &agent).await);
    let users = knowledge::flow::agents(&world.core, &world.caller, first.id)
        .await
        .unwrap();
    assert_eq!(users[0].name, "Front desk");

    // Saving the draft is not enough: callers still have it.
    let saved = crud::update::<Agent>(
        &world.core,
        &world.caller,
        agent.id,
        knowing(&[&second]),
        agent.revision,
    )
    .await
    .unwrap();
    assert!(saved.unpublished);
    let refused = crud::delete::<KnowledgeBase>(&world.core, &world.caller, first.id).await;
    assert_eq!(
        refused,
        Err(Error::Conflict(
            "Front desk looks things up here. Take it away there and publish that first.".into()
        ))
    );
    agents::publish(
        &world.core,
        &world.caller,
        agent.id,
        Default::default(),
        Some(saved.revision),
    )
    .await
    .unwrap();
    assert_ne!(token(&tool(&world, &agent).await), before);
    crud::delete::<KnowledgeBase>(&world.core, &world.caller, first.id)
        .await
        .unwrap();

    // Going back to the version with the one that is gone leaves it out.
    let restored = agents::restore(&world.core, &world.caller, agent.id, 1, None)
        .await
        .unwrap();
    assert_eq!(restored.draft.knowledge_base_ids, Vec::<Id<KnowledgeBase>>::new());
    agents::publish(&world.core, &world.caller, agent.id, Default::default(), None)
        .await
        .unwrap();
    assert_eq!(tool(&world, &agent).await, Value::Null);
    crud::delete::<KnowledgeBase>(&world.core, &world.caller, second.id)
        .await
        .unwrap();
    world.stop().await;
}

#[tokio::test]
async fn the_route_takes_the_token_and_nothing_else() {
    let world = crate::support::World::new().await;
    let request = axum::http::Request::builder()
        .method(Method::POST.as_str())
        .uri("/runtime/knowledge")
        .header(HEADER, "org_x.0")
        .body(axum::body::Body::from(
            json!({ "query": "crown", "call_id": "x" }).to_string(),
        ))
        .unwrap();
    assert_eq!(world.send(request).await.status, axum::http::StatusCode::NOT_FOUND);
}
