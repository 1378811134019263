//! How a deed is asked for: by a program over REST, by a page with a server function.

use axum::http::Method;
use serde_json::{Value, json};
use switchboard::resource::{
    Action::{self, Create, Delete, Read, Update},
    Kind,
};

use super::{
    asked::{Actor, Way},
    command::Deed,
    deeds::{agents, calls, keys, phone, scopes},
    lists::List,
    oracle::Oracle,
    people::invitations,
    resources::known,
};

pub struct Question {
    pub way: Way,
    /// What a program needs to be answered the same thing twice.
    pub needs: Option<(Action, Kind)>,
}

/// Both ways to ask for the same thing.
pub struct Both {
    pub method: Method,
    pub path: String,
    pub body: Option<Value>,
    pub needs: (Action, Kind),
    pub function: &'static str,
    pub arguments: Value,
}

impl Oracle {
    /// `page`: the organization that the asking page was drawn for.
    pub fn question(&self, actor: &Actor, org: usize, page: usize, deed: &Deed) -> Question {
        let both = self.both(actor, org, deed);
        if actor.in_browser() {
            let mut arguments = both.arguments;
            if !both.function.starts_with("orgs/") || both.function == "orgs/leave_org" {
                arguments["org"] = json!(format!("!{page}"));
            }
            return Question {
                way: Way::Function {
                    path: both.function,
                    arguments,
                },
                needs: None,
            };
        }
        // Money is spent with a key of one's own.
        let key = (both.path == "/calls" && both.method == Method::POST).then(|| format!("own-{}", self.commands));
        Question {
            way: Way::Rest {
                method: both.method,
                path: both.path,
                body: both.body,
                key,
            },
            needs: Some(both.needs),
        }
    }

    fn both(&self, actor: &Actor, org: usize, deed: &Deed) -> Both {
        let of = |method, path: String, body, needs, function, arguments| Both {
            method,
            path,
            body,
            needs,
            function,
            arguments,
        };
        let get =
            |path: String, kind, function, arguments| of(Method::GET, path, None, (Read, kind), function, arguments);
        let agent = |pick| self.pick(org, pick, agents);
        let call = |pick| self.pick(org, pick, calls);
        let one = |id: usize| json!({ "id": format!("#{id}") });
        match deed {
            Deed::ListAgents { .. } | Deed::ListCalls { .. } | Deed::ListAudit { .. } => {
                let (list, limit) = self.list_of(org, deed);
                listing(&list, limit, None)
            }
            Deed::GoOn {
                cursor,
                elsewhere,
                limit,
            } => match self.cursor(*cursor) {
                None => listing(&List::everything(), *limit, None),
                Some((number, list)) if *elsewhere => listing(&list.narrowed(), *limit, Some(number)),
                Some((number, list)) => listing(&list, *limit, Some(number)),
            },
            Deed::Facets => get(String::new(), Kind::Agent, "agents/agent_facets", json!({})),
            Deed::ReadAgent(pick) => {
                let id = agent(*pick);
                get(format!("/agents/#{id}"), Kind::Agent, "agents/get_agent", one(id))
            }
            Deed::CreateAgent(words) => {
                let draft = self.draft(org, words);
                let arguments = json!({ "draft": draft });
                of(
                    Method::POST,
                    "/agents".into(),
                    Some(draft),
                    (Create, Kind::Agent),
                    "agents/create_agent",
                    arguments,
                )
            }
            Deed::UpdateAgent {
                agent: pick,
                words,
                stale,
            } => {
                let (id, draft) = (agent(*pick), self.draft(org, words));
                let mut arguments = one(id);
                arguments["draft"] = draft.clone();
                arguments["revision"] = json!(self.revision(org, id, *stale));
                let path = format!("/agents/#{id}");
                of(
                    Method::PUT,
                    path,
                    Some(draft),
                    (Update, Kind::Agent),
                    "agents/update_agent",
                    arguments,
                )
            }
            Deed::DeleteAgent(pick) => {
                let id = agent(*pick);
                let path = format!("/agents/#{id}");
                of(
                    Method::DELETE,
                    path,
                    None,
                    (Delete, Kind::Agent),
                    "agents/delete_agent",
                    one(id),
                )
            }
            Deed::DuplicateAgent(pick) => {
                let id = agent(*pick);
                let path = format!("/agents/#{id}/duplicate");
                of(
                    Method::POST,
                    path,
                    None,
                    (Create, Kind::Agent),
                    "agents/duplicate_agent",
                    one(id),
                )
            }
            Deed::SyncAgent(pick) => {
                let id = agent(*pick);
                let path = format!("/agents/#{id}/sync");
                of(
                    Method::POST,
                    path,
                    None,
                    (Update, Kind::Agent),
                    "agents/sync_agent",
                    one(id),
                )
            }
            Deed::Resource { number, on } => self.both_of_resources(org, *number, on),
            Deed::ReadCall(pick) => {
                let id = call(*pick);
                get(format!("/calls/#{id}"), Kind::Call, "calls/get_conversation", one(id))
            }
            Deed::PlaceCall { agent: pick, number } => {
                let draft = json!({"agent_id": format!("#{}", agent(*pick)),
                                   "to": {"medium": "phone", "number": phone(*number)}});
                let arguments = json!({ "draft": draft });
                of(
                    Method::POST,
                    "/calls".into(),
                    Some(draft),
                    (Create, Kind::Call),
                    "calls/place_call",
                    arguments,
                )
            }
            Deed::StopCall(pick) => {
                let id = call(*pick);
                of(
                    Method::POST,
                    format!("/calls/#{id}/stop"),
                    None,
                    (Update, Kind::Call),
                    "calls/stop_call",
                    one(id),
                )
            }
            Deed::ListKeys => get("/api-keys".into(), Kind::ApiKey, "keys/list_keys", json!({})),
            Deed::CreateKey { scopes: n } => {
                let scopes: Vec<_> = scopes(*n).scopes().map(|scope| scope.to_string()).collect();
                let draft = json!({"name": self.key_name(org), "scopes": scopes});
                let arguments = json!({ "draft": draft });
                of(
                    Method::POST,
                    "/api-keys".into(),
                    Some(draft),
                    (Create, Kind::ApiKey),
                    "keys/create_key",
                    arguments,
                )
            }
            Deed::RevokeKey(pick) => {
                let id = self.pick(org, *pick, keys);
                let arguments = json!({ "key": format!("#{id}") });
                of(
                    Method::DELETE,
                    format!("/api-keys/#{id}"),
                    None,
                    (Delete, Kind::ApiKey),
                    "keys/revoke_key",
                    arguments,
                )
            }
            other => self.both_of_people(actor, org, other),
        }
    }

    fn both_of_people(&self, actor: &Actor, org: usize, deed: &Deed) -> Both {
        let of = |method, path: String, body, action, function, arguments| Both {
            method,
            path,
            body,
            needs: (action, Kind::Member),
            function,
            arguments,
        };
        let browser = |function, arguments| of(Method::GET, String::new(), None, Read, function, arguments);
        let offer = |pick| json!({ "offer": format!("#{}", self.offer(actor, org, pick)) });
        match deed {
            Deed::ListMembers => of(
                Method::GET,
                "/members".into(),
                None,
                Read,
                "members/list_members",
                json!({}),
            ),
            Deed::SetRole { person, role } => {
                let person = self.person(*person);
                let arguments = json!({"member": format!("@{person}"), "role": role.word()});
                let body = Some(json!({ "role": role.word() }));
                of(
                    Method::PUT,
                    format!("/members/@{person}/role"),
                    body,
                    Update,
                    "members/set_role",
                    arguments,
                )
            }
            Deed::RemoveMember { person } => {
                let person = self.person(*person);
                let arguments = json!({ "member": format!("@{person}") });
                of(
                    Method::DELETE,
                    format!("/members/@{person}"),
                    None,
                    Delete,
                    "members/remove_member",
                    arguments,
                )
            }
            Deed::ListInvitations => of(
                Method::GET,
                "/invitations".into(),
                None,
                Read,
                "members/list_invitations",
                json!({}),
            ),
            Deed::Invite { address, role } => {
                let draft = json!({"email": self.address(*address).0, "role": role.word()});
                let arguments = json!({ "draft": draft });
                of(
                    Method::POST,
                    "/invitations".into(),
                    Some(draft),
                    Create,
                    "members/invite_member",
                    arguments,
                )
            }
            Deed::RevokeInvitation(pick) => {
                let id = self.pick(org, *pick, invitations);
                let arguments = json!({ "invitation": format!("#{id}") });
                of(
                    Method::DELETE,
                    format!("/invitations/#{id}"),
                    None,
                    Delete,
                    "members/revoke_invitation",
                    arguments,
                )
            }
            Deed::Me => of(Method::GET, "/auth/me".into(), None, Read, "", json!({})),
            Deed::AcceptInvitation(pick) => browser("orgs/accept_offer", offer(*pick)),
            Deed::DeclineInvitation(pick) => browser("orgs/decline_offer", offer(*pick)),
            Deed::Places => browser("orgs/list_places", json!({})),
            Deed::Switch { org } => browser(
                "orgs/switch_org",
                json!({ "place": format!("!{}", org % self.orgs.len()) }),
            ),
            Deed::Leave => browser("orgs/leave_org", json!({})),
            other => unreachable!("{other:?} is about something else"),
        }
    }
}

pub(super) fn listing(list: &List, limit: Option<usize>, cursor: Option<usize>) -> Both {
    let (path, function) = match list {
        List::Registered(number) => known(*number).listed(),
        List::Agents { .. } => ("/agents", "agents/list_agents"),
        List::Calls { .. } => ("/calls", "calls/list_calls"),
        List::Audit { .. } => ("/audit", "audit/list_audit"),
    };
    let mut filter = json!({});
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in list.filter() {
        filter[name] = json!(value);
        query.append_pair(name, &value);
    }
    let mut page = json!({});
    if let Some(limit) = limit {
        page["limit"] = json!(limit);
        query.append_pair("limit", &limit.to_string());
    }
    if let Some(number) = cursor {
        page["cursor"] = json!(format!("~{number}"));
        query.append_pair("cursor", &format!("~{number}"));
    }
    // The page of calls sends the query of its address.
    let arguments = match list {
        List::Calls { agent: None } => json!({"query": "", "page": page}),
        List::Calls { agent: Some(_) } => {
            json!({"query": format!("?agent={}", filter["agent_id"].as_str().unwrap_or_default()), "page": page})
        }
        _ => json!({"filter": filter, "page": page}),
    };
    // Names stand in a query as they are.
    let query = query.finish().replace("%23", "#").replace("%7E", "~");
    Both {
        method: Method::GET,
        path: format!("{path}?{query}"),
        body: None,
        needs: (Read, list.kind()),
        function,
        arguments,
    }
}
