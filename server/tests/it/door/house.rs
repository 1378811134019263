//! A house with two kinds of doors: our own accounts, or the simulated Clerk's, before the real router and a real Postgres.

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use sandbox::{Sandbox, Shared};
use serde_json::{Value, json};
use server::{router, start};
use sqlx::PgPool;
use switchboard::{
    agents::Agent,
    auth::{self, admin, session},
    core::Core,
    crud,
    db::testing::TestDb,
    org::{OrgDraft, OrgId, UserId, store},
    secret::Master,
};
use tower::ServiceExt;

use crate::common::{self, config};

const ORIGIN: &str = "http://127.0.0.1:3000";
const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct-horse-battery";
const SECRET_KEY: &str = "sk_test_0123456789abcdefghij";

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Issuer {
    Ours,
    Clerk,
}

impl Issuer {
    pub const ALL: [Self; 2] = [Self::Ours, Self::Clerk];
}

pub struct House {
    pub core: Core,
    /// The one person who lives here.
    pub user: UserId,
    issuer: Issuer,
    db: TestDb,
    router: Router,
    clerk: Sandbox,
    /// Stops when the house does.
    _voice: Shared,
}

/// An organization of the person, with an agent that bears its name.
pub struct TestOrg {
    pub id: OrgId,
}

impl House {
    pub async fn open(issuer: Issuer) -> Self {
        let clerk = Sandbox::start(sandbox::Options::default()).await.unwrap();
        let clerks = [
            ("CLERK_SECRET_KEY", SECRET_KEY.to_owned()),
            ("CLERK_PUBLISHABLE_KEY", "pk_test_x".to_owned()),
            ("CLERK_API_URL", clerk.clerk_url().to_owned()),
            ("CLERK_FRONTEND_API", clerk.clerk_url().to_owned()),
        ];
        let config = match issuer {
            Issuer::Ours => config(&[]),
            Issuer::Clerk => config(&clerks),
        };
        let db = TestDb::create().await;
        let (core, voice) = start::assemble(config, ORIGIN.parse().unwrap(), Master::fresh(), &db.logins)
            .await
            .unwrap();
        let user = match issuer {
            Issuer::Ours => admin::create_user(&core, EMAIL, &PASSWORD.into(), "Ada").await.unwrap(),
            Issuer::Clerk => sign_up(&clerk, EMAIL).await,
        };
        let router = router::router(core.clone(), router::site().unwrap());
        Self {
            core,
            user,
            issuer,
            db,
            router,
            clerk,
            _voice: voice.expect("no key is configured"),
        }
    }

    /// Somebody else, at Clerk.
    pub async fn person(&self, email: &str) -> UserId {
        sign_up(&self.clerk, email).await
    }

    pub async fn place(&self, name: &str) -> TestOrg {
        if self.issuer == Issuer::Clerk {
            // The first token brings the person.
            auth::bearer(&self.core, &self.clerks(&self.user, None).await)
                .await
                .unwrap_err();
        }
        let draft = OrgDraft {
            name: name.to_owned(),
            ..OrgDraft::default()
        };
        let id = store::create(&self.core, &self.user, draft).await.unwrap();
        let caller = auth::bearer(&self.core, &self.token(&id).await).await.unwrap();
        crud::create::<Agent>(&self.core, &caller, common::draft(&format!("{name} desk")))
            .await
            .unwrap();
        TestOrg { id }
    }

    /// A bearer token of this house's issuer.
    pub async fn token(&self, org: &OrgId) -> String {
        match self.issuer {
            Issuer::Ours => admin::token(&self.core, EMAIL, Some(org.clone())).await.unwrap(),
            Issuer::Clerk => self.clerks(&self.user, Some(org)).await,
        }
    }

    /// The cookie of a browser in an organization.
    pub async fn cookie(&self, org: &OrgId) -> String {
        match self.issuer {
            Issuer::Ours => {
                let entered = session::choose(&self.core, &self.sign_in().await, org).await.unwrap();
                format!("{}={}", session::cookie_name(&self.core), entered.token)
            }
            Issuer::Clerk => format!("__session={}", self.clerks(&self.user, Some(org)).await),
        }
    }

    /// The cookie of somebody who has chosen no organization.
    pub async fn cookie_of_nowhere(&self) -> String {
        match self.issuer {
            Issuer::Ours => format!("{}={}", session::cookie_name(&self.core), self.sign_in().await),
            Issuer::Clerk => format!("__session={}", self.clerks(&self.user, None).await),
        }
    }

    async fn sign_in(&self) -> String {
        let draft = switchboard::account::SignIn {
            email: EMAIL.to_owned(),
            password: PASSWORD.into(),
            remember: false,
        };
        let signed_in = session::sign_in(&self.core, draft, &session::ClientInfo::default()).await;
        signed_in.unwrap().token
    }

    /// A token of Clerk's for somebody.
    pub async fn clerks(&self, user: &UserId, org: Option<&OrgId>) -> String {
        let wish = json!({"user": user, "session": format!("sess_{user}"), "azp": ORIGIN, "org": org});
        let made = self.clerk(Method::POST, "/_sandbox/tokens", Some(wish)).await;
        made["jwt"].as_str().unwrap().to_owned()
    }

    /// Where the organization itself is kept, its client's number: with Clerk, at Clerk.
    pub async fn client_id_of(&self, org: &OrgId) -> Value {
        if self.issuer == Issuer::Clerk {
            let organization = self.clerk(Method::GET, &format!("/v1/organizations/{org}"), None).await;
            return organization["public_metadata"]["client_id"].clone();
        }
        let id: String =
            sqlx::query_scalar("select metadata ->> 'client_id' from identity.organizations where id = $1")
                .bind(org.as_str())
                .fetch_one(&self.db.admin)
                .await
                .unwrap();
        json!(id)
    }

    /// What Clerk's backend answers, which is no refusal.
    pub async fn clerk(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        ask(&self.clerk, method, path, body).await
    }

    /// As the superuser.
    pub fn admin(&self) -> &PgPool {
        &self.db.admin
    }

    /// The status and the body; of a redirect, where it leads.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, String)],
        body: &str,
    ) -> (StatusCode, String) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        if let Some(place) = response.headers().get(header::LOCATION) {
            return (status, place.to_str().unwrap().to_owned());
        }
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.db.admin).await.unwrap()
    }

    pub async fn arrange(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&self.db.admin).await.unwrap();
    }
}

async fn sign_up(clerk: &Sandbox, email: &str) -> UserId {
    let name = email.split('@').next().unwrap();
    let body = json!({"email_address": [email], "password": PASSWORD, "first_name": name});
    let made = ask(clerk, Method::POST, "/v1/users", Some(body)).await;
    UserId::parse(made["id"].as_str().unwrap()).unwrap()
}

async fn ask(clerk: &Sandbox, method: Method, path: &str, body: Option<Value>) -> Value {
    let url = format!("{}{path}", clerk.clerk_url());
    let mut request = switchboard::providers::client()
        .request(method, url)
        .bearer_auth(SECRET_KEY);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).unwrap_or_default()
}
