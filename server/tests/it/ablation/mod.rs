//! Ablation: organizations are kept apart twice, so each layer is taken away in turn and the other has to hold.
//!
//! Row security is switched off in the test's database. The program's filters are taken out of its statements on their
//! way to Postgres (`proxy.rs`), so that the program itself stays as it ships. With either layer gone the replay finds
//! nothing; with both gone it has to find what crosses, or it could not have found anything before.

mod proxy;
mod weaken;

pub use weaken::{Filters, count};

use std::collections::BTreeSet;

use switchboard::{
    db::{Logins, testing},
    resource::{Action, Kind},
};

use self::proxy::{Passed, Proxy};
use crate::{
    questions::{self, Belongings, Needs, Question},
    replay::{Breach, Crossing, assert_none, list, replay},
    support::{Answer, World},
};

/// What is left of the two layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    Both,
    Filters,
    RowSecurity,
    Nothing,
}

struct Outcome {
    breaches: Vec<Breach>,
    /// Of the proxy, where there was one.
    passed: Option<Passed>,
    tables: Vec<String>,
}

/// A process of the same installation of which only a part is left.
pub struct Weakened {
    pub world: World,
    proxy: Option<Proxy>,
}

impl Weakened {
    pub async fn of(world: &World, left: Left) -> Self {
        if matches!(left, Left::Filters | Left::Nothing) {
            disable_row_security(world).await;
        }
        if matches!(left, Left::Filters | Left::Both) {
            return Self {
                world: world.beside(&world.db.logins).await,
                proxy: None,
            };
        }
        Self::without(world, Filters::All).await
    }

    /// Row security does not help here, and these filters are missing.
    pub async fn forgetting(world: &World, filters: Filters) -> Self {
        disable_row_security(world).await;
        Self::without(world, filters).await
    }

    async fn without(world: &World, filters: Filters) -> Self {
        let logins = world.db.logins.clone();
        let cluster = testing::cluster().await;
        let proxy = Proxy::start(cluster.socket(), cluster.port(), filters).await;
        // The third login sees nothing of schema app.
        let weak = Logins {
            app: logins.app.socket(proxy.socket()),
            worker: logins.worker.socket(proxy.socket()),
            ..logins
        };
        Self {
            world: world.beside(&weak).await,
            proxy: Some(proxy),
        }
    }

    /// The statements that lost a filter on their way.
    pub fn weakened(&self) -> BTreeSet<String> {
        self.proxy
            .as_ref()
            .map(|proxy| proxy.passed().weakened)
            .unwrap_or_default()
    }
}

/// One organization asks for everything of another, and for everything of its own, through a process of which only this
/// is left. Both organizations and what they have are made through a whole one.
async fn replay_with(left: Left) -> Outcome {
    let world = World::new().await;
    let (ours, theirs) = (world.org("Canary").await, world.org("Other").await);
    let visitor = world.visitor(&theirs).await;
    let Weakened { world: weak, proxy } = Weakened::of(&world, left).await;

    let own = Belongings::of(&world, &theirs).await;
    for question in questions::of_organizations() {
        if let Needs::Permission(Action::Read, _) = question.needs
            && !question.changes_the_visitor()
        {
            let answer = question.ask(&weak, &visitor, &own).await;
            assert!(found(&answer), "{question}: {} {}", answer.status, answer.text());
        }
    }
    Outcome {
        breaches: replay(&weak, &world, &ours, &visitor, &questions::guarded()).await,
        passed: proxy.map(|proxy| proxy.passed()),
        tables: tables(&world).await,
    }
}

/// The provider may have no sound for a call that still rings, which is more than not knowing the call.
fn found(answer: &Answer) -> bool {
    answer.status.is_success() || answer.error() == "provider_failed"
}

async fn disable_row_security(world: &World) {
    for table in tables(world).await {
        let statement = format!("alter table {table} disable row level security");
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&world.db.admin)
            .await
            .unwrap();
    }
}

/// Those that have row security.
async fn tables(world: &World) -> Vec<String> {
    sqlx::query_scalar(
        "select 'app.' || c.relname from pg_class c
         where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') order by 1",
    )
    .fetch_all(&world.db.admin)
    .await
    .unwrap()
}

#[tokio::test]
async fn with_both_layers_nothing_crosses() {
    let outcome = replay_with(Left::Both).await;
    assert_none(&outcome.breaches);
}

#[tokio::test]
async fn without_row_security_the_programs_filters_keep_organizations_apart() {
    let outcome = replay_with(Left::Filters).await;
    assert_none(&outcome.breaches);
}

#[tokio::test]
async fn without_the_programs_filters_row_security_keeps_organizations_apart() {
    let outcome = replay_with(Left::RowSecurity).await;
    assert_none(&outcome.breaches);
    everything_was_weakened(&outcome);
}

/// Otherwise the proxy would prove nothing: statements on every table have lost their filter, and none has kept it.
fn everything_was_weakened(outcome: &Outcome) {
    let passed = outcome.passed.as_ref().expect("there was a proxy");
    let used = |statement: &str| {
        let on = |table: &&String| {
            statement.match_indices(table.as_str()).any(|(at, table)| {
                !statement[at + table.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            })
        };
        outcome.tables.iter().filter(on).cloned().collect::<Vec<_>>()
    };
    let mut weakened: Vec<_> = passed.weakened.iter().flat_map(|statement| used(statement)).collect();
    weakened.sort();
    weakened.dedup();
    let mut expected = outcome.tables.clone();
    // Nothing that is asked reads the ledger, the files of sources or, without words to look for, what was said; the worker does.
    let unasked = ["app.credit_transactions", "app.knowledge_files", "app.call_words"];
    expected.retain(|table| !unasked.contains(&table.as_str()));
    assert_eq!(weakened, expected, "{passed:#?}");
    for statement in &passed.unchanged {
        let tables = used(statement);
        let only_adds = statement.starts_with("insert into") && tables.len() == 1;
        assert!(tables.is_empty() || only_adds, "nothing was taken out of: {statement}");
    }
}

/// Each question that names a thing, and each that lists them, has to be noticed by itself. Members and invitations are
/// not among the tables; functions of Postgres answer for them, which know one organization only.
#[tokio::test]
async fn without_either_everything_crosses_and_the_replay_says_so() {
    let outcome = replay_with(Left::Nothing).await;
    let all = list(&outcome.breaches);
    let unknown = Belongings::default();
    let crossed = |question: &Question, crossing| outcome.breaches.iter().any(|breach| breach.is(question, crossing));
    let mut noticed = BTreeSet::new();
    for question in questions::of_organizations() {
        let Needs::Permission(action, kind) = question.needs else {
            continue;
        };
        let by_name = question.names(&unknown, &unknown.unknown_ids());
        let expected = match (action, by_name) {
            (_, true) => Crossing::Tells,
            (Action::Read, false) => Crossing::Shows,
            // What is made anew belongs to whoever asks.
            (_, false) => continue,
        };
        // Tags, people and dispositions have no ids of their own here, and templates are everybody's.
        let told = question.to_string();
        let nameless = ["/call_facets", "/calls/dispositions", "/call_dispositions"];
        if nameless.iter().any(|path| told.ends_with(path))
            || told.contains("/agents/templates")
            || told.contains("agent_template")
        {
            continue;
        }
        if matches!(
            kind,
            Kind::Agent | Kind::Call | Kind::ApiKey | Kind::Audit | Kind::Report
        ) {
            assert!(crossed(&question, expected), "{question} went unnoticed:\n{all}");
        }
        for crossing in [Crossing::Shows, Crossing::Changes, Crossing::Removes] {
            if by_name && crossed(&question, crossing) {
                noticed.insert((question.is_function(), action.word(), crossing));
            }
        }
    }
    for is_function in [false, true] {
        for (action, crossing) in [
            (Action::Read, Crossing::Shows),
            (Action::Update, Crossing::Changes),
            (Action::Delete, Crossing::Removes),
        ] {
            let kind = (is_function, action.word(), crossing);
            assert!(noticed.contains(&kind), "{kind:?} went unnoticed:\n{all}");
        }
    }
}
