//! What is kept and told beyond the answer itself: caches, the log, figures, copies of the database.

use std::{
    io,
    sync::{Arc, Mutex},
};

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::json;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::{
    questions::{self, Belongings},
    support::{PASSWORD, World, draft_json},
};

#[tokio::test]
async fn i17_no_answer_about_an_organization_may_be_kept_by_a_cache() {
    let world = World::new().await;
    let (mine, other) = (world.org("Mine").await, world.org("Other").await);
    let visitor = world.visitor(&mine).await;
    for question in questions::guarded() {
        if question.changes_the_visitor() {
            continue;
        }
        let own = Belongings::of(&world, &mine).await;
        let answer = question.ask(&world, &visitor, &own).await;
        let kept = answer.headers[header::CACHE_CONTROL].to_str().unwrap();
        assert!(
            kept.contains("no-store") && !kept.contains("public"),
            "{question}: {kept}"
        );
    }
    // Agents of one revision have one tag everywhere: it says how old something is, not that one has it already.
    let (here, there) = (
        world.agent(&mine, "Front desk").await,
        world.agent(&other, "Front desk").await,
    );
    let tag = world.get(&format!("/agents/{}", there.id), &other.key).await.headers[header::ETAG].clone();
    let request = Request::get(format!("/api/v1/agents/{}", here.id))
        .header(header::AUTHORIZATION, format!("Bearer {}", mine.key))
        .header(header::IF_NONE_MATCH, tag);
    let answer = world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status, &answer.json()["id"]), (StatusCode::OK, &json!(here.id)));
}

#[tokio::test]
async fn k5_a_key_in_the_address_opens_nothing() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    for query in ["api_key", "key", "token", "access_token", "authorization", "bearer"] {
        let answer = world.get(&format!("/agents?{query}={}", org.key), "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{query}");
        assert!(!answer.text().contains(&org.key), "{query}: {}", answer.text());
    }
    let basic = Request::get("/api/v1/agents").header(header::AUTHORIZATION, format!("Basic {}", org.key));
    assert_eq!(
        world.send(basic.body(Body::empty()).unwrap()).await.status,
        StatusCode::UNAUTHORIZED
    );
}

/// A log that is read afterwards, and nothing more is written to then. It is the whole process's, so that it lacks nothing:
/// what other tests write is of other people, and no more fit to be logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Option<Vec<u8>>>>);

impl Log {
    fn begin() -> Self {
        let log = Self(Arc::new(Mutex::new(Some(Vec::new()))));
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("debug,sqlx=info,hyper=info,reqwest=info"))
            .with_writer(log.clone())
            .with_ansi(false)
            .finish();
        tracing::subscriber::set_global_default(subscriber).expect("no other test reads the log");
        log
    }

    fn end(&self) -> String {
        let written = self.0.lock().unwrap().take().expect("it ends once");
        String::from_utf8(written).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(written) = &mut *self.0.lock().unwrap() {
            written.extend_from_slice(line);
        }
        Ok(line.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn i35_neither_the_log_nor_the_figures_nor_a_refusal_repeat_what_people_wrote() {
    let log = Log::begin();
    let world = World::new().await;
    let (mine, other) = (world.org("Zqmarkz").await, world.org("Other").await);
    let (visitor, stranger) = (world.visitor(&mine).await, world.visitor(&other).await);
    let mut secrets = vec![mine.key.clone(), PASSWORD.to_owned()];
    secrets.extend(
        visitor
            .cookie
            .iter()
            .map(|cookie| cookie.split_once('=').unwrap().1.to_owned()),
    );

    for round in 0..2 {
        // The second time the provider fails, and what it is asked for fails with it.
        if round == 1 {
            world.provider_fails(&json!({"kind": "status", "status": 500})).await;
        }
        for question in questions::of_organizations() {
            if question.changes_the_visitor() {
                continue;
            }
            if round == 1 {
                question.ask(&world, &visitor, &Belongings::default()).await;
                continue;
            }
            let own = Belongings::of(&world, &mine).await;
            let refused = question.ask(&world, &stranger, &own).await;
            assert!(!refused.text().contains("Zqmarkz"), "{question}: {}", refused.text());
            question.ask(&world, &visitor, &own).await;
        }
    }
    world.provider_recovers().await;
    world.get(&format!("/agents?api_key={0}&q=Zqmarkz", mine.key), "").await;
    world.get("/agents?q=Zqmarkz", &mine.key).await;
    world
        .post("/agents", &mine.key, &json!({"name": "Zqmarkz", "prompt": 5}))
        .await;
    let wrong = json!({"draft": {"email": "zqmarkz@example.com", "password": "Zqmarkz-is-not-it"}});
    world.function("account/sign_in", None, &wrong).await;
    let logged = log.end();

    let figures = world
        .send(Request::get("/metrics").body(Body::empty()).unwrap())
        .await
        .text();
    assert!(logged.matches("answered").count() > 100, "the log was read");
    assert!(figures.contains("switchboard_requests_total"), "{figures}");
    for (what, text) in [("log", &logged), ("figures", &figures)] {
        let text = text.to_lowercase();
        let told = |mark: &str| text.lines().find(|line| line.contains(mark)).map(str::to_owned);
        for mark in ["zqmarkz".to_owned(), "guest-".to_owned(), "+1555010".to_owned()]
            .iter()
            .chain(&secrets)
        {
            assert_eq!(told(&mark.to_lowercase()), None, "{mark} is in the {what}");
        }
    }
    for id in [mine.id.as_str(), mine.user.as_str()] {
        assert!(!figures.contains(id), "{id} is in the figures");
    }
}

/// Every value of every table, as text and as bytes.
#[tokio::test]
async fn k7_a_copy_of_the_database_opens_nothing() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let once = async || {
        let request = Request::post("/api/v1/api-keys")
            .header(header::AUTHORIZATION, format!("Bearer {}", org.key))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", "once");
        let draft = json!({"name": "deploy", "scopes": ["agents:read"]}).to_string();
        world.send(request.body(Body::from(draft)).unwrap()).await
    };
    // Shown once, and again to whoever repeats the request: so it is kept, and must be kept well.
    let (first, again) = (once().await, once().await);
    assert_eq!((first.status, &first.bytes), (StatusCode::CREATED, &again.bytes));
    let key = first.json()["secret"].as_str().unwrap().to_owned();
    world.post("/agents", &org.key, &draft_json("Kept")).await;
    let cookie = world.session(&org.email, &org.id).await;
    let session = cookie.split_once('=').unwrap().1;
    // `sb_live_<short>_<long>`, and there may be more of `_` in the long half.
    let long = |key: &str| key.splitn(4, '_').nth(3).unwrap().to_owned();

    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', table_schema, table_name) from information_schema.tables
         where table_schema in ('app', 'identity', 'ops') and table_type = 'BASE TABLE'",
    )
    .fetch_all(&world.db.admin)
    .await
    .unwrap();
    assert!(tables.len() > 15, "{tables:?}");
    let (mut copy, mut found) = (String::new(), false);
    for table in tables {
        let rows: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select to_jsonb(t)::text from {table} t")))
                .fetch_all(&world.db.admin)
                .await
                .unwrap();
        copy.extend(rows);
    }
    for secret in [long(&key), long(&org.key), session.to_owned(), PASSWORD.to_owned()] {
        found |= copy.contains(&secret) || copy.contains(&hex::encode(&secret));
        assert!(!found, "{secret} is in the database");
    }
    // It would have been found: what is no secret is.
    assert!(
        copy.contains("deploy") && copy.contains(&org.email),
        "the copy was read"
    );
}
