//! What the database should be: its tables, roles and functions, said once, beside the migrations that make them.
//!
//! A migration that adds a table or changes a function changes this page too; that is the point of it.

use serde::Serialize;

use Lasts::{Changing, Forever, Once};

/// The column that says whose a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Key {
    #[serde(rename = "org_id")]
    Org,
    #[serde(rename = "client_id")]
    Client,
}

/// How long a row stays what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Lasts {
    /// May be changed and deleted.
    Changing,
    /// May be changed, never deleted.
    Forever,
    /// Written once: a ledger or a log.
    Once,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Table {
    pub schema: &'static str,
    pub name: &'static str,
    /// None for what belongs to no organization, and is therefore not in schema `app`.
    pub key: Option<Key>,
    pub lasts: Lasts,
    /// The worker claims its rows across organizations.
    pub queue: bool,
}

const fn org(name: &'static str, lasts: Lasts) -> Table {
    table("app", name, Some(Key::Org), lasts)
}

const fn client(name: &'static str, lasts: Lasts) -> Table {
    table("app", name, Some(Key::Client), lasts)
}

const fn outside(schema: &'static str, name: &'static str) -> Table {
    table(schema, name, None, Changing)
}

const fn table(schema: &'static str, name: &'static str, key: Option<Key>, lasts: Lasts) -> Table {
    Table {
        schema,
        name,
        key,
        lasts,
        queue: false,
    }
}

pub(super) const TABLES: &[Table] = &[
    org("clients", Forever),
    org("agents", Changing),
    org("calls", Changing),
    org("call_messages", Changing),
    org("call_events", Changing),
    Table {
        queue: true,
        ..org("mirrors", Changing)
    },
    org("reports", Changing),
    client("users", Changing),
    client("api_keys", Changing),
    client("credit_transactions", Once),
    client("audit_log", Once),
    client("idempotency_keys", Changing),
    outside("identity", "users"),
    outside("identity", "organizations"),
    outside("identity", "memberships"),
    outside("identity", "invitations"),
    outside("identity", "sessions"),
    outside("identity", "email_tokens"),
    outside("identity", "throttle"),
    outside("identity", "api_key_secrets"),
    outside("identity", "outbox"),
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
                  select from app.calls e where e.id = t.call_id and e.org_id <> c.org_id) and not exists (
                  select from app.calls o where o.id = t.call_id and o.org_id = c.org_id))
              from app.credit_transactions t join app.clients c on c.id = t.client_id where t.call_id is not null",
        org: "c.org_id",
    },
    Link {
        name: "identity.api_key_secrets.key_id",
        sql: "select count(*), count(*) filter (where exists (
                  select from app.api_keys k join app.clients c on c.id = k.client_id
                  where k.id = s.key_id and c.org_id <> s.org_id) and not exists (
                  select from app.api_keys k join app.clients c on c.id = k.client_id
                  where k.id = s.key_id and c.org_id = s.org_id))
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
        "app.current_client()",
        "5fe6dc6d5268102476a42014be727951",
        &[APP, WORKER, BACKUP],
    ),
    plain(
        "app.forbid_org_change()",
        "d02cfc14d7f01b9834fc1c853a1d7ba3",
        &[APP, WORKER, BACKUP],
    ),
    plain(
        "app.forbid_client_change()",
        "f11290adcdfea76cbcc51b7b23869c51",
        &[APP, WORKER, BACKUP],
    ),
    plain(
        "app.announce()",
        "f12c5775311c05f4de392f3d7351f35b",
        &[APP, WORKER, BACKUP],
    ),
    plain(
        "app.schema_version()",
        "b93bf9c993c35eeb98911613e971b7fa",
        &[APP, WORKER],
    ),
    plain(
        "ops.protect(regclass,text,text[])",
        "fd3a9aa6207572a1158c73a07ab45c37",
        &[],
    ),
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
    definer("identity.standing()", "bb1603e34ee38b9e0bfca518e75d12d4", &[APP]),
    definer("identity.colleagues()", "f6afa78e4d0b1043596059bc5fcc6333", &[APP]),
    definer("identity.facing(text)", "886ce214d385391680a6e05e894474b1", &[APP]),
    definer(
        "identity.set_role(text,text)",
        "a9bf94deb80af5350a9280baa889ba95",
        &[APP],
    ),
    definer("identity.invited()", "ad2605e6bfe52b8ffd3a5ade63d83d40", &[APP]),
    definer(
        "identity.invite(uuid,text,text,bytea,uuid,text,text)",
        "365a368a8164c0c6396a3b32fb54cb61",
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
