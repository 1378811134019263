//! What the tests of identity start from: a database of their own, a core on it, and somebody who plays Clerk.

pub mod clerk;

use std::sync::Arc;

use chrono::Utc;
use sqlx::PgPool;
use switchboard::{
    Error,
    account::{SignIn, SignUp},
    auth::{self, Caller, session},
    config::Config,
    core::Core,
    db::{
        Db,
        testing::{self, TestDb},
    },
    mail,
    org::{OrgDraft, OrgId, Role, UserId, store},
    resource::{Action, Kind},
};

pub const ORIGIN: &str = "https://voice.example.com";
pub const PASSWORD: &str = "correct horse battery";

pub struct World {
    pub core: Core,
    /// As the superuser, for what a test arranges behind the program's back.
    admin: PgPool,
    /// Goes with the last world on it.
    _db: Arc<TestDb>,
}

impl std::ops::Deref for World {
    type Target = Core;
    fn deref(&self) -> &Core {
        &self.core
    }
}

pub async fn world(variables: &[(&str, &str)]) -> World {
    let db = TestDb::create().await;
    let config = Config::read(&|name| {
        let given = variables.iter().find(|(key, _)| *key == name);
        given
            .map(|(_, value)| (*value).to_owned())
            .or((name == "PUBLIC_URL").then(|| ORIGIN.to_owned()))
            .or((name == "DEV_MAIL").then(|| "1".to_owned()))
    })
    .expect("the test's configuration is good");
    let pools = Db::connect(&db.logins, 8).await.expect("the roles can connect");
    World {
        core: testing::core(pools, config),
        admin: db.admin.clone(),
        _db: Arc::new(db),
    }
}

impl World {
    /// Another process on the same database: it remembers nothing of what this one has seen.
    pub fn restarted(&self) -> World {
        World {
            core: testing::core_beside(&self.core),
            admin: self.admin.clone(),
            _db: self._db.clone(),
        }
    }

    pub async fn person(&self, email: &str) -> UserId {
        auth::admin::create_user(&self.core, email, &PASSWORD.into(), email.split('@').next().unwrap())
            .await
            .unwrap()
    }

    pub async fn org(&self, owner: &UserId, name: &str) -> OrgId {
        let draft = OrgDraft {
            name: name.into(),
            ..OrgDraft::default()
        };
        store::create(&self.core, owner, draft).await.unwrap()
    }

    pub async fn member(&self, org: &OrgId, email: &str, role: Role) -> UserId {
        let user = self.person(email).await;
        auth::admin::add_member(&self.core, org, email, role).await.unwrap();
        user
    }

    /// Somebody as the API sees them.
    pub async fn caller(&self, user: &UserId, org: &OrgId) -> Caller {
        let token = self.tokens.issue(user, org, Utc::now());
        auth::bearer(&self.core, &token).await.unwrap()
    }

    /// What the organization's log says, the oldest first: who did what, to what.
    pub async fn log(&self, org: &OrgId) -> Vec<(String, String, String)> {
        sqlx::query_as(
            "select a.actor, a.action, a.object_id from app.audit_log a where a.org_id = $1 order by a.at, a.id",
        )
        .bind(org.as_str())
        .fetch_all(&self.admin)
        .await
        .unwrap()
    }

    /// Whether a credential opens its organization, and for what.
    pub async fn opens(&self, token: &str) -> Result<OrgId, Error> {
        let caller = auth::bearer(&self.core, token).await?;
        caller
            .begin(&self.core.db, Action::Read, Kind::Organization)
            .await?
            .commit()
            .await?;
        Ok(caller.org().clone())
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Result<session::NewSession, Error> {
        let draft = SignIn {
            email: email.into(),
            password: password.into(),
            remember: true,
        };
        session::sign_in(&self.core, draft, &session::ClientInfo::default()).await
    }

    pub async fn sign_up(&self, email: &str, password: &str) -> Result<(), Error> {
        let draft = SignUp {
            name: "Ada".into(),
            email: email.into(),
            password: password.into(),
            ..SignUp::default()
        };
        session::sign_up(&self.core, draft, &session::ClientInfo::default()).await
    }

    /// The newest mail to an address: its subject and the token of its link.
    pub async fn mail(&self, email: &str) -> Option<(String, String)> {
        let mails = mail::recent(&self.core).await.unwrap();
        let mail = mails.into_iter().find(|mail| mail.recipient == email)?;
        let token = mail.link?.split_once("token=")?.1.to_owned();
        Some((mail.subject, token))
    }

    pub fn admin(&self) -> &PgPool {
        &self.admin
    }

    /// One number, asked as the superuser.
    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.admin).await.unwrap()
    }

    pub async fn arrange(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&self.admin).await.unwrap();
    }
}
