//! Which tables hold people, organizations and memberships.

use warden::plan::{Kind, Source};

use crate::{
    database::{Database, PEOPLE},
    paths, questions, table,
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
