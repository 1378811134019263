//! What a seal would open, or what would read past it: policies of the application's own, views and functions that read as their
//! owner, and a report that nobody should take for good.

use switchboard::report::{Level, Outcome, Report};
use warden::plan::Plan;

use crate::{
    by_hand::told,
    database::APP,
    foreign::{Foreign, table},
};

const NOTES: &str = "
    create table notes (id int primary key, user_id int not null references users, body text);
    insert into notes select n, n, 'x' from generate_series(1, 4) n;";

#[tokio::test]
async fn tables_with_row_security_of_their_own_are_named() {
    let mine = "create policy mine on notes";
    for (more, says) in [
        (
            "alter table notes enable row level security".to_owned(),
            "has row security on and no policy",
        ),
        (
            format!("alter table notes enable row level security; {mine} using (user_id = 1)"),
            "has row security of its own: mine",
        ),
        (
            format!(
                "alter table notes enable row level security, force row level security; {mine} for select using (true)"
            ),
            "its own: mine",
        ),
        (
            format!("alter table notes enable row level security; {mine} for select to pg_read_all_data using (true)"),
            "its own: mine",
        ),
        (
            format!("alter table notes enable row level security; {mine} as restrictive using (user_id = 1)"),
            "its own: mine",
        ),
        (
            format!("{mine} using (user_id = 1)"),
            "wait for row security to be turned on: mine",
        ),
    ] {
        let foreign = Foreign::new(&format!("{NOTES}{more}")).await;
        let told = foreign.refused(|_| ()).await;
        assert!(
            told.contains("public.notes: ") && told.contains(says) && told.contains("open_inside = true"),
            "{more}: {told}"
        );
        foreign.accepted(|plan| table(plan, "public.notes").open_inside = true);
    }
    // Tables that are left alone may have what they like.
    let foreign = Foreign::new(&format!("{NOTES}alter table users enable row level security")).await;
    foreign.accepted(|_| ());
}

#[tokio::test]
async fn row_security_of_a_partition_is_named() {
    for more in [
        "alter table events_1 enable row level security",
        "create policy mine on events_1 using (true)",
    ] {
        let foreign = Foreign::new(&format!(
            "create table events (id int primary key, user_id int not null references users) partition by range (id);
             create table events_1 partition of events for values from (0) to (10); create table events_2 partition of events default;
             insert into events values (1, 1), (20, 2); {more}"
        ))
        .await;
        let told = foreign.refused(|_| ()).await;
        assert!(
            told.contains("public.events_1: ") && told.contains("a partition of public.events"),
            "{told}"
        );
        assert!(!told.contains("public.events_2: "), "{told}");
        foreign.accepted(|plan| table(plan, "public.events").open_inside = true);
    }
}

/// The views and functions that a plan is refused for, in their order.
fn named(told: &str) -> Vec<String> {
    let lines = told.lines().filter(|line| line.contains("reads as its owner"));
    let name = |line: &str| {
        line.trim_start_matches("  - ")
            .split(": is a ")
            .next()
            .unwrap()
            .to_owned()
    };
    lines.map(name).collect()
}

#[tokio::test]
async fn views_that_read_as_their_owner_are_named() {
    for (more, names) in [
        ("create view export as select * from notes", &["public.export"][..]),
        (
            "create view \"My Export\" with (security_barrier) as select id from notes where false",
            &["public.\"My Export\""],
        ),
        ("create materialized view copy as select * from notes", &["public.copy"]),
        // Over others, in the middle of a statement, and of another schema.
        (
            "create view export as select * from notes; create view again as select id from export; create view asks with (security_invoker) as select id from again",
            &["public.again", "public.asks", "public.export"],
        ),
        (
            "create view few as select 1 where exists (select from notes)",
            &["public.few"],
        ),
        (
            "create schema apart; create view apart.export as with n as (select * from public.notes) select * from n",
            &["apart.export"],
        ),
        ("create view members as select * from memberships", &["public.members"]),
        (
            "create view asks with (security_invoker) as select * from notes; create materialized view copy as select * from asks",
            &["public.copy"],
        ),
        (
            "create table log (id int); create rule note as on insert to notes do also insert into log values (new.id)",
            &["public.notes.note"],
        ),
        (
            "create table log (id int); create rule note as on insert to log do also update notes set body = 'y'",
            &["public.log.note"],
        ),
        (
            "create table events (id int primary key, user_id int not null references users) partition by range (id);
             create table events_1 partition of events default; create view part as select * from events_1",
            &["public.part"],
        ),
    ] {
        let foreign = Foreign::new(&format!("{NOTES}{more}")).await;
        let leave = |plan: &mut Plan| {
            for table in plan.tables.iter_mut().filter(|table| table.name.table == "log") {
                table.kind = warden::plan::Kind::Excluded;
            }
        };
        let told = foreign.refused(leave).await;
        assert_eq!(named(&told), names, "{more}: {told}");
        assert!(told.contains("seal.reads_as_owner"), "{told}");
        foreign.accepted(|plan| {
            leave(plan);
            plan.seal.reads_as_owner = names.iter().map(|name| (*name).to_owned()).collect();
        });
    }
    // As whoever asks, inside another view too; over what is nobody's; and of the catalog.
    let foreign = Foreign::new(&format!(
        "{NOTES}create view asks with (security_invoker = on) as select * from notes; create view outer_one as select id from asks;
         create view people as select email from users; create view there as select relname from pg_class"
    ))
    .await;
    foreign.accepted(|_| ());
}

#[tokio::test]
async fn functions_that_read_as_their_owner_are_named() {
    for (more, names) in [
        ("create function peek() returns bigint language sql security definer as 'select count(*) from notes'", &["public.peek()"][..]),
        (
            "create function peek(a int, b text) returns bigint language plpgsql security definer as 'begin return (select count(*) from PUBLIC.\"notes\"); end'",
            &["public.peek(integer, text)"],
        ),
        (
            "create function peek() returns bigint language sql security definer begin atomic select count(*) from notes; end",
            &["public.peek()"],
        ),
        ("create procedure wipe() language sql security definer as 'delete from notes'", &["public.wipe()"]),
        (
            "create function peek() returns bigint language plpgsql security definer as 'declare n bigint; begin execute ''select 1'' into n; return n; end'",
            &["public.peek()"],
        ),
        ("create function peek() returns int language internal security definer as 'pg_backend_pid'", &["public.peek()"]),
        (
            "create function inner_one() returns bigint language sql as 'select count(*) from notes';
             create function peek() returns bigint language sql security definer as 'select inner_one()'",
            &["public.peek()"],
        ),
        (
            "create view asks with (security_invoker) as select * from notes;
             create function peek() returns bigint language sql security definer as 'select count(*) from asks'",
            &["public.peek()"],
        ),
        (
            "create function greet() returns trigger language plpgsql security definer as 'begin insert into notes values (new.id, new.id); return new; end';
             create trigger greet after insert on users for each row execute function greet()",
            &["public.greet()"],
        ),
    ] {
        let foreign = Foreign::new(&format!("{NOTES}{more}")).await;
        let told = foreign.refused(|_| ()).await;
        assert_eq!(named(&told), names, "{more}: {told}");
        foreign.accepted(|plan| plan.seal.reads_as_owner = names.iter().map(|name| (*name).to_owned()).collect());
    }
    let foreign = Foreign::new(&format!(
        "{NOTES}create function asks() returns bigint language sql as 'select count(*) from notes';
         create function people() returns bigint language sql security definer as 'select count(*) from users'"
    ))
    .await;
    foreign.accepted(|_| ());
}

/// What comes between the plan and the first step is looked for again.
#[tokio::test]
async fn a_view_that_comes_after_the_plan_stops_the_first_phase() {
    let foreign = Foreign::new(NOTES).await;
    foreign.accepted(|_| ());
    foreign
        .execute("create view export as select * from notes")
        .await
        .unwrap();
    let refused = foreign.desk.run(&["add"]);
    assert_eq!(refused.status.code(), Some(2), "{}", told(&refused));
    assert_eq!(named(&told(&refused)), ["public.export"]);
    foreign
        .execute("alter view export set (security_invoker = on)")
        .await
        .unwrap();
    foreign.well(&["add"]);
}

/// The report of `verify`, with what it ends with.
fn verified(foreign: &Foreign) -> (Option<i32>, Report) {
    let output = foreign.desk.run(&["verify", "--report", "report.json"]);
    let text =
        std::fs::read(foreign.desk.file("report.json")).unwrap_or_else(|error| panic!("{error}: {}", told(&output)));
    (output.status.code(), serde_json::from_slice(&text).unwrap())
}

fn outcome<'a>(report: &'a Report, id: &str) -> &'a Outcome {
    report.outcomes.iter().find(|outcome| outcome.id == id).unwrap()
}

#[tokio::test]
async fn verify_names_what_reads_past_the_seal() {
    let foreign = Foreign::new(&format!("{NOTES}create view export as select * from notes")).await;
    foreign.accepted(|plan| plan.seal.reads_as_owner = vec!["public.export".to_owned()]);
    foreign.well(&["add", "backfill", "constrain", "seal"]);
    // Known, and a debt.
    let (code, report) = verified(&foreign);
    assert_eq!(code, Some(0), "{report}");
    let meant = outcome(&report, "let-be");
    assert_eq!((meant.level, meant.violating), (Level::Advice, 1));
    assert!(meant.violations[0].contains("public.export"), "{meant:?}");
    assert_eq!(outcome(&report, "reads-as-owner").violating, 0);
    // Made since.
    foreign
        .execute("create function peek() returns bigint language sql security definer as 'select count(*) from notes'")
        .await
        .unwrap();
    let (code, report) = verified(&foreign);
    assert_eq!(code, Some(1), "{report}");
    let others = outcome(&report, "reads-as-owner");
    assert_eq!((others.level, others.violating), (Level::Fault, 1));
    assert!(others.violations[0].contains("public.peek()"), "{others:?}");
}

#[tokio::test]
async fn verify_is_not_content_where_it_tried_no_role() {
    let foreign = Foreign::new(NOTES).await;
    foreign.accepted(|plan| {
        assert_eq!(plan.seal.roles, [APP]);
        plan.seal.roles.clear();
    });
    foreign.well(&["add", "backfill", "constrain", "seal"]);
    let (code, report) = verified(&foreign);
    assert_eq!(code, Some(1), "{report}");
    let roles = outcome(&report, "roles");
    assert_eq!((roles.examined, roles.violating), (0, 1));
    assert!(roles.violations[0].contains("seal.roles"), "{roles:?}");
    // The way on that it tells.
    foreign.desk.well(&["rollback", "--to", "claims"]);
    let file = foreign.desk.file("plan.toml");
    let mut plan = warden::plan::read(&std::fs::read_to_string(&file).unwrap()).unwrap();
    plan.seal.roles = vec![APP.to_owned()];
    std::fs::write(&file, warden::plan::write(&plan)).unwrap();
    foreign.desk.well(&["plan", "plan.toml"]);
    foreign.well(&["seal"]);
    let (code, report) = verified(&foreign);
    assert_eq!(code, Some(0), "{report}");
}
