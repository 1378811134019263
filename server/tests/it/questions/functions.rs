//! A good sample of the arguments of every server function, and what it needs.

use serde_json::{Value, json};
use switchboard::{
    registry::{self, Registered, ResourceVisitor},
    resource::{
        Action::{Create, Delete, Read, Update},
        Kind,
    },
};

use super::{Belongings, Coding, Needs};

/// The samples of server functions that every resource has, by the words of their names.
struct Functions<'a> {
    name: &'a str,
    of: &'a Belongings,
    found: Option<(Needs, Coding, Value)>,
}

impl ResourceVisitor for Functions<'_> {
    fn visit<R: Registered>(&mut self) {
        let about = R::KIND.about();
        let [one, many] = [about.singular, about.plural].map(|words| words.to_lowercase().replace(' ', "_"));
        let id = self.of.id(about.path);
        let draft = |suffix: &str| json!(R::sample(&self.of.fixtures.beside(suffix).name(), &self.of.fixtures));
        let (action, coding, arguments) = match self.name.split_once('_') {
            Some(("list" | "browse", name)) if name == many => (Read, Coding::Json, json!({"filter": {}, "page": {}})),
            Some((name, "facets")) if name == one => (Read, Coding::Form, json!({})),
            Some(("get", name)) if name == one => (Read, Coding::Form, json!({"id": id})),
            Some(("create", name)) if name == one => (Create, Coding::Json, json!({"draft": draft("another")})),
            Some(("update", name)) if name == one => (
                Update,
                Coding::Json,
                json!({"id": id, "draft": draft("changed"), "revision": 1}),
            ),
            Some(("delete", name)) if name == one => (Delete, Coding::Form, json!({"id": id})),
            Some(("sync", name)) if name == one => (Update, Coding::Form, json!({"id": id})),
            Some(("duplicate", name)) if name == one => (Create, Coding::Form, json!({"id": id})),
            _ => return,
        };
        self.found = Some((Needs::Permission(action, R::KIND), coding, arguments));
    }
}

/// Of a server function: what it needs, how its arguments travel, and good ones. The page's organization is added to
/// whatever needs a permission.
pub fn sample(path: &str, of: &Belongings) -> (Needs, Coding, Value) {
    use Coding::{Form, Json};
    let open = |why| (Needs::Nobody(why), Form, json!({}));
    let person = |why, arguments| (Needs::Person(why), Form, arguments);
    let org = |action, kind, coding, arguments| (Needs::Permission(action, kind), coding, arguments);
    let one_call = json!({"id": of.id("/calls")});
    let page = json!({"filter": {}, "page": {}});
    let name = path.rsplit('/').next().unwrap_or_default();
    let mut functions = Functions { name, of, found: None };
    registry::visit_all(&mut functions);
    if let Some(found) = functions.found {
        return found;
    }
    match name {
        "read_organization" => org(Read, Kind::Organization, Form, json!({})),
        "update_organization" => {
            let draft = json!({"name": of.fixtures.name(), "color": "fern", "time_zone": "Asia/Kolkata"});
            org(Update, Kind::Organization, Form, json!({"draft": draft, "revision": 1}))
        }
        "search" => org(Read, Kind::Organization, Form, json!({"words": "front"})),
        "sign_up" | "sign_in" => open("it is how one gets in"),
        "verify_email" | "resend_verification" => open("it is how an address is confirmed"),
        "forgot_password" | "reset_password" => open("it is how one gets in without the password"),
        "read_reset_link" => open("the link is the secret, and its reader cannot sign in"),
        "read_invitation" => open("the link is the secret, and its reader may have no account yet"),
        "sign_out" => open("leaving always works"),
        "session_refusal" => open("it says why the session that came with it is not taken"),
        "list_mail" => open("the development mailbox is read before the first sign-in, and only where mail is kept"),

        "change_password" => person(
            "the password opens every organization",
            json!({"draft": {"current": "not-the-password", "password": "another-horse-battery"}}),
        ),
        "set_time_zone" => person(
            "it is theirs in every organization",
            json!({"time_zone": "Asia/Kolkata"}),
        ),
        "list_devices" => person("a browser is a person's", json!({})),
        "end_session" => person("a browser is a person's", json!({"session": of.session})),
        "sign_out_everywhere" => person("a browser is a person's", json!({})),
        "list_places" => person("it says which organizations there are to enter", json!({})),
        "switch_org" => person("it enters an organization", json!({"place": of.org})),
        "create_org" => person("it founds one", json!({"draft": {"name": "Founded", "color": "teal"}})),
        "accept_offer" | "decline_offer" => person(
            "who is invited is no member yet",
            json!({"offer": of.id("/invitations")}),
        ),

        "check_agent" | "list_agent_versions" => org(Read, Kind::Agent, Form, json!({"id": of.id("/agents")})),
        "get_agent_version" => org(Read, Kind::Agent, Form, json!({"id": of.id("/agents"), "number": 1})),
        "publish_agent" => {
            let arguments = json!({"id": of.id("/agents"), "publication": {"note": "Shorter"}, "revision": 1});
            org(Update, Kind::Agent, Json, arguments)
        }
        "restore_agent_version" => {
            let arguments = json!({"id": of.id("/agents"), "number": 1, "revision": 1});
            org(Update, Kind::Agent, Form, arguments)
        }

        "list_agent_templates" => org(Read, Kind::Agent, Form, json!({})),
        "get_agent_template" => org(Read, Kind::Agent, Form, json!({"template": "reminder"})),
        "read_agent_export" => {
            let export = json!({"name": of.fixtures.name(), "prompt": "Answer politely."}).to_string();
            org(Create, Kind::Agent, Json, json!({"json": export}))
        }
        "assist_with_agent" => {
            let request = json!({"kind": "suggest_greeting", "text": "You are Mia. Answer the telephone."});
            org(Update, Kind::Agent, Json, json!({"request": request}))
        }

        "voice_agents" => org(Read, Kind::Voice, Form, json!({"id": of.id("/voices")})),
        "retry_voice" => org(Update, Kind::Voice, Form, json!({"id": of.id("/voices")})),

        "knowledge_sources" | "knowledge_agents" | "run_knowledge_checks" => {
            org(Read, Kind::KnowledgeBase, Form, json!({"id": of.id("/knowledge")}))
        }
        "search_knowledge" => {
            let question = json!({"q": "crown", "limit": 3, "least": 100});
            org(
                Read,
                Kind::KnowledgeBase,
                Json,
                json!({"id": of.id("/knowledge"), "question": question}),
            )
        }
        "knowledge_passages" => {
            let arguments = json!({"id": of.id("/knowledge-sources"), "from": 0, "limit": 3});
            org(Read, Kind::KnowledgeBase, Form, arguments)
        }
        "add_knowledge_source" => {
            let draft = json!({"base_id": of.id("/knowledge"), "name": of.fixtures.name(), "text": "A crown is $900."});
            org(Update, Kind::KnowledgeBase, Json, json!({"draft": draft}))
        }
        "read_knowledge_source" | "remove_knowledge_source" => org(
            Update,
            Kind::KnowledgeBase,
            Form,
            json!({"id": of.id("/knowledge-sources")}),
        ),
        "change_knowledge_source" => {
            let arguments = json!({"id": of.id("/knowledge-sources"), "change": {"enabled": false}});
            org(Update, Kind::KnowledgeBase, Json, arguments)
        }
        "add_knowledge_check" => {
            let draft =
                json!({"base_id": of.id("/knowledge"), "query": "What is a crown?", "expected": "crown", "within": 1});
            org(Update, Kind::KnowledgeBase, Json, json!({"draft": draft}))
        }
        "remove_knowledge_check" => org(
            Update,
            Kind::KnowledgeBase,
            Form,
            json!({"id": of.id("/knowledge-checks")}),
        ),

        "tool_agents" => org(Read, Kind::Tool, Form, json!({"id": of.id("/tools")})),
        "tool_uses" => org(Read, Kind::Call, Form, json!({"id": of.id("/tools")})),
        "test_tool" => org(
            Update,
            Kind::Tool,
            Json,
            json!({"id": of.id("/tools"), "request": {"values": {"clinic": "napa", "date": "2026-12-03"}}}),
        ),

        "all_folders" => org(Read, Kind::Folder, Form, json!({})),
        "delete_folder_with" => {
            let arguments = json!({"id": of.id("/contact-folders"), "contents": "keep"});
            org(Delete, Kind::Folder, Json, arguments)
        }
        "move_contacts" => {
            let what = json!({"ids": [of.id("/contacts")], "folder_id": null});
            org(Update, Kind::Contact, Json, json!({"what": what}))
        }
        "tag_contacts" => {
            let what = json!({"ids": [of.id("/contacts")], "add": ["vip"], "remove": []});
            org(Update, Kind::Contact, Json, json!({"what": what}))
        }
        "delete_contacts" => {
            let what = json!({"ids": [of.id("/contacts")]});
            org(Delete, Kind::Contact, Json, json!({"what": what}))
        }

        "read_number" => person(
            "it reads a number, and nothing that is anybody's",
            json!({"text": "+1 415 555 0110"}),
        ),
        "available_voices" | "browse_voices" => org(Read, Kind::Voice, Form, json!({"filter": {"language": "en"}})),

        "list_calls" => org(Read, Kind::Call, Json, json!({"query": "", "page": {}})),
        "place_call" => org(
            Create,
            Kind::Call,
            Json,
            json!({"draft": {"agent_id": of.id("/agents"), "to": {"medium": "phone", "number": "+15550100000"}}}),
        ),
        "get_conversation" => org(Read, Kind::Call, Form, one_call),
        "say" => org(
            Update,
            Kind::Call,
            Form,
            json!({"id": of.id("/calls"), "text": "Hello"}),
        ),
        "stop_call" => org(Update, Kind::Call, Form, one_call),
        "get_call_configuration" => org(Read, Kind::Agent, Form, one_call),
        "get_call_at_provider" => org(Read, Kind::Call, Form, one_call),
        "call_facets" => org(Read, Kind::Call, Form, json!({})),
        "change_call" => org(
            Update,
            Kind::Call,
            Json,
            json!({"id": of.id("/calls"), "patch": {"tags": ["callback"]}}),
        ),
        "tag_calls" => org(
            Update,
            Kind::Call,
            Json,
            json!({"what": {"ids": [of.id("/calls")], "add": ["callback"], "remove": []}}),
        ),
        "analyze_calls" => org(Update, Kind::Call, Json, json!({"what": {"ids": [of.id("/calls")]}})),
        "delete_calls" => org(Delete, Kind::Call, Json, json!({"what": {"ids": [of.id("/calls")]}})),
        "add_call_note" => org(
            Update,
            Kind::Call,
            Json,
            json!({"id": of.id("/calls"), "note": {"text": "Call back on Friday."}}),
        ),
        "delete_call_note" => org(
            Update,
            Kind::Call,
            Form,
            json!({"id": of.id("/calls"), "note_id": of.id("/calls/{id}/notes")}),
        ),
        "call_dispositions" => org(Read, Kind::Call, Form, json!({})),
        "replace_dispositions" => {
            let what = json!({"dispositions": [{"end_reason": "busy", "name": "Try again"}]});
            org(Update, Kind::Organization, Json, json!({"what": what}))
        }
        "list_call_views" => org(Read, Kind::Call, Form, json!({})),
        "save_call_view" => org(
            Update,
            Kind::Call,
            Form,
            json!({"name": of.fixtures.beside("view").name(), "query": "?status=failed", "shared": true}),
        ),
        "rename_call_view" => org(
            Update,
            Kind::Call,
            Form,
            json!({"id": of.id("/calls/views"), "name": of.fixtures.beside("changed").name(), "shared": true}),
        ),
        "delete_call_view" => org(Update, Kind::Call, Form, json!({"id": of.id("/calls/views")})),

        "list_keys" => org(Read, Kind::ApiKey, Form, json!({})),
        "create_key" => {
            let draft = json!({"name": "another", "scopes": ["agents:read"]});
            org(Create, Kind::ApiKey, Form, json!({"draft": draft}))
        }
        "revoke_key" => org(Delete, Kind::ApiKey, Form, json!({"key": of.id("/api-keys")})),

        "list_members" | "list_invitations" => org(Read, Kind::Member, Form, json!({})),
        "invite_member" => org(
            Create,
            Kind::Member,
            Form,
            json!({"draft": {"email": of.fixtures.email(), "role": "viewer"}}),
        ),
        "revoke_invitation" => org(Delete, Kind::Member, Form, json!({"invitation": of.id("/invitations")})),
        "set_role" => org(
            Update,
            Kind::Member,
            Form,
            json!({"member": of.id("/members"), "role": "operator"}),
        ),
        "remove_member" => org(Delete, Kind::Member, Form, json!({"member": of.id("/members")})),
        // Anybody may leave, so nothing but being there is asked.
        "leave_org" => org(Read, Kind::Member, Form, json!({})),

        "read_reconciliation" => org(Read, Kind::Reconciliation, Json, page),
        "reconcile" => org(
            Update,
            Kind::Reconciliation,
            Json,
            json!({"object": of.id("/reconciliation")}),
        ),
        "reconcile_all" => org(Update, Kind::Reconciliation, Json, json!({})),

        "read_reports" => {
            let arguments = json!({"kind": "warden", "chosen": Some(of.id("/reports")).filter(|id| !id.is_empty())});
            org(Read, Kind::Report, Json, arguments)
        }
        "run_isolation" => org(Create, Kind::Report, Form, json!({})),

        "read_balance" => org(Read, Kind::Credit, Json, json!({})),
        "list_audit" => org(Read, Kind::Audit, Json, page),
        _ => panic!(
            "no sample for the server function {path}: add what it needs and good arguments to `sample` in questions/functions.rs"
        ),
    }
}
