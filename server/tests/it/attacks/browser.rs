//! What a browser can be made to do, and what can be found out with one.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};

use crate::{
    questions::{self, Belongings},
    replay::rows,
    support::{Answer, PASSWORD, World, cookie_of, serial},
};

fn sign_in(email: &str, password: &str) -> Value {
    json!({"draft": {"email": email, "password": password}})
}

#[tokio::test]
async fn a16_signing_in_takes_over_no_cookie_that_was_there_before() {
    let world = World::new().await;
    let (victim, mallory) = (world.org("Victim").await, world.org("Mallory").await);
    let planted = world.session(&mallory.email, &mallory.id).await;
    for cookie in [
        planted.as_str(),
        "switchboard=chosen-by-somebody-else-0000000000000000000",
    ] {
        let signed_in = world
            .function("account/sign_in", Some(cookie), &sign_in(&victim.email, PASSWORD))
            .await;
        let fresh = cookie_of(&signed_in);
        assert_ne!(fresh, cookie);
        let places = world.function("orgs/list_places", Some(&fresh), &json!({})).await;
        assert!(places.text().contains("Victim"), "{}", places.text());
        // What was planted opens what it opened before, and nothing else.
        let places = world.function("orgs/list_places", Some(cookie), &json!({})).await;
        assert!(!places.text().contains("Victim"), "{}", places.text());
        assert_eq!(places.status.is_success(), cookie == planted);
    }
}

#[tokio::test]
async fn a19_where_there_is_https_only_a_cookie_bound_to_this_host_counts() {
    let world = World::under("https://board.example.com").await;
    let org = world.org("Mine").await;
    let signed_in = world
        .function("account/sign_in", None, &sign_in(&org.email, PASSWORD))
        .await;
    let line = signed_in.headers[header::SET_COOKIE].to_str().unwrap();
    let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
    assert_eq!(name, "__Host-switchboard");
    for part in ["Path=/", "HttpOnly", "Secure", "SameSite=Lax"] {
        assert!(line.split("; ").any(|own| own == part), "{line}");
    }
    assert!(!line.to_lowercase().contains("domain"), "{line}");
    assert!(signed_in.headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
    let devices = async |cookie: &str| {
        world
            .function("account/list_devices", Some(cookie), &json!({}))
            .await
            .status
    };
    assert_eq!(devices(&format!("__Host-switchboard={value}")).await, StatusCode::OK);
    // A page on a subdomain, or one without https, can set these.
    for name in [
        "switchboard",
        "__Secure-switchboard",
        "__host-switchboard",
        "Host-switchboard",
    ] {
        assert_eq!(
            devices(&format!("{name}={value}")).await,
            StatusCode::UNAUTHORIZED,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a20_no_other_site_makes_a_signed_in_browser_do_anything() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let (visitor, of) = (world.visitor(&org).await, Belongings::of(&world, &org).await);
    let cookie = visitor.cookie.clone().unwrap();
    let before = rows(&world, &org).await;
    let from_elsewhere: [&[(&str, &str)]; 7] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:3000.evil.example")],
        &[],
    ];
    let mut refused = 0;
    for question in questions::all().iter().filter(|question| question.is_function()) {
        let (path, arguments) = question.function(&visitor, &of);
        for headers in from_elsewhere {
            for (kind, body) in [
                ("application/x-www-form-urlencoded", questions::form(&arguments)),
                ("text/plain", arguments.to_string()),
                ("application/json", arguments.to_string()),
            ] {
                let mut request = Request::post(path)
                    .header(header::COOKIE, &cookie)
                    .header(header::CONTENT_TYPE, kind);
                for (name, value) in headers {
                    request = request.header(*name, *value);
                }
                let answer = world.send(request.body(Body::from(body)).unwrap()).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{question} {headers:?} {kind}");
                refused += 1;
            }
        }
        // A link, and a link that says it is something else.
        for method in [Method::GET, Method::HEAD] {
            let request = Request::builder()
                .method(method)
                .uri(format!("{path}?{}&_method=POST", questions::form(&arguments)))
                .header(header::COOKIE, &cookie)
                .header("x-http-method-override", "POST");
            let answer = world.send(request.body(Body::empty()).unwrap()).await;
            assert!(!answer.headers.contains_key(header::SET_COOKIE), "{question}");
        }
    }
    assert!(refused > 800, "only {refused}");
    assert_eq!(rows(&world, &org).await, before);
    let places = world.function("orgs/list_places", Some(&cookie), &json!({})).await;
    assert_eq!(places.status, StatusCode::OK, "the session stands where it stood");
}

/// As from this address, whatever a header says of others.
async fn from(world: &World, address: [u8; 4], claimed: &str, arguments: &Value) -> Answer {
    let request = Request::post("/fn/app/account/sign_in")
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-forwarded-for", claimed)
        .header("x-real-ip", claimed)
        .header("forwarded", format!("for={claimed}"))
        .extension(ConnectInfo(SocketAddr::from((address, 4000))));
    world
        .send(request.body(Body::from(arguments.to_string())).unwrap())
        .await
}

#[tokio::test]
async fn a21_an_address_is_the_connections_and_not_what_a_header_says() {
    let world = World::new().await;
    let (mut tries, attacker) = (0, [203, 0, 113, 7]);
    let paused = loop {
        let guess = sign_in(&format!("somebody-{tries}@example.com"), "not-their-password");
        let answer = from(&world, attacker, &format!("198.51.100.{tries}"), &guess).await;
        tries += 1;
        if answer.error() == "rate_limited" || tries > 40 {
            break answer;
        }
    };
    assert_eq!((paused.status, tries), (StatusCode::TOO_MANY_REQUESTS, 31));
    // Whoever is where the attacker said to be is not paused.
    let guess = sign_in("somebody@example.com", "not-their-password");
    let bystander = from(&world, [198, 51, 100, 1], "203.0.113.7", &guess).await;
    assert_eq!(bystander.error(), "invalid", "{}", bystander.text());
}

/// Guesses until there is a pause, or for too long; answers how many guesses there were.
async fn guesses(world: &World, ask: impl AsyncFn(usize) -> (Vec<String>, [u8; 4])) -> usize {
    for guess in 1..40 {
        let (claimed, peer) = ask(guess).await;
        let arguments = sign_in(&format!("somebody-{}@example.com", serial()), "not-their-password");
        let mut request = Request::post("/fn/app/account/sign_in")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/json")
            .extension(ConnectInfo(SocketAddr::from((peer, 4000))));
        for line in claimed {
            request = request.header("x-forwarded-for", line);
        }
        let answer = world
            .send(request.body(Body::from(arguments.to_string())).unwrap())
            .await;
        if answer.error() == "rate_limited" {
            return guess;
        }
    }
    40
}

#[tokio::test]
async fn a21_behind_a_proxy_an_address_is_what_the_proxy_says_and_not_what_the_client_says() {
    let world = World::set(&[("TRUSTED_PROXIES", "1")]).await;
    let proxy = [10, 0, 0, 1];
    // The proxy adds the attacker, whoever the attacker claims to be.
    let attacker = async |guess| (vec![format!("198.51.100.{guess}, 203.0.113.7")], proxy);
    assert_eq!(guesses(&world, attacker).await, 31);
    // Others behind the same proxy go on.
    let others = async |guess| (vec!["203.0.113.7".to_owned(), format!("192.0.2.{guess}")], proxy);
    assert_eq!(guesses(&world, others).await, 40);
    // What no proxy of ours would say is not listened to: then all that come from there are one.
    let odd = async |guess| (vec![format!("somebody-{guess}")], [10, 0, 0, 2]);
    assert_eq!(guesses(&world, odd).await, 31);
}

#[tokio::test]
async fn a21_a_program_without_a_token_is_counted_by_the_address_that_the_proxy_says() {
    let world = World::set(&[("TRUSTED_PROXIES", "1"), ("SWITCHBOARD_REQUESTS_PER_SECOND", "10")]).await;
    let ask = async |client: &str| {
        let request = Request::get("/api/v1/agents")
            .header("x-forwarded-for", client)
            .extension(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 4000))));
        world.send(request.body(Body::empty()).unwrap()).await.status
    };
    let mut asked = 0;
    while ask("203.0.113.7").await != StatusCode::TOO_MANY_REQUESTS {
        asked += 1;
        assert!(asked < 1000, "nobody counts");
    }
    assert_eq!(ask("203.0.113.8").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn mail_that_did_not_leave_is_shown_to_nobody_where_strangers_come() {
    for (place, setting, shown) in [
        ("https://voice.example.com", None, false),
        ("https://voice.example.com", Some("1"), true),
        ("http://127.0.0.1:3000", None, true),
        ("http://127.0.0.1:3000", Some("0"), false),
    ] {
        let setting = setting.map(|value| ("DEV_MAIL", value));
        let world = World::made(place, setting.as_slice()).await;
        let asked = json!({"email": world.org("Mine").await.email});
        world.function("account/forgot_password", None, &asked).await;
        let page = world.send(Request::get("/dev/mail").body(Body::empty()).unwrap()).await;
        let asked = world.function("mail/list_mail", None, &json!({})).await;
        let status = if shown { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!((page.status, asked.status), (status, status), "{place} {setting:?}");
        for answer in [page, asked] {
            assert_eq!(answer.text().contains("/reset?token"), shown, "{place} {setting:?}");
        }
    }
}

#[tokio::test]
async fn a22_no_answer_tells_whether_somebody_has_an_account() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let ask = async |path: &str, email: &str| {
        let arguments = match path {
            "account/sign_in" => sign_in(email, "not-the-password"),
            _ => json!({ "email": email }),
        };
        let answer = world.function(path, None, &arguments).await;
        let place = answer.headers.get(header::LOCATION);
        let plain = |place: &str| place.replace("%2D", "-").replace("%2E", ".").replace("%40", "@");
        let place = place.map(|place| plain(place.to_str().unwrap()));
        // What was typed comes back either way.
        let told = |text: String| text.replace(email, "TYPED");
        (answer.status, told(answer.text()), place.map(told))
    };
    for path in [
        "account/sign_in",
        "account/forgot_password",
        "account/resend_verification",
    ] {
        assert_eq!(
            ask(path, &org.email).await,
            ask(path, "nobody-at-all@example.com").await,
            "{path}"
        );
    }
    let token = async |email: &str| {
        let answer = world
            .rest(
                Method::POST,
                "/auth/token",
                None,
                Some(&json!({"email": email, "password": "not-it"})),
            )
            .await;
        (answer.status, answer.text())
    };
    assert_eq!(token(&org.email).await, token("nobody-at-all@example.com").await);
    // Inviting tells who is a member already, whom one sees anyway, and nothing about anybody else.
    let stranger = world.org("Elsewhere").await;
    for email in [stranger.email.as_str(), "nobody-at-all@example.com"] {
        let invited = world
            .post("/invitations", &org.key, &json!({"email": email, "role": "viewer"}))
            .await;
        let fields: Vec<_> = invited.json().as_object().unwrap().keys().cloned().collect();
        assert_eq!((invited.status, fields), (StatusCode::CREATED, vec!["id".to_owned()]));
    }
}

#[tokio::test]
async fn a28_no_page_is_drawn_inside_another_site() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let cookie = world.session(&org.email, &org.id).await;
    for path in [
        "/sign-in",
        "/sign-up",
        "/forgot",
        "/api/docs",
        "/agents",
        "/members",
        "/select-org",
    ] {
        let request = Request::get(path).header(header::COOKIE, if path.starts_with("/s") { "" } else { &cookie });
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        if answer.status.is_redirection() {
            continue;
        }
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        let parts: Vec<_> = policy.split("; ").collect();
        for part in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ] {
            assert!(parts.contains(&part), "{path}: {policy}");
        }
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
            "{path}: {policy}"
        );
    }
}
