//! Every way we could think of to spoil isolation, each with the rule that must notice.

pub struct Fault {
    pub rule: &'static str,
    /// What somebody did.
    pub name: &'static str,
    pub sql: &'static str,
}

/// Of the catalog.
pub fn catalog() -> impl Iterator<Item = Fault> {
    read(include_str!("catalog.sql"))
}

/// Of the rows, in a database with two organizations.
pub fn rows() -> impl Iterator<Item = Fault> {
    read(include_str!("rows.sql"))
}

/// That the program's own logins run into, in a database with two organizations.
pub fn logins() -> impl Iterator<Item = Fault> {
    read(include_str!("logins.sql"))
}

/// That a canary dies of, in a database with two organizations.
pub fn canaries() -> impl Iterator<Item = Fault> {
    read(include_str!("canary.sql"))
}

/// That statements slow down for, in a database with many rows.
pub fn plans() -> impl Iterator<Item = Fault> {
    read(include_str!("plans.sql"))
}

/// Of statements, in the forms that a spread database has refused.
pub fn statements() -> impl Iterator<Item = Fault> {
    read(include_str!("statements.sql"))
}

/// A fault begins with `-- rule: name` and ends where the next one begins.
fn read(text: &'static str) -> impl Iterator<Item = Fault> {
    text.split("\n-- ").skip(1).map(|fault| {
        let (title, sql) = fault.split_once('\n').expect("statements follow the name");
        let (rule, name) = title.split_once(": ").expect("a rule, and what somebody did");
        Fault { rule, name, sql }
    })
}
