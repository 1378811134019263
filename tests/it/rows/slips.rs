//! What does a slip of ours cost: a careless policy, an injected statement, a login with too many rights, a ledger edited?

use sqlx::{AssertSqlSafe, Connection};
use switchboard::db::{Db, DbError, Logins};

use super::{
    inside_ada,
    support::{ADA, BOB, Two, code, count, enter},
};

#[tokio::test]
async fn i22_a_policy_that_lets_everything_through_lets_nothing_through_the_wall() {
    let two = Two::create().await;
    for table in &two.tables {
        let careless = format!(
            "create policy careless on {} using (true) with check (true)",
            table.name
        );
        sqlx::raw_sql(AssertSqlSafe(careless))
            .execute(&two.db.admin)
            .await
            .unwrap();
    }
    let mut app = Two::connect(&two.db.logins.app).await;
    assert_eq!(two.seen(&mut app).await, two.nothing());
    for (ours, theirs) in [(&ADA, &BOB), (&BOB, &ADA)] {
        let mut tx = app.begin().await.unwrap();
        enter(&mut tx, ours.id).await;
        for table in &two.tables {
            assert_eq!(count(&mut tx, &table.name).await, 1, "{}", table.name);
            let foreign = format!("{} where org_id = '{}'", table.name, theirs.id);
            assert_eq!(count(&mut tx, &foreign).await, 0, "{}", table.name);
        }
        tx.rollback().await.unwrap();
    }
    // It was the wall: without it the policy does what it says.
    sqlx::raw_sql("drop policy org_wall on app.agents")
        .execute(&two.db.admin)
        .await
        .unwrap();
    assert_eq!(count(&mut app, "app.agents").await, 2);
}

#[tokio::test]
async fn i24_the_program_does_not_start_where_row_security_would_not_bind_it() {
    let two = Two::create().await;
    let good = &two.db.logins;
    Db::connect(good, 1).await.unwrap().close().await;
    // A superuser, and a login that sees through row security and may become the owner.
    for loose in [&good.admin, &good.warden] {
        for logins in [
            Logins {
                app: loose.clone(),
                ..good.clone()
            },
            Logins {
                worker: loose.clone(),
                ..good.clone()
            },
            Logins {
                identity: loose.clone(),
                ..good.clone()
            },
        ] {
            let refused = Db::connect(&logins, 1).await.err().expect("it must not start");
            assert!(matches!(refused, DbError::Unsafe { .. }), "{refused}");
            assert!(refused.to_string().starts_with("refusing to start"), "{refused}");
        }
    }
}

#[tokio::test]
async fn i31_the_logins_of_the_tests_are_bound_like_those_of_the_program() {
    let two = Two::create().await;
    let logins = &two.db.logins;
    for (login, bound) in [
        (&logins.app, true),
        (&logins.worker, true),
        (&logins.identity, true),
        (&logins.admin, false),
    ] {
        let mut connection = Two::connect(login).await;
        let is_bound: bool = sqlx::query_scalar(
            "select not (r.rolsuper or r.rolbypassrls) and not pg_has_role(r.oid, 'switchboard_owner', 'member')
             from pg_roles r where r.rolname = session_user and session_user = current_user",
        )
        .fetch_one(&mut connection)
        .await
        .unwrap();
        assert_eq!(is_bound, bound, "{}", login.get_username());
    }
}

/// Into a statement as careless code would make it, and as the driver sends it: prepared, so one statement at a time.
#[tokio::test]
async fn i29_what_is_injected_into_a_statement_of_the_app_stays_in_its_organization() {
    let two = Two::create().await;
    let mut app = Two::connect(&two.db.logins.app).await;
    let mut shown = 0;
    for injected in [
        "' or true --",
        "' or org_id <> '' --",
        "' union all select name from app.agents --",
        "' union all select name from app.clients --",
        "' union all select note from app.credit_transactions --",
        "' union all select actor from app.audit_log --",
        "' union all select current_setting('app.org_id') --",
        "' union all select user_id from identity.org_members() --",
        "' union all select query_to_xml('select name from app.agents', true, false, '')::text --",
        "' union all select table_to_xml('app.agents', true, false, '')::text --",
        "' union all select email from identity.users --",
        "' union all select secret_hash::text from identity.api_key_secrets --",
        "' union all select body::text from ops.inbox --",
        "' union all select payload::text from ops.jobs --",
        "' union all select rolpassword from pg_authid --",
        "' union all select pg_read_file('/etc/passwd') --",
        "' union all select a.name from (select set_config('app.org_id', 'org_bob', true) offset 0) s, app.agents a --",
        "' or set_config('app.org_id', 'org_bob', true) = '' or true --",
        "' union all select query_to_xml('select set_config(''app.org_id'', ''org_bob'', true)', true, false, '')::text --",
        "' union all select query_to_xml('set local app.org_id = ''org_bob''', true, false, '')::text --",
        "'; set local app.org_id = 'org_bob'; select name from app.agents --",
        "'; commit; select 1 --",
    ] {
        let mut tx = app.begin().await.unwrap();
        enter(&mut tx, ADA.id).await;
        let statement = format!("select name from app.agents where org_id = 'org_ada' and name = '{injected}'");
        let answered: Result<Vec<String>, _> = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&mut *tx).await;
        let told = format!("{injected}: {answered:?}");
        assert!(!told.contains("Bob") && !told.contains("bob@"), "{told}");
        if let Ok(rows) = answered {
            shown += rows.len();
            // What the transaction asks next is asked where it was before.
            assert_eq!(count(&mut tx, "app.agents where name = 'Bob'").await, 0, "{told}");
            assert_eq!(count(&mut tx, "app.agents").await, 1, "{told}");
        }
        tx.rollback().await.unwrap();
    }
    assert!(shown >= 8, "what is one's own is shown all the while: {shown}");

    // It is the closed function that keeps an expression from saying which organization this is.
    let open = "grant execute on function set_config(text, text, boolean) to public";
    sqlx::raw_sql(open).execute(&two.db.admin).await.unwrap();
    let mut tx = app.begin().await.unwrap();
    enter(&mut tx, ADA.id).await;
    let moved = "select a.name from (select set_config('app.org_id', 'org_bob', true) offset 0) s, app.agents a";
    let seen: Vec<String> = sqlx::query_scalar(moved).fetch_all(&mut *tx).await.unwrap();
    assert_eq!(seen, ["Bob"]);
}

#[tokio::test]
async fn b13_the_ledger_and_the_log_are_written_once() {
    let two = Two::create().await;
    for login in [&two.db.logins.app, &two.db.logins.worker] {
        let mut connection = Two::connect(login).await;
        inside_ada(&mut connection).await;
        for table in ["app.credit_transactions", "app.audit_log"] {
            assert_eq!(count(&mut connection, table).await, 1);
            let column = if table == "app.audit_log" {
                "actor = 'nobody'"
            } else {
                "amount_micros = 0"
            };
            for statement in [
                format!("update {table} set {column}"),
                format!("delete from {table}"),
                format!("truncate {table}"),
            ] {
                assert_eq!(code(&mut connection, &statement).await, "42501", "{statement}");
            }
        }
    }
}
