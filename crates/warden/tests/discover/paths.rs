//! Several paths, their order, and where they lead in circles.

use warden::plan::{Conflict, Kind};

use crate::{
    database::{Database, PEOPLE},
    finding, paths, questions, table,
};

const NOTES: &str = "
    create table notes (id bigint primary key, user_id uuid not null references users);
    create table comments (id bigint primary key, created_by uuid references users, note_id bigint not null references notes);
    insert into notes values (1, u(1)), (2, u(3));";

#[tokio::test]
async fn what_a_row_is_part_of_comes_before_who_made_it() {
    let database = Database::with(
        "agreeing",
        &[
            PEOPLE,
            NOTES,
            "insert into comments values (1, u(2), 1), (2, null, 2), (3, u(3), 2)",
        ],
    )
    .await;
    let found = database.discover().await;
    assert_eq!(
        paths(&found, "public.comments"),
        ["note_id -> public.notes", "created_by -> public.users"]
    );
    let because = &table(&found, "public.comments").because;
    assert!(because.contains("2 paths, in this order: note_id"), "{because}");
    assert_eq!(questions(&found), [""; 0]);
    let answers = finding(&found, "answers", "public.comments");
    assert_eq!((answers.examined, answers.violating), (3, 0));
    database.drop().await;
}

#[tokio::test]
async fn paths_that_disagree_are_counted_and_left_to_a_person() {
    let database = Database::with(
        "disagreeing",
        &[
            PEOPLE,
            NOTES,
            "insert into comments values (1, u(3), 1), (2, u(1), 1), (3, u(1), 2)",
        ],
    )
    .await;
    let found = database.discover().await;
    let conflict = finding(&found, "paths-disagree", "public.comments");
    assert_eq!((conflict.examined, conflict.violating), (3, 2));
    assert_eq!(questions(&found), ["comments on_conflict"]);
    database.drop().await;
}

#[tokio::test]
async fn an_audience_is_no_owner_where_there_is_one() {
    let database = Database::with(
        "audience",
        &[PEOPLE, NOTES, "create table shares (id int primary key, note_id bigint not null references notes, shared_with uuid references users);
                          create table messages (id int primary key, sender_id uuid references users, recipient_id uuid not null references users);
                          create table alerts (id int primary key, recipient_id uuid not null references users);
                          insert into shares values (1, 1, u(3)); insert into messages values (1, u(1), u(3)); insert into alerts values (1, u(1));"],
    )
    .await;
    let found = database.discover().await;
    assert_eq!(paths(&found, "public.shares"), ["note_id -> public.notes"]);
    assert_eq!(paths(&found, "public.messages"), ["sender_id -> public.users"]);
    assert_eq!(paths(&found, "public.alerts"), ["recipient_id -> public.users"]);
    assert!(
        table(&found, "public.shares").because.contains("shared_with"),
        "{}",
        table(&found, "public.shares").because
    );
    assert_eq!(questions(&found), [""; 0]);
    database.drop().await;
}

#[tokio::test]
async fn a_tree_whose_root_alone_names_its_owner_is_followed_up() {
    let database = Database::with(
        "tree",
        &[PEOPLE, "create table folders (id int primary key, owner_id uuid references users, parent_id int references folders);
                   create table files (id int primary key, folder_id int not null references folders);
                   insert into folders values (1, u(1), null), (2, null, 1), (3, null, 2), (4, null, 3), (5, null, null), (6, u(3), 4);
                   insert into files values (1, 4), (2, 5);"],
    )
    .await;
    let found = database.discover().await;
    assert_eq!(
        paths(&found, "public.folders"),
        ["owner_id -> public.users", "parent_id -> public.folders"]
    );
    // The fifth leads nowhere, and the sixth is somebody else's than the folder it lies in.
    assert_eq!(finding(&found, "no-answer", "public.folders").violating, 1);
    assert_eq!(finding(&found, "paths-disagree", "public.folders").violating, 1);
    assert_eq!(finding(&found, "parent-elsewhere", "public.folders").violating, 1);
    assert_eq!(finding(&found, "no-answer", "public.files").violating, 1);
    assert_eq!(
        questions(&found),
        ["files on_missing", "folders on_conflict", "folders on_missing"]
    );
    database.drop().await;
}

#[tokio::test]
async fn a_tree_whose_rows_all_have_an_owner_is_a_key_and_no_path() {
    let database = Database::with(
        "owned_tree",
        &[PEOPLE, "create table folders (id int primary key, owner_id uuid not null references users, parent_id int constraint up references folders);
                   insert into folders values (1, u(1), null), (2, u(2), 1), (3, u(3), 1);"],
    )
    .await;
    let found = database.discover().await;
    assert_eq!(paths(&found, "public.folders"), ["owner_id -> public.users"]);
    let crossing = finding(&found, "parent-elsewhere", "public.folders");
    assert_eq!((crossing.examined, crossing.violating), (2, 1));
    assert!(crossing.text.contains("up"), "{}", crossing.text);
    assert_eq!(table(&found, "public.folders").on_conflict, Conflict::Undecided);
    assert_eq!(table(&found, "public.folders").loose, [""; 0]);
    database.drop().await;
}

#[tokio::test]
async fn two_tables_that_refer_to_each_other_are_owned_by_what_is_above_both() {
    let database = Database::with(
        "cycle",
        &[PEOPLE, "create table documents (id int primary key, user_id uuid not null references users, current_version_id int);
                   create table versions (id int primary key, document_id int not null references documents);
                   alter table documents add foreign key (current_version_id) references versions;
                   insert into documents values (1, u(1), null), (2, u(3), null); insert into versions values (1, 1), (2, 2);
                   update documents set current_version_id = id;"],
    )
    .await;
    let found = database.discover().await;
    assert_eq!(paths(&found, "public.documents"), ["user_id -> public.users"]);
    assert_eq!(paths(&found, "public.versions"), ["document_id -> public.documents"]);
    assert_eq!(questions(&found), [""; 0]);
    database.drop().await;
}

#[tokio::test]
async fn a_circle_that_cannot_be_opened_is_gone_round() {
    let database = Database::with(
        "circle",
        &[
            PEOPLE,
            "create table a (id int primary key, user_id uuid references users, b_id int);
                   create table b (id int primary key, a_id int references a, owner_id uuid references users);
                   alter table a add foreign key (b_id) references b;
                   insert into a values (1, u(1), null), (2, null, null), (3, null, null);
                   insert into b values (1, 1, null), (2, 2, null);
                   update a set b_id = 1 where id = 2;",
        ],
    )
    .await;
    let found = database.discover().await;
    // The first a is one's, so the first b, so the second a, so the second b; the third a is nobody's.
    assert_eq!(finding(&found, "no-answer", "public.a").violating, 1);
    assert_eq!(finding(&found, "answers", "public.b").examined, 2);
    assert_eq!(questions(&found), ["a on_missing"]);
    database.drop().await;
}

#[tokio::test]
async fn a_polymorphic_reference_has_a_path_for_each_kind() {
    let database = Database::with(
        "polymorphic",
        &[PEOPLE, NOTES, "create table photos (id bigint primary key, user_id uuid not null references users);
                          create table tags (id int primary key, subject_type text not null, subject_id bigint not null);
                          insert into photos values (1, u(3));
                          insert into tags values (1, 'Note', 1), (2, 'Photo', 1), (3, 'App\\Models\\Note', 2), (4, 'Vase', 1), (5, 'Photo', 9);"],
    )
    .await;
    let found = database.discover().await;
    let tags = table(&found, "public.tags");
    let mut kinds: Vec<_> = tags
        .paths
        .iter()
        .map(|path| (path.to.table.as_str(), path.when.as_ref().unwrap().equals.as_str()))
        .collect();
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        [("notes", "App\\Models\\Note"), ("notes", "Note"), ("photos", "Photo")]
    );
    let pair = finding(&found, "polymorphic", "public.tags");
    assert_eq!((pair.examined, pair.violating), (5, 1));
    // What kinds there are is a matter of rows, so no finding says it.
    assert!(found.findings.iter().all(|finding| !finding.text.contains("Vase")));
    let missing = finding(&found, "no-answer", "public.tags");
    assert_eq!((missing.examined, missing.violating), (5, 2));
    assert_eq!(tags.kind, Kind::Owned);
    assert_eq!(questions(&found), ["tags on_missing"]);
    database.drop().await;
}

#[tokio::test]
async fn a_column_without_a_key_is_proposed_by_its_values() {
    let database = Database::with(
        "proposed",
        &[
            PEOPLE,
            "create table events (id int primary key, actor_id uuid, user_id uuid);
                   create table visits (id int primary key, user_id uuid);
                   insert into events values (1, u(1), null), (2, u(9), null), (3, u(3), null);
                   insert into visits select n, gen_random_uuid() from generate_series(1, 10) n;",
        ],
    )
    .await;
    let found = database.discover().await;
    assert_eq!(
        paths(&found, "public.events"),
        ["user_id -> public.users", "actor_id -> public.users"]
    );
    assert!(
        table(&found, "public.events")
            .because
            .contains("2 of 3 values are found"),
        "{}",
        table(&found, "public.events").because
    );
    let orphans: Vec<_> = found
        .findings
        .iter()
        .filter(|f| f.id == "orphans" && f.violating == 1)
        .collect();
    assert_eq!(orphans.len(), 1, "{:#?}", found.findings);
    // Ten strangers are no path.
    assert_eq!(table(&found, "public.visits").kind, Kind::Undecided);
    assert_eq!(questions(&found), ["events on_missing", "visits kind"]);
    database.drop().await;
}
