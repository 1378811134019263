//! `/organization` over REST and as a page, and the zone that pages are written in.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use switchboard::org::Role;

use crate::support::{Answer, Org, PASSWORD, World};

impl World {
    async fn organization(&self, method: Method, org: &Org, tag: Option<&str>, body: Option<Value>) -> Answer {
        let mut request = Request::builder()
            .uri("/api/v1/organization")
            .header(header::AUTHORIZATION, format!("Bearer {}", org.key));
        if let Some(tag) = tag {
            let name = if method == Method::GET {
                header::IF_NONE_MATCH
            } else {
                header::IF_MATCH
            };
            request = request.header(name, tag);
        }
        if method == Method::PATCH {
            request = request.header(header::CONTENT_TYPE, "application/merge-patch+json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.method(method).body(body).unwrap()).await
    }

    async fn page(&self, path: &str, cookie: &str) -> String {
        let request = Request::get(path).header(header::COOKIE, cookie);
        let answer = self.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        answer.text()
    }
}

fn tag(answer: &Answer) -> String {
    answer.headers[header::ETAG].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn parts_of_the_organization_are_changed_and_the_rest_stays() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let read = world.organization(Method::GET, &org, None, None).await;
    assert_eq!(
        (
            &read.json()["name"],
            &read.json()["time_zone"],
            &read.json()["personal"]
        ),
        (&json!("Mine"), &json!("UTC"), &json!(false))
    );
    assert_eq!(read.json()["id"], json!(org.id));
    let known = world.organization(Method::GET, &org, Some(&tag(&read)), None).await;
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);

    let patch = json!({"name": "Ours", "time_zone": "Europe/Berlin"});
    let saved = world
        .organization(Method::PATCH, &org, Some(&tag(&read)), Some(patch))
        .await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
    assert_eq!(
        (
            &saved.json()["name"],
            &saved.json()["color"],
            &saved.json()["time_zone"]
        ),
        (&json!("Ours"), &read.json()["color"], &json!("Europe/Berlin"))
    );
    // Both ways to say what a change started from.
    let late = world
        .organization(Method::PATCH, &org, Some(&tag(&read)), Some(json!({"color": "plum"})))
        .await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
    let late = json!({"color": "plum", "revision": read.json()["revision"]});
    assert_eq!(
        world.organization(Method::PATCH, &org, None, Some(late)).await.status,
        StatusCode::CONFLICT
    );

    // What is read can be sent back as it is.
    let mut whole = saved.json();
    whole["color"] = json!("fern");
    let replaced = world
        .organization(Method::PUT, &org, Some(&tag(&saved)), Some(whole))
        .await;
    assert_eq!(
        (replaced.status, &replaced.json()["color"]),
        (StatusCode::OK, &json!("fern"))
    );
    let me = world.get("/auth/me", &org.key).await.json();
    assert_eq!(me["organization"], replaced.json());
    let log = world.get("/audit?kind=organization", &org.key).await.json();
    assert_eq!(log["items"][1]["detail"]["changed"], json!(["name", "time_zone"]));
}

#[tokio::test]
async fn what_cannot_be_is_refused_beside_its_field() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    for (patch, field) in [
        (json!({"name": " "}), "name"),
        (json!({"name": "x".repeat(81)}), "name"),
        (json!({"time_zone": "Berlin"}), "time_zone"),
        (json!({"color": "mauve"}), "color"),
        (json!({"id": "org_other"}), "id"),
        (json!({"motto": "Always there"}), "motto"),
    ] {
        let refused = world.organization(Method::PATCH, &org, None, Some(patch.clone())).await;
        assert_eq!(
            (refused.status, refused.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]),
            "{patch}"
        );
    }
    assert_eq!(
        world.organization(Method::GET, &org, None, None).await.json()["revision"],
        json!(1)
    );
}

#[tokio::test]
async fn the_page_has_a_form_for_who_may_change_it_and_facts_for_others() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let owner = world.session(&org.email, &org.id).await;
    let page = world.page("/organization", &owner).await;
    assert!(
        page.contains(r#"name="draft[name]""#) && page.contains(">Leave Mine</button>"),
        "{page}"
    );

    let form =
        json!({"org": org.id, "revision": 1, "draft": {"name": "Ours", "color": "plum", "time_zone": "Asia/Kolkata"}});
    let saved = world.function("orgs/update_organization", Some(&owner), &form).await;
    assert_eq!(
        saved.headers[header::LOCATION],
        "/organization?changed=1",
        "{}",
        saved.text()
    );
    let refused = world.function("orgs/update_organization", Some(&owner), &form).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text());

    let viewer = world.member(&org, Role::Viewer).await;
    let viewer = world.session(&viewer.email, &org.id).await;
    let page = world.page("/organization", &viewer).await;
    assert!(
        page.contains("Owners and admins can change them.") && page.contains("Asia/Kolkata"),
        "{page}"
    );
    assert!(!page.contains(r#"name="draft[name]""#), "{page}");
}

/// The last hour of a day in one zone is the next day in another.
#[tokio::test]
async fn a_page_is_written_in_the_persons_zone_or_else_in_the_organizations() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    sqlx::query("update identity.memberships set created_at = '2026-10-24T22:30:00Z' where org_id = $1")
        .bind(org.id.as_str())
        .execute(&world.db.admin)
        .await
        .unwrap();
    let cookie = world.session(&org.email, &org.id).await;
    let page = world.page("/members", &cookie).await;
    assert!(
        page.contains(">24 Oct 2026</time>") && page.contains("Times in UTC"),
        "{page}"
    );

    let patch = json!({"time_zone": "Europe/Berlin"});
    assert_eq!(
        world.organization(Method::PATCH, &org, None, Some(patch)).await.status,
        StatusCode::OK
    );
    let page = world.page("/members", &cookie).await;
    let time = r#"<time datetime="2026-10-24T22:30:00Z" title="25 Oct 2026, 00:30 Europe/Berlin · 24 Oct 2026, 22:30 UTC">25 Oct 2026</time>"#;
    assert!(page.contains(time) && page.contains("Times in Europe/Berlin"), "{page}");

    let own = json!({"time_zone": "America/New_York"});
    let saved = world.function("account/set_time_zone", Some(&cookie), &own).await;
    assert_eq!(
        saved.headers[header::LOCATION],
        "/profile?changed=zone",
        "{}",
        saved.text()
    );
    let page = world.page("/members", &cookie).await;
    assert!(
        page.contains(">24 Oct 2026</time>") && page.contains("Times in America/New York"),
        "{page}"
    );
    let refused = world
        .function("account/set_time_zone", Some(&cookie), &json!({"time_zone": "York"}))
        .await;
    assert_eq!(refused.failure().unwrap().fields()[0].field, "time_zone");

    // A person's token says it too.
    let asked = json!({"email": org.email, "password": PASSWORD});
    let token = world.rest(Method::POST, "/auth/token", None, Some(&asked)).await;
    let me = world
        .get("/auth/me", token.json()["token"].as_str().unwrap())
        .await
        .json();
    assert_eq!(
        (&me["user"]["time_zone"], &me["organization"]["time_zone"]),
        (&json!("America/New_York"), &json!("Europe/Berlin"))
    );
}
