//! Signing up, confirming, signing in, starting over: and learning nothing about others by it.

use switchboard::{
    Error,
    account::{ChangePassword, ResetPassword, SignIn},
    auth::session::{self, ClientInfo},
};

use crate::identity::common::{PASSWORD, World, world};

const ADA: &str = "ada@example.com";
const OTHER: &str = "another horse battery";

async fn start() -> World {
    world(&[]).await
}

fn from(ip: &str) -> ClientInfo {
    ClientInfo {
        ip: Some(ip.into()),
        agent: Some("Firefox".into()),
    }
}

fn message(error: &Error) -> String {
    error
        .fields()
        .first()
        .map_or_else(|| error.to_string(), |field| field.message.clone())
}

async fn reset(world: &World, token: &str, password: &str) -> Result<session::NewSession, Error> {
    let draft = ResetPassword {
        token: token.into(),
        password: password.into(),
    };
    session::reset(&world.core, draft, &ClientInfo::default()).await
}

#[tokio::test]
async fn an_account_starts_with_the_link_in_the_mail() {
    let world = start().await;
    world.sign_up(ADA, PASSWORD).await.unwrap();
    let early = world.sign_in(ADA, PASSWORD).await.unwrap_err();
    assert!(matches!(early, Error::Conflict(_)), "{early}");
    // Signing in early has replaced the link by one that also chooses the password.
    let (_, link) = world.mail(ADA).await.unwrap();
    assert!(
        session::verify_email(&world.core, &link, &ClientInfo::default())
            .await
            .is_err()
    );
    let session = reset(&world, &link, PASSWORD).await.unwrap();
    let visit = session::visit(&world.core, &session.token).await.unwrap().unwrap();
    assert!(visit.person.email_verified && visit.place.is_none());
    assert!(world.sign_in("ADA@example.com ", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a_link_works_once_also_when_it_is_followed_twice_at_the_same_time() {
    let world = start().await;
    world.sign_up(ADA, PASSWORD).await.unwrap();
    let (_, link) = world.mail(ADA).await.unwrap();
    let nobody = ClientInfo::default();
    let (one, two) = tokio::join!(
        session::verify_email(&world.core, &link, &nobody),
        session::verify_email(&world.core, &link, &nobody),
    );
    assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1);
    assert!(session::verify_email(&world.core, &link, &nobody).await.is_err());
    assert!(
        reset(&world, &link, OTHER).await.is_err(),
        "a link for one thing does no other"
    );
}

#[tokio::test]
async fn whoever_holds_the_mailbox_decides_the_password_and_not_who_signed_up_first() {
    let world = start().await;
    world.sign_up(ADA, "the attackers password").await.unwrap();
    let (_, attackers) = world.mail(ADA).await.unwrap();
    // Ada signs up herself: the first link is dead, hers lets her choose.
    world.sign_up(ADA, PASSWORD).await.unwrap();
    assert!(
        session::verify_email(&world.core, &attackers, &ClientInfo::default())
            .await
            .is_err()
    );
    let (subject, hers) = world.mail(ADA).await.unwrap();
    assert_eq!(subject, "Confirm your email address");
    reset(&world, &hers, PASSWORD).await.unwrap();
    assert!(world.sign_in(ADA, PASSWORD).await.is_ok());
    assert!(world.sign_in(ADA, "the attackers password").await.is_err());
}

#[tokio::test]
async fn a22_signing_up_with_a_known_address_answers_as_with_a_new_one_and_only_the_mail_tells() {
    let world = start().await;
    world.person(ADA).await;
    assert_eq!(
        world.sign_up(ADA, OTHER).await,
        world.sign_up("new@example.com", OTHER).await
    );
    assert_eq!(world.mail(ADA).await.unwrap().0, "You already have an account");
    assert_eq!(
        world.mail("new@example.com").await.unwrap().0,
        "Confirm your email address"
    );
    assert!(world.sign_in(ADA, PASSWORD).await.is_ok(), "nothing has changed");

    let forgot = async |email: &str| session::forgot(&world.core, email, &session::ClientInfo::default()).await;
    assert_eq!(forgot(ADA).await, forgot("nobody@example.com").await);
    assert!(world.mail("nobody@example.com").await.is_none());
    let unknown = start().await;
    session::forgot(&unknown.core, "nobody@example.com", &session::ClientInfo::default())
        .await
        .unwrap();
    let worked = unknown.count("select pg_relation_size('identity.outbox')").await;
    assert!(worked > 0, "a mail was written for nobody as well, and taken back");
    assert_eq!(unknown.count("select count(*) from identity.outbox").await, 0);

    let (known, unknown) = (
        world.sign_in(ADA, "wrong wrong wrong").await.unwrap_err(),
        world
            .sign_in("nobody@example.com", "wrong wrong wrong")
            .await
            .unwrap_err(),
    );
    assert_eq!(known, unknown);
}

#[tokio::test]
async fn nobody_can_be_flooded_with_mail() {
    let world = start().await;
    world.person(ADA).await;
    for _ in 0..20 {
        session::forgot(&world.core, ADA, &session::ClientInfo::default())
            .await
            .unwrap();
    }
    assert_eq!(world.count("select count(*) from identity.outbox").await, 5);
}

#[tokio::test]
async fn a21_five_wrong_passwords_pause_the_account_and_the_fifth_says_so() {
    let world = start().await;
    world.person(ADA).await;
    let mut said = Vec::new();
    for _ in 0..5 {
        said.push(message(&world.sign_in(ADA, "wrong wrong wrong").await.unwrap_err()));
    }
    assert!(
        said[0].ends_with("4 tries left before a 15-minute pause."),
        "{}",
        said[0]
    );
    assert!(said[3].ends_with("1 try left before a 15-minute pause."), "{}", said[3]);
    assert!(said[4].contains("Wait 15 minutes"), "{}", said[4]);
    let paused = world.sign_in(ADA, PASSWORD).await.unwrap_err();
    assert!(
        matches!(
            paused,
            Error::Limited {
                retry_after_s: 800..=900
            }
        ),
        "{paused}"
    );
    // A pause does not begin again with every try, and it ends.
    world.arrange("update identity.throttle set ends_at = now()").await;
    assert!(world.sign_in(ADA, PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a21_guesses_made_at_the_same_time_are_all_counted() {
    let world = start().await;
    world.person(ADA).await;
    let guesses = (0..20).map(|_| world.sign_in(ADA, "wrong wrong wrong"));
    let answers = futures_util::future::join_all(guesses).await;
    let tried = answers
        .iter()
        .filter(|answer| matches!(answer, Err(Error::Invalid(_))))
        .count();
    assert_eq!(tried, 5);
}

#[tokio::test]
async fn a21_one_address_trying_many_accounts_pauses_too() {
    let world = start().await;
    let address = from("203.0.113.7");
    for i in 0..30 {
        let draft = SignIn {
            email: format!("p{i}@example.com"),
            password: "wrong wrong wrong".into(),
            remember: false,
        };
        assert!(matches!(
            session::sign_in(&world.core, draft, &address).await,
            Err(Error::Invalid(_))
        ));
    }
    let draft = SignIn {
        email: "p31@example.com".into(),
        password: "wrong wrong wrong".into(),
        remember: false,
    };
    let elsewhere = session::sign_in(&world.core, draft.clone(), &from("203.0.113.8")).await;
    assert!(matches!(elsewhere, Err(Error::Invalid(_))));
    let here = session::sign_in(&world.core, draft, &address).await;
    assert!(matches!(here, Err(Error::Limited { .. })));
    let asked = session::forgot(&world.core, "p32@example.com", &address).await;
    assert!(matches!(asked, Err(Error::Limited { .. })));
}

#[tokio::test]
async fn getting_in_gives_the_account_its_tries_back() {
    let world = start().await;
    world.person(ADA).await;
    for _ in 0..3 {
        for _ in 0..4 {
            assert!(matches!(
                world.sign_in(ADA, "wrong wrong wrong").await,
                Err(Error::Invalid(_))
            ));
        }
        assert!(world.sign_in(ADA, PASSWORD).await.is_ok());
    }
}

#[tokio::test]
async fn a18_a_new_password_ends_every_session_and_every_earlier_link() {
    let world = start().await;
    let user = world.person(ADA).await;
    let old = world.sign_in(ADA, PASSWORD).await.unwrap();
    session::forgot(&world.core, ADA, &session::ClientInfo::default())
        .await
        .unwrap();
    let (_, first) = world.mail(ADA).await.unwrap();
    session::forgot(&world.core, ADA, &session::ClientInfo::default())
        .await
        .unwrap();
    let (_, second) = world.mail(ADA).await.unwrap();
    assert!(reset(&world, &first, OTHER).await.is_err(), "replaced by a newer one");
    assert!(
        reset(&world, &second, "short").await.is_err(),
        "a refused password spends no link"
    );
    let fresh = reset(&world, &second, OTHER).await.unwrap();
    assert!(reset(&world, &second, OTHER).await.is_err(), "used");
    assert!(session::visit(&world.core, &old.token).await.unwrap().is_none());
    assert!(session::visit(&world.core, &fresh.token).await.unwrap().is_some());
    assert!(world.sign_in(ADA, PASSWORD).await.is_err());
    assert_eq!(session::sessions(&world.core, &user).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_changed_password_keeps_this_browser_signed_in_where_it_was_and_no_other() {
    let world = start().await;
    let user = world.person(ADA).await;
    let org = world.org(&user, "Acme").await;
    let (here, there) = (
        world.sign_in(ADA, PASSWORD).await.unwrap(),
        world.sign_in(ADA, PASSWORD).await.unwrap(),
    );
    let change = |current: &str| ChangePassword {
        current: current.into(),
        password: OTHER.into(),
    };
    let wrong = session::change_password(&world.core, &here.token, change("wrong wrong"), &ClientInfo::default()).await;
    assert_eq!(wrong.unwrap_err().fields()[0].field, "current");
    let fresh = session::change_password(&world.core, &here.token, change(PASSWORD), &ClientInfo::default())
        .await
        .unwrap();
    for gone in [&here, &there] {
        assert!(session::visit(&world.core, &gone.token).await.unwrap().is_none());
    }
    let visit = session::visit(&world.core, &fresh.token).await.unwrap().unwrap();
    assert_eq!(visit.place.unwrap().org_id, org);
    assert!(fresh.max_age.is_some(), "remembered as before");
}

#[tokio::test]
async fn an_outdated_hash_is_replaced_when_its_owner_signs_in() {
    let world = start().await;
    world.person(ADA).await;
    let before = world
        .count("select count(*) from identity.users where password_hash like '%m=19456,t=2,p=1%'")
        .await;
    assert_eq!(before, 1);
    // `PASSWORD` hashed with 8 KiB and one pass.
    let weak = weak_hash();
    sqlx::query("update identity.users set password_hash = $1")
        .bind(weak)
        .execute(world.admin())
        .await
        .unwrap();
    assert!(world.sign_in(ADA, PASSWORD).await.is_ok());
    let after = world
        .count("select count(*) from identity.users where password_hash like '%m=19456,t=2,p=1%'")
        .await;
    assert_eq!(after, 1);
    assert!(world.sign_in(ADA, PASSWORD).await.is_ok());
}

fn weak_hash() -> String {
    use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version, password_hash::SaltString};
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap())
        .hash_password(PASSWORD.as_bytes(), &SaltString::encode_b64(&[7; 16]).unwrap())
        .unwrap()
        .to_string()
}

#[tokio::test]
async fn a17_nothing_stored_of_a_session_or_a_link_opens_anything() {
    let world = start().await;
    world.sign_up("new@example.com", PASSWORD).await.unwrap();
    let user = world.person(ADA).await;
    let session = world.sign_in(ADA, PASSWORD).await.unwrap();
    let stored: Vec<u8> = sqlx::query_scalar("select token_hash from identity.sessions where user_id = $1")
        .bind(user.as_str())
        .fetch_one(world.admin())
        .await
        .unwrap();
    assert!(
        !stored
            .windows(8)
            .any(|part| session.token.as_bytes().windows(8).any(|other| other == part))
    );
    assert!(
        session::visit(&world.core, &hex::encode(&stored))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn whoever_has_a_mailbox_is_told_that_the_password_was_changed() {
    let world = world(&[]).await;
    world.person("ada@example.com").await;
    let letters = "select count(*) from identity.outbox where recipient = 'ada@example.com' and subject = 'Your password was changed'";
    session::forgot(&world.core, "ada@example.com", &ClientInfo::default())
        .await
        .unwrap();
    let (_, link) = world.mail("ada@example.com").await.unwrap();
    assert_eq!(world.count(letters).await, 0);
    // The link says whose password it chooses, until it is used.
    assert_eq!(
        session::reset_link(&world.core, &link).await,
        Ok("ada@example.com".to_owned())
    );
    assert_eq!(session::reset_link(&world.core, "made-up").await, Err(Error::NotFound));
    let fresh = reset(&world, &link, OTHER).await.unwrap();
    assert_eq!(session::reset_link(&world.core, &link).await, Err(Error::NotFound));
    assert_eq!(world.count(letters).await, 1);
    let draft = ChangePassword {
        current: OTHER.into(),
        password: PASSWORD.into(),
    };
    session::change_password(&world.core, &fresh.token, draft, &ClientInfo::default())
        .await
        .unwrap();
    assert_eq!(world.count(letters).await, 2);
}
