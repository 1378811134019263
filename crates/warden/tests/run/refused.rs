//! What is refused, with the reason and the way on, and nothing half-done.

use sqlx::{AssertSqlSafe, Connection, Executor};
use warden::{
    error::WardenError,
    run::{self, Options},
    session::Session,
    steps::Phase,
};

use crate::{
    database::{APP, Subject, quiet},
    there_and_back::belongs,
};

#[tokio::test]
async fn a_second_warden_is_told_who_the_first_is() {
    let subject = Subject::new("notes").await;
    let first = subject.session().await;
    let mut second = Session::open(&subject.database.login).await.unwrap();
    let refused = second.lock_exclusively().await.unwrap_err();
    assert!(
        matches!(&refused, WardenError::Busy(who) if who.contains("pid")),
        "{refused}"
    );
    assert_eq!(refused.code(), 3);
    first.close().await.unwrap();
    // The lock goes with its holder, as soon as the server has noticed.
    while let Err(error) = second.lock_exclusively().await {
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
        .check_preconditions(&subject.frozen.plan, &subject.frozen.catalog)
        .await
        .unwrap_err();
    let says = |line: &String| line.contains("orders") && line.contains("only its owner");
    assert!(
        matches!(&refused, WardenError::Rights { missing, .. } if missing.iter().any(says)),
        "{refused}"
    );
    session.close().await.unwrap();
}
