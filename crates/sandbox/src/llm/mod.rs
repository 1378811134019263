//! The simulated language model: OpenAI's chat completions, as any server that is compatible with them answers.

mod analysis;
mod errors;
mod rehearsal;
mod request;
mod schema;
mod writing;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use self::errors::{Answer, Problem};
use self::request::{Completion, Format};
use super::fault::{self, Desk, LARGEST_BODY};
use super::pace::Pace;
use super::{admin, http};

/// The models that are listed; a request may name any other one too.
const MODELS: [&str; 2] = ["sandbox-small", "sandbox-large"];
/// Letters of an English text that are one token on average.
const LETTERS_PER_TOKEN: usize = 4;

const NOTES: &str = "<h2>What it writes</h2><p>The same request always has the same answer. It restructures what stands between \
    &lt;prompt&gt; and &lt;/prompt&gt; where it is told to improve something, writes a greeting where it is asked for one, and fills in \
    a JSON schema with what the conversation says: about the transcript of a call by the words of each question. In a rehearsed call it says the caller's lines that begin with a hyphen, \
    and as the agent what its instructions have to do with them. A key begins with <code>sk-</code>.</p>";

pub struct Setup {
    pub pace: Pace,
    pub stop: CancellationToken,
}

pub struct Llm {
    desk: Arc<Desk>,
    answered: AtomicU64,
}

type App = State<Arc<Llm>>;

impl Llm {
    pub fn new(setup: Setup) -> Arc<Self> {
        Arc::new(Self {
            desk: Arc::new(Desk::new("Language model", setup.pace, setup.stop, errors::refuse)),
            answered: AtomicU64::new(1),
        })
    }
}

/// Serves the paths below the root and below `/v1`, where OpenAI has them.
pub fn router(app: Arc<Llm>) -> Router {
    let desk = Arc::clone(&app.desk);
    let api = Router::new()
        .route("/chat/completions", post(complete))
        .route("/models", get(models))
        .route("/models/{model}", get(model));
    let api = Router::new()
        .nest("/v1", api.clone())
        .merge(api)
        .fallback(|| async { Problem::not_simulated() })
        .method_not_allowed_fallback(|| async { Problem::not_simulated() })
        .layer(middleware::from_fn(authenticate));
    Router::new()
        .merge(api)
        .with_state(app)
        .merge(admin::router(Arc::clone(&desk), NOTES.to_owned()))
        .layer(middleware::from_fn_with_state(desk, fault::guard))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

/// Any key of the documented shape is good.
async fn authenticate(request: Request, next: Next) -> Response {
    let key = http::text(request.headers(), "authorization").and_then(|value| value.strip_prefix("Bearer "));
    match key.map(str::trim) {
        None | Some("") => Problem::no_key().into_response(),
        Some(key) if key.starts_with("sk-") && key.len() >= 8 => next.run(request).await,
        Some(_) => Problem::wrong_key().into_response(),
    }
}

async fn complete(State(app): App, body: Bytes) -> Answer<Json<Value>> {
    let asked = Completion::read(&body)?;
    let whole = match &asked.format {
        Format::Text => writing::answer(&asked.system, &asked.user),
        Format::Json => json!({ "answer": writing::answer(&asked.system, &asked.user) }).to_string(),
        Format::Schema(schema) => match rehearsal::turn(schema, &asked.system, &asked.user) {
            Some(turn) => turn.to_string(),
            None => match analysis::transcript(&asked.user) {
                Some(transcript) => analysis::filled(schema, transcript).to_string(),
                None => schema::filled(schema, &asked.user).to_string(),
            },
        },
    };
    let most = asked.max_tokens.saturating_mul(LETTERS_PER_TOKEN);
    let content: String = whole.chars().take(most).collect();
    let finish = if content.len() < whole.len() { "length" } else { "stop" };
    let (prompt, written) = (tokens(&asked.system) + tokens(&asked.user), tokens(&content));
    let number = app.answered.fetch_add(1, Ordering::Relaxed);
    Ok(Json(json!({
        "id": format!("chatcmpl-sandbox{number:08}"),
        "object": "chat.completion",
        "created": chrono::Utc::now().timestamp(),
        "model": asked.model,
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": content, "refusal": null },
            "logprobs": null,
            "finish_reason": finish,
        }],
        "usage": { "prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written },
    })))
}

fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(LETTERS_PER_TOKEN)
}

async fn models() -> Json<Value> {
    let data: Vec<Value> = MODELS.iter().map(|id| described(id)).collect();
    Json(json!({ "object": "list", "data": data }))
}

async fn model(Path(id): Path<String>) -> Answer<Json<Value>> {
    if MODELS.contains(&id.as_str()) {
        return Ok(Json(described(&id)));
    }
    let says = format!("The model '{id}' does not exist");
    Err(Problem::new(StatusCode::NOT_FOUND, "invalid_request_error", says)
        .param("model")
        .code("model_not_found"))
}

fn described(id: &str) -> Value {
    json!({ "id": id, "object": "model", "created": 1_764_547_200, "owned_by": "sandbox" })
}
