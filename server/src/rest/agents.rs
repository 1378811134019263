//! `/agents`: what is done with agents beyond creating and changing them.

use axum::{
    Json as Answer,
    extract::Path,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde_json::json;
use switchboard::{
    Id,
    agents::{
        self, Agent, AgentTemplate, AgentTemplateRow, AgentVersion, AgentVersionRow, AssistRequest, Finding, Proposal,
        Publication, templates,
    },
    check::Check,
    resource::{Action, Kind},
};

use super::{
    context::RequestContext,
    created::Created,
    crud::{self, with_etag},
    endpoint::{Endpoint, get, post},
    etag::{self, expected_revision, refused},
    extract::Json,
    problem::Failure,
    refusals::PROVIDER,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        crud::sync_route::<Agent>(),
        get(
            "/agents/templates",
            "listAgentTemplates",
            "List the templates to begin an agent from",
        )
        .needs(Action::Read, Kind::Agent)
        .answers_all::<AgentTemplateRow>("In the order they are offered")
        .by(list_templates),
        get(
            "/agents/templates/{template}",
            "getAgentTemplate",
            "Read a template to begin an agent from",
        )
        .needs(Action::Read, Kind::Agent)
        .answers::<AgentTemplate>(200, "With a draft that lacks nothing but a voice")
        .by(template),
        post(
            "/agents/assist",
            "assistWithAgent",
            "Have a language model propose a better prompt or a greeting",
        )
        .needs(Action::Update, Kind::Agent)
        .refuses(PROVIDER)
        .body::<AssistRequest>(|_| {
            json!({
                "kind": "improve_prompt",
                "text": "You answer the telephone of {{business_name}}. Take messages.",
                "instruction": "Make it shorter",
            })
        })
        .limits(|_| Check::limits(&AssistRequest::default()))
        .answers::<Proposal>(
            200,
            "The proposal; nothing is saved. 404 where this installation has no language model",
        )
        .by(assist),
        post(
            "/agents/{id}/duplicate",
            "duplicateAgent",
            "Copy an agent under a new name",
        )
        .needs(Action::Create, Kind::Agent)
        .answers::<Agent>(201, "The copy")
        .by(duplicate),
        get(
            "/agents/{id}/checks",
            "checkAgent",
            "Look at what is saved before it is published",
        )
        .needs(Action::Read, Kind::Agent)
        .answers_all::<Finding>("What blocks first, what passes last")
        .by(checks),
        post(
            "/agents/{id}/publish",
            "publishAgent",
            "Make what is saved the version that answers the phone",
        )
        .needs(Action::Update, Kind::Agent)
        .refuses(PROVIDER)
        .header(etag::IF_MATCH.0, etag::IF_MATCH.1)
        .body::<Publication>(|_| json!({"note": "Says the opening hours first."}))
        .limits(|_| Check::limits(&Publication::default()))
        .answers::<Agent>(200, "Published")
        .by(publish),
        get(
            "/agents/{id}/versions",
            "listAgentVersions",
            "List what was published of an agent",
        )
        .needs(Action::Read, Kind::Agent)
        .answers_all::<AgentVersionRow>("At most 200, the newest first")
        .by(versions),
        get(
            "/agents/{id}/versions/{number}",
            "getAgentVersion",
            "Read a version of an agent",
        )
        .needs(Action::Read, Kind::Agent)
        .answers::<AgentVersion>(200, "As it was published")
        .by(version),
        post(
            "/agents/{id}/versions/{number}/restore",
            "restoreAgentVersion",
            "Take a version of an agent into its draft",
        )
        .needs(Action::Update, Kind::Agent)
        .header(etag::IF_MATCH.0, etag::IF_MATCH.1)
        .answers::<Agent>(200, "Saved, and not published yet")
        .by(restore),
    ]
}

async fn list_templates(context: RequestContext) -> Result<Answer<Vec<AgentTemplateRow>>, Failure> {
    Ok(Answer(templates::list(&context.core, &context.caller).await?))
}

async fn template(context: RequestContext, Path(id): Path<String>) -> Result<Answer<AgentTemplate>, Failure> {
    Ok(Answer(templates::find(&context.core, &context.caller, &id).await?))
}

async fn assist(context: RequestContext, Json(request): Json<AssistRequest>) -> Result<Answer<Proposal>, Failure> {
    Ok(Answer(agents::assist(&context.core, &context.caller, request).await?))
}

async fn duplicate(context: RequestContext, Path(id): Path<String>) -> Result<Created<Agent>, Failure> {
    let copy = agents::duplicate(&context.core, &context.caller, crud::id(&id)?).await?;
    Ok(Created::new(Kind::Agent.about().path, copy.id, copy))
}

async fn checks(context: RequestContext, Path(id): Path<String>) -> Result<Answer<Vec<Finding>>, Failure> {
    Ok(Answer(
        agents::findings(&context.core, &context.caller, crud::id(&id)?).await?,
    ))
}

async fn publish(
    context: RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(publication): Json<Publication>,
) -> Result<Response, Failure> {
    let id: Id<Agent> = crud::id(&id)?;
    let expected = expected_revision(&headers, &id)?;
    let published = agents::publish(&context.core, &context.caller, id, publication, expected).await;
    Ok(with_etag(
        StatusCode::OK,
        published.map_err(|error| refused(error, expected))?,
    ))
}

async fn versions(context: RequestContext, Path(id): Path<String>) -> Result<Answer<Vec<AgentVersionRow>>, Failure> {
    Ok(Answer(
        agents::versions(&context.core, &context.caller, crud::id(&id)?).await?,
    ))
}

async fn version(
    context: RequestContext,
    Path((id, number)): Path<(String, String)>,
) -> Result<Answer<AgentVersion>, Failure> {
    let version = agents::version(&context.core, &context.caller, crud::id(&id)?, crud::number(&number)?);
    Ok(Answer(version.await?))
}

async fn restore(
    context: RequestContext,
    Path((id, number)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let id: Id<Agent> = crud::id(&id)?;
    let expected = expected_revision(&headers, &id)?;
    let restored = agents::restore(&context.core, &context.caller, id, crud::number(&number)?, expected).await;
    Ok(with_etag(
        StatusCode::OK,
        restored.map_err(|error| refused(error, expected))?,
    ))
}
