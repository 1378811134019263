//! What is asked and what has to be answered, and who asks.

use axum::http::Method;
use serde_json::Value;
use switchboard::{
    org::{Permissions, Role},
    resource::{Action, Kind},
};

use super::oracle::Thing;

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
