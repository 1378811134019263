//! The program without a command: it serves, with a demo organization where only this machine comes.

use reqwest::{Client, header, redirect::Policy};

use crate::support::{Installation, answer};

#[tokio::test(flavor = "multi_thread")]
async fn without_a_command_it_serves_a_demo_organization_and_makes_it_once() {
    let installation = Installation::new();
    let mut keys = Vec::new();
    for _ in 0..2 {
        let server = installation.without_command().await;
        let (http, right) = sign_in(&server.url()).await;
        assert!(right);
        let agents = page(&http, &format!("{}/agents", server.url())).await;
        assert!(agents.contains("Feedback call"), "{agents}");
        let page = page(&http, &format!("{}/api-keys", server.url())).await;
        keys.push(page.matches("<th scope=\"row\"").count());
        server.terminate();
        assert!(server.ended().await.success());
    }
    assert_eq!(keys, [1, 1], "each start made another key");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_others_come_nobody_gets_in_with_the_words_of_the_demo() {
    let installation = Installation::new().with("PUBLIC_URL", "https://voice.example");
    let server = installation.without_command().await;
    assert!(server.log().iter().any(|line| line.contains("no demo organization")));
    let (_, right) = sign_in(&server.url()).await;
    assert!(!right);
}

/// With what the program prints, as a form does it; answers whether that was right.
async fn sign_in(url: &str) -> (Client, bool) {
    let http = Client::builder()
        .cookie_store(true)
        .redirect(Policy::none())
        .build()
        .unwrap();
    let draft = [
        ("draft[email]", "ada@larkfield.example"),
        ("draft[password]", "correct-horse-battery"),
    ];
    let request = http
        .post(format!("{url}/fn/app/account/sign_in"))
        .header("sec-fetch-site", "same-origin")
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(serde_urlencoded::to_string(draft).unwrap());
    let answer = answer(request).await;
    assert_eq!(answer.status, 302);
    (http, answer.headers.contains_key(header::SET_COOKIE))
}

async fn page(http: &Client, url: &str) -> String {
    let answer = answer(http.get(url).header(header::ACCEPT, "text/html")).await;
    assert_eq!(answer.status, 200, "{url}");
    String::from_utf8(answer.bytes).unwrap()
}
