//! Websites: read page by page, with a word about each that is left out, and none inside a private network.

use axum::{
    Router,
    extract::Path,
    http::{StatusCode, header},
    response::{Html, IntoResponse},
    routing::get,
};
use serde_json::{Value, json};
use switchboard::{
    jobs::{self, Jobs},
    knowledge::reading::CrawlSource,
};
use tokio::net::TcpListener;

use super::{ask, base, texts};
use crate::support::{Org, World};

/// A website with every kind of page, and fifty of one kind.
async fn site() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let moved = |to: String| (StatusCode::FOUND, [(header::LOCATION, to)]);
    let elsewhere = url.replace("127.0.0.1", "localhost");
    let sitemap = format!("<urlset><url><loc>{url}/crowns</loc></url><url><loc>{url}/plans/7</loc></url></urlset>");
    let router = Router::new()
        .route(
            "/",
            get(async || {
                Html(
                    "<main>Welcome to the clinic. <a href=/crowns>1</a><a href='/crowns/#top'>2</a><a href=/loop>3</a><a href=/hops/0>4</a>
                     <a href=/members>5</a><a href=/gallery>6</a><a href=/picture>7</a><a href=/gone>8</a><a href=/away>9</a>
                     <a href=https://elsewhere.example/>10</a><a href='mailto:a@b.example'>11</a></main>",
                )
            }),
        )
        .route("/crowns", get(move || async move { moved("/crowns/".to_owned()) }))
        .route("/crowns/", get(async || Html("<h1>Crowns</h1><p>A porcelain crown costs $900.</p>")))
        .route("/loop", get(move || async move { moved("/loop".to_owned()) }))
        .route("/hops/{n}", get(move |Path(n): Path<u32>| async move { moved(format!("/hops/{}", n + 1)) }))
        .route("/members", get(async || StatusCode::UNAUTHORIZED))
        .route("/gallery", get(async || Html("<img src=a.png>")))
        .route("/picture", get(async || ([(header::CONTENT_TYPE, "image/png")], "png").into_response()))
        .route("/away", get(move || async move { moved(elsewhere) }))
        .route(
            "/plans",
            get(async || {
                let links: String = (0..60).map(|n| format!("<a href=/plans/{n}>{n}</a>")).collect();
                Html(format!("<p>All plans</p>{links}"))
            }),
        )
        .route(
            "/plans/{n}",
            get(async |Path(n): Path<u32>| Html(format!("<p>Plan number{n} covers crowns by {n} percent.</p>"))),
        )
        .route(
            "/sitemap.xml",
            get(move || async move { ([(header::CONTENT_TYPE, "application/xml")], sitemap) }),
        );
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn crawled(world: &World, org: &Org, more: Value) -> Value {
    let mut draft = json!({ "kind": "address", "name": "Site" });
    draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = world.post("/knowledge-sources", &org.key, &draft).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    jobs::run_due(&world.core, &Jobs::<CrawlSource>::default())
        .await
        .unwrap();
    let id = made.json()["id"].as_str().unwrap().to_owned();
    world.get(&format!("/knowledge-sources/{id}"), &org.key).await.json()
}

#[tokio::test]
async fn a_website_is_read_page_by_page_and_what_is_left_out_has_a_reason() {
    let world = World::new().await;
    let (mine, url) = (world.org("Mine").await, site().await);
    let base = base(&world, &mine, "Site").await;
    let source = crawled(
        &world,
        &mine,
        json!({ "base_id": base, "url": url, "depth": 1, "every_days": 7 }),
    )
    .await;
    assert_eq!(source["state"], "ready", "{source:#}");
    assert!(source["due_at"].is_string());
    let reason = |path: &str| -> String {
        let pages = source["fetched"].as_array().unwrap();
        let page = pages.iter().find(|page| page["url"].as_str().unwrap().ends_with(path));
        let page = page.unwrap_or_else(|| panic!("{path}: {source:#}"));
        page["reason"].as_str().unwrap().to_owned()
    };
    for (path, says) in [
        ("/crowns/", ""),
        ("/loop", "leads to itself"),
        ("/hops/0", "leads on and on"),
        ("/members", "sign-in"),
        ("/gallery", "no text"),
        ("/picture", "no page of text"),
        ("/gone", "no such page"),
        ("/away", "another website"),
    ] {
        let reason = reason(path);
        assert!(
            reason.contains(says) && reason.is_empty() == says.is_empty(),
            "{path}: {reason}"
        );
    }
    assert_eq!(
        source["fetched"].as_array().unwrap().len(),
        9,
        "each page once: {source:#}"
    );
    let found = ask(&world, &mine, &base, "How much is a porcelain crown?").await;
    assert_eq!(texts(&found)[0], "A porcelain crown costs $900.");
    assert_eq!(found["passages"][0]["url"], json!(format!("{url}/crowns/")));
}

#[tokio::test]
async fn no_more_pages_are_read_than_asked_for_and_a_sitemap_names_its_own() {
    let world = World::new().await;
    let (mine, url) = (world.org("Mine").await, site().await);
    let base = base(&world, &mine, "Site").await;
    let plans = json!({ "base_id": base, "url": format!("{url}/plans"), "depth": 1, "page_limit": 50 });
    let source = crawled(&world, &mine, plans).await;
    assert_eq!(
        (&source["state"], &source["passages"]),
        (&json!("ready"), &json!(50)),
        "{source:#}"
    );
    let found = ask(&world, &mine, &base, "What does plan number17 cover?").await;
    assert!(texts(&found)[0].contains("number17"), "{found:#}");
    let map = json!({ "base_id": base, "kind": "sitemap", "url": format!("{url}/sitemap.xml") });
    let source = crawled(&world, &mine, map).await;
    assert_eq!(
        (&source["state"], &source["passages"]),
        (&json!("ready"), &json!(2)),
        "{source:#}"
    );
    let nothing = crawled(&world, &mine, json!({ "base_id": base, "url": format!("{url}/gone") })).await;
    assert_eq!(
        (&nothing["state"], &nothing["note"]),
        (&json!("failed"), &json!("There is no such page."))
    );
}

#[tokio::test]
async fn where_others_come_no_private_address_is_asked() {
    let world = World::under("https://switchboard.example").await;
    let mine = world.org("Mine").await;
    let base = base(&world, &mine, "Site").await;
    for url in [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/",
        "ftp://example.com/",
        "nothing",
    ] {
        let draft = json!({ "base_id": base, "kind": "address", "name": "Site", "url": url });
        let refused = world.post("/knowledge-sources", &mine.key, &draft).await;
        assert_eq!(
            (refused.status, refused.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec!["url".to_owned()]),
            "{url}"
        );
    }
}
