//! What stops a run, in words, and how it goes on: a connection, a disk, a lock, a vacuum, a pause.

use sqlx::{Connection, Executor};
use warden::{
    error::WardenError,
    journal,
    run::{self, Options, Patience},
    steps::Phase,
};

use crate::{
    database::{Subject, quiet, until},
    there_and_back::belongs,
};

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
