//! Small plans for unit tests.

use super::{Conflict, Kind, Missing, Organization, Path, Plan, Seal, Source, TablePlan, Users};
use crate::name::Name;

pub fn plan(tables: Vec<TablePlan>) -> Plan {
    Plan {
        version: 1,
        database: "test".to_owned(),
        organization: Organization {
            column: "org_id".to_owned(),
            r#type: "uuid".to_owned(),
            table: Some(Name::new("public", "orgs")),
            key: Some("id".to_owned()),
            quarantine: None,
            default: None,
        },
        users: Users {
            table: Name::new("public", "users"),
            key: "id".to_owned(),
            r#type: "uuid".to_owned(),
            source: Source::Column {
                organization: to("orgs"),
            },
            assigned: Default::default(),
        },
        seal: Seal {
            schema: "tenancy".to_owned(),
            setting: "app.org_id".to_owned(),
            roles: Vec::new(),
            reads_as_owner: Vec::new(),
        },
        claims: None,
        tables,
    }
}

pub fn to(table: &str) -> Path {
    Path {
        columns: vec![format!("{table}_id")],
        to: Name::new("public", table),
        references: vec!["id".to_owned()],
        when: None,
        unless: Vec::new(),
    }
}

pub fn owned(name: &str, parents: &[&str]) -> TablePlan {
    TablePlan {
        name: Name::new("public", name),
        kind: Kind::Owned,
        because: String::new(),
        column: None,
        paths: parents.iter().map(|parent| to(parent)).collect(),
        on_conflict: Conflict::default(),
        on_missing: Missing::default(),
        loose: Vec::new(),
        global_uniques: Vec::new(),
        open_inside: false,
        keep_key: false,
        drop_columns: Vec::new(),
        keep_columns: Vec::new(),
    }
}
