//! How the house is built: organizations, people, keys, tokens and browsers, as the oracle begins with them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use switchboard::auth::admin;
use uuid::Uuid;

use super::{
    house::{House, email},
    oracle::{Oracle, person_name},
    people::org_name,
};
use crate::{
    ablation::{Filters, Left, Weakened},
    support::{PASSWORD, World, cookie_of},
};

impl House {
    /// With everything that the oracle begins with.
    pub async fn build(oracle: &Oracle, left: Left) -> Self {
        let mut house = Self::of(oracle).await;
        if left != Left::Both {
            house.weak = Some(Weakened::of(&house.world, left).await);
        }
        house.open().await;
        house
    }

    /// Without row security, and without these filters of the program.
    pub async fn forgetting(oracle: &Oracle, filters: Filters) -> Self {
        let mut house = Self::of(oracle).await;
        house.weak = Some(Weakened::forgetting(&house.world, filters).await);
        house.open().await;
        house
    }

    async fn of(oracle: &Oracle) -> Self {
        let world = World::new().await;
        let mut house = Self {
            world,
            weak: None,
            people: Vec::new(),
            orgs: Vec::new(),
            clients: Vec::new(),
            tokens: BTreeMap::new(),
            cookies: Vec::new(),
            ids: BTreeMap::new(),
            secrets: BTreeMap::new(),
            cursors: Vec::new(),
            kept: BTreeMap::new(),
            symbols: BTreeMap::new(),
        };
        house.found(oracle).await;
        house.enroll(oracle).await;
        // What it took to get here is no matter of the oracle.
        sqlx::raw_sql("truncate app.audit_log")
            .execute(&house.world.db.admin)
            .await
            .unwrap();
        house
    }

    /// Whoever arrives for the first time is looked at more closely, and refusals are noted: not in the middle of things.
    async fn open(&self) {
        for token in self.tokens.values() {
            self.asked().get("/auth/me", token).await;
        }
    }

    pub fn weakened(&self) -> BTreeSet<String> {
        self.weak.as_ref().map(Weakened::weakened).unwrap_or_default()
    }

    async fn found(&mut self, oracle: &Oracle) {
        for (number, org) in oracle.orgs.iter().enumerate() {
            let name = org_name(&oracle.marks[number]);
            let made = admin::bootstrap(&self.world.core, &email(number), &PASSWORD.into(), &name)
                .await
                .unwrap();
            let keys = "select k.id, k.client_id::text from app.api_keys k where k.org_id = $1";
            let (id, client): (Uuid, String) = sqlx::query_as(keys)
                .bind(made.org_id.as_str())
                .fetch_one(&self.world.db.admin)
                .await
                .unwrap();
            self.secrets.insert(org.keys[0].id, made.api_key);
            self.bind(org.keys[0].id, id.to_string());
            self.symbols.insert(made.org_id.to_string(), format!("!{number}"));
            self.orgs.push(made.org_id);
            self.clients.push(client);
            self.people.push(made.user_id);
        }
        for person in self.orgs.len()..oracle.people() {
            let name = person_name(person);
            let made = admin::create_user(&self.world.core, &email(person), &PASSWORD.into(), &name)
                .await
                .unwrap();
            self.people.push(made);
        }
        for (person, id) in self.people.iter().enumerate() {
            self.symbols.insert(id.to_string(), format!("@{person}"));
            self.symbols.insert(email(person), format!("${person}"));
        }
    }

    async fn enroll(&mut self, oracle: &Oracle) {
        for (number, org) in oracle.orgs.iter().enumerate() {
            let id = &self.orgs[number];
            for (person, role) in &org.members {
                if *person != number {
                    admin::add_member(&self.world.core, id, &email(*person), *role)
                        .await
                        .unwrap();
                }
            }
        }
        self.issue(oracle).await;
        for person in 0..oracle.people() {
            let cookie = match oracle.sessions[person] {
                Some(org) => self.world.session(&email(person), &self.orgs[org]).await,
                None => {
                    let draft = json!({"draft": {"email": email(person), "password": PASSWORD}});
                    cookie_of(&self.world.function("account/sign_in", None, &draft).await)
                }
            };
            self.cookies.push(cookie);
        }
    }

    /// Tokens for whoever has come to have one.
    pub(super) async fn issue(&mut self, oracle: &Oracle) {
        for (person, org) in &oracle.tokens {
            if !self.tokens.contains_key(&(*person, *org)) {
                let token = admin::token(&self.world.core, &email(*person), Some(self.orgs[*org].clone())).await;
                // Where isolation is gone on purpose, some of what should have worked has not.
                self.tokens.insert((*person, *org), token.unwrap_or_default());
            }
        }
    }
}
