//! The simulated language model: OpenAI's chat completions, refused and answered as they are.

use reqwest::Method;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use crate::api::client;

const KEY: &str = "sk-0123456789";

async fn start() -> Sandbox {
    Sandbox::start(Options::default())
        .await
        .expect("a sandbox on free ports")
}

async fn ask(sandbox: &Sandbox, path: &str, key: Option<&str>, body: Option<&Value>) -> (u16, Value) {
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let mut request = client().request(method, format!("{}{path}", sandbox.llm_url()));
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

fn completion() -> Value {
    let system = "Improve the system prompt of a voice agent.";
    let user = "<prompt>\nYou are Mia. Ask for the name. Never quote prices.\n</prompt>";
    json!({ "model": "sandbox-small", "max_tokens": 1000, "messages": [
        { "role": "system", "content": system }, { "role": "user", "content": user },
    ] })
}

#[tokio::test]
async fn a_completion_has_the_documented_shape_and_is_the_same_each_time() {
    let sandbox = start().await;
    let (status, first) = ask(&sandbox, "/v1/chat/completions", Some(KEY), Some(&completion())).await;
    assert_eq!(status, 200, "{first}");
    assert!(first["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert_eq!(first["object"], "chat.completion");
    let choice = &first["choices"][0];
    assert_eq!(
        (&choice["message"]["role"], &choice["finish_reason"]),
        (&json!("assistant"), &json!("stop"))
    );
    let usage = &first["usage"];
    let sum = usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
    assert_eq!(usage["total_tokens"], sum);
    let (_, second) = ask(&sandbox, "/chat/completions", Some(KEY), Some(&completion())).await;
    assert_eq!(second["choices"], first["choices"]);

    let mut short = completion();
    short["max_tokens"] = json!(2);
    let (_, cut) = ask(&sandbox, "/v1/chat/completions", Some(KEY), Some(&short)).await;
    assert_eq!(cut["choices"][0]["finish_reason"], "length");
    let (status, models) = ask(&sandbox, "/v1/models", Some(KEY), None).await;
    assert_eq!((status, &models["data"][0]["object"]), (200, &json!("model")));
    sandbox.stop().await;
}

#[tokio::test]
async fn a_schema_is_filled_in() {
    let sandbox = start().await;
    let mut body = completion();
    let schema = json!({ "type": "object", "properties": { "summary": { "type": "string" }, "success": { "type": "boolean" } } });
    body["response_format"] =
        json!({ "type": "json_schema", "json_schema": { "name": "analysis", "schema": schema, "strict": true } });
    let (_, answer) = ask(&sandbox, "/v1/chat/completions", Some(KEY), Some(&body)).await;
    let content: Value = serde_json::from_str(answer["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
    assert!(
        content["summary"].is_string() && content["success"] == true,
        "{content}"
    );
    sandbox.stop().await;
}

#[tokio::test]
async fn what_openai_refuses_is_refused_in_its_form() {
    let sandbox = start().await;
    for key in [None, Some("nothing-like-it"), Some("")] {
        let (status, answer) = ask(&sandbox, "/v1/chat/completions", key, Some(&completion())).await;
        assert_eq!(status, 401, "{answer}");
        assert!(answer["error"]["message"].is_string());
    }
    let cases = [
        (json!({ "model": null }), "model"),
        (json!({ "messages": [] }), "messages"),
        (
            json!({ "messages": [{ "role": "boss", "content": "x" }] }),
            "messages[0].role",
        ),
        (
            json!({ "messages": [{ "role": "user", "content": 7 }] }),
            "messages[0].content",
        ),
        (json!({ "max_tokens": 0 }), "max_tokens"),
        (json!({ "max_completion_tokens": 5 }), "max_tokens"),
        (json!({ "temperature": 3 }), "temperature"),
        (json!({ "n": 2 }), "n"),
        (json!({ "stream": true }), "stream"),
        (json!({ "response_format": { "type": "xml" } }), "response_format.type"),
        (json!({ "prompt": "x" }), "prompt"),
    ];
    for (change, param) in cases {
        let mut body = completion();
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        let (status, answer) = ask(&sandbox, "/v1/chat/completions", Some(KEY), Some(&body)).await;
        assert_eq!((status, &answer["error"]["param"]), (400, &json!(param)), "{answer}");
        assert_eq!(answer["error"]["type"], "invalid_request_error");
    }
    let (status, _) = ask(&sandbox, "/v1/embeddings", Some(KEY), Some(&json!({}))).await;
    assert_eq!(status, 404);
    sandbox.stop().await;
}

#[tokio::test]
async fn it_is_made_to_fail_like_the_others() {
    let sandbox = start().await;
    let faults = format!("{}/_sandbox/faults", sandbox.llm_url());
    let fault = json!({ "kind": "status", "status": 429, "retry_after": 9 });
    assert_eq!(client().post(&faults).json(&fault).send().await.unwrap().status(), 201);
    let request = client().post(format!("{}/v1/chat/completions", sandbox.llm_url()));
    let refused = request.bearer_auth(KEY).json(&completion()).send().await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["retry-after"]),
        (429, &"9".parse().unwrap())
    );
    let answer: Value = refused.json().await.unwrap();
    assert_eq!(answer["error"]["code"], "rate_limit_exceeded");
    let (status, _) = ask(&sandbox, "/v1/chat/completions", Some(KEY), Some(&completion())).await;
    assert_eq!(status, 200);
    // The page for people is there without a key, and shows no key.
    let page = client()
        .get(format!("{}/_sandbox", sandbox.llm_url()))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        page.contains("<h1>Language model sandbox</h1>") && !page.contains("0123456789"),
        "{page}"
    );
    sandbox.stop().await;
}
