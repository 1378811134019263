//! Rights that a program has through others: a group it is in, or everybody.

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use warden::{error::code, plan::Kind, run::Target, steps::Phase, verify::verify};

use crate::database::{Database, Subject, same};

/// A login without any right of its own.
struct Member {
    login: String,
    group: String,
}

impl Member {
    async fn of(database: &Database) -> Self {
        let tail = &database.name[5..20];
        let (login, group) = (format!("member_{tail}"), format!("group_{tail}"));
        let mut admin = database.connect().await;
        let made = format!(
            "create role {group}; create role {login} login in role {group}; grant usage on schema public to {group};
             grant select, insert, update, delete, truncate on all tables in schema public to {group};
             grant usage on all sequences in schema public to {group};
             grant update, truncate on public.stores, public.orders, public.orders_2024 to public"
        );
        sqlx::raw_sql(AssertSqlSafe(made)).execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
        Self { login, group }
    }

    async fn gone(self, database: &Database) {
        let mut admin = database.connect().await;
        let away = format!(
            "drop owned by {0}, {1}; drop role {0}; drop role {1}",
            self.login, self.group
        );
        sqlx::raw_sql(AssertSqlSafe(away)).execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
    }
}

#[tokio::test]
async fn what_a_program_may_do_through_others_is_taken_and_given_back() {
    let (database, fixture) = Database::of("shop").await;
    let member = Member::of(&database).await;
    let subject = Subject::decided(database, fixture, |plan| plan.seal.roles = vec![member.login.clone()]).await;
    let before = subject.schema().await;
    subject.through(Phase::Claims).await;
    let unsealed = subject.schema().await;
    subject.phase(Phase::Seal).await.unwrap();
    let mut session = subject.session().await;
    let report = verify(&mut session, &subject.frozen, &Default::default())
        .await
        .unwrap();
    session.close().await.unwrap();
    assert!(report.clean, "{report}");
    let probe = report
        .outcomes
        .iter()
        .find(|outcome| outcome.id.starts_with("probe "))
        .unwrap();
    assert!(probe.examined > 20, "{probe:?}");

    let mut program = subject
        .database
        .login
        .clone()
        .username(&member.login)
        .connect()
        .await
        .unwrap();
    let mut tried = 0;
    let mut tables: Vec<String> = Vec::new();
    for planned in subject
        .frozen
        .plan
        .tables
        .iter()
        .filter(|table| table.kind == Kind::Owned)
    {
        tables.push(planned.name.sql());
        tables.extend(
            subject
                .frozen
                .catalog
                .leaves(&planned.name)
                .iter()
                .map(|leaf| leaf.name.sql()),
        );
    }
    for table in tables {
        let own = "org_id";
        for forbidden in [
            format!("truncate {table} cascade"),
            format!("update {table} set {own} = {own}"),
        ] {
            let refused = program.execute(AssertSqlSafe(forbidden.clone())).await.unwrap_err();
            // No right, or no such column: the table names its organization otherwise.
            assert!(
                matches!(code(&refused).as_deref(), Some("42501" | "42703")),
                "{forbidden}: {refused}"
            );
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
    // Everything else goes on.
    program
        .execute("begin; set local app.org_id = '1'; update public.products set title = title; commit")
        .await
        .unwrap();
    program.close().await.unwrap();

    subject.back(Target::After(Phase::Claims)).await;
    same(&unsealed, &subject.schema().await);
    subject.back(Target::Start).await;
    same(&before, &subject.schema().await);
    member.gone(&subject.database).await;
}
