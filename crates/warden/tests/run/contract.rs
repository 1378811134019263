//! The older system's own way: nine tables lose the column that said whose a row is, seven keep it.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Connection, Executor};
use switchboard::report::Outcome;
use warden::{
    catalog::Catalog,
    error::WardenError,
    plan::Plan,
    run::{self, Options, Target},
    steps::Phase,
    verify::verify,
};
use warden_fixture::older::{BILLING, MAIN};

use crate::{
    database::{Subject, quiet, same},
    there_and_back::{belongs, clean},
};

const CLIENT: &str = "client_id";

/// Of the clients themselves it is the key.
fn column(table: &str) -> &'static str {
    if table == "public.clients" { "id" } else { CLIENT }
}

fn decide(plan: &mut Plan) {
    for table in &mut plan.tables {
        let name = table.name.to_string();
        if MAIN.contains(&name.as_str()) {
            table.drop_columns = vec![CLIENT.to_owned()];
        }
        if BILLING.contains(&name.as_str()) {
            table.keep_columns = vec![column(&name).to_owned()];
        }
    }
}

#[tokio::test]
async fn nine_tables_lose_their_clients_and_seven_keep_them() {
    let subject = Subject::planned("older", decide).await;
    subject.through(Phase::Seal).await;
    belongs(&subject).await;
    clean(&subject).await;
    // It says so before anybody has dropped anything, and does not call it a fault.
    let dropped = asked(&subject, "dropped").await;
    assert_eq!((dropped.examined, dropped.violating), (9, 9));
    assert!(dropped.clean());

    // A view still asks for the column: said by name, and nothing is done.
    let (before, whose) = (subject.schema().await, whose(&subject).await);
    let refused = subject.phase(Phase::Contract).await.unwrap_err();
    assert!(
        matches!(&refused, WardenError::Needed(lines)
            if lines.len() == 1 && lines[0].contains("public.calls.client_id") && lines[0].contains("view public.client_usage")),
        "{refused}"
    );
    assert_eq!(refused.code(), 2);
    same(&before, &subject.schema().await);

    let mut connection = subject.database.connect().await;
    let view = "drop view client_usage; create view client_usage as select org_id, count(*) as calls from calls group by org_id";
    sqlx::raw_sql(view).execute(&mut connection).await.unwrap();
    subject
        .phase(Phase::Contract)
        .await
        .unwrap_or_else(|error| panic!("{error}"));

    let mut has: BTreeMap<&str, bool> = BTreeMap::new();
    let catalog = Catalog::read(&mut connection).await.unwrap();
    for table in MAIN.into_iter().chain(BILLING) {
        let found = catalog.table(&table.parse().unwrap()).unwrap();
        has.insert(table, found.column(column(table)).is_some());
    }
    assert!(MAIN.iter().all(|table| !has[table]), "{has:?}");
    assert!(BILLING.iter().all(|table| has[table]), "{has:?}");
    // The list of calls is still found in its order.
    let calls = catalog.table(&"public.calls".parse().unwrap()).unwrap();
    let ordered = |index: &&warden::catalog::Index| index.definition.ends_with("(org_id, created_at DESC)");
    assert!(calls.indexes.iter().any(|index| ordered(&index)), "{:?}", calls.indexes);

    clean(&subject).await;
    let (kept, dropped) = (asked(&subject, "kept").await, asked(&subject, "dropped").await);
    assert_eq!((kept.examined, kept.violating), (7, 0));
    assert_eq!((dropped.examined, dropped.violating), (9, 0));
    assert_eq!(self::whose(&subject).await, whose, "no row has changed hands");

    // Every phase again does nothing, and the way back is closed.
    let after = subject.schema().await;
    for phase in Phase::ALL {
        subject
            .phase(phase)
            .await
            .unwrap_or_else(|error| panic!("{phase} again: {error}"));
    }
    same(&after, &subject.schema().await);
    let mut session = subject.session().await;
    let refused = run::rollback(
        &mut session,
        &subject.frozen,
        Target::Start,
        &Options::default(),
        &quiet,
    )
    .await
    .unwrap_err();
    assert!(matches!(refused, WardenError::OneWay), "{refused}");
    session.close().await.unwrap();
    same(&after, &subject.schema().await);

    // Somebody takes a column away that billing needs: verify says which.
    connection
        .execute("alter table public.api_keys drop column client_id")
        .await
        .unwrap();
    let kept = asked(&subject, "kept").await;
    assert_eq!(kept.violations, ["public.api_keys.client_id is gone"]);
    connection.close().await.unwrap();
}

async fn asked(subject: &Subject, id: &str) -> Outcome {
    let mut session = subject.session().await;
    let report = verify(&mut session, &subject.frozen, &Default::default())
        .await
        .unwrap();
    session.close().await.unwrap();
    report.outcomes.into_iter().find(|outcome| outcome.id == id).unwrap()
}

/// How many rows of each table each organization has.
async fn whose(subject: &Subject) -> BTreeMap<(String, String), i64> {
    let mut connection = subject.database.connect().await;
    let mut all = BTreeMap::new();
    for table in MAIN {
        let counts: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(format!(
            "select org_id::text, count(*) from {table} group by 1"
        )))
        .fetch_all(&mut connection)
        .await
        .unwrap();
        all.extend(counts.into_iter().map(|(org, rows)| ((table.to_owned(), org), rows)));
    }
    assert!(!all.is_empty());
    connection.close().await.unwrap();
    all
}
