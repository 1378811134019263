//! The simulated Ultravox: agents, voices, and calls that ring, talk and end.

mod account;
mod agents;
mod begin;
mod calls;
mod clinic;
mod converse;
mod errors;
mod inbound;
mod line;
mod page;
mod phrases;
mod plan;
mod recording;
mod rules;
mod said;
mod socket;
mod talk;
mod tool_rules;
mod tools;
mod values;
mod voices;
mod webhooks;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::calls::Call;
use self::errors::Problem;
use self::said::Said;
use super::deliver::Courier;
use super::fault::{self, Desk, LARGEST_BODY};
use super::pace::Pace;
use super::state::{Persisted, Snapshot, lock};
use super::{Target, admin, http};

/// Ten repeats: after thirty seconds, then each time twice as long.
const RETRIES: &[f64] = &[30.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3840.0, 7680.0, 15360.0];

pub struct Setup<'a> {
    pub url: String,
    pub storage_url: String,
    pub snapshot: &'a Arc<Snapshot>,
    pub pace: Pace,
    pub seed: u64,
    pub webhook: Option<Target>,
    pub stop: CancellationToken,
}

/// Everything the account owns.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct World {
    agents: BTreeMap<String, Value>,
    calls: BTreeMap<String, Call>,
    deleted_calls: BTreeMap<String, Value>,
    voices: BTreeMap<String, Value>,
    tools: BTreeMap<String, Value>,
    webhooks: BTreeMap<String, Value>,
    tts_keys: BTreeMap<String, String>,
    carriers: BTreeMap<String, Value>,
    /// Calls that may be live at once; no cap where absent.
    cap: Option<usize>,
}

pub struct Ultravox {
    url: String,
    storage_url: String,
    world: Persisted<World>,
    desk: Arc<Desk>,
    courier: Arc<Courier>,
    pace: Pace,
    seed: u64,
    /// The receiver that was set up by hand.
    target: Mutex<Option<Target>>,
    /// Ways to speak into calls that are not over.
    lines: Mutex<HashMap<String, mpsc::UnboundedSender<Said>>>,
    /// Reaches tools on this machine, and nothing else.
    client: reqwest::Client,
}

type App = State<Arc<Ultravox>>;

impl Ultravox {
    pub fn new(setup: Setup<'_>) -> Arc<Self> {
        let desk = Arc::new(Desk::new("Ultravox", setup.pace, setup.stop, refuse));
        Arc::new_cyclic(|this: &std::sync::Weak<Self>| {
            let this = this.clone();
            let on_failure = move |webhook: &str, failure: &str, last: bool| {
                if let Some(app) = this.upgrade() {
                    webhooks::failed(&app, webhook, failure, last);
                }
            };
            Self {
                url: setup.url,
                storage_url: setup.storage_url,
                world: Persisted::open(setup.snapshot, "ultravox"),
                courier: Courier::new(Arc::clone(&desk), RETRIES, on_failure),
                desk,
                pace: setup.pace,
                seed: setup.seed,
                target: Mutex::new(setup.webhook),
                lines: Mutex::default(),
                client: tools::client(),
            }
        })
    }

    /// Calls that were live when the process ended have lost their connection.
    pub fn finish_what_was_live(self: &Arc<Self>) {
        let live: Vec<String> = self.world.read(|world| {
            world
                .calls
                .values()
                .filter(|call| !call.is_over())
                .map(|call| call.id().to_owned())
                .collect()
        });
        for id in live {
            line::lost(self, &id);
        }
    }
}

fn refuse(status: StatusCode) -> Value {
    let text = match status {
        StatusCode::TOO_MANY_REQUESTS => "Request was throttled.",
        StatusCode::PAYMENT_REQUIRED => "Your account has run out of credit.",
        StatusCode::UNAUTHORIZED => "Authentication credentials were not provided.",
        StatusCode::FORBIDDEN => "You do not have permission to perform this action.",
        _ => "A server error occurred.",
    };
    json!({ "detail": text })
}

pub fn router(app: Arc<Ultravox>) -> Router {
    let desk = Arc::clone(&app.desk);
    let api = Router::new()
        .route("/api/agents", get(agents::list).post(agents::create))
        .route(
            "/api/agents/{id}",
            get(agents::show).patch(agents::update).delete(agents::delete),
        )
        .route(
            "/api/agents/{id}/calls",
            get(calls::of_agent).post(begin::create_for_agent),
        )
        .route("/api/calls", get(calls::list).post(begin::create))
        .route("/api/calls/{id}", get(calls::show).delete(calls::delete))
        .route("/api/calls/{id}/messages", get(calls::messages))
        .route("/api/calls/{id}/events", get(calls::events))
        .route("/api/calls/{id}/recording", get(recording::redirect))
        .route("/api/calls/{id}/send_data_message", post(calls::send_data_message))
        .route("/api/calls/{id}/tools", get(calls::tools))
        .route("/api/calls/{id}/stages", get(calls::stages))
        .route("/api/calls/{id}/stages/{stage}", get(calls::stage))
        .route("/api/calls/{id}/stages/{stage}/messages", get(calls::stage_messages))
        .route("/api/calls/{id}/stages/{stage}/tools", get(calls::stage_tools))
        .route("/api/deleted_calls", get(calls::deleted))
        .route("/api/deleted_calls/{id}", get(calls::tombstone))
        .route("/api/voices", get(voices::list).post(voices::create))
        .route(
            "/api/voices/{id}",
            get(voices::show)
                .patch(voices::update)
                .put(voices::update)
                .delete(voices::delete),
        )
        .route("/api/voices/{id}/preview", get(voices::preview))
        .route("/api/voice_preview", post(voices::preview_unsaved))
        .route("/api/tools", get(tools::list).post(tools::create))
        .route(
            "/api/tools/{id}",
            get(tools::show).put(tools::replace).delete(tools::delete),
        )
        .route("/api/webhooks", get(webhooks::list).post(webhooks::create))
        .route(
            "/api/webhooks/{id}",
            get(webhooks::show)
                .patch(webhooks::update)
                .put(webhooks::update)
                .delete(webhooks::delete),
        )
        .route("/api/models", get(account::models))
        .route("/api/accounts", get(account::all))
        .route("/api/accounts/me", get(account::me))
        .route(
            "/api/accounts/me/tts_api_keys",
            get(account::tts_keys).patch(account::set_tts_keys),
        )
        .route(
            "/api/telephony_configs/twilio",
            get(account::twilio)
                .post(account::set_twilio)
                .patch(account::set_twilio)
                .delete(account::remove_twilio),
        )
        .fallback(|| async { Problem::not_found() })
        .layer(middleware::from_fn(authenticate));
    let open = Router::new()
        .route("/calls/{id}/{medium}", get(socket::join))
        .route("/_sandbox/reset", post(inbound::reset))
        .route("/_sandbox/limits", post(inbound::limits))
        .route("/_sandbox/webhook", post(inbound::webhook))
        .route("/_sandbox/inbound", post(inbound::ring))
        .route("/_sandbox/clinics/{clinic}/hours", get(clinic::hours));
    open.merge(api)
        .with_state(app)
        .merge(admin::router(Arc::clone(&desk), inbound::notes()))
        .layer(middleware::from_fn_with_state(desk, fault::guard))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

/// The storage that recordings are redirected to: another host, where the API key has no business.
pub fn storage(app: Arc<Ultravox>) -> Router {
    let desk = Arc::clone(&app.desk);
    Router::new()
        .route("/recordings/{file}", get(recording::serve))
        .route("/previews/{file}", get(voices::serve_preview))
        .with_state(app)
        .layer(middleware::from_fn_with_state(desk, fault::guard))
}

/// Any key of the documented shape is good; one that begins with eight zeros may do nothing.
async fn authenticate(request: Request, next: Next) -> Response {
    let Some(key) = http::text(request.headers(), "x-api-key") else {
        let text = "Authentication credentials were not provided.";
        return Problem::detail(StatusCode::UNAUTHORIZED, text).into_response();
    };
    let good = key.split_once('.').is_some_and(|(prefix, secret)| {
        prefix.len() == 8
            && secret.len() == 32
            && prefix
                .bytes()
                .chain(secret.bytes())
                .all(|byte| byte.is_ascii_alphanumeric())
    });
    if !good {
        return Problem::detail(StatusCode::UNAUTHORIZED, "Invalid API key.").into_response();
    }
    if key.starts_with("00000000.") {
        let text = "You do not have permission to perform this action.";
        return Problem::detail(StatusCode::FORBIDDEN, text).into_response();
    }
    next.run(request).await
}

/// The pairs of a request's query.
pub fn query(uri: &axum::http::Uri) -> Vec<(String, String)> {
    http::pairs(uri.query().unwrap_or_default())
}

impl Ultravox {
    fn speak_into(&self, id: &str, said: Said) -> bool {
        lock(&self.lines).get(id).is_some_and(|line| line.send(said).is_ok())
    }
}
