//! Is `.sqlx` what Postgres says of the statements under today's migrations? The macros believe it when they compile, and
//! they compile only what it has: so what stands there must be described as it is, and be somebody's.

use std::{fs, path::Path};

use serde_json::{Value, json};
use sqlx::{
    AssertSqlSafe, Column, ColumnOrigin, Either, Executor, SqlSafeStr, TypeInfo,
    postgres::{PgColumn, PgTypeInfo},
};
use switchboard::db::testing::TestDb;

/// A type of Postgres as the files name it, such as `Timestamptz` or `TextArray`.
fn word(kind: &PgTypeInfo) -> Value {
    let debug = format!("{kind:?}");
    let word = debug
        .strip_prefix("PgTypeInfo(")
        .and_then(|rest| rest.strip_suffix(')'));
    json!(word.unwrap_or_else(|| kind.name()))
}

fn column(column: &PgColumn) -> Value {
    let origin = match column.origin() {
        ColumnOrigin::Table(from) => json!({ "Table": { "table": &*from.table, "name": &*from.name } }),
        ColumnOrigin::Expression => json!("Expression"),
        ColumnOrigin::Unknown => json!("Unknown"),
    };
    json!({ "ordinal": column.ordinal(), "name": column.name(), "type_info": word(column.type_info()), "origin": origin })
}

/// What the macro makes of a column that may be absent. Where the statement says it itself (`name?`, `name!`), what Postgres
/// says is not asked: it reads that from a plan, which differs from one server to the next.
fn nullable(columns: &Value, nullable: &Value) -> Vec<Value> {
    let says = |column: &Value| column["name"].as_str().unwrap().contains(['?', '!']);
    let columns = columns.as_array().unwrap().iter();
    columns
        .zip(nullable.as_array().unwrap())
        .map(|(column, known)| if says(column) { Value::Null } else { known.clone() })
        .collect()
}

fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[tokio::test]
async fn every_statement_is_as_postgres_describes_it_and_somebodys() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut source = String::new();
    sources(&root.join("src"), &mut source);
    let db = TestDb::create().await;
    let (mut count, mut wrong) = (0, Vec::new());
    for file in fs::read_dir(root.join(".sqlx")).unwrap() {
        let kept: Value = serde_json::from_slice(&fs::read(file.unwrap().path()).unwrap()).unwrap();
        let query = kept["query"].as_str().unwrap();
        count += 1;
        if !source.contains(query) {
            wrong.push(format!("nobody says it: {query}"));
        }
        let described = match (&db.admin).describe(AssertSqlSafe(query).into_sql_str()).await {
            Ok(described) => described,
            Err(error) => {
                wrong.push(format!("{error}: {query}"));
                continue;
            }
        };
        let parameters: Vec<Value> = match described.parameters() {
            Some(Either::Left(kinds)) => kinds.iter().map(word).collect(),
            _ => Vec::new(),
        };
        let columns = json!(described.columns().iter().map(column).collect::<Vec<_>>());
        let described = json!({
            "nullable": nullable(&columns, &json!(described.nullable)),
            "columns": columns,
            "parameters": { "Left": parameters },
        });
        let mut kept = kept["describe"].clone();
        kept["nullable"] = json!(nullable(&kept["columns"], &kept["nullable"]));
        if described != kept {
            wrong.push(format!("{query}\n  is kept as {kept}\n  but is     {described}"));
        }
    }
    assert!(count > 200, "{count} statements");
    assert!(
        wrong.is_empty(),
        "run scripts/sqlx-prepare and commit .sqlx:\n{}",
        wrong.join("\n")
    );
}
