//! Which tables hold people, organizations and memberships.

use warden::{
    discover::Hints,
    name::Name,
    plan::{Kind, Source},
};

use crate::{
    database::{Database, PEOPLE},
    finding, paths, questions, table,
};

#[tokio::test]
async fn a_table_with_one_path_needs_no_word() {
    let database = Database::with(
        "single",
        &[
            PEOPLE,
            "create table notes (id bigint primary key, user_id uuid not null references users);
                   create table lines (id bigint primary key, note_id bigint not null references notes);
                   insert into notes values (1, u(1)), (2, u(3)); insert into lines values (1, 1), (2, 2);",
        ],
    )
    .await;
    let found = database.discover().await;
    assert_eq!(paths(&found, "public.notes"), ["user_id -> public.users"]);
    assert_eq!(paths(&found, "public.lines"), ["note_id -> public.notes"]);
    let Source::Membership {
        table: members,
        user,
        organization,
    } = &found.plan.users.source
    else {
        panic!("{:?}", found.plan.users.source);
    };
    assert_eq!(
        (members.to_string().as_str(), user.as_str()),
        ("public.memberships", "user_id")
    );
    assert_eq!(organization.columns, ["org_id"]);
    assert_eq!(table(&found, "public.users").kind, Kind::Excluded);
    assert_eq!(table(&found, "public.memberships").column.as_deref(), Some("org_id"));
    assert_eq!(questions(&found), [""; 0]);
    database.drop().await;
}

async fn refused(database: &Database, hints: Hints) -> String {
    database.try_discover(&hints).await.unwrap_err().to_string()
}

fn name(text: &str) -> Option<Name> {
    Some(text.parse().unwrap())
}

#[tokio::test]
async fn wrong_hints_are_refused_by_their_flag() {
    let database = Database::with(
        "hints",
        &[PEOPLE, "create table parts (id int) partition by list (id); create table part_1 partition of parts for values in (1)"],
    )
    .await;
    let hints = |change: fn(&mut Hints)| {
        let mut hints = Hints::default();
        change(&mut hints);
        hints
    };
    for (hints, told) in [
        (
            hints(|h| h.users = name("public.nobody")),
            "--users: there is no table public.nobody",
        ),
        (
            hints(|h| h.organizations = name("public.part_1")),
            "--organizations: public.part_1 is a partition",
        ),
        (
            hints(|h| h.organization_key = Some("nothing".to_owned())),
            "--organization-key: public.organizations has no column",
        ),
        (
            hints(|h| h.organization_key = Some("name".to_owned())),
            "--organization-key: public.organizations.name is not unique",
        ),
        (
            hints(|h| h.membership = name("public.parts")),
            "--membership: public.parts does not lead to both",
        ),
        (hints(|h| h.column = Some(String::new())), "--column: "),
        (
            hints(|h| {
                h.personal = true;
                h.organizations = name("public.organizations");
            }),
            "--personal: ",
        ),
    ] {
        let refused = refused(&database, hints).await;
        assert!(refused.starts_with(told), "{refused}");
    }
    database.drop().await;
}

#[tokio::test]
async fn what_cannot_be_told_is_asked_for() {
    let database = Database::with(
        "unclear",
        &["create table users (id int primary key, email text); create table accounts (id int primary key, email text);
           create table companies (id int primary key); create table a (id int references users); create table b (id int references accounts);"],
    )
    .await;
    let told = refused(&database, Hints::default()).await;
    assert!(
        told.contains("public.users could be") && told.contains("public.accounts could be") && told.contains("--users"),
        "{told}"
    );
    let users = Hints {
        users: name("public.users"),
        ..Hints::default()
    };
    let told = refused(&database, users.clone()).await;
    assert!(
        told.contains("--membership") || told.contains("--organizations"),
        "{told}"
    );
    let found = database
        .try_discover(&Hints {
            personal: true,
            ..users
        })
        .await
        .unwrap();
    assert_eq!(found.plan.users.source, Source::Personal);
    assert_eq!(found.plan.organization.r#type, "integer");
    assert_eq!(found.plan.organization.table, None);
    database.drop().await;
}

#[tokio::test]
async fn the_column_of_a_hint_is_the_one_that_is_added() {
    let database = Database::with(
        "column",
        &[
            PEOPLE,
            "create table notes (id int primary key, user_id uuid references users, org_id text)",
        ],
    )
    .await;
    let found = database.discover().await;
    // Something else has the usual name.
    assert_eq!(found.plan.organization.column, "organization_id");
    assert_eq!(questions(&found), [""; 0]);
    let hints = Hints {
        column: Some("tenant".to_owned()),
        ..Hints::default()
    };
    assert_eq!(
        database.try_discover(&hints).await.unwrap().plan.organization.column,
        "tenant"
    );
    database.drop().await;
}

#[tokio::test]
async fn people_may_name_their_organization_themselves() {
    let database = Database::with(
        "by_column",
        &["create table companies (id bigint primary key, name text);
           create table users (id bigint primary key, email text, company_id bigint references companies);
           create table notes (id bigint primary key, user_id bigint not null references users);
           insert into companies values (1, 'a'), (2, 'b'); insert into users values (1, 'one', 1), (2, 'two', 2), (3, 'three', null);
           insert into notes values (1, 1), (2, 2), (3, 3);"],
    )
    .await;
    let found = database.discover().await;
    assert!(
        matches!(&found.plan.users.source, Source::Column { organization } if organization.columns == ["company_id"])
    );
    assert_eq!(finding(&found, "no-answer", "public.notes").violating, 1);
    assert_eq!(questions(&found), ["notes on_missing"]);
    database.drop().await;
}

/// Clients that bill, an organization that others know by its own name, and tables that have carried both for years.
#[tokio::test]
async fn where_clients_stand_for_organizations_billing_keeps_their_id() {
    let database = Database::with(
        "older",
        &["create table clients (id uuid primary key default gen_random_uuid(), clerk_organization_id text not null unique);
           create table users (id text primary key, email text, client_id uuid references clients);
           create table agents (id uuid primary key default gen_random_uuid(), user_id text not null references users, client_id uuid references clients);
           create table calls (id uuid primary key default gen_random_uuid(), agent_id uuid not null references agents);
           create table credit_transactions (id int primary key, client_id uuid not null references clients, user_id text references users);
           create table contacts (id int primary key, client_id uuid not null references clients);
           insert into clients (clerk_organization_id) values ('org_1'), ('org_2');
           insert into users select 'user_' || n, null, id from (select row_number() over () n, id from clients) c;
           insert into agents (user_id, client_id) select id, client_id from users; insert into calls (agent_id) select id from agents;"],
    )
    .await;
    let found = database.discover().await;
    assert_eq!(found.plan.organization.key.as_deref(), Some("clerk_organization_id"));
    assert_eq!(found.plan.organization.r#type, "text");
    assert_eq!(paths(&found, "public.calls"), ["agent_id -> public.agents"]);
    assert_eq!(table(&found, "public.agents").kind, Kind::Owned);
    assert_eq!(table(&found, "public.agents").drop_columns, [""; 0]);
    assert!(
        finding(&found, "drop-column", "public.agents")
            .text
            .contains("drop_columns = [\"client_id\"]")
    );
    for billing in ["public.credit_transactions", "public.users"] {
        assert_eq!(table(&found, billing).kind, Kind::Excluded, "{billing}");
        assert_eq!(table(&found, billing).keep_columns, ["client_id"], "{billing}");
    }
    // Nothing but its name tells what is billing's.
    assert_eq!(paths(&found, "public.contacts"), ["client_id -> public.clients"]);
    assert_eq!(finding(&found, "answers", "public.calls").examined, 2);
    assert_eq!(questions(&found), [""; 0]);
    database.drop().await;
}
