//! Registered resources in the oracle: made, read, listed, changed and deleted like any other, whatever they are.
//!
//! Agents are left out: the model knows more of them (`deeds.rs`).

use std::{collections::BTreeMap, sync::LazyLock};

use axum::http::Method;
use serde_json::{Value, json};
use switchboard::{
    agents::Agent as RealAgent,
    folders::DEEPEST,
    registry::{self, Registered, ResourceVisitor},
    resource::{
        Action::{Create, Delete, Read, Update},
        Kind, Resource as _,
    },
    sample::Fixtures,
};

use super::{
    asked::{Actor, Good, Outcome},
    asking::{Both, listing},
    command::{OnResource, Pick},
    deeds::NAMES,
    lists::List,
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
    /// In what it lies, where its kind nests.
    pub inside: Option<Thing>,
    pub revision: i64,
    pub gone: bool,
}

/// Under what name a draft says in which other one of its kind it lies.
const INSIDE: &str = "parent_id";
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

    /// The number that its things of this name can be rung at.
    pub fn number(&self, name: usize) -> Option<String> {
        let sample = (self.sample)(NAMES[name % NAMES.len()]);
        sample["phone"].as_str().map(str::to_owned)
    }

    fn nests(&self) -> bool {
        (self.sample)(NAMES[0]).get(INSIDE).is_some()
    }

    fn made<'a>(&self, org: &'a Org) -> &'a [Made] {
        org.made.get(&self.kind).map_or(&[], Vec::as_slice)
    }

    fn things(&self) -> impl Fn(&Org) -> Vec<Thing> + '_ {
        |org| self.made(org).iter().map(|made| made.id).collect()
    }

    /// What its list shows, the oldest first, each row with its number.
    pub fn rows(&self, org: &Org) -> Vec<(Thing, Value)> {
        let there = self.made(org).iter().filter(|made| !made.gone);
        there
            .map(|made| {
                let mut row = self.whole(made);
                row.as_object_mut().expect("a row is an object").remove("revision");
                (made.id, row)
            })
            .collect()
    }

    /// Where programs ask for its list, and the function that pages ask, if one does.
    pub fn listed(&self) -> (&'static str, &'static str) {
        (
            self.kind.about().path,
            self.functions.get("list").copied().unwrap_or_default(),
        )
    }

    /// Whole, but for what the clock says, and how people and programs write it differently.
    fn whole(&self, made: &Made) -> Value {
        let name = NAMES[made.name % NAMES.len()];
        let mut whole =
            json!({"id": format!("#{}", made.id), "name": (self.sample)(name)["name"], "revision": made.revision});
        if self.nests() {
            whole[INSIDE] = json!(made.inside.map(|id| format!("#{id}")));
        }
        whole
    }
}

impl OnResource {
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::List { .. } => "list",
            Self::Read(_) => "get",
            Self::Create { .. } => "create",
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

    /// Of what nests, no two in one place are called the same; of all else, no two at all.
    fn is_taken(&self, org: usize, known: &Known, name: usize, inside: Option<Thing>, but: Option<Thing>) -> bool {
        let same = |made: &&Made| {
            made.name % NAMES.len() == name % NAMES.len() && made.inside == inside && Some(made.id) != but
        };
        known
            .made(&self.orgs[org])
            .iter()
            .filter(|made| !made.gone)
            .any(|made| same(&made))
    }

    /// Which of this organization's things has a number.
    pub fn whose(&self, org: usize, number: &str) -> Option<Thing> {
        KNOWN.iter().find_map(|known| {
            let there = known.made(&self.orgs[org]).iter().filter(|made| !made.gone);
            let mut with = there.filter(|made| known.number(made.name).as_deref() == Some(number));
            with.next().map(|made| made.id)
        })
    }

    /// Calls with a number that nobody had until now.
    fn link_calls(&mut self, org: usize, known: &Known, made: &Made) {
        let number = known.number(made.name);
        let calls = self.orgs[org].calls.iter_mut();
        for call in calls.filter(|call| call.contact.is_none() && Some(&call.number) == number.as_ref()) {
            call.contact = Some(made.id);
        }
    }

    /// Where something lies now, and how deep that is. Refused: in what is not there, in itself or below, and too deep.
    fn inside(
        &self,
        org: usize,
        known: &Known,
        id: Option<Thing>,
        inside: Option<&Pick>,
    ) -> Result<Option<Thing>, Vec<&'static str>> {
        let Some(inside) = inside.filter(|_| known.nests()) else {
            return Ok(None);
        };
        let parent = self.pick(org, *inside, known.things());
        let mut above = Vec::new();
        let mut next = Some(parent);
        while let Some(made) = next.and_then(|id| self.of_kind(org, known, id)) {
            above.push(made.id);
            next = made.inside;
        }
        let levels = above.len() + id.map_or(1, |id| self.levels(org, known, id));
        if above.is_empty() || id.is_some_and(|id| above.contains(&id)) || levels > DEEPEST {
            return Err(vec!["invalid"]);
        }
        Ok(Some(parent))
    }

    /// How many levels a thing and what lies in it take.
    fn levels(&self, org: usize, known: &Known, id: Thing) -> usize {
        let made = known.made(&self.orgs[org]).iter();
        let below = made.filter(|made| !made.gone && made.inside == Some(id));
        1 + below
            .map(|made| self.levels(org, known, made.id))
            .max()
            .unwrap_or_default()
    }

    pub fn about_resources(&mut self, actor: &Actor, org: usize, number: usize, on: &OnResource) -> Outcome {
        let known = known(number);
        let kind = known.kind;
        let chosen = |oracle: &Self, pick: &Pick| oracle.pick(org, *pick, known.things());
        match on {
            OnResource::List { limit } => self.list(actor, org, &List::Registered(number), *limit, None),
            OnResource::Read(pick) => {
                let id = chosen(self, pick);
                actor.may(Read, kind)?;
                Ok(Good::of(known.whole(self.of_kind(org, known, id).ok_or(NOT_FOUND)?)))
            }
            OnResource::Create { name, inside } => {
                actor.may(Create, kind)?;
                let inside = self.inside(org, known, None, inside.as_ref())?;
                if self.is_taken(org, known, *name, inside, None) {
                    return Err(vec!["invalid"]);
                }
                let made = Made {
                    id: self.next(),
                    name: *name,
                    inside,
                    revision: 1,
                    gone: false,
                };
                let (id, whole) = (made.id, known.whole(&made));
                self.link_calls(org, known, &made);
                self.orgs[org].made.entry(kind).or_default().push(made);
                self.note(actor, org, "create", kind, &format!("#{id}"), NAMES[name % NAMES.len()]);
                Ok(Good {
                    body: whole,
                    new: Some(id),
                    goes_on: false,
                })
            }
            OnResource::Update {
                thing,
                name,
                inside,
                stale,
            } => {
                let id = chosen(self, thing);
                actor.may(Update, kind)?;
                self.of_kind(org, known, id).ok_or(NOT_FOUND)?;
                if *stale && actor.in_browser() {
                    return Err(vec!["conflict"]);
                }
                let inside = self.inside(org, known, Some(id), inside.as_ref())?;
                if self.is_taken(org, known, *name, inside, Some(id)) {
                    return Err(vec!["invalid"]);
                }
                let made = self.of_kind_mut(org, known, id).ok_or(NOT_FOUND)?;
                made.name = *name;
                made.inside = inside;
                made.revision += 1;
                let made = made.clone();
                let whole = known.whole(&made);
                self.link_calls(org, known, &made);
                self.note(actor, org, "update", kind, &format!("#{id}"), NAMES[name % NAMES.len()]);
                Ok(Good::of(whole))
            }
            OnResource::Delete(pick) => {
                let id = chosen(self, pick);
                actor.may(Delete, kind)?;
                let gone = self.of_kind(org, known, id).ok_or(NOT_FOUND)?;
                let within = known.made(&self.orgs[org]).iter();
                let mut within = within.filter(|made| !made.gone && made.inside == Some(id));
                if within.any(|made| self.is_taken(org, known, made.name, gone.inside, Some(id))) {
                    return Err(vec!["conflict"]);
                }
                let made = self.of_kind_mut(org, known, id).ok_or(NOT_FOUND)?;
                made.gone = true;
                let (name, inside) = (NAMES[made.name % NAMES.len()], made.inside);
                for call in self.orgs[org].calls.iter_mut().filter(|call| call.contact == Some(id)) {
                    call.contact = None;
                }
                // What lay in it lies where it lay.
                let others = self.orgs[org].made.entry(kind).or_default();
                for other in others.iter_mut().filter(|other| other.inside == Some(id)) {
                    other.inside = inside;
                }
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
        let draft = |name: usize, inside: &Option<Pick>| {
            let mut draft = (known.sample)(NAMES[name % NAMES.len()]);
            if let Some(inside) = inside.as_ref().filter(|_| known.nests()) {
                draft[INSIDE] = json!(named(inside));
            }
            draft
        };
        let both = |method, path, body, action, arguments| Both {
            method,
            path,
            body,
            needs: (action, known.kind),
            function,
            arguments,
        };
        match on {
            OnResource::List { limit } => listing(&List::Registered(number), *limit, None),
            OnResource::Read(pick) => {
                let id = named(pick);
                both(Method::GET, format!("{path}/{id}"), None, Read, json!({ "id": id }))
            }
            OnResource::Create { name, inside } => {
                let draft = draft(*name, inside);
                let arguments = json!({ "draft": draft });
                both(Method::POST, path.to_owned(), Some(draft), Create, arguments)
            }
            OnResource::Update {
                thing,
                name,
                inside,
                stale,
            } => {
                let (id, draft) = (self.pick(org, *thing, known.things()), draft(*name, inside));
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
