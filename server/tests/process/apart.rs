//! Serving and working apart: two processes, one database, one simulated provider; and what each says of itself.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Api, Installation, Running, answer, until};

async fn asked(process: &Running, path: &str) -> (u16, String) {
    let request = switchboard::providers::client().get(format!("{}{path}", process.url()));
    let answer = answer(request).await;
    (answer.status, String::from_utf8(answer.bytes).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_of_its_own_does_arrives_where_it_is_served() {
    let installation = Installation::new().with("SWITCHBOARD_SANDBOX_SPEED", "20");
    let server = installation.only_serve().await;
    let worker = installation.work().await;
    let first = installation.bootstrap("ada@example.com", "Larkfield Dental");
    let api = Api::new(&server.url(), first["api_key"].as_str().unwrap());

    let mut draft = json!({"name": "Desk", "prompt": "Answer politely.", "voice_id": "Mark", "voice_name": "Mark"});
    let agent = api.send(Method::POST, "/agents", &draft).await;
    let to = json!({"agent_id": agent["id"], "to": {"medium": "phone", "number": "+14155550100"}});
    let placed = api.send(Method::POST, "/calls", &to).await;
    let path = format!("/calls/{}", placed["id"].as_str().unwrap());
    let over = until("the worker has followed the call to its end", async || {
        let call = api.get(&path).await.json()["call"].clone();
        (call["billing"] == "billed").then_some(call)
    })
    .await;
    assert_eq!(over["status"], "completed", "{over}");

    assert_eq!(asked(&worker, "/healthz").await.0, 204);
    assert_eq!(asked(&worker, "/readyz").await.0, 204);
    assert_eq!(asked(&worker, "/api/v1/agents").await.0, 404, "it serves nothing else");
    let (_, figures) = asked(&worker, "/metrics").await;
    for queue in ["calls", "agents", "reports", "inbox", "mail"] {
        for figure in ["switchboard_work_due", "switchboard_work_oldest_seconds"] {
            let figure = format!("{figure}{{queue=\"{queue}\"}}");
            assert!(figures.contains(&figure), "{figure}: {figures}");
        }
    }
    assert!(figures.contains("switchboard_work_total"), "{figures}");
    let (_, figures) = asked(&server, "/metrics").await;
    assert!(!figures.contains("switchboard_work_"), "it does not work: {figures}");

    // The server has simulated the provider. When it goes the worker does, and knows the agent; commands change nothing.
    installation.bootstrap("ben@example.com", "Larkfield Dental");
    server.terminate();
    assert!(server.ended().await.success());
    let server = installation.only_serve().await;
    installation.bootstrap("ben@example.com", "Larkfield Dental");
    let api = Api::new(&server.url(), &api.key);
    draft["prompt"] = json!("Answer very politely.");
    let path = format!("/agents/{}", agent["id"].as_str().unwrap());
    let saved = api.send(Method::PUT, &path, &draft).await;
    assert_eq!(
        (&saved["sync"]["state"], &saved["provider_id"]),
        (&json!("synced"), &agent["provider_id"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_is_one_line_that_tells_nobodys_secrets() {
    let installation = Installation::new().with("PUBLIC_URL", "https://voice.example.com");
    let server = installation.serve().await;
    let first = installation.bootstrap("ada@example.com", "Larkfield Dental");
    let key = first["api_key"].as_str().unwrap();
    let api = Api::new(&server.url(), key);
    let draft = json!({"name": "Desk", "prompt": "Zqmark.", "voice_id": "Mark", "voice_name": "Mark"});
    let agent = api.send(Method::POST, "/agents", &draft).await["id"]
        .as_str()
        .unwrap()
        .to_owned();

    let long = "x".repeat(3000);
    for (method, path, id) in [
        (Method::GET, "/api/v1/agents?q=Zqmark".to_owned(), "one"),
        (Method::GET, format!("/api/v1/agents/{agent}"), "two"),
        (Method::DELETE, format!("/api/v1/agents/{agent}/Zqmark"), "three"),
        (Method::GET, "/verify?token=Zqmark".to_owned(), "four"),
        (
            Method::from_bytes(b"ZQMARK").unwrap(),
            "/nowhere/Zqmark".to_owned(),
            "five",
        ),
        (Method::GET, "/healthz".to_owned(), "six"),
        (Method::GET, "/readyz".to_owned(), "seven"),
        (Method::GET, "/metrics".to_owned(), "eight"),
        (Method::GET, "/pkg/Zqmark.css".to_owned(), "nine"),
        (Method::GET, "/api/v1/agents".to_owned(), &long),
    ] {
        let request = switchboard::providers::client()
            .request(method, format!("{}{path}", server.url()))
            .bearer_auth(key)
            .header("x-request-id", id);
        request.send().await.unwrap();
    }
    let lines = until("the last request is logged", async || {
        let log = server.log();
        log.iter().any(|line| line.contains("xxxx")).then_some(log)
    })
    .await;
    let said: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let simulated = said.iter().find(|line| {
        line["message"]
            .as_str()
            .is_some_and(|text| text.starts_with("calls are simulated"))
    });
    assert_eq!(simulated.map(|line| &line["level"]), Some(&json!("WARN")));
    let answered: Vec<_> = said
        .iter()
        .filter(|line| line["message"] == "answered")
        .map(|line| {
            assert!(line["ms"].as_f64().is_some_and(|ms| ms >= 0.0), "{line}");
            let (span, level) = (&line["span"], line["level"].as_str().unwrap());
            let word = |name: &str| span[name].as_str().unwrap().to_owned();
            (
                level,
                word("id"),
                word("method"),
                word("route"),
                line["status"].as_u64().unwrap(),
            )
        })
        .collect();
    let line = |id: &str, method: &str, route: &str, status| {
        ("INFO", id.to_owned(), method.to_owned(), route.to_owned(), status)
    };
    assert_eq!(
        answered[answered.len() - 6..],
        [
            line("one", "GET", "/api/v1/agents", 200),
            line("two", "GET", "/api/v1/agents/{id}", 200),
            line("three", "DELETE", "/api/v1/{*rest}", 404),
            line("four", "GET", "/verify", 200),
            line("five", "other", "other", 403),
            line(&long[..100], "GET", "/api/v1/agents", 200),
        ]
    );
    for line in &lines {
        for secret in ["zqmark", "ada@", &agent, &key[10..], "larkfield"] {
            assert!(
                !line.to_lowercase().contains(&secret.to_lowercase()),
                "{secret}: {line}"
            );
        }
    }
    // Strangers come to this address, so nobody may read what mail there is, and the operator has to know.
    let told = |line: &&Value| line["level"] == "WARN" && line["message"].as_str().unwrap().contains("SMTP_URL");
    assert_eq!(said.iter().filter(told).count(), 1);
    assert_eq!(asked(&server, "/dev/mail").await.0, 404);
}
