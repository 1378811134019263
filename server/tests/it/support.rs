//! A world to test in: one database, one simulated provider, the real router, and people in organizations.

use std::sync::Arc;

use app::AppError;
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
    response::Response,
};
use http_body_util::BodyExt;
use sandbox::Shared;
use serde_json::{Value, json};
use server::{router, start};
use switchboard::{
    Error,
    agents::Agent,
    auth::{self, Caller, admin},
    core::Core,
    crud,
    db::{Logins, testing::TestDb},
    org::{OrgId, Role, UserId},
    secret::Master,
};
use tower::ServiceExt;

pub use crate::common::{draft, serial};
use crate::{common::config, questions::form};

pub const PASSWORD: &str = "correct-horse-battery";

/// Where browsers reach the service, unless a test says otherwise.
const PLACE: &str = "http://127.0.0.1:3000";

pub struct World {
    pub core: Core,
    pub db: Arc<TestDb>,
    /// The simulated provider, unless it is not there; it stops with the last world that asks it.
    sandbox: Option<Arc<Shared>>,
    secret: Master,
    router: Router,
}

/// A person in an organization, with a key that may do everything the person may.
pub struct Org {
    pub name: String,
    pub id: OrgId,
    pub user: UserId,
    pub email: String,
    pub key: String,
}

/// Somebody else in the organization, and a token to act with.
pub struct Member {
    pub id: UserId,
    pub email: String,
    pub token: String,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Answer {
    /// # Panics
    /// When the body is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{} {error}: {}", self.status, self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The word of an error, whichever way it was asked for; empty for an answer without one.
    pub fn error(&self) -> String {
        if let Some(error) = self.failure() {
            return error.code().to_owned();
        }
        let body: Value = serde_json::from_slice(&self.bytes).unwrap_or_default();
        let word = body["type"].as_str().filter(|_| !self.status.is_success());
        word.unwrap_or_default().to_owned()
    }

    /// The error of a server function, as the page reads it.
    pub fn failure(&self) -> Option<Error> {
        let failure = serde_json::from_slice::<AppError>(&self.bytes).ok();
        failure.filter(|_| !self.status.is_success()).map(|failure| failure.0)
    }

    pub fn fields(&self) -> Vec<String> {
        let body = self.json();
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .filter_map(|error| error["field"].as_str().map(str::to_owned))
            .collect()
    }
}

impl World {
    pub async fn new() -> Self {
        Self::under(PLACE).await
    }

    /// Where browsers reach it.
    pub async fn under(url: &str) -> Self {
        Self::made(url, &[]).await
    }

    /// As an operator has set it up, beside what all worlds have.
    pub async fn set(settings: &[(&'static str, &str)]) -> Self {
        Self::made(PLACE, settings).await
    }

    /// Where nothing listens that is asked for the provider: port 9 discards.
    pub async fn without_provider() -> Self {
        Self::with_provider_at("http://127.0.0.1:9").await
    }

    pub async fn with_provider_at(url: &str) -> Self {
        Self::set(&provider_at(url)).await
    }

    pub async fn made(place: &str, settings: &[(&'static str, &str)]) -> Self {
        let (db, secret) = (Arc::new(TestDb::create().await), Master::fresh());
        let (core, sandbox) = core(secret.clone(), &db.logins, place, settings).await;
        Self::of(core, db, sandbox.map(Arc::new), secret)
    }

    pub fn secret(&self) -> &Master {
        &self.secret
    }

    /// How many agents the simulated provider has.
    pub async fn agents_at_the_provider(&self) -> u64 {
        let request = switchboard::providers::client().get(format!("{}/api/agents", self.provider_url()));
        let request = request.header("x-api-key", "abcdefgh.0123456789abcdef0123456789abcdef");
        let list: Value = request.send().await.unwrap().json().await.unwrap();
        list["total"].as_u64().unwrap()
    }

    /// Another process of the same installation, which reaches the database by these logins.
    pub async fn beside(&self, logins: &Logins) -> Self {
        let provider = provider_at(self.provider_url());
        let (core, _) = core(self.secret.clone(), logins, PLACE, &provider).await;
        Self::of(core, self.db.clone(), self.sandbox.clone(), self.secret.clone())
    }

    fn of(core: Core, db: Arc<TestDb>, sandbox: Option<Arc<Shared>>, secret: Master) -> Self {
        let router = router::router(core.clone(), router::site().unwrap());
        Self {
            core,
            db,
            sandbox,
            secret,
            router,
        }
    }

    /// What is served, as axum has it.
    pub fn router(&self) -> &Router {
        &self.router
    }

    fn provider_url(&self) -> &str {
        self.sandbox.as_ref().expect("there is a provider").ultravox_url()
    }

    /// What is asked of the provider goes wrong like this, until it recovers.
    pub async fn provider_fails(&self, fault: &Value) {
        let mut fault = fault.clone();
        fault["path"] = json!("/api/");
        fault["count"] = Value::Null;
        self.faults(self.provider_url(), Method::POST, Some(&fault)).await;
    }

    pub async fn provider_recovers(&self) {
        self.faults(self.provider_url(), Method::DELETE, None).await;
    }

    /// The next question to the language model goes wrong like this.
    pub async fn model_fails(&self, fault: &Value) {
        let model = self.sandbox.as_ref().expect("there is a model").llm_url();
        self.faults(model, Method::POST, Some(fault)).await;
    }

    async fn faults(&self, at: &str, method: Method, fault: Option<&Value>) {
        let url = format!("{at}/_sandbox/faults");
        let mut request = switchboard::providers::client().request(method, url);
        if let Some(fault) = fault {
            request = request.json(fault);
        }
        let status = request.send().await.unwrap().status();
        assert!(status.is_success(), "{status}");
    }

    pub async fn org(&self, name: &str) -> Org {
        let email = format!("{}-{}@example.com", name.to_lowercase().replace(' ', "-"), serial());
        let made = admin::bootstrap(&self.core, &email, &PASSWORD.into(), name)
            .await
            .unwrap();
        Org {
            name: name.to_owned(),
            id: made.org_id,
            user: made.user_id,
            email,
            key: made.api_key,
        }
    }

    pub async fn member(&self, org: &Org, role: Role) -> Member {
        let email = format!("{}-{}@example.com", role.word(), serial());
        let id = admin::create_user(&self.core, &email, &PASSWORD.into(), role.label())
            .await
            .unwrap();
        admin::add_member(&self.core, &org.id, &email, role).await.unwrap();
        let token = admin::token(&self.core, &email, Some(org.id.clone())).await.unwrap();
        Member { id, email, token }
    }

    /// Signs in as a browser does and enters the organization; answers the cookie.
    pub async fn session(&self, email: &str, org: &OrgId) -> String {
        let signed_in = self
            .function(
                "account/sign_in",
                None,
                &json!({"draft": {"email": email, "password": PASSWORD}}),
            )
            .await;
        let entered = self
            .function("orgs/switch_org", Some(&cookie_of(&signed_in)), &json!({"place": org}))
            .await;
        cookie_of(&entered)
    }

    /// Asks a server function whose arguments are a form.
    pub async fn function(&self, path: &str, cookie: Option<&str>, arguments: &Value) -> Answer {
        let mut request = Request::post(format!("/fn/app/{path}"))
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        self.send(request.body(Body::from(form(arguments))).unwrap()).await
    }

    pub async fn caller(&self, org: &Org) -> Caller {
        auth::bearer(&self.core, &org.key).await.unwrap()
    }

    pub async fn agent(&self, org: &Org, name: &str) -> Agent {
        crud::create::<Agent>(&self.core, &self.caller(org).await, draft(name))
            .await
            .unwrap()
    }

    pub async fn respond(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.respond(request).await;
        let (status, headers) = (response.status(), response.headers().clone());
        Answer {
            status,
            headers,
            bytes: response.into_body().collect().await.unwrap().to_bytes(),
        }
    }

    /// A REST request with this bearer, or none.
    pub async fn rest(&self, method: Method, path: &str, bearer: Option<&str>, body: Option<&Value>) -> Answer {
        let mut request = Request::builder().method(method.clone()).uri(format!("/api/v1{path}"));
        if let Some(bearer) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        if method == Method::POST {
            request = request.header("idempotency-key", format!("test-{}", serial()));
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    pub async fn get(&self, path: &str, bearer: &str) -> Answer {
        self.rest(Method::GET, path, Some(bearer), None).await
    }

    pub async fn post(&self, path: &str, bearer: &str, body: &Value) -> Answer {
        self.rest(Method::POST, path, Some(bearer), Some(body)).await
    }
}

/// What makes a core ask the provider at this address. Any key of the real shape is good.
fn provider_at(url: &str) -> [(&'static str, &str); 2] {
    let key = "abcdefgh.0123456789abcdef0123456789abcdef";
    [("ULTRAVOX_URL", url), ("ULTRAVOX_API_KEY", key)]
}

/// A core with these settings; without a provider's address it asks a simulated one of its own.
async fn core(
    secret: Master,
    logins: &Logins,
    place: &str,
    settings: &[(&'static str, &str)],
) -> (Core, Option<Shared>) {
    let usual = [
        ("SWITCHBOARD_REQUESTS_PER_SECOND", "100000"),
        ("ULTRAVOX_FROM", "+15550100999"),
        ("ULTRAVOX_SIP_HOST", "sip.example.com"),
    ];
    let settings: Vec<_> = settings
        .iter()
        .chain(&usual)
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    start::assemble(config(&settings), place.parse().unwrap(), secret, logins)
        .await
        .unwrap()
}

/// The session an answer hands to the browser.
pub fn cookie_of(answer: &Answer) -> String {
    let line = answer.headers.get(header::SET_COOKIE);
    let line = line.unwrap_or_else(|| panic!("no session: {} {}", answer.status, answer.text()));
    line.to_str().unwrap().split(';').next().unwrap().to_owned()
}

pub fn draft_json(name: &str) -> Value {
    json!(draft(name))
}
