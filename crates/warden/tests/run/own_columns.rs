//! Columns of the application's own that hold the organization, and what would be deleted along with the quarantine.

use warden::plan::{Missing, Path, Plan};

use crate::{
    by_hand::told,
    database::same,
    foreign::{Foreign, beside, quarantined, table},
};

/// Keys of an application: some are the platform's.
const KEYS: &str = "
    create table api_keys (id int primary key, organization_id int references organizations on delete cascade, user_id int references users);
    insert into api_keys values (1, 1, 1), (2, 1, null), (3, null, 3), (4, null, null), (5, null, null);";

#[tokio::test]
async fn a_column_of_the_application_that_has_nulls_is_not_filled() {
    let rows = "insert into parcels values (1, 1), (2, null), (3, null)";
    for (tables, of) in [
        (KEYS.to_owned(), "of its 5 rows 3 have null"),
        // No rule of deletion, no other path, no key at all, a partitioned table.
        (format!("create table parcels (id int primary key, organization_id int references organizations); {rows}"), "of its 3 rows 2 have null"),
        (format!("create table parcels (id int primary key, organization_id int references organizations on delete restrict); {rows}"), "of its 3 rows 2"),
        (format!("create table parcels (id int primary key, organization_id int); {rows}"), "of its 3 rows 2"),
        (
            format!("create table parcels (id int, organization_id int references organizations) partition by range (id);
                     create table parcels_1 partition of parcels for values from (0) to (2); create table parcels_2 partition of parcels default; {rows}"),
            "of its 3 rows 2",
        ),
    ] {
        let foreign = Foreign::new(&tables).await;
        let name = if tables.contains("api_keys") { "public.api_keys" } else { "public.parcels" };
        for rule in [Missing::Quarantine, Missing::Default, Missing::Refuse] {
            let told = foreign
                .refused(|plan| {
                    quarantined(plan);
                    plan.organization.default = Some("1".to_owned());
                    let table = table(plan, name);
                    assert_eq!(table.column.as_deref(), Some("organization_id"), "{tables}");
                    table.on_missing = rule;
                })
                .await;
            for says in [name, "`organization_id` is the application's own", of, "exclude the table", "leave out `column`"] {
                assert!(told.contains(says), "{says}: {told}");
            }
            let fills = rule != Missing::Refuse;
            assert_eq!(told.contains("ON DELETE CASCADE"), fills && tables == KEYS, "{told}");
        }
    }
}

/// Today there is no null, but the plan says what would be written.
#[tokio::test]
async fn a_plan_that_would_write_into_a_column_of_the_application_is_refused() {
    let foreign = Foreign::new(
        "create table parcels (id int primary key, organization_id int references organizations on delete cascade, user_id int references users);
         insert into parcels values (1, 1, 1)",
    )
    .await;
    let lone = |plan: &mut Plan, rule| {
        quarantined(plan);
        plan.organization.default = Some("1".to_owned());
        let parcels = table(plan, "public.parcels");
        parcels.paths.clear();
        parcels.on_missing = rule;
    };
    for rule in [Missing::Quarantine, Missing::Default] {
        let told = foreign.refused(|plan| lone(plan, rule)).await;
        assert!(
            told.contains("public.parcels: `organization_id`") && told.contains("would have to write into it"),
            "{told}"
        );
    }
    // A path that fills what is null moves what is not.
    let told = foreign
        .refused(|plan| assert_eq!(table(plan, "public.parcels").paths.len(), 1))
        .await;
    assert!(
        told.contains("public.parcels: `organization_id`") && told.contains("Take the paths away"),
        "{told}"
    );
    foreign.accepted(|plan| lone(plan, Missing::Refuse));
    foreign.well(&["add", "backfill"]);
    foreign
        .execute("update parcels set user_id = 3 where id = 1")
        .await
        .unwrap();
    assert_eq!(foreign.ask::<i32>("select organization_id from parcels").await, 1);
    foreign.desk.well(&["rollback", "--to", "start"]);
    // Nothing is written where the column cannot be null.
    foreign
        .execute("alter table parcels alter organization_id set not null")
        .await
        .unwrap();
    foreign.accepted(|plan| lone(plan, Missing::Quarantine));
    let paths = |plan: &mut Plan| {
        let mut table = table(plan, "public.parcels").clone();
        (table.column, table.paths) = (Some("organization_id".to_owned()), Vec::new());
        let people = plan.users.table.clone();
        table.paths.push(Path {
            columns: vec!["user_id".to_owned()],
            to: people,
            references: vec!["id".to_owned()],
            when: None,
            unless: Vec::new(),
        });
        *self::table(plan, "public.parcels") = table;
    };
    let (code, told) = foreign.plan(&[], paths);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("Take the paths away"), "{told}");
}

#[tokio::test]
async fn a_column_beside_the_applications_own_leaves_it_as_it_was() {
    let foreign = Foreign::new(KEYS).await;
    let before = foreign.state().await;
    foreign.accepted(|plan| {
        quarantined(plan);
        beside(plan, "public.api_keys");
        table(plan, "public.api_keys").on_missing = Missing::Quarantine;
    });
    foreign.well(&["add", "backfill"]);
    // Programs go on writing rows that are nobody's.
    foreign
        .execute("insert into api_keys values (6, null, null); delete from api_keys where id = 6")
        .await
        .unwrap();
    let own = "select string_agg(coalesce(organization_id::text, '-') || '/' || org_id, ' ' order by id) from api_keys";
    assert_eq!(foreign.ask::<String>(own).await, "1/1 1/1 -/2 -/99 -/99");
    foreign.desk.well(&["rollback", "--to", "start"]);
    let after = foreign.state().await;
    same(&before.0, &after.0);
    assert_eq!(before.1, after.1);
}

#[tokio::test]
async fn a_rollback_takes_no_row_of_the_application_along() {
    for (rule, of) in [
        ("on delete cascade", "ON DELETE CASCADE"),
        ("on delete set null", "ON DELETE SET NULL"),
        ("on delete set default", "ON DELETE SET DEFAULT"),
        ("", "ON DELETE NO ACTION"),
    ] {
        // By the key that the organization goes by, and by another one.
        for (column, kind) in [("id", "int"), ("code", "text")] {
            let foreign = Foreign::new(&format!(
                "create table notes (id int primary key, user_id int references users); insert into notes values (1, 1), (2, null);
                 create table audits (id int primary key, place {kind} references organizations ({column}) {rule}); insert into audits values (1, null)"
            ))
            .await;
            let before = foreign.state().await;
            foreign.accepted(|plan| {
                quarantined(plan);
                let quarantine = plan.organization.quarantine.as_mut().unwrap();
                quarantine.insert.insert("code".to_owned(), "Q".to_owned());
                let audits = table(plan, "public.audits");
                audits.kind = warden::plan::Kind::Excluded;
                (audits.column, audits.paths) = (None, Vec::new());
            });
            foreign.well(&["add", "backfill"]);
            let key = if column == "id" { "99" } else { "'Q'" };
            foreign
                .execute(&format!("insert into audits values (2, {key})"))
                .await
                .unwrap();
            let held = foreign.state().await;
            for words in [
                &["rollback", "--to", "start"][..],
                &["rollback", "--to", "start", "--dry-run"],
            ] {
                let refused = foreign.desk.run(words);
                let said = told(&refused);
                assert_eq!(refused.status.code(), Some(2), "{said}");
                assert!(said.contains("public.audits: 1 rows") && said.contains(of), "{said}");
            }
            assert_eq!(held, foreign.state().await);
            foreign.execute("delete from audits where id = 2").await.unwrap();
            foreign.desk.well(&["rollback", "--to", "start"]);
            assert_eq!(before, foreign.state().await);
        }
    }
}

/// Whoever refers to the quarantine after the look is found by the delete itself.
#[tokio::test]
async fn the_delete_itself_looks_once_more() {
    let foreign = Foreign::new(
        "create table notes (id int primary key, user_id int references users); insert into notes values (1, null)",
    )
    .await;
    foreign.accepted(quarantined);
    foreign.desk.well(&["add"]);
    let trial = foreign.desk.well(&["rollback", "--to", "start", "--dry-run"]);
    let delete = trial.find("delete from \"public\".\"organizations\"").unwrap();
    let look = trial.find("refer to the organization of the quarantine").unwrap();
    assert!(look < delete, "{trial}");
}

#[tokio::test]
async fn triggers_that_the_quarantine_would_set_off_are_named() {
    let notes =
        "create table notes (id int primary key, user_id int references users); insert into notes values (1, null);
                 create function noted() returns trigger language plpgsql as 'begin return null; end';";
    for events in [
        "after insert",
        "after delete",
        "before delete",
        "after insert or update",
    ] {
        let foreign = Foreign::new(&format!(
            "{notes} create trigger greets {events} on organizations for each row execute function noted()"
        ))
        .await;
        let told = foreign.refused(quarantined).await;
        assert!(
            told.contains("public.organizations: the trigger greets"),
            "{events}: {told}"
        );
        // Somebody else has made it, and nobody deletes it.
        foreign
            .execute("insert into organizations values (99, 'quarantine')")
            .await
            .unwrap();
        foreign.accepted(quarantined);
    }
    let foreign = Foreign::new(&format!(
        "{notes} create table log (id int); create rule notes_it as on delete to organizations do also delete from log where id = old.id"
    ))
    .await;
    let told = foreign.refused(quarantined).await;
    assert!(told.contains("public.organizations: the rule notes_it"), "{told}");
    let foreign = Foreign::new(&format!(
        "{notes} create trigger greets after update on organizations for each row execute function noted()"
    ))
    .await;
    foreign.accepted(quarantined);
}

/// The organization goes, and the row would have none.
#[tokio::test]
async fn keys_that_clear_the_organization_are_named() {
    for rule in ["set null", "set default"] {
        let foreign = Foreign::new(&format!(
            "create table links (id int primary key, organization_id int references organizations on delete {rule}); insert into links values (1, 1)"
        ))
        .await;
        for own in [true, false] {
            let told = foreign
                .refused(|plan| {
                    if !own {
                        beside(plan, "public.links");
                    }
                })
                .await;
            assert!(
                told.contains("public.links: the key links_organization_id_fkey clears organization_id"),
                "{told}"
            );
        }
        foreign
            .execute(
                "alter table links drop constraint links_organization_id_fkey;
                 alter table links add foreign key (organization_id) references organizations on delete cascade",
            )
            .await
            .unwrap();
        foreign.accepted(|_| ());
    }
}
