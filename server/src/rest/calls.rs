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
    calls::{
        Call, CallChange, CallConfiguration, CallDraft, CallFilter, CallRow, CallView, CallViewDraft, Conversation,
        DeleteCalls, Message, NewNote, Note, TagCalls, flow, inspect, notes,
        recording::{self, RecordingLink},
        removal, tags, view_flow,
    },
    check::{Check, Limit},
    idempotency,
    listing::Listing,
    resource::{
        Action::{Create, Delete, Read, Update},
        Kind,
    },
    sample::Fixtures,
};
use utoipa::ToSchema;

use super::{
    context::RequestContext,
    created::Created,
    crud::{ListQuery, csv_export, id},
    endpoint::{Endpoint, delete, get, patch, post},
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
        get(
            "/calls/{id}/configuration",
            "getCallConfiguration",
            "Read the settings that a call ran with",
        )
        .needs(Read, Kind::Agent)
        .answers::<CallConfiguration>(200, "Those of its version, or of the draft as it was then")
        .by(configuration),
        get(
            "/calls/{id}/provider",
            "getCallAtProvider",
            "Read what Ultravox answers of a call",
        )
        .needs(Read, Kind::Call)
        .refuses(PROVIDER)
        .answers::<Value>(200, "As it is answered, without secrets")
        .by(provider),
        get("/calls/{id}/transcript", "getTranscript", "Read only what was said")
            .needs(Read, Kind::Call)
            .answers_all::<Message>("In order")
            .by(transcript),
        get("/calls/{id}/recording", "getRecording", "Hear a call")
            .needs(Read, Kind::Call)
            .refuses(PROVIDER)
            .answers_file("audio/wav", "The recording")
            .answers_parts("audio/wav")
            .by(hear),
        get(
            "/calls/{id}/recording/link",
            "linkRecording",
            "Get an address at which a recording is heard without a key",
        )
        .needs(Read, Kind::Call)
        .answers::<RecordingLink>(200, "It is good for a quarter of an hour")
        .by(link),
        patch(
            "/calls/{id}",
            "changeCall",
            "Change the tags and the metadata of a call",
        )
        .needs(Update, Kind::Call)
        .body::<CallChange>(|_| json!({"tags": ["callback"], "metadata": {"ticket": "T-1041"}}))
        .limits(|_| {
            let patch = CallChange {
                tags: Some(vec![String::new()]),
                metadata: Some([("a".to_owned(), String::new())].into()),
            };
            Check::limits(&patch)
        })
        .answers::<Call>(200, "The call")
        .by(change),
        delete(
            "/calls/{id}",
            "deleteCall",
            "Delete a call that is over, here and at the provider",
        )
        .needs(Delete, Kind::Call)
        .answers_nothing("Deleted")
        .by(remove),
        post("/calls/tag", "tagCalls", "Tag calls, or take tags away")
            .needs(Update, Kind::Call)
            .body::<TagCalls>(tags_sample)
            .limits(|fixtures| {
                let draft: TagCalls = serde_json::from_value(tags_sample(fixtures)).expect("the sample is a draft");
                Check::limits(&draft)
            })
            .answers_nothing("Tagged, all of them")
            .by(tag),
        post("/calls/delete", "deleteCalls", "Delete calls that are over")
            .needs(Delete, Kind::Call)
            .body::<DeleteCalls>(|fixtures| json!({"ids": [fixtures.id(Kind::Call.about().path)]}))
            .answers_nothing("Deleted, all of them")
            .by(remove_all),
        get("/calls/{id}/notes", "listCallNotes", "List the notes beside a call")
            .needs(Read, Kind::Call)
            .answers_all::<Note>("From the first to the last")
            .by(list_notes),
        post("/calls/{id}/notes", "addCallNote", "Write a note beside a call")
            .needs(Update, Kind::Call)
            .body::<NewNote>(|_| json!({"text": "Wants to be called back on Friday."}))
            .limits(|_| Check::limits(&NewNote { text: String::new() }))
            .answers::<Note>(201, "The note")
            .by(add_note),
        delete(
            "/calls/{id}/notes/{note_id}",
            "deleteCallNote",
            "Delete a note beside a call",
        )
        .needs(Update, Kind::Call)
        .answers_nothing("Deleted")
        .by(delete_note),
        get(
            "/calls/views",
            "listCallViews",
            "List saved filters: one's own and those that are shared",
        )
        .needs(Read, Kind::Call)
        .answers_all::<CallView>("By name")
        .by(list_views),
        post("/calls/views", "saveCallView", "Save a filter under a name")
            .needs(Update, Kind::Call)
            .body::<CallViewDraft>(view_sample)
            .limits(view_limits)
            .answers::<CallView>(201, "The view")
            .by(save_view),
        patch("/calls/views/{id}", "changeCallView", "Change a view")
            .needs(Update, Kind::Call)
            .body::<CallViewDraft>(view_sample)
            .limits(view_limits)
            .answers::<CallView>(200, "The view")
            .by(change_view),
        delete("/calls/views/{id}", "deleteCallView", "Delete a view")
            .needs(Update, Kind::Call)
            .answers_nothing("Deleted")
            .by(delete_view),
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

fn tags_sample(fixtures: &Fixtures) -> Value {
    json!({"ids": [fixtures.id(Kind::Call.about().path)], "add": ["callback"], "remove": ["new"]})
}

fn view_sample(fixtures: &Fixtures) -> Value {
    json!({"name": fixtures.name(), "filter": {"status": "failed", "placed": "last_7_days"}, "shared": true})
}

fn view_limits(fixtures: &Fixtures) -> Vec<(String, Limit)> {
    let draft: CallViewDraft = serde_json::from_value(view_sample(fixtures)).expect("the sample is a draft");
    Check::limits(&draft)
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

async fn hear(context: RequestContext, Path(text): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    let heard = recording::hear(&context.core, &context.caller, id(&text)?).await?;
    Ok(media::play_recording(&context.core, heard, &headers).await)
}

async fn link(context: RequestContext, Path(text): Path<String>) -> Result<Answer<RecordingLink>, Failure> {
    Ok(Answer(
        recording::link(&context.core, &context.caller, id(&text)?).await?,
    ))
}

async fn say(context: RequestContext, Path(text): Path<String>, Json(say): Json<Say>) -> Result<StatusCode, Failure> {
    flow::say(&context.core, &context.caller, id(&text)?, &say.text).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn stop(context: RequestContext, Path(text): Path<String>) -> Result<Answer<Call>, Failure> {
    Ok(Answer(flow::stop(&context.core, &context.caller, id(&text)?).await?))
}

async fn change(
    context: RequestContext,
    Path(text): Path<String>,
    Json(patch): Json<CallChange>,
) -> Result<Answer<Call>, Failure> {
    Ok(Answer(
        tags::change(&context.core, &context.caller, id(&text)?, patch).await?,
    ))
}

async fn remove(context: RequestContext, Path(text): Path<String>) -> Result<StatusCode, Failure> {
    removal::delete(&context.core, &context.caller, id(&text)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn tag(context: RequestContext, Json(what): Json<TagCalls>) -> Result<StatusCode, Failure> {
    tags::tag(&context.core, &context.caller, what).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove_all(context: RequestContext, Json(what): Json<DeleteCalls>) -> Result<StatusCode, Failure> {
    removal::delete_all(&context.core, &context.caller, what).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list_notes(context: RequestContext, Path(text): Path<String>) -> Result<Answer<Vec<Note>>, Failure> {
    Ok(Answer(notes::list(&context.core, &context.caller, id(&text)?).await?))
}

async fn add_note(
    context: RequestContext,
    Path(text): Path<String>,
    Json(note): Json<NewNote>,
) -> Result<Created<Note>, Failure> {
    let call = id(&text)?;
    let note = notes::write(&context.core, &context.caller, call, note).await?;
    Ok(Created::new(&format!("/calls/{call}/notes"), note.id, note))
}

async fn delete_note(
    context: RequestContext,
    Path((text, note)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    let note = id::<Note>(&note)?.uuid();
    notes::delete(&context.core, &context.caller, id(&text)?, note).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list_views(context: RequestContext) -> Result<Answer<Vec<CallView>>, Failure> {
    Ok(Answer(view_flow::list(&context.core, &context.caller).await?))
}

async fn save_view(context: RequestContext, Json(draft): Json<CallViewDraft>) -> Result<Created<CallView>, Failure> {
    let view = view_flow::save(&context.core, &context.caller, draft).await?;
    Ok(Created::new("/calls/views", view.id, view))
}

async fn change_view(
    context: RequestContext,
    Path(text): Path<String>,
    Json(draft): Json<CallViewDraft>,
) -> Result<Answer<CallView>, Failure> {
    Ok(Answer(
        view_flow::change(&context.core, &context.caller, id(&text)?, draft).await?,
    ))
}

async fn delete_view(context: RequestContext, Path(text): Path<String>) -> Result<StatusCode, Failure> {
    view_flow::delete(&context.core, &context.caller, id(&text)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn configuration(
    context: RequestContext,
    Path(text): Path<String>,
) -> Result<Answer<CallConfiguration>, Failure> {
    Ok(Answer(
        inspect::configuration(&context.core, &context.caller, id(&text)?).await?,
    ))
}

async fn provider(context: RequestContext, Path(text): Path<String>) -> Result<Answer<Value>, Failure> {
    Ok(Answer(
        inspect::provider_record(&context.core, &context.caller, id(&text)?).await?,
    ))
}
