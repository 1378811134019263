//! `/voices`

use axum::{Json as Answer, extract::Path, http::HeaderMap, response::Response};
use switchboard::{
    resource::{Action, Kind},
    voices::{Voice, VoiceFilter, library},
};

use super::{
    context::RequestContext,
    endpoint::{Endpoint, get},
    extract::Params,
    problem::Failure,
    refusals::PROVIDER,
};
use crate::media;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/voices", "listVoices", "List the voices an agent can have")
            .needs(Action::Read, Kind::Voice)
            .params::<VoiceFilter>()
            .refuses(PROVIDER)
            .answers_all::<Voice>("The provider's library")
            .by(list),
        get("/voices/{voice_id}/preview", "getVoicePreview", "Hear a voice")
            .needs(Action::Read, Kind::Voice)
            .refuses(PROVIDER)
            .answers_file("audio/wav", "A short sample")
            .by(preview),
    ]
}

async fn list(context: RequestContext, Params(filter): Params<VoiceFilter>) -> Result<Answer<Vec<Voice>>, Failure> {
    Ok(Answer(library::list(&context.core, &context.caller, &filter).await?))
}

async fn preview(context: RequestContext, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    Ok(media::play(
        library::preview(&context.core, &context.caller, &id).await?,
        &headers,
    ))
}
