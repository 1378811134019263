//! Phase *constrain*: never null, and keys that begin with the organization.
//!
//! Whatever reads a whole table does so while everybody goes on writing; what needs the table to itself is one transaction of
//! entries in the catalog. Foreign keys are checked here and not later: under row security a check may see no row and be
//! content.

use std::collections::BTreeSet;

use super::{
    Done, Phase, Step, Work, add,
    edges::{self, Edge, Fate},
    indexes::{Index, begun_with, body, btree, free, instead, mentions, says},
    look, named,
};
use crate::{
    catalog::{Catalog, Table},
    name::{Name, quoted},
    plan::{Plan, TablePlan},
};

pub fn steps(plan: &Plan, catalog: &Catalog) -> Vec<Step> {
    let tables: Vec<(&TablePlan, &Table)> = plan
        .owned()
        .filter_map(|planned| catalog.table(&planned.name).map(|found| (planned, found)))
        .collect();
    let mut steps = Vec::new();
    for (planned, found) in &tables {
        steps.extend(never_null(plan, planned, found));
        steps.extend(reference(plan, catalog, planned, found));
    }
    for (planned, found) in &tables {
        steps.extend(own_indexes(plan, catalog, planned, found));
    }
    for (planned, found) in &tables {
        steps.extend(exchange(plan, catalog, planned, found));
    }
    steps
}

fn step(id: String, table: &Name, what: String, lock: &'static str) -> Step {
    Step {
        id: format!("constrain {id}"),
        phase: Phase::Constrain,
        table: Some(table.clone()),
        what,
        lock,
        work: Work::Nothing,
        done: Done::Always,
        undo: Work::Nothing,
        beside: Vec::new(),
        makes: Vec::new(),
    }
}

/// The check of *add* is proved, and then is what makes the column's own rule cost nothing.
fn never_null(plan: &Plan, planned: &TablePlan, found: &Table) -> Vec<Step> {
    let name = &planned.name;
    let own = plan.column(planned);
    if found.column(own).is_some_and(|column| column.not_null) {
        return Vec::new();
    }
    let check = add::check_name(plan, planned);
    let alter = format!("alter table {}", name.sql());
    vec![
        Step {
            work: Work::Together(vec![format!("{alter} validate constraint {}", quoted(&check))]),
            done: Done::Catalog(format!(
                "({} or {})",
                look::valid(name, &check),
                look::not_null(name, own)
            )),
            undo: Work::Together(vec![
                format!("{alter} drop constraint if exists {}", quoted(&check)),
                add::add_check(plan, planned),
            ]),
            ..step(
                format!("{name} proved"),
                name,
                format!("proves that {own} is never null"),
                "SHARE UPDATE EXCLUSIVE",
            )
        },
        Step {
            work: Work::Together(vec![
                format!("{alter} alter column {} set not null", quoted(own)),
                format!("{alter} drop constraint {}", quoted(&check)),
            ]),
            done: Done::Catalog(look::not_null(name, own)),
            undo: Work::Together(vec![
                add::add_check(plan, planned),
                format!("{alter} alter column {} drop not null", quoted(own)),
            ]),
            ..step(
                format!("{name} not null"),
                name,
                format!("makes {own} NOT NULL"),
                "ACCESS EXCLUSIVE",
            )
        },
    ]
}

/// The reference to the organizations is proved.
fn reference(plan: &Plan, catalog: &Catalog, planned: &TablePlan, found: &Table) -> Vec<Step> {
    let Some(refers) = add::refers(plan, planned, found) else {
        return Vec::new();
    };
    let key = add::reference_name(plan, planned);
    let prove = |name: &Name| Step {
        work: Work::Together(vec![format!(
            "alter table {} validate constraint {}",
            name.sql(),
            quoted(&key)
        )]),
        done: Done::Catalog(look::valid(name, &key)),
        undo: Work::Together(vec![
            format!("alter table {} drop constraint if exists {}", name.sql(), quoted(&key)),
            format!(
                "alter table {} add constraint {} {refers} not valid",
                name.sql(),
                quoted(&key)
            ),
        ]),
        ..step(
            format!("{name} reference"),
            name,
            "proves that every organization exists".to_owned(),
            "SHARE UPDATE EXCLUSIVE",
        )
    };
    if !found.is_partitioned() {
        return vec![prove(&planned.name)];
    }
    let name = &planned.name;
    let mut steps: Vec<_> = catalog.leaves(name).into_iter().map(|leaf| prove(&leaf.name)).collect();
    let bare = format!("alter table {} drop constraint if exists {}", name.sql(), quoted(&key));
    let mut undo = vec![bare];
    undo.extend(catalog.leaves(name).into_iter().map(|leaf| {
        format!(
            "alter table {} add constraint {} {refers} not valid",
            leaf.name.sql(),
            quoted(&key)
        )
    }));
    steps.push(Step {
        // The partitions' own references are proved, so this reads no row.
        work: Work::Together(vec![format!(
            "alter table {} add constraint {} {refers}",
            name.sql(),
            quoted(&key)
        )]),
        done: Done::Catalog(look::constraint(name, &key)),
        undo: Work::Together(undo),
        makes: vec![(name.clone(), key.clone())],
        ..step(
            format!("{name} reference of all"),
            name,
            "draws the partitions' references together".to_owned(),
            "SHARE ROW EXCLUSIVE",
        )
    });
    steps
}

/// Whether the primary key gets the organization: not where the plan says no, nor where Postgres cannot without a pause.
pub fn swaps(plan: &Plan, planned: &TablePlan, found: &Table) -> bool {
    let own = plan.column(planned);
    !planned.keep_key
        && !found.is_partitioned()
        && found.primary_key.as_ref().is_some_and(|key| {
            key.dependents.is_empty() && !key.deferrable && !key.columns.iter().any(|column| column == own)
        })
}

/// Whether rows are found by organization already.
fn begins(found: &Table, own: &str) -> bool {
    let whole = |index: &&crate::catalog::Index| index.valid && !index.definition.contains(" WHERE ");
    found.indexes.iter().filter(whole).any(|index| {
        index
            .columns
            .first()
            .is_some_and(|first| *first == own || *first == quoted(own))
    })
}

/// The index that becomes the primary key.
fn new_key(plan: &Plan, catalog: &Catalog, planned: &TablePlan) -> String {
    free(
        catalog,
        &planned.name,
        named(&[&planned.name.table, plan.column(planned), "pkey"]),
    )
}

/// The index that keeps the old primary key unique, for programs that conflict on it and keys that refer to it.
pub fn kept_key(catalog: &Catalog, planned: &TablePlan, columns: &[String]) -> String {
    let mut parts = vec![planned.name.table.as_str()];
    parts.extend(columns.iter().map(String::as_str));
    parts.push("warden_key");
    free(catalog, &planned.name, named(&parts))
}

fn own_indexes(plan: &Plan, catalog: &Catalog, planned: &TablePlan, found: &Table) -> Vec<Step> {
    let own = plan.column(planned).to_owned();
    let with_own = |columns: &[String]| -> Vec<String> { std::iter::once(&own).chain(columns).cloned().collect() };
    let index = |name: String, unique: bool, body: String, what: &str| Index {
        catalog,
        table: found,
        name: free(catalog, &found.name, name),
        unique,
        body,
        what: what.to_owned(),
    };
    let mut indexes = Vec::new();
    let mut unique_over: BTreeSet<Vec<String>> = BTreeSet::new();
    if let Some(key) = &found.primary_key
        && swaps(plan, planned, found)
    {
        // With whatever else the old one has: columns beside the key, a fill factor.
        let old = found.indexes.iter().find(|index| index.name == key.name);
        let new = old.and_then(|old| begun_with(&own, &old.definition));
        indexes.push(index(
            new_key(plan, catalog, planned),
            true,
            new.unwrap_or_else(|| btree(&with_own(&key.columns))),
            "builds the new primary key",
        ));
        indexes.push(index(
            kept_key(catalog, planned, &key.columns),
            true,
            old.and_then(|old| body(&old.definition))
                .unwrap_or_else(|| btree(&key.columns)),
            "keeps the old key unique",
        ));
        unique_over.insert(key.columns.clone());
    } else if !begins(found, &own) {
        indexes.push(index(
            named(&[&planned.name.table, &own, "idx"]),
            false,
            btree(&with_own(&[])),
            "finds rows by organization",
        ));
    }
    for unique in &found.uniques {
        // One that is checked at the end of a transaction lets programs do what an index would refuse.
        if planned.global_uniques.contains(&unique.name) || unique.columns.contains(&own) || unique.deferrable {
            continue;
        }
        let gone: Vec<&String> = planned
            .drop_columns
            .iter()
            .filter(|column| mentions(&unique.definition, column))
            .collect();
        let body = if gone.is_empty() {
            begun_with(&own, &unique.definition)
        } else {
            instead(&own, &gone, &unique.definition)
        };
        if let Some(body) = body {
            indexes.push(index(
                named(&[&unique.name, &own]),
                true,
                body,
                "makes a key unique inside each organization",
            ));
            if !unique.expressions && unique.predicate.is_none() && gone.is_empty() {
                unique_over.insert(unique.columns.clone());
            }
        }
    }
    // An index goes with any column of it, and whoever lists rows in its order would miss it.
    let unique = |index: &str| found.uniques.iter().any(|unique| unique.name == index);
    for old in found.indexes.iter().filter(|old| old.valid && !unique(&old.name)) {
        let gone: Vec<&String> = planned
            .drop_columns
            .iter()
            .filter(|column| mentions(&old.definition, column))
            .collect();
        let is_gone = |column: &String| gone.iter().any(|gone| column == *gone || *column == quoted(gone));
        // An expression of a column that goes says nothing of the organization.
        let inside = |column: &String| !is_gone(column) && gone.iter().any(|gone| says(column, gone));
        let key = found.primary_key.as_ref().is_some_and(|key| key.name == old.name);
        if gone.is_empty() || key || old.columns.iter().all(is_gone) || old.columns.iter().any(inside) {
            continue;
        }
        if let Some(body) = instead(&own, &gone, &old.definition) {
            indexes.push(index(
                named(&[&old.name, &own]),
                false,
                body,
                "orders rows as an index did that goes with a column",
            ));
        }
    }
    // What composite keys will refer to, where nothing above is that already.
    for edge in edges::to(plan, catalog, found) {
        if edge.fate(plan) != Fate::Outside && unique_over.insert(edge.key.references.clone()) {
            let mut parts = vec![planned.name.table.as_str(), own.as_str()];
            parts.extend(edge.key.references.iter().map(String::as_str));
            parts.push("key");
            indexes.push(index(
                named(&parts),
                true,
                btree(&with_own(&edge.key.references)),
                "can be referred to with the organization",
            ));
        }
    }
    // The child's side of a composite key, found by when a parent goes.
    for key in found.foreign_keys.iter().filter(|key| !key.inherited) {
        let edge = Edge {
            child: found,
            key,
            planned: Some(planned),
        };
        let owned = plan.owned().any(|table| table.name == key.to);
        if owned && edge.fate(plan) != Fate::Outside {
            let name = named(&[&found.name.table, &key.name, &own, "idx"]);
            indexes.push(index(
                name,
                false,
                btree(&with_own(&key.columns)),
                "finds the rows that hang on a parent",
            ));
        }
    }
    let mut steps: Vec<Step> = indexes.iter().flat_map(Index::steps).collect();
    if let Some(key) = &found.primary_key
        && swaps(plan, planned, found)
    {
        // Once it is the primary key it goes by that name.
        let new = format!("constrain {} index {}", planned.name, new_key(plan, catalog, planned));
        for step in steps.iter_mut().filter(|step| step.id == new) {
            if let Done::Catalog(there) = &step.done {
                step.done = Done::Catalog(format!(
                    "({there} or {})",
                    look::constraint_begins(&planned.name, &key.name, &own)
                ));
            }
        }
    }
    steps
}

/// The one step that touches several tables: the keys that refer to a table give way to those with the organization, and its
/// primary key becomes the new one.
fn exchange(plan: &Plan, catalog: &Catalog, planned: &TablePlan, found: &Table) -> Vec<Step> {
    let edges = edges::to(plan, catalog, found);
    let swaps = swaps(plan, planned, found);
    if edges.is_empty() && !swaps {
        return Vec::new();
    }
    let name = &planned.name;
    let mut exchange = Exchange {
        plan,
        catalog,
        planned,
        beside: Vec::new(),
        before: Vec::new(),
        down: Vec::new(),
        up: Vec::new(),
        undo_down: Vec::new(),
        undo_up: Vec::new(),
        makes: Vec::new(),
        after: Vec::new(),
        done: Vec::new(),
    };
    let key_columns = found
        .primary_key
        .as_ref()
        .map(|key| key.columns.as_slice())
        .unwrap_or_default();
    for edge in &edges {
        exchange.edge(edge, swaps && same_columns(&edge.key.references, key_columns));
    }
    let mut own = (Vec::new(), Vec::new());
    if let Some(key) = found.primary_key.as_ref().filter(|_| swaps) {
        let alter = format!("alter table {}", name.sql());
        let old = quoted(&key.name);
        own.0 = vec![
            format!("{alter} drop constraint {old}"),
            format!(
                "{alter} add constraint {old} primary key using index {}",
                quoted(&new_key(plan, catalog, planned))
            ),
        ];
        // The index that kept the old key unique becomes the key again, and the new one goes.
        own.1 = vec![
            format!("{alter} drop constraint {old}"),
            format!(
                "{alter} add constraint {old} primary key using index {}",
                quoted(&kept_key(catalog, planned, &key.columns))
            ),
        ];
        exchange
            .done
            .push(look::constraint_begins(name, &key.name, plan.column(planned)));
    }
    let Exchange {
        beside,
        before,
        down,
        up,
        undo_down,
        undo_up,
        makes,
        after,
        done,
        ..
    } = exchange;
    let mut steps = before;
    if down.is_empty() && up.is_empty() && own.0.is_empty() {
        return steps;
    }
    steps.push(Step {
        work: Work::Together([down, own.0, up].concat()),
        done: Done::Catalog(if done.is_empty() {
            "true".to_owned()
        } else {
            done.join(" and ")
        }),
        undo: Work::Together([undo_down, own.1, undo_up].concat()),
        beside,
        makes,
        ..step(
            format!("{name} keys"),
            name,
            "exchanges its primary key and the keys that refer to it".to_owned(),
            "ACCESS EXCLUSIVE on it and on what refers to it",
        )
    });
    steps.extend(after);
    steps
}

/// Whether a reference is to these columns, in whatever order it names them.
pub fn same_columns(one: &[String], other: &[String]) -> bool {
    one.len() == other.len() && one.iter().all(|column| other.contains(column))
}

struct Exchange<'a> {
    plan: &'a Plan,
    catalog: &'a Catalog,
    planned: &'a TablePlan,
    /// What refers to it.
    beside: Vec<Name>,
    before: Vec<Step>,
    down: Vec<String>,
    up: Vec<String>,
    undo_down: Vec<String>,
    undo_up: Vec<String>,
    makes: Vec<(Name, String)>,
    after: Vec<Step>,
    done: Vec<String>,
}

impl Exchange<'_> {
    /// `pinned`: the old key stands on the index that goes.
    fn edge(&mut self, edge: &Edge<'_>, pinned: bool) {
        let fate = edge.fate(self.plan);
        let child = &edge.child.name;
        let alter = format!("alter table {}", child.sql());
        let old = quoted(&edge.key.name);
        if !self.beside.contains(child) {
            self.beside.push(child.clone());
        }
        if edge.child.is_partitioned() {
            return self.partitioned(edge, fate, pinned);
        }
        if fate == Fate::Composite || pinned {
            self.down.push(format!("{alter} drop constraint {old}"));
            self.undo_up
                .push(format!("{alter} add constraint {old} {}", edge.old_unchecked()));
            if edge.key.valid {
                self.before.push(self.proved_again(edge, child));
            }
        }
        if fate != Fate::Outside {
            let name = edge.composite_name(self.plan);
            let definition = edge.composite(self.plan, self.planned);
            self.up.push(format!(
                "{alter} add constraint {} {definition} not valid",
                quoted(&name)
            ));
            self.undo_down
                .push(format!("{alter} drop constraint if exists {}", quoted(&name)));
            let own = edge
                .planned
                .map(|planned| self.plan.column(planned))
                .unwrap_or_default();
            self.done.push(look::constraint_begins(child, &name, own));
            if fate == Fate::Loose {
                self.makes.push((child.clone(), name));
            } else {
                self.after.push(self.prove(child, &name, &edge.key.to));
            }
        }
        if pinned && fate != Fate::Composite {
            self.up
                .push(format!("{alter} add constraint {old} {}", edge.old_unchecked()));
            self.undo_down.push(format!("{alter} drop constraint {old}"));
            if edge.key.valid {
                self.after.push(self.prove(child, &edge.key.name, &edge.key.to));
            }
        }
    }

    fn prove(&self, child: &Name, key: &str, to: &Name) -> Step {
        Step {
            work: Work::Together(vec![format!(
                "alter table {} validate constraint {}",
                child.sql(),
                quoted(key)
            )]),
            done: Done::Catalog(look::valid(child, key)),
            ..step(
                format!("{child} {key} proved for {to}"),
                child,
                format!("proves that {key} holds for every row"),
                "SHARE UPDATE EXCLUSIVE",
            )
        }
    }

    /// Nothing on the way there; on the way back the old key is proved once it is there again.
    fn proved_again(&self, edge: &Edge<'_>, child: &Name) -> Step {
        let key = &edge.key.name;
        Step {
            undo: Work::Together(vec![format!(
                "alter table {} validate constraint {}",
                child.sql(),
                quoted(key)
            )]),
            ..step(
                format!("{child} {key} was valid"),
                child,
                format!("{key} holds for every row"),
                "",
            )
        }
    }

    /// Keys of partitioned tables cannot wait to be proved, so each partition's is made and proved before, and drawn together here.
    fn partitioned(&mut self, edge: &Edge<'_>, fate: Fate, pinned: bool) {
        // For a moment, which a crash may make long, it is on the partitions and not on the whole.
        self.makes.push((edge.child.name.clone(), edge.key.name.clone()));
        let child = &edge.child.name;
        let alter = format!("alter table {}", child.sql());
        let old = quoted(&edge.key.name);
        let leaves: Vec<Name> = self
            .catalog
            .leaves(child)
            .into_iter()
            .map(|leaf| leaf.name.clone())
            .collect();
        let composite = named(&[&edge.key.name, "warden"]);
        if fate != Fate::Outside {
            let definition = edge.composite(self.plan, self.planned);
            for leaf in &leaves {
                self.before.push(Step {
                    work: Work::Together(vec![format!(
                        "alter table {} add constraint {} {definition} not valid",
                        leaf.sql(),
                        quoted(&composite)
                    )]),
                    done: Done::Catalog(look::constraint(leaf, &composite)),
                    undo: Work::Together(vec![format!(
                        "alter table {} drop constraint if exists {}",
                        leaf.sql(),
                        quoted(&composite)
                    )]),
                    makes: vec![(leaf.clone(), composite.clone())],
                    ..step(
                        format!("{leaf} {composite}"),
                        leaf,
                        format!("adds {composite} to a partition"),
                        "SHARE ROW EXCLUSIVE",
                    )
                });
                if fate == Fate::Composite {
                    self.before.push(self.prove(leaf, &composite, &edge.key.to));
                }
            }
            if fate == Fate::Composite {
                let name = edge.composite_name(self.plan);
                self.up
                    .push(format!("{alter} add constraint {} {definition}", quoted(&name)));
                self.undo_down
                    .push(format!("{alter} drop constraint if exists {}", quoted(&name)));
                let own = edge
                    .planned
                    .map(|planned| self.plan.column(planned))
                    .unwrap_or_default();
                self.done.push(look::constraint_begins(child, &name, own));
            }
        }
        if fate == Fate::Composite || pinned {
            self.down.push(format!("{alter} drop constraint {old}"));
            // The partitions' keys first, each without a look at its rows; the parent's draws them together when they are proved.
            for leaf in &leaves {
                self.undo_up.push(format!(
                    "alter table {} add constraint {old} {}",
                    leaf.sql(),
                    edge.old_unchecked()
                ));
            }
            let mut again: Vec<_> = leaves
                .iter()
                .map(|leaf| format!("alter table {} validate constraint {old}", leaf.sql()))
                .collect();
            again.push(format!(
                "do $warden$ begin if not {} then {alter} add constraint {old} {}; end if; end $warden$",
                look::constraint(child, &edge.key.name),
                edge.old()
            ));
            self.before.push(Step {
                undo: Work::Together(again),
                ..step(
                    format!("{child} {} was valid", edge.key.name),
                    child,
                    format!("{} holds for every row", edge.key.name),
                    "",
                )
            });
        }
        if fate == Fate::Loose {
            // They stand on the index that becomes the primary key, and go before it does.
            for leaf in &leaves {
                self.undo_down.push(format!(
                    "alter table {} drop constraint if exists {}",
                    leaf.sql(),
                    quoted(&composite)
                ));
            }
        }
        if pinned && fate != Fate::Composite {
            self.again(edge, &leaves);
        }
    }

    /// The old key of a partitioned table once more, on the index that stays: first of each partition, and proved while
    /// everybody goes on writing; then of the whole, which reads no row.
    fn again(&mut self, edge: &Edge<'_>, leaves: &[Name]) {
        let (child, name) = (&edge.child.name, &edge.key.name);
        let old = quoted(name);
        let alter = format!("alter table {}", child.sql());
        self.undo_down.push(format!("{alter} drop constraint if exists {old}"));
        for leaf in leaves {
            self.up.push(format!(
                "alter table {} add constraint {old} {}",
                leaf.sql(),
                edge.old_unchecked()
            ));
            self.undo_down
                .push(format!("alter table {} drop constraint if exists {old}", leaf.sql()));
            self.after.push(self.prove(leaf, name, &edge.key.to));
        }
        self.after.push(Step {
            work: Work::Together(vec![format!("{alter} add constraint {old} {}", edge.old())]),
            done: Done::Catalog(look::constraint(child, name)),
            ..step(
                format!("{child} {name} of all"),
                child,
                format!("draws {name} of the partitions together"),
                "SHARE ROW EXCLUSIVE",
            )
        });
    }
}
