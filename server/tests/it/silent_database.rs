//! A database that does not answer, or is not there: everybody is told within two seconds, and when to come back.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use futures_util::future::join_all;
use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use switchboard::db::Logins;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    sync::watch,
    task::JoinSet,
};

use crate::support::{Answer, World, serial};

#[derive(Clone, Copy, PartialEq)]
enum State {
    Passes,
    /// Takes what is said, and says nothing.
    Silent,
    Gone,
}

/// What lies between a process and its database.
struct Between {
    logins: Logins,
    state: Arc<watch::Sender<State>>,
    dir: PathBuf,
}

impl Between {
    fn open(real: &Logins) -> Self {
        let socket = real.app.get_socket().expect("the tests' Postgres has a socket").clone();
        let file = format!(".s.PGSQL.{}", real.app.get_port());
        let dir = std::env::temp_dir().join(format!("sb-between-{}-{}", std::process::id(), serial()));
        std::fs::create_dir_all(&dir).unwrap();
        let listener = UnixListener::bind(dir.join(&file)).unwrap();
        let (state, seen) = watch::channel(State::Passes);
        tokio::spawn(serve(listener, socket.join(file), seen));
        let via = |login: &PgConnectOptions| login.clone().socket(&dir);
        let logins = Logins {
            app: via(&real.app),
            worker: via(&real.worker),
            identity: via(&real.identity),
            warden: via(&real.warden),
            admin: via(&real.admin),
            ..real.clone()
        };
        Self {
            logins,
            state: Arc::new(state),
            dir,
        }
    }

    fn is(&self, state: State) {
        self.state.send_replace(state);
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.dir));
    }
}

async fn serve(listener: UnixListener, real: PathBuf, state: watch::Receiver<State>) {
    let mut lines = JoinSet::new();
    loop {
        let mut seen = state.clone();
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((here, _)) = accepted else { return };
                if *state.borrow() == State::Gone {
                    continue;
                }
                let Ok(there) = UnixStream::connect(&real).await else { continue };
                let ((from, to), (back, out)) = (here.into_split(), there.into_split());
                lines.spawn(pass(from, out, state.clone()));
                lines.spawn(pass(back, to, state.clone()));
            }
            gone = is_gone(&mut seen), if !lines.is_empty() => {
                if !gone {
                    return;
                }
                lines.shutdown().await;
            }
        }
    }
}

/// False when the test is over.
async fn is_gone(state: &mut watch::Receiver<State>) -> bool {
    state.wait_for(|state| *state == State::Gone).await.is_ok()
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut state: watch::Receiver<State>,
) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let passes = state.wait_for(|state| *state == State::Passes).await.is_ok();
        if !passes || to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

fn told(answer: &Answer, took: Duration, of: &str) {
    assert_eq!(
        answer.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{of}: {}",
        answer.text()
    );
    assert!(answer.headers.contains_key(header::RETRY_AFTER), "{of}");
    assert!(took < Duration::from_secs(2), "{of} took {took:?}");
}

#[tokio::test]
async fn whoever_asks_is_told_within_two_seconds_that_the_database_does_not_answer() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let cookie = world.visitor(&org).await.cookie.unwrap();
    let between = Between::open(&world.db.logins);
    let process = world.beside(&between.logins).await;
    let timed = async |path: &str| {
        let began = Instant::now();
        let request = Request::get(path)
            .header(header::COOKIE, &cookie)
            .header("sec-fetch-site", "same-origin");
        (
            process.send(request.body(Body::empty()).unwrap()).await,
            began.elapsed(),
        )
    };
    let works = async || {
        assert_eq!(process.get("/agents", &org.key).await.status, StatusCode::OK);
        assert_eq!(timed("/readyz").await.0.status, StatusCode::NO_CONTENT);
        let page = timed("/agents").await.0;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    };
    works().await;
    for state in [State::Silent, State::Gone] {
        between.is(state);
        told(&timed("/readyz").await.0, timed("/readyz").await.1, "readyz");
        let began = Instant::now();
        let crowd = join_all((0..30).map(|_| process.get("/agents", &org.key))).await;
        for answer in &crowd {
            told(answer, began.elapsed(), "programs");
            assert_eq!(answer.error(), "unavailable");
        }
        let began = Instant::now();
        let answer = process
            .function(
                "agents/list_agents",
                Some(&cookie),
                &json!({"org": org.id, "filter": {}, "page": {}}),
            )
            .await;
        told(&answer, began.elapsed(), "an open page");
        assert_eq!(answer.error(), "unavailable");
        for path in ["/agents", "/sign-in", "/profile"] {
            let (page, took) = timed(path).await;
            told(&page, took, path);
            assert!(
                page.headers[header::CONTENT_TYPE]
                    .to_str()
                    .unwrap()
                    .starts_with("text/html")
            );
            assert!(page.text().contains("database"), "{}", page.text());
            assert!(!page.text().contains("Too many"), "{}", page.text());
        }
        assert_eq!(timed("/healthz").await.0.status, StatusCode::NO_CONTENT);
        between.is(State::Passes);
        // Each connection that broke is noticed by the first who uses it.
        for _ in 0..40 {
            process.get("/agents", &org.key).await;
            timed("/agents").await;
        }
        works().await;
    }
}
