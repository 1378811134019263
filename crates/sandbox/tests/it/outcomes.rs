//! Each number has its outcome.

use serde_json::{Value, json};

use crate::api::{Api, id, sandbox};

async fn outcome(api: &Api, agent: &str, ending: &str) -> (Value, Vec<Value>) {
    let call = api.dial(agent, &format!("+141555501{ending}")).await;
    let messages = api
        .get(&format!("/api/calls/{}/messages?mode=in_call&pageSize=100", id(&call)))
        .await;
    (call, messages["results"].as_array().expect("a list").clone())
}

#[tokio::test]
async fn a_number_that_is_not_answered_says_why() {
    let (sandbox, api) = sandbox().await;
    let agent = api.agent(json!({})).await;
    let reasons = [
        ("20", "TIMEOUT"),
        ("21", "BUSY"),
        ("22", "REJECTED"),
        ("23", "INVALID_NUMBER"),
        ("24", "DESTINATION_UNAVAILABLE"),
        ("25", "CANCELED"),
        ("26", "UNKNOWN"),
    ];
    for (ending, reason) in reasons {
        let (call, messages) = outcome(&api, &agent, ending).await;
        assert_eq!(call["endReason"], "unjoined", "{ending}");
        assert_eq!(
            call["sipDetails"]["terminationReason"],
            format!("SIP_TERMINATION_{reason}")
        );
        assert_eq!(call["billingStatus"], "BILLING_STATUS_FREE_ZERO_EFFECTIVE_DURATION");
        assert_eq!(call["billedDuration"], "0s");
        assert_ne!(
            call["sipDetails"]["billedDuration"], "0s",
            "a line that only rings still costs SIP time"
        );
        assert!(call["joined"].is_null() && call["joinUrl"].is_null() && messages.is_empty());
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn a_number_that_is_answered_ends_as_it_should() {
    let (sandbox, api) = sandbox().await;
    let agent = api
        .agent(json!({ "maxDuration": "90s", "timeExceededMessage": "I must go now." }))
        .await;
    for (ending, reason) in [
        ("00", "hangup"),
        ("10", "agent_hangup"),
        ("30", "agent_hangup"),
        ("31", "agent_hangup"),
        ("32", "hangup"),
        ("40", "timeout"),
        ("50", "connection_error"),
        ("51", "system_error"),
        ("60", "hangup"),
        ("61", "agent_hangup"),
    ] {
        let (call, _) = outcome(&api, &agent, ending).await;
        assert_eq!(call["endReason"], reason, "{ending}");
        let status = if ending == "51" {
            "BILLING_STATUS_FREE_SYSTEM_ERROR"
        } else {
            "BILLING_STATUS_BILLED"
        };
        assert_eq!(call["billingStatus"], status, "{ending}");
        if ending == "32" {
            assert_eq!(call["billedDuration"], "6s", "one second costs six");
        }
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn a_call_that_talks_too_long_is_cut_off_at_its_longest_duration() {
    let (sandbox, api) = sandbox().await;
    let agent = api
        .agent(json!({ "maxDuration": "90s", "timeExceededMessage": "I must go now." }))
        .await;
    let (call, messages) = outcome(&api, &agent, "40").await;
    assert_eq!(call["billedDuration"], "90s");
    assert_eq!(messages.last().unwrap()["text"], "I must go now.");
    sandbox.stop().await;
}

#[tokio::test]
async fn a_failing_tool_leaves_the_reason_in_the_transcript() {
    let (sandbox, api) = sandbox().await;
    let agent = api
        .agent(json!({ "selectedTools": [{ "toolName": "queryCorpus" }] }))
        .await;
    let (_, messages) = outcome(&api, &agent, "61").await;
    let result = messages
        .iter()
        .find(|message| message["role"] == "MESSAGE_ROLE_TOOL_RESULT")
        .unwrap();
    assert!(result["errorDetails"].is_string() && result.get("text").is_none());
    sandbox.stop().await;
}

#[tokio::test]
async fn nobody_ever_joins_a_web_call() {
    let (sandbox, api) = sandbox().await;
    let call = api
        .post("/api/calls", json!({ "systemPrompt": "Hi", "joinTimeout": "20s" }))
        .await;
    assert!(call["joinUrl"].is_string());
    let call = api.billed(&call).await;
    assert_eq!(call["endReason"], "unjoined");
    sandbox.stop().await;
}

#[tokio::test]
async fn somebody_can_be_made_to_call_in() {
    let (sandbox, api) = sandbox().await;
    let agent = api.agent(json!({})).await;
    let call = api
        .post("/_sandbox/inbound", json!({ "agentId": agent, "from": "+14155550142" }))
        .await;
    let call = api.billed(&call).await;
    assert_eq!(call["endReason"], "hangup");
    assert_eq!(call["metadata"]["sandbox.from"], "+14155550142");
    sandbox.stop().await;
}
