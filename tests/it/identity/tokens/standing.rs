//! What a good token opens: what its person may do at this moment, in the organization it names.

use chrono::Utc;
use serde_json::json;
use switchboard::{
    Error,
    auth::{self, session},
    org::{OrgId, UserId},
};

use super::{BOTH, Issuer, stage};

#[tokio::test]
async fn a10_a_good_token_for_an_organization_of_others_opens_nothing() {
    let stage = stage().await;
    let other = UserId::parse("user_grace").unwrap();
    let theirs = stage.seal(Issuer::Clerk, &stage.header(Issuer::Clerk), &{
        let mut claims = stage.claims(Issuer::Clerk);
        claims["sub"] = json!(other);
        claims["o"]["id"] = "org_bell".into();
        claims
    });
    let bell = stage.bell();
    assert_eq!(stage.opens(&theirs).await, Ok(bell.clone()));

    // Ours, signed by ourselves, for somebody who is not a member there.
    let token = stage.world.tokens.issue(&stage.user, &bell, Utc::now());
    stage.refuses(&token, "not a member").await;
    let token = stage
        .world
        .tokens
        .issue(&stage.user, &OrgId::personal(&other), Utc::now());
    stage.refuses(&token, "another's workspace").await;
    // Clerk's, naming the organization without a role: then only our own record counts, and there is none.
    let token = stage.with(Issuer::Clerk, |claims| claims["o"] = json!({"id": "org_bell"}));
    stage.refuses(&token, "no role, no membership").await;

    // The organization finds it in its log: once, however often it is tried.
    let told = stage.world.log(&bell).await;
    let refusals: Vec<_> = told.iter().filter(|(_, action, _)| action == "refuse").collect();
    assert_eq!(
        refusals,
        [&("system".to_owned(), "refuse".to_owned(), stage.user.to_string())]
    );
}

#[tokio::test]
async fn a12_who_was_removed_is_out_at_the_next_request_and_no_older_token_brings_them_back() {
    let stage = stage().await;
    // A token that Clerk issues a second later is a newer word than the removal.
    let older = BOTH.map(|issuer| stage.good(issuer));
    stage.world.arrange(
        "update identity.memberships set stated_at = now(), removed_at = now() where user_id = 'user_ada' and org_id = 'org_acme'",
    )
    .await;
    let fresh = stage.world.restarted();
    for token in &older {
        stage.refuses(token, "older").await;
        assert_eq!(fresh.opens(token).await, Err(Error::Unauthenticated));
    }
    // Invited again at Clerk: a token issued after the removal says so.
    stage
        .world
        .arrange("update identity.memberships set stated_at = now() - interval '1 hour' where user_id = 'user_ada'")
        .await;
    assert_eq!(
        fresh.restarted().opens(&stage.good(Issuer::Clerk)).await,
        Ok(stage.org.clone())
    );
}

#[tokio::test]
async fn a12_a_person_who_is_disabled_and_an_organization_that_is_deleted_open_nothing() {
    let stage = stage().await;
    stage
        .world
        .arrange("update identity.users set disabled_at = now() where id = 'user_ada'")
        .await;
    for issuer in BOTH {
        stage.refuses(&stage.good(issuer), "disabled").await;
    }
    stage
        .world
        .arrange("update identity.users set disabled_at = null")
        .await;
    stage
        .world
        .arrange("update identity.organizations set deleted_at = now() where id = 'org_acme'")
        .await;
    for issuer in BOTH {
        stage.refuses(&stage.good(issuer), "deleted").await;
    }
}

#[tokio::test]
async fn a13_who_was_demoted_may_do_less_at_the_next_request() {
    use switchboard::resource::{Action, Kind};
    let stage = stage().await;
    for issuer in BOTH {
        let token = stage.good(issuer);
        let caller = auth::bearer(&stage.world.core, &token).await.unwrap();
        assert!(caller.begin(&stage.world.db, Action::Create, Kind::Agent).await.is_ok());
        stage
            .world
            .arrange("update identity.memberships set role = 'viewer', stated_at = now() + interval '1 hour' where user_id = 'user_ada'")
            .await;
        assert_eq!(
            caller.begin(&stage.world.db, Action::Create, Kind::Agent).await.err(),
            Some(Error::Forbidden)
        );
        let caller = auth::bearer(&stage.world.core, &token).await.unwrap();
        assert_eq!(
            caller.begin(&stage.world.db, Action::Create, Kind::Agent).await.err(),
            Some(Error::Forbidden)
        );
        stage
            .world
            .arrange("update identity.memberships set role = 'admin', stated_at = 'epoch' where user_id = 'user_ada'")
            .await;
    }
}

#[tokio::test]
async fn a14_a_token_stays_in_the_organization_it_was_issued_for() {
    let stage = stage().await;
    let bell = stage.bell();
    let clerks = |org: &str| stage.placed(2, org, "admin");
    assert_eq!(stage.opens(&clerks("org_bell")).await, Ok(bell.clone()));
    for issuer in BOTH {
        let in_org = |org: &OrgId| match issuer {
            Issuer::Ours => stage.world.tokens.issue(&stage.user, org, Utc::now()),
            Issuer::Clerk => clerks(org.as_str()),
        };
        let (old, new) = (in_org(&stage.org), in_org(&bell));
        // Both on their way at once, the newer one used already: each stays where it belongs.
        for _ in 0..2 {
            assert_eq!(stage.opens(&new).await, Ok(bell.clone()), "{issuer:?}");
            assert_eq!(stage.opens(&old).await, Ok(stage.org.clone()), "{issuer:?}");
        }
        for (name, value) in [
            ("o", json!({"id": "org_bell", "rol": "admin"})),
            ("app_metadata", json!({"org_id": "org_bell"})),
        ] {
            let both = stage.with(issuer, |claims| {
                claims["org_id"] = "org_acme".into();
                claims[name] = value;
            });
            stage
                .refuses(&both, &format!("{issuer:?} two organizations: {name}"))
                .await;
        }
    }
}

#[tokio::test]
async fn signing_out_everywhere_ends_tokens_of_this_very_second_and_a_new_one_works_at_once() {
    let stage = stage().await;
    let tokens = BOTH.map(|issuer| stage.good(issuer));
    session::sign_out_everywhere(&stage.world.core, &stage.user)
        .await
        .unwrap();
    for token in &tokens {
        stage.refuses(token, "signed out").await;
    }
    assert!(
        session::visit_clerk(&stage.world.core, &tokens[1])
            .await
            .unwrap()
            .is_none()
    );
    let fresh = auth::token_for(&stage.world.core, &stage.world.caller(&stage.user, &stage.org).await)
        .await
        .unwrap();
    assert_eq!(stage.opens(&fresh.token).await, Ok(stage.org.clone()));
    // Again, in the same second perhaps.
    session::sign_out_everywhere(&stage.world.core, &stage.user)
        .await
        .unwrap();
    stage.refuses(&fresh.token, "signed out again").await;
}
