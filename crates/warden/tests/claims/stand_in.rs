//! Clerk and Supabase on loopback, as far as claims ask them, with their documented shapes and with faults on demand.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    io,
    sync::{Arc, LazyLock, Mutex, MutexGuard},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::{get, patch},
};
use futures_util::stream;
use serde_json::{Map, Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::spec;

pub const KEY: &str = "sk_test_aSecretThatNobodyMaySee";

/// What a request gets instead of its answer.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    Status(u16),
    /// 429 with `Retry-After`, in seconds.
    Busy(u64),
    /// Nothing is done and nothing is said.
    Hang,
    /// It is done, and the connection ends before the answer has arrived.
    Lose,
    Garble,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    Read,
    Write,
}

#[derive(Default)]
struct Inner {
    users: BTreeMap<String, Value>,
    /// Every request that arrived, with the people it is about.
    asked: Vec<(Op, Vec<String>)>,
    /// For a person's next requests, and for all.
    faults: HashMap<(Op, String), VecDeque<Fault>>,
    always: HashMap<Op, Fault>,
    replaces: bool,
}

pub struct StandIn {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
    server: JoinHandle<()>,
}

type Shared = State<Arc<Mutex<Inner>>>;

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl StandIn {
    pub async fn clerk() -> Self {
        // Reading the spec takes a moment, and no request shall wait for it.
        LazyLock::force(&spec::LIST);
        LazyLock::force(&spec::MERGE);
        let router = Router::new()
            .route("/v1/users", get(clerk_list))
            .route("/v1/users/{id}/metadata", patch(clerk_merge));
        Self::start(router).await
    }

    pub async fn supabase() -> Self {
        let router = Router::new().route("/auth/v1/admin/users/{id}", get(supabase_get).put(supabase_put));
        Self::start(router).await
    }

    async fn start(router: Router<Arc<Mutex<Inner>>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::<Mutex<Inner>>::default();
        let router = router.with_state(inner.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, inner, server }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// A person of Clerk's, with what stands in their public metadata.
    pub fn clerk_user(&self, id: &str, public: Value) {
        self.lock().users.insert(id.to_owned(), clerk_user(id, public));
    }

    pub fn supabase_user(&self, id: &str, app: Value) {
        let user = json!({
            "id": id, "aud": "authenticated", "role": "authenticated", "email": "a@example.com",
            "app_metadata": app, "user_metadata": { "org_id": "of their own choice" }, "identities": [],
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"
        });
        self.lock().users.insert(id.to_owned(), user);
    }

    /// As a server that replaces `app_metadata` instead of merging into it.
    pub fn replacing(&self) {
        self.lock().replaces = true;
    }

    pub fn user(&self, id: &str) -> Value {
        self.lock().users.get(id).cloned().unwrap_or_default()
    }

    /// The organization that stands in somebody's metadata.
    pub fn org(&self, id: &str) -> Value {
        let user = self.user(id);
        let of = |path: &str| user.pointer(path).cloned();
        of("/public_metadata/app_metadata/org_id")
            .or_else(|| of("/app_metadata/org_id"))
            .unwrap_or_default()
    }

    pub fn fail(&self, op: Op, id: &str, faults: impl IntoIterator<Item = Fault>) {
        self.lock()
            .faults
            .insert((op, id.to_owned()), faults.into_iter().collect());
    }

    pub fn always(&self, op: Op, fault: Option<Fault>) {
        match fault {
            Some(fault) => self.lock().always.insert(op, fault),
            None => self.lock().always.remove(&op),
        };
    }

    /// Everything that was asked since the last time, in order.
    pub fn asked(&self) -> Vec<(Op, Vec<String>)> {
        std::mem::take(&mut self.lock().asked)
    }

    /// Whom writes were about since the last time.
    pub fn writes(&self) -> Vec<String> {
        let of = |(op, ids): (Op, Vec<String>)| (op == Op::Write).then_some(ids);
        self.asked().into_iter().filter_map(of).flatten().collect()
    }
}

/// A refusal in the provider's own words. It repeats the key, as a careless one might.
fn refusal(status: u16, code: &str) -> Response {
    let said = format!("{code}: the key {KEY} was no good");
    let body = json!({
        "errors": [{ "message": said, "long_message": said, "code": code }], "clerk_trace_id": KEY,
        "code": status, "error_code": code, "msg": said
    });
    answer(status, &body)
}

fn answer(status: u16, body: &Value) -> Response {
    let json = [("content-type", "application/json")];
    (StatusCode::from_u16(status).unwrap(), json, body.to_string()).into_response()
}

/// Notes a request; an answer if it gets none of its own. A write is done first where only its answer is lost.
async fn noted(
    state: &Arc<Mutex<Inner>>,
    op: Op,
    ids: &[String],
    act: impl FnOnce(&mut Inner) -> Response,
) -> Response {
    let fault = {
        let mut inner = state.lock().unwrap();
        inner.asked.push((op, ids.to_vec()));
        let own = ids
            .iter()
            .find_map(|id| inner.faults.get_mut(&(op, id.clone())).and_then(VecDeque::pop_front));
        own.or(inner.always.get(&op).copied())
    };
    let act = || act(&mut state.lock().unwrap());
    match fault {
        None => act(),
        Some(Fault::Status(status)) => refusal(status, "internal_clerk_error"),
        Some(Fault::Busy(seconds)) => {
            let mut busy = refusal(429, "too_many_requests");
            busy.headers_mut().insert("retry-after", seconds.into());
            busy
        }
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Lose) => {
            act();
            Body::from_stream(stream::iter([Err::<Bytes, _>(io::Error::other("lost"))])).into_response()
        }
        Some(Fault::Garble) => "<html>".into_response(),
    }
}

fn key_is_good(headers: &HeaderMap, name: &str, prefix: &str) -> bool {
    headers
        .get(name)
        .is_some_and(|value| value == format!("{prefix}{KEY}").as_str())
}

async fn clerk_list(State(state): Shared, headers: HeaderMap, uri: Uri) -> Response {
    let query: Vec<(String, String)> = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    let ids: Vec<String> = query
        .iter()
        .filter(|(name, _)| name == "user_id")
        .map(|(_, id)| id.clone())
        .collect();
    assert!(ids.len() <= 100, "Clerk takes up to 100 ids");
    if let Some(spec) = &*spec::LIST {
        spec.request(&query, &Value::Null);
    }
    noted(&state, Op::Read, &ids, |inner| {
        if !key_is_good(&headers, "authorization", "Bearer ") {
            return refusal(401, "clerk_key_invalid");
        }
        assert_eq!(headers["clerk-api-version"], "2026-05-12");
        let number = |name: &str| {
            query
                .iter()
                .find(|(is, _)| is == name)
                .map(|(_, value)| value.parse().unwrap())
        };
        let (limit, offset) = (number("limit").unwrap_or(10), number("offset").unwrap_or(0));
        let users = inner
            .users
            .values()
            .filter(|user| ids.iter().any(|id| user["id"] == **id));
        // Newest first, which is not the order of the question.
        let users: Vec<_> = users.rev().skip(offset).take(limit).cloned().collect();
        let users = Value::Array(users);
        if let Some(spec) = &*spec::LIST {
            spec.answer(&users);
        }
        answer(200, &users)
    })
    .await
}

async fn clerk_merge(State(state): Shared, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    if let Some(spec) = &*spec::MERGE {
        spec.request(&[], &body);
    }
    let only: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(
        only,
        ["public_metadata"],
        "what people may write themselves is not ours"
    );
    noted(&state, Op::Write, std::slice::from_ref(&id), |inner| {
        if !key_is_good(&headers, "authorization", "Bearer ") {
            return refusal(401, "clerk_key_invalid");
        }
        let Some(user) = inner.users.get_mut(&id) else {
            return refusal(404, "resource_not_found");
        };
        merge(&mut user["public_metadata"], &body["public_metadata"]);
        if let Some(spec) = &*spec::MERGE {
            spec.answer(user);
        }
        answer(200, user)
    })
    .await
}

/// At every level; null takes a key away.
fn merge(into: &mut Value, changes: &Value) {
    let Value::Object(changes) = changes else {
        *into = changes.clone();
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    for (key, value) in changes {
        if value.is_null() {
            into.as_object_mut().unwrap().remove(key);
        } else {
            merge(&mut into[key.as_str()], value);
        }
    }
}

fn supabase_door(headers: &HeaderMap, id: &str) -> Option<Response> {
    if !key_is_good(headers, "apikey", "") || !key_is_good(headers, "authorization", "Bearer ") {
        return Some(refusal(401, "no_authorization"));
    }
    let uuid = id.len() == 36 && id.split('-').count() == 5;
    (!uuid).then(|| refusal(404, "validation_failed"))
}

async fn supabase_get(State(state): Shared, Path(id): Path<String>, headers: HeaderMap) -> Response {
    noted(&state, Op::Read, std::slice::from_ref(&id), |inner| {
        supabase_door(&headers, &id).unwrap_or_else(|| match inner.users.get(&id) {
            Some(user) => answer(200, user),
            None => refusal(404, "user_not_found"),
        })
    })
    .await
}

async fn supabase_put(State(state): Shared, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let body: Map<String, Value> = serde_json::from_slice(&body).unwrap();
    let only: Vec<_> = body.keys().collect();
    assert_eq!(only, ["app_metadata"], "what people may write themselves is not ours");
    noted(&state, Op::Write, std::slice::from_ref(&id), |inner| {
        if let Some(refused) = supabase_door(&headers, &id) {
            return refused;
        }
        let replaces = inner.replaces;
        let Some(user) = inner.users.get_mut(&id) else {
            return refusal(404, "user_not_found");
        };
        if replaces {
            user["app_metadata"] = json!({});
        }
        // Key by key, not deeper; null takes a key away.
        for (key, value) in body["app_metadata"].as_object().unwrap() {
            let metadata = user["app_metadata"].as_object_mut().unwrap();
            match value {
                Value::Null => metadata.remove(key),
                value => metadata.insert(key.clone(), value.clone()),
            };
        }
        answer(200, user)
    })
    .await
}

fn clerk_user(id: &str, public: Value) -> Value {
    json!({
        "id": id, "object": "user", "username": null, "first_name": "Ann", "last_name": null, "locale": null,
        "image_url": "https://img.example.com/a", "has_image": false, "primary_email_address_id": null,
        "primary_phone_number_id": null, "primary_web3_wallet_id": null, "password_enabled": true,
        "two_factor_enabled": false, "totp_enabled": false, "backup_code_enabled": false, "email_addresses": [],
        "phone_numbers": [], "web3_wallets": [], "passkeys": [], "external_accounts": [], "saml_accounts": [],
        "enterprise_accounts": [], "public_metadata": public, "private_metadata": { "note": "ours alone" },
        "unsafe_metadata": { "app_metadata": { "org_id": "of their own choice" } }, "external_id": null,
        "last_sign_in_at": null, "banned": false, "locked": false, "lockout_expires_in_seconds": null,
        "verification_attempts_remaining": 100, "created_at": 1_700_000_000_000_i64, "updated_at": 1_700_000_000_000_i64,
        "delete_self_enabled": true, "create_organization_enabled": true, "last_active_at": null, "mfa_enabled_at": null,
        "mfa_disabled_at": null, "legal_accepted_at": null
    })
}
