//! What the REST API says of itself holds: keys that are required, how much may still be asked, parameters it understands.

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use serde_json::json;
use switchboard::{
    agents::{Agent, AgentFilter},
    crud,
    db::testing,
    jobs::survey,
    listing::Page,
};
use tokio::time::timeout;

use crate::support::{Answer, World};

fn left(answer: &Answer) -> [u64; 3] {
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(|name| {
        let value = answer.headers.get(name);
        let value = value.unwrap_or_else(|| panic!("no {name}: {} {}", answer.status, answer.text()));
        value.to_str().unwrap().parse().unwrap()
    })
}

#[tokio::test]
async fn every_answer_says_how_much_may_still_be_asked() {
    let world = World::set(&[("SWITCHBOARD_REQUESTS_PER_SECOND", "10")]).await;
    let (mine, other) = (world.org("Mine").await, world.org("Other").await);
    // Known here, so what others at its address do is nothing to it.
    assert_eq!(world.get("/agents", &other.key).await.status, StatusCode::OK);
    let [limit, remaining, reset] = left(&world.get("/agents", &mine.key).await);
    assert_eq!((limit, remaining, reset), (20, 19, 1));
    let lost = world
        .get("/agents/0198c2f0-0000-7000-8000-000000000000", &mine.key)
        .await;
    assert_eq!((lost.status, left(&lost)[0]), (StatusCode::NOT_FOUND, 20));
    let wrong = world.post("/agents", &mine.key, &json!({"name": 1})).await;
    assert_eq!((wrong.status, left(&wrong)[0]), (StatusCode::UNPROCESSABLE_ENTITY, 20));
    for key in [&mine.key, "sb_live_nobody_nothing"] {
        let mut answer = world.get("/agents", key).await;
        for _ in 0..1000 {
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                break;
            }
            let [limit, remaining, reset] = left(&answer);
            assert!(
                remaining < limit && (1..=2).contains(&reset),
                "{limit} {remaining} {reset}"
            );
            answer = world.get("/agents", key).await;
        }
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(left(&answer)[1..], [0, 2]);
        assert_eq!(answer.headers[header::RETRY_AFTER], "1");
    }
    assert_eq!(world.get("/agents", &other.key).await.status, StatusCode::OK);
}

#[tokio::test]
async fn guesses_that_are_too_many_do_not_reach_the_database() {
    let world = World::set(&[("SWITCHBOARD_REQUESTS_PER_SECOND", "10")]).await;
    let org = world.org("Mine").await;
    assert_eq!(world.get("/agents", &org.key).await.status, StatusCode::OK);
    let guess = |n: usize| {
        let key = format!("sb_live_guess{n:03}_{}", "x".repeat(43));
        let request = Request::get("/api/v1/agents")
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .extension(ConnectInfo(SocketAddr::from(([203, 0, 113, 7], 4000))));
        world.send(request.body(Body::empty()).unwrap())
    };
    while guess(0).await.status != StatusCode::TOO_MANY_REQUESTS {}
    // Whoever asks for a key now waits.
    let mut lock = world.db.admin.begin().await.unwrap();
    sqlx::query("lock table identity.api_key_secrets in access exclusive mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    let guesses: FuturesUnordered<_> = (0..60).map(guess).collect();
    let answered = guesses.take(40).map(|answer| answer.status).collect::<Vec<_>>();
    // The pool gives up after five seconds, and a statement after ten.
    let answered = timeout(Duration::from_secs(4), answered).await;
    assert_eq!(answered, Ok(vec![StatusCode::TOO_MANY_REQUESTS; 40]));
    assert_eq!(
        world.get("/agents", &org.key).await.status,
        StatusCode::OK,
        "known already"
    );
}

#[tokio::test]
async fn a_page_begun_in_one_process_goes_on_in_another_however_its_core_was_made() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    for name in ["One", "Two"] {
        world.agent(&org, name).await;
    }
    let page = |cursor| Page { limit: Some(1), cursor };
    let caller = world.caller(&org).await;
    let filter = AgentFilter::default();
    let first = crud::list::<Agent>(&world.core, &caller, &filter, &page(None))
        .await
        .unwrap();
    assert!(first.next.is_some());
    let beside = testing::core_beside(&world.core);
    let second = crud::list::<Agent>(&beside, &caller, &filter, &page(first.next))
        .await
        .unwrap();
    assert_eq!((second.items.len(), second.next), (1, None));
}

#[tokio::test]
async fn each_cookie_may_come_in_a_line_of_its_own() {
    let world = World::new().await;
    let request = Request::get("/sign-in")
        .header(header::COOKIE, "columns=name")
        .header(header::COOKIE, "theme=dark");
    let page = world.send(request.body(Body::empty()).unwrap()).await.text();
    assert!(page.contains("data-theme=\"dark\""), "{page}");
}

#[tokio::test]
async fn everybody_is_told_that_calls_are_simulated_where_others_can_come() {
    for (place, advised) in [("http://127.0.0.1:3000", false), ("https://voice.example.com", true)] {
        let world = World::under(place).await;
        let org = world.org("Mine").await;
        let request = Request::get("/agents").header(header::COOKIE, world.session(&org.email, &org.id).await);
        let page = world.send(request.body(Body::empty()).unwrap()).await.text();
        assert!(page.contains("Calls are simulated"), "{place}");
        assert_eq!(page.contains("ULTRAVOX_API_KEY"), advised, "{place}");
    }
}

#[tokio::test]
async fn the_description_says_which_keys_are_required_and_what_every_answer_carries() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let document = world.get("/openapi.json", "").await.json();
    let mut required = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let key = parameters
                .iter()
                .find(|parameter| parameter["name"] == "Idempotency-Key");
            if key.is_some_and(|key| key["required"] == true) {
                required.push(format!("{method} {path}"));
            }
            let guarded = operation["security"] != json!([]);
            assert_eq!(key.is_some(), guarded && method == "post", "{method} {path}");
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let told = answer["$ref"]
                    .as_str()
                    .and_then(|told| told.strip_prefix("#/components/responses/"));
                let answer = told.map_or(answer, |name| &document["components"]["responses"][name]);
                if told.is_some() {
                    assert_eq!(
                        answer["content"]["application/problem+json"]["schema"]["$ref"],
                        "#/components/schemas/Problem"
                    );
                    let later = answer["headers"]["Retry-After"].is_object();
                    assert_eq!(
                        later,
                        ["429", "503"].contains(&status.as_str()),
                        "{method} {path} {status}"
                    );
                    continue;
                }
                for name in ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"] {
                    let there = answer["headers"][name]["schema"]["type"] == "integer";
                    assert_eq!(there, guarded, "{method} {path} {status} {name}");
                }
            }
            assert!(!guarded || operation["responses"]["429"].is_object(), "{method} {path}");
        }
    }
    assert_eq!(required, ["post /calls"]);
    // As it says, so it is.
    for path in ["/calls", "/agents"] {
        let request = Request::post(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", org.key))
            .header(header::CONTENT_TYPE, "application/json");
        let answer = world.send(request.body(Body::from("{}")).unwrap()).await;
        let refused = answer.fields() == ["Idempotency-Key"];
        assert_eq!(refused, path == "/calls", "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_list_refuses_a_parameter_it_does_not_understand() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let document = world.get("/openapi.json", "").await.json();
    let mut lists = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let schema = &operations["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        let named = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next());
        let schema = named.map_or(schema, |name| &document["components"]["schemas"][name]);
        let is_export = operations["get"]["responses"]["200"]["content"]["text/csv"].is_object();
        let is_list = schema["type"] == "array" || schema["properties"]["items"].is_object() || is_export;
        if !is_list || path.contains('{') {
            continue;
        }
        lists += 1;
        assert_eq!(world.get(path, &org.key).await.status, StatusCode::OK, "{path}");
        for (query, field) in [
            ("agentid=x", "agentid"),
            ("limits=3", "limits"),
            ("LIMIT=3&a%20b", "LIMIT"),
            ("=1", ""),
        ] {
            let answer = world.get(&format!("{path}?{query}"), &org.key).await;
            assert_eq!(
                answer.status,
                StatusCode::BAD_REQUEST,
                "{path}?{query}: {}",
                answer.text()
            );
            assert_eq!(
                (answer.fields(), answer.error()),
                (vec![field.to_owned()], "malformed".to_owned())
            );
        }
        // What is described is understood.
        for parameter in operations["get"]["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let answer = world.get(&format!("{path}?{name}=5"), &org.key).await;
            assert_ne!(
                answer.status,
                StatusCode::BAD_REQUEST,
                "{path}?{name}: {}",
                answer.text()
            );
        }
        let stranger = world.rest(Method::GET, &format!("{path}?agentid=x"), None, None).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert!(lists >= 7, "only {lists}");
}

#[tokio::test]
async fn every_figure_says_what_it_is() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    world.agent(&org, "Front desk").await;
    survey::measure(&world.core, &["event"]).await.unwrap();
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let figures = world.send(request).await.text();
    let named = |mark: &str| -> BTreeSet<String> {
        let lines = figures.lines().filter_map(|line| line.strip_prefix(mark));
        lines
            .filter_map(|line| Some(line.split_once(' ')?.0.to_owned()))
            .collect()
    };
    let (typed, helped) = (named("# TYPE "), named("# HELP "));
    assert_eq!(typed.difference(&helped).collect::<Vec<_>>(), Vec::<&String>::new());
    for name in [
        "switchboard_build_info",
        "switchboard_requests_total",
        "switchboard_provider_seconds",
        "process_resident_memory_bytes",
        "process_open_fds",
    ] {
        assert!(typed.contains(name), "{name}: {figures}");
    }
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(figures.contains(&version), "{figures}");
}

#[tokio::test]
async fn figures_tell_how_much_work_is_due_and_for_how_long() {
    let world = World::new().await;
    let figures = async || -> String {
        let request = Request::get("/metrics").body(Body::empty()).unwrap();
        world.send(request).await.text()
    };
    figures().await;
    let figure = async |name: &str| -> f64 {
        let name = format!("{name}{{kind=\"event\"}} ");
        let figures = figures().await;
        let value = figures.lines().find_map(|line| line.strip_prefix(&name));
        value.unwrap_or_else(|| panic!("{name}: {figures}")).parse().unwrap()
    };
    survey::measure(&world.core, &["event"]).await.unwrap();
    for name in [
        "switchboard_jobs_due",
        "switchboard_jobs_oldest_seconds",
        "switchboard_jobs_parked",
    ] {
        assert_eq!(figure(name).await, 0.0);
    }
    sqlx::query(
        "insert into ops.jobs (id, kind, org_id, payload, run_at, state)
         select gen_random_uuid(), kind, '', '{}', now() + due, state
         from (values ('event', interval '-100 s', 'ready'), ('event', '-50 s', 'leased'), ('event', '50 s', 'leased'),
                      ('event', '-200 s', 'parked'), ('mail', '-300 s', 'ready')) e (kind, due, state)",
    )
    .execute(&world.db.admin)
    .await
    .unwrap();
    survey::measure(&world.core, &["event"]).await.unwrap();
    assert_eq!(figure("switchboard_jobs_due").await, 2.0);
    assert_eq!(figure("switchboard_jobs_parked").await, 1.0);
    let oldest = figure("switchboard_jobs_oldest_seconds").await;
    assert!((100.0..150.0).contains(&oldest), "{oldest}");
}
