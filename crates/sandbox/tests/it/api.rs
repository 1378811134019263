//! A sandbox to test and a client that holds every answer to the spec.

use std::time::Duration;

use reqwest::Method;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use crate::spec::{self, Spec};

pub const SPEED: f64 = 400.0;
const KEY: &str = "Sandbox1.0123456789abcdefghijklmnopqrstuv";
/// A test that waits longer has failed.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub struct Api {
    pub base: String,
    pub client: reqwest::Client,
    header: (&'static str, String),
    spec: Option<&'static Spec>,
    prefix: &'static str,
}

pub async fn sandbox() -> (Sandbox, Api) {
    with(Options {
        speed: SPEED,
        ..Options::default()
    })
    .await
}

pub async fn with(options: Options) -> (Sandbox, Api) {
    let sandbox = Sandbox::start(options).await.expect("a sandbox on free ports");
    let api = Api::ultravox(sandbox.ultravox_url());
    (sandbox, api)
}

pub fn client() -> reqwest::Client {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy();
    client.timeout(DEADLINE).build().expect("a client")
}

impl Api {
    pub fn ultravox(base: &str) -> Api {
        let header = ("X-API-Key", KEY.to_owned());
        Api {
            base: base.to_owned(),
            client: client(),
            header,
            spec: spec::ultravox(),
            prefix: "",
        }
    }

    /// Clerk's backend API, newest version.
    pub fn clerk(base: &str) -> Api {
        let header = ("Authorization", "Bearer sk_test_0123456789abcdefghij".to_owned());
        Api {
            base: base.to_owned(),
            client: client(),
            header,
            spec: spec::clerk_backend(),
            prefix: "/v1",
        }
    }

    /// Clerk's frontend API as a page of this origin asks it.
    pub fn browser(base: &str) -> Api {
        let header = ("Origin", "http://127.0.0.1:3000".to_owned());
        Api {
            base: base.to_owned(),
            client: client(),
            header,
            spec: spec::clerk_browser(),
            prefix: "",
        }
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        };
        self.client.request(method, url).header(self.header.0, &self.header.1)
    }

    /// Sends, checks the answer against the spec, and returns status and body.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let mut request = self.request(method.clone(), path);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.finish(method, path, request).await
    }

    /// The same with a form for a body.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded");
        self.finish(Method::POST, path, request.body(body)).await
    }

    /// As Clerk's script asks: a POST that says in the query which method it means.
    pub async fn meant(&self, method: Method, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let separator = if path.contains('?') { '&' } else { '?' };
        let request = self
            .request(Method::POST, &format!("{path}{separator}_method={method}"))
            .header("content-type", "application/x-www-form-urlencoded");
        self.finish(method, path, request.body(body)).await
    }

    async fn finish(&self, method: Method, path: &str, request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let bytes = response.bytes().await.expect("a body");
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).expect("JSON")
        };
        let path = path.trim_start_matches(&self.base);
        let path = path
            .split('?')
            .next()
            .unwrap_or_default()
            .trim_start_matches(self.prefix);
        if let Some(spec) = self.spec.filter(|_| !path.starts_with("/_sandbox")) {
            spec.check_answer(method.as_str(), path, status, &body);
        }
        (status, body)
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send(Method::GET, path, None).await;
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.send(Method::POST, path, Some(&body)).await;
        assert!((200..300).contains(&status), "POST {path}: {status} {answer}");
        answer
    }

    pub async fn refused(&self, method: Method, path: &str, body: Value, status: u16) -> Value {
        let (found, answer) = self.send(method, path, Some(&body)).await;
        assert_eq!(found, status, "{path}: {answer}");
        answer
    }

    /// Asks again until the answer is as wanted.
    pub async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        let asking = async {
            loop {
                tick.tick().await;
                let body = self.get(path).await;
                if wanted(&body) {
                    return body;
                }
            }
        };
        tokio::time::timeout(DEADLINE, asking)
            .await
            .unwrap_or_else(|_| panic!("{path} never became as wanted"))
    }

    pub async fn agent(&self, template: Value) -> String {
        let agent = self
            .post("/api/agents", json!({ "name": "Front desk", "callTemplate": template }))
            .await;
        agent["agentId"].as_str().expect("an id").to_owned()
    }

    /// Calls a number and waits until the call is billed.
    pub async fn dial(&self, agent: &str, number: &str) -> Value {
        let medium = json!({ "sip": { "outgoing": { "to": number, "from": "+14155550199" } } });
        let call = self
            .post(&format!("/api/agents/{agent}/calls"), json!({ "medium": medium }))
            .await;
        self.billed(&call).await
    }

    pub async fn billed(&self, call: &Value) -> Value {
        let path = format!("/api/calls/{}", id(call));
        self.until(&path, |call| call["billingStatus"] != "BILLING_STATUS_PENDING")
            .await
    }
}

pub fn id(call: &Value) -> &str {
    call["callId"].as_str().expect("a call's id")
}
