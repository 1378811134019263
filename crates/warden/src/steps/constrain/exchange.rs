//! The exchange: the one step that touches several tables, what prepares it, and what proves it afterwards.

use super::{
    own::{kept_key, new_key, swaps},
    step,
};
use crate::{
    catalog::{Catalog, Table},
    name::{Name, quoted},
    plan::{Plan, TablePlan},
    steps::{
        Done, Step, Work,
        edges::{self, Edge, Fate},
        look, named,
    },
};

/// The one step that touches several tables: the keys that refer to a table give way to those with the organization, and its
/// primary key becomes the new one.
pub(super) fn exchange(plan: &Plan, catalog: &Catalog, planned: &TablePlan, found: &Table) -> Vec<Step> {
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
