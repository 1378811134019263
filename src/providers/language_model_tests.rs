use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use tokio::net::TcpListener;

use super::*;
use crate::error::Fault;

/// A model that answers from a script and remembers what it was asked.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Response>>>,
    asked: Arc<Mutex<Vec<(String, String, Value)>>>,
}

impl Script {
    fn then(self, answer: impl IntoResponse) -> Self {
        self.answers.lock().unwrap().push_back(answer.into_response());
        self
    }

    /// It writes this.
    fn writes(self, content: &str) -> Self {
        self.then(Json(completion(content, "stop")))
    }

    async fn start(&self) -> LanguageModel {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1/", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        model(&url, Duration::from_secs(20))
    }

    fn bodies(&self) -> Vec<Value> {
        self.asked
            .lock()
            .unwrap()
            .iter()
            .map(|(.., body)| body.clone())
            .collect()
    }
}

async fn answer(State(script): State<Script>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let key = headers["authorization"].to_str().unwrap().to_owned();
    let body = serde_json::from_slice(&body).unwrap();
    script.asked.lock().unwrap().push((uri.to_string(), key, body));
    let next = script.answers.lock().unwrap().pop_front();
    next.unwrap_or_else(|| StatusCode::IM_A_TEAPOT.into_response())
}

fn model(url: &str, deadline: Duration) -> LanguageModel {
    let access = LanguageModelAccess {
        url: url.parse().unwrap(),
        key: "sk-hunter2".to_owned().into(),
        model: "small".to_owned(),
        deadline,
    };
    LanguageModel::new(access, crate::providers::client())
}

fn completion(content: &str, finish: &str) -> Value {
    json!({ "choices": [{ "message": { "role": "assistant", "content": content }, "finish_reason": finish }] })
}

fn said(failure: ModelFailure) -> (Fault, String) {
    match Error::from(failure) {
        Error::Upstream(upstream) => (upstream.fault, upstream.to_string()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn it_is_asked_with_the_key_and_the_model_and_answers_with_a_text() {
    let script = Script::default().writes("  Hello.\n");
    let model = script.start().await;
    let messages = [Message::system("Write."), Message::user("A greeting.")];
    assert_eq!(model.complete(&messages, 100).await.unwrap(), "Hello.");
    let asked = script.asked.lock().unwrap().clone();
    let body = json!({
        "model": "small", "max_tokens": 100,
        "messages": [{ "role": "system", "content": "Write." }, { "role": "user", "content": "A greeting." }],
    });
    assert_eq!(
        asked,
        [("/v1/chat/completions".to_owned(), "Bearer sk-hunter2".to_owned(), body)]
    );
}

#[tokio::test]
async fn a_model_that_takes_the_other_limit_is_asked_with_that() {
    let refusal = json!({ "error": { "message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "code": "unsupported_parameter" } });
    let script = Script::default()
        .then((StatusCode::BAD_REQUEST, Json(refusal)))
        .writes("Hello.");
    let model = script.start().await;
    assert_eq!(model.complete(&[Message::user("x")], 7).await.unwrap(), "Hello.");
    let bodies = script.bodies();
    assert_eq!(
        (&bodies[0]["max_tokens"], &bodies[1]["max_completion_tokens"]),
        (&json!(7), &json!(7))
    );
    assert!(bodies[1].get("max_tokens").is_none());
}

#[tokio::test]
async fn json_is_read_from_what_it_writes_also_from_a_fence() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Analysis {
        summary: String,
        success: bool,
    }
    let answer = AnswerSchema {
        name: "analysis",
        schema: json!({ "type": "object", "properties": { "summary": { "type": "string" }, "success": { "type": "boolean" } } }),
    };
    let script = Script::default()
        .writes(r#"{"summary":"They agreed.","success":true}"#)
        .writes("```json\n{\"summary\":\"They agreed.\",\"success\":true}\n```")
        .writes("They agreed.");
    let model = script.start().await;
    let messages = [Message::user("x")];
    for _ in 0..2 {
        let read = model
            .complete_json::<Analysis>(&messages, &answer, 100)
            .await
            .unwrap()
            .value;
        assert_eq!(read.summary, "They agreed.");
        assert!(read.success);
    }
    let failure = model
        .complete_json::<Analysis>(&messages, &answer, 100)
        .await
        .unwrap_err();
    assert_eq!(failure, ModelFailure::Unusable(Unusable::NotJson));
    let format = &script.bodies()[0]["response_format"];
    assert_eq!(format["json_schema"]["name"], "analysis");
    assert_eq!(format["json_schema"]["schema"], answer.schema);
}

#[tokio::test]
async fn every_failure_is_told_in_words() {
    let refused = |status: u16, message: &str| {
        let body = json!({ "error": { "message": message, "type": "x", "code": "y" } });
        (StatusCode::from_u16(status).unwrap(), Json(body))
    };
    let cases: [(Response, Fault, &str); 12] = [
        (
            refused(401, "Wrong key sk-hunter2").into_response(),
            Fault::Account,
            "refuses this installation's key",
        ),
        (
            refused(403, "No").into_response(),
            Fault::Account,
            "An operator has to look at it",
        ),
        (
            ([("retry-after", "7")], refused(429, "Slow down")).into_response(),
            Fault::Busy,
            "Try again in 7 s.",
        ),
        (
            refused(429, "Slow down").into_response(),
            Fault::Busy,
            "Try again in a minute.",
        ),
        (
            refused(404, "The model 'small' does not exist").into_response(),
            Fault::Rejected,
            "'small' does not exist.",
        ),
        (
            refused(500, "Oops").into_response(),
            Fault::Failing,
            "an error of its own",
        ),
        ("no json".into_response(), Fault::Failing, "cannot be read"),
        (
            Json(json!({ "choices": [] })).into_response(),
            Fault::Failing,
            "was empty",
        ),
        (
            Json(completion(" \n", "stop")).into_response(),
            Fault::Failing,
            "was empty",
        ),
        (
            Json(completion("Half of", "length")).into_response(),
            Fault::Failing,
            "cut off",
        ),
        (
            Json(completion("", "content_filter")).into_response(),
            Fault::Failing,
            "declined",
        ),
        (
            Json(json!({ "choices": [{ "message": { "content": null, "refusal": "I cannot." } }] })).into_response(),
            Fault::Failing,
            "declined",
        ),
    ];
    for (response, fault, words) in cases {
        let script = Script::default().then(response);
        let failure = script
            .start()
            .await
            .complete(&[Message::user("x")], 10)
            .await
            .unwrap_err();
        let (is, told) = said(failure);
        assert_eq!(is, fault, "{told}");
        assert!(told.contains(words) && told.ends_with("Nothing was changed."), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
        assert_eq!(script.bodies().len(), 1, "each answer costs: {told}");
    }
}

#[tokio::test]
async fn one_that_is_not_there_or_does_not_answer_is_not_waited_for() {
    let nowhere = model("http://127.0.0.1:9/v1", Duration::from_secs(5));
    let (fault, told) = said(nowhere.complete(&[Message::user("x")], 10).await.unwrap_err());
    assert_eq!(fault, Fault::Unreachable, "{told}");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = model(
        &format!("http://{}", listener.local_addr().unwrap()),
        Duration::from_millis(100),
    );
    let (fault, told) = said(silent.complete(&[Message::user("x")], 10).await.unwrap_err());
    assert_eq!(fault, Fault::NoAnswer, "{told}");
}

#[test]
fn an_answer_is_freed_of_what_stands_around_it() {
    for (content, text) in [
        ("Hello.", "Hello."),
        ("```\nHello.\n```", "Hello."),
        ("```markdown\n# Role\nYou are.\n```\n", "# Role\nYou are."),
        ("<think>Hm, a greeting.</think>\n\nHello.", "Hello."),
        ("```\na\n```\nand\n```\nb\n```", "```\na\n```\nand\n```\nb\n```"),
        ("``` ```", "``` ```"),
        ("<think>endless", "<think>endless"),
    ] {
        assert_eq!(bare(content), text);
    }
}
