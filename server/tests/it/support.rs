//! A world to test in: one database, one simulated provider, the real router, and people in organizations.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use server::{router, sandbox::Sandbox, start};
use switchboard::{
    agents::{Agent, AgentDraft},
    auth::{self, Caller, admin},
    config::Config,
    core::Core,
    db::testing::TestDb,
    mirror,
    org::{OrgId, Role, UserId},
    secret::Master,
};
use tower::ServiceExt;

pub const PASSWORD: &str = "correct-horse-battery";

pub struct World {
    pub core: Core,
    pub db: TestDb,
    pub sandbox: Sandbox,
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
        let data = std::env::temp_dir().join(format!("switchboard-it-{}-{}", std::process::id(), serial()));
        let settings = [
            ("SWITCHBOARD_DATA", data.display().to_string()),
            ("SWITCHBOARD_SANDBOX_SPEED", "200".to_owned()),
            ("SWITCHBOARD_REQUESTS_PER_SECOND", "100000".to_owned()),
            ("DATABASE_MAX_CONNECTIONS", "8".to_owned()),
        ];
        let config = Config::read(&|name| {
            settings
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.clone())
        })
        .unwrap();
        let db = TestDb::create().await;
        let public_url: url::Url = "http://127.0.0.1:3000".parse().unwrap();
        std::fs::create_dir_all(&data).unwrap();
        let (core, sandbox) = start::assemble(config, public_url, Master::fresh(), &db.logins)
            .await
            .unwrap();
        let router = router::router(core.clone(), router::site().unwrap());
        Self {
            core,
            db,
            sandbox: sandbox.expect("no key is configured"),
            router,
        }
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

    /// Somebody else in the organization, and a token to act with.
    pub async fn member(&self, org: &Org, role: Role) -> (UserId, String) {
        let email = format!("{}-{}@example.com", role.word(), serial());
        let user = admin::create_user(&self.core, &email, &PASSWORD.into(), role.label())
            .await
            .unwrap();
        admin::add_member(&self.core, &org.id, &email, role).await.unwrap();
        (
            user,
            admin::token(&self.core, &email, Some(org.id.clone())).await.unwrap(),
        )
    }

    pub async fn caller(&self, org: &Org) -> Caller {
        auth::bearer(&self.core, &org.key).await.unwrap()
    }

    pub async fn agent(&self, org: &Org, name: &str) -> Agent {
        mirror::create::<Agent>(&self.core, &self.caller(org).await, draft(name))
            .await
            .unwrap()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
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

/// A draft that lacks nothing.
pub fn draft(name: &str) -> AgentDraft {
    AgentDraft {
        name: name.to_owned(),
        prompt: "Answer politely.".to_owned(),
        first_message: "Hello, how can I help?".to_owned(),
        voice_id: "Mark".to_owned(),
        voice_name: "Mark".to_owned(),
        ..AgentDraft::default()
    }
}

pub fn draft_json(name: &str) -> Value {
    json!(draft(name))
}

/// A number nothing else in this run has.
pub fn serial() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
