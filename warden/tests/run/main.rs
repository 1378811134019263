//! Migrations of databases the warden has never seen, on real Postgres.

mod support;

use support::{Database, frozen, plan};
use warden::{
    catalog::Catalog,
    journal,
    plan::{Kind, Quarantine},
    run::{self, Event, Options, Target},
    session::Session,
    steps::Phase,
};
use warden_fixture::{
    Fixture, Scale,
    checksum::{self, Except},
    dump,
};

#[tokio::test]
async fn notes_there_and_back() {
    let database = Database::new().await;
    let fixture = Fixture::named("notes").unwrap();
    fixture.make(&database.login, Scale::new(2_000)).await.unwrap();
    let schema = dump::schema(&database.login, &["warden"]).await.unwrap();
    let rows = checksum::database(&mut database.connect().await, Except::default())
        .await
        .unwrap();
    let mut session = Session::open(&database.login).await.unwrap();
    session.alone().await.unwrap();
    let catalog = Catalog::read(&mut session.connection).await.unwrap();
    let quarantine = Quarantine {
        key: "00000000-0000-4000-8000-00000000dead".to_owned(),
        insert: [
            ("name".to_owned(), "Quarantine".to_owned()),
            ("slug".to_owned(), "quarantine".to_owned()),
        ]
        .into(),
    };
    let frozen = frozen(plan(fixture, &catalog, quarantine), catalog);
    journal::open(&mut session.connection).await.unwrap();
    let key = std::env::temp_dir().join(format!("warden-{}", frozen.id));
    journal::keep(
        &mut session.connection,
        &frozen,
        &warden::plan::Signer::load(&key).unwrap(),
    )
    .await
    .unwrap();
    let watch = |event: &Event| println!("{}", serde_json::to_string(event).unwrap());
    for phase in [Phase::Add, Phase::Backfill, Phase::Constrain, Phase::Seal] {
        if let Err(error) = run::phase(&mut session, &frozen, phase, &Options::default(), &watch).await {
            panic!("{error}");
        }
    }
    for truth in fixture.truths {
        let planned = frozen.plan.table(&truth.table.parse().unwrap()).unwrap();
        if planned.kind != Kind::Owned {
            continue;
        }
        let column = frozen.plan.column(planned);
        let verdict = fixture
            .judge(
                truth,
                &format!("nullif({column}::text, '00000000-0000-4000-8000-00000000dead')"),
                &mut session.connection,
            )
            .await
            .unwrap();
        assert_eq!(verdict.rows, verdict.right, "{}: {verdict:?}", truth.table);
    }
    if let Err(error) = run::rollback(&mut session, &frozen, Target::Start, &Options::default(), &watch).await {
        panic!("{error}");
    }
    let back = dump::schema(&database.login, &["warden"]).await.unwrap();
    for (a, b) in schema.lines().zip(back.lines()) {
        assert_eq!(a, b);
    }
    assert_eq!(schema, back);
    let again = checksum::database(
        &mut database.connect().await,
        Except {
            schemas: &["warden"],
            ..Except::default()
        },
    )
    .await
    .unwrap();
    assert_eq!(rows, again);
}
