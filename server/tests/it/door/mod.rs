//! The door, over HTTP: whichever issuer a credential is from, it alone decides the organization, and every visitor gets
//! to a page.

mod house;
mod members;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::http::{Method, StatusCode, header};
use house::{House, Issuer, TestOrg};
use serde_json::json;
use server::router;

use crate::common;

#[tokio::test]
async fn a11_whatever_else_a_request_says_the_credential_decides_the_organization() {
    for issuer in Issuer::ALL {
        let house = House::open(issuer).await;
        let (mine, theirs) = (house.place("Mine").await, house.place("Theirs").await);
        // Of both organizations: what keeps them apart is the credential alone.
        let (bearer, cookie) = (house.token(&mine.id).await, house.cookie(&mine.id).await);
        let foreign = theirs.id.as_str();
        let names = ["x-org-id", "x-organization-id", "x-clerk-org-id", "organization"];
        for path in [
            "/api/v1/agents".to_owned(),
            format!("/api/v1/agents?org_id={foreign}"),
            format!("/api/v1/agents?org={foreign}&organization_id={foreign}"),
        ] {
            let cookies = format!("org_id={foreign}; __Host-org={foreign}; active_org={foreign}");
            let mut said = vec![
                (header::AUTHORIZATION.as_str(), format!("Bearer {bearer}")),
                ("cookie", cookies),
            ];
            said.extend(names.map(|name| (name, foreign.to_owned())));
            let (status, text) = house.send(Method::GET, &path, &said, "").await;
            assert!(!text.contains("Theirs"), "{issuer:?} {path}: {text}");
            match status {
                StatusCode::OK => assert!(text.contains("Mine"), "{issuer:?} {path}: {text}"),
                status => assert!(status.is_client_error(), "{issuer:?} {path}: {status}"),
            }
        }
        for path in ["/agents".to_owned(), format!("/agents?org={foreign}&org_id={foreign}")] {
            let mut said = vec![("cookie", format!("org_id={foreign}; {cookie}; active_org={foreign}"))];
            said.extend(names.map(|name| (name, foreign.to_owned())));
            let (status, text) = house.send(Method::GET, &path, &said, "").await;
            assert_eq!(status, StatusCode::OK, "{issuer:?} {path}");
            assert!(
                text.contains("Mine desk") && !text.contains("Theirs desk"),
                "{issuer:?} {path}"
            );
        }

        let said = [
            ("authorization", format!("Bearer {bearer}")),
            ("content-type", "application/json".to_owned()),
            ("idempotency-key", "k1".to_owned()),
        ];
        let mut draft = json!(common::draft("Smuggled"));
        draft["org_id"] = json!(theirs.id);
        let (status, text) = house
            .send(Method::POST, "/api/v1/agents", &said, &draft.to_string())
            .await;
        assert!(status.is_client_error(), "{issuer:?} {status} {text}");
        let kept: i64 = house
            .count("select count(*) from app.agents where name = 'Smuggled'")
            .await;
        assert_eq!(kept, 0, "{issuer:?}");
    }
}

#[tokio::test]
async fn a_page_of_another_organization_is_told_that_the_session_has_moved() {
    for issuer in Issuer::ALL {
        let house = House::open(issuer).await;
        let (first, second) = (house.place("First").await, house.place("Second").await);
        let cookie = house.cookie(&second.id).await;
        let path = leptos::server_fn::axum::server_fn_paths()
            .map(|(path, _)| path)
            .find(|path| path.contains("agent_facets"))
            .unwrap();
        let ask = async |place: &TestOrg| {
            let said = [
                ("cookie", cookie.clone()),
                ("sec-fetch-site", "same-origin".to_owned()),
                ("accept", "application/json".to_owned()),
                ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ];
            house
                .send(Method::POST, path, &said, &format!("org={}", place.id))
                .await
        };
        let (status, text) = ask(&second).await;
        assert_eq!(status, StatusCode::OK, "{issuer:?} {text}");
        let (status, text) = ask(&first).await;
        assert_eq!(status, StatusCode::CONFLICT, "{issuer:?} {text}");
        assert!(text.contains("org_changed"), "{issuer:?} {text}");
    }
}

#[tokio::test]
async fn a_page_loads_its_data_while_another_service_of_the_process_is_put_together() {
    let house = House::open(Issuer::Ours).await;
    let place = house.place("Acme").await;
    let said = [("cookie", house.cookie(&place.id).await)];
    let (core, done) = (house.core.clone(), Arc::new(AtomicBool::new(false)));
    let ends = done.clone();
    let others = std::thread::spawn(move || {
        while !ends.load(Ordering::Relaxed) {
            drop(router::router(core.clone(), router::site().unwrap()));
        }
    });
    for _ in 0..20 {
        let page = house.send(Method::GET, "/agents", &said, "");
        let page = tokio::time::timeout(Duration::from_secs(60), page).await;
        let loaded = page.is_ok_and(|(status, text)| status == StatusCode::OK && text.contains("Acme desk"));
        if !loaded {
            done.store(true, Ordering::Relaxed);
        }
        assert!(loaded);
    }
    done.store(true, Ordering::Relaxed);
    others.join().unwrap();
}

#[tokio::test]
async fn every_visitor_gets_to_a_page_in_two_steps() {
    for issuer in Issuer::ALL {
        let house = House::open(issuer).await;
        let arrives = async |cookie: &str, from: &str, at: &str| {
            let mut path = from.to_owned();
            for _ in 0..3 {
                let said = [("cookie", cookie.to_owned())];
                let (status, text) = house.send(Method::GET, &path, &said, "").await;
                if status == StatusCode::OK {
                    let reached = path.split('?').next().unwrap();
                    assert_eq!(reached, at, "{issuer:?} from {from}");
                    return;
                }
                assert_eq!(status, StatusCode::SEE_OTHER, "{issuer:?} {path}: {text}");
                path = text;
            }
            panic!("{issuer:?}: from {from} there is no end to it, last {path}");
        };
        for (from, at) in [
            ("/", "/sign-in"),
            ("/agents", "/sign-in"),
            ("/select-org", "/sign-in"),
            ("/sign-in", "/sign-in"),
        ] {
            arrives("", from, at).await;
        }
        let nowhere = house.cookie_of_nowhere().await;
        for from in [
            "/",
            "/agents",
            "/select-org",
            "/select-org?next=/select-org",
            "/sign-in",
        ] {
            arrives(&nowhere, from, "/select-org").await;
        }
        let place = house.place("Acme").await;
        let placed = house.cookie(&place.id).await;
        for (from, at) in [
            ("/", "/agents"),
            ("/agents", "/agents"),
            ("/select-org", "/select-org"),
            ("/sign-in", "/select-org"),
        ] {
            arrives(&placed, from, at).await;
        }
        // Removed meanwhile: the session stands, the place is gone.
        house
            .arrange("update identity.memberships set removed_at = now(), stated_at = now() + interval '1 minute'")
            .await;
        for from in ["/", "/agents", "/select-org", "/sign-in"] {
            arrives(&placed, from, "/select-org").await;
        }
    }
}

#[tokio::test]
async fn the_organization_of_me_is_the_credentials_and_its_client_is_written_down_where_the_organization_is_kept() {
    for issuer in Issuer::ALL {
        let house = House::open(issuer).await;
        let place = house.place("Acme").await;
        let said = [("authorization", format!("Bearer {}", house.token(&place.id).await))];
        let (status, text) = house.send(Method::GET, "/api/v1/auth/me", &said, "").await;
        assert_eq!(status, StatusCode::OK, "{issuer:?} {text}");
        let me: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&me["organization"]["id"], &me["user"]["id"]),
            (&json!(place.id), &json!(house.user)),
            "{issuer:?}"
        );
        assert_eq!(me["client_id"], house.client_id_of(&place.id).await, "{issuer:?}");
    }
}
