//! What can be read of a call, who is told about it, and that it survives a restart.

use reqwest::Method;
use sandbox::{Options, Target};
use serde_json::{Value, json};

use crate::api::{SPEED, client, id, sandbox, with};
use crate::hooks::Receiver;
use crate::spec;

const SECRET: &str = "uv-test-secret";

#[tokio::test]
async fn a_call_is_told_in_order_and_every_webhook_is_signed() {
    let receiver = Receiver::start().await;
    let target = Some(Target {
        url: receiver.url.clone(),
        secret: SECRET.into(),
    });
    let (sandbox, api) = with(Options {
        speed: SPEED,
        ultravox_webhook: target,
        ..Options::default()
    })
    .await;
    let agent = api.agent(json!({ "recordingEnabled": true })).await;
    let call = api.dial(&agent, "+14155550100").await;

    let hooks = receiver.until_event("call.billed").await;
    let events: Vec<_> = hooks.iter().map(|hook| hook.event()).collect();
    assert_eq!(events, ["call.started", "call.joined", "call.ended", "call.billed"]);
    for hook in &hooks {
        assert!(hook.is_signed_by(SECRET) && !hook.is_signed_by("another"));
        chrono::DateTime::parse_from_rfc3339(hook.header("x-ultravox-webhook-timestamp")).unwrap();
        if let Some(spec) = spec::ultravox() {
            spec.check_schema("Call", &hook.body["call"]);
        }
    }
    assert_eq!(hooks[3].body["call"], call);
    assert_eq!(hooks[2].body["call"]["billingStatus"], "BILLING_STATUS_PENDING");
    sandbox.stop().await;
}

#[tokio::test]
async fn webhooks_of_the_account_and_callbacks_of_a_call_are_signed_with_each_of_their_secrets() {
    let (account, callback) = (Receiver::start().await, Receiver::refusing(2).await);
    let (sandbox, api) = sandbox().await;
    let agent = api.agent(json!({})).await;
    let other = api.agent(json!({})).await;
    for (agent, event) in [(&agent, "call.ended"), (&other, "call.ended")] {
        let webhook = json!({ "url": account.url, "events": [event], "agentId": agent, "secrets": ["old", "new"] });
        api.post("/api/webhooks", webhook).await;
    }
    let request = json!({
        "medium": { "sip": { "outgoing": { "to": "+14155550132", "from": "+14155550199" } } },
        "callbacks": { "ended": { "url": callback.url, "secrets": ["mine"] } },
    });
    let call = api.post(&format!("/api/agents/{agent}/calls"), request).await;
    api.billed(&call).await;

    let told = account.until_event("call.ended").await;
    assert_eq!(told.len(), 1, "a webhook of another agent hears nothing");
    assert!(told[0].is_signed_by("old") && told[0].is_signed_by("new"));
    let told = callback.until_event("call.ended").await;
    assert!(
        told[0].is_signed_by("mine"),
        "a refused callback is repeated and signed anew"
    );
    sandbox.stop().await;
}

#[tokio::test]
async fn a_webhook_that_is_refused_remembers_its_failures() {
    let receiver = Receiver::refusing(1).await;
    let (sandbox, api) = sandbox().await;
    let agent = api.agent(json!({})).await;
    let webhook = api
        .post(
            "/api/webhooks",
            json!({ "url": receiver.url, "events": ["call.started"] }),
        )
        .await;
    api.dial(&agent, "+14155550132").await;
    receiver.until_event("call.started").await;
    let webhook = api
        .get(&format!("/api/webhooks/{}", webhook["webhookId"].as_str().unwrap()))
        .await;
    assert_eq!(webhook["recentFailures"][0]["failure"], "HTTP 503");
    assert_eq!(webhook["status"], "normal");
    sandbox.stop().await;
}

#[tokio::test]
async fn a_transcript_grows_while_people_talk_and_leaves_out_defaults() {
    let (sandbox, api) = sandbox().await;
    let tool = json!({ "temporaryTool": {
        "modelToolName": "book_slot", "description": "Books.", "client": {},
        "dynamicParameters": [{ "name": "day", "location": "PARAMETER_LOCATION_BODY", "schema": { "type": "string" }, "required": true }],
    } });
    let prompt = "You are Anna. You book appointments for {{company}}.";
    let agent = api
        .agent(json!({ "systemPrompt": prompt, "selectedTools": [tool], "recordingEnabled": true }))
        .await;
    let medium = json!({ "sip": { "outgoing": { "to": "+14155550100", "from": "+14155550199" } } });
    let request =
        json!({ "medium": medium, "templateContext": { "company": "Acme" }, "metadata": { "campaign": "c1" } });
    let call = api.post(&format!("/api/agents/{agent}/calls"), request).await;
    assert_eq!(call["systemPrompt"], "You are Anna. You book appointments for Acme.");
    let path = format!("/api/calls/{}/messages?mode=in_call&pageSize=50", id(&call));
    let early = api
        .until(&path, |page| !page["results"].as_array().unwrap().is_empty())
        .await;
    let call = api.billed(&call).await;
    let late = api.get(&path).await;
    let messages = late["results"].as_array().unwrap();
    assert!(early["results"].as_array().unwrap().len() <= messages.len());
    assert!(
        messages[0].get("callStageMessageIndex").is_none(),
        "index 0 is left out"
    );
    assert_eq!(messages[1]["callStageMessageIndex"], 1);
    assert_eq!(messages[0]["text"], "Hello, this is Anna. How can I help you today?");
    let roles: Vec<_> = messages
        .iter()
        .map(|message| message["role"].as_str().unwrap())
        .collect();
    assert!(
        roles.contains(&"MESSAGE_ROLE_TOOL_CALL") && roles.contains(&"MESSAGE_ROLE_TOOL_RESULT"),
        "{roles:?}"
    );
    assert!(call["summary"].as_str().unwrap().contains("book_slot"));

    let base = format!("/api/calls/{}", id(&call));
    api.get(&format!("{base}/events?minimum_severity=debug")).await;
    let tools = api.get(&format!("{base}/tools")).await;
    assert_eq!(tools[0]["name"], "book_slot");
    let stages = api.get(&format!("{base}/stages")).await;
    let stage = stages["results"][0]["callStageId"].as_str().unwrap();
    api.get(&format!("{base}/stages/{stage}")).await;
    api.get(&format!("{base}/stages/{stage}/messages")).await;
    sandbox.stop().await;
}

#[tokio::test]
async fn a_tool_on_this_machine_is_really_called() {
    let receiver = Receiver::start().await;
    let (sandbox, api) = sandbox().await;
    let tool = json!({
        "temporaryTool": {
            "modelToolName": "remember", "http": { "baseUrlPattern": receiver.url, "httpMethod": "POST" },
            "dynamicParameters": [{ "name": "email", "location": "PARAMETER_LOCATION_BODY", "schema": { "type": "string" } }],
            "staticParameters": [{ "name": "X-Tool", "location": "PARAMETER_LOCATION_HEADER", "value": "yes" }],
            "automaticParameters": [{ "name": "call", "location": "PARAMETER_LOCATION_BODY", "knownValue": "KNOWN_PARAM_CALL_ID" }],
        },
    });
    let agent = api.agent(json!({ "selectedTools": [tool] })).await;
    let call = api.dial(&agent, "+14155550160").await;
    let called = receiver.until(|hooks| !hooks.is_empty()).await;
    assert_eq!(
        called[0].body,
        json!({ "email": "caller@example.com", "call": call["callId"] })
    );
    assert_eq!(called[0].header("x-tool"), "yes");
    sandbox.stop().await;
}

#[tokio::test]
async fn a_tool_that_asks_for_a_secret_is_used_with_it_or_not_at_all() {
    let receiver = Receiver::start().await;
    let (sandbox, api) = sandbox().await;
    let definition = json!({
        "modelToolName": "book", "http": { "baseUrlPattern": receiver.url, "httpMethod": "POST" },
        "staticParameters": [{ "name": "who", "location": "PARAMETER_LOCATION_BODY", "value": "for {{name}}" }],
        "requirements": { "httpSecurityOptions": { "options": [
            { "requirements": { "secret": { "headerApiKey": { "name": "X-Key" } } } },
        ] } },
    });
    let tool = api
        .post("/api/tools", json!({ "name": "book", "definition": definition }))
        .await;
    let with = |tokens: Value| json!({ "selectedTools": [{ "toolId": tool["toolId"], "authTokens": tokens }] });
    let agent = api.agent(with(json!({}))).await;
    let path = format!("/api/agents/{agent}/calls");
    api.refused(Method::POST, &path, json!({}), 400).await;
    let agent = api.agent(with(json!({ "secret": "s3cret" }))).await;
    let path = format!("/api/agents/{agent}/calls");
    let phone = json!({ "sip": { "outgoing": { "to": "sip:+14155550160@trunk.example.com", "from": "sip:+15550100000@trunk.example.com" } } });
    api.post(&path, json!({ "medium": phone, "templateContext": { "name": "Ann" } }))
        .await;
    let called = receiver.until(|hooks| !hooks.is_empty()).await;
    assert_eq!(called[0].header("x-key"), "s3cret");
    assert_eq!(called[0].body, json!({ "who": "for Ann" }));
    sandbox.stop().await;
}

#[tokio::test]
async fn there_is_a_server_for_the_tools_of_a_demo_organization() {
    let (sandbox, api) = sandbox().await;
    let ask = async |path: &str| api.send(Method::GET, &format!("/_sandbox/clinics/{path}"), None).await;
    let (status, hours) = ask("oakland/hours?date=2026-12-03").await;
    assert_eq!(
        (status, &hours["opens"], &hours["closes"]),
        (200, &json!("08:00"), &json!("17:30"))
    );
    assert_eq!(ask("napa/hours?date=2026-12-06").await.1["open"], false);
    assert_eq!(ask("nowhere/hours?date=2026-12-03").await.0, 404);
    assert_eq!(ask("napa/hours").await.0, 422);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_context_that_does_not_fit_its_schema_is_refused() {
    let (sandbox, api) = sandbox().await;
    let schema = json!({ "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"], "additionalProperties": false });
    let agent = api.agent(json!({ "contextSchema": schema })).await;
    let path = format!("/api/agents/{agent}/calls");
    for context in [json!({}), json!({ "name": 7 }), json!({ "name": "Ann", "age": 7 })] {
        let answer = api
            .refused(Method::POST, &path, json!({ "templateContext": context }), 400)
            .await;
        assert!(answer["templateContext"][0].is_string());
    }
    api.refused(
        Method::POST,
        &path,
        json!({ "templateContext": { "name": "A" }, "metadata": { "ultravox.x": "1" } }),
        400,
    )
    .await;
    api.refused(
        Method::POST,
        &path,
        json!({ "templateContext": { "name": "A" }, "systemPrompt": "no" }),
        400,
    )
    .await;
    sandbox.stop().await;
}

#[tokio::test]
async fn calls_are_found_by_what_they_carry() {
    let (sandbox, api) = sandbox().await;
    let (one, two) = (api.agent(json!({})).await, api.agent(json!({})).await);
    for (agent, key) in [(&one, "a"), (&one, "b"), (&two, "c")] {
        let path = format!("/api/agents/{agent}/calls");
        api.post(&path, json!({ "metadata": { "intent": key } })).await;
    }
    let count = async |query: &str| {
        api.get(&format!("/api/calls?{query}")).await["results"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(count("").await, 3);
    assert_eq!(count("metadata.intent=b").await, 1);
    assert_eq!(count(&format!("agentIds={one}")).await, 2);
    assert_eq!(count(&format!("agentIds={one}&agentIds={two}")).await, 3);
    assert_eq!(count("fromDate=2020-01-01&toDate=2020-12-31").await, 0);
    assert_eq!(
        api.get(&format!("/api/agents/{two}/calls")).await["results"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    api.refused(Method::GET, "/api/calls?fromDate=soon", Value::Null, 400)
        .await;
    sandbox.stop().await;
}

#[tokio::test]
async fn a_recording_is_behind_a_redirect_to_another_host_where_the_key_has_no_business() {
    let (sandbox, api) = sandbox().await;
    let agent = api.agent(json!({ "recordingEnabled": true })).await;
    let call = api.dial(&agent, "+14155550100").await;
    let path = format!("/api/calls/{}/recording", id(&call));
    let redirect = api.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(redirect.status(), 302);
    let location = redirect.headers()["location"].to_str().unwrap().to_owned();
    assert!(!location.starts_with(sandbox.ultravox_url()));

    let with_key = api.request(Method::GET, &location).send().await.unwrap();
    assert_eq!(with_key.status(), 400, "a leaked key is noticed");
    let forged = client()
        .get(location.replace("signature=", "signature=0"))
        .send()
        .await
        .unwrap();
    assert_eq!(forged.status(), 403);
    let stored = client().get(&location).send().await.unwrap();
    assert_eq!(stored.headers()["content-type"], "audio/wav");
    let sound = stored.bytes().await.unwrap();
    assert_eq!(&sound[..4], b"RIFF");
    assert!(sound[44..].iter().any(|byte| *byte != 0), "there is something to hear");

    let silent = api.agent(json!({ "recordingEnabled": false })).await;
    let call = api.dial(&silent, "+14155550132").await;
    api.refused(
        Method::GET,
        &format!("/api/calls/{}/recording", id(&call)),
        Value::Null,
        404,
    )
    .await;
    sandbox.stop().await;
}

#[tokio::test]
async fn a_deleted_call_leaves_a_tombstone() {
    let (sandbox, api) = sandbox().await;
    let agent = api.agent(json!({})).await;
    let call = api.dial(&agent, "+14155550132").await;
    let path = format!("/api/calls/{}", id(&call));
    assert_eq!(api.send(Method::DELETE, &path, None).await.0, 204);
    api.refused(Method::GET, &path, Value::Null, 404).await;
    assert_eq!(
        api.get("/api/deleted_calls").await["results"][0]["callId"],
        call["callId"]
    );
    api.get(&format!("/api/deleted_calls/{}", id(&call))).await;
    sandbox.stop().await;
}

#[tokio::test]
async fn objects_survive_a_restart_and_live_calls_have_lost_their_connection() {
    let file = std::env::temp_dir().join(format!("sandbox-{}.json", uuid::Uuid::new_v4()));
    let options = Options {
        speed: 1.0,
        state_file: Some(file.clone()),
        ..Options::default()
    };
    let (sandbox, api) = with(options.clone()).await;
    let agent = api.agent(json!({})).await;
    let call = api
        .post(
            "/api/calls",
            json!({ "medium": { "webRtc": {} }, "joinTimeout": "600s" }),
        )
        .await;
    sandbox.stop().await;

    let (sandbox, api) = with(Options {
        speed: SPEED,
        ..options
    })
    .await;
    assert_eq!(api.get(&format!("/api/agents/{agent}")).await["name"], "Front desk");
    assert_eq!(
        api.get(&format!("/api/calls/{}", id(&call))).await["endReason"],
        "unjoined"
    );
    sandbox.stop().await;
    std::fs::remove_file(file).unwrap();
}
