//! Phase *seal*: from here on the database itself keeps organizations apart.

use std::collections::BTreeSet;

use super::{Done, Phase, Step, Work, add, look};
use crate::{
    catalog::{Catalog, Grant, PUBLIC, Table},
    name::{Name, list, literal, quoted},
    plan::{Plan, TablePlan},
};

/// The policy that lets the current organization in.
pub const PERMISSIVE_POLICY: &str = "org_isolation";
/// The restrictive one: another policy added later opens nothing.
pub const RESTRICTIVE_POLICY: &str = "org_wall";
pub const IMMUTABLE: &str = "org_immutable";

pub fn steps(plan: &Plan, catalog: &Catalog) -> Vec<Step> {
    let mut tables: Vec<(&TablePlan, &Table)> = plan
        .owned()
        .filter_map(|planned| catalog.table(&planned.name).map(|found| (planned, found)))
        .collect();
    // The smallest first: what is wrong shows where it hurts least.
    tables.sort_by_key(|(_, found)| found.rows);
    let mut steps = vec![functions(plan)];
    steps.extend(tables.iter().map(|(planned, found)| default(plan, planned, found)));
    for (planned, found) in &tables {
        steps.push(close(plan, catalog, planned, found));
        steps.extend(
            catalog
                .leaves(&found.name)
                .into_iter()
                .map(|leaf| close_part(plan, catalog, planned, leaf)),
        );
    }
    steps.extend(unhook(plan, catalog));
    steps
}

fn step(id: String, table: Option<&Name>, what: String, lock: &'static str) -> Step {
    Step {
        id: format!("seal {id}"),
        phase: Phase::Seal,
        table: table.cloned(),
        what,
        lock,
        work: Work::Nothing,
        done: Done::Always,
        undo: Work::Nothing,
        beside: Vec::new(),
        makes: Vec::new(),
    }
}

fn current(plan: &Plan) -> String {
    format!("{}.current_org()", quoted(&plan.seal.schema))
}

fn roles(plan: &Plan) -> String {
    if plan.seal.roles.is_empty() {
        "public".to_owned()
    } else {
        list(&plan.seal.roles)
    }
}

fn functions(plan: &Plan) -> Step {
    let schema = quoted(&plan.seal.schema);
    let to = roles(plan);
    Step {
        work: Work::Together(vec![
            format!("create schema if not exists {schema}"),
            // Without a setting it is null, and null equals nothing: no organization, no rows.
            format!(
                "create or replace function {}() returns {} language sql stable parallel safe set search_path = pg_catalog
                 as $$ select nullif(current_setting({}, true), '')::{} $$",
                current(plan).trim_end_matches("()"),
                plan.organization.r#type,
                literal(&plan.seal.setting),
                plan.organization.r#type,
            ),
            format!(
                "create or replace function {schema}.refuse_move() returns trigger language plpgsql set search_path = pg_catalog as $$
                 begin raise exception 'a row stays in its organization' using errcode = '23514', table = tg_table_name; end $$"
            ),
            format!("grant usage on schema {schema} to {to}"),
            format!("grant execute on function {} to {to}", current(plan)),
        ]),
        done: Done::Catalog(look::function(&plan.seal.schema, "refuse_move")),
        undo: Work::Together(vec![
            format!("drop function if exists {schema}.refuse_move()"),
            format!("drop function if exists {}", current(plan)),
            format!("drop schema if exists {schema}"),
        ]),
        ..step("functions".to_owned(), None, format!("makes {}, which says whose turn it is", current(plan)), "")
    }
}

/// Programs that do not name the organization of a new row get the current one.
fn default(plan: &Plan, planned: &TablePlan, found: &Table) -> Step {
    let name = &planned.name;
    let own = plan.column(planned);
    let alter = format!("alter table {} alter column {}", name.sql(), quoted(own));
    let before = found.column(own).and_then(|column| column.default.as_ref());
    Step {
        work: Work::Together(vec![format!("{alter} set default {}", current(plan))]),
        done: Done::Catalog(format!(
            "exists (select from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
               where d.adrelid = {} and a.attname = {} and pg_get_expr(d.adbin, d.adrelid) like '%current_org()%')",
            name.regclass(),
            literal(own)
        )),
        undo: Work::Together(vec![before.map_or_else(
            || format!("{alter} drop default"),
            |before| format!("{alter} set default {before}"),
        )]),
        ..step(
            format!("{name} default"),
            Some(name),
            format!("{own} is the current organization unless something else is said"),
            "ACCESS EXCLUSIVE",
        )
    }
}

fn close(plan: &Plan, catalog: &Catalog, planned: &TablePlan, found: &Table) -> Step {
    let name = &planned.name;
    let own = quoted(plan.column(planned));
    let table = name.sql();
    let (mut work, mut undo) = policies(plan, &own, found);
    work.push(format!(
        "create trigger {IMMUTABLE} before update on {table} for each row when (old.{own} is distinct from new.{own})
         execute function {}.refuse_move()",
        quoted(&plan.seal.schema)
    ));
    work.push(format!("alter table {table} enable always trigger {IMMUTABLE}"));
    undo.push(format!("drop trigger if exists {IMMUTABLE} on {table}"));
    let (take, give) = rights(plan, catalog, planned, found);
    work.extend(take);
    undo.extend(give);
    Step {
        work: Work::Together(work),
        done: Done::Catalog(look::sealed(name, RESTRICTIVE_POLICY)),
        undo: Work::Together(undo),
        makes: vec![
            (name.clone(), PERMISSIVE_POLICY.to_owned()),
            (name.clone(), RESTRICTIVE_POLICY.to_owned()),
            (name.clone(), IMMUTABLE.to_owned()),
        ],
        ..step(
            format!("{name} close"),
            Some(name),
            "turns row security on for everybody".to_owned(),
            "ACCESS EXCLUSIVE",
        )
    }
}

/// A partition that is asked by its own name is as closed as its parent. Its triggers are the parent's.
fn close_part(plan: &Plan, catalog: &Catalog, planned: &TablePlan, leaf: &Table) -> Step {
    let name = &leaf.name;
    let (mut work, mut undo) = policies(plan, &quoted(plan.column(planned)), leaf);
    let (take, give) = rights(plan, catalog, planned, leaf);
    work.extend(take);
    undo.extend(give);
    Step {
        work: Work::Together(work),
        done: Done::Catalog(look::sealed(name, RESTRICTIVE_POLICY)),
        undo: Work::Together(undo),
        makes: vec![
            (name.clone(), PERMISSIVE_POLICY.to_owned()),
            (name.clone(), RESTRICTIVE_POLICY.to_owned()),
        ],
        ..step(
            format!("{name} close"),
            Some(name),
            "turns row security on for a partition".to_owned(),
            "ACCESS EXCLUSIVE",
        )
    }
}

/// The door and the wall, and the way back to what was there. Policies people wrote stay, and let nobody past the wall.
fn policies(plan: &Plan, own: &str, found: &Table) -> (Vec<String>, Vec<String>) {
    let table = found.name.sql();
    let ours = format!("{own} = (select {})", current(plan));
    let work = vec![
        format!("alter table {table} enable row level security"),
        format!("alter table {table} force row level security"),
        format!(
            "create policy {PERMISSIVE_POLICY} on {table} for all to {} using ({ours}) with check ({ours})",
            roles(plan)
        ),
        format!(
            "create policy {RESTRICTIVE_POLICY} on {table} as restrictive for all to public using ({ours}) with check ({ours})"
        ),
    ];
    let mut undo = vec![
        format!("drop policy if exists {RESTRICTIVE_POLICY} on {table}"),
        format!("drop policy if exists {PERMISSIVE_POLICY} on {table}"),
    ];
    if !found.row_security_forced {
        undo.push(format!("alter table {table} no force row level security"));
    }
    if !found.row_security {
        undo.push(format!("alter table {table} disable row level security"));
    }
    (work, undo)
}

/// What is taken from everybody whose rights the programs' roles have, and how it is given back.
fn rights(plan: &Plan, catalog: &Catalog, planned: &TablePlan, found: &Table) -> (Vec<String>, Vec<String>) {
    let holders: BTreeSet<String> = plan.seal.roles.iter().flat_map(|role| catalog.holders(role)).collect();
    let each: Vec<_> = holders
        .iter()
        .map(|holder| rights_of(plan, planned, found, holder))
        .collect();
    let (take, give): (Vec<_>, Vec<_>) = each.into_iter().unzip();
    (take.concat(), give.concat())
}

/// A role may change every column but the organization, and may not empty the table past row security.
fn rights_of(plan: &Plan, planned: &TablePlan, found: &Table, role: &str) -> (Vec<String>, Vec<String>) {
    let table = found.name.sql();
    let own = plan.column(planned);
    let to = if role == PUBLIC { role.to_owned() } else { quoted(role) };
    let whole = |privilege: &str| {
        let held = |grant: &&Grant| grant.role == role && grant.column.is_none() && grant.privilege == privilege;
        found.grants.iter().find(held)
    };
    let option = |grant: &Grant| if grant.grantable { " with grant option" } else { "" };
    let (mut take, mut give) = (Vec::new(), Vec::new());
    if let Some(grant) = whole("UPDATE") {
        let others: Vec<_> = found
            .columns
            .iter()
            .filter(|column| column.name != own)
            .map(|column| column.name.clone())
            .collect();
        take.push(format!("revoke update on {table} from {to}"));
        take.push(format!("grant update ({}) on {table} to {to}", list(&others)));
        give.push(format!("revoke update ({}) on {table} from {to}", list(&others)));
        give.push(format!("grant update on {table} to {to}{}", option(grant)));
    }
    for privilege in ["TRUNCATE", "REFERENCES", "TRIGGER"] {
        if let Some(grant) = whole(privilege) {
            take.push(format!("revoke {privilege} on {table} from {to}"));
            give.push(format!("grant {privilege} on {table} to {to}{}", option(grant)));
        }
    }
    let held = |grant: &&Grant| {
        grant.role == role && grant.privilege == "UPDATE" && grant.column.as_deref().is_some_and(|column| column == own)
    };
    if let Some(grant) = found.grants.iter().find(held) {
        let column = quoted(own);
        take.push(format!("revoke update ({column}) on {table} from {to}"));
        give.push(format!("grant update ({column}) on {table} to {to}{}", option(grant)));
    }
    (take, give)
}

/// What filled a table's column on the way here is no longer needed: the organization is said now, not found out.
fn unhook(plan: &Plan, catalog: &Catalog) -> Vec<Step> {
    let statements = |work: &Work| match work {
        Work::Together(statements) => statements.clone(),
        Work::Nothing | Work::Apart { .. } | Work::Fill(_) => Vec::new(),
    };
    let hooks: Vec<_> = add::steps(plan, catalog).into_iter().filter(is_hook).collect();
    let mut steps = Vec::new();
    for planned in plan.owned() {
        let name = &planned.name;
        let own: Vec<_> = hooks.iter().filter(|step| step.table.as_ref() == Some(name)).collect();
        if own.is_empty() {
            continue;
        }
        // Where nothing is sealed the hooks may be missing because they are not there yet.
        let mut marks = vec![look::function(&plan.seal.schema, "refuse_move")];
        let triggers = own.iter().flat_map(|step| &step.makes);
        marks.extend(triggers.map(|(table, trigger)| format!("not {}", look::trigger(table, trigger))));
        steps.push(Step {
            work: Work::Together(own.iter().rev().flat_map(|step| statements(&step.undo)).collect()),
            done: Done::Catalog(marks.join(" and ")),
            undo: Work::Together(own.iter().flat_map(|step| statements(&step.work)).collect()),
            ..step(
                format!("{name} unhook"),
                Some(name),
                "takes away what filled the column".to_owned(),
                "ACCESS EXCLUSIVE",
            )
        });
    }
    steps
}

fn is_hook(step: &Step) -> bool {
    step.makes
        .iter()
        .any(|(_, name)| super::hooks().contains(&name.as_str()))
}
