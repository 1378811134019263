//! The oracle: what every organization has, as plain lists, and what the service has to answer to a command.
//!
//! It knows nothing of ids, cursors and secrets. It names them (`#7` a thing, `@2` a person, `$2` their address, `!1` an
//! organization, `~4` a cursor), and the house puts what they really are in their place.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use proptest::{
    prelude::{BoxedStrategy, Strategy, any},
    strategy::ValueTree as _,
};
use proptest_state_machine::ReferenceStateMachine;
use serde_json::{Value, json};
use switchboard::{
    org::{Permissions, Role, Scope},
    resource::{Action, Kind},
};

use super::{
    command::{By, Command, Deed, Pick, Whose, any_command},
    lists::{Cursor, List},
};

/// Serial number of something that was made.
pub type Thing = usize;
/// What nobody has ever made, nor anybody is.
pub const NOBODY: usize = 999_999;

#[derive(Clone, Debug)]
pub struct Oracle {
    pub marks: Vec<String>,
    pub orgs: Vec<Org>,
    /// Where each person's browser is.
    pub sessions: Vec<Option<usize>>,
    pub cursors: Vec<Cursor>,
    /// Who has a token for which organization.
    pub tokens: BTreeSet<(usize, usize)>,
    /// How many there have been.
    pub commands: usize,
    things: usize,
    answers: usize,
    /// The last command: what is asked, and what has to be answered.
    pub asked: Option<Asked>,
}

#[derive(Clone, Debug, Default)]
pub struct Org {
    /// In the order in which they came.
    pub members: Vec<(usize, Role)>,
    pub agents: Vec<Agent>,
    pub calls: Vec<Call>,
    pub keys: Vec<Key>,
    pub invitations: Vec<Invitation>,
    pub audit: Vec<Value>,
    kept: BTreeMap<(String, usize), Kept>,
}

#[derive(Clone, Debug)]
pub struct Agent {
    pub id: Thing,
    pub draft: Value,
    pub revision: i64,
    pub gone: bool,
}

#[derive(Clone, Debug)]
pub struct Call {
    pub id: Thing,
    pub agent: Thing,
    pub agent_name: String,
    pub number: String,
    pub stopped: bool,
}

#[derive(Clone, Debug)]
pub struct Key {
    pub id: Thing,
    pub name: String,
    pub held: Permissions,
    pub maker: Option<usize>,
    pub revoked: bool,
}

#[derive(Clone, Debug)]
pub struct Invitation {
    pub id: Thing,
    pub address: String,
    pub role: Role,
    pub by: Option<usize>,
    pub open: bool,
}

/// An answer that is kept for whoever repeats the question.
#[derive(Clone, Debug)]
struct Kept {
    body: Option<Value>,
    answer: usize,
}

#[derive(Clone, Debug)]
pub struct Asked {
    pub with: Credential,
    pub way: Way,
    pub expected: Expected,
    /// The answer is the first to its idempotency key.
    pub keeps: Option<usize>,
    /// Organizations whose marks may be in the answer.
    pub sees: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    Key(Thing),
    Token(usize, usize),
    Cookie(usize),
}

#[derive(Clone, Debug)]
pub enum Way {
    Rest {
        method: Method,
        path: String,
        body: Option<Value>,
        key: Option<String>,
    },
    Function {
        path: &'static str,
        arguments: Value,
    },
}

#[derive(Clone, Debug)]
pub enum Expected {
    /// With one of these words.
    Refused(Vec<&'static str>),
    /// With at least this, and with something new of this number in it.
    Is {
        body: Value,
        new: Option<Thing>,
        /// Another page follows, whose cursor is the next one of the list.
        goes_on: bool,
    },
    /// Byte for byte as before.
    Again(usize),
}

/// What comes of a deed, before anybody has asked twice.
pub type Outcome = Result<Good, Vec<&'static str>>;

#[derive(Default)]
pub struct Good {
    pub body: Value,
    pub new: Option<Thing>,
    pub goes_on: bool,
}

impl Good {
    pub fn of(body: Value) -> Self {
        Self {
            body,
            ..Self::default()
        }
    }
}

/// Who asks, as far as it matters for the answer.
#[derive(Clone, Debug)]
pub struct Actor {
    pub credential: Credential,
    pub name: String,
    pub org: Option<usize>,
    /// What they may do there, or why they get nowhere.
    pub held: Result<Permissions, &'static str>,
    pub role: Option<Role>,
    pub person: Option<usize>,
}

impl Actor {
    pub fn symbol(&self) -> String {
        match self.credential {
            Credential::Key(thing) => format!("#{thing}"),
            Credential::Token(person, _) | Credential::Cookie(person) => format!("@{person}"),
        }
    }

    pub fn in_browser(&self) -> bool {
        matches!(self.credential, Credential::Cookie(_))
    }

    pub fn may(&self, action: Action, kind: Kind) -> Result<(), Vec<&'static str>> {
        match self.held {
            Err(word) => Err(vec![word]),
            Ok(held) if held.permit(action, kind) => Ok(()),
            Ok(_) => Err(vec!["forbidden"]),
        }
    }
}

pub fn person_name(person: usize) -> String {
    format!("person-{person}")
}

impl Oracle {
    fn new(orgs: usize, salt: u32, roles: &[Option<usize>]) -> Self {
        let people = orgs + 3;
        let mut oracle = Self {
            marks: (0..orgs).map(|org| format!("zq{salt:08x}o{org}z")).collect(),
            orgs: vec![Org::default(); orgs],
            sessions: vec![None; people],
            cursors: Vec::new(),
            tokens: BTreeSet::new(),
            commands: 0,
            things: 0,
            answers: 0,
            asked: None,
        };
        for org in 0..orgs {
            // The founder, and the key that was made with the organization.
            oracle.orgs[org].members.push((org, Role::Owner));
            let key = Key {
                id: oracle.next(),
                name: "Bootstrap".to_owned(),
                held: Scope::all().collect(),
                maker: Some(org),
                revoked: false,
            };
            oracle.orgs[org].keys.push(key);
            for person in (0..people).filter(|person| *person != org) {
                if let Some(role) = roles[org * 8 + person] {
                    oracle.orgs[org].members.push((person, Role::ALL[role]));
                }
            }
        }
        for (number, org) in oracle.orgs.iter().enumerate() {
            oracle
                .tokens
                .extend(org.members.iter().map(|(person, _)| (*person, number)));
        }
        for person in 0..people {
            oracle.sessions[person] = (0..orgs).find(|org| oracle.orgs[*org].role(person).is_some());
        }
        oracle
    }

    pub fn next(&mut self) -> Thing {
        self.things += 1;
        self.things
    }

    pub fn people(&self) -> usize {
        self.sessions.len()
    }

    fn actor(&self, by: By, old_page: bool) -> Actor {
        match by {
            By::Key { org, n } => {
                let org = org % self.orgs.len();
                let key = &self.orgs[org].keys[n % self.orgs[org].keys.len()];
                Actor {
                    credential: Credential::Key(key.id),
                    name: key.name.clone(),
                    org: Some(org),
                    held: if key.revoked {
                        Err("unauthenticated")
                    } else {
                        Ok(key.held)
                    },
                    role: None,
                    person: None,
                }
            }
            By::Token { person, org } => {
                let (person, org) = (person % self.people(), org % self.orgs.len());
                let role = self.orgs[org]
                    .role(person)
                    .filter(|_| self.tokens.contains(&(person, org)));
                Actor {
                    credential: Credential::Token(person, org),
                    name: person_name(person),
                    org: Some(org),
                    held: role.map(Permissions::of_role).ok_or("unauthenticated"),
                    role,
                    person: Some(person),
                }
            }
            By::Session { person } => {
                let person = person % self.people();
                let org = self.sessions[person];
                let role = org.and_then(|org| self.orgs[org].role(person));
                let held = role.map(Permissions::of_role).ok_or("no_organization");
                Actor {
                    credential: Credential::Cookie(person),
                    name: person_name(person),
                    org,
                    held: if old_page { held.and(Err("org_changed")) } else { held },
                    role,
                    person: Some(person),
                }
            }
        }
    }

    /// The number of a thing of this kind, and whether it is the organization's own. What is picked is no matter.
    pub fn pick(&self, org: usize, pick: Pick, of: impl Fn(&Org) -> Vec<Thing>) -> Thing {
        let whose = match pick.whose {
            Whose::Own => org,
            Whose::Another(n) => self.another(org, n),
            Whose::Nobodys => return NOBODY,
        };
        let things = of(&self.orgs[whose]);
        match things.len() {
            0 => NOBODY,
            many => things[pick.n % many],
        }
    }

    pub fn another(&self, org: usize, n: usize) -> usize {
        (org + 1 + n % (self.orgs.len() - 1)) % self.orgs.len()
    }

    pub fn note(&mut self, actor: &Actor, org: usize, action: &str, kind: Kind, id: &str, name: &str) {
        self.orgs[org].audit.push(json!({
            "actor": actor.symbol(),
            "actor_kind": if actor.person.is_some() { "person" } else { "api_key" },
            "actor_name": actor.name,
            "action": action, "kind": kind.word(), "object_id": id, "object_name": name,
        }));
    }

    /// What is done at the door of an organization is noted by the service itself.
    pub fn note_at_the_door(&mut self, org: usize, action: &str, person: usize) {
        self.orgs[org].audit.push(json!({
            "actor": "system", "actor_kind": "system", "actor_name": null, "action": action, "kind": "members",
            "object_id": format!("@{person}"), "object_name": person_name(person),
        }));
    }

    fn carry_out(&mut self, command: &Command) -> Asked {
        let mut actor = self.actor(command.by, command.old_page);
        let mut deed = command.deed.clone();
        // What only a browser asks is asked by somebody's.
        let of_browsers = matches!(
            deed,
            Deed::Facets
                | Deed::Places
                | Deed::Switch { .. }
                | Deed::Leave
                | Deed::AcceptInvitation(_)
                | Deed::DeclineInvitation(_)
        );
        if of_browsers && !actor.in_browser() {
            let (By::Key { org: person, .. } | By::Token { person, .. } | By::Session { person }) = command.by;
            actor = self.actor(By::Session { person }, command.old_page);
        }
        if actor.in_browser() && matches!(deed, Deed::Me) {
            deed = Deed::Places;
        }
        // A browser that is nowhere asks as a page of some organization does that is still open.
        let org = actor.org.unwrap_or(0);
        let page = if command.old_page { self.another(org, 0) } else { org };
        let question = self.question(&actor, org, page, &deed);
        let mut sees = vec![org];
        let (way, access) = match question.way {
            Way::Rest {
                method,
                path,
                body,
                key: needed,
            } => {
                let key = match (command.key, needed) {
                    (Some(n), _) if method == Method::POST => Some((format!("key-{n}"), n)),
                    (_, needed) => needed.map(|key| (key, NOBODY)),
                };
                let access = key
                    .clone()
                    .filter(|(_, n)| *n != NOBODY)
                    .map(|(_, n)| (format!("{method} {path}"), n));
                let key = key.map(|(key, _)| key);
                (
                    Way::Rest {
                        method,
                        path,
                        body,
                        key,
                    },
                    access,
                )
            }
            function @ Way::Function { .. } => (function, None),
        };
        if let Way::Function { path, .. } = way
            && path.starts_with("orgs/")
        {
            sees.extend(0..self.orgs.len());
        }
        let (outcome, keeps, again) = match access {
            None => (self.deed(&actor, org, &deed), None, None),
            Some(access) => self.once(&actor, org, &deed, access, question.needs, &way),
        };
        let expected = match (again, outcome) {
            (Some(again), _) => Expected::Again(again),
            (None, Err(words)) => Expected::Refused(words),
            (None, Ok(good)) => Expected::Is {
                body: good.body,
                new: good.new,
                goes_on: good.goes_on,
            },
        };
        Asked {
            with: actor.credential,
            way,
            expected,
            keeps,
            sees,
        }
    }

    /// The first of its key is carried out and kept, whatever came of it; the next ones are not carried out.
    fn once(
        &mut self,
        actor: &Actor,
        org: usize,
        deed: &Deed,
        access: (String, usize),
        needs: Option<(Action, Kind)>,
        way: &Way,
    ) -> (Outcome, Option<usize>, Option<usize>) {
        let (action, kind) = needs.expect("what is posted needs a permission");
        if let Err(words) = actor.may(action, kind) {
            return (Err(words), None, None);
        }
        let Way::Rest { body, .. } = way else {
            unreachable!("only programs send keys")
        };
        match self.orgs[org].kept.get(&access) {
            Some(kept) if kept.body == *body => (Ok(Good::default()), None, Some(kept.answer)),
            Some(_) => (Err(vec!["invalid"]), None, None),
            None => {
                let outcome = self.deed(actor, org, deed);
                let answer = self.answers;
                self.answers += 1;
                let body = body.clone();
                self.orgs[org].kept.insert(access, Kept { body, answer });
                (outcome, Some(answer), None)
            }
        }
    }

    fn deed(&mut self, actor: &Actor, org: usize, deed: &Deed) -> Outcome {
        match deed {
            Deed::Facets
            | Deed::ReadAgent(_)
            | Deed::CreateAgent(_)
            | Deed::UpdateAgent { .. }
            | Deed::DeleteAgent(_)
            | Deed::DuplicateAgent(_)
            | Deed::SyncAgent(_) => self.about_agents(actor, org, deed),
            Deed::ReadCall(_)
            | Deed::PlaceCall { .. }
            | Deed::StopCall(_)
            | Deed::ListKeys
            | Deed::CreateKey { .. }
            | Deed::RevokeKey(_) => self.about_calls_and_keys(actor, org, deed),
            Deed::ListAgents { .. } | Deed::ListCalls { .. } | Deed::ListAudit { .. } => {
                let (list, limit) = self.list_of(org, deed);
                self.list(actor, org, &list, limit, None)
            }
            Deed::GoOn {
                cursor,
                elsewhere,
                limit,
            } => match self.cursor(*cursor) {
                None => self.list(actor, org, &List::everything(), *limit, None),
                Some((number, list)) => {
                    let list = if *elsewhere { list.narrowed() } else { list };
                    self.list(actor, org, &list, *limit, Some(number))
                }
            },
            _ => self.about_people(actor, org, deed),
        }
    }
}

impl Org {
    pub fn role(&self, person: usize) -> Option<Role> {
        let member = self.members.iter().find(|(member, _)| *member == person);
        member.map(|(_, role)| *role)
    }

    pub fn owners(&self) -> usize {
        self.members.iter().filter(|(_, role)| *role == Role::Owner).count()
    }
}

impl ReferenceStateMachine for Oracle {
    type State = Self;
    type Transition = Command;

    fn init_state() -> BoxedStrategy<Self> {
        // Those who may do something come more often.
        let role = proptest::sample::select(vec![0, 1, 1, 2, 2, 3, 4, 5]);
        let roles = proptest::collection::vec(proptest::option::of(role), 40);
        (3..=5_usize, any::<u32>(), roles)
            .prop_map(|(orgs, salt, roles)| Self::new(orgs, salt, &roles))
            .boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Command> {
        any_command()
    }

    fn apply(mut oracle: Self, command: &Command) -> Self {
        oracle.commands += 1;
        oracle.asked = Some(oracle.carry_out(command));
        oracle
    }
}

/// A sequence of commands for a seed, and where it begins.
pub fn sequence(seed: u64, commands: usize) -> (Oracle, Vec<Command>) {
    let config = super::config(seed, 1);
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let strategy = Oracle::sequential_strategy(commands..=commands);
    let (initial, commands, _) = strategy
        .new_tree(&mut runner)
        .expect("no command is out of place")
        .current();
    (initial, commands)
}
