use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use chrono::DateTime;
use tokio::net::TcpListener;

use super::{
    contract::Contract,
    shape::{Call, Message},
    *,
};
use crate::error::Fault;

const KEY: &str = "abcdefgh.0123456789abcdef0123456789abcdef";

/// A provider that answers from a script and remembers what it was asked.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Response>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// Method and path, headers, body.
type Asked = (String, HeaderMap, Vec<u8>);

impl Script {
    fn then(self, answer: impl IntoResponse) -> Self {
        self.answers.lock().unwrap().push_back(answer.into_response());
        self
    }

    fn asked(&self) -> Vec<String> {
        self.asked
            .lock()
            .unwrap()
            .iter()
            .map(|(line, ..)| line.clone())
            .collect()
    }

    async fn start(&self) -> (Ultravox, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (ultravox(&url, "sip"), url)
    }
}

async fn answer(State(script): State<Script>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap().to_vec();
    script
        .asked
        .lock()
        .unwrap()
        .push((format!("{} {}", parts.method, parts.uri), parts.headers, body));
    let next = script.answers.lock().unwrap().pop_front();
    next.unwrap_or_else(|| StatusCode::IM_A_TEAPOT.into_response())
}

fn ultravox(url: &str, medium: &str) -> Ultravox {
    let access = UltravoxAccess {
        url: url.parse().unwrap(),
        key: KEY.to_owned().into(),
        medium: medium.into(),
        from: "+15550100000".into(),
        sip_host: Some("trunk.example.com".into()),
        webhook_secret: "secret".to_owned().into(),
    };
    Ultravox::new(access, crate::providers::client())
}

fn agent() -> axum::Json<Value> {
    axum::Json(json!({ "agentId": "a", "name": "n", "created": "2026-01-02T03:04:05Z", "callTemplate": null }))
}

#[tokio::test]
async fn pages_are_followed_at_our_address_whatever_host_they_name() {
    let voice =
        |id: &str, ownership: &str| json!({ "voiceId": id, "name": id, "ownership": ownership, "provider": null });
    let script = Script::default()
        .then(axum::Json(json!({ "next": "http://elsewhere.example/api/voices?cursor=2", "results": [voice("1", "public"), voice("p", "private")] })))
        .then(axum::Json(json!({ "next": null, "results": [voice("2", "public")] })));
    let (ultravox, _) = script.start().await;
    let voices = ultravox.public_voices().await.unwrap();
    assert_eq!(
        voices.iter().map(|voice| voice.voice_id.as_str()).collect::<Vec<_>>(),
        ["1", "2"]
    );
    let asked = script.asked();
    assert!(asked[0].starts_with("GET /api/voices?ownership=public"), "{asked:?}");
    assert_eq!(asked[1], "GET /api/voices?cursor=2");
}

#[tokio::test]
async fn a_list_that_points_to_itself_ends() {
    let page = || axum::Json(json!({ "next": "/api/webhooks", "results": [] }));
    let script = Script::default().then(page()).then(page());
    let (ultravox, _) = script.start().await;
    assert!(ultravox.webhooks().await.unwrap().is_empty());
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn reading_is_repeated_and_creating_is_not() {
    let script = Script::default()
        .then(StatusCode::INTERNAL_SERVER_ERROR)
        .then(StatusCode::BAD_GATEWAY)
        .then(agent());
    let (ultravox, _) = script.start().await;
    assert_eq!(ultravox.agent("a").await.unwrap().agent_id, "a");
    assert_eq!(script.asked().len(), 3);

    let script = Script::default().then(StatusCode::INTERNAL_SERVER_ERROR).then(agent());
    let (ultravox, _) = script.start().await;
    let failure = ultravox.create_agent("n", &json!({})).await.unwrap_err();
    assert!(failure.may_have_acted());
    assert_eq!(script.asked().len(), 1);

    let script = Script::default()
        .then((StatusCode::TOO_MANY_REQUESTS, [("retry-after", "0")]))
        .then(agent());
    let (ultravox, _) = script.start().await;
    assert_eq!(
        ultravox.place_call(Some("a"), &json!({})).await.unwrap_err().fault(),
        Fault::Busy
    );
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn refusals_are_not_repeated_and_say_why() {
    let body = axum::Json(json!({ "callTemplate": ["voice: Voice \"x\" does not exist."] }));
    let script = Script::default().then((StatusCode::BAD_REQUEST, body));
    let (ultravox, _) = script.start().await;
    let failure = ultravox.update_agent("a", "n", &json!({})).await.unwrap_err();
    assert_eq!(failure.said(), Some("callTemplate: voice: Voice \"x\" does not exist."));
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn an_unreadable_success_counts_as_unknown() {
    let script = Script::default().then("{ not json");
    let (ultravox, _) = script.start().await;
    assert!(
        ultravox
            .place_call(Some("a"), &json!({}))
            .await
            .unwrap_err()
            .may_have_acted()
    );
}

#[tokio::test]
async fn a_provider_that_is_not_there_did_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let failure = ultravox(&url, "sip").create_agent("n", &json!({})).await.unwrap_err();
    assert_eq!(failure.fault(), Fault::Unreachable);
    assert!(!failure.may_have_acted());
}

#[tokio::test]
async fn a_recording_is_fetched_from_storage_without_the_key() {
    let storage = Script::default().then(([("content-type", "text/html")], "sound"));
    let (_, storage_url) = storage.start().await;
    let script = Script::default().then((
        StatusCode::FOUND,
        [("location", format!("{storage_url}/r.wav?signature=1"))],
    ));
    let (ultravox, _) = script.start().await;
    let audio = ultravox.recording("c").await.unwrap();
    assert_eq!(
        (&audio.bytes[..], audio.content_type.as_str()),
        (&b"sound"[..], "audio/wav")
    );
    assert_eq!(script.asked.lock().unwrap()[0].1["x-api-key"], KEY);
    assert!(storage.asked.lock().unwrap()[0].1.get("x-api-key").is_none());
}

#[tokio::test]
async fn a_recordings_state_is_asked_without_fetching_it() {
    let script = Script::default()
        .then((StatusCode::FOUND, [("location", "https://storage.example/r.wav")]))
        .then(([("content-type", "audio/wav")], vec![0_u8; 1 << 16]))
        .then(StatusCode::NOT_FOUND)
        .then(StatusCode::from_u16(425).unwrap());
    let (ultravox, _) = script.start().await;
    for expected in [
        RecordingState::Ready,
        RecordingState::Ready,
        RecordingState::NotYet,
        RecordingState::NotYet,
    ] {
        assert_eq!(ultravox.recording_state("c").await.unwrap(), expected);
    }
}

#[tokio::test]
async fn storage_is_followed_once() {
    let script = Script::default()
        .then((StatusCode::FOUND, [("location", "/again")]))
        .then((StatusCode::FOUND, [("location", "/and-again")]));
    let (ultravox, _) = script.start().await;
    assert!(ultravox.recording("c").await.is_err());
    assert_eq!(script.asked().len(), 2);
}

#[tokio::test]
async fn a_lost_call_is_found_by_its_mark_alone() {
    let call = |id: &str, mark: &str| json!({ "callId": id, "created": "2026-01-02T03:04:05Z", "metadata": { "switchboard_call": mark } });
    let script = Script::default().then(axum::Json(
        json!({ "next": null, "results": [call("other", "x"), call("ours", "m")] }),
    ));
    let (ultravox, _) = script.start().await;
    let since = DateTime::parse_from_rfc3339("2026-01-02T03:04:05Z").unwrap().to_utc();
    let found = ultravox.calls_marked("switchboard_call", "m", since).await.unwrap();
    assert_eq!(
        found.iter().map(|call| call.call_id.as_str()).collect::<Vec<_>>(),
        ["ours"]
    );
    assert_eq!(
        script.asked(),
        ["GET /api/calls?metadata.switchboard_call=m&fromDate=2026-01-02T02%3A59%3A05Z"]
    );
}

#[tokio::test]
async fn a_lost_agent_is_found_even_where_search_fails() {
    let named = |id: &str, name: &str, day: u8| json!({ "agentId": id, "name": name, "created": format!("2026-01-{day:02}T00:00:00Z") });
    let script = Script::default()
        .then(axum::Json(json!({ "next": null, "results": [] })))
        .then(axum::Json(json!({ "next": "/api/agents?cursor=2", "results": [named("new", "Desk sb_1", 9), named("old", "Desk sb_1", 1)] })));
    let (ultravox, _) = script.start().await;
    let since = DateTime::parse_from_rfc3339("2026-01-08T00:00:00Z").unwrap().to_utc();
    let found = ultravox.agents_marked("sb_1", since).await.unwrap();
    assert_eq!(
        found.iter().map(|agent| agent.agent_id.as_str()).collect::<Vec<_>>(),
        ["new"]
    );
    assert_eq!(script.asked().len(), 2, "older agents need not be read");
}

#[tokio::test]
async fn a_lost_tool_is_found_even_where_search_fails() {
    let named = |id: &str, name: &str, day: u8| json!({ "toolId": id, "name": name, "created": format!("2026-01-{day:02}T00:00:00Z") });
    let script = Script::default()
        .then(axum::Json(
            json!({ "next": null, "results": [named("other", "sb_11", 9)] }),
        ))
        .then(axum::Json(
            json!({ "next": "/api/tools?cursor=2", "results": [named("new", "sb_1", 9), named("old", "sb_1", 1)] }),
        ));
    let (ultravox, _) = script.start().await;
    let since = DateTime::parse_from_rfc3339("2026-01-08T00:00:00Z").unwrap().to_utc();
    let found = ultravox.tools_named("sb_1", since).await.unwrap();
    assert_eq!(
        found.iter().map(|tool| tool.tool_id.as_str()).collect::<Vec<_>>(),
        ["new"]
    );
    assert_eq!(
        script.asked(),
        [
            "GET /api/tools?ownership=private&search=sb_1",
            "GET /api/tools?ownership=private&sortOrder=reverseChronologic"
        ]
    );
}

#[tokio::test]
async fn a_message_to_nobody_is_told_apart_from_a_failure() {
    let script = Script::default()
        .then(StatusCode::NO_CONTENT)
        .then(StatusCode::UNPROCESSABLE_ENTITY)
        .then(StatusCode::NOT_FOUND);
    let (ultravox, _) = script.start().await;
    assert!(ultravox.say("c", "hi").await.unwrap());
    assert!(!ultravox.say("c", "hi").await.unwrap());
    assert!(ultravox.say("c", "hi").await.is_err());
    let (_, headers, body) = script.asked.lock().unwrap()[0].clone();
    assert_eq!(headers["x-api-key"], KEY);
    assert_eq!(
        serde_json::from_slice::<Value>(&body).unwrap(),
        json!({ "type": "user_text_message", "text": "hi", "urgency": "soon" })
    );
}

#[test]
fn sip_takes_addresses_and_carriers_take_numbers() {
    let sip = ultravox("http://localhost", "sip")
        .phone_medium("+14155550100")
        .unwrap();
    assert_eq!(
        sip,
        json!({ "sip": { "outgoing": { "to": "sip:+14155550100@trunk.example.com", "from": "sip:+15550100000@trunk.example.com" } } })
    );
    let twilio = ultravox("http://localhost", "twilio")
        .phone_medium("+14155550100")
        .unwrap();
    assert_eq!(
        twilio,
        json!({ "twilio": { "outgoing": { "to": "+14155550100", "from": "+15550100000" } } })
    );
    let mut none = ultravox("http://localhost", "sip");
    none.access.sip_host = None;
    assert_eq!(none.phone_medium("+14155550100"), None);
    if let Some(contract) = Contract::load() {
        contract.check("ultravox.v1.CallMedium", &sip);
        contract.check("ultravox.v1.CallMedium", &twilio);
    }
}

#[test]
fn what_the_service_leaves_out_has_its_default() {
    let message: Message =
        serde_json::from_value(json!({ "role": "MESSAGE_ROLE_AGENT", "timespan": { "end": "1.5s" } })).unwrap();
    assert_eq!((message.text.as_str(), message.span_ms()), ("", (Some(0), Some(1500))));
    let call: Call = serde_json::from_value(json!({ "callId": "c", "created": "2026-01-02T03:04:05Z" })).unwrap();
    assert!(!call.is_live());
}
