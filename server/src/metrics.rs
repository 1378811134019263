//! What operators see: the JSON log and the Prometheus figures.

use std::{sync::OnceLock, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use switchboard::core::Core;

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

/// Counts and times each request by route, never by path: a path holds ids.
pub async fn measure(request: Request, next: Next) -> Response {
    recorder();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("other", |path| path.as_str())
        .to_owned();
    let method = request.method().as_str().to_owned();
    let began = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    metrics::histogram!("switchboard_request_seconds", "method" => method.clone(), "route" => route.clone())
        .record(began.elapsed().as_secs_f64());
    metrics::counter!("switchboard_requests_total", "method" => method, "route" => route, "status" => status)
        .increment(1);
    response
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
pub async fn ready(State(core): State<Core>) -> StatusCode {
    if core.db.ready().await {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}
