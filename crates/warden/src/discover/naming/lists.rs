//! The names that most schemas use.

/// Tables of people, the likeliest first.
pub(super) const USERS: &[&str] = &[
    "users",
    "user",
    "app_users",
    "auth_user",
    "accounts",
    "people",
    "persons",
    "profiles",
];

/// Tables of organizations, the likeliest first.
pub(super) const ORGANIZATIONS: &[&str] = &[
    "organizations",
    "organisations",
    "orgs",
    "tenants",
    "workspaces",
    "companies",
    "teams",
    "clients",
    "businesses",
    "firms",
    "agencies",
    "accounts",
];

pub(super) const JOINED: &[&str] = &["member", "membership", "user", "staff", "employee", "seat"];

/// Columns that say whose a row is.
pub(super) const OWNERS: &[&str] = &[
    "user",
    "owner",
    "owner_user",
    "account",
    "profile",
    "person",
    "customer_user",
    "member",
    "belongs_to",
];

/// Columns that say who did something, which may be somebody of another organization.
pub(super) const AUTHORS: &[&str] = &[
    "author",
    "creator",
    "actor",
    "editor",
    "uploader",
    "sender",
    "submitter",
    "reporter",
    "modifier",
    "performed_by",
];

/// Columns that say whom something is for.
pub(super) const AUDIENCE: &[&str] = &[
    "assignee",
    "assigned",
    "assigned_to",
    "recipient",
    "reviewer",
    "approver",
    "shared_with",
    "mentioned",
    "invitee",
    "invited",
    "target",
    "to",
    "follower",
    "watcher",
    "manager",
];

pub(super) const LOOKUPS: &[&str] = &[
    "countries",
    "currencies",
    "languages",
    "locales",
    "timezones",
    "time_zones",
    "units",
    "plans",
    "emoji",
    "roles",
    "permissions",
    "regions",
    "holidays",
];

/// Where migration tools keep their own books.
pub(super) const TOOLS: &[&str] = &[
    "schema_migrations",
    "_prisma_migrations",
    "ar_internal_metadata",
    "alembic_version",
    "django_migrations",
    "flyway_schema_history",
    "goose_db_version",
    "knex_migrations",
    "knex_migrations_lock",
    "_sqlx_migrations",
    "__efmigrationshistory",
    "databasechangelog",
    "databasechangeloglock",
    "__diesel_schema_migrations",
    "seaql_migrations",
    "refinery_schema_history",
    "migrations",
    "doctrine_migration_versions",
    "spatial_ref_sys",
];

pub(super) const BILLING: &[&str] = &[
    "billing",
    "invoice",
    "payment",
    "credit",
    "transaction",
    "ledger",
    "subscription",
    "charge",
    "api_key",
    "audit",
    "log",
    "idempotency",
];

/// Parts of the names of columns that hold what is somebody's own.
pub(super) const PERSONAL: &[&str] = &[
    "email", "phone", "password", "secret", "token", "address", "birth", "iban", "ssn", "salary", "ip", "body", "note",
    "notes", "message", "comment",
];

/// Schemas in which a provider keeps who people are.
pub(super) const IDENTITY: &[&str] = &["auth", "identity", "iam", "keycloak"];
