//! `/tools`: who uses a tool, and trying it.

use axum::{Json as Answer, extract::Path};
use serde_json::json;
use switchboard::{
    check::Limit,
    resource::{Action, Kind},
    tools::{self, TestRequest, TestResult, Tool, ToolAgent, ToolUse},
};

use super::{
    context::RequestContext,
    crud,
    endpoint::{Endpoint, get, post},
    extract::Json,
    problem::Failure,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        crud::sync_route::<Tool>(),
        get(
            "/tools/{id}/agents",
            "listToolAgents",
            "List the agents that use a tool",
        )
        .needs(Action::Read, Kind::Tool)
        .answers_all::<ToolAgent>("The agents, by name")
        .by(agents),
        get(
            "/tools/{id}/uses",
            "listToolUses",
            "List the last uses of a tool on calls",
        )
        .needs(Action::Read, Kind::Call)
        .answers_all::<ToolUse>("At most 50, the newest first")
        .by(uses),
        post("/tools/{id}/test", "testTool", "Send a tool's request once")
            .needs(Action::Update, Kind::Tool)
            .body::<TestRequest>(|_| json!({"values": {"clinic": "oakland", "date": "2026-12-03"}}))
            .beyond(
                422,
                "values",
                "a parameter needs another value, has none of this name, or cannot have this one",
            )
            .beyond(422, "draft", "the tool could not be saved like that")
            .limits(|_| {
                [("values", Limit::Free), ("draft", Limit::Free)]
                    .map(|(field, limit)| (field.to_owned(), limit))
                    .into()
            })
            .answers::<TestResult>(200, "What was sent, and what came back or why nothing did")
            .by(test),
    ]
}

async fn agents(context: RequestContext, Path(id): Path<String>) -> Result<Answer<Vec<ToolAgent>>, Failure> {
    Ok(Answer(
        tools::agents(&context.core, &context.caller, crud::id(&id)?).await?,
    ))
}

async fn uses(context: RequestContext, Path(id): Path<String>) -> Result<Answer<Vec<ToolUse>>, Failure> {
    Ok(Answer(
        tools::uses(&context.core, &context.caller, crud::id(&id)?).await?,
    ))
}

async fn test(
    context: RequestContext,
    Path(id): Path<String>,
    Json(request): Json<TestRequest>,
) -> Result<Answer<TestResult>, Failure> {
    Ok(Answer(
        tools::test(&context.core, &context.caller, crud::id(&id)?, request).await?,
    ))
}
