//! The plan that somebody would have written who knows the fixture.

use warden::{
    catalog::Catalog,
    name::Name,
    plan::{
        Conflict, Frozen, Kind, Missing, Organization, Path, Plan, Quarantine, Seal, Source, TablePlan, Users, When,
        flaws,
    },
};
use warden_fixture::{Answer, Fixture, Owner, Unanswered};

/// The organization for rows nobody can place, and what its row needs.
pub fn quarantine(fixture: &Fixture) -> Quarantine {
    let (key, insert): (&str, &[(&str, &str)]) = match fixture.name {
        "notes" => (
            "00000000-0000-4000-8000-00000000dead",
            &[
                ("name", "Quarantine"),
                ("slug", "quarantine"),
                ("created_at", "2026-01-01"),
            ],
        ),
        // What the table itself would fill in differs from run to run.
        "shop" => ("999999999", &[("name", "Quarantine"), ("created_at", "2026-01-01")]),
        "crm" => ("QUARANTINE", &[("Name", "Quarantine")]),
        "older" => (
            "org_quarantine",
            &[
                ("id", "00000000-0000-4000-8000-00000000dead"),
                ("name", "Quarantine"),
                ("created_at", "2026-01-01"),
            ],
        ),
        other => panic!("{other} is not known"),
    };
    Quarantine {
        key: key.to_owned(),
        insert: insert
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

pub fn plan(fixture: &Fixture, catalog: &Catalog) -> Plan {
    let tenancy = &fixture.tenancy;
    let name = |text: &str| text.parse::<Name>().unwrap();
    let user_key = bare(tenancy.user_key);
    let organization_key = bare(tenancy.organization_key);
    let (organizations, users) = (name(tenancy.organizations), name(tenancy.users));
    let kind = |table: &Name, column: &str| catalog.table(table).unwrap().column(column).unwrap().r#type.clone();
    let to = |columns: &[&str], to: &Name, references: &[&str]| Path {
        columns: columns.iter().map(|column| bare(column)).collect(),
        to: to.clone(),
        references: references.iter().map(|column| bare(column)).collect(),
        when: None,
        unless: Vec::new(),
    };
    let source = match tenancy.mapping {
        warden_fixture::Users::Membership {
            table,
            user,
            organization,
        } => Source::Membership {
            table: name(table),
            user: bare(user),
            organization: to(&[organization], &organizations, &[&organization_key]),
        },
        warden_fixture::Users::Column(column) => Source::Column {
            organization: to(&[column], &organizations, &[&organization_key]),
        },
        warden_fixture::Users::Through { column, table, key, .. } => Source::Column {
            organization: to(&[column], &name(table), &[key]),
        },
    };
    let mut plan = Plan {
        version: 1,
        database: catalog.database.clone(),
        organization: Organization {
            column: "org_id".to_owned(),
            r#type: kind(&organizations, &organization_key),
            table: Some(organizations.clone()),
            key: Some(organization_key.clone()),
            quarantine: Some(quarantine(fixture)),
            default: fixture.answers.iter().find_map(|answer| match answer.unanswered {
                Unanswered::Organization(key) => Some(key.to_owned()),
                Unanswered::Quarantine => None,
            }),
        },
        users: Users {
            table: users.clone(),
            key: user_key.clone(),
            r#type: kind(&users, &user_key),
            source,
            assigned: Default::default(),
        },
        seal: Seal {
            schema: "tenancy".to_owned(),
            setting: "app.org_id".to_owned(),
            roles: Vec::new(),
            reads_as_owner: Vec::new(),
        },
        claims: None,
        tables: Vec::new(),
    };
    for table in catalog.tables.iter().filter(|table| !table.is_part()) {
        plan.tables.push(decide(fixture, catalog, &plan, &table.name));
    }
    loosen(&mut plan, catalog);
    let reads = match fixture.name {
        "notes" => &[
            "public.handle_new_user()",
            "public.my_organizations()",
            "public.recent_notes",
        ][..],
        "shop" => &[
            "public.daily_sales",
            "public.order_totals",
            "public.store_revenue(bigint)",
        ],
        "crm" => &["public.contact_search", "sales.\"Open Deals\""],
        "older" => &["public.client_usage"],
        other => panic!("{other} is not known"),
    };
    plan.seal.reads_as_owner = reads.iter().map(|name| (*name).to_owned()).collect();
    plan
}

/// Keys beside the one path of a row may lead to another organization.
fn loosen(plan: &mut Plan, catalog: &Catalog) {
    let owned: Vec<Name> = plan.owned().map(|table| table.name.clone()).collect();
    for table in plan.tables.iter_mut().filter(|table| table.kind == Kind::Owned) {
        for key in &catalog.table(&table.name).unwrap().foreign_keys {
            let only = table.paths.len() == 1 && table.paths[0].columns == key.columns;
            if owned.contains(&key.to) && !(only && key.valid) {
                table.loose.push(key.name.clone());
            }
        }
    }
}

fn decide(fixture: &Fixture, catalog: &Catalog, plan: &Plan, name: &Name) -> TablePlan {
    let found = catalog.table(name).unwrap();
    // Notes are everybody's inside their organization.
    let open_inside = found.row_security || !found.policies.is_empty();
    let mut table = TablePlan {
        name: name.clone(),
        kind: Kind::Owned,
        because: String::new(),
        column: None,
        paths: Vec::new(),
        on_conflict: Conflict::Quarantine,
        on_missing: Missing::Quarantine,
        loose: Vec::new(),
        global_uniques: Vec::new(),
        open_inside,
        keep_key: false,
        drop_columns: Vec::new(),
        keep_columns: Vec::new(),
    };
    let answer = fixture
        .answers
        .iter()
        .find(|answer| answer.table.parse::<Name>().unwrap() == *name);
    let truth = fixture
        .truths
        .iter()
        .any(|truth| truth.table.parse::<Name>().unwrap() == *name);
    match answer {
        Some(Answer { owner, unanswered, .. }) => {
            own(&mut table, owner);
            if let Unanswered::Organization(_) = unanswered {
                table.on_missing = Missing::Default;
            }
        }
        None if !truth => table.kind = Kind::Excluded,
        None => {
            let leads = |to: &Name| {
                let owned = fixture
                    .truths
                    .iter()
                    .any(|truth| truth.table.parse::<Name>().unwrap() == *to);
                owned || *to == plan.users.table || plan.organization.table.as_ref() == Some(to)
            };
            let parent = found.foreign_keys.iter().find(|key| key.to != *name && leads(&key.to));
            match parent {
                Some(key) => table.paths.push(Path {
                    columns: key.columns.clone(),
                    to: key.to.clone(),
                    references: key.references.clone(),
                    when: None,
                    unless: Vec::new(),
                }),
                None => table.paths.push(Path {
                    columns: vec!["user_id".to_owned()],
                    to: plan.users.table.clone(),
                    references: vec![plan.users.key.clone()],
                    when: None,
                    unless: Vec::new(),
                }),
            }
        }
    }
    table
}

fn own(table: &mut TablePlan, owner: &Owner) {
    match owner {
        Owner::Global => table.kind = Kind::Global,
        Owner::Excluded => table.kind = Kind::Excluded,
        Owner::Column(column) => table.column = Some(bare(column)),
        Owner::Path { columns, parent, key } => table.paths.push(Path {
            columns: columns.iter().map(|column| bare(column)).collect(),
            to: parent.parse().unwrap(),
            references: key.iter().map(|column| bare(column)).collect(),
            when: None,
            unless: Vec::new(),
        }),
        // Whoever comes later counts only where those before it say nothing.
        Owner::FirstOf(owners) => {
            let mut before: Vec<String> = Vec::new();
            for owner in *owners {
                let at = table.paths.len();
                own(table, owner);
                let mut columns: Vec<String> = Vec::new();
                for path in &mut table.paths[at..] {
                    path.unless.clone_from(&before);
                    columns.extend(path.columns.clone());
                }
                before.extend(columns);
                before.dedup();
            }
        }
        Owner::Agreeing(owners) => owners.iter().for_each(|owner| own(table, owner)),
        // Rows that everybody refers to stay everybody's: copies would change under the programs that use them.
        Owner::Copies { .. } => table.kind = Kind::Global,
        Owner::Kinds { kind, id, parents } => {
            for (value, parent, key) in *parents {
                table.paths.push(Path {
                    columns: vec![bare(id)],
                    to: parent.parse().unwrap(),
                    references: vec![bare(key)],
                    when: Some(When {
                        column: bare(kind),
                        equals: (*value).to_owned(),
                    }),
                    unless: Vec::new(),
                });
            }
        }
    }
}

/// The plan, frozen without a signature.
pub fn frozen(plan: Plan, catalog: Catalog) -> Frozen {
    let flaws = flaws(&plan, &catalog);
    assert!(
        flaws.is_empty(),
        "{}",
        flaws.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    );
    Frozen::new(plan, catalog)
}

/// The name that stands between quotes in SQL.
fn bare(name: &str) -> String {
    name.trim_matches('"').replace("\"\"", "\"")
}
