//! Circles: where tables lead back to each other, and which links can be spared.

use std::collections::{BTreeMap, BTreeSet};

use super::{CIRCLE, OWN_TABLE, Ways};
use crate::{discover::links::Link, name::Name};

/// Leaves out what leads back: a table is answered for by what is above it.
pub(super) fn open_circles(ways: &mut BTreeMap<Name, Ways>) {
    for (name, ways) in ways.iter_mut() {
        if ways.always(|link| link.path.to != *name) {
            set_aside(ways, |link| link.path.to == *name, OWN_TABLE);
        }
    }
    // One at a time, because each may open several circles.
    loop {
        let circular = circular(ways);
        let closes = |name: &Name, link: &Link| circular.contains(&(name.clone(), link.path.to.clone()));
        let dispensable = ways.iter().find_map(|(name, ways)| {
            let link = ways
                .paths
                .iter()
                .find(|link| link.path.to != *name && link.nullable && closes(name, link))?;
            ways.always(|link| !closes(name, link))
                .then(|| (name.clone(), link.clone()))
        });
        let Some((name, link)) = dispensable else { return };
        if let Some(ways) = ways.get_mut(&name) {
            set_aside(ways, |other| *other == link, CIRCLE);
        }
    }
}

fn set_aside(ways: &mut Ways, which: impl Fn(&Link) -> bool, why: &'static str) {
    let (aside, paths) = std::mem::take(&mut ways.paths)
        .into_iter()
        .partition(|link| which(link));
    ways.paths = paths;
    let aside: Vec<Link> = aside;
    ways.aside.extend(aside.into_iter().map(|link| (link, why)));
}

/// Pairs of a table and one that it leads to and that leads back to it.
pub fn circular(ways: &BTreeMap<Name, Ways>) -> BTreeSet<(Name, Name)> {
    let next = |name: &Name| {
        ways.get(name)
            .into_iter()
            .flat_map(|ways| ways.paths.iter().map(|link| &link.path.to))
    };
    let mut circular = BTreeSet::new();
    for name in ways.keys() {
        for to in next(name) {
            let (mut seen, mut open) = (BTreeSet::from([to]), vec![to]);
            while let Some(at) = open.pop() {
                open.extend(next(at).filter(|name| seen.insert(name)));
            }
            if seen.contains(name) {
                circular.insert((name.clone(), to.clone()));
            }
        }
    }
    circular
}

/// How many links away from people and organizations.
pub(super) fn depths(ways: &BTreeMap<Name, Ways>) -> BTreeMap<Name, usize> {
    let mut depths: BTreeMap<Name, usize> = BTreeMap::new();
    for depth in 1..=ways.len() {
        let is_end = |name: &Name| !ways.contains_key(name);
        let leads = |ways: &Ways| {
            let near = |link: &Link| is_end(&link.path.to) || depths.contains_key(&link.path.to);
            ways.held.is_some() || ways.paths.iter().any(near)
        };
        let near: Vec<_> = ways
            .iter()
            .filter(|(name, ways)| !depths.contains_key(*name) && leads(ways))
            .map(|(name, _)| name.clone())
            .collect();
        depths.extend(near.into_iter().map(|name| (name, depth)));
    }
    depths
}
