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
    resource::{Action, Kind},
    sample::Fixtures,
};
use uuid::Uuid;

#[path = "questions/functions.rs"]
mod functions;

use functions::sample;

use crate::support::{Answer, Org, World, serial};

/// What an organization has that somebody could ask about.
#[derive(Clone)]
pub struct Belongings {
    pub fixtures: Fixtures,
    pub session: String,
    pub org: String,
}

/// What nobody has, for whoever only wants to know how something is asked.
impl Default for Belongings {
    fn default() -> Self {
        let mut fixtures = Fixtures::new("Another");
        let within = [
            "/invitations",
            "/calls/views",
            "/calls/{id}/notes",
            "/knowledge-sources",
            "/knowledge-checks",
        ];
        for path in Kind::ALL.iter().map(|kind| kind.about().path).chain(within) {
            fixtures.insert(path, Uuid::nil());
        }
        Self {
            fixtures,
            session: Uuid::nil().to_string(),
            org: "org_another".to_owned(),
        }
    }
}

impl Belongings {
    pub async fn of(world: &World, org: &Org) -> Self {
        let mut fixtures = world.fixtures(org).await;
        fixtures.insert("/members", world.member(org, Role::Viewer).await.id.to_string());
        let belongings = Self {
            // What is asked for anew has a name that tells nothing of the organization.
            fixtures: fixtures.marked(format!("Another {}", serial())),
            session: Uuid::now_v7().to_string(),
            org: org.id.to_string(),
        };
        // No worker runs beside these tests, so the call stays as it was placed, and what is asked about its sound gets
        // as far as to the provider.
        sqlx::query("update app.calls set recording = 'ready' where id = $1::uuid")
            .bind(belongings.fixtures.id("/calls"))
            .execute(&world.db.admin)
            .await
            .unwrap();
        // Nor is the agent's copy compared: it differs, so that there is something to reconcile.
        sqlx::query(
            "update app.provider_links set differs_since = now(), difference = 'Changed' where object_id = $1::uuid",
        )
        .bind(belongings.fixtures.id("/reconciliation"))
        .execute(&world.db.admin)
        .await
        .unwrap();
        // Neither does anybody clone the voice.
        let statements = [
            "update app.voices set state = 'ready', provider_id = id::text, sample_type = 'audio/wav', sample_bytes = 4, sample_sha256 = '',
                    sample_ms = 20000, sample_loudness = -200, sample_at = now(), sample_by = 'x' where id = $1::uuid",
            "insert into app.voice_samples (org_id, voice_id, content) select org_id, id, 'RIFF' from app.voices where id = $1::uuid",
        ];
        for statement in statements {
            sqlx::query(statement)
                .bind(belongings.fixtures.id("/voices"))
                .execute(&world.db.admin)
                .await
                .unwrap();
        }
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
    pub fn unknown_ids(&self) -> Self {
        Self {
            fixtures: self.fixtures.unknown_ids(),
            session: Id::<Call>::new().to_string(),
            org: "org_nowhere".to_owned(),
        }
    }

    pub fn ids(&self) -> Vec<&str> {
        let own = self.fixtures.ids().filter(|(path, _)| *path != "/voices/available");
        own.map(|(_, id)| id)
            .chain([self.session.as_str(), &self.org])
            .collect()
    }

    /// The path with these things in place of its parameters.
    fn fill(&self, path: &str) -> String {
        match path.strip_prefix("/app") {
            Some(path) => format!("/app{}", self.fixtures.fill(path)),
            None => self.fixtures.fill(path),
        }
    }

    fn id(&self, path: &str) -> &str {
        self.fixtures.id(path)
    }
}

impl World {
    /// One of everything in the organization, made as its samples say.
    pub async fn fixtures(&self, org: &Org) -> Fixtures {
        let mut fixtures = Fixtures::new(format!("{} {}", org.name, serial()));
        let voices = self.get("/voices/available?source=library", &org.key).await.json();
        fixtures.insert("/voices/available", voices[0]["id"].as_str().unwrap());
        for endpoint in rest::makers() {
            let Some(sample) = endpoint.sample else { continue };
            let mut body = sample(&fixtures);
            if endpoint.path == "/calls" {
                // A call on the line stays as it was placed; one in writing begins by itself.
                body["to"] = json!({"medium": "phone", "number": "+15550100000"});
            }
            let made = self.post(&fixtures.fill(&endpoint.path), &org.key, &body).await;
            assert_eq!(made.status, StatusCode::CREATED, "{}: {}", endpoint.path, made.text());
            fixtures.insert(&endpoint.path, made.json()["id"].as_str().unwrap());
        }
        // What differs at the provider goes by the id of what it is.
        let agent = fixtures.id("/agents").to_owned();
        fixtures.insert("/reconciliation", agent);
        fixtures
    }
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
    path: String,
    way: Way,
    pub needs: Needs,
    sample: Option<fn(&Fixtures) -> Value>,
}

impl std::fmt::Display for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

pub fn all() -> Vec<Question> {
    let endpoints = rest::endpoints();
    // Every list that is exported over REST is a file that pages offer.
    let exports = endpoints.iter().filter(|endpoint| endpoint.path.ends_with("/export"));
    let exports = exports.map(|endpoint| {
        (
            format!("/app{}/excel.csv", endpoint.path),
            endpoint.access.expect("it is guarded").1,
        )
    });
    let files = [
        ("/app/calls/{id}/recording", Kind::Call),
        ("/app/voices/{id}/preview", Kind::Voice),
        ("/app/voices/{id}/sample", Kind::Voice),
        ("/app/reports/{id}/report.html", Kind::Report),
        ("/app/reports/{id}/report.json", Kind::Report),
    ]
    .map(|(path, kind)| (path.to_owned(), kind));
    let files: Vec<_> = files.into_iter().chain(exports).collect();
    let files = files.into_iter().map(|(path, kind)| Question {
        method: Method::GET,
        path,
        way: Way::File,
        needs: Needs::Permission(Action::Read, kind),
        sample: None,
    });
    let rest = endpoints.into_iter().map(|endpoint| Question {
        needs: match endpoint.access {
            Some((action, kind)) => Needs::Permission(action, kind),
            None => Needs::Nobody("it is how a program gets in"),
        },
        method: endpoint.method,
        path: endpoint.path,
        way: Way::Rest,
        sample: endpoint.sample,
    });
    let mut functions: Vec<_> = leptos::server_fn::axum::server_fn_paths()
        .map(|(path, method)| {
            let (needs, coding, _) = sample(path, &Belongings::default());
            Question {
                method,
                path: path.to_owned(),
                way: Way::Function(coding),
                needs,
                sample: None,
            }
        })
        .collect();
    functions.sort_by_key(|function| (function.changes_the_visitor(), function.path.clone()));
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
        matches!(self.way, Way::File) && self.path.ends_with("/export/excel.csv")
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
            Way::Rest => (of.fill(&self.path), self.sample.map(|sample| sample(&of.fixtures))),
            Way::File => (of.fill(&self.path), None),
            Way::Function(_) => (self.path.clone(), Some(sample(&self.path, of).2)),
        }
    }

    /// Of a REST route that takes one: its path and a good body.
    pub fn body(&self, of: &Belongings) -> Option<(String, Value)> {
        match self.way {
            Way::Rest => self.sample.map(|sample| (of.fill(&self.path), sample(&of.fixtures))),
            Way::File | Way::Function(_) => None,
        }
    }

    /// How a thing that is not there is answered. What a new thing refers to is one of its fields, and said beside it.
    pub fn unknown(&self) -> StatusCode {
        let create = matches!(self.needs, Needs::Permission(Action::Create, _));
        if create && (!self.path.contains('{') || self.is_function()) && !self.path.ends_with("/duplicate_agent") {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::NOT_FOUND
        }
    }

    /// Of a server function: its path and good arguments, as a page of this visitor sends them.
    pub fn function(&self, visitor: &Visitor, of: &Belongings) -> (&str, Value) {
        let (_, _, mut arguments) = sample(&self.path, of);
        if let Needs::Permission(..) = self.needs {
            arguments["org"] = json!(visitor.page);
        }
        (&self.path, arguments)
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
