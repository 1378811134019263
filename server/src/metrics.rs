//! What operators see: the JSON log and the Prometheus figures.

use std::{sync::OnceLock, time::Instant};

use ::metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use switchboard::{core::Core, db::MIGRATOR};
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
        drop(::metrics::set_global_recorder(recorder));
        describe();
        handle
    })
}

/// What each figure says, where Prometheus shows it.
fn describe() {
    describe_counter!(
        "switchboard_requests_total",
        "Requests answered, by method, route and status."
    );
    describe_histogram!(
        "switchboard_request_seconds",
        "Time to answer a request, by method and route."
    );
    describe_histogram!(
        "switchboard_provider_seconds",
        "Time until a provider answered, by provider, operation and outcome."
    );
    describe_gauge!(
        "switchboard_pool_connections",
        "Connections of the pool that serves requests."
    );
    describe_gauge!("switchboard_pool_idle", "Connections of that pool that nobody uses.");
    describe_counter!(
        "switchboard_pool_timeouts_total",
        "Requests that got no connection in time."
    );
    describe_counter!(
        "switchboard_database_failures_total",
        "What the database did not do, by cause; the log has a line for each."
    );
    describe_counter!(
        "switchboard_jobs_total",
        "Jobs that this process has run, by kind and outcome."
    );
    describe_histogram!("switchboard_job_seconds", "Time that a job took, by kind.");
    describe_gauge!(
        "switchboard_jobs_due",
        "Jobs that are due and not taken, by kind; all processes say the same."
    );
    describe_gauge!(
        "switchboard_jobs_oldest_seconds",
        "For how long the oldest of them has been due, by kind."
    );
    describe_gauge!("switchboard_jobs_parked", "Jobs that were given up, by kind.");
    describe_counter!(
        "switchboard_events_in_total",
        "Events received from providers, by provider and event."
    );
    describe_counter!("switchboard_events_dead_total", "Events that were given up.");
    describe_gauge!(
        "switchboard_build_info",
        "Always 1; says which version runs, and the schema it needs."
    );
    metrics_process::Collector::default().describe();
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
    histogram!("switchboard_request_seconds", "method" => method, "route" => route.clone()).record(took.as_secs_f64());
    counter!("switchboard_requests_total", "method" => method, "route" => route, "status" => status.to_string())
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

/// `GET /metrics`, for Prometheus. Figures of the process and of the queues: nothing of any organization.
pub async fn figures(State(core): State<Core>) -> impl IntoResponse {
    let (size, idle) = core.db.load();
    gauge!("switchboard_pool_connections").set(f64::from(size));
    gauge!("switchboard_pool_idle").set(idle as f64);
    gauge!("switchboard_build_info", "version" => env!("CARGO_PKG_VERSION"), "schema" => schema()).set(1.0);
    metrics_process::Collector::default().collect();
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        recorder().render(),
    )
}

/// The newest migration of this program.
fn schema() -> String {
    let newest = MIGRATOR.iter().map(|migration| migration.version).max();
    newest.unwrap_or_default().to_string()
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
