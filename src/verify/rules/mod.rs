//! The rules of the catalog: each is a question, one statement that answers it, and what a fault would mean.
//!
//! A statement returns one row for each thing it examined: the thing, and what is wrong with it or null. So a rule always
//! says how many things it has looked at, and one that found nothing to look at has proved nothing.

mod functions;
mod grants;
mod keys;
mod policies;
mod roles;
mod shape;
mod surroundings;
mod tables;
mod triggers;

pub(super) use super::question::Group;
use super::question::Question;
use crate::report::Level;

pub(super) struct Rule {
    pub ask: Question,
    /// Takes `Expected` as its only parameter.
    pub sql: &'static str,
}

/// Every rule, in its group.
pub(super) fn all() -> impl Iterator<Item = (Group, &'static Rule)> {
    [
        (tables::GROUP, tables::RULES),
        (policies::GROUP, policies::RULES),
        (shape::GROUP, shape::RULES),
        (keys::GROUP, keys::RULES),
        (triggers::GROUP, triggers::RULES),
        (grants::GROUP, grants::RULES),
        (roles::GROUP, roles::RULES),
        (functions::GROUP, functions::RULES),
        (surroundings::GROUP, surroundings::RULES),
    ]
    .into_iter()
    .flat_map(|(group, rules)| rules.iter().map(move |rule| (group, rule)))
}

const fn rule(id: &'static str, question: &'static str, means: &'static str, sql: &'static str) -> Rule {
    Rule {
        ask: Question::new(id, question, means),
        sql,
    }
}

impl Rule {
    const fn optional(self) -> Rule {
        Rule {
            ask: self.ask.optional(),
            ..self
        }
    }

    const fn advice(self) -> Rule {
        let ask = Question {
            level: Level::Advice,
            ..self.ask
        };
        Rule { ask, ..self }
    }
}

/// A statement over the catalog as it is and as it should be.
///
/// - `listed`, `reviewed`, `due`: tables, functions and roles of `Expected`; `known`: the roles that are there
/// - `ours`: every schema that is not Postgres's own
/// - `tenant`: the tables of schema `app`, listed or not, with their key (null where they have none) and the predicate their
///   policies should have
/// - `policy`: `pg_policy`, readable
macro_rules! catalog {
    ($sql:literal) => {
        concat!(
            r#"with listed as (
                 select * from jsonb_to_recordset($1 -> 'tables') as t(schema text, name text, mutability text, queue boolean)),
               reviewed as (
                 select * from jsonb_to_recordset($1 -> 'functions')
                   as f(signature text, fingerprint text, definer boolean, callers text[])),
               due as (
                 select * from jsonb_to_recordset($1 -> 'roles') as r(name text, attributes text, settings text[], schemas text[])),
               known as (select due.* from due join pg_roles on rolname = due.name),
               ours as (
                 select oid, nspname::text as name, nspowner, nspacl from pg_namespace
                 where nspname !~ '^pg_' and nspname <> 'information_schema'),
               tenant as (
                 select c.oid, c.oid::regclass::text as name, c.relname::text as short, a.attnum as att,
                        coalesce(l.mutability, 'mutable') as mutability, coalesce(l.queue, false) as queue,
                        '(org_id = app.current_org())' as predicate
                 from pg_class c
                 join ours n on n.oid = c.relnamespace and n.name = 'app'
                 left join listed l on l.schema = n.name and l.name = c.relname
                 left join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped
                 where c.relkind in ('r', 'p')),
               policy as (
                 select polrelid as relation, polname::text as name, polpermissive as permissive, polcmd as command,
                        (select string_agg(case r when 0 then 'public' else r::regrole::text end, ', '
                           order by r::regrole::text) from unnest(polroles) r) as roles,
                        coalesce(pg_get_expr(polqual, polrelid), 'anything') as shows,
                        coalesce(pg_get_expr(polwithcheck, polrelid), 'what it shows') as accepts
                 from pg_policy)
            "#,
            $sql
        )
    };
}
pub(super) use catalog;
