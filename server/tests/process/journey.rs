//! A program's way through the product, from `admin bootstrap` to the price of a call.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Api, Installation, answer, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_program_with_the_first_key_has_an_agent_call_somebody() {
    let installation = Installation::new().with("SWITCHBOARD_SANDBOX_SPEED", "20");
    let first = installation.bootstrap("ada@example.com", "Larkfield Dental");
    let fields: BTreeSet<_> = first.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["api_key", "org_id", "token", "user_id"].into());
    let server = installation.serve().await;
    // Again, and while it serves: the same person and organization, and something new to act with.
    let again = installation.bootstrap("ada@example.com", "Larkfield Dental");
    for (field, same) in [
        ("user_id", true),
        ("org_id", true),
        ("api_key", false),
        ("token", false),
    ] {
        assert_eq!(first[field] == again[field], same, "{field}");
    }

    let api = Api::new(&server.url(), again["api_key"].as_str().unwrap());
    for credential in [&first["api_key"], &again["api_key"], &first["token"], &again["token"]] {
        let me = Api::new(&server.url(), credential.as_str().unwrap())
            .get("/auth/me")
            .await
            .json();
        assert_eq!(me["organization"]["id"], first["org_id"]);
        assert_eq!(me["organization"]["name"], "Larkfield Dental");
        if credential == &again["token"] {
            assert_eq!(me["user"]["id"], first["user_id"]);
            assert_eq!(me["role"], "owner");
        }
    }
    let balance = balance(&api).await;

    let voices = api.get("/voices/available?language=en").await.json();
    let voice = voices[0]["id"].as_str().unwrap();
    let preview = api.get(&format!("/voices/{voice}/preview")).await;
    let kind = preview.headers["content-type"].to_str().unwrap();
    assert!(
        preview.status == 200 && kind.starts_with("audio/") && preview.bytes.len() > 1000,
        "{kind}"
    );

    let draft = json!({
        "name": "Front desk",
        "prompt": "Answer politely.",
        "first_message": "Hello, how can I help?",
        "voice_id": voice,
        "voice_name": voices[0]["name"],
    });
    let agent = api.send(Method::POST, "/agents", &draft).await;
    assert_eq!(agent["sync"]["state"], "synced");
    let agent = agent["id"].as_str().unwrap();
    assert_eq!(api.get("/agents").await.json()["items"][0]["id"], agent);

    let to = json!({"agent_id": agent, "to": {"medium": "phone", "number": "+14155550100"}});
    let placed = api.send(Method::POST, "/calls", &to).await;
    let path = format!("/calls/{}", placed["id"].as_str().unwrap());
    let mut seen = vec![placed["status"].clone()];
    let call = until("the call is over and paid", async || {
        let call = api.get(&path).await.json()["call"].clone();
        if seen.last() != Some(&call["status"]) {
            seen.push(call["status"].clone());
        }
        (call["billing"] == "billed" && call["recording"] == "ready").then_some(call)
    })
    .await;
    let life = ["queued", "ringing", "in_progress", "processing", "completed"];
    let steps: Vec<_> = seen
        .iter()
        .map(|status| life.iter().position(|step| status == step))
        .collect();
    assert!(steps.is_sorted() && steps.iter().all(Option::is_some), "{seen:?}");
    assert_eq!(seen.last().unwrap(), "completed");
    assert!(seen.len() > 2, "it was not seen to ring or to talk: {seen:?}");

    let transcript = api.get(&format!("{path}/transcript")).await.json();
    let said: Vec<_> = transcript
        .as_array()
        .unwrap()
        .iter()
        .map(|line| &line["role"])
        .collect();
    assert!(
        said.contains(&&json!("agent")) && said.contains(&&json!("person")),
        "{said:?}"
    );
    let whole = api.get(&format!("{path}/recording")).await;
    assert_eq!((whole.status, &whole.bytes[..4]), (200, &b"RIFF"[..]));
    let recording = api.request(Method::GET, &format!("{path}/recording"));
    let part = answer(recording.header("range", "bytes=100-299")).await;
    let range = format!("bytes 100-299/{}", whole.bytes.len());
    assert_eq!(
        (part.status, part.headers["content-range"].to_str().unwrap()),
        (206, range.as_str())
    );
    assert_eq!(part.bytes, &whole.bytes[100..300]);
    let price = call["price"].as_i64().unwrap();
    assert!(price > 0, "{call}");
    assert_eq!(self::balance(&api).await, balance - price);

    let other = installation.bootstrap("grace@example.com", "Quill & Co.");
    let other = Api::new(&server.url(), other["api_key"].as_str().unwrap());
    let nothing = other.get(&format!("/agents/{}", uuid::Uuid::now_v7())).await.bytes;
    for path in [
        format!("/agents/{agent}"),
        path.clone(),
        format!("{path}/transcript"),
        format!("{path}/recording"),
    ] {
        let foreign = other.get(&path).await;
        assert_eq!((foreign.status, &foreign.bytes), (404, &nothing), "{path}");
    }
    for list in ["/agents", "/calls"] {
        assert_eq!(other.get(list).await.json()["items"], json!([]), "{list}");
    }
    let log = other.get("/audit").await.json();
    assert!(!log.to_string().contains("Front desk"), "{log}");
}

async fn balance(api: &Api) -> i64 {
    let me: Value = api.get("/auth/me").await.json();
    me["credits_balance"].as_i64().unwrap()
}
