//! `/knowledge`, `/knowledge-sources` and `/knowledge-checks`: what knowledge bases are made of, what is found in them, and whether
//! what should be is.

use axum::{
    Json as Answer,
    extract::{Path, Request},
    http::{StatusCode, header},
};
use serde_json::json;
use switchboard::{
    check::Check,
    crud::get_to_change,
    knowledge::{
        CheckFilter, CheckResult, KnowledgeAgent, KnowledgeBase, KnowledgeCheck, KnowledgeCheckDraft, KnowledgeSource,
        Passage, PassageWindow, SearchAnswer, SearchQuestion, SourceChange, SourceDraft, SourceFilter, flow,
    },
    resource::{
        Action::{Read, Update},
        Kind,
    },
};

use super::{
    context::RequestContext,
    created::Created,
    crud,
    endpoint::{Endpoint, delete, get, post, put},
    extract::{Json, Params},
    problem::Failure,
};
use crate::knowledge::{FileName, TOO_LARGE, content};

const KIND: Kind = Kind::KnowledgeBase;
const SOURCES: &str = "/knowledge-sources";
const CHECKS: &str = "/knowledge-checks";
const FILES: [&str; 6] = [
    "application/octet-stream",
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "text/html",
    "text/markdown",
    "text/csv",
];

pub fn endpoints() -> Vec<Endpoint> {
    [of_bases(), of_sources(), of_checks()].into_iter().flatten().collect()
}

fn of_bases() -> Vec<Endpoint> {
    vec![
        put(
            "/knowledge/{id}/files",
            "uploadKnowledgeFile",
            "Add a file to a knowledge base, or replace the one of its name",
        )
        .needs(Update, KIND)
        .params::<FileName>()
        .takes_file(&FILES)
        .refuses(&[413])
        .beyond(422, "name", "it does not end like the name of a file that can be read")
        .beyond(422, "file", "it is empty, or something else than its name says")
        .answers::<KnowledgeSource>(200, "Waiting to be read; `state` tells when it is ready")
        .by(upload),
        get(
            "/knowledge/{id}/search",
            "searchKnowledge",
            "Search a knowledge base as a call does",
        )
        .needs(Read, KIND)
        .params::<SearchQuestion>()
        .answers::<SearchAnswer>(200, "What was found, the best first")
        .by(search),
        get(
            "/knowledge/{id}/agents",
            "listKnowledgeAgents",
            "List the agents that look things up in a knowledge base",
        )
        .needs(Read, KIND)
        .answers_all::<KnowledgeAgent>("The agents, by name")
        .by(agents),
        get(
            "/knowledge/{id}/checks",
            "runKnowledgeChecks",
            "Try every check of a knowledge base",
        )
        .needs(Read, KIND)
        .answers_all::<CheckResult>("What came of each, the oldest check first")
        .by(run_checks),
    ]
}

fn of_sources() -> Vec<Endpoint> {
    vec![
        get(SOURCES, "listKnowledgeSources", "List the sources of knowledge bases")
            .needs(Read, KIND)
            .params::<SourceFilter>()
            .answers_all::<KnowledgeSource>("At most 500, the newest first")
            .by(sources),
        post(
            SOURCES,
            "addKnowledgeSource",
            "Add a text or a website to a knowledge base",
        )
        .needs(Update, KIND)
        .refuses(&[404])
        .body::<SourceDraft>(|fixtures| {
            json!({
                "base_id": fixtures.id(KIND.about().path),
                "name": fixtures.name(),
                "text": "# Crowns\n\nA crown is $900. It takes two visits.",
            })
        })
        .limits(|_| {
            let base_id = switchboard::Id::from_uuid(uuid::Uuid::nil());
            let draft = SourceDraft::text(base_id, "Example", "Example");
            Check::limits(&draft)
        })
        .answers::<KnowledgeSource>(201, "Waiting to be read; `state` tells when it is ready")
        .by(add),
        get(
            "/knowledge-sources/{id}",
            "getKnowledgeSource",
            "Read how far a source is",
        )
        .needs(Read, KIND)
        .answers::<KnowledgeSource>(200, "As it is now")
        .by(source),
        post(
            "/knowledge-sources/{id}/enable",
            "enableKnowledgeSource",
            "Turn a source on",
        )
        .needs(Update, KIND)
        .answers::<KnowledgeSource>(200, "Searched from now on")
        .by(enable),
        post(
            "/knowledge-sources/{id}/disable",
            "disableKnowledgeSource",
            "Turn a source off",
        )
        .needs(Update, KIND)
        .answers::<KnowledgeSource>(200, "Kept, and not searched from now on")
        .by(disable),
        get(
            "/knowledge-sources/{id}/passages",
            "listKnowledgePassages",
            "List the passages of a source",
        )
        .needs(Read, KIND)
        .params::<PassageWindow>()
        .answers_all::<Passage>("In their order, as they are found and read out")
        .by(passages),
        post(
            "/knowledge-sources/{id}/read",
            "readKnowledgeSource",
            "Read a source again",
        )
        .needs(Update, KIND)
        .answers::<KnowledgeSource>(200, "Waiting to be read; what was read before is found until then")
        .by(read_again),
        delete("/knowledge-sources/{id}", "deleteKnowledgeSource", "Delete a source")
            .needs(Update, KIND)
            .answers_nothing("Nothing of it is found any more")
            .by(remove),
    ]
}

fn of_checks() -> Vec<Endpoint> {
    vec![
        get(CHECKS, "listKnowledgeChecks", "List the checks of knowledge bases")
            .needs(Read, KIND)
            .params::<CheckFilter>()
            .answers_all::<KnowledgeCheck>("At most 500, the oldest first")
            .by(checks),
        post(
            CHECKS,
            "addKnowledgeCheck",
            "Keep a question with what has to be found by it",
        )
        .needs(Update, KIND)
        .refuses(&[404])
        .body::<KnowledgeCheckDraft>(|fixtures| {
            json!({
                "base_id": fixtures.id(KIND.about().path),
                "query": format!("What is a crown? {}", fixtures.name()),
                "expected": "A crown is $900.",
                "within": 3,
            })
        })
        .limits(|_| {
            let draft = KnowledgeCheckDraft {
                base_id: switchboard::Id::from_uuid(uuid::Uuid::nil()),
                query: "Example".into(),
                expected: String::new(),
                within: 1,
            };
            Check::limits(&draft)
        })
        .answers::<KnowledgeCheck>(201, "Kept")
        .by(add_check),
        delete("/knowledge-checks/{id}", "deleteKnowledgeCheck", "Delete a check")
            .needs(Update, KIND)
            .answers_nothing("Deleted")
            .by(remove_check),
    ]
}

async fn upload(
    context: RequestContext,
    Path(id): Path<String>,
    Params(file): Params<FileName>,
    request: Request,
) -> Result<Answer<KnowledgeSource>, Failure> {
    let id = crud::id(&id)?;
    // What is not there is told before twenty megabytes are read.
    get_to_change::<KnowledgeBase>(&context.core, &context.caller, id).await?;
    let (parts, body) = request.into_parts();
    let content_type = parts.headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|kind| kind.to_str().ok()).unwrap_or(FILES[0]);
    let content_type = content_type.split(';').next().unwrap_or_default().trim();
    if !FILES.contains(&content_type) {
        return Err(Failure::plain(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Send the file itself, as application/octet-stream or as what it is.".to_owned(),
        ));
    }
    let bytes = content(&parts.headers, body)
        .await
        .ok_or_else(|| Failure::plain(StatusCode::PAYLOAD_TOO_LARGE, "too_large", TOO_LARGE.to_owned()))?;
    Ok(Answer(
        flow::upload(&context.core, &context.caller, id, &file.name, bytes).await?,
    ))
}

async fn search(
    context: RequestContext,
    Path(id): Path<String>,
    Params(question): Params<SearchQuestion>,
) -> Result<Answer<SearchAnswer>, Failure> {
    Ok(Answer(
        flow::search(&context.core, &context.caller, crud::id(&id)?, &question).await?,
    ))
}

async fn agents(context: RequestContext, Path(id): Path<String>) -> Result<Answer<Vec<KnowledgeAgent>>, Failure> {
    Ok(Answer(
        flow::agents(&context.core, &context.caller, crud::id(&id)?).await?,
    ))
}

async fn run_checks(context: RequestContext, Path(id): Path<String>) -> Result<Answer<Vec<CheckResult>>, Failure> {
    Ok(Answer(
        flow::run_checks(&context.core, &context.caller, crud::id(&id)?).await?,
    ))
}

async fn sources(
    context: RequestContext,
    Params(filter): Params<SourceFilter>,
) -> Result<Answer<Vec<KnowledgeSource>>, Failure> {
    Ok(Answer(flow::sources(&context.core, &context.caller, &filter).await?))
}

async fn add(context: RequestContext, Json(draft): Json<SourceDraft>) -> Result<Created<KnowledgeSource>, Failure> {
    let source = flow::add(&context.core, &context.caller, draft).await?;
    Ok(Created::new(SOURCES, source.id, source))
}

async fn source(context: RequestContext, Path(id): Path<String>) -> Result<Answer<KnowledgeSource>, Failure> {
    Ok(Answer(
        flow::source(&context.core, &context.caller, crud::id(&id)?).await?,
    ))
}

async fn enable(context: RequestContext, Path(id): Path<String>) -> Result<Answer<KnowledgeSource>, Failure> {
    turn(&context, &id, true).await
}

async fn disable(context: RequestContext, Path(id): Path<String>) -> Result<Answer<KnowledgeSource>, Failure> {
    turn(&context, &id, false).await
}

async fn turn(context: &RequestContext, id: &str, enabled: bool) -> Result<Answer<KnowledgeSource>, Failure> {
    let change = SourceChange { enabled };
    Ok(Answer(
        flow::change(&context.core, &context.caller, crud::id(id)?, change).await?,
    ))
}

async fn passages(
    context: RequestContext,
    Path(id): Path<String>,
    Params(window): Params<PassageWindow>,
) -> Result<Answer<Vec<Passage>>, Failure> {
    Ok(Answer(
        flow::passages(&context.core, &context.caller, crud::id(&id)?, &window).await?,
    ))
}

async fn read_again(context: RequestContext, Path(id): Path<String>) -> Result<Answer<KnowledgeSource>, Failure> {
    Ok(Answer(
        flow::read_again(&context.core, &context.caller, crud::id(&id)?).await?,
    ))
}

async fn remove(context: RequestContext, Path(id): Path<String>) -> Result<StatusCode, Failure> {
    flow::remove(&context.core, &context.caller, crud::id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn checks(
    context: RequestContext,
    Params(filter): Params<CheckFilter>,
) -> Result<Answer<Vec<KnowledgeCheck>>, Failure> {
    Ok(Answer(flow::checks(&context.core, &context.caller, &filter).await?))
}

async fn add_check(
    context: RequestContext,
    Json(draft): Json<KnowledgeCheckDraft>,
) -> Result<Created<KnowledgeCheck>, Failure> {
    let check = flow::add_check(&context.core, &context.caller, draft).await?;
    Ok(Created::new(CHECKS, check.id, check))
}

async fn remove_check(context: RequestContext, Path(id): Path<String>) -> Result<StatusCode, Failure> {
    flow::remove_check(&context.core, &context.caller, crud::id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
