//! `/calls`

use axum::{
    Extension, Json as Answer,
    extract::Path,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard::{
    Id,
    calls::{Call, CallDraft, CallFilter, CallRow, Conversation, Message, flow},
    check::{Check, Limit},
    idempotency,
    listing::Listing,
    resource::{
        Action::{Create, Read, Update},
        Kind,
    },
    sample::Fixtures,
};
use utoipa::ToSchema;

use super::{
    context::RequestContext,
    created::Created,
    crud::{ListQuery, csv_export, id},
    endpoint::{Endpoint, get, post},
    extract::Json,
    idempotency::Repeat,
    problem::Failure,
    refusals::PROVIDER,
};
use crate::media;

/// What to say in a written conversation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Say {
    text: String,
}

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/calls", "listCalls", "List calls")
            .needs(Read, Kind::Call)
            .params::<CallFilter>()
            .lists::<CallRow>()
            .by(list),
        csv_export::<Call>(),
        post("/calls", "placeCall", "Place a call")
            .needs(Create, Kind::Call)
            .keyed()
            .body::<CallDraft>(sample)
            .limits(|fixtures| {
                let draft: CallDraft = serde_json::from_value(sample(fixtures)).expect("the sample is a draft");
                Check::limits(&draft)
            })
            .refuses(PROVIDER)
            .answers::<Call>(201, "Accepted; watch its status")
            .by(place),
        get("/calls/{id}", "getCall", "Read a call with everything said so far")
            .needs(Read, Kind::Call)
            .answers::<Conversation>(200, "The call")
            .by(read),
        get("/calls/{id}/transcript", "getTranscript", "Read only what was said")
            .needs(Read, Kind::Call)
            .answers_all::<Message>("In order")
            .by(transcript),
        get("/calls/{id}/recording", "getRecording", "Hear a call")
            .needs(Read, Kind::Call)
            .refuses(PROVIDER)
            .answers_file("audio/wav", "The recording")
            .answers_parts("audio/wav")
            .by(recording),
        post(
            "/calls/{id}/messages",
            "sayOnCall",
            "Say something in a written conversation",
        )
        .needs(Update, Kind::Call)
        .body::<Say>(|_| json!({"text": "Hello"}))
        .limits(|_| vec![("text".to_owned(), Limit::Text(1..=flow::LONGEST_MESSAGE))])
        .refuses(PROVIDER)
        .answers_nothing("Passed on")
        .by(say),
        post("/calls/{id}/stop", "stopCall", "End a call")
            .needs(Update, Kind::Call)
            .refuses(PROVIDER)
            .answers::<Call>(200, "Ending or ended")
            .by(stop),
    ]
}

fn sample(fixtures: &Fixtures) -> Value {
    let metadata = json!({"ticket": "T-1041"});
    json!({"agent_id": fixtures.id("/agents"), "to": {"medium": "text"}, "metadata": metadata})
}

async fn list(context: RequestContext, query: ListQuery<CallFilter>) -> Result<Answer<Listing<CallRow>>, Failure> {
    Ok(Answer(
        flow::list(&context.core, &context.caller, &query.filter, &query.page).await?,
    ))
}

async fn place(
    context: RequestContext,
    repeat: Option<Extension<Repeat>>,
    Json(draft): Json<CallDraft>,
) -> Result<Created<Call>, Failure> {
    let RequestContext { core, caller } = context;
    let call = match repeat {
        None => flow::place(&core, &caller, draft).await?,
        Some(Extension(Repeat::First(keyed))) => flow::place_keyed(&core, &caller, draft, &keyed).await?,
        Some(Extension(Repeat::Placed(call))) => flow::placed_before(&core, &caller, Id::from_uuid(call))
            .await?
            .ok_or_else(idempotency::unfinished)?,
    };
    Ok(Created::new(Kind::Call.about().path, call.id, call))
}

async fn read(context: RequestContext, Path(text): Path<String>) -> Result<Answer<Conversation>, Failure> {
    Ok(Answer(
        flow::conversation(&context.core, &context.caller, id(&text)?).await?,
    ))
}

async fn transcript(context: RequestContext, Path(text): Path<String>) -> Result<Answer<Vec<Message>>, Failure> {
    Ok(Answer(
        flow::conversation(&context.core, &context.caller, id(&text)?)
            .await?
            .messages,
    ))
}

async fn recording(context: RequestContext, Path(text): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    Ok(media::play(
        flow::recording(&context.core, &context.caller, id(&text)?).await?,
        &headers,
    ))
}

async fn say(context: RequestContext, Path(text): Path<String>, Json(say): Json<Say>) -> Result<StatusCode, Failure> {
    flow::say(&context.core, &context.caller, id(&text)?, &say.text).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn stop(context: RequestContext, Path(text): Path<String>) -> Result<Answer<Call>, Failure> {
    Ok(Answer(flow::stop(&context.core, &context.caller, id(&text)?).await?))
}
