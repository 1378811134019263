//! Findings: what was looked at in a database, and what of it somebody has to decide or to know.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::name::Name;

/// One thing that was found. It names tables, columns, roles and counts, and never the value of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// A stable short name of the question: `paths-disagree`.
    pub id: String,
    /// Absent where it is about the database as a whole.
    pub table: Option<Name>,
    /// Rows, or things of the catalog.
    pub examined: u64,
    pub violating: u64,
    pub text: String,
    /// Whether the plan is refused until a person has written what is to become of it.
    pub must_decide: bool,
}

impl Finding {
    /// Something that was examined and is in order, or that one should know.
    pub(super) fn new(id: &str, examined: u64, violating: u64, text: impl Into<String>) -> Self {
        Self {
            id: id.to_owned(),
            table: None,
            examined,
            violating,
            text: text.into(),
            must_decide: false,
        }
    }

    pub(super) fn of(self, table: &Name) -> Self {
        Self {
            table: Some(table.clone()),
            ..self
        }
    }

    pub(super) fn must_decide(self) -> Self {
        Self {
            must_decide: true,
            ..self
        }
    }

    fn group(&self) -> Group {
        match (self.must_decide, self.violating) {
            (true, _) => Group::MustDecide,
            (false, 1..) => Group::ShouldKnow,
            (false, 0) => Group::Fine,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    MustDecide,
    ShouldKnow,
    Fine,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MustDecide => "Must decide: the plan is refused until it says what becomes of these",
            Self::ShouldKnow => "Should know",
            Self::Fine => "Fine",
        })
    }
}

/// The conflict report for a terminal.
pub struct Conflicts<'a>(pub &'a [Finding]);

impl fmt::Display for Conflicts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups: BTreeMap<Group, Vec<&Finding>> = BTreeMap::new();
        for finding in self.0 {
            groups.entry(finding.group()).or_default().push(finding);
        }
        let about = |finding: &Finding| finding.table.as_ref().map_or_else(|| "-".to_owned(), Name::to_string);
        let width = |of: &dyn Fn(&Finding) -> usize| self.0.iter().map(of).max().unwrap_or_default();
        let (ids, tables) = (width(&|f| f.id.chars().count()), width(&|f| about(f).chars().count()));
        let counts = width(&|f| count(f).len());
        let indent = ids + tables + counts + 6;
        for (n, (group, findings)) in groups.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            writeln!(f, "{group} ({})", findings.len())?;
            for finding in findings {
                let mut lines = finding.text.lines();
                let (id, table, first) = (&finding.id, about(finding), lines.next().unwrap_or_default());
                writeln!(
                    f,
                    "  {id:<ids$}  {table:<tables$}  {:>counts$}  {first}",
                    count(finding)
                )?;
                for line in lines {
                    writeln!(f, "{:indent$}  {line}", "")?;
                }
            }
        }
        Ok(())
    }
}

fn count(finding: &Finding) -> String {
    format!("{} / {}", finding.examined, finding.violating)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_groups_what_must_be_decided_before_the_rest_and_aligns_it() {
        let notes = Name::new("public", "notes");
        let findings = [
            Finding::new("paths", 12, 0, "All paths agree.").of(&notes),
            Finding::new("no-answer", 1200, 3, "3 rows lead nowhere.\nSay on_missing.")
                .of(&notes)
                .must_decide(),
            Finding::new("role", 4, 1, "`app` owns tables."),
        ];
        assert_eq!(
            Conflicts(&findings).to_string(),
            "\
Must decide: the plan is refused until it says what becomes of these (1)
  no-answer  public.notes  1200 / 3  3 rows lead nowhere.
                                     Say on_missing.

Should know (1)
  role       -                4 / 1  `app` owns tables.

Fine (1)
  paths      public.notes    12 / 0  All paths agree.
"
        );
    }
}
