//! Pages: the server draws them with a writer of its own, and they are what leptos' own handler draws.

use std::{collections::BTreeMap, env};

use app::shell::shell;
use axum::{
    Router,
    body::Body,
    http::{Request, header},
    middleware::from_fn_with_state,
};
use http_body_util::BodyExt;
use serde_json::Value;
use server::{
    guard, headers,
    pages::{self, Site},
    router,
};
use tokio::process::Command;
use tower::ServiceExt;

use crate::support::World;

/// What a browser is told by a page, but for what is different in every answer.
struct Page {
    status: u16,
    kind: String,
    document: String,
    /// What its questions were answered, by their numbers. Writers may spell it differently.
    data: BTreeMap<u64, Value>,
}

/// Tells a process of this test that it has the pages to itself.
const ALONE: &str = "SWITCHBOARD_TEST_PAGES_ALONE";

/// In a process of its own: of pages that are drawn at once in one process, leptos' handler mixes up the signals.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_what_the_handler_of_leptos_makes_of_it() {
    if env::var_os(ALONE).is_some() {
        return compare().await;
    }
    let alone = Command::new(env::current_exe().unwrap())
        .args([
            "pages::a_page_is_what_the_handler_of_leptos_makes_of_it",
            "--exact",
            "--nocapture",
        ])
        .env(ALONE, "1")
        .output()
        .await
        .unwrap();
    let told = String::from_utf8_lossy(&alone.stdout);
    assert!(
        alone.status.success() && told.contains("1 passed"),
        "{told}{}",
        String::from_utf8_lossy(&alone.stderr)
    );
}

async fn compare() {
    let world = World::new().await;
    let org = world.org("Drawn Twice & <Co>").await;
    let agent = world.agent(&org, "Front \"desk\" </script> \\ é").await;
    let cookie = world.session(&org.email, &org.id).await;
    let leptos = leptos(&world);
    let agent = format!("/agents/{}", agent.id);
    let pages = [
        ("/sign-in?next=%2Fcalls", ""),
        ("/agents?q=desk", &*cookie),
        (&*agent, &*cookie),
        ("/members", &*cookie),
        ("/audit", &*cookie),
    ];
    for (path, cookie) in pages {
        let ours = page(world.router(), path, cookie).await;
        assert_eq!((ours.status, &*ours.kind), (200, "text/html; charset=utf-8"), "{path}");
        assert!(ours.document.contains("<title>"), "{path}: {}", ours.document);
        let theirs = page(&leptos, path, cookie).await;
        assert_eq!(
            (&ours.document, ours.status, &ours.kind),
            (&theirs.document, theirs.status, &theirs.kind),
            "{path}"
        );
        // Which of the questions inside what was waited for are answered along depends on when each is drawn; no answer differs.
        let same = theirs
            .data
            .iter()
            .all(|(id, answer)| ours.data.get(id).is_none_or(|own| own == answer));
        assert!(
            same && !ours.data.is_empty() && !theirs.data.is_empty(),
            "{path}: {:#?}\n{:#?}",
            ours.data,
            theirs.data
        );
    }
}

/// The same pages, behind what finds out who is asking, drawn by leptos' own handler.
fn leptos(world: &World) -> Router {
    let core = world.core.clone();
    let files = router::site().unwrap();
    let site = Site {
        core: core.clone(),
        files: files.clone(),
    };
    let draw = leptos_axum::render_app_async_stream_with_context(pages::context(&site), move || shell(files.clone()));
    Router::new()
        .fallback(draw)
        .layer(from_fn_with_state(core.clone(), guard::recognize))
        .layer(from_fn_with_state(core, headers::secure))
}

async fn page(service: &Router, path: &str, cookie: &str) -> Page {
    let request = Request::get(path)
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, "text/html")
        .body(Body::empty())
        .unwrap();
    let answer = service.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let kind = answer.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(text.to_vec()).unwrap();
    let (_, nonce) = text.split_once("nonce=\"").expect("a page has a script");
    let (nonce, _) = nonce.split_once('"').unwrap();
    let text = text.replace(nonce, "NONCE");
    // The data stands behind the document, in one script or several.
    let (document, scripts) = text
        .split_once("<script nonce=\"NONCE\">__")
        .expect("a page brings data");
    Page {
        status,
        kind,
        document: document.to_owned(),
        data: data(scripts),
    }
}

fn data(scripts: &str) -> BTreeMap<u64, Value> {
    let mut data = BTreeMap::new();
    for answer in scripts.split("__RESOLVED_RESOURCES[").skip(1) {
        let Some((id, literal)) = answer.split_once(']') else {
            continue;
        };
        let (Ok(id), Some(literal)) = (id.parse(), literal.trim_start().strip_prefix('=')) else {
            continue;
        };
        let json = spoken(literal.trim_start());
        let value = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{id}: {error}: {json}"));
        data.insert(id, value);
    }
    data
}

/// What a string of JavaScript says, in whichever quotes it begins with.
fn spoken(literal: &str) -> String {
    let mut said = String::new();
    let mut letters = literal.chars();
    let quote = letters.next().expect("a string");
    loop {
        match letters.next().expect("a string ends with its quote") {
            '\\' => said.push(match letters.next().unwrap() {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '0' => '\0',
                'x' => letter(&letters.by_ref().take(2).collect::<String>()),
                'u' => letter(&letters.by_ref().skip(1).take_while(|c| *c != '}').collect::<String>()),
                same => same,
            }),
            letter if letter == quote => return said,
            letter => said.push(letter),
        }
    }
}

fn letter(hex: &str) -> char {
    char::from_u32(u32::from_str_radix(hex, 16).unwrap()).unwrap()
}
