//! Does every statement of the program and of its migrations have a form that Citus takes, when the tables of organizations
//! are spread over several servers (`docs/scaling.md`)? The statements are all there are: `.sqlx`, the migrations, and every
//! text of the sources that says SET. `statements.sql` has one of each form that was refused, and each must be noticed.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use switchboard::db::{self, MIGRATOR, testing::TestDb};

use crate::verify::faults;

type Rule = (&'static str, fn(&Statement, &Schema) -> bool);

/// Of statements about rows.
const ROWS: [Rule; 8] = [
    ("statement-org", names_no_org),
    ("statement-mixed", mixes_spread_and_kept),
    ("statement-move", moves_a_row),
    ("statement-upsert", calls_in_upsert),
    ("statement-coalesce", calls_in_coalesce),
    ("statement-case", compares_in_case),
    ("statement-returning", returns_unnamed),
    ("statement-set", sets_in_company),
];
/// Of statements that change the schema.
const CHANGES: [Rule; 3] = [
    ("migration-role", changes_role),
    ("migration-constraint", leaves_a_constraint_unnamed),
    ("migration-column", adds_a_column_with_a_constraint),
];

/// What there is, as the catalog has it.
struct Schema {
    /// Tables of organizations that are spread.
    spread: BTreeSet<String>,
    /// All others, which one server keeps.
    kept: BTreeSet<String>,
    /// Functions whose answer depends on more than what they are given.
    changeable: BTreeSet<String>,
}

impl Schema {
    async fn read() -> Self {
        let db = TestDb::create().await;
        let tables: Vec<(String, bool)> = sqlx::query_as(
            "select c.oid::regclass::text, c.relnamespace = 'app'::regnamespace and not exists (
                      select from pg_policy p where p.polrelid = c.oid and p.polname = 'queue_claim')
             from pg_class c where c.relkind in ('r', 'p') and c.relnamespace::regnamespace::text in ('app', 'identity', 'ops')",
        )
        .fetch_all(&db.admin)
        .await
        .unwrap();
        let functions: Vec<String> =
            sqlx::query_scalar("select distinct proname::text from pg_proc where provolatile <> 'i'")
                .fetch_all(&db.admin)
                .await
                .unwrap();
        let (spread, kept): (Vec<_>, Vec<_>) = tables.into_iter().partition(|(_, spread)| *spread);
        Self {
            spread: spread.into_iter().map(|(name, _)| name).collect(),
            kept: kept.into_iter().map(|(name, _)| name).collect(),
            changeable: functions.into_iter().collect(),
        }
    }
}

/// A text in words: names with their schema or alias, parameters, and single characters. What is quoted is one word, and
/// comments are gone.
struct Statement {
    words: Vec<String>,
}

impl Statement {
    fn read(text: &str) -> Self {
        let (mut words, mut rest) = (Vec::new(), text);
        while let Some(next) = rest.chars().next() {
            let part = |c: char| c.is_alphanumeric() || "_.$".contains(c);
            let length = match next {
                '-' if rest.starts_with("--") => {
                    rest = rest.split_once('\n').map_or("", |(_, after)| after);
                    continue;
                }
                '\'' => 2 + rest[1..].find('\'').unwrap_or(rest.len() - 2),
                // The body of a function is its own business.
                '$' if rest.starts_with("$$") => 4 + rest[2..].find("$$").unwrap_or(rest.len() - 4),
                _ if part(next) => rest.find(|c: char| !part(c)).unwrap_or(rest.len()),
                _ => next.len_utf8(),
            };
            if !next.is_whitespace() {
                words.push(rest[..length].to_lowercase());
            }
            rest = &rest[length..];
        }
        Self { words }
    }

    fn begins(&self, with: &[&str]) -> bool {
        self.words
            .iter()
            .map(String::as_str)
            .take(with.len())
            .eq(with.iter().copied())
    }

    fn has(&self, words: &[&str]) -> bool {
        self.words.windows(words.len()).any(|window| window == words)
    }

    fn names<'a>(&'a self, tables: &'a BTreeSet<String>) -> impl Iterator<Item = &'a String> {
        self.words.iter().filter(|word| tables.contains(*word))
    }

    fn is_spread(&self, schema: &Schema) -> bool {
        self.names(&schema.spread).next().is_some()
    }

    /// The words after these, up to the first of those outside of parentheses.
    fn after(&self, begin: &[&str], ends: &[&str]) -> &[String] {
        let Some(at) = self.words.windows(begin.len()).position(|window| window == begin) else {
            return &[];
        };
        let rest = &self.words[at + begin.len()..];
        let mut depth = 0;
        let end = rest.iter().position(|word| {
            depth += i32::from(word == "(") - i32::from(word == ")");
            depth <= 0 && ends.contains(&word.as_str())
        });
        &rest[..end.unwrap_or(rest.len())]
    }

    /// What an UPDATE gives its columns.
    fn assigned(&self) -> &[String] {
        if self.begins(&["update"]) {
            self.after(&["set"], &["where", "from", "returning"])
        } else {
            &[]
        }
    }

    /// What an INSERT does where the row is there.
    fn upserted(&self) -> &[String] {
        self.after(&["do", "update", "set"], &["where", "returning"])
    }
}

/// The words for the time that need no parentheses.
const TIMES: [&str; 5] = [
    "current_timestamp",
    "current_date",
    "current_time",
    "localtime",
    "localtimestamp",
];

fn calls(words: &[String], schema: &Schema) -> bool {
    let function = |word: &str| schema.changeable.contains(word.rsplit('.').next().unwrap_or(word));
    words.windows(2).any(|window| window[1] == "(" && function(&window[0]))
        || words.iter().any(|word| TIMES.contains(&word.as_str()))
}

/// Each table needs its organization, from the caller or from the table it is joined to: otherwise every server has to be
/// asked, a lock of rows is refused, and a join is `complex`. What is inserted says whose it is.
fn names_no_org(statement: &Statement, schema: &Schema) -> bool {
    let is_key = |word: &str| word == "org_id" || word.ends_with(".org_id");
    let compared = |with: fn(&str) -> bool| {
        let pairs = statement.words.windows(3);
        pairs
            .filter(|pair| is_key(&pair[0]) && pair[1] == "=" && with(&pair[2]))
            .count()
    };
    let (given, joined) = (
        compared(|word| word.starts_with('$')),
        compared(|word| word.ends_with(".org_id")),
    );
    let tables = statement.names(&schema.spread).count();
    if !statement.begins(&["insert"]) {
        return tables > 0 && (given == 0 || given + joined < tables);
    }
    let columns = statement.after(&["("], &[")"]);
    tables > 0 && (columns.first().is_none_or(|column| column != "org_id") || given + joined < tables - 1)
}

/// `relation … is not distributed`, `complex joins …`
fn mixes_spread_and_kept(statement: &Statement, schema: &Schema) -> bool {
    statement.is_spread(schema) && statement.names(&schema.kept).next().is_some()
}

/// `modifying the partition value of rows is not allowed`
fn moves_a_row(statement: &Statement, schema: &Schema) -> bool {
    let assigns = |words: &[String]| {
        words
            .windows(2)
            .enumerate()
            .any(|(at, window)| window[0] == "org_id" && window[1] == "=" && (at == 0 || words[at - 1] == ","))
    };
    statement.is_spread(schema) && (assigns(statement.assigned()) || assigns(statement.upserted()))
}

/// `functions used in the DO UPDATE SET clause … must be marked IMMUTABLE`
fn calls_in_upsert(statement: &Statement, schema: &Schema) -> bool {
    statement.is_spread(schema) && calls(statement.upserted(), schema)
}

/// `non-IMMUTABLE functions are not allowed in CASE or COALESCE`
fn calls_in_coalesce(statement: &Statement, schema: &Schema) -> bool {
    let assigned = statement.assigned();
    let within = |open: &str, opens: &str, closes: &str| {
        assigned.iter().enumerate().any(|(at, word)| {
            let mut depth = 0;
            word == open && {
                let inside = assigned[at..].iter().take_while(|word| {
                    depth += i32::from(*word == opens) - i32::from(*word == closes);
                    depth > 0 || *word == open
                });
                calls(&inside.cloned().collect::<Vec<_>>(), schema)
            }
        })
    };
    statement.is_spread(schema) && (within("coalesce", "(", ")") || within("case", "case", "end"))
}

/// `operator does not exist: text = boolean`
fn compares_in_case(statement: &Statement, schema: &Schema) -> bool {
    let assigned = statement.assigned();
    statement.is_spread(schema)
        && assigned
            .windows(2)
            .any(|window| window[0] == "case" && window[1] != "when")
}

/// `missing FROM-clause entry`
fn returns_unnamed(statement: &Statement, schema: &Schema) -> bool {
    let returned = statement.after(&["returning"], &[]);
    let unnamed = |column: &[String]| column.first().is_some_and(|word| !word.contains('.'));
    statement.is_spread(schema)
        && statement.begins(&["insert"])
        && statement.has(&["select"])
        && returned.split(|word| word == ",").any(unnamed)
}

/// The text a SET stands in is sent to the other servers whole.
fn sets_in_company(statement: &Statement, _: &Schema) -> bool {
    let parts: Vec<_> = statement
        .words
        .split(|word| word == ";")
        .filter(|part| !part.is_empty())
        .collect();
    let is_set = |part: &&[String]| part[0] == "set";
    // `{}` stands for how a transaction begins.
    let quiet = |part: &&[String]| ["set", "begin"].contains(&part[0].as_str()) || part.concat() == "{}";
    parts.iter().any(is_set) && !parts.iter().all(quiet)
}

/// The owner cannot log in where a statement is sent on; the warden can.
fn changes_role(statement: &Statement, _: &Schema) -> bool {
    let said = [
        &["set", "role"][..],
        &["set", "local", "role"],
        &["set", "session", "role"],
        &["reset", "role"],
        &["set", "session", "authorization"],
        &["set", "local", "session", "authorization"],
    ];
    said.into_iter().any(|words| statement.has(words))
}

fn is_about_a_table(statement: &Statement) -> bool {
    statement.begins(&["create", "table"]) || statement.begins(&["alter", "table"])
}

const CONSTRAINTS: [&str; 6] = ["check", "unique", "primary", "foreign", "exclude", "references"];

/// `constraints in Citus must have explicit names`
fn leaves_a_constraint_unnamed(statement: &Statement, _: &Schema) -> bool {
    let words = &statement.words;
    let named = |at: usize| at >= 2 && words[at - 2] == "constraint";
    // `references` after the columns of `foreign key` belongs to it.
    let belongs = |at: usize| words[at] == "references" && words[at - 1] == ")" && statement.has(&["foreign", "key"]);
    is_about_a_table(statement)
        && words
            .iter()
            .enumerate()
            .any(|(at, word)| CONSTRAINTS.contains(&word.as_str()) && !named(at) && !belongs(at))
}

/// The same, with a name too: first the column, then the constraint.
fn adds_a_column_with_a_constraint(statement: &Statement, _: &Schema) -> bool {
    if !statement.begins(&["alter", "table"]) {
        return false;
    }
    let mut depth = 0;
    let actions = statement.words.split(|word| {
        depth += i32::from(word == "(") - i32::from(word == ")");
        depth == 0 && word == ","
    });
    actions.into_iter().any(|action| {
        let action = action.iter().skip_while(|word| *word != "add").collect::<Vec<_>>();
        let is_column = action
            .get(1)
            .is_some_and(|word| *word != "constraint" && !CONSTRAINTS.contains(&word.as_str()));
        is_column && action.iter().any(|word| CONSTRAINTS.contains(&word.as_str()))
    })
}

fn refused(rules: &[Rule], text: &str, schema: &Schema) -> Vec<&'static str> {
    let statement = Statement::read(text);
    rules
        .iter()
        .filter(|(_, refuses)| refuses(&statement, schema))
        .map(|(rule, _)| *rule)
        .collect()
}

/// The rules that each of these breaks, with its beginning.
fn broken<'a>(rules: &[Rule], texts: impl IntoIterator<Item = &'a String>, schema: &Schema) -> Vec<String> {
    let lines = texts.into_iter().flat_map(|text| {
        let beginning: String = text
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(100)
            .collect();
        refused(rules, text, schema)
            .into_iter()
            .map(move |rule| format!("{rule}: {beginning}"))
    });
    lines.collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every statement that is checked at build time.
fn checked() -> Vec<String> {
    let files = fs::read_dir(root().join(".sqlx"))
        .unwrap()
        .map(|file| file.unwrap().path());
    let query = |path: PathBuf| {
        let entry: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        entry["query"].as_str().unwrap().to_owned()
    };
    files.map(query).collect()
}

/// Every text of the sources in which something is set, with the quotes around it. Tests set what they like.
fn settings() -> Vec<String> {
    let (mut folders, mut found) = (vec![root().join("src")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|ending| ending != "rs") {
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            let source = source.split("#[cfg(test)]\nmod tests").next().unwrap();
            for (at, _) in source.match_indices("set local ") {
                let (before, after) = source.split_at(at);
                let begin = before.rfind('"').map_or(0, |quote| quote + 1);
                let end = after.find('"').unwrap_or(after.len());
                found.push(format!("{}{}", &before[begin..], &after[..end]));
            }
        }
    }
    found
}

#[tokio::test]
async fn every_statement_has_a_form_that_can_be_spread() {
    let schema = Schema::read().await;
    let (checked, settings) = (checked(), settings());
    let spread = checked
        .iter()
        .filter(|text| Statement::read(text).is_spread(&schema))
        .count();
    assert!(
        spread > 40 && settings.len() >= 5,
        "{spread} statements on tables that are spread, {} settings",
        settings.len()
    );
    assert_eq!(broken(&ROWS, checked.iter().chain(&settings), &schema), [""; 0]);
}

#[tokio::test]
async fn every_migration_says_one_thing_at_a_time_in_a_form_that_can_be_spread() {
    let schema = Schema::read().await;
    let migrations = MIGRATOR
        .iter()
        .flat_map(|migration| db::statements(migration.sql.as_str()));
    let migrations: Vec<String> = migrations.map(str::to_owned).collect();
    assert!(migrations.len() > 80, "{}", migrations.len());
    assert_eq!(broken(&CHANGES, &migrations, &schema), [""; 0]);
}

#[tokio::test]
async fn every_form_that_was_refused_is_noticed_by_its_rule() {
    let schema = Schema::read().await;
    let all: Vec<Rule> = ROWS.into_iter().chain(CHANGES).collect();
    let mut noticed = BTreeSet::new();
    for fault in faults::statements() {
        let text = fault.sql.trim().trim_end_matches(';');
        let rules = refused(&all, text, &schema);
        assert!(
            rules.contains(&fault.rule),
            "{} is silent about {}, which {rules:?} notice",
            fault.rule,
            fault.name
        );
        noticed.insert(fault.rule);
    }
    let rules: BTreeSet<&str> = all.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(rules, noticed, "a rule that notices nothing");
}
