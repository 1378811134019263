//! Files for knowledge bases, on their way from a browser or a program.

use axum::{
    Extension, Json,
    body::{Body, Bytes, to_bytes},
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use switchboard::{
    Error, Result,
    auth::session::Visit,
    core::Core,
    crud::get_to_change,
    knowledge::{
        KnowledgeBase, LARGEST_FILE, flow,
        runtime::{self, HEADER},
    },
};
use utoipa::IntoParams;

use crate::{
    media::{caller, read},
    rest::problem,
};

pub const TOO_LARGE: &str = "The file is larger than 20 MB. Split it into smaller ones.";

/// What a file is called.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct FileName {
    /// Its name with its ending, which says what it is. A file of this name that is there is replaced.
    pub name: String,
}

/// `PUT /app/knowledge/{id}/files?name=`, by session: the file itself, as the browser has it.
pub async fn upload(
    State(core): State<Core>,
    visit: Option<Extension<Visit>>,
    Path(id): Path<String>,
    Query(file): Query<FileName>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let given = async {
        let (caller, id) = (caller(visit)?, read(&id)?);
        // Who may not, and what is not there, is told before twenty megabytes are read.
        get_to_change::<KnowledgeBase>(&core, &caller, id).await?;
        let bytes = content(&headers, body).await;
        let bytes = bytes.ok_or_else(|| Error::invalid("file", TOO_LARGE))?;
        flow::upload(&core, &caller, id, &file.name, bytes).await
    };
    let answer: Result<_> = given.await;
    match answer {
        Ok(source) => Json(source).into_response(),
        // As server functions answer, to the same reader.
        Err(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, Json(error)).into_response()
        }
    }
}

/// What a model asks for in the middle of a call. Nothing of it says whose knowledge is meant.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Question {
    query: String,
    call_id: String,
}

/// `POST /runtime/knowledge`, by the signature that an agent's copy at the provider carries: answers in words for its model.
pub async fn look_up(State(core): State<Core>, headers: HeaderMap, body: Bytes) -> Response {
    let token = headers
        .get(HEADER)
        .and_then(|token| token.to_str().ok())
        .unwrap_or_default();
    let question: Question = serde_json::from_slice(&body).unwrap_or_default();
    match runtime::answer(&core, token, &question.call_id, &question.query).await {
        Ok(told) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], told).into_response(),
        Err(error) => problem::respond(&error),
    }
}

/// A file on its way, of which no more is read than anybody may send, and nothing where its sender says that it is larger.
pub async fn content(headers: &HeaderMap, body: Body) -> Option<Bytes> {
    let said = headers.get(header::CONTENT_LENGTH);
    let said = said.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|length| length > LARGEST_FILE) {
        return None;
    }
    to_bytes(body, LARGEST_FILE).await.ok()
}
