//! What the rows themselves say: nobody's, several's, and those that refer to what is not there.

use warden::{discover::Hints, plan::Missing};

use crate::{
    database::{Database, PEOPLE},
    finding, questions, table,
};

#[tokio::test]
async fn people_in_no_organization_or_in_several_answer_for_nothing() {
    let database = Database::with(
        "several",
        &[PEOPLE, "insert into users values (u(4), 'four'), (u(5), 'five'); insert into memberships values (u(4), a()), (u(4), b());
                   create table notes (id int primary key, user_id uuid references users);
                   insert into notes values (1, u(1)), (2, u(4)), (3, u(5)), (4, null), (5, u(4));"],
    )
    .await;
    let found = database.discover().await;
    assert_eq!(finding(&found, "people-in-none", "public.users").violating, 1);
    let several = finding(&found, "people-in-several", "public.users");
    assert_eq!((several.examined, several.violating), (5, 1));
    let missing = finding(&found, "no-answer", "public.notes");
    assert_eq!((missing.examined, missing.violating), (5, 4));
    assert!(missing.text.contains("1 name nothing"), "{}", missing.text);
    assert!(
        missing.text.contains("2 lead to a person in several"),
        "{}",
        missing.text
    );
    assert!(missing.text.contains("1 lead to a person in none"), "{}", missing.text);
    assert_eq!(table(&found, "public.notes").on_missing, Missing::Undecided);
    assert_eq!(questions(&found), ["notes on_missing"]);
    database.drop().await;
}

#[tokio::test]
async fn a_key_that_was_never_validated_keeps_its_orphans() {
    let database = Database::with(
        "orphans",
        &[PEOPLE, "create table notes (id int primary key, user_id uuid not null references users);
                   create table lines (id int primary key, note_id int not null, user_id uuid not null references users);
                   insert into notes values (1, u(1)); insert into lines values (1, 1, u(1)), (2, 7, u(1)), (3, 8, u(3));
                   alter table lines add constraint lines_note foreign key (note_id) references notes not valid;"],
    )
    .await;
    let found = database.discover().await;
    let orphans = finding(&found, "orphans", "public.lines");
    assert_eq!((orphans.examined, orphans.violating), (3, 2));
    let lines = table(&found, "public.lines");
    assert_eq!(lines.loose, ["lines_note"]);
    assert!(lines.because.contains("lines_note stays loose"), "{}", lines.because);
    // The person answers for them, so nothing is left open.
    assert_eq!(questions(&found), [""; 0]);
    database.drop().await;
}

#[tokio::test]
async fn an_empty_table_shows_nothing_and_one_that_cannot_be_empty_has_failed() {
    let database = Database::with(
        "empty",
        &[
            PEOPLE,
            "create table notes (id int primary key, user_id uuid not null references users);
                   create table lines (id int primary key, user_id uuid not null references users);
                   insert into lines values (1, u(1)); analyze lines; delete from lines;",
        ],
    )
    .await;
    let found = database.discover().await;
    let empty = finding(&found, "answers", "public.notes");
    assert_eq!(
        (empty.examined, empty.text.as_str()),
        (0, "Is empty, so nothing is shown.")
    );
    let unread = finding(&found, "unread", "public.lines");
    assert_eq!((unread.examined, unread.must_decide), (0, true));
    assert_eq!(questions(&found), ["lines on_missing"]);
    database.drop().await;
}

#[tokio::test]
async fn people_who_are_not_seen_make_every_other_count_worthless() {
    let database = Database::with(
        "unseen",
        &[PEOPLE, "analyze users; delete from memberships; delete from users;"],
    )
    .await;
    let refused = database.try_discover(&Hints::default()).await.unwrap_err();
    assert!(
        refused.to_string().starts_with("public.users: No row was seen"),
        "{refused}"
    );
    database.drop().await;
}

#[tokio::test]
async fn no_finding_tells_what_is_in_a_row() {
    let database = Database::with(
        "discreet",
        &["create table organizations (id text primary key); create table users (id text primary key, email text);
           create table memberships (user_id text references users, org_id text references organizations, primary key (user_id, org_id));
           insert into organizations values ('secret-org'); insert into users values ('secret-user', 'secret@example.com'), ('secret-other', null);
           insert into memberships values ('secret-user', 'secret-org');
           create table notes (id text primary key, user_id text not null references users, created_by text, body text, kind_type text, kind_id text);
           insert into notes values ('secret-note', 'secret-other', 'secret-nobody', 'secret', 'secret-kind', 'secret-thing');"],
    )
    .await;
    let found = database.discover().await;
    assert!(found.findings.len() > 5);
    let told = format!("{:?} {:?}", found.findings, found.plan);
    assert!(!told.contains("secret"), "{told}");
    assert_eq!(questions(&found), ["notes on_missing"]);
    database.drop().await;
}
