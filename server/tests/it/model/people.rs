//! Members, invitations and places in the oracle.

use serde_json::{Value, json};
use switchboard::{
    org::{Permissions, Role},
    resource::{
        Action::{Create, Delete, Read, Update},
        Kind,
    },
};

use super::{
    asked::{Actor, Good, Outcome},
    command::{Deed, Pick, Whose},
    oracle::{Invitation, NOBODY, Oracle, Org, Thing, person_name},
};

const NOT_FOUND: [&str; 1] = ["not_found"];

/// Those that stand, or else those that do not any more.
pub fn invitations(org: &Org) -> Vec<Thing> {
    let open = org.invitations.iter().any(|invitation| invitation.open);
    let named = org.invitations.iter().filter(|invitation| invitation.open == open);
    named.map(|invitation| invitation.id).collect()
}

/// Nobody hands out, or takes away, more than they hold.
fn govern(actor: &Actor, role: Role) -> Result<(), [&'static str; 1]> {
    let held = actor.held.unwrap_or_default();
    let may = actor.role.is_none_or(|mine| mine.governs(role)) && Permissions::of_role(role).within(held);
    may.then_some(()).ok_or(["forbidden"])
}

impl Oracle {
    /// Somebody who has an account, or one of a few addresses that nobody has.
    pub fn address(&self, n: usize) -> (String, Option<usize>) {
        match n % (self.people() + 2) {
            person if person < self.people() => (format!("${person}"), Some(person)),
            guest => (format!("guest-{guest}@example.com"), None),
        }
    }

    /// Somebody with an account, member or not.
    pub fn person(&self, n: usize) -> usize {
        n % self.people()
    }

    /// One of the invitations that wait for the person who asks, or one that does not.
    pub fn offer(&self, actor: &Actor, org: usize, pick: Pick) -> Thing {
        let address = actor.person.map(|person| format!("${person}"));
        let waits = |invitation: &&Invitation| invitation.open && Some(&invitation.address) == address.as_ref();
        let waiting: Vec<_> = self
            .orgs
            .iter()
            .flat_map(|org| org.invitations.iter().filter(waits))
            .collect();
        match (pick.whose, waiting.len()) {
            (Whose::Own, 1..) => waiting[pick.n % waiting.len()].id,
            _ => self.pick(org, pick, invitations),
        }
    }

    pub fn about_people(&mut self, actor: &Actor, org: usize, deed: &Deed) -> Outcome {
        match deed {
            Deed::ListMembers => {
                actor.may(Read, Kind::Member)?;
                let line = |(person, role): &(usize, Role)| {
                    json!({"user_id": format!("@{person}"), "name": person_name(*person),
                           "email": format!("${person}"), "role": role.word()})
                };
                Ok(Good::of(self.orgs[org].members.iter().map(line).collect()))
            }
            Deed::SetRole { person, role } => self.set_role(actor, org, self.person(*person), *role),
            Deed::RemoveMember { person } => self.remove(actor, org, self.person(*person)),
            Deed::ListInvitations => {
                actor.may(Read, Kind::Member)?;
                let open = self.orgs[org].invitations.iter().filter(|invitation| invitation.open);
                Ok(Good::of(open.map(Invitation::line).collect()))
            }
            Deed::Invite { address, role } => self.invite(actor, org, *address, *role),
            Deed::RevokeInvitation(pick) => {
                let id = self.pick(org, *pick, invitations);
                actor.may(Delete, Kind::Member)?;
                let open = |invitation: &&mut Invitation| invitation.id == id && invitation.open;
                let invitation = self.orgs[org].invitations.iter_mut().find(open).ok_or(NOT_FOUND)?;
                invitation.open = false;
                let address = invitation.address.clone();
                self.note(actor, org, "revoke", Kind::Member, &address, "invitation");
                Ok(Good::default())
            }
            Deed::AcceptInvitation(pick) => {
                let id = self.offer(actor, org, *pick);
                self.accept(actor, id)
            }
            Deed::DeclineInvitation(pick) => {
                let id = self.offer(actor, org, *pick);
                let (org, person, _) = self.answer(actor, id)?;
                self.note_at_the_door(org, "decline", person);
                Ok(Good::default())
            }
            Deed::Me => {
                actor.may(Read, Kind::Organization)?;
                Ok(Good::of(self.me(actor, org)))
            }
            Deed::Places => Ok(Good::of(self.places(actor))),
            Deed::Switch { org } => {
                let (org, person) = (org % self.orgs.len(), actor.person.expect("a browser is somebody's"));
                self.orgs[org].role(person).ok_or(NOT_FOUND)?;
                self.sessions[person] = Some(org);
                Ok(Good::default())
            }
            Deed::Leave => self.leave(actor, org),
            other => unreachable!("{other:?} is about something else"),
        }
    }

    fn set_role(&mut self, actor: &Actor, org: usize, person: usize, role: Role) -> Outcome {
        actor.may(Update, Kind::Member)?;
        let theirs = self.orgs[org].role(person).ok_or(NOT_FOUND)?;
        govern(actor, theirs)?;
        govern(actor, role)?;
        if theirs == role {
            return Ok(Good::default());
        }
        if theirs == Role::Owner && self.orgs[org].owners() == 1 {
            return Err(vec!["conflict"]);
        }
        let member = self.orgs[org].members.iter_mut().find(|(member, _)| *member == person);
        member.expect("they have a role").1 = role;
        let name = format!("{} → {}", theirs.label(), role.label());
        self.note(actor, org, "update", Kind::Member, &format!("@{person}"), &name);
        Ok(Good::default())
    }

    fn remove(&mut self, actor: &Actor, org: usize, person: usize) -> Outcome {
        actor.may(Delete, Kind::Member)?;
        let theirs = self.orgs[org].role(person).ok_or(NOT_FOUND)?;
        govern(actor, theirs)?;
        if theirs == Role::Owner && self.orgs[org].owners() == 1 {
            return Err(vec!["conflict"]);
        }
        self.part(org, person);
        self.note(
            actor,
            org,
            "delete",
            Kind::Member,
            &format!("@{person}"),
            theirs.label(),
        );
        Ok(Good::default())
    }

    fn part(&mut self, org: usize, person: usize) {
        self.orgs[org].members.retain(|(member, _)| *member != person);
        if self.sessions[person] == Some(org) {
            self.sessions[person] = None;
        }
    }

    fn leave(&mut self, actor: &Actor, org: usize) -> Outcome {
        actor.may(Read, Kind::Member)?;
        let person = actor.person.expect("a browser is somebody's");
        if actor.role == Some(Role::Owner) && self.orgs[org].owners() == 1 {
            return Err(vec!["conflict"]);
        }
        self.part(org, person);
        self.note_at_the_door(org, "leave", person);
        Ok(Good::default())
    }

    fn invite(&mut self, actor: &Actor, org: usize, address: usize, role: Role) -> Outcome {
        actor.may(Create, Kind::Member)?;
        govern(actor, role)?;
        let (address, person) = self.address(address);
        if person.is_some_and(|person| self.orgs[org].role(person).is_some()) {
            return Err(vec!["invalid"]);
        }
        let id = self.next();
        for earlier in &mut self.orgs[org].invitations {
            earlier.open &= earlier.address != address;
        }
        self.orgs[org].invitations.push(Invitation {
            id,
            address: address.clone(),
            role,
            by: actor.person,
            open: true,
        });
        self.note(actor, org, "invite", Kind::Member, &address, role.label());
        // A page is told nothing more than that it went well.
        let body = if actor.in_browser() {
            Value::Null
        } else {
            json!({ "id": format!("#{id}") })
        };
        Ok(Good {
            body,
            new: Some(id),
            goes_on: false,
        })
    }

    /// Closes an invitation of the person who answers it.
    fn answer(&mut self, actor: &Actor, id: Thing) -> Result<(usize, usize, Role), Vec<&'static str>> {
        let person = actor.person.expect("a browser is somebody's");
        let address = format!("${person}");
        for (org, of) in self.orgs.iter_mut().enumerate() {
            for invitation in &mut of.invitations {
                if invitation.id == id && invitation.open && invitation.address == address {
                    invitation.open = false;
                    return Ok((org, person, invitation.role));
                }
            }
        }
        Err(NOT_FOUND.to_vec())
    }

    fn accept(&mut self, actor: &Actor, id: Thing) -> Outcome {
        let (org, person, role) = self.answer(actor, id)?;
        if self.orgs[org].role(person).is_none() {
            self.orgs[org].members.push((person, role));
        }
        self.sessions[person] = Some(org);
        self.tokens.insert((person, org));
        self.note_at_the_door(org, "join", person);
        Ok(Good::of(json!(format!("!{org}"))))
    }

    fn me(&self, actor: &Actor, org: usize) -> Value {
        let held = actor.held.unwrap_or_default();
        let user = actor
            .person
            .map(|person| json!({"id": format!("@{person}"), "email": format!("${person}")}));
        json!({
            "organization": {"id": format!("!{org}"), "name": org_name(&self.marks[org])},
            "user": user, "role": actor.role.map(Role::word),
            "permissions": held.scopes().map(|scope| scope.to_string()).collect::<Vec<_>>(),
        })
    }

    /// The choices by number of their organization; the house puts them in that order.
    fn places(&self, actor: &Actor) -> Value {
        let person = actor.person.unwrap_or(NOBODY);
        let (mut choices, mut offers) = (Vec::new(), Vec::new());
        for (number, org) in self.orgs.iter().enumerate() {
            if let Some(role) = org.role(person) {
                choices.push(
                    json!({"org_id": format!("!{number}"), "name": org_name(&self.marks[number]),
                                    "role": role.word(), "members": org.members.len()}),
                );
            }
            let address = format!("${person}");
            for invitation in org.invitations.iter().filter(|invitation| invitation.open) {
                if invitation.address == address {
                    let mut offer = invitation.line();
                    offer.as_object_mut().expect("a line has fields").remove("email");
                    offer["org_name"] = json!(org_name(&self.marks[number]));
                    offers.push((invitation.id, offer));
                }
            }
        }
        offers.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
        let offers: Vec<_> = offers.into_iter().map(|(_, offer)| offer).collect();
        json!({"choices": choices, "offers": offers})
    }
}

pub fn org_name(mark: &str) -> String {
    format!("Board of {mark}")
}

impl Invitation {
    fn line(&self) -> Value {
        json!({"id": format!("#{}", self.id), "email": self.address, "role": self.role.word(),
               "invited_by": self.by.map(person_name)})
    }
}
