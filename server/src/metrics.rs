//! What operators see: the JSON log and the Prometheus figures.

use std::{sync::OnceLock, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use switchboard::core::Core;
use tracing::Instrument;

use crate::{assets, router::REQUEST_ID};

/// JSON lines on standard error; `RUST_LOG` chooses which, `LOG_FORMAT=text` makes them readable.
pub fn log() {
    use tracing_subscriber::{EnvFilter, fmt};
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,hyper=warn"));
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let set = if std::env::var("LOG_FORMAT").is_ok_and(|format| format == "text") {
        log.compact().try_init()
    } else {
        log.json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init()
    };
    // Only the first caller of a process sets the log up.
    drop(set);
}

/// Figures are kept from now on; what is counted before is lost.
pub fn keep() {
    recorder();
}

fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets(&[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0])
            .expect("there are buckets")
            .build_recorder();
        let handle = recorder.handle();
        drop(metrics::set_global_recorder(recorder));
        handle
    })
}

/// What Prometheus and people with many files open ask for all the time: not worth a line each.
const QUIET: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Counts, times and logs each request by route, never by path: a path holds ids, and a query what people search for.
pub async fn measure(request: Request, next: Next) -> Response {
    recorder();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("other", |path| path.as_str())
        .to_owned();
    let method = method(request.method());
    let quiet = QUIET.contains(&route.as_str()) || assets::is_file(request.uri().path());
    let span = tracing::info_span!("request", method, route, id = id(request.headers()));
    let began = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let (took, status) = (began.elapsed(), response.status().as_u16());
    let ms = (took.as_secs_f64() * 100_000.0).round() / 100.0;
    // The span says whose request it is, here as in every line written on its way.
    span.in_scope(|| {
        if quiet {
            tracing::debug!(status, ms, "answered");
        } else {
            tracing::info!(status, ms, "answered");
        }
    });
    metrics::histogram!("switchboard_request_seconds", "method" => method, "route" => route.clone())
        .record(took.as_secs_f64());
    metrics::counter!("switchboard_requests_total", "method" => method, "route" => route, "status" => status.to_string())
        .increment(1);
    response
}

/// A method may be any word that somebody makes up; figures are kept for each.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The client may choose it, so it may be long.
fn id(headers: &HeaderMap) -> &str {
    let id = headers
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    id.get(..100).unwrap_or(id)
}

/// `GET /metrics`, for Prometheus. Figures of the process only: nothing of any organization.
pub async fn figures(State(core): State<Core>) -> impl IntoResponse {
    let (size, idle) = core.db.load();
    metrics::gauge!("switchboard_pool_connections").set(f64::from(size));
    metrics::gauge!("switchboard_pool_idle").set(idle as f64);
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        recorder().render(),
    )
}

/// `GET /healthz`: the process is alive.
pub async fn healthy() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// `GET /readyz`: the database answers, so requests may come.
pub async fn ready(State(core): State<Core>) -> Response {
    if core.db.ready().await {
        StatusCode::NO_CONTENT.into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response()
    }
}
