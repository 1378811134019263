//! `/auth`: tokens, and who one is.

use axum::{
    Json as Answer,
    extract::State,
    http::{Extensions, HeaderMap, header},
};
use serde_json::json;
use switchboard::{
    account::{Me, Password, TokenAnswer, TokenRequest},
    auth::{self, session::ClientInfo},
    check::Check,
    core::Core,
    resource::{Action, Kind},
};

use super::{
    context::RequestContext,
    endpoint::{Endpoint, get, post},
    extract::Json,
    problem::Failure,
};
use crate::address;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        post(
            "/auth/token",
            "createToken",
            "Get a token for a person, good for five minutes",
        )
        .body::<TokenRequest>(|fixtures| json!({"email": fixtures.email(), "password": "not-a-password"}))
        .limits(|fixtures| {
            Check::limits(&TokenRequest {
                email: fixtures.email(),
                password: Password::from("not-a-password"),
                org_id: None,
            })
        })
        .refuses(&[401, 429])
        .answers::<TokenAnswer>(200, "A token for one organization")
        .by(token),
        get("/auth/me", "getMe", "Who this token or key is, and where")
            .needs(Action::Read, Kind::Organization)
            .answers::<Me>(200, "The caller, its organization and what it may do there")
            .by(me),
    ]
}

async fn token(
    State(core): State<Core>,
    extensions: Extensions,
    headers: HeaderMap,
    Json(request): Json<TokenRequest>,
) -> Result<Answer<TokenAnswer>, Failure> {
    let agent = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let ip = address::of(&extensions, &headers, core.config.trusted_proxies).map(|ip| ip.to_string());
    let from = ClientInfo { ip, agent };
    Ok(Answer(auth::issue_token(&core, request, &from).await?))
}

async fn me(context: RequestContext) -> Result<Answer<Me>, Failure> {
    Ok(Answer(auth::me(&context.core, &context.caller).await?))
}
