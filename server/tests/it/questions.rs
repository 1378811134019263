//! Questions: every way to ask the service for something of an organization, with a good sample of each.
//!
//! Routes and server functions come from what is served. A new one fails here until it has a sample.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use server::rest;
use switchboard::{
    Id,
    calls::Call,
    org::{OrgId, Role},
    resource::{
        Action::{self, Create, Delete, Read, Update},
        Kind,
    },
};
use uuid::Uuid;

use crate::support::{Answer, Org, World, draft_json, serial};

/// What an organization has that somebody could ask about.
#[derive(Clone, Default)]
pub struct Belongings {
    pub agent: String,
    pub call: String,
    pub key: String,
    pub invitation: String,
    pub member: String,
    pub session: String,
    pub org: String,
    pub report: String,
    /// Of the provider's library, which everybody shares.
    voice: String,
    /// Makes names that nothing else has.
    number: u32,
}

impl Belongings {
    pub async fn of(world: &World, org: &Org) -> Self {
        let number = serial();
        let mut draft = draft_json(&format!("{} agent {number}", org.name));
        draft["tags"] = json!([org.name]);
        let agent = made(world, org, "/agents", &draft).await;
        let call = json!({"agent_id": agent, "to": {"medium": "phone", "number": "+15550100000"}});
        let key = json!({"name": format!("{} key", org.name), "scopes": ["agents:read"]});
        let guest = json!({"email": format!("guest-{number}@example.com"), "role": "viewer"});
        let belongings = Self {
            agent,
            call: made(world, org, "/calls", &call).await,
            key: made(world, org, "/api-keys", &key).await,
            invitation: made(world, org, "/invitations", &guest).await,
            report: made(world, org, "/reports", &warden_report(&org.name)).await,
            member: world.member(org, Role::Viewer).await.id.to_string(),
            session: Uuid::now_v7().to_string(),
            org: org.id.to_string(),
            voice: world.get("/voices", &org.key).await.json()[0]["id"]
                .as_str()
                .unwrap()
                .to_owned(),
            number,
        };
        // No worker runs beside these tests, so the call stays as it was placed, and what is asked about its sound gets
        // as far as to the provider.
        sqlx::query("update app.calls set recording = 'ready' where id = $1::uuid")
            .bind(&belongings.call)
            .execute(&world.db.admin)
            .await
            .unwrap();
        sqlx::query(
            "insert into identity.sessions (token_hash, id, user_id, org_id, expires_at)
             values (sha256($1::bytea), $2::uuid, $3, $4, now() + interval '1 day')",
        )
        .bind(belongings.session.as_bytes())
        .bind(&belongings.session)
        .bind(org.user.as_str())
        .bind(org.id.as_str())
        .execute(&world.db.admin)
        .await
        .unwrap();
        belongings
    }

    /// As many ids that nobody has.
    pub fn nowhere(&self) -> Self {
        let id = || Id::<Call>::new().to_string();
        Self {
            agent: id(),
            call: id(),
            key: id(),
            invitation: id(),
            member: "user_nobody".to_owned(),
            session: id(),
            report: id(),
            org: "org_nowhere".to_owned(),
            voice: self.voice.clone(),
            number: self.number,
        }
    }

    pub fn ids(&self) -> [&str; 8] {
        [
            &self.agent,
            &self.call,
            &self.key,
            &self.invitation,
            &self.member,
            &self.session,
            &self.report,
            &self.org,
        ]
    }

    /// The path with these things in place of its parameters.
    fn fill(&self, path: &str) -> String {
        let id = match path.trim_start_matches("/app").split('/').nth(1) {
            Some("agents") => &self.agent,
            Some("calls") => &self.call,
            Some("api-keys") => &self.key,
            Some("invitations") => &self.invitation,
            Some("reports") => &self.report,
            Some("voices") => &self.voice,
            _ if path.contains("{id}") => {
                panic!("no sample for {path}: add what an organization has of it to Belongings")
            }
            _ => "",
        };
        path.replace("{id}", id).replace("{user_id}", &self.member)
    }
}

async fn made(world: &World, org: &Org, path: &str, body: &Value) -> String {
    let answer = world.post(path, &org.key, body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// Who asks, with everything they may be recognized by, and the organization their page was drawn for.
#[derive(Clone, Default)]
pub struct Visitor {
    pub bearer: Option<String>,
    pub cookie: Option<String>,
    pub page: String,
}

impl Visitor {
    pub fn drawn_for(&self, org: &OrgId) -> Self {
        Self {
            page: org.to_string(),
            ..self.clone()
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Asked by people who are not signed in, for this reason.
    Nobody(&'static str),
    /// About the person who asks, whatever organization they are in, for this reason.
    Person(&'static str),
    Permission(Action, Kind),
}

enum Way {
    Rest,
    /// By session: what a player in the page loads, or the browser keeps.
    File,
    Function(Coding),
}

/// How the arguments of a server function travel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Coding {
    Form,
    Json,
}

/// One way to ask.
pub struct Question {
    method: Method,
    path: &'static str,
    way: Way,
    pub needs: Needs,
}

impl std::fmt::Display for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

pub fn all() -> Vec<Question> {
    let rest = rest::endpoints().into_iter().map(|endpoint| Question {
        needs: match endpoint.access {
            Some((action, kind)) => Needs::Permission(action, kind),
            None => Needs::Nobody("it is how a program gets in"),
        },
        method: endpoint.method,
        path: endpoint.path,
        way: Way::Rest,
    });
    let files = [
        ("/app/calls/{id}/recording", Kind::Call),
        ("/app/voices/{id}/preview", Kind::Voice),
        ("/app/reports/{id}/report.html", Kind::Report),
        ("/app/reports/{id}/report.json", Kind::Report),
        ("/app/agents/export", Kind::Agent),
        ("/app/calls/export", Kind::Call),
        ("/app/audit/export", Kind::Audit),
    ]
    .map(|(path, kind)| Question {
        method: Method::GET,
        path,
        way: Way::File,
        needs: Needs::Permission(Read, kind),
    });
    let mut functions: Vec<_> = leptos::server_fn::axum::server_fn_paths()
        .map(|(path, method)| {
            let (needs, coding, _) = sample(path, &Belongings::default());
            let way = Way::Function(coding);
            Question {
                method,
                path,
                way,
                needs,
            }
        })
        .collect();
    functions.sort_by_key(|function| (function.changes_the_visitor(), function.path));
    rest.chain(files).chain(functions).collect()
}

/// Those that are asked by somebody who is known.
pub fn guarded() -> Vec<Question> {
    let mut guarded = all();
    guarded.retain(|question| !matches!(question.needs, Needs::Nobody(_)));
    guarded
}

/// Those that are asked in an organization.
pub fn of_organizations() -> Vec<Question> {
    let mut asked = all();
    asked.retain(|question| matches!(question.needs, Needs::Permission(..)));
    asked
}

impl Question {
    pub fn is_rest(&self) -> bool {
        matches!(self.way, Way::Rest)
    }

    /// Whether a browser opens it as it opens a page, so that nobody is sent to where they sign in.
    pub fn is_page(&self) -> bool {
        matches!(self.way, Way::File) && self.path.ends_with("/export")
    }

    pub fn is_function(&self) -> bool {
        matches!(self.way, Way::Function(_))
    }

    /// Afterwards whoever asked is not signed in any more, or not where they were: these come last.
    pub fn changes_the_visitor(&self) -> bool {
        ["/leave_org", "/create_org", "/sign_out_everywhere", "/sign_out"]
            .iter()
            .any(|end| self.path.ends_with(end))
    }

    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Whether it names a thing, rather than asking what there is or making something new.
    pub fn names(&self, of: &Belongings, nowhere: &Belongings) -> bool {
        self.text(of) != self.text(nowhere)
    }

    /// Everything in it that depends on who has what.
    fn text(&self, of: &Belongings) -> (String, Option<Value>) {
        match self.way {
            Way::Rest => (of.fill(self.path), body(&self.method, self.path, of)),
            Way::File => (of.fill(self.path), None),
            Way::Function(_) => (self.path.to_owned(), Some(sample(self.path, of).2)),
        }
    }

    /// Of a REST route that takes one: its path and a good body.
    pub fn body(&self, of: &Belongings) -> Option<(String, Value)> {
        match self.way {
            Way::Rest => body(&self.method, self.path, of).map(|body| (of.fill(self.path), body)),
            Way::File | Way::Function(_) => None,
        }
    }

    /// How a thing that is not there is answered. The agent of a new call is one of its fields, and said beside it.
    pub fn unknown(&self) -> StatusCode {
        if (self.path == "/calls" && self.method == Method::POST) || self.path.ends_with("/place_call") {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::NOT_FOUND
        }
    }

    /// Of a server function: its path and good arguments, as a page of this visitor sends them.
    pub fn function(&self, visitor: &Visitor, of: &Belongings) -> (&'static str, Value) {
        let (_, _, mut arguments) = sample(self.path, of);
        if let Needs::Permission(..) = self.needs {
            arguments["org"] = json!(visitor.page);
        }
        (self.path, arguments)
    }

    pub async fn ask(&self, world: &World, visitor: &Visitor, of: &Belongings) -> Answer {
        self.ask_as(world, visitor, of, "", |_| {}).await
    }

    /// With this query, where it has one, and with its body changed.
    pub async fn ask_as(
        &self,
        world: &World,
        visitor: &Visitor,
        of: &Belongings,
        query: &str,
        change: impl Fn(&mut Value),
    ) -> Answer {
        let (path, mut body) = self.text(of);
        if let Some(body) = &mut body {
            change(body);
        }
        let path = if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        };
        let mut request = Request::builder().method(self.method.clone());
        if let Way::Rest = self.way {
            request = request.uri(format!("/api/v1{path}"));
            if let Some(bearer) = &visitor.bearer {
                request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
            }
            // Only where it is needed: a key that is not known yet is looked up before anything else is.
            if self.to_string() == "POST /calls" {
                request = request.header("idempotency-key", format!("asked-{}", serial()));
            }
        } else {
            request = request.uri(path).header("sec-fetch-site", "same-origin");
            if let Some(cookie) = &visitor.cookie {
                request = request.header(header::COOKIE, cookie);
            }
            if let (Some(arguments), Needs::Permission(..)) = (&mut body, self.needs) {
                arguments["org"] = json!(visitor.page);
            }
        }
        let (kind, body) = match (&self.way, body) {
            (_, None) => ("text/plain", Body::empty()),
            (Way::Function(Coding::Form), Some(body)) => ("application/x-www-form-urlencoded", Body::from(form(&body))),
            (_, Some(body)) => ("application/json", Body::from(body.to_string())),
        };
        world
            .send(request.header(header::CONTENT_TYPE, kind).body(body).unwrap())
            .await
    }
}

/// Arguments as a form sends them: `draft[email]=a%40b.example`.
pub fn form(arguments: &Value) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    flatten("", arguments, &mut |name, value| {
        pairs.append_pair(name, value);
    });
    pairs.finish()
}

fn flatten(name: &str, value: &Value, add: &mut dyn FnMut(&str, &str)) {
    let below = |key: &str| {
        if name.is_empty() {
            key.to_owned()
        } else {
            format!("{name}[{key}]")
        }
    };
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(key, member)| flatten(&below(key), member, add)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, item)| flatten(&below(&index.to_string()), item, add)),
        Value::String(text) => add(name, text),
        Value::Null => {}
        other => add(name, &other.to_string()),
    }
}

/// A good body for a route that takes one.
fn body(method: &Method, path: &str, of: &Belongings) -> Option<Value> {
    match (method.as_str(), path) {
        ("GET" | "DELETE", _)
        | ("POST", "/agents/{id}/sync" | "/agents/{id}/duplicate" | "/calls/{id}/stop" | "/reports/run") => None,
        ("POST", "/auth/token") => Some(json!({"email": "nobody@example.com", "password": "not-a-password"})),
        ("POST", "/agents") => Some(draft_json(&format!("Another {}", of.number))),
        ("PUT", "/agents/{id}") => Some(draft_json(&format!("Changed {}", of.number))),
        ("POST", "/calls") => Some(call(of)),
        ("POST", "/calls/{id}/messages") => Some(json!({"text": "Hello"})),
        ("PUT", "/members/{user_id}/role") => Some(json!({"role": "operator"})),
        ("POST", "/invitations") => Some(invitation(of)),
        ("POST", "/reports") => Some(warden_report("another")),
        ("POST", "/api-keys") => Some(json!({"name": "another", "scopes": ["agents:read"]})),
        _ => panic!("no sample body for {method} {path}: add one to `body` in questions.rs"),
    }
}

fn call(of: &Belongings) -> Value {
    json!({"agent_id": of.agent, "to": {"medium": "phone", "number": "+15550100000"}})
}

fn invitation(of: &Belongings) -> Value {
    json!({"email": format!("somebody-{}@example.com", of.number), "role": "viewer"})
}

/// Of a server function: what it needs, how its arguments travel, and good ones. The page's organization is added to
/// whatever needs a permission.
fn sample(path: &str, of: &Belongings) -> (Needs, Coding, Value) {
    use Coding::{Form, Json};
    let open = |why| (Needs::Nobody(why), Form, json!({}));
    let person = |why, arguments| (Needs::Person(why), Form, arguments);
    let org = |action, kind, coding, arguments| (Needs::Permission(action, kind), coding, arguments);
    let (agent, one_call) = (json!({"id": of.agent}), json!({"id": of.call}));
    let page = json!({"filter": {}, "page": {}});
    match path.rsplit('/').next().unwrap_or_default() {
        "sign_up" | "sign_in" => open("it is how one gets in"),
        "verify_email" | "resend_verification" => open("it is how an address is confirmed"),
        "forgot_password" | "reset_password" => open("it is how one gets in without the password"),
        "read_invitation" => open("the link is the secret, and its reader may have no account yet"),
        "sign_out" => open("leaving always works"),
        "list_mail" => open("the development mailbox is read before the first sign-in, and only where mail is kept"),

        "change_password" => person(
            "the password opens every organization",
            json!({"draft": {"current": "not-the-password", "password": "another-horse-battery"}}),
        ),
        "list_devices" => person("a browser is a person's", json!({})),
        "end_session" => person("a browser is a person's", json!({"session": of.session})),
        "sign_out_everywhere" => person("a browser is a person's", json!({})),
        "list_places" => person("it says which organizations there are to enter", json!({})),
        "switch_org" => person("it enters an organization", json!({"place": of.org})),
        "create_org" => person("it founds one", json!({"draft": {"name": "Founded", "color": "teal"}})),
        "accept_offer" | "decline_offer" => person("who is invited is no member yet", json!({"offer": of.invitation})),

        "list_agents" | "browse_agents" => org(Read, Kind::Agent, Json, page),
        "agent_facets" => org(Read, Kind::Agent, Form, json!({})),
        "get_agent" => org(Read, Kind::Agent, Form, agent),
        "create_agent" => {
            let draft = draft_json(&format!("Another {}", of.number));
            org(Create, Kind::Agent, Json, json!({"draft": draft}))
        }
        "update_agent" => {
            let draft = draft_json(&format!("Changed {}", of.number));
            let arguments = json!({"id": of.agent, "draft": draft, "revision": 1});
            org(Update, Kind::Agent, Json, arguments)
        }
        "delete_agent" => org(Delete, Kind::Agent, Form, agent),
        "duplicate_agent" => org(Create, Kind::Agent, Form, agent),
        "sync_agent" => org(Update, Kind::Agent, Form, agent),
        "list_voices" => org(Read, Kind::Voice, Form, json!({"filter": {"language": "en"}})),

        "list_calls" => org(Read, Kind::Call, Json, page),
        "place_call" => org(Create, Kind::Call, Json, json!({"draft": call(of)})),
        "get_conversation" => org(Read, Kind::Call, Form, one_call),
        "say" => org(Update, Kind::Call, Form, json!({"id": of.call, "text": "Hello"})),
        "stop_call" => org(Update, Kind::Call, Form, one_call),

        "list_keys" => org(Read, Kind::ApiKey, Form, json!({})),
        "create_key" => {
            let draft = json!({"name": "another", "scopes": ["agents:read"]});
            org(Create, Kind::ApiKey, Form, json!({"draft": draft}))
        }
        "revoke_key" => org(Delete, Kind::ApiKey, Form, json!({"key": of.key})),

        "list_members" | "list_invitations" => org(Read, Kind::Member, Form, json!({})),
        "invite_member" => org(Create, Kind::Member, Form, json!({"draft": invitation(of)})),
        "revoke_invitation" => org(Delete, Kind::Member, Form, json!({"invitation": of.invitation})),
        "set_role" => org(
            Update,
            Kind::Member,
            Form,
            json!({"member": of.member, "role": "operator"}),
        ),
        "remove_member" => org(Delete, Kind::Member, Form, json!({"member": of.member})),
        // Anybody may leave, so nothing but being there is asked.
        "leave_org" => org(Read, Kind::Member, Form, json!({})),

        "read_reports" => {
            let arguments = json!({"kind": "warden", "chosen": Some(&of.report).filter(|id| !id.is_empty())});
            org(Read, Kind::Report, Json, arguments)
        }
        "run_isolation" => org(Create, Kind::Report, Form, json!({})),

        "read_balance" => org(Read, Kind::Credit, Json, json!({})),
        "list_audit" => org(Read, Kind::Audit, Json, page),
        _ => panic!(
            "no sample for the server function {path}: add what it needs and good arguments to `sample` in questions.rs"
        ),
    }
}

/// A finished report of the warden, about a database of this name.
pub fn warden_report(database: &str) -> Value {
    json!({
        "title": format!("Warden of {database}"), "kind": "warden", "database": database, "server": "PostgreSQL 17.6",
        "began_at": "2026-11-25T03:00:00Z", "took_ms": 61_000, "clean": true,
        "outcomes": [{
            "id": "public.orders", "group": "backfill", "question": "Has every row found its organization?",
            "level": "fault", "state": "holds", "examined": 1284, "violating": 0,
            "figures": [{"name": "rows before", "value": "1,284"}, {"name": "longest lock", "value": "12 ms"}]
        }]
    })
}
