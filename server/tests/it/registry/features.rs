//! What the product does not have yet, and how one can tell that it has got it.
//!
//! A feature shows in what is served, in the tables and their columns, in the command line or in the settings. When one
//! of its words turns up there, the items that wait for it need tests.

use std::{collections::BTreeSet, fs, process::Command};

use switchboard::db::testing::TestDb;

use crate::registry::sources::root;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    WebhooksOut,
    Payments,
    Campaigns,
    Imports,
    Pictures,
    UploadLinks,
    RefreshTokens,
    Restore,
    Erasure,
    Replicas,
    SealedLog,
    Bulk,
    Rolling,
}

impl Feature {
    pub const ALL: [Self; 13] = [
        Self::WebhooksOut,
        Self::Payments,
        Self::Campaigns,
        Self::Imports,
        Self::Pictures,
        Self::UploadLinks,
        Self::RefreshTokens,
        Self::Restore,
        Self::Erasure,
        Self::Replicas,
        Self::SealedLog,
        Self::Bulk,
        Self::Rolling,
    ];

    /// Words that nothing else has in its name.
    pub const fn words(self) -> &'static [&'static str] {
        match self {
            Self::WebhooksOut => &["webhook_endpoint", "webhook-endpoint", "webhook_deliver", "deliveries"],
            Self::Payments => &[
                "payment",
                "invoice",
                "checkout",
                "subscription",
                "refund",
                "stripe",
                "coupon",
                "dispute",
                "/credits",
                "credit_hold",
            ],
            Self::Campaigns => &["campaign", "do_not_call", "dnc", "quiet_hours"],
            Self::Imports => &["import"],
            Self::Pictures => &["picture", "image", "avatar", "logo"],
            Self::UploadLinks => &["presigned", "upload_url", "upload-url"],
            Self::RefreshTokens => &["refresh"],
            Self::Restore => &["backup"],
            Self::Erasure => &["delete_org", "erase", "purge", "tombstone"],
            Self::Replicas => &["replica"],
            Self::SealedLog => &["prev_hash", "chain", "checkpoint"],
            Self::Bulk => &["bulk", "batch", "delete_many", "delete_agents"],
            Self::Rolling => &["schema_range", "compatible"],
        }
    }
}

/// Everything that has a name and can be asked for: REST routes, server functions, tables with their columns,
/// subcommands and settings.
pub async fn names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    names.extend(
        server::rest::endpoints()
            .iter()
            .map(|endpoint| endpoint.path.to_owned()),
    );
    names.extend(leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path.to_owned()));
    names.extend(columns().await);
    names.extend(subcommands());
    names.extend(settings());
    names.into_iter().map(|name| name.to_lowercase()).collect()
}

async fn columns() -> Vec<String> {
    let db = TestDb::create().await;
    sqlx::query_scalar(
        "select format('%s.%s.%s', table_schema, table_name, column_name) from information_schema.columns
         where table_schema not in ('pg_catalog', 'information_schema', 'migrations')",
    )
    .fetch_all(&db.admin)
    .await
    .unwrap()
}

fn subcommands() -> Vec<String> {
    let help = Command::new(env!("CARGO_BIN_EXE_switchboard"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let listed = help
        .split("Commands:")
        .nth(1)
        .unwrap()
        .split("Options:")
        .next()
        .unwrap();
    listed
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|word| !word.is_empty())
        .map(|word| format!("subcommand {word}"))
        .collect()
}

/// The environment variables the program reads.
fn settings() -> Vec<String> {
    let source = fs::read_to_string(root().join("src/config.rs")).unwrap();
    let setting = |text: &&str| text.len() > 3 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    source
        .split('"')
        .filter(setting)
        .map(|name| format!("setting {name}"))
        .collect()
}
