//! Who may look, and that looking changes nothing.

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use warden::discover::{Hints, Refused, discover};

use crate::database::{Database, PEOPLE};

const NOTES: &str = "
    create table notes (id int primary key, user_id uuid not null references users);
    insert into notes values (1, u(1));
    alter table notes enable row level security; alter table notes force row level security;";

async fn run(connection: &mut PgConnection, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(connection)
        .await
        .unwrap();
}

/// Everything in the database belongs to the role.
async fn give(database: &Database, role: &str) {
    let mut admin = database.connect().await;
    let statement = format!(
        "drop role if exists {role}; create role {role} login;
         alter table notes owner to {role}; alter table users owner to {role}; alter table organizations owner to {role};
         alter table memberships owner to {role};"
    );
    run(&mut admin, statement).await;
    admin.close().await.unwrap();
}

async fn take_away(database: Database, role: &str) {
    let mut admin = database.connect().await;
    run(&mut admin, format!("drop owned by {role} cascade; drop role {role}")).await;
    admin.close().await.unwrap();
    database.drop().await;
}

#[tokio::test]
async fn an_owner_whom_row_security_binds_is_refused_and_told_what_to_do() {
    let database = Database::with("blind", &[PEOPLE, NOTES]).await;
    let role = "discover_blind_owner";
    give(&database, role).await;
    let mut connection = database.connect_as(role).await;
    let refused = discover(&mut connection, &Hints::default()).await.unwrap_err();
    assert!(
        matches!(&refused, Refused::Blinded { tables, .. } if tables.len() == 1),
        "{refused}"
    );
    let told = refused.to_string();
    assert!(
        told.contains("public.notes") && told.contains("alter role \"discover_blind_owner\" bypassrls"),
        "{told}"
    );
    // With the right it sees all of it; the connection is as good as before.
    let mut admin = database.connect().await;
    run(&mut admin, format!("alter role {role} bypassrls")).await;
    admin.close().await.unwrap();
    let found = discover(&mut connection, &Hints::default()).await.unwrap();
    let seen = found
        .findings
        .iter()
        .any(|f| f.id == "answers" && f.examined == 1 && f.table.as_ref().is_some_and(|t| t.table == "notes"));
    assert!(seen, "{:#?}", found.findings);
    connection.close().await.unwrap();
    take_away(database, role).await;
}

#[tokio::test]
async fn a_role_that_may_not_read_a_table_is_refused() {
    let database = Database::with("unreadable", &[PEOPLE, NOTES]).await;
    let role = "discover_unreadable_role";
    let mut admin = database.connect().await;
    run(
        &mut admin,
        format!(
            "drop role if exists {role}; create role {role} login bypassrls; grant select on users, notes to {role}"
        ),
    )
    .await;
    admin.close().await.unwrap();
    let mut connection = database.connect_as(role).await;
    let refused = discover(&mut connection, &Hints::default()).await.unwrap_err();
    connection.close().await.unwrap();
    assert!(
        matches!(&refused, Refused::Unreadable { tables, .. } if tables.len() == 2),
        "{refused}"
    );
    take_away(database, role).await;
}

#[tokio::test]
async fn a_role_that_may_make_no_temporary_tables_is_refused() {
    let database = Database::with(
        "temporary",
        &[
            PEOPLE,
            NOTES,
            "do $$ begin execute format('revoke temporary on database %I from public', current_database()); end $$",
        ],
    )
    .await;
    let role = "discover_temporary_role";
    let mut admin = database.connect().await;
    let statement = format!(
        "drop role if exists {role}; create role {role} login bypassrls; grant select on all tables in schema public to {role}"
    );
    run(&mut admin, statement).await;
    admin.close().await.unwrap();
    let mut connection = database.connect_as(role).await;
    let refused = discover(&mut connection, &Hints::default()).await.unwrap_err();
    connection.close().await.unwrap();
    let told = refused.to_string();
    assert!(
        told.contains("grant temporary on database \"discover_temporary\" to \"discover_temporary_role\""),
        "{told}"
    );
    take_away(database, role).await;
}

#[tokio::test]
async fn policies_are_for_roles_that_can_be_bound() {
    let database = Database::with("roles", &[PEOPLE, NOTES]).await;
    let (owner, app, group) = ("discover_roles_owner", "discover_roles_app", "discover_roles_group");
    give(&database, owner).await;
    let mut admin = database.connect().await;
    for (role, login) in [(app, "login"), (group, "nologin")] {
        run(
            &mut admin,
            format!("drop role if exists {role}; create role {role} {login}; grant select on notes to {role}"),
        )
        .await;
    }
    let found = database.discover().await;
    assert_eq!(found.plan.seal.roles, [app]);
    let told = |id: &str, text: &str| {
        found
            .findings
            .iter()
            .any(|f| f.id == id && f.violating == 1 && f.text.contains(text))
    };
    assert!(
        told("role", "`discover_roles_owner` owns tables"),
        "{:#?}",
        found.findings
    );
    assert!(told("group-role", group), "{:#?}", found.findings);
    run(
        &mut admin,
        format!("drop owned by {app}, {group} cascade; drop role {app}, {group}"),
    )
    .await;
    admin.close().await.unwrap();
    take_away(database, owner).await;
}

#[tokio::test]
async fn looking_leaves_nothing_behind() {
    let database = Database::with("nothing", &[PEOPLE, NOTES]).await;
    let mut connection = database.connect().await;
    let things = "select count(*) from pg_class";
    let before: i64 = sqlx::query_scalar(things).fetch_one(&mut connection).await.unwrap();
    discover(&mut connection, &Hints::default()).await.unwrap();
    let after: i64 = sqlx::query_scalar(things).fetch_one(&mut connection).await.unwrap();
    assert_eq!(before, after);
    let set: String = sqlx::query_scalar("show row_security")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(set, "on");
    connection.close().await.unwrap();
    database.drop().await;
}
