//! The backend API's door: who may enter, in which version, how often; and the small endpoints behind it.

use std::time::Instant;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::http;
use super::super::state::lock;
use super::errors::{Answer, Problem};
use super::{App, Clerk, id, keys};

const VERSIONS: [&str; 5] = ["2021-02-05", "2024-10-01", "2025-04-10", "2025-11-10", "2026-05-12"];
/// Seconds in which requests are counted.
const WINDOW: f64 = 10.0;

/// Since 2026-05-12 users and organizations no longer take metadata in their PATCH.
#[derive(Clone, Copy)]
pub struct SeparateMetadata(pub bool);

pub async fn authenticate(State(app): App, mut request: Request, next: Next) -> Response {
    match admit(&app, &request) {
        Ok(separate) => {
            request.extensions_mut().insert(separate);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn admit(app: &Clerk, request: &Request) -> Answer<SeparateMetadata> {
    let headers = request.headers();
    let Some(header) = http::text(headers, "authorization") else {
        return Err(Problem::new(401, "authentication_invalid", "Invalid authentication"));
    };
    let Some(key) = header.strip_prefix("Bearer ") else {
        let text = "Invalid Authorization header format. Must be \"Bearer <YOUR_API_KEY>\"";
        return Err(Problem::new(401, "authorization_header_format_invalid", text));
    };
    let tail = key.strip_prefix("sk_test_").or_else(|| key.strip_prefix("sk_live_"));
    if !tail.is_some_and(|tail| tail.len() >= 10 && tail.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        return Err(Problem::new(
            401,
            "clerk_key_invalid",
            "The provided Clerk Secret Key is invalid.",
        ));
    }

    let query = http::pairs(request.uri().query().unwrap_or_default());
    let (in_header, in_query) = (
        http::text(headers, "clerk-api-version"),
        http::first(&query, "__clerk_api_version"),
    );
    let version = match (in_header, in_query) {
        (Some(_), Some(_)) => {
            let text = "The API version may be given in the header or in the query, not in both.";
            return Err(Problem::new(400, "api_version_invalid", text));
        }
        (version, None) | (None, version) => version.unwrap_or(VERSIONS[0]),
    };
    if !VERSIONS.contains(&version) {
        return Err(Problem::new(
            400,
            "api_version_invalid",
            format!("{version} is not a known API version."),
        ));
    }

    let path = request.uri().path();
    let is_change = matches!(*request.method(), Method::PATCH | Method::PUT);
    if path != "/v1/jwks" {
        app.count(key, if key.starts_with("sk_live_") { 1000 } else { 100 })?;
    }
    if is_change {
        app.count(path.trim_end_matches("/metadata"), 10)?;
    }
    Ok(SeparateMetadata(version >= "2026-05-12"))
}

impl Clerk {
    /// Counts a request against what it is limited by.
    fn count(&self, what: &str, most: usize) -> Answer<()> {
        if self.world.read(|world| world.unlimited) {
            return Ok(());
        }
        let window = self.pace.real(WINDOW);
        let now = Instant::now();
        let mut recent = lock(&self.recent);
        let times = recent.entry(what.to_owned()).or_default();
        while times.front().is_some_and(|time| now.duration_since(*time) >= window) {
            times.pop_front();
        }
        if let Some(oldest) = times.front().filter(|_| times.len() >= most) {
            let wait = window.saturating_sub(now.duration_since(*oldest));
            return Err(Problem::too_many(wait.as_secs() + 1));
        }
        times.push_back(now);
        Ok(())
    }
}

pub async fn jwks(State(app): App) -> Json<Value> {
    Json(app.world.read(|world| keys::jwks(&world.keys)))
}

pub async fn instance(State(app): App) -> Json<Value> {
    let instance = app.world.read(|world| world.instance.clone());
    Json(json!({
        "object": "instance", "id": instance, "environment_type": "development", "allowed_origins": null,
        "workspace_id": null,
    }))
}

pub async fn organization_settings() -> Json<Value> {
    Json(json!({
        "object": "organization_settings", "enabled": true, "max_allowed_memberships": 0, "max_allowed_roles": 10,
        "max_allowed_domains": 10, "max_allowed_permissions": 50, "creator_role": "org:admin",
        "admin_delete_enabled": true, "domains_enabled": false, "slug_disabled": false,
        "domains_enrollment_modes": [], "domains_default_role": "org:member", "initial_role_set_key": null,
    }))
}

pub async fn testing_token() -> Json<Value> {
    let expires_at = chrono::Utc::now().timestamp() + 3600;
    Json(json!({ "object": "testing_token", "token": id("tt_"), "expires_at": expires_at }))
}

pub async fn svix_url(State(app): App) -> Json<Value> {
    Json(json!({ "svix_url": format!("{}/_sandbox", app.url) }))
}

pub struct Slice {
    limit: usize,
    offset: usize,
}

/// `limit` 1 to 500, 10 where absent, and `offset`.
pub fn slice(query: &[(String, String)]) -> Answer<Slice> {
    let number = |name: &str, usual: usize| match http::first(query, name) {
        None => Ok(usual),
        Some(text) => text.parse::<usize>().map_err(|_| Problem::invalid(name)),
    };
    let (limit, offset) = (number("limit", 10)?, number("offset", 0)?);
    if (1..=500).contains(&limit) {
        Ok(Slice { limit, offset })
    } else {
        Err(Problem::invalid("limit"))
    }
}

impl Slice {
    pub fn of(&self, values: Vec<Value>) -> Vec<Value> {
        values.into_iter().skip(self.offset).take(self.limit).collect()
    }

    /// The envelope of the organization family.
    pub fn page(&self, values: Vec<Value>) -> Value {
        let total = values.len();
        json!({ "data": self.of(values), "total_count": total })
    }
}

/// Orders by a field named `+created_at` or `-name`; newest first where nothing is said.
pub fn order(values: &mut [Value], query: &[(String, String)], fields: &[&str]) -> Answer<()> {
    let asked = http::first(query, "order_by").unwrap_or("-created_at");
    // A plus sign that was not escaped arrives as a space.
    let field = asked.trim_start_matches(['+', '-', ' ']);
    if !fields.contains(&field) {
        return Err(Problem::invalid("order_by"));
    }
    values.sort_by(|a, b| match (&a[field], &b[field]) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (a, b) => a.as_i64().cmp(&b.as_i64()),
    });
    if asked.starts_with('-') {
        values.reverse();
    }
    Ok(())
}

pub fn answer(value: Value) -> Answer {
    Ok(Json(value).into_response())
}

pub fn query(uri: &axum::http::Uri) -> Vec<(String, String)> {
    http::pairs(uri.query().unwrap_or_default())
}
