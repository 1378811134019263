//! The program with a Postgres of somebody else's, which it reaches through a PgBouncer.

use reqwest::Method;
use serde_json::json;
use switchboard::db::{
    Logins,
    testing::{PgBouncer, TestDb, pgbouncer, url},
};

use crate::support::{Api, Installation, Running, until};

/// The addresses of Postgres through the pooler, as an operator would write them.
fn behind(pooler: &PgBouncer, logins: &Logins) -> Installation {
    let through = |login| url(&pooler.through(login));
    Installation::new()
        .with("DATABASE_URL", &through(&logins.app))
        .with("DATABASE_WORKER_URL", &through(&logins.worker))
        .with("DATABASE_IDENTITY_URL", &through(&logins.identity))
}

fn said(server: &Running, words: &str) -> bool {
    server.log().iter().any(|line| line.contains(words))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_behind_a_pooler_works_and_says_what_it_needs() {
    let test = TestDb::create().await;
    let pooler = pgbouncer("pool_mode = transaction\ndefault_pool_size = 4").await;
    let refused = behind(&pooler, &test.logins).refused(&["serve"]);
    assert!(
        refused.contains("DATABASE_LISTEN_URL has to lead to Postgres itself"),
        "{refused}"
    );

    let installation = behind(&pooler, &test.logins).with("DATABASE_LISTEN_URL", &url(&test.logins.worker));
    let server = installation.serve().await;
    let key = installation.bootstrap("ada@example.com", "Larkfield Dental");
    let api = Api::new(&server.url(), key["api_key"].as_str().unwrap());
    let draft = json!({"name": "Front desk", "prompt": "Answer politely.", "voice_id": "Mark", "voice_name": "Mark"});
    let made = api.send(Method::POST, "/agents", &draft).await;
    let call = json!({"agent_id": made["id"], "to": {"medium": "phone", "number": "+14155550121"}});
    let placed = api.send(Method::POST, "/calls", &call).await;
    let path = format!("/calls/{}", placed["id"].as_str().unwrap());
    // The worker takes it from there.
    until("the call is over", async || {
        let now = api.get(&path).await.json();
        now["call"]["ended_at"].is_string().then_some(())
    })
    .await;
    assert!(!said(&server, "live updates interrupted") && !said(&server, "jobs are found by looking"));
    assert!(!said(&server, "\"level\":\"ERROR\""), "{:#?}", server.log());
}
