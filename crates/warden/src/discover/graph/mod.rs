//! The graph of links: which tables lead to an organization, by which ways, and which way comes first.

mod circles;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    links::{Link, Links, is_sound},
    naming::{self, Person},
    people::{Ground, kind},
};
use crate::{catalog::Catalog, name::Name};

pub(super) use circles::circular;
use circles::{depths, open_circles};

/// What a table's organization can be known from.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ways {
    /// A column that holds it already.
    pub held: Option<Link>,
    /// In the order of their priority.
    pub paths: Vec<Link>,
    /// Links that are known and not asked, and why.
    pub aside: Vec<(Link, &'static str)>,
}

impl Ways {
    /// Whether every row has a value in one of these.
    fn always(&self, which: impl Fn(&Link) -> bool) -> bool {
        self.held
            .iter()
            .chain(self.paths.iter().filter(|link| which(link)))
            .any(|link| !link.nullable)
    }
}

pub(super) const OWN_TABLE: &str = "leads to the table itself, whose rows are answered for without it";
pub(super) const CIRCLE: &str = "closes a circle, and the table is answered for without it";
pub(super) const AUDIENCE: &str = "says whom a row is for, not whose it is";
pub(super) const NO_KEY: &str = "has no foreign key, and others have";
pub(super) const UNCONVINCING: &str = "has no foreign key, and few of its values are found there";
pub(super) const HELD: &str = "is not needed, because a column holds the organization of every row";

pub(super) struct Graph<'a> {
    pub catalog: &'a Catalog,
    pub ground: &'a Ground,
    pub links: &'a Links,
    /// Tables that nothing leads through.
    pub left_out: &'a BTreeSet<Name>,
}

impl Graph<'_> {
    /// The tables that lead to an organization.
    pub(super) fn owned(&self) -> BTreeMap<Name, Ways> {
        let reached = self.reached();
        let mut ways: BTreeMap<Name, Ways> = reached
            .keys()
            .map(|name| (name.clone(), self.ways(name, &reached)))
            .collect();
        open_circles(&mut ways);
        let depths = depths(&ways);
        let circular = circular(&ways);
        for (name, ways) in &mut ways {
            let rank = |link: &Link| {
                let closes = circular.contains(&(name.clone(), link.path.to.clone()));
                let depth = depths.get(&link.path.to).copied().unwrap_or_default();
                (closes, self.class(link), !link.cascade, link.key.is_none(), depth)
            };
            ways.paths.sort_by_key(rank);
        }
        ways
    }

    fn is_end(&self, name: &Name) -> bool {
        self.ground.is_users(name) || self.ground.is_organizations(name)
    }

    fn open(&self, name: &Name) -> bool {
        !self.left_out.contains(name) && !self.is_end(name)
    }

    fn links_of(&self, name: &Name) -> impl Iterator<Item = &Link> {
        let links = self.links.of.get(name).map(Vec::as_slice).unwrap_or_default();
        // A person's answer is asked for by the key that memberships use.
        let by_key = |link: &Link| {
            !self.ground.is_users(&link.path.to) || link.path.references == [self.ground.user_key.clone()]
        };
        links
            .iter()
            .filter(move |link| is_sound(link, self.catalog) && by_key(link))
    }

    /// Tables that lead somewhere, and whether foreign keys alone do it. A proposal counts only where no key leads.
    fn reached(&self) -> BTreeMap<Name, bool> {
        let mut reached: BTreeMap<Name, bool> = BTreeMap::new();
        loop {
            let leads = |link: &&Link, reached: &BTreeMap<Name, bool>| {
                self.is_end(&link.path.to) || reached.contains_key(&link.path.to)
            };
            let keyed = |link: &&Link| link.key.is_some();
            let proposed = |link: &&Link| link.share.is_some_and(|share| share.convinces());
            let next = |by_key: bool| -> Vec<Name> {
                let names = self
                    .links
                    .of
                    .keys()
                    .filter(|name| self.open(name) && !reached.contains_key(*name));
                let any = |name: &&Name| {
                    self.links_of(name)
                        .filter(|link| link.path.to != **name && leads(link, &reached))
                        .any(|link| if by_key { keyed(&link) } else { proposed(&link) })
                };
                names.filter(any).cloned().collect()
            };
            let (found, by_key) = match next(true) {
                none if none.is_empty() => (next(false), false),
                some => (some, true),
            };
            if found.is_empty() {
                return reached;
            }
            reached.extend(found.into_iter().map(|name| (name, by_key)));
        }
    }

    fn ways(&self, name: &Name, reached: &BTreeMap<Name, bool>) -> Ways {
        let mut ways = Ways::default();
        let leads = |link: &&Link| self.is_end(&link.path.to) || reached.contains_key(&link.path.to);
        let mut links: Vec<Link> = self.links_of(name).filter(leads).cloned().collect();
        ways.held = self.held(name, &links);
        if let Some(held) = &ways.held {
            links.retain(|link| link != held);
            if held.enforced && !held.nullable {
                ways.aside = links.into_iter().map(|link| (link, HELD)).collect();
                return ways;
            }
        }
        if self.ground.membership().is_some_and(|(table, _)| table == name) {
            // Whose organization is known from this very table cannot say more about it.
            links.retain(|link| !self.ground.is_users(&link.path.to));
        }
        let by_key = reached.get(name).copied().unwrap_or_default() || ways.held.is_some();
        let others = |links: &[Link], link: &Link| {
            links
                .iter()
                .any(|other| other != link && other.path.to != *name && self.class(other) != Class::Audience)
        };
        for link in &links {
            let convinces = link.share.is_none_or(|share| share.convinces());
            let aside = if link.key.is_none() && !convinces && link.path.when.is_none() {
                Some(UNCONVINCING)
            } else if link.key.is_none() && by_key && link.path.when.is_none() {
                Some(NO_KEY)
            } else if self.class(link) == Class::Audience && others(&links, link) {
                Some(AUDIENCE)
            } else {
                None
            };
            match aside {
                Some(why) => ways.aside.push((link.clone(), why)),
                None => ways.paths.push(link.clone()),
            }
        }
        ways
    }

    /// The column that holds the organization itself, if the table has one.
    fn held(&self, name: &Name, links: &[Link]) -> Option<Link> {
        let (organizations, key) = self.ground.organizations.as_ref()?;
        let table = self.catalog.table(name)?;
        let bare = |kind: &str| kind.split('(').next().unwrap_or(kind).trim().to_owned();
        let holds = |link: &&Link| {
            link.path.to == *organizations
                && link.path.references == std::slice::from_ref(key)
                && link.path.when.is_none()
                && bare(&kind(table, &link.path.columns[0])) == bare(&self.ground.organization_type)
                && link.share.is_none_or(|share| share.convinces())
        };
        let named = |link: &&Link| {
            let column = &link.path.columns[0];
            (
                !naming::names_organization(column, &organizations.table),
                link.nullable,
                !link.enforced,
            )
        };
        links.iter().filter(holds).min_by_key(named).cloned()
    }

    pub(super) fn class(&self, link: &Link) -> Class {
        let to = &link.path.to;
        let inner = self
            .ground
            .organizations
            .as_ref()
            .is_some_and(|(_, key)| link.path.references != std::slice::from_ref(key));
        if self.ground.is_organizations(to) {
            if inner && self.ground.is_known_by_another_key(self.catalog) {
                return Class::Billing;
            }
            return if link.nullable {
                Class::PerhapsOrganization
            } else {
                Class::Organization
            };
        }
        if !self.is_person(to) {
            return if link.nullable {
                Class::PerhapsParent
            } else {
                Class::Parent
            };
        }
        match (naming::person(&link.path.columns[0]), link.nullable) {
            (Person::Owner, false) => Class::Owner,
            (Person::Owner, true) => Class::PerhapsOwner,
            (Person::Author, _) => Class::Author,
            (Person::Audience, _) => Class::Audience,
        }
    }

    /// The people's table, or the other half of it: a profile by the person's own id.
    fn is_person(&self, name: &Name) -> bool {
        let half = |name: &Name| {
            let table = self.catalog.table(name)?;
            let key = table.primary_key.as_ref()?;
            table
                .foreign_keys
                .iter()
                .find(|foreign| foreign.columns == key.columns && self.ground.is_users(&foreign.to))
        };
        self.ground.is_users(name) || half(name).is_some()
    }
}

/// How sure a link is to say whose a row is, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Organization,
    Parent,
    Owner,
    PerhapsOrganization,
    PerhapsParent,
    /// The organizations' own id, where others know them by another key: billing's, and on its way out.
    Billing,
    PerhapsOwner,
    Author,
    Audience,
}

impl Class {
    /// What comes first because of it.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Organization | Self::PerhapsOrganization | Self::Billing => "it names the organization",
            Self::Parent => "a row is part of it",
            Self::Owner | Self::PerhapsOwner => "it names whose the row is",
            Self::PerhapsParent => "a row may be part of it",
            Self::Author => "it says who made the row",
            Self::Audience => "it says whom the row is for",
        }
    }
}
