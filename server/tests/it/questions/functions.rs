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

        "voice_agents" => org(Read, Kind::Voice, Form, json!({"id": of.id("/voices")})),
        "retry_voice" => org(Update, Kind::Voice, Form, json!({"id": of.id("/voices")})),

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

        "list_calls" => org(Read, Kind::Call, Json, page),
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
