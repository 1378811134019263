//! The question a row is asked: the joins that lead to its answers.

use super::{ANSWER, Answers};
use crate::{
    discover::links::{Link, filled, on},
    name::{Name, quoted},
    plan::{End, Path, Plan},
};

/// How a row of a table finds its answer, with the joins it takes.
pub(in crate::discover) struct Question {
    /// `from` and the joins; the table itself is `t`.
    pub from: String,
    /// The answers of the column and of each path, in their order; null where there is none.
    pub answers: Vec<String>,
    /// What each of these answers is joined with: null where nothing is found.
    pub found: Vec<Option<String>>,
    /// Aliases that stand for people.
    pub people: Vec<String>,
    /// What tells of each parent that it is there.
    pub parents: Vec<String>,
    joined: Vec<(Path, String)>,
}

impl Question {
    /// The first answer.
    pub(in crate::discover) fn answer(&self) -> String {
        format!("coalesce({})", self.answers.join(", "))
    }
}

impl Answers<'_> {
    /// How the rows of an owned table find their answers.
    pub(in crate::discover) fn question(&self, name: &Name) -> Question {
        let mut question = Question {
            from: format!("from {} t", name.sql()),
            answers: Vec::new(),
            found: Vec::new(),
            people: Vec::new(),
            parents: Vec::new(),
            joined: Vec::new(),
        };
        let Some(ways) = self.draft.ways.get(name) else {
            return question;
        };
        if let Some(held) = &ways.held {
            // What the database does not vouch for is an answer only if there is such an organization.
            let (answer, found) = if held.enforced {
                (format!("t.{}", quoted(&held.path.columns[0])), None)
            } else {
                let (answer, alias) = self.join(&mut question, &held.path);
                (answer, Some(alias))
            };
            question.answers.push(self.typed(&answer));
            question.found.push(found);
        }
        for link in &ways.paths {
            let (answer, alias) = self.join(&mut question, &link.path);
            question.answers.push(self.typed(&answer));
            question.found.push(Some(alias));
        }
        question
    }

    /// Joins what a path leads to; says its answer, and a column that is null where nothing is there.
    pub(in crate::discover) fn join(&self, question: &mut Question, path: &Path) -> (String, String) {
        let plan: &Plan = &self.draft.plan;
        let known = question
            .joined
            .iter()
            .find(|(joined, _)| joined == path)
            .map(|(_, alias)| alias.clone());
        let alias = known.clone().unwrap_or_else(|| format!("p{}", question.joined.len()));
        let end = plan.end(path);
        let to = match end {
            End::Organization => path.to.sql(),
            End::User | End::Parent => self.kept[&path.to].table.clone(),
        };
        if known.is_none() {
            question.from += &format!(" left join {to} {alias} on {}", on("t", &alias, path));
            question.joined.push((path.clone(), alias.clone()));
            match end {
                End::User => question.people.push(alias.clone()),
                End::Parent => question
                    .parents
                    .push(format!("{alias}.{}", quoted(&path.references[0]))),
                End::Organization => {}
            }
        }
        let answer = match (end, &self.ground.organizations) {
            (End::Organization, Some((_, key))) => format!("{alias}.{}", quoted(key)),
            _ => format!("{alias}.{ANSWER}"),
        };
        (answer, format!("{alias}.{}", quoted(&path.references[0])))
    }
}

/// Rows that take a link, and those of them that find nothing there.
pub(in crate::discover) fn lost(link: &Link, found: &str) -> (String, String) {
    let takes = filled("t", &link.path);
    (
        format!("count(*) filter (where {takes})"),
        format!("count(*) filter (where {takes} and {found} is null)"),
    )
}
