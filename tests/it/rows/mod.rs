//! What do the program's own logins see and do among the rows of two organizations? Every table is asked, by its name in
//! the catalog, and every "nothing" is a nothing out of something.

mod denied;
mod slips;
mod support;

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use support::{ADA, BOB, Org, QUEUES, Two, affected, code, count, enter};

#[tokio::test]
async fn every_tenant_table_has_rows_of_both_organizations_to_be_kept_apart() {
    let two = Two::create().await;
    assert!(two.tables.len() >= 11);
    let mut admin = two.db.admin.acquire().await.unwrap();
    for table in &two.tables {
        for org in [&ADA, &BOB] {
            let own = format!("{} where org_id = '{}'", table.name, org.id);
            assert_eq!(count(&mut admin, &own).await, 1, "{}", table.name);
        }
    }
}

#[tokio::test]
async fn without_an_organization_no_table_shows_a_row() {
    let two = Two::create().await;
    for login in [&two.db.logins.app, &two.db.logins.worker] {
        let mut fresh = Two::connect(login).await;
        assert_eq!(two.seen(&mut fresh).await, two.nothing_but_queues(login));
        // On a connection that was inside an organization a moment ago the setting is empty, not absent.
        let mut tx = fresh.begin().await.unwrap();
        enter(&mut tx, ADA.id).await;
        tx.commit().await.unwrap();
        let left: Option<String> = sqlx::query_scalar("select current_setting('app.org_id', true)")
            .fetch_one(&mut fresh)
            .await
            .unwrap();
        assert_eq!(left.as_deref(), Some(""));
        assert_eq!(two.seen(&mut fresh).await, two.nothing_but_queues(login));
    }
}

#[tokio::test]
async fn an_organization_that_is_none_shows_no_row() {
    let two = Two::create().await;
    let mut app = Two::connect(&two.db.logins.app).await;
    for garbage in [
        "x",
        "%",
        "' or 1=1 --",
        "org_ada' or 'a' = 'a",
        "ORG_ADA",
        "org_ada ",
        "org_ada,org_bob",
        "null",
        "\u{0130}",
    ] {
        let mut tx = app.begin().await.unwrap();
        enter(&mut tx, garbage).await;
        assert_eq!(two.seen(&mut tx).await, two.nothing(), "{garbage}");
    }
}

#[tokio::test]
async fn inside_an_organization_every_table_shows_its_rows_and_no_other() {
    let two = Two::create().await;
    let mut app = Two::connect(&two.db.logins.app).await;
    for (ours, theirs) in [(&ADA, &BOB), (&BOB, &ADA)] {
        let mut tx = app.begin().await.unwrap();
        enter(&mut tx, ours.id).await;
        for table in &two.tables {
            assert_eq!(count(&mut tx, &table.name).await, 1, "{}", table.name);
            let foreign = format!("{} where org_id = '{}'", table.name, theirs.id);
            assert_eq!(count(&mut tx, &foreign).await, 0, "{}", table.name);
        }
    }
}

#[tokio::test]
async fn the_worker_sees_every_queue_and_else_only_the_organization_it_has_entered() {
    let two = Two::create().await;
    let mut worker = Two::connect(&two.db.logins.worker).await;
    let mut tx = worker.begin().await.unwrap();
    assert_eq!(count(&mut tx, "app.provider_links").await, 2);
    let claimed: String =
        sqlx::query_scalar("select org_id from app.provider_links where org_id = 'org_bob' for update skip locked")
            .fetch_one(&mut *tx)
            .await
            .unwrap();
    enter(&mut tx, &claimed).await;
    for table in &two.tables {
        let due = if QUEUES.contains(&table.name.as_str()) { 2 } else { 1 };
        assert_eq!(count(&mut tx, &table.name).await, due, "{}", table.name);
    }
    // A job of one organization that writes into another one.
    for table in two.tables.iter().filter(|table| !QUEUES.contains(&table.name.as_str())) {
        let foreign = format!("insert into {} (org_id) values ('{}')", table.name, ADA.id);
        assert_eq!(code(&mut tx, &foreign).await, "42501", "{}", table.name);
    }
}

#[tokio::test]
async fn a_row_of_another_organization_is_refused_before_anything_else_about_it_is_looked_at() {
    let two = Two::create().await;
    let mut app = Two::connect(&two.db.logins.app).await;
    for table in &two.tables {
        let insert = |org: &Org| format!("insert into {} (org_id) values ('{}')", table.name, org.id);
        // Nothing but the key is given, so its own organization gets to hear what else is missing.
        for (inside, row, heard) in [("", &ADA, "42501"), (ADA.id, &BOB, "42501"), (ADA.id, &ADA, "23502")] {
            let mut tx = app.begin().await.unwrap();
            enter(&mut tx, inside).await;
            assert_eq!(code(&mut tx, &insert(row)).await, heard, "{} in '{inside}'", table.name);
        }
    }
}

#[tokio::test]
async fn another_organizations_rows_are_not_there_to_be_changed_or_deleted() {
    let two = Two::create().await;
    let mut app = Two::connect(&two.db.logins.app).await;
    let mut tx = app.begin().await.unwrap();
    enter(&mut tx, ADA.id).await;
    let mut tried = 0;
    for table in &two.tables {
        let theirs = format!("where org_id = '{}'", BOB.id);
        if let Some(column) = &table.writable {
            let update = format!("update {} set {column} = {column} {theirs}", table.name);
            assert_eq!(affected(&mut tx, &update).await, Ok(0), "{}", table.name);
            tried += 1;
        }
        let deleted = affected(&mut tx, &format!("delete from {} {theirs}", table.name)).await;
        assert!(
            matches!(deleted.as_ref().map_err(String::as_str), Ok(0) | Err("42501")),
            "{}: {deleted:?}",
            table.name
        );
    }
    assert!(tried >= 7);
}

#[tokio::test]
async fn nobody_moves_a_row_into_another_organization() {
    let two = Two::create().await;
    let moved = |table: &support::Table| {
        format!(
            "update {} set org_id = '{}' where org_id = '{}'",
            table.name, BOB.id, ADA.id
        )
    };
    for login in [&two.db.logins.app, &two.db.logins.worker] {
        let mut connection = Two::connect(login).await;
        let mut tx = connection.begin().await.unwrap();
        enter(&mut tx, ADA.id).await;
        for table in &two.tables {
            assert_eq!(code(&mut tx, &moved(table)).await, "42501", "{}", table.name);
        }
    }
    // Row security does not bind these; the trigger does, even where triggers sleep.
    for (login, prelude) in [
        (&two.db.logins.warden, ""),
        (&two.db.logins.admin, ""),
        (&two.db.logins.admin, "set local session_replication_role = replica"),
    ] {
        let mut connection = Two::connect(login).await;
        let mut tx = connection.begin().await.unwrap();
        sqlx::raw_sql(prelude).execute(&mut *tx).await.unwrap();
        for table in &two.tables {
            assert_eq!(code(&mut tx, &moved(table)).await, "23514", "{}", table.name);
        }
    }
    // The owner cannot log in, and forced row security hides every row from it; unforced, it meets the trigger too.
    let mut warden = Two::connect(&two.db.logins.warden).await;
    for table in &two.tables {
        let mut tx = warden.begin().await.unwrap();
        sqlx::raw_sql("set local row_security = on; set local role switchboard_owner")
            .execute(&mut *tx)
            .await
            .unwrap();
        assert_eq!(affected(&mut tx, &moved(table)).await, Ok(0), "{}", table.name);
        let unforce = format!("alter table {} no force row level security", table.name);
        assert_eq!(affected(&mut tx, &unforce).await, Ok(0));
        assert_eq!(code(&mut tx, &moved(table)).await, "23514", "{}", table.name);
        tx.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn a_call_whose_agent_goes_stays_in_its_organization() {
    let two = Two::create().await;
    let mut app = Two::connect(&two.db.logins.app).await;
    let mut tx = app.begin().await.unwrap();
    enter(&mut tx, ADA.id).await;
    // Whoever deletes an agent takes it out of its calls first, or is refused.
    assert_eq!(code(&mut tx, "delete from app.agents").await, "23503");
    let emptied = "update app.calls set agent_id = null where org_id = 'org_ada'";
    assert_eq!(affected(&mut tx, emptied).await, Ok(1));
    assert_eq!(affected(&mut tx, "delete from app.agents").await, Ok(1));
    let call: (String, Option<uuid::Uuid>) = sqlx::query_as("select org_id, agent_id from app.calls")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(call, (ADA.id.to_owned(), None));
    tx.commit().await.unwrap();
    let mut tx = app.begin().await.unwrap();
    enter(&mut tx, BOB.id).await;
    assert_eq!(count(&mut tx, "app.calls where agent_id is not null").await, 1);
}

#[tokio::test]
async fn an_id_says_nothing_about_whether_another_organization_has_it() {
    let two = Two::create().await;
    let mut app = Two::connect(&two.db.logins.app).await;
    let mut tx = app.begin().await.unwrap();
    enter(&mut tx, ADA.id).await;
    let event = |call: &str| {
        format!(
            "insert into app.call_events (org_id, call_id, id, kind) values ('org_ada', '{call}', gen_random_uuid(), 'x')"
        )
    };
    assert_eq!(affected(&mut tx, "delete from app.calls").await, Ok(1));
    tx.commit().await.unwrap();

    // The id is Bob's now, and Bob's alone. To name it is to name nothing.
    const BOBS: &str = "00000000-0000-7000-8000-000000000004";
    const NOBODYS: &str = "00000000-0000-7000-8000-0000000000ff";
    let mut heard = Vec::new();
    for call in [BOBS, NOBODYS] {
        let mut tx = app.begin().await.unwrap();
        enter(&mut tx, ADA.id).await;
        let refused = sqlx::query(AssertSqlSafe(event(call)))
            .execute(&mut *tx)
            .await
            .unwrap_err();
        let refused = refused
            .into_database_error()
            .unwrap()
            .downcast::<sqlx::postgres::PgDatabaseError>();
        heard.push((
            refused.code().to_owned(),
            refused.message().to_owned(),
            refused.detail().map(ToOwned::to_owned),
        ));
    }
    assert_eq!(heard[0].0, "23503");
    assert_eq!(heard[0], heard[1]);

    // To use it is no more difficult than to use any other.
    let mut tx = app.begin().await.unwrap();
    enter(&mut tx, ADA.id).await;
    let call = format!(
        "insert into app.calls (org_id, id, agent_name, medium, status, placed_by) values ('org_ada', '{BOBS}', 'A', 'text', 'queued', 'x') on conflict do nothing"
    );
    assert_eq!(affected(&mut tx, &call).await, Ok(1));
}

#[tokio::test]
async fn a_prepared_statement_answers_for_the_organization_of_the_moment() {
    let two = Two::create().await;
    let mut app = Two::connect(&two.db.logins.app).await;
    for turn in 0..10_000 {
        let (org, name) = if turn % 2 == 0 { (&ADA, "Ada") } else { (&BOB, "Bob") };
        let open = format!("begin; set local app.org_id = '{}'", org.id);
        let mut tx = app.begin_with(AssertSqlSafe(open)).await.unwrap();
        let seen: Vec<String> = sqlx::query_scalar("select name from app.agents where id = $1")
            .bind(uuid::uuid!("00000000-0000-7000-8000-00000000ca02"))
            .fetch_all(&mut *tx)
            .await
            .unwrap();
        assert_eq!(seen, [name], "turn {turn}");
        tx.commit().await.unwrap();
    }
    let kept: i64 = sqlx::query_scalar(
        "select generic_plans + custom_plans from pg_prepared_statements where statement like 'select name%'",
    )
    .fetch_one(&mut app)
    .await
    .unwrap();
    assert_eq!(kept, 10_000, "it was one statement all along");
}

/// Used by `denied`, too: a connection that is inside Ada's organization for good.
async fn inside_ada(connection: &mut PgConnection) {
    sqlx::raw_sql("set app.org_id = 'org_ada'")
        .execute(connection)
        .await
        .unwrap();
}
