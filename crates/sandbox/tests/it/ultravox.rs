//! Agents, voices, tools, webhooks and the account of the simulated Ultravox.

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{client, sandbox};

fn template() -> Value {
    json!({
        "systemPrompt": "You are Anna, you book appointments for {{company}}.",
        "voice": "Jessica",
        "languageHint": "en",
        "maxDuration": "600s",
        "joinTimeout": "30s",
        "recordingEnabled": true,
        "firstSpeakerSettings": { "user": { "fallback": { "delay": "2s", "text": "Hello, Anna speaking." } } },
        "inactivityMessages": [{ "duration": "15s", "message": "Still there?", "endBehavior": "END_BEHAVIOR_UNSPECIFIED" }],
        "vadSettings": { "turnEndpointDelay": "0.384s" },
        "contextSchema": { "type": "object", "properties": { "company": { "type": "string" } }, "required": ["company"] },
        "sharedSecrets": ["hush"],
    })
}

#[tokio::test]
async fn an_agent_is_made_read_changed_and_removed() {
    let (sandbox, api) = sandbox().await;
    let made = api
        .post("/api/agents", json!({ "name": "Anna", "callTemplate": template() }))
        .await;
    let path = format!("/api/agents/{}", made["agentId"].as_str().unwrap());
    assert_eq!(api.get(&path).await, made);
    assert!(
        made["callTemplate"].get("sharedSecrets").is_none(),
        "secrets are write-only"
    );

    let change = json!({ "callTemplate": { "temperature": 0.5, "externalVoice": { "cartesia": { "voiceId": "x" } } } });
    let (status, changed) = api.send(Method::PATCH, &path, Some(&change)).await;
    assert_eq!(status, 200);
    assert_eq!(changed["callTemplate"]["temperature"], 0.5);
    assert_eq!(
        changed["callTemplate"]["systemPrompt"],
        made["callTemplate"]["systemPrompt"]
    );
    assert!(
        changed["callTemplate"].get("voice").is_none(),
        "one voice replaces the other"
    );
    assert_ne!(changed["publishedRevisionId"], made["publishedRevisionId"]);

    assert_eq!(api.send(Method::DELETE, &path, None).await, (204, Value::Null));
    let gone = api.refused(Method::GET, &path, Value::Null, 404).await;
    assert_eq!(gone, json!({ "detail": "Not found." }));
    sandbox.stop().await;
}

#[tokio::test]
async fn a_wrong_agent_is_refused_field_by_field() {
    let (sandbox, api) = sandbox().await;
    let wrong = [
        (json!({ "name": "x".repeat(65) }), "name"),
        (json!({ "name": " " }), "name"),
        (json!({ "callTemplate": { "maxDuration": "1 hour" } }), "callTemplate"),
        (json!({ "callTemplate": { "temperature": 1.5 } }), "callTemplate"),
        (json!({ "callTemplate": { "voice": "nobody" } }), "callTemplate"),
        (
            json!({ "callTemplate": { "voice": "Mark", "externalVoice": { "lmnt": {} } } }),
            "callTemplate",
        ),
        (
            json!({ "callTemplate": { "medium": { "webRtc": {}, "exotel": {} } } }),
            "callTemplate",
        ),
        (
            json!({ "callTemplate": { "medium": { "serverWebSocket": {} } } }),
            "callTemplate",
        ),
        (
            json!({ "callTemplate": { "initialOutputMedium": "TEXT" } }),
            "callTemplate",
        ),
        (
            json!({ "callTemplate": { "firstSpeakerSettings": { "user": {}, "agent": {} } } }),
            "callTemplate",
        ),
        (json!({ "callTemplate": { "prompt": "typo" } }), "callTemplate"),
    ];
    for (body, field) in wrong {
        let answer = api.refused(Method::POST, "/api/agents", body.clone(), 400).await;
        assert!(answer[field][0].is_string(), "{body}: {answer}");
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn a_key_of_another_shape_is_not_let_in() {
    let (sandbox, _) = sandbox().await;
    let url = format!("{}/api/agents", sandbox.ultravox_url());
    let status = async |key: Option<&str>| {
        let request = client().get(&url);
        let request = match key {
            Some(key) => request.header("X-API-Key", key),
            None => request,
        };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let body: Value = response.json().await.unwrap();
        assert!(body["detail"].is_string());
        status
    };
    assert_eq!(status(None).await, 401);
    assert_eq!(status(Some("short.key")).await, 401);
    assert_eq!(status(Some("00000000.0123456789abcdefghijklmnopqrstuv")).await, 403);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_list_is_walked_forwards_and_backwards_by_its_own_links() {
    let (sandbox, api) = sandbox().await;
    for number in 0..7 {
        api.post("/api/agents", json!({ "name": format!("Agent {number}") }))
            .await;
    }
    let mut names = Vec::new();
    let mut next = json!("/api/agents?pageSize=3&sort=name&search=agent");
    let mut last = Value::Null;
    while let Some(url) = next.as_str() {
        last = api.get(url).await;
        names.extend(
            last["results"]
                .as_array()
                .unwrap()
                .iter()
                .map(|agent| agent["name"].clone()),
        );
        next = last["next"].clone();
    }
    let expected: Vec<_> = (0..7).map(|number| json!(format!("Agent {number}"))).collect();
    assert_eq!(names, expected);
    let before = api.get(last["previous"].as_str().unwrap()).await;
    let before: Vec<_> = before["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|agent| agent["name"].clone())
        .collect();
    assert_eq!(before, ["Agent 3", "Agent 4", "Agent 5"]);
    sandbox.stop().await;
}

#[tokio::test]
async fn voices_are_many_and_can_be_narrowed_down() {
    let (sandbox, api) = sandbox().await;
    let all = api.get("/api/voices?pageSize=100").await;
    let all = all["results"].as_array().unwrap();
    let languages: std::collections::BTreeSet<_> = all
        .iter()
        .map(|voice| voice["primaryLanguage"].as_str().unwrap()[..2].to_owned())
        .collect();
    assert!(
        all.len() >= 24 && languages.len() >= 8,
        "{} voices in {languages:?}",
        all.len()
    );

    let german = api.get("/api/voices?primaryLanguage=de-AT").await;
    let german = german["results"].as_array().unwrap();
    assert_eq!(german[0]["primaryLanguage"], "de-AT", "the exact region comes first");
    assert!(german.len() > 1);
    let two = api.get("/api/voices?provider=google&provider=lmnt&pageSize=100").await;
    assert!(
        two["results"]
            .as_array()
            .unwrap()
            .iter()
            .all(|voice| ["google", "lmnt"].contains(&voice["provider"].as_str().unwrap()))
    );

    let preview = api
        .request(Method::GET, german[0]["previewUrl"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(preview.status(), 302);
    let stored = client()
        .get(preview.headers()["location"].to_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(stored.headers()["content-type"], "audio/wav");
    assert!(stored.bytes().await.unwrap().starts_with(b"RIFF"));
    sandbox.stop().await;
}

#[tokio::test]
async fn a_voice_of_ones_own_is_described_or_cloned() {
    let (sandbox, api) = sandbox().await;
    let voice =
        json!({ "name": "Ours", "definition": { "elevenLabs": { "voiceId": "abc" } }, "primaryLanguage": "en" });
    let made = api.post("/api/voices", voice.clone()).await;
    assert_eq!(
        (&made["ownership"], &made["provider"]),
        (&json!("private"), &json!("eleven_labs"))
    );
    let again = api.refused(Method::POST, "/api/voices", voice, 400).await;
    assert!(again["name"][0].is_string());

    let boundary = "xxBOUNDARYxx";
    let form = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nClone\r\n--{boundary}\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"me.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF\r\n--{boundary}--\r\n"
    );
    let kind = format!("multipart/form-data; boundary={boundary}");
    let cloned = api
        .request(Method::POST, "/api/voices")
        .header("content-type", kind)
        .body(form)
        .send()
        .await
        .unwrap();
    assert_eq!(cloned.status(), 201);
    let listed = api.get("/api/voices?ownership=private").await;
    assert_eq!(listed["results"].as_array().unwrap().len(), 2);

    let path = format!("/api/voices/{}", made["voiceId"].as_str().unwrap());
    assert_eq!(api.send(Method::DELETE, &path, None).await.0, 204);
    sandbox.stop().await;
}

#[tokio::test]
async fn tools_webhooks_and_the_account_have_their_documented_shapes() {
    let (sandbox, api) = sandbox().await;
    let definition = json!({ "modelToolName": "lookup", "description": "Looks up.", "http": { "baseUrlPattern": "https://example.com", "httpMethod": "GET" } });
    let tool = api
        .post("/api/tools", json!({ "name": "lookup", "definition": definition }))
        .await;
    let path = format!("/api/tools/{}", tool["toolId"].as_str().unwrap());
    assert_eq!(api.get(&path).await, tool);
    let replaced = json!({ "name": "find", "definition": definition });
    assert_eq!(api.send(Method::PUT, &path, Some(&replaced)).await.1["name"], "find");
    api.get("/api/tools?search=find").await;
    api.refused(
        Method::POST,
        "/api/tools",
        json!({ "name": "bad", "definition": { "modelToolName": "a b", "http": {} } }),
        400,
    )
    .await;
    assert_eq!(api.send(Method::DELETE, &path, None).await.0, 204);

    let webhook = api
        .post(
            "/api/webhooks",
            json!({ "url": "http://127.0.0.1:9/x", "events": ["call.ended"] }),
        )
        .await;
    assert_eq!(
        webhook["secrets"].as_array().unwrap().len(),
        1,
        "a secret is made when none is given"
    );
    let path = format!("/api/webhooks/{}", webhook["webhookId"].as_str().unwrap());
    let (_, changed) = api
        .send(
            Method::PATCH,
            &path,
            Some(&json!({ "events": ["call.joined", "call.billed"] })),
        )
        .await;
    assert_eq!(changed["events"], json!(["call.joined", "call.billed"]));
    api.refused(
        Method::POST,
        "/api/webhooks",
        json!({ "url": "nowhere", "events": ["call.rang"] }),
        400,
    )
    .await;
    assert_eq!(api.get("/api/webhooks").await["results"].as_array().unwrap().len(), 1);
    assert_eq!(api.send(Method::DELETE, &path, None).await.0, 204);

    assert_eq!(api.get("/api/accounts/me").await["activeCalls"], 0);
    api.get("/api/accounts").await;
    api.get("/api/models").await;
    let (_, keys) = api
        .send(
            Method::PATCH,
            "/api/accounts/me/tts_api_keys",
            Some(&json!({ "elevenLabs": "sk_0123456789" })),
        )
        .await;
    assert_eq!(keys, json!({ "elevenLabs": { "prefix": "sk_012" } }));
    sandbox.stop().await;
}
