//! The replay: a visitor in one organization asks for everything of another, by every way there is, and each answer is
//! held against the answer about nothing, and against the rows.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    questions::{Belongings, Question, Visitor},
    support::{Org, World},
};

/// How an answer, or what came of it, crossed from one organization into another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Crossing {
    /// Something of the other organization is in the answer.
    Shows,
    /// Its id is answered in another way than one that nobody has.
    Tells,
    /// Its rows are other ones than before.
    Changes,
    /// It has fewer rows than before.
    Removes,
}

pub struct Breach {
    question: String,
    crossing: Crossing,
    detail: String,
}

impl Breach {
    pub fn is(&self, question: &Question, crossing: Crossing) -> bool {
        self.question == question.to_string() && self.crossing == crossing
    }
}

/// For whoever reads the failure.
impl std::fmt::Display for Breach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} {:?}: {}", self.question, self.crossing, self.detail)
    }
}

pub fn assert_none(breaches: &[Breach]) {
    assert!(breaches.is_empty(), "{}", list(breaches));
}

pub fn list(breaches: &[Breach]) -> String {
    breaches.iter().map(Breach::to_string).collect()
}

/// Asks these through `world`; what there is to be found is made through `owners`, which may be the same.
pub async fn replay(
    world: &World,
    owners: &World,
    ours: &Org,
    visitor: &Visitor,
    questions: &[Question],
) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut of = Belongings::of(owners, ours).await;
    for question in questions {
        let found = one(world, ours, visitor, question, &of).await;
        if found.iter().any(|breach| breach.crossing >= Crossing::Changes) {
            of = Belongings::of(owners, ours).await;
        }
        breaches.extend(found);
    }
    breaches
}

async fn one(world: &World, ours: &Org, visitor: &Visitor, question: &Question, of: &Belongings) -> Vec<Breach> {
    let unknown = of.unknown_ids();
    let named = question.names(of, &unknown);
    let before = rows(world, ours).await;
    let foreign = question.ask(world, visitor, of).await;
    let after = rows(world, ours).await;

    let mut found = Vec::new();
    let text = foreign.text();
    if let Some(shown) = of
        .ids()
        .into_iter()
        .chain([ours.name.as_str()])
        .find(|mark| text.contains(mark))
    {
        found.push((Crossing::Shows, format!("{shown} in {text}")));
    }
    if named {
        let random = question.ask(world, visitor, &unknown).await;
        if (foreign.status, &foreign.bytes) != (question.unknown(), &random.bytes) {
            found.push((
                Crossing::Tells,
                format!("{} {text} / {}", foreign.status, random.text()),
            ));
        }
    }
    for (table, rows) in &before {
        if after[table].len() < rows.len() {
            found.push((Crossing::Removes, table.clone()));
        } else if after[table] != *rows {
            found.push((Crossing::Changes, table.clone()));
        }
    }
    let breach = |(crossing, detail)| Breach {
        question: question.to_string(),
        crossing,
        detail,
    };
    found.into_iter().map(breach).collect()
}

/// Every row of an organization, by table, but for when somebody was last there. Read as the superuser, so that reading
/// is neither filtered nor noted down.
pub async fn rows(world: &World, org: &Org) -> BTreeMap<String, Vec<Value>> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', c.table_schema, c.table_name)
         from information_schema.columns c
           join information_schema.tables t using (table_schema, table_name)
         where c.table_schema in ('app', 'identity') and c.column_name = 'org_id' and t.table_type = 'BASE TABLE'
         order by 1",
    )
    .fetch_all(&world.db.admin)
    .await
    .unwrap();
    assert!(tables.len() > 10, "the catalog was not read: {tables:?}");
    let mut found = BTreeMap::new();
    for table in tables {
        let statement = format!(
            "select to_jsonb(t) - 'used_at' - 'seen_at' from {table} t where t.org_id = $1 order by to_jsonb(t)::text"
        );
        let rows = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
            .bind(org.id.as_str())
            .fetch_all(&world.db.admin)
            .await
            .unwrap();
        found.insert(table, rows);
    }
    found
}
