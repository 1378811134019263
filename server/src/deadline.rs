//! The deadline of every request while the database does not answer: within two seconds it is told so, and when to come back.
//! Whatever else takes long, such as a provider, has its own.

use std::time::Duration;

use app::{AppError, shell::Files};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use leptos::server_fn::error::FromServerFnError;
use switchboard::{Error, core::Core};

use crate::rest::problem::{self, Away};

/// Until it is asked whether the database is there; the question itself takes a second at most.
const PATIENCE: Duration = Duration::from_millis(400);
const RETRY_AFTER_S: u64 = 5;

pub async fn keep(State((core, files)): State<(Core, Files)>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = tokio::select! {
        biased;
        response = next.run(request) => response,
        () = silence(&core) => {
            tracing::warn!("the database does not answer");
            return away(&path, &files);
        }
    };
    if response.extensions().get::<Away>().is_some() {
        return away(&path, &files);
    }
    response
}

/// Ends when the database has not answered.
async fn silence(core: &Core) {
    loop {
        tokio::time::sleep(PATIENCE).await;
        if !core.db.ready().await {
            return;
        }
    }
}

/// To programs, to pages that are open, and to people who come.
fn away(path: &str, files: &Files) -> Response {
    let error = Error::Unavailable {
        retry_after_s: RETRY_AFTER_S,
    };
    let mut response = if path.starts_with("/fn/") {
        let mut response = Body::from(AppError(error).ser()).into_response();
        response
            .headers_mut()
            .insert("serverfnerror", HeaderValue::from_static("true"));
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    } else if path.starts_with("/api/") || path.starts_with("/webhooks/") {
        problem::respond(&error)
    } else {
        Html(page(&error, &files.style)).into_response()
    };
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_S.into());
    response
}

/// Drawn without knowing who looks. The browser comes back by itself.
fn page(error: &Error, style: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{RETRY_AFTER_S}"><title>Away for a moment · Switchboard</title>
<link rel="icon" href="/logo.svg"><link rel="stylesheet" href="{style}"></head>
<body><main class="pickorg"><span class="wordmark">Switchboard</span>
<div class="card"><div class="empty"><h1>Away for a moment</h1>
<p>{error} This page does so by itself.</p>
<div class="cluster"><a class="btn primary" href="">Try again now</a></div></div></div>
</main></body></html>"#
    )
}
