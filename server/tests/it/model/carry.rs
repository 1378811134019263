//! Carrying out a command in the oracle: who asks, what comes of it, and whether it was asked before.

use axum::http::Method;
use switchboard::resource::{Action, Kind};

use super::{
    asked::{Actor, Asked, Expected, Good, Outcome, Way},
    command::{By, Command, Deed},
    lists::List,
    oracle::{NOBODY, Oracle, StoredAnswer},
    resources::known,
};

impl Oracle {
    /// Whether no page asks for it.
    fn of_programs(&self, deed: &Deed) -> bool {
        match deed {
            Deed::Resource { number, on } => !known(*number).has_page(on),
            Deed::GoOn {
                cursor,
                elsewhere: false,
                ..
            } => match self.cursor(*cursor) {
                Some((_, List::Registered(number))) => known(number).listed().1.is_empty(),
                _ => false,
            },
            _ => false,
        }
    }

    pub fn carry_out(&mut self, command: &Command) -> Asked {
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
        // What no page asks for is asked by a program's key.
        if actor.in_browser() && self.of_programs(&deed) {
            let (By::Key { org: n, .. } | By::Token { person: n, .. } | By::Session { person: n }) = command.by;
            actor = self.actor(By::Key { org: n, n }, command.old_page);
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
                self.orgs[org].kept.insert(access, StoredAnswer { body, answer });
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
            Deed::Resource { number, on } => self.about_resources(actor, org, *number, on),
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
