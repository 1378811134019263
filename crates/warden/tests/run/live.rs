//! Old and new programs go on working while their database is taken to organization scope.

use std::collections::BTreeMap;

use warden::steps::Phase;
use warden_fixture::load::Load;

use crate::{
    database::{APP, Subject},
    there_and_back::{belongs, clean},
};

async fn live(name: &str) {
    let subject = Subject::new(name).await;
    let before: BTreeMap<String, i64> = subject
        .rows()
        .await
        .into_iter()
        .map(|(table, sum)| (table, sum.rows))
        .collect();
    let mut load = Load::new(subject.fixture, subject.database.login.clone());
    load.setting = Some("app.org_id".to_owned());
    let running = load.start().await.unwrap();
    subject.through(Phase::Claims).await;
    running.retire_old();
    subject
        .phase(Phase::Seal)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let report = running.stop().await.unwrap();
    assert!(
        report.failures.is_empty(),
        "no statement of any program fails: {:?}",
        report.failures
    );
    let statements: usize = report.phases.iter().map(|(_, figures)| figures.statements).sum();
    assert!(statements > 100, "{statements}");
    let after: BTreeMap<String, i64> = subject
        .rows()
        .await
        .into_iter()
        .map(|(table, sum)| (table, sum.rows))
        .collect();
    for (table, rows) in &before {
        // The quarantine has a row of its own among the organizations.
        let ours = i64::from(
            subject
                .frozen
                .plan
                .organization
                .table
                .as_ref()
                .is_some_and(|name| name.to_string() == *table),
        );
        assert_eq!(rows + report.books.net(table) + ours, after[table], "{table}");
    }
    // Bound by row security, new programs work as before.
    let mut sealed = Load::new(subject.fixture, subject.database.login.clone());
    (sealed.old, sealed.new, sealed.limit) = (0, 2, Some(100));
    sealed.new_at = Some(subject.database.login.clone().username(APP));
    sealed.setting = Some("app.org_id".to_owned());
    let report = sealed.start().await.unwrap().finish().await.unwrap();
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    belongs(&subject).await;
    clean(&subject).await;
}

#[tokio::test]
async fn programs_of_notes_notice_nothing() {
    live("notes").await;
}

#[tokio::test]
async fn programs_of_a_shop_notice_nothing() {
    live("shop").await;
}
