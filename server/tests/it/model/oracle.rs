//! The oracle: what every organization has, as plain lists, and what the service has to answer to a command.
//!
//! It knows nothing of ids, cursors and secrets. It names them (`#7` a thing, `@2` a person, `$2` their address, `!1` an
//! organization, `~4` a cursor), and the house puts what they really are in their place.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{
    prelude::{BoxedStrategy, Strategy, any},
    strategy::ValueTree as _,
};
use proptest_state_machine::ReferenceStateMachine;
use serde_json::{Value, json};
use switchboard::{
    org::{Permissions, Role, Scope},
    resource::Kind,
};

use super::{
    asked::{Actor, Asked, Credential},
    command::{By, Command, Pick, Whose, any_command},
    lists::Cursor,
    resources::Made,
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
    /// How many answers are kept.
    pub answers: usize,
    /// The last command: what is asked, and what has to be answered.
    pub asked: Option<Asked>,
}

#[derive(Clone, Debug, Default)]
pub struct Org {
    /// In the order in which they came.
    pub members: Vec<(usize, Role)>,
    pub agents: Vec<Agent>,
    /// Of every other registered resource.
    pub made: BTreeMap<Kind, Vec<Made>>,
    pub calls: Vec<Call>,
    pub keys: Vec<Key>,
    pub invitations: Vec<Invitation>,
    pub audit: Vec<Value>,
    pub kept: BTreeMap<(String, usize), StoredAnswer>,
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
    /// Whose number it is here.
    pub contact: Option<Thing>,
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
pub struct StoredAnswer {
    pub body: Option<Value>,
    pub answer: usize,
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

    /// What a key may do, as far as its maker may.
    fn held_by(&self, org: usize, key: &Key) -> Result<Permissions, &'static str> {
        let Some(maker) = key.maker else {
            return Ok(key.held);
        };
        let role = self.orgs[org].role(maker).ok_or("maker_gone")?;
        Ok(key.held.and(Permissions::of_role(role)))
    }

    pub fn actor(&self, by: By, old_page: bool) -> Actor {
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
                        self.held_by(org, key)
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
