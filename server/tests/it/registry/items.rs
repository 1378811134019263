//! The items: every attack and fault that the product has to survive, by id, with what proves that it does.

use crate::registry::features::Feature;

/// One attack or fault.
pub struct Item {
    pub id: &'static str,
    pub title: &'static str,
    /// Test binary and test.
    pub proofs: &'static [(&'static str, &'static str)],
    /// What the rest of it is about, which the product does not have.
    pub waits: &'static [Feature],
}

/// Letter and count of each chapter.
pub const CHAPTERS: [(&str, u32); 8] = [
    ("I", 37),
    ("A", 30),
    ("K", 7),
    ("W", 19),
    ("B", 16),
    ("C", 12),
    ("U", 10),
    ("F", 14),
];

pub const ALL: [&[Item]; 5] = [
    crate::registry::isolation::ITEMS,
    crate::registry::identity::ITEMS,
    crate::registry::traffic::ITEMS,
    crate::registry::money::ITEMS,
    crate::registry::faults::ITEMS,
];

/// Proven by these tests.
pub const fn proven(id: &'static str, title: &'static str, proofs: &'static [(&'static str, &'static str)]) -> Item {
    Item {
        id,
        title,
        proofs,
        waits: &[],
    }
}

/// Of no use before these features are there.
pub const fn waiting(id: &'static str, title: &'static str, waits: &'static [Feature]) -> Item {
    Item {
        id,
        title,
        proofs: &[],
        waits,
    }
}

/// Proven as far as it can happen today; the rest waits.
pub const fn partly(
    id: &'static str,
    title: &'static str,
    proofs: &'static [(&'static str, &'static str)],
    waits: &'static [Feature],
) -> Item {
    Item {
        id,
        title,
        proofs,
        waits,
    }
}
