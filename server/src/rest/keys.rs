//! `/api-keys`

use axum::{Json as Answer, extract::Path, http::StatusCode};
use serde_json::json;
use switchboard::{
    check::Check,
    keys::{ApiKey, ApiKeyDraft, NewApiKey, store},
    resource::{
        Action::{Create, Delete, Read},
        Kind,
    },
};

use super::{
    context::RequestContext,
    created::Created,
    crud::id,
    endpoint::{Endpoint, delete, get, post},
    extract::Json,
    problem::Failure,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/api-keys", "listApiKeys", "List API keys")
            .needs(Read, Kind::ApiKey)
            .answers_all::<ApiKey>("Newest first, without their secrets")
            .by(list),
        post("/api-keys", "createApiKey", "Create an API key")
            .needs(Create, Kind::ApiKey)
            .body::<ApiKeyDraft>(|fixtures| json!({"name": fixtures.name(), "scopes": ["agents:read"]}))
            .limits(|_| {
                Check::limits(&ApiKeyDraft {
                    name: "Example".into(),
                    scopes: Vec::new(),
                    expires_in_days: Some(30),
                })
            })
            .answers::<NewApiKey>(201, "The secret is shown this once")
            .by(create),
        delete("/api-keys/{id}", "revokeApiKey", "Revoke an API key")
            .needs(Delete, Kind::ApiKey)
            .answers_nothing("Its next request is refused")
            .by(revoke),
    ]
}

async fn list(context: RequestContext) -> Result<Answer<Vec<ApiKey>>, Failure> {
    Ok(Answer(store::list(&context.core, &context.caller).await?))
}

async fn create(context: RequestContext, Json(draft): Json<ApiKeyDraft>) -> Result<Created<NewApiKey>, Failure> {
    let made = store::create(&context.core, &context.caller, draft).await?;
    Ok(Created::new(Kind::ApiKey.about().path, made.key.id, made))
}

async fn revoke(context: RequestContext, Path(text): Path<String>) -> Result<StatusCode, Failure> {
    store::revoke(&context.core, &context.caller, id(&text)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
