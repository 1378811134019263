//! Agents, calls and keys in the oracle.

use serde_json::{Value, json};
use switchboard::{
    org::{Permissions, Scope},
    resource::{
        Action::{Create, Delete, Read, Update},
        Kind,
    },
};

use super::{
    asked::{Actor, Credential, Good, Outcome},
    command::{Deed, Pick, Words},
    oracle::{Agent, Call, Key, Oracle, Org, Thing},
    resources::KNOWN,
};
use crate::support::draft_json;

/// All organizations call things by the same names.
pub const NAMES: [&str; 8] = [
    "Front desk",
    "Night line",
    "Sales",
    "Recalls",
    "Bookings",
    "Surveys",
    "Lost property",
    "Billing help",
];
pub const TAGS: [&str; 3] = ["daytime", "english", "pilot"];

const NOT_FOUND: [&str; 1] = ["not_found"];

/// What keys are made with.
pub fn scopes(n: usize) -> Permissions {
    let of = |kinds: &[Kind]| {
        Scope::all()
            .filter(|scope| kinds.contains(&scope.kind))
            .collect::<Permissions>()
    };
    match n % 6 {
        0 => Scope::all()
            .filter(|scope| scope.kind == Kind::Agent && scope.action == Read)
            .collect(),
        1 => of(&[Kind::Agent]),
        2 => of(&[Kind::Agent, Kind::Call]),
        3 => of(&[Kind::ApiKey, Kind::Agent]),
        4 => of(&[Kind::Member, Kind::Audit]),
        _ => Scope::all().collect(),
    }
}

pub fn agents(org: &Org) -> Vec<Thing> {
    org.agents.iter().map(|agent| agent.id).collect()
}

pub fn calls(org: &Org) -> Vec<Thing> {
    org.calls.iter().map(|call| call.id).collect()
}

pub fn keys(org: &Org) -> Vec<Thing> {
    org.keys.iter().map(|key| key.id).collect()
}

impl Agent {
    pub fn name(&self) -> &str {
        self.draft["name"].as_str().expect("a name is text")
    }

    /// Whole, but for what the provider and the clock say.
    fn whole(&self) -> Value {
        let mut whole = self.draft.clone();
        whole["id"] = json!(format!("#{}", self.id));
        whole["revision"] = json!(self.revision);
        whole
    }

    pub fn row(&self) -> Value {
        let mut row = json!({"id": format!("#{}", self.id), "sync": "synced"});
        for field in ["name", "description", "language", "voice_name", "tags"] {
            row[field] = self.draft[field].clone();
        }
        row
    }

    pub fn matches(&self, q: Option<&str>, tag: Option<&str>) -> bool {
        let text = format!("{} {} {}", self.name(), self.draft["description"], self.draft["prompt"]);
        let tags = self.draft["tags"].as_array().expect("tags are a list");
        q.is_none_or(|q| text.to_lowercase().contains(&q.to_lowercase()))
            && tag.is_none_or(|tag| tags.iter().any(|own| own == tag))
    }
}

impl Oracle {
    pub fn draft(&self, org: usize, words: &Words) -> Value {
        let mark = &self.marks[org];
        let mut draft = draft_json(NAMES[words.name % NAMES.len()]);
        if words.shared {
            return draft;
        }
        draft["description"] = json!(format!("{mark} {}", words.number));
        draft["prompt"] = json!(format!("Answer for {mark}."));
        draft["first_message"] = json!(format!("This is {mark}."));
        draft["language"] = json!(if words.german { "de-DE" } else { "en-US" });
        let shared = words.tag.map(|n| TAGS[n % TAGS.len()]);
        draft["tags"] = json!(shared.into_iter().chain([mark.as_str()]).collect::<Vec<_>>());
        draft
    }

    fn find(&self, org: usize, id: Thing) -> Option<&Agent> {
        self.orgs[org].agents.iter().find(|agent| agent.id == id && !agent.gone)
    }

    fn find_mut(&mut self, org: usize, id: Thing) -> Option<&mut Agent> {
        self.orgs[org]
            .agents
            .iter_mut()
            .find(|agent| agent.id == id && !agent.gone)
    }

    fn taken(&self, org: usize, name: &str, but: Option<Thing>) -> bool {
        let same = |agent: &&Agent| agent.name().eq_ignore_ascii_case(name) && Some(agent.id) != but;
        self.orgs[org]
            .agents
            .iter()
            .filter(|agent| !agent.gone)
            .any(|agent| same(&agent))
    }

    fn make(&mut self, actor: &Actor, org: usize, draft: Value) -> Outcome {
        actor.may(Create, Kind::Agent)?;
        let name = draft["name"].as_str().expect("a name is text").to_owned();
        if self.taken(org, &name, None) {
            return Err(vec!["invalid"]);
        }
        let agent = Agent {
            id: self.next(),
            draft,
            revision: 1,
            gone: false,
        };
        let (id, whole) = (agent.id, agent.whole());
        self.orgs[org].agents.push(agent);
        self.note(actor, org, "create", Kind::Agent, &format!("#{id}"), &name);
        Ok(Good {
            body: whole,
            new: Some(id),
            goes_on: false,
        })
    }

    pub fn about_agents(&mut self, actor: &Actor, org: usize, deed: &Deed) -> Outcome {
        let chosen = |pick: &Pick| self.pick(org, *pick, agents);
        match deed {
            Deed::Facets => {
                actor.may(Read, Kind::Agent)?;
                Ok(Good::of(self.facets(org)))
            }
            Deed::ReadAgent(pick) => {
                let id = chosen(pick);
                actor.may(Read, Kind::Agent)?;
                Ok(Good::of(self.find(org, id).ok_or(NOT_FOUND)?.whole()))
            }
            Deed::CreateAgent(words) => {
                let draft = self.draft(org, words);
                self.make(actor, org, draft)
            }
            Deed::UpdateAgent { agent, words, stale } => {
                let (id, draft) = (chosen(agent), self.draft(org, words));
                self.update(actor, org, id, draft, *stale)
            }
            Deed::DeleteAgent(pick) => {
                let id = chosen(pick);
                actor.may(Delete, Kind::Agent)?;
                let agent = self.find_mut(org, id).ok_or(NOT_FOUND)?;
                agent.gone = true;
                let name = agent.name().to_owned();
                self.note(actor, org, "delete", Kind::Agent, &format!("#{id}"), &name);
                Ok(Good::default())
            }
            Deed::DuplicateAgent(pick) => {
                let id = chosen(pick);
                actor.may(Read, Kind::Agent)?;
                let mut draft = self.find(org, id).ok_or(NOT_FOUND)?.draft.clone();
                draft["name"] = json!(self.name_of_copy(org, draft["name"].as_str().expect("a name is text")));
                self.make(actor, org, draft)
            }
            Deed::SyncAgent(pick) => {
                let id = chosen(pick);
                actor.may(Update, Kind::Agent)?;
                let agent = self.find(org, id).ok_or(NOT_FOUND)?;
                let (name, whole) = (agent.name().to_owned(), agent.whole());
                self.note(actor, org, "sync", Kind::Agent, &format!("#{id}"), &name);
                Ok(Good::of(whole))
            }
            other => unreachable!("{other:?} is not about agents"),
        }
    }

    fn update(&mut self, actor: &Actor, org: usize, id: Thing, draft: Value, stale: bool) -> Outcome {
        actor.may(Update, Kind::Agent)?;
        self.find(org, id).ok_or(NOT_FOUND)?;
        if stale && actor.in_browser() {
            return Err(vec!["conflict"]);
        }
        let name = draft["name"].as_str().expect("a name is text").to_owned();
        if self.taken(org, &name, Some(id)) {
            return Err(vec!["invalid"]);
        }
        let agent = self.find_mut(org, id).ok_or(NOT_FOUND)?;
        agent.draft = draft;
        agent.revision += 1;
        let whole = agent.whole();
        self.note(actor, org, "update", Kind::Agent, &format!("#{id}"), &name);
        Ok(Good::of(whole))
    }

    /// The revision a page sends along: the one it was drawn with.
    pub fn revision(&self, org: usize, id: Thing, stale: bool) -> i64 {
        let newest = self.find(org, id).map_or(1, |agent| agent.revision);
        if stale { newest - 1 } else { newest }
    }

    fn name_of_copy(&self, org: usize, name: &str) -> String {
        let base = name.rfind(" copy").map_or(name, |at| &name[..at]);
        let numbered = |n: usize| match n {
            1 => format!("{base} copy"),
            n => format!("{base} copy {n}"),
        };
        let free = (1..).map(numbered).find(|name| !self.taken(org, name, None));
        free.expect("there is no end to names")
    }

    fn facets(&self, org: usize) -> Value {
        let there: Vec<_> = self.orgs[org].agents.iter().filter(|agent| !agent.gone).collect();
        let mut tags: Vec<_> = there
            .iter()
            .flat_map(|agent| agent.draft["tags"].as_array().cloned())
            .flatten()
            .collect();
        let mut languages: Vec<_> = there.iter().map(|agent| agent.draft["language"].clone()).collect();
        for list in [&mut tags, &mut languages] {
            list.sort_by_key(ToString::to_string);
            list.dedup();
        }
        json!({"all": there.len(), "live": there.len(), "tags": tags, "languages": languages})
    }

    pub fn agent_of(&self, org: usize, call: &Call) -> Option<Thing> {
        self.find(org, call.agent).map(|agent| agent.id)
    }

    pub fn call(&self, org: usize, call: &Call) -> Value {
        json!({
            "id": format!("#{}", call.id),
            "agent_id": self.agent_of(org, call).map(|id| format!("#{id}")),
            "agent_name": call.agent_name, "medium": "phone", "to_number": call.number,
            "contact_id": call.contact.map(|id| format!("#{id}")),
        })
    }

    pub fn about_calls_and_keys(&mut self, actor: &Actor, org: usize, deed: &Deed) -> Outcome {
        match deed {
            Deed::ReadCall(pick) => {
                let id = self.pick(org, *pick, calls);
                actor.may(Read, Kind::Call)?;
                let call = self.orgs[org]
                    .calls
                    .iter()
                    .find(|call| call.id == id)
                    .ok_or(NOT_FOUND)?;
                Ok(Good::of(json!({ "call": self.call(org, call) })))
            }
            Deed::PlaceCall { agent, number } => {
                let agent = self.pick(org, *agent, agents);
                actor.may(Create, Kind::Call)?;
                let agent_name = self.find(org, agent).ok_or(["invalid"])?.name().to_owned();
                let number = phone(*number);
                let call = Call {
                    id: self.next(),
                    agent,
                    agent_name: agent_name.clone(),
                    contact: self.whose(org, &number),
                    number,
                    stopped: false,
                };
                let (id, body) = (call.id, self.call(org, &call));
                self.orgs[org].calls.push(call);
                self.note(actor, org, "create", Kind::Call, &format!("#{id}"), &agent_name);
                Ok(Good {
                    body,
                    new: Some(id),
                    goes_on: false,
                })
            }
            Deed::StopCall(pick) => {
                let id = self.pick(org, *pick, calls);
                actor.may(Update, Kind::Call)?;
                let call = self.orgs[org]
                    .calls
                    .iter_mut()
                    .find(|call| call.id == id)
                    .ok_or(NOT_FOUND)?;
                let first = !std::mem::replace(&mut call.stopped, true);
                let call = call.clone();
                if first {
                    self.note(actor, org, "stop", Kind::Call, &format!("#{id}"), &call.agent_name);
                }
                Ok(Good::of(self.call(org, &call)))
            }
            Deed::ListKeys => {
                actor.may(Read, Kind::ApiKey)?;
                let keys: Vec<_> = self.orgs[org].keys.iter().rev().map(Key::line).collect();
                let browser = actor.in_browser();
                Ok(Good::of(if browser { json!({ "all": keys }) } else { json!(keys) }))
            }
            Deed::CreateKey { scopes: n } => {
                actor.may(Create, Kind::ApiKey)?;
                if !scopes(*n).within(actor.held.unwrap_or_default()) {
                    return Err(vec!["invalid"]);
                }
                let key = Key {
                    id: self.next(),
                    name: self.key_name(org),
                    held: scopes(*n),
                    maker: match actor.credential {
                        Credential::Key(id) => {
                            let mut keys = self.orgs[org].keys.iter();
                            keys.find(|key| key.id == id).and_then(|key| key.maker)
                        }
                        _ => actor.person,
                    },
                    revoked: false,
                };
                let (id, name, line) = (key.id, key.name.clone(), key.line());
                self.orgs[org].keys.push(key);
                self.note(actor, org, "create", Kind::ApiKey, &format!("#{id}"), &name);
                Ok(Good {
                    body: line,
                    new: Some(id),
                    goes_on: false,
                })
            }
            Deed::RevokeKey(pick) => {
                let id = self.pick(org, *pick, keys);
                actor.may(Delete, Kind::ApiKey)?;
                let key = self.orgs[org]
                    .keys
                    .iter_mut()
                    .find(|key| key.id == id)
                    .ok_or(NOT_FOUND)?;
                key.revoked = true;
                let name = key.name.clone();
                self.note(actor, org, "revoke", Kind::ApiKey, &format!("#{id}"), &name);
                Ok(Good::default())
            }
            other => unreachable!("{other:?} is about something else"),
        }
    }

    pub fn key_name(&self, org: usize) -> String {
        format!("Key of {}", self.marks[org])
    }
}

/// All organizations ring the same numbers: of what the model makes that has one, and some that nobody has.
pub fn phone(n: usize) -> String {
    let known = KNOWN.iter().find_map(|known| known.number(n / 2));
    match known {
        Some(number) if n.is_multiple_of(2) => number,
        _ => format!("+1555010{:04}", n % 8 * 100),
    }
}

impl Key {
    fn line(&self) -> Value {
        json!({
            "id": format!("#{}", self.id), "name": self.name,
            "scopes": self.held.scopes().map(|scope| scope.to_string()).collect::<Vec<_>>(),
            "created_by": self.maker.map(|person| format!("@{person}")),
            "revoked_at": self.revoked,
        })
    }
}
