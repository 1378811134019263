//! Databases to migrate, each on the test cluster and gone afterwards.

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use switchboard::db::testing::cluster;
use warden::{
    catalog::Catalog,
    name::Name,
    plan::{
        Conflict, Frozen, Kind, Missing, Organization, Path, Plan, Quarantine, Seal, Source, TablePlan, Users, When,
        flaws,
    },
};
use warden_fixture::{Answer, Fixture, Owner, Unanswered};

/// A database of its own for one test.
pub struct Database {
    pub login: PgConnectOptions,
    name: String,
}

impl Database {
    pub async fn new() -> Self {
        let server = cluster().await.options();
        let mut admin = server.connect().await.unwrap();
        let name: String = sqlx::query_scalar("select 'test_' || replace(gen_random_uuid()::text, '-', '')")
            .fetch_one(&mut admin)
            .await
            .unwrap();
        admin
            .execute(AssertSqlSafe(format!("create database {name} template template0")))
            .await
            .unwrap();
        admin.close().await.unwrap();
        Self {
            login: server.database(&name),
            name,
        }
    }

    pub async fn connect(&self) -> PgConnection {
        self.login.connect().await.unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the test's database is kept: {}", self.name);
            return;
        }
        let (server, name) = (self.login.clone().database("postgres"), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut admin = server.connect().await.unwrap();
                admin
                    .execute(AssertSqlSafe(format!("drop database if exists {name} with (force)")))
                    .await
                    .unwrap();
            });
        });
        dropped.join().unwrap();
    }
}

/// The plan a person would have written who knows the fixture.
pub fn plan(fixture: &Fixture, catalog: &Catalog, quarantine: Quarantine) -> Plan {
    let tenancy = &fixture.tenancy;
    let name = |text: &str| text.parse::<Name>().unwrap();
    let (organizations, users) = (name(tenancy.organizations), name(tenancy.users));
    let kind = |table: &Name, column: &str| catalog.table(table).unwrap().column(column).unwrap().r#type.clone();
    let to = |columns: &[&str], to: &Name, references: &[&str]| Path {
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        to: to.clone(),
        references: references.iter().map(|column| (*column).to_owned()).collect(),
        when: None,
    };
    let source = match tenancy.mapping {
        warden_fixture::Users::Membership {
            table,
            user,
            organization,
        } => Source::Membership {
            table: name(table),
            user: user.to_owned(),
            organization: to(&[organization], &organizations, &[tenancy.organization_key]),
        },
        warden_fixture::Users::Column(column) => Source::Column {
            organization: to(&[column], &organizations, &[tenancy.organization_key]),
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
            r#type: kind(&organizations, tenancy.organization_key),
            table: Some(organizations.clone()),
            key: Some(tenancy.organization_key.to_owned()),
            quarantine: Some(quarantine),
            default: fixture.answers.iter().find_map(|answer| match answer.unanswered {
                Unanswered::Organization(key) => Some(key.to_owned()),
                Unanswered::Quarantine => None,
            }),
        },
        users: Users {
            table: users.clone(),
            key: tenancy.user_key.to_owned(),
            r#type: kind(&users, tenancy.user_key),
            source,
            assigned: Default::default(),
        },
        seal: Seal {
            schema: "tenancy".to_owned(),
            setting: "app.org_id".to_owned(),
            roles: Vec::new(),
        },
        claims: None,
        tables: Vec::new(),
    };
    for table in catalog.tables.iter().filter(|table| !table.is_part()) {
        plan.tables.push(decide(fixture, catalog, &plan, &table.name));
    }
    loosen(&mut plan, catalog);
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
            own(&mut table, plan, owner);
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
                }),
                None => table.paths.push(Path {
                    columns: vec!["user_id".to_owned()],
                    to: plan.users.table.clone(),
                    references: vec![plan.users.key.clone()],
                    when: None,
                }),
            }
        }
    }
    table
}

fn own(table: &mut TablePlan, plan: &Plan, owner: &Owner) {
    match owner {
        Owner::Global => table.kind = Kind::Global,
        Owner::Excluded => table.kind = Kind::Excluded,
        Owner::Column(column) => table.column = Some((*column).to_owned()),
        Owner::Path { columns, parent, key } => table.paths.push(Path {
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
            to: parent.parse().unwrap(),
            references: key.iter().map(|column| (*column).to_owned()).collect(),
            when: None,
        }),
        Owner::FirstOf(owners) => {
            table.on_conflict = Conflict::First;
            owners.iter().for_each(|owner| own(table, plan, owner));
        }
        Owner::Agreeing(owners) => owners.iter().for_each(|owner| own(table, plan, owner)),
        // Rows that everybody refers to stay everybody's: copies would change under the programs that use them.
        Owner::Copies { .. } => table.kind = Kind::Global,
        Owner::Kinds { kind, id, parents } => {
            for (value, parent, key) in *parents {
                table.paths.push(Path {
                    columns: vec![(*id).to_owned()],
                    to: parent.parse().unwrap(),
                    references: vec![(*key).to_owned()],
                    when: Some(When {
                        column: (*kind).to_owned(),
                        equals: (*value).to_owned(),
                    }),
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
