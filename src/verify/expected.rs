//! What the database should be: its tables, roles and functions, said once, beside the migrations that make them.
//!
//! A migration that adds a table or changes a function changes this page too; that is the point of it.

use serde::Serialize;

use Mutability::{AppendOnly, Mutable, NoDelete};

/// How long a row stays what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mutability {
    /// May be changed and deleted.
    Mutable,
    /// May be changed, never deleted.
    NoDelete,
    /// Written once: a ledger or a log.
    AppendOnly,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Table {
    pub schema: &'static str,
    pub name: &'static str,
    pub mutability: Mutability,
    /// The worker claims its rows across organizations, so it stays on one server whatever is spread over several.
    pub queue: bool,
}

/// Of organizations: what is in schema `app`, and nothing else.
const fn org(name: &'static str, mutability: Mutability) -> Table {
    table("app", name, mutability)
}

const fn outside(schema: &'static str, name: &'static str) -> Table {
    table(schema, name, Mutable)
}

const fn table(schema: &'static str, name: &'static str, mutability: Mutability) -> Table {
    Table {
        schema,
        name,
        mutability,
        queue: false,
    }
}

pub(super) const TABLES: &[Table] = &[
    org("clients", NoDelete),
    org("tools", Mutable),
    org("agents", Mutable),
    org("agent_tools", Mutable),
    org("agent_versions", AppendOnly),
    org("agent_tests", Mutable),
    org("agent_test_runs", Mutable),
    org("voices", Mutable),
    org("voice_samples", Mutable),
    org("knowledge_bases", Mutable),
    org("knowledge_sources", Mutable),
    org("knowledge_files", Mutable),
    org("knowledge_passages", Mutable),
    org("knowledge_checks", Mutable),
    org("agent_knowledge", Mutable),
    org("calls", Mutable),
    org("call_messages", Mutable),
    org("call_events", Mutable),
    org("call_tags", Mutable),
    org("call_notes", Mutable),
    org("call_texts", Mutable),
    org("call_words", Mutable),
    org("call_views", Mutable),
    org("call_analyses", Mutable),
    org("call_fields", Mutable),
    org("dispositions", Mutable),
    org("contact_folders", Mutable),
    org("contacts", Mutable),
    Table {
        queue: true,
        ..org("provider_links", Mutable)
    },
    org("reconciliations", Mutable),
    org("reports", Mutable),
    org("users", Mutable),
    org("api_keys", Mutable),
    org("credit_transactions", AppendOnly),
    org("audit_log", AppendOnly),
    org("idempotency_keys", Mutable),
    outside("identity", "users"),
    outside("identity", "organizations"),
    outside("identity", "memberships"),
    outside("identity", "invitations"),
    outside("identity", "sessions"),
    outside("identity", "email_tokens"),
    outside("identity", "throttle"),
    outside("identity", "api_key_secrets"),
    outside("identity", "outbox"),
    outside("identity", "member_intents"),
    outside("identity", "installation"),
    outside("ops", "inbox"),
    outside("ops", "jobs"),
    outside("ops", "schedules"),
    outside("migrations", "_sqlx_migrations"),
];

/// A column that names a row without a foreign key, where the row may be gone but must not be another organization's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub name: &'static str,
    /// Rows that name something, each with whether it is somebody else's. Ends in a condition.
    pub sql: &'static str,
    /// The column of it that says whose the naming row is.
    pub org: &'static str,
}

pub(super) const LINKS: &[Link] = &[
    Link {
        name: "app.credit_transactions.call_id",
        sql: "select count(*), count(*) filter (where exists (
                  select from app.calls e where e.id = t.call_id and e.org_id <> t.org_id) and not exists (
                  select from app.calls o where o.id = t.call_id and o.org_id = t.org_id))
              from app.credit_transactions t where t.call_id is not null",
        org: "t.org_id",
    },
    Link {
        name: "identity.api_key_secrets.key_id",
        sql: "select count(*), count(*) filter (where exists (
                  select from app.api_keys e where e.id = s.key_id and e.org_id <> s.org_id) and not exists (
                  select from app.api_keys o where o.id = s.key_id and o.org_id = s.org_id))
              from identity.api_key_secrets s where true",
        org: "s.org_id",
    },
];

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Function {
    pub signature: &'static str,
    /// md5 of its text and of everything that changes what the text does; `function-source` says how it is taken.
    pub fingerprint: &'static str,
    /// Runs with its owner's rights.
    pub definer: bool,
    pub callers: &'static [&'static str],
}

const APP: &str = "switchboard_app";
const WORKER: &str = "switchboard_worker";
const IDENTITY: &str = "switchboard_identity";
const BACKUP: &str = "switchboard_backup";

const fn plain(signature: &'static str, fingerprint: &'static str, callers: &'static [&'static str]) -> Function {
    Function {
        signature,
        fingerprint,
        definer: false,
        callers,
    }
}

const fn definer(signature: &'static str, fingerprint: &'static str, callers: &'static [&'static str]) -> Function {
    Function {
        definer: true,
        ..plain(signature, fingerprint, callers)
    }
}

/// Every function there may be. Read one before changing its fingerprint: this list is the review.
pub(super) const FUNCTIONS: &[Function] = &[
    plain(
        "app.current_org()",
        "8489b548cf4ff19d43f1559715421894",
        &[APP, WORKER, BACKUP],
    ),
    plain(
        "app.current_person()",
        "76de8d6dbd59b98af7655cb9deffde7f",
        &[APP, WORKER, BACKUP],
    ),
    plain(
        "app.forbid_org_change()",
        "d02cfc14d7f01b9834fc1c853a1d7ba3",
        &[APP, WORKER, BACKUP],
    ),
    definer(
        "app.schema_version()",
        "0db1cca30b38d500e8c16d9dbe24d90a",
        &[APP, WORKER],
    ),
    plain("identity.notify_members()", "eee7d1d4800a81c40eaa2254dafbb819", &[]),
    plain("ops.protect(regclass,text[])", "a996fa8c0132560375153666fb17adf8", &[]),
    plain("ops.open_queue(regclass)", "0e04238f076bccc3a01c7ada05a3722e", &[]),
    plain("ops.hand_over()", "78b1fcbab11d0201e0c2ff587ca378ca", &[]),
    definer(
        r#"identity."current_role"()"#,
        "bb1603e34ee38b9e0bfca518e75d12d4",
        &[APP],
    ),
    definer("identity.organization()", "c9f1b53e8e905427fd50c47aeb9aed30", &[APP]),
    definer(
        "identity.update_organization(bigint,text,text,text)",
        "2b6b40cc694531968c70149b96c26557",
        &[APP],
    ),
    definer("identity.org_members()", "f6afa78e4d0b1043596059bc5fcc6333", &[APP]),
    definer("identity.member(text)", "a3b95621fa289ab6818a9ccc2064b5fa", &[APP]),
    definer("identity.lock_roles(text)", "c447641d772de16b2ea415956fba3168", &[APP]),
    plain(
        "ops.enqueue(uuid,text,text,jsonb,text,double precision)",
        "77cbd9db97cde41f37c353073fc5fba4",
        &[WORKER],
    ),
    definer(
        "app.enqueue(uuid,text,jsonb,text,double precision)",
        "5b15987d9f76c2d836c61add9925e6cf",
        &[APP, WORKER],
    ),
    definer(
        "identity.enqueue_mail(uuid,text,text,text)",
        "aea0aa87966ed6039fceb5a38b6e27a7",
        &[IDENTITY],
    ),
    definer(
        "identity.set_role(text,text)",
        "a9bf94deb80af5350a9280baa889ba95",
        &[APP],
    ),
    definer(
        "identity.begin_member_intent(uuid,text,text,text,text,text,jsonb,text,text)",
        "fdfe5636078cd9ca3ed68ca537033013",
        &[APP],
    ),
    definer(
        "identity.finish_member_intent(uuid)",
        "d6bb77b42b4ed0c65f322f72c5cc7f8b",
        &[WORKER],
    ),
    definer(
        "identity.pending_invitations()",
        "23759d85e7b9dc6489766eb31b96bcac",
        &[APP],
    ),
    definer(
        "identity.invite(uuid,text,text,bytea,uuid,text,text)",
        "5bc536f8c7d38583c5ed8d46365b2254",
        &[APP],
    ),
    definer(
        "identity.revoke_invitation(uuid)",
        "100008fd80a03e9a5839877e90bc2c7c",
        &[APP],
    ),
    definer(
        "identity.keep_api_key(uuid,text,bytea)",
        "1492318a1fa7d3f29d82332da747e704",
        &[APP],
    ),
    definer(
        "identity.claim_client_id(uuid)",
        "c314655441a081186a4d0250ad68a309",
        &[WORKER],
    ),
    definer(
        "identity.drop_api_key(uuid)",
        "bb15cdec24bb5dd2128e3d6ca72c7e95",
        &[APP, WORKER],
    ),
];

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Role {
    pub name: &'static str,
    /// As `role-attributes` writes them.
    pub attributes: &'static str,
    pub settings: &'static [&'static str],
    /// The schemas whose objects it may name.
    pub schemas: &'static [&'static str],
}

pub(super) const ROLES: &[Role] = &[
    Role {
        name: "switchboard_owner",
        attributes: "inherit",
        settings: &[],
        schemas: &["app", "identity", "ops", "migrations"],
    },
    Role {
        name: "switchboard_app",
        attributes: "login",
        settings: &[],
        schemas: &["app", "identity"],
    },
    Role {
        name: "switchboard_worker",
        attributes: "login",
        settings: &[],
        schemas: &["app", "identity", "ops"],
    },
    Role {
        name: "switchboard_identity",
        attributes: "login",
        settings: &[],
        schemas: &["app", "identity"],
    },
    Role {
        name: "switchboard_warden",
        attributes: "login, inherit, bypassrls",
        settings: &["row_security=off"],
        schemas: &["app", "identity", "ops", "migrations"],
    },
    Role {
        name: "switchboard_backup",
        attributes: "login, bypassrls",
        settings: &["default_transaction_read_only=on", "row_security=off"],
        schemas: &["app", "identity", "ops", "migrations"],
    },
];

#[derive(Serialize)]
pub(super) struct Expected {
    tables: &'static [Table],
    functions: &'static [Function],
    roles: &'static [Role],
}

/// All of it, as the one parameter of every rule.
pub(super) const EXPECTED: Expected = Expected {
    tables: TABLES,
    functions: FUNCTIONS,
    roles: ROLES,
};
