//! What the simulated Clerk tells: Svix messages about users, organizations, members and sessions.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::deliver::Post;
use super::super::sign::Signer;
use super::super::state::lock;
use super::{Clerk, id, millis};

/// Five seconds, five minutes, half an hour, two, five, ten and ten hours.
pub const RETRIES: &[f64] = &[5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 36_000.0];

impl Clerk {
    pub fn tell(&self, kind: &str, data: Value) {
        let Some(target) = lock(&self.target).clone() else {
            return;
        };
        let body = json!({
            "data": data, "object": "event", "type": kind, "timestamp": millis(),
            "instance_id": self.world.read(|world| world.instance.clone()),
            "event_attributes": { "http_request": { "client_ip": "127.0.0.1", "user_agent": "sandbox" } },
        });
        self.courier.send(Post {
            event: kind.to_owned(),
            url: target.url,
            body: Bytes::from(body.to_string()),
            signer: Signer::Svix {
                id: id("msg_"),
                secret: target.secret,
            },
            receiver: None,
        });
    }
}
