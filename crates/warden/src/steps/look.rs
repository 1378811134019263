//! Questions to the catalog: is it there, is it valid?

use crate::name::{Name, literal, quoted};

pub fn column(table: &Name, column: &str) -> String {
    format!(
        "exists (select from pg_attribute where attrelid = {} and attname = {} and not attisdropped)",
        table.regclass(),
        literal(column)
    )
}

pub fn not_null(table: &Name, column: &str) -> String {
    format!(
        "exists (select from pg_attribute where attrelid = {} and attname = {} and attnotnull)",
        table.regclass(),
        literal(column)
    )
}

pub fn constraint(table: &Name, name: &str) -> String {
    format!(
        "exists (select from pg_constraint where conrelid = {} and conname = {})",
        table.regclass(),
        literal(name)
    )
}

pub fn valid(table: &Name, name: &str) -> String {
    format!(
        "exists (select from pg_constraint where conrelid = {} and conname = {} and convalidated)",
        table.regclass(),
        literal(name)
    )
}

/// A constraint whose columns begin with `column`.
pub fn constraint_begins(table: &Name, name: &str, column: &str) -> String {
    format!(
        "exists (select from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
           where k.conrelid = {} and k.conname = {} and a.attname = {})",
        table.regclass(),
        literal(name),
        literal(column)
    )
}

pub fn trigger(table: &Name, name: &str) -> String {
    format!(
        "exists (select from pg_trigger where tgrelid = {} and tgname = {})",
        table.regclass(),
        literal(name)
    )
}

pub fn index(table: &Name, name: &str) -> String {
    format!(
        "exists (select from pg_index where indexrelid = to_regclass({}) and indrelid = {} and indisvalid)",
        literal(&table.beside(name)),
        table.regclass()
    )
}

pub fn function(schema: &str, name: &str) -> String {
    format!(
        "exists (select from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = {} and p.proname = {})",
        literal(schema),
        literal(name)
    )
}

pub fn relation(name: &Name) -> String {
    format!("{} is not null", name.regclass())
}

/// Row security on and forced, with a policy of this name.
pub fn sealed(table: &Name, policy: &str) -> String {
    format!(
        "exists (select from pg_class c join pg_policy p on p.polrelid = c.oid
           where c.oid = {} and c.relrowsecurity and c.relforcerowsecurity and p.polname = {})",
        table.regclass(),
        literal(policy)
    )
}

/// `name(argument, …)` for dropping, whatever its arguments.
pub fn call(schema: &str, name: &str) -> String {
    format!("{}.{}", quoted(schema), quoted(name))
}
