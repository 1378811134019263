//! kill -9: a server dies while it makes, publishes and deletes agents, and the next one makes both sides agree.
//!
//! The provider outlives it. Between the two stands a relay, so that each death happens at the moment it is meant for.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{Method, header},
    response::Response,
};
use serde_json::{Value, json};
use sqlx::{
    ConnectOptions, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio::{net::TcpListener, sync::watch};

use crate::support::{Api, Installation, PATIENCE, until};

const ROUNDS: usize = 21;
/// Of each round: three agents are made, one is published and one is deleted.
const DEEDS: usize = 5;

/// When the server dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It has asked, and the provider has not heard it.
    Asked,
    /// The provider has done it, and has not answered.
    Done,
    /// The provider has answered, and what follows here is not committed.
    Answered,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_leaves_nothing_on_one_side_only() {
    let outside = Installation::new();
    let provider = outside.sandbox().await;
    let relay = Relay::start(provider.said["ultravox"]["url"].as_str().unwrap()).await;
    let installation = Installation::new()
        .with("ULTRAVOX_API_KEY", KEY)
        .with("ULTRAVOX_URL", &relay.url);
    let mut server = installation.serve().await;
    let key = installation.bootstrap("ada@example.com", "Larkfield Dental");
    let key = key["api_key"].as_str().unwrap();
    let mut database = database(&installation).await;

    let mut old = make(&Api::new(&server.url(), key), "Old").await;
    for round in 0..ROUNDS {
        let moment = [Moment::Asked, Moment::Done, Moment::Answered][round % 3];
        let api = Api::new(&server.url(), key);
        let kept = make(&api, &format!("Kept {round}")).await;
        let changed = draft(&format!("Kept {round}"), "Changed.");
        api.send(Method::PUT, &format!("/agents/{}", id(&kept)), &changed).await;
        let before = both(&mut database, &relay).await;
        assert_eq!(before.0, before.1, "round {round} begins in agreement");

        let mut doing = vec![
            api.request(Method::DELETE, &format!("/agents/{}", id(&old))),
            api.request(Method::POST, &format!("/agents/{}/publish", id(&kept)))
                .json(&json!({})),
        ];
        for number in 0..DEEDS - doing.len() {
            let draft = draft(&format!("New {round}.{number}"), "Answer politely.");
            doing.push(api.request(Method::POST, "/agents").json(&draft));
        }
        relay.hold(Some(moment));
        let lock = (moment == Moment::Answered).then_some("begin; lock table app.agents in exclusive mode");
        run(&mut database, lock.unwrap_or("begin")).await;
        // Nobody will answer them.
        let doing: Vec<_> = doing.into_iter().map(|request| tokio::spawn(request.send())).collect();
        match moment {
            Moment::Asked | Moment::Done => relay.reached(DEEDS).await,
            Moment::Answered => until("all deeds wait for the table", async || waiting(&mut database).await).await,
        }
        server.kill();
        for request in doing {
            assert!(
                request.await.unwrap().is_err(),
                "round {round}: a dead server answers nobody"
            );
        }
        run(&mut database, "rollback").await;
        relay.hold(None);
        let (here, there) = both(&mut database, &relay).await;
        match moment {
            Moment::Asked => assert_eq!(there, before.1, "the provider has heard nothing"),
            Moment::Done | Moment::Answered => {
                assert_eq!(there.len(), here.len() + 2, "three more there, and one less")
            }
        }

        // As if the time had passed that a request may take.
        run(
            &mut database,
            "update app.provider_links set due_at = now() where due_at < 'infinity'",
        )
        .await;
        server = installation.serve().await;
        until(&format!("round {round}, {moment:?}: all is settled"), async || {
            settled(&mut database).await
        })
        .await;
        // What was begun to be deleted is gone, what was not published here is as it was, what was not made here is nowhere.
        let expected = BTreeMap::from([(text(&kept["provider_id"]), "Answer politely.".to_owned())]);
        let (here, there) = both(&mut database, &relay).await;
        assert_eq!((&here, &there), (&expected, &expected), "round {round}, {moment:?}");
        old = kept;
    }
}

/// Any key of the real shape is good.
pub const KEY: &str = "abcdefgh.0123456789abcdef0123456789abcdef";

fn draft(name: &str, prompt: &str) -> Value {
    json!({"name": name, "prompt": prompt, "voice_id": "Mark", "voice_name": "Mark"})
}

async fn make(api: &Api, name: &str) -> Value {
    api.send(Method::POST, "/agents", &draft(name, "Answer politely."))
        .await
}

fn id(agent: &Value) -> &str {
    agent["id"].as_str().unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// As the superuser of the private Postgres, which outlives every server.
pub async fn database(installation: &Installation) -> PgConnection {
    let place: Value = serde_json::from_str(&installation.run(&["postgres", "start"])).unwrap();
    PgConnectOptions::new_without_pgpass()
        .socket(place["socket"].as_str().unwrap())
        .port(u16::try_from(place["port"].as_u64().unwrap()).unwrap())
        .username("postgres")
        .database("switchboard")
        .ssl_mode(PgSslMode::Disable)
        .connect()
        .await
        .unwrap()
}

async fn run(database: &mut PgConnection, statement: &'static str) {
    sqlx::raw_sql(statement).execute(database).await.unwrap();
}

/// Whether every deed of a round has come to where the table is locked.
async fn waiting(database: &mut PgConnection) -> Option<()> {
    let waiting: i64 = sqlx::query_scalar(
        "select count(*) from pg_locks where relation = 'app.agents'::regclass and not granted and mode = 'RowExclusiveLock'",
    )
    .fetch_one(database)
    .await
    .unwrap();
    (waiting >= i64::try_from(DEEDS).unwrap()).then_some(())
}

async fn settled(database: &mut PgConnection) -> Option<()> {
    let open: i64 = sqlx::query_scalar(
        "select count(*) from app.provider_links where kind = 'agent' and (state <> 'live' or note <> '' or due_at < now() + interval '5 minutes')",
    )
    .fetch_one(database)
    .await
    .unwrap();
    (open == 0).then_some(())
}

type Prompts = BTreeMap<String, String>;

/// The agents of both sides: the provider's ids, and what callers are told.
async fn both(database: &mut PgConnection, relay: &Relay) -> (Prompts, Prompts) {
    let live = "select a.provider_id, v.draft ->> 'prompt' from app.agents a
                join app.agent_versions v on v.org_id = a.org_id and v.agent_id = a.id and v.number = a.live_version";
    let here: Vec<(String, String)> = sqlx::query_as(live).fetch_all(database).await.unwrap();
    let list = relay.client.get(format!("{}/api/agents", relay.provider));
    let list: Value = list
        .header("x-api-key", KEY)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let there = list["results"].as_array().unwrap().iter();
    (
        here.into_iter().collect(),
        there
            .map(|agent| (text(&agent["agentId"]), text(&agent["callTemplate"]["systemPrompt"])))
            .collect(),
    )
}

/// Passes on what the server asks, and holds what it is told to hold.
pub struct Relay {
    pub url: String,
    provider: String,
    client: reqwest::Client,
    moment: Mutex<Option<Moment>>,
    held: watch::Sender<usize>,
    /// Whether answers are kept back until they are let go.
    back: watch::Sender<bool>,
}

impl Relay {
    pub async fn start(provider: &str) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let relay = Arc::new(Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            provider: provider.to_owned(),
            client: switchboard::providers::client(),
            moment: Mutex::default(),
            held: watch::Sender::new(0),
            back: watch::Sender::new(false),
        });
        let service = Router::new().fallback(pass).with_state(relay.clone());
        tokio::spawn(async move { axum::serve(listener, service).await });
        relay
    }

    pub fn hold(&self, moment: Option<Moment>) {
        self.held.send_replace(0);
        *self.moment.lock().unwrap() = moment;
    }

    pub async fn reached(&self, count: usize) {
        let mut held = self.held.subscribe();
        let waited = tokio::time::timeout(PATIENCE, held.wait_for(|held| *held == count)).await;
        assert!(waited.is_ok(), "only {} deeds came this far", *self.held.borrow());
    }

    pub fn hold_back(&self) {
        self.back.send_replace(true);
    }

    pub fn let_go(&self) {
        self.back.send_replace(false);
    }

    /// Holds for good: the connection ends with the server.
    async fn stand_still(&self) {
        self.held.send_modify(|held| *held += 1);
        pending::<()>().await;
    }

    async fn forward(self: Arc<Self>, method: Method, path: String, body: Bytes) -> Response {
        let request = self.client.request(method, format!("{}{path}", self.provider));
        let request = request
            .header("x-api-key", KEY)
            .header(header::CONTENT_TYPE, "application/json");
        let answer = request.body(body).send().await.unwrap();
        let mut response = Response::builder().status(answer.status());
        if let Some(kind) = answer.headers().get(header::CONTENT_TYPE) {
            response = response.header(header::CONTENT_TYPE, kind);
        }
        response.body(Body::from(answer.bytes().await.unwrap())).unwrap()
    }
}

async fn pass(State(relay): State<Arc<Relay>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let deed = parts.method != Method::GET && parts.uri.path().starts_with("/api/agents");
    let moment = relay.moment.lock().unwrap().filter(|_| deed);
    if moment == Some(Moment::Asked) {
        relay.stand_still().await;
    }
    // On its own: what the provider has heard is done, whoever has died meanwhile.
    let path = parts.uri.to_string();
    let answer = tokio::spawn(relay.clone().forward(parts.method, path, body))
        .await
        .unwrap();
    if moment == Some(Moment::Done) {
        relay.stand_still().await;
    }
    if moment.is_some() && *relay.back.borrow() {
        relay.held.send_modify(|held| *held += 1);
        let mut back = relay.back.subscribe();
        back.wait_for(|back| !*back).await.expect("the relay is here");
    }
    answer
}
