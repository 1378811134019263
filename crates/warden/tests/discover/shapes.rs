//! Kinds of tables, and shapes that are not a column with a key.

use warden::plan::{self, Kind};

use crate::{
    database::{Database, PEOPLE},
    finding, paths, questions, table,
};

#[tokio::test]
async fn a_column_that_holds_the_organization_already_is_used() {
    let database = Database::with(
        "held",
        &[PEOPLE, "create table deals (id int primary key, organization_id uuid not null references organizations, created_by uuid references users);
                   create table leads (id int primary key, organization_id uuid references organizations, user_id uuid references users);
                   create table stages (id int primary key, org_id uuid not null, deal_id int not null references deals);
                   insert into deals values (1, a(), u(1)), (2, b(), u(1)); insert into leads values (1, null, u(1)), (2, b(), null), (3, null, null);
                   insert into stages values (1, a(), 1), (2, a(), 2);"],
    )
    .await;
    let found = database.discover().await;
    assert_eq!(table(&found, "public.deals").column.as_deref(), Some("organization_id"));
    assert_eq!(paths(&found, "public.deals"), [""; 0]);
    assert_eq!(table(&found, "public.leads").column.as_deref(), Some("organization_id"));
    assert_eq!(paths(&found, "public.leads"), ["user_id -> public.users"]);
    assert_eq!(table(&found, "public.stages").column.as_deref(), Some("org_id"));
    assert_eq!(finding(&found, "no-answer", "public.leads").violating, 1);
    assert_eq!(finding(&found, "parent-elsewhere", "public.stages").violating, 1);
    assert_eq!(questions(&found), ["leads on_missing", "stages on_conflict"]);
    database.drop().await;
}

#[tokio::test]
async fn what_leads_to_nobody_is_asked_for_unless_it_is_plain() {
    let database = Database::with(
        "kinds",
        &[PEOPLE, "create table countries (code text primary key, name text not null);
                   create table labels (id int primary key, name text not null);
                   create table notes (id int primary key, user_id uuid not null references users, country text references countries);
                   create table note_labels (note_id int not null references notes, label_id int not null references labels, primary key (note_id, label_id));
                   create table notes_backup (id int, user_id uuid);
                   create table orders_old (id int primary key, note_id int references notes);
                   create table schema_migrations (version text primary key);
                   create table settings (name text primary key, value text);
                   insert into countries values ('de', 'Germany'); insert into labels values (1, 'x'), (2, 'y'), (3, 'z');
                   insert into notes values (1, u(1), 'de'), (2, u(3), 'de'); insert into note_labels values (1, 1), (2, 1), (1, 2);"],
    )
    .await;
    let found = database.discover().await;
    let kind = |name: &str| table(&found, &format!("public.{name}")).kind;
    assert_eq!(kind("countries"), Kind::Global);
    assert_eq!(kind("notes_backup"), Kind::Excluded);
    assert_eq!(kind("schema_migrations"), Kind::Excluded);
    // A foreign key says that it is still in use, whatever its name.
    assert_eq!(kind("orders_old"), Kind::Owned);
    let labels = finding(&found, "kind", "public.labels");
    assert_eq!((labels.examined, labels.violating), (3, 1));
    assert!(
        labels
            .text
            .contains("1 are used by several organizations, 1 by one, 1 by none"),
        "{}",
        labels.text
    );
    assert_eq!(questions(&found), ["labels kind", "settings kind"]);
    database.drop().await;
}

#[tokio::test]
async fn composite_keys_and_names_that_need_quotes_are_paths_too() {
    let database = Database::with(
        "quoted",
        &[PEOPLE, r#"create schema "My CRM";
           create table "My CRM"."Deal Stages" ("Region" text, "No." int, "ownerId" uuid not null references users, primary key ("Region", "No."));
           create table "My CRM"."say ""hi""" (id int primary key, "stage Region" text, "stage No." int,
             foreign key ("stage Region", "stage No.") references "My CRM"."Deal Stages");
           insert into "My CRM"."Deal Stages" values ('north', 1, u(1)), ('south', 1, u(3));
           insert into "My CRM"."say ""hi""" values (1, 'north', 1), (2, 'south', null);"#],
    )
    .await;
    let found = database.discover().await;
    assert_eq!(paths(&found, "\"My CRM\".\"Deal Stages\""), ["ownerId -> public.users"]);
    let name = "\"My CRM\".\"say \"\"hi\"\"\"";
    assert_eq!(
        paths(&found, name),
        ["stage Region,stage No. -> \"My CRM\".\"Deal Stages\""]
    );
    let missing = finding(&found, "no-answer", name);
    assert_eq!((missing.examined, missing.violating), (2, 1));
    assert_eq!(questions(&found).len(), 1);
    database.drop().await;
}

#[tokio::test]
async fn partitions_follow_their_parent() {
    let database = Database::with(
        "partitions",
        &[PEOPLE, "create table events (id int, at date, user_id uuid not null references users, primary key (id, at)) partition by range (at);
                   create table events_2025 partition of events for values from ('2025-01-01') to ('2026-01-01');
                   create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01') partition by list (id);
                   create table events_2026_1 partition of events_2026 for values in (1);
                   create table details (id int primary key, event_id int, event_at date, foreign key (event_id, event_at) references events);
                   insert into events values (1, '2025-05-05', u(1)), (1, '2026-05-05', u(3));
                   insert into details values (1, 1, '2025-05-05'), (2, 1, '2026-05-05');"],
    )
    .await;
    let found = database.discover().await;
    let names: Vec<_> = found
        .plan
        .tables
        .iter()
        .map(|table| table.name.table.as_str())
        .collect();
    assert_eq!(names, ["details", "events", "memberships", "organizations", "users"]);
    assert_eq!(finding(&found, "answers", "public.events").examined, 2);
    assert_eq!(finding(&found, "nested-partitions", "public.events").violating, 1);
    // It is drafted like any other, and refused until somebody has changed the database or the plan.
    let flaws = plan::flaws(&found.plan, &found.catalog);
    assert!(
        matches!(flaws.as_slice(), [one] if one.at == "public.events" && one.what.contains("partitioned themselves")),
        "{flaws:?}"
    );
    database.drop().await;
}

#[tokio::test]
async fn what_stands_around_the_tables_is_told() {
    let database = Database::with(
        "around",
        &[PEOPLE, "create type state as enum ('open', 'done');
                   create table tasks (id serial primary key, user_id uuid not null references users, state state, slug text, token text unique,
                     constraint tasks_slug unique (slug) deferrable);
                   create index tasks_state on tasks (state); create index tasks_lower on tasks (lower(slug));
                   create view open_tasks as select * from tasks where state = 'open';
                   create view grouped as select id, slug from tasks group by id;
                   create view invoked with (security_invoker) as select id from tasks;
                   create materialized view counted as select count(*) from tasks;
                   create function peek() returns bigint language sql security definer as 'select count(*) from tasks';
                   create function touch() returns trigger language plpgsql as 'begin return new; end';
                   create trigger touch before update on tasks for each row execute function touch();
                   create policy mine on tasks using (true); create publication everything for table tasks;
                   insert into tasks (user_id) values (u(1));"],
    )
    .await;
    let found = database.discover().await;
    for (id, text) in [
        ("leaky-index", "tasks_state"),
        ("leaky-index", "tasks_lower"),
        ("global-unique", "tasks_slug"),
        ("global-unique", "global_uniques"),
        ("deferrable-key", "tasks_slug"),
        ("key-dependents", "grouped"),
        ("trigger", "touch"),
        ("policy", "mine"),
        ("view", "open_tasks"),
        ("materialized-view", "counted"),
        ("definer-function", "peek"),
        ("publication", "everything"),
        ("role", "postgres"),
        ("sequence", "1 owned"),
    ] {
        let told = found
            .findings
            .iter()
            .any(|finding| finding.id == id && finding.violating > 0 && finding.text.contains(text));
        assert!(told, "{id} {text}: {:#?}", found.findings);
    }
    let invoked = found
        .findings
        .iter()
        .find(|finding| finding.id == "view" && finding.text.contains("invoked"))
        .unwrap();
    assert_eq!(invoked.violating, 0);
    assert!(table(&found, "public.tasks").keep_key);
    assert_eq!(questions(&found), [""; 0]);
    database.drop().await;
}
