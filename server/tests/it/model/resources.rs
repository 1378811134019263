//! Registered resources in the oracle: made, read, listed, changed and deleted like any other, whatever they are.
//!
//! Agents are left out: the model knows more of them (`deeds.rs`).

use std::{collections::BTreeMap, sync::LazyLock};

use axum::http::Method;
use serde_json::{Value, json};
use switchboard::{
    agents::Agent as RealAgent,
    registry::{self, Registered, ResourceVisitor},
    resource::{
        Action::{Create, Delete, Read, Update},
        Kind, Resource as _,
    },
    sample::Fixtures,
};

use super::{
    asked::{Actor, Good, Outcome},
    asking::Both,
    command::{OnResource, Pick},
    deeds::NAMES,
    oracle::{Oracle, Org, Thing},
};

/// What the model knows of a resource: how it is asked for and what a good draft of it is.
pub struct Known {
    pub kind: Kind,
    pub table: &'static str,
    pub sample: fn(&str) -> Value,
    /// The paths of its server functions, as far as pages ask for it.
    functions: BTreeMap<&'static str, &'static str>,
}

/// One thing of a registered resource.
#[derive(Clone, Debug)]
pub struct Made {
    pub id: Thing,
    pub name: usize,
    pub revision: i64,
    pub gone: bool,
}

const NOT_FOUND: [&str; 1] = ["not_found"];

/// Every registered resource but agents.
pub static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let mut all = All(Vec::new());
    registry::visit_all(&mut all);
    all.0
});

struct All(Vec<Known>);

impl ResourceVisitor for All {
    fn visit<R: Registered>(&mut self) {
        if R::KIND == RealAgent::KIND {
            return;
        }
        let about = R::KIND.about();
        let [one, many] = [about.singular, about.plural].map(|words| words.to_lowercase().replace(' ', "_"));
        let paths: Vec<&'static str> = leptos::server_fn::axum::server_fn_paths()
            .map(|(path, _)| path)
            .collect();
        let mut functions = BTreeMap::new();
        for (verb, noun) in [
            ("list", &many),
            ("get", &one),
            ("create", &one),
            ("update", &one),
            ("delete", &one),
        ] {
            let name = format!("/{verb}_{noun}");
            if let Some(path) = paths.iter().find(|path| path.ends_with(&name)) {
                functions.insert(verb, path.trim_start_matches("/fn/app/"));
            }
        }
        self.0.push(Known {
            kind: R::KIND,
            table: R::TABLE,
            sample: |name| json!(R::sample(name, &Fixtures::default())),
            functions,
        });
    }
}

/// The resource of this number, counted around what there is.
pub fn known(number: usize) -> &'static Known {
    &KNOWN[number % KNOWN.len()]
}

impl Known {
    /// Whether a page asks for this, or only programs do.
    pub fn has_page(&self, on: &OnResource) -> bool {
        self.functions.contains_key(on.verb())
    }

    fn made<'a>(&self, org: &'a Org) -> &'a [Made] {
        org.made.get(&self.kind).map_or(&[], Vec::as_slice)
    }

    fn things(&self) -> impl Fn(&Org) -> Vec<Thing> + '_ {
        |org| self.made(org).iter().map(|made| made.id).collect()
    }

    /// Whole, but for what the clock says, and how people and programs write it differently.
    fn whole(&self, made: &Made) -> Value {
        let name = NAMES[made.name % NAMES.len()];
        json!({"id": format!("#{}", made.id), "name": (self.sample)(name)["name"], "revision": made.revision})
    }
}

impl OnResource {
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::List { .. } => "list",
            Self::Read(_) => "get",
            Self::Create(_) => "create",
            Self::Update { .. } => "update",
            Self::Delete(_) => "delete",
        }
    }
}

impl Oracle {
    fn of_kind(&self, org: usize, known: &Known, id: Thing) -> Option<&Made> {
        known
            .made(&self.orgs[org])
            .iter()
            .find(|made| made.id == id && !made.gone)
    }

    fn of_kind_mut(&mut self, org: usize, known: &Known, id: Thing) -> Option<&mut Made> {
        let made = self.orgs[org].made.entry(known.kind).or_default();
        made.iter_mut().find(|made| made.id == id && !made.gone)
    }

    fn is_taken(&self, org: usize, known: &Known, name: usize, but: Option<Thing>) -> bool {
        let same = |made: &&Made| made.name % NAMES.len() == name % NAMES.len() && Some(made.id) != but;
        known
            .made(&self.orgs[org])
            .iter()
            .filter(|made| !made.gone)
            .any(|made| same(&made))
    }

    pub fn about_resources(&mut self, actor: &Actor, org: usize, number: usize, on: &OnResource) -> Outcome {
        let known = known(number);
        let kind = known.kind;
        let chosen = |oracle: &Self, pick: &Pick| oracle.pick(org, *pick, known.things());
        match on {
            OnResource::List { limit } => {
                actor.may(Read, kind)?;
                let there = known.made(&self.orgs[org]).iter().rev().filter(|made| !made.gone);
                let items: Vec<_> = there
                    .take(limit.unwrap_or(50))
                    .map(|made| {
                        let mut row = known.whole(made);
                        row.as_object_mut().expect("a row is an object").remove("revision");
                        row
                    })
                    .collect();
                Ok(Good::of(json!({ "items": items })))
            }
            OnResource::Read(pick) => {
                let id = chosen(self, pick);
                actor.may(Read, kind)?;
                Ok(Good::of(known.whole(self.of_kind(org, known, id).ok_or(NOT_FOUND)?)))
            }
            OnResource::Create(name) => {
                actor.may(Create, kind)?;
                if self.is_taken(org, known, *name, None) {
                    return Err(vec!["invalid"]);
                }
                let made = Made {
                    id: self.next(),
                    name: *name,
                    revision: 1,
                    gone: false,
                };
                let (id, whole) = (made.id, known.whole(&made));
                self.orgs[org].made.entry(kind).or_default().push(made);
                self.note(actor, org, "create", kind, &format!("#{id}"), NAMES[name % NAMES.len()]);
                Ok(Good {
                    body: whole,
                    new: Some(id),
                    goes_on: false,
                })
            }
            OnResource::Update { thing, name, stale } => {
                let id = chosen(self, thing);
                if !actor.in_browser() {
                    // Without a tag the newest is meant, which has to be read.
                    actor.may(Read, kind)?;
                    self.of_kind(org, known, id).ok_or(NOT_FOUND)?;
                }
                actor.may(Update, kind)?;
                self.of_kind(org, known, id).ok_or(NOT_FOUND)?;
                if *stale && actor.in_browser() {
                    return Err(vec!["conflict"]);
                }
                if self.is_taken(org, known, *name, Some(id)) {
                    return Err(vec!["invalid"]);
                }
                let made = self.of_kind_mut(org, known, id).ok_or(NOT_FOUND)?;
                made.name = *name;
                made.revision += 1;
                let whole = known.whole(&made.clone());
                self.note(actor, org, "update", kind, &format!("#{id}"), NAMES[name % NAMES.len()]);
                Ok(Good::of(whole))
            }
            OnResource::Delete(pick) => {
                let id = chosen(self, pick);
                actor.may(Delete, kind)?;
                let made = self.of_kind_mut(org, known, id).ok_or(NOT_FOUND)?;
                made.gone = true;
                let name = NAMES[made.name % NAMES.len()];
                self.note(actor, org, "delete", kind, &format!("#{id}"), name);
                Ok(Good::default())
            }
        }
    }

    /// Both ways to ask for it. The name of a function that no page has is empty; only programs ask then.
    pub fn both_of_resources(&self, org: usize, number: usize, on: &OnResource) -> Both {
        let known = known(number);
        let path = known.kind.about().path;
        let function = known.functions.get(on.verb()).copied().unwrap_or_default();
        let named = |pick: &Pick| format!("#{}", self.pick(org, *pick, known.things()));
        let draft = |name: usize| (known.sample)(NAMES[name % NAMES.len()]);
        let both = |method, path, body, action, arguments| Both {
            method,
            path,
            body,
            needs: (action, known.kind),
            function,
            arguments,
        };
        match on {
            OnResource::List { limit } => {
                let query = limit.map(|limit| format!("?limit={limit}")).unwrap_or_default();
                let page = limit.map_or(json!({}), |limit| json!({ "limit": limit }));
                let arguments = json!({"filter": {}, "page": page});
                both(Method::GET, format!("{path}{query}"), None, Read, arguments)
            }
            OnResource::Read(pick) => {
                let id = named(pick);
                both(Method::GET, format!("{path}/{id}"), None, Read, json!({ "id": id }))
            }
            OnResource::Create(name) => {
                let draft = draft(*name);
                let arguments = json!({ "draft": draft });
                both(Method::POST, path.to_owned(), Some(draft), Create, arguments)
            }
            OnResource::Update { thing, name, stale } => {
                let (id, draft) = (self.pick(org, *thing, known.things()), draft(*name));
                let newest = self.of_kind(org, known, id).map_or(1, |made| made.revision);
                let revision = if *stale { newest - 1 } else { newest };
                let arguments = json!({"id": format!("#{id}"), "draft": draft, "revision": revision});
                both(Method::PUT, format!("{path}/#{id}"), Some(draft), Update, arguments)
            }
            OnResource::Delete(pick) => {
                let id = named(pick);
                both(
                    Method::DELETE,
                    format!("{path}/{id}"),
                    None,
                    Delete,
                    json!({ "id": id }),
                )
            }
        }
    }
}
