//! Coverage: every REST route and every server function, as another organization, in every role, and as nobody.
//!
//! The questions come from what is served (`questions.rs`). A new one fails here until it has a sample.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use serde_json::json;
use switchboard::{
    auth::admin,
    org::{Role, Scope},
    resource::Action,
};

use crate::{
    questions::{self, Belongings, Needs, Visitor},
    replay::{assert_none, replay},
    support::{Org, World},
};

/// What is answered to people who are not signed in. Whatever joins this list has to be meant.
#[test]
fn what_is_open_is_what_one_gets_in_by() {
    let mut open = Vec::new();
    let mut personal = Vec::new();
    for question in questions::all() {
        match question.needs {
            Needs::Nobody(_) => open.push(question.to_string()),
            Needs::Person(_) => personal.push(question.to_string()),
            Needs::Permission(..) => {}
        }
    }
    open.sort();
    personal.sort();
    assert_eq!(
        open,
        [
            "POST /auth/token",
            "POST /fn/app/account/clerk/session_refusal",
            "POST /fn/app/account/forgot_password",
            "POST /fn/app/account/read_reset_link",
            "POST /fn/app/account/resend_verification",
            "POST /fn/app/account/reset_password",
            "POST /fn/app/account/sign_in",
            "POST /fn/app/account/sign_out",
            "POST /fn/app/account/sign_up",
            "POST /fn/app/account/verify_email",
            "POST /fn/app/mail/list_mail",
            "POST /fn/app/orgs/read_invitation",
        ]
    );
    assert_eq!(
        personal,
        [
            "POST /fn/app/account/change_password",
            "POST /fn/app/account/end_session",
            "POST /fn/app/account/list_devices",
            "POST /fn/app/account/set_time_zone",
            "POST /fn/app/account/sign_out_everywhere",
            "POST /fn/app/calls/read_number",
            "POST /fn/app/orgs/accept_offer",
            "POST /fn/app/orgs/create_org",
            "POST /fn/app/orgs/decline_offer",
            "POST /fn/app/orgs/list_places",
            "POST /fn/app/orgs/switch_org",
        ]
    );
}

#[test]
fn no_server_function_is_asked_by_get() {
    for question in questions::all().iter().filter(|question| question.is_function()) {
        assert_eq!(
            question.method(),
            Method::POST,
            "{question} changes things by GET, which any site can cause"
        );
    }
}

#[tokio::test]
async fn nobody_is_let_in() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let belongings = Belongings::of(&world, &org).await;
    let credentials = [
        (None, None),
        (
            Some("sb_live_0000000000_0000000000000000000000000000000000000000000"),
            Some("switchboard=0000000000000000000000000000000000000000000"),
        ),
        (Some("a.b.c"), Some("switchboard=")),
    ];
    for question in questions::guarded() {
        for (bearer, cookie) in credentials {
            let visitor = Visitor {
                bearer: bearer.map(str::to_owned),
                cookie: cookie.map(str::to_owned),
                page: org.id.to_string(),
            };
            let answer = question.ask(&world, &visitor, &belongings).await;
            if question.is_page() {
                assert_eq!(answer.status, StatusCode::SEE_OTHER, "{question}");
                continue;
            }
            assert_eq!(
                (answer.status, answer.error().as_str()),
                (StatusCode::UNAUTHORIZED, "unauthenticated"),
                "{question}: {}",
                answer.text()
            );
        }
    }
}

/// Two visitors: one who has nothing to do with the organization, and one who belongs to it but is in another one now.
#[tokio::test]
async fn another_organization_finds_nothing_and_changes_nothing() {
    let world = World::new().await;
    let (mine, other) = (world.org("Canary").await, world.org("Other").await);
    let stranger = world.visitor(&other).await;
    assert_none(&replay(&world, &world, &mine, &stranger, &questions::guarded()).await);

    let both = world.org("Both").await;
    admin::add_member(&world.core, &mine.id, &both.email, Role::Owner)
        .await
        .unwrap();
    // They may see where they belong, and go there.
    let both = world.visitor(&both).await;
    assert_none(&replay(&world, &world, &mine, &both, &questions::of_organizations()).await);
}

#[tokio::test]
async fn a_page_of_another_organization_than_the_sessions_gets_nothing() {
    let world = World::new().await;
    let (mine, other) = (world.org("Mine").await, world.org("Other").await);
    admin::add_member(&world.core, &mine.id, &other.email, Role::Owner)
        .await
        .unwrap();
    let belongings = Belongings::of(&world, &mine).await;
    let visitor = world.visitor(&other).await.drawn_for(&mine.id);
    for question in questions::of_organizations() {
        if question.is_function() {
            let answer = question.ask(&world, &visitor, &belongings).await;
            assert_eq!(
                (answer.status, answer.error().as_str()),
                (StatusCode::CONFLICT, "org_changed"),
                "{question}: {}",
                answer.text()
            );
        }
    }
}

#[tokio::test]
async fn every_role_may_do_what_the_table_says_and_no_more() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let mut visitors = BTreeMap::new();
    for role in Role::ALL {
        visitors.insert(role, world.colleague(&org, role).await);
    }
    let mut untouched = None;
    for question in questions::all() {
        let Needs::Permission(action, kind) = question.needs else {
            continue;
        };
        for (role, visitor) in &visitors {
            let belongings = match untouched.take() {
                Some(belongings) => belongings,
                None => Belongings::of(&world, &org).await,
            };
            let answer = question.ask(&world, visitor, &belongings).await;
            let told = format!("{question} as {role:?}: {} {}", answer.status, answer.text());
            let permitted = role.permits(action, kind);
            if permitted {
                // A sample that is not good would be refused for what it is, whoever asks.
                let word = answer.error();
                let refused = ["unauthenticated", "forbidden", "not_found", "invalid", "malformed"];
                assert!(!refused.contains(&word.as_str()), "{told}");
                assert!(answer.status.is_success() || !word.is_empty(), "{told}");
            } else {
                let error = answer.error();
                assert_eq!(
                    (answer.status, error.as_str()),
                    (StatusCode::FORBIDDEN, "forbidden"),
                    "{told}"
                );
            }
            if action == Action::Read || !permitted {
                untouched = Some(belongings);
            }
        }
    }
}

#[tokio::test]
async fn a_key_may_do_nothing_that_its_scopes_leave_out() {
    let world = World::new().await;
    let org = world.org("Mine").await;
    let belongings = Belongings::of(&world, &org).await;
    for question in questions::of_organizations() {
        let Needs::Permission(action, kind) = question.needs else {
            continue;
        };
        if !question.is_rest() {
            continue;
        }
        let needed = Scope { kind, action };
        let scopes: Vec<_> = Scope::all().filter(|scope| *scope != needed).collect();
        let key = json!({"name": "all but one", "scopes": scopes});
        let made = world.post("/api-keys", &org.key, &key).await.json();
        let visitor = Visitor {
            bearer: made["secret"].as_str().map(str::to_owned),
            ..Visitor::default()
        };
        let answer = question.ask(&world, &visitor, &belongings).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (StatusCode::FORBIDDEN, "forbidden"),
            "{question} without {needed}: {}",
            answer.text()
        );
    }
}

/// Asks the router itself: its paths are read from what it prints of itself, its methods from what it answers nobody.
#[tokio::test]
async fn the_document_describes_exactly_what_is_served() {
    let world = World::new().await;
    let printed = format!("{:?}", world.router());
    let mut paths: Vec<_> = printed
        .split('"')
        .filter_map(|path| path.strip_prefix("/api/v1"))
        .filter(|path| path.starts_with('/'))
        .collect();
    paths.sort_unstable();
    paths.dedup();
    // The document itself, and the answer for whatever is not there.
    paths.retain(|path| !["/openapi.json", "/{*rest}"].contains(path));
    let mut served = Vec::new();
    for path in paths {
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = world.rest(method.clone(), path, None, None).await;
            if answer.status != StatusCode::METHOD_NOT_ALLOWED {
                served.push((method.to_string(), path.to_owned()));
            }
        }
    }

    let document = world.get("/openapi.json", "").await.json();
    let mut described = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            described.push((method.to_uppercase(), path.clone()));
        }
    }
    for list in [&mut served, &mut described] {
        list.sort();
    }
    assert_eq!(served, described);
}

impl World {
    /// Who owns an organization, as a program and as a person in a browser.
    pub async fn visitor(&self, org: &Org) -> Visitor {
        Visitor {
            bearer: Some(org.key.clone()),
            cookie: Some(self.session(&org.email, &org.id).await),
            page: org.id.to_string(),
        }
    }

    async fn colleague(&self, org: &Org, role: Role) -> Visitor {
        let member = self.member(org, role).await;
        Visitor {
            cookie: Some(self.session(&member.email, &org.id).await),
            bearer: Some(member.token),
            page: org.id.to_string(),
        }
    }
}
