//! A world to call in: one database, one simulated provider that reports here, and nothing that works by itself unless a
//! test lets it.

use std::{future::Future, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use reqwest::Method;
use sandbox::Shared;
use serde_json::{Value, json};
use switchboard::{
    agents::{self, Agent, AgentDraft, Publication, Variable},
    auth::Caller,
    calls::{Call, CallDraft, Destination},
    core::Core,
    crud,
    db::testing::TestDb,
    id::Id,
    jobs::{
        self, Jobs,
        event::{self, ApplyEvent},
        links::{Calls, Links},
        webhook,
    },
    tools::{RepublishAgents, Tool},
};
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
};

use crate::common::draft;

use super::world::{self, KEY};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct World {
    pub core: Core,
    pub caller: Caller,
    pub db: TestDb,
    sandbox: Shared,
    heard: Mutex<mpsc::UnboundedReceiver<String>>,
    http: reqwest::Client,
}

struct Ear {
    core: std::sync::OnceLock<Core>,
    heard: mpsc::UnboundedSender<String>,
}

/// What the service does with an event, and a word to the test that one came.
async fn hear(State(ear): State<Arc<Ear>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let core = ear.core.get().expect("set before anybody knows the address");
    let text = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let (timestamp, signature) = (
        text("x-ultravox-webhook-timestamp"),
        text("x-ultravox-webhook-signature"),
    );
    let genuine = core.ultravox.verify(timestamp, signature, &body, chrono::Utc::now());
    if genuine {
        event::receive_ultravox(core, &body).await.unwrap();
    }
    let event: Value = serde_json::from_slice(&body).unwrap();
    drop(ear.heard.send(event["event"].as_str().unwrap().to_owned()));
    if genuine {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::UNAUTHORIZED
    }
}

impl World {
    pub async fn new() -> Self {
        Self::at_speed(200.0).await
    }

    pub async fn at_speed(speed: f64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, heard) = mpsc::unbounded_channel();
        let ear = Arc::new(Ear {
            core: std::sync::OnceLock::new(),
            heard: sender,
        });
        let router = Router::new()
            .route("/webhooks/ultravox", post(hear))
            .with_state(ear.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });

        let db = TestDb::create().await;
        let (core, sandbox) = world::core(&db, &url, speed).await;
        let caller = world::org(&core, "Ours").await;
        tokio::spawn(core.clone().listen());
        drop(ear.core.set(core.clone()));
        assert!(webhook::ensure(&core).await.unwrap());
        let http = switchboard::providers::client();
        Self {
            core,
            caller,
            db,
            sandbox,
            heard: Mutex::new(heard),
            http,
        }
    }

    pub async fn stop(self) {
        self.sandbox.stop().await;
        self.core.db.close().await;
    }

    pub async fn other_org(&self) -> Caller {
        world::org(&self.core, "Theirs").await
    }

    pub async fn agent(&self, name: &str) -> Agent {
        crud::create(&self.core, &self.caller, draft(name)).await.unwrap()
    }

    /// One that wants to know whom it calls.
    pub async fn agent_with_name(&self, name: &str) -> Agent {
        let draft = AgentDraft {
            first_message: "Hello {{name}}!".into(),
            variables: vec![Variable {
                name: "name".into(),
                required: true,
                ..Variable::default()
            }],
            ..draft(name)
        };
        crud::create(&self.core, &self.caller, draft).await.unwrap()
    }

    /// Saves the draft, and has callers hear it.
    pub async fn publish(&self, agent: &Agent, draft: AgentDraft) -> switchboard::Result<Agent> {
        let saved = crud::update(&self.core, &self.caller, agent.id, draft, agent.revision).await?;
        let publication = Publication::default();
        agents::publish(&self.core, &self.caller, agent.id, publication, Some(saved.revision)).await
    }

    pub async fn reread(&self, agent: &Agent) -> Agent {
        crud::get(&self.core, &self.caller, agent.id).await.unwrap()
    }

    /// Waits for an event of this name.
    pub async fn event(&self, name: &str) {
        let mut heard = self.heard.lock().await;
        let wait = async { while heard.recv().await.expect("the receiver lives as long") != name {} };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .unwrap_or_else(|_| panic!("no {name} came"));
    }

    pub async fn billed(&self, calls: usize) {
        for _ in 0..calls {
            self.event("call.billed").await;
        }
    }

    /// Waits for a condition that each change here, and the clock, may have brought about.
    pub async fn until(&self, condition: impl AsyncFnMut() -> bool) {
        let mut condition = condition;
        let mut changes = self.core.changes.subscribe(self.caller.org());
        let wait = async {
            while !condition().await {
                // Some of what is waited for happens at the provider, which tells nobody.
                let _ = tokio::time::timeout(Duration::from_millis(50), changes.next()).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("it should have happened by now");
    }

    /// Applies the events that have come.
    pub async fn work(&self) {
        jobs::run_due(&self.core, &Jobs::<ApplyEvent>::default()).await.unwrap();
    }

    /// One round of every queue, as if the time had come for all of it.
    pub async fn look_now(&self) {
        self.make_due().await;
        jobs::run_due(&self.core, &Links::<Tool>::default()).await.unwrap();
        jobs::run_due(&self.core, &Jobs::<RepublishAgents>::default())
            .await
            .unwrap();
        jobs::run_due(&self.core, &Links::<Agent>::default()).await.unwrap();
        jobs::run_due(&self.core, &Calls).await.unwrap();
    }

    pub async fn make_due(&self) {
        self.run("update app.provider_links set due_at = now() where due_at < 'infinity'")
            .await;
        self.run("update ops.jobs set run_at = now() where state = 'ready'")
            .await;
    }

    /// Applies everything that ever came once more.
    pub async fn replay(&self) {
        self.run("update ops.inbox set settled_at = null").await;
        self.run("select ops.enqueue(gen_random_uuid(), 'event', '', jsonb_build_object('event', i.id), null, 0) from ops.inbox i")
            .await;
        self.work().await;
    }

    /// Makes a call look as if it had been placed so long ago.
    pub async fn age(&self, call: Id<Call>, seconds: i32) {
        sqlx::query("update app.calls set created_at = created_at - make_interval(secs => $2) where id = $1")
            .bind(call.uuid())
            .bind(f64::from(seconds))
            .execute(&self.db.admin)
            .await
            .unwrap();
    }

    /// Makes a call look as if it had ended so long ago.
    pub async fn age_end(&self, call: Id<Call>, seconds: i32) {
        sqlx::query("update app.calls set ended_at = ended_at - make_interval(secs => $2) where id = $1")
            .bind(call.uuid())
            .bind(f64::from(seconds))
            .execute(&self.db.admin)
            .await
            .unwrap();
    }

    async fn run(&self, statement: &'static str) {
        sqlx::query(statement).execute(&self.db.admin).await.unwrap();
    }

    async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(&self.db.admin).await.unwrap()
    }

    pub async fn intents(&self) -> i64 {
        self.count("select count(*) from app.provider_links where state = 'creating'")
            .await
    }

    pub async fn publishing(&self) -> i64 {
        self.count("select count(*) from app.provider_links where note = 'updating'")
            .await
    }

    pub async fn deleting(&self) -> i64 {
        self.count("select count(*) from app.provider_links where state = 'deleting'")
            .await
    }

    pub async fn agents_here(&self) -> i64 {
        self.count("select count(*) from app.agents").await
    }

    pub async fn events_kept(&self) -> i64 {
        self.count("select count(*) from ops.inbox").await
    }

    pub async fn answered_events(&self) -> i64 {
        self.count("select count(*) from app.call_events where kind = 'answered'")
            .await
    }

    pub async fn balance(&self) -> i64 {
        sqlx::query_scalar("select balance_micros from app.clients where org_id = $1")
            .bind(self.caller.org().as_str())
            .fetch_one(&self.db.admin)
            .await
            .unwrap()
    }

    /// What calls have cost, entry by entry.
    pub async fn ledger(&self) -> Vec<i64> {
        sqlx::query_scalar("select amount_micros from app.credit_transactions where kind = 'call'")
            .fetch_all(&self.db.admin)
            .await
            .unwrap()
    }

    pub async fn dead_reason(&self) -> String {
        sqlx::query_scalar("select error from ops.inbox where settled_at is not null")
            .fetch_one(&self.db.admin)
            .await
            .unwrap()
    }

    /// Asks the provider behind the program's back.
    async fn there(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let url = format!("{}{path}", self.sandbox.ultravox_url());
        let mut request = self.http.request(method, url).header("X-API-Key", KEY);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        let text = response.text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub async fn fault(&self, fault: &Value) {
        self.there(Method::POST, "/_sandbox/faults", Some(fault)).await;
    }

    pub async fn no_faults(&self) {
        self.there(Method::DELETE, "/_sandbox/faults", None).await;
    }

    /// The next such creation happens, and nobody is told.
    pub async fn lose_answer(&self, path: &str) {
        self.fault(&json!({ "kind": "lost_answer", "method": "POST", "path": path }))
            .await;
    }

    async fn all(&self, path: &str) -> Vec<Value> {
        self.there(Method::GET, path, None).await["results"]
            .as_array()
            .unwrap()
            .clone()
    }

    pub async fn calls_there(&self) -> usize {
        self.all("/api/calls").await.len()
    }

    pub async fn agents_there(&self) -> i64 {
        i64::try_from(self.all("/api/agents").await.len()).unwrap()
    }

    pub async fn hooks_there(&self) -> Vec<Value> {
        self.all("/api/webhooks").await
    }

    pub async fn change_hook(&self, change: &Value) {
        let id = self.hooks_there().await[0]["webhookId"].as_str().unwrap().to_owned();
        self.there(Method::PATCH, &format!("/api/webhooks/{id}"), Some(change))
            .await;
    }

    pub async fn agent_there(&self, agent: &Agent) -> Value {
        self.there(Method::GET, &format!("/api/agents/{}", agent.provider_id), None)
            .await
    }

    pub async fn change_agent(&self, agent: &Agent, change: &Value) {
        self.there(
            Method::PATCH,
            &format!("/api/agents/{}", agent.provider_id),
            Some(change),
        )
        .await;
    }

    pub async fn remove_agent(&self, agent: &Agent) {
        self.there(Method::DELETE, &format!("/api/agents/{}", agent.provider_id), None)
            .await;
    }

    /// Writes the sealed secret of one tool into the row of another, as somebody may who can write to the database.
    pub async fn copy_secret(&self, from: &Tool, to: &Tool) {
        sqlx::query(
            "update app.tools t set secret_sealed = f.secret_sealed, secret_header = f.secret_header, secret_set_at = f.secret_set_at
             from app.tools f where f.id = $1 and t.id = $2",
        )
        .bind(from.id.uuid())
        .bind(to.id.uuid())
        .execute(&self.db.admin)
        .await
        .unwrap();
    }

    pub async fn tools_there(&self) -> usize {
        self.all("/api/tools").await.len()
    }

    pub async fn tool_there(&self, tool: &Tool) -> Value {
        self.there(Method::GET, &format!("/api/tools/{}", tool.provider_id), None)
            .await
    }

    pub async fn replace_tool(&self, tool: &Tool, whole: &Value) {
        self.there(Method::PUT, &format!("/api/tools/{}", tool.provider_id), Some(whole))
            .await;
    }

    pub async fn remove_tool(&self, tool: &Tool) {
        self.there(Method::DELETE, &format!("/api/tools/{}", tool.provider_id), None)
            .await;
    }

    pub async fn private_voices_there(&self) -> Vec<Value> {
        self.all("/api/voices?ownership=private").await
    }

    pub async fn add_private_voice(&self) {
        let voice = json!({ "name": "Secret", "definition": { "generic": { "url": "https://voice.example.com" } } });
        self.there(Method::POST, "/api/voices", Some(&voice)).await;
    }
}

/// Gives up on a question that is never answered, as a process does that dies.
pub async fn die_after<T>(doing: impl Future<Output = T>, sign: impl Future<Output = ()>) {
    tokio::select! {
        _ = doing => panic!("the provider never answers"),
        () = sign => {}
    }
}

pub fn phone(agent: &Agent, number: &str) -> CallDraft {
    let number = number.to_owned();
    CallDraft::new(agent.id, Destination::Phone { number })
}

pub fn text(agent: &Agent) -> CallDraft {
    CallDraft::new(agent.id, Destination::Text {})
}

pub fn with(mut draft: CallDraft, name: &str, value: Value) -> CallDraft {
    draft.variables.insert(name.to_owned(), value);
    draft
}
