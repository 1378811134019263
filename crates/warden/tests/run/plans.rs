//! Plans that are refused, or take over from another, and rows that no plan speaks of.

use sqlx::Executor;
use warden::{
    catalog::Catalog,
    error::WardenError,
    journal,
    name::Name,
    plan::{self, Claims, ClaimsProvider, Conflict, End, Frozen, Kind, Missing, Path, Plan, Signer, TablePlan, flaws},
    run::{self, Event, Options},
    steps::Phase,
};

use crate::{database::Subject, planned::plan as planned};

#[tokio::test]
async fn a_plan_that_somebody_has_changed_is_not_carried_out() {
    let subject = Subject::new("notes").await;
    let mut session = subject.session().await;
    assert!(journal::frozen(&mut session.connection, None).await.is_ok());
    let other = std::env::temp_dir().join(format!("{}.other.key", subject.database.name));
    let stranger = Signer::load(&other).unwrap();
    let refused = journal::frozen(&mut session.connection, Some(&stranger))
        .await
        .unwrap_err();
    assert!(matches!(refused, WardenError::Unsigned(_)), "{refused}");
    session
        .connection
        .execute("update warden.plan set body = replace(body, 'quarantine', 'first')")
        .await
        .unwrap();
    let refused = journal::frozen(&mut session.connection, None).await.unwrap_err();
    assert!(matches!(refused, WardenError::Unsigned(_)), "{refused}");
    std::fs::remove_file(other).unwrap();
    session.close().await.unwrap();
}

#[tokio::test]
async fn another_plan_takes_over_only_what_it_would_have_done_itself() {
    let subject = Subject::new("notes").await;
    subject.phase(Phase::Add).await.unwrap();
    let mut session = subject.session().await;
    let catalog = Catalog::read(&mut session.connection).await.unwrap();
    let other = Frozen::new(planned(subject.fixture, &subject.frozen.catalog), catalog);
    let signer = Signer::load(&subject.key).unwrap();
    let refused = journal::keep(&mut session.connection, &other, &signer)
        .await
        .unwrap_err();
    assert!(matches!(refused, WardenError::Begun(_)), "{refused}");
    // Another rule for rows would have made other triggers.
    let mut rule = subject.frozen.plan.clone();
    first(&mut rule).on_missing = Missing::Refuse;
    let rule = Frozen::new(rule, subject.frozen.catalog.clone());
    let refused = journal::keep(&mut session.connection, &rule, &signer)
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, WardenError::Begun(step) if step.starts_with("add ")),
        "{refused}"
    );
    // What comes later may be decided anew, and nothing is done again.
    let mut later = subject.frozen.plan.clone();
    later.seal.setting = "app.tenant".to_owned();
    let later = Frozen::new(later, subject.frozen.catalog.clone());
    journal::keep(&mut session.connection, &later, &signer).await.unwrap();
    let kept = journal::frozen(&mut session.connection, None).await.unwrap();
    assert_eq!((kept.id.as_str(), &kept.plan), (later.id.as_str(), &later.plan));
    let skipped = std::sync::atomic::AtomicUsize::new(0);
    let count = |event: &Event| {
        if let Event::Step { skipped: done, .. } = event {
            assert!(*done, "{event:?}");
            skipped.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    };
    run::phase(&mut session, &kept, Phase::Add, &Options::default(), &count)
        .await
        .unwrap();
    assert!(skipped.into_inner() > 0);
    session.close().await.unwrap();
}

#[tokio::test]
async fn without_a_plan_nothing_is_done() {
    let subject = Subject::new("notes").await;
    let mut session = subject.session().await;
    session.connection.execute("drop schema warden cascade").await.unwrap();
    let refused = journal::frozen(&mut session.connection, None).await.unwrap_err();
    assert!(matches!(refused, WardenError::NotFrozen), "{refused}");
    session.close().await.unwrap();
}

/// Keys that would not hold are found before anything is built on them.
#[tokio::test]
async fn rows_that_cross_are_said_before_keys_are_changed() {
    let subject = Subject::planned("notes", |plan| {
        for table in &mut plan.tables {
            table.loose.clear();
            table.on_conflict = Conflict::First;
        }
    })
    .await;
    subject.phase(Phase::Add).await.unwrap();
    subject.phase(Phase::Backfill).await.unwrap();
    let schema = subject.schema().await;
    let refused = subject.phase(Phase::Constrain).await.unwrap_err();
    assert!(
        matches!(&refused, WardenError::Crossing(lines) if !lines.is_empty()),
        "{refused}"
    );
    assert_eq!(subject.schema().await, schema);
}

/// Rows that no rule speaks of are not guessed, and not passed over.
#[tokio::test]
async fn rows_without_an_answer_and_without_a_rule_stop_the_backfill() {
    let subject = Subject::planned("notes", |plan| {
        for table in &mut plan.tables {
            table.on_missing = Missing::Refuse;
        }
    })
    .await;
    subject.phase(Phase::Add).await.unwrap();
    let refused = subject.phase(Phase::Backfill).await.unwrap_err();
    assert!(
        matches!(&refused, WardenError::Left { left, examined, .. } if *left > 0 && examined > left),
        "{refused}"
    );
}

type Edit = fn(&mut Plan);

#[tokio::test]
async fn a_plan_edited_into_nonsense_says_what_is_wrong_with_it() {
    let subject = Subject::new("notes").await;
    let (catalog, good) = (&subject.frozen.catalog, &subject.frozen.plan);
    assert_eq!(flaws(good, catalog), []);
    let edits: &[(&str, Edit)] = &[
        ("knows 1", |plan| plan.version = 2),
        ("and this is", |plan| plan.database = "another".to_owned()),
        ("there is no table", |plan| {
            plan.organization.table = Some(Name::new("public", "nowhere"))
        }),
        ("has no column", |plan| {
            plan.organization.key = Some("nothing".to_owned())
        }),
        ("is not unique", |plan| plan.organization.key = Some("name".to_owned())),
        ("organization.type", |plan| {
            plan.organization.r#type = "bigint".to_owned()
        }),
        ("both a table and a key", |plan| plan.organization.key = None),
        ("rules of tables use it", |plan| plan.organization.quarantine = None),
        ("users.type", |plan| plan.users.r#type = "text".to_owned()),
        ("stands in the plan twice", |plan| {
            plan.tables.push(plan.tables[0].clone())
        }),
        ("is not in the plan", |plan| drop(plan.tables.pop())),
        ("is it owned, global or excluded", |plan| {
            plan.tables[0].kind = Kind::Undecided
        }),
        ("paths disagree", |plan| {
            plan.tables[0].on_conflict = Conflict::Undecided
        }),
        ("lead nowhere", |plan| plan.tables[0].on_missing = Missing::Undecided),
        ("needs a dot", |plan| plan.seal.setting = "org_id".to_owned()),
        ("needs a name of its own", |plan| plan.seal.schema = "warden".to_owned()),
        ("there is no role", |plan| {
            plan.seal.roles.push("nobody_at_all".to_owned())
        }),
        ("does not bind", |plan| plan.seal.roles.push("postgres".to_owned())),
        ("has no column", |plan| {
            first(plan).paths[0].columns[0] = "nothing".to_owned()
        }),
        ("as many columns", |plan| {
            first(plan).paths[0].columns.push("id".to_owned())
        }),
        ("is not owned, so it leads nowhere", |plan| {
            let parent = plan
                .owned()
                .flat_map(|table| &table.paths)
                .find(|path| plan.end(path) == End::Parent)
                .unwrap()
                .to
                .clone();
            plan.tables.iter_mut().find(|table| table.name == parent).unwrap().kind = Kind::Excluded;
        }),
        ("ends at a user or an organization", |plan| {
            let name = first(plan).name.clone();
            first(plan).paths = vec![Path {
                columns: vec!["id".to_owned()],
                to: name,
                references: vec!["id".to_owned()],
                when: None,
                unless: Vec::new(),
            }];
        }),
        ("no foreign key", |plan| first(plan).loose.push("nothing".to_owned())),
        ("no unique key", |plan| {
            first(plan).global_uniques.push("nothing".to_owned())
        }),
        ("both kept and dropped", |plan| {
            first(plan).keep_columns.push("id".to_owned());
            first(plan).drop_columns.push("id".to_owned());
        }),
        ("part of the primary key", |plan| {
            notes(plan).drop_columns.push("id".to_owned());
        }),
        ("refers to it", |plan| {
            notes(plan).drop_columns.push("id".to_owned());
        }),
        ("name it under loose", |plan| {
            let table = plan
                .tables
                .iter_mut()
                .find(|table| !table.loose.is_empty() && table.paths.len() > 1);
            table.unwrap().loose.clear();
        }),
        ("claims.subject", |plan| {
            plan.claims = claims(
                "nothing",
                ClaimsProvider::Clerk {
                    url: "https://api.clerk.com".to_owned(),
                },
            )
        }),
        ("must begin with https", |plan| {
            plan.claims = claims(
                "id",
                ClaimsProvider::Supabase {
                    url: "http://elsewhere.example".to_owned(),
                },
            )
        }),
        ("is no name of a function", |plan| {
            plan.claims = claims(
                "id",
                ClaimsProvider::Hook {
                    function: "drop table; --".to_owned(),
                },
            )
        }),
    ];
    for (says, edit) in edits {
        let mut bad = good.clone();
        edit(&mut bad);
        let found = flaws(&bad, catalog);
        assert!(
            found.iter().any(|flaw| flaw.to_string().contains(says)),
            "{says}: {found:?}"
        );
    }
    assert!(plan::read("version = 1\nnonsense = true").is_err());
}

fn claims(subject: &str, provider: ClaimsProvider) -> Option<Claims> {
    Some(Claims {
        provider,
        subject: subject.to_owned(),
    })
}

fn first(plan: &mut Plan) -> &mut TablePlan {
    plan.tables
        .iter_mut()
        .find(|table| table.kind == Kind::Owned && !table.paths.is_empty())
        .unwrap()
}

fn notes(plan: &mut Plan) -> &mut TablePlan {
    plan.tables
        .iter_mut()
        .find(|table| table.name.table == "notes")
        .unwrap()
}
