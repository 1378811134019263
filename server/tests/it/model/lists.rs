//! Lists in the oracle: what is on a page, and which cursor opens the next one.

use serde_json::{Value, json};
use switchboard::resource::{Action, Kind};

use super::{
    asked::{Actor, Good, Outcome},
    command::{Deed, Search, Whose},
    deeds::{NAMES, TAGS},
    oracle::{NOBODY, Oracle, Thing},
    resources::known,
};

/// One list with its filters: a cursor belongs to exactly one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum List {
    Agents {
        q: Option<String>,
        tag: Option<String>,
    },
    Calls {
        agent: Option<Thing>,
    },
    Audit {
        kind: Option<&'static str>,
        about: Option<Thing>,
    },
    /// Of the registered resource of this number.
    Registered(usize),
}

#[derive(Clone, Debug)]
pub struct Cursor {
    pub org: usize,
    pub list: List,
    /// The last row before it; rows are numbered as they are made.
    after: usize,
}

const KINDS: [&str; 4] = ["agents", "calls", "members", "api_keys"];

impl List {
    pub fn everything() -> Self {
        Self::Agents { q: None, tag: None }
    }

    /// Another list than this one, if only by its filter.
    pub fn narrowed(&self) -> Self {
        match self {
            Self::Agents { tag, .. } => Self::Agents {
                q: Some("other".to_owned()),
                tag: tag.clone(),
            },
            Self::Calls { .. } | Self::Registered(_) => Self::Agents { q: None, tag: None },
            Self::Audit { about, .. } => Self::Audit {
                kind: Some("voices"),
                about: *about,
            },
        }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Self::Agents { .. } => Kind::Agent,
            Self::Calls { .. } => Kind::Call,
            Self::Audit { .. } => Kind::Audit,
            Self::Registered(number) => known(*number).kind,
        }
    }

    /// As it stands in a request.
    pub fn filter(&self) -> Vec<(&'static str, String)> {
        let named = |name, value: &Option<String>| value.clone().map(|value| (name, value));
        let thing = |name, value: &Option<Thing>| value.map(|value| (name, format!("#{value}")));
        match self {
            Self::Agents { q, tag } => [named("q", q), named("tag", tag)].into_iter().flatten().collect(),
            Self::Calls { agent } => thing("agent_id", agent).into_iter().collect(),
            Self::Audit { kind, about } => [kind.map(|kind| ("kind", kind.to_owned())), thing("object_id", about)]
                .into_iter()
                .flatten()
                .collect(),
            Self::Registered(_) => Vec::new(),
        }
    }
}

impl Oracle {
    pub fn list_of(&self, org: usize, deed: &Deed) -> (List, Option<usize>) {
        let agents = |org: &super::oracle::Org| org.agents.iter().map(|agent| agent.id).collect();
        match deed {
            Deed::ListAgents { search, limit } => {
                let (q, tag) = match search {
                    Search::All => (None, None),
                    Search::Name(n) => (Some(NAMES[n % NAMES.len()].to_uppercase()), None),
                    Search::Tag(n) => (None, Some(TAGS[n % TAGS.len()].to_owned())),
                    Search::Mark(Whose::Nobodys) => (Some("zqnobodyz".to_owned()), None),
                    Search::Mark(Whose::Own) => (Some(self.marks[org].clone()), None),
                    Search::Mark(Whose::Another(n)) => (Some(self.marks[self.another(org, *n)].clone()), None),
                };
                (List::Agents { q, tag }, *limit)
            }
            Deed::ListCalls { agent, limit } => {
                let agent = agent.map(|pick| self.pick(org, pick, agents));
                (List::Calls { agent }, *limit)
            }
            Deed::ListAudit { kind, about, limit } => {
                let list = List::Audit {
                    kind: kind.map(|n| KINDS[n % KINDS.len()]),
                    about: about.map(|pick| self.pick(org, pick, agents)),
                };
                (list, *limit)
            }
            other => unreachable!("{other:?} is no list"),
        }
    }

    /// One of the cursors that were handed out, and the list it is of.
    pub fn cursor(&self, n: usize) -> Option<(usize, List)> {
        let number = n.checked_rem(self.cursors.len())?;
        Some((number, self.cursors[number].list.clone()))
    }

    pub fn list(
        &mut self,
        actor: &Actor,
        org: usize,
        list: &List,
        limit: Option<usize>,
        cursor: Option<usize>,
    ) -> Outcome {
        let may = actor.may(Action::Read, list.kind());
        let after = match cursor.map(|number| &self.cursors[number]) {
            None => NOBODY,
            Some(cursor) if cursor.org == org && cursor.list == *list => cursor.after,
            // Whether a key still counts is only asked where there is something to be read.
            Some(_) => {
                let mut words = may.err().unwrap_or_default();
                if words != ["no_organization"] && words != ["org_changed"] {
                    words.push("invalid");
                }
                return Err(words);
            }
        };
        may?;
        let mut rows = self.rows(org, list);
        rows.retain(|(number, _)| *number < after);
        rows.reverse();
        let limit = limit.unwrap_or(50);
        let goes_on = rows.len() > limit;
        rows.truncate(limit);
        if goes_on {
            let after = rows.last().expect("no page is empty that goes on").0;
            self.cursors.push(Cursor {
                org,
                list: list.clone(),
                after,
            });
        }
        let items: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
        Ok(Good {
            body: json!({ "items": items }),
            new: None,
            goes_on,
        })
    }

    /// All rows of a list, the oldest first, each with its number.
    fn rows(&self, org: usize, list: &List) -> Vec<(usize, Value)> {
        let of = &self.orgs[org];
        match list {
            List::Agents { q, tag } => of
                .agents
                .iter()
                .filter(|agent| !agent.gone && agent.matches(q.as_deref(), tag.as_deref()))
                .map(|agent| (agent.id, agent.row()))
                .collect(),
            List::Calls { agent } => of
                .calls
                .iter()
                .filter(|call| agent.is_none_or(|agent| self.agent_of(org, call) == Some(agent)))
                .map(|call| (call.id, self.call(org, call)))
                .collect(),
            List::Audit { kind, about } => {
                let about = about.map(|thing| format!("#{thing}"));
                let wanted = |entry: &&(usize, &Value)| {
                    kind.is_none_or(|kind| entry.1["kind"] == kind)
                        && about.as_ref().is_none_or(|about| entry.1["object_id"] == **about)
                };
                let entries: Vec<_> = of.audit.iter().enumerate().collect();
                let entries = entries.iter().filter(wanted);
                entries.map(|(number, entry)| (*number, (*entry).clone())).collect()
            }
            List::Registered(number) => known(*number).rows(of),
        }
    }
}
