//! Discover against real databases: does it find what is there, count what is wrong, and ask only what must be asked?

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod blind;
mod database;
mod paths;
mod people;
mod rows;
mod shapes;

use chrono::DateTime;
use switchboard::check::Check;
use warden::{
    discover::{Discovery, Finding},
    name::Name,
    plan::{self, Conflict, Kind, Missing, TablePlan},
};

/// The plan of one table.
fn table<'a>(found: &'a Discovery, name: &str) -> &'a TablePlan {
    let name: Name = name.parse().unwrap();
    found
        .plan
        .table(&name)
        .unwrap_or_else(|| panic!("{name} is not in the plan"))
}

fn finding<'a>(found: &'a Discovery, id: &str, table: &str) -> &'a Finding {
    let name: Name = table.parse().unwrap();
    let mut matching = found
        .findings
        .iter()
        .filter(|finding| finding.id == id && finding.table.as_ref() == Some(&name));
    let first = matching.next();
    first.unwrap_or_else(|| panic!("nothing is said of {id} in {table}: {:#?}", found.findings))
}

/// The columns of each path of a table, in their order.
fn paths(found: &Discovery, name: &str) -> Vec<String> {
    table(found, name)
        .paths
        .iter()
        .map(|path| format!("{} -> {}", path.columns.join(","), path.to))
        .collect()
}

/// The report says the same, and every finding has its question there.
fn reported(found: &Discovery) {
    let report = found.report(DateTime::UNIX_EPOCH, 1);
    Check::run(&report).unwrap();
    assert_eq!(report.clean, !found.findings.iter().any(|finding| finding.must_decide));
    for finding in &found.findings {
        let outcome = report.outcomes.iter().find(|outcome| outcome.id == finding.id);
        assert!(
            outcome.is_some_and(|outcome| outcome.examined >= finding.examined),
            "{finding:?}"
        );
    }
}

/// Where the plan is refused: exactly where something is left for a person.
fn questions(found: &Discovery) -> Vec<String> {
    let read = plan::read(&plan::write(&found.plan)).unwrap();
    assert_eq!(read, found.plan);
    reported(found);
    let mut asked: Vec<String> = plan::flaws(&read, &found.catalog)
        .iter()
        .map(|flaw| flaw.to_string())
        .collect();
    let mut expected = Vec::new();
    for planned in &found.plan.tables {
        let name = planned.name.to_string();
        if planned.kind == Kind::Undecided {
            expected.push(format!("{name}: kind: is it owned, global or excluded?"));
        }
        if planned.on_conflict == Conflict::Undecided {
            expected.push(format!(
                "{name}: on_conflict: what becomes of rows whose paths disagree?"
            ));
        }
        if planned.on_missing == Missing::Undecided {
            expected.push(format!("{name}: on_missing: what becomes of rows that lead nowhere?"));
        }
        let undecided = planned.kind == Kind::Undecided
            || planned.on_conflict == Conflict::Undecided
            || planned.on_missing == Missing::Undecided;
        let said = found
            .findings
            .iter()
            .any(|f| f.must_decide && f.table.as_ref() == Some(&planned.name));
        assert_eq!(said, undecided, "{name}: {:#?}", found.findings);
    }
    asked.sort();
    expected.sort();
    assert_eq!(asked, expected);
    asked
        .into_iter()
        .map(|text| {
            text.split(": ")
                .take(2)
                .collect::<Vec<_>>()
                .join(" ")
                .trim_start_matches("public.")
                .to_owned()
        })
        .collect()
}
