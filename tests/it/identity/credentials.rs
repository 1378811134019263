//! API keys, tokens for passwords, `me`, and what an operator makes from the command line.

use switchboard::{
    Error,
    account::{Password, TokenRequest},
    auth::{self, admin, session::ClientInfo},
    keys::{self, ApiKeyDraft, NewApiKey},
    org::{OrgId, Permissions, Role, Scope, store},
    resource::{Action, Kind},
};

use crate::identity::common::{PASSWORD, World, world};

const ADA: &str = "ada@example.com";

fn draft(scopes: &[&str]) -> ApiKeyDraft {
    ApiKeyDraft {
        name: "deploy".into(),
        scopes: scopes.iter().map(|scope| scope.parse().unwrap()).collect(),
        expires_in_days: None,
    }
}

async fn ada() -> (World, OrgId) {
    let world = world(&[]).await;
    let user = world.person(ADA).await;
    let org = world.org(&user, "Acme").await;
    (world, org)
}

async fn mint(world: &World, email: &str, org: &OrgId, scopes: &[&str]) -> Result<NewApiKey, Error> {
    let token = admin::token(&world.core, email, Some(org.clone())).await?;
    let caller = auth::bearer(&world.core, &token).await?;
    keys::store::create(&world.core, &caller, draft(scopes)).await
}

#[tokio::test]
async fn a_key_opens_its_organization_with_its_scopes_and_nothing_else() {
    let (world, org) = ada().await;
    let made = mint(&world, ADA, &org, &["agents:read", "organization:read"])
        .await
        .unwrap();
    assert_eq!(world.opens(&made.secret).await, Ok(org.clone()));
    let caller = auth::bearer(&world.core, &made.secret).await.unwrap();
    assert!(caller.begin(&world.db, Action::Read, Kind::Agent).await.is_ok());
    for (action, kind) in [
        (Action::Create, Kind::Agent),
        (Action::Read, Kind::Call),
        (Action::Create, Kind::ApiKey),
    ] {
        assert_eq!(
            caller.begin(&world.db, action, kind).await.err(),
            Some(Error::Forbidden)
        );
    }
    let listed = keys::store::list(&world.core, &world.caller(&world_user(&world).await, &org).await)
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
    assert!(listed[0].used_at.is_some());
    assert!(made.secret.contains(&listed[0].short));
    assert!(!format!("{listed:?}").contains(made.secret.splitn(4, '_').nth(3).unwrap()));
}

async fn world_user(world: &World) -> switchboard::org::UserId {
    let id: String = sqlx::query_scalar("select id from identity.users where email = $1")
        .bind(ADA)
        .fetch_one(world.admin())
        .await
        .unwrap();
    switchboard::org::UserId::parse(&id).unwrap()
}

#[tokio::test]
async fn k4_a_revoked_or_expired_key_is_refused_at_once_also_where_it_is_remembered() {
    let (world, org) = ada().await;
    let made = mint(&world, ADA, &org, &["organization:read"]).await.unwrap();
    let other = world.restarted();
    for process in [&world, &other] {
        assert!(process.opens(&made.secret).await.is_ok());
    }
    let caller = world.caller(&world_user(&world).await, &org).await;
    keys::store::revoke(&world.core, &caller, made.key.id).await.unwrap();
    for process in [&world, &other, &world.restarted()] {
        assert_eq!(process.opens(&made.secret).await, Err(Error::Unauthenticated));
    }
    let made = mint(&world, ADA, &org, &["organization:read"]).await.unwrap();
    assert!(world.opens(&made.secret).await.is_ok());
    world.arrange("update app.api_keys set expires_at = now()").await;
    assert_eq!(world.opens(&made.secret).await, Err(Error::Unauthenticated));
}

#[tokio::test]
async fn k6_a_key_may_do_at_most_what_its_maker_may_do() {
    let (world, org) = ada().await;
    world.member(&org, "dev@example.com", Role::Developer).await;
    let refused = mint(&world, "dev@example.com", &org, &["agents:read", "members:create"]).await;
    assert!(matches!(refused, Err(Error::Invalid(fields)) if fields[0].field == "scopes"));
    let made = mint(&world, "dev@example.com", &org, &["api_keys:create", "agents:read"])
        .await
        .unwrap();
    let key = auth::bearer(&world.core, &made.secret).await.unwrap();
    let refused = keys::store::create(&world.core, &key, draft(&["agents:delete"])).await;
    assert!(
        matches!(refused, Err(Error::Invalid(_))),
        "a key mints no more than itself"
    );
    world.member(&org, "viewer@example.com", Role::Viewer).await;
    assert_eq!(
        mint(&world, "viewer@example.com", &org, &["agents:read"]).await.err(),
        Some(Error::Forbidden)
    );
}

/// What was given to a key counts only as long as whoever gave it may do it: also for a key that a key has made.
#[tokio::test]
async fn k8_a_key_can_do_what_its_maker_can_do_now() {
    let (world, org) = ada().await;
    let ada = world_user(&world).await;
    let dev = world.member(&org, "dev@example.com", Role::Developer).await;
    let scopes = ["api_keys:create", "agents:read", "agents:update"];
    let made = mint(&world, "dev@example.com", &org, &scopes).await.unwrap();
    let key = auth::bearer(&world.core, &made.secret).await.unwrap();
    let of_key = keys::store::create(&world.core, &key, draft(&["agents:update"]))
        .await
        .unwrap();
    assert_eq!(of_key.key.created_by.as_deref(), Some(dev.as_str()));
    let may = async |secret: &str, action| {
        let caller = auth::bearer(&world.core, secret).await?;
        caller.begin(&world.db, action, Kind::Agent).await.map(drop)
    };
    assert_eq!(may(&made.secret, Action::Update).await, Ok(()));
    assert_eq!(may(&of_key.secret, Action::Update).await, Ok(()));

    let owner = world.caller(&ada, &org).await;
    store::set_role(&world.core, &owner, &dev, Role::Viewer).await.unwrap();
    for process in [&world, &world.restarted()] {
        let caller = auth::bearer(&process.core, &made.secret).await.unwrap();
        assert!(caller.begin(&process.db, Action::Read, Kind::Agent).await.is_ok());
        for (action, kind) in [(Action::Update, Kind::Agent), (Action::Create, Kind::ApiKey)] {
            let refused = caller.begin(&process.db, action, kind).await.err();
            assert_eq!(refused, Some(Error::Forbidden));
        }
    }
    assert_eq!(may(&of_key.secret, Action::Update).await, Err(Error::Forbidden));

    store::remove_member(&world.core, &owner, &dev).await.unwrap();
    for secret in [&made.secret, &of_key.secret] {
        assert_eq!(may(secret, Action::Read).await, Err(Error::MakerGone));
    }
    let listed = keys::store::list(&world.core, &owner).await.unwrap();
    for key in &listed {
        assert!(
            key.maker_left && key.maker.is_some() && !key.works(chrono::Utc::now()),
            "{key:?}"
        );
    }
    assert_eq!(listed.len(), 2);

    // Whoever is invited again has them back.
    admin::add_member(&world.core, &org, "dev@example.com", Role::Developer)
        .await
        .unwrap();
    assert_eq!(may(&made.secret, Action::Update).await, Ok(()));
    world
        .arrange("update identity.users set disabled_at = now() where email = 'dev@example.com'")
        .await;
    assert_eq!(may(&made.secret, Action::Read).await, Err(Error::MakerGone));
    // What an operator made is nobody's, and stays.
    world.arrange("update app.api_keys set created_by = null").await;
    assert_eq!(may(&made.secret, Action::Update).await, Ok(()));
}

#[tokio::test]
async fn k2_another_organizations_key_is_not_there() {
    let (world, org) = ada().await;
    let made = mint(&world, ADA, &org, &["agents:read"]).await.unwrap();
    let grace = world.person("grace@example.com").await;
    let theirs = world.org(&grace, "Bell").await;
    let caller = world.caller(&grace, &theirs).await;
    assert_eq!(
        keys::store::revoke(&world.core, &caller, made.key.id).await,
        Err(Error::NotFound)
    );
    assert_eq!(keys::store::list(&world.core, &caller).await.unwrap(), []);
}

#[tokio::test]
async fn k7_the_database_holds_no_key() {
    let (world, org) = ada().await;
    let made = mint(&world, ADA, &org, &["agents:read"]).await.unwrap();
    let long = made
        .secret
        .strip_prefix("sb_live_")
        .unwrap()
        .split_once('_')
        .unwrap()
        .1
        .to_owned();
    let stored: Vec<u8> = sqlx::query_scalar("select secret_hash from identity.api_key_secrets")
        .fetch_one(world.admin())
        .await
        .unwrap();
    assert_eq!(stored.len(), 32);
    use sha2::{Digest, Sha256};
    for guess in [&long, &made.secret] {
        assert_ne!(
            stored,
            Sha256::digest(guess.as_bytes()).to_vec(),
            "not a hash anybody could compute"
        );
    }
}

#[tokio::test]
async fn a_token_is_for_the_organization_asked_for_or_the_only_one() {
    let (world, org) = ada().await;
    let ask = async |password: &str, org_id: Option<OrgId>| {
        let request = TokenRequest {
            email: ADA.into(),
            password: password.into(),
            org_id,
        };
        auth::issue_token(&world.core, request, &ClientInfo::default()).await
    };
    let answer = ask(PASSWORD, None).await.unwrap();
    assert_eq!((answer.org_id.clone(), answer.expires_in_s), (org.clone(), 300));
    assert_eq!(world.opens(&answer.token).await, Ok(org.clone()));
    assert_eq!(
        ask("wrong wrong wrong", None).await.unwrap_err(),
        Error::Unauthenticated
    );
    let none = OrgId::parse("org_none").unwrap();
    assert_eq!(ask(PASSWORD, Some(none)).await.unwrap_err(), Error::NotFound);
    let personal = OrgId::personal(&world_user(&world).await);
    let own = ask(PASSWORD, Some(personal.clone())).await.unwrap();
    assert_eq!(world.opens(&own.token).await, Ok(personal));
    world.org(&world_user(&world).await, "Bell").await;
    assert!(
        matches!(ask(PASSWORD, None).await, Err(Error::Invalid(_))),
        "two: say which"
    );
}

#[tokio::test]
async fn me_says_who_and_where_and_what_may_be_done() {
    let (world, org) = ada().await;
    let user = world_user(&world).await;
    let me = auth::me(&world.core, &world.caller(&user, &org).await).await.unwrap();
    assert_eq!(me.user.as_ref().map(|user| user.email.as_str()), Some(ADA));
    assert_eq!(
        (me.organization.id.clone(), me.organization.personal, me.role),
        (org.clone(), false, Some(Role::Owner))
    );
    assert_eq!(me.permissions.len(), Scope::all().count());
    assert_eq!(me.credits_balance.0, 5_000_000);
    let key = mint(&world, ADA, &org, &["organization:read"]).await.unwrap();
    let caller = auth::bearer(&world.core, &key.secret).await.unwrap();
    let as_key = auth::me(&world.core, &caller).await.unwrap();
    assert_eq!((as_key.user, as_key.role, as_key.client_id), (None, None, me.client_id));
    assert_eq!(
        as_key.permissions.into_iter().collect::<Permissions>(),
        "organization:read".parse().into_iter().collect()
    );
}

#[tokio::test]
async fn bootstrap_again_keeps_the_person_and_the_organization_and_gives_fresh_credentials() {
    let world = world(&[]).await;
    let typed = typed();
    let run = || admin::bootstrap(&world.core, ADA, &typed, "Acme");
    let (first, second) = (run().await.unwrap(), run().await.unwrap());
    assert_eq!((&first.user_id, &first.org_id), (&second.user_id, &second.org_id));
    assert_ne!(first.api_key, second.api_key);
    for credential in [&first.api_key, &first.token, &second.api_key, &second.token] {
        assert_eq!(world.opens(credential).await, Ok(first.org_id.clone()));
    }
    let other = admin::bootstrap(&world.core, ADA, &typed, "Bell").await.unwrap();
    assert_ne!(other.org_id, first.org_id);
    assert!(world.sign_in(ADA, PASSWORD).await.is_ok());
    let printed = serde_json::to_value(&first).unwrap();
    for field in ["user_id", "org_id", "api_key", "token"] {
        assert!(printed[field].is_string(), "{field}");
    }
}

fn typed() -> Password {
    PASSWORD.into()
}

#[tokio::test]
async fn two_bootstraps_at_once_make_one_organization() {
    let world = world(&[]).await;
    world.person(ADA).await;
    let typed = typed();
    let run = || admin::bootstrap(&world.core, ADA, &typed, "Acme");
    let (one, two) = tokio::join!(run(), run());
    assert_eq!(one.unwrap().org_id, two.unwrap().org_id);
}

#[tokio::test]
async fn an_operator_resets_a_password_and_ends_what_was_open() {
    let world = world(&[]).await;
    let user = world.person(ADA).await;
    let org = world.org(&user, "Acme").await;
    let (cookie, token) = (
        world.sign_in(ADA, PASSWORD).await.unwrap().token,
        admin::token(&world.core, ADA, Some(org.clone())).await.unwrap(),
    );
    admin::reset_password(&world.core, ADA, &"quite another one".into())
        .await
        .unwrap();
    assert!(auth::session::visit(&world.core, &cookie).await.unwrap().is_none());
    assert_eq!(world.opens(&token).await, Err(Error::Unauthenticated));
    assert!(world.sign_in(ADA, "quite another one").await.is_ok());
    let fresh = admin::token(&world.core, ADA, Some(org.clone())).await.unwrap();
    assert_eq!(world.opens(&fresh).await, Ok(org));
}

#[tokio::test]
async fn an_operator_cannot_take_the_last_owner_away_either() {
    let (world, org) = ada().await;
    let demoted = admin::add_member(&world.core, &org, ADA, Role::Viewer).await;
    assert!(matches!(demoted, Err(Error::Conflict(_))));
    assert_eq!(
        admin::add_member(&world.core, &OrgId::parse("org_none").unwrap(), ADA, Role::Viewer).await,
        Err(Error::NotFound)
    );
}
