//! A call in writing, over its websocket and into it from outside.

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::api::{Api, DEADLINE, id, sandbox};

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(call: &Value) -> Socket {
        let url = call["joinUrl"].as_str().expect("an address to join at");
        assert!(url.starts_with("ws://"));
        let (socket, _) = tokio_tungstenite::connect_async(url).await.expect("a websocket");
        Socket(socket)
    }

    async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("sent");
    }

    /// The next message of this kind; None when the other side closed.
    async fn next(&mut self, kind: &str) -> Option<Value> {
        let reading = async {
            while let Some(Ok(message)) = self.0.next().await {
                if let Message::Text(text) = message {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    if message["type"] == kind {
                        return Some(message);
                    }
                }
            }
            None
        };
        tokio::time::timeout(DEADLINE, reading)
            .await
            .expect("a message in time")
    }

    async fn transcript(&mut self, role: &str) -> Value {
        loop {
            let message = self.next("transcript").await.expect("a transcript");
            if message["role"] == role {
                return message;
            }
        }
    }
}

async fn text_call(api: &Api, template: Value) -> Value {
    let agent = api.agent(template).await;
    let request = json!({
        "medium": { "serverWebSocket": { "inputSampleRate": 8000 } },
        "initialOutputMedium": "MESSAGE_MEDIUM_TEXT",
    });
    api.post(&format!("/api/agents/{agent}/calls"), request).await
}

#[tokio::test]
async fn the_agent_greets_answers_and_hangs_up_when_told() {
    let (sandbox, api) = sandbox().await;
    let call = text_call(&api, json!({ "systemPrompt": "You are Anna.", "firstSpeakerSettings": { "agent": { "text": "Anna here, hello." } } })).await;
    let early = json!({ "type": "user_text_message", "text": "too early" });
    let path = format!("/api/calls/{}/send_data_message", id(&call));
    api.refused(Method::POST, &path, early, 422).await;

    let mut socket = Socket::open(&call).await;
    assert_eq!(socket.next("call_started").await.unwrap()["callId"], call["callId"]);
    let greeting = socket.transcript("agent").await;
    assert_eq!(
        greeting,
        json!({ "type": "transcript", "role": "agent", "medium": "text", "text": "Anna here, hello.", "delta": null, "final": true, "ordinal": 0 })
    );
    assert_eq!(socket.next("state").await.unwrap()["state"], "listening");

    socket
        .send(json!({ "type": "user_text_message", "text": "I want to move my appointment" }))
        .await;
    assert_eq!(socket.transcript("user").await["ordinal"], 1);
    let reply = socket.transcript("agent").await;
    assert_eq!(
        reply["text"],
        "You would like to move your appointment. I can help with that. When would suit you?"
    );

    socket.send(json!({ "type": "ping", "timestamp": 1.5 })).await;
    assert_eq!(socket.next("pong").await.unwrap()["timestamp"], 1.5);

    let (status, _) = api
        .send(
            Method::POST,
            &path,
            Some(&json!({ "type": "user_text_message", "text": "Hello" })),
        )
        .await;
    assert_eq!(status, 204);
    assert_eq!(
        socket.transcript("agent").await["text"],
        "Hello! Anna here. What can I do for you?"
    );
    api.refused(Method::POST, &path, json!({ "type": "shout" }), 400).await;

    let (status, _) = api
        .send(
            Method::POST,
            &path,
            Some(&json!({ "type": "hang_up", "message": "Bye now." })),
        )
        .await;
    assert_eq!(status, 204);
    assert_eq!(socket.transcript("agent").await["text"], "Bye now.");
    assert_eq!(socket.next("nothing more").await, None, "the socket closes");
    let call = api.billed(&call).await;
    assert_eq!(call["endReason"], "agent_hangup");
    api.refused(Method::POST, &path, json!({ "type": "hang_up" }), 422)
        .await;
    let messages = api
        .get(&format!("/api/calls/{}/messages?mode=in_call", id(&call)))
        .await;
    assert_eq!(messages["results"].as_array().unwrap().len(), 6);
    sandbox.stop().await;
}

#[tokio::test]
async fn closing_the_socket_ends_the_call_for_the_client() {
    let (sandbox, api) = sandbox().await;
    let call = text_call(&api, json!({ "firstSpeakerSettings": { "user": {} } })).await;
    let mut socket = Socket::open(&call).await;
    socket.next("call_started").await.unwrap();
    socket.0.close(None).await.unwrap();
    assert_eq!(api.billed(&call).await["endReason"], "hangup");
    assert!(
        tokio_tungstenite::connect_async(call["joinUrl"].as_str().unwrap())
            .await
            .is_err(),
        "it can be joined once"
    );
    sandbox.stop().await;
}

#[tokio::test]
async fn a_goodbye_makes_the_agent_hang_up() {
    let (sandbox, api) = sandbox().await;
    let call = text_call(&api, json!({ "firstSpeakerSettings": { "user": {} } })).await;
    let mut socket = Socket::open(&call).await;
    socket
        .send(json!({ "type": "user_text_message", "text": "Goodbye!" }))
        .await;
    socket.transcript("agent").await;
    assert_eq!(api.billed(&call).await["endReason"], "agent_hangup");
    sandbox.stop().await;
}

#[tokio::test]
async fn a_client_tool_is_asked_of_the_client() {
    let (sandbox, api) = sandbox().await;
    let tool = json!({ "temporaryTool": { "modelToolName": "show_calendar", "description": "Shows the calendar.", "client": {} } });
    let call = text_call(
        &api,
        json!({ "selectedTools": [tool], "firstSpeakerSettings": { "user": {} } }),
    )
    .await;
    let mut socket = Socket::open(&call).await;
    socket
        .send(json!({ "type": "user_text_message", "text": "Open the calendar please" }))
        .await;
    let asked = socket.next("client_tool_invocation").await.unwrap();
    assert_eq!(asked["toolName"], "show_calendar");
    socket
        .send(json!({ "type": "client_tool_result", "invocationId": asked["invocationId"], "result": "shown" }))
        .await;
    socket.transcript("agent").await;
    let messages = api
        .get(&format!("/api/calls/{}/messages?mode=in_call", id(&call)))
        .await;
    let result = &messages["results"].as_array().unwrap()[2];
    assert_eq!(
        (&result["role"], &result["text"]),
        (&json!("MESSAGE_ROLE_TOOL_RESULT"), &json!("shown"))
    );
    sandbox.stop().await;
}
