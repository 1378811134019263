//! `/voices`: what an agent can sound like, and the samples that an organization's own voices are made of.

use axum::{
    Json as Answer,
    extract::{Path, Request},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use switchboard::{
    crud::get_to_change,
    resource::{Action, Kind},
    voices::{AvailableFilter, AvailableVoice, Voice, VoiceAgent, available, flow},
};

use super::{
    context::RequestContext,
    crud,
    endpoint::{Endpoint, get, post, put},
    extract::Params,
    problem::Failure,
    refusals::PROVIDER,
};
use crate::media;

const SOUND: [&str; 2] = ["audio/wav", "audio/mpeg"];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/voices/available",
            "listAvailableVoices",
            "List the voices an agent can have",
        )
        .needs(Action::Read, Kind::Voice)
        .params::<AvailableFilter>()
        .refuses(PROVIDER)
        .answers_all::<AvailableVoice>("The organization's own that are ready, then the provider's library")
        .by(list),
        get("/voices/{voice_id}/preview", "getVoicePreview", "Hear a voice")
            .needs(Action::Read, Kind::Voice)
            .refuses(PROVIDER)
            .answers_file("audio/wav", "A few words")
            .by(preview),
        get(
            "/voices/{id}/agents",
            "listVoiceAgents",
            "List the agents that speak with a voice",
        )
        .needs(Action::Read, Kind::Voice)
        .answers_all::<VoiceAgent>("The agents, by name")
        .by(agents),
        get("/voices/{id}/sample", "getVoiceSample", "Hear what a voice is made of")
            .needs(Action::Read, Kind::Voice)
            .answers_file("audio/wav", "The sample as it was given")
            .by(sample),
        put(
            "/voices/{id}/sample",
            "giveVoiceSample",
            "Give a voice its sample, and have it cloned",
        )
        .needs(Action::Update, Kind::Voice)
        .takes_file(&SOUND)
        .beyond(
            422,
            "sample",
            "it is no sound, larger than 10 MB, too short, too long, too quiet or overdriven",
        )
        .answers::<Voice>(200, "Being cloned; `state` tells when it is ready")
        .by(give_sample),
        post("/voices/{id}/retry", "retryVoice", "Try once more to clone a voice")
            .needs(Action::Update, Kind::Voice)
            .answers::<Voice>(200, "Being cloned; `state` tells when it is ready")
            .by(retry),
    ]
}

async fn list(
    context: RequestContext,
    Params(filter): Params<AvailableFilter>,
) -> Result<Answer<Vec<AvailableVoice>>, Failure> {
    Ok(Answer(available::list(&context.core, &context.caller, &filter).await?))
}

async fn preview(context: RequestContext, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    Ok(media::play(
        available::preview(&context.core, &context.caller, &id).await?,
        &headers,
    ))
}

async fn agents(context: RequestContext, Path(id): Path<String>) -> Result<Answer<Vec<VoiceAgent>>, Failure> {
    Ok(Answer(
        flow::agents(&context.core, &context.caller, crud::id(&id)?).await?,
    ))
}

async fn sample(context: RequestContext, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    Ok(media::play(
        flow::sample(&context.core, &context.caller, crud::id(&id)?).await?,
        &headers,
    ))
}

async fn give_sample(context: RequestContext, Path(id): Path<String>, request: Request) -> Result<Response, Failure> {
    let id = crud::id(&id)?;
    // What is not there is told before ten megabytes are read.
    get_to_change::<Voice>(&context.core, &context.caller, id).await?;
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !SOUND.contains(&content_type) {
        return Err(Failure::plain(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Send the sound itself, as audio/wav or audio/mpeg.".to_owned(),
        ));
    }
    let sound = media::sound(request.into_body()).await?;
    let voice = flow::give_sample(&context.core, &context.caller, id, sound).await?;
    Ok(crud::with_etag(StatusCode::OK, voice))
}

async fn retry(context: RequestContext, Path(id): Path<String>) -> Result<Response, Failure> {
    let voice = flow::retry(&context.core, &context.caller, crud::id(&id)?).await?;
    Ok(crud::with_etag(StatusCode::OK, voice))
}
