//! Is a server that keeps organizations apart called clean from outside, and is each way not to noticed by its question?

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{Method, StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use server::isolation_probe;
use switchboard::report::{Outcome, State};
use tokio::net::TcpListener;

use crate::support::{Org, World};

/// What is done to a request or an answer on its way.
type Spoil = fn(&Traffic, &Request) -> Deed;

enum Deed {
    Nothing,
    /// It is answered by this.
    Answer(StatusCode, String),
    /// It reaches the server as somebody else's.
    As(String),
    /// Its answer gets this as well.
    Add(String),
}

/// What a spoiler knows: whose key is whose, and the first thing that ours made.
struct Traffic {
    ours: String,
    theirs: String,
    agent: Mutex<String>,
}

impl Traffic {
    fn is_ours(&self, request: &Request) -> bool {
        request.headers()[header::AUTHORIZATION]
            .to_str()
            .unwrap()
            .ends_with(&self.ours)
    }

    /// Whether it comes with a key that was made for one of the roles.
    fn is_in_a_role(&self, request: &Request) -> bool {
        let bearer = request.headers()[header::AUTHORIZATION].to_str().unwrap();
        bearer.contains("sb_live_") && !bearer.ends_with(&self.ours) && !bearer.ends_with(&self.theirs)
    }

    /// Whether somebody else asks for our agent.
    fn is_foreign(&self, request: &Request) -> bool {
        let agent = self.agent.lock().unwrap().clone();
        !agent.is_empty() && request.uri().path().contains(&agent) && !self.is_ours(request)
    }
}

#[tokio::test]
async fn a_server_that_keeps_organizations_apart_is_called_clean() {
    let world = World::new().await;
    let (ours, theirs) = (world.org("Ours").await, world.org("Theirs").await);
    let outcomes = asked(&world, &ours, &theirs, |_, _| Deed::Nothing).await;
    for outcome in &outcomes {
        assert_eq!(outcome.state, State::Holds, "{outcome}");
    }
    let examined = |id: &str| outcomes.iter().find(|outcome| outcome.id == id).unwrap().examined;
    assert_eq!(
        examined("route-known"),
        server::rest::endpoints().len() as u64 - 1,
        "all but the way in"
    );
    // Six roles, and every place.
    assert!(examined("route-foreign") >= 6 * 18, "{}", examined("route-foreign"));
    assert!(examined("route-own") >= 18, "{}", examined("route-own"));
    // Nothing is left but reports and what ended by itself.
    for org in [&ours, &theirs] {
        let agents = world.get("/agents", &org.key).await.json();
        assert_eq!(agents["items"], serde_json::json!([]));
        assert_eq!(world.get("/invitations", &org.key).await.json(), serde_json::json!([]));
    }
}

#[tokio::test]
async fn every_way_to_mix_them_up_is_noticed_by_its_question() {
    let world = World::new().await;
    let faults: [(&str, &str, Spoil); 8] = [
        ("route-foreign", "forbidden instead of not there", |traffic, request| {
            if traffic.is_foreign(request) {
                Deed::Answer(StatusCode::FORBIDDEN, "{\"type\":\"forbidden\"}".into())
            } else {
                Deed::Nothing
            }
        }),
        (
            "route-foreign",
            "another text for what is somebody's",
            |traffic, request| {
                if traffic.is_foreign(request) {
                    Deed::Add(" ".into())
                } else {
                    Deed::Nothing
                }
            },
        ),
        (
            "route-foreign",
            "a server that answers everything alike",
            |traffic, request| {
                if !traffic.is_in_a_role(request) {
                    Deed::Nothing
                } else {
                    Deed::Answer(StatusCode::INTERNAL_SERVER_ERROR, String::new())
                }
            },
        ),
        ("route-mark", "a list of everybody's", |traffic, request| {
            let listing = request.method() == Method::GET && request.uri().path().ends_with("/agents");
            if listing && !traffic.is_ours(request) {
                Deed::Add(traffic.agent.lock().unwrap().clone())
            } else {
                Deed::Nothing
            }
        }),
        ("route-mark", "whoever knows an id reads it", |traffic, request| {
            if traffic.is_foreign(request) && request.method() == Method::GET {
                Deed::As(traffic.ours.clone())
            } else {
                Deed::Nothing
            }
        }),
        (
            "route-unchanged",
            "whoever knows an id changes it",
            |traffic, request| {
                if traffic.is_foreign(request) && request.method() == Method::PUT {
                    Deed::As(traffic.ours.clone())
                } else {
                    Deed::Nothing
                }
            },
        ),
        ("route-own", "nothing is ever found", |traffic, request| {
            let path = request.uri().path();
            let listed = ["/available", "/notes", "/views"]
                .iter()
                .any(|list| path.ends_with(list));
            let one = path.split('/').count() > 4 && !listed;
            if one && !traffic.is_ours(request) && request.method() != Method::DELETE {
                Deed::Answer(StatusCode::NOT_FOUND, "{}".into())
            } else {
                Deed::Nothing
            }
        }),
        ("route-known", "a route nobody thought of", |_, request| {
            if request.uri().path().ends_with("/openapi.json") {
                let mut document = server::rest::openapi::document().clone();
                document["paths"]["/ledgers/{id}"] = document["paths"]["/agents/{id}"].clone();
                Deed::Answer(StatusCode::OK, document.to_string())
            } else {
                Deed::Nothing
            }
        }),
    ];
    let mut unnoticed = Vec::new();
    for (rule, name, spoil) in faults {
        let (ours, theirs) = (world.org("Ours").await, world.org("Theirs").await);
        let outcomes = asked(&world, &ours, &theirs, spoil).await;
        let broken: Vec<_> = outcomes
            .iter()
            .filter(|outcome| outcome.state == State::Broken)
            .map(|outcome| outcome.id.as_str())
            .collect();
        if !broken.contains(&rule) {
            unnoticed.push(format!("{rule} is silent about {name}, which {broken:?} notice"));
        }
    }
    assert_eq!(unnoticed, [""; 0]);
}

/// Serves the world's router on a port, with something done to what passes, and asks it from outside.
async fn asked(world: &World, ours: &Org, theirs: &Org, spoil: Spoil) -> Vec<Outcome> {
    let traffic = Arc::new(Traffic {
        ours: ours.key.clone(),
        theirs: theirs.key.clone(),
        agent: Mutex::default(),
    });
    let router = spoiled(world.router().clone(), traffic, spoil);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let served = tokio::spawn(async move { axum::serve(listener, router).await });
    let outcomes = isolation_probe::ask(&url, [&ours.key, &theirs.key]).await.unwrap();
    served.abort();
    outcomes
}

fn spoiled(router: Router, traffic: Arc<Traffic>, spoil: Spoil) -> Router {
    router.layer(from_fn(move |mut request: Request, next: Next| {
        let traffic = traffic.clone();
        async move {
            if request.headers().get(header::AUTHORIZATION).is_none() {
                request
                    .headers_mut()
                    .insert(header::AUTHORIZATION, "Bearer nobody".parse().unwrap());
            }
            let made = request.method() == Method::POST && request.uri().path() == "/api/v1/agents";
            let first = made && traffic.is_ours(&request) && traffic.agent.lock().unwrap().is_empty();
            let mut more = String::new();
            match spoil(&traffic, &request) {
                Deed::Nothing => {}
                Deed::Answer(status, body) => {
                    return (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
                }
                Deed::As(key) => {
                    let bearer = format!("Bearer {key}").parse().unwrap();
                    request.headers_mut().insert(header::AUTHORIZATION, bearer);
                }
                Deed::Add(text) => more = text,
            }
            let answer = next.run(request).await;
            pass_on(answer, &traffic, first, &more).await
        }
    }))
}

async fn pass_on(answer: Response, traffic: &Traffic, first: bool, more: &str) -> Response {
    let (mut parts, body) = answer.into_parts();
    let mut bytes = body.collect().await.unwrap().to_bytes().to_vec();
    if first {
        let made: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        *traffic.agent.lock().unwrap() = made["id"].as_str().unwrap().to_owned();
    }
    if !more.is_empty() {
        bytes.extend_from_slice(more.as_bytes());
        parts.headers.remove(header::CONTENT_LENGTH);
    }
    Response::from_parts(parts, Body::from(bytes))
}
