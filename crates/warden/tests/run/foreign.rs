//! A database nobody made for the warden, and a person who takes the command to it.

use sqlx::{AssertSqlSafe, Connection};
use warden::{
    name::Name,
    plan::{self, Kind, Missing, Path, Plan, Quarantine, TablePlan},
};
use warden_fixture::{checksum, dump};

use crate::{
    by_hand::{Desk, told},
    database::{Database, ask, let_in},
};

/// People in two organizations; nobody else has tables yet.
pub const GROUND: &str = "
    create table organizations (id int primary key, name text not null, code text unique);
    create table users (id int primary key, email text not null unique);
    create table memberships (user_id int not null references users on delete cascade,
      organization_id int not null references organizations on delete cascade, primary key (user_id, organization_id));
    insert into organizations values (1, 'a', 'A'), (2, 'b', 'B');
    insert into users select n, n || '@example.com' from generate_series(1, 4) n;
    insert into memberships values (1, 1), (2, 1), (3, 2), (4, 2);";

pub struct Foreign {
    pub database: Database,
    pub desk: Desk,
}

impl Foreign {
    /// With `tables` beside the people.
    pub async fn new(tables: &str) -> Self {
        Self::bare(&format!("{GROUND}{tables}")).await
    }

    pub async fn bare(schema: &str) -> Self {
        let database = Database::empty().await;
        let mut connection = database.connect().await;
        let made = sqlx::raw_sql(AssertSqlSafe(format!("{schema}; analyze")))
            .execute(&mut connection)
            .await;
        made.unwrap_or_else(|error| panic!("{schema}: {error}"));
        connection.close().await.unwrap();
        let_in(&database).await;
        let desk = Desk::new(&database);
        Self { database, desk }
    }

    /// What `plan` ends with and says of what `discover` drafts and `decide` changes.
    pub fn plan(&self, flags: &[&str], decide: impl FnOnce(&mut Plan)) -> (Option<i32>, String) {
        self.desk.well(&[&["discover", "--out", "plan.toml"], flags].concat());
        let file = self.desk.file("plan.toml");
        let mut plan = plan::read(&std::fs::read_to_string(&file).unwrap()).unwrap();
        decide(&mut plan);
        std::fs::write(&file, plan::write(&plan)).unwrap();
        let output = self.desk.run(&["plan", "plan.toml"]);
        (output.status.code(), told(&output))
    }

    /// What a plan is refused with; nothing is left of the try.
    pub async fn refused(&self, decide: impl FnOnce(&mut Plan)) -> String {
        let before = self.state().await;
        let (code, told) = self.plan(&[], decide);
        assert_eq!(code, Some(2), "{told}");
        assert_eq!(before, self.state().await);
        let mut connection = self.database.connect().await;
        assert!(!ask::<bool>(&mut connection, "select to_regnamespace('warden') is not null").await);
        connection.close().await.unwrap();
        told
    }

    pub fn accepted(&self, decide: impl FnOnce(&mut Plan)) {
        let (code, told) = self.plan(&[], decide);
        assert_eq!(code, Some(0), "{told}");
    }

    /// Every phase, by its command.
    pub fn well(&self, phases: &[&str]) {
        for phase in phases {
            self.desk.well(&[phase]);
        }
    }

    /// The schema and the rows, without what is the warden's.
    pub async fn state(&self) -> (String, Vec<String>) {
        let schema = dump::schema(&self.database.login, &["warden"]).await.unwrap();
        let except = checksum::Except {
            schemas: &["warden"],
            ..Default::default()
        };
        let mut connection = self.database.connect().await;
        let sums = checksum::database(&mut connection, except).await.unwrap();
        connection.close().await.unwrap();
        (schema, sums.into_iter().map(|sum| format!("{sum:?}")).collect())
    }

    pub async fn execute(&self, statements: &str) -> sqlx::Result<()> {
        let mut connection = self.database.connect().await;
        let done = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
            .execute(&mut connection)
            .await;
        connection.close().await.unwrap();
        done.map(drop)
    }

    pub async fn ask<T>(&self, question: &str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        let mut connection = self.database.connect().await;
        let answer = ask(&mut connection, question).await;
        connection.close().await.unwrap();
        answer
    }
}

/// One table of a plan.
pub fn table<'a>(plan: &'a mut Plan, name: &str) -> &'a mut TablePlan {
    let name: Name = name.parse().unwrap();
    plan.tables.iter_mut().find(|table| table.name == name).unwrap()
}

/// Rows without an answer go to quarantine, wherever that was asked.
pub fn quarantined(plan: &mut Plan) {
    for table in &mut plan.tables {
        if table.on_missing == Missing::Undecided {
            table.on_missing = Missing::Quarantine;
        }
        if table.kind == Kind::Undecided {
            table.kind = Kind::Excluded;
        }
    }
    plan.organization.quarantine = Some(Quarantine {
        key: "99".to_owned(),
        insert: [("name".to_owned(), "quarantine".to_owned())].into(),
    });
}

/// A column of the warden's own, beside the one that the application has.
pub fn beside(plan: &mut Plan, name: &str) {
    let organizations = plan.organization.table.clone().unwrap();
    let table = table(plan, name);
    let column = table.column.take().unwrap();
    let path = Path {
        columns: vec![column],
        to: organizations,
        references: vec!["id".to_owned()],
        when: None,
        unless: Vec::new(),
    };
    table.paths.insert(0, path);
}
