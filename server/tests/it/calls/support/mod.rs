//! A world to call in: one database, one simulated provider that reports here, and nothing that works by itself unless a
//! test lets it.

mod provider;

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
use serde_json::Value;
use switchboard::{
    agents::{self, Agent, AgentDraft, Publication, Variable},
    analysis::AnalyzeCall,
    auth::Caller,
    calls::{Call, CallDraft, Destination, words::IndexWords},
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
    knowledge::runtime,
    tools::{RepublishAgents, Tool},
};
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
};

use crate::common::draft;

use super::world;

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

/// What the service answers a model with.
async fn look_up(State(ear): State<Arc<Ear>>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let core = ear.core.get().expect("set before anybody knows the address");
    let token = headers.get(runtime::HEADER).and_then(|token| token.to_str().ok());
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let [call, query] = ["call_id", "query"].map(|name| asked[name].as_str().unwrap_or_default());
    match runtime::answer(core, token.unwrap_or_default(), call, query).await {
        Ok(told) => (StatusCode::OK, told),
        Err(error) => (StatusCode::NOT_FOUND, error.to_string()),
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
            .route(runtime::PATH, post(look_up))
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

    /// Has the index take up what was said.
    pub async fn index_words(&self) {
        self.make_due().await;
        jobs::run_due(&self.core, &Jobs::<IndexWords>::default()).await.unwrap();
    }

    /// Has the language model analyze what is waiting; answers how many calls that were.
    pub async fn analyze(&self) -> usize {
        self.make_due().await;
        jobs::run_due(&self.core, &Jobs::<AnalyzeCall>::default())
            .await
            .unwrap()
    }

    /// The next question to the language model goes wrong like this.
    pub async fn model_fails(&self, fault: &Value) {
        self.of_the_model(Method::POST, "faults", Some(fault)).await;
    }

    pub async fn model_recovers(&self) {
        self.of_the_model(Method::DELETE, "faults", None).await;
    }

    /// The last request that the language model got.
    pub async fn asked_of_the_model(&self) -> Value {
        let asked = self.of_the_model(Method::GET, "requests", None).await;
        let is_question = |request: &&Value| {
            request["path"]
                .as_str()
                .is_some_and(|path| path.ends_with("/chat/completions"))
        };
        asked
            .as_array()
            .unwrap()
            .iter()
            .find(is_question)
            .cloned()
            .unwrap_or_default()
    }

    async fn of_the_model(&self, method: Method, what: &str, body: Option<&Value>) -> Value {
        let url = format!("{}/_sandbox/{what}", self.sandbox.llm_url());
        let mut request = self.http.request(method, url);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{what}: {}", response.status());
        serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default()
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

    /// How many files lie in the storage.
    pub fn files(&self) -> usize {
        fn count(folder: &std::path::Path) -> usize {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries
                .map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 })
                .sum()
        }
        count(&self.core.config.data.join("files"))
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
