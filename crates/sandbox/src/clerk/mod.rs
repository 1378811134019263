//! The simulated Clerk: users, organizations, sessions and their tokens, for the backend and for the browser.

mod assets;
mod backend;
mod browser;
mod control;
mod cors;
mod environment;
mod errors;
mod events;
mod handshake;
mod invitations;
mod keys;
mod me;
mod members;
mod objects;
mod organizations;
mod roles;
mod sessions;
mod signing_in;
mod teams;
mod tokens;
mod users;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, patch, post};
use axum::{Router, middleware};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use self::errors::{Answer, Problem};
use self::keys::Key;
use super::deliver::Courier;
use super::fault::{self, Desk, LARGEST_BODY};
use super::pace::Pace;
use super::state::{Persisted, Snapshot};
use super::{Target, admin};

pub struct Setup<'a> {
    /// Where browsers find it, and what its tokens name.
    pub url: String,
    /// The folder of Clerk's own script, if browsers get that one.
    pub script: Option<PathBuf>,
    pub snapshot: &'a Arc<Snapshot>,
    pub pace: Pace,
    pub webhook: Option<Target>,
    pub stop: CancellationToken,
}

/// Everything the instance owns.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct World {
    instance: String,
    /// The first one signs; all are published.
    keys: Vec<Key>,
    users: BTreeMap<String, Value>,
    /// Digests, by user.
    passwords: BTreeMap<String, String>,
    organizations: BTreeMap<String, Value>,
    memberships: BTreeMap<String, Value>,
    invitations: BTreeMap<String, Value>,
    sessions: BTreeMap<String, Value>,
    /// Browsers, each with its secret token and its sessions.
    clients: BTreeMap<String, Value>,
    sign_ins: BTreeMap<String, Value>,
    tickets: BTreeMap<String, Value>,
    /// 2 where absent.
    token_version: Option<u64>,
    /// How long a session token lives, where it is not a minute, and how far this provider's clock is ahead.
    token_seconds: Option<i64>,
    ahead_s: i64,
    /// Whether the documented rates are not enforced.
    unlimited: bool,
}

impl World {
    fn members_in<'a>(&'a self, organization: &'a str) -> impl Iterator<Item = &'a Value> {
        self.memberships
            .values()
            .filter(move |member| member["organization_id"] == organization)
    }

    fn memberships_of<'a>(&'a self, user: &'a str) -> impl Iterator<Item = &'a Value> {
        self.memberships
            .values()
            .filter(move |member| member["user_id"] == user)
    }

    fn membership(&self, organization: &str, user: &str) -> Option<&Value> {
        let is_it = |member: &&Value| member["organization_id"] == organization && member["user_id"] == user;
        self.memberships.values().find(is_it)
    }

    fn user_by_identifier(&self, identifier: &str) -> Option<&Value> {
        let has_number = |user: &&Value| user["phone_numbers"][0]["phone_number"] == identifier;
        self.user_by_email(identifier)
            .or_else(|| self.users.values().find(has_number))
    }

    fn user_by_email(&self, address: &str) -> Option<&Value> {
        self.users
            .values()
            .find(|user| objects::email(user).eq_ignore_ascii_case(address))
    }
}

pub struct Clerk {
    url: String,
    script: Option<PathBuf>,
    world: Persisted<World>,
    desk: Arc<Desk>,
    courier: Arc<Courier>,
    pace: Pace,
    /// The receiver that was set up in the dashboard.
    target: Mutex<Option<Target>>,
    /// When recent requests came, by what is limited.
    recent: Mutex<HashMap<String, VecDeque<Instant>>>,
    first_key: OnceCell<()>,
}

type App = State<Arc<Clerk>>;

impl Clerk {
    pub fn new(setup: Setup<'_>) -> Arc<Self> {
        let desk = Arc::new(Desk::new("Clerk", setup.pace, setup.stop, errors::refuse));
        Arc::new(Self {
            url: setup.url,
            script: setup.script,
            world: Persisted::open(setup.snapshot, "clerk"),
            courier: Courier::new(Arc::clone(&desk), events::RETRIES, |_, _, _| {}),
            desk,
            pace: setup.pace,
            target: Mutex::new(setup.webhook),
            recent: Mutex::default(),
            first_key: OnceCell::new(),
        })
    }

    /// Makes the instance's first key when somebody first asks: who never does need not wait for it.
    async fn has_a_key(&self) -> Answer<()> {
        let make = async || {
            if !self.world.read(|world| world.keys.is_empty()) {
                return Ok(());
            }
            let key = keys::make().await?;
            self.world.write(|world| {
                world.instance = id("ins_");
                world.keys.push(key);
            });
            Ok(())
        };
        self.first_key.get_or_try_init(make).await.copied()
    }
}

async fn with_a_key(State(app): App, request: Request, next: Next) -> Response {
    match app.has_a_key().await {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// A prefix and what looks like a KSUID.
pub fn id(prefix: &str) -> String {
    let mut random = rand::rng();
    let tail: String = (0..25)
        .map(|_| char::from(random.sample(rand::distr::Alphanumeric)))
        .collect();
    format!("{prefix}2z{tail}")
}

pub fn millis() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

pub fn router(app: Arc<Clerk>) -> Router {
    let desk = Arc::clone(&app.desk);
    let apis = Apis {
        browsers: closed(browser::router()).with_state(Arc::clone(&app)),
        backends: closed(
            backend_router().layer(middleware::from_fn_with_state(Arc::clone(&app), backend::authenticate)),
        )
        .with_state(Arc::clone(&app)),
    };
    control::router()
        .fallback(move |request| apis.answer(request))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), with_a_key))
        .with_state(app)
        .merge(admin::router(Arc::clone(&desk), control::NOTES.to_owned()))
        .layer(middleware::from_fn_with_state(desk, fault::guard))
        // Outside of everything: a page may read refusals too.
        .layer(middleware::from_fn(cors::allow))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

/// Clerk has a host for each of its two APIs, and some paths are of both. Here they share a host.
#[derive(Clone)]
struct Apis {
    browsers: Router,
    backends: Router,
}

impl Apis {
    async fn answer(self, request: Request) -> Response {
        let answer = if cors::is_browser(&request) {
            self.browsers.oneshot(cors::with_its_method(request)).await
        } else {
            self.backends.oneshot(request).await
        };
        answer.unwrap_or_else(|never| match never {})
    }
}

/// Refuses in Clerk's own form what is not simulated.
fn closed(router: Router<Arc<Clerk>>) -> Router<Arc<Clerk>> {
    router
        .fallback(Problem::not_simulated)
        .method_not_allowed_fallback(Problem::not_simulated)
}

fn backend_router() -> Router<Arc<Clerk>> {
    Router::new()
        .route("/v1/jwks", get(backend::jwks))
        .route("/v1/instance", get(backend::instance))
        .route(
            "/v1/instance/organization_settings",
            get(backend::organization_settings),
        )
        .route("/v1/testing_tokens", post(backend::testing_token))
        .route("/v1/webhooks/svix_url", post(backend::svix_url))
        .route("/v1/organization_roles", get(roles::list))
        .route("/v1/organization_permissions", get(roles::list_permissions))
        .route("/v1/users", get(users::list).post(users::create))
        .route("/v1/users/count", get(users::count))
        .route(
            "/v1/users/{id}",
            get(users::show).patch(users::update).delete(users::delete),
        )
        .route(
            "/v1/users/{id}/metadata",
            patch(users::merge_metadata).put(users::replace_metadata),
        )
        .route("/v1/users/{id}/organization_memberships", get(members::of_user))
        .route("/v1/users/{id}/{change}", post(users::change_standing))
        .route(
            "/v1/organizations/{id}",
            get(organizations::show)
                .patch(organizations::update)
                .delete(organizations::delete),
        )
        .route(
            "/v1/organizations/{id}/metadata",
            patch(organizations::merge_metadata).put(organizations::replace_metadata),
        )
        .route(
            "/v1/organizations/{id}/memberships",
            get(members::list).post(members::create),
        )
        .route(
            "/v1/organizations/{id}/memberships/{user}",
            patch(members::update).merge(delete(members::delete)),
        )
        .route(
            "/v1/organizations/{id}/memberships/{user}/metadata",
            patch(members::merge_metadata),
        )
        .route(
            "/v1/organizations/{id}/invitations",
            get(invitations::list).post(invitations::create),
        )
        .route(
            "/v1/organizations/{id}/invitations/bulk",
            post(invitations::create_many),
        )
        .route(
            "/v1/organizations/{id}/invitations/{invitation}",
            get(invitations::show),
        )
        .route(
            "/v1/organizations/{id}/invitations/{invitation}/revoke",
            post(invitations::revoke),
        )
        .route(
            "/v1/organizations",
            get(organizations::list).post(organizations::create),
        )
        .route("/v1/organization_memberships", get(members::all))
        .route("/v1/sessions", get(sessions::list).post(sessions::create))
        .route("/v1/sessions/{id}", get(sessions::show))
        .route("/v1/sessions/{id}/revoke", post(sessions::revoke))
        .route("/v1/sessions/{id}/tokens", post(sessions::token))
        .route("/v1/sessions/{id}/tokens/{template}", post(sessions::token_of_template))
        .route("/v1/sign_in_tokens", post(signing_in::create_ticket))
        .route("/v1/sign_in_tokens/{id}/revoke", post(signing_in::revoke_ticket))
}
