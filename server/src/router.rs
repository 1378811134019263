//! The whole service as one function, so that tests drive what is served.

use std::time::Duration;

use app::shell::Files;
use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef, Request},
    http::{HeaderName, StatusCode},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
    routing::{get, post, put},
};
use leptos::config::{LeptosOptions, get_configuration};
use switchboard::{core::Core, db};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    timeout::TimeoutLayer,
};

use crate::{
    assets, deadline, download, guard, headers, knowledge, live, media, metrics, pages, pages::Site, readable, rest,
    webhooks,
};

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest body of a request: a long prompt, with room.
pub(crate) const BODY: usize = 1024 * 1024;

/// Where the browser's files are: as cargo-leptos says, else as `scripts/build` leaves them.
pub fn site() -> anyhow::Result<Files> {
    if std::env::var_os("LEPTOS_OUTPUT_NAME").is_some() {
        return Ok(Files::read(get_configuration(None)?.leptos_options)?);
    }
    let mut options = LeptosOptions::builder()
        .output_name("switchboard")
        .site_root(std::env::var("SWITCHBOARD_SITE").unwrap_or_else(|_| "target/site".into()))
        .build();
    options.hash_files = std::env::current_exe()?
        .with_file_name(options.hash_file.as_ref())
        .exists();
    Ok(Files::read(options)?)
}

/// What says how a process is, whether it serves or only works.
pub fn health<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Core: FromRef<S>,
{
    Router::new()
        .route("/healthz", get(metrics::healthy))
        .route("/readyz", get(metrics::ready))
        .route("/metrics", get(metrics::figures))
}

pub fn router(core: Core, files: Files) -> Router {
    let site = Site {
        core: core.clone(),
        files,
    };

    // By session cookie: behind the same-origin guard, with the visitor known before anything is drawn.
    let browser = Router::new()
        .route("/events", get(live::events))
        .route("/app/voices/{id}/preview", get(media::preview))
        .route("/app/voices/{id}/sample", get(media::sample).put(media::give_sample))
        .route("/app/calls/{id}/recording", get(media::recording))
        .route("/app/knowledge/{id}/files", put(knowledge::upload))
        .route("/app/reports/{id}/{file}", get(download::file))
        .merge(
            pages::routes(&site)
                .layer(CompressionLayer::new().compress_when(SizeAbove::new(1024).and(NotForContentType::IMAGES)))
                .layer(from_fn(guard::server_fn_status))
                .layer(from_fn(readable::form))
                .layer(from_fn(guard::require_sign_in)),
        )
        .layer(from_fn_with_state(core.clone(), guard::recognize))
        .layer(from_fn_with_state(core.clone(), guard::same_origin))
        .layer(from_fn_with_state(site.files.options.clone(), assets::serve));

    // By bearer token or by a provider's signature: no cookie counts here.
    let programs = Router::new()
        .nest(
            "/api/v1",
            rest::routes(core.clone()).layer(
                CompressionLayer::new().compress_when(SizeAbove::new(1024).and(NotForContentType::new("audio/"))),
            ),
        )
        .route("/recordings/{token}", get(media::linked_recording))
        .route("/webhooks/ultravox", post(webhooks::ultravox))
        .route("/webhooks/clerk", post(webhooks::clerk))
        .route("/runtime/knowledge", post(knowledge::look_up))
        .route("/.well-known/jwks.json", get(rest::jwks))
        .route("/api/docs", get(rest::docs::page))
        .route("/docs/isolation.md", get(rest::docs::isolation))
        .merge(health());

    let service = programs
        .merge(browser)
        .layer(from_fn(readable::address))
        .layer(from_fn_with_state((core.clone(), site.files.clone()), deadline::keep))
        .layer(from_fn_with_state(core, headers::secure))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            Duration::from_secs(60),
        ))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(metrics::measure))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid));
    let service = if cfg!(debug_assertions) {
        service.layer(from_fn(watched))
    } else {
        service
    };
    service.with_state(site)
}

/// In development every request is held to asking no provider while it has a transaction open.
async fn watched(request: Request, next: Next) -> Response {
    db::watched(next.run(request)).await
}
