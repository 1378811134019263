//! Each database there, phase by phase, and back, with everything where it was.

use warden::{plan::Kind, run::Target, steps::Phase, verify::verify};

use crate::{
    database::{Subject, same},
    planned::quarantine,
};

async fn there_and_back(name: &str) {
    let subject = Subject::new(name).await;
    let (rows, schema) = (subject.rows().await, subject.schema().await);
    let mut schemas = Vec::new();
    for phase in [
        Phase::Add,
        Phase::Backfill,
        Phase::Constrain,
        Phase::Claims,
        Phase::Seal,
    ] {
        subject
            .phase(phase)
            .await
            .unwrap_or_else(|error| panic!("{phase}: {error}"));
        schemas.push((phase, subject.schema().await));
    }
    belongs(&subject).await;
    clean(&subject).await;
    // Carried out again it changes nothing.
    let sealed = subject.rows().await;
    for phase in [Phase::Add, Phase::Backfill, Phase::Constrain, Phase::Seal] {
        subject
            .phase(phase)
            .await
            .unwrap_or_else(|error| panic!("{phase} again: {error}"));
    }
    assert_eq!(subject.rows().await, sealed);
    same(&schemas.last().unwrap().1, &subject.schema().await);

    for (phase, after) in schemas.iter().rev().skip(1) {
        subject.back(Target::After(*phase)).await;
        same(after, &subject.schema().await);
    }
    subject.back(Target::Start).await;
    same(&schema, &subject.schema().await);
    assert_eq!(subject.rows().await, rows);

    // And there once more, as if nothing had been.
    subject.through(Phase::Seal).await;
    assert_eq!(subject.rows().await, sealed);
    clean(&subject).await;
}

/// Every row is where its maker says it belongs, and nowhere by a guess.
pub async fn belongs(subject: &Subject) {
    let mut connection = subject.database.connect().await;
    let key = quarantine(subject.fixture).key;
    let mut judged = 0;
    for truth in subject.fixture.truths {
        let planned = subject.frozen.plan.table(&truth.table.parse().unwrap()).unwrap();
        if planned.kind != Kind::Owned {
            continue;
        }
        let column = format!("nullif({}::text, '{key}')", subject.frozen.plan.column(planned));
        let verdict = subject.fixture.judge(truth, &column, &mut connection).await.unwrap();
        assert_eq!(verdict.rows, verdict.right, "{}: {verdict:?}", truth.table);
        assert!(verdict.rows > 0, "{}", truth.table);
        judged += 1;
    }
    assert!(judged >= 9, "{judged}");
}

/// The database is as the plan says, and every table was looked at.
pub async fn clean(subject: &Subject) {
    let mut session = subject.session().await;
    let report = verify(&mut session, &subject.frozen, &Default::default())
        .await
        .unwrap();
    assert!(report.clean, "{report}");
    let rows = report
        .outcomes
        .iter()
        .filter(|outcome| outcome.group == "rows" && outcome.id != "quarantine");
    assert!(
        rows.clone().count() >= 9 && rows.clone().all(|outcome| outcome.examined > 0),
        "{report}"
    );
    session.close().await.unwrap();
}

#[tokio::test]
async fn notes() {
    there_and_back("notes").await;
}

#[tokio::test]
async fn shop() {
    there_and_back("shop").await;
}

#[tokio::test]
async fn crm() {
    there_and_back("crm").await;
}

#[tokio::test]
async fn older() {
    there_and_back("older").await;
}
