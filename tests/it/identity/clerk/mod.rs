//! Clerk's word: its tokens, its events in any order, its metadata, and what becomes of it while Clerk cannot be reached.

mod asked;
mod ended;
mod events;
mod members;

use chrono::Utc;
use serde_json::{Value, json};
use switchboard::{
    Error,
    auth::clerk_events::{Event, apply},
};

use crate::identity::common::{
    ORIGIN, World,
    clerk::{FakeClerk, Rsa},
    world,
};

/// When events happen here, in milliseconds. Much smaller numbers would be taken for seconds.
const T: i64 = 1_763_700_000_000;

struct Stage {
    world: World,
    fake: FakeClerk,
    rsa: Rsa,
}

async fn stage() -> Stage {
    let fake = FakeClerk::start().await;
    let rsa = Rsa::generate("ins_key1");
    fake.publish(&[&rsa]);
    let variables = fake.variables();
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let world = world(&variables).await;
    fake.answer(
        "GET /v1/organizations/org_acme",
        200,
        json!({"id": "org_acme", "name": "Acme", "public_metadata": {}}),
    );
    fake.answer(
        "PATCH /v1/organizations/org_acme/metadata",
        200,
        json!({"id": "org_acme"}),
    );
    Stage { world, fake, rsa }
}

impl Stage {
    fn token(&self, user: &str, role: &str) -> String {
        self.token_of(user, role, Utc::now().timestamp())
    }

    fn token_of(&self, user: &str, role: &str, now: i64) -> String {
        let claims = json!({
            "iss": self.fake.url, "azp": ORIGIN, "sub": user, "sid": format!("sess_{user}"), "v": 2,
            "o": {"id": "org_acme", "rol": role}, "iat": now, "nbf": now, "exp": now + 60,
        });
        self.rsa.sign(&json!({"alg": "RS256", "kid": "ins_key1"}), &claims)
    }

    async fn hear(&self, kind: &str, data: Value, at_ms: i64) -> Result<(), Error> {
        let event = Event {
            kind: kind.into(),
            data,
            timestamp: Some(at_ms),
        };
        apply(&self.world.core, &event).await
    }

    /// What we hold to be true of Ada in Acme.
    async fn role(&self) -> Option<String> {
        sqlx::query_scalar(
            "select m.role from identity.memberships m join identity.organizations o on o.id = m.org_id join identity.users u on u.id = m.user_id
             where m.user_id = 'user_ada' and m.org_id = 'org_acme' and m.removed_at is null and o.deleted_at is null and u.disabled_at is null",
        )
        .fetch_optional(self.world.admin())
        .await
        .unwrap()
    }
}

fn membership(role: &str, updated_at: i64) -> Value {
    json!({
        "id": "orgmem_1", "object": "organization_membership", "role": format!("org:{role}"), "updated_at": updated_at,
        "organization": {"id": "org_acme", "name": "Acme", "updated_at": 1},
        "public_user_data": {"user_id": "user_ada", "first_name": "Ada", "last_name": "L", "identifier": "ada@example.com"},
    })
}

fn user(name: &str, updated_at: i64) -> Value {
    json!({
        "id": "user_ada", "first_name": name, "last_name": null, "updated_at": updated_at, "banned": false,
        "primary_email_address_id": "idn_1",
        "email_addresses": [{"id": "idn_1", "email_address": "ada@example.com", "verification": {"status": "verified"}}],
    })
}

fn organization(name: &str, updated_at: i64) -> Value {
    json!({"id": "org_acme", "name": name, "public_metadata": {}, "updated_at": updated_at})
}
