//! Steps: what carrying out a plan consists of.

use std::collections::BTreeSet;

use crate::{catalog::Catalog, name::Name, plan::Plan};

/// The names of everything a plan adds to tables.
pub struct Made(BTreeSet<(Name, String)>);

impl Made {
    pub fn by(_plan: &Plan, _catalog: &Catalog) -> Self {
        Self(BTreeSet::new())
    }

    pub fn has(&self, table: &Name, name: &str) -> bool {
        self.0.contains(&(table.clone(), name.to_owned()))
    }
}
