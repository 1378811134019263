//! Keys that do not fit what they refer to, and rows that name an organization that is gone.

use warden::plan::{Kind, Missing, Path, Plan};

use crate::foreign::{Foreign, beside, quarantined, table};

/// A parent and a child with keys of these types, and whatever stands behind the columns of each.
fn pair(parent: &str, child: &str) -> String {
    format!(
        "create table uploads (id {parent} primary key, user_id int not null references users);
         create table parts (id bigint primary key, upload_id {child} not null references uploads);
         insert into uploads values (1, 1), (2, 3); insert into parts values (1, 1), (2, 2)"
    )
}

#[tokio::test]
async fn a_key_wider_than_what_it_refers_to_is_named() {
    for (tables, left, right) in [
        (pair("int", "bigint"), "parts.upload_id is `bigint`", "uploads.id is `integer`"),
        (pair("smallint", "bigint"), "parts.upload_id is `bigint`", "uploads.id is `smallint`"),
        (pair("smallint", "int"), "parts.upload_id is `integer`", "uploads.id is `smallint`"),
        (format!("create domain ref as bigint; {}", pair("bigint", "ref")), "parts.upload_id is `public.ref`", "uploads.id is `bigint`"),
        (format!("create domain ref as int; {}", pair("ref", "bigint")), "parts.upload_id is `bigint`", "uploads.id is `public.ref`"),
        // The second column of two, and a parent in partitions.
        (
            "create table uploads (id int, n int, user_id int not null references users, primary key (id, n));
             create table parts (id int primary key, upload_id int not null, upload_n bigint not null, foreign key (upload_id, upload_n) references uploads);
             insert into uploads values (1, 1, 1); insert into parts values (1, 1, 1)"
                .to_owned(),
            "parts.upload_n is `bigint`",
            "uploads.n is `integer`",
        ),
        (
            "create table uploads (id int primary key, user_id int not null references users) partition by range (id);
             create table uploads_1 partition of uploads default;
             create table parts (id int primary key, upload_id bigint not null references uploads);
             insert into uploads values (1, 1); insert into parts values (1, 1)"
                .to_owned(),
            "parts.upload_id is `bigint`",
            "uploads.id is `integer`",
        ),
        // People and organizations themselves.
        (
            "create table notes (id int primary key, user_id bigint not null references users); insert into notes values (1, 1)".to_owned(),
            "notes.user_id is `bigint`",
            "users.id is `integer`",
        ),
    ] {
        let foreign = Foreign::new(&tables).await;
        let told = foreign.refused(|_| ()).await;
        for says in [left, right, "Give both one type first"] {
            assert!(told.contains(says), "{tables}: {told}");
        }
    }
}

/// Without a foreign key only a person can say that one column leads to another.
#[tokio::test]
async fn a_path_between_types_that_are_not_one_is_named() {
    let lead = |plan: &mut Plan| {
        let to = table(plan, "public.uploads").name.clone();
        let parts = table(plan, "public.parts");
        parts.kind = Kind::Owned;
        parts.paths = vec![Path {
            columns: vec!["upload_id".to_owned()],
            to,
            references: vec!["id".to_owned()],
            when: None,
            unless: Vec::new(),
        }];
        parts.on_missing = Missing::Refuse;
    };
    for (parent, child, left, right) in [
        ("uuid", "text", "`text`", "`uuid`"),
        ("text", "uuid", "`uuid`", "`text`"),
        ("bigint", "text", "`text`", "`bigint`"),
        ("bigint", "numeric", "`numeric`", "`bigint`"),
        ("int", "bigint", "`bigint`", "`integer`"),
    ] {
        let foreign = Foreign::new(&format!(
            "create table uploads (id {parent} primary key, user_id int not null references users);
             create table parts (id int primary key, upload_id {child})"
        ))
        .await;
        let told = foreign.refused(lead).await;
        assert!(
            told.contains("public.parts paths[0]") && told.contains(left) && told.contains(right),
            "{told}"
        );
    }
}

/// Postgres makes them wider by itself, on every way there.
#[tokio::test]
async fn a_key_narrower_than_what_it_refers_to_works() {
    for (parent, child) in [("bigint", "int"), ("int", "smallint"), ("text", "varchar(20)")] {
        let foreign = Foreign::new(&pair(parent, child)).await;
        foreign.accepted(|_| ());
        for phase in ["add", "backfill", "constrain"] {
            foreign.desk.well(&[phase]);
            foreign
                .execute("insert into parts values (10, '2'); update parts set upload_id = '1' where id = 10")
                .await
                .unwrap();
            assert_eq!(
                foreign.ask::<i32>("select org_id from parts where id = 10").await,
                1,
                "{parent} {child} {phase}"
            );
            foreign.execute("delete from parts where id = 10").await.unwrap();
        }
        foreign.well(&["seal", "verify"]);
    }
}

#[tokio::test]
async fn a_key_that_holds_the_organization_already_is_named() {
    let roles = "create table grades (id int primary key, user_id int not null references users, organization_id int not null references organizations,
                   unique (id, organization_id));
                 insert into grades values (1, 1, 1), (2, 3, 2);
                 create table rights (id int primary key, grade_id int not null, organization_id int not null,
                   foreign key (grade_id, organization_id) references grades (id, organization_id));
                 insert into rights values (1, 1, 1), (2, 2, 2)";
    let foreign = Foreign::new(roles).await;
    let told = foreign
        .refused(|plan| {
            plan.organization.column = "org_id".to_owned();
            let to = table(plan, "public.grades").name.clone();
            let rights = table(plan, "public.rights");
            rights.column = None;
            rights.paths = vec![Path {
                columns: vec!["grade_id".to_owned(), "organization_id".to_owned()],
                to,
                references: vec!["id".to_owned(), "organization_id".to_owned()],
                when: None,
                unless: Vec::new(),
            }];
        })
        .await;
    assert!(
        told.contains("public.rights: the key rights_grade_id_organization_id_fkey holds the organization"),
        "{told}"
    );
    assert!(told.contains("column = \"organization_id\""), "{told}");
    // As it says.
    foreign.accepted(|plan| {
        let rights = table(plan, "public.rights");
        rights.column = Some("organization_id".to_owned());
        rights.paths.clear();
    });
    foreign.well(&["add", "backfill", "constrain", "seal", "verify"]);
}

const EVENTS: &str = "
    create table events (id int primary key, organization_id int not null, body text);
    create table event_parts (id int primary key, event_id int not null references events);
    insert into events select n, 1 + n % 2, 'x' from generate_series(1, 20) n; insert into events values (40, 777, 'of one that is gone');
    insert into event_parts select id, id from events;";

#[tokio::test]
async fn rows_of_an_organization_that_is_gone_are_named() {
    let gone = "1 of the 21 rows that have a value there name an organization that is not in public.organizations";
    // The column holds it, or a column of the warden's own is led over it; a key may be there that was never proved.
    for more in [
        "",
        "alter table events add foreign key (organization_id) references organizations not valid;",
        "alter table events rename to events_old; create table events (like events_old) partition by range (id);
         create table events_1 partition of events for values from (0) to (30); create table events_2 partition of events default;
         insert into events select * from events_old; drop table event_parts; drop table events_old;",
    ] {
        let foreign = Foreign::new(&format!("{EVENTS}{more}")).await;
        for own in [true, false] {
            let told = foreign
                .refused(|plan| {
                    quarantined(plan);
                    let events = table(plan, "public.events");
                    events.kind = Kind::Owned;
                    events.column.get_or_insert_with(|| "organization_id".to_owned());
                    events.paths.clear();
                    events.on_missing = Missing::Refuse;
                    if !own {
                        plan.organization.column = "org_id".to_owned();
                        beside(plan, "public.events");
                        table(plan, "public.events").on_missing = Missing::Quarantine;
                    }
                })
                .await;
            assert!(told.contains("public.events: `organization_id`") && told.contains(gone), "{more}: {told}");
        }
    }
    // Once it is back the plan is taken.
    let foreign = Foreign::new(&format!("{EVENTS} insert into organizations values (777, 'back')")).await;
    foreign.accepted(quarantined);
    foreign.well(&["add", "backfill", "constrain", "seal", "verify"]);
}

/// People of an organization that is gone hand it on to their rows, and so do people who are gone and were one themselves.
#[tokio::test]
async fn people_of_an_organization_that_is_gone_are_named() {
    let notes = "create table notes (id int primary key, user_id int not null references users); insert into notes values (1, 1)";
    let foreign = Foreign::new(&format!(
        "alter table memberships drop constraint memberships_organization_id_fkey; insert into memberships values (1, 777); {notes}"
    ))
    .await;
    let told = foreign.refused(quarantined).await;
    assert!(
        told.contains("public.memberships: `organization_id`: 1 of the 5 rows"),
        "{told}"
    );

    let foreign = Foreign::bare(&format!(
        "create table companies (id int primary key, name text); create table users (id int primary key, email text, company_id int);
         insert into companies values (1, 'a'), (2, 'b'); insert into users select n, 'x', 1 + n % 2 from generate_series(1, 40) n;
         insert into users values (50, 'y', 777); {notes}"
    ))
    .await;
    let told = foreign.refused(quarantined).await;
    assert!(told.contains("public.users: `company_id`: 1 of the 41 rows"), "{told}");

    let foreign = Foreign::bare(
        "create table users (id int primary key, email text); create table notes (id int primary key, user_id int not null);
         insert into users select n, 'x' from generate_series(1, 40) n; insert into notes select n, n from generate_series(1, 40) n;
         insert into notes values (50, 777)",
    )
    .await;
    let (code, told) = foreign.plan(&["--personal"], |plan| {
        for table in &mut plan.tables {
            if table.on_missing == Missing::Undecided {
                table.on_missing = Missing::Refuse;
            }
        }
    });
    assert_eq!(code, Some(2), "{told}");
    assert!(
        told.contains("public.notes: `user_id`: 1 of the 41 rows") && told.contains("a person"),
        "{told}"
    );
}

#[tokio::test]
async fn organizations_that_the_plan_names_must_be_there() {
    let foreign = Foreign::new(
        "create table notes (id int primary key, user_id int references users); insert into notes values (1, 1), (2, null)",
    )
    .await;
    let told = foreign
        .refused(|plan| {
            quarantined(plan);
            table(plan, "public.notes").on_missing = Missing::Default;
            plan.organization.default = Some("777".to_owned());
            plan.users.assigned = [("1".to_owned(), "778".to_owned()), ("2".to_owned(), "99".to_owned())].into();
        })
        .await;
    assert!(
        told.contains("organization.default: there is no organization `777`"),
        "{told}"
    );
    assert!(
        told.contains("users.assigned: there is no organization `778`"),
        "{told}"
    );
    assert!(!told.contains("`99`"), "{told}");
}
