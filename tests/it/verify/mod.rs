//! Is the shipped schema clean, and is every way to spoil it noticed, by the rule that should notice it?

mod faults;
mod restored;
mod statements;

use std::collections::BTreeSet;

use faults::Fault;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Postgres, Transaction};
use switchboard::{
    db::{DbError, Logins, testing::TestDb},
    report::{Level, Outcome, State},
    verify::{self, Options},
};

const EVERYTHING: Options = Options {
    data: true,
    probe: true,
    canary: true,
    plans: true,
};
const CANARIES: Options = Options {
    data: false,
    probe: false,
    canary: true,
    plans: false,
};
const PLANS: Options = Options {
    canary: false,
    plans: true,
    ..CANARIES
};
const MANY: &str = include_str!("many.sql");
/// What planted rows may name and do not.
const REFERENCES: &str = "
    update app.calls c set contact_id = p.id from app.contacts p where p.org_id = c.org_id;
    insert into app.contact_folders (org_id, id, parent_id, name, color, updated_by)
      select org_id, gen_random_uuid(), id, 'Inside', color, updated_by from app.contact_folders;";
const TWO_ORGANIZATIONS: &str = include_str!("../rows/two_organizations.sql");

#[tokio::test]
async fn the_shipped_schema_is_clean_and_was_really_looked_at() {
    let db = TestDb::create().await;
    let report = verify::run(&db.logins, Options::default()).await.unwrap();
    assert!(report.clean, "{report}");
    // What the shipped schema has none of; everywhere else something was examined.
    let empty: Vec<&str> = of_state(&report.outcomes, State::Empty);
    assert_eq!(
        empty,
        [
            "large-object",
            "definition",
            "publication",
            "foreign-server",
            "event-trigger"
        ]
    );
    assert_eq!(of_state(&report.outcomes, State::Vacuous), [""; 0]);
    assert_eq!(of_state(&report.outcomes, State::Broken), [""; 0]);
}

/// How many tables these schemas have.
async fn tables(admin: &PgPool, schemas: &[&str]) -> u64 {
    let count: i64 = sqlx::query_scalar(
        "select count(*) from pg_class c where c.relnamespace::regnamespace::text = any($1) and c.relkind in ('r', 'p')",
    )
    .bind(schemas)
    .fetch_one(admin)
    .await
    .unwrap();
    u64::try_from(count).unwrap()
}

/// But for not being listed, and granted all the same, which is what a table is until somebody has said whose it is.
#[tokio::test]
async fn two_hundred_tables_raise_no_false_alarm() {
    let db = TestDb::create().await;
    let listed = tables(&db.admin, &["app"]).await;
    execute(&db.admin, include_str!("two_hundred.sql")).await;
    let report = verify::run(&db.logins, Options::default()).await.unwrap();
    let unlisted = report
        .outcomes
        .iter()
        .find(|outcome| outcome.id == "table-known")
        .unwrap();
    assert_eq!(unlisted.violating, 200 - listed, "{report}");
    assert_eq!(
        of_state(&report.outcomes, State::Broken),
        ["table-known", "grant-elsewhere"],
        "{report}"
    );
    let secured = report
        .outcomes
        .iter()
        .find(|outcome| outcome.id == "row-security")
        .unwrap();
    assert_eq!(secured.examined, 200, "{report}");
}

#[tokio::test]
async fn an_empty_database_says_that_it_has_no_rows_instead_of_passing_in_silence() {
    let db = TestDb::create().await;
    let report = verify::run(&db.logins, EVERYTHING).await.unwrap();
    assert!(report.clean, "{report}");
    for outcome in report.outcomes.iter().filter(|outcome| outcome.id.starts_with("data-")) {
        assert_eq!(outcome.state, State::Empty, "{outcome}");
        assert!(!outcome.empty.is_empty(), "{outcome}");
    }
    // What the logins may write is tried without any row.
    let tried = 2 * tables(&db.admin, &["app"]).await;
    for id in ["probe-write", "probe-reach", "probe-move"] {
        let outcome = report.outcomes.iter().find(|outcome| outcome.id == id).unwrap();
        assert_eq!((outcome.state, outcome.examined), (State::Holds, tried), "{outcome}");
    }
    let told = report.to_string();
    assert!(
        told.contains("nothing in app.") && told.contains(" app.agents,"),
        "{report}"
    );
}

#[tokio::test]
async fn the_rows_of_two_organizations_are_counted_table_by_table() {
    let db = TestDb::create().await;
    db.plant(TWO_ORGANIZATIONS, [("org_ada", "Ada"), ("org_bob", "Bob")])
        .await;
    execute(&db.admin, REFERENCES).await;
    let report = verify::run(&db.logins, EVERYTHING).await.unwrap();
    assert!(report.clean, "{report}");
    for outcome in report
        .outcomes
        .iter()
        .filter(|outcome| outcome.id.starts_with("data-") || outcome.id.starts_with("probe-"))
    {
        assert_eq!(outcome.state, State::Holds, "{outcome}");
        assert!(outcome.empty.is_empty() && outcome.examined > 0, "{outcome}");
    }
    let left: i64 = sqlx::query_scalar("select count(*) from app.clients")
        .fetch_one(&db.admin)
        .await
        .unwrap();
    assert_eq!(left, 2, "the probe leaves nothing behind");
}

#[tokio::test]
async fn every_fault_of_the_catalog_is_noticed_by_its_rule() {
    let db = TestDb::create().await;
    let mut admin = db.admin.acquire().await.unwrap();
    let mut unnoticed = Vec::new();
    for fault in faults::catalog() {
        let mut tx = spoiled(&mut admin, &fault).await;
        let outcomes = verify::catalog(&mut tx).await;
        tx.rollback().await.unwrap();
        unnoticed.extend(unnoticed_in(&fault, outcomes));
    }
    assert_eq!(unnoticed, [""; 0]);
}

#[tokio::test]
async fn every_fault_of_the_rows_is_noticed_by_its_rule() {
    let db = TestDb::create().await;
    db.plant(TWO_ORGANIZATIONS, [("org_ada", "Ada"), ("org_bob", "Bob")])
        .await;
    let mut admin = db.admin.acquire().await.unwrap();
    let mut unnoticed = Vec::new();
    for fault in faults::rows() {
        let mut tx = spoiled(&mut admin, &fault).await;
        let outcomes = verify::data(&mut tx, None).await;
        tx.rollback().await.unwrap();
        unnoticed.extend(unnoticed_in(&fault, outcomes));
    }
    assert_eq!(unnoticed, [""; 0]);
}

#[tokio::test]
async fn every_fault_that_a_login_would_run_into_is_noticed_by_its_rule() {
    let mut unnoticed = Vec::new();
    for fault in faults::logins() {
        let db = TestDb::create().await;
        db.plant(TWO_ORGANIZATIONS, [("org_ada", "Ada"), ("org_bob", "Bob")])
            .await;
        execute(&db.admin, fault.sql).await;
        let report = verify::run(&db.logins, EVERYTHING).await;
        unnoticed.extend(unnoticed_in(&fault, report.map(|report| report.outcomes)));
    }
    assert_eq!(unnoticed, [""; 0]);
}

#[tokio::test]
async fn every_fault_that_a_canary_dies_of_is_noticed_by_its_rule() {
    let mut unnoticed = Vec::new();
    for fault in faults::canaries() {
        let db = TestDb::create().await;
        db.plant(TWO_ORGANIZATIONS, [("org_ada", "Ada"), ("org_bob", "Bob")])
            .await;
        execute(&db.admin, fault.sql).await;
        let report = verify::run(&db.logins, CANARIES).await;
        unnoticed.extend(unnoticed_in(&fault, report.map(|report| report.outcomes)));
    }
    assert_eq!(unnoticed, [""; 0]);
}

#[tokio::test]
async fn no_hot_statement_loses_its_index_under_row_security() {
    let db = TestDb::create().await;
    db.plant(TWO_ORGANIZATIONS, [("org_ada", "Ada"), ("org_bob", "Bob")])
        .await;
    execute(&db.admin, MANY).await;
    let report = verify::run(&db.logins, PLANS).await.unwrap();
    assert!(report.clean, "{report}");
    for id in ["plan-index", "plan-reads"] {
        let outcome = report.outcomes.iter().find(|outcome| outcome.id == id).unwrap();
        assert!(outcome.state == State::Holds && outcome.examined >= 8, "{outcome}");
        assert!(outcome.empty.is_empty(), "{outcome}");
    }
}

#[tokio::test]
async fn every_fault_that_a_statement_slows_down_for_is_noticed_by_its_rule() {
    let mut unnoticed = Vec::new();
    for fault in faults::plans() {
        let db = TestDb::create().await;
        db.plant(TWO_ORGANIZATIONS, [("org_ada", "Ada"), ("org_bob", "Bob")])
            .await;
        execute(&db.admin, MANY).await;
        execute(&db.admin, fault.sql).await;
        let report = verify::run(&db.logins, PLANS).await;
        unnoticed.extend(unnoticed_in(&fault, report.map(|report| report.outcomes)));
    }
    assert_eq!(unnoticed, [""; 0]);
}

#[tokio::test]
async fn every_rule_has_a_fault_that_it_notices() {
    let db = TestDb::create().await;
    let report = verify::run(&db.logins, EVERYTHING).await.unwrap();
    let rules: BTreeSet<&str> = report.outcomes.iter().map(|outcome| outcome.id.as_str()).collect();
    let faults = faults::catalog()
        .chain(faults::rows())
        .chain(faults::logins())
        .chain(faults::canaries())
        .chain(faults::plans());
    let noticed: BTreeSet<&str> = faults.map(|fault| fault.rule).collect();
    assert_eq!(rules.len(), report.outcomes.len(), "two rules have one name");
    // No statement changes the version of a running server.
    assert_eq!(
        rules.symmetric_difference(&noticed).collect::<Vec<_>>(),
        [&"server-version"]
    );
}

#[tokio::test]
async fn a_new_table_without_protection_turns_the_whole_report_red() {
    let db = TestDb::create().await;
    execute(
        &db.admin,
        r#"create table app.notes (org_id text collate "C" not null, id uuid not null, text text not null)"#,
    )
    .await;
    let report = verify::run(&db.logins, Options::default()).await.unwrap();
    assert!(!report.clean);
    let broken: Vec<&str> = report.broken().map(|outcome| outcome.id.as_str()).collect();
    for rule in [
        "table-known",
        "row-security",
        "policy-door",
        "policy-wall",
        "key-primary",
        "key-anchored",
        "trigger-immutable",
        "owner-object",
    ] {
        assert!(broken.contains(&rule), "{rule} is silent about it: {broken:?}");
    }
    assert!(report.to_string().contains("app.notes is not on the list"), "{report}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["clean"], false);
    let unlisted = json["outcomes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|outcome| outcome["id"] == "table-known")
        .unwrap();
    assert_eq!(unlisted["violating"], 1);
    assert!(unlisted["examined"].as_u64() > Some(tables(&db.admin, &["app", "identity"]).await));
    assert_eq!(unlisted["violations"][0], "app.notes is not on the list");
}

#[tokio::test]
async fn whoever_does_not_see_through_row_security_may_not_verify() {
    let db = TestDb::create().await;
    let logins = Logins {
        warden: db.logins.app.clone(),
        ..db.logins.clone()
    };
    let refused = verify::run(&logins, Options::default()).await.unwrap_err();
    assert!(matches!(refused, DbError::Missing("DATABASE_WARDEN_URL")), "{refused}");
}

/// Every fault is undone with its transaction: roles belong to the whole cluster, and other tests are using them. From
/// the fault on the session is the warden's, so what is verified is what the warden would see.
async fn spoiled<'c>(admin: &'c mut PgConnection, fault: &Fault) -> Transaction<'c, Postgres> {
    let mut tx = admin.begin().await.unwrap();
    let done = sqlx::raw_sql(AssertSqlSafe(format!(
        "{} set local session authorization switchboard_warden",
        fault.sql
    )))
    .execute(&mut *tx)
    .await;
    done.unwrap_or_else(|error| panic!("{}: {error}", fault.name));
    tx
}

/// Nothing, if the fault was noticed by its rule.
fn unnoticed_in(fault: &Fault, outcomes: Result<Vec<Outcome>, DbError>) -> Option<String> {
    let outcomes = match outcomes {
        Ok(outcomes) => outcomes,
        Err(error) => return Some(format!("{}: {error}", fault.name)),
    };
    let broken: Vec<&str> = of_state(&outcomes, State::Broken);
    (!broken.contains(&fault.rule))
        .then(|| format!("{} is silent about {}, which {broken:?} notice", fault.rule, fault.name))
}

fn of_state(outcomes: &[Outcome], state: State) -> Vec<&str> {
    let found = outcomes
        .iter()
        .filter(|outcome| outcome.state == state && outcome.level == Level::Fault);
    found.map(|outcome| outcome.id.as_str()).collect()
}

async fn execute(admin: &PgPool, sql: &'static str) {
    sqlx::raw_sql(sql).execute(admin).await.unwrap();
}

#[tokio::test]
async fn what_is_kept_for_an_organization_is_about_itself_alone() {
    let db = TestDb::create().await;
    db.plant(TWO_ORGANIZATIONS, [("org_ada", "Ada"), ("org_bob", "Bob")])
        .await;
    execute(&db.admin, "delete from app.call_messages where org_id = 'org_bob'").await;
    let all = verify::run_and_keep(&db.logins, EVERYTHING).await.unwrap();
    assert!(all.clean, "{all}");
    let kept: Vec<(String, serde_json::Value)> =
        sqlx::query_as("select org_id, body from app.reports where state = 'done' order by org_id")
            .fetch_all(&db.admin)
            .await
            .unwrap();
    let [(ada, adas), (bob, bobs)] = kept.as_slice() else {
        panic!("one report for each: {kept:?}");
    };
    assert_eq!((ada.as_str(), bob.as_str()), ("org_ada", "org_bob"));
    for (body, other) in [(adas, "org_bob"), (bobs, "org_ada")] {
        assert!(!body.to_string().contains(other), "{body}");
        let ids: Vec<_> = body["outcomes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|outcome| &outcome["id"])
            .collect();
        assert!(
            ids.contains(&&"probe-own".into()) && ids.contains(&&"canary-foreign".into()),
            "{ids:?}"
        );
        assert!(
            !ids.contains(&&"plan-reads".into()),
            "how slow the largest is, is not for the others"
        );
    }
    let rows = |body: &serde_json::Value| {
        let outcomes = body["outcomes"].as_array().unwrap();
        outcomes.iter().find(|outcome| outcome["id"] == "data-key").unwrap()["examined"]
            .as_u64()
            .unwrap()
    };
    // One of each kind, and of Ada's one more.
    assert!(rows(bobs) >= 13, "{}", rows(bobs));
    assert_eq!(rows(adas), rows(bobs) + 1);
}

#[tokio::test]
async fn those_who_keep_reports_take_turns() {
    let db = TestDb::create().await;
    let other = verify::Inspection::begin_in_turn(&db.logins).await.unwrap();
    assert!(other.is_some());
    let refused = verify::run_and_keep(&db.logins, Options::default()).await.unwrap_err();
    assert!(matches!(refused, verify::KeepError::Busy), "{refused}");
}
