//! Hooks: what fills and moves rows on the way, until the seal takes it away.

use std::collections::BTreeSet;

use super::step;
use crate::{
    catalog::{Catalog, Table},
    name::{Name, list, literal, quoted},
    plan::{End, Path, Plan, TablePlan},
    steps::{
        Done, Step, Work,
        answer::{Answers, Parents, condition, function, function_name},
        look, unique_name,
    },
};

/// Fills the column of a row that comes without.
pub const FILL: &str = "warden_fill";

/// Fills it anew when a row moves to another parent.
pub const FOLLOW: &str = "warden_follow";

/// Hands the change on to what hangs on the row. Its name comes before those of the triggers that hold foreign keys.
pub const PASS: &str = "A_warden_pass";

/// For every table that others lead over: whose a row is, by its key, filled or not.
pub(super) fn functions(plan: &Plan, catalog: &Catalog) -> Vec<Step> {
    let answers = Answers(plan);
    let over = plan
        .owned()
        .flat_map(|table| &table.paths)
        .filter(|path| plan.end(path) == End::Parent);
    let targets: BTreeSet<(&Name, &Vec<String>)> = over.map(|path| (&path.to, &path.references)).collect();
    let mut steps = Vec::new();
    for (name, references) in targets {
        let (Some(table), Some(found)) = (plan.table(name), catalog.table(name)) else {
            continue;
        };
        let kinds: Vec<_> = references
            .iter()
            .filter_map(|column| found.column(column))
            .map(|column| &column.r#type)
            .collect();
        let arguments: Vec<_> = kinds.iter().map(|kind| kind.as_str()).chain(["int"]).collect();
        // By number: in SQL a column of a parameter's name would come before it.
        let equal: Vec<_> = references
            .iter()
            .enumerate()
            .map(|(n, column)| format!("r.{} = ${}", quoted(column), n + 1))
            .collect();
        let depth = arguments.len();
        let own = quoted(plan.column(table));
        // A circle of rows that lead over one another has no answer; it is given up on after more levels than people make, and
        // sooner where each level may ask twice. Without the offset the planner would ask again for each use of the answers.
        let derived = format!(
            "(select {} from (select {} as answers offset 0) s)",
            answers.decided(table),
            answers.array(table, "r", Parents::Live(Some(depth)))
        );
        let over = table.paths.iter().filter(|path| plan.end(path) == End::Parent).count();
        let deepest = if over > 1 { 16 } else { 64 };
        let body = format!(
            "select coalesce(r.{own}, case when ${depth} < {deepest} then {derived} end) from {} r where {}",
            name.sql(),
            equal.join(" and ")
        );
        let id = function_name(name, references);
        steps.push(Step {
            work: Work::Together(vec![format!(
                "create or replace function {}({}) returns {} language sql stable security definer
                 set search_path = pg_catalog set row_security = off as $$ {body} $$",
                function(name, references),
                arguments.join(", "),
                answers.kind()
            )]),
            done: Done::Catalog(look::function("warden", &id)),
            undo: Work::Together(vec![format!(
                "drop function if exists {} cascade",
                function(name, references)
            )]),
            ..step(
                format!("{name} whose {}", references.join(" ")),
                Some(name),
                "can say whose a row is".to_owned(),
                "",
            )
        });
    }
    steps
}

pub(super) fn triggers(plan: &Plan, table: &TablePlan, found: &Table) -> Vec<Step> {
    let name = &table.name;
    let own = quoted(plan.column(table));
    let fill = unique_name(&["fill", &name.schema, &name.table]);
    let mut steps = vec![Step {
        work: Work::Together(vec![
            fill_function(plan, table, found, &fill),
            format!(
                "create trigger {FILL} before insert or update on {} for each row when (new.{own} is null) execute function {}('fill')",
                name.sql(),
                look::call("warden", &fill)
            ),
            // Also for what comes by replication.
            format!("alter table {} enable always trigger {FILL}", name.sql()),
        ]),
        done: Done::Catalog(look::trigger(name, FILL)),
        undo: Work::Together(vec![
            format!("drop trigger if exists {FILL} on {}", name.sql()),
            format!("drop function if exists {} cascade", look::call("warden", &fill)),
        ]),
        makes: vec![(name.clone(), FILL.to_owned())],
        ..step(
            format!("{name} fill"),
            Some(name),
            "fills the column of rows that come without".to_owned(),
            "SHARE ROW EXCLUSIVE",
        )
    }];
    let columns: BTreeSet<&String> = table.paths.iter().flat_map(Path::reads).collect();
    let changed: Vec<_> = columns
        .iter()
        .map(|column| format!("old.{0} is distinct from new.{0}", quoted(column)))
        .collect();
    steps.push(Step {
        work: Work::Together(vec![format!(
            "create trigger {FOLLOW} before update of {} on {} for each row
             when (new.{own} is not null and old.{own} = new.{own} and ({})) execute function {}('follow')",
            list(columns),
            name.sql(),
            changed.join(" or "),
            look::call("warden", &fill)
        )]),
        done: Done::Catalog(look::trigger(name, FOLLOW)),
        undo: Work::Together(vec![format!("drop trigger if exists {FOLLOW} on {}", name.sql())]),
        makes: vec![(name.clone(), FOLLOW.to_owned())],
        ..step(
            format!("{name} follow"),
            Some(name),
            "lets a row follow the parent it moves to".to_owned(),
            "SHARE ROW EXCLUSIVE",
        )
    });
    steps.extend(pass(plan, table));
    steps
}

/// Decides for one row, and notes what was not simply followed.
fn fill_function(plan: &Plan, table: &TablePlan, found: &Table, function: &str) -> String {
    let answers = Answers(plan);
    let own = quoted(plan.column(table));
    let kind = answers.kind();
    let key = match found.row_key() {
        Some(columns) => {
            let texts: Vec<_> = columns
                .iter()
                .map(|column| format!("new.{}::text", quoted(column)))
                .collect();
            format!("jsonb_build_array({})", texts.join(", "))
        }
        None => "'[]'::jsonb".to_owned(),
    };
    let array = answers.array(table, "new", Parents::Live(None));
    format!(
        "create or replace function {}() returns trigger language plpgsql security definer set search_path = pg_catalog
         set row_security = off as $warden$
         declare
           answers {kind}[] := {array};
           decided {kind};
           reason text := {};
         begin
           if tg_argv[0] = 'follow' then
             -- A move to where nobody can tell changes nothing.
             if reason is null then new.{own} := answers[1]; end if;
             return new;
           end if;
           decided := {};
           if reason is not null and decided is not null then
             insert into warden.quarantine (tab, key, reason, candidates, decided, live)
             values ({}, {key}, reason, to_jsonb(answers), decided::text, true);
           end if;
           new.{own} := decided;
           return new;
         end $warden$",
        look::call("warden", function),
        answers.reason(table),
        answers.decided(table),
        literal(&table.name.to_string()),
    )
}

/// What hangs on a row over a path goes where the row goes.
fn pass(plan: &Plan, table: &TablePlan) -> Option<Step> {
    let name = &table.name;
    let own = quoted(plan.column(table));
    let mut moves = Vec::new();
    for child in plan.owned() {
        for path in child.paths.iter().filter(|path| path.to == *name) {
            let theirs = quoted(plan.column(child));
            // What is not filled yet stays so, and its own trigger decides: a batch that read the row before it moved waits for
            // us, or we for it.
            moves.push(format!(
                "update {} c set {theirs} = case when c.{theirs} is not null then new.{own} end
                   where {} and (c.{theirs} = old.{own} or c.{theirs} is null){};",
                child.name.sql(),
                hangs(path),
                condition(path, "c").map_or_else(String::new, |only| format!(" and {only}"))
            ));
        }
    }
    if moves.is_empty() {
        return None;
    }
    let function = unique_name(&["pass", &name.schema, &name.table]);
    let function = look::call("warden", &function);
    Some(Step {
        work: Work::Together(vec![
            format!(
                "create or replace function {function}() returns trigger language plpgsql security definer set search_path = pg_catalog
                 set row_security = off as $warden$ begin {} return null; end $warden$",
                moves.join(" ")
            ),
            format!(
                "create trigger {} after update on {} for each row when (old.{own} <> new.{own}) execute function {function}()",
                quoted(PASS),
                name.sql()
            ),
        ]),
        done: Done::Catalog(look::trigger(name, PASS)),
        undo: Work::Together(vec![
            format!("drop trigger if exists {} on {}", quoted(PASS), name.sql()),
            format!("drop function if exists {function} cascade"),
        ]),
        makes: vec![(name.clone(), PASS.to_owned())],
        ..step(format!("{name} pass"), Some(name), "takes along what hangs on a row that moves".to_owned(), "SHARE ROW EXCLUSIVE")
    })
}

fn hangs(path: &Path) -> String {
    let pairs = path.columns.iter().zip(&path.references);
    let equal = pairs.map(|(column, reference)| format!("c.{} = old.{}", quoted(column), quoted(reference)));
    equal.collect::<Vec<_>>().join(" and ")
}
