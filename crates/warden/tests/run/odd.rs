//! What databases have that nobody thinks of: each case a few tables, planned by what *discover* drafts.

use std::sync::Mutex;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use warden::{
    catalog::Catalog,
    discover::{Hints, discover},
    error::{WardenError, code},
    journal,
    plan::{self, Frozen, Plan, Signer},
    run::{self, Event, Options, Target},
    session::Session,
    steps::Phase,
    verify::verify,
};
use warden_fixture::dump;

use crate::database::{Database, ask, let_in, quiet, runtime, same, until};

/// People of three organizations.
const GROUND: &str = "
    create table orgs (id bigint primary key, name text not null);
    create table users (id bigint primary key, org_id bigint not null references orgs, email text not null);
    insert into orgs select n, 'Organization ' || n from generate_series(1, 3) n;
    insert into users select n, 1 + n % 3, n || '@example.com' from generate_series(1, 30) n;";

struct Odd {
    database: Database,
    frozen: Frozen,
}

impl Odd {
    async fn new(tables: &str) -> Self {
        Self::planned(tables, |_| ()).await
    }

    async fn planned(tables: &str, change: impl FnOnce(&mut Plan)) -> Self {
        let database = made(tables).await;
        let mut session = Session::open(&database.login).await.unwrap();
        let (mut plan, catalog) = drafted(&mut session).await;
        change(&mut plan);
        assert_eq!(plan::flaws(&plan, &catalog), []);
        let frozen = Frozen::new(plan, catalog);
        let key = std::env::temp_dir().join(format!("{}.key", database.name));
        journal::open(&mut session.connection).await.unwrap();
        journal::keep(&mut session.connection, &frozen, &Signer::load(&key).unwrap())
            .await
            .unwrap();
        std::fs::remove_file(key).unwrap();
        session.close().await.unwrap();
        Self { database, frozen }
    }

    async fn phase(&self, phase: Phase) -> Result<(), WardenError> {
        let mut session = Session::open(&self.database.login).await.unwrap();
        let ended = run::phase(&mut session, &self.frozen, phase, &Options::default(), &quiet).await;
        session.close().await.unwrap();
        ended
    }

    async fn through(&self, last: Phase) {
        for phase in Phase::ALL.into_iter().take_while(|phase| *phase <= last) {
            self.phase(phase)
                .await
                .unwrap_or_else(|error| panic!("{phase}: {error}"));
        }
    }

    async fn back(&self) {
        let mut session = Session::open(&self.database.login).await.unwrap();
        run::rollback(&mut session, &self.frozen, Target::Start, &Options::default(), &quiet)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        session.close().await.unwrap();
    }

    async fn schema(&self) -> String {
        dump::schema(&self.database.login, &["warden"]).await.unwrap()
    }

    async fn clean(&self) {
        let mut session = Session::open(&self.database.login).await.unwrap();
        let report = verify(&mut session, &self.frozen, &Default::default()).await.unwrap();
        assert!(report.clean, "{report}");
        session.close().await.unwrap();
    }

    async fn connect(&self) -> PgConnection {
        self.database.connect().await
    }
}

async fn made(tables: &str) -> Database {
    let database = Database::empty().await;
    let mut connection = database.connect().await;
    sqlx::raw_sql(AssertSqlSafe(format!("{GROUND}{tables}; analyze")))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let_in(&database).await;
    database
}

async fn drafted(session: &mut Session) -> (Plan, Catalog) {
    let found = discover(&mut session.connection, &Hints::default()).await.unwrap();
    (found.plan, found.catalog)
}

/// What keeps a plan for these tables from being carried out.
async fn refused(tables: &str) -> String {
    let database = made(tables).await;
    let mut session = Session::open(&database.login).await.unwrap();
    let (plan, catalog) = drafted(&mut session).await;
    let flaws = plan::flaws(&plan, &catalog);
    let told = match session.check_preconditions(&plan, &catalog).await {
        Ok(()) => flaws.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        Err(error) => error.to_string(),
    };
    session.close().await.unwrap();
    told
}

/// In SQL a column comes before a parameter of its name.
#[tokio::test]
async fn columns_may_have_any_name() {
    let odd = Odd::new(
        "create table stores (id bigint primary key, user_id bigint not null references users);
         create table products (id bigint primary key, store_id bigint not null references stores, depth numeric, a0 text, answers text);
         create table variants (id bigint primary key, product_id bigint not null references products, decided text, reason text);
         insert into stores select n, n from generate_series(1, 30) n;
         insert into products select n, n, n from generate_series(1, 30) n;
         insert into variants select n, n from generate_series(1, 30) n",
    )
    .await;
    odd.phase(Phase::Add).await.unwrap();
    let mut program = odd.connect().await;
    // Nothing is filled yet, so it is asked all the way up.
    program.execute("insert into variants values (100, 5)").await.unwrap();
    assert_eq!(
        ask::<i64>(&mut program, "select org_id from variants where id = 100").await,
        1 + 5 % 3
    );
    odd.through(Phase::Seal).await;
    odd.clean().await;
    program.close().await.unwrap();
}

/// However a row is reached, each row above it is asked once.
#[tokio::test]
async fn a_deep_tree_is_climbed_once_for_each_row() {
    let odd = Odd::new(
        "create table folders (id bigint primary key, parent_id bigint references folders, user_id bigint references users);
         insert into folders select n, nullif(n - 1, 0), case when n = 1 then 4 end from generate_series(1, 40) n",
    )
    .await;
    odd.phase(Phase::Add).await.unwrap();
    let mut program = odd.connect().await;
    program
        .execute("set statement_timeout = '20s'; insert into folders values (100, 40, null)")
        .await
        .unwrap();
    assert_eq!(
        ask::<i64>(&mut program, "select org_id from folders where id = 100").await,
        2
    );
    odd.through(Phase::Seal).await;
    odd.clean().await;
    program.close().await.unwrap();
}

/// A row that moves while its children are being filled takes them along, whoever is first.
#[tokio::test]
async fn a_row_that_moves_during_the_backfill_takes_its_children_along() {
    let odd = Odd::new(
        "create table notebooks (id bigint primary key, user_id bigint not null references users);
         create table sections (id bigint primary key, notebook_id bigint not null references notebooks);
         insert into notebooks select n, n from generate_series(1, 30) n;
         insert into sections select n, 1 + n % 30 from generate_series(1, 3000) n",
    )
    .await;
    odd.phase(Phase::Add).await.unwrap();
    let (mut program, mut watcher) = (odd.connect().await, odd.connect().await);
    // Between notebooks, which are filled, and sections, which are not, it waits for the program to begin.
    let (there, mut reached) = tokio::sync::mpsc::unbounded_channel();
    let (go, going) = std::sync::mpsc::channel::<()>();
    let (login, frozen, going) = (odd.database.login.clone(), odd.frozen.clone(), Mutex::new(going));
    let (done, mut filled) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let between = |event: &Event| {
            if let Event::Step { id, .. } = event
                && id.contains("sections")
            {
                there.send(()).unwrap();
                going.lock().unwrap().recv().unwrap();
            }
        };
        let ended = runtime().block_on(async {
            let mut session = Session::open(&login).await?;
            run::phase(&mut session, &frozen, Phase::Backfill, &Options::default(), &between).await?;
            session.close().await
        });
        done.send(ended).unwrap();
    });
    reached.recv().await.unwrap();
    // From organization 2 to organization 3.
    program
        .execute("begin; update notebooks set user_id = 2 where id = 1")
        .await
        .unwrap();
    go.send(()).unwrap();
    let waits =
        "select exists (select from pg_stat_activity where application_name = 'warden' and wait_event_type = 'Lock'
                   and datname = current_database())";
    tokio::select! {
        ended = &mut filled => panic!("it has filled rows of one that moves: {ended:?}"),
        () = until(&mut watcher, waits) => {}
    }
    program.execute("commit").await.unwrap();
    filled.await.unwrap().unwrap();
    let crossing = "select count(*) from sections s join notebooks n on n.id = s.notebook_id where s.org_id is distinct from n.org_id";
    assert_eq!(ask::<i64>(&mut watcher, crossing).await, 0);
    assert_eq!(
        ask::<i64>(
            &mut watcher,
            "select count(*) from sections where notebook_id = 1 and org_id = 3"
        )
        .await,
        100
    );
    odd.through(Phase::Seal).await;
    odd.clean().await;
    program.close().await.unwrap();
    watcher.close().await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_checked_at_the_end_stays_one() {
    let odd = Odd::new(
        "create table lists (id bigint primary key, user_id bigint not null references users);
         create table items (id bigint primary key, list_id bigint not null references lists, position int not null,
                             unique (list_id, position) deferrable);
         insert into lists select n, n from generate_series(1, 30) n;
         insert into items select n, 1 + n % 30, n / 30 from generate_series(1, 300) n",
    )
    .await;
    let mut program = odd.connect().await;
    let shift = "update items set position = position + 1 where list_id = 7";
    for phase in [Phase::Add, Phase::Backfill, Phase::Constrain, Phase::Claims] {
        odd.phase(phase)
            .await
            .unwrap_or_else(|error| panic!("{phase}: {error}"));
        program.execute(shift).await.unwrap();
    }
    odd.through(Phase::Contract).await;
    program.execute(shift).await.unwrap();
    let twice = "update items set position = 5 where list_id = 7";
    assert_eq!(
        code(&program.execute(twice).await.unwrap_err()).as_deref(),
        Some("23505")
    );
    program.close().await.unwrap();
}

#[tokio::test]
async fn names_that_look_alike_are_told_apart() {
    let odd = Odd::new(
        "create schema app; create schema app_user;
         create table account (id bigint primary key, user_id bigint not null unique references users);
         create table account_user (id bigint primary key, owner_id bigint not null references users);
         create table a (id bigint primary key, account_user bigint not null references account (user_id));
         create table b (id bigint primary key, account_user bigint not null references account_user (id));
         create table app.user_events (id bigint primary key, user_id bigint not null references users);
         create table app_user.events (id bigint primary key, author_id bigint not null references users);
         insert into account select n, n from generate_series(1, 30) n;
         insert into account_user select n, 31 - n from generate_series(1, 30) n;
         insert into a select n, n from generate_series(1, 30) n;
         insert into b select n, n from generate_series(1, 30) n;
         insert into app.user_events select n, n from generate_series(1, 30) n;
         insert into app_user.events select n, n from generate_series(1, 30) n",
    )
    .await;
    odd.phase(Phase::Add).await.unwrap();
    let mut program = odd.connect().await;
    sqlx::raw_sql("insert into a values (100, 1); insert into b values (100, 2); insert into app.user_events values (100, 3); insert into app_user.events values (100, 4)")
        .execute(&mut program)
        .await
        .unwrap();
    for (table, user) in [("a", 1), ("b", 29), ("app.user_events", 3), ("app_user.events", 4)] {
        let org: i64 = ask(&mut program, &format!("select org_id from {table} where id = 100")).await;
        assert_eq!(org, 1 + user % 3, "{table}");
    }
    odd.through(Phase::Seal).await;
    odd.clean().await;
    program.close().await.unwrap();
}

#[tokio::test]
async fn what_a_primary_key_has_beside_its_columns_comes_back() {
    let odd = Odd::new(
        "create table notes (id bigint, user_id bigint not null references users, title text, primary key (id) include (title) with (fillfactor = 70));
         create table parts (id bigint primary key, note_id bigint not null references notes);
         insert into notes select n, n, 'x' from generate_series(1, 30) n;
         insert into parts select n, n from generate_series(1, 30) n",
    )
    .await;
    let before = odd.schema().await;
    odd.through(Phase::Seal).await;
    odd.clean().await;
    assert!(odd.schema().await.contains("PRIMARY KEY (org_id, id) INCLUDE (title)"));
    odd.back().await;
    same(&before, &odd.schema().await);
}

/// A reference from outside keeps the key it needs; an index of a column that goes, and of nothing else, goes quietly.
#[tokio::test]
async fn contract_keeps_what_others_stand_on() {
    let odd = Odd::planned(
        "create table stores (id bigint primary key, user_id bigint not null references users, domain text not null unique, old text);
         create table schema_log (id bigint primary key, domain text not null references stores (domain));
         create index stores_old on stores (old);
         create index stores_by_old on stores (old, domain) where old is not null;
         insert into stores select n, n, 'd' || n, 'x' from generate_series(1, 30) n",
        |plan| {
            for table in &mut plan.tables {
                if table.name.table == "stores" {
                    table.drop_columns = vec!["old".to_owned()];
                }
                if table.name.table == "schema_log" {
                    table.kind = plan::Kind::Excluded;
                    table.paths.clear();
                }
            }
        },
    )
    .await;
    odd.through(Phase::Seal).await;
    // Until it is gone, programs may write the column.
    odd.phase(Phase::Contract).await.unwrap();
    odd.clean().await;
    let mut connection = odd.connect().await;
    let catalog = Catalog::read(&mut connection).await.unwrap();
    let stores = catalog.table(&"public.stores".parse().unwrap()).unwrap();
    assert!(stores.column("old").is_none());
    assert!(stores.uniques.iter().any(|unique| unique.name == "stores_domain_key"));
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_column_that_a_key_has_otherwise_than_as_its_own_is_not_dropped() {
    for key in [
        "create unique index k on stores (domain) include (old)",
        "create unique index k on stores (domain) where old is not null",
        "create unique index k on stores (lower(old))",
        "alter table stores add constraint k unique (old) deferrable",
    ] {
        let database = made(&format!(
            "create table stores (id bigint primary key, user_id bigint not null references users, domain text, old text); {key}"
        ))
        .await;
        let mut session = Session::open(&database.login).await.unwrap();
        let (mut plan, catalog) = drafted(&mut session).await;
        assert_eq!(plan::flaws(&plan, &catalog), []);
        let stores = plan.tables.iter_mut().find(|table| table.name.table == "stores");
        stores.unwrap().drop_columns = vec!["old".to_owned()];
        let flaws = plan::flaws(&plan, &catalog);
        assert!(
            matches!(flaws.as_slice(), [one] if one.what.contains("`old` cannot be dropped") && one.what.contains("`k`")),
            "{key}: {flaws:?}"
        );
        session.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_partition_that_comes_or_goes_meanwhile_is_said() {
    let odd = Odd::new(
        "create table events (id bigint, at date not null, user_id bigint not null references users, primary key (id, at)) partition by range (at);
         create table events_1 partition of events for values from ('2026-01-01') to ('2027-01-01');
         insert into events select n, '2026-02-03', n from generate_series(1, 30) n",
    )
    .await;
    odd.phase(Phase::Add).await.unwrap();
    let mut connection = odd.connect().await;
    connection
        .execute("create table events_2 partition of events for values from ('2027-01-01') to ('2028-01-01')")
        .await
        .unwrap();
    let refused = odd.phase(Phase::Backfill).await.unwrap_err();
    assert!(
        matches!(&refused, WardenError::Drifted(lines) if lines.iter().any(|line| line.contains("public.events_2"))),
        "{refused}"
    );
    connection
        .execute("alter table events detach partition events_2")
        .await
        .unwrap();
    let refused = odd.phase(Phase::Backfill).await.unwrap_err();
    assert!(
        matches!(&refused, WardenError::Drifted(_)),
        "a table of its own now: {refused}"
    );
    connection.execute("drop table events_2").await.unwrap();
    odd.through(Phase::Seal).await;
    odd.clean().await;
    connection.close().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_taken_along_is_said_before_anything_is_done() {
    for (tables, says) in [
        (
            "create extension citext; create table people (handle citext primary key, user_id bigint not null references users);
             create table posts (id bigint primary key, author citext not null references people)",
            "whose equality",
        ),
        (
            "create table events (id bigint primary key, user_id bigint not null references users); create table events_2020 () inherits (events)",
            "inherits",
        ),
        (
            "create table notes (id bigint primary key, user_id bigint not null references users);
             alter table notes replica identity using index notes_pkey",
            "replica identity full",
        ),
        (
            "create table notes (id bigint primary key, user_id bigint not null references users, title text);
             create publication p for table notes (id, title)",
            "published with a list of columns",
        ),
        (
            "create table notes (id bigint primary key, user_id bigint not null references users);
             create table parts (id bigint primary key, note_id bigint references notes on update set null)",
            "when a key changes",
        ),
        (
            "create table e (id bigint, at date, k int, user_id bigint not null references users) partition by range (at);
             create table e26 partition of e for values from ('2026-01-01') to ('2027-01-01') partition by list (k);
             create table e26_1 partition of e26 for values in (1)",
            "partitioned themselves",
        ),
        (
            "create extension citext; create table tags (word citext not null unique, user_id bigint not null references users)",
            "whose equality",
        ),
    ] {
        let told = refused(tables).await;
        assert!(told.contains(says), "{says}: {told}");
    }
    // Of such a type, but nothing that rows are found by.
    let told = refused(
        "create extension citext; create table people (id bigint primary key, email citext unique, user_id bigint not null references users)",
    )
    .await;
    assert_eq!(told, "");
    // Organizations known by a domain with rules.
    let database = Database::empty().await;
    let mut connection = database.connect().await;
    sqlx::raw_sql(
        "create domain code as text check (value ~ '^[a-z]+$'); create table orgs (id code primary key, name text not null);
         create table users (id bigint primary key, org_id code not null references orgs, email text not null);
         create table notes (id bigint primary key, user_id bigint not null references users);
         insert into orgs values ('a', 'A'); insert into users values (1, 'a', 'a@example.com')",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    let mut session = Session::open(&database.login).await.unwrap();
    let (plan, catalog) = drafted(&mut session).await;
    let refused = session.check_preconditions(&plan, &catalog).await.unwrap_err();
    assert!(refused.to_string().contains("a domain with rules"), "{refused}");
    // And a schema that is somebody's already.
    let mut taken = plan;
    taken.seal.schema = "public".to_owned();
    let refused = session.check_preconditions(&taken, &catalog).await.unwrap_err();
    assert!(refused.to_string().contains("a schema public already"), "{refused}");
    session.close().await.unwrap();
}
