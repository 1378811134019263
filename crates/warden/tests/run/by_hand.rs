//! As a person does it: the program drafts a plan, the person decides what it asks, and the program does the rest.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use sqlx::Connection;
use switchboard::report::Report;
use warden::{
    catalog::Catalog,
    journal,
    plan::{self, Conflict, Kind, Missing, Plan},
};

use crate::{
    database::{APP, Database, Subject, same},
    planned::{plan as decisions, quarantine},
    there_and_back::belongs,
};

/// A folder for one person's files, gone afterwards.
pub struct Desk {
    folder: PathBuf,
    url: String,
}

impl Desk {
    pub fn new(database: &Database) -> Self {
        let folder = std::env::temp_dir().join(format!("warden-{}", database.name));
        fs::create_dir(&folder).unwrap();
        let url = database.url();
        Self { folder, url }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn run(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_warden"))
            .args(words)
            .current_dir(&self.folder)
            .env("WARDEN_TARGET_URL", &self.url)
            .output()
            .unwrap()
    }

    /// Runs a command that has to go well; what it prints.
    pub fn well(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", told(&output));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// What the draft leaves open, as somebody answers it who knows the database. What it has settled stays as it is.
fn decide(file: &Path, answers: &Plan) -> Plan {
    let mut plan = plan::read(&fs::read_to_string(file).unwrap()).unwrap();
    plan.organization
        .quarantine
        .clone_from(&answers.organization.quarantine);
    plan.organization.default.clone_from(&answers.organization.default);
    plan.seal.reads_as_owner.clone_from(&answers.seal.reads_as_owner);
    for table in &mut plan.tables {
        let answer = answers.table(&table.name).unwrap();
        // Rows of today that cross are reported; which of their keys may stay so is for a person.
        table.loose.clone_from(&answer.loose);
        table.open_inside = answer.open_inside;
        if table.kind == Kind::Undecided {
            *table = answer.clone();
        }
        if table.on_conflict == Conflict::Undecided {
            table.paths.clone_from(&answer.paths);
            table.on_conflict = answer.on_conflict;
        }
        if table.on_missing == Missing::Undecided {
            table.on_missing = answer.on_missing;
        }
    }
    fs::write(file, plan::write(&plan)).unwrap();
    plan
}

/// Names the keys that were said to be crossed: `  - table: 3 rows, by key`.
fn loosen(file: &Path, told: &str) {
    let mut plan = plan::read(&fs::read_to_string(file).unwrap()).unwrap();
    for line in told.lines().filter_map(|line| line.strip_prefix("  - ")) {
        let (table, key) = (line.split_once(": ").unwrap().0, line.rsplit_once(", by ").unwrap().1);
        let planned = plan.tables.iter_mut().find(|planned| planned.name.to_string() == table);
        planned.unwrap().loose.push(key.to_owned());
    }
    fs::write(file, plan::write(&plan)).unwrap();
}

async fn by_hand(name: &str) {
    let (database, fixture) = Database::of(name).await;
    let desk = Desk::new(&database);
    let mut connection = database.connect().await;
    let catalog = Catalog::read(&mut connection).await.unwrap();
    let answers = decisions(fixture, &catalog);
    connection.close().await.unwrap();
    // Nothing is frozen, and that is said.
    let early = desk.run(&["add"]);
    assert_eq!(early.status.code(), Some(2), "{}", told(&early));
    assert!(told(&early).contains("warden discover"), "{}", told(&early));

    desk.well(&["discover", "--out", "plan.toml"]);
    let file = desk.file("plan.toml");
    let draft = plan::read(&fs::read_to_string(&file).unwrap()).unwrap();
    assert!(draft.seal.roles.contains(&APP.to_owned()), "{:?}", draft.seal.roles);
    let refused = desk.run(&["plan", "plan.toml"]);
    assert_eq!(refused.status.code(), Some(2), "{}", told(&refused));
    for table in draft.tables.iter().filter(|table| table.kind == Kind::Undecided) {
        assert!(
            told(&refused).contains(&format!("{}: kind", table.name)),
            "{}",
            told(&refused)
        );
    }
    // Nothing of it is left in the database.
    let mut connection = database.connect().await;
    let left = sqlx::query_scalar::<_, bool>("select to_regnamespace('warden') is not null")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    assert!(!left);
    let decided = decide(&file, &answers);
    assert_eq!(decided.organization.quarantine, Some(quarantine(fixture)));
    desk.well(&["plan", "plan.toml"]);

    // A trial says what it would do and does none of it.
    let mut session = warden::session::Session::open(&database.login).await.unwrap();
    let frozen = journal::frozen(&mut session.connection, None).await.unwrap();
    session.close().await.unwrap();
    let subject = Subject {
        database,
        fixture,
        frozen,
        key: desk.file("warden.key"),
    };
    let (schema, rows) = (subject.schema().await, subject.rows().await);
    let trial = desk.well(&["add", "--dry-run"]);
    assert!(trial.contains("ACCESS EXCLUSIVE"), "{trial}");
    let trial = desk.well(&["backfill", "--dry-run"]);
    assert!(trial.contains("for no key update"), "{trial}");
    same(&schema, &subject.schema().await);

    desk.well(&["add"]);
    desk.well(&["backfill"]);
    let output = desk.run(&["constrain"]);
    if !output.status.success() {
        // Keys that rows of today cross were not all known before. Naming them costs no new backfill.
        let told = told(&output);
        assert!(told.contains("under `loose`"), "{told}");
        loosen(&file, &told);
        desk.well(&["plan", "plan.toml"]);
        desk.well(&["constrain"]);
    }
    // Two tables first, to look at what programs make of it.
    desk.well(&["seal", "--first", "2"]);
    let mut connection = subject.database.connect().await;
    let closed = "select count(*) from pg_policy where polname = 'org_wall'";
    assert_eq!(
        sqlx::query_scalar::<_, i64>(closed)
            .fetch_one(&mut connection)
            .await
            .unwrap(),
        2
    );
    connection.close().await.unwrap();
    desk.well(&["seal"]);
    let status = desk.well(&["status"]);
    assert!(status.contains("seal"), "{status}");
    desk.well(&["verify", "--html", "report.html", "--report", "report.json"]);
    let report: Report = serde_json::from_slice(&fs::read(desk.file("report.json")).unwrap()).unwrap();
    assert!(report.clean, "{report}");
    // Whoever changes a figure of it is found out.
    let signed = desk.well(&["signed", "report.json"]);
    assert!(signed.contains("as it was signed by"), "{signed}");
    let text = fs::read_to_string(desk.file("report.json")).unwrap();
    fs::write(desk.file("report.json"), text.replace("true", "false")).unwrap();
    assert_eq!(desk.run(&["signed", "report.json"]).status.code(), Some(1));
    let page = fs::read_to_string(desk.file("report.html")).unwrap();
    assert!(page.contains(&report.title));
    belongs(&subject).await;
    let (sealed, filled) = (subject.schema().await, subject.rows().await);
    let trial = desk.well(&["rollback", "--to", "start", "--dry-run"]);
    assert!(trial.contains("drop column"), "{trial}");
    same(&sealed, &subject.schema().await);
    assert_eq!(subject.rows().await, filled);
    desk.well(&["rollback", "--to", "start"]);
    same(&schema, &subject.schema().await);
    assert_eq!(subject.rows().await, rows);
}

#[tokio::test]
async fn notes() {
    by_hand("notes").await;
}

#[tokio::test]
async fn shop() {
    by_hand("shop").await;
}

#[tokio::test]
async fn crm() {
    by_hand("crm").await;
}

#[tokio::test]
async fn older() {
    by_hand("older").await;
}
