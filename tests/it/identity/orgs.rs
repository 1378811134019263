//! Organizations: who is in them, who lets whom in, and that somebody always owns them.

use switchboard::{
    Error, Id,
    auth::{self, Caller, session},
    keys::{self, ApiKeyDraft},
    org::{Invitation, InvitationDraft, OrgId, Role, Scope, UserId, store},
};

use crate::identity::common::{PASSWORD, World, world};

struct Team {
    world: World,
    org: OrgId,
    owner: UserId,
    caller: Caller,
}

async fn team() -> Team {
    let world = world(&[]).await;
    let owner = world.person("owner@example.com").await;
    let org = world.org(&owner, "Acme").await;
    let caller = world.caller(&owner, &org).await;
    Team {
        world,
        org,
        owner,
        caller,
    }
}

impl Team {
    async fn join(&self, email: &str, role: Role) -> (UserId, Caller) {
        let user = self.world.member(&self.org, email, role).await;
        let caller = self.world.caller(&user, &self.org).await;
        (user, caller)
    }

    async fn invite(&self, by: &Caller, email: &str, role: Role) -> Result<Id<Invitation>, Error> {
        let draft = InvitationDraft {
            email: email.into(),
            role,
        };
        store::invite(&self.world.core, by, draft).await
    }

    async fn role_of(&self, user: &UserId) -> Option<Role> {
        let members = store::members(&self.world.core, &self.caller).await.unwrap();
        members
            .into_iter()
            .find(|member| member.user_id == *user)
            .map(|member| member.role)
    }
}

fn keeps_an_owner(result: Result<(), Error>) -> bool {
    matches!(result, Err(Error::Conflict(said)) if said.contains("keeps an owner"))
}

#[tokio::test]
async fn an_organization_begins_its_log_with_its_founding() {
    let world = world(&[]).await;
    let ada = world.person("ada@example.com").await;
    let org = world.org(&ada, "Acme").await;
    let founded = |org: &OrgId| vec![(ada.to_string(), "create".to_owned(), org.to_string())];
    assert_eq!(world.log(&org).await, founded(&org));
    // Whoever arrives later, in whichever process, founds nothing.
    let grace = world.member(&org, "grace@example.com", Role::Viewer).await;
    let process = world.restarted();
    for user in [&ada, &grace] {
        auth::me(&process.core, &process.caller(user, &org).await)
            .await
            .unwrap();
    }
    assert_eq!(world.log(&org).await, founded(&org));

    let own = OrgId::personal(&ada);
    let cookie = world.sign_in("ada@example.com", PASSWORD).await.unwrap();
    let entered = session::choose(&world.core, &cookie.token, &own).await.unwrap();
    session::visit(&world.core, &entered.token).await.unwrap().unwrap();
    assert_eq!(world.log(&own).await, founded(&own));
}

#[tokio::test]
async fn an_invitation_lets_in_the_person_it_was_sent_to_once() {
    let team = team().await;
    let core = &team.world.core;
    let id = team
        .invite(&team.caller, "grace@example.com", Role::Operator)
        .await
        .unwrap();
    let (subject, link) = team.world.mail("grace@example.com").await.unwrap();
    assert_eq!(subject, "Join Acme on Switchboard");
    let seen = store::accept_link(core, &link).await.unwrap();
    assert_eq!(
        (seen.offer.id, seen.email.as_str(), seen.has_account),
        (id, "grace@example.com", false)
    );
    assert_eq!(seen.offer.invited_by.as_deref(), Some("owner"));

    let (grace, mallory) = (
        team.world.person("grace@example.com").await,
        team.world.person("mallory@example.com").await,
    );
    assert_eq!(
        store::accept(core, &mallory, id).await,
        Err(Error::NotFound),
        "sent to somebody else"
    );
    assert_eq!(store::offers(core, &mallory).await.unwrap(), []);
    assert_eq!(store::offers(core, &grace).await.unwrap()[0].id, id);
    let (one, two) = tokio::join!(store::accept(core, &grace, id), store::accept(core, &grace, id));
    assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1);
    assert_eq!(store::accept(core, &grace, id).await, Err(Error::NotFound), "used");
    assert_eq!(store::accept_link(core, &link).await, Err(Error::NotFound));
    assert_eq!(team.role_of(&grace).await, Some(Role::Operator));
    assert_eq!(store::invitations(core, &team.caller).await.unwrap(), []);
    assert_eq!(
        team.world
            .count("select count(*) from app.audit_log where action in ('invite', 'join')")
            .await,
        2
    );
}

#[tokio::test]
async fn a_late_revoked_replaced_or_declined_invitation_lets_nobody_in() {
    let team = team().await;
    let core = &team.world.core;
    let grace = team.world.person("grace@example.com").await;
    let invite = || team.invite(&team.caller, "Grace@example.com", Role::Viewer);

    let late = invite().await.unwrap();
    team.world
        .arrange("update identity.invitations set expires_at = now()")
        .await;
    assert_eq!(store::accept(core, &grace, late).await, Err(Error::NotFound));

    let replaced = invite().await.unwrap();
    let (_, link) = team.world.mail("Grace@example.com").await.unwrap();
    let revoked = invite().await.unwrap();
    assert_eq!(store::accept(core, &grace, replaced).await, Err(Error::NotFound));
    assert_eq!(store::accept_link(core, &link).await, Err(Error::NotFound));
    store::revoke_invitation(core, &team.caller, revoked).await.unwrap();
    assert_eq!(
        store::revoke_invitation(core, &team.caller, revoked).await,
        Err(Error::NotFound)
    );
    assert_eq!(store::accept(core, &grace, revoked).await, Err(Error::NotFound));

    let declined = invite().await.unwrap();
    store::decline(core, &grace, declined).await.unwrap();
    assert_eq!(store::accept(core, &grace, declined).await, Err(Error::NotFound));
    assert_eq!(team.role_of(&grace).await, None);
}

#[tokio::test]
async fn an_address_that_was_never_confirmed_accepts_nothing() {
    let team = team().await;
    let core = &team.world.core;
    let id = team
        .invite(&team.caller, "grace@example.com", Role::Viewer)
        .await
        .unwrap();
    team.world
        .sign_up("grace@example.com", "long enough password")
        .await
        .unwrap();
    let grace: String = sqlx::query_scalar("select id from identity.users where email_norm = 'grace@example.com'")
        .fetch_one(team.world.admin())
        .await
        .unwrap();
    let grace = UserId::parse(&grace).unwrap();
    assert_eq!(store::accept(core, &grace, id).await, Err(Error::NotFound));
    assert_eq!(store::offers(core, &grace).await.unwrap(), []);
}

#[tokio::test]
async fn another_organizations_invitations_and_members_are_not_there() {
    let team = team().await;
    let core = &team.world.core;
    let (other, id) = (
        team.world.person("other@example.com").await,
        team.invite(&team.caller, "grace@example.com", Role::Viewer)
            .await
            .unwrap(),
    );
    let theirs = team.world.org(&other, "Bell").await;
    let caller = team.world.caller(&other, &theirs).await;
    assert_eq!(store::revoke_invitation(core, &caller, id).await, Err(Error::NotFound));
    assert_eq!(store::invitations(core, &caller).await.unwrap(), []);
    assert_eq!(
        store::set_role(core, &caller, &team.owner, Role::Viewer).await,
        Err(Error::NotFound)
    );
    assert_eq!(
        store::remove_member(core, &caller, &team.owner).await,
        Err(Error::NotFound)
    );
    assert_eq!(store::members(core, &caller).await.unwrap().len(), 1);
    assert_eq!(team.role_of(&team.owner).await, Some(Role::Owner));
}

#[tokio::test]
async fn nobody_hands_out_or_takes_away_more_than_they_hold() {
    let team = team().await;
    let core = &team.world.core;
    let (admin, as_admin) = team.join("admin@example.com", Role::Admin).await;
    let (developer, as_developer) = team.join("dev@example.com", Role::Developer).await;
    for (caller, role) in [(&as_admin, Role::Owner), (&as_developer, Role::Viewer)] {
        assert_eq!(
            team.invite(caller, "x@example.com", role).await,
            Err(Error::Forbidden),
            "{role:?}"
        );
    }
    assert_eq!(
        store::set_role(core, &as_admin, &admin, Role::Owner).await,
        Err(Error::Forbidden)
    );
    assert_eq!(
        store::set_role(core, &as_admin, &team.owner, Role::Viewer).await,
        Err(Error::Forbidden)
    );
    assert_eq!(
        store::remove_member(core, &as_admin, &team.owner).await,
        Err(Error::Forbidden)
    );
    assert_eq!(
        store::set_role(core, &as_developer, &developer, Role::Admin).await,
        Err(Error::Forbidden)
    );
    assert!(
        store::set_role(core, &as_admin, &developer, Role::Operator)
            .await
            .is_ok()
    );
    assert!(store::remove_member(core, &as_admin, &developer).await.is_ok());
    assert!(store::set_role(core, &team.caller, &admin, Role::Owner).await.is_ok());
}

#[tokio::test]
async fn a25_the_last_owner_stays_whoever_asks_and_however() {
    let team = team().await;
    let core = &team.world.core;
    assert!(keeps_an_owner(
        store::set_role(core, &team.caller, &team.owner, Role::Admin).await
    ));
    assert!(keeps_an_owner(
        store::remove_member(core, &team.caller, &team.owner).await
    ));
    assert!(keeps_an_owner(store::leave(core, &team.caller).await));
    // Nor does the database believe a program that thinks otherwise.
    let mut tx = team
        .caller
        .begin(
            &core.db,
            switchboard::resource::Action::Update,
            switchboard::resource::Kind::Member,
        )
        .await
        .unwrap();
    for role in [None, Some("viewer")] {
        let mut point = sqlx::Acquire::begin(tx.conn()).await.unwrap();
        let refused = sqlx::query("select identity.set_role($1, $2)")
            .bind(team.owner.as_str())
            .bind(role)
            .execute(&mut *point)
            .await
            .unwrap_err();
        let constraint = refused
            .as_database_error()
            .and_then(|error| error.constraint().map(str::to_owned));
        assert_eq!(constraint.as_deref(), Some("memberships_last_owner"));
    }
}

#[tokio::test]
async fn a25_two_owners_who_remove_each_other_at_once_leave_one() {
    let team = team().await;
    let core = &team.world.core;
    for round in 0..10 {
        let email = format!("second{round}@example.com");
        let (second, as_second) = team.join(&email, Role::Owner).await;
        let (one, two) = tokio::join!(
            store::set_role(core, &team.caller, &second, Role::Admin),
            store::set_role(core, &as_second, &team.owner, Role::Admin),
        );
        assert_eq!(
            [one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(),
            1,
            "{one:?} {two:?}"
        );
        let (one, two) = tokio::join!(store::leave(core, &team.caller), store::leave(core, &as_second));
        assert!(one.is_err() || two.is_err());
        let owners = "select count(*) from identity.memberships where role = 'owner' and removed_at is null and org_id <> user_id";
        assert_eq!(team.world.count(owners).await, 1);
        team.world
            .arrange(
                "update identity.memberships set removed_at = now() where role <> 'owner';
                 update identity.memberships m set removed_at = null, role = 'owner' from identity.users u
                 where u.id = m.user_id and u.email = 'owner@example.com';
                 update identity.memberships m set removed_at = now(), role = 'viewer' from identity.users u
                 where u.id = m.user_id and u.email like 'second%'",
            )
            .await;
    }
}

#[tokio::test]
async fn a_personal_workspace_has_one_member_and_the_database_says_so_too() {
    let team = team().await;
    let core = &team.world.core;
    let personal = OrgId::personal(&team.owner);
    let token = auth::admin::token(core, "owner@example.com", Some(personal.clone()))
        .await
        .unwrap();
    let caller = auth::bearer(core, &token).await.unwrap();
    assert!(matches!(
        team.invite(&caller, "x@example.com", Role::Viewer).await,
        Err(Error::Conflict(_))
    ));
    assert!(matches!(store::leave(core, &caller).await, Err(Error::Conflict(_))));
    let other = team.world.person("other@example.com").await;
    let joined = auth::admin::add_member(core, &personal, "other@example.com", Role::Viewer).await;
    assert!(matches!(joined, Err(Error::Conflict(_))));
    let forced = sqlx::query("insert into identity.memberships (org_id, user_id, role) values ($1, $2, 'viewer')")
        .bind(personal.as_str())
        .bind(other.as_str())
        .execute(team.world.admin())
        .await
        .unwrap_err();
    assert_eq!(
        forced
            .as_database_error()
            .and_then(|error| error.constraint().map(str::to_owned))
            .as_deref(),
        Some("memberships_personal")
    );
}

#[tokio::test]
async fn who_left_and_is_invited_again_comes_back_in_the_new_role() {
    let team = team().await;
    let core = &team.world.core;
    let (grace, as_grace) = team.join("grace@example.com", Role::Admin).await;
    store::leave(core, &as_grace).await.unwrap();
    assert_eq!(team.role_of(&grace).await, None);
    assert_eq!(store::leave(core, &as_grace).await, Err(Error::Unauthenticated));
    let id = team
        .invite(&team.caller, "grace@example.com", Role::Viewer)
        .await
        .unwrap();
    store::accept(core, &grace, id).await.unwrap();
    assert_eq!(team.role_of(&grace).await, Some(Role::Viewer));
    let again = team.invite(&team.caller, "grace@example.com", Role::Owner).await;
    assert!(matches!(again, Err(Error::Invalid(_))), "a member already");
}

#[tokio::test]
async fn a_key_manages_members_as_far_as_its_own_scopes_go() {
    let team = team().await;
    let core = &team.world.core;
    let (_, as_admin) = team.join("admin@example.com", Role::Admin).await;
    let mint = async |caller: &Caller, scopes: Vec<Scope>| {
        let draft = ApiKeyDraft {
            name: "k".into(),
            scopes,
            expires_in_days: None,
        };
        let secret = keys::store::create(core, caller, draft).await.unwrap().secret;
        auth::bearer(core, &secret).await.unwrap()
    };
    let everything = mint(&team.caller, Scope::all().collect()).await;
    assert!(team.invite(&everything, "a@example.com", Role::Owner).await.is_ok());
    let admins = Scope::all()
        .filter(|scope| Role::Admin.permits(scope.action, scope.kind))
        .collect();
    let admins = mint(&as_admin, admins).await;
    assert!(team.invite(&admins, "b@example.com", Role::Admin).await.is_ok());
    assert_eq!(
        team.invite(&admins, "c@example.com", Role::Owner).await,
        Err(Error::Forbidden)
    );
    let members_only = mint(
        &team.caller,
        vec!["members:create".parse().unwrap(), "members:read".parse().unwrap()],
    )
    .await;
    assert_eq!(
        team.invite(&members_only, "d@example.com", Role::Viewer).await,
        Err(Error::Forbidden)
    );
}
