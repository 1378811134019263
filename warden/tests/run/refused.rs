//! What is refused, with the reason and the way on, and nothing half-done.

use sqlx::{AssertSqlSafe, Connection, Executor};
use warden::{
    catalog::Catalog,
    error::WardenError,
    journal,
    name::Name,
    plan::{self, Claims, ClaimsProvider, Conflict, End, Frozen, Kind, Missing, Path, Plan, Signer, flaws},
    run::{self, Event, Options, Patience},
    session::Session,
    steps::Phase,
};

use crate::{
    database::{APP, Subject, quiet, until},
    planned::plan as planned,
    there_and_back::belongs,
};

#[tokio::test]
async fn a_second_warden_is_told_who_the_first_is() {
    let subject = Subject::new("notes").await;
    let first = subject.session().await;
    let mut second = Session::open(&subject.database.login).await.unwrap();
    let refused = second.alone().await.unwrap_err();
    assert!(
        matches!(&refused, WardenError::Busy(who) if who.contains("pid")),
        "{refused}"
    );
    assert_eq!(refused.code(), 3);
    first.close().await.unwrap();
    // The lock goes with its holder, as soon as the server has noticed.
    while let Err(error) = second.alone().await {
        assert!(matches!(error, WardenError::Busy(_)), "{error}");
    }
    second.close().await.unwrap();
}

#[tokio::test]
async fn phases_come_in_order() {
    let subject = Subject::new("notes").await;
    for (wanted, needs) in [
        (Phase::Backfill, Phase::Add),
        (Phase::Constrain, Phase::Add),
        (Phase::Seal, Phase::Add),
        (Phase::Contract, Phase::Add),
    ] {
        let refused = subject.phase(wanted).await.unwrap_err();
        assert!(
            matches!(refused, WardenError::Order { wanted: w, needs: n } if w == wanted && n == needs),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_database_that_has_changed_since_is_left_alone() {
    let subject = Subject::new("notes").await;
    subject.phase(Phase::Add).await.unwrap();
    let mut connection = subject.database.connect().await;
    for (change, undo, says) in [
        (
            "create table public.late (id int)",
            "drop table public.late",
            "public.late is new",
        ),
        (
            "alter table public.notes add column late int",
            "alter table public.notes drop column late",
            "column late",
        ),
        (
            "alter table public.notes rename column title to heading",
            "alter table public.notes rename column heading to title",
            "column title",
        ),
        (
            "create unique index late on public.notes (id, title)",
            "drop index public.late",
            "unique key late",
        ),
    ] {
        connection.execute(change).await.unwrap();
        let refused = subject.phase(Phase::Backfill).await.unwrap_err();
        assert!(
            matches!(&refused, WardenError::Drifted(lines) if lines.iter().any(|line| line.contains(says))),
            "{change}: {refused}"
        );
        connection.execute(undo).await.unwrap();
    }
    subject.phase(Phase::Backfill).await.unwrap();
    connection.close().await.unwrap();
}

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

/// A role that owns everything and is bound by row security; `gone` takes it away again.
struct Owner<'a> {
    subject: &'a Subject,
    role: String,
}

impl<'a> Owner<'a> {
    async fn of(subject: &'a Subject) -> Self {
        let role = format!("owner_{}", &subject.database.name[5..20]);
        let own = format!(
            "create role {role} login;
             grant create on database {} to {role};
             do $$ declare it record; begin
               for it in select quote_ident(nspname) as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
                 execute format('alter schema %s owner to {role}', it.name);
               end loop;
               for it in select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
                 where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' loop
                 execute format('alter table %s owner to {role}', it.name);
               end loop;
             end $$",
            subject.database.name
        );
        let mut admin = subject.database.connect().await;
        sqlx::raw_sql(AssertSqlSafe(own)).execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
        Self { subject, role }
    }

    async fn phase(&self, phase: Phase) -> Result<(), WardenError> {
        let mut session = Session::open(&self.subject.database.login.clone().username(&self.role))
            .await
            .unwrap();
        let ended = run::phase(&mut session, &self.subject.frozen, phase, &Options::default(), &quiet).await;
        session.close().await.unwrap();
        ended
    }

    /// May keep the application's triggers quiet, as since Postgres 15 can be granted.
    async fn is_granted(&self) {
        let mut admin = self.subject.database.connect().await;
        let grant = format!("grant set on parameter session_replication_role to {}", self.role);
        admin.execute(AssertSqlSafe(grant)).await.unwrap();
        admin.close().await.unwrap();
    }

    async fn gone(self) {
        let mut admin = self.subject.database.connect().await;
        let role = &self.role;
        let away = format!("reassign owned by {role} to current_user; drop owned by {role}; drop role {role}");
        sqlx::raw_sql(AssertSqlSafe(away)).execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
    }
}

#[tokio::test]
async fn an_owner_comes_to_the_same_end_or_is_refused() {
    let (by_owner, by_warden) = (Subject::new("shop").await, Subject::new("shop").await);
    let owner = Owner::of(&by_owner).await;
    // Triggers of the application would run for every row it fills.
    let refused = owner.phase(Phase::Add).await.unwrap_err();
    let says = |line: &String| line.contains("session_replication_role");
    assert!(
        matches!(&refused, WardenError::Rights { missing, .. } if missing.iter().any(says)),
        "{refused}"
    );
    owner.is_granted().await;
    for phase in [Phase::Add, Phase::Backfill, Phase::Constrain] {
        owner
            .phase(phase)
            .await
            .unwrap_or_else(|error| panic!("{phase}: {error}"));
        by_warden
            .phase(phase)
            .await
            .unwrap_or_else(|error| panic!("{phase}: {error}"));
    }
    assert_eq!(by_owner.rows().await, by_warden.rows().await);
    belongs(&by_owner).await;
    // Once it is sealed the owner itself would see nothing.
    let refused = owner.phase(Phase::Seal).await.unwrap_err();
    assert!(matches!(refused, WardenError::Blind { .. }), "{refused}");
    owner.gone().await;
}

/// An owner whom row security binds would fill, check and prove nothing, and call it done.
#[tokio::test]
async fn a_role_that_row_security_blinds_is_refused() {
    let subject = Subject::new("notes").await;
    let owner = Owner::of(&subject).await;
    owner.is_granted().await;
    let mut admin = subject.database.connect().await;
    admin
        .execute("alter table public.notes force row level security")
        .await
        .unwrap();
    let schema = subject.schema().await;
    let refused = owner.phase(Phase::Add).await.unwrap_err();
    assert!(
        matches!(&refused, WardenError::Blind { table, .. } if table == "public.notes"),
        "{refused}"
    );
    assert_eq!(subject.schema().await, schema);
    admin.close().await.unwrap();
    owner.gone().await;
}

#[tokio::test]
async fn a_role_that_owns_nothing_is_told_what_it_lacks() {
    let subject = Subject::new("shop").await;
    let mut session = Session::open(&subject.database.login.clone().username(APP))
        .await
        .unwrap();
    let refused = session
        .fit(&subject.frozen.plan, &subject.frozen.catalog)
        .await
        .unwrap_err();
    let says = |line: &String| line.contains("orders") && line.contains("only its owner");
    assert!(
        matches!(&refused, WardenError::Rights { missing, .. } if missing.iter().any(says)),
        "{refused}"
    );
    session.close().await.unwrap();
}

/// The connection goes in the middle of a batch: what is done is noted, and the next one goes on.
#[tokio::test]
async fn a_connection_that_dies_is_said_and_taken_up_again() {
    let subject = Subject::new("shop").await;
    subject.phase(Phase::Add).await.unwrap();
    let mut session = subject.session().await;
    let pid: i32 = sqlx::query_scalar("select pg_backend_pid()")
        .fetch_one(&mut session.connection)
        .await
        .unwrap();
    let mut admin = subject.database.connect().await;
    sqlx::query("select pg_terminate_backend($1, 5000)")
        .bind(pid)
        .execute(&mut admin)
        .await
        .unwrap();
    admin.close().await.unwrap();
    let refused = run::phase(
        &mut session,
        &subject.frozen,
        Phase::Backfill,
        &Options::default(),
        &quiet,
    )
    .await
    .unwrap_err();
    assert!(matches!(refused, WardenError::Unreachable(_)), "{refused}");
    assert_eq!(refused.code(), 3);
    subject.phase(Phase::Backfill).await.unwrap();
    belongs(&subject).await;
}

/// The disk is full in the middle of a table: the batches before it are kept, and the next run goes on behind them.
#[tokio::test]
async fn a_full_disk_is_said_and_the_work_taken_up_where_it_stopped() {
    let (subject, undisturbed) = (Subject::new("shop").await, Subject::new("shop").await);
    subject.phase(Phase::Add).await.unwrap();
    let mut admin = subject.database.connect().await;
    let full = "create function public.full() returns trigger language plpgsql as $$ begin
          if (select count(*) from warden.batch) >= 20 then
            raise 'could not extend file \"base/1/2\": No space left on device' using errcode = 'disk_full';
          end if;
          return new;
        end $$;
        create trigger full_disk before insert on warden.batch for each row execute function public.full();
        alter table warden.batch enable always trigger full_disk";
    sqlx::raw_sql(full).execute(&mut admin).await.unwrap();
    let refused = subject.phase(Phase::Backfill).await.unwrap_err();
    assert!(
        matches!(&refused, WardenError::Step { reason, .. } if reason.contains("No space left on device")),
        "{refused}"
    );
    assert!(refused.to_string().contains("warden resume"), "{refused}");
    let batches = "select count(*) from warden.batch";
    let kept: i64 = sqlx::query_scalar(batches).fetch_one(&mut admin).await.unwrap();
    assert_eq!(kept, 20);
    let again = subject.phase(Phase::Backfill).await.unwrap_err();
    assert!(matches!(again, WardenError::Step { .. }), "{again}");
    assert_eq!(
        sqlx::query_scalar::<_, i64>(batches)
            .fetch_one(&mut admin)
            .await
            .unwrap(),
        kept
    );
    let room = "drop trigger full_disk on warden.batch; drop function public.full()";
    sqlx::raw_sql(room).execute(&mut admin).await.unwrap();
    admin.close().await.unwrap();
    subject.phase(Phase::Backfill).await.unwrap();
    belongs(&subject).await;
    undisturbed.phase(Phase::Add).await.unwrap();
    undisturbed.phase(Phase::Backfill).await.unwrap();
    assert_eq!(subject.rows().await, undisturbed.rows().await);
}

#[tokio::test]
async fn a_lock_that_does_not_come_is_given_up_and_says_who_has_it() {
    let subject = Subject::new("notes").await;
    let mut reader = subject.database.connect().await;
    reader
        .execute("set application_name = 'reports'; begin; select count(*) from public.notes")
        .await
        .unwrap();
    let options = Options {
        patience: Patience {
            longest_try: std::time::Duration::from_millis(20),
            in_all: std::time::Duration::from_millis(50),
        },
        ..Options::default()
    };
    let mut session = subject.session().await;
    let refused = run::phase(&mut session, &subject.frozen, Phase::Add, &options, &quiet)
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, WardenError::Locked { blockers, .. } if blockers.iter().any(|who| who.contains("reports"))),
        "{refused}"
    );
    reader.execute("rollback").await.unwrap();
    // It goes on from there.
    run::phase(&mut session, &subject.frozen, Phase::Add, &Options::default(), &quiet)
        .await
        .unwrap();
    session.close().await.unwrap();
    reader.close().await.unwrap();
}

/// Behind the lock of a vacuum it waits for longer than any try, and nobody waits behind it.
#[tokio::test]
async fn a_vacuum_is_waited_for_and_keeps_no_program_waiting() {
    let subject = Subject::new("notes").await;
    let mut vacuum = subject.database.connect().await;
    vacuum
        .execute("begin; lock table public.notes in share update exclusive mode")
        .await
        .unwrap();
    let options = Options {
        patience: Patience {
            longest_try: std::time::Duration::from_millis(20),
            in_all: std::time::Duration::ZERO,
        },
        ..Options::default()
    };
    let mut session = subject.session().await;
    let mut program = subject.database.connect().await;
    let mut phase = Box::pin(run::phase(&mut session, &subject.frozen, Phase::Add, &options, &quiet));
    let longer = "select exists (select from pg_locks where not granted and relation = 'public.notes'::regclass
                    and clock_timestamp() - waitstart > interval '200 ms')";
    tokio::select! {
        ended = &mut phase => panic!("it should wait: {ended:?}"),
        () = until(&mut program, longer) => {}
    }
    program
        .execute("set lock_timeout = 1; update public.notes set words = words; delete from public.note_versions where id is null")
        .await
        .unwrap();
    vacuum.execute("rollback").await.unwrap();
    phase.await.unwrap();
    session.close().await.unwrap();
    vacuum.close().await.unwrap();
    program.close().await.unwrap();
}

#[tokio::test]
async fn a_pause_is_kept_and_ended() {
    let subject = Subject::new("notes").await;
    let mut session = subject.session().await;
    journal::pause(&mut session.connection, true).await.unwrap();
    let refused = run::phase(&mut session, &subject.frozen, Phase::Add, &Options::default(), &quiet)
        .await
        .unwrap_err();
    assert!(matches!(refused, WardenError::Paused), "{refused}");
    journal::pause(&mut session.connection, false).await.unwrap();
    run::phase(&mut session, &subject.frozen, Phase::Add, &Options::default(), &quiet)
        .await
        .unwrap();
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
            let notes = plan
                .tables
                .iter_mut()
                .find(|table| table.name.table == "notes")
                .unwrap();
            notes.drop_columns.push("id".to_owned());
        }),
        ("refers to it", |plan| {
            let notes = plan
                .tables
                .iter_mut()
                .find(|table| table.name.table == "notes")
                .unwrap();
            notes.drop_columns.push("id".to_owned());
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

fn first(plan: &mut Plan) -> &mut plan::TablePlan {
    plan.tables
        .iter_mut()
        .find(|table| table.kind == Kind::Owned && !table.paths.is_empty())
        .unwrap()
}
