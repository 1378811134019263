//! Which agents have a tool, and which tools an agent may have.

use serde_json::json;
use switchboard::{
    Error,
    agents::{Agent, AgentDraft, Variable},
    crud,
    listing::Page,
    tools::{self, Tool},
};

use super::{NOWHERE, agent_with, create, selected, tool_draft};
use crate::{calls::support::World, common::draft};

#[tokio::test]
async fn a_tool_stays_as_long_as_an_agent_has_it() {
    let world = World::new().await;
    let tool = create(&world, tool_draft(NOWHERE)).await;
    let agent = agent_with(&world, &[&tool]).await;
    let refused = crud::delete::<Tool>(&world.core, &world.caller, tool.id).await;
    assert_eq!(
        refused,
        Err(Error::Conflict(
            "Front desk uses this tool. Take it away from it and publish that first.".into()
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
    world.publish(&agent, without).await.unwrap();
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
            "Front desk uses this tool and has no variable clinic_name. Declare it there, and publish it."
        )
    );
    world.stop().await;
}
