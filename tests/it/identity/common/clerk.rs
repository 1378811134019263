//! Plays Clerk for a test: serves its keys and a few objects over real HTTP, counts what it is asked, signs tokens.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A key Clerk signs with.
#[derive(Clone)]
pub struct Rsa {
    pub kid: String,
    key: EncodingKey,
    n: String,
    e: String,
    /// For the attack that uses the public key as a shared secret.
    pub public_der: Vec<u8>,
}

impl Rsa {
    pub fn generate(kid: &str) -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(der.as_ref())
        );
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
        let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
        let jwk = serde_json::to_value(jwk).unwrap();
        let public = aws_lc_rs::signature::KeyPair::public_key(&pair);
        let public: aws_lc_rs::encoding::PublicKeyX509Der<'_> = public.as_der().unwrap();
        Self {
            kid: kid.into(),
            key,
            n: jwk["n"].as_str().unwrap().into(),
            e: jwk["e"].as_str().unwrap().into(),
            public_der: public.as_ref().to_vec(),
        }
    }

    pub fn jwk(&self) -> Value {
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": self.n, "e": self.e})
    }

    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        sign(header, claims, |message| {
            jsonwebtoken::crypto::sign(message, &self.key, Algorithm::RS256).unwrap()
        })
    }
}

/// A token with any header over any claims.
pub fn sign(header: &Value, claims: &Value, signature: impl Fn(&[u8]) -> String) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = signature(message.as_bytes());
    format!("{message}.{signature}")
}

#[derive(Default)]
struct State {
    answers: HashMap<String, (u16, Value)>,
    asked: Vec<(String, Value)>,
}

#[derive(Clone)]
pub struct FakeClerk {
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl FakeClerk {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            state: Arc::default(),
        };
        let served = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(served.clone().serve(stream));
            }
        });
        fake
    }

    /// What is answered to `GET /path` and so on; anything else is 404.
    pub fn answer(&self, request: &str, status: u16, body: Value) {
        self.state
            .lock()
            .unwrap()
            .answers
            .insert(request.into(), (status, body));
    }

    pub fn publish(&self, keys: &[&Rsa]) {
        let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
        self.answer("GET /v1/jwks", 200, json!({ "keys": keys }));
    }

    /// The bodies of every such request so far.
    pub fn asked(&self, request: &str) -> Vec<Value> {
        let state = self.state.lock().unwrap();
        state
            .asked
            .iter()
            .filter(|(asked, _)| asked == request)
            .map(|(_, body)| body.clone())
            .collect()
    }

    pub fn requests(&self) -> usize {
        self.state.lock().unwrap().asked.len()
    }

    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("CLERK_SECRET_KEY", "sk_test_x".into()),
            ("CLERK_PUBLISHABLE_KEY", "pk_test_x".into()),
            ("CLERK_API_URL", self.url.clone()),
            ("CLERK_FRONTEND_API", self.url.clone()),
        ]
    }

    /// One request per connection is all a fake needs.
    async fn serve(self, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        let (head, body) = loop {
            let Ok(read @ 1..) = stream.read(&mut chunk).await else {
                return;
            };
            bytes.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8_lossy(&bytes);
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                break (head.to_owned(), body.to_owned());
            }
        };
        let mut words = head.split_whitespace();
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let request = format!("{method} {}", target.split('?').next().unwrap_or_default());
        let (status, answer) = {
            let mut state = self.state.lock().unwrap();
            state
                .asked
                .push((request.clone(), serde_json::from_str(&body).unwrap_or(Value::Null)));
            state
                .answers
                .get(&request)
                .cloned()
                .unwrap_or((404, json!({"errors": []})))
        };
        let answer = answer.to_string();
        let text = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
            answer.len()
        );
        // The client may have gone; that is its business.
        let _ = stream.write_all(text.as_bytes()).await;
    }
}
