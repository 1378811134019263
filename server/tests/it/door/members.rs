//! Members and invitations that Clerk keeps: whatever goes wrong between it and us, both sides agree afterwards, and the log
//! says once who did it.

use axum::http::Method;
use serde_json::{Value, json};
use switchboard::{
    Error,
    auth::{self, Caller},
    db,
    error::Fault,
    org::{InvitationDraft, OrgId, Role, UserId, store},
};

use crate::door::house::{House, Issuer};

struct Team {
    house: House,
    org: OrgId,
    ada: Caller,
    grace: UserId,
}

async fn team() -> Team {
    let house = House::open(Issuer::Clerk).await;
    let org = house.place("Acme").await.id;
    let ada = auth::bearer(&house.core, &house.token(&org).await).await.unwrap();
    let grace = house.person("grace@example.com").await;
    let team = Team { house, org, ada, grace };
    team.join(&team.grace, "developer").await;
    team
}

impl Team {
    /// Makes somebody a member at Clerk, and brings them here.
    async fn join(&self, user: &UserId, role: &str) -> Caller {
        let body = json!({"user_id": user, "role": format!("org:{role}")});
        self.house.clerk(Method::POST, &self.memberships(), Some(body)).await;
        self.caller(user).await
    }

    async fn caller(&self, user: &UserId) -> Caller {
        let token = self.house.clerks(user, Some(&self.org)).await;
        auth::bearer(&self.house.core, &token).await.unwrap()
    }

    fn memberships(&self) -> String {
        format!("/v1/organizations/{}/memberships", self.org)
    }

    fn invitations(&self) -> String {
        format!("/v1/organizations/{}/invitations", self.org)
    }

    async fn set_role(&self, user: &UserId, role: Role) -> Result<(), Error> {
        db::watched(store::set_role(&self.house.core, &self.ada, user, role)).await
    }

    async fn invite(&self, email: &str) -> Result<(), Error> {
        let draft = InvitationDraft {
            email: email.to_owned(),
            role: Role::Viewer,
        };
        db::watched(store::invite(&self.house.core, &self.ada, draft))
            .await
            .map(drop)
    }

    async fn revoke(&self) -> Result<(), Error> {
        let standing = store::invitations(&self.house.core, &self.ada).await.unwrap();
        db::watched(store::revoke_invitation(&self.house.core, &self.ada, standing[0].id)).await
    }

    /// Somebody's role at Clerk and here.
    async fn roles(&self, user: &UserId) -> [Option<String>; 2] {
        let path = format!("{}?user_id={user}", self.memberships());
        let list = self.house.clerk(Method::GET, &path, None).await;
        let there = list["data"][0]["role"].as_str();
        let here: Option<String> = sqlx::query_scalar(
            "select role from identity.memberships where org_id = $1 and user_id = $2 and removed_at is null",
        )
        .bind(self.org.as_str())
        .bind(user.as_str())
        .fetch_optional(self.house.admin())
        .await
        .unwrap();
        [there.map(|role| role.trim_start_matches("org:").to_owned()), here]
    }

    async fn pending_at_clerk(&self) -> u64 {
        let path = format!("{}?status=pending", self.invitations());
        let list = self.house.clerk(Method::GET, &path, None).await;
        list["total_count"].as_u64().unwrap()
    }

    /// What the log says of members: who did what to whom.
    async fn log(&self) -> Vec<(String, String, String)> {
        sqlx::query_as(
            "select a.actor, a.action, a.object_id from app.audit_log a join app.clients c on c.id = a.client_id
             where c.org_id = $1 and a.kind = 'members' order by a.at, a.id",
        )
        .bind(self.org.as_str())
        .fetch_all(self.house.admin())
        .await
        .unwrap()
    }

    async fn intents(&self) -> i64 {
        self.house.count("select count(*) from identity.member_intents").await
    }

    async fn fault(&self, method: &str, path: &str, effect: Value) {
        let mut fault = effect;
        fault["method"] = json!(method);
        fault["path"] = json!(path);
        self.house.clerk(Method::POST, "/_sandbox/faults", Some(fault)).await;
    }

    async fn recovers(&self) {
        self.house.clerk(Method::DELETE, "/_sandbox/faults", None).await;
    }

    /// The worker comes by when the request has long been gone.
    async fn settle(&self) -> usize {
        self.house
            .arrange("update identity.member_intents set due_at = now()")
            .await;
        db::watched(store::settle_due(&self.house.core)).await.unwrap()
    }
}

fn always(kind: &str) -> Value {
    json!({"kind": kind, "count": null})
}

fn is(result: &Result<(), Error>, fault: Fault) -> bool {
    matches!(result, Err(Error::Upstream(upstream)) if upstream.fault == fault)
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_found_out_and_logged_once() {
    let team = team().await;
    let (one, grace) = (format!("{}/{}", team.memberships(), team.grace), team.grace.as_str());
    let both = |role: Option<&str>| [role.map(str::to_owned), role.map(str::to_owned)];
    let ada = team.house.user.to_string();

    team.fault("PATCH", &one, always("lost_answer")).await;
    let changed = team.set_role(&team.grace, Role::Viewer).await;
    assert!(is(&changed, Fault::NoAnswer), "{changed:?}");
    assert_eq!(
        team.roles(&team.grace).await,
        [Some("viewer".to_owned()), Some("developer".to_owned())]
    );
    team.recovers().await;
    assert_eq!(team.settle().await, 1);
    assert_eq!(team.roles(&team.grace).await, both(Some("viewer")));

    team.fault("DELETE", &one, json!({"kind": "lost_answer"})).await;
    let removed = db::watched(store::remove_member(&team.house.core, &team.ada, &team.grace)).await;
    // The second try found nobody, which is as good as an answer.
    assert_eq!(removed, Ok(()));
    team.recovers().await;
    assert_eq!(team.roles(&team.grace).await, both(None));

    team.fault("POST", &team.invitations(), always("lost_answer")).await;
    assert!(is(&team.invite("new@example.com").await, Fault::NoAnswer));
    team.recovers().await;
    assert_eq!(team.settle().await, 1);
    assert_eq!(team.pending_at_clerk().await, 1);

    team.fault("POST", &format!("{}/", team.invitations()), always("lost_answer"))
        .await;
    assert!(is(&team.revoke().await, Fault::NoAnswer));
    team.recovers().await;
    assert_eq!(team.settle().await, 1);
    assert_eq!(team.pending_at_clerk().await, 0);

    let said = |action: &str, whom: &str| (ada.clone(), action.to_owned(), whom.to_owned());
    assert_eq!(
        team.log().await,
        [
            said("update", grace),
            said("delete", grace),
            said("invite", "new@example.com"),
            said("revoke", "new@example.com"),
        ]
    );
    assert_eq!(team.intents().await, 0);
}

#[tokio::test]
async fn what_clerk_did_not_do_leaves_nothing_behind() {
    let team = team().await;
    let one = format!("{}/{}", team.memberships(), team.grace);
    for (status, fault, left) in [(422, Fault::Rejected, 0), (500, Fault::Failing, 1)] {
        let effect = json!({"kind": "status", "status": status, "count": null});
        for (method, path) in [("PATCH", &one), ("DELETE", &one), ("POST", &team.invitations())] {
            team.fault(method, path, effect.clone()).await;
        }
        let core = &team.house.core;
        assert!(is(&team.set_role(&team.grace, Role::Viewer).await, fault), "{status}");
        assert_eq!(team.intents().await, left, "{status}");
        // Whether that was done is not known yet, so nobody begins another thing.
        let removed = db::watched(store::remove_member(core, &team.ada, &team.grace)).await;
        if left == 0 {
            assert!(is(&removed, fault), "{removed:?}");
        } else {
            assert!(matches!(removed, Err(Error::Conflict(_))), "{removed:?}");
        }
        assert!(is(&team.invite("new@example.com").await, fault), "{status}");
        team.recovers().await;
        team.settle().await;
        assert_eq!(team.intents().await, 0, "{status}");
        assert_eq!(
            team.roles(&team.grace).await,
            ["developer", "developer"].map(|role| Some(role.to_owned()))
        );
        assert_eq!(team.pending_at_clerk().await, 0);
    }
    assert_eq!(team.log().await, []);
    assert_eq!(team.set_role(&team.grace, Role::Viewer).await, Ok(()));
}

#[tokio::test]
async fn nobody_waits_for_a_clerk_that_is_slow_and_who_dies_waiting_leaves_both_sides_as_they_were() {
    let team = team().await;
    let heidi = team.house.person("heidi@example.com").await;
    team.join(&heidi, "developer").await;
    let one = format!("{}/{}", team.memberships(), team.grace);
    team.fault("PATCH", &one, json!({"kind": "slow", "ms": 3_600_000}))
        .await;
    let (core, ada, grace) = (team.house.core.clone(), team.ada.clone(), team.grace.clone());
    let waiting = tokio::spawn(async move { store::set_role(&core, &ada, &grace, Role::Viewer).await });
    while team.intents().await == 0 {
        assert!(!waiting.is_finished());
        tokio::task::yield_now().await;
    }
    assert_eq!(team.set_role(&heidi, Role::Viewer).await, Ok(()));
    // Before anything is refused, whose transaction is rolled back by itself, a moment later.
    let open = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'";
    assert_eq!(team.house.count(open).await, 0);
    assert!(matches!(
        team.set_role(&team.grace, Role::Operator).await,
        Err(Error::Conflict(_))
    ));
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());

    assert_eq!(team.settle().await, 1);
    assert_eq!(
        team.roles(&team.grace).await,
        ["developer", "developer"].map(|role| Some(role.to_owned()))
    );
    assert_eq!(team.set_role(&team.grace, Role::Operator).await, Ok(()));
    assert_eq!(
        team.roles(&team.grace).await,
        ["operator", "operator"].map(|role| Some(role.to_owned()))
    );
}

#[tokio::test]
async fn what_clerk_has_done_and_we_could_not_write_down_is_written_down_later() {
    let team = team().await;
    team.house
        .arrange("revoke insert on app.audit_log from switchboard_worker")
        .await;
    let failed = team.set_role(&team.grace, Role::Viewer).await;
    assert!(matches!(failed, Err(Error::Internal(_))), "{failed:?}");
    assert_eq!(
        team.roles(&team.grace).await,
        ["viewer", "developer"].map(|role| Some(role.to_owned()))
    );
    assert_eq!(team.log().await, []);
    team.house
        .arrange("grant insert on app.audit_log to switchboard_worker")
        .await;
    assert_eq!(team.settle().await, 1);
    assert_eq!(
        team.roles(&team.grace).await,
        ["viewer", "viewer"].map(|role| Some(role.to_owned()))
    );
    let said = (team.house.user.to_string(), "update".to_owned(), team.grace.to_string());
    assert_eq!(team.log().await, [said]);
}

#[tokio::test]
async fn an_owner_who_is_about_to_be_none_is_not_counted_as_one() {
    let mut team = team().await;
    let ada = team.house.user.clone();
    for user in [&ada, &team.grace] {
        let path = format!("{}/{user}", team.memberships());
        team.house
            .clerk(Method::PATCH, &path, Some(json!({"role": "org:owner"})))
            .await;
    }
    // A token says its time in whole seconds, and the one that comes now is to be the newer one.
    team.house
        .arrange("update identity.memberships set stated_at = stated_at - interval '1 minute'")
        .await;
    team.ada = team.caller(&ada).await;
    let as_grace = team.caller(&team.grace).await;
    let core = team.house.core.clone();

    let one = format!("{}/{}", team.memberships(), team.grace);
    team.fault("PATCH", &one, json!({"kind": "slow", "ms": 3_600_000}))
        .await;
    let (waits, caller, grace) = (core.clone(), team.ada.clone(), team.grace.clone());
    let waiting = tokio::spawn(async move { store::set_role(&waits, &caller, &grace, Role::Admin).await });
    while team.intents().await == 0 {
        assert!(!waiting.is_finished());
        tokio::task::yield_now().await;
    }
    assert!(matches!(store::leave(&core, &team.ada).await, Err(Error::Conflict(_))));
    waiting.abort();
    assert_eq!(team.settle().await, 1);

    let (one, two) = tokio::join!(
        store::set_role(&core, &team.ada, &team.grace, Role::Admin),
        store::set_role(&core, &as_grace, &ada, Role::Admin),
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
}

#[tokio::test]
async fn whoever_leaves_is_gone_on_both_sides_also_when_no_answer_came() {
    let team = team().await;
    let as_grace = team.caller(&team.grace).await;
    let one = format!("{}/{}", team.memberships(), team.grace);
    team.fault("DELETE", &one, always("lost_answer")).await;
    let left = db::watched(store::leave(&team.house.core, &as_grace)).await;
    assert!(is(&left, Fault::NoAnswer), "{left:?}");
    assert_eq!(team.roles(&team.grace).await, [None, Some("developer".to_owned())]);
    team.recovers().await;
    assert_eq!(team.settle().await, 1);
    assert_eq!(team.roles(&team.grace).await, [None, None]);
    let said = ("system".to_owned(), "leave".to_owned(), team.grace.to_string());
    assert_eq!(team.log().await, [said]);
}
