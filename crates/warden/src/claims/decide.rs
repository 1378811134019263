//! What is to be done about one person's claim. Nothing is asked here, and nothing is guessed.

use sha2::{Digest, Sha256};

use super::{
    fault::Fault,
    provider::{Look, Standing},
};

/// How it stands with somebody, in `warden.claim`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    /// It is about to be written, or was when the last run ended.
    Pending,
    /// It stands there, and we wrote it.
    Written,
    /// It stood there already.
    Same,
    /// They have no organization, and none stands there.
    Absent,
    /// Something else stands there than what they have.
    Mismatch,
    Failed,
    /// Taken back by a rollback.
    Removed,
}

/// A person, as the database has them and as the journal remembers them.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Person {
    pub key: String,
    /// The id the provider knows them by.
    pub subject: Option<String>,
    pub org: Option<String>,
    pub state: Option<State>,
    /// The organization they had when they were last looked at.
    pub seen_org: Option<String>,
    pub seen_subject: Option<String>,
    /// The value that is known to have been written by us.
    pub wrote: Option<String>,
    /// The value that we meant to write when we last heard of ourselves.
    pub sent: Option<String>,
    /// What stood there before our first write.
    pub before: Option<String>,
    pub attempts: i32,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    Settled(State),
    /// What stands there goes; it is kept to be put back.
    Write {
        before: Option<String>,
    },
    Failed(Fault),
}

impl Person {
    /// Whether there is anything to ask about them; else the journal knows how they stand.
    pub fn is_open(&self) -> bool {
        match self.state {
            Some(State::Written | State::Same | State::Absent) => {
                self.seen_org != self.org || self.seen_subject != self.subject_hash()
            }
            _ => true,
        }
    }

    /// Ids at a provider are kept as hashes: enough to notice that one has changed.
    pub fn subject_hash(&self) -> Option<String> {
        self.subject.as_deref().map(hash)
    }

    /// What the journal knows of them under another id is not about them.
    pub fn under_this_id(mut self) -> Self {
        if self.state.is_some() && self.seen_subject != self.subject_hash() {
            (self.wrote, self.sent, self.before, self.attempts) = (None, None, None, 0);
        }
        self
    }

    /// Whether what stands there is of our making, also when we never heard that it arrived.
    pub fn made(&self, standing: &Standing) -> bool {
        let Standing::Org(org) = standing else { return false };
        [&self.wrote, &self.sent]
            .into_iter()
            .any(|ours| ours.as_ref() == Some(org))
    }

    pub fn decide(&self, look: &Look, overwrite: bool) -> Decision {
        let standing = match look {
            Ok(found) => &found.standing,
            Err(Fault::Unknown | Fault::Nameless | Fault::Malformed) if self.org.is_none() => {
                return Decision::Settled(State::Absent);
            }
            Err(fault) => return Decision::Failed(fault.clone()),
        };
        let made = self.made(standing);
        match (&self.org, standing) {
            (None, Standing::Nothing) => Decision::Settled(State::Absent),
            (Some(org), Standing::Org(is)) if is == org => {
                Decision::Settled(if made { State::Written } else { State::Same })
            }
            (Some(_), Standing::Nothing) => Decision::Write { before: None },
            (Some(_), Standing::Org(_)) if made => Decision::Write {
                before: self.before.clone(),
            },
            (Some(_), Standing::Org(is)) if overwrite => Decision::Write {
                before: Some(is.clone()),
            },
            _ => Decision::Settled(State::Mismatch),
        }
    }
}

pub fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::claims::provider::Found;

    fn person(org: Option<&str>) -> Person {
        Person {
            key: "1".into(),
            subject: Some("user_1".into()),
            org: org.map(str::to_owned),
            state: None,
            seen_org: None,
            seen_subject: None,
            wrote: None,
            sent: None,
            before: None,
            attempts: 0,
        }
    }

    fn found(standing: Standing) -> Look {
        Ok(Found {
            standing,
            beside: Map::new(),
        })
    }

    fn org(name: &str) -> Look {
        found(Standing::Org(name.into()))
    }

    #[test]
    fn nothing_of_others_is_replaced_unless_it_is_said_and_never_without_an_organization() {
        let nothing = || found(Standing::Nothing);
        let (a, none) = (person(Some("a")), person(None));
        let settled = Decision::Settled;
        assert_eq!(a.decide(&nothing(), false), Decision::Write { before: None });
        assert_eq!(a.decide(&org("a"), false), settled(State::Same));
        assert_eq!(a.decide(&org("b"), false), settled(State::Mismatch));
        let before = Some("b".to_owned());
        assert_eq!(a.decide(&org("b"), true), Decision::Write { before });
        assert_eq!(a.decide(&found(Standing::Odd), true), settled(State::Mismatch));
        assert_eq!(none.decide(&nothing(), true), settled(State::Absent));
        assert_eq!(none.decide(&org("b"), true), settled(State::Mismatch));
        assert_eq!(none.decide(&Err(Fault::Unknown), false), settled(State::Absent));
        assert_eq!(a.decide(&Err(Fault::Unknown), false), Decision::Failed(Fault::Unknown));
        assert_eq!(
            none.decide(&Err(Fault::NoAnswer), false),
            Decision::Failed(Fault::NoAnswer)
        );
    }

    #[test]
    fn a_write_whose_answer_was_lost_is_ours() {
        let lost = Person {
            sent: Some("a".into()),
            state: Some(State::Pending),
            ..person(Some("a"))
        };
        assert_eq!(lost.decide(&org("a"), false), Decision::Settled(State::Written));
        // It never arrived: again.
        assert_eq!(
            lost.decide(&found(Standing::Nothing), false),
            Decision::Write { before: None }
        );
        assert_eq!(lost.decide(&org("b"), false), Decision::Settled(State::Mismatch));
    }

    #[test]
    fn who_moves_takes_along_the_claim_that_we_wrote() {
        let moved = Person {
            wrote: Some("a".into()),
            before: Some("z".into()),
            state: Some(State::Written),
            seen_org: Some("a".into()),
            ..person(Some("b"))
        };
        assert!(moved.is_open());
        let before = Some("z".to_owned());
        assert_eq!(moved.decide(&org("a"), false), Decision::Write { before });
        assert_eq!(moved.decide(&org("c"), false), Decision::Settled(State::Mismatch));
        let renamed = Person {
            seen_subject: Some(hash("user_0")),
            ..moved
        };
        assert_eq!(renamed.under_this_id().wrote, None);
    }

    #[test]
    fn what_is_done_is_not_asked_about() {
        let done = |state| Person {
            state: Some(state),
            seen_org: Some("a".into()),
            seen_subject: Some(hash("user_1")),
            ..person(Some("a"))
        };
        for state in [State::Written, State::Same, State::Absent] {
            assert!(!done(state).is_open(), "{state:?}");
        }
        for state in [State::Pending, State::Mismatch, State::Failed, State::Removed] {
            assert!(done(state).is_open(), "{state:?}");
        }
    }
}
