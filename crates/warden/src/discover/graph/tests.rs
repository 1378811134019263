//! Tables, the links between them, and what the graph makes of these.

use std::collections::BTreeSet;

use super::{AUDIENCE, CIRCLE, Graph, NO_KEY, OWN_TABLE, Ways};
use crate::{
    catalog::{Catalog, Column, Key, Table, TableKind},
    discover::{
        links::{Link, Links, Share},
        people::Ground,
    },
    name::Name,
    plan::{Path, Source},
};

fn name(table: &str) -> Name {
    Name::new("public", table)
}

fn column(name: &str, not_null: bool) -> Column {
    Column {
        name: name.to_owned(),
        r#type: "uuid".to_owned(),
        not_null,
        default: None,
        made: false,
    }
}

fn table(name_of: &str, columns: Vec<Column>) -> Table {
    let mut all = vec![column("id", true)];
    all.extend(columns);
    Table {
        name: name(name_of),
        kind: TableKind::Ordinary,
        owner: "owner".to_owned(),
        rows: 0,
        bytes: 0,
        columns: all,
        primary_key: Some(Key {
            name: format!("{name_of}_pkey"),
            columns: vec!["id".to_owned()],
            deferrable: false,
            definition: "PRIMARY KEY (id)".to_owned(),
            dependents: Vec::new(),
        }),
        uniques: Vec::new(),
        foreign_keys: Vec::new(),
        indexes: Vec::new(),
        triggers: Vec::new(),
        policies: Vec::new(),
        row_security: false,
        row_security_forced: false,
        grants: Vec::new(),
    }
}

/// A database that is told as `note.section_id section` for each link: `?` where it may be null, `~` without a key, `!` where rows go with it.
fn ways(told: &[&str]) -> std::collections::BTreeMap<Name, Ways> {
    let mut catalog = Catalog {
        database: "d".to_owned(),
        server: 150_000,
        tables: vec![table("users", Vec::new()), table("orgs", Vec::new())],
        surroundings: Vec::new(),
        roles: Vec::new(),
    };
    let mut links = Links::default();
    for line in told {
        let (from, to) = line.split_once(' ').unwrap();
        let (to, marks) = to.split_at(to.find(['?', '~', '!']).unwrap_or(to.len()));
        let (from, by) = from.split_once('.').unwrap();
        let (nullable, keyed) = (marks.contains('?'), !marks.contains('~'));
        for known in [from, to] {
            if catalog.table(&name(known)).is_none() {
                catalog.tables.push(table(known, Vec::new()));
            }
        }
        let own = catalog
            .tables
            .iter_mut()
            .find(|table| table.name == name(from))
            .unwrap();
        own.columns.push(column(by, !nullable));
        links.of.entry(name(from)).or_default().push(Link {
            path: Path {
                columns: vec![by.to_owned()],
                to: name(to),
                references: vec!["id".to_owned()],
                when: None,
                unless: Vec::new(),
            },
            key: keyed.then(|| format!("{from}_{by}")),
            enforced: keyed,
            nullable,
            cascade: marks.contains('!'),
            share: (!keyed).then_some(Share { filled: 10, found: 9 }),
        });
    }
    let ground = Ground {
        users: name("users"),
        user_key: "id".to_owned(),
        user_type: "uuid".to_owned(),
        organizations: Some((name("orgs"), "id".to_owned())),
        organization_type: "uuid".to_owned(),
        source: Source::Membership {
            table: name("members"),
            user: "user_id".to_owned(),
            organization: Path {
                columns: vec!["org_id".to_owned()],
                to: name("orgs"),
                references: vec!["id".to_owned()],
                when: None,
                unless: Vec::new(),
            },
        },
    };
    let graph = Graph {
        catalog: &catalog,
        ground: &ground,
        links: &links,
        left_out: &BTreeSet::from([name("junk")]),
    };
    graph.owned()
}

fn paths(told: &[&str], table: &str) -> Vec<String> {
    let ways = ways(told);
    let ways = ways
        .get(&name(table))
        .map(|ways| ways.paths.clone())
        .unwrap_or_default();
    ways.iter().map(|link| link.path.columns[0].clone()).collect()
}

fn aside(told: &[&str], table: &str) -> Vec<(String, &'static str)> {
    let ways = ways(told);
    let aside = &ways[&name(table)].aside;
    aside
        .iter()
        .map(|(link, why)| (link.path.columns[0].clone(), *why))
        .collect()
}

#[test]
fn what_leads_nowhere_is_not_owned() {
    let told = [
        "notes.user_id users",
        "lines.note_id notes",
        "cities.country_id countries",
        "copies.junk_id junk",
        "junk.user_id users",
    ];
    let owned: Vec<_> = ways(&told).into_keys().map(|name| name.table).collect();
    assert_eq!(owned, ["lines", "notes"]);
}

#[test]
fn ownership_comes_before_authorship_and_the_certain_before_the_possible() {
    let told = [
        "notes.user_id users",
        "tasks.created_by users",
        "tasks.owner_id users?",
        "tasks.folder_id notes?",
        "tasks.user_id users",
        "tasks.note_id notes",
    ];
    assert_eq!(
        paths(&told, "tasks"),
        ["note_id", "user_id", "folder_id", "owner_id", "created_by"]
    );
}

#[test]
fn what_a_row_goes_with_comes_before_what_is_nearer() {
    let told = [
        "shops.owner_id users",
        "goods.shop_id shops",
        "orders.shop_id shops",
        "items.good_id goods",
        "items.order_id orders!",
    ];
    assert_eq!(paths(&told, "items"), ["order_id", "good_id"]);
    let told = [
        "shops.owner_id users",
        "goods.shop_id shops",
        "items.good_id goods",
        "items.shop_id shops",
    ];
    assert_eq!(paths(&told, "items"), ["shop_id", "good_id"]);
}

#[test]
fn a_column_of_the_organization_that_is_always_filled_needs_no_path() {
    let told = ["notes.user_id users", "notes.org_id orgs"];
    let ways = ways(&told);
    let notes = &ways[&name("notes")];
    assert_eq!(
        notes.held.as_ref().map(|held| held.path.columns[0].as_str()),
        Some("org_id")
    );
    assert_eq!(notes.paths, []);
    assert_eq!(
        paths(&["notes.user_id users", "notes.org_id orgs?"], "notes"),
        ["user_id"]
    );
}

#[test]
fn the_membership_says_nothing_of_its_own_people() {
    assert_eq!(
        paths(&["members.user_id users", "members.org_id orgs?"], "members"),
        [""; 0]
    );
}

#[test]
fn a_reference_without_a_key_counts_where_no_key_leads() {
    assert_eq!(paths(&["events.actor_id users~"], "events"), ["actor_id"]);
    let told = ["notes.user_id users", "events.user_id users", "events.note_id notes~"];
    assert_eq!(paths(&told, "events"), ["user_id"]);
    assert_eq!(aside(&told, "events"), [("note_id".to_owned(), NO_KEY)]);
    // What hangs below it is reached through it.
    assert_eq!(
        paths(&["events.actor_id users~", "details.event_id events"], "details"),
        ["event_id"]
    );
}

#[test]
fn whom_a_row_is_for_is_set_aside_where_somebody_owns_it() {
    let told = [
        "notes.user_id users",
        "shares.note_id notes",
        "shares.shared_with users",
    ];
    assert_eq!(aside(&told, "shares"), [("shared_with".to_owned(), AUDIENCE)]);
    assert_eq!(paths(&["alerts.recipient_id users"], "alerts"), ["recipient_id"]);
}

#[test]
fn circles_are_opened_where_they_can_be_spared() {
    let told = [
        "documents.user_id users",
        "documents.version_id versions?",
        "versions.document_id documents",
    ];
    assert_eq!(paths(&told, "documents"), ["user_id"]);
    assert_eq!(aside(&told, "documents"), [("version_id".to_owned(), CIRCLE)]);
    assert_eq!(paths(&told, "versions"), ["document_id"]);
}

#[test]
fn circles_that_are_needed_stay_and_come_last() {
    let told = ["a.b_id b?", "a.user_id users?", "b.a_id a?", "b.owner_id users?"];
    assert_eq!(paths(&told, "a"), ["user_id", "b_id"]);
    assert_eq!(paths(&told, "b"), ["owner_id", "a_id"]);
}

#[test]
fn a_tree_is_climbed_only_where_its_rows_do_not_name_their_owner() {
    let told = ["folders.parent_id folders?", "folders.user_id users"];
    assert_eq!(paths(&told, "folders"), ["user_id"]);
    assert_eq!(aside(&told, "folders"), [("parent_id".to_owned(), OWN_TABLE)]);
    assert_eq!(
        paths(&["folders.parent_id folders?", "folders.user_id users?"], "folders"),
        ["user_id", "parent_id"]
    );
}
