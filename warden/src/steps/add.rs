//! Phase *add*: the column, and what fills it from now on. Nothing is locked for longer than an entry in the catalog takes.

use std::collections::BTreeSet;

use super::{
    Done, Phase, Step, Work,
    answer::{Answers, Parents, condition, function, function_name},
    groups, look, named, unmistakable,
};
use crate::{
    catalog::{Catalog, Table},
    name::{Name, list, literal, quoted},
    plan::{End, Path, Plan, Source, TablePlan},
};

/// Fills the column of a row that comes without.
pub const FILL: &str = "warden_fill";
/// Fills it anew when a row moves to another parent.
pub const FOLLOW: &str = "warden_follow";
/// Hands the change on to what hangs on the row. Its name comes before those of the triggers that hold foreign keys.
pub const PASS: &str = "A_warden_pass";

pub fn steps(plan: &Plan, catalog: &Catalog) -> Vec<Step> {
    let mut steps = vec![];
    steps.extend(users(plan));
    steps.extend(quarantine(plan));
    let ordered: Vec<_> = groups(plan).into_iter().flat_map(|group| group.tables).collect();
    for table in &ordered {
        if table.column.is_none() {
            steps.push(column(plan, table));
        }
    }
    steps.extend(functions(plan, catalog));
    for table in ordered {
        let Some(found) = catalog.table(&table.name) else {
            continue;
        };
        if !table.paths.is_empty() {
            steps.extend(triggers(plan, table, found));
        }
        steps.push(present(plan, table, found));
        steps.extend(reference(plan, catalog, table, found));
    }
    steps
}

fn step(id: String, table: Option<&Name>, what: String, lock: &'static str) -> Step {
    Step {
        id: format!("add {id}"),
        phase: Phase::Add,
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

/// The one organization of each person. It is settled when it is first known, and stays so until the end: rows that are
/// filled already would not move with a person who does.
fn users(plan: &Plan) -> Vec<Step> {
    let answers = Answers(plan);
    let users = &plan.users;
    let (table, from, user, columns) = match &users.source {
        Source::Personal => return Vec::new(),
        Source::Membership {
            table,
            user,
            organization,
        } => {
            let from = format!(
                "select m.{} as user_key, {} as org from {} m",
                quoted(user),
                answers.of_organization(organization, "m"),
                table.sql()
            );
            (
                table,
                from,
                user,
                std::iter::once(user)
                    .chain(&organization.columns)
                    .cloned()
                    .collect::<Vec<_>>(),
            )
        }
        Source::Column { organization } => {
            let from = format!(
                "select m.{} as user_key, {} as org from {} m",
                quoted(&users.key),
                answers.of_organization(organization, "m"),
                users.table.sql()
            );
            (&users.table, from, &users.key, organization.columns.clone())
        }
    };
    let settle = |only: &str| {
        format!(
            "insert into warden.user_org (user_key, org)
             select s.user_key, (array_agg(s.org))[1] from ({from}{only}) s
             where s.user_key is not null and s.org is not null
             group by s.user_key having count(distinct s.org) = 1
             on conflict do nothing"
        )
    };
    let mut statements = vec![
        format!("create table warden.user_org (user_key {} primary key, org {} not null)", users.r#type, answers.kind()),
        format!(
            "create function warden.settle_user() returns trigger language plpgsql security definer set search_path = pg_catalog
             set row_security = off as $$ begin {}; return null; end $$",
            settle(&format!(" where m.{} = new.{}", quoted(user), quoted(user)))
        ),
        // Whoever is writing memberships is waited for here, so nobody slips between the trigger and the look around.
        format!(
            "create trigger warden_settle after insert or update of {} on {} for each row execute function warden.settle_user()",
            list(&columns),
            table.sql()
        ),
    ];
    for (user, org) in &users.assigned {
        statements.push(format!(
            "insert into warden.user_org values ({}::{}, {})",
            literal(user),
            users.r#type,
            answers.organization(org)
        ));
    }
    let noted = Step {
        work: Work::Together(statements),
        done: Done::Catalog(look::relation(&Name::new("warden", "user_org"))),
        undo: Work::Together(vec![
            format!("drop trigger if exists warden_settle on {}", table.sql()),
            "drop function if exists warden.settle_user()".to_owned(),
            "drop table if exists warden.user_org".to_owned(),
        ]),
        makes: vec![(table.clone(), "warden_settle".to_owned())],
        ..step(
            "users".to_owned(),
            Some(table),
            "notes the one organization of each person from now on".to_owned(),
            "SHARE ROW EXCLUSIVE",
        )
    };
    let settled = Step {
        work: Work::Together(vec![settle("")]),
        done: Done::Journal,
        ..step(
            "users settled".to_owned(),
            Some(table),
            "notes the one organization of each person who is there".to_owned(),
            "",
        )
    };
    vec![noted, settled]
}

/// The organization for rows nobody can place.
fn quarantine(plan: &Plan) -> Option<Step> {
    let organization = &plan.organization;
    let (table, key, quarantine) = (
        organization.table.as_ref()?,
        organization.key.as_ref()?,
        organization.quarantine.as_ref()?,
    );
    let names: Vec<_> = std::iter::once(key).chain(quarantine.insert.keys()).cloned().collect();
    let values: Vec<_> = std::iter::once(&quarantine.key)
        .chain(quarantine.insert.values())
        .map(|value| literal(value))
        .collect();
    let there = format!(
        "exists (select from {} where {} = {})",
        table.sql(),
        quoted(key),
        Answers(plan).organization(&quarantine.key)
    );
    Some(Step {
        // Only what we made is taken away again.
        work: Work::Together(vec![format!(
            "with made as (insert into {} ({}) select {} where not {there} returning 1)
             insert into warden.made select 'quarantine' from made",
            table.sql(),
            list(&names),
            values.join(", ")
        )]),
        done: Done::Journal,
        undo: Work::Together(vec![
            format!(
                "delete from {} where {} = {} and exists (select from warden.made where what = 'quarantine')",
                table.sql(),
                quoted(key),
                Answers(plan).organization(&quarantine.key)
            ),
            "delete from warden.made where what = 'quarantine'".to_owned(),
        ]),
        ..step(
            "quarantine".to_owned(),
            Some(table),
            "makes sure of the organization for rows nobody can place".to_owned(),
            "",
        )
    })
}

fn column(plan: &Plan, table: &TablePlan) -> Step {
    let (name, own) = (&table.name, plan.column(table));
    Step {
        work: Work::Together(vec![format!(
            "alter table {} add column {} {}",
            name.sql(),
            quoted(own),
            Answers(plan).kind()
        )]),
        done: Done::Catalog(look::column(name, own)),
        undo: Work::Together(vec![format!(
            "alter table {} drop column if exists {}",
            name.sql(),
            quoted(own)
        )]),
        ..step(
            format!("{name} column"),
            Some(name),
            format!("adds the column {own}"),
            "ACCESS EXCLUSIVE",
        )
    }
}

/// For every table that others lead over: whose a row is, by its key, filled or not.
fn functions(plan: &Plan, catalog: &Catalog) -> Vec<Step> {
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

fn triggers(plan: &Plan, table: &TablePlan, found: &Table) -> Vec<Step> {
    let name = &table.name;
    let own = quoted(plan.column(table));
    let fill = unmistakable(&["fill", &name.schema, &name.table]);
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
    let function = unmistakable(&["pass", &name.schema, &name.table]);
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

/// The check that no new row is without, which later makes NOT NULL a matter of the catalog.
pub fn check_name(plan: &Plan, table: &TablePlan) -> String {
    named(&[&table.name.table, plan.column(table), "present"])
}

fn present(plan: &Plan, table: &TablePlan, found: &Table) -> Step {
    let name = &table.name;
    let own = plan.column(table);
    if found.column(own).is_some_and(|column| column.not_null) {
        return step(
            format!("{name} present"),
            Some(name),
            format!("{own} is never null already"),
            "",
        );
    }
    let check = check_name(plan, table);
    Step {
        work: Work::Together(vec![add_check(plan, table)]),
        // Later the column itself says it, and the check is gone.
        done: Done::Catalog(format!(
            "({} or {})",
            look::constraint(name, &check),
            look::not_null(name, own)
        )),
        undo: Work::Together(vec![format!(
            "alter table {} drop constraint if exists {}",
            name.sql(),
            quoted(&check)
        )]),
        makes: vec![(name.clone(), check)],
        ..step(
            format!("{name} present"),
            Some(name),
            format!("refuses new rows without {own}"),
            "ACCESS EXCLUSIVE",
        )
    }
}

pub fn add_check(plan: &Plan, table: &TablePlan) -> String {
    format!(
        "alter table {} add constraint {} check ({} is not null) not valid",
        table.name.sql(),
        quoted(&check_name(plan, table)),
        quoted(plan.column(table))
    )
}

pub fn reference_name(plan: &Plan, table: &TablePlan) -> String {
    named(&[&table.name.table, plan.column(table), "fkey"])
}

/// The reference to the table of organizations; absent where there is none, or where the column had one already.
pub fn refers(plan: &Plan, table: &TablePlan, found: &Table) -> Option<String> {
    let (organizations, key) = (plan.organization.table.as_ref()?, plan.organization.key.as_ref()?);
    let own = plan.column(table);
    let had = found
        .foreign_keys
        .iter()
        .any(|key| key.to == *organizations && key.columns == [own.to_owned()]);
    (!had && *organizations != table.name).then(|| {
        format!(
            "foreign key ({}) references {} ({})",
            quoted(own),
            organizations.sql(),
            quoted(key)
        )
    })
}

fn reference(plan: &Plan, catalog: &Catalog, table: &TablePlan, found: &Table) -> Vec<Step> {
    let Some(refers) = refers(plan, table, found) else {
        return Vec::new();
    };
    let key = reference_name(plan, table);
    // Partitioned tables take no reference that is not checked at once: each partition gets its own first.
    let targets: Vec<Name> = if found.is_partitioned() {
        catalog
            .leaves(&table.name)
            .into_iter()
            .map(|leaf| leaf.name.clone())
            .collect()
    } else {
        vec![table.name.clone()]
    };
    let one = |target: Name| Step {
        work: Work::Together(vec![format!(
            "alter table {} add constraint {} {refers} not valid",
            target.sql(),
            quoted(&key)
        )]),
        done: Done::Catalog(look::constraint(&target, &key)),
        undo: Work::Together(vec![format!(
            "alter table {} drop constraint if exists {}",
            target.sql(),
            quoted(&key)
        )]),
        makes: vec![(target.clone(), key.clone())],
        ..step(
            format!("{target} reference"),
            Some(&target),
            "refers to the organizations".to_owned(),
            "SHARE ROW EXCLUSIVE",
        )
    };
    targets.into_iter().map(one).collect()
}
