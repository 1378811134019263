//! Being told to stop, losing Postgres, and what people write on the pages that a browser is given.

use std::sync::Arc;

use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::{
    killed::{KEY, Moment, Relay, database},
    support::{Api, Installation, PASSWORD, Running, signal, until},
};

/// A server that was asked for an agent and waits for its provider, which `relay` holds back.
struct Waiting {
    installation: Installation,
    server: Running,
    api: Api,
    relay: Arc<Relay>,
    asked: JoinHandle<reqwest::Result<Response>>,
    _provider: Running,
    _outside: Installation,
}

impl Waiting {
    async fn begin() -> Self {
        let outside = Installation::new();
        let provider = outside.sandbox().await;
        let relay = Relay::start(provider.said["ultravox"]["url"].as_str().unwrap()).await;
        let installation = Installation::new()
            .with("ULTRAVOX_API_KEY", KEY)
            .with("ULTRAVOX_URL", &relay.url);
        let server = installation.serve().await;
        let key = installation.bootstrap("ada@example.com", "Larkfield Dental");
        let api = Api::new(&server.url(), key["api_key"].as_str().unwrap());
        relay.hold(Some(Moment::Answered));
        relay.hold_back();
        let draft = json!({"name": "Late", "prompt": "Answer politely.", "voice_id": "Mark", "voice_name": "Mark"});
        let asked = tokio::spawn(api.request(Method::POST, "/agents").json(&draft).send());
        relay.reached(1).await;
        Self {
            installation,
            server,
            api,
            relay,
            asked,
            _provider: provider,
            _outside: outside,
        }
    }

    async fn listens_no_more(&self) {
        until("it listens no more", async || {
            let again = self.api.request(Method::GET, "/agents").send();
            again.await.is_err().then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f8_a_server_that_is_told_to_stop_answers_what_it_was_asked() {
    let waiting = Waiting::begin().await;
    waiting.server.terminate();
    // It takes nobody new from then on, and finishes what it has begun.
    waiting.listens_no_more().await;
    waiting.relay.let_go();
    let answered = waiting.asked.await.unwrap().unwrap();
    assert_eq!(answered.status(), StatusCode::CREATED);
    assert_eq!(answered.json::<Value>().await.unwrap()["name"], "Late");
    assert!(waiting.server.ended().await.success());

    let next = waiting.installation.serve().await;
    let kept = Api::new(&next.url(), &waiting.api.key).get("/agents").await.json();
    assert_eq!(kept["items"][0]["name"], "Late");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_a_second_time_does_not_wait_for_what_still_runs() {
    let waiting = Waiting::begin().await;
    waiting.server.interrupt();
    waiting.listens_no_more().await;
    waiting.server.interrupt();
    // In order it would end well, and only after half a minute.
    assert_eq!(waiting.server.ended().await.code(), Some(130));
    assert!(waiting.asked.await.unwrap().is_err());
    waiting.relay.let_go();
    // What it left is taken up by the next.
    let next = waiting.installation.serve().await;
    let kept = Api::new(&next.url(), &waiting.api.key).get("/agents").await;
    assert_eq!(kept.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn f2_a_postgres_that_is_killed_and_comes_back_is_used_again() {
    let installation = Installation::new();
    let server = installation.serve().await;
    let key = installation.bootstrap("ada@example.com", "Larkfield Dental");
    let api = Api::new(&server.url(), key["api_key"].as_str().unwrap());
    let draft =
        |name: &str| json!({"name": name, "prompt": "Answer politely.", "voice_id": "Mark", "voice_name": "Mark"});
    api.send(Method::POST, "/agents", &draft("Before")).await;
    for round in 0..3 {
        kill_postgres(&installation).await;
        let broken = api.get("/agents").await;
        assert!(broken.status >= 429, "round {round}: {}", broken.status);
        installation.run(&["postgres", "start"]);
        until("it answers again", async || {
            (api.get("/agents").await.status == 200).then_some(())
        })
        .await;
        // What was acknowledged is there, and there is more to come.
        api.send(Method::POST, "/agents", &draft(&format!("After {round}")))
            .await;
        let items = api.get("/agents").await.json()["items"].as_array().unwrap().len();
        assert_eq!(items, 2 + round, "round {round}");
    }
}

/// SIGKILL: it saves nothing and says goodbye to nobody.
async fn kill_postgres(installation: &Installation) {
    let mut connection = database(installation).await;
    let file: String = sqlx::query_scalar("select pg_read_file('postmaster.pid')")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let process = file.lines().next().unwrap();
    signal("-KILL", process);
    // The connection breaks when it is gone.
    while sqlx::query("select 1").execute(&mut connection).await.is_ok() {}
}

const SCRIPT: &str = "</title></script><script>alert(1)</script><img src=x onerror=alert(1)>";

#[tokio::test(flavor = "multi_thread")]
async fn a27_what_people_write_is_text_on_every_page() {
    let installation = Installation::new();
    let server = installation.serve().await;
    let made = installation.bootstrap("ada@example.com", SCRIPT);
    let api = Api::new(&server.url(), made["api_key"].as_str().unwrap());
    let draft = json!({"name": SCRIPT, "description": SCRIPT, "prompt": SCRIPT, "first_message": SCRIPT,
                       "tags": ["<img src=x onerror=alert(1)>"], "voice_id": "Mark", "voice_name": SCRIPT});
    let agent = api.send(Method::POST, "/agents", &draft).await;
    let call = json!({"agent_id": agent["id"], "to": {"medium": "phone", "number": "+15550100000"}});
    let call = api.send(Method::POST, "/calls", &call).await;
    api.send(
        Method::POST,
        "/api-keys",
        &json!({"name": SCRIPT, "scopes": ["agents:read"]}),
    )
    .await;

    let http = switchboard::providers::client();
    let sign_in = http
        .post(format!("{}/fn/app/account/sign_in", server.url()))
        .header("sec-fetch-site", "same-origin")
        .json(&json!({"draft": {"email": "ada@example.com", "password": PASSWORD}}))
        .send()
        .await
        .unwrap();
    let cookie = sign_in.headers()[header::SET_COOKIE]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let id = |thing: &Value| thing["id"].as_str().unwrap().to_owned();
    let (mut pages, mut seen) = (0, 0);
    for path in [
        "/agents".to_owned(),
        "/agents?q=%3Cscript%3Ealert(1)%3C/script%3E%3Cimg%20src=x%20onerror=alert(1)%3E".to_owned(),
        format!("/agents/{}", id(&agent)),
        "/calls".to_owned(),
        format!("/calls/{}", id(&call)),
        "/members".to_owned(),
        "/api-keys".to_owned(),
        "/audit".to_owned(),
        "/select-org".to_owned(),
    ] {
        let page = http
            .get(format!("{}{path}", server.url()))
            .header(header::COOKIE, &cookie);
        let page = page.header(header::ACCEPT, "text/html").send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK, "{path}");
        let html = page.text().await.unwrap();
        for raw in ["<img src=x", "<script>alert", "</script><script>alert"] {
            let around = html
                .find(raw)
                .map(|at| html[..at].chars().rev().take(200).collect::<String>());
            assert_eq!(
                around.map(|text| text.chars().rev().collect::<String>()),
                None,
                "{raw} on {path}"
            );
        }
        seen += usize::from(html.contains("&lt;script&gt;alert(1)") || html.contains("&lt;img src=x"));
        pages += 1;
    }
    assert!(seen >= 5, "what was written shows as text on {seen} of {pages} pages");
}
