//! Somebody's server, which a tool asks: it remembers what it was asked, and repeats it in every answer.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::any,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub struct ToolServer {
    url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    asked: Mutex<Vec<Value>>,
    failing: AtomicBool,
}

impl ToolServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let router = Router::new()
            .route("/visits", any(visits))
            .route(
                "/elsewhere",
                any(async || (StatusCode::FOUND, [("location", "/visits")])),
            )
            .route("/slow", any(std::future::pending::<StatusCode>))
            .route("/endless", any(async || Body::from(vec![b'x'; 1 << 20])))
            .route("/broken", any(broken))
            .with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub fn fail(&self, failing: bool) {
        self.shared.failing.store(failing, Ordering::Relaxed);
    }

    pub fn asked(&self) -> Vec<Value> {
        self.shared.asked.lock().unwrap().clone()
    }
}

async fn visits(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let headers: serde_json::Map<_, _> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap())))
        .collect();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let asked = json!({ "url": uri.to_string(), "headers": headers, "body": body });
    shared.asked.lock().unwrap().push(asked.clone());
    let status = if shared.failing.load(Ordering::Relaxed) {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::OK
    };
    let repeated = headers.get("authorization").and_then(Value::as_str).unwrap_or_default();
    (status, [("x-repeated", repeated.to_owned())], Json(asked)).into_response()
}

/// Promises more than it sends.
async fn broken() -> Response {
    let begun = futures_util::stream::once(async { Ok(Bytes::from_static(b"half")) });
    let gone = futures_util::stream::once(async { Err(std::io::Error::other("gone")) });
    Body::from_stream(futures_util::StreamExt::chain(begun, gone)).into_response()
}
