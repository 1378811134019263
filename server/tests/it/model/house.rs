//! The house: the real service, with the people and organizations of the oracle in it, asked one command at a time.

use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
};

use axum::{
    body::{Body, Bytes},
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};
use switchboard::org::{OrgId, UserId};
use uuid::Uuid;

use super::{
    asked::{Asked, Credential, Expected, Way},
    oracle::{NOBODY, Oracle, Thing, person_name},
    resources::KNOWN,
};
use crate::{
    ablation::Weakened,
    support::{Answer, World, cookie_of},
};

/// How an answer was not what it should have been.
pub enum Breach {
    /// Something of another organization is in it.
    Foreign(String),
    Differs(String),
}

impl Display for Breach {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign(told) => write!(f, "of another organization: {told}"),
            Self::Differs(told) => write!(f, "not as the oracle says: {told}"),
        }
    }
}

pub struct House {
    pub(super) world: World,
    /// What is asked, where that is not the whole service.
    pub(super) weak: Option<Weakened>,
    pub(super) people: Vec<UserId>,
    pub(super) orgs: Vec<OrgId>,
    /// The number of each organization's client.
    pub(super) clients: Vec<String>,
    pub(super) tokens: BTreeMap<(usize, usize), String>,
    pub(super) cookies: Vec<String>,
    pub(super) ids: BTreeMap<Thing, String>,
    pub(super) secrets: BTreeMap<Thing, String>,
    pub(super) cursors: Vec<String>,
    pub(super) kept: BTreeMap<usize, (StatusCode, Bytes)>,
    /// What the oracle calls an id.
    pub(super) symbols: BTreeMap<String, String>,
}

const NO_ID: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_dead);

pub(super) fn email(person: usize) -> String {
    format!("{}@example.com", person_name(person))
}

impl House {
    pub(super) fn bind(&mut self, thing: Thing, id: String) {
        self.symbols.insert(id.clone(), format!("#{thing}"));
        self.ids.insert(thing, id);
    }

    pub(super) fn asked(&self) -> &World {
        self.weak.as_ref().map_or(&self.world, |weak| &weak.world)
    }

    /// Asks what the oracle has asked last, and holds the answer against what it says.
    pub async fn step(&mut self, oracle: &Oracle) -> Result<(), Breach> {
        let asked = oracle.asked.as_ref().expect("something was asked");
        let request = self.request(asked);
        let answer = self.asked().send(request).await;
        if let (Credential::Cookie(person), true) = (asked.with, answer.headers.contains_key(header::SET_COOKIE)) {
            self.cookies[person] = cookie_of(&answer);
        }
        self.issue(oracle).await;
        let foreign = self.foreign(oracle, asked, &answer);
        let differs = self.compare(asked, &answer).await;
        let told = |what: String| {
            format!(
                "{what}\n{:?} {:?}\n{} {}",
                asked.with,
                asked.way,
                answer.status,
                answer.text()
            )
        };
        match (foreign, differs) {
            (Some(found), _) => Err(Breach::Foreign(told(found))),
            (None, Some(differs)) => Err(Breach::Differs(told(differs))),
            (None, None) => Ok(()),
        }
    }

    fn request(&self, asked: &Asked) -> Request<Body> {
        let (request, body) = match &asked.way {
            Way::Rest {
                method,
                path,
                body,
                key,
            } => {
                let mut request = Request::builder()
                    .method(method.clone())
                    .uri(format!("/api/v1{}", self.real(path)));
                if let Some(key) = key {
                    request = request.header("idempotency-key", key);
                }
                (request, body.as_ref())
            }
            Way::Function { path, arguments } => {
                let request = Request::post(format!("/fn/app/{path}")).header("sec-fetch-site", "same-origin");
                (request, Some(arguments))
            }
        };
        let nobody = String::new();
        let (name, value) = match asked.with {
            Credential::Key(key) => (
                header::AUTHORIZATION,
                format!("Bearer {}", self.secrets.get(&key).unwrap_or(&nobody)),
            ),
            Credential::Token(person, org) => {
                let token = self.tokens.get(&(person, org)).unwrap_or(&nobody);
                (header::AUTHORIZATION, format!("Bearer {token}"))
            }
            Credential::Cookie(person) => (header::COOKIE, self.cookies[person].clone()),
        };
        let request = request
            .header(name, value)
            .header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(self.real(&body.to_string())));
        request.body(body).unwrap()
    }

    /// With what the oracle's names stand for.
    fn real(&self, text: &str) -> String {
        let mut real = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['#', '@', '$', '!', '~']) {
            let (before, name) = rest.split_at(at);
            real.push_str(before);
            let length = name[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len() - 1) + 1;
            match name[1..length].parse::<usize>() {
                Ok(number) => real.push_str(&self.named(&name[..1], number)),
                Err(_) => real.push_str(&name[..1]),
            }
            rest = &name[length.max(1)..];
        }
        real + rest
    }

    fn named(&self, kind: &str, number: usize) -> String {
        let person = || self.people.get(number).map(ToString::to_string);
        let found = match kind {
            "#" => Some(self.ids.get(&number).cloned().unwrap_or_else(|| NO_ID.to_string())),
            "@" => person(),
            "$" => Some(email(number)),
            "!" => self.orgs.get(number).map(ToString::to_string),
            _ => self.cursors.get(number).cloned(),
        };
        found.unwrap_or_else(|| {
            if number == NOBODY {
                "user_nobody".to_owned()
            } else {
                "nothing".to_owned()
            }
        })
    }

    /// What the answer says of an organization that has nothing to do with the question.
    fn foreign(&self, oracle: &Oracle, asked: &Asked, answer: &Answer) -> Option<String> {
        let text = answer.text();
        let others = (0..self.orgs.len()).filter(|org| !asked.sees.contains(org));
        for other in others {
            let org = &oracle.orgs[other];
            let things = org.agents.iter().map(|agent| agent.id);
            let things = things.chain(org.made.values().flatten().map(|made| made.id));
            let things = things.chain(org.calls.iter().map(|call| call.id));
            let things = things.chain(org.keys.iter().map(|key| key.id));
            let things = things.chain(org.invitations.iter().map(|invitation| invitation.id));
            let ids = things.filter_map(|thing| self.ids.get(&thing).map(String::as_str));
            let mut marks = [
                oracle.marks[other].as_str(),
                self.orgs[other].as_str(),
                self.clients[other].as_str(),
            ]
            .into_iter()
            .chain(ids);
            if let Some(mark) = marks.find(|mark| text.contains(mark)) {
                return Some(format!("{mark} of organization {other}"));
            }
        }
        None
    }

    async fn compare(&mut self, asked: &Asked, answer: &Answer) -> Option<String> {
        if let Some(number) = asked.keeps {
            self.kept.insert(number, (answer.status, answer.bytes.clone()));
        }
        match &asked.expected {
            Expected::Refused(words) => {
                let word = answer.error();
                let refused = !answer.status.is_success() && words.contains(&word.as_str());
                (!refused).then(|| format!("expected a refusal with one of {words:?}"))
            }
            Expected::Again(number) => {
                let same = self.kept.get(number) == Some(&(answer.status, answer.bytes.clone()));
                (!same).then(|| format!("expected the same answer as before, {:?}", self.kept.get(number)))
            }
            Expected::Is { body, new, goes_on } => {
                let mut said: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
                if *goes_on {
                    self.cursors.push(said["next"].as_str().unwrap_or_default().to_owned());
                }
                if !answer.status.is_success() {
                    return Some(format!("expected {body}"));
                }
                let mut body = body.clone();
                if said.is_string() && body.is_object() {
                    // A page that reads everything anew is told the id alone.
                    said = json!({ "id": said });
                    body = json!({ "id": body["id"] });
                }
                if let Some(thing) = new {
                    self.learn(*thing, &said).await;
                }
                if body.get("items").is_some() && said["next"].is_string() != *goes_on {
                    return Some(format!("expected another page: {goes_on}"));
                }
                self.order(&mut said);
                let seen = self.seen(&said, &body);
                (!body.is_null() && seen != body).then(|| format!("expected {body}\n     got {seen}"))
            }
        }
    }

    async fn learn(&mut self, thing: Thing, said: &Value) {
        if let Some(secret) = said["secret"].as_str() {
            self.secrets.insert(thing, secret.to_owned());
        }
        let id = match said["id"].as_str() {
            Some(id) => Some(id.to_owned()),
            // A page that has invited somebody is told nothing more.
            None => sqlx::query_scalar("select id::text from identity.invitations order by created_at desc limit 1")
                .fetch_optional(&self.world.db.admin)
                .await
                .unwrap(),
        };
        if let Some(id) = id {
            self.bind(thing, id);
        }
    }

    /// The choices of a person come by when they were used last; the oracle has them by number.
    fn order(&self, said: &mut Value) {
        if let Some(choices) = said.get_mut("choices").and_then(Value::as_array_mut) {
            choices.sort_by_key(|choice| self.symbol(choice["org_id"].as_str().unwrap_or_default()));
        }
    }

    fn symbol(&self, text: &str) -> String {
        self.symbols.get(text).cloned().unwrap_or_else(|| text.to_owned())
    }

    /// As much of what was said as the oracle speaks of, in its own names. Of moments it only knows whether they were.
    fn seen(&self, said: &Value, like: &Value) -> Value {
        match (said, like) {
            (said, Value::Object(fields)) => fields
                .iter()
                .map(|(name, like)| {
                    let said = &said[name.as_str()];
                    let seen = if name.ends_with("_at") {
                        json!(!said.is_null())
                    } else {
                        self.seen(said, like)
                    };
                    (name.clone(), seen)
                })
                .collect::<serde_json::Map<_, _>>()
                .into(),
            (Value::Array(items), Value::Array(likes)) => {
                let like = |at: usize| likes.get(at).unwrap_or(&Value::Null);
                items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| self.seen(item, like(at)))
                    .collect()
            }
            (Value::String(text), _) => json!(self.symbol(text)),
            (said, _) => said.clone(),
        }
    }

    /// Whether every organization has what the oracle says and no more, asked of the tables themselves.
    pub async fn count(&self, oracle: &Oracle) -> Result<(), Breach> {
        for (number, org) in oracle.orgs.iter().enumerate() {
            let open = org.invitations.iter().filter(|invitation| invitation.open).count();
            let agents = org.agents.iter().filter(|agent| !agent.gone).count();
            let expected = [
                agents,
                org.calls.len(),
                org.keys.len(),
                org.members.len(),
                open,
                org.audit.len(),
            ];
            let counted: Vec<i64> = sqlx::query_scalar(
                "select n from (values
                   (1, (select count(*) from app.agents where org_id = $1)), (2, (select count(*) from app.calls where org_id = $1)),
                   (3, (select count(*) from app.api_keys where org_id = $1)),
                   (4, (select count(*) from identity.memberships where org_id = $1 and removed_at is null)),
                   (5, (select count(*) from identity.invitations where org_id = $1
                          and coalesce(accepted_at, declined_at, revoked_at) is null)),
                   (6, (select count(*) from app.audit_log where org_id = $1))) v(i, n) order by i",
            )
            .bind(self.orgs[number].as_str())
            .fetch_all(&self.world.db.admin)
            .await
            .unwrap();
            if !counted.iter().map(|n| usize::try_from(*n).unwrap()).eq(expected) {
                let told = format!(
                    "organization {number} has {counted:?} agents, calls, keys, members, invitations and entries, and should have {expected:?}"
                );
                return Err(Breach::Differs(told));
            }
        }
        for (known, number) in KNOWN
            .iter()
            .flat_map(|known| (0..oracle.orgs.len()).map(move |number| (known, number)))
        {
            let made = oracle.orgs[number].made.get(&known.kind);
            let expected = made.map_or(0, |made| made.iter().filter(|made| !made.gone).count());
            let statement = format!("select count(*) from {} where org_id = $1", known.table);
            let counted: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
                .bind(self.orgs[number].as_str())
                .fetch_one(&self.world.db.admin)
                .await
                .unwrap();
            if usize::try_from(counted) != Ok(expected) {
                let told = format!(
                    "organization {number} has {counted} {:?}, and should have {expected}",
                    known.kind
                );
                return Err(Breach::Differs(told));
            }
        }
        let unbalanced: i64 = sqlx::query_scalar(
            "select count(*) from app.clients c where c.balance_micros is distinct from
               (select sum(t.amount_micros) from app.credit_transactions t where t.org_id = c.org_id)",
        )
        .fetch_one(&self.world.db.admin)
        .await
        .unwrap();
        match unbalanced {
            0 => Ok(()),
            some => Err(Breach::Differs(format!(
                "{some} balances are not the sum of their entries"
            ))),
        }
    }
}
