//! The answer: the expression that says which organization a row belongs to.

use crate::{
    name::{Name, literal, quoted},
    plan::{Conflict, End, Missing, Path, Plan, Source, TablePlan},
    steps::unique_name,
};

/// Whose rows are asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Parents {
    /// Parents are filled: their column is the answer.
    Filled,
    /// A parent that is not filled yet is asked for its own paths. Inside a function that was asked itself: the number of the
    /// parameter that says how deep.
    Live(Option<usize>),
}

/// The expressions of one plan.
#[derive(Clone, Copy)]
pub struct Answers<'a>(pub &'a Plan);

impl Answers<'_> {
    /// The type of an organization.
    pub fn kind(self) -> String {
        self.0.organization.r#type.clone()
    }

    /// A literal organization.
    pub fn organization(self, key: &str) -> String {
        format!("{}::{}", literal(key), self.kind())
    }

    /// What every path of a table says of the row `row`, without those that say nothing.
    pub fn array(self, table: &TablePlan, row: &str, parents: Parents) -> String {
        let answers: Vec<_> = table.paths.iter().map(|path| self.path(path, row, parents)).collect();
        format!("array_remove(array[{}]::{}[], null)", answers.join(", "), self.kind())
    }

    /// One path's answer, or null.
    pub fn path(self, path: &Path, row: &str, parents: Parents) -> String {
        let answer = match self.0.end(path) {
            End::User => self.of_user(&format!("{row}.{}", quoted(&path.columns[0]))),
            End::Organization => self.of_organization(path, row),
            End::Parent => match parents {
                Parents::Filled => self.of_parent(path, row),
                Parents::Live(depth) => {
                    let columns = path.columns.iter().map(|column| format!("{row}.{}", quoted(column)));
                    let deeper = depth.map_or_else(|| "0".to_owned(), |parameter| format!("${parameter} + 1"));
                    let arguments: Vec<_> = columns.chain([deeper]).collect();
                    format!("{}({})", function(&path.to, &path.references), arguments.join(", "))
                }
            },
        };
        match condition(path, row) {
            None => answer,
            Some(only) => format!("case when {only} then {answer} end"),
        }
    }

    fn of_user(self, key: &str) -> String {
        match self.0.users.source {
            Source::Personal => format!("{key}::{}", self.kind()),
            Source::Membership { .. } | Source::Column { .. } => {
                format!("(select u.org from warden.user_org u where u.user_key = {key})")
            }
        }
    }

    /// The organization a path of the table of organizations ends at.
    pub fn of_organization(self, path: &Path, row: &str) -> String {
        let organization = &self.0.organization;
        let (Some(table), Some(key)) = (&organization.table, &organization.key) else {
            return format!("null::{}", self.kind());
        };
        if path.references == [key.clone()] {
            return format!("{row}.{}::{}", quoted(&path.columns[0]), self.kind());
        }
        format!(
            "(select o.{} from {} o where {})",
            quoted(key),
            table.sql(),
            join(path, "o", row)
        )
    }

    fn of_parent(self, path: &Path, row: &str) -> String {
        let column = self
            .0
            .table(&path.to)
            .map_or(self.0.organization.column.as_str(), |parent| self.0.column(parent));
        format!(
            "(select p.{} from {} p where {})",
            quoted(column),
            path.to.sql(),
            join(path, "p", row)
        )
    }

    /// What becomes of answers that are there as `answers`: the organization, or null where it is refused.
    pub fn decided(self, table: &TablePlan) -> String {
        let several = match table.on_conflict {
            Conflict::First => "answers[1]".to_owned(),
            Conflict::Quarantine => self.quarantine(),
            Conflict::Refuse | Conflict::Undecided => self.with_its_parent(),
        };
        format!(
            "case when cardinality(answers) = 0 then {} when answers[1] = all (answers) then answers[1] else {several} end",
            self.missing(table)
        )
    }

    /// Paths that otherwise agree do not disagree because one of them leads to a row in quarantine: the row goes there with it.
    fn with_its_parent(self) -> String {
        if self.0.organization.quarantine.is_none() {
            return format!("null::{}", self.kind());
        }
        let quarantine = self.quarantine();
        format!(
            "case when (array_remove(answers, {quarantine}))[1] = all (array_remove(answers, {quarantine})) and {quarantine} = any (answers) then {quarantine} end"
        )
    }

    /// Whether a path leads to a row that has no answer yet, but may get one: its table is filled together with this one.
    pub fn waits(self, table: &TablePlan, together: &[Name], row: &str) -> String {
        let over = table
            .paths
            .iter()
            .filter(|path| self.0.end(path) == End::Parent && together.contains(&path.to));
        let open = over.map(|path| {
            let column = self
                .0
                .table(&path.to)
                .map_or(self.0.organization.column.as_str(), |parent| self.0.column(parent));
            let only = condition(path, row).map_or_else(String::new, |only| format!("{only} and "));
            format!(
                "{only}exists (select from {} p where {} and p.{} is null)",
                path.to.sql(),
                join(path, "p", row),
                quoted(column)
            )
        });
        let open: Vec<_> = open.collect();
        if open.is_empty() {
            "false".to_owned()
        } else {
            format!("({})", open.join(" or "))
        }
    }

    fn missing(self, table: &TablePlan) -> String {
        let nothing = format!("null::{}", self.kind());
        match table.on_missing {
            Missing::Quarantine => self.quarantine(),
            Missing::Default => self
                .0
                .organization
                .default
                .as_deref()
                .map_or(nothing, |key| self.organization(key)),
            Missing::Refuse | Missing::Undecided => nothing,
        }
    }

    fn quarantine(self) -> String {
        let quarantine = self.0.organization.quarantine.as_ref();
        quarantine.map_or_else(
            || format!("null::{}", self.kind()),
            |quarantine| self.organization(&quarantine.key),
        )
    }

    /// Why `answers` were not simply followed; null where they were.
    pub fn reason(self, table: &TablePlan) -> &'static str {
        match table.on_conflict {
            Conflict::First => {
                "case when cardinality(answers) = 0 then 'missing' when not answers[1] = all (answers) then 'first of several' end"
            }
            _ => {
                "case when cardinality(answers) = 0 then 'missing' when not answers[1] = all (answers) then 'several' end"
            }
        }
    }
}

/// For which rows a path counts; absent for all.
pub fn condition(path: &Path, row: &str) -> Option<String> {
    let when = path
        .when
        .iter()
        .map(|when| format!("{row}.{}::text = {}", quoted(&when.column), literal(&when.equals)));
    let unless = path
        .unless
        .iter()
        .map(|column| format!("{row}.{} is null", quoted(column)));
    let all: Vec<_> = when.chain(unless).collect();
    (!all.is_empty()).then(|| all.join(" and "))
}

/// `p.id = row.parent_id and …`
pub fn join(path: &Path, to: &str, row: &str) -> String {
    let pairs = path.columns.iter().zip(&path.references);
    let equal = pairs.map(|(column, reference)| format!("{to}.{} = {row}.{}", quoted(reference), quoted(column)));
    equal.collect::<Vec<_>>().join(" and ")
}

/// The function that says whose a row is by its key, while not all rows are filled.
pub fn function(table: &Name, references: &[String]) -> String {
    format!("warden.{}", quoted(&function_name(table, references)))
}

pub fn function_name(table: &Name, references: &[String]) -> String {
    let mut parts = vec!["org_of", &table.schema, &table.table];
    parts.extend(references.iter().map(String::as_str));
    unique_name(&parts)
}
